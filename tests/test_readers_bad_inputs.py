"""What each bad input gets: one row of the second table of docs/inputs.md each, by the words of its first column."""

import gzip
import io
import json
import os
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.made_inputs import (
    MORE_NEWS,
    NEWS,
    make_docx,
    make_feed,
    make_jsonl,
    make_page,
    make_pdf,
    make_xlsx,
    make_zip,
    read,
    repack,
)

GOOD = {"id": "ok", "text": "نص"}


def file(name: str, content: str | bytes) -> Callable[[Path], object]:
    data = content.encode() if isinstance(content, str) else content
    return lambda folder: (folder / name).write_bytes(data)


def jsonl(*lines: str) -> Callable[[Path], object]:
    return file("a.jsonl", "\n".join([json.dumps(GOOD), *lines, json.dumps({"id": "last", "text": "نص"})]))


def link_file(folder: Path) -> None:
    (folder / "a.txt").symlink_to(folder / "none.txt")


def make_pipe(folder: Path) -> None:
    os.mkfifo(folder / "a.txt")


def loop(folder: Path) -> None:
    (folder / "sub").mkdir()
    (folder / "sub" / "a.txt").write_text("نص")
    (folder / "sub" / "up").symlink_to(folder, target_is_directory=True)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def zip_of(name: str, data: bytes = b"text", **attributes: int) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        member = zipfile.ZipInfo(name)
        for key, value in attributes.items():
            setattr(member, key, value)
        with zipfile.ZipFile(folder / "a.zip", "w") as archive:
            archive.writestr(member, data)
            archive.writestr("good.txt", "نص")

    return make


def encrypted_zip(folder: Path) -> None:
    make_zip(folder / "a.zip", {"a.txt": b"text"})
    data = bytearray((folder / "a.zip").read_bytes())
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    (folder / "a.zip").write_bytes(data)


def many_members(folder: Path) -> None:
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, 50_000_000, 0, 0)
    (folder / "a.zip").write_bytes(b"PK\x03\x04" + end)


def changed_docx(old: bytes, new: bytes) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        make_docx(folder / "a.docx", ["MARK"])
        repack(folder / "a.docx", "word/document.xml", old, new)

    return make


def changed_xlsx(old: bytes, new: bytes) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        make_xlsx(folder / "a.xlsx", [["id", "text"], ["1", "MARK"]])
        repack(folder / "a.xlsx", "xl/worksheets/sheet1.xml", old, new)

    return make


def sheet(*rows: list[object]) -> Callable[[Path], object]:
    return lambda folder: make_xlsx(folder / "a.xlsx", rows)


LAUGHS = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
BOMB = bytes(30_000_000)
NESTED = zipped(**{"c.zip": zipped(**{"b.zip": zipped(**{"a.txt": b"text"})})})
MOJIBAKE = NEWS.encode().decode("cp1252", "replace")
FEED_ITEM = f"<item><description>{NEWS}</description></item>"

