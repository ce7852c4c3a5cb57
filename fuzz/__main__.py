"""Runs one target: python -m fuzz readers|reading [--seconds 600] [more of libFuzzer's flags]

What was tried is kept in fuzz/out/<target>/ and built upon; an input that breaks a promise ends the run and is left in
fuzz/out/crash-*: mend it and keep it as a row of the tests.
"""

import os
import sys
from pathlib import Path

import atheris

OUT = Path(__file__).parent / "out"
# Only our own code is watched for new paths; libraries would drown it.
WATCHED = ["extract", "gazetteer"]
# Bytes: an article takes milliseconds to read, and more when it is watched.
LENGTHS = {"readers": 4096, "reading": 600}


def main() -> None:
    """Fuzz one target until an input breaks a promise, or time is over."""
    if len(sys.argv) < 2 or sys.argv[1] not in LENGTHS:
        sys.exit(__doc__)
    name, flags = sys.argv[1], sys.argv[2:]
    seconds = flags[flags.index("--seconds") + 1] if "--seconds" in flags else "600"
    flags = [flag for flag in flags if flag not in ("--seconds", seconds)]
    with atheris.instrument_imports(include=WATCHED):
        from fuzz import targets
    corpus = OUT / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(targets.seeds(name)):
        (corpus / f"seed-{number}").write_bytes(seed)
    arguments = [f"-max_total_time={seconds}", f"-max_len={LENGTHS[name]}", "-timeout=20", "-rss_limit_mb=4096"]
    arguments.append(f"-artifact_prefix={OUT}{os.sep}crash-")
    atheris.Setup([f"fuzz {name}", *arguments, *flags, str(corpus)], targets.TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
