"""One article with its words and spans, and what is true of it as a whole. Pure."""

import re
from collections import defaultdict
from dataclasses import dataclass, field

from extract.language import Language
from extract.segment import Tokens
from extract.spans import Page, Span
from extract.words import Word

# A short quotation is a name («فجر ليبيا»), a long one is speech. Archives mix opening and closing signs.
_QUOTED = re.compile('[«»“”"][^«»“”"\\n.،؛:]{2,40}[»”"]')
_QUOTES = '«»“”"'
_COUNTRY_GIVEN = 2.0  # what the article's own country weighs among those of its names
_ORGANISATION_WORDS = 6


@dataclass(slots=True)
class Context:
    """An article as the model and the resolver see it.

    `words` ends with words for the edges, so that index -1 is the word before the first. `at` has the spans of each token,
    `beginning` and `ending` those that begin or end there, `named` those of each key, all in the order of `spans`.
    """

    page: Page
    country: str | None
    spans: list[Span]
    text: str = ""
    tokens: Tokens | None = None
    words: list[Word] = field(default_factory=list)
    language: Language | None = None
    focus: dict[str, float] = field(default_factory=dict)
    organisations: list[tuple[int, int, str]] = field(default_factory=list)
    quoted: list[tuple[int, int]] = field(default_factory=list)
    at: defaultdict[int, list[Span]] = field(default_factory=lambda: defaultdict(list))
    beginning: defaultdict[int, list[Span]] = field(default_factory=lambda: defaultdict(list))
    ending: defaultdict[int, list[Span]] = field(default_factory=lambda: defaultdict(list))
    named: defaultdict[str, list[Span]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        page = self.page
        self.text, self.tokens, self.words, self.language = page.text, page.tokens, page.words, page.reader.language
        self.focus = country_focus(self.spans, self.country)
        if any(sign in page.text for sign in _QUOTES):
            self.quoted = [match.span() for match in _QUOTED.finditer(page.text)]
        self.organisations = find_organisations(page)
        at, beginning, ending, named = self.at, self.beginning, self.ending, self.named
        for span in self.spans:
            first, last = span.first, span.last
            beginning[first].append(span)
            ending[last].append(span)
            named[span.name.key].append(span)
            at[first].append(span)
            if last > first:
                for i in range(first + 1, last + 1):
                    at[i].append(span)

    def word(self, folded: str) -> Word:
        """What the tables say of any folded word."""
        return self.page.reader.words[folded]

    def word_before(self, span: Span) -> Word:
        """The word before a span, or the one grown together with it there."""
        return self.word(span.left) if span.left else self.words[span.first - 1]


def country_focus(spans: list[Span], country: str | None) -> dict[str, float]:
    """Share of each country among the article's names, each name once, by the importance of what it may mean."""
    weights: dict[str, float] = {}
    seen: set[str] = set()
    for span in spans:
        name = span.name
        if name.focus_counts and name.key not in seen:
            seen.add(name.key)
            for place_country, weight in name.focus:
                weights[place_country] = weights.get(place_country, 0.0) + weight
    if country:
        weights[country] = weights.get(country, 0.0) + _COUNTRY_GIVEN
    total = sum(weights.values())
    return {country: weight / total for country, weight in weights.items()} if total else {}


def find_organisations(page: Page) -> list[tuple[int, int, str]]:
    """(first token, last token, kind) of every name of a militia, newspaper, operation... in the text."""
    found = []
    words, size = page.words, len(page.tokens)
    organisations = page.reader.language.organisations
    for i in page.noted:
        word = words[i]
        if word.starts_organisation:
            following = words[i + 1].folded
            for stem, seconds in word.starts_organisation:
                if following in seconds:
                    for j in range(min(i + _ORGANISATION_WORDS, size) - 1, i, -1):
                        kind = organisations.get(" ".join([stem, *(w.folded for w in words[i + 1 : j + 1])]))
                        if kind:
                            found.append((i, j, kind))
                            break
    return found
