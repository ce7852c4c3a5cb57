"""What each kind of input gives: one row of the first table of docs/inputs.md each."""

import gzip
import json
import re
import textwrap
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from extract.readers import KINDS
from tests.conftest import ROOT
from tests.made_inputs import (
    MORE_NEWS,
    NEWS,
    make_docx,
    make_feed,
    make_jsonl,
    make_page,
    make_pdf,
    make_xlsx,
    make_zip,
    read,
    repack,
)

HEADER = "العنوان: عنوان الخبر\nالتاريخ: 5 نيسان 2019\nالمصدر: وكالة\nالدولة: ليبيا\nالرابط: https://a.ly/1\n\n"
COLUMNS = ["المعرف", "النص", "العنوان", "التاريخ", "المصدر", "الدولة", "الرابط"]
ROW = ["7", NEWS, "عنوان الخبر", "٥/٤/٢٠١٩", "وكالة", "ليبيا", "https://a.ly/1"]
ENTRY = {
    "id": 7,
    "text": NEWS,
    "title": "عنوان الخبر",
    "date": "5 أفريل 2019",
    "outlet": "وكالة",
    "country": "LBY",
    "url": "https://a.ly/1",
}
HEAD = (
    '<meta charset="utf-8"><title>عنوان الخبر - وكالة</title><meta property="og:site_name" content="وكالة">'
    '<meta property="article:published_time" content="2019-04-05T23:00:00+02:00">'
    '<link rel="canonical" href="https://a.ly/1">'
)
PAGE = make_page(f"<article><p>{NEWS}</p></article>", HEAD)
ITEM = (
    f"<item><guid>7</guid><title>عنوان الخبر</title><link>https://a.ly/1</link><pubDate>Fri, 05 Apr 2019 08:00:00 GMT</pubDate>"
    f"<description>بداية الخبر</description><content:encoded><![CDATA[<p>{NEWS}</p>]]></content:encoded></item>"
)
RSS = make_feed(ITEM, channel="<title>وكالة</title>")
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><title>وكالة</title><entry><id>7</id><title>عنوان الخبر</title>'
    '<link rel="self" href="https://a.ly/x"/><link href="https://a.ly/1"/><updated>2019-04-06T00:00:00Z</updated>'
    f'<published>2019-04-05T00:00:00Z</published><summary>بداية</summary><content type="html">{NEWS}</content></entry></feed>'
)


def write_csv(path: Path) -> None:
    separator = "\t" if path.suffix == ".tsv" else ","
    path.write_text(separator.join(COLUMNS) + "\n" + separator.join(ROW) + "\n", encoding="utf-8")


def write_text(content: str) -> Callable[[Path], object]:
    return lambda path: path.write_text(content, encoding="utf-8")


FULL = ("عنوان الخبر", "2019-04-05", "وكالة", "LY", "https://a.ly/1")
PUBLISHED = ("عنوان الخبر", "2019-04-05", "وكالة", None, "https://a.ly/1")
BARE = (None, None, None, None, None)
# Ending: how the file is made, the id, and title, date, outlet, country and url of its article.
GOOD = {
    ".txt": (write_text(HEADER + NEWS), "news", FULL),
    ".html": (write_text(PAGE), "news", PUBLISHED),
    ".htm": (write_text(PAGE), "news", PUBLISHED),
    ".docx": (lambda path: make_docx(path, [*HEADER.splitlines(), NEWS]), "news", FULL),
    ".pdf": (lambda path: path.write_bytes(make_pdf([textwrap.wrap(NEWS, 70)])), "news", BARE),
    ".csv": (write_csv, "7", FULL),
    ".tsv": (write_csv, "7", FULL),
    ".xlsx": (lambda path: make_xlsx(path, [COLUMNS, [7, *ROW[1:3], datetime(2019, 4, 5), *ROW[4:]]]), "7", FULL),
    ".jsonl": (write_text(make_jsonl(ENTRY)), "7", FULL),
    ".ndjson": (write_text(make_jsonl(ENTRY)), "7", FULL),
    ".json": (write_text(json.dumps([ENTRY], indent=1)), "7", FULL),
    ".rss": (write_text(RSS), "7", PUBLISHED),
    ".atom": (write_text(ATOM), "7", PUBLISHED),
    ".xml": (write_text(RSS), "7", PUBLISHED),
    ".zip": (lambda path: make_zip(path, {"خبر.txt": (HEADER + NEWS).encode()}), "news/خبر", FULL),
    ".gz": (
        lambda path: path.with_name("news.txt.gz").write_bytes(gzip.compress((HEADER + NEWS).encode())),
        "news",
        FULL,
    ),
}


