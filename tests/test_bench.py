"""The benchmarks: the made corpus is what it says, measures fail in words, and a tiny run writes its page."""

import importlib
import json
import os
import sys
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from bench import __main__ as bench
from bench import measure_run, peers
from bench.engines import PandasEngine, SqliteEngine, WorkspaceEngine
from bench.found import WRITINGS, score, words_finder
from bench.made_store import write_store
from bench.make_articles import CHUNK_ARTICLES, make_articles, write_articles
from bench.page import Plan, Section, number, seconds, times, write_section
from bench.process import MeasureError, memory_mb, peak_mb, run_command, run_measure
from bench.rates import ARABIC_WORD, SETS, load_rates, measure_rates, read_texts
from extract.articles import read_articles
from extract.filters import Filters
from extract.segment import tokenize
from extract.store import Workspace
from gazetteer.normalize import normalize_name
from tests.conftest import ROOT

MENTIONS = 600


@pytest.fixture(scope="module")
def stock(gazetteer):
    from bench.make_articles import load_stock

    return load_stock(gazetteer)


@pytest.fixture(scope="module")
def made(stock):
    return list(make_articles(400, 1, stock))


@pytest.fixture(scope="module")
def store(stock, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench") / "store"
    write_store(folder, MENTIONS, 1, stock)
    return folder


def test_same_seed_gives_the_same_bytes_and_another_seed_others(stock, tmp_path):
    for name, seed in (("one", 1), ("two", 1), ("three", 2)):
        write_articles(tmp_path / name, 30, seed, stock)
    one, two, three = ((tmp_path / name).read_bytes() for name in ("one", "two", "three"))
    assert one == two != three


def test_shorter_corpus_begins_the_longer_one(stock, made):
    longer = list(make_articles(CHUNK_ARTICLES + 5, 1, stock))
    assert longer[: len(made)] == made
    assert len({article.row["id"] for article in longer}) == len(longer) == CHUNK_ARTICLES + 5


def test_made_names_stand_where_they_are_said_to_stand(made, gazetteer):
    found = glued = exact = 0
    for article in made:
        text, last = article.row["text"], 0
        for mention in article.mentions:
            assert last <= mention.passage_end and 0 <= mention.passage_start <= mention.start < mention.end
            assert mention.end <= mention.passage_end <= len(text) and text[mention.passage_end - 1] == "."
            surface = text[mention.start : mention.end]
            assert surface == surface.strip()
            found, glued, last = found + 1, glued + mention.glued, mention.start
            exact += normalize_name(surface) in gazetteer
    # What is left is misspelt, or lost its alif after «ل».
    assert exact > 0.97 * found and glued > 0


def test_made_texts_have_the_rates_of_annotated_ones(made):
    rates = load_rates()
    words = sum(len(tokenize(article.row["text"])) for article in made)
    mentions = [(article.row["text"], mention) for article in made for mention in article.mentions]
    clitic = [not m.glued and m.start > 0 and bool(ARABIC_WORD.match(text[m.start - 1])) for text, m in mentions]
    assert 100 * len(mentions) / words == pytest.approx(rates["all"]["names_per_100_words"], rel=0.1)
    assert sum(m.glued for _, m in mentions) / len(mentions) == pytest.approx(rates["all"]["glued"], rel=0.15)
    assert sum(clitic) / len(mentions) == pytest.approx(rates["all"]["with_clitic"], rel=0.15)
    assert words / len(made) == pytest.approx(rates["gold"]["words_an_article"], rel=0.2)


def test_made_texts_bring_new_words_as_annotated_ones_do(made):
    def different(texts):
        words = [text[token.start : token.end] for text in texts for token in tokenize(text).words()]
        return len(set(words[:50_000])) / min(len(words), 50_000)

    annotated = different(article["text"] for article in read_texts(SETS["training"]))
    assert different(article.row["text"] for article in made) == pytest.approx(annotated, rel=0.1)


def test_some_made_articles_are_reprints_of_others(made):
    heads = [article.row["text"][-200:] for article in made]
    openings = [article.row["text"].partition(" - ")[2][:80] for article in made]
    others = {article.row["text"][:80] for article in made}
    assert 0.03 < sum(opening in others for opening in openings if opening) / len(heads) < 0.15


def test_made_file_is_read_as_articles(stock, tmp_path):
    path = tmp_path / "made.jsonl"
    write_articles(path, 20, 3, stock)
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    refused = []
    articles = list(read_articles([path], refused.append))
    assert refused == [] and [a.id for a in articles] == [row["id"] for row in rows]
    assert [(a.text, a.date, a.outlet, a.url) for a in articles] == [
        (row["text"], row["date"], row["outlet"], row["url"]) for row in rows
    ]


def test_rates_count_clitics_glue_and_typos(gazetteer):
    text = "وصلوا إلى طرابلس وبنغازي ثم جنوبغريان والعزيزيه في بنقازي"
    names = [("طرابلس", 0), ("بنغازي", 0), ("غريان", 1), ("العزيزيه", 0), ("بنقازي", 0)]
    right = {"العزيزيه": "العزيزية", "بنقازي": "بنغازي"}
    mentions = [
        {"start": text.index(s), "surface": s, "glued": bool(g), "place": right.get(s, s), "lat": 0} for s, g in names
    ]
    found = measure_rates([{"text": text, "mentions": mentions}], gazetteer, {"وصلوا": 1.0})
    assert found["clitics"] == {"و": 2} and found["glued"] == 0.2 and found["misspelt"] == 0.2
    assert found["names_per_100_words"] == round(100 * 5 / len(tokenize(text)), 2)


def test_folding_of_peers_is_that_of_the_keys(made):
    for article in made[:20]:
        assert " ".join(peers.fold_text(article.row["text"]).split()) == normalize_name(article.row["text"])


@pytest.mark.parametrize(
    ("scan", "text", "count"),
    [
        (peers.dictionary_scan, "سافر من بني وليد الي طرابلس", 2),
        (peers.dictionary_scan, "سافر وبطرابلس", 0),
        (peers.rapidfuzz_scan, "سافر الي طرابلس", 1),
    ],
)
def test_scans_find_names_as_they_stand(scan, text, count):
    assert scan(["طرابلس", "بني وليد"])(text) == count


def test_findings_are_counted_by_how_names_are_written(made):
    every = score(
        made, lambda text: next([(m.start, m.end) for m in a.mentions] for a in made if a.row["text"] == text)
    )
    assert every == dict.fromkeys((*WRITINGS, "right"), 1.0)
    none = score(made, lambda text: [(0, 1)])
    assert set(none.values()) == {0.0}


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("سافر إلى بَنغازي، وبني وليد.", ["بَنغازي"]),
        ("قرب بني وليد ثم طرابلسَ", ["بني وليد", "طرابلس"]),
        ("بلا اسم", []),
    ],
)
def test_whole_words_are_found_by_offsets_into_the_text(text, spans):
    found = words_finder(["بنغازي", "بني وليد", "بني", "طرابلس"])(text)
    assert [text[start:end].strip("،") for start, end in found] == spans


