"""What reviewers decide about readings, and where it is kept: one small file a decision, in `decisions/` of a workspace.

A decision is never changed and never removed: another one undoes it. A file is written under another name and renamed, so
that two reviewers at once lose nothing and a crash leaves whole files. Decisions count in the order of their time and id.
What lies in the folder may come from strangers: every field is checked when it is read.
"""

import hashlib
import json
import os
import re
import secrets
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from extract.export import json_line, starts_formula
from extract.mentions import Role
from gazetteer import FeatureClass, Place, Point, normalize_name
from gazetteer.sources.rows import RowError, check_place
from gazetteer.whole_file import whole_file

FOLDER = "decisions"
FORM = 1
CONTEXT_WORDS, CONTEXT_REACH = 6, 160  # words kept of either side of a mention, and characters they are looked for in
LONGEST_NOTE, LONGEST_TEXT, LARGEST_FILE = 2_000, 1_000, 262_144
# A place that a reviewer adds is meant to be found: as well known as a district town.
ADDED_IMPORTANCE = 50.0
_ID, _HASH, _COUNTRY = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{16}"), re.compile("[A-Z]{2}")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
_RELATION = re.compile(r"(?:N|NE|E|SE|S|SW|W|NW|near|outskirts|between|towards|road|centre)(?::\d+(?:\.\d+)?)?|")


class DecisionError(ValueError):
    """A decision is not one, or says too little: the message names the field."""


class Kind(StrEnum):
    """What a decision says."""

    RIGHT = "right"  # the reading is right
    NOT_A_PLACE = "not-a-place"
    PLACE = "place"  # another place is meant
    SPAN = "span"  # the name stands from `start` to `end`, whatever the machine found there
    NAME = "name"  # a new entry for the gazetteer
    UNDO = "undo"  # the decision `undoes` no longer counts


class Scope(StrEnum):
    """What a decision is about: one mention, or all with its name in its country."""

    MENTION = "mention"
    NAME = "name"


# What the review column of a row can say.
VERDICTS = (Kind.RIGHT.value, Kind.PLACE.value, Kind.SPAN.value, Kind.NAME.value, Kind.NOT_A_PLACE.value)


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision of a reviewer; make one with `make_decision`.

    `at` is UTC, as 2026-01-31T12:00:00.000000Z. `start` and `end` (code points) are where the reviewer says the name
    stands, `surface` what stands there, `text_hash` the fingerprint of the text that was seen; `before` and `after` are
    the folded words around. `country` is that of the place that was shown, or the article's where none was (with the scope
    "name": only mentions in it are meant). `place` is the place meant; `role` and `relation` ("" for none) are None where
    the machine's stand.
    """

    id: str
    kind: Kind
    reviewer: str
    at: str
    scope: Scope = Scope.MENTION
    article_id: str | None = None
    start: int | None = None
    end: int | None = None
    surface: str = ""
    text_hash: str = ""
    before: str = ""
    after: str = ""
    country: str | None = None
    place: Place | None = None
    role: str | None = None
    relation: str | None = None
    note: str = ""
    undoes: str | None = None

    @property
    def name_key(self) -> str:
        """The folded name that the decision is about."""
        return normalize_name(self.surface)

    @property
    def order(self) -> tuple[str, str]:
        """What decisions are sorted by: the later one counts."""
        return self.at, self.id

    @property
    def outcome(self) -> tuple[Any, ...]:
        """What the mention becomes: two decisions with the same outcome agree."""
        if self.kind is Kind.NOT_A_PLACE:
            return ("not-a-place",)
        return self.start, self.end, self.place.id if self.place else None, self.role, self.relation


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two reviewers decided differently about one mention or name: the later decision counts."""

    earlier: Decision
    later: Decision


def text_hash(text: str) -> str:
    """Sixteen hex digits of a text."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def context_of(text: str, start: int, end: int) -> tuple[str, str]:
    """The folded words before and after a stretch of text, CONTEXT_WORDS each at most.

    >>> context_of("وصل الوفد إلى غريان أمس.", 14, 19)
    ('وصل الوفد الي', 'امس')
    """
    before = normalize_name(text[max(0, start - CONTEXT_REACH) : start]).split()[-CONTEXT_WORDS:]
    after = normalize_name(text[end : end + CONTEXT_REACH]).split()[:CONTEXT_WORDS]
    return " ".join(before), " ".join(after)


def now() -> str:
    """This moment, as decisions write it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def make_decision(
    kind: Kind | str,
    reviewer: str,
    *,
    text: str | None = None,
    start: int | None = None,
    end: int | None = None,
    at: str | None = None,
    **fields: Any,
) -> Decision:
    """A new decision, with an id of its own. Raises DecisionError when it is none.

    `text` is the whole text of the article: surface, context and fingerprint come from it. `fields` are the others of
    Decision.
    """
    if text is not None:
        if start is None or end is None or not 0 <= start < end <= len(text):
            raise DecisionError(f"start and end: {start}..{end} is no stretch of a text of {len(text)} characters")
        before, after = context_of(text, start, end)
        fields |= {"surface": text[start:end], "text_hash": text_hash(text), "before": before, "after": after}
    try:
        kind, scope = Kind(kind), Scope(fields.pop("scope", Scope.NAME if kind == Kind.NAME else Scope.MENTION))
    except ValueError as error:
        raise DecisionError(f"kind or scope: {error}") from error
    decision = Decision(
        secrets.token_hex(16), kind, reviewer.strip(), at or now(), scope, start=start, end=end, **fields
    )
    return check_decision(decision)