@pytest.mark.parametrize("suffix", sorted(GOOD))
def test_each_kind_gives_text_and_metadata(tmp_path, suffix: str) -> None:
    make, identity, metadata = GOOD[suffix]
    make(tmp_path / f"news{suffix}")
    articles, refused = read(tmp_path)
    assert refused == []
    (article,) = articles
    assert (article.id, article.text) == (identity, NEWS)
    assert (article.title, article.date, article.outlet, article.country, article.url) == metadata


def test_every_kind_has_a_case_and_a_row_in_the_docs() -> None:
    table = (ROOT / "docs" / "inputs.md").read_text(encoding="utf-8").split("## Bad")[0]
    assert sorted(GOOD) == sorted(KINDS)
    assert set(
        re.findall(r"`(\.\w+)`", "".join(line.split("|")[1] for line in table.splitlines() if "|" in line))
    ) == set(KINDS)


# --- text files -----------------------------------------------------------------------------------------------------

NO_HEADERS = [
    NEWS,
    f"العنوان: بلا سطر فارغ\n{NEWS}",
    f"قال الناطق: لا تعليق\n\n{NEWS}",
    f"العنوان: واحد\nالعنوان: اثنان\n\n{NEWS}",
    f"العنوان:\n\n{NEWS}",
    f"\nالعنوان: بعد سطر فارغ\n\n{NEWS}",
    f"العنوان: خبر\nسطر آخر\n\n{NEWS}",
    f"النص: خبر\n\n{NEWS}",
]


@pytest.mark.parametrize("text", NO_HEADERS)
def test_without_a_clear_header_all_is_text(tmp_path, text: str) -> None:
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    ((article,), _) = read(tmp_path)
    assert (article.text, article.title, article.date, article.outlet) == (text, None, None, None)


def test_an_english_header_is_a_header(tmp_path) -> None:
    (tmp_path / "a.txt").write_bytes(f"Title: One\r\nDate: 20 January 2020\r\nID: x1\r\n\r\n{NEWS}".encode())
    ((article,), _) = read(tmp_path)
    assert (article.id, article.text, article.title, article.date) == ("x1", NEWS, "One", "2020-01-20")


# --- pages ----------------------------------------------------------------------------------------------------------

DATED = [
    ('<meta name="pubdate" content="5/4/2019">', "", "2019-04-05"),
    (
        '<script type="application/ld+json">{"@type":"NewsArticle","datePublished":"2019-04-05T10:00:00Z"}</script>',
        "",
        "2019-04-05",
    ),
    (
        '<script type="application/ld+json">{"@graph":[{"@type":"Report","datePublished":"2019-04-05"}]}</script>',
        "",
        "2019-04-05",
    ),
    ('<script type="application/ld+json">{"broken</script>', "", None),
    ("", '<time datetime="2019-04-05T10:00">أمس</time>', "2019-04-05"),
    ("", '<span class="post-date">الجمعة 30 رجب 1440 هـ</span>', "2019-04-06"),
    ("", "<p>في 5 نيسان 2019 وصل الوفد.</p>", None),
    ('<meta name="date" content="9999-99-99">', "", None),
]


