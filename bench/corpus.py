"""The made corpus and the peers' names as files in the folder of results, made once for a state of gazetteer and program."""

import hashlib
from pathlib import Path
from typing import Any

from bench import make_articles, rates
from bench.make_articles import load_stock, write_articles
from bench.page import Plan
from bench.peers import load_names
from gazetteer import load_gazetteer
from gazetteer.load import fingerprint
from gazetteer.whole_file import whole_file


def corpus_of(plan: Plan, articles: int) -> Path:
    """A file with at least so many made articles."""
    state = hashlib.sha256(fingerprint().encode())
    for module in (make_articles, rates):
        state.update(Path(module.__file__).read_bytes())
    state.update(rates.RATES.read_bytes())
    name = f"articles-{state.hexdigest()[:8]}-{plan.seed}"
    made = {int(path.stem.rpartition("-")[2]): path for path in plan.out.glob(f"{name}-*.jsonl")}
    enough = [count for count in made if count >= articles]
    if enough:
        return made[min(enough)]
    path = plan.out / f"{name}-{articles}.jsonl"
    with whole_file(path, durable=False) as temporary:
        write_articles(temporary, articles, plan.seed, load_stock(load_gazetteer()))
    return path


def answer(request: dict[str, Any]) -> int:
    """Write the names of the gazetteer that this process has, one a line, to the file `names`; returns how many."""
    names = load_names(load_gazetteer())
    Path(request["names"]).write_text("\n".join(names), encoding="utf-8")
    return len(names)


def names_of(plan: Plan) -> Path:
    """A file with the names for the peers, one key a line."""
    path = plan.out / f"names-{fingerprint()}.txt"
    if not path.exists():
        with whole_file(path, durable=False) as temporary:
            temporary.write_text("\n".join(load_names(load_gazetteer())), encoding="utf-8")
    return path
