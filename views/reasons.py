"""The reader's reasons in the language of the interface.

`extract` gives them in English, parts joined by "; ". Each form it uses stands here with the text to translate; a part
of an unknown form is shown as it is.
"""

from views.forms import read_forms, say
from views.texts import Texts

SEPARATOR = "; "

FORMS = read_forms(
    (
        (r"the only place of this name", "the only place of this name"),
        (r"the best known place of this name", "the best known place of this name"),
        (r"article about (?P<country>[A-Z]{2})", "the article is about {country}"),
        (r"«(?P<word>.+)» says (?P<feature>[a-z]+)", "the word «{word}» says: {feature}"),
        (r"the adjective after it names the country", "the adjective after it names the country"),
        (
            r"(?P<share>\d+%) of the places around lie in (?P<country>[A-Z]{2})",
            "{share} of the places around lie in {country}",
        ),
        (r"(?P<km>\d+) km from (?P<place>.+)", "{km} km from {place}"),
        (r"in (?P<place>.+), which is named too", "it lies in {place}, which is named too"),
        (
            r"no entry of its own: put at (?P<place>.+), which it is named after",
            "no entry of its own: put at {place}, which it is named after",
        ),
        (r"nearest spelling, (?P<share>\d+) of 100 alike", "nearest spelling, {share} of 100 alike"),
        (
            r"not in the gazetteer here: the only place of this name lies far from all others of the article "
            r"\((?P<place>.+), (?P<country>[A-Z]{2}|None)\)",
            "not known here: the only place of this name, {place} ({country}), lies far from all others of the article",
        ),
        (r"not in the gazetteer", "not in the tables of places"),
        (r"found right by (?P<who>.+)", "found right by {who}"),
        (r"put here by (?P<who>.+)", "put here by {who}"),
        (r"marked by (?P<who>.+)", "marked by {who}"),
        (r"added to the gazetteer by (?P<who>.+)", "added to the gazetteer by {who}"),
        (r"not a place, says (?P<who>.+)", "not a place, says {who}"),
    )
)


def reason_text(reason: str, t: Texts) -> str:
    """The reason in the language, its parts in their order."""

    def word(group: str, value: str) -> str:
        if group == "country":
            return t.country(value)
        return t.term("feature", value) if group == "feature" else value

    return t(SEPARATOR).join(say(part, FORMS, t, word) for part in reason.split(SEPARATOR) if part)
