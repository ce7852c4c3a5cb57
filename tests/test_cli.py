"""The command line as other programs meet it: a process."""

import csv
import io
import json
import subprocess
import sys

import pytest

from extract import read_command
from extract.export import ROW_COLUMNS
from extract.mentions import Article
from extract.store import Workspace
from tests.conftest import GOLD, ROOT


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "extract", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=300)


@pytest.fixture(scope="module")
def article(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "خبر.txt"
    path.write_text("اندلعت اشتباكات في غريان جنوبطرابلس.\nوصل الوفد إلى بلدة كخبزار.", encoding="utf-8")
    return path


def test_rows_go_to_standard_output_and_messages_to_standard_error(article) -> None:
    done = run(article)
    assert done.returncode == 0
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [tuple(row) for row in rows] == [ROW_COLUMNS] * len(rows)
    assert "articles read" in done.stderr
    by_surface = {row["surface"]: row for row in rows}
    assert by_surface["غريان"]["place_id"] == "ly-gharyan"
    assert by_surface["غريان"]["passage"] == "اندلعت اشتباكات في غريان جنوبطرابلس."
    assert by_surface["طرابلس"]["glued"] is True
    assert by_surface["طرابلس"]["relation"] == "S"


def test_offsets_cut_the_surface_out_of_the_file(article) -> None:
    text = article.read_text(encoding="utf-8")
    for row in map(json.loads, run(article).stdout.splitlines()):
        assert text[row["start"] : row["end"]] == row["surface"]


def test_csv_holds_the_same_rows_as_jsonl(article, tmp_path) -> None:
    assert run(article, "--output", tmp_path / "m.csv").returncode == 0
    data = (tmp_path / "m.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    wanted = [json.loads(line) for line in run(article, "--output", "-").stdout.splitlines()]
    assert tuple(rows[0]) == ROW_COLUMNS
    assert [r["surface"] for r in rows] == [w["surface"] for w in wanted]
    assert [r["lat"] for r in rows] == ["" if w["lat"] is None else str(w["lat"]) for w in wanted]


def test_the_seeds_are_read_right() -> None:
    done = run("seeds", "--output", "-")
    assert done.returncode == 0
    predicted = [json.loads(line) for line in done.stdout.splitlines()]
    sys.path.insert(0, str(GOLD))
    from score import read, score

    errors: list[str] = []
    result = score(read(GOLD / "seeds.jsonl"), predicted, errors)
    assert result["mapped_f1"] == 1.0, "\n".join(errors)


def test_the_same_rows_come_twice_whatever_the_hash_seed(article) -> None:
    assert run(article).stdout == run(article).stdout


@pytest.mark.parametrize("path", ["no-such-folder", "tests/gold/ANNOTATION.md"])
def test_a_path_without_articles_ends_with_2_and_one_line(path: str) -> None:
    done = run(path)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.strip().splitlines()[-1].startswith(path) or path in done.stderr


def test_an_empty_folder_ends_with_2_and_one_line(tmp_path) -> None:
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1


def test_an_output_of_an_unknown_kind_is_refused_before_reading(article, tmp_path) -> None:
    done = run(article, "--output", tmp_path / "m.pdf")
    assert done.returncode == 2
    assert ".csv" in done.stderr


def test_a_refused_input_is_told_and_the_others_read(article, tmp_path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\xc7\xe1")
    done = run(article, tmp_path)
    assert done.returncode == 1
    assert "refused" in done.stderr
    assert done.stdout


def test_an_output_that_cannot_be_written_leaves_nothing_behind(article, tmp_path) -> None:
    done = run(article, "--output", tmp_path / "none" / "m.csv")
    assert done.returncode == 2
    assert list(tmp_path.iterdir()) == []


# Into a workspace


def test_a_second_read_skips_what_is_there(article, tmp_path) -> None:
    first = run(article, "--store", tmp_path / "store")
    assert (first.returncode, first.stderr.splitlines()[-1]) == (
        0,
        "1 articles read, 3 mentions (1 without a place), 0 inputs refused",
    )
    second = run(article, "--store", tmp_path / "store")
    assert second.stderr.splitlines()[-1].startswith("0 articles read, 1 there already, 0 mentions")


def test_quiet_says_nothing_and_rejected_lists_what_is_refused(article, tmp_path) -> None:
    (tmp_path / "a.txt").write_text(" ")
    done = run(article, tmp_path / "a.txt", "--quiet", "--rejected", tmp_path / "list.jsonl")
    assert (done.returncode, done.stderr) == (1, "")
    (row,) = map(json.loads, (tmp_path / "list.jsonl").read_text(encoding="utf-8").splitlines())
    assert row["path"] == str(tmp_path / "a.txt") and row["hint"]


def test_options_of_reading(tmp_path) -> None:
    text = "عنوان,نص آخر,متى\nأ,وصل الوفد إلى غريان,5/12/2019\n"
    (tmp_path / "a.csv").write_bytes(text.encode("windows-1256"))
    arguments = ("--encoding", "windows-1256", "--column", "text=نص آخر", "--column", "date=متى", "--date-order", "mdy")
    assert run(tmp_path / "a.csv", *arguments, "--store", tmp_path / "s").returncode == 0
    assert Workspace.open(tmp_path / "s").articles()[0]["date"] == "2019-05-12"


@pytest.mark.parametrize(
    "wrong",
    [
        ["--column", "text"],
        ["--column", "body=x"],
        ["--encoding", "no-such"],
        ["--date-order", "ymd"],
        ["--workers", "0"],
        ["--reread"],
        ["--scheduler"],
    ],
)
def test_wrong_options_end_with_2_before_reading(wrong, tmp_path, capsys) -> None:
    with pytest.raises(SystemExit, match="2"):
        read_command.main([str(tmp_path), *wrong])
    assert wrong[0] in capsys.readouterr().err


def test_workers_give_the_same_rows_in_the_same_order(article, tmp_path) -> None:
    (tmp_path / "b.txt").write_text("وصل الوفد إلى بنغازي.", encoding="utf-8")
    assert run(article, tmp_path, "--workers", 2).stdout == run(article, tmp_path).stdout


def test_what_another_program_read_is_told_and_read_again(article, tmp_path) -> None:
    store = Workspace.create_or_open(tmp_path / "store")
    store.add([(Article("old", "وصل إلى غريان."), [])], {"program": "0.0"})
    done = run(article, "--store", store.folder)
    assert "; 1 articles were read by another program, gazetteer or model: --reread" in done.stderr
    done = run("--store", store.folder, "--reread")
    assert (done.returncode, "1 articles read again, 0 that no change" in done.stderr) == (0, True)
    store.refresh(force=True)
    assert [row["place_id"] for row in store.article("old")["mentions"]] == ["ly-gharyan"]
