"""The region that each place lies in, by the gazetteer."""

import logging
from collections.abc import Callable, Iterable

from extract.facts import Region
from gazetteer import FeatureClass, Gazetteer, GazetteerError

logger = logging.getLogger(__name__)


def regions_of(place_ids: Iterable[str], gazetteer: Gazetteer) -> dict[str, Region]:
    """The largest region each place lies in, or is, by the gazetteer; places in none are left out."""
    found: dict[str, Region] = {}
    for place_id in place_ids:
        # A thing named after a place is kept as "<id of the place>+<kind of thing>".
        row = gazetteer.row_of(place_id.partition("+")[0])
        if row is None:
            continue
        place = gazetteer.place(row)
        chain = [place, *(gazetteer.place(up) for up in map(gazetteer.row_of, place.parents) if up is not None)]
        regions = [up for up in chain if up.feature is FeatureClass.REGION]
        if regions:
            found[place_id] = (regions[-1].id, regions[-1].name, regions[-1].name_en)
    return found


def find_regions(place_ids: Iterable[str], open_gazetteer: Callable[[], Gazetteer]) -> dict[str, Region]:
    """The same by the gazetteer that is opened for it; none, with a warning, when it cannot be opened."""
    try:
        return regions_of(place_ids, open_gazetteer())
    except (GazetteerError, OSError) as error:
        logger.warning("no regions: %s", error)
        return {}