def make_place(
    name: str,
    point: Point,
    *,
    feature: FeatureClass | str = FeatureClass.CITY,
    country: str | None = None,
    radius_km: float = 5.0,
    aliases: Iterable[str] = (),
    name_en: str = "",
) -> Place:
    """A place of the reviewer's own, such as a point clicked on the map. The same name and spot give the same id.

    Raises DecisionError for what no gazetteer may hold.
    """
    try:
        key = f"{normalize_name(name)}|{point.lat:.5f}|{point.lon:.5f}|{FeatureClass(feature)}"
        place = Place(
            id=f"own:{hashlib.sha256(key.encode()).hexdigest()[:12]}",
            name=" ".join(name.split()),
            name_en=" ".join(name_en.split()),
            feature=FeatureClass(feature),
            country=country or None,
            point=Point(round(point.lat, 5), round(point.lon, 5)),
            radius_km=radius_km,
            importance=ADDED_IMPORTANCE,
            aliases=tuple(dict.fromkeys(alias for alias in (" ".join(a.split()) for a in aliases) if alias)),
            source="a reviewer",
        )
    except (UnicodeEncodeError, ValueError) as error:
        raise DecisionError(f"place: {error}") from error
    _check_place(place)
    return place


def place_of_row(row: Mapping[str, Any]) -> Place | None:
    """The place of a row, or of one of its candidates, as far as it tells; None for a mention without a place."""
    if row.get("place_id") is None or row.get("lat") is None:
        return None
    return Place(
        id=row["place_id"],
        name=row["place"],
        name_en=row.get("place_en") or "",
        feature=FeatureClass(row["feature"]),
        country=row.get("country"),
        point=Point(row["lat"], row["lon"]),
        radius_km=row.get("radius_km") or 5.0,
        importance=0.0,
        source="a row",
    )


def check_decision(decision: Decision) -> Decision:
    """The decision itself. Raises DecisionError, naming the field, when it cannot be one."""
    d = decision
    _want(_ID.fullmatch(d.id), "id", d.id)
    _want(_AT.fullmatch(d.at) and _is_time(d.at), "at", d.at)
    _want(d.reviewer and _is_line(d.reviewer), "reviewer", d.reviewer)
    for name in ("article_id", "surface", "before", "after", "note"):
        value = getattr(d, name) or ""
        _want(len(value) <= (LONGEST_NOTE if name == "note" else LONGEST_TEXT) and _is_text(value), name, value)
    _want(d.country is None or _COUNTRY.fullmatch(d.country), "country", d.country)
    _want(d.role is None or d.role in set(Role), "role", d.role)
    _want(d.relation is None or _RELATION.fullmatch(d.relation), "relation", d.relation)
    if d.place is not None:
        _check_place(d.place)
    if d.kind is Kind.UNDO:
        _want(d.undoes and _ID.fullmatch(d.undoes) and d.undoes != d.id, "undoes", d.undoes)
        return d
    _want(d.undoes is None, "undoes", d.undoes)
    _want(d.place is not None or d.kind not in (Kind.PLACE, Kind.NAME), "place", None)
    _want(d.scope is Scope.MENTION or d.kind is not Kind.SPAN, "scope", d.scope)
    if d.kind is Kind.NAME:
        for name in d.place.names:
            # It goes into tables, and a spreadsheet would run it.
            _want(not starts_formula(name), "place.name", name)
    if d.article_id is not None or d.kind is not Kind.NAME:
        _want(d.article_id, "article_id", d.article_id)
        _want(d.start is not None and d.start >= 0, "start", d.start)
        _want(d.end is not None and d.start < d.end, "end", d.end)
        _want(len(d.surface) == d.end - d.start and d.name_key, "surface", d.surface)
        _want(_HASH.fullmatch(d.text_hash), "text_hash", d.text_hash)
    return d


def _want(condition: Any, name: str, value: Any) -> None:
    if not condition:
        raise DecisionError(f"{name}: {str(value)[:60]!r} cannot be")


def _is_time(at: str) -> bool:
    try:
        datetime.fromisoformat(at)
    except ValueError:
        return False
    return True


