"""What a reviewer says of one mention: right, another place, other words, no place, or a new name for the gazetteer."""

import hashlib
from typing import Any

import streamlit as st

from extract.decisions import Decision, DecisionError, Kind, Scope, make_place
from extract.review import ReviewingGeoparser, decide, review, undo
from extract.segment import tokenize
from gazetteer import FeatureClass, Gazetteer, GazetteerError, Place, Point, normalize_name
from views import address
from views.address import NAME_CHARACTERS
from views.data import Answers
from views.markup import Span, apart, escape, isolate, mark, plain
from views.picking import nearest_place, pick
from views.reading import open_parser
from views.texts import Texts

# What may be said of all mentions of a name at once.
ABOUT_NAMES = (Kind.RIGHT, Kind.PLACE, Kind.NOT_A_PLACE)
# Words around the name that another span can be chosen from.
WORDS_AROUND = 8
ALIAS_CHARACTERS = 300
# A point clicked on a map of this size is as good as that.
POINT_RADIUS_KM = 3.0


def open_review(article_id: str, start: int, kind: Kind | None = None) -> None:
    """Ask for the review of the mention that begins there; `kind` is what will probably be said."""
    st.session_state["review"] = (article_id, start, kind)
    address.touch()


def show_review(answers: Answers, t: Texts) -> None:
    """Open the form as a dialog where the session asks for it."""
    asked = st.session_state.get("review")
    if not asked:
        return
    article = answers.article(asked[0])
    row = next((row for row in article["mentions"] if row["start"] == asked[1]), None) if article else None
    if row is None:
        st.session_state["review"] = None
        return
    # The title is set for each language: a decorator would fix it.
    st.dialog(t("Right or wrong?"), width="large", on_dismiss=_close)(_show_dialog)(answers, row, asked[2], t)


def _close() -> None:
    st.session_state["review"] = None


def _show_dialog(answers: Answers, row: dict[str, Any], kind: Kind | None, t: Texts) -> None:
    start = row["start"] - row["passage_start"]
    text = mark(row["passage"], [Span(start, start + row["end"] - row["start"], "place")])
    st.html(
        f'<article class="rasid-passage rasid-review" lang="ar" dir="rtl" tabindex="0" '
        f'aria-label="{escape(t("Passages"))}"><p>{text}</p></article>'
    )
    show_form(answers, row, t, kind)


def verdict_text(row: dict[str, Any], t: Texts) -> str:
    """What a reviewer said of the mention, who and when; "" where nobody has."""
    if not row["review"]:
        return ""
    return f"✓ {t.term('review', row['review'])} · {row['reviewer']} · {t.date(row['reviewed_at'])}"


def verdict_html(row: dict[str, Any], t: Texts) -> str:
    """The same as a line of its own."""
    said = verdict_text(row, t)
    return f'<p class="rasid-verdict">{isolate(said)}</p>' if said else ""


def reading_text(row: dict[str, Any], t: Texts) -> str:
    """What the mention is read as now."""
    if not row["place_id"]:
        return t("not placed")
    parts = [t.place_name(row["place"], row["place_en"]), t.term("feature", row["feature"])]
    return " · ".join(parts + ([t.country(row["country"])] if row["country"] else []))


def show_form(answers: Answers, row: dict[str, Any], t: Texts, kind: Kind | None = None) -> None:
    """The form for one mention, a row of the workspace."""
    key = "review_" + hashlib.sha256(f"{row['article_id']}@{row['start']}".encode()).hexdigest()[:10]
    try:
        parser = open_parser(answers.workspace.folder)
        parser.refresh()
    except (GazetteerError, OSError) as error:
        st.error(plain(str(error)))
        return
    if row["review"]:
        st.html(verdict_html(row, t))
    kinds = [Kind.RIGHT] if row["place_id"] else [Kind.NAME]
    kinds += [Kind.PLACE, Kind.SPAN, Kind.NOT_A_PLACE]
    said = st.radio(
        t(
            "«{name}» was read as: {reading}. What do you say?",
            name=apart(plain(row["surface"])),
            reading=plain(reading_text(row, t)),
        ),
        kinds,
        index=kinds.index(kind) if kind in kinds else 0,
        key=f"{key}_kind",
        format_func=_words(t).get,
    )
    try:
        fields = _ask(said, parser.gazetteer, answers, row, key, t)
    except DecisionError as error:
        st.error(plain(str(error)))
        fields = None
    if fields is not None and said in ABOUT_NAMES:
        fields["scope"] = _ask_scope(answers, row, key, t)
    reviewer = ask_reviewer(key, t)
    ready = fields is not None and bool(reviewer)
    with st.container(horizontal=True, key=f"{key}_buttons", gap="small"):
        if st.button(t("Keep this decision"), key=f"{key}_keep", type="primary", disabled=not ready) and ready:
            keep(answers, parser, row, said, reviewer, fields, t)
        decision = parser.log.of_row(row) if row["review"] else None
        if decision and st.button(t("Undo the decision"), key=f"{key}_undo", disabled=not reviewer):
            take_back(answers, parser, decision, reviewer, t)
    if not reviewer:
        st.caption(t("Write your name first: every decision is kept with who made it."))
    elif fields is None:
        st.caption(t("Choose a place or a point first."))


