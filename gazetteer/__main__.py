"""The gazetteer's command line: find, check, stats, import, download."""

import argparse
import json
import logging
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from geopy.exc import GeopyError
from tqdm import tqdm

from gazetteer.errors import GazetteerError
from gazetteer.geocode import online_geocoder, place_fields
from gazetteer.import_store import import_folders
from gazetteer.importing import GEONAMES_URL, download_geonames, import_file
from gazetteer.load import cache_folder, imports_folder, load_gazetteer, user_tables
from gazetteer.match import find_candidates
from gazetteer.places import Candidate, Point
from gazetteer.sources.checks import check_tables
from gazetteer.sources.rows import read_country
from gazetteer.sources.tables import own_tables
from gazetteer.terminal import log_to_terminal, printable

NEAR_WEIGHT_KM = 100.0


def main(arguments: list[str] | None = None) -> int:
    """Run a command and return the exit code: 0, or 1 when something was found wrong, or 2 when it could not be done."""
    args = _parser().parse_args(_joined(sys.argv[1:] if arguments is None else arguments))
    log_to_terminal()
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        return args.run(args)
    except (GazetteerError, GeopyError, OSError, ValueError) as error:
        logging.getLogger("gazetteer").error("%s", " ".join(str(error).split()))
        return 2
    except KeyboardInterrupt:
        return 130


def _joined(arguments: list[str]) -> list[str]:
    """`--near -33,18` as one word: argparse takes a point in the south for an option."""
    found: list[str] = []
    for argument in arguments:
        if found and found[-1] == "--near":
            found[-1] = f"--near={argument}"
        else:
            found.append(argument)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m gazetteer", description="Look up, check and extend the gazetteer.")
    commands = parser.add_subparsers(required=True)
    find = commands.add_parser("find", help="places that a name may mean")
    find.add_argument("names", nargs="+", metavar="NAME")
    find.add_argument("--near", metavar="LAT,LON", type=_point, help="prefer places near this point")
    find.add_argument("--country", metavar="LY", type=_country, help="only places of this country (ISO 3166-1 alpha-2)")
    find.add_argument("--limit", type=_count, default=5, help="how many candidates a name (default: 5)")
    find.add_argument("--json", action="store_true", help="a list of objects, one a name")
    find.add_argument(
        "--online", metavar="SERVICE", help="ask this geopy service (nominatim, ...) for what is not found"
    )
    find.add_argument(
        "--online-option",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="what the service needs (username=...)",
    )
    find.set_defaults(run=_find)
    check = commands.add_parser("check", help="check all tables")
    check.set_defaults(run=_check)
    stats = commands.add_parser("stats", help="count places by country and feature")
    stats.set_defaults(run=_stats)
    load = commands.add_parser("import", help="take in a file: GeoNames dump, Who's On First, OSM GeoJSON, CSV")
    load.add_argument("file", type=Path)
    load.add_argument(
        "--alternate-names", type=Path, metavar="FILE", help="GeoNames alternateNamesV2, for Arabic names"
    )
    load.add_argument("--name", help="what to call the import (default: the file's name)")
    load.set_defaults(run=_import)
    download = commands.add_parser("download", help="fetch and take in country dumps")
    download.add_argument("service", choices=["geonames"])
    download.add_argument("countries", nargs="+", metavar="CC")
    download.add_argument("--base-url", default=GEONAMES_URL)
    download.set_defaults(run=_download)
    return parser


def _point(text: str) -> Point:
    try:
        lat, lon = (float(part) for part in text.split(","))
        return Point(lat, lon)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"LAT,LON in degrees, not {text!r}") from error


def _country(text: str) -> str:
    code = read_country(text)
    if code is None:
        raise argparse.ArgumentTypeError(f"an ISO 3166-1 alpha-2 code, not {text!r}")
    return code


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"a number from 1 on, not {text!r}")
    return int(text)


