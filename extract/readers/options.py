"""How inputs are read, where the user wants it otherwise, and the limits that keep a hostile input from filling memory."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from extract.mentions import ARTICLE_FIELDS

FIELDS = ("id", *ARTICLE_FIELDS)


@dataclass(frozen=True)
class ReadOptions:
    """How inputs are read. Sizes are in bytes unless the name says otherwise.

    `columns` names the column (or the JSON key, "a.b" for a key within a key) of a field: {"text": "body"}; the other
    fields are still guessed. `encoding` is taken for text files in place of the detected one. `date_order` is how
    12/5/2019 is read: None means day first, but not at all in JSON, where both orders are usual.
    Raises ValueError for a field or an encoding that does not exist.
    """

    columns: Mapping[str, str] = field(default_factory=dict)
    encoding: str | None = None
    date_order: Literal["dmy", "mdy"] | None = None
    # A long book has about a million characters: what has five is not one article.
    max_text_chars: int = 5_000_000
    # A JSON line may write each character in six (\u0627), and carries other fields.
    max_line_chars: int = 32_000_000
    # For what has to be in memory as a whole: a text file (4 bytes a character at most), a page, a document, a JSON object.
    max_text_bytes: int = 20_000_000
    max_page_bytes: int = 10_000_000
    max_document_bytes: int = 200_000_000
    max_object_bytes: int = 64_000_000
    # What an archive or an office file may unpack to: text packs 3 to 20 times, a bomb a thousand times.
    max_ratio: int = 200
    ratio_from_bytes: int = 10_000_000
    max_unpacked_bytes: int = 500_000_000
    # An archive's table of contents is held in memory: about 300,000 members.
    max_contents_bytes: int = 30_000_000
    max_pages: int = 5_000

    def __post_init__(self) -> None:
        unknown = sorted(set(self.columns) - set(FIELDS))
        if unknown:
            raise ValueError(f"no such field: {', '.join(unknown)} (fields are {', '.join(FIELDS)})")
        if self.encoding is not None:
            _check_encoding(self.encoding)


def _check_encoding(name: str) -> None:
    try:
        "ا".encode(name)
    except LookupError as error:
        raise ValueError(f"no such encoding: {name}") from error
    except UnicodeEncodeError:
        return
