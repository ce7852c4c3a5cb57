"""How long a new process takes until it has read its first article, and what it then holds."""

import time
from typing import Any

from bench.process import ROOT, memory_mb


def answer(request: dict[str, Any]) -> dict[str, float]:
    """Seconds for each step, and MB at the end. The imports are here to be timed."""
    began = time.perf_counter()
    from extract.geoparse import Geoparser
    from extract.mentions import Article
    from gazetteer import load_gazetteer

    imported = time.perf_counter()
    gazetteer = load_gazetteer()
    loaded = time.perf_counter()
    parser = Geoparser(gazetteer)
    ready = time.perf_counter()
    text = next(iter(sorted((ROOT / "seeds").glob("*.txt")))).read_text(encoding="utf-8")
    parser.geoparse(Article("first", text))
    held, private = memory_mb()
    return {
        "import": imported - began,
        "gazetteer": loaded - imported,
        "model": ready - loaded,
        "first article": time.perf_counter() - ready,
        "memory_mb": held,
        "private_mb": private,
        "places": len(gazetteer),
    }
