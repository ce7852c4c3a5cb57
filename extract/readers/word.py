"""Word documents (.docx)."""

import zipfile
from collections.abc import Iterator

from lxml import etree

from extract.mentions import Article
from extract.readers.archives import open_package
from extract.readers.options import ReadOptions
from extract.readers.plain import make_article
from extract.readers.source import Refuse, Source

_BODY, _PROPERTIES = "word/document.xml", "docProps/core.xml"
_TITLE = "{http://purl.org/dc/elements/1.1/}title"
# What programs write where the author gave no title.
_NO_TITLES = frozenset({"word document", "document", "مستند"})
_SPACES = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
# Fallback repeats what the element before it says for old programs; deleted text and settings are no text.
_SKIPPED = frozenset({"Fallback", "del", "moveFrom", "instrText", "pPr", "rPr"})


def read_word(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The article of a document: its paragraphs in order, a line each; the cells of a table row are parted by tabs.

    Page headers, footers, notes and comments are left out, tracked changes taken as accepted. The title is the
    document's property; a header at the top of the text is read as in text files. The dates that Word keeps are those
    of the file, not of the article.
    """
    with open_package(source, options, _BODY) as stream, zipfile.ZipFile(stream) as package:
        try:
            text = _read_body(package)
            title = _read_title(package)
        except etree.XMLSyntaxError as error:
            raise source.error(f"damaged ({error.msg})", "open it in Word and save it again") from error
    if not text.strip():
        raise source.error("no text: pictures only, or empty", "save the text itself, or run OCR")
    yield make_article(source, text, options, title=title)


def _read_title(package: zipfile.ZipFile) -> str | None:
    if _PROPERTIES not in package.namelist():
        return None
    with package.open(_PROPERTIES) as stream:
        found = etree.parse(stream, etree.XMLParser(resolve_entities=False, no_network=True)).findtext(f".//{_TITLE}")
    return None if not found or found.strip().lower() in _NO_TITLES else found


def _read_body(package: zipfile.ZipFile) -> str:
    """The text, read as a stream of elements: a document may be large, and nested to any depth."""
    pieces: list[str] = []
    skipped = in_cell = 0
    with package.open(_BODY) as stream:
        for event, element in etree.iterparse(stream, events=("start", "end"), resolve_entities=False, no_network=True):
            if not isinstance(element.tag, str):
                continue
            tag, begins = element.tag.rpartition("}")[2], event == "start"
            skipped += (tag in _SKIPPED) * (1 if begins else -1)
            in_cell += (tag == "tc") * (1 if begins else -1)
            if begins and tag == "txbxContent":
                pieces.append("\n")
            if not begins and not skipped:
                pieces.append(_piece(tag, element.text, in_cell > 0))
            if not begins and tag == "p":
                element.clear()
    lines = "".join(pieces).replace(" \t", "\t").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _piece(tag: str, text: str | None, in_cell: bool) -> str:
    """What an element that ends adds to the text."""
    if tag == "t":
        return text or ""
    if tag == "p":
        return " " if in_cell else "\n"
    return {"tc": "\t", "tr": "\n"}.get(tag) or _SPACES.get(tag, "")
