"""The geopy face of the gazetteer, and online geocoders that behave. No request leaves the machine."""

import pytest
from geopy.exc import GeocoderQueryError, GeocoderUnavailable
from geopy.geocoders.base import Geocoder
from geopy.location import Location

from gazetteer import Gazetteer, SourceError
from gazetteer.geocode import ChainGeocoder, GazetteerGeocoder, OnlineGeocoder, online_geocoder
from gazetteer.index import Segment, build_index


@pytest.fixture(scope="module")
def geocoder(small_gazetteer: Gazetteer) -> GazetteerGeocoder:
    return GazetteerGeocoder(small_gazetteer)


def test_geocode_gives_a_location_with_the_place_in_raw(geocoder: GazetteerGeocoder) -> None:
    at = geocoder.geocode("غريان")
    assert isinstance(at, Location)
    assert (at.latitude, at.longitude) == (32.172, 13.02)
    assert at.address == "غريان، ليبيا"
    assert at.raw["place_id"] == "ly-gharyan"
    assert at.raw["score"] == 100


def test_geocode_knows_nothing_of_nothing(geocoder: GazetteerGeocoder) -> None:
    assert geocoder.geocode("لا مكان كهذا") is None
    assert geocoder.geocode("") is None
    assert geocoder.geocode("نيويورك", exactly_one=False) is None


def test_exactly_one_and_limit(geocoder: GazetteerGeocoder) -> None:
    found = geocoder.geocode("طرابلس", exactly_one=False)
    assert [at.raw["place_id"] for at in found] == ["ly-tripoli", "lb-tripoli"]
    assert len(geocoder.geocode("طرابلس", exactly_one=False, limit=1)) == 1


BIASES = [
    ({"country_codes": "lb"}, "lb-tripoli"),
    ({"country_codes": ["LB", "EG"]}, "lb-tripoli"),
    ({"viewbox": [(33, 35), (35, 37)]}, "lb-tripoli"),
    ({"viewbox": [(35, 37), (33, 35)], "bounded": True}, "lb-tripoli"),
    ({"near": (34.4, 35.8)}, "lb-tripoli"),
    ({"near": (32.0, 13.0)}, "ly-tripoli"),
    ({}, "ly-tripoli"),
]


@pytest.mark.parametrize(("options", "place_id"), BIASES)
def test_biases(geocoder: GazetteerGeocoder, options: dict, place_id: str) -> None:
    assert geocoder.geocode("طرابلس", **options).raw["place_id"] == place_id


def test_bounded_leaves_out_what_lies_outside(geocoder: GazetteerGeocoder) -> None:
    assert geocoder.geocode("غريان", viewbox=[(0, 0), (1, 1)], bounded=True) is None


@pytest.mark.parametrize("query", ["طرابلس، ليبيا", {"city": "طرابلس", "country": "ليبيا"}, "طرابلس, Libya"])
def test_what_contains_a_place_may_be_named(geocoder: GazetteerGeocoder, query) -> None:
    assert geocoder.geocode(query, country_codes=None).raw["place_id"] == "ly-tripoli"


def test_a_bad_box_is_an_error(geocoder: GazetteerGeocoder) -> None:
    with pytest.raises(GeocoderQueryError, match="viewbox"):
        geocoder.geocode("طرابلس", viewbox=[1, 2, 3])


def test_language(geocoder: GazetteerGeocoder) -> None:
    assert geocoder.geocode("غريان", language="en").address == "Gharyan, Libya"


def test_reverse_gives_the_nearest_place(geocoder: GazetteerGeocoder) -> None:
    at = geocoder.reverse((32.17, 13.03))
    assert at.raw["place_id"] == "ly-gharyan"
    assert at.raw["distance_km"] < 2
    assert geocoder.reverse("32.17, 13.03", exactly_one=False, limit=2)[0].raw["place_id"] == "ly-gharyan"
    assert geocoder.reverse((32.17, 13.03), zoom=3).raw["place_id"] == "ly"
    assert geocoder.reverse((-40, -120)) is None


class Recording(Geocoder):
    """Stands for a service on the network."""

    def __init__(self, answer=None, error: Exception | None = None) -> None:
        super().__init__(user_agent="test")
        self.asked: list[tuple] = []
        self._answer, self._error = answer, error

    def geocode(self, query, *, exactly_one=True, timeout=None, **options):
        self.asked.append((query, exactly_one, timeout, options))
        if self._error:
            raise self._error
        return self._answer

    reverse = geocode


