"""Annotated texts as people write them -> the corpus format (tests/gold/ANNOTATION.md).

    python -m training.markup TEXTS.txt... [--check] [--output CORPUS.jsonl]

Articles are separated by a line `=====`. Each begins with header lines `id:`, `title:`, `date:`, `outlet:`, `country:`
(empty ones may be left out), then an empty line, then the text. A place name stands in double square brackets, its role and
what else is to be said after bars:

    وصل إلى [[طرابلس]] وقالت [[أنقرة|A]] إن «فجر [[ليبيا|N]]» على بعد 30 كيلومترا جنوب [[غريان|r=S:30]] و[[البيضاء|p=ye-bayda]]

A actor, N name-part (nothing: location), ? optional, r= relation, c= country of the place meant, p= its id in the gazetteer,
`u` a place the gazetteer may not hold (with ll=LAT,LON,RADIUS and f=FEATURE when known).
"""

import argparse
import json
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gazetteer import Gazetteer, Place, find_candidates, load_gazetteer, normalize_name
from gazetteer.normalize import PROCLITICS

_MARK = re.compile(r"\[\[([^\[\]|]+)((?:\|[^\[\]|]*)*)\]\]")
_LETTER = re.compile("[\u0621-\u064a\u066e-\u06d3]")
_ROLES = {"": "location", "A": "actor", "N": "name-part"}
_SCORE_LEAD = 10.0  # a name that fits worse by so much (its generic noun left out) is not meant either
_CLEAR_LEAD = 12.0  # of importance: a namesake this far behind is not what an annotator means without saying so


class MarkupError(ValueError):
    """An annotated text is wrong; the message names the article and the place."""