@pytest.mark.parametrize(("head", "shown", "date"), DATED)
def test_a_page_is_dated_by_what_it_says_of_itself(tmp_path, head: str, shown: str, date: str | None) -> None:
    (tmp_path / "a.html").write_text(make_page(f"<article><h1>خبر</h1>{shown}<p>{NEWS}</p></article>", head))
    assert read(tmp_path)[0][0].date == date


def test_the_day_of_the_visit_is_not_the_date(tmp_path) -> None:
    today = '<div class="date">الأحد 22 نوفمبر 2026</div>'
    (tmp_path / "a.html").write_text(make_page(f"{today}<h1>خبر</h1><div><p>{NEWS}</p><p>{MORE_NEWS}</p></div>"))
    assert read(tmp_path)[0][0].date is None


def test_menus_scripts_and_comments_are_left_out(tmp_path) -> None:
    script = "<script>var a = 'طرابلس';</script><!-- بنغازي -->"
    (tmp_path / "a.html").write_text(make_page(f"<article><p>{NEWS}</p>{script}<p>{MORE_NEWS}</p></article>"))
    assert read(tmp_path)[0][0].text == f"{NEWS}\n{MORE_NEWS}"


@pytest.mark.parametrize("declared", ["windows-1256", "iso-8859-1", "utf-8", "rot13"])
def test_a_page_is_decoded_whatever_it_declares(tmp_path, declared: str) -> None:
    page = make_page(f"<article><p>{NEWS}</p></article>", f'<meta charset="{declared}">')
    (tmp_path / "a.html").write_bytes(page.encode("windows-1256"))
    (tmp_path / "b.html").write_bytes(page.encode("utf-8"))
    assert [a.text for a in read(tmp_path)[0]] == [NEWS, NEWS]


# --- documents ------------------------------------------------------------------------------------------------------


def test_a_document_gives_paragraphs_tables_and_its_title(tmp_path) -> None:
    make_docx(tmp_path / "a.docx", [NEWS, "", MORE_NEWS], title="تقرير", table=[["غريان", "3"], ["سبها", "5"]])
    ((article,), _) = read(tmp_path)
    assert article.text == f"{NEWS}\n\n{MORE_NEWS}\nغريان\t3\nسبها\t5"
    assert (article.title, article.date) == ("تقرير", None)


def test_tracked_changes_count_as_accepted(tmp_path) -> None:
    make_docx(tmp_path / "a.docx", ["وصل الوفد MARK إلى غريان"])
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    inserted = f'<w:ins xmlns:w="{word}"><w:r><w:t>اليوم</w:t></w:r></w:ins><w:del><w:r><w:delText>أمس</w:delText></w:r></w:del>'
    repack(tmp_path / "a.docx", "word/document.xml", b"MARK", f"</w:t></w:r>{inserted}<w:r><w:t>".encode())
    assert read(tmp_path)[0][0].text == "وصل الوفد اليوم إلى غريان"


def test_pdf_lines_and_pages_are_joined_into_paragraphs(tmp_path) -> None:
    first, second = "وصل الوفد الرسمي صباح اليوم الأحد إلى مدينة بني", "وليد لبحث ملف 1,500 نازح مع NATO في 12/5/2019."
    (tmp_path / "a.pdf").write_bytes(make_pdf([[first, "- 1 -"], [second, "عنوان جديد", NEWS[:50]]]))
    assert read(tmp_path)[0][0].text == f"{first} {second}\nعنوان جديد\n{NEWS[:50].strip()}"


def test_pages_without_text_are_told_and_the_others_read(tmp_path) -> None:
    (tmp_path / "a.pdf").write_bytes(make_pdf([textwrap.wrap(NEWS, 70), [], [MORE_NEWS[:60]]]))
    articles, refused = read(tmp_path)
    assert len(articles) == 1
    assert [(e.row, e.unit) for e in refused] == [(2, "page")]
    assert "OCR" in refused[0].hint