def _is_text(text: str) -> bool:
    return text.isprintable() or not {unicodedata.category(c) for c in text if c not in "\n\r\t"} & {"Cc", "Cs"}


def _is_line(text: str) -> bool:
    return len(text) <= 100 and _is_text(text) and not set("\n\r\t") & set(text)


def _check_place(place: Place) -> None:
    try:
        check_place(place)
    except RowError as error:
        raise DecisionError(f"place: {error}") from error
    _want(place.country is None or _COUNTRY.fullmatch(place.country), "place.country", place.country)
    _want(0.1 <= place.radius_km <= 10_000, "place.radius_km", place.radius_km)
    _want(0 <= place.importance <= 100, "place.importance", place.importance)


def to_json(decision: Decision) -> str:
    """The decision as one line of JSON."""
    fields = {name: value for name, value in asdict(decision).items() if value not in (None, "")}
    if place := fields.get("place"):
        place |= {"lat": place["point"]["lat"], "lon": place["point"]["lon"]}
        del place["point"]
    if decision.relation == "":
        fields["relation"] = ""
    return json_line({"form": FORM} | fields)


def from_json(line: str) -> Decision:
    """The decision of one line of JSON. Raises DecisionError, naming what is wrong."""
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DecisionError(f"no JSON ({error})") from error
    if not isinstance(fields, dict) or fields.pop("form", None) != FORM:
        raise DecisionError(f"not a decision of form {FORM}")
    try:
        fields |= {"kind": Kind(fields["kind"]), "scope": Scope(fields.get("scope", Scope.MENTION))}
        if fields.get("place") is not None:
            fields["place"] = _read_place(fields["place"])
        decision = Decision(**fields)
        _check_types(decision)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise DecisionError(f"{type(error).__name__}: {str(error)[:120]}") from error
    return check_decision(decision)


def _read_place(fields: dict[str, Any]) -> Place:
    fields = dict(fields)
    numbers = {name: fields.pop(name) for name in ("lat", "lon", "radius_km", "importance")}
    lists = {name: fields.pop(name, []) for name in ("aliases", "parents")}
    country, feature = fields.pop("country", None), FeatureClass(fields.pop("feature"))
    texts = [*fields.values(), *(text for values in lists.values() for text in values)]
    if any(type(number) not in (int, float) for number in numbers.values()):
        raise TypeError("place: a number that is none")
    if not all(isinstance(values, list) for values in lists.values()) or not all(
        isinstance(text, str) for text in [*texts, country or ""]
    ):
        raise TypeError("place: a text that is none")
    return Place(
        **fields,
        feature=feature,
        country=country,
        point=Point(numbers["lat"], numbers["lon"]),
        radius_km=float(numbers["radius_km"]),
        importance=float(numbers["importance"]),
        **{name: tuple(values) for name, values in lists.items()},
    )


def _check_types(decision: Decision) -> None:
    for name in ("start", "end"):
        if type(getattr(decision, name)) not in (int, type(None)):
            raise TypeError(f"{name} is no whole number")
    for name in ("article_id", "country", "role", "relation", "undoes"):
        if not isinstance(getattr(decision, name), str | None):
            raise TypeError(f"{name} is no text")
    for name in ("id", "reviewer", "at", "surface", "text_hash", "before", "after", "note"):
        if not isinstance(getattr(decision, name), str):
            raise TypeError(f"{name} is no text")


def active_decisions(decisions: Iterable[Decision]) -> list[Decision]:
    """The decisions that count, in order: without those undone, and without the undoing. An undoing may be undone, too."""
    everything = sorted(decisions, key=lambda d: d.order)
    undoing: dict[str, list[Decision]] = {}
    for decision in everything:
        if decision.undoes:
            undoing.setdefault(decision.undoes, []).append(decision)
    return [d for d in everything if d.kind is not Kind.UNDO and not _is_undone(d, undoing)]


def _is_undone(decision: Decision, undoing: Mapping[str, list[Decision]]) -> bool:
    """Whether some undoing of it counts, walking up chains of undoings without recursion; a circle undoes nothing."""
    undone: dict[str, bool] = {}
    stack = [decision]
    waiting: set[str] = set()
    while stack:
        at = stack[-1]
        unknown = [u for u in undoing.get(at.id, ()) if u.id not in undone and u.id not in waiting]
        if unknown and at.id not in waiting:
            waiting.add(at.id)
            stack += unknown
            continue
        undone[at.id] = any(not undone.get(u.id, True) for u in undoing.get(at.id, ()))
        stack.pop()
    return undone[decision.id]


