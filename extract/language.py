"""What the tables in extract/data say about Arabic: cue words, relations, numbers, names that are also something else."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property

from extract.word_tables import read_rows
from gazetteer import normalize_name

LONGEST_CUE = 4  # words; longer phrases are so rare that looking for them costs more than they give


# Nouns that stand before names like the generic ones of the table, in the dual and in the plural.
LIST_HEADS = frozenset("العاصمه مدينتي بلدتي قريتي بلدات قري مدن محافظتي جزيرتي منطقتي مناطق".split())
# The words between a name and «على بعد» or a verb of motion, which relations turn on.
LINKING = frozenset(("من", "عن", "الي"))


@dataclass(frozen=True)
class Head:
    """A generic noun before a place name. `features`: what it names.

    `inside` says whether it belongs to the name: yes, both (where the rest alone is no name), no (unless the rest is no name
    anywhere), never, or list (it only stands before a list of names).
    """

    inside: str
    features: tuple[str, ...]


@dataclass(frozen=True)
class Language:
    """The tables by folded key. Phrases of several words have single spaces.

    A phrase before a name may end with the clitic ل, as a word of its own.
    """

    cues_before: dict[str, frozenset[str]]
    cues_after: dict[str, frozenset[str]]
    relations: dict[str, str]
    setting_out: frozenset[str]
    numbers: dict[str, float]
    units: dict[str, float]
    dual_units: dict[str, float]
    ambiguous: dict[str, frozenset[str]]
    organisations: dict[str, str]
    organisation_starts: dict[str, frozenset[str]]  # first words of organisations, with the second words they have
    given_names: frozenset[str]
    family_names: frozenset[str]
    demonyms: frozenset[str]
    demonym_countries: dict[str, str]
    heads: dict[str, Head]
    facility_adjectives: frozenset[str]
    longest_cue: int
    cue_ends: frozenset[str]  # words that cues of several words end with, the clitic left out
    cue_tails: frozenset[str]  # the last two words of these and more, up to the whole cue
    after_starts: frozenset[str]  # words that cues of several words after a name begin with
    relation_ends: frozenset[str]  # words that relations end with, the clitic left out
    relation_tails: frozenset[str]  # the last two words of relations and more, up to the whole

    @cached_property
    def single_words(self) -> frozenset[str]:
        """Every word that a table says something of by itself; a cue with a clitic counts without it."""
        return frozenset().union(
            (cue.split()[0] for cue in self.cues_before if cue),
            self.cues_after,
            self.heads,
            self.given_names,
            self.family_names,
            self.demonyms,
            self.demonym_countries,
            self.facility_adjectives,
            self.organisation_starts,
            self.cue_ends,
            self.after_starts,
            self.relation_ends,
            LIST_HEADS,
            LINKING,
        )


@cache
def load_language() -> Language:
    """Read all tables, once a process."""
    before, after = _cues()
    relations = {}
    for row in read_rows("relations.csv"):
        relations.setdefault(normalize_name(row["phrase"]), row["relation"])
    measures = [
        (normalize_name(r["word"]), float(r["value"]), r["kind"])
        for r in read_rows("measure_words.csv")
        if _is_value(r)
    ]
    organisations = {normalize_name(r["name"]): r["kind"] for r in read_rows("organisations.csv")}
    return Language(
        cues_before=before,
        cues_after=after,
        relations=relations,
        setting_out=frozenset(
            phrase.split()[0]
            for phrase, relation in relations.items()
            if relation == "towards" and len(phrase.split()) == 2 and phrase.endswith(" الي")
        ),
        numbers={w: v for w, v, kind in measures if kind in ("number", "number_multiplier", "fraction")},
        units={w: v for w, v, kind in measures if kind == "unit"},
        dual_units={w: v for w, v, kind in measures if kind == "unit_dual"},
        ambiguous=_ambiguous(),
        organisations=organisations,
        organisation_starts=_starts(organisations),
        given_names=_names("given_names.csv", "name"),
        family_names=_names("family_names.csv", "name"),
        demonyms=_names("demonyms.csv", "form"),
        demonym_countries={normalize_name(r["form"]): r["country"] for r in read_rows("demonyms.csv") if r["country"]},
        heads={
            normalize_name(r["head"]): Head(r["inside"], tuple(r["features"].split("|")))
            for r in read_rows("heads.csv")
        },
        facility_adjectives=_names("facility_adjectives.csv", "word"),
        longest_cue=min(LONGEST_CUE, max(len(c.split()) for c in (*before, *after))),
        cue_ends=_last_words(cue for cue in before if " " in cue),
        cue_tails=_tails(before),
        after_starts=frozenset(cue.split()[0] for cue in after if " " in cue),
        relation_ends=_last_words(relations),
        relation_tails=_tails(relations),
    )


def _starts(phrases: Iterable[str]) -> dict[str, frozenset[str]]:
    """The second words of phrases of several words, by the first ones."""
    found: dict[str, set[str]] = {}
    for words in map(str.split, phrases):
        if len(words) > 1:
            found.setdefault(words[0], set()).add(words[1])
    return {first: frozenset(seconds) for first, seconds in found.items()}


def _last_words(phrases: Iterable[str]) -> frozenset[str]:
    """The last words of phrases, and the last but one where a single letter follows: it may be a clitic of the name."""
    found = set()
    for phrase in phrases:
        words = phrase.split()
        found.update(words[-2:] if words and len(words[-1]) == 1 else words[-1:])
    return frozenset(found)


def _tails(phrases: Iterable[str]) -> frozenset[str]:
    """The last two words of phrases and more, up to the whole, also with a last single letter left out."""
    found = set()
    for words in map(str.split, phrases):
        for whole in (words, words[:-1]) if words and len(words[-1]) == 1 else (words,):
            found.update(" ".join(whole[i:]) for i in range(len(whole) - 1))
    return frozenset(found)


def _is_value(row: dict[str, str]) -> bool:
    return row["value"].replace(".", "", 1).isdigit()


def _names(table: str, column: str) -> frozenset[str]:
    return frozenset(key for row in read_rows(table) if (key := normalize_name(row[column])))


def _cues() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]]]:
    sides: dict[str, dict[str, set[str]]] = {"before": {}, "after": {}}
    for row in read_rows("cues.csv"):
        sides[row["side"]].setdefault(normalize_name(row["cue"]), set()).add(row["type"])
    before, after = ({cue: frozenset(types) for cue, types in sides[side].items()} for side in ("before", "after"))
    return before, after


def _ambiguous() -> dict[str, frozenset[str]]:
    kinds: dict[str, set[str]] = {}
    for row in read_rows("ambiguous_names.csv"):
        mostly = row["note"].startswith("mostly the place") or row["reading"].startswith("mostly the place")
        kinds.setdefault(normalize_name(row["form"]), set()).add("place" if mostly else row["kind"])
    return {form: frozenset(found) for form, found in kinds.items()}