# --- tables and records ---------------------------------------------------------------------------------------------

HEADERS = [
    "id,text,title,date",
    "ID,Content,Headline,Published_At",
    "معرف,المحتوى,عنوان,تاريخ النشر",
    "رقم,نص الخبر,عنوان الخبر,التاريخ",
    "_id,body,title,pubDate",
    "المعرّف,النصّ,العنوان ,التأريخ".replace("التأريخ", "تاريخ"),
]


@pytest.mark.parametrize("header", HEADERS)
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_columns_are_guessed_by_their_names(tmp_path, header: str, separator: str) -> None:
    lines = [header.replace(",", separator), separator.join(["9", "نص", "عنوان", "2019-05-12"])]
    (tmp_path / "a.csv").write_text("\r\n".join(lines), encoding="utf-8-sig")
    ((article,), refused) = read(tmp_path)
    assert (article.id, article.text, article.title, article.date, refused) == ("9", "نص", "عنوان", "2019-05-12", [])


def test_columns_are_settable(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("text,نسخة,code\nقصير,النص الطويل,k1\n", encoding="utf-8")
    ((article,), _) = read(tmp_path, columns={"text": "نسخة", "id": "code"})
    assert (article.id, article.text) == ("k1", "النص الطويل")
    assert "no column" in str(read(tmp_path, columns={"text": "none"})[1][0])


def test_keys_within_keys_are_settable(tmp_path) -> None:
    entry = {"id": "a", "content": {"ar": ["فقرة", "فقرتان"]}, "source": {"id": None, "name": "وكالة"}}
    (tmp_path / "a.jsonl").write_text(json.dumps(entry))
    ((article,), _) = read(tmp_path, columns={"text": "content.ar"})
    assert (article.text, article.outlet) == ("فقرة\nفقرتان", "وكالة")


@pytest.mark.parametrize("options", [{"columns": {"body": "x"}}, {"encoding": "no-such"}])
def test_wrong_options_raise(tmp_path, options) -> None:
    with pytest.raises(ValueError, match="no such"):
        read(tmp_path, **options)


def test_the_order_of_dates_is_settable(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("text,date\nنص,5/12/2019\n")
    (tmp_path / "b.json").write_text('{"text": "نص", "date": "5/12/2019"}')
    assert [a.date for a in read(tmp_path)[0]] == ["2019-12-05", None]
    assert [a.date for a in read(tmp_path, date_order="mdy")[0]] == ["2019-05-12", "2019-05-12"]


def test_records_without_ids_are_named_by_file_and_row(tmp_path) -> None:
    (tmp_path / "a.csv").write_text("text\nاول\n\nثان\n")
    (tmp_path / "b.jsonl").write_text(make_jsonl({"text": "اول"}, {"text": "ثان"}))
    make_xlsx(tmp_path / "c.xlsx", [["النص"], ["اول"], [None], ["ثان"]])
    (tmp_path / "d.json").write_text(json.dumps({"total": 1, "articles": [{"body": "اول"}]}))
    (tmp_path / "e.rss").write_text(make_feed("<item><description>اول</description></item>"))
    assert [a.id for a in read(tmp_path)[0]] == ["a#2", "a#4", "b#1", "b#2", "c#2", "c#4", "d#1", "e#1"]


def test_cells_hold_line_breaks_separators_quotes_and_markup(tmp_path) -> None:
    (tmp_path / "a.csv").write_text('id,text\n1,"سطر ""أول"",\r\nوثان"\n2,<b>x</b> "y"\n', encoding="utf-8")
    assert [a.text for a in read(tmp_path)[0]] == ['سطر "أول",\r\nوثان', '<b>x</b> "y"']


def test_the_separator_line_of_excel_is_no_header(tmp_path) -> None:
    (tmp_path / "a.csv").write_bytes("sep=;\r\nالنص;التاريخ\r\nنص, آخر;12/5/2019\r\n".encode("utf-16"))
    ((article,), _) = read(tmp_path)
    assert (article.id, article.text, article.date) == ("a#3", "نص, آخر", "2019-05-12")


def test_every_sheet_of_texts_is_read(tmp_path) -> None:
    make_xlsx(tmp_path / "a.xlsx", [["النص"], ["اول"]], [["أرقام"], [5]], [[], ["text", "id"], ["ثان", 7.0]])
    articles, refused = read(tmp_path)
    assert [(a.id, a.text) for a in articles] == [("a#2", "اول"), ("7", "ثان")]
    assert refused == []


def test_a_long_list_is_read_item_by_item(tmp_path) -> None:
    entries = [{"id": n, "text": "نص " * 5000} for n in range(300)]
    (tmp_path / "a.json").write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8-sig")
    assert [a.id for a in read(tmp_path)[0]] == [str(n) for n in range(300)]


@pytest.mark.parametrize(
    ("value", "code"),
    [("ly", "LY"), ("Libya", "LY"), ("لِيبيا", "LY"), ("TUN", "TN"), ("سورية", "SY"), ("السعودية", "SA"), ("UK", "GB")]
    + [("XX", None), ("ZZ", None), ("طرابلس", None), ("", None), (5, None), (None, None)],
)
def test_countries_are_known_by_code_and_name(tmp_path, value, code: str | None) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"text": "نص", "country": value}))
    assert read(tmp_path)[0][0].country == code


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "JaVa\nScript:alert(1)", "data:text/html,x", "\u202ejavascript:x", " "],
    ids=ascii,
)
def test_addresses_that_run_something_are_dropped(tmp_path, url: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"text": "نص", "url": url}))
    assert read(tmp_path)[0][0].url is None


