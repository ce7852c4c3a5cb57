"""Inputs that were refused, as a table: where, why and what to do about it, in the language of the interface.

The readers say it in English. Each form they use often stands here with the text to translate; another is shown as it is.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from views.forms import read_forms, say
from views.markup import escape, html_table
from views.texts import Texts

FORMS = read_forms(
    (
        (r"empty", "empty"),
        (r"empty: no text", "no text in it"),
        (r"empty: no rows", "no rows in it"),
        (r"empty: a header without a text", "a header without a text"),
        (r"no articles in it", "no articles in it"),
        (r"no article in the page", "no article in the page"),
        (r"no text: pictures only, or empty", "no text: pictures only, or empty"),
        (r"no text: a scanned document", "no text: a scanned document"),
        (r"no text on this page: scanned, or blank", "no text on this page: scanned, or blank"),
        (r"encrypted", "encrypted"),
        (r"encrypted, or of the old office format", "encrypted, or of the old office format"),
        (r"not a PDF, or damaged", "not a PDF, or damaged"),
        (r"a damaged page", "a damaged page"),
        (r"damaged \((?P<detail>.+)\)", "damaged ({detail})"),
        (r"damaged archive \((?P<detail>.+)\)", "damaged ({detail})"),
        (r"not a whole ZIP archive \((?P<detail>.+)\)", "damaged ({detail})"),
        (r"cannot be read \((?P<detail>.+)\)", "cannot be read ({detail})"),
        (r"not JSON \((?P<detail>.+)\)", "not JSON ({detail})"),
        (r"one JSON object a line is wanted", "one JSON object a line is wanted"),
        (r"not a kind of file that is read \((?P<kinds>.+)\)", "not a kind of file that is read ({kinds})"),
        (r'"(?P<name>.+)" is missing or empty', "«{name}» is missing or empty"),
        (r'"(?P<name>.+)" is missing', "«{name}» is missing"),
        (r"bytes of another encoding", "letters of another encoding"),
        (r"garbled: its letters were lost", "garbled: its letters were lost"),
        (r"neither RSS nor Atom: no items in it", "neither RSS nor Atom: no items in it"),
        (r"a quote that is not closed", "a quotation mark that is not closed"),
        (r"more than (?P<mb>\d+) MB", "more than {mb} MB"),
        (r"remove it, or save it again", "remove it, or save it again"),
        (r"remove it, or save the article again", "remove it, or save the article again"),
        (r"see whether it is the right file", "see whether it is the right file"),
        (
            r"save the page when it is fully loaded, or save its text",
            "save the page when it is fully loaded, or its text",
        ),
        (r"save the text itself, or run OCR", "save the text itself, or have its letters recognised (OCR)"),
        (r"save the article's text itself", "save the article's text itself"),
        (r"save it without a password", "save it without a password"),
        (r"save it again", "save it again"),
        (r"save it as (?P<kind>\.\w+)", "save it as {kind}"),
        (r"save it as (?P<kind>\.\w+) without a password", "save it as {kind} without a password"),
        (r"open it and save it again", "open it and save it again"),
        (r"open it in Word and save it again", "open it in Word and save it again"),
        (r"open the document and save it again", "open it and save it again"),
        (r"get it again", "get it again"),
        (r"the file is cut off: get it again", "the file is cut off: get it again"),
        (r"it is cut off or damaged: get it again", "it is cut off or damaged: get it again"),
        (r"write one object a line", "write one object a line"),
        (r"write \{\.\.\.\} for each article", "write one object a line"),
        (r"fill it, or name the column of the text", "fill it, or call the column «text»"),
        (r"name the column of the text", "call the column of the text «text»"),
        (r"give every article an id, or none", "give every article an id, or none"),
        (r"save the file in one encoding, UTF-8", "save the file as UTF-8"),
        (r"get the text again, in UTF-8", "get the text again, as UTF-8"),
        (r"unpack it with its password", "unpack it with its password"),
        (r"unpack it first", "unpack it first"),
        (r"split it", "split it"),
        (r"split it, or raise the limit", "split it"),
        (r"name it by what it is, or save it as one of these", "name it by what it is, or save it as one of these"),
    )
)


def refusal_html(refused: Iterable[Mapping[str, Any]], total: int, t: Texts) -> str:
    """The table of rows as ArticleError.to_record gives them, `total` of which there are in all."""
    heads = (t("Refused"), t("Row or page"), t("Why"), t("What to do"))
    rows = list(refused)
    table = html_table(
        heads, [_cells(record, t) for record in rows], label=t("Refused"), direction=t.direction, wide=(0, 2, 3)
    )
    more = t.count("and {n} more", "and {n} more", total - len(rows)) if total > len(rows) else ""
    return table + (f'<p class="rasid-found">{escape(more)}</p>' if more else "")


def _cells(record: Mapping[str, Any], t: Texts) -> tuple[str, ...]:
    row = "" if record.get("row") is None else t.number(record["row"])
    said = (say(record.get(name) or "", FORMS, t) for name in ("reason", "hint"))
    return record["path"], row, *said