def test_online_answers_are_kept_on_disk_and_labelled(tmp_path) -> None:
    service = Recording([Location("Paris", (48.86, 2.35), {"type": "city"})])
    first = OnlineGeocoder(service, "nominatim", tmp_path / "c.sqlite", min_delay_s=0)
    at = first.geocode("باريس", language="ar")
    assert (at.raw["method"], at.raw["source"]) == ("geocoder", "online: nominatim")
    again = OnlineGeocoder(service, "nominatim", tmp_path / "c.sqlite", min_delay_s=0)
    assert again.geocode("باريس", language="ar").latitude == 48.86
    assert len(service.asked) == 1
    assert service.asked[0][2] is not None


def test_nothing_fails_when_the_network_is_away(tmp_path) -> None:
    service = Recording(error=GeocoderUnavailable("no route"))
    online = OnlineGeocoder(service, "nominatim", tmp_path / "c.sqlite", min_delay_s=0)
    assert online.geocode("باريس") is None
    assert online.reverse("1,1") is None
    assert online.geocode("باريس") is None
    assert len(service.asked) == 3, "a failure is not kept as an answer"


def test_the_chain_asks_the_next_only_when_the_first_has_nothing(geocoder: GazetteerGeocoder, tmp_path) -> None:
    service = Recording([Location("Paris", (48.86, 2.35), {})])
    chain = ChainGeocoder([geocoder, OnlineGeocoder(service, "nominatim", tmp_path / "c.sqlite", min_delay_s=0)])
    assert chain.geocode("غريان").raw["place_id"] == "ly-gharyan"
    assert service.asked == []
    assert chain.geocode("باريس").raw["source"] == "online: nominatim"


def test_a_gazetteer_of_no_places_is_used_as_it_is(tmp_path) -> None:
    build_index([], {}, tmp_path / "i")
    empty = Gazetteer([Segment(tmp_path / "i")])
    geocoder = GazetteerGeocoder(empty)
    assert geocoder.gazetteer is empty
    assert geocoder.geocode("غريان") is None
    assert geocoder.reverse((32, 13)) is None


class Strict(Recording):
    """Takes what Nominatim takes, as far as it matters here."""

    def geocode(self, query, *, exactly_one=True, timeout=None, language=False):
        return super().geocode(query, exactly_one=exactly_one, timeout=timeout, language=language)


def test_in_a_chain_a_service_gets_only_the_options_it_knows(geocoder: GazetteerGeocoder, tmp_path) -> None:
    service = Strict([Location("Paris", (48.86, 2.35), {})])
    chain = ChainGeocoder([geocoder, OnlineGeocoder(service, "nominatim", tmp_path / "c.sqlite", min_delay_s=0)])
    assert chain.geocode("باريس", near=(48, 2), language="ar").latitude == 48.86
    assert service.asked[0][3] == {"language": "ar"}


@pytest.mark.parametrize("broken", ["not a database" * 100, None])
def test_answers_come_without_a_cache_too(tmp_path, broken: str | None, caplog) -> None:
    cache = tmp_path / "c.sqlite"
    if broken is None:
        cache.mkdir()
    else:
        cache.write_text(broken)
    service = Recording([Location("Paris", (48.86, 2.35), {})])
    online = OnlineGeocoder(service, "nominatim", cache, min_delay_s=0)
    assert [online.geocode("باريس").latitude for _ in range(2)] == [48.86] * 2
    assert len(service.asked) == 2
    assert "are not kept" in caplog.text


def test_an_answer_of_nothing_is_kept_too(tmp_path) -> None:
    service = Recording(None)
    online = OnlineGeocoder(service, "nominatim", tmp_path / "c.sqlite", min_delay_s=0)
    assert [online.geocode("لا مكان") for _ in range(2)] == [None, None]
    assert len(service.asked) == 1


def test_an_online_geocoder_is_made_by_name_and_options(tmp_path) -> None:
    online = online_geocoder("nominatim", tmp_path / "c.sqlite", domain="localhost:1", scheme="http")
    assert online.geocode("باريس") is None, "nobody listens there"
    with pytest.raises(SourceError, match="geonames"):
        online_geocoder("geonames", tmp_path / "c.sqlite")
    with pytest.raises(SourceError, match="nominatim"):
        online_geocoder("nominatim", tmp_path / "c.sqlite", nonsense="1")