def read_corpus(paths: Iterable[Path]) -> list[dict[str, Any]]:
    """The annotated articles of the files, in order."""
    return [json.loads(line) for path in paths for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def read_marked(path: Path) -> Iterator[dict[str, Any]]:
    """The articles of one file: header fields, and `marked`, the text with its brackets."""
    for number, block in enumerate(re.split(r"(?m)^=====+\s*$", path.read_text(encoding="utf-8"))):
        if not block.strip():
            continue
        head, _, body = block.strip("\n").partition("\n\n")
        fields = dict(line.split(":", 1) for line in head.splitlines() if ":" in line)
        article = {name: fields.get(name, "").strip() or None for name in ("id", "title", "date", "outlet", "country")}
        if not article["id"] or not body.strip():
            raise MarkupError(f"{path.name}, article {number + 1}: needs a header with id, an empty line and a text")
        yield {**article, "marked": body.strip()}


def convert(article: dict[str, Any], gazetteer: Gazetteer, problems: list[str]) -> dict[str, Any]:
    """The article in the corpus format. What is wrong or not clear is added to `problems`."""
    text, mentions, at = "", [], 0
    marked = article["marked"]
    for match in _MARK.finditer(marked):
        text += marked[at : match.start()]
        mentions.append(_mention(match, len(text), article, gazetteer, problems))
        text += match[1]
        at = match.end()
    text += marked[at:]
    if "[[" in text or "]]" in text:
        problems.append(f"{article['id']}: a bracket that is not closed or holds a bracket")
    for mention in mentions:
        mention["glued"] = _glued(text, mention["start"], mention["end"])
    return {**{k: v for k, v in article.items() if k != "marked"}, "text": text, "mentions": mentions}


def _mention(
    match: re.Match[str], start: int, article: dict[str, Any], gazetteer: Gazetteer, problems: list[str]
) -> dict[str, Any]:
    surface = match[1]
    flags = [flag.strip() for flag in match[2].split("|") if flag.strip()]
    options = dict(flag.split("=", 1) for flag in flags if "=" in flag)
    letters = [flag for flag in flags if "=" not in flag]
    unknown = [f for f in letters if f not in ("A", "N", "?", "u")] + [
        o for o in options if o not in ("r", "c", "p", "ll", "f")
    ]
    if unknown:
        problems.append(f"{article['id']}: {surface!r}: unknown flags {unknown}")
    mention = {
        "start": start,
        "end": start + len(surface),
        "surface": surface,
        "role": next((_ROLES[f] for f in letters if f in _ROLES), "location"),
        **_place_fields(surface, options, "u" in letters, article, gazetteer, problems),
        "relation": options.get("r"),
        "glued": False,
    }
    return {**mention, "optional": True} if "?" in letters else mention


def _place_fields(
    surface: str,
    options: dict[str, str],
    unlisted: bool,
    article: dict[str, Any],
    gazetteer: Gazetteer,
    problems: list[str],
) -> dict[str, Any]:
    place = None if unlisted and "p" not in options else _meant(surface, options, article, gazetteer, problems)
    if place is not None:
        names = ("place", "place_en", "feature", "country")
        values = (place.name, place.name_en, place.feature.value, place.country)
        point = (place.point.lat, place.point.lon, place.radius_km)
        return dict(zip((*names, "lat", "lon", "radius_km"), (*values, *point), strict=True))
    lat, lon, radius = (float(v) for v in options["ll"].split(",")) if "ll" in options else (None, None, None)
    return {
        "place": normalize_name(surface) and surface,
        "place_en": None,
        "feature": options.get("f", "city"),
        "country": options.get("c"),
        "lat": lat,
        "lon": lon,
        "radius_km": radius,
    }


def _meant(
    surface: str, options: dict[str, str], article: dict[str, Any], gazetteer: Gazetteer, problems: list[str]
) -> Place | None:
    where = f"{article['id']}: {surface!r}"
    if "p" in options:
        row = gazetteer.row_of(options["p"])
        if row is not None:
            return gazetteer.place(row)
        candidates = find_candidates(gazetteer, options["p"])
    else:
        candidates = find_candidates(gazetteer, surface)
        if not candidates and surface.startswith("ل"):  # للعزيزية is marked without its first lam
            candidates = find_candidates(gazetteer, "ال" + surface[1:])
    best = max((c.score for c in candidates), default=0.0)
    candidates = [c for c in candidates if c.score > best - _SCORE_LEAD]
    if "c" in options:
        candidates = [c for c in candidates if c.place.country == (options["c"] or None)]
    if "f" in options:
        candidates = [c for c in candidates if c.place.feature == options["f"]]
    home = [c for c in candidates if c.place.country == article["country"]]
    ranked = sorted(home or candidates, key=lambda c: -c.place.importance)
    if not ranked:
        problems.append(f"{where}: not in the gazetteer (give p=ID or p=NAME, or u)")
        return None
    first = ranked[0].place
    rivals = [c.place for c in ranked[1:] if c.place.point.distance_km(first.point) > first.radius_km]
    if "c" not in options and "f" not in options and "p" not in options:
        rivals += [c.place for c in candidates if c not in ranked and c.place.importance > first.importance]
    rivals = [r for r in rivals if first.importance - r.importance < _CLEAR_LEAD]
    if rivals:
        shown = ", ".join(f"{p.id} ({p.name}, {p.country}, {p.feature})" for p in [first, *rivals][:6])
        problems.append(f"{where}: which of {shown}? give p=ID")
    return first


def _glued(text: str, start: int, end: int) -> bool:
    """Whether letters that are no proclitics touch the name in its word."""
    before = re.search(r"[\u0621-\u0652\u066e-\u06d3]*$", text[:start])[0]
    after = end < len(text) and _LETTER.match(text[end]) is not None
    return after or len(before) > 2 or any(c not in PROCLITICS for c in before)


def main() -> int:
    """Convert or check; the exit code is 1 when there are problems."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("texts", nargs="+", type=Path)
    parser.add_argument("--check", action="store_true", help="only list the problems")
    parser.add_argument("--output", type=Path, help="the corpus file to write (else standard output)")
    args = parser.parse_args()
    gazetteer = load_gazetteer()
    problems: list[str] = []
    articles = [convert(article, gazetteer, problems) for path in args.texts for article in read_marked(path)]
    for problem in problems:
        print(problem, file=sys.stderr)
    words = sum(len(a["text"].split()) for a in articles)
    print(
        f"{len(articles)} articles, {words} words, {sum(len(a['mentions']) for a in articles)} mentions",
        file=sys.stderr,
    )
    lines = "".join(json.dumps(article, ensure_ascii=False) + "\n" for article in articles)
    if args.output and not args.check:
        args.output.write_text(lines, encoding="utf-8")
    elif not args.check:
        sys.stdout.write(lines)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