# Row of the table: how it is made, texts that are read, and what the refusals say (none: it is read without a word).
CASES: dict[str, tuple[Callable[[Path], object], list[str], list[str]]] = {
    # Files and folders
    "an empty file": (file("a.txt", ""), [], ["empty"]),
    "a file of blanks": (file("a.txt", " \n\t\u00a0\n"), [], ["empty"]),
    "a file that is not of a kind that is read, in a folder": (file("a.png", b"\x89PNG"), [], []),
    "an older or foreign document (.doc, .rtf, .xls, .rar, ...)": (file("a.doc", OLE), [], ["save it as .docx"]),
    "a link to nothing": (link_file, [], ["broken link"]),
    "a pipe or a device": (make_pipe, [], ["a pipe"]),
    "a folder that links back to itself": (loop, ["نص"], []),
    "a name with line breaks or bidi controls": (file("a\n\u202eb.csv", "x\n1"), [], ["a\\n\\u202eb.csv"]),
    "a name that is not UTF-8": (
        lambda f: Path(os.fsdecode(os.fsencode(f) + b"/\xff.txt")).write_text("نص"),
        ["نص"],
        [],
    ),
    # Encodings
    "windows-1256": (file("a.txt", NEWS.encode("windows-1256")), [NEWS], []),
    "ISO-8859-6": (file("a.txt", NEWS.encode("iso8859-6")), [NEWS], []),
    "UTF-8 with a byte-order mark": (file("a.txt", NEWS.encode("utf-8-sig")), [NEWS], []),
    "UTF-16 with a byte-order mark": (file("a.txt", NEWS.encode("utf-16")), [NEWS], []),
    "UTF-16 without one": (file("a.txt", NEWS.encode("utf-16-be")), [NEWS], []),
    "UTF-32": (file("a.txt", NEWS.encode("utf-32")), [NEWS], []),
    "another encoding in less than eight words": (
        file("a.txt", "طرابلس الغرب".encode("windows-1256")),
        [],
        ["not UTF-8"],
    ),
    "another encoding that is not Arabic": (
        file("a.txt", "Événement à Tripoli où déjà".encode("latin-1")),
        [],
        ["not UTF-8"],
    ),
    "two encodings in one text": (file("a.txt", NEWS.encode() + NEWS[:30].encode("windows-1256")), [], ["mixed"]),
    "two encodings in one CSV or JSONL": (
        file("a.csv", f"text\n{NEWS}\n".encode() + "وصل الوفد\n".encode("windows-1256") + MORE_NEWS.encode()),
        [NEWS, MORE_NEWS],
        ["row 3: bytes of another encoding"],
    ),
    "UTF-8 cut within a letter": (file("a.txt", NEWS.encode()[:-2]), [], ["mixed or cut off"]),
    "UTF-8 read as windows-1252 (Ø·Ø±Ø§Ø¨Ù„Ø³)": (
        file("a.txt", "طرابلس وغريان".encode().decode("latin-1")),
        ["طرابلس وغريان"],
        [],
    ),
    "UTF-8 read as windows-1256 (ط·ط±ط§ط¨ظ„ط³)": (
        file("a.txt", "طرابلس وغريان".encode().decode("cp1256")),
        ["طرابلس وغريان"],
        [],
    ),
    "windows-1256 read as windows-1252 (ØÑÇÈáÓ)": (file("a.txt", NEWS.encode("cp1256").decode("cp1252")), [NEWS], []),
    "such a text with lost letters": (file("a.txt", MOJIBAKE), [], ["garbled"]),
    "a text of question marks": (file("a.txt", "????? ??? ???? 12 ??????"), [], ["garbled"]),
    "a binary file with a text's name": (file("a.txt", bytes(range(256)) * 9), [], ["binary"]),
    "a picture, a PDF or an archive with a text's name": (file("a.jsonl", b"%PDF-1.7 ..."), [], ["binary: a PDF"]),
    "NULs and lone surrogates": (
        file("a.json", r'[{"text": "قبل\u0000\ud800بعد"}]'),
        ["قبل\ufffd\ufffdبعد"],
        [],
    ),
    # Sizes
    "a text of more than 5 million characters": (
        file("a.txt", "a" * 5_000_001),
        [],
        ["more than 5,000,000 characters"],
    ),
    "a text file of more than 20 MB": (file("a.txt", b" a" * 10_000_001), [], ["more than 20 MB"]),
    "a JSONL line of more than 32 million characters": (
        lambda f: (f / "a.jsonl").write_bytes(
            make_jsonl(GOOD).encode() + b"[" * 32_000_001 + b"\n" + make_jsonl(GOOD).encode()
        ),
        ["نص", "نص"],
        ["line 2: longer than 32,000,000 characters"],
    ),
    "a CSV line of more than 32 million characters": (
        lambda f: (f / "a.csv").write_bytes(b"text\nok\n" + b"a" * 32_000_001),
        ["ok"],
        ["line 3: a line of more than 32,000,000"],
    ),
    "a word of a million letters": (file("a.txt", "ا" * 1_000_000), ["ا" * 1_000_000], []),
    # JSON
    "a JSONL line that is not JSON": (jsonl("{'id': 1}"), ["نص", "نص"], ["line 2: not JSON"]),
    "a JSONL line that is no object": (jsonl('["x"]'), ["نص", "نص"], ["line 2: one JSON object a line is wanted"]),
    "JSON nested too deeply": (
        jsonl("[" * 100_000 + "]" * 100_000),
        ["نص", "نص"],
        ["line 2: not JSON (nested too deeply)"],
    ),
    "a number of too many digits": (jsonl('{"id": ' + "9" * 5000 + "}"), ["نص", "نص"], ["line 2: not JSON"]),
    "a JSONL file cut off": (
        file("a.jsonl", json.dumps(GOOD) + '\n{"id": "x", "te'),
        ["نص"],
        ["line 2: not JSON", "cut off"],
    ),
    "a JSON list cut off": (file("a.json", json.dumps([GOOD, GOOD])[:-9]), ["نص"], ["item 2: not JSON from here on"]),
    "a JSON list damaged in its middle": (
        file("a.json", '[{"text": "نص"}, {"text": نص}, {"text": "x"}]'),
        ["نص"],
        ["item 2"],
    ),
    "a JSON object cut off": (file("a.json", '{"text": "نص"'), [], ["not JSON"]),
    "JSON Lines named .json": (file("a.json", make_jsonl(GOOD, GOOD)), [], ["rename it to .jsonl"]),
    "an empty list": (file("a.json", "[]"), [], ["no articles in it"]),
    "a record without a text": (jsonl('{"id": "x"}', '{"id": "y", "text": " "}'), ["نص", "نص"], ["line 2", "line 3"]),
    "a record without an id where the first has one": (jsonl('{"text": "نص"}'), ["نص", "نص"], ['"id" is missing']),
    "ids that repeat": (jsonl(json.dumps(GOOD)), ["نص", "نص", "نص"], []),
    # Tables
    "a table without a column of texts": (file("a.csv", "a,b\n1,2\n"), [], ["no column of texts (there are: a, b)"]),
    "a table with no rows under its header": (file("a.csv", "id,text\n"), [], ["no articles in it"]),
    "a row with more cells than columns": (
        file("a.csv", "text\nنص\nنص, آخر\n"),
        ["نص"],
        ["row 3: 2 cells under 1 columns"],
    ),
    "a row with fewer cells, its text there": (file("a.csv", "text,title,date\nنص\n"), ["نص"], []),
    "a row with fewer cells, its text missing": (file("a.csv", "id,text\n1,نص\n2\n"), ["نص"], ["row 3"]),
    "a quote that is not closed": (
        file("a.csv", 'id,text\n1,نص\n2,"مفتوح\n3,نص\n4,نص\n'),
        ["نص", "نص", "نص"],
        ["row 3: a quote that is not closed"],
    ),
    "a stray quote within a cell": (file("a.csv", 'id,text\n1,"قال "نعم" لهم"\n2,نص\n'), ['قال نعم" لهم"', "نص"], []),
    "NULs in a table": (file("a.csv", b"id,text\n1,a\x00b\n"), ["a\ufffdb"], []),
    "absurd dates": (file("a.csv", "text,date\nنص,0000-00-00\nنص,9999-12-31\nنص,31/02/2020\n"), ["نص"] * 3, []),
    "a workbook without a column of texts": (sheet(["a", "b"], [1, 2]), [], ["no column of texts"]),
    "a workbook with a row number beyond Excel's": (
        changed_xlsx(b'<row r="2"', b'<row r="99999999999"'),
        [],
        ["no articles in it"],
    ),
    "a workbook whose text is a formula never worked out": (sheet(["id", "text"], [1, "=A1"]), [], ["row 2"]),
    # Office files, pages, PDF
    "an encrypted office file": (file("a.xlsx", OLE), [], ["encrypted"]),
    "an office file that is none": (file("a.docx", b"not a zip"), [], ["not a whole ZIP archive"]),
    "an office file cut off": (
        lambda f: (make_docx(f / "a.docx", ["نص"]), (f / "a.docx").write_bytes((f / "a.docx").read_bytes()[:3000])),
        [],
        ["not a whole ZIP archive"],
    ),
    "an archive named .docx": (file("a.docx", zipped(**{"a.txt": b"x"})), [], ["no word/document.xml"]),
    "a document of pictures only": (changed_docx(b"MARK", b""), [], ["no text"]),
    "a document with damaged XML": (changed_docx(b"</w:t>", b""), [], ["damaged"]),
    "a document that defines entities": (
        changed_docx(b"<w:document", LAUGHS.encode() + b"<w:document"),
        ["MARK"],
        [],
    ),
    "an office file that unpacks to a thousand times its size": (
        lambda f: make_zip(f / "a.docx", {"word/document.xml": BOMB}),
        [],
        ["a bomb"],
    ),
    "a page without an article": (
        file("a.html", "<html><body><img src=x></body></html>"),
        [],
        ["no article in the page"],
    ),
    "a page nested a hundred thousand deep": (
        file("a.html", make_page("<div>" * 100_000 + NEWS)),
        [],
        ["nested too deeply"],
    ),
    "a page of more than 10 MB": (file("a.html", "<p>" * 4_000_000), [], ["more than 10 MB"]),
    "a scanned PDF": (file("a.pdf", make_pdf([[], []])), [], ["a scanned document", "ocrmypdf"]),
    "an encrypted PDF": (file("a.pdf", make_pdf([[NEWS]], encrypted=True)), [], ["encrypted"]),
    "a damaged PDF": (file("a.pdf", b"%PDF-1.7\n1 0 obj"), [], ["not a PDF, or damaged"]),
    "a PDF with a damaged page": (
        file("a.pdf", make_pdf([["وصل الوفد"], [NEWS]]).replace(b"8 0 R]", b"3 0 R]")),
        ["وصل الوفد"],
        ["page 2: a damaged page"],
    ),
    # Feeds
    "XML that is no feed": (file("a.xml", "<urlset><url><loc>x</loc></url></urlset>"), [], ["neither RSS nor Atom"]),
    "a feed cut off": (
        file("a.rss", make_feed(FEED_ITEM * 2).encode()[:-200]),
        [NEWS],
        ["item 2: breaks off"],
    ),
    "a feed with bare ampersands and HTML's characters": (
        file("a.rss", make_feed("<item><description>أ & ب &laquo;ج&raquo;</description></item>")),
        ["أ & ب «ج»"],
        [],
    ),
    "a feed that defines entities or fetches files": (
        file("a.rss", make_feed("<item><description>&x;</description></item>").replace("<rss", OUTSIDE + "<rss")),
        [],
        ["defines entities"],
    ),
    # Archives
    "an archive cut off": (
        lambda f: (
            make_zip(f / "a.zip", {"a.txt": b"x" * 99}),
            (f / "a.zip").write_bytes((f / "a.zip").read_bytes()[:50]),
        ),
        [],
        ["not a whole ZIP archive"],
    ),
    "a .gz cut off": (
        lambda f: (f / "a.jsonl.gz").write_bytes(gzip.compress(make_jsonl(*[GOOD] * 9).encode())[:-4]),
        ["نص"] * 9,
        ["damaged archive"],
    ),
    "a .gz that is none": (file("a.txt.gz", b"hello"), [], ["damaged archive"]),
    "a member with a wrong checksum": (
        lambda f: (
            make_zip(f / "a.zip", {"a.txt": os.urandom(50).hex().encode(), "b.txt": "نص".encode()}),
            (f / "a.zip").write_bytes((lambda d: d[:40] + bytes([d[40] ^ 1]) + d[41:])((f / "a.zip").read_bytes())),
        ),
        ["نص"],
        ["damaged archive"],
    ),
    "a member named to leave the archive (../x, /x, C:\\x)": (
        zip_of("../../x.txt"),
        ["نص"],
        ["leads out of the archive"],
    ),
    "a member that is a link": (
        zip_of("a.txt", b"/etc/passwd", external_attr=(stat.S_IFLNK | 0o777) << 16),
        ["نص"],
        ["a link, not a file"],
    ),
    "an encrypted member": (encrypted_zip, [], ["encrypted"]),
    "a ZIP that unpacks to far more than it holds": (lambda f: make_zip(f / "a.zip", {"a.txt": BOMB}), [], ["a bomb"]),
    "a .gz that unpacks to far more than it holds": (
        lambda f: (f / "a.jsonl.gz").write_bytes(gzip.compress((make_jsonl(GOOD) + " " * 30_000_000).encode())),
        ["نص"],
        ["a bomb"],
    ),
    "a ZIP of millions of members": (many_members, [], ["too many members"]),
    "an archive in an archive": (file("a.zip", zipped(**{"b.zip": zipped(**{"a.txt": "نص".encode()})})), ["نص"], []),
    "an archive in an archive in an archive": (file("a.zip", NESTED), [], ["an archive in an archive in an archive"]),
    "an archive without an article": (file("a.zip", zipped(**{"a.png": b"x"})), [], ["no articles in it"]),
}


