"""How common a word is in everyday Arabic, from the wordfreq package (Apache-2.0; data CC BY-SA 4.0)."""

import math
from collections import defaultdict

from gazetteer.normalize import fold_word


def word_frequencies() -> dict[str, float]:
    """Zipf frequency (log 10 of occurrences per 10^9 words, about 1 to 8) by folded word; spellings are summed."""
    import wordfreq  # a quarter of the time of a warm start, and only building the index needs it

    total: defaultdict[str, float] = defaultdict(float)
    for word, share in wordfreq.get_frequency_dict("ar", wordlist="best").items():
        key = fold_word(word)
        if key:
            total[key] += share
    for remembered in (wordfreq.get_frequency_dict, wordfreq.get_frequency_list):
        remembered.cache_clear()  # 100 MB that nobody asks for again
    return {word: round(math.log10(share) + 9, 2) for word, share in total.items()}
