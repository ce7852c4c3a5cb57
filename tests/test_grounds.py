import pytest

from views.grounds import LARGEST_FILE_BYTES, OPENSTREETMAP, OWN_GROUND, find_grounds


def test_grounds_without_files_and_settings_are_our_own_and_openstreetmap(tmp_path, monkeypatch):
    monkeypatch.delenv("RASID_TILES", raising=False)
    assert list(find_grounds(tmp_path).values()) == [OWN_GROUND, OPENSTREETMAP]
    assert OWN_GROUND.host is None


def test_grounds_hold_map_files_that_can_be_served(tmp_path):
    (tmp_path / "my map.pmtiles").write_bytes(b"x")
    with open(tmp_path / "huge.pmtiles", "wb") as huge:
        huge.truncate(LARGEST_FILE_BYTES + 1)
    grounds = find_grounds(tmp_path)
    assert grounds["my map"].url == "tiles/my%20map.pmtiles" and grounds["my map"].host is None
    assert "huge" not in grounds


def test_grounds_hold_the_tile_server_of_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("RASID_TILES", "https://tiles.example.org/osm/{z}/{x}/{y}.png")
    monkeypatch.setenv("RASID_TILES_CREDIT", "<b>Example</b>")
    server = find_grounds(tmp_path)["server"]
    assert (server.host, server.credit) == ("tiles.example.org", "<b>Example</b>")


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)//{z}{x}{y}",
        "https://tiles.example.org/{z}/{x}.png",
        "https://tiles.example.org/{z}/{x}/{y}/{constructor}.png",
        "file:///etc/{z}/{x}/{y}",
        "tiles/{z}/{x}/{y}.png",
    ],
)
def test_a_tile_server_that_cannot_be_one_is_told_and_left_out(tmp_path, monkeypatch, caplog, url):
    monkeypatch.setenv("RASID_TILES", url)
    assert "server" not in find_grounds(tmp_path)
    assert "RASID_TILES is not used" in caplog.text
