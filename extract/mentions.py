"""The value types of reading: articles, mentions and resolutions."""

from dataclasses import dataclass, field
from enum import StrEnum

from gazetteer import Place


class Role(StrEnum):
    """What a place name does in a sentence: see tests/gold/ANNOTATION.md."""

    LOCATION = "location"
    ACTOR = "actor"
    NAME_PART = "name-part"


@dataclass(frozen=True, slots=True)
class Article:
    """One article as read. `date` is ISO 8601 (YYYY-MM-DD) or None; `country` ISO 3166-1 alpha-2 or None."""

    id: str
    text: str
    title: str | None = None
    date: str | None = None
    outlet: str | None = None
    country: str | None = None
    url: str | None = None


# What an article has besides its id, in order.
ARTICLE_FIELDS = ("text", "title", "date", "outlet", "country", "url")


@dataclass(frozen=True, slots=True)
class Mention:
    """A toponym at a spot of a text: code points, end exclusive, `text[start:end] == surface`.

    `relation` is a compass point, near, outskirts, between, towards, road or centre, with a distance in kilometres
    after a colon where the text gives one ("S:30"); None when the text speaks of the place itself.
    """

    start: int
    end: int
    surface: str
    role: Role = Role.LOCATION
    relation: str | None = None
    glued: bool = False


@dataclass(frozen=True, slots=True)
class RankedCandidate:
    """A place that was weighed for a mention. `score` (0..100) is the fit of the name, `weight` what the choice went by."""

    place: Place
    score: float
    weight: float
    why: str = ""


@dataclass(frozen=True, slots=True)
class Review:
    """What a reviewer said of a mention: a verdict of extract.decisions.VERDICTS, who, and when (ISO 8601, UTC)."""

    verdict: str
    reviewer: str
    at: str


@dataclass(frozen=True, slots=True)
class Resolution:
    """The choice made for a mention: `place` is None, with a reason, when none could be made.

    `candidates` are ordered, the chosen one first. `confidence` (0..1) is how sure the whole reading is. `review` says
    that a reviewer decided: then the choice is the reviewer's, and the machine's stands among the candidates.
    """

    mention: Mention
    place: Place | None
    method: str
    score: float
    confidence: float
    reason: str
    passage_start: int
    passage_end: int
    candidates: tuple[RankedCandidate, ...] = field(default=())
    review: Review | None = None
