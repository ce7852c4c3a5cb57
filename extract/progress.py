"""How far a run is, on standard error: a bar on a terminal, a line now and then elsewhere."""

import logging
import sys
import time

from tqdm import tqdm

from extract.run import RunCounts

LINE_S = 30.0
BAR_S = 0.2


class Reporter:
    """Shows counts as they come, and messages between them. With `quiet` nothing is shown but errors that end the run."""

    def __init__(self, log: logging.Logger, *, quiet: bool = False) -> None:
        self._log, self._quiet = log, quiet
        self._bar: tqdm | None = None
        self._terminal = sys.stderr.isatty() and not quiet
        self._began = self._shown = time.monotonic()

    def show(self, counts: RunCounts) -> None:
        """The counts now."""
        now = time.monotonic()
        if self._quiet or now - self._shown < (BAR_S if self._terminal else LINE_S):
            return
        self._shown = now
        if not self._terminal:
            self._log.info("%s", self._line(counts))
            return
        if self._bar is None:
            form = "{percentage:3.0f}%|{bar:20}| {desc}, {remaining} left" if counts.bytes_total else "{desc}"
            self._bar = tqdm(total=counts.bytes_total or None, bar_format=form, file=sys.stderr, dynamic_ncols=True)
            self._bar.start_t -= now - self._began
        self._bar.set_description_str(self._line(counts), refresh=False)
        self._bar.n = counts.bytes_read
        self._bar.refresh()

    def tell(self, message: str) -> None:
        """A line of its own."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.clear()
        self._log.info("%s", message)
        if self._bar is not None:
            self._bar.refresh()

    def close(self) -> None:
        """Leave the terminal as it was."""
        if self._bar is not None:
            self._bar.leave = False
            self._bar.close()
            self._bar = None

    def _line(self, counts: RunCounts) -> str:
        rate = counts.articles / max(0.001, time.monotonic() - self._began)
        known = f", {counts.skipped:,} there already" if counts.skipped else ""
        return (
            f"{counts.articles:,} articles ({rate:.1f}/s){known}, {counts.mentions:,} mentions, "
            f"{counts.unplaced:,} unmapped, {counts.refused:,} refused"
        )
