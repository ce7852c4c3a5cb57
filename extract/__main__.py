"""The command line: articles in, one row a mention out."""

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from extract import decisions_command
from extract.articles import KINDS, ArticleError, read_articles
from extract.decisions import DecisionLog
from extract.export import mention_rows, write_csv, write_jsonl
from extract.geoparse import Geoparser
from extract.mentions import Article, Resolution
from extract.review import ReviewingGeoparser, following_decisions
from extract.store import Workspace
from extract.versions import versions
from gazetteer import GazetteerError, load_gazetteer
from gazetteer.terminal import log_to_terminal

KINDS_READ = ", ".join(sorted(KINDS))
WRITERS = {".jsonl": write_jsonl, ".csv": write_csv}
READ, SOME_REFUSED, NOTHING = 0, 1, 2


class Counter:
    """What a run read, found and refused; refusals are told as they come."""

    def __init__(self, log: logging.Logger) -> None:
        self.articles = self.mentions = self.unplaced = self.refused = 0
        self._log = log

    def refuse(self, error: ArticleError) -> None:
        """Count an input that could not be read, and say why."""
        self.refused += 1
        self._log.error("refused: %s", error)

    def count(self, resolutions: list[Resolution]) -> None:
        """Count one article read."""
        self.articles += 1
        self.mentions += len(resolutions)
        self.unplaced += sum(r.place is None for r in resolutions)


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The arguments; a wrong one ends the program with code 2 and one line."""
    parser = argparse.ArgumentParser(
        prog="python -m extract",
        description="Find the places that Arabic news articles report from.",
        epilog="Exit codes: 0 all read, 1 some inputs refused, 2 nothing to read.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help=f"article files ({KINDS_READ}) or folders")
    parser.add_argument(
        "--output", default="-", metavar="FILE", help="a .jsonl or .csv file; - for JSONL on standard output"
    )
    parser.add_argument("--store", type=Path, metavar="FOLDER", help="add to this workspace instead of writing rows")
    args = parser.parse_args(arguments)
    if args.output != "-" and Path(args.output).suffix.lower() not in WRITERS:
        parser.error(f"--output: {args.output} must end in {' or '.join(WRITERS)}")
    return args


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["decisions"]:
        return decisions_command.main(arguments[1:])
    args = parse_arguments(arguments)
    log_to_terminal()
    log = logging.getLogger("extract")
    counter = Counter(log)
    try:
        missing = next((p for p in args.paths if not p.exists()), None)
        if missing is not None:
            raise ArticleError(f"{missing}: no such file or folder")
        articles = _at_least_one(read_articles(args.paths, counter.refuse), args.paths)
        if args.store is not None:
            workspace, decisions = Workspace.create_or_open(args.store), DecisionLog(args.store)
            parser = ReviewingGeoparser(load_gazetteer(), decisions)
            with following_decisions(workspace, parser):
                workspace.add(_read_all(articles, parser, counter), versions(parser))
        else:
            _write(args.output, _read_all(articles, Geoparser(load_gazetteer()), counter))
    except (ArticleError, GazetteerError, OSError) as error:
        log.error("%s", error)
        return NOTHING
    log.info(
        "%d articles read, %d mentions (%d without a place), %d inputs refused",
        counter.articles,
        counter.mentions,
        counter.unplaced,
        counter.refused,
    )
    return SOME_REFUSED if counter.refused else READ


def _at_least_one(articles: Iterator[Article], paths: list[Path]) -> Iterator[Article]:
    """The articles, the first one read already. Raises ArticleError when there is none."""
    first = next(articles, None)
    if first is None:
        raise ArticleError(f"{', '.join(map(str, paths))}: no article found ({KINDS_READ} files are read)")
    return _chain(first, articles)


def _chain(first: Article, rest: Iterator[Article]) -> Iterator[Article]:
    yield first
    yield from rest


def _read_all(
    articles: Iterator[Article], parser: Geoparser, counter: Counter
) -> Iterator[tuple[Article, list[Resolution]]]:
    for article in articles:
        resolutions = parser.geoparse(article)
        counter.count(resolutions)
        yield article, resolutions


def _write(output: str, results: Iterator[tuple[Article, list[Resolution]]]) -> None:
    rows = (row for article, resolutions in results for row in mention_rows(article, resolutions))
    if output == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        write_jsonl(rows, sys.stdout)
        return
    target = Path(output)
    csv = target.suffix.lower() == ".csv"
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    try:
        with open(handle, "w", encoding="utf-8-sig" if csv else "utf-8", newline="") as stream:
            WRITERS[target.suffix.lower()](rows, stream)
        os.chmod(name, 0o644)
        os.replace(name, target)
    finally:
        Path(name).unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
