import pytest
from hypothesis import given
from hypothesis import strategies as st

from extract.segment import LONGEST_PASSAGE, cut_stretches, split_sentences, tokenize


def words(text: str) -> list[str]:
    tokens = tokenize(text)
    return [text[start:end] for start, end in zip(tokens.starts, tokens.ends, strict=True)]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("وصل إلى غريان.", ["وصل", "إلى", "غريان"]),
        ("غـرْيان", ["غـرْيان"]),
        ("ب556 صندوق", ["ب", "556", "صندوق"]),
        ("«ورشفانة» و»العزيزية»", ["ورشفانة", "و", "العزيزية"]),
        ("في Cyrene القديمة", ["في", "Cyrene", "القديمة"]),
        ("على بعد ٣٠٫٥ كلم", ["على", "بعد", "٣٠٫٥", "كلم"]),
        ("طرابلس\u200fوغريان", ["طرابلس\u200fوغريان"]),
        ("", []),
        ("«…»", []),
    ],
)
def test_tokenize(text: str, tokens: list[str]) -> None:
    assert words(text) == tokens


@given(st.text())
def test_tokens_are_sorted_and_do_not_overlap(text: str) -> None:
    tokens = tokenize(text)
    assert words(text) == tokens.written
    assert all(start < end for start, end in zip(tokens.starts, tokens.ends, strict=True))
    assert all(end <= start for end, start in zip(tokens.ends, tokens.starts[1:], strict=False))
    assert len(tokens.gaps) == len(tokens) + 1


@given(st.text(alphabet=st.sampled_from("اب ج.\n؟،«»1"), max_size=300))
def test_sentences_hold_every_token(text: str) -> None:
    spans = split_sentences(text)
    tokens = tokenize(text)
    for first, last in zip(tokens.starts, tokens.ends, strict=True):
        assert any(start <= first and last <= end for start, end in spans)
    assert all(a[1] <= b[0] for a, b in zip(spans, spans[1:], strict=False))


def test_sentences_end_at_signs_and_lines() -> None:
    text = "وصل الوفد. هل عاد؟ نعم!\nوفي سبها 3.5 درجات"
    assert [text[a:b] for a, b in split_sentences(text)] == ["وصل الوفد.", "هل عاد؟", "نعم!", "وفي سبها 3.5 درجات"]


def test_a_row_of_signs_is_looked_at_once() -> None:
    text = "قال" + "." * 300_000 + "x"  # tried from each of its dots it would take minutes
    assert split_sentences(text)[0] == (0, LONGEST_PASSAGE)


@given(st.text(alphabet="اب. \n؟", max_size=80), st.integers(2, 30))
def test_stretches_are_the_text(text: str, most: int) -> None:
    found = cut_stretches(text, most)
    assert "".join(text[start:end] for start, end in found) == text
    assert all(end - start <= most for start, end in found)


def test_stretches_end_with_lines_then_sentences_then_words() -> None:
    assert cut_stretches("قال أحمد. ثم\nمضى إلى بيته", 16) == [(0, 13), (13, 25)]
    assert cut_stretches("قال أحمد. ثم مضى إلى بيته", 16) == [(0, 10), (10, 25)]
    assert cut_stretches("قال أحمد ثم مضى إلى", 16) == [(0, 16), (16, 19)]
    assert cut_stretches("ا" * 20, 16) == [(0, 16), (16, 20)]


def test_an_endless_sentence_is_cut() -> None:
    text = "كلمة أخرى، " * 300
    spans = split_sentences(text)
    assert len(spans) > 3
    assert all(b - a <= LONGEST_PASSAGE for a, b in spans)
