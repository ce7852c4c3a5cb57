"""What the context model sees of a span: its name, the words around it, and the rest of the article. Pure."""

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from extract.language import Language
from extract.segment import Token
from extract.spans import NAME, Span, WordInfo
from gazetteer import Gazetteer
from gazetteer.normalize import ARTICLE

_SIGNS = re.compile(r"[^\w\s]|\n")
# A short quotation is a name («فجر ليبيا»), a long one is speech. Archives mix opening and closing signs.
_QUOTED = re.compile('[«»“”"][^«»“”"\\n.،؛:]{2,40}[»”"]')
_NISBA = re.compile(r"(?:ال)?\w{2,}(?:ي|يه|يين|يون|يات)$")
EVERYDAY_ZIPF, FAMOUS_IMPORTANCE = 3.9, 50.0
CROSSED_WITH_CLEAN = ("cb=", "ca=", "pc=", "quote=", "ls=", "rs=", "pn=", "pt=", "an=", "start")
CUES_REACH = 4  # words
_NEAR_CUES = frozenset({"place_verb", "place_head"})
COMMON_WORD_ZIPF = 4.3  # words rarer than this say nothing by themselves that was seen often enough to learn


@dataclass(slots=True)
class Context:
    """One article with its words and spans, and what is true of it as a whole."""

    text: str
    country: str | None
    tokens: list[Token]
    infos: list[WordInfo]
    spans: list[Span]
    language: Language
    gazetteer: Gazetteer
    focus: dict[str, float] = field(default_factory=dict)
    organisations: list[tuple[int, int, str]] = field(default_factory=list)
    covering: dict[int, list[Span]] = field(default_factory=dict)
    quoted: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.focus = country_focus(self)
        self.quoted = [match.span() for match in _QUOTED.finditer(self.text)]
        self.organisations = find_organisations(self.infos, self.language)
        self.covering = defaultdict(list)
        for span in self.spans:
            for i in range(span.first, span.last + 1):
                self.covering[i].append(span)

    def word(self, i: int) -> str:
        """The folded word at a token, or a mark for the text's edge."""
        return self.infos[i].folded if 0 <= i < len(self.infos) else "<>"

    def sign(self, i: int) -> str:
        """The first sign between token i and the next, "" for a blank only, "n" for a line end."""
        if i < 0 or i + 1 >= len(self.tokens):
            return "^"
        found = _SIGNS.findall(self.text[self.tokens[i].end : self.tokens[i + 1].start])
        return "".join("n" if s == "\n" else s for s in found)[:2]


def country_focus(context: Context) -> dict[str, float]:
    """Share of each country among the article's names, each name once, by the importance of what it may mean."""
    weights: Counter[str] = Counter()
    seen: set[str] = set()
    for span in context.spans:
        if span.key in seen or span.kind in ("composed", "unlisted", "fuzzy") or not span.candidates:
            continue
        seen.add(span.key)
        best = span.candidates[0].place.importance
        near = [c.place for c in span.candidates if c.place.country and c.place.importance > best - 25]
        for place in near:
            weights[place.country] += (0.2 + place.importance / 100) / len(near)
    if context.country:
        weights[context.country] += 2.0
    total = sum(weights.values())
    return {country: weight / total for country, weight in weights.items()} if total else {}


def find_organisations(infos: list[WordInfo], language: Language) -> list[tuple[int, int, str]]:
    """(first token, last token, kind) of every name of a militia, newspaper, operation... in the text."""
    found = []
    for i, info in enumerate(infos):
        for stem in info.stems:
            if stem not in language.organisation_starts:
                continue
            for j in range(min(i + 6, len(infos)) - 1, i, -1):
                kind = language.organisations.get(" ".join([stem, *(infos[k].folded for k in range(i + 1, j + 1))]))
                if kind:
                    found.append((i, j, kind))
                    break
    return found


def span_features(context: Context, span: Span) -> list[str]:
    """Features of the first stage, as strings: the same ones always come in the same order."""
    intrinsic = _name_features(context, span)
    around = _around_features(context, span)
    name_class, frequency = intrinsic[0], intrinsic[1]
    crossed = [f"{f}&{name_class}" for f in around if f[:3] in ("cb=", "ca=")]
    crossed += [f"{f}&{frequency}" for f in around if f[:3] in ("cb=", "ca=", "pc=")]
    clean = _is_clean(context, span)
    crossed += [f"{f}&clean={clean}" for f in around if f.startswith(CROSSED_WITH_CLEAN)]
    return [
        *intrinsic,
        *around,
        *crossed,
        f"clean={clean}",
        f"clean={clean}&{name_class}",
        f"clean={clean}&{span.kind}",
    ]


