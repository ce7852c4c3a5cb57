"""python -m gazetteer: what it prints, what it returns, and that a download needs nothing but a server."""

import http.server
import io
import json
import logging
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from geopy.location import Location

from gazetteer import __main__ as cli
from gazetteer import find_candidates, load_gazetteer
from gazetteer.load import imports_folder
from tests.conftest import ROOT
from tests.small_world import alternate_line, dump_line, settle, write_table, written

FIELDS = "place_id place place_en feature country lat lon radius_km score method".split()


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return settle(tmp_path, monkeypatch)


def find(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[dict[str, Any]]:
    assert cli.main(["find", *arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# find


def test_find_json_is_a_list_of_objects_one_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    answers = find(capsys, "غريان", "لا مكان كهذا", "Tripoli")
    assert [answer["name"] for answer in answers] == ["غريان", "لا مكان كهذا", "Tripoli"]
    assert all(list(answer) == ["name", "candidates"] for answer in answers)
    assert answers[1]["candidates"] == []
    first = answers[0]["candidates"][0]
    assert list(first) == FIELDS
    assert first == {
        "place_id": "ly-gharyan",
        "place": "غريان",
        "place_en": "Gharyan",
        "feature": "city",
        "country": "LY",
        "lat": 32.172,
        "lon": 13.02,
        "radius_km": 8.0,
        "score": 100.0,
        "method": "exact",
    }


METHODS = [("غريان", "exact"), ("غـريان", "variant"), ("مدينة غريان", "variant"), ("غريلن", "fuzzy")]


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_find_says_how_a_name_was_found(capsys: pytest.CaptureFixture[str], name: str, method: str) -> None:
    best = find(capsys, name)[0]["candidates"][0]
    assert (best["place_id"], best["method"]) == ("ly-gharyan", method)
    assert 0 < best["score"] <= 100


def test_find_near_country_and_limit(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "name,lat,lon,country", "طرابلس,34.44,35.85,LB", "طرابلس,-33.9,18.4,ZA")
    assert cli.main(["import", str(path)]) == 0
    capsys.readouterr()

    def ids(*options: str) -> list[str]:
        return [c["place_id"] for c in find(capsys, "طرابلس", *options)[0]["candidates"]]

    assert ids()[0] == "ly-tripoli"
    assert ids("--near", "34.4,35.8")[0] == "t:1"
    assert ids("--near", "-33,18")[0] == "t:2"
    assert ids("--near=-33,18")[0] == "t:2"
    assert ids("--country", "lb") == ["t:1"]
    assert ids("--country", "FR") == []
    assert len(ids("--limit", "1")) == 1


def test_find_for_people_reads_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["find", "غريان", "nowhere"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "غريان: 2 candidates"
    assert "100.0 exact" in lines[1]
    assert "[ly-gharyan]" in lines[1]
    assert lines[-1] == "nowhere: 0 candidates"


BAD_ARGUMENTS = [
    ["find"],
    ["find", "غريان", "--near", "here"],
    ["find", "غريان", "--near", "95,13"],
    ["find", "غريان", "--country", "Libya"],
    ["find", "غريان", "--limit", "0"],
    ["download", "elsewhere", "LY"],
    ["nothing"],
    [],
]


@pytest.mark.parametrize("arguments", BAD_ARGUMENTS, ids=" ".join)
def test_bad_arguments_are_refused_in_words(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "error:" in capsys.readouterr().err


class Service:
    """Stands for an online geocoder."""

    def geocode(self, query: str, **options: Any) -> list[Location]:
        return [
            Location("Paris, France", (48.86, 2.35), {"type": "city", "source": "online: here", "method": "geocoder"})
        ]


def test_find_asks_online_only_for_what_is_not_found(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[Any, ...]] = []

    def online(service: str, cache: Path, **options: Any) -> Service:
        asked.append((service, options))
        return Service()

    monkeypatch.setattr(cli, "online_geocoder", online)
    assert find(capsys, "باريس")[0]["candidates"] == []
    assert asked == [], "off unless asked for"
    answers = find(capsys, "غريان", "باريس", "--online", "geonames", "--online-option", "username=me")
    assert asked == [("geonames", {"username": "me"})]
    assert answers[0]["candidates"][0]["place_id"] == "ly-gharyan"
    (paris,) = answers[1]["candidates"]
    assert list(paris) == FIELDS
    assert (paris["method"], paris["lat"]) == ("geocoder", 48.86)


@pytest.mark.parametrize("service", ["geonames", "no-such-service"])
def test_an_online_service_that_cannot_be_made_is_one_clear_line(
    caplog: pytest.LogCaptureFixture, service: str
) -> None:
    assert cli.main(["find", "باريس", "--online", service]) == 2
    assert len(errors(caplog)) == 1
    assert service in errors(caplog)[0]


# check and stats


def test_check_counts_errors_and_warnings(capsys: pytest.CaptureFixture[str], data: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(cli, "own_tables", lambda: [data.parent / "own.csv"])
    assert cli.main(["check"]) == 0
    assert capsys.readouterr().out == "1 tables, 0 errors, 0 warnings\n"
    rows = [
        "my-a,الف,,,city,LY,ly-none,32,13,5,50,me",
        "my-a,باء,,,city,LY,ly,32,13,5,50,me",
        "my-c,غريان,,,city,LY,ly,32.18,13.02,5,50,me",
        "my-d,بعيدة,,,district,LY,ly-gharyan,25,25,5,50,me",
        "my-e,··,,,city,LY,ly,32,13,5,50,me",
    ]
    write_table(data / "gazetteer" / "mine.csv", "\n".join(rows[:4]) + "\n")
    assert cli.main(["check"]) == 1
    out = capsys.readouterr().out
    assert "error: my-a: its parent 'ly-none' is in no table" in out
    assert "error: mine.csv: id my-a is in mine.csv too" in out
    assert "warning: my-c and ly-gharyan have one name" in out
    assert "warning: my-d lies 1" in out
    write_table(data / "gazetteer" / "mine.csv", rows[4] + "\n" + rows[2].replace("city", "town") + "\n")
    assert cli.main(["check"]) == 1
    out = capsys.readouterr().out
    assert "mine.csv, line 2: name '··' has no letters" in out
    assert "error: mine.csv, line 3: 'town' is not" in out, "all wrong rows, not only the first"


def test_stats_count_by_country_and_feature(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = written(
        tmp_path / "t.csv", "name,lat,lon,country", "الفلانية,25,15,SD", "غريان,32.17,13.02,LY", "بحر,40,18,"
    )
    assert cli.main(["import", str(path)]) == 0
    capsys.readouterr()
    assert cli.main(["stats"]) == 0
    lines = capsys.readouterr().out.splitlines()
    table = [line.split() for line in lines]
    assert table[0][:3] == ["country", "all", "city"]
    assert table[1][:3] == ["all", "9", "5"]
    rows = {row[0]: row[1] for row in table[2:-1]}
    assert rows == {"LY": "6", "SD": "2", "–": "1"}
    assert lines[-1] == "1 imports, 0 tables of the user's own"


# import


def test_import_prints_the_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "name,lat,lon", "الفلانية,25,15", "غريان,32.17,13.02", "x,99,1")
    assert cli.main(["import", str(path), "--name", "mine"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "t.csv: 1 places kept, 1 known already, 1 refused"
    assert "is none on Earth (rows 3; first: position '99', '1'" in out[1]
    assert (imports_folder() / "mine" / "report.json").exists()
    assert find(capsys, "الفلانية")[0]["candidates"][0]["place_id"] == "t:1"


def test_import_with_alternate_names(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    dump = written(tmp_path / "LY.txt", dump_line(10))
    names = written(tmp_path / "alternateNamesV2.txt", alternate_line(1, 10, "ar", "القره بوللي"))
    assert cli.main(["import", str(dump), "--alternate-names", str(names)]) == 0
    capsys.readouterr()
    assert find(capsys, "القره بوللي")[0]["candidates"][0]["place_id"] == "geonames:10"


def test_import_of_nothing_useful_fails(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = written(tmp_path / "t.csv", "name,lat,lon", "x,99,1")
    assert cli.main(["import", str(path)]) == 2
    assert "0 places kept, 0 known already, 1 refused" in capsys.readouterr().out
    assert not (imports_folder() / "t").exists()


@pytest.mark.parametrize("name", ["missing.csv", "bad.zip", "bad.csv", "bad.pdf"])
def test_import_of_what_cannot_be_read_is_one_clear_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    if name.startswith("bad"):
        (tmp_path / name).write_bytes(b"\x00\xffnonsense")
    assert cli.main(["import", str(tmp_path / name)]) == 2
    assert len(errors(caplog)) == 1
    assert name in errors(caplog)[0]
    assert "\n" not in errors(caplog)[0]


# download


def zip_of(name: str, *lines: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(name, "\n".join(lines))
        archive.writestr("readme.txt", "read me")
    return stream.getvalue()


FILES = {
    "/LY.zip": zip_of("LY.txt", dump_line(10), dump_line(11, "Wadi", letter="H", code="WAD")),
    "/alternatenames/LY.zip": zip_of("LY.txt", alternate_line(1, 10, "ar", "القره بوللي")),
    "/SY.zip": zip_of("SY.txt", dump_line(20, "Kafr", country="SY", lat="35.9", lon="36.7", alternates="كفر نبل")),
    "/BAD.zip": b"no zip",
    "/EG.zip": b"no zip",
}


class Server(http.server.BaseHTTPRequestHandler):
    """GeoNames as far as we need it."""

    asked: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["User-Agent"]))
        content = FILES.get(self.path.removeprefix("/cut"))
        if content is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:40] if self.path.startswith("/cut") else content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_download_fetches_and_imports(capsys: pytest.CaptureFixture[str], server: str, tmp_path: Path) -> None:
    Server.asked.clear()
    assert cli.main(["download", "geonames", "ly", "SY", "--base-url", server + "/"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out == [
        "LY.zip: 2 places kept, 0 known already, 0 refused",
        "SY.zip: 1 places kept, 0 known already, 0 refused",
    ]
    assert [path for path, _ in Server.asked] == [
        "/LY.zip",
        "/alternatenames/LY.zip",
        "/SY.zip",
        "/alternatenames/SY.zip",
    ]
    assert all(agent.startswith("rasid-geocoder/") for _, agent in Server.asked)
    assert find(capsys, "القره بوللي")[0]["candidates"][0]["place_id"] == "geonames:10"
    assert find(capsys, "كفر نبل")[0]["candidates"][0]["place_id"] == "geonames:20"
    assert sorted(path.name for path in imports_folder().iterdir()) == ["geonames-LY", "geonames-SY"]


def test_what_was_fetched_before_a_failure_stays(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture, server: str
) -> None:
    assert cli.main(["download", "geonames", "LY", "QA", "SY", "--base-url", server]) == 2
    assert errors(caplog) == [f"{server}/QA.zip cannot be fetched (HTTP Error 404: Not Found)"]
    gazetteer = load_gazetteer()
    assert find_candidates(gazetteer, "القره بوللي")
    assert not find_candidates(gazetteer, "كفر نبل")


def test_no_server_is_one_clear_line(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        assert cli.main(["download", "geonames", "LY", "--base-url", url]) == 2
    assert len(errors(caplog)) == 1
    assert errors(caplog)[0].startswith(f"{url}/LY.zip cannot be fetched (")


@pytest.mark.parametrize(
    ("code", "path", "reason"),
    [("LY", "/cut", "bytes came"), ("EG", "", "not a zip"), ("LYX", "", "alpha-2"), ("../x", "", "alpha-2")],
)
def test_a_bad_answer_or_code_is_one_clear_line(
    caplog: pytest.LogCaptureFixture, server: str, tmp_path: Path, code: str, path: str, reason: str
) -> None:
    assert cli.main(["download", "geonames", code, "--base-url", server + path]) == 2
    assert len(errors(caplog)) == 1
    assert reason in errors(caplog)[0]
    assert not imports_folder().exists() or list(imports_folder().iterdir()) == []
    assert not list(tmp_path.rglob("*.part"))


def test_a_wrong_address_is_one_clear_line(caplog: pytest.LogCaptureFixture) -> None:
    assert cli.main(["download", "geonames", "LY", "--base-url", "nonsense"]) == 2
    assert len(errors(caplog)) == 1


# The command itself


def test_the_module_runs_and_keeps_messages_off_standard_output(data: Path) -> None:
    code = "import sys, tests.small_world as w, pytest, pathlib; from gazetteer.__main__ import main; "
    code += "w.settle(pathlib.Path(sys.argv[1]), pytest.MonkeyPatch()); sys.exit(main(['find', 'غريان', '--json']))"
    done = subprocess.run([sys.executable, "-c", code, str(data.parent)], capture_output=True, cwd=ROOT, check=True)
    assert json.loads(done.stdout.decode("utf-8"))[0]["candidates"][0]["place_id"] == "ly-gharyan"
    assert "building" in done.stderr.decode("utf-8")
    helped = subprocess.run([sys.executable, "-m", "gazetteer", "--help"], capture_output=True, cwd=ROOT, check=True)
    assert all(word in helped.stdout.decode() for word in ("find", "check", "stats", "import", "download"))
