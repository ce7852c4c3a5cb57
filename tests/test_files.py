"""Files that the server gives from memory: which, as what, compressed, asked for again."""

import asyncio
import gzip
import json
import re
from pathlib import Path

import pytest
import streamlit
from streamlit import config

from views import files
from views.files import BASE_MAP, ELEMENTS, MAP_FRAME, MAP_SCRIPTS, MAP_STYLES, TIMELINE_FRAME, GivenFiles
from views.map import BaseMap

BUNDLES = Path(streamlit.__file__).parent / "static"
SCRIPT = "/app/static/rasid-map.js"


def ask(path, method="GET", root="", **headers):
    """(status, headers, body) of the middleware's answer; status 0 when it hands the request on."""
    sent = []

    async def send(message):
        sent.append(message)

    async def streamlit_answers(scope, receive, send):
        await send({"type": "http.response.start", "status": 0, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    asked = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "root_path": root, "headers": asked}
    asyncio.run(GivenFiles(streamlit_answers)(scope, None, send))
    found = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], found, sent[1]["body"]


def test_every_element_of_the_first_page_is_a_bundle_of_this_streamlit():
    manifest = json.loads((BUNDLES / "manifest.json").read_text("utf-8"))
    assert {f"../lib/src/components/{name}" for name in ELEMENTS} <= set(manifest)


def test_page_names_its_bundles_and_fonts_and_all_are_given():
    page = ask("/")[2].decode()
    named = re.findall(r'<link rel="modulepreload" crossorigin fetchpriority="low" href="\./(.+?)">', page)
    assert sum("/Multiselect." in name for name in named) == 1 and len(named) > 40
    assert len(named) == len(set(named)), "one is named twice"
    named += re.findall(r'<link rel="preload" as="font" type="font/woff2" crossorigin href="\./(.+?)">', page)
    assert all(ask(f"/{name}")[0] == 200 for name in named)
    # Nothing else is another than Streamlit's.
    given = (BUNDLES / "index.html").read_text("utf-8")
    assert re.findall("<script.*?</script>", page, re.DOTALL) == re.findall("<script.*?</script>", given, re.DOTALL)
    assert "SourceSans" in given and "SourceSans" not in page


def test_map_frame_names_what_the_map_loads():
    static = "../../app/static/"
    assert [url for _, url in BaseMap.default_js] == [static + name for name in MAP_SCRIPTS]
    assert [url for _, url in BaseMap.default_css] == [static + name for name in MAP_STYLES]
    frame = ask(f"/{MAP_FRAME}index.html")[2].decode()
    for name in (*MAP_SCRIPTS, *MAP_STYLES, *BASE_MAP):
        assert f'href="{static}{name}"' in frame and ask(f"/app/static/{name}")[0] == 200


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        (SCRIPT, "text/javascript; charset=utf-8"),
        ("/app/static/basemap/region.geojson", "application/geo+json"),
        ("/app/static/fonts/noto-sans-arabic-latin-wght-normal.woff2", "font/woff2"),
        (f"/{TIMELINE_FRAME}index.html", "text/html; charset=utf-8"),
    ],
)
def test_files_come_as_what_they_are(path, kind):
    status, headers, body = ask(path)
    folder = files.PROJECT / "static" / ("timeline" if TIMELINE_FRAME in path else "")
    assert (status, headers["content-type"]) == (200, kind)
    assert body == (folder / path.removeprefix("/app/static/").removeprefix(f"/{TIMELINE_FRAME}")).read_bytes()
    assert headers["content-length"] == str(len(body)) and headers["cache-control"] == "no-cache"


def test_files_come_compressed_to_who_asks_for_it():
    files.pack()
    plain = ask(SCRIPT)
    status, headers, body = ask(SCRIPT, accept_encoding="gzip, br")
    assert status == 200 and headers["content-encoding"] == "gzip" and len(body) < len(plain[2]) / 2
    assert gzip.decompress(body) == plain[2] and "content-encoding" not in plain[1]
    font = ask("/app/static/fonts/noto-sans-arabic-latin-wght-normal.woff2", accept_encoding="gzip")
    assert "content-encoding" not in font[1]


def test_what_a_browser_has_is_not_sent_again():
    tag = ask(SCRIPT)[1]["etag"]
    status, headers, body = ask(SCRIPT, if_none_match=tag)
    assert (status, body) == (304, b"") and "content-length" not in headers
    assert ask(SCRIPT, if_none_match='"other"')[0] == 200
    assert "immutable" in ask(f"/{next(p for p in files.files() if p.startswith('static/js/'))}")[1]["cache-control"]


def test_head_has_no_body():
    status, headers, body = ask(SCRIPT, "HEAD")
    assert (status, body) == (200, b"") and int(headers["content-length"]) > 1000


@pytest.mark.parametrize(
    "request_",
    [
        {"path": SCRIPT, "method": "POST"},
        {"path": SCRIPT, "range": "bytes=0-9"},
        {"path": "/app/static/../views/files.py"},
        {"path": "/app/static/tiles/README.md"},
        {"path": "/app/static/basemap/build_basemap.py"},
        {"path": "/_stcore/health"},
        {"path": "app/static/rasid-map.js"},
    ],
)
def test_everything_else_is_handed_on(request_):
    assert ask(**request_)[0] == 0


def test_links_and_map_files_are_not_listed(tmp_path):
    (tmp_path / "tiles").mkdir()
    (tmp_path / "deep").mkdir()
    for name in ("a.js", "tiles/b.json", "deep/c.css", "d.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "e.js").symlink_to(tmp_path / "a.js")
    (tmp_path / "f").symlink_to(tmp_path / "deep")
    assert [path.name for path in files._listed(tmp_path)] == ["a.js", "c.css"]


def test_server_under_a_path_gives_them_there(monkeypatch):
    real = config.get_option
    monkeypatch.setattr(config, "get_option", lambda name: "/desk/" if name == "server.baseUrlPath" else real(name))
    assert ask(f"/desk{SCRIPT}")[0] == 200 and ask(SCRIPT)[0] == 0
    assert ask("/desk/")[0] == 200 and ask("/desk")[0] == 0
    monkeypatch.undo()
    assert ask(f"/mount{SCRIPT}", root="/mount")[0] == 200
