"""The one place that chains the steps for an article: words, spans, mentions, places, relations, reasons."""

from bisect import bisect_right
from dataclasses import replace

from extract.features import Context
from extract.language import Language, load_language
from extract.mentions import Article, Mention, RankedCandidate, Resolution, Role
from extract.model import ContextModel, load_model
from extract.recognize import Recognized, recognize_mentions
from extract.relate import find_relation, inherits_relation
from extract.resolve import rank_candidates
from extract.segment import split_sentences, tokenize
from extract.spans import WordReader, find_spans
from gazetteer import FeatureClass, Gazetteer

KEPT_CANDIDATES = 6
COMPOSED_LEAST_RADIUS_KM = 10.0
METHODS = {"plain": "exact", "article": "variant"}


class Geoparser:
    """Reads articles with one gazetteer and one model; keeps what it learned of distinct words between articles."""

    def __init__(
        self, gazetteer: Gazetteer, *, model: ContextModel | None = None, language: Language | None = None
    ) -> None:
        self.gazetteer = gazetteer
        self.language = language or load_language()
        self.model = model or load_model()
        self.reader = WordReader(gazetteer, self.language)

    def geoparse(self, article: Article) -> list[Resolution]:
        """Every mention of a place in the article's text, resolved or with the reason why not, in text order."""
        context = self.context(article)
        mentions = recognize_mentions(context, self.model)
        ranked = rank_candidates(context, mentions)
        relations = self._relations(context, mentions)
        sentences = split_sentences(article.text)
        return [
            _resolution(context, m, candidates, relation, sentences)
            for m, candidates, relation in zip(mentions, ranked, relations, strict=True)
        ]

    def context(self, article: Article) -> Context:
        """The article's words and spans, before anything is decided."""
        tokens = tokenize(article.text)
        infos = [self.reader.read(article.text[t.start : t.end]) for t in tokens]
        spans = find_spans(article.text, tokens, infos, self.reader)
        return Context(article.text, article.country, tokens, infos, spans, self.language, self.gazetteer)

    def _relations(self, context: Context, mentions: list[Recognized]) -> list[str | None]:
        found: list[str | None] = []
        for i, mention in enumerate(mentions):
            relation = find_relation(context.text, context.tokens, context.infos, mention.span, self.language)
            if (
                relation is None
                and i > 0
                and found[i - 1] is not None
                and inherits_relation(context.text, mentions[i - 1].span, mention.span, self.language)
            ):
                relation = found[i - 1].partition(":")[0]
            found.append(relation)
        return found


_parsers: dict[int, Geoparser] = {}


def geoparse_article(article: Article, gazetteer: Gazetteer) -> list[Resolution]:
    """Every mention of a place in the article, in text order, with the shipped model. The same answer every time."""
    parser = _parsers.get(id(gazetteer))
    if parser is None:
        parser = _parsers[id(gazetteer)] = Geoparser(gazetteer)
    return parser.geoparse(article)


def _resolution(
    context: Context,
    recognized: Recognized,
    ranked: list[RankedCandidate],
    relation: str | None,
    sentences: list[tuple[int, int]],
) -> Resolution:
    span = recognized.span
    mention = Mention(
        start=span.start,
        end=span.end,
        surface=context.text[span.start : span.end],
        role=recognized.role,
        relation=relation if recognized.role is not Role.NAME_PART else None,
        glued=span.glued,
    )
    start, end = sentences[max(0, bisect_right(sentences, (span.start, len(context.text) + 1)) - 1)]
    passage = {"passage_start": min(start, span.start), "passage_end": max(end, span.end)}
    if not ranked:
        return Resolution(
            mention, None, "unlisted", 0.0, recognized.chance, "not in the gazetteer", candidates=(), **passage
        )
    if span.kind == "composed":
        ranked = [_as_facility(r, mention.surface, span.head, context.language) for r in ranked]
    best = ranked[0]
    return Resolution(
        mention,
        best.place,
        _method(span.kind, best, span.candidates),
        best.score,
        recognized.chance * best.weight,
        _reason(span, best, ranked),
        candidates=tuple(ranked[:KEPT_CANDIDATES]),
        **passage,
    )


def _method(kind: str, best: RankedCandidate, candidates: list) -> str:
    if kind == "composed":
        return kind
    return next(c.method for c in candidates if c.place.id == best.place.id)


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


def _reason(span, best: RankedCandidate, ranked: list[RankedCandidate]) -> str:  # noqa: ANN001
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