def test_scan_that_is_late_is_reckoned_from_what_it_read():
    began = time.process_time()
    taken, read, found = peers.time_scan(lambda text: sum(range(500_000)) and 1, ["نص"] * 1000, limit_s=0.2)
    spent = time.process_time() - began
    assert 0 < read == found < 500 and taken == pytest.approx(spent * 1000 / read, rel=0.1)


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (times, 12.34, "12 ×"),
        (times, 0.5, "0.5 ×"),
        (times, 0.0123, "0.012 ×"),
        (number, 12345.6, "12,346"),
        (number, 0.123, "0.12"),
        (seconds, 0.0000052, "5 µs"),
        (seconds, 0.0123, "12 ms"),
        (seconds, 5.25, "5.2 s"),
        (seconds, 7300, "2 h"),
    ],
)
def test_figures_are_written_with_what_they_are_worth(write, value, text):
    assert write(value) == text


def test_section_goes_through_json_and_cannot_break_its_table():
    section = Section("Title", notes=["a note"])
    section.table("", "figure").add("a|b\nc", "1")
    again = Section.from_json(json.loads(json.dumps(section.as_json())))
    assert write_section(again) == "## Title\n\n|  | figure |\n| --- | ---: |\n| a\\|b c | 1 |\n\n- a note\n"


def test_measure_that_fails_is_told_and_does_not_stop_the_page(tmp_path, monkeypatch):
    monkeypatch.setitem(bench.MEASURES, "workers", ("bench.peers", 60, 60))
    section = bench.run("workers", Plan(tmp_path, small=True))
    assert section.tables == [] and "Not measured" in section.notes[0] and "AttributeError" in section.notes[0]