def find_conflicts(decisions: Iterable[Decision]) -> list[Conflict]:
    """Pairs of counting decisions by different reviewers with different outcomes for one mention or name, in order.

    Of each reviewer the last decision about it is compared.
    """
    groups: dict[tuple[Any, ...], list[Decision]] = {}
    for decision in active_decisions(decisions):
        if decision.kind is Kind.NAME:
            continue
        if decision.scope is Scope.NAME:
            groups.setdefault((decision.name_key, decision.country), []).append(decision)
        else:
            groups.setdefault((decision.article_id, decision.text_hash, ""), []).append(decision)
    found = []
    for group in groups.values():
        last = [
            d for i, d in enumerate(group) if not any(n.reviewer == d.reviewer and _meet(n, d) for n in group[i + 1 :])
        ]
        for i, later in enumerate(last):
            others = (d for d in last[:i] if d.reviewer != later.reviewer and _meet(d, later))
            found += [Conflict(earlier, later) for earlier in others if earlier.outcome != later.outcome]
    return sorted(found, key=lambda c: (c.later.order, c.earlier.order))


def _meet(one: Decision, other: Decision) -> bool:
    return one.scope is Scope.NAME or (one.start < other.end and other.start < one.end)


class DecisionLog:
    """The decisions of one workspace. Safe to share between threads; other processes may write at any time."""

    def __init__(self, workspace: str | os.PathLike[str]) -> None:
        self.folder = Path(workspace) / FOLDER
        self._lock = threading.RLock()
        self._read: dict[str, Decision] = {}
        self._damaged: dict[str, str] = {}

    def add(self, decision: Decision) -> bool:
        """Keep the decision; False when it is here already. Raises DecisionError for one that cannot be kept."""
        return bool(self.add_all([decision]))

    def add_all(self, decisions: Iterable[Decision]) -> list[Decision]:
        """Keep the decisions that are not here yet and return them. Raises DecisionError for one that cannot be kept."""
        known = {decision.id for decision in self.all()}
        added = []
        for decision in decisions:
            if from_json(to_json(decision)) != decision:
                raise DecisionError("a decision that would not be the same when read again")
            if decision.id not in known:
                known.add(decision.id)
                self._write(_file_name(decision), to_json(decision) + "\n")
                added.append(decision)
        return added

    def _write(self, name: str, line: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        with whole_file(self.folder / name) as temporary:
            temporary.write_text(line, encoding="utf-8", newline="\n")

    def all(self) -> list[Decision]:
        """Every decision that can be read, in order, undone ones and undoings among them."""
        with self._lock:
            names = self._names()
            for name in names:
                if name not in self._read:
                    self._read_file(name)
            found = (self._read[name] for name in names if name in self._read)
            return list({decision.id: decision for decision in found}.values())

    def active(self) -> list[Decision]:
        """The decisions that count, in order."""
        return active_decisions(self.all())

    def of_row(self, row: Mapping[str, Any]) -> Decision | None:
        """The decision that a row of the workspace shows, which an undoing would be about; None where none is shown."""
        shown = (row.get("reviewer"), row.get("reviewed_at"))
        return next((d for d in reversed(self.all()) if shown[1] and (d.reviewer, d.at) == shown), None)

    def conflicts(self) -> list[Conflict]:
        """Where reviewers differ."""
        return find_conflicts(self.all())

    def damaged(self) -> list[str]:
        """One line for every file that cannot be read: its name and why."""
        self.all()
        with self._lock:
            return [f"{self.folder / name}: {why}" for name, why in sorted(self._damaged.items())]

    @property
    def fingerprint(self) -> str:
        """A short text that changes whenever a decision comes."""
        return hashlib.sha256("|".join(self._names()).encode()).hexdigest()[:16]

    def next_time(self) -> str:
        """This moment, or, when a clock elsewhere is ahead, a moment after the last decision here: so that it counts."""
        names = self._names()
        last = max((d.at for d in self.all()), default="") if names else ""
        moment = now()
        if moment > last:
            return moment
        after = datetime.fromisoformat(last) + timedelta(microseconds=1)
        return after.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def _names(self) -> list[str]:
        try:
            names = os.listdir(self.folder)
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith(".json") and not name.startswith("."))

    def _read_file(self, name: str) -> None:
        path = self.folder / name
        try:
            if path.stat().st_size > LARGEST_FILE:
                raise DecisionError(f"larger than {LARGEST_FILE} bytes")
            self._read[name] = from_json(path.read_text(encoding="utf-8"))
            self._damaged.pop(name, None)
        except (DecisionError, OSError, UnicodeDecodeError) as error:
            self._damaged[name] = str(error)


def _file_name(decision: Decision) -> str:
    return f"{decision.at.replace('-', '').replace(':', '')}-{decision.id}.json"


def undo_of(decision: Decision, reviewer: str, *, at: str | None = None) -> Decision:
    """The decision that undoes this one (an undoing, too: then what it undid counts again)."""
    return make_decision(Kind.UNDO, reviewer, at=at, undoes=decision.id)
