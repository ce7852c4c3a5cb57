"""A small workspace made by hand: articles, places and the resolutions that a reading would give."""

from pathlib import Path

from extract.filters import Filters
from extract.mentions import Article, Mention, RankedCandidate, Resolution, Role
from extract.store import Workspace
from gazetteer import FeatureClass, Place, Point


def make_place(place_id, name, name_en, feature, country, lat, lon, radius_km):
    return Place(place_id, name, name_en, feature, country, Point(lat, lon), radius_km, importance=50)


TRIPOLI = make_place("t:tripoli", "طرابلس", "Tripoli", FeatureClass.CITY, "LY", 32.887, 13.187, 25)
TRIPOLI_LB = make_place("t:tripoli-lb", "طرابلس الشام", "Tripoli", FeatureClass.CITY, "LB", 34.436, 35.85, 8)
GHARYAN = make_place("t:gharyan", "غريان", "Gharyan", FeatureClass.CITY, "LY", 32.172, 13.02, 10)
BENGHAZI = make_place("t:benghazi", "بنغازي", "Benghazi", FeatureClass.CITY, "LY", 32.117, 20.067, 20)
LIBYA = make_place("t:libya", "ليبيا", "Libya", FeatureClass.COUNTRY, "LY", 28.0, 17.0, 700)
QATAR = make_place("t:qatar", "قطر", "Qatar", FeatureClass.COUNTRY, "QA", 25.3, 51.2, 80)
# Gazetteer files are written by strangers, too.
HOSTILE_NAME = "{{7*7}}`${window.canary=1}</script><img src=x onerror=window.canary=2>"
HOSTILE = make_place("t:hostile_0", "سبها", HOSTILE_NAME, FeatureClass.CITY, "LY", 27.04, 14.43, 12)

CANARY = "{{7*7}} ${window.canary=3} </script><script>window.canary=4</script><img src=x onerror=window.canary=5>"


def make_resolutions(text, found):
    """A resolution for each (surface, place, role, relation) in text order; the sentence around it is its passage."""
    resolutions, position = [], 0
    for surface, place, role, relation in found:
        start = text.index(surface, position)
        position = end = start + len(surface)
        mention = Mention(start, end, surface, role, relation)
        before = text.rfind(". ", 0, start)
        after = text.find(". ", end)
        passage = (0 if before < 0 else before + 2, len(text) if after < 0 else after + 1)
        if place is None:
            resolutions.append(Resolution(mention, None, "unlisted", 0.0, 0.4, "not in the gazetteer", *passage))
            continue
        candidates = (RankedCandidate(place, 100.0, 0.9, "in Libya"), RankedCandidate(TRIPOLI_LB, 88.0, 0.1, "far"))
        resolutions.append(
            Resolution(mention, place, "exact", 100.0, 0.9, "nearest to the others", *passage, candidates=candidates)
        )
    return resolutions


def make_results():
    """The articles of the made workspace, each with its resolutions."""
    here, actor, part = Role.LOCATION, Role.ACTOR, Role.NAME_PART
    rows = [
        (
            Article(
                "a1",
                "وصلت القوات إلى غريان جنوب طرابلس. ثم عادت إلى طرابلس ليلا. وأعلنت قطر موقفها من ليبيا.",
                "معركة الطريق",
                "2019-04-05",
                "وكالة أولى",
                "LY",
                "https://example.org/a1",
            ),
            [
                ("غريان", GHARYAN, here, None),
                ("طرابلس", TRIPOLI, here, "S:30"),
                ("طرابلس", TRIPOLI, here, None),
                ("قطر", QATAR, actor, None),
                ("ليبيا", LIBYA, here, None),
            ],
        ),
        (
            Article("a2", "قالت قناة ليبيا الأحرار إن بنغازي هادئة. ولم يصل أحد إلى الصابرية.", None, None),
            [("ليبيا", LIBYA, part, None), ("بنغازي", BENGHAZI, here, None), ("الصابرية", None, here, None)],
        ),
        (
            Article("a3", f"نص {CANARY} في طرابلس وسبها.", f"عنوان {CANARY}", "2020-01-02", "=cmd()|' /C calc'!A0"),
            [("طرابلس", TRIPOLI, here, None), ("سبها", HOSTILE, here, None)],
        ),
    ]
    return [(article, make_resolutions(article.text, found)) for article, found in rows]


def make_workspace(folder: Path) -> Workspace:
    workspace = Workspace.create_or_open(folder)
    workspace.add(make_results(), {"program": "test"})
    return workspace


def rows_of(workspace):
    """Every mention, without what differs from run to run."""
    workspace.refresh(force=True)
    return sorted(
        (row["article_id"], row["start"], row["end"], row["place_id"], row["confidence"])
        for row in workspace.rows(Filters(), placed=None)
    )


def ids_of(workspace):
    """The ids of all articles."""
    workspace.refresh(force=True)
    return sorted(row["article_id"] for row in workspace.articles())
