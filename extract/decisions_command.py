"""`python -m extract decisions ...`: reviewers' decisions, moved between analysts, compared, and made into a corpus."""

import argparse
import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from extract.added_names import added_places, write_table
from extract.agreement import Comparison, compare
from extract.decisions import Conflict, Decision, DecisionError, DecisionLog, from_json, to_json
from extract.export import json_line
from extract.gold import gold_entries, reviewers
from extract.review import ReviewingGeoparser, concerned_articles, read_again, undo
from extract.store import StoreError, Workspace
from gazetteer import GazetteerError, load_gazetteer
from gazetteer.load import data_folder
from gazetteer.terminal import log_to_terminal, printable
from gazetteer.whole_file import whole_file

DONE, SOME_REFUSED, NOTHING = 0, 1, 2
PERSONAL_TABLE = "reviewed.csv"
log = logging.getLogger("extract")


def main(arguments: list[str]) -> int:
    """Run a command and return the exit code: 0 done, 1 some lines refused, 2 it could not be done."""
    args = _parser().parse_args(arguments)
    log_to_terminal()
    sys.stdout.reconfigure(encoding="utf-8", newline="\n")
    try:
        return args.run(args)
    except (DecisionError, GazetteerError, OSError, UnicodeDecodeError) as error:
        log.error("%s", str(error))
        return NOTHING


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m extract decisions", description="What reviewers decided: see docs/review.md."
    )
    commands = parser.add_subparsers(required=True)

    def add(
        name: str, run: Callable[[argparse.Namespace], int], about: str, *, store: bool = True, output: str = ""
    ) -> Any:
        command = commands.add_parser(name, help=about, description=about)
        command.set_defaults(run=run)
        if store:
            command.add_argument("--store", type=Path, required=True, metavar="FOLDER", help="the workspace")
        if output:
            command.add_argument("--output", default="-", metavar="FILE", help=f"{output} (default: standard output)")
        return command

    add("list", _list, "list all decisions, one a line")
    add("conflicts", _conflicts, "list where reviewers differ")
    add("export", _export, "write all decisions, one JSON object a line", output="a .jsonl file")
    load = add("import", _import, "take in decisions that another analyst exported, and read the articles again")
    load.add_argument("file", type=Path, metavar="FILE.jsonl")
    back = add("undo", _undo, "undo a decision")
    back.add_argument("id", metavar="ID", help="the decision's, as `list` shows it, or its beginning")
    back.add_argument("--reviewer", required=True, metavar="NAME", help="who undoes it")
    add("apply", _apply, "read the articles again that decisions are about")
    names = add("names", _names, "write the names that reviewers added as a table", output="a .csv file")
    names.add_argument(
        "--personal",
        action="store_true",
        help=f"into {PERSONAL_TABLE} of your own gazetteer: for every workspace of yours",
    )
    gold = add(
        "gold", _gold, "write the articles in which every mention was reviewed, annotated", output="a .jsonl file"
    )
    gold.add_argument("--reviewer", metavar="NAME", help="by this reviewer alone, with nobody else's decisions")
    agree = add("agreement", _agreement, "how far two reviewers agree", store=False)
    agree.add_argument("files", nargs="*", type=Path, metavar="FILE.jsonl", help="two annotated corpora (see gold)")
    agree.add_argument("--store", type=Path, metavar="FOLDER", help="instead of files: a workspace ...")
    agree.add_argument("--reviewers", nargs=2, metavar="NAME", help="... and two of its reviewers")
    agree.add_argument("--json", action="store_true", help="one JSON object")
    return parser


def _open_log(folder: Path) -> DecisionLog:
    """The decisions of a workspace that is there; damaged files are told. Raises StoreError."""
    if not folder.is_dir():
        raise StoreError(f"{folder}: no such workspace")
    decisions = DecisionLog(folder)
    for line in decisions.damaged():
        log.warning("left out: %s", line)
    return decisions


