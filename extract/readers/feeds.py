"""RSS and Atom feeds."""

import html
import re
from collections.abc import Iterator

from lxml import etree

from extract.mentions import Article
from extract.readers.encoding import read_lines
from extract.readers.errors import ArticleError
from extract.readers.fields import RecordFile
from extract.readers.markup import MarkupError, fragment_to_text
from extract.readers.options import ReadOptions
from extract.readers.source import Refuse, Source

_CHUNK = 1 << 20
_ITEMS = frozenset({"item", "entry"})
# Which elements hold a field, the best first. A description may be the beginning only: where a feed has both, the whole.
_TEXTS = ("encoded", "content", "body", "fulltext", "full-text", "description", "summary")
_TITLES, _DATES = ("title",), ("pubDate", "published", "date", "issued", "updated", "modified")
_IDS, _OUTLETS = ("guid", "id"), ("source", "publisher")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>")
_NAMED = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)([A-Za-z]\w{1,30});")
_BARE = re.compile(r"&(?!(?:[A-Za-z]\w{1,30}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def read_feed(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The articles of a feed, an item at a time: the whole text where the feed carries it, else its description.

    The outlet is the item's source, else the feed's title; the id is the item's guid or address. Markup in texts is removed.
    Raises ArticleError, after the items before, where the file breaks off, and for XML that is no feed.
    """
    records = RecordFile(source, options, unit="item", wants_ids=False)
    columns = {"text": "description"}
    number, channel = 0, None
    for element in _elements(source, options):
        name = _local(element)
        if name == "title" and _local(element.getparent()) in ("channel", "feed"):
            channel = _plain(element)
        if name not in _ITEMS:
            continue
        number += 1
        try:
            yield records.make_article(_read_item(element, channel), number, columns=columns)
        except ArticleError as error:
            refuse(error)
        except MarkupError as error:
            refuse(records.error(str(error), "save the article's text itself", row=number))
        _forget(element)
    if number == 0:
        raise source.error("neither RSS nor Atom: no items in it", "save the articles as HTML or text")


def _elements(source: Source, options: ReadOptions) -> Iterator[etree._Element]:
    """The elements as they end. Raises ArticleError where the feed breaks off."""
    parser = etree.XMLPullParser(
        events=("start", "end"),
        recover=True,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        encoding="utf-8",
    )
    depth = items = 0
    for chunk in _chunks(source, options):
        parser.feed(chunk)
        for event, element in parser.read_events():
            depth += 1 if event == "start" else -1
            if event == "end" and isinstance(element.tag, str):
                items += _local(element) in _ITEMS
                yield element
    if depth > 0:
        reason = f"breaks off, or is nested too deeply: {items} items read before"
        raise source.error(reason, "get the feed again", row=items + 1, unit="item")


def _chunks(source: Source, options: ReadOptions) -> Iterator[bytes]:
    """The file as UTF-8 without its declaration, HTML's named characters (&nbsp;) and bare ampersands mended."""
    with source.open() as stream:
        for number, line in enumerate(read_lines(source, stream, options, newline="\n", limit=_CHUNK)):
            text = _DECLARATION.sub("", line) if number == 0 else line
            if "<!ENTITY" in text:
                raise source.error("XML that defines entities, which feeds have no use for", "get the feed again")
            text = _BARE.sub("&amp;", _NAMED.sub(lambda match: html.escape(html.unescape(match[0])), text))
            yield _ILLEGAL.sub("\ufffd", text).encode("utf-8")


def _local(element: etree._Element | None) -> str:
    tag = element.tag if element is not None else ""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _read_item(item: etree._Element, channel: str | None) -> dict[str, str | None]:
    children: dict[str, list[etree._Element]] = {}
    for child in item.iterchildren():
        children.setdefault(_local(child), []).append(child)

    def first(names: tuple[str, ...]) -> str | None:
        texts = (_plain(child) for name in names for child in children.get(name, ()))
        return next((text for text in texts if text), None)

    link = _link(children.get("link", []))
    return {
        "id": first(_IDS) or link,
        "text": first(_TEXTS),
        "title": first(_TITLES),
        "date": first(_DATES),
        "outlet": first(_OUTLETS) or channel,
        "url": link,
    }


def _plain(element: etree._Element) -> str:
    """The element's text without markup, which stands in it escaped (RSS) or as elements (Atom's xhtml)."""
    if len(element):
        return fragment_to_text(etree.tostring(element, encoding="unicode", with_tail=False))
    return fragment_to_text(element.text or "")


def _link(links: list[etree._Element]) -> str | None:
    chosen = [link for link in links if link.get("rel", "alternate") == "alternate"] or links
    return next((address.strip() for link in chosen if (address := link.get("href") or link.text)), None)


def _forget(item: etree._Element) -> None:
    """Drop an item that was read, and all before it: a feed of a gigabyte must not stay in memory."""
    item.clear(keep_tail=False)
    parent = item.getparent()
    while parent is not None and item.getprevious() is not None:
        del parent[0]
