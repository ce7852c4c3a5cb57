"""How a written word may be read as a name, or as the beginning of one: plain, without clitics, cut where words have grown
together, with a wrong letter mended. Worked out once for every distinct word.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from extract.language import Language
from extract.memo import Memo
from extract.names import Name, describe_name, with_named_nouns
from extract.words import EDGE, Word, describe_word, proclitics
from gazetteer import Candidate, Gazetteer, fold_with_offsets
from gazetteer.index import BARE
from gazetteer.match import NOUN_MISSING, article_candidates, bare_candidates, exact_candidates, fuzzy_candidates, rank
from gazetteer.normalize import ARTICLE, PROCLITICS

# Zipf frequencies (log 10 per 10^9 words) of everyday Arabic, chosen on the training texts.
UNKNOWN_ZIPF = 2.0  # a rarer word may be a typo: 97 % of misspelt names are rarer, 80 % of other words are not
GLUE_ZIPF = 2.6  # a rarer word may be two words grown together
FUNCTION_ZIPF = 6.2  # a commoner word (في، من، على) is never a place
TYPO_IMPORTANCE = 20.0
GLUE_LEAST, GLUE_MOST = 4, 40  # letters of a glued word
GLUE_COST = 30.0  # what every name in a glued word must be worth: importance (0..100) and four a letter
GLUE_STRENGTH = 20.0  # a cutting worth less is not believed
NAME = "<name>"  # stands for a name that has grown together with the one in question
_GLUING = frozenset({"place_head", "place_prep", "actor_head", "place_verb", "org_head"})
NO_NOUNS: frozenset[str] = frozenset()
_MOST_NEXT = 5_000  # names that begin alike, whose next words are worth keeping
_WORDS_REMEMBERED, _NAMES_REMEMBERED = 200_000, 50_000  # about 1 kB each


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a word as (the beginning of) a name: the name is `word[start:end]` under `key`."""

    start: int
    end: int
    key: str
    kind: str  # plain, clitic, glued, article, fuzzy
    proclitic: str = ""
    left: str = ""  # the word grown together with the name, before it
    right: str = ""  # and after it
    complete: bool = True  # the key is a name; otherwise only the beginning of one
    opens: bool = True  # some name goes on after the key, in the next word
    name: Name | None = None  # where no generic noun stands a few words before; None when it means no place there
    needs_noun: bool = False  # the name may mean more places where such a noun does


@dataclass(frozen=True, slots=True)
class WordInfo:
    """What is known of a distinct written word: what tables say of it folded, and how it may be read."""

    word: Word
    readings: tuple[Reading, ...] = ()
    # Where nothing is known of it, so that it may be the misspelt first word of a name: each way to take proclitics off.
    typo_forms: tuple[tuple[str, str, int], ...] = ()
    noted: bool = False  # any of these, or the word is noted


@dataclass(frozen=True, slots=True)
class LastWord:
    """How the last word of a name of several words was read when the whole was no name: the name and where in the word it
    ends, with what has grown together with it; or a typo, up to the word's end (None)."""

    key: str
    end: int | None = None
    right: str = ""