def _open(folder: Path) -> tuple[Workspace, ReviewingGeoparser]:
    return Workspace.open(folder), ReviewingGeoparser(load_gazetteer(), _open_log(folder))


def _list(args: argparse.Namespace) -> int:
    decisions = _open_log(args.store)
    active = {decision.id for decision in decisions.active()}
    for decision in decisions.all():
        print(_line(decision) + ("" if decision.id in active or decision.undoes else "  (undone)"))
    return DONE


def _line(decision: Decision) -> str:
    about = decision.undoes[:8] if decision.undoes else f"«{decision.surface or decision.place.name}»"
    everywhere = f" everywhere in {decision.country or 'no country'}" if decision.scope == "name" else ""
    place = f" -> {decision.place.name} [{decision.place.id}]" if decision.place else ""
    where = f" in {decision.article_id} at {decision.start}" if decision.article_id else ""
    note = f" # {decision.note}" if decision.note else ""
    who = f"{decision.id[:8]} {decision.at[:19]} {decision.reviewer}:"
    return printable(f"{who} {decision.kind.value} {about}{place}{everywhere}{where}{note}")


def _conflicts(args: argparse.Namespace) -> int:
    _tell_conflicts(_open_log(args.store).conflicts(), print)
    return DONE


def _tell_conflicts(conflicts: Iterable[Conflict], tell: Callable[[str], None]) -> None:
    for conflict in conflicts:
        tell(f"conflict: {_line(conflict.later)}  (counts)")
        tell(f"          {_line(conflict.earlier)}")


def _export(args: argparse.Namespace) -> int:
    decisions = _open_log(args.store).all()
    with _writing(args.output) as stream:
        stream.writelines(to_json(decision) + "\n" for decision in decisions)
    log.info("%d decisions", len(decisions))
    return DONE


def read_decisions(path: Path, refuse: Callable[[int, str], None]) -> Iterator[Decision]:
    """The decisions of a file, one a line; `refuse` is told number and reason of each line that is none.

    Raises OSError for a file that cannot be read.
    """
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                yield from_json(line.decode("utf-8-sig"))
            except (DecisionError, UnicodeDecodeError) as error:
                refuse(number, str(error))


def _import(args: argparse.Namespace) -> int:
    refused: list[int] = []

    def refuse(number: int, reason: str) -> None:
        refused.append(number)
        log.error("refused: %s, line %d: %s", args.file.name, number, reason)

    found = list(read_decisions(args.file, refuse))
    if not found and refused:
        return NOTHING
    workspace, parser = _open(args.store)
    before = set(parser.log.conflicts())
    added = parser.log.add_all(found)
    articles = read_again(
        workspace, parser, concerned_articles(workspace, parser.log, added), _progress("reading again")
    )
    conflicts = [conflict for conflict in parser.log.conflicts() if conflict not in before]
    _tell_conflicts(conflicts, lambda line: log.info("%s", line))
    log.info(
        "%d decisions new, %d here already, %d lines refused, %d conflicts; %d articles changed",
        len(added),
        len(found) - len(added),
        len(refused),
        len(conflicts),
        len(articles),
    )
    return SOME_REFUSED if refused else DONE


def _undo(args: argparse.Namespace) -> int:
    workspace, parser = _open(args.store)
    meant = [decision for decision in parser.log.all() if decision.id.startswith(args.id)]
    if len(meant) != 1:
        raise DecisionError(f"{len(meant)} decisions have an id that begins with {args.id}")
    result = undo(workspace, parser, meant[0].id, args.reviewer)
    log.info("%s", _line(result.decision))
    log.info("%d articles changed", len(result.articles))
    return DONE


def _apply(args: argparse.Namespace) -> int:
    workspace, parser = _open(args.store)
    ids = concerned_articles(workspace, parser.log, parser.log.all())
    log.info("%d articles changed", len(read_again(workspace, parser, ids, _progress("reading again"))))
    return DONE


