"""Which of its candidates a mention means, why, and how sure. Pure."""

import math
import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from extract.context import Context
from extract.memo import Memo
from extract.mentions import RankedCandidate, Role
from extract.names import Name
from extract.recognize import Recognized
from extract.spans import Span
from gazetteer import FeatureClass, Place
from gazetteer.places import EARTH_RADIUS_KM

# Weights of the evidence, in the units of a softmax; chosen by measurement on the training texts (`make train` reports
# the accuracy they give).
IMPORTANCE = 0.08  # per point of importance: fame
FIT = 0.15  # per point of name fit
COUNTRY_GIVEN = 2.5  # the article says which country it is about
COUNTRY_FOCUS = 3.0  # share of the article's other places in the candidate's country
NEARNESS = 2.5  # other places of the article are close by
NEAR_KM = 80.0
WORDS_APART = 60.0  # places so many words apart speak half as much for each other
PARENT_NAMED = 2.0  # the candidate's division or city is named in the article
CONTAINED = 4.0  # «طرابلس في لبنان», «البيضاء، اليمن»
HEAD_FITS, HEAD_ODD = 3.0, -2.0  # «محافظة X» is a region
PLAIN_CITY = 0.8  # a bare name is a town sooner than its division
DEMONYM = 3.0  # «طرابلس اللبنانية»
VOWELLED = 5.0  # the text writes the very vowel marks of the name: عمّان is not عُمان
PARALLEL = 1.5  # names of one list are of one kind: «أنقرة وعمان» are capitals, «قطر وعمان» countries
# A place is not believed when the article's other places all lie farther off, in other countries, and it is little known.
UNLIKELY_KM, UNLIKELY_IMPORTANCE, UNLIKELY_OTHERS = 500.0, 35.0, 2.5
_WITHIN = re.compile(
    r"[»”\"]?\s*(?:في|ب|،|,|\(|-|–)?\s*(?:محافظة|ولاية|إقليم|مدينة|جنوب|شمال|شرق|غرب|جنوبي|شمالي|شرقي|غربي|وسط)?\s*"
)
_LARGE = (FeatureClass.COUNTRY, FeatureClass.CONTINENT)
_PRECISE = (FeatureClass.CITY, FeatureClass.COUNTRY, FeatureClass.CONTINENT)


KEPT_CANDIDATES = 6  # of each mention, best first
# Every candidate hears every other mention, which takes memory by the square of their number: so many mentions hear each
# other, and so many pairs of candidate and mention are looked at together (some 100 bytes each).
MOST_MENTIONS, MOST_PAIRS = 500, 1_000_000
_VOICES = {Role.LOCATION: 1.0, Role.ACTOR: 0.4, Role.NAME_PART: 0.15}
_FARTHEST_APART = 5_000  # words; farther apart is as far
_NEARNESS = 0.35 + 0.65 * np.exp(-np.arange(_FARTHEST_APART + 1) / WORDS_APART)
# Columns of the table of candidates: where on the unit sphere, importance, score from fit and fame (and from being a town),
# country, whether larger than a region, number of the place, and its place in the order of ids among those of its name.
_COLUMNS = X, Y, Z, FAME, SCORE, PLAIN_SCORE, COUNTRY, LARGE, NUMBER, ORDER = range(10)


@dataclass(slots=True)
class Scene:
    """An article with its mentions; `listed` says of each but the last whether the next one stands in one list with it."""

    context: Context
    mentions: list[Recognized]
    listed: list[bool]


@dataclass(slots=True)
class _Said:
    """What the other mentions say for each candidate: the score, and what the reasons are made of.

    `places` are what the mentions were taken for when they spoke. `neighbour` is the mention whose place is nearest (-1 when
    none is near), `container` the first one that the candidate lies in, `contained` holds those that are named right before
    what they lie in.
    """

    places: list[Place]
    score: np.ndarray
    share: np.ndarray
    nearest: np.ndarray
    neighbour: np.ndarray
    container: dict[int, int]
    contained: set[int]