def test_what_a_measure_had_kept_is_shown_when_it_fails_later(tmp_path, monkeypatch):
    (tmp_path / "half_done.py").write_text(
        "from bench.page import Section\n"
        "def measure(plan, keep):\n"
        "    section = Section('Half', notes=['the first half'])\n"
        "    keep(section)\n"
        "    raise ValueError('no second half')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setitem(bench.MEASURES, "workers", ("half_done", 60, 60))
    section = bench.run("workers", Plan(tmp_path, small=True))
    assert section.title == "Half" and section.notes[1] == "the first half" and "no second half" in section.notes[0]


def test_measure_that_is_late_is_ended_with_its_children(tmp_path):
    mark = tmp_path / "pid"
    inner = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    outer = (
        f"import sys; from bench.process import run_command; run_command([sys.executable, '-c', {inner!r}], limit_s=60)"
    )
    with pytest.raises(MeasureError, match="did not finish within 3 s"):
        run_command([sys.executable, "-c", outer], limit_s=3)
    stat = Path(f"/proc/{mark.read_text()}/stat")
    end = time.monotonic() + 10
    while (running := stat.exists() and stat.read_text().split()[2] != "Z") and time.monotonic() < end:
        time.sleep(0.05)
    assert not running


def test_answer_of_another_process_comes_back():
    found = run_measure("bench.start_up", {}, limit_s=120, one_core=True)
    assert found["places"] > 10_000 and 0 < found["private_mb"] <= found["memory_mb"]


def test_memory_counts_what_a_process_holds():
    held, private = memory_mb(os.getpid())
    block = bytearray(os.urandom(1)) * 80_000_000
    assert memory_mb()[1] - private > 60 and held > private and len(block)


def test_the_most_a_process_held_is_remembered():
    block = bytearray(os.urandom(1)) * 80_000_000
    with_block = memory_mb()[0]
    del block
    assert peak_mb() > with_block - 1 and peak_mb(os.getpid()) > 60 and peak_mb(2**30) == 0.0


def test_reading_is_measured_on_made_articles(tmp_path):
    found = measure_run.measure(40, 1, tmp_path)
    assert (found["articles"], found["skipped_again"]) == (40, 40) and found["mentions"] > 400
    assert found["articles_per_processor_s"] > 0 and found["peak_mb"] > 50


def test_made_workspace_holds_so_many_mentions(store):
    workspace = Workspace.open(store)
    totals = workspace.totals(Filters())
    assert totals.mentions + totals.unplaced == MENTIONS and totals.places > 50
    row = next(workspace.rows(Filters(), limit=1))
    article = workspace.article(row["article_id"])
    assert article["text"][row["start"] : row["end"]] == row["surface"]
    assert article["text"][row["passage_start"] :].startswith(row["passage"])


def test_engines_give_the_same_answers(store):
    engines = [make(store) for make in (WorkspaceEngine, PandasEngine, SqliteEngine)]
    place = Workspace.open(store).places(Filters(), limit=1)[0]["place_id"]
    asked = {"totals": "LY", "places": 2020, "facets": "EG", "passages": place, "timeline": "LY", "rows": 2}
    for question, value in (asked | {"sorted_rows": 3}).items():
        answers = [json.loads(json.dumps(getattr(engine, question)(value))) for engine in engines]
        assert answers[0] and answers[1:] == answers[:1] * 2, question
    for engine in engines:
        engine.index_texts()
        engine.search("الحكومة")
        engine.close()
    assert not (store / "bench.sqlite").exists()


def test_tiny_run_writes_the_page(tmp_path):
    page = tmp_path / "RESULTS.md"
    assert bench.main(["queries", "workers", "--small", "--out", str(tmp_path / "out"), "--output", str(page)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "# Measured beside others" in text and "duckdb" in text and "cores" in text
    assert "| totals of a country |" in text and "are the same for 7 questions" in text
    assert "## Workers" in text and "Not measured: ended" not in text


def test_unknown_measure_is_refused(capsys):
    with pytest.raises(SystemExit):
        bench.parse_arguments(["everything"])
    assert "no measure is called everything" in capsys.readouterr().err


@pytest.mark.parametrize("script", ["pydeck_map.py", "folium_map.py"])
def test_other_maps_show_every_mention_and_filter(store, script, monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "bench" / "apps"))
    monkeypatch.setenv("BENCH_STORE", str(store))
    monkeypatch.setenv("BENCH_COLOUR", "255,0,255")
    placed = Workspace.open(store).totals(Filters()).mentions
    app = AppTest.from_file(str(ROOT / "bench" / "apps" / script), default_timeout=60).run()
    assert not app.exception and app.text[0].value == f"mentions shown: {placed}"
    place = Workspace.open(store).places(Filters(), limit=1)[0]
    app.text_input(key="place_text").set_value(place["place"]).run()
    shown = int(app.text[0].value.rpartition(" ")[2])
    assert not app.exception and place["mentions"] <= shown < placed


@pytest.mark.parametrize(
    "module", sorted(path.stem for path in (ROOT / "bench").glob("*.py") if path.stem != "__main__")
)
def test_every_measure_can_be_imported(module):
    try:
        importlib.import_module(f"bench.{module}")
    except ModuleNotFoundError as error:
        if error.name.partition(".")[0] in ("bench", "extract", "gazetteer", "tests", "views"):
            raise
        pytest.skip(f"{error.name} is among the requirements of make bench only")