def _is_clean(context: Context, span: Span) -> int:
    """How surely the name is a place by itself: 0 an everyday word or listed as something else too, 1 a person's name too,
    2 nothing else that we know, 3 that and well known."""
    language, key = context.language, span.key
    forms = {key, key.removeprefix(ARTICLE), ARTICLE + key}
    everyday = len(key.split()) == 1 and context.gazetteer.zipf(key) >= EVERYDAY_ZIPF and not _famous(span)
    if everyday or any(kind != "place" for form in forms for kind in language.ambiguous.get(form, ())):
        return 0
    lists = (language.given_names, language.family_names, language.demonyms)
    if any(form in names for form in forms for names in lists):
        return 1
    return 3 if _famous(span) else 2


def _famous(span: Span) -> bool:
    return bool(span.candidates) and span.candidates[0].place.importance >= FAMOUS_IMPORTANCE


def _glue_kind(word: str) -> str:
    return "none" if not word else "name" if word == NAME else "word"


def _bucket(value: float, step: float, most: int) -> int:
    return min(most, int(value / step))


def _name_features(context: Context, span: Span) -> list[str]:
    language, infos = context.language, context.infos
    best = span.candidates[0].place if span.candidates else None
    top = max((c.place.importance for c in span.candidates), default=0.0)
    words = span.key.split()
    zipf = min((context.gazetteer.zipf(w) for w in words), default=0.0)
    home = max((context.focus.get(c.place.country or "", 0.0) for c in span.candidates), default=0.0)
    local = max(
        (c.place.importance for c in span.candidates if context.focus.get(c.place.country or "", 0) > 0.25), default=0.0
    )
    size = "1" if span.first == span.last else "2+"
    name_class = f"imp={_bucket(top, 15, 6)}{'' if span.kind in ('plain', 'clitic', 'glued') else span.kind}"
    features = [
        f"{name_class}",
        f"zf={_bucket(zipf, 0.8, 8)}w{size}",
        f"kind={span.kind}",
        f"n={min(len(words), 4)}",
        f"home={_bucket(home, 0.2, 4)}",
        f"local={_bucket(local, 15, 6)}",
        f"local={_bucket(local, 15, 6)}&zf={_bucket(zipf, 0.8, 8)}w{size}",
        f"count={_bucket(len(span.candidates), 2, 5)}",
        f"al={span.key.startswith(ARTICLE)}",
        f"len={min(len(span.key), 8)}w{size}",
        f"len={min(len(span.key), 5)}w{size}&{name_class}",
        f"pro={span.proclitic}",
        f"pro={span.proclitic}&zf={_bucket(context.gazetteer.zipf(infos[span.first].folded), 0.8, 8)}",
        f"glued={span.glued}&left={_glue_kind(span.left)}&right={_glue_kind(span.right)}",
        f"imp={_bucket(top, 15, 6)}&zf={_bucket(zipf, 0.8, 8)}w{size}",
    ]
    if best is not None:
        features += [f"feat={best.feature}", f"feat={best.feature}&{name_class}"]
        score = span.candidates[0].score
        features.append(f"score={_bucket(score, 5, 20)}&{span.kind}")
    own_head = language.heads.get(words[0]) if len(words) > 1 and span.kind != "unlisted" else None
    if own_head is not None:
        features += [f"headed={own_head.inside}{span.kind}", f"headed={words[0]}"]
    if span.head:
        features += [
            f"head={span.head}",
            f"head={span.head}&{span.kind}",
            f"headkind={span.kind}&in={language.heads[span.head].inside}",
        ]
    key = span.key
    for form in {key, key.removeprefix(ARTICLE), ARTICLE + key}:
        features += [f"amb={kind}" for kind in sorted(language.ambiguous.get(form, ())) if kind != "place"]
    features += [f"given={key in language.given_names}", f"family={key in language.family_names}"]
    if key in language.demonyms:
        features.append("demonym")
    for first, last, kind in context.organisations:
        if first <= span.first and span.last <= last:
            whole = "whole" if (first, last) == (span.first, span.last) else "in"
            features += [f"org={whole}", f"org={whole}{kind}"]
    inside = longer = 0
    for i in range(span.first, span.last + 1):
        for other in context.covering.get(i, ()):
            if other is span or other.kind in ("unlisted", "fuzzy", "article"):
                continue
            if (
                other.start <= span.start
                and other.end >= span.end
                and (other.end - other.start) > (span.end - span.start)
            ):
                longer += 1
            elif (
                other.start >= span.start
                and other.end <= span.end
                and (other.end - other.start) < (span.end - span.start)
            ):
                inside += 1
    features += [
        f"longer={min(longer, 2)}",
        f"longer={min(longer, 2)}&{span.kind}",
        f"inner={min(inside, 2)}&{span.kind}",
    ]
    return features