def _words(t: Texts) -> dict[Kind, str]:
    return {
        Kind.RIGHT: t("It is right"),
        Kind.PLACE: t("Another place is meant"),
        Kind.SPAN: t("The name is made of other words"),
        Kind.NOT_A_PLACE: t("It is not a place"),
        Kind.NAME: t("It is missing in the gazetteer: add it"),
    }


def _ask(
    said: Kind, gazetteer: Gazetteer, answers: Answers, row: dict[str, Any], key: str, t: Texts
) -> dict[str, Any] | None:
    """What else `decide` needs for what is said; None while it is missing."""
    if said is Kind.PLACE:
        return _ask_place(gazetteer, row, key, t)
    if said is Kind.SPAN:
        return _ask_span(row, key, t)
    if said is Kind.NAME:
        return _ask_name(gazetteer, answers, row, key, t)
    return {}


def _ask_place(gazetteer: Gazetteer, row: dict[str, Any], key: str, t: Texts) -> dict[str, Any] | None:
    chosen = pick(gazetteer, row["surface"], f"{key}_place", t)
    if isinstance(chosen, Point):
        near = nearest_place(chosen, gazetteer)
        country = near.country if near else row["country"]
        feature = row["feature"] or FeatureClass.CITY
        chosen = make_place(row["surface"], chosen, feature=feature, country=country, radius_km=POINT_RADIUS_KM)
    return {"place": chosen} if chosen else None


def _ask_span(row: dict[str, Any], key: str, t: Texts) -> dict[str, Any]:
    """The first and the last word, and letters of them that are no part of the name: particles, words grown together."""
    passage, shift = row["passage"], row["passage_start"]
    start, end = row["start"] - shift, row["end"] - shift
    words = tokenize(passage).words()
    first_now = next((n for n, word in enumerate(words) if word.end > start), 0)
    last_now = max(first_now, max((n for n, word in enumerate(words) if word.start < end), default=0))
    reach = range(max(0, first_now - WORDS_AROUND), min(len(words), last_now + WORDS_AROUND + 1))

    def text(number: int) -> str:
        return f"{number + 1}. {passage[words[number].start : words[number].end]}"

    left, right = st.columns(2)
    first = left.selectbox(t("First word"), reach, index=first_now - reach.start, key=f"{key}_first", format_func=text)
    last = right.selectbox(t("Last word"), reach, index=last_now - reach.start, key=f"{key}_last", format_func=text)
    first, last = min(first, last), max(first, last)
    cut_first = max(0, start - words[first].start) if first == first_now else 0
    cut_last = max(0, words[last].end - end) if last == last_now else 0
    before = left.number_input(
        t("Letters left out before it"), 0, _letters(words[first]), cut_first, key=f"{key}_before_{first}"
    )
    after = right.number_input(
        t("Letters left out after it"), 0, _letters(words[last]), cut_last, key=f"{key}_after_{last}"
    )
    begin, finish = words[first].start + before, words[last].end - after
    if begin >= finish:
        begin, finish = words[first].start, words[last].end
    said = mark(passage, [Span(begin, finish, "place")])
    st.html(f'<div class="rasid-passage" lang="ar" dir="rtl" role="status"><p>{said}</p></div>')
    return {"span": (begin + shift, finish + shift)}


def _letters(word: tuple[int, int]) -> int:
    return max(0, word[1] - word[0] - 1)


