"""Text files, and the header that may stand at the top of a text."""

from collections.abc import Iterator

from extract.mentions import Article
from extract.readers.encoding import decode_text
from extract.readers.fields import check_text, clean_id, find_field, read_metadata
from extract.readers.options import ReadOptions
from extract.readers.source import Refuse, Source

# A header is short; a text whose first lines all look like «المصدر: ...» for longer than this is no header.
_LONGEST_HEADER = 2_000


def read_plain(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The article of a text file: all of it, or what follows a header."""
    text = decode_text(source, source.read(options.max_text_bytes), options)
    yield make_article(source, text, options)


def make_article(source: Source, text: str, options: ReadOptions, **found: str | None) -> Article:
    """One article of one file. The text's header, if any, is cut off and overrules the `found` metadata."""
    whole = check_text(source, text, options)
    header, start = split_header(whole)
    body = whole[start:]
    if not body.strip():
        raise source.error("empty: a header without a text", "put the text after the empty line")
    values = found | header
    return Article(
        id=clean_id(header.get("id")) or source.base_id,
        text=body,
        **read_metadata(values, options.date_order or "dmy"),
    )


def split_header(text: str) -> tuple[dict[str, str], int]:
    """The fields of a header and the offset at which the text after it begins; nothing and 0 where there is none.

    A header is lines such as «العنوان: ...» or "Date: ..." at the very top, all of known names and none twice, and then
    an empty line.

    >>> split_header("العنوان: اشتباكات في غريان\\nDate: 2020-01-20\\n\\nقالت")
    ({'title': 'اشتباكات في غريان', 'date': '2020-01-20'}, 45)
    """
    fields: dict[str, str] = {}
    offset = 0
    for line in text[:_LONGEST_HEADER].splitlines(keepends=True):
        offset += len(line)
        if not line.strip():
            return (fields, offset) if fields else ({}, 0)
        label, colon, value = line.partition(":")
        field = find_field(label.strip("\ufeff* #"))
        if not colon or field in (None, "text") or field in fields or not value.strip():
            return {}, 0
        fields[field] = value.strip()
    return {}, 0
