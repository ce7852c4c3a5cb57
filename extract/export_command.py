"""`python -m extract export`: the workspace as tables of another database."""

import argparse
import logging
from functools import partial
from pathlib import Path

from extract.databases.duckdb_file import export_duckdb
from extract.databases.postgres import SCHEMA, export_postgres
from extract.databases.result import Exported
from extract.databases.snapshot import Snapshot
from extract.databases.sqlite_file import export_sqlite
from extract.databases.target import CHOICES, Target, read_target
from extract.regions import find_regions
from extract.store import Workspace
from gazetteer import load_gazetteer
from gazetteer.terminal import log_to_terminal, printable

WRITTEN, FAILED = 0, 2
EPILOG = (
    "A password may stand in the address, but others on the machine can see it there: better in the variable PGPASSWORD "
    "or in ~/.pgpass. Exit codes: 0 written; 2 not written, the target is as it was. See docs/databases.md."
)

logger = logging.getLogger("extract")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The arguments; a wrong one ends the program with code 2."""
    parser = argparse.ArgumentParser(
        prog="python -m extract export",
        description="Bring a database up to date with a workspace: its articles, places and mentions as tables.",
        epilog=EPILOG,
    )
    parser.add_argument("--store", type=Path, required=True, metavar="FOLDER", help="the workspace")
    parser.add_argument("--to", required=True, metavar="TARGET", help=CHOICES)
    parser.add_argument("--schema", metavar="NAME", help=f"schema of the tables in PostgreSQL (default: {SCHEMA})")
    parser.add_argument(
        "--plain",
        action="store_true",
        help="in PostgreSQL: no geometry columns, and PostGIS is not set up (lat, lon stay)",
    )
    parser.add_argument(
        "--no-search", action="store_true", help="in SQLite: no index of the texts (far quicker, and half the size)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Export as the arguments say, tell what was done on standard error, and return the exit code."""
    args = parse_arguments(arguments)
    log_to_terminal()
    try:
        target = read_target(args.to)
        if target.kind != "postgresql" and (args.schema or args.plain):
            raise OSError("--schema and --plain are for PostgreSQL: a file has one schema and no geometry")
        if target.kind != "sqlite" and args.no_search:
            raise OSError("--no-search is for SQLite: the others have no index of the texts")
        snapshot = Snapshot(Workspace.open(args.store), partial(find_regions, open_gazetteer=load_gazetteer))
        result = _export(snapshot, target, args)
    except (OSError, UnicodeError) as error:
        logger.error("%s", printable(str(error)))
        return FAILED
    for note in result.notes:
        logger.warning("%s", printable(note))
    changes = "the file made anew"
    if result.changes is not None:
        changes = "{} articles new, {} changed, {} removed".format(*result.changes)
    counts = f"{result.articles} articles, {result.mentions} mentions, {result.places} places"
    logger.info("%s: %s (%s)", printable(target.shown), counts, changes)
    return WRITTEN


def _export(snapshot: Snapshot, target: Target, args: argparse.Namespace) -> Exported:
    if target.kind == "postgresql":
        return export_postgres(
            snapshot, target, schema=SCHEMA if args.schema is None else args.schema, plain=args.plain
        )
    return (
        export_duckdb(snapshot, target)
        if target.kind == "duckdb"
        else export_sqlite(snapshot, target, search=not args.no_search)
    )