class WordReader:
    """Reads distinct words against a gazetteer, each once."""

    def __init__(self, gazetteer: Gazetteer, language: Language) -> None:
        self.gazetteer = gazetteer
        self.language = language
        self.zipf = Memo(gazetteer.zipf, most=_WORDS_REMEMBERED)
        self.words = Memo(lambda folded: describe_word(folded, language, self.zipf), most=_WORDS_REMEMBERED)
        self.edge = self.words[EDGE]
        self.infos = Memo(self._read, most=_WORDS_REMEMBERED)
        self.next_words = Memo(lambda key: gazetteer.next_words(key, _MOST_NEXT), most=_NAMES_REMEMBERED)
        # Whether what begins with a name's first words and goes on with the next word of the text is a name, and whether it
        # begins one.
        self.longer_keys = Memo(lambda key: (key in gazetteer, gazetteer.begins_name(key)), most=_NAMES_REMEMBERED)
        self.typos = Memo(self._find_typos, most=_NAMES_REMEMBERED)
        self.last_words = Memo(self._read_last_word, most=_NAMES_REMEMBERED)
        self._unlisted = Memo(
            lambda which: self.made_name(which[0], "unlisted", [], which[1], which[2]), most=_NAMES_REMEMBERED
        )
        self._names = Memo(lambda which: self._find_name(*which), most=_NAMES_REMEMBERED)

    def name(self, key: str, kind: str, written: str, tokens: int, nouns: frozenset[str]) -> Name | None:
        """The name with the places it may mean, None when there is none; `nouns` are the features that generic nouns a few
        words before it say."""
        return self._names[key, kind, written, tokens, nouns]

    def unlisted_name(self, key: str, tokens: int, head: str) -> Name:
        """A name that the gazetteer does not hold, after a generic noun."""
        return self._unlisted[key, tokens, head]

    def made_name(self, key: str, kind: str, candidates: list[Candidate], tokens: int, head: str = "") -> Name:
        """A name that is not simply looked up."""
        return describe_name(key, kind, candidates, self.gazetteer, self.language, self.zipf, tokens=tokens, head=head)

    def _find_name(self, key: str, kind: str, written: str, tokens: int, nouns: frozenset[str]) -> Name | None:
        candidates = self._candidates(key, kind, written)
        if any(c.score == NOUN_MISSING for c in candidates):
            candidates = with_named_nouns(candidates, nouns, min(self.zipf[word] for word in key.split()))
        elif nouns:
            return self._names[key, kind, written, tokens, NO_NOUNS]
        return self.made_name(key, kind, candidates, tokens) if candidates else None

    def needs_noun(self, key: str, kind: str) -> bool:
        """Whether the name may mean places only where their generic noun stands before."""
        return kind == "fuzzy" or (kind != "article" and any(bare == BARE for _, bare in self.gazetteer.rows(key)))

    def _read(self, word: str) -> WordInfo:
        folded, offsets = fold_with_offsets(word)
        if " " in folded:
            kept = [i for i, c in enumerate(folded) if c != " "]
            folded, offsets = "".join(folded[i] for i in kept), [offsets[i] for i in kept]
        known = self.words[folded]
        zipf = known.zipf
        if not folded or zipf >= FUNCTION_ZIPF or folded[0].isdigit():
            return WordInfo(known, noted=known.noted)
        forms = proclitics(folded)
        readings = list(self._plain(folded, forms))
        if not any(r.complete for r in readings) and not folded.isascii():
            found = self._glued(folded) if zipf < GLUE_ZIPF and GLUE_LEAST <= len(folded) <= GLUE_MOST else []
            found = found or (self._article(folded, forms) if zipf < 4 else [])
            found = found or (self._fuzzy(folded, forms) if zipf < UNKNOWN_ZIPF else [])
            readings += found
        ends = [*offsets[1:], len(word)]
        placed = tuple(self._placed(r, word, offsets[r.start], ends[r.end - 1]) for r in readings)
        unknown = zipf < UNKNOWN_ZIPF and not placed
        typo = unknown and len(folded) > 2 and folded[0].isalpha() and not folded.isascii()
        return WordInfo(known, placed, tuple(forms) if typo else (), known.noted or typo or bool(placed))

    def _placed(self, reading: Reading, word: str, start: int, end: int) -> Reading:
        """The reading by offsets into the word as written, with its name."""
        name, needs_noun = None, False
        if reading.complete:
            name = self.name(reading.key, reading.kind, word[start:end], 1, NO_NOUNS)
            needs_noun = self.needs_noun(reading.key, reading.kind)
        opens = reading.opens and self.gazetteer.begins_name(reading.key)
        return replace(reading, start=start, end=end, name=name, needs_noun=needs_noun, opens=opens)

    def _plain(self, folded: str, forms: list[tuple[str, str, int]]) -> Iterator[Reading]:
        for proclitic, key, at in forms:
            complete, begins = key in self.gazetteer, self.gazetteer.begins_name(key)
            if proclitic and len(key) < 3:
                complete = False
            if complete or begins:
                kind = "clitic" if proclitic else "plain"
                yield Reading(at, len(folded), key, kind, proclitic, complete=complete)

    def _article(self, folded: str, forms: list[tuple[str, str, int]]) -> list[Reading]:
        found = []
        for proclitic, key, at in forms:
            other = key.removeprefix(ARTICLE) if key.startswith(ARTICLE) else ARTICLE + key
            if len(other) > 3 and other in self.gazetteer:
                found.append(Reading(at, len(folded), key, "article", proclitic, opens=False))
        return found[:1]

    def _fuzzy(self, folded: str, forms: list[tuple[str, str, int]]) -> list[Reading]:
        if self._is_ordinary(folded):
            return []
        for proclitic, key, at in forms:
            if self.zipf[key] < UNKNOWN_ZIPF and not self._is_ordinary(key) and self.typos[key]:
                return [Reading(at, len(folded), key, "fuzzy", proclitic, opens=False)]
        return []

    def _is_ordinary(self, key: str) -> bool:
        language, bare = self.language, key.removeprefix(ARTICLE)
        listed = any(form in names for form in (key, bare) for names in (language.demonyms, language.family_names))
        return listed or bare in language.given_names

    def _glued(self, folded: str) -> list[Reading]:
        """The best way to cut a word into names and known words that have grown together, at least one of them a name.

        `best[i, named]` is the best cutting of the first i letters, with or without a name in it: its strength, its
        readings, and the known word it ends with.
        """
        size = len(folded)
        best: dict[tuple[int, bool], tuple[float, list[Reading], str]] = {(0, False): (0.0, [], "")}
        for start in range(size - 1):
            for named in (False, True):
                if (start, named) not in best:
                    continue
                strength, readings, left = best[start, named]
                for end in range(start + 2, size + 1):
                    for gain, reading, word in self._pieces(folded, start, end):
                        state = (end, named or reading is not None)
                        total = strength + gain
                        if reading and reading.proclitic and left:
                            total -= GLUE_COST  # «منوجدة» is من وجدة, not من و جدة
                        if state not in best or total > best[state][0]:
                            before = left or (NAME if readings else "")
                            added = [*readings, replace(reading, left=before)] if reading else readings
                            best[state] = (total, added, word)
        strength, readings, _ = best.get((size, True), (0.0, [], ""))
        if strength < GLUE_STRENGTH:
            return []
        starts = [r.start - len(r.proclitic) for r in readings[1:]] + [size]
        rest = [folded[r.end : start] for r, start in zip(readings, starts, strict=True)]
        return [
            replace(r, right=after or (NAME if i + 1 < len(readings) else ""))
            for i, (r, after) in enumerate(zip(readings, rest, strict=True))
        ]

    def _pieces(self, folded: str, start: int, end: int) -> Iterator[tuple[float, Reading | None, str]]:
        """What `folded[start:end]` may be in a glued word: (strength, reading, the known word) each."""
        whole, last = folded[start:end], end == len(folded)
        if start == 0 and last:
            joined = self._lost_blank(folded)
            if joined:
                yield GLUE_STRENGTH, Reading(0, end, joined, "glued", complete=joined in self.gazetteer), ""
            return
        known = self._known_strength(whole)
        if known:
            yield known, None, whole
        for proclitic, at in (("", 0), (whole[0], 1)):
            key = whole[at:]
            if at and proclitic not in PROCLITICS:
                continue
            complete = len(key) > 2 and key in self.gazetteer
            begins = last and len(key) > 1 and self.gazetteer.begins_name(key)
            if complete or begins:
                strength = self._name_strength(key) - GLUE_COST if complete else 0.0
                reading = Reading(start + at, end, key, "glued", proclitic, complete=complete, opens=last)
                yield max(strength, 0.0) if begins else strength, reading, ""

    def _lost_blank(self, folded: str) -> str | None:
        """A name of three or more words whose first blank is lost: «قصربن غشير»."""
        for cut in range(2, len(folded) - 1):
            key = f"{folded[:cut]} {folded[cut:]}"
            if self.gazetteer.begins_name(key):
                return key
        return None

    def _known_strength(self, word: str) -> float:
        """How likely a word is one that grows together with its neighbours: 0 when it is not known."""
        stem = word[1:] if word[0] in "وف" and len(word) > 2 else word
        cue = stem in self.language.relations or not _GLUING.isdisjoint(self.language.cues_before.get(stem, ()))
        if not cue and len(word) <= 3:
            return 0.0
        zipf = self.gazetteer.zipf(word)  # not remembered: most are mere letters, never seen again
        if cue and (len(word) > 2 or zipf >= FUNCTION_ZIPF - 0.7):
            return 8 * max(zipf, 4.5) - GLUE_COST / 2
        least = 3.0 if word[0] == "و" else 3.5
        return max(1.0, 6 * zipf - 20) if len(word) > 3 and zipf >= least else 0.0

    def _name_strength(self, key: str) -> float:
        importance = max((self.gazetteer.importance(row) for row, _ in self.gazetteer.rows(key)), default=0.0)
        return 0.0 if len(key) < 4 and importance < 50 else importance + 4 * len(key)

    def _candidates(self, key: str, kind: str, written: str) -> list[Candidate]:
        if kind == "article":
            found = article_candidates(self.gazetteer, key)
        elif kind == "fuzzy":
            found = self.typos[key]
        else:
            found = exact_candidates(self.gazetteer, key, written) + bare_candidates(self.gazetteer, key)
            if kind in ("clitic", "glued"):
                found = [replace(c, method=kind) for c in found]
        return rank(found)

    def _find_typos(self, key: str) -> list[Candidate]:
        return [c for c in fuzzy_candidates(self.gazetteer, key) if c.place.importance >= TYPO_IMPORTANCE]

    def _read_last_word(self, key: str) -> LastWord | None:
        """How the last word of the key ends a name although the key is none: the name ends inside the word, glued to
        another one, or the name is misspelt."""
        beginning, _, word = key.rpartition(" ")
        zipf = self.zipf[word]
        if zipf >= GLUE_ZIPF or word.isascii():
            return None
        for cut in range(len(word) - 3, 1, -1):
            name, rest = f"{beginning} {word[:cut]}", word[cut:]
            if name in self.gazetteer and (
                self.zipf[rest] >= 4.0 or any(k in self.gazetteer for _, k, _ in proclitics(rest))
            ):
                return LastWord(name, cut, rest)
        return LastWord(key) if zipf < UNKNOWN_ZIPF and self.typos[key] else None
