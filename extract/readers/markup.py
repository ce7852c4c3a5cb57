"""HTML as text: parsing that hostile pages cannot exhaust, and fragments such as feeds carry."""

import re

from lxml import etree, html

_BLOCKS = frozenset(
    "address article aside blockquote br center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section table tbody td tfoot th thead tr ul".split()
)
_SILENT = frozenset("script style noscript template iframe object svg head title".split())
_TAG = re.compile(r"<[a-zA-Z/!][^>]*>|&#?\w+;")
_BLANKS = re.compile(r"[^\S\n]+")
_LINES = re.compile(r" *\n[ \n]*")


class MarkupError(ValueError):
    """A page that would have to be cut to be read."""


def parse_page(text: str) -> html.HtmlElement | None:
    """The tree of a page, None when there is nothing in it. Raises MarkupError when it is nested too deeply."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, no_network=True, huge_tree=False)
    try:
        tree = html.document_fromstring(text.encode("utf-8", "replace"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):
        return None
    # The parser stops silently at 256 levels, and at texts of 10 MB: what follows would be lost.
    if any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log):
        raise MarkupError("nested too deeply")
    return tree


def fragment_to_text(fragment: str) -> str:
    """The text of a piece of HTML, a line for each block; a text without tags as it is. Raises MarkupError as parse_page does.

    >>> fragment_to_text("<p>وصل <b>الوفد</b></p><p>إلى&nbsp;غريان</p>")
    'وصل الوفد\\nإلى غريان'
    """
    if not _TAG.search(fragment):
        return fragment.strip()
    tree = parse_page(fragment)
    return "" if tree is None else tree_to_text(tree)


def tree_to_text(tree: html.HtmlElement) -> str:
    """The visible text under an element, a line for each block."""
    pieces: list[str] = []
    silent = 0
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        is_block, is_silent = element.tag in _BLOCKS, element.tag in _SILENT
        if event == "start":
            silent += is_silent
            pieces.append("\n" if is_block else "")
            pieces.append("" if silent else element.text or "")
        else:
            silent -= is_silent
            pieces.append("\n" if is_block else "")
            pieces.append("" if silent or element is tree else element.tail or "")
    return _LINES.sub("\n", _BLANKS.sub(" ", "".join(pieces).replace("\r", ""))).strip()