def _names(args: argparse.Namespace) -> int:
    places = added_places(_open_log(args.store).active())
    output = args.output
    if args.personal:
        folder = data_folder() / "gazetteer"
        folder.mkdir(parents=True, exist_ok=True)
        output = str(folder / PERSONAL_TABLE)
    with _writing(output) as stream:
        count = write_table(places, stream)
    log.info("%d names%s", count, f" in {output}" if args.personal else "")
    return DONE


def _gold(args: argparse.Namespace) -> int:
    workspace, parser = _open(args.store)
    count = mentions = 0
    with _writing(args.output) as stream:
        for entry in gold_entries(workspace, parser, args.reviewer):
            stream.write(json_line(entry) + "\n")
            count, mentions = count + 1, mentions + len(entry["mentions"])
    log.info("%d articles, %d mentions", count, mentions)
    return DONE


def _agreement(args: argparse.Namespace) -> int:
    if args.store and args.reviewers and not args.files:
        workspace, parser = _open(args.store)
        known = reviewers(parser.log.all())
        for name in args.reviewers:
            if name not in known:
                raise DecisionError(f"{name} decided nothing here; reviewers are: {', '.join(known) or 'none'}")
        first, second = (list(gold_entries(workspace, parser, name)) for name in args.reviewers)
    elif len(args.files) == 2 and not args.store:
        first, second = (read_entries(path) for path in args.files)
    else:
        raise DecisionError("agreement is told of two files, or of --store FOLDER --reviewers NAME NAME")
    comparison = compare(first, second)
    _show(comparison, as_json=args.json)
    return DONE if comparison.articles else NOTHING


def read_entries(path: Path) -> list[dict[str, Any]]:
    """The annotated articles of a file. Raises DecisionError, naming the line, for one that is none."""
    found = []
    for number, line in enumerate(path.read_text(encoding="utf-8-sig").split("\n"), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            for mention in entry["mentions"]:
                if entry["text"][mention["start"] : mention["end"]] != mention["surface"]:
                    raise ValueError(f"{mention['surface']!r} does not stand where it says")
                for name in ("role", "lat", "lon"):
                    mention[name]
            str(entry["id"])
        except (KeyError, TypeError, ValueError) as error:
            raise DecisionError(f"{path.name}, line {number}: no annotated article ({error})") from error
        found.append(entry)
    return found


def _show(comparison: Comparison, *, as_json: bool) -> None:
    rows = [(a.field, a.units, a.agreed, a.share, a.kappa) for a in comparison.fields]
    if as_json:
        fields = {name: dict(zip(("units", "agreed", "share", "kappa"), row, strict=True)) for name, *row in rows}
        counts = {name: getattr(comparison, name) for name in ("articles", "only_first", "only_second", "other_text")}
        print(json.dumps(counts | {"fields": fields}))
        return
    alone = (
        f"{comparison.only_first} and {comparison.only_second} of one alone, {comparison.other_text} of another text"
    )
    print(f"{comparison.articles} articles of both ({alone})")
    print(f"{'':10}{'units':>8}{'agreed':>8}{'percent':>9}{'kappa':>8}")
    for field, units, agreed, share, kappa in rows:
        percent = "–" if share is None else f"{share:.1%}"
        print(f"{field:10}{units:8}{agreed:8}{percent:>9}{'–' if kappa is None else f'{kappa:.3f}':>8}")


@contextlib.contextmanager
def _writing(output: str) -> Iterator[IO[str]]:
    """A stream to standard output (-) or to a file, which is there only when it is whole."""
    if output == "-":
        yield sys.stdout
        return
    with whole_file(Path(output)) as temporary, open(temporary, "w", encoding="utf-8", newline="") as stream:
        yield stream


def _progress(what: str) -> Callable[[float], None] | None:
    if not sys.stderr.isatty():
        return None
    return lambda share: print(f"\r{what}: {share:.0%}", end="" if share < 1 else "\n", file=sys.stderr, flush=True)
