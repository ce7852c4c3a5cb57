"""The map as one HTML file that opens without this program and without a network.

It holds Leaflet, our script, the base map, the places in view and a few passages of each. Everything of strangers is JSON
in a script element that no browser runs, and is shown with textContent.
"""

import base64
import json
from pathlib import Path
from typing import Any

from extract.filters import Filters
from views.data import MAX_PLACES, Answers
from views.headers import inline_hashes
from views.map import START, START_ZOOM, map_options, place_rows, script_json
from views.markup import escape
from views.palette import colour_places
from views.texts import Texts

STATIC = Path(__file__).parent.parent / "static"
SCRIPTS = ("leaflet/leaflet.js", "leaflet-heat/leaflet-heat.js", "rasid-map.js")
STYLES = ("leaflet/leaflet.css", "rasid-map.css")
BASE_MAP = ("world.geojson", "region.geojson", "divisions.json", "labels.json")
FONTS = ("noto-sans-arabic-arabic-wght-normal.woff2", "noto-sans-arabic-latin-wght-normal.woff2")
PASSAGES = 3

_PAGE_STYLE = """
body { display: grid; grid-template: "head head" auto "map side" 1fr "foot foot" auto / 3fr 2fr; height: 100vh;
  font: 15px/1.6 "Noto Sans Arabic", "Segoe UI", Arial, sans-serif; color: #20292b; background: #fcfbf8; overflow: auto; }
header { grid-area: head; padding: .6rem 1rem; } h1 { font-size: 1.2rem; margin: 0; }
#map { grid-area: map; min-height: 320px; } aside { grid-area: side; overflow: auto; padding: 0 1rem; }
footer { grid-area: foot; padding: .4rem 1rem; font-size: .75rem; overflow-wrap: anywhere; }
blockquote { margin: .8rem 0; padding: .5rem .8rem; background: #f2f0ea; border-radius: .4rem; unicode-bidi: plaintext; }
cite { display: block; font-size: .8rem; font-style: normal; opacity: .75; }
@media (max-width: 640px) { body { display: block; height: auto; } #map { height: 60vh; } }
"""
_PAGE_SCRIPT = """
const saved = JSON.parse(document.getElementById("rasid-saved").textContent);
const side = document.querySelector("aside");
const add = (parent, name, text) => {
  const element = parent.appendChild(document.createElement(name));
  element.textContent = text;
  element.dir = "auto";
  return element;
};
saved.options.onChoose = ({ place_id }) => {
  side.replaceChildren();
  const row = saved.rows.find((place) => place[0] === place_id);
  add(side, "h2", row[1]);
  add(side, "p", row[2]);
  for (const [text, source] of saved.passages[place_id] || []) add(add(side, "blockquote", text), "cite", source);
};
const map = L.map("map", { center: saved.start, zoom: saved.zoom, zoomControl: false, minZoom: 2, maxZoom: 18 });
rasid.start(map);
rasid.draw(null, saved.rows, saved.options);
"""


def saved_map_bytes(answers: Answers, filters: Filters, about: dict[str, str], t: Texts) -> bytes:
    """The page. At most MAX_PLACES places, PASSAGES passages each."""
    places = answers.places(filters)[:MAX_PLACES]
    colouring = colour_places(places, "role", "light", t)
    rows = place_rows(places, t, largest=answers.largest(), chosen=None, colouring=colouring)
    options = map_options(t, colouring.colours, answers.largest()) | {"look": "light", "cluster": True}
    saved = {
        "rows": rows,
        "options": options,
        "passages": _passages(answers, filters, places, t),
        "start": START,
        "zoom": START_ZOOM,
    }
    scripts = "".join(f"<script>{text}</script>\n" for text in (*map(_script, SCRIPTS), _PAGE_SCRIPT))
    styles = "".join(f"<style>{_style(name)}</style>\n" for name in STYLES)
    base = "".join(_data(f"rasid-file-{name}", (STATIC / "basemap" / name).read_text("utf-8")) for name in BASE_MAP)
    title, hint = escape(t("Rasid")), escape(t("Choose a circle on the map to read the sentences that name the place."))
    foot = "<br>".join(f"{escape(name)}: {escape(value)}" for name, value in about.items())
    page = (
        f'<!doctype html>\n<html lang="{t.language}" dir="{t.direction}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy(scripts)}">'
        f"<title>{title}</title>\n{styles}<style>{_PAGE_STYLE}</style></head>\n"
        f'<body><header><h1>{title}</h1></header><div id="map"></div><aside><p>{hint}</p></aside>'
        f"<footer>{foot}</footer>\n{base}{_data('rasid-saved', script_json(saved))}"
        f"{scripts}</body></html>\n"
    )
    return page.encode("utf-8", "replace")


def _policy(scripts: str) -> str:
    """Only the file's own scripts run, known by their hashes, and nothing is asked of any host."""
    return (
        f"default-src 'none'; script-src {' '.join(inline_hashes(scripts))}; style-src 'unsafe-inline'; "
        "font-src data:; img-src data:; base-uri 'none'; form-action 'none'"
    )


def _passages(answers: Answers, filters: Filters, places: list[dict[str, Any]], t: Texts) -> dict[str, list[list[str]]]:
    found = {}
    for place_id, passages in answers.workspace.first_passages(
        filters, [p["place_id"] for p in places], PASSAGES
    ).items():
        found[place_id] = [
            [
                row["passage"],
                " · ".join(part for part in (row["title"] or row["head"], row["outlet"], t.date(row["date"])) if part),
            ]
            for row in passages
        ]
    return found


def _data(name: str, content: str) -> str:
    # "<" would let a text end the element; JSON may write it as an escape.
    kept = json.dumps(json.loads(content), ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'<script type="application/json" id="{name}">{kept}</script>\n'


def _script(name: str) -> str:
    return (STATIC / name).read_text("utf-8").replace("</script", "<\\/script")


def _style(name: str) -> str:
    text = (STATIC / name).read_text("utf-8")
    for font in FONTS:
        content = base64.b64encode((STATIC / "fonts" / font).read_bytes()).decode()
        text = text.replace(f"fonts/{font}", f"data:font/woff2;base64,{content}")
    # Leaflet's pictures are for markers and layer lists, which this map has none of.
    return text.replace("url(images/", "url(data:,")