def _around_features(context: Context, span: Span) -> list[str]:
    language = context.language
    first, last = span.first, span.last
    before = [context.word(first - k) for k in (1, 2, 3)]
    after = [context.word(last + k) for k in (1, 2, 3)]
    if span.left:
        before = [span.left, *before[:2]]
    if span.right:
        after = [span.right, *after[:2]]
    left_sign = "" if span.left else context.sign(first - 1)
    right_sign = "" if span.right else context.sign(last)
    features = [f"ls={left_sign}", f"rs={right_sign}", f"ls={left_sign}&rs={right_sign}"]
    if "n" not in left_sign and "." not in left_sign:
        for k, word in enumerate(before[:2], 1):
            features += _word_features(context, f"b{k}", word)
        features.append(f"b21={_seen(context, before[1])}_{_seen(context, before[0])}")
        features += _cue_features(context, span, before)
        features += _person_before(context, before)
    if "n" not in right_sign and "." not in right_sign:
        for k, word in enumerate(after[:2], 1):
            features += _word_features(context, f"a{k}", word)
        features += [f"ca={t}" for t in sorted(_after_cues(language, after))]
        features.append(f"an={_name_like(context, after[0])}&rs={right_sign}")
        if _NISBA.match(after[0]):
            features += [f"anis&{right_sign}", f"anisdem={after[0] in language.demonyms}"]
    if span.kind != "unlisted":
        features += _list_features(context, span)
    quote = _quote_kind(context, span)
    features.append(f"quote={quote}")
    if quote != "none":
        features += [f"quote={quote}&{f}" for f in features if f.startswith("cb=")]
    features += [f"cw={t}" for t in _cues_near(context, span)]
    if first == 0 or (context.sign(first - 1).startswith("n")):
        features += ["start", f"start&rs={right_sign}"]
    features.append(f"pc={_head_kind(context, span, before)}")
    return features


def _cues_near(context: Context, span: Span) -> list[str]:
    """Types of the cue words a little before the name, in the same sentence: «السيطرة الخاطفة على»."""
    found: set[str] = set()
    for i in range(span.first - 2, max(-1, span.first - 2 - CUES_REACH), -1):
        if set(context.sign(i)) & set("n.؟!؛"):
            break
        for stem in context.infos[i].stems:
            found |= context.language.cues_before.get(stem, frozenset()) & _NEAR_CUES
    return sorted(found)


def _quote_kind(context: Context, span: Span) -> str:
    """whole: the name alone in quotation marks; begins, ends or inside a short quotation; none."""
    for start, end in context.quoted:
        if start < span.start and span.end < end:
            begins, ends = start + 1 == span.start, span.end + 1 == end
            return "whole" if begins and ends else "begins" if begins else "ends" if ends else "inside"
    return "none"


def _seen(context: Context, word: str) -> str:
    if word.isdigit():
        return "0"
    return word if context.gazetteer.zipf(word) >= COMMON_WORD_ZIPF else word[-2:] + "~"


def _word_features(context: Context, where: str, word: str) -> list[str]:
    features = [f"{where}={_seen(context, word)}"]
    if len(word) > 3:
        stem = word[1:] if word[0] in "وف" else word
        features += [f"{where}p={stem[:2]}", f"{where}s={stem[-2:]}"]
        if stem is not word:
            features.append(f"{where}={_seen(context, stem)}")
    return features


def _cue_features(context: Context, span: Span, before: list[str]) -> list[str]:
    """Types of the longest cue that ends right before the name, and of the word before that."""
    types = _before_cues(context, span.first, span.left, span.proclitic)
    features = [f"cb={t}" for t in sorted(types)]
    if not types:
        features.append("cb=none")
    features += [f"cb2={t}" for t in sorted(context.language.cues_before.get(before[1], ()))]
    if not types and context.language.cues_before.get(before[0][1:], ()) and before[0][:1] in "وفبل":
        features += [f"cb={t}" for t in sorted(context.language.cues_before[before[0][1:]])]
    return features


