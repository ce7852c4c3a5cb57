"""What comes from others: pinned, with hashes, under licences that let Rasid be given away; and nothing calls home."""

import hashlib
import re
from importlib import metadata

import pytest

from scripts.licences import LOCK, is_refused, licence_of, locked, table
from tests.serving import PROJECT

STATIC = PROJECT / "static"
# Ours, in a folder of files that others made.
OURS = {
    *("tiles/README.md", "tiles/.gitignore"),
    *("README.md", "SHA256SUMS", "rasid-map.css", "rasid-map.js", "basemap/build_basemap.py", "basemap/labels.json"),
    *("timeline/index.html", "timeline/timeline.css", "timeline/timeline.js"),
}


def wanted(name):
    """(package, version) of each line of a requirements*.in."""
    lines = (PROJECT / name).read_text(encoding="utf-8").splitlines()
    asked = [line for line in lines if line.strip() and not line.startswith(("#", "-c "))]
    found = [
        re.fullmatch(r"([A-Za-z0-9_.-]+)(?:\[[a-z,]+\])?==([^\s;]+)(?:\s*;.*)?(?:\s+#.*)?", line) for line in asked
    ]
    assert all(found), f"{name}: each line is package==version"
    return {(re.sub("[-_.]+", "-", match[1]).lower(), match[2]) for match in found}


@pytest.mark.parametrize("kind", ["", "-dev", "-tools"])
def test_lock_has_what_is_asked_for_and_a_hash_of_everything(kind):
    lock = PROJECT / f"requirements{kind}.txt"
    pins = {(name, version) for name, version, _ in locked(lock)}
    assert wanted(f"requirements{kind}.in") - pins == set(), "run make lock"
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text(encoding="utf-8"))
    unhashed = [entry.split()[0] for entry in entries if not entry.startswith("#") and "--hash=sha256:" not in entry]
    assert unhashed == []


def test_locks_agree():
    versions = {}
    for lock in sorted(PROJECT.glob("requirements*.txt")):
        # Of some packages, an older Python has an older version.
        for name, version, marker in locked(lock):
            assert versions.setdefault((name, marker), version) == version, f"{lock.name}: {name}; run make lock"


def test_what_is_installed_is_what_is_locked():
    here = {name: version for name, version, marker in locked(LOCK) if not marker}
    assert {name: metadata.version(name) for name in here} == here


def test_licences_let_rasid_be_given_away():
    text, refused = table()
    assert refused == []
    assert "| streamlit |" in text


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("GNU General Public License v3 (GPLv3)", True),
        ("AGPL-3.0-only", True),
        ("GNU Affero General Public License v3", True),
        ("Other/Proprietary License", True),
        ("", True),
        ("GNU Lesser General Public License v2 (LGPLv2)", False),
        ("MPL-1.1 OR GPL-2.0-only OR LGPL-2.1-or-later", False),
        ("Apache-2.0 AND CNRI-Python", False),
    ],
)
def test_licences_are_told_apart(licence, refused):
    assert is_refused(licence) is refused


def test_list_of_licences_is_of_what_is_locked():
    rows = (PROJECT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()
    listed = {tuple(cell.strip() for cell in row.split("|")[1:3]) for row in rows if row.startswith("| ")}
    assert listed - {("Package", "Version")} == {(name, version) for name, version, _ in locked(LOCK)}, (
        "run make licences"
    )


def test_every_licence_in_the_list_is_what_the_package_says():
    text = (PROJECT / "docs" / "licences.md").read_text(encoding="utf-8")
    for name, version, marker in locked(LOCK):
        if not marker:
            assert f"| {name} | {version} | {licence_of(name).replace('|', '/')} |" in text


def test_files_of_others_are_as_they_were_taken():
    listed = {}
    for line in (STATIC / "SHA256SUMS").read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    for name, digest in listed.items():
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest, name
    present = {
        str(path.relative_to(STATIC))
        for path in STATIC.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".pmtiles"
    }
    assert present - OURS == {name for name in listed if not name.startswith("..")}


def test_files_of_others_have_their_origin_and_licence():
    about = (STATIC / "README.md").read_text(encoding="utf-8")
    listed = [line.split("  ")[1] for line in (STATIC / "SHA256SUMS").read_text(encoding="utf-8").splitlines()]
    for name in listed:
        if not name.startswith("..") and "LICENSE" not in name:
            assert f"`{name}`" in about or f"`{name.rsplit('/', 1)[0]}/`" in about, name