def rank_candidates(scenes: list[Scene], columns: Memo) -> list[list[list[RankedCandidate]]]:
    """For every mention of every article its best candidates, best first, with the weights that sum to 1 over all; [] where
    it has none. Many articles at a time are quicker than each by itself.

    The mentions speak for each other, so the choice is made twice: by what each one may mean, then by what the others
    were taken for. `columns` (`candidate_columns`) remembers what is known of each name's candidates.
    """
    parts = [_parts(scene) for scene in scenes]
    found: list[list[list[RankedCandidate]]] = []
    together, pairs = [], 0
    for part in (part for of_scene in parts for part in of_scene):
        more = len(part.mentions) * sum(len(mention.span.name.candidates) for mention in part.mentions)
        if pairs + more > MOST_PAIRS:
            found += _rank(together, columns)
            together, pairs = [], 0
        together.append(part)
        pairs += more
    each = iter(found + _rank(together, columns))
    return [[ranked for _ in of_scene for ranked in next(each)] for of_scene in parts]


def _parts(scene: Scene) -> list[Scene]:
    """The article, or a list of hundreds of names in parts that speak for themselves."""
    if len(scene.mentions) <= MOST_MENTIONS:
        return [scene]
    return [
        Scene(scene.context, scene.mentions[i : i + MOST_MENTIONS], scene.listed[i : i + MOST_MENTIONS - 1])
        for i in range(0, len(scene.mentions), MOST_MENTIONS)
    ]


def _rank(scenes: list[Scene], columns: Memo) -> list[list[list[RankedCandidate]]]:
    ranking = _Ranking(scenes, columns)
    if not ranking.candidates:
        return [[[] for _ in scene.mentions] for scene in scenes]
    order, weights = ranking.weigh(ranking.own)
    for last in (False, True):
        said = ranking.listen(order[ranking.starts], weights, last=last)
        order, weights = ranking.weigh(ranking.own + said.score)
    return ranking.ranked(order, weights, said)


@dataclass(slots=True)
class _Evidence:
    """What stands around a mention for some of its candidates: a generic noun before it ("" for none), the country of an
    adjective of origin after it, the name as written where it has vowel marks ("" where not)."""

    head: str
    origin: str | None
    vowelled: str


