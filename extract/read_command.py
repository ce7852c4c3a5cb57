"""`python -m extract PATH...`: articles in, one row a mention out, or into a workspace."""

import argparse
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from extract.articles import KINDS, ArticleError, ReadOptions
from extract.batches import own_parser
from extract.export import write_csv, write_jsonl
from extract.inputs import Inputs
from extract.pools import open_pool
from extract.progress import Reporter
from extract.readers import FIELDS
from extract.rejected import RejectedFile
from extract.reread import count_outdated, reread
from extract.run import Run, RunCounts, read_into
from extract.storage import open_storage
from extract.store import Workspace, open_to_change
from extract.versions import versions
from gazetteer import GazetteerError
from gazetteer.terminal import log_to_terminal, printable
from gazetteer.whole_file import whole_file

KINDS_READ = ", ".join(sorted(KINDS))
WRITERS = {".jsonl": write_jsonl, ".csv": write_csv}
READ, SOME_REFUSED, NOTHING, INTERRUPTED = 0, 1, 2, 130

log = logging.getLogger("extract")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The arguments; a wrong one ends the program with code 2 and one line."""
    parser = argparse.ArgumentParser(
        prog="python -m extract",
        description="Find the places that Arabic news articles report from.",
        epilog="Exit codes: 0 all read, 1 some inputs refused, 2 nothing to read or the run could not go on. "
        "Other commands: python -m extract compact | decisions | export | remove --help.",
    )
    add = parser.add_argument
    add("paths", nargs="*", metavar="PATH", help=f"article files ({KINDS_READ}), folders, or addresses (s3://...)")
    add("--output", default="-", metavar="FILE", help="a .jsonl or .csv file; - for JSONL on standard output")
    add("--store", metavar="FOLDER", help="add to this workspace (a folder or an address) instead of writing rows")
    add("--rejected", metavar="FILE", help="list what cannot be read here too (a workspace has its own list)")
    add(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=NAME",
        help="the column of a field: text=body; repeatable",
    )
    add("--encoding", help="the encoding of text files, where it is not detected rightly")
    add("--date-order", choices=("dmy", "mdy"), help="how 12/5/2019 is read")
    add("--workers", type=_count, default=1, metavar="N", help="read in so many processes")
    add("--scheduler", metavar="ADDRESS", help="read on the Dask cluster of this scheduler (tcp://host:8786)")
    add("--reread", action="store_true", help="read again what another program, model or gazetteer read (with --store)")
    add("--quiet", action="store_true", help="say nothing but why a run could not go on")
    args = parser.parse_args(arguments)
    if args.output != "-" and Path(args.output).suffix.lower() not in WRITERS:
        parser.error(f"--output: {args.output} must end in {' or '.join(WRITERS)}")
    if not args.paths and not args.reread:
        parser.error("say what to read: the following arguments are required: PATH")
    if args.reread and args.store is None:
        parser.error("--reread: say which workspace: --store FOLDER")
    try:
        args.options = ReadOptions(_columns(args.column), args.encoding, args.date_order)
    except ValueError as error:
        parser.error(str(error))
    return args


def _count(text: str) -> int:
    number = int(text) if text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is no number of processes")
    return number


def _columns(given: list[str]) -> dict[str, str]:
    columns = {}
    for text in given:
        field, equals, name = text.partition("=")
        if not equals or not name:
            raise ValueError(f"--column: {text} must be FIELD=NAME (fields are {', '.join(FIELDS)})")
        columns[field] = name
    return columns


def main(arguments: list[str]) -> int:
    """Run the command and return the exit code."""
    args = parse_arguments(arguments)
    log_to_terminal(logging.WARNING if args.quiet else logging.INFO)
    # Dask's own pages about a lost connection would hide the one line that says what to do.
    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    reporter = Reporter(log, quiet=args.quiet)
    try:
        counts, note = _read(args, reporter)
    except (ArticleError, GazetteerError, OSError) as error:
        reporter.close()
        log.error("%s", printable(str(error)))
        return NOTHING
    except KeyboardInterrupt:
        reporter.close()
        kept = ": what was read before is kept; run the same command again to go on" if args.store else ""
        log.error("interrupted%s", kept)
        return INTERRUPTED
    reporter.close()
    if not counts.articles and not counts.skipped and args.paths:
        log.error("%s: no article found (%s files are read)", printable(", ".join(args.paths)), KINDS_READ)
        return NOTHING
    reporter.tell(_last_line(counts) + note)
    return SOME_REFUSED if counts.refused else READ


def _last_line(counts: RunCounts) -> str:
    changed = f" ({counts.replaced:,} in place of older ones)" if counts.replaced else ""
    skipped = f", {counts.skipped:,} there already" if counts.skipped else ""
    return (
        f"{counts.articles:,} articles read{changed}{skipped}, {counts.mentions:,} mentions "
        f"({counts.unplaced:,} without a place), {counts.refused:,} inputs refused"
    )


def _read(args: argparse.Namespace, reporter: Reporter) -> tuple[RunCounts, str]:
    """Read what is asked for; returns the counts and what is to be said besides."""

    def refuse(error: ArticleError) -> None:
        reporter.tell(f"refused: {printable(str(error))}")

    inputs = Inputs(args.paths, absolute=args.scheduler is not None)
    if not inputs.files and not args.reread:
        return RunCounts(), ""
    rejected = _rejected_file(args.rejected)
    if args.store is None:
        return _write_rows(args, Run(progress=reporter.show, refuse=refuse, rejected=rejected), inputs), ""
    workspace = open_to_change(args.store) if args.reread else Workspace.create_or_open(args.store)

    def refuse_twice(error: ArticleError) -> None:
        if rejected is not None:
            rejected.refuse(error)
        refuse(error)

    how = {"workers": args.workers, "scheduler": args.scheduler, "progress": reporter.show, "refuse": refuse_twice}
    counts = read_into(workspace, inputs, args.options, **how) if inputs.files else RunCounts()
    note = _reread(workspace, how) if args.reread else _note_outdated(workspace)
    if rejected is not None:
        rejected.save()
    return counts, note


def _reread(workspace: Workspace, how: dict[str, Any]) -> str:
    done = reread(workspace, **how)
    return f"; {done.run.articles:,} articles read again, {done.unaffected:,} that no change of the gazetteer affects"


def _note_outdated(workspace: Workspace) -> str:
    """What is to be said of articles that were read by another program, gazetteer or model; "" when there are none."""
    outdated = count_outdated(workspace.storage, versions(own_parser(workspace.address)))
    if not outdated:
        return ""
    return f"; {outdated:,} articles were read by another program, gazetteer or model: --reread reads them again"


def _rejected_file(path: str | None) -> RejectedFile | None:
    if path is None:
        return None
    folder, _, name = path.rpartition("/")
    return RejectedFile(open_storage(folder or ("/" if path.startswith("/") else ".")), name)


def _write_rows(args: argparse.Namespace, run: Run, inputs: Inputs) -> RunCounts:
    pool = open_pool(args.workers, args.scheduler)
    try:
        batches = run.read(inputs, args.options, pool)
        _write(args.output, (row for rows in batches for _, found in rows for row in found))
    finally:
        pool.close()
        run.save()
    return run.counts


def _write(output: str, rows: Iterator[dict[str, Any]]) -> None:
    if output == "-":
        sys.stdout.reconfigure(encoding="utf-8", newline="\n")
        write_jsonl(rows, sys.stdout)
        return
    target = Path(output)
    kind = target.suffix.lower()
    encoding = "utf-8-sig" if kind == ".csv" else "utf-8"
    with whole_file(target) as temporary, open(temporary, "w", encoding=encoding, newline="") as stream:
        WRITERS[kind](rows, stream)
