"""The colours of circles: what they say, light and dark, told apart by people who see few colours."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from extract.facts import PRECISIONS
from extract.mentions import Role
from views.texts import Texts

SCHEMES = ("role", "precision", "outlet", "period")
PERIODS = 5
OUTLETS = 6
_NONE = {"light": "#64748b", "dark": "#94a3b8"}
_ROLE = {"light": ["#0f766e", "#b45309", "#64748b"], "dark": ["#4fc3b8", "#f0a04b", "#94a3b8"]}
_MANY = {
    "light": ["#0f766e", "#b45309", "#6d28d9", "#be123c", "#1d4ed8", "#4d7c0f"],
    "dark": ["#4fc3b8", "#f0a04b", "#b79cf7", "#fb7f98", "#7fb0ff", "#a9d15e"],
}
# Old to new: one hue after another, and darker (on a dark map lighter) all the way.
_TIME = {
    "light": ["#c9a227", "#6fa046", "#218c74", "#1c6487", "#35307a"],
    "dark": ["#5f5aa8", "#3f88a5", "#3fb596", "#96c763", "#f2d060"],
}


@dataclass(frozen=True, slots=True)
class Colouring:
    """The colour of every place (a number in `colours`) and what each colour says, as (number, text)."""

    colours: list[str]
    numbers: list[int]
    legend: list[tuple[int, str]]


def colour_places(places: list[dict[str, Any]], scheme: str, look: str, t: Texts) -> Colouring:
    """Colour the places by role, precision, outlet or period of their latest mention."""
    if scheme == "precision":
        colours = _MANY[look]
        numbers = [PRECISIONS.index(place["most"]) if place["most"] in PRECISIONS else 0 for place in places]
        legend = [(number, t.term("precision", code)) for number, code in enumerate(PRECISIONS) if number in numbers]
        return Colouring(colours, numbers, legend)
    if scheme == "outlet":
        return _by_outlet(places, look, t)
    if scheme == "period":
        return _by_period(places, look, t)
    roles = list(map(str, Role))
    legend = [
        (0, t("Place of the news")),
        (1, t("Only named for its government or forces")),
        (2, t("Only named inside another name")),
    ]
    return Colouring(_ROLE[look], [roles.index(p["role"]) if p["role"] in roles else 0 for p in places], legend)


def _by_outlet(places: list[dict[str, Any]], look: str, t: Texts) -> Colouring:
    weight: dict[str, int] = {}
    for place in places:
        if place["most"]:
            weight[place["most"]] = weight.get(place["most"], 0) + place["mentions"]
    first = sorted(weight, key=lambda outlet: (-weight[outlet], outlet))[:OUTLETS]
    numbers = [first.index(place["most"]) if place["most"] in first else OUTLETS for place in places]
    legend = list(enumerate(first))
    if OUTLETS in numbers:
        legend.append((OUTLETS, t("other or none")))
    return Colouring([*_MANY[look], _NONE[look]], numbers, legend)


def _by_period(places: Iterable[dict[str, Any]], look: str, t: Texts) -> Colouring:
    days: list[date | None] = [place["last"] for place in places]
    known = [day for day in days if day]
    if not known:
        return Colouring([*_TIME[look], _NONE[look]], [PERIODS for _ in days], [(PERIODS, t("no date"))])
    first, span = min(known), max(1, (max(known) - min(known)).days + 1)
    numbers = [PERIODS if day is None else (day - first).days * PERIODS // span for day in days]
    starts = [date.fromordinal(first.toordinal() + -(-number * span // PERIODS)) for number in range(PERIODS)]
    legend = [(number, t("last named from {date}", date=t.date(day.isoformat()))) for number, day in enumerate(starts)]
    legend = [entry for entry in legend if entry[0] in numbers]
    if PERIODS in numbers:
        legend.append((PERIODS, t("no date")))
    return Colouring([*_TIME[look], _NONE[look]], numbers, legend)
