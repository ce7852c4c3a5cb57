"""The sentences that name the chosen place, each with its article and why the name was read so."""

import json
from typing import Any

import streamlit as st

from extract.filters import Filters
from extract.questions import Passage
from views import address
from views.copies import copies_text
from views.data import Answers, is_read_only
from views.markup import Span, escape, isolate, link, mark, passage_html, plain
from views.reasons import reason_text
from views.review import open_review, verdict_html
from views.texts import Texts

PAGE_SIZE = 5


def show_passages(answers: Answers, filters: Filters, place: dict[str, Any], t: Texts) -> None:
    """A page of the place's sentences, newest first."""
    title, back = st.columns([3, 2], vertical_alignment="center")
    title.subheader(t("Passages"), anchor=False)
    back.button(t("All places"), key="all_places", width="stretch", on_click=_leave_place)
    name = t.place_name(place["place"], place["place_en"])
    other = place["place_en"] if t.language == "ar" else place["place"]
    facts = [t.term("feature", place["feature"])]
    if place["region"] and place["region"] != place["place"]:
        facts.append(t.place_name(place["region"], place["region_en"]))
    facts += [t.country(place["country"])] if place["country"] and place["feature"] != "country" else []
    st.html(
        f'<div class="rasid-place"><strong>{isolate(name)}</strong> <span>{isolate(other or "")}</span>'
        f"<p>{' · '.join(isolate(fact) for fact in facts)} · {_position(place)}</p></div>"
    )
    # Under other filters the pages are others.
    key = f"page_{hash((place['place_id'], filters))}"
    page = st.session_state.get(key, 1)
    total, passages = answers.passages(filters, place["place_id"], PAGE_SIZE, (page - 1) * PAGE_SIZE)
    if not total:
        st.info(t("No sentence names this place under the filters chosen."))
        return
    copies = answers.copy_counts([passage.article["article_id"] for passage in passages])
    for number, passage in enumerate(passages):
        _show_passage(passage, copies, f"{place['place_id']}_{page}_{number}", t)
    pages = -(-total // PAGE_SIZE)
    if pages > 1:
        st.pagination(pages, key=key, max_visible_pages=5)


def _leave_place() -> None:
    st.session_state["place"] = None
    address.touch()


def _position(place: dict[str, Any]) -> str:
    return f"<bdi>{place['lat']:.3f}, {place['lon']:.3f}</bdi>"


def _show_passage(passage: Passage, copies: dict[str, int], key: str, t: Texts) -> None:
    article = passage.article
    title = article["title"] or article["head"] or article["article_id"]
    about = [article["outlet"], t.date(article["date"]), copies_text(copies.get(article["article_id"], 0), t)]
    with st.container(border=True):
        st.html(
            passage_html(marked_text(passage, t))
            + f'<p class="rasid-source" dir="{t.direction}"><bdi>{link(article["url"], title)}</bdi>'
            f"<br>{' · '.join(isolate(part) for part in about if part)}</p>" + _readings(passage, t)
        )
        with st.container(horizontal=True, key=f"acts_{key}", gap="small"):
            if st.button(t("Open article"), key=f"open_{key}", type="tertiary", icon=":material/article:"):
                st.session_state["read"] = (article["article_id"], passage.mentions[0]["start"])
                address.touch()
                st.rerun()
            for number, row in enumerate([] if is_read_only() else passage.mentions):
                # One name needs no telling which.
                name = f": {plain(row['surface'])} {number + 1}" if len(passage.mentions) > 1 else ""
                label, icon = t("Right or wrong?") + name, ":material/rate_review:"
                if st.button(label, key=f"review_{key}_{number}", type="tertiary", icon=icon):
                    open_review(row["article_id"], row["start"])
                    st.rerun()
        if any(json.loads(row["candidates"] or "[]") for row in passage.mentions):
            with st.expander(t("Other places it could have been"), key=f"why_{key}"):
                st.html("".join(candidates_html(row, t) for row in passage.mentions))


def marked_text(passage: Passage, t: Texts) -> str:
    """The sentence with the chosen place's names marked and the other places' names marked faintly."""
    spans = [_span(row, passage.start, "place", t) for row in passage.mentions]
    spans += [_span(row, passage.start, f"other {row['role']}", t) for row in passage.others]
    return mark(passage.text, spans)


def _span(row: dict[str, Any], passage_start: int, kind: str, t: Texts) -> Span:
    return Span(row["start"] - passage_start, row["end"] - passage_start, kind, span_note(row, t))


def span_note(row: dict[str, Any], t: Texts) -> str:
    """What a marked name was read as."""
    note = t.place_name(row["place"], row["place_en"]) or t("not placed")
    return f"{note} · {t.term('role', row['role'])}"


def _readings(passage: Passage, t: Texts) -> str:
    return "".join(reading_html(row, t) + verdict_html(row, t) for row in passage.mentions)


def reading_html(row: dict[str, Any], t: Texts) -> str:
    """How the mention was read, and why, as a list."""
    name = t.place_name(row["place"], row["place_en"])
    facts = [(t("Name in the text"), row["surface"]), (t("Role of the name"), t.term("role", row["role"]))]
    if row["relation"]:
        facts.append((t("Relation"), t.relation(row["relation"], name)))
    facts.append((t("Found by"), f"{t.term('method', row['method'])} ({t('fit of the name')} {row['score']:g}/100)"))
    if row["precision"]:
        facts.append((t("Precision"), t.term("precision", row["precision"])))
    facts.append((t("Confidence"), f"{row['confidence']:.2f}"))
    listed = "".join(f"<li><span>{escape(label)}</span> {isolate(value)}</li>" for label, value in facts)
    if row["reason"]:
        listed += f'<li class="reason"><span>{escape(t("Why this place"))}</span> {isolate(reason_text(row["reason"], t))}</li>'
    return f'<ul class="rasid-why" dir="{t.direction}">{listed}</ul>'


def candidates_html(row: dict[str, Any], t: Texts) -> str:
    """The places the name could have meant, the chosen one first, with their weights and reasons."""
    candidates = json.loads(row["candidates"] or "[]")
    head = "".join(f"<th>{escape(text)}</th>" for text in (t("Place"), t("Name"), t("Weight"), t("Why")))
    body = "".join(_candidate(candidate, candidate["place_id"] == row["place_id"], t) for candidate in candidates)
    return (
        f'<div class="rasid-candidates" dir="{t.direction}"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _candidate(candidate: dict[str, Any], chosen: bool, t: Texts) -> str:
    name = t.place_name(candidate["place"], candidate["place_en"])
    where = t.country(candidate["country"]) if candidate["country"] else ""
    detail = " · ".join(part for part in (t.term("feature", candidate["feature"]), where) if part)
    tick = "✓ " if chosen else ""
    cells = (f"{candidate['score']:g}", f"{candidate['weight']:g}", reason_text(candidate["why"], t))
    return (
        f'<tr class="{"chosen" if chosen else ""}"><td>{tick}{isolate(name)}<br><small>{escape(detail)}</small></td>'
        + "".join(f"<td>{isolate(cell)}</td>" for cell in cells)
        + "</tr>"
    )