# --- feeds ----------------------------------------------------------------------------------------------------------


def test_items_of_a_feed(tmp_path) -> None:
    html = "&lt;p&gt;وصل &lt;b&gt;الوفد&lt;/b&gt;&lt;/p&gt;&lt;p&gt;اليوم&lt;/p&gt;"
    plain = "وصل&nbsp;الوفد &laquo;اليوم&raquo; & غدا"
    items = (
        f"<item><link>https://a.ly/2</link><description>{html}</description></item><item><source>جريدة</source>"
        f"<description>{plain}</description><dc:date>2019-04-05</dc:date></item><item><title>بلا نص</title></item>"
    )
    (tmp_path / "a.rss").write_text(make_feed(items), encoding="utf-8")
    articles, refused = read(tmp_path)
    assert [(a.id, a.text, a.outlet, a.date) for a in articles] == [
        ("https://a.ly/2", "وصل الوفد\nاليوم", "وكالة الأنباء", None),
        ("a#2", "وصل\xa0الوفد «اليوم» & غدا", "جريدة", "2019-04-05"),
    ]
    assert [(e.row, e.unit) for e in refused] == [(3, "item")]


def test_a_feed_in_an_old_encoding(tmp_path) -> None:
    feed = make_feed(f"<item><description>{NEWS}</description></item>").replace("UTF-8", "windows-1256")
    (tmp_path / "a.xml").write_bytes(feed.encode("windows-1256"))
    assert read(tmp_path)[0][0].text == NEWS


def test_rss_1_and_xhtml_content(tmp_path) -> None:
    (tmp_path / "a.xml").write_text(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/">'
        "<channel><title>وكالة</title></channel><item><description>نص</description></item></rdf:RDF>"
    )
    (tmp_path / "b.atom").write_text(
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">'
        "<p>فقرة</p><p>أخرى</p></div></content></entry></feed>"
    )
    assert [(a.text, a.outlet) for a in read(tmp_path)[0]] == [("نص", "وكالة"), ("فقرة\nأخرى", None)]
