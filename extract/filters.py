"""Which mentions are meant: the filters, and the conditions they are on the workspace's facts (see extract.facts)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from gazetteer.normalize import normalize_name

# What the review filter can ask besides verdicts.
UNREVIEWED, REVIEWED = "unreviewed", "reviewed"
# Corners (lat, lon) of a shape drawn on the map; a box has four.
Area = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Filters:
    """Which mentions are meant. Empty tuples, empty text and None mean all. Dates are ISO, both ends included.

    `text` is looked for in titles and texts of articles; `place_text`, folded, in the place's Arabic and English name
    and in the name as the text has it: names that hold it, or, when there are none, names one or two letters away.
    `area` holds the places whose point lies inside. With a date range, articles without a date stay unless `undated`
    is False; a date that cannot be read is no limit. `reviews` are verdicts (see extract.decisions.VERDICTS), UNREVIEWED,
    or REVIEWED for any verdict. `copies` is one of COPIES: "once" leaves, of every group of copies (see extract.copy_tables),
    the first among the articles that the other filters on articles leave (outlets, article_ids, text, dates); filters on
    mentions choose among the mentions of that one.
    """

    article_ids: tuple[str, ...] = ()
    outlets: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    features: tuple[str, ...] = ()
    countries: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    relations: tuple[str, ...] = ()
    precisions: tuple[str, ...] = ()
    reviews: tuple[str, ...] = ()
    text: str = ""
    place_text: str = ""
    date_from: str | None = None
    date_to: str | None = None
    undated: bool = True
    min_confidence: float = 0.0
    area: Area = ()
    place_id: str | None = None
    copies: str = "all"


# The filters that hold a list of values: the column of facts or of spots they are about.
IN_FACTS = {"roles": "role", "relations": "relation", "precisions": "precision", "reviews": "review"}
IN_SPOTS = {"features": "feature", "countries": "country", "regions": "region_id"}
IN_LIVE = {"outlets": "outlet", "article_ids": "article_id"}
COPIES = ("all", "once")
FACETS = (*IN_FACTS, *IN_SPOTS, *IN_LIVE)


def conditions(
    filters: Filters,
    codes: Mapping[str, Sequence[str]],
    find_names: Callable[[str], list[int]],
    find_articles: Callable[[str], list[int]],
    find_inside: Callable[[Area], list[int]],
    *,
    copies_of: str | None = None,
) -> tuple[str, list[Any]]:
    """SQL on the table facts, and its parameters.

    `codes` are the words of coded columns; the callables find numbers of names, articles and places. `copies_of` is a column
    of live: each of its values counts a story once.
    """
    clauses, parameters = ["true"], []

    def add(clause: str, *values: Any) -> None:
        clauses.append(clause)
        parameters.extend(values)

    for name, column in IN_FACTS.items():
        if chosen := _each_value(name, getattr(filters, name), codes):
            numbers = [codes[column].index(value) for value in chosen if value in codes[column]] or [None]
            add(f"{column} IN ({_marks(numbers)})", *numbers)
    for name, column in IN_SPOTS.items():
        if chosen := getattr(filters, name):
            add(f"place_no IN (SELECT place_no FROM spots WHERE {_one_of(column, chosen)})", *chosen)
    for name, column in IN_LIVE.items():
        if chosen := getattr(filters, name):
            add(f"article_number IN (SELECT article_number FROM live WHERE {_one_of(column, chosen)})", *chosen)
    if text := normalize_name(filters.place_text):
        add("name_no IN (SELECT unnest(?))", find_names(text))
    if filters.text.strip():
        add("article_number IN (SELECT unnest(?))", find_articles(filters.text))
    if filters.area:
        add("place_no IN (SELECT unnest(?))", find_inside(filters.area))
    _add_dates(filters, "facts", add)
    if filters.min_confidence > 0:
        add("confidence >= ?::FLOAT", filters.min_confidence)
    if filters.place_id:
        add("place_no IN (SELECT place_no FROM spots WHERE place_id = ?)", filters.place_id)
    if filters.copies == "once":
        _add_copies(filters, find_articles, copies_of, add)
    return " AND ".join(f"({clause})" for clause in clauses), parameters


def _each_value(name: str, chosen: tuple[str, ...], codes: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """The values chosen, REVIEWED spelled out as every verdict."""
    if name != "reviews" or REVIEWED not in chosen:
        return chosen
    return [value for value in codes["review"] if value != UNREVIEWED or UNREVIEWED in chosen]


def _marks(values: Sequence[Any]) -> str:
    return ", ".join("?" * len(values))


def _one_of(column: str, chosen: Sequence[Any]) -> str:
    return f"{column} IN ({_marks(chosen)})"


def _add_dates(filters: Filters, table: str, add: Callable[..., None]) -> None:
    limits = [(read_day(filters.date_from), f"{table}.day >= ?"), (read_day(filters.date_to), f"{table}.day <= ?")]
    asked = [(day, clause) for day, clause in limits if day]
    if asked:
        clause = " AND ".join(clause for _, clause in asked)
        add(f"({clause})" + (f" OR {table}.day IS NULL" if filters.undated else ""), *(day for day, _ in asked))


def _add_copies(
    filters: Filters, find_articles: Callable[[str], list[int]], copies_of: str | None, add: Callable[..., None]
) -> None:
    """Leave out the articles that have a copy before them among those that the filters on articles leave."""
    clauses: list[str] = []
    parameters: list[Any] = []

    def add_article(clause: str, *values: Any) -> None:
        clauses.append(f"({clause})")
        parameters.extend(values)

    for name, column in IN_LIVE.items():
        if chosen := getattr(filters, name):
            add_article(_one_of(column, chosen), *chosen)
    if filters.text.strip():
        add_article("article_number IN (SELECT unnest(?))", find_articles(filters.text))
    _add_dates(filters, "live", add_article)
    if clauses or copies_of:
        apart = f"group_no, {copies_of}" if copies_of else "group_no"
        later = (
            "SELECT article_number FROM article_groups JOIN live USING (article_number) "
            f"WHERE {' AND '.join(clauses) or 'true'} QUALIFY row_number() OVER (PARTITION BY {apart} ORDER BY nth) > 1"
        )
    else:
        later = "SELECT article_number FROM article_groups WHERE nth > 0"
    add(f"article_number NOT IN ({later})", *parameters)


def read_day(text: str | None) -> date | None:
    """The day an ISO date names, or None.

    >>> read_day("2019-04-05"), read_day("spring"), read_day(None)
    (datetime.date(2019, 4, 5), None, None)
    """
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError:
        return None


def days_before(day: date, days: int) -> date:
    """The day so many days earlier, or the first there is: anyone can write a date of the year 1 into an address.

    >>> days_before(date(2020, 1, 10), 9), days_before(date(1, 1, 2), 30)
    (datetime.date(2020, 1, 1), datetime.date(1, 1, 1))
    """
    return date.fromordinal(max(1, day.toordinal() - days))
