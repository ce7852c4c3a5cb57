"""JSON Lines, and JSON files of one article or a list of articles."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from extract.mentions import Article
from extract.readers.encoding import decode_text, read_lines
from extract.readers.errors import ArticleError
from extract.readers.fields import RecordFile, guess_columns, list_names
from extract.readers.options import ReadOptions
from extract.readers.source import Refuse, Source

_CHUNK = 1 << 20
_BLANK = " \t\n\r"
_DECODER = json.JSONDecoder()


def read_json_lines(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The articles of a JSON Lines file, a line at a time. A bad line is refused and the next one read."""
    records = RecordFile(source, options, unit="line", order=None)
    number, continued = 0, False
    with source.open() as stream:
        for line in read_lines(source, stream, options, newline="\n"):
            number += not continued
            too_long, was_continued = len(line) > options.max_line_chars, continued
            continued = not line.endswith("\n")
            if was_continued or (not too_long and not line.strip()):
                continue
            try:
                if too_long:
                    raise records.error(f"longer than {options.max_line_chars:,} characters", "split it", row=number)
                yield _make_article(records, _parse(records, line, number), number, options)
            except ArticleError as error:
                refuse(error)


def read_json(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The articles of a JSON file: a list, read an item at a time, or one object, which is an article or holds a list."""
    records = RecordFile(source, options, unit="item", order=None)
    with source.open() as stream:
        if stream.read(64).lstrip(b"\xef\xbb\xbf\xff\xfe\x00 \t\r\n")[:1] != b"[":
            items: Iterator[Any] = iter(_unwrap(_read_object(source, options)))
        else:
            items = _stream_items(source, options)
        for number, item in enumerate(items, 1):
            try:
                yield _make_article(records, item, number, options)
            except ArticleError as error:
                refuse(error)


def _parse(records: RecordFile, line: str, number: int) -> Any:
    try:
        return json.loads(line)
    except RecursionError as error:
        raise records.error("not JSON (nested too deeply)", "write one object a line", row=number) from error
    except ValueError as error:
        hint = "the file is cut off: get it again" if not line.endswith("\n") else "write one object a line"
        raise records.error(f"not JSON ({error})", hint, row=number) from error


def _make_article(records: RecordFile, entry: Any, number: int, options: ReadOptions) -> Article:
    if not isinstance(entry, dict):
        raise records.error("one JSON object a line is wanted", "write {...} for each article", row=number)
    columns = guess_columns(entry, options.columns)
    if "text" not in columns:
        hint = f"name the key of the text (there are: {list_names(entry)})" if entry else "fill it"
        raise records.error('"text" is missing', hint, row=number)
    values = {field: _look_up(entry, name) for field, name in columns.items()}
    return records.make_article(values, number, columns=columns)


def _look_up(entry: Mapping[str, Any], name: str) -> Any:
    if name in entry:
        return entry[name]
    value: Any = entry
    for key in name.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _read_object(source: Source, options: ReadOptions) -> Any:
    text = decode_text(source, source.read(options.max_object_bytes), options)
    try:
        return json.loads(text)
    except RecursionError as error:
        raise source.error("not JSON (nested too deeply)", "write a list of objects") from error
    except ValueError as error:
        hint = "rename it to .jsonl if it holds one object a line" if "Extra data" in str(error) else "get it again"
        raise source.error(f"not JSON ({error})", hint) from error


def _unwrap(entry: Any) -> list[Any]:
    """The articles in one object: itself, or the list it holds under whatever name ("articles", "data", "items")."""
    if isinstance(entry, dict) and "text" not in guess_columns(entry, {}):
        lists = [v for v in entry.values() if isinstance(v, list) and v and all(isinstance(i, dict) for i in v)]
        if len(lists) == 1:
            return lists[0]
    return [entry]


def _stream_items(source: Source, options: ReadOptions) -> Iterator[Any]:
    """The items of a list. Raises ArticleError where the file stops being JSON: nothing after that can be found."""
    number = 0
    with source.open() as stream:
        buffer = _Buffer(read_lines(source, stream, options, newline="\n", limit=_CHUNK))
        buffer.skip("[")
        while True:
            char = buffer.peek()
            if char == "]" and number == 0:
                return
            number += 1
            try:
                yield buffer.decode(options.max_line_chars)
            except (ValueError, RecursionError) as error:
                reason = f"not JSON from here on ({type(error).__name__}): {number - 1} items read before"
                raise source.error(reason, "it is cut off or damaged: get it again", row=number, unit="item") from error
            char = buffer.peek()
            buffer.skip(char)
            if char == "]":
                return
            if char != ",":
                reason = "a list that does not end" if not char else "not JSON from here on"
                raise source.error(reason, "it is cut off or damaged: get it again", row=number, unit="item")


class _Buffer:
    """Text that comes in chunks, read value by value."""

    def __init__(self, chunks: Iterator[str]) -> None:
        self._chunks, self._text, self._at = chunks, "", 0

    def peek(self) -> str:
        """The next character that is not blank, "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _BLANK:
                    return self._text[self._at]
                self._at += 1
            if not self._grow(1):
                return ""

    def skip(self, char: str) -> None:
        """Go past the next character, if it is this one."""
        if char and self.peek() == char:
            self._at += 1

    def decode(self, limit: int) -> Any:
        """The next value. Raises ValueError when there is none within `limit` characters.

        The text is doubled until the value is whole, so that one value is scanned a few times at most.
        """
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
                # A number at the end of a chunk may go on in the next.
                if end < len(self._text) or not self._grow(1):
                    self._at = end
                    return value
            except json.JSONDecodeError:
                if len(self._text) - self._at > limit or not self._grow(len(self._text) - self._at):
                    raise

    def _grow(self, wanted: int) -> bool:
        pieces, length = [self._text[self._at :]], 0
        for chunk in self._chunks:
            pieces.append(chunk)
            length += len(chunk)
            if length >= max(wanted, _CHUNK // 16):
                break
        self._text, self._at = "".join(pieces), 0
        return length > 0
