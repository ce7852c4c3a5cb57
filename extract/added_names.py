"""Names that reviewers added in a workspace: a layer of the gazetteer on top of all others, for this workspace's reads."""

import csv
import hashlib
import logging
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import IO

from extract.decisions import ADDED_IMPORTANCE, Decision, Kind
from gazetteer import Gazetteer, GazetteerError, Place, TableError
from gazetteer.build import place_keys
from gazetteer.import_store import known_place
from gazetteer.index import FORMAT, Segment, build_index
from gazetteer.load import cache_folder, forget_old
from gazetteer.sources.tables import COLUMNS, make_place

logger = logging.getLogger(__name__)
KEPT_LAYERS = 20
# An entry that the gazetteer has already, near enough, is meant rather than it: so much better known.
ABOVE_KNOWN = 20.0
# The region of an added place is that of the nearest place of its country within this distance.
NEIGHBOUR_KM = 40.0


def added_places(active: Iterable[Decision]) -> list[Place]:
    """The places that decisions add, by id: of two with one id the later counts."""
    found = {d.place.id: d.place for d in active if d.kind is Kind.NAME and d.place is not None}
    return [found[identity] for identity in sorted(found)]


def with_added_names(gazetteer: Gazetteer, places: Sequence[Place]) -> Gazetteer:
    """The gazetteer and, on top, these places; the same gazetteer when there are none.

    The layer's index is kept in the cache folder, named by what it holds. Its fingerprint is part of the gazetteer's.
    """
    places = [place for place in places if gazetteer.row_of(place.id) is None]
    if not places:
        return gazetteer
    state = f"{FORMAT}|{gazetteer.meta.get('fingerprint')}|{places!r}"
    digest = hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    folder = cache_folder() / f"names-{digest}"
    try:
        segment = Segment(folder)
    except GazetteerError:
        shutil.rmtree(folder, ignore_errors=True)
        build_index([_placed(p, gazetteer) for p in places], {}, folder, meta={"fingerprint": digest})
        forget_old(folder.parent, "names-*", KEPT_LAYERS)
        segment = Segment(folder)
    return Gazetteer([*gazetteer.segments, segment])


def _placed(place: Place, gazetteer: Gazetteer) -> Place:
    """The place with its parents and its importance, as the layers below say."""
    known = known_place(place, place_keys(place), gazetteer)
    importance = min(100.0, max(place.importance, ADDED_IMPORTANCE, known.importance + ABOVE_KNOWN if known else 0.0))
    parents = place.parents or _parents(place, gazetteer)
    return replace(place, importance=importance, parents=parents)


def _parents(place: Place, gazetteer: Gazetteer) -> tuple[str, ...]:
    for _, row in gazetteer.nearest(place.point, limit=20, within_km=NEIGHBOUR_KM):
        neighbour = gazetteer.place(row)
        if neighbour.country == place.country and neighbour.parents:
            return neighbour.parents
    country = (place.country or "").lower()
    return (country,) if country and gazetteer.row_of(country) is not None else ()


def write_table(places: Iterable[Place], stream: IO[str]) -> int:
    """Write the places as a table of our own form, which `python -m gazetteer import` reads, and return how many.

    One that no table may hold (its id came from elsewhere) is left out, with a warning.
    """
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for place in places:
        aliases = "|".join(alias.replace("|", " ") for alias in place.aliases)
        texts = [place.id, place.name, aliases, place.name_en, place.feature.value, place.country or "", ""]
        numbers = [place.point.lat, place.point.lon, place.radius_km, place.importance]
        cells = [*texts, *map(str, numbers), place.source or "a reviewer"]
        try:
            make_place(dict(zip(COLUMNS, cells, strict=True)), "a name of a reviewer")
        except TableError as error:
            logger.warning("left out: %s", error)
            continue
        writer.writerow(cells)
        count += 1
    return count
