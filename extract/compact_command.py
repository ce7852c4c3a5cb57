"""`python -m extract compact`: a workspace's small parts are merged, and what no longer counts is dropped."""

import argparse
import logging

from extract.store import open_to_change
from gazetteer.terminal import log_to_terminal, printable

DONE, FAILED = 0, 2
log = logging.getLogger("extract")


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m extract compact",
        description="Merge a workspace's small parts, drop rows that newer ones took the place of, finish removals, and "
        "bring an older workspace up to date.",
    )
    parser.add_argument("--store", required=True, metavar="FOLDER", help="the workspace")
    args = parser.parse_args(arguments)
    log_to_terminal()
    try:
        counts = open_to_change(args.store).compact()
    except OSError as error:
        log.error("%s", printable(str(error)))
        return FAILED
    log.info("%d parts are now %d, %d old readings of articles dropped", counts.before, counts.after, counts.dropped)
    return DONE
