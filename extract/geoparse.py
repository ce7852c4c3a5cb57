"""The one place that chains the steps for an article: words, spans, mentions, places, relations, reasons."""

import gc
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from extract.context import Context
from extract.language import Language, load_language
from extract.mentions import Article, Mention, RankedCandidate, Resolution, Role
from extract.model import ContextModel, load_model
from extract.readings import WordReader
from extract.recognize import Recognized, recognize_mentions
from extract.relate import find_lists, find_relations
from extract.resolve import Scene, candidate_columns, is_unlikely, rank_candidates
from extract.scoring import Scorer
from extract.segment import cut_stretches, split_sentences, tokenize
from extract.spans import Span, find_spans, read_page
from gazetteer import FeatureClass, Gazetteer, Place

BATCH = 16  # articles that are read at a time where there are many
# Characters that are read at a time: in longer texts, books and reports, the names of far pages say little of each other,
# and what every name says of every other takes memory by the square of their number.
STRETCH = 20_000
OUT_OF_PLACE = "not in the gazetteer here: the only place of this name lies far from all others of the article"
NOT_LISTED = "not in the gazetteer"
BEARINGS = {"N": 0.0, "NE": 45.0, "E": 90.0, "SE": 135.0, "S": 180.0, "SW": 225.0, "W": 270.0, "NW": 315.0}
# A point that a sentence describes is off by about a quarter of the distance (compass points are rounded to eighths).
DERIVED_REACH, DERIVED_RADIUS_SHARE, DERIVED_LEAST_RADIUS_KM = 90, 0.25, 5.0
COMPOSED_LEAST_RADIUS_KM = 10.0


class Geoparser:
    """Reads articles with one gazetteer and one model; keeps what it learned of distinct words between articles."""

    def __init__(
        self, gazetteer: Gazetteer, *, model: ContextModel | None = None, language: Language | None = None
    ) -> None:
        self.gazetteer = gazetteer
        self.language = language or load_language()
        self.model = model or load_model()
        self.reader = WordReader(gazetteer, self.language)
        self.columns = candidate_columns()

    @property
    def model(self) -> ContextModel:
        """The context model that says which spans are names, and in which role."""
        return self.scorer.model

    @model.setter
    def model(self, model: ContextModel) -> None:
        self.scorer = Scorer(model)

    def geoparse(self, article: Article) -> list[Resolution]:
        """Every mention of a place in the article's text, resolved or with the reason why not, in text order."""
        return self.geoparse_many([article])[0]

    def geoparse_many(self, articles: list[Article]) -> list[list[Resolution]]:
        """What `geoparse` says of each of the articles; BATCH at a time are read quicker than one by one."""
        with _no_collecting():
            if any(len(article.text) > STRETCH for article in articles):
                return self._geoparse_stretches(articles)
            return self._geoparse(articles)

    def _geoparse_stretches(self, articles: list[Article]) -> list[list[Resolution]]:
        """The same where some are long: each stretch is read as an article of its own."""
        stretches = [
            (number, start, end)
            for number, article in enumerate(articles)
            for start, end in cut_stretches(article.text, STRETCH)
        ]
        found: list[list[Resolution]] = [[] for _ in articles]
        for at in range(0, len(stretches), BATCH):
            batch = stretches[at : at + BATCH]
            texts = [replace(articles[number], text=articles[number].text[start:end]) for number, start, end in batch]
            for (number, start, _), resolutions in zip(batch, self._geoparse(texts), strict=True):
                found[number] += [_moved(resolution, start) for resolution in resolutions] if start else resolutions
        return found

    def _geoparse(self, articles: list[Article]) -> list[list[Resolution]]:
        contexts = [self.context(article) for article in articles]
        found = recognize_mentions(contexts, self.scorer)
        scenes = [
            Scene(context, mentions, find_lists(context, [mention.span for mention in mentions]))
            for context, mentions in zip(contexts, found, strict=True)
        ]
        return [
            self._resolve_all(scene, ranked)
            for scene, ranked in zip(scenes, rank_candidates(scenes, self.columns), strict=True)
        ]

    def _resolve_all(self, scene: Scene, ranked: list[list[RankedCandidate]]) -> list[Resolution]:
        context, mentions = scene.context, scene.mentions
        if not mentions:
            return []
        relations = find_relations(context, [mention.span for mention in mentions], scene.listed)
        sentences = split_sentences(context.text)
        starts = [start for start, _ in sentences]
        found = []
        for i, mention in enumerate(mentions):
            sentence = sentences[max(0, bisect_right(starts, mention.span.start) - 1)]
            resolution = self._resolve(context, mention, ranked[i], relations[i], sentence)
            if ranked[i] and is_unlikely(context, mentions, ranked, i):
                resolution = _out_of_place(resolution)
            found.append(resolution)
        return offer_derived_points(found)

    def _resolve(
        self,
        context: Context,
        recognized: Recognized,
        ranked: list[RankedCandidate],
        relation: str | None,
        sentence: tuple[int, int],
    ) -> Resolution:
        span = recognized.span
        surface = context.text[span.start : span.end]
        named = relation if recognized.role is not Role.NAME_PART else None
        mention = Mention(span.start, span.end, surface, recognized.role, named, span.glued)
        start, end = min(sentence[0], span.start), max(sentence[1], span.end)
        if not ranked:
            confidence = self.model.calibrated(recognized.chance)
            return Resolution(mention, None, "unlisted", 0.0, confidence, NOT_LISTED, start, end)
        if span.kind == "composed":
            ranked = [_as_facility(r, surface, span.name.head, self.language) for r in ranked]
        best = ranked[0]
        confidence = self.model.calibrated(recognized.chance * best.weight)
        reason = _reason(span, best, ranked)
        return Resolution(
            mention, best.place, _method(span, best), best.score, confidence, reason, start, end, tuple(ranked)
        )

    def context(self, article: Article) -> Context:
        """The article's words and spans, before anything is decided."""
        page = read_page(article.text, tokenize(article.text), self.reader)
        return Context(page, article.country, find_spans(page))


