"""The page of results: what a measure hands back, and how it is written down."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from bench.process import ROOT, MeasureError

# Versions that figures hang on.
PACKAGES = (
    "numpy pyarrow duckdb pandas rapidfuzz marisa-trie streamlit folium streamlit-folium playwright "
    "ahocorasick-rs pyahocorasick spacy pydeck plotly"
).split()


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `small` is for tests: all of it, on next to nothing. `full` adds what takes long."""

    out: Path
    small: bool = False
    full: bool = False
    seed: int = 1

    def size(self, small: int, usual: int, full: int | None = None) -> int:
        """The number for this plan; `full` is as `usual` where none is given."""
        return small if self.small else full if self.full and full is not None else usual


@dataclass(slots=True)
class Table:
    """A table of the page. The first column names what a row is about."""

    head: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    title: str = ""

    def add(self, name: str, *cells: str) -> None:
        """Add a row; cells that are missing at its end stay empty."""
        self.rows.append([name, *cells, *[""] * (len(self.head) - 1 - len(cells))])


@dataclass(slots=True)
class Section:
    """What one measure found: tables, and sentences that say what was done and what was not."""

    title: str
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def table(self, *head: str, title: str = "") -> Table:
        """A new table at the end of the section."""
        self.tables.append(Table(head, title=title))
        return self.tables[-1]

    def as_json(self) -> dict[str, Any]:
        """The section as plain values, for another process."""
        return asdict(self)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> "Section":
        """The section that another process handed over by `as_json`."""
        tables = [Table(**table) for table in found["tables"]]
        return cls(found["title"], tables, list(found["notes"]))


# Called by a measure whenever it has found more: what was kept last is shown when the measure does not finish.
Keep = Callable[[Section], None]


def write_section(section: Section) -> str:
    """The section in Markdown."""
    lines = [f"## {section.title}", ""]
    for table in section.tables:
        if table.title:
            lines += [f"**{table.title}**", ""]
        lines += [_row(table.head), _row(["---", *["---:"] * (len(table.head) - 1)])]
        lines += [_row(row) for row in table.rows] + [""]
    lines += [f"- {note}" for note in section.notes]
    return "\n".join(lines).rstrip() + "\n"


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


def write_page(sections: Sequence[str], began: datetime, plan: Plan, load_before: float) -> str:
    """The whole page: when, where and with what it was measured, then the sections."""
    minutes = (datetime.now() - began).total_seconds() / 60
    head = [
        "# Measured beside others",
        "",
        f"Written by `make bench{'-full' if plan.full else ''}` in one run of {minutes:.0f} minutes. Ratios hold elsewhere, "
        "absolute times hold for this machine; other programs' work on it lengthens both.",
        "",
        f"- {began:%Y-%m-%d}, {machine()}",
        f"- load before the run: {load_before:.1f} (0 is a quiet machine)",
        f"- Python {platform.python_version()}, {', '.join(f'{name} {found}' for name, found in versions().items())}",
        "",
    ]
    return "\n".join(head) + "\n" + "\n".join(sections)


def machine() -> str:
    """Processor, cores and memory in words."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), model)
    except OSError:
        pass
    gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{model}, {len(os.sched_getaffinity(0))} cores, {gigabytes:.0f} GB, {platform.system()} {platform.release()}"
    )


def versions() -> dict[str, str]:
    """Versions of the packages that figures hang on, those that are there."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def times(value: float) -> str:
    """A ratio: two significant digits from ten on, one decimal below."""
    return f"{value:,.0f} ×" if value >= 9.95 else f"{value:.1f} ×" if value >= 0.095 else f"{value:.2g} ×"


def number(value: float) -> str:
    """A figure with as many decimals as it is worth."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.1f}" if abs(value) >= 1 else f"{value:.2g}"


def seconds(value: float) -> str:
    """A time with its unit."""
    if value >= 3600 * 48:
        return f"{value / 86400:,.0f} days"
    if value >= 7200:
        return f"{value / 3600:,.0f} h"
    if value >= 1:
        return f"{value:,.0f} s" if value >= 10 else f"{value:.1f} s"
    if value >= 0.001:
        return f"{value * 1000:.0f} ms" if value >= 0.01 else f"{value * 1000:.1f} ms"
    return f"{value * 1e6:.0f} µs"


def said(error: MeasureError) -> str:
    """What went wrong, short enough for a note."""
    text = str(error).replace(str(ROOT), ".")
    return text if len(text) <= 300 else text[:300] + " …"
