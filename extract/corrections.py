"""Reviewers' decisions put onto what the machine read. Pure: the same reading and decisions, the same answer.

Decisions about a name in a country come first, then those about single mentions: who looked at one mention knows more.
Among each, the later counts.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from extract.decisions import Decision, Kind, Scope, text_hash
from extract.mentions import Article, Mention, RankedCandidate, Resolution, Review, Role
from extract.segment import split_sentences
from gazetteer import Gazetteer, Place, Point, find_candidates, normalize_name
from gazetteer.normalize import PROCLITICS

METHOD = "reviewed"
# A mention of a changed text is the one decided about when so much of the words around it is still there.
LEAST_ALIKE = 0.5
KEPT_CANDIDATES = 7
# What speaks for one of several places under a name that a reviewer marked, in points of the name's fit (0..100).
SAME_COUNTRY, NEARBY, NEARBY_KM, FAME_SHARE = 20.0, 15.0, 100.0, 0.2
_SAYS = {
    Kind.RIGHT: "found right by {who}",
    Kind.PLACE: "put here by {who}",
    Kind.SPAN: "marked by {who}",
    Kind.NAME: "added to the gazetteer by {who}",
    Kind.NOT_A_PLACE: "not a place, says {who}",
}


class DecisionIndex:
    """Decisions that count, by what they are about."""

    def __init__(self, active: Iterable[Decision] = ()) -> None:
        self._of_article: dict[str, list[Decision]] = {}
        self._of_name: dict[str, list[Decision]] = {}
        for decision in active:
            if decision.scope is Scope.NAME and decision.kind is not Kind.NAME:
                self._of_name.setdefault(decision.name_key, []).append(decision)
            elif decision.article_id is not None:
                self._of_article.setdefault(decision.article_id, []).append(decision)

    def about(self, article: Article, resolutions: Iterable[Resolution]) -> list[Decision]:
        """The decisions that may concern this article as it was read."""
        found = list(self._of_article.get(article.id, ()))
        if self._of_name:
            names = {normalize_name(resolution.mention.surface) for resolution in resolutions}
            found += [decision for name in names for decision in self._of_name.get(name, ())]
        return found


def apply_decisions(
    article: Article, resolutions: Sequence[Resolution], decisions: Iterable[Decision], gazetteer: Gazetteer
) -> list[Resolution]:
    """The resolutions, in text order and not overlapping, as the decisions say; those about other articles do nothing.

    A mention that is no place stays, without a place, with its review. A decision about a mention that no longer stands
    in the text does nothing. `decisions` are those that count (see extract.decisions.active_decisions).
    """
    ordered = sorted(decisions, key=lambda d: d.order)
    if not ordered:
        return list(resolutions)
    found = list(resolutions)
    for decision in ordered:
        if decision.scope is Scope.NAME and decision.kind is not Kind.NAME:
            found = [_decided(r, decision, gazetteer) if _concerns(decision, r, article) else r for r in found]
    single = [d for d in ordered if d.article_id == article.id and not _is_about_names(d)]
    if not single:
        return found
    sentences = split_sentences(article.text)
    for at, decision in _standing(article.text, single):
        found = _with_mention(found, article, at, decision, gazetteer, sentences)
    return found


def _standing(text: str, ordered: Sequence[Decision]) -> list[tuple[tuple[int, int], Decision]]:
    """Where the decisions stand in the text, in its order. One that a later one touches leaves no trace."""
    digest = text_hash(text)
    taken: list[tuple[tuple[int, int], Decision]] = []
    for decision in reversed(ordered):
        at = locate(text, decision, digest)
        if at is not None and not any(start < at[1] and at[0] < end for (start, end), _ in taken):
            taken.append((at, decision))
    return sorted(taken, key=lambda pair: pair[0])


def _is_about_names(decision: Decision) -> bool:
    return decision.scope is Scope.NAME and decision.kind is not Kind.NAME


def country_of(resolution: Resolution, article: Article) -> str | None:
    """The country that a decision about "this name in this country" means: the place's, or the article's without one."""
    return resolution.place.country if resolution.place else article.country


def _concerns(decision: Decision, resolution: Resolution, article: Article) -> bool:
    return (
        normalize_name(resolution.mention.surface) == decision.name_key
        and country_of(resolution, article) == decision.country
    )


def locate(text: str, decision: Decision, digest: str | None = None) -> tuple[int, int] | None:
    """Where the mention that was decided about stands in the text, or None when it is gone.

    In the very text that was seen: where it was. In another: where its surface stands among the words most like those
    around it then; of two equally good ones the nearer.
    """
    start, end, surface = decision.start, decision.end, decision.surface
    if (digest or text_hash(text)) == decision.text_hash:
        return (start, end) if text[start:end] == surface else None
    best, at = (0.0, 0), None
    found = text.find(surface)
    while found >= 0:
        alike = _alike(decision, text, found, found + len(surface))
        if alike >= LEAST_ALIKE and (at is None or (alike, -abs(found - start)) > best):
            best, at = (alike, -abs(found - start)), (found, found + len(surface))
        found = text.find(surface, found + 1)
    return at


def _alike(decision: Decision, text: str, start: int, end: int) -> float:
    """What share of the words around the mention then stands around this place now, 0..1; 1 when none stood there.

    0 when neither the word before nor the one after is the same: then it is another mention, in words much alike.
    """
    before, after = decision.before.split(), decision.after.split()
    wanted = len(before) + len(after)
    if not wanted:
        return 1.0
    reach = len(decision.before) + len(decision.after) + 80
    now_before = normalize_name(text[max(0, start - reach) : start]).split()
    now_after = normalize_name(text[end : end + reach]).split()
    if before[-1:] != now_before[-1:] and after[:1] != now_after[:1]:
        return 0.0
    same = Counter(before) & Counter(now_before[-len(before) - 2 :])
    return (same.total() + (Counter(after) & Counter(now_after[: len(after) + 2])).total()) / wanted


def _with_mention(
    found: list[Resolution],
    article: Article,
    at: tuple[int, int],
    decision: Decision,
    gazetteer: Gazetteer,
    sentences: list[tuple[int, int]],
) -> list[Resolution]:
    """The resolutions, what touches the mention replaced by what was decided."""
    start, end = at
    touching = [r for r in found if r.mention.start < end and start < r.mention.end]
    same = next((r for r in touching if (r.mention.start, r.mention.end) == at), None)
    base = same or next(iter(touching), None)
    if same is None:
        base = _marked(article, at, base, decision, found, gazetteer, sentences)
    others = [r for r in found if r not in touching]
    place = bisect_right([r.mention.start for r in others], start)
    return [*others[:place], _decided(base, decision, gazetteer), *others[place:]]


def _marked(
    article: Article,
    at: tuple[int, int],
    base: Resolution | None,
    decision: Decision,
    found: Sequence[Resolution],
    gazetteer: Gazetteer,
    sentences: list[tuple[int, int]],
) -> Resolution:
    """A mention where the machine found none, or another stretch: its places are looked up anew."""
    start, end = at
    surface = article.text[start:end]
    role, relation = (base.mention.role, base.mention.relation) if base else (Role.LOCATION, None)
    mention = Mention(start, end, surface, role, relation, is_glued(article.text, start, end))
    first, last = sentences[max(0, bisect_right(sentences, (start, len(article.text) + 1)) - 1)]
    passage = (min(first, start), max(last, end))
    ranked = () if decision.kind is Kind.NOT_A_PLACE else _rank(article, surface, at, found, gazetteer)
    machine = base.candidates if base else ()
    chosen = {r.place.id for r in ranked}
    candidates = (*ranked, *(c for c in machine if c.place.id not in chosen))[:KEPT_CANDIDATES]
    if not ranked:
        return Resolution(mention, None, METHOD, 0.0, 1.0, "not in the gazetteer", *passage, candidates)
    best = ranked[0]
    return Resolution(mention, best.place, METHOD, best.score, 1.0, best.why, *passage, candidates)


def is_glued(text: str, start: int, end: int) -> bool:
    """Whether letters that are no clitics touch the name in its word.

    >>> is_glued("جنوبطرابلس", 4, 10), is_glued("وبطرابلس", 2, 8)
    (True, False)
    """
    at = start
    while at > 0 and text[at - 1].isalpha():
        at -= 1
    return (
        (end < len(text) and text[end].isalpha()) or start - at > 2 or any(c not in PROCLITICS for c in text[at:start])
    )


def _rank(
    article: Article, surface: str, at: tuple[int, int], found: Sequence[Resolution], gazetteer: Gazetteer
) -> tuple[RankedCandidate, ...]:
    """The places under a name, best first: by the name's fit, fame, the article's country and its other places."""
    others = [r.place for r in found if r.place and not (r.mention.start < at[1] and at[0] < r.mention.end)]
    countries = Counter(place.country for place in others)
    home = article.country or next((country for country, _ in countries.most_common(1)), None)
    scored = []
    for candidate in find_candidates(gazetteer, surface):
        place, why = candidate.place, []
        score = candidate.score + FAME_SHARE * place.importance
        if home and place.country == home:
            score += SAME_COUNTRY
            why.append(f"article about {home}")
        nearest = _nearest(place.point, others)
        if nearest is not None and nearest[0] < NEARBY_KM and nearest[1].id != place.id:
            score += NEARBY
            why.append(f"{nearest[0]:.0f} km from {nearest[1].name}")
        scored.append((score, RankedCandidate(place, candidate.score, 0.0, "; ".join(why))))
    scored.sort(key=lambda pair: (-pair[0], pair[1].place.id))
    return tuple(candidate for _, candidate in scored)


def _nearest(point: Point, others: Sequence[Place]) -> tuple[float, Place] | None:
    distances = ((point.distance_km(other.point), other) for other in others)
    return min(distances, key=lambda pair: (pair[0], pair[1].id), default=None)


def _decided(resolution: Resolution, decision: Decision, gazetteer: Gazetteer) -> Resolution:
    """The resolution as the decision has it; what the machine chose stays among the candidates."""
    who = f"{decision.reviewer} on {decision.at[:10]}"
    says = _SAYS[decision.kind].format(who=who)
    review = Review(decision.kind.value, decision.reviewer, decision.at)
    mention = resolution.mention
    if decision.role is not None:
        mention = replace(mention, role=Role(decision.role))
    if decision.relation is not None:
        mention = replace(mention, relation=decision.relation or None)
    if decision.kind is Kind.NOT_A_PLACE:
        return replace(
            resolution,
            mention=mention,
            place=None,
            method=METHOD,
            score=0.0,
            confidence=1.0,
            reason=says,
            review=review,
        )
    place = _current(decision.place, gazetteer) if decision.place else None
    confirmed = decision.kind is Kind.RIGHT and (place.id if place else None) == (
        resolution.place.id if resolution.place else None
    )
    if confirmed or (place is None and decision.kind is Kind.SPAN):
        reason = f"{resolution.reason}; {says}" if resolution.reason else says
        return replace(resolution, mention=mention, confidence=1.0, reason=reason, review=review)
    candidates = tuple(c for c in resolution.candidates if place is None or c.place.id != place.id)
    if place is not None:
        candidates = (RankedCandidate(place, 100.0, 1.0, says), *candidates)
    return replace(
        resolution,
        mention=mention,
        place=place,
        method=METHOD,
        score=100.0 if place else 0.0,
        confidence=1.0,
        reason=says,
        candidates=candidates[:KEPT_CANDIDATES],
        review=review,
    )


def _current(place: Place, gazetteer: Gazetteer) -> Place:
    """The place as the gazetteer has it now, or as it was when it was chosen."""
    row = gazetteer.row_of(place.id)
    return place if row is None else gazetteer.place(row)
