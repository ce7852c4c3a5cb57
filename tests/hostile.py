"""What strangers may write: strings made to run, to ask a server or to break a file, and a workspace that is full of them."""

import http.server
import threading
from contextlib import contextmanager
from pathlib import Path

from extract.mentions import Article, Mention, RankedCandidate, Resolution, Role
from extract.store import Workspace
from gazetteer import FeatureClass, Place, Point

# Each sets window.__canary when run, or asks URL when read as markup.
SCRIPTS = {
    "element": "</script></style></title><script>window.__canary=1</script>",
    "handler": "<img src=x onerror=\"window.__canary=2\"><svg/onload='window.__canary=2'>",
    "attribute": '" \' onmouseover=window.__canary=3 autofocus onfocus=window.__canary=3 x="',
    "template": "{{7*7}} {{ self.__init__.__globals__ }} {% for x in y %} {# z #} {{",
    "literal": "`${window.__canary=4}` \\` \\${window.__canary=4} \\u003cscript\\u003e",
    "address": "javascript:window.__canary=5//",
    "entity": "&lt;script&gt;window.__canary=6&lt;/script&gt; &#60;img src=x onerror=window.__canary=6&#62;",
    "separator": "\u2028window.__canary=7\u2029/* */ //",
}
REQUESTS = {
    "image": '<img src="URL/img.png"><link rel=stylesheet href="URL/a.css"><iframe src="URL/frame"></iframe>',
    "markdown": "![x](URL/md.png) [y](URL/link) <URL/auto> URL/bare \n# head\n| a | b |\n|---|---|",
    "reference": "![x][y]\n\n[y]: URL/ref.png",
    "style": "<style>@import url(URL/s.css); * {background: url(URL/b.png)}</style> url(URL/c.png)",
    "formula picture": '=IMAGE("URL/i.png") =WEBSERVICE("URL/w")',
    "latex": "$\\includegraphics{URL/tex.png}$ $$\\href{URL}{x}$$ $x^2$ \\(y\\)",
    "directive": ":red[a] :material/home: :smile: :blue-background[b] -> <- -- :small[c]",
    "entity file": '<!DOCTYPE a [<!ENTITY x SYSTEM "URL/x">]> ]]></name></Placemark><NetworkLink><href>URL/k</href> &x;',
}
FORMULAS = {
    "equals": "=1+1",
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3",
    "at": "@SUM(1)",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "line": "\n=1+1",
    "space": "  =1+1",
    "wide": "＝1+1",
    "wide plus": "＋1",
    "wide minus": "－1",
    "wide at": "＠SUM(1)",
    "no-break": "\u00a0=1",
    "mark": "\u200f=1+1",
    "byte order": "\ufeff=1+1",
}
BREAKERS = {
    "row": 'a","b\r\nc;d\te|f',
    "sql": "'); DROP TABLE facts; --",
    "terminal": "\x1b]0;owned\x07\x1b[2J\x9b31m\x7f\x08",
    "overrides": "\u202egnp.exe\u202c \u2066\u202ba\u2069 \u200fb",
    "path": "../../../../etc/passwd",
    "nothing": "\x00",
    "combining": "a" + "\u0301" * 200,
    "underscore": "_0 __proto__ constructor _0f3a",
    "long": "ع" * 400,
}
KINDS = {"script": SCRIPTS, "request": REQUESTS, "formula": FORMULAS, "breaker": BREAKERS}


def hostile_texts(url: str = "http://canary.example") -> dict[str, str]:
    """All of them by name; those that ask a server ask this one."""
    return {name: text.replace("URL", url) for texts in KINDS.values() for name, text in texts.items()}


def hostile_place(number: int, text: str) -> Place:
    """A place whose every name is hostile, so that many of them lie apart on the map."""
    point = Point(-30 + 5.0 * (number // 8), -20 + 8.0 * (number % 8))
    return Place(f"h:{number}:{text}", text, text, FeatureClass.CITY, text, point, 5.0, 50.0, aliases=(text,))


def hostile_results(texts: dict[str, str]):
    """An article a text, its id, title, outlet, address, country, words and place that text; one in four has it for a date."""
    for number, text in enumerate(texts.values()):
        before = f"قبل {text} "
        whole = f"{before}{text} بعد {text}."
        place = hostile_place(number, text)
        mention = Mention(len(before), len(before) + len(text), text, Role.LOCATION)
        candidates = tuple(RankedCandidate(place, 90.0, 0.5, text) for _ in range(2))
        found = Resolution(mention, place, "exact", 90.0, 0.9, text, 0, len(whole), candidates=candidates)
        unplaced = Resolution(mention, None, "unlisted", 0.0, 0.4, text, 0, len(whole))
        day = text if number % 4 == 3 else f"2020-01-{1 + number % 28:02}"
        yield Article(f"{number}{text}", whole, text, day, text, text, text), [found, unplaced]


def make_hostile_workspace(folder: Path, url: str = "http://canary.example") -> Workspace:
    """A workspace of hostile_results."""
    workspace = Workspace.create_or_open(folder)
    workspace.add(hostile_results(hostile_texts(url)), {"program": "test"})
    return workspace


@contextmanager
def canary_server():
    """(address, requests): a server that no one should ask, and the paths it was asked for."""
    asked: list[str] = []

    class Canary(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args):
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
