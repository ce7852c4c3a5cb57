"""Web pages (.html, .htm)."""

import contextlib
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

from lxml import html

from extract.dates import parse_date
from extract.mentions import Article
from extract.readers.encoding import decode_text
from extract.readers.fields import check_text, read_metadata
from extract.readers.markup import MarkupError, parse_page, tree_to_text
from extract.readers.options import ReadOptions
from extract.readers.source import Refuse, Source

_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{3,20})", re.IGNORECASE)
# Other declarations are templates' leftovers on Arabic pages (iso-8859-1), or of no use.
_BELIEVED = frozenset({"windows-1256", "cp1256", "iso-8859-6", "utf-16", "utf-16le"})
_TITLES = ("og:title", "twitter:title", "dc.title", "parsely-title")
_DATES = (
    "article:published_time og:article:published_time og:published_time datepublished date pubdate publishdate "
    "publish-date publish_date publication_date dc.date dc.date.issued dcterms.created dcterms.issued dcterms.date "
    "sailthru.date parsely-pub-date article.published article:published cxenseparse:recs:publishtime"
).split()
_OUTLETS = ("og:site_name", "application-name", "dc.publisher", "publisher", "article:publisher")
_DATED = re.compile(r"\b(?:date|time|publish|pub|posted|meta)|تاريخ", re.IGNORECASE)
_LONGEST_DATE = 120
_ARTICLE_TYPES = re.compile(r"Article|NewsArticle|Report|BlogPosting|WebPage")


def read_page(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The article of a page: its main text without menus, comments and advertisements, a line for each paragraph.

    Title, date, outlet and url come from the page's own description of itself (meta elements, JSON-LD), the title else
    from the first heading, the date else from the first <time> or dated element of the article or after its heading.
    """
    data = source.read(options.max_page_bytes)
    try:
        tree = parse_page(_decode(source, data, options))
    except MarkupError as error:
        raise source.error(str(error), "save the article's text itself") from error
    metadata = read_metadata(_describe(tree)) if tree is not None else {}
    text = _main_text(tree) if tree is not None else ""
    if not text.strip():
        raise source.error("no article in the page", "save the page when it is fully loaded, or save its text")
    text = check_text(source, text, options)
    title = metadata["title"]
    # The heading may stand in the main text or not: it is the title, and the text is what follows.
    body = text[len(title) :].lstrip() if title and text.startswith(f"{title}\n") else text
    yield Article(id=source.base_id, text=body, **metadata)


def _decode(source: Source, data: bytes, options: ReadOptions) -> str:
    """The page's text: valid UTF-8 is it whatever the page says; then the page's word counts, then how letters look."""
    declared = _CHARSET.search(data[:4096])
    name = declared[1].decode("ascii").lower() if declared else ""
    names = ([] if b"\0" in data else ["utf-8-sig"]) + ([name] if name in _BELIEVED else [])
    for name in names if options.encoding is None else ():
        with contextlib.suppress(UnicodeDecodeError):
            return data.decode(name)
    return decode_text(source, data, options)


def _main_text(tree: html.HtmlElement) -> str:
    # The library takes half a second to import: who reads no pages does not wait for it.
    import trafilatura

    # Its messages repeat in other words what a refusal says.
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    found = trafilatura.extract(
        tree, output_format="txt", include_comments=False, include_tables=True, include_formatting=False, fast=True
    )
    return found or ""


def _describe(tree: html.HtmlElement) -> dict[str, Any]:
    """The raw values of the fields that a page gives."""
    meta = _read_meta(tree)
    linked = _linked_data(tree)
    outlet = _first(meta, _OUTLETS) or _name(linked.get("publisher"))
    return {
        "title": _first(meta, _TITLES) or linked.get("headline") or _heading(tree, outlet),
        "date": _first_date([_first(meta, (name,)) for name in _DATES] + [linked.get("datePublished")])
        or _shown_date(tree),
        "outlet": outlet if outlet and not str(outlet).startswith("http") else None,
        "url": _address(tree, meta),
    }


def _read_meta(tree: html.HtmlElement) -> dict[str, str]:
    meta: dict[str, str] = {}
    for element in tree.iter("meta"):
        name = element.get("property") or element.get("name") or element.get("itemprop")
        content = element.get("content")
        if name and content and content.strip():
            meta.setdefault(name.strip().lower(), content.strip())
    return meta


def _first(meta: dict[str, str], names: tuple[str, ...]) -> str | None:
    return next((meta[name] for name in names if name in meta), None)


def _linked_data(tree: html.HtmlElement) -> dict[str, Any]:
    """The first article that the page's JSON-LD describes."""
    for script in tree.iterfind(".//script[@type='application/ld+json']"):
        try:
            content = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        entries = content if isinstance(content, list) else [content]
        graphs = [
            entry["@graph"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("@graph"), list)
        ]
        for entry in [*entries, *(item for graph in graphs for item in graph)]:
            if isinstance(entry, dict) and _ARTICLE_TYPES.search(str(entry.get("@type"))):
                return entry
    return {}


def _name(value: Any) -> Any:
    value = value[0] if isinstance(value, list) and value else value
    return value.get("name") if isinstance(value, dict) else value


def _heading(tree: html.HtmlElement, outlet: str | None) -> str | None:
    headings = [text for h1 in tree.iter("h1") if (text := tree_to_text(h1))]
    if len(headings) == 1:
        return headings[0]
    title = next((text for element in tree.iter("title") if (text := (element.text or "").strip())), None)
    if title and outlet:
        title = re.sub(rf"\s*[-|–—:·»]+\s*{re.escape(outlet)}\s*$", "", title)
    return title


def _first_date(values: list[Any]) -> str | None:
    return next((found for value in values if (found := parse_date(value)) is not None), None)


def _shown_date(tree: html.HtmlElement) -> str | None:
    """The first date shown within the article or after its heading. Page heads show the day of the visit: they do not count."""
    scopes = tree.xpath("(//article|//main|//*[@itemprop='articleBody'])[1]") or []
    elements = [element for scope in scopes for element in scope.iter()] or tree.xpath("(//h1)[1]/following::*")
    for element in elements[:2000]:
        if element.tag == "time":
            value = element.get("datetime") or tree_to_text(element)
        elif isinstance(element.tag, str) and _DATED.search(
            f"{element.get('class')} {element.get('id')} {element.get('itemprop')}"
        ):
            value = element.get("content") or tree_to_text(element)
        else:
            continue
        if len(value) <= _LONGEST_DATE and (found := parse_date(value)) is not None:
            return found
    return None


def _address(tree: html.HtmlElement, meta: dict[str, str]) -> str | None:
    canonical = next((link.get("href") for link in tree.iter("link") if link.get("rel") == "canonical"), None)
    address = canonical or meta.get("og:url")
    return address if address and address.lower().startswith(("http://", "https://")) else None
