"""Folding of Arabic (and Latin) names to keys, so that every usual spelling of a name meets in one key. No I/O.

Folding is for looking up only: texts are reported by offsets into the original (`fold_with_offsets`).
"""

import re
import unicodedata
from functools import lru_cache

TATWEEL = "\u0640"
ARTICLE = "ال"
PROCLITICS = "وفبكل"

# Letters that newspapers exchange freely. Hamza without a seat goes altogether: صنعاء and صنعا meet.
_LETTERS = {
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "ٲ": "ا",
    "ٳ": "ا",
    "ى": "ي",
    "ی": "ي",
    "ې": "ي",
    "ے": "ي",
    "ئ": "ي",
    "ؤ": "و",
    "ۆ": "و",
    "ۇ": "و",
    "ة": "ه",
    "ۀ": "ه",
    "ە": "ه",
    "ہ": "ه",
    "ھ": "ه",
    "ک": "ك",
    "ڪ": "ك",
    "گ": "ك",
    "ڭ": "ك",
    "ݣ": "ك",
    "ڨ": "ق",
    "ڤ": "ف",
    "پ": "ب",
    "چ": "ج",
    "ژ": "ز",
    "ء": "",
    TATWEEL: "",
}
# Invisible marks that copying from pages leaves behind: joiners, bidi controls, byte-order mark, soft hyphen.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
# Latin transliteration marks that stand for ayn and hamza: Qur'an, ʿAyn.
_LATIN_SILENT = "'’‘`´ʿʾʼ"


@lru_cache(maxsize=65536)
def _fold_char(char: str) -> str:
    out = []
    for c in unicodedata.normalize("NFKD", char):
        if c in _LETTERS:
            out.append(_LETTERS[c])
        elif unicodedata.combining(c) or c in _INVISIBLE or c in _LATIN_SILENT:
            continue
        elif c.isdigit():
            out.append(str(unicodedata.digit(c, c)))
        elif c.isalnum():
            out.append(c.lower())
        else:
            out.append(" ")
    return "".join(out)


# Letters that fold to one letter each: most words have no others.
_PLAIN = re.compile("[\u0622-\u063a\u0641-\u064a]+")
_PLAIN_LETTERS = {ord(char): _fold_char(char) for char in map(chr, range(0x0622, 0x064B)) if _PLAIN.fullmatch(char)}


def is_mark(char: str) -> bool:
    """Whether the character may stand inside a word without being a letter of it: a vowel mark, tatweel, a joiner."""
    return char == TATWEEL or char in _INVISIBLE or bool(unicodedata.combining(char))


def normalize_name(text: str) -> str:
    """The key of a name: letters folded, marks dropped, everything else one space. Idempotent; "" for no letters.

    >>> normalize_name("غـرْيان"), normalize_name("«رأس» اجدير"), normalize_name("Gharyān")
    ('غريان', 'راس اجدير', 'gharyan')
    """
    return " ".join("".join(map(_fold_char, text)).split())


def fold_word(word: str) -> str:
    """The key of one word as `normalize_name` gives it, with no spaces left."""
    return "".join(map(_fold_char, word)).replace(" ", "")


def fold_with_offsets(text: str) -> tuple[str, list[int]]:
    """The folded text and, for each of its characters, the offset of the original one it came from.

    The offsets never decrease. Spaces are not collapsed.
    """
    if _PLAIN.fullmatch(text):
        return text.translate(_PLAIN_LETTERS), list(range(len(text)))
    folded: list[str] = []
    offsets: list[int] = []
    for position, char in enumerate(text):
        piece = _fold_char(char)
        folded.append(piece)
        offsets.extend([position] * len(piece))
    return "".join(folded), offsets


def name_keys(name: str) -> set[str]:
    """All keys under which a name of the gazetteer is found: the name, and its usual other writings.

    Compound words are joined and split as newspapers do (عين زارة/عينزارة, عبد/عبدال), أبو is also written بو, and a
    name in Latin letters may have its article left out, joined or written with a hyphen.
    """
    key = normalize_name(name)
    if not key:
        return set()
    keys = {key}
    words = key.split()
    if words[0] in _FATHER and len(words) > 1:
        keys |= {" ".join([other, *words[1:]]) for other in _FATHER}
        keys |= {other + words[1] + "".join(" " + w for w in words[2:]) for other in ("ابو", "بو")}
    for i in range(1, len(words)):
        if words[i] in _FATHER and i + 1 < len(words):
            keys |= {" ".join([*words[:i], other, *words[i + 1 :]]) for other in _FATHER}
            keys |= {" ".join([*words[:i], other + words[i + 1], *words[i + 2 :]]) for other in ("ابو", "بو")}
    for key in list(keys):
        keys |= _joined(key)
    if key.isascii():
        keys |= _latin_keys(key)
    return keys


# Generic nouns that news leaves out in lists: «أحياء الزيتون والتفاح» for حي الزيتون and حي التفاح.
_HEAD_NOUNS = frozenset(
    "حي سجن محطه قريه مدينه بلده جزيره مخيم سد حقل مطار ميناء مينا مستشفي جبل وادي سهل مديريه قضا بوابه محافظه ولايه منطقه "
    "معبر منفذ نهر بحيره كوبري جسر معسكر قاعده شارع سوق".split()
)


_DIRECTIONS = frozenset("شمال جنوب شرق غرب وسط شمالي جنوبي شرقي غربي".split())


def bare_key(key: str) -> str | None:
    """The key of a name without the generic noun it begins with, None when it begins with none."""
    noun, _, rest = key.partition(" ")
    return rest if noun in _HEAD_NOUNS and len(rest) > 2 and rest.split()[0] not in _DIRECTIONS else None


_FATHER = ("ابو", "بو", "ابي")
# First words that grow together with what follows even in short names: Ayn, Ras, Umm, Bayt, Bab, Tell, Deir, Khan ...
_JOINING = frozenset("ابو بو ام عين راس بيت باب تل دير خان ذو ذي بني بن كفر قصر بير وادي حي سيدي ود دار".split())
# Any name of several words may lose its blanks in a web copy; shorter ones could be everyday words then.
_JOINED_FROM = 9


# A name that begins with one of these and has lost its blank is read as the word and the name: «ولايةكسلا».
_NEVER_JOINED = _HEAD_NOUNS | frozenset(
    "اقليم مقاطعه ناحيه مديريه معتمديه دائره بلديه محليه عماله دوله جمهوريه مملكه ريف شمال جنوب شرق غرب شمالي جنوبي شرقي غربي "
    "وسط طريق مركز مدن قري ساحل جبال جزر سهل حوض ضاحيه".split()
)


def _joined(key: str) -> set[str]:
    words = key.split()
    if words[0] in _NEVER_JOINED:
        return set()
    together = "".join(words)
    short = len(words) == 2 and words[0] in _JOINING and len(words[1]) > 2
    return {together} if len(words) > 1 and (short or len(together) >= _JOINED_FROM) else set()


_LATIN_ARTICLES = ("al ", "el ", "ad ", "ar ", "as ", "at ", "az ", "an ", "ash ", "adh ", "ath ")


def _latin_keys(key: str) -> set[str]:
    keys = set()
    for article in _LATIN_ARTICLES:
        if key.startswith(article):
            bare = key[len(article) :]
            keys |= {bare, "al " + bare, "el " + bare, "al" + bare}
    return {k for k in keys if len(k) > 3}
