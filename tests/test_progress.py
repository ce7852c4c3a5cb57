"""What a run shows: a bar on a terminal, lines elsewhere, nothing when quiet."""

import io
import logging
import sys

import pytest

from extract import progress
from extract.progress import Reporter
from extract.run import RunCounts

COUNTS = RunCounts(
    articles=1_200, skipped=7, mentions=3_456, unplaced=89, refused=2, bytes_read=250_000, bytes_total=1_000_000
)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def log(monkeypatch):
    """A log to standard error as the command line makes it."""
    made = logging.getLogger("test_progress")
    made.setLevel(logging.INFO)
    monkeypatch.setattr(progress, "LINE_S", 0)
    monkeypatch.setattr(progress, "BAR_S", 0)
    yield made
    made.handlers.clear()


def shown(log, monkeypatch, stream, counts=COUNTS, **named):
    monkeypatch.setattr(sys, "stderr", stream)
    log.addHandler(logging.StreamHandler(stream))
    reporter = Reporter(log, **named)
    reporter.show(counts)
    reporter.tell("refused: x.txt")
    reporter.show(counts)
    reporter.close()
    return stream.getvalue()


def test_a_terminal_gets_a_bar_with_rate_counts_and_time_left(log, monkeypatch):
    text = shown(log, monkeypatch, Terminal())
    assert " 25%|" in text and "left" in text
    assert "1,200 articles (" in text and "/s), 7 there already, 3,456 mentions, 89 unmapped, 2 refused" in text
    assert "refused: x.txt\n" in text


def test_without_a_total_there_is_no_share(log, monkeypatch):
    text = shown(log, monkeypatch, Terminal(), RunCounts(articles=5))
    assert "5 articles (" in text and "%" not in text and "left" not in text


def test_elsewhere_there_are_whole_lines(log, monkeypatch):
    text = shown(log, monkeypatch, io.StringIO())
    assert "\r" not in text
    assert [line.split(" (")[0] for line in text.splitlines()] == ["1,200 articles", "refused: x.txt", "1,200 articles"]


def test_quiet_is_quiet(log, monkeypatch):
    assert shown(log, monkeypatch, Terminal(), quiet=True) == ""


def test_lines_come_now_and_then(log, monkeypatch):
    monkeypatch.setattr(progress, "LINE_S", 60)
    assert shown(log, monkeypatch, io.StringIO()) == "refused: x.txt\n"
