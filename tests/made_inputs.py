"""Input files that the tests of the readers make for themselves."""

import io
import json
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from docx import Document
from openpyxl import Workbook

from extract.articles import ArticleError, ReadOptions, read_articles
from extract.mentions import Article

NEWS = (
    "قالت مصادر محلية إن اشتباكات اندلعت في مدينة غريان جنوب العاصمة طرابلس بين قوات الجيش ومسلحين. "
    "وأضافت المصادر أن الوفد وصل إلى بلدة ترهونة بعد ظهر اليوم، وأن الطريق بين المدينتين أغلق."
)
MORE_NEWS = (
    "وأعلنت بلدية سبها في بيان أن الكهرباء عادت إلى أحياء المدينة بعد انقطاع دام يومين، وأن فرق الصيانة تواصل "
    "عملها في محطة أوباري مع الشركة العامة للكهرباء، كما قال مدير المحطة إن الوقود وصل من طرابلس على متن شاحنات."
)


def read(*paths: Path, **options) -> tuple[list[Article], list[ArticleError]]:
    """The articles of the paths and the refusals."""
    refused: list[ArticleError] = []
    return list(read_articles(paths, refused.append, ReadOptions(**options))), refused


def make_page(body: str = f"<article><h1>عنوان</h1><p>{NEWS}</p><p>{MORE_NEWS}</p></article>", head: str = "") -> str:
    """A web page with the menu and the foot that pages have."""
    menu = "".join(f'<li><a href="/{n}">قسم {n}</a></li>' for n in range(8))
    return (
        f'<!DOCTYPE html><html lang="ar" dir="rtl"><head>{head}</head><body><nav><ul>{menu}</ul></nav>{body}'
        "<footer><p>جميع الحقوق محفوظة للموقع</p></footer></body></html>"
    )


def make_docx(path: Path, paragraphs: Sequence[str], *, title: str = "", table: Sequence[Sequence[str]] = ()) -> None:
    """A Word document of paragraphs and one table after them."""
    document = Document()
    document.core_properties.title = title
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    if table:
        made = document.add_table(len(table), len(table[0]))
        for row, cells in zip(made.rows, table, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                cell.text = text
    document.save(path)


def make_xlsx(path: Path, *sheets: Sequence[Sequence[object]]) -> None:
    """A workbook of the sheets' rows."""
    book = Workbook()
    book.remove(book.active)
    for rows in sheets:
        sheet = book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(path)


def make_zip(path: Path, members: dict[str, bytes]) -> None:
    """A ZIP archive of the members."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def repack(path: Path, part: str, old: bytes, new: bytes) -> None:
    """Replace bytes in one part of an office file."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[part] = members[part].replace(old, new)
    make_zip(path, members)


def make_jsonl(*entries: object) -> str:
    """JSON Lines of the entries."""
    return "".join(json.dumps(entry, ensure_ascii=False) + "\n" for entry in entries)


def make_feed(items: str, *, channel: str = "<title>وكالة الأنباء</title>") -> str:
    """An RSS feed of the items."""
    spaces = 'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {spaces}><channel>{channel}{items}</channel></rss>'
    )


def make_pdf(pages: Sequence[Sequence[str]], *, encrypted: bool = False) -> bytes:
    """A PDF of the lines of the pages, drawn as programs do: glyph by glyph from left to right, with a table of letters."""
    letters = sorted({char for page in pages for line in page for char in line})
    codes = {char: n for n, char in enumerate(letters, 1)}
    table = "".join(f"<{code:04x}> <{char.encode('utf-16-be').hex()}>\n" for char, code in codes.items())
    # A block of a letter table holds at most 100 of them.
    rows = table.splitlines(keepends=True)
    blocks = "".join(
        f"{len(rows[at : at + 100])} beginbfchar\n{''.join(rows[at : at + 100])}endbfchar\n"
        for at in range(0, len(rows), 100)
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{blocks}endcmap end end"
    )
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{' '.join(f'{6 + 2 * n} 0 R' for n in range(len(pages)))}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>",
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /DW 500 "
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> >>",
        _stream(cmap),
    ]
    for number, page in enumerate(pages):
        drawn = "".join(
            f"BT /F 12 Tf 1 0 0 1 50 {800 - 20 * n} Tm <{''.join(f'{codes[c]:04x}' for c in _draw(line))}> Tj ET\n"
            for n, line in enumerate(page)
        )
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 900 842] /Contents {7 + 2 * number} 0 R "
            "/Resources << /Font << /F 3 0 R >> >> >>"
        )
        objects.append(_stream(drawn))
    return _assemble(objects, encrypted)


def _draw(line: str) -> str:
    """A line as it stands on paper, from left to right."""
    return re.sub(r"[A-Za-z0-9]+(?:[.,/][0-9]+)*", lambda match: match[0][::-1], line)[::-1]


def _stream(content: str) -> str:
    return f"<< /Length {len(content.encode())} >>\nstream\n{content}\nendstream"


def _assemble(objects: Sequence[str], encrypted: bool) -> bytes:
    out = io.BytesIO(b"%PDF-1.7\n")
    out.seek(0, io.SEEK_END)
    offsets = []
    key = "00" * 32
    if encrypted:
        objects = [*objects, f"<< /Filter /Standard /V 1 /R 2 /O <{key}> /U <{key}> /P -4 >>"]
    for number, content in enumerate(objects, 1):
        offsets.append(out.tell())
        out.write(f"{number} 0 obj\n{content}\nendobj\n".encode())
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    out.write("".join(f"{offset:010d} 00000 n \n" for offset in offsets).encode())
    lock = f" /Encrypt {len(objects)} 0 R /ID [<{key}> <{key}>]" if encrypted else ""
    out.write(f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R{lock} >>\nstartxref\n{start}\n%%EOF\n".encode())
    return out.getvalue()
