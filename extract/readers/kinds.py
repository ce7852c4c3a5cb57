"""Which reader reads what, and reading one input whatever its kind."""

from collections.abc import Iterator

from extract.mentions import Article
from extract.readers.archives import ARCHIVES, DAMAGED, open_members
from extract.readers.errors import ArticleError
from extract.readers.feeds import read_feed
from extract.readers.json_records import read_json, read_json_lines
from extract.readers.options import ReadOptions
from extract.readers.pdf import read_pdf
from extract.readers.plain import read_plain
from extract.readers.source import Reader, Refuse, Source
from extract.readers.tables import read_table
from extract.readers.web import read_page
from extract.readers.word import read_word
from extract.readers.workbooks import read_workbook

READERS: dict[str, Reader] = {
    ".txt": read_plain,
    ".html": read_page,
    ".htm": read_page,
    ".docx": read_word,
    ".pdf": read_pdf,
    ".csv": read_table,
    ".tsv": read_table,
    ".xlsx": read_workbook,
    ".jsonl": read_json_lines,
    ".ndjson": read_json_lines,
    ".json": read_json,
    ".rss": read_feed,
    ".atom": read_feed,
    ".xml": read_feed,
}
# Files that hold articles all right, but are not read: they are told, not passed over as a picture or a README is.
ADVICE = {
    ".doc": "save it as .docx",
    ".docm": "save it as .docx",
    ".odt": "save it as .docx",
    ".rtf": "save it as .docx",
    ".xls": "save it as .xlsx",
    ".xlsm": "save it as .xlsx",
    ".ods": "save it as .xlsx",
    ".epub": "save it as .html or .txt",
    ".mht": "save the page as .html",
    ".mhtml": "save the page as .html",
    ".rar": "unpack it, or pack it as .zip",
    ".7z": "unpack it, or pack it as .zip",
    ".tar": "unpack it, or pack it as .zip",
    ".tgz": "unpack it, or pack it as .zip",
    ".bz2": "unpack it, or pack it as .gz",
    ".xz": "unpack it, or pack it as .gz",
    ".zst": "unpack it, or pack it as .gz",
}
KINDS = tuple(sorted({*READERS, *ARCHIVES}))


def is_known(suffix: str) -> bool:
    """Whether a file of this ending is read, or refused with advice, when it lies in a folder."""
    return suffix in READERS or suffix in ARCHIVES or suffix in ADVICE


def read_source(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    """The articles of one input. Whatever cannot be read in it is handed to `refuse`; nothing is raised.

    An input without a single article is refused too.
    """
    refused = found = 0

    def count_and_refuse(error: ArticleError) -> None:
        nonlocal refused
        refused += 1
        refuse(error)

    try:
        for article in _read(source, options, count_and_refuse):
            found += 1
            yield article
        if not found and not refused:
            count_and_refuse(source.error("no articles in it", "see whether it is the right file"))
    except ArticleError as error:
        refuse(error)
    except DAMAGED as error:
        refuse(source.error(f"damaged archive ({str(error)[:200]})", "get it again"))
    except OSError as error:
        refuse(source.error(error.strerror or str(error), "see whether it is there and may be read"))
    except (MemoryError, RecursionError) as error:
        refuse(source.error(f"too large or nested too deeply ({type(error).__name__})", "split it, or save its text"))
    except Exception as error:  # noqa: BLE001
        # Strangers' files meet large libraries here: whatever one raises, the other articles must be read.
        refuse(source.error(f"cannot be read ({type(error).__name__}: {str(error)[:200]})", "save it again"))


def _read(source: Source, options: ReadOptions, refuse: Refuse) -> Iterator[Article]:
    if source.suffix in ARCHIVES:
        for member in open_members(source, options, refuse):
            if is_known(member.suffix) or source.suffix == ".gz":
                yield from read_source(member, options, refuse)
    elif source.suffix in READERS:
        yield from READERS[source.suffix](source, options, refuse)
    else:
        hint = ADVICE.get(source.suffix, "name it by what it is, or save it as one of these")
        raise source.error(f"not a kind of file that is read ({', '.join(KINDS)})", hint)
