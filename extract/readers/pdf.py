"""PDF documents."""

import ctypes
import itertools
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from extract.mentions import Article
from extract.readers.options import ReadOptions
from extract.readers.plain import make_article
from extract.readers.rightleft import GAP, Glyph, is_mark, is_right_to_left, order_line, repair_backward
from extract.readers.source import Refuse, Source

_OCR = "run OCR first (ocrmypdf -l ara)"
# Stands for a page that could not be loaded, by identity.
_DAMAGED = "\0damaged"
_NO_CHARACTER_CODES = frozenset({0, 2, 0x0A, 0x0D, 0xFFFE, 0xFFFF})
# A letter that stands more than this part of a tall letter above or below the one before it is on another line.
_LINE_STEP = 0.5
# Letters as fonts draw them: the text means the letters themselves.
_DRAWN = re.compile("[\ufb50-\ufdff\ufe70-\ufeff]+")
# What PDF writers put for a hyphen at the end of a line, and other signs that stand for no character.
_NO_CHARACTERS = re.compile("[\ufffe\uffff\x02]")
_SENTENCE_ENDS = (".", "!", "؟", "?", "…", ":", "»", "”", "۔")
# A line much shorter than the others is the last of its paragraph, or a heading.
_FULL_LINE = 0.75


def read_pdf(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The article of a document: the text of its pages in reading order, lines of a paragraph joined.

    Pages without text (scanned ones) are refused one by one and the others read. A header at the top of the text is read
    as in text files; a document's properties are not used: programs fill them with file names and their own date.
    Raises ArticleError when no page has text, and for encrypted and damaged documents.
    """
    # The library loads a large binary: who reads no PDF does not wait for it.
    import pypdfium2

    data = source.read(options.max_document_bytes)
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "assword" in str(error):
            raise source.error("encrypted", "save it without a password") from error
        raise source.error("not a PDF, or damaged", "open it and save it again") from error
    try:
        pages = list(_read_pages(source, document, options, refuse))
    finally:
        document.close()
    whole = [page for page in pages if page is not _DAMAGED]
    if sum(map(_count_letters, whole)) == 0:
        raise source.error("no text: a scanned document" if whole else "no page can be read", _OCR)
    for number, page in enumerate(pages, 1):
        if page is not _DAMAGED and not page.strip():
            refuse(source.error("no text on this page: scanned, or blank", _OCR, row=number, unit="page"))
    yield make_article(source, join_lines("\n".join(map(_drop_page_number, whole))), options)


def _read_pages(source: Source, document: Any, options: ReadOptions, refuse: Refuse) -> Iterator[str]:
    from pypdfium2 import PdfiumError

    if len(document) > options.max_pages:
        raise source.error(f"more than {options.max_pages:,} pages", "split it")
    total = 0
    for number in range(len(document)):
        try:
            page = document[number]
            textpage = page.get_textpage()
        except PdfiumError:
            refuse(source.error("a damaged page", "open the document and save it again", row=number + 1, unit="page"))
            yield _DAMAGED
            continue
        total += textpage.count_chars()
        if total > options.max_text_chars:
            raise source.error(f"more than {options.max_text_chars:,} characters", "split it")
        yield _read_page(textpage)
        textpage.close()
        page.close()


def _read_page(textpage: Any) -> str:
    text = _NO_CHARACTERS.sub("", textpage.get_text_range())
    return repair_backward(_plain_letters(_order_page(textpage))) if is_right_to_left(text) else text


def _plain_letters(text: str) -> str:
    return _DRAWN.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def _order_page(textpage: Any) -> str:
    """The lines of a page, Arabic ones put in reading order by where their letters stand."""
    lines = _lines(textpage)
    heights = sorted(_tallest(line) for line in lines)
    usual = heights[len(heights) // 2] if heights else 0.0
    texts = []
    for line in lines:
        text = "".join(glyph.char for glyph in line)
        # A line of low letters only has blanks as wide as its neighbours.
        height = max(_tallest(line), 0.7 * usual)
        texts.append(order_line(line, height) if is_right_to_left(text) else _left_to_right(line, height))
    return "\n".join(texts)


def _left_to_right(line: list[Glyph], height: float) -> str:
    pieces = [line[0].char]
    for before, glyph in itertools.pairwise(line):
        pieces += [" "] * (glyph.left - before.right > GAP * height) + [glyph.char]
    return " ".join("".join(pieces).split())


def _lines(textpage: Any) -> list[list[Glyph]]:
    """The glyphs of each line. A line goes on until the letters change their height on the page.

    The library's own lines and blanks do not count: it breaks lines at vowel signs, and sets blanks by its own order.
    """
    lines: list[list[Glyph]] = [[]]
    line_at = 0.0
    marks: list[Glyph] = []
    for glyph, baseline in _glyphs(textpage):
        if is_mark(glyph):
            marks.append(glyph)
            continue
        if lines[-1] and abs(baseline - line_at) > _LINE_STEP * max(_tallest(lines[-1][-20:]), glyph.height):
            lines.append([])
        line_at = baseline
        lines[-1] += [*marks, glyph]
        marks = []
    lines[-1] += marks
    return [line for line in lines if not all(map(is_mark, line))]


def _glyphs(textpage: Any) -> Iterator[tuple[Glyph, float]]:
    """The glyphs in the library's order with their baselines, without what was not drawn."""
    import pypdfium2.raw as pdfium

    x, y, box = ctypes.c_double(), ctypes.c_double(), pdfium.FS_RECTF()
    for index in range(textpage.count_chars()):
        code = pdfium.FPDFText_GetUnicode(textpage, index)
        if code in _NO_CHARACTER_CODES or not pdfium.FPDFText_GetTextObject(textpage, index):
            continue
        pdfium.FPDFText_GetCharOrigin(textpage, index, x, y)
        pdfium.FPDFText_GetLooseCharBox(textpage, index, box)
        _, bottom, _, top = textpage.get_charbox(index)
        yield Glyph(chr(code), min(x.value, box.left), box.right, top - bottom, x.value), y.value


def _tallest(glyphs: list[Glyph]) -> float:
    return max((glyph.height for glyph in glyphs), default=0.0)


def _count_letters(text: str) -> int:
    return sum(map(str.isalpha, text))


def _drop_page_number(page: str) -> str:
    """The page without a first and a last line that hold no letter: they would stand within a sentence."""
    lines = [line for line in page.splitlines() if line.strip()]
    for end in (0, -1):
        if lines and _count_letters(lines[end]) == 0:
            del lines[end]
    return "\n".join(lines)


def join_lines(text: str) -> str:
    """The lines of a page as paragraphs: a line break within a sentence would cut names in two.

    A line goes on in the next unless it ends a sentence, or is much shorter than the longest line.

    >>> join_lines("وصل الوفد الرسمي إلى مدينة بني\\r\\nوليد في ساعة متأخرة من اليوم.\\r\\nوقال الناطق")
    'وصل الوفد الرسمي إلى مدينة بني وليد في ساعة متأخرة من اليوم.\\nوقال الناطق'
    """
    lines = [" ".join(line.split()) for line in text.splitlines()]
    full = _FULL_LINE * max(map(len, lines), default=0)
    pieces: list[str] = []
    for line in lines:
        if not line:
            continue
        ends = line.endswith(_SENTENCE_ENDS) or len(line) < full
        pieces += [line, "\n" if ends else " "]
    return "".join(pieces).strip()