@contextmanager
def _no_collecting() -> Iterator[None]:
    """Let Python look for circular garbage after a batch, not within it: reading makes none, and looking through all that is
    remembered of words takes a quarter of the time while most of them are new."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


_parsers: dict[int, Geoparser] = {}


def geoparse_article(article: Article, gazetteer: Gazetteer) -> list[Resolution]:
    """Every mention of a place in the article, in text order, with the shipped model. The same answer every time."""
    parser = _parsers.get(id(gazetteer))
    if parser is None:
        parser = _parsers[id(gazetteer)] = Geoparser(gazetteer)
    return parser.geoparse(article)


def _moved(resolution: Resolution, by: int) -> Resolution:
    """The resolution with its offsets in a text that has so many characters before."""
    mention = resolution.mention
    return replace(
        resolution,
        mention=replace(mention, start=mention.start + by, end=mention.end + by),
        passage_start=resolution.passage_start + by,
        passage_end=resolution.passage_end + by,
    )


def _method(span: Span, best: RankedCandidate) -> str:
    if span.kind == "composed":
        return "composed"
    candidates = span.candidates
    return (
        next(c.method for c in candidates if c.place.id == best.place.id)
        if len(candidates) > 1
        else candidates[0].method
    )


def _out_of_place(resolution: Resolution) -> Resolution:
    """The mention without a place: what its name leads to fits nothing else in the article."""
    place = resolution.place
    reason = f"{OUT_OF_PLACE} ({place.name}, {place.country})"
    return replace(resolution, place=None, method="unlisted", reason=reason)


def offer_derived_points(resolutions: list[Resolution]) -> list[Resolution]:
    """The resolutions, an unlisted name put where its sentence describes it.

    «بلدة كذا الواقعة على بعد 30 كيلومترا جنوب طرابلس»: the distance and direction stand with the next placed name of the
    sentence, nothing else placed between.
    """
    found = list(resolutions)
    for i, (one, following) in enumerate(zip(resolutions, resolutions[1:], strict=False)):
        direction, _, distance = (following.mention.relation or "").partition(":")
        same = (
            one.passage_start == following.passage_start and following.mention.start - one.mention.end <= DERIVED_REACH
        )
        if one.place is None and following.place is not None and same and distance and direction in BEARINGS:
            found[i] = _derived(one, following.place, direction, float(distance))
    return found


def _derived(resolution: Resolution, anchor: Place, direction: str, distance_km: float) -> Resolution:
    """A place made from «so far in a direction from»: the less sure, the farther."""
    radius = max(DERIVED_LEAST_RADIUS_KM, DERIVED_RADIUS_SHARE * distance_km) + min(anchor.radius_km, 10.0)
    place = Place(
        id=f"{anchor.id}+{direction}{distance_km:g}",
        name=resolution.mention.surface,
        name_en="",
        feature=FeatureClass.CITY,
        country=anchor.country,
        point=anchor.point.offset_km(BEARINGS[direction], distance_km),
        radius_km=round(radius, 1),
        importance=0.0,
        source=f"derived: {anchor.source}",
    )
    reason = f"not in the gazetteer: put {distance_km:g} km {direction} of {anchor.name}, as the sentence says"
    return replace(resolution, place=place, method="derived", reason=reason)


def _as_facility(ranked: RankedCandidate, name: str, head: str, language: Language) -> RankedCandidate:
    """The thing named after a place, at that place, as what its head noun says it is."""
    place = ranked.place
    feature = FeatureClass(language.heads[head].features[0])
    radius = max(COMPOSED_LEAST_RADIUS_KM, place.radius_km)
    made = replace(
        place,
        id=f"{place.id}+{head}",
        name=name,
        name_en="",
        feature=feature,
        radius_km=radius,
        parents=(place.id, *place.parents),
        source=f"composed: {place.source}",
    )
    return replace(ranked, place=made)


def _reason(span: Span, best: RankedCandidate, ranked: list[RankedCandidate]) -> str:
    parts = []
    if span.kind == "composed":
        parts.append(f"no entry of its own: put at {span.inner.candidates[0].place.name}, which it is named after")
    if span.kind == "fuzzy":
        parts.append(f"nearest spelling, {best.score:.0f} of 100 alike")
    if len(ranked) == 1:
        parts.append("the only place of this name")
    if best.why:
        parts.append(best.why)
    elif len(ranked) > 1:
        parts.append("the best known place of this name")
    return "; ".join(parts)
