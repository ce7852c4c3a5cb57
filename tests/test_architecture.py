"""Imports point one way, and the heavy libraries stay in their homes."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

ORDER = ["gazetteer", "extract", "views", "dashboard"]
HOMES = {
    "streamlit": {"views", "dashboard.py"},
    "folium": {"views/map.py"},
    "streamlit_folium": {"views/map.py"},
    "rapidfuzz": {"gazetteer/match.py", "gazetteer/sources", "extract/copies.py"},
    "geopy": {"gazetteer/geocode.py", "gazetteer/__main__.py"},
    "adbc_driver_postgresql": {"extract/databases/postgres.py"},
    "sklearn": {"training"},
}
FILES = sorted(p for top in ORDER[:3] for p in (ROOT / top).rglob("*.py")) + [ROOT / "dashboard.py"]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return {name.split(".")[0] for name in names}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    home = path.relative_to(ROOT).parts[0].removesuffix(".py")
    right = set(ORDER[ORDER.index(home) + 1 :]) | {"training", "bench", "tests"}
    assert not imported(path) & right


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_libraries_stay_in_their_homes(path: Path) -> None:
    relative = path.relative_to(ROOT).as_posix()
    for library in imported(path) & set(HOMES):
        assert any(relative == home or relative.startswith(home + "/") for home in HOMES[library]), library


def test_no_project_import_hides_in_a_function() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for function in [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]:
            for node in ast.walk(function):
                if isinstance(node, ast.ImportFrom):
                    assert (node.module or "").split(".")[0] not in ORDER, f"{path}: {node.module}"
