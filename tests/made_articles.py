"""Folders of short articles that name real places: what tests of runs read."""

import json
from pathlib import Path

PLACES = ("غريان", "طرابلس", "بنغازي", "سبها", "ترهونة", "درنة", "سرت", "الزاوية", "مصراتة", "صبراتة")


def text_of(number: int) -> str:
    """An article of its own."""
    first, second = PLACES[number % 10], PLACES[(number * 7 + 3) % 10]
    return f"وصل الوفد رقم {number} إلى مدينة {first} قادما من {second}.\nوأعلنت بلدية {second} عودة الكهرباء."


def make_folder(folder: Path, count: int, *, start: int = 0) -> Path:
    """A folder of text files a0001.txt, ..."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        (folder / f"a{number:04}.txt").write_text(text_of(number), encoding="utf-8")
    return folder


def make_lines(path: Path, count: int) -> Path:
    """A JSON Lines file of articles r0, r1, ..."""
    lines = (json.dumps({"id": f"r{number}", "text": text_of(number)}, ensure_ascii=False) for number in range(count))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path