def _find(args: argparse.Namespace) -> int:
    gazetteer = load_gazetteer()
    online = None
    if args.online:
        options = dict(option.partition("=")[::2] for option in args.online_option)
        online = online_geocoder(args.online, cache_folder() / f"geocoder-{args.online}.sqlite", **options)
    answers = []
    for name in args.names:
        candidates = find_candidates(gazetteer, name, limit=200)
        if args.country:
            candidates = [c for c in candidates if c.place.country == args.country]
        if args.near:
            candidates.sort(key=lambda c: (-_with_nearness(c, args.near), c.place.id))
        rows = [_row(c) for c in candidates[: args.limit]]
        if not rows and online is not None:
            rows = [_online_row(at) for at in online.geocode(name, exactly_one=False) or ()][: args.limit]
        answers.append({"name": name, "candidates": rows})
    if args.json:
        print(json.dumps(answers, ensure_ascii=False, indent=1))
        return 0
    for answer in answers:
        print(printable(f"{answer['name']}: {len(answer['candidates'])} candidates"))
        for row in answer["candidates"]:
            where = f"{row['lat']:.4f},{row['lon']:.4f} ±{row['radius_km']:g} km"
            what = f"{row['place']} ({row['place_en']}) {row['feature']} {row['country'] or '–'}"
            print(printable(f"  {row['score']:5.1f} {row['method']:8} {what} {where} [{row['place_id']}]"))
    return 0


def _with_nearness(candidate: Candidate, near: Point) -> float:
    distance = candidate.place.point.distance_km(near)
    return candidate.score + candidate.place.importance / 10 + 40 / (1 + distance / NEAR_WEIGHT_KM)


def _row(candidate: Candidate) -> dict[str, Any]:
    fields = place_fields(candidate.place)
    return {
        "place_id": fields["place_id"],
        "place": fields["name"],
        "place_en": fields["name_en"],
        **{name: fields[name] for name in ("feature", "country", "lat", "lon", "radius_km")},
        "score": round(candidate.score, 1),
        "method": candidate.method,
    }


def _online_row(location: Any) -> dict[str, Any]:
    return {
        "place_id": location.raw["source"],
        "place": location.address,
        "place_en": "",
        "feature": location.raw.get("type", ""),
        "country": None,
        "lat": location.latitude,
        "lon": location.longitude,
        "radius_km": 10.0,
        "score": 50.0,
        "method": "geocoder",
    }


def _check(args: argparse.Namespace) -> int:
    paths = [*own_tables(), *user_tables()]
    errors, warnings = check_tables(paths)
    for line in [*(f"error: {e}" for e in errors), *(f"warning: {w}" for w in warnings)]:
        print(printable(line))
    print(f"{len(paths)} tables, {len(errors)} errors, {len(warnings)} warnings")
    return 1 if errors else 0


def _stats(args: argparse.Namespace) -> int:
    pairs = load_gazetteer().counts()
    countries: Counter[str] = Counter()
    features: Counter[str] = Counter()
    for (country, feature), count in pairs.items():
        countries[country] += count
        features[feature] += count
    columns = [name for name, _ in features.most_common()]
    print("country".ljust(8) + "all".rjust(9) + "".join(name.rjust(10) for name in columns))
    print("all".ljust(8) + f"{pairs.total():9,}" + "".join(f"{features[name]:10,}" for name in columns))
    for country, count in countries.most_common():
        print((country or "–").ljust(8) + f"{count:9,}" + "".join(f"{pairs[country, name]:10,}" for name in columns))
    print(f"{len(import_folders(imports_folder()))} imports, {len(user_tables())} tables of the user's own")
    return 0


def _import(args: argparse.Namespace) -> int:
    report = import_file(
        args.file, load_gazetteer(), alternate=args.alternate_names, name=args.name, progress=_progress
    )
    print(*map(printable, report.lines()), sep="\n")
    return 0 if report.accepted else 2


def _progress(rows: Iterator[Any]) -> Iterator[Any]:
    return tqdm(rows, unit=" rows", file=sys.stderr, disable=not sys.stderr.isatty())


def _download(args: argparse.Namespace) -> int:
    downloads = download_geonames(args.countries, cache_folder() / "downloads", base_url=args.base_url)
    useful = True
    for dump, names in downloads:
        name = f"geonames-{dump.stem}"
        report = import_file(dump, load_gazetteer(), alternate=names, name=name, progress=_progress)
        print(*map(printable, report.lines()), sep="\n")
        useful = useful and report.accepted > 0
    return 0 if useful else 2


if __name__ == "__main__":
    sys.exit(main())
