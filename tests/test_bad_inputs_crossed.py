"""Every kind of file with every kind of damage, in one folder with good articles: nothing is lost, and nothing stops the read."""

import gzip
import json
import subprocess
import sys

import pytest

from extract.articles import KINDS
from extract.rejected import REJECTED
from extract.store import Workspace
from tests.conftest import ROOT
from tests.made_inputs import NEWS, make_docx, make_feed, make_jsonl, make_page, make_pdf, make_xlsx, make_zip

GOOD = 20
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"


def whole(folder, suffix, identity):
    """A sound file of the kind, as bytes."""
    path = folder / f"whole{suffix}"
    if suffix == ".docx":
        make_docx(path, [NEWS])
    elif suffix == ".xlsx":
        make_xlsx(path, [["id", "text"], [identity, NEWS]])
    elif suffix == ".zip":
        make_zip(path, {"a.txt": NEWS.encode()})
    elif suffix == ".pdf":
        path.write_bytes(make_pdf([[NEWS[:80]], [NEWS[80:160]]]))
    elif suffix == ".gz":
        path.write_bytes(gzip.compress(NEWS.encode()))
    elif suffix in (".html", ".htm"):
        path.write_text(make_page(), encoding="utf-8")
    elif suffix in (".rss", ".atom", ".xml"):
        path.write_text(
            make_feed(f"<item><title>خبر</title><description>{NEWS}</description></item>"), encoding="utf-8"
        )
    elif suffix in (".jsonl", ".ndjson", ".json"):
        path.write_text(make_jsonl({"id": identity, "text": NEWS}), encoding="utf-8")
    elif suffix in (".csv", ".tsv"):
        mark = "\t" if suffix == ".tsv" else ","
        path.write_text(f"id{mark}text\n{identity}{mark}{NEWS.split(chr(10))[0]}\n", encoding="utf-8")
    else:
        path.write_text(NEWS, encoding="utf-8")
    return path.read_bytes()


DAMAGES = {
    "nothing": lambda data: b"",
    "blanks": lambda data: b" \n\t\r\n \xc2\xa0",
    "NULs": lambda data: b"\0" * 600,
    "half": lambda data: data[: len(data) // 2],
    "its first bytes": lambda data: data[:7],
    "its last bytes": lambda data: data[-40:],
    "twice": lambda data: data + data,
    "every third byte gone": lambda data: bytes(b for n, b in enumerate(data) if n % 3),
    "bits turned": lambda data: bytes(b ^ 0x55 if n % 17 == 3 else b for n, b in enumerate(data)),
    "a picture": lambda data: PNG + bytes(range(256)) * 4,
    "another kind's text": lambda data: b'<html><body>{"text": [1, "a,b\tc"]}</body>',
    "windows-1256": lambda data: NEWS.encode("cp1256", "replace"),
    "UTF-16 without a mark": lambda data: NEWS.encode("utf-16-le"),
    "wrongly decoded twice": lambda data: NEWS.encode().decode("latin-1").encode(),
    "lone surrogates": lambda data: "نص \ud800 هنا".encode("utf-8", "surrogatepass"),
    "one endless word": lambda data: ("ا" * 300_000).encode(),
    "brackets": lambda data: b"[" * 20_000 + b"<div>" * 20_000,
}
CASES = [(suffix, damage) for suffix in sorted(KINDS) for damage in DAMAGES]


@pytest.fixture(scope="module")
def outcome(tmp_path_factory):
    """(exit code, last line, articles by id, refusals) of one read of the whole folder."""
    folder = tmp_path_factory.mktemp("crossed")
    inputs, sound = folder / "in", folder / "sound"
    inputs.mkdir(), sound.mkdir()
    for number, (suffix, damage) in enumerate(CASES):
        (inputs / f"bad{number:03}{suffix}").write_bytes(DAMAGES[damage](whole(sound, suffix, f"bad{number:03}")))
    for number in range(GOOD):
        (inputs / f"good{number:02}.txt").write_text(f"وصلت القوات إلى غريان في اليوم {number}.", encoding="utf-8")
    command = [sys.executable, "-m", "extract", str(inputs), "--store", str(folder / "store")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    workspace = Workspace.open(folder / "store")
    lines = (folder / "store" / REJECTED).read_text(encoding="utf-8").splitlines()
    texts = {row["article_id"]: workspace.article(row["article_id"])["text"] for row in workspace.articles()}
    return done, texts, [json.loads(line) for line in lines]


def test_there_are_more_than_two_hundred_cases():
    assert len(CASES) > 200


def test_good_articles_are_all_read(outcome):
    done, texts, _ = outcome
    assert done.returncode == 1
    assert sum(name.startswith("good") for name in texts) == GOOD


def test_the_last_line_counts_what_the_list_holds(outcome):
    done, _, refused = outcome
    assert f"{len(refused)} inputs refused" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda n: f"{CASES[n][1]} as {CASES[n][0]}")
def test_every_bad_file_is_read_or_listed(outcome, number):
    _, texts, refused = outcome
    read = [text for name, text in texts.items() if f"bad{number:03}" in name]
    told = [line for line in refused if f"bad{number:03}" in line["path"]]
    assert read or told
    assert all(text.strip() and "\0" not in text for text in read)
    assert all(line["reason"] and line["hint"] and line["path"].isprintable() for line in told)