class _Ranking:
    """The candidates of a batch of articles as columns. A mention without candidates has no part in it."""

    def __init__(self, scenes: list[Scene], columns: Memo) -> None:
        self.scenes = scenes
        self.scene_of: list[int] = []
        self.at: list[int] = []  # the number of each mention in its article
        self.mentions: list[Recognized] = []
        self.evidence: list[_Evidence | None] = []
        self.bounds: list[tuple[int, int]] = []  # the mentions of each article
        blocks = []
        for number, scene in enumerate(scenes):
            before = len(self.mentions)
            for at, mention in enumerate(scene.mentions):
                if mention.span.name.candidates:
                    blocks.append(columns[mention.span.name])
                    self.scene_of.append(number)
                    self.at.append(at)
                    self.mentions.append(mention)
                    self.evidence.append(_evidence(scene.context, mention.span))
            self.bounds.append((before, len(self.mentions)))
        self.candidates = [c for mention in self.mentions for c in mention.span.name.candidates]
        self.parents = [c.place.parents for c in self.candidates]
        if self.candidates:
            self.table = np.concatenate(blocks).T
            self._number(np.array([len(block) for block in blocks]), np.array([end - i for i, end in self.bounds]))
            self.own = self._own_scores()

    def _number(self, counts: np.ndarray, sizes: np.ndarray) -> None:
        """Which candidates are whose, and every pair of a candidate and another mention that it hears.

        `counts` candidates of each mention, `sizes` mentions of each article.
        """
        self.starts = np.cumsum(counts) - counts
        self.rows = [
            range(end - count, end) for end, count in zip(np.cumsum(counts).tolist(), counts.tolist(), strict=True)
        ]
        self.mention = np.repeat(np.arange(len(counts)), counts)
        scene = np.array(self.scene_of)
        hears = sizes[scene][self.mention]
        candidate = np.repeat(np.arange(len(self.mention)), hears)
        first_of_scene = (np.cumsum(sizes) - sizes)[scene]
        other = np.arange(len(candidate)) - np.repeat(np.cumsum(hears) - hears, hears)
        other += first_of_scene[self.mention[candidate]]
        keys: dict[str, int] = {}
        self.keys = [keys.setdefault(mention.span.name.key, len(keys)) for mention in self.mentions]
        key = np.array(self.keys)
        heard = key[self.mention[candidate]] != key[other]  # mentions of the same name say nothing
        self.candidate, self.other = candidate[heard], other[heard]
        first = np.array([mention.span.first for mention in self.mentions])
        apart = np.abs(first[self.mention[self.candidate]] - first[self.other])
        voices = np.array([voice(mention) for mention in self.mentions])
        self.loudness = voices[self.other] * _NEARNESS[np.minimum(apart, _FARTHEST_APART)]
        # The pairs of each candidate stand together: where those begin, of the candidates that have any.
        self.first_pairs = np.flatnonzero(np.diff(self.candidate, prepend=-1))
        self.hearing = self.candidate[self.first_pairs]
        self.lists = self._beside_in_lists()
        self.lists_of_many = [(i, beside) for i, beside in self.lists if len(self.rows[i]) > 1]

    def _own_scores(self) -> np.ndarray:
        """The score of each candidate from its name, its fame and the words around it."""
        scores = self.table[PLAIN_SCORE].copy()
        for rows, scene, evidence in zip(self.rows, self.scene_of, self.evidence, strict=True):
            if evidence is not None:
                context = self.scenes[scene].context
                for row in rows:
                    score = self.table[SCORE if evidence.head else PLAIN_SCORE, row]
                    scores[row] = _with_evidence(score, context, evidence, self.candidates[row].place)
        return scores

    def weigh(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The candidates by mention, best first, and the weight of each candidate."""
        top = np.maximum.reduceat(scores, self.starts)
        weights = np.exp(scores - top[self.mention])
        weights /= np.add.reduceat(weights, self.starts)[self.mention]
        return np.lexsort((self.table[ORDER], -self.table[FAME], -weights, self.mention)), weights

    def listen(self, best: np.ndarray, weights: np.ndarray, *, last: bool) -> _Said:
        """What the others say for each candidate, when `best` are the candidates that the mentions were taken for.

        Before the `last` time, what is said in words for a single candidate is left out: it has all the weight anyway.
        """
        size, table, candidate = len(self.candidates), self.table, self.candidate
        place = best[self.other]
        weight = self.loudness * weights[place]
        total = np.bincount(candidate, weight, size) + 0.5
        alike = (table[COUNTRY][candidate] == table[COUNTRY][place]) & (table[COUNTRY][candidate] > 0)
        share = np.bincount(candidate, weight * alike, size) / total
        # Axis by axis: numpy takes many times as long to pick the columns of a table.
        chord = np.sqrt(sum((table[axis][candidate] - table[axis][place]) ** 2 for axis in (X, Y, Z)))
        distance = 2 * EARTH_RADIUS_KM * np.arcsin(np.minimum(1.0, chord / 2))
        distance[(table[LARGE][place] > 0) | (table[NUMBER][candidate] == table[NUMBER][place])] = np.inf
        near = np.bincount(candidate, weight * np.exp(-distance / NEAR_KM), size)
        nearest = np.full(size, np.inf)
        neighbour = np.full(size, -1)
        if len(candidate):
            nearest[self.hearing] = np.minimum.reduceat(distance, self.first_pairs)
            found = np.flatnonzero((distance == nearest[candidate]) & (distance < NEAR_KM))[::-1]
            neighbour[candidate[found]] = self.other[found]  # of several, the first in the text, which is written last
        places = [self.candidates[row].place for row in best.tolist()]
        said = _Said(
            places, COUNTRY_FOCUS * share + NEARNESS * np.minimum(1.0, near), share, nearest, neighbour, {}, set()
        )
        self._add_neighbours(said, best.tolist(), weights, last)
        return said

    def _add_neighbours(self, said: _Said, best: list[int], weights: np.ndarray, last: bool) -> None:
        """Add what follows from what the mentions were taken for in words: containers, lists."""
        places, scores = said.places, said.score.tolist()
        for start, end in self.bounds:
            containers: dict[str, list[int]] = {}
            for i in range(start, end):
                containers.setdefault(places[i].id, []).append(i)
            for i in range(start, end):
                rows = self.rows[i]
                if last or len(rows) > 1:
                    following = i + 1 if i + 1 < end and self.at[i + 1] == self.at[i] + 1 else None
                    for row in rows:
                        if not containers.keys().isdisjoint(self.parents[row]):
                            scores[row] += self._find_container(said, row, i, containers)
                            if following is not None and self._names_container(said, row, i, following):
                                scores[row] += CONTAINED
        for i, beside in self.lists if last else self.lists_of_many:
            kinds = [(places[j].feature, weights[best[j]]) for j in beside]
            for row in self.rows[i]:
                feature = self.candidates[row].place.feature
                scores[row] += PARALLEL * max((weight for other, weight in kinds if other is feature), default=0.0)
        said.score = np.array(scores)

    def _find_container(self, said: _Said, row: int, i: int, containers: dict[str, list[int]]) -> float:
        """What it says for a candidate of mention i that it lies in what a mention of another name was taken for."""
        key, found, small = self.keys[i], -1, False
        for parent in self.parents[row]:
            for other in containers.get(parent, ()):
                if self.keys[other] != key:
                    found = other if found < 0 else min(found, other)
                    small = small or said.places[other].feature is not FeatureClass.COUNTRY
                    break
        if found < 0:
            return 0.0
        said.container[row] = found
        return PARENT_NAMED if small else PARENT_NAMED / 2

    def _names_container(self, said: _Said, row: int, i: int, following: int) -> bool:
        """Whether what a candidate of mention i lies in is named right after it."""
        if said.places[following].id not in self.parents[row]:
            return False
        text = self.scenes[self.scene_of[i]].context.text
        within = _WITHIN.fullmatch(text, self.mentions[i].span.end, self.mentions[following].span.start) is not None
        if within:
            said.contained.add(row)
        return within

    def _beside_in_lists(self) -> list[tuple[int, list[int]]]:
        """The mentions that stand in lists, each with its neighbours there."""
        found = []
        for scene, (start, end) in zip(self.scenes, self.bounds, strict=True):
            if any(scene.listed):
                for i in range(start, end):
                    at = self.at[i]
                    before = i > start and self.at[i - 1] == at - 1 and scene.listed[at - 1]
                    after = i + 1 < end and self.at[i + 1] == at + 1 and scene.listed[at]
                    if before or after:
                        found.append((i, [i - 1] * before + [i + 1] * after))
        return found

    def ranked(self, order: np.ndarray, weights: np.ndarray, said: _Said) -> list[list[list[RankedCandidate]]]:
        """The candidates in this order, with their reasons."""
        found: list[list[list[RankedCandidate]]] = [[[] for _ in scene.mentions] for scene in self.scenes]
        ordered, weigh = order.tolist(), weights.tolist()
        share, nearest, neighbour = said.share.tolist(), said.nearest.tolist(), said.neighbour.tolist()
        for i, evidence in enumerate(self.evidence):
            rows, context = self.rows[i], self.scenes[self.scene_of[i]].context
            kept = found[self.scene_of[i]][self.at[i]]
            for row in ordered[rows.start : min(rows.stop, rows.start + KEPT_CANDIDATES)]:
                candidate = self.candidates[row]
                place = candidate.place
                reasons = _own_reasons(context, evidence, place) if evidence else []
                if share[row] > 0.3:
                    reasons.append(f"{share[row]:.0%} of the places around lie in {place.country}")
                if neighbour[row] >= 0:
                    reasons.append(f"{nearest[row]:.0f} km from {said.places[neighbour[row]].name}")
                if row in said.container:
                    reasons.append(f"in {said.places[said.container[row]].name}, which is named too")
                if row in said.contained:
                    after = self.mentions[i + 1].span
                    reasons.append(f"«{context.text[after.start : after.end]}» is named right after it")
                kept.append(RankedCandidate(place, candidate.score, weigh[row], "; ".join(reasons)))
        return found


def is_unlikely(context: Context, mentions: list[Recognized], chosen: list[list[RankedCandidate]], at: int) -> bool:
    """Whether the best place of a mention fits nothing else in the article: then no place is better than a wrong one."""
    best = chosen[at][0].place
    well_known = best.importance >= UNLIKELY_IMPORTANCE and mentions[at].span.kind != "fuzzy"
    if well_known or best.country is None or best.country == context.country:
        return False
    key = mentions[at].span.name.key
    others = [
        (ranked[0].place, ranked[0].weight * voice(m))
        for m, ranked in zip(mentions, chosen, strict=True)
        if ranked and m.span.name.key != key
    ]
    if any(o.country == best.country for o, _ in others) or sum(weight for _, weight in others) < UNLIKELY_OTHERS:
        return False
    return all(o.point.distance_km(best.point) > UNLIKELY_KM for o, _ in others)


def _evidence(context: Context, span: Span) -> _Evidence | None:
    """What stands around the name, None where nothing does and the article says no country either."""
    head = "" if span.name.kind == "composed" else context.word_before(span).head_word
    origin, written = context.words[span.last + 1].demonym_country, context.text[span.start : span.end]
    if head or origin or context.country or _vowelled[written]:
        return _Evidence(head, origin, written if _vowelled[written] else "")
    return None


def _with_evidence(score: float, context: Context, evidence: _Evidence, place: Place) -> float:
    """The place's score with what stands around the name."""
    if place.country and place.country == context.country:
        score += COUNTRY_GIVEN
    if evidence.head:
        score += HEAD_FITS if place.feature in context.language.heads[evidence.head].features else HEAD_ODD
    if evidence.vowelled and evidence.vowelled in place.names:
        score += VOWELLED
    if evidence.origin and evidence.origin == place.country:
        score += DEMONYM
    return score


def _own_reasons(context: Context, evidence: _Evidence, place: Place) -> list[str]:
    """What of the scores above speaks for the place, in words."""
    reasons = []
    if context.country and place.country == context.country:
        reasons.append(f"article about {context.country}")
    if evidence.head and place.feature in context.language.heads[evidence.head].features:
        reasons.append(f"«{evidence.head}» says {place.feature.value}")
    if evidence.vowelled and evidence.vowelled in place.names:
        reasons.append("written with its vowel marks")
    if evidence.origin and place.country == evidence.origin:
        reasons.append("the adjective after it names the country")
    return reasons


_vowelled = Memo(lambda written: any(unicodedata.combining(char) for char in written), most=100_000)


def voice(mention: Recognized) -> float:
    """How much a mention says about where the article is: an actor less, a part of a name hardly anything."""
    return _VOICES[mention.role] * mention.chance


def candidate_columns() -> Memo:
    """An empty memory of the rows of names in the table of candidates; it serves one gazetteer."""
    numbers: dict[str, int] = {}
    return Memo(lambda name: _describe_candidates(name, numbers), most=50_000)


def _describe_candidates(name: Name, numbers: dict[str, int]) -> np.ndarray:
    """The name's rows of the table of candidates (_COLUMNS); `numbers` gives each place id its number."""
    ids = sorted(c.place.id for c in name.candidates)
    rows = []
    for candidate in name.candidates:
        place = candidate.place
        lat, lon = math.radians(place.point.lat), math.radians(place.point.lon)
        score = IMPORTANCE * place.importance + FIT * (candidate.score - 100)
        plain = score + PLAIN_CITY if place.feature in _PRECISE else score
        country = int.from_bytes(place.country.encode()) if place.country else 0
        on_sphere = math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)
        number = numbers.setdefault(place.id, len(numbers))
        large = place.feature in _LARGE
        rows.append((*on_sphere, place.importance, score, plain, country, large, number, ids.index(place.id)))
    return np.array(rows, dtype=np.float64)
