import pytest

from gazetteer import Point


@pytest.mark.parametrize(("lat", "lon"), [(91, 0), (-90.5, 0), (0, 181), (0, -200), (float("nan"), 0)])
def test_point_refuses_positions_off_the_globe(lat: float, lon: float) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Point(lat, lon)


def test_distance_between_tripoli_and_benghazi() -> None:
    assert Point(32.887, 13.187).distance_km(Point(32.115, 20.08)) == pytest.approx(652, rel=0.01)


def test_distance_over_the_date_line_is_short() -> None:
    assert Point(0, 179.9).distance_km(Point(0, -179.9)) == pytest.approx(22.2, rel=0.01)


@pytest.mark.parametrize("bearing", [0, 45, 90, 180, 270])
def test_offset_goes_as_far_as_asked(bearing: float) -> None:
    start = Point(32.0, 13.0)
    assert start.distance_km(start.offset_km(bearing, 30)) == pytest.approx(30, rel=1e-6)


def test_offset_goes_south() -> None:
    reached = Point(32.887, 13.187).offset_km(180, 80)
    assert reached.lat < 32.3
    assert reached.lon == pytest.approx(13.187)