def documented() -> list[str]:
    text = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8").split("## Bad")[1]
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("| ")]
    return [row for row in rows if row != "Input"]


def test_every_row_of_the_docs_has_a_case() -> None:
    assert documented() == list(CASES)


@pytest.mark.parametrize("row", list(CASES))
def test_a_bad_input_gets_what_the_docs_say(tmp_path, row: str) -> None:
    make, texts, reasons = CASES[row]
    folder = tmp_path / "in"
    folder.mkdir()
    make(folder)
    articles, refused = read(folder)
    assert [article.text for article in articles] == texts
    messages = "\n".join(map(str, refused))
    assert bool(refused) == bool(reasons), messages
    for reason in reasons:
        assert reason in messages
    assert all(e.path and e.hint and str(e).isprintable() for e in refused)
    assert len({article.id for article in articles}) == len(articles)


def test_one_bad_input_does_not_stop_the_others(tmp_path) -> None:
    for number, row in enumerate(CASES):
        if "links back" in row or "million" in row or "MB" in row:
            continue
        (folder := tmp_path / f"{number:03}").mkdir()
        CASES[row][0](folder)
    (tmp_path / "zzz.txt").write_text(NEWS)
    articles, refused = read(tmp_path)
    assert articles[-1].text == NEWS
    assert len(refused) >= 60
    assert len({article.id for article in articles}) == len(articles)
