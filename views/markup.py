"""Article text as HTML. Everything that strangers wrote goes through `escape` before it is shown as markup."""

import html
import re
import unicodedata
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

# Line ends and tabs stay; other control characters have no business in a page.
_KEPT_CONTROLS = "\n\r\t"
# Overrides make letters run the wrong way ("fdp.exe" out of "exe.pdf"); no newspaper writes them. In a label, which has
# no element of its own to end in, embeddings and isolates could turn around what follows as well.
_OVERRIDES = "\u202d\u202e"
_EMBEDDINGS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"']+\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text to mark, code points, end exclusive. `kind` is a CSS class of ours, `note` a tooltip."""

    start: int
    end: int
    kind: str
    note: str = ""


def escape(text: str) -> str:
    """The text with everything that HTML would take as markup written out, and control characters dropped.

    >>> escape('<img src=x onerror="alert(1)"> & {{7*7}}')
    '&lt;img src=x onerror=&quot;alert(1)&quot;&gt; &amp; {{7*7}}'
    """
    return html.escape("".join(c for c in text if _is_shown(c)), quote=True)


def _is_shown(char: str) -> bool:
    return char in _KEPT_CONTROLS or (unicodedata.category(char) not in ("Cc", "Cs") and char not in _OVERRIDES)


# Streamlit reads labels of buttons as Markdown, with codes between colons for symbols and colours. A word joiner, which
# is not seen, keeps "www." and "@" from becoming links: an escape does not.
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]()#+-!|<>~$&"})
_JOINED = str.maketrans({":": ":\u2060", ".": "\u2060\\.", "@": "\u2060@\u2060"})


def plain(text: str) -> str:
    """The text for a label that would be read as Markdown: shown as it is.

    >>> plain("[a](b) *c*")
    '\\\\[a\\\\]\\\\(b\\\\) \\\\*c\\\\*'
    """
    kept = "".join(" " if c in _KEPT_CONTROLS else c for c in text if _is_shown(c) and c not in _EMBEDDINGS)
    return kept.translate(_MARKDOWN | _JOINED)


def mark(text: str, spans: Iterable[Span]) -> str:
    """The text as HTML with the spans marked: `mark` for the kind "place", a span for others.

    A span that lies outside the text or overlaps an earlier one is left out.

    >>> mark("من غريان", [Span(3, 8, "place")])
    'من <mark class="place">غريان</mark>'
    """
    pieces, position = [], 0
    for span in sorted(spans, key=lambda s: (s.start, s.end)):
        if span.start < position or span.end > len(text) or span.start >= span.end:
            continue
        pieces.append(escape(text[position : span.start]))
        tag = "mark" if span.kind.startswith("place") else "span"
        note = f' title="{escape(span.note)}"' if span.note else ""
        pieces.append(f'<{tag} class="{escape(span.kind)}"{note}>{escape(text[span.start : span.end])}</{tag}>')
        position = span.end
    pieces.append(escape(text[position:]))
    return "".join(pieces)


def is_web_address(url: str) -> bool:
    """Whether the text is an address of the web, which alone may become a link."""
    return bool(_WEB_ADDRESS.match(url))


def passage_html(marked: str) -> str:
    """A sentence of an article, which is HTML already (see `mark`), as a passage of its own."""
    return f'<article class="rasid-passage" lang="ar" dir="rtl"><p>{marked}</p></article>'


def link(url: str | None, label: str) -> str:
    """A link that opens in a new page for a web address, the escaped label alone for anything else."""
    if not url or not is_web_address(url):
        return escape(label)
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer">{escape(label)}</a>'


def isolate(text: str) -> str:
    """The text as HTML, kept from mixing its direction with what stands around it.

    >>> isolate("<b>")
    '<bdi>&lt;b&gt;</bdi>'
    """
    return f"<bdi>{escape(text)}</bdi>"


def apart(text: str) -> str:
    """The text for a label, which is no HTML, between the signs that keep its direction to itself.

    >>> apart("x") == "\\u2068x\\u2069"
    True
    """
    return f"\u2068{text}\u2069"


def html_table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, label: str, direction: str, wide: Container[int] = ()
) -> str:
    """A table of plain texts that scrolls on its own. The columns numbered in `wide` hold sentences.

    >>> html_table(["<a>"], [["b"]], label="c", direction="ltr").count("&lt;a&gt;")
    1
    """
    kind = {True: ' class="wide"', False: ""}
    body = "".join(
        f"<tr>{''.join(f'<td{kind[number in wide]}>{isolate(cell)}</td>' for number, cell in enumerate(row))}</tr>"
        for row in rows
    )
    return table_around(body, heads, label=label, direction=direction)


def table_around(body: str, heads: Iterable[str], *, label: str, direction: str) -> str:
    """A table that scrolls on its own around rows that are HTML already; heads and label are plain texts."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in heads)
    return (
        f'<div class="rasid-table" dir="{direction}" tabindex="0" role="region" aria-label="{escape(label)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
