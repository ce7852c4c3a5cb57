"""What `extract` says in English, in the language of the interface: each form that it uses often stands in a table."""

import re
from collections.abc import Callable, Iterable

from views.texts import Texts

# The form of what is said, and the text that says it: the form's groups fill the text's fields.
Forms = tuple[tuple[re.Pattern[str], str], ...]


def read_forms(rows: Iterable[tuple[str, str]]) -> Forms:
    """The table of these regular expressions and texts to translate."""
    return tuple((re.compile(form), text) for form, text in rows)


def say(said: str, forms: Forms, t: Texts, word: Callable[[str, str], str] = lambda group, value: value) -> str:
    """What was said, in the language; as it is where no form fits. `word` translates what a group of the form holds."""
    for form, text in forms:
        if found := form.fullmatch(said):
            return t(text, **{group: word(group, value) for group, value in found.groupdict().items()})
    return said
