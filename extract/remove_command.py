"""`python -m extract remove`: articles leave a workspace for good."""

import argparse
import logging

from extract.filters import read_day
from extract.store import open_to_change
from gazetteer.terminal import log_to_terminal, printable

DONE, SOME_MISSING, NOTHING = 0, 1, 2
log = logging.getLogger("extract")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The arguments; a wrong one ends the program with code 2 and one line."""
    parser = argparse.ArgumentParser(
        prog="python -m extract remove",
        description="Remove articles from a workspace for good: their texts are in none of its files afterwards.",
        epilog="Exit codes: 0 all removed, 1 some were not there, 2 none was, or the workspace cannot be written.",
    )
    parser.add_argument("ids", nargs="*", metavar="ID", help="ids of articles")
    parser.add_argument("--store", required=True, metavar="FOLDER", help="the workspace")
    parser.add_argument("--outlet", action="append", default=[], metavar="NAME", help="all of an outlet; repeatable")
    parser.add_argument("--before", metavar="DATE", help="all dated before this day (2019-01-31); undated ones stay")
    args = parser.parse_args(arguments)
    if args.before is not None and read_day(args.before) is None:
        parser.error(f"--before: {args.before} is no date (2019-01-31)")
    if not (args.ids or args.outlet or args.before):
        parser.error("say which: ids, --outlet or --before")
    return args


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code."""
    args = parse_arguments(arguments)
    log_to_terminal()
    try:
        workspace = open_to_change(args.store)
        chosen = set(args.ids) | set(workspace.select(outlets=args.outlet, before=args.before))
        removed = workspace.remove(chosen)
    except OSError as error:
        log.error("%s", printable(str(error)))
        return NOTHING
    missing = len(chosen) - removed
    log.info("%d articles removed%s", removed, f", {missing} ids are not there" if missing else "")
    if not removed:
        return NOTHING
    return SOME_MISSING if missing else DONE