def _before_cues(context: Context, first: int, left: str, proclitic: str) -> frozenset[str]:
    cues = context.language.cues_before
    words = [left] if left else []
    i = first - 1
    best: frozenset[str] = frozenset()
    for _ in range(context.language.longest_cue):
        phrase = " ".join(words)
        if phrase:
            best = cues.get(f"{phrase} {proclitic[-1:]}", best) if proclitic else best
            best = cues.get(phrase, best)
            if phrase[:1] in "وف":
                best = best or cues.get(phrase[1:], best)
        if i < 0:
            break
        words.insert(0, context.infos[i].folded)
        i -= 1
    return best


def _after_cues(language: Language, after: list[str]) -> frozenset[str]:
    return language.cues_after.get(" ".join(after[:2])) or language.cues_after.get(after[0]) or frozenset()


def _head_kind(context: Context, span: Span, before: list[str]) -> str:
    for stem in (before[0], before[0][1:]):
        head = context.language.heads.get(stem)
        if head is not None:
            features = {c.place.feature.value for c in span.candidates}
            return f"head{head.inside}{'fits' if features.intersection(head.features) else 'odd'}"
    return "none"


def _name_like(context: Context, word: str) -> str:
    if word in context.language.given_names:
        return "given"
    if word in context.language.family_names:
        return "family"
    return "no"


def _person_before(context: Context, before: list[str]) -> list[str]:
    """Signs of a person's name: a title or a given name stands before, maybe with one word between."""
    language = context.language
    one = _name_like(context, before[0])
    two = _name_like(context, before[1])
    title = "person_title" in language.cues_before.get(before[1], ())
    kin = "kinship" in language.cues_before.get(before[0], ())
    return [f"pn={one}{two}", f"pt={title}&{one}", f"kin={kin}"]


def _neighbours(context: Context, span: Span, side: str) -> tuple[list[Span], str]:
    """The spans right before ("lb") or after ("la") a span, and how they are joined to it: signs, a conjunction, or glue."""
    before = side == "lb"
    if (span.left if before else span.right) == NAME:
        token = span.first if before else span.last
        near = [s for s in context.covering.get(token, ()) if (s.end <= span.start if before else s.start >= span.end)]
        return near, "glue"
    i = span.first - 1 if before else span.last + 1
    sign = context.sign(i if before else i - 1)
    joined = span.proclitic[:1] if before else ""
    if context.word(i) == "و":  # a conjunction that stands alone, as before a quotation mark
        i += -1 if before else 1
        joined = "و"
    near = [s for s in context.covering.get(i, ()) if (s.last == i if before else s.first == i)]
    return near, sign + (joined or (near[0].proclitic[:1] if near and not before else ""))


def _list_features(context: Context, span: Span) -> list[str]:
    """Whether the neighbours in a list or a «between X and Y» are names too."""
    features = []
    for side in ("lb", "la"):
        near, joined = _neighbours(context, span, side)
        near = [s for s in near if s.candidates and s.kind not in ("composed", "unlisted")]
        top = max((s.candidates[0].place.importance for s in near), default=-1)
        features.append(f"{side}={_bucket(top, 20, 4) if near else 'no'}&{joined}")
    return features


def article_features(context: Context, span: Span, chances: dict[int, float]) -> list[str]:
    """Features of the second stage: what the first one thought of the article's other spans (by `id`: chance to be a place)."""
    own = chances[id(span)]
    same = [chances[id(s)] for s in context.spans if s.key == span.key and s is not span and s.kind != "unlisted"]
    features = [f"own={_bucket(own, 0.1, 9)}"]
    if same:
        features += [f"same={_bucket(max(same), 0.2, 4)}", f"samemean={_bucket(sum(same) / len(same), 0.2, 4)}"]
        features.append(f"own={_bucket(own, 0.2, 4)}&same={_bucket(max(same), 0.2, 4)}")
    else:
        features.append("same=none")
    for side in ("lb", "la"):
        found, joined = _neighbours(context, span, side)
        near = [chances[id(s)] for s in found if s is not span]
        features.append(f"{side}p={_bucket(max(near), 0.25, 3) if near else 'no'}&{joined}")
    rivals = [
        chances[id(s)]
        for i in range(span.first, span.last + 1)
        for s in context.covering.get(i, ())
        if s is not span and s.start < span.end and span.start < s.end
    ]
    features.append(f"rival={_bucket(max(rivals), 0.25, 3) if rivals else 'no'}")
    return features