def _ask_name(gazetteer: Gazetteer, answers: Answers, row: dict[str, Any], key: str, t: Texts) -> dict[str, Any] | None:
    left, right = st.columns(2)
    name = left.text_input(t("Name"), value=row["surface"], key=f"{key}_name", max_chars=NAME_CHARACTERS)
    english = right.text_input(t("English name (optional)"), key=f"{key}_english", max_chars=NAME_CHARACTERS)
    aliases = st.text_input(
        t("Other spellings (optional)"),
        key=f"{key}_aliases",
        max_chars=ALIAS_CHARACTERS,
        placeholder=t("with commas between them"),
    )
    st.markdown(t("**Where is it?** Search a place next to it, write its coordinates, or click the map."))
    chosen = pick(gazetteer, _neighbour(answers, row), f"{key}_spot", t)
    point = chosen.point if isinstance(chosen, Place) else chosen
    near = chosen if isinstance(chosen, Place) else nearest_place(point, gazetteer) if point else None
    codes, country = t.countries(), near.country if near else _country_of(answers, row)
    left, right = st.columns(2)
    feature = left.selectbox(
        t("Kind of place"),
        list(FeatureClass),
        index=list(FeatureClass).index(FeatureClass.CITY),
        key=f"{key}_feature",
        format_func=lambda code: t.term("feature", code),
    )
    # The country follows the point until it is chosen by hand.
    country = right.selectbox(
        t("Country"),
        codes,
        index=codes.index(country) if country in codes else None,
        key=f"{key}_country_{country}",
        format_func=t.country,
    )
    if point is None or not normalize_name(name):
        return None
    others = [alias for alias in aliases.replace("،", ",").split(",") if alias.strip()]
    place = make_place(
        name, point, feature=feature, country=country, radius_km=POINT_RADIUS_KM, aliases=others, name_en=english
    )
    return {"place": place}


def _neighbour(answers: Answers, row: dict[str, Any]) -> str:
    """The name with a place that stands next to this one in the article: it is probably not far."""
    article = answers.article(row["article_id"])
    placed = [other for other in (article["mentions"] if article else ()) if other["place_id"]]
    return min(placed, key=lambda other: abs(other["start"] - row["start"]))["surface"] if placed else ""


def _country_of(answers: Answers, row: dict[str, Any]) -> str | None:
    article = answers.article(row["article_id"])
    return article["country"] if article else None


def _ask_scope(answers: Answers, row: dict[str, Any], key: str, t: Texts) -> Scope:
    country = row["country"] if row["place_id"] else _country_of(answers, row)
    n = answers.workspace.count_named(normalize_name(row["surface"]), country)
    if n < 2:
        return Scope.MENTION
    where = plain(t.country(country)) if country else t("no country")
    name = apart(plain(row["surface"]))
    words = {
        Scope.MENTION: t("this mention only"),
        Scope.NAME: t.count(
            "the {n} mention of «{name}» ({country})",
            "all {n} mentions of «{name}» ({country})",
            n,
            name=name,
            country=where,
        ),
    }
    return st.radio(t("This is so for"), list(words), key=f"{key}_scope", format_func=words.get)


def ask_reviewer(key: str, t: Texts) -> str:
    """Who decides: the name logged in with, or the one the reviewer writes once a session."""
    user = st.user.to_dict()
    if user.get("is_logged_in") is True:
        name = " ".join(str(user.get("name") or user.get("email") or "").split())[:NAME_CHARACTERS]
        if name:
            st.caption(t("You decide as {name}.", name=plain(name)))
            return name
    field = f"{key}_reviewer"
    st.session_state.setdefault(field, st.session_state["reviewer"])
    name = st.text_input(
        t("Your name"),
        key=field,
        max_chars=NAME_CHARACTERS,
        help=t("It is kept with your decisions, and in this page's address."),
    )
    st.session_state["reviewer"] = " ".join(name.split())
    return st.session_state["reviewer"]


def keep(
    answers: Answers,
    parser: ReviewingGeoparser,
    row: dict[str, Any],
    said: Kind,
    reviewer: str,
    fields: dict[str, Any],
    t: Texts,
) -> None:
    """Keep a decision, read again what it is about, and draw the page anew."""
    try:
        with st.spinner(t("Kept. Reading again what it is about …")):
            decision = decide(answers.workspace, parser.log, row, said, reviewer, **fields)
            result = review(answers.workspace, parser, decision)
    except (DecisionError, GazetteerError, OSError) as error:
        st.error(plain(str(error)))
        return
    _done(answers, len(result.articles), row["place_id"], decision, t)


def take_back(answers: Answers, parser: ReviewingGeoparser, decision: Decision, reviewer: str, t: Texts) -> None:
    """Undo a decision, read again what it was about, and draw the page anew."""
    try:
        with st.spinner(t("Kept. Reading again what it is about …")):
            result = undo(answers.workspace, parser, decision.id, reviewer)
    except (DecisionError, GazetteerError, OSError) as error:
        st.error(plain(str(error)))
        return
    _done(answers, len(result.articles), None, None, t)


def _done(answers: Answers, articles: int, former: str | None, decision: Decision | None, t: Texts) -> None:
    if former and st.session_state["place"] == former and answers.workspace.place(former) is None:
        # The last mention of the place shown went elsewhere: follow it.
        st.session_state["place"] = decision.place.id if decision and decision.place else None
    changed = t.count("{n} article changed", "{n} articles changed", articles)
    st.session_state["notice"] = t("The decision is kept: {changed}.", changed=changed)
    st.session_state["review"] = None
    address.touch()
    st.rerun()
