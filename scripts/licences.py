"""The licences of all that pip installs for Rasid to run: `python -m scripts.licences FILE` writes them as a table.

Ends with code 1, and names the packages, when one has a licence that Rasid may not be given away with, or none that it says.
"""

import re
import sys
from importlib import metadata
from pathlib import Path

PROJECT = Path(__file__).parent.parent
LOCK = PROJECT / "requirements.txt"
# Whoever passes such a package on passes all on under its terms. The Lesser GPL asks that of changes to the package alone.
REFUSED = re.compile(
    r"\bA?GPL|(?<!Lesser )(?<!Library )General Public License|SSPL|Commons Clause|proprietary", re.IGNORECASE
)
# Looked up by hand, where a package's own data say nothing, or the wrong thing.
LOOKED_UP = {
    "locate": "MIT (its LICENSE file; its classifier is wrong)",
    "streamlit-folium": "MIT (LICENSE of its repository; the wheel holds none)",
}
_PIN = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)\s*(?:;\s*([^\\]+?))?\s*\\?$", re.MULTILINE)
_LONGEST_LICENCE = 60


def locked(lock: Path = LOCK) -> list[tuple[str, str, str]]:
    """(name, version, the marker of systems that need it or "") of every package in a lock file."""
    return [(name, version, marker or "") for name, version, marker in _PIN.findall(lock.read_text(encoding="utf-8"))]


def licence_of(name: str) -> str:
    """What the installed package says of its licence, shortest form first; empty when it says nothing.

    Raises importlib.metadata.PackageNotFoundError.
    """
    about = metadata.metadata(name)
    if name in LOOKED_UP:
        return LOOKED_UP[name]
    if expression := about.get("License-Expression"):
        return expression
    classified = [value for value in about.get_all("Classifier") or [] if value.startswith("License ::")]
    named = sorted({value.rsplit(" :: ", 1)[1] for value in classified} - {"OSI Approved"})
    if named:
        return " / ".join(named)
    text = (about.get("License") or "").strip()
    return text if len(text) <= _LONGEST_LICENCE else text.splitlines()[0].strip()[:_LONGEST_LICENCE]


def is_refused(licence: str) -> bool:
    """Whether the licence is of a refused kind; one of several to choose from ("A OR B") may be.

    >>> is_refused("GPL-3.0-or-later"), is_refused("MIT OR GPL-2.0"), is_refused("LGPL-3.0"), is_refused("")
    (True, False, False, True)
    """
    choices = re.split(r"\s+OR\s+|\s+/\s+", licence)
    return all(not choice or REFUSED.search(choice) is not None for choice in choices)


def table() -> tuple[str, list[str]]:
    """The table as Markdown, and the packages that may not be there."""
    rows, refused = [], []
    for name, version, marker in locked():
        try:
            licence = licence_of(name)
        except metadata.PackageNotFoundError:
            # Locks are for all systems; what another one needs is not installed here.
            licence = "(not installed on the system this list was made on)"
        else:
            if is_refused(licence):
                refused.append(f"{name} {version}: {licence or 'no licence said'}")
        rows.append(f"| {name} | {version} | {licence.replace('|', '/')} | {marker} |")
    head = "# Licences of what Rasid runs on\n\nWritten by `make licences`. Files that are part of Rasid: static/README.md.\n\n"
    return head + "| Package | Version | Licence | Only where |\n|---|---|---|---|\n" + "\n".join(rows) + "\n", refused


def main() -> int:
    """Write the table to the file named on the command line."""
    text, refused = table()
    Path(sys.argv[1]).write_text(text, encoding="utf-8")
    for line in refused:
        print(f"refused: {line}", file=sys.stderr)
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
