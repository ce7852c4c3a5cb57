#!/usr/bin/env python3
"""Score predicted mentions against an annotated corpus (see ANNOTATION.md). Standard library only.

    score.py GOLD.jsonl [GOLD.jsonl ...] --predicted MENTIONS.jsonl [--errors] [--json]

MENTIONS.jsonl holds one object per mention: article_id, start, end (code points), role, lat, lon, and, where known, relation.
An article is matched by its id. Gold mentions of role location or actor are to be found; name-part ones are not to be
shown as places, so a prediction of role name-part counts as no prediction.

mapped F1 is the headline: a prediction is right when its span is exact and its point lies within radius_km of the gold point
(never less than 2 km). detection F1 asks for the span alone, overlap F1 for any overlap.
"""

import argparse
import json
import math
import statistics
import sys

SHOWN = {"location", "actor"}


def km(lat1, lon1, lat2, lon2):
    """Great-circle distance in kilometres between two WGS 84 points in degrees."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    h = math.sin((p2 - p1) / 2) ** 2 + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    return 6371.0088 * 2 * math.asin(min(1.0, math.sqrt(h)))


def read(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def f1(right, found, wanted):
    p = right / found if found else 0.0
    r = right / wanted if wanted else 0.0
    return p, r, 2 * p * r / (p + r) if p + r else 0.0


def score(articles, predictions, errors=None):
    by_article = {}
    for m in predictions:
        if m.get("role", "location") in SHOWN:
            by_article.setdefault(str(m["article_id"]), []).append(m)
    n = dict(
        gold=0,
        found=0,
        exact=0,
        overlap=0,
        mapped=0,
        role=0,
        relation=0,
        relation_gold=0,
        at161=0,
        pointed=0,
        glued=0,
        glued_exact=0,
        touching=0,
    )
    distances = []
    for a in articles:
        gold = [g for g in a["mentions"] if g["role"] in SHOWN and not g.get("optional")]
        free = [g for g in a["mentions"] if g.get("optional")]
        found = []
        for m in by_article.get(str(a["id"]), []):
            hit = any(g["start"] == m["start"] and g["end"] == m["end"] for g in gold)
            if hit or not any(m["start"] < g["end"] and g["start"] < m["end"] for g in free):
                found.append(m)
        n["gold"] += len(gold)
        n["found"] += len(found)
        n["touching"] += sum(any(m["start"] < g["end"] and g["start"] < m["end"] for g in gold) for m in found)
        used = set()
        for g in gold:
            n["glued"] += bool(g.get("glued"))
            m = next(
                (m for m in found if m["start"] == g["start"] and m["end"] == g["end"] and id(m) not in used), None
            )
            over = next((m for m in found if m["start"] < g["end"] and g["start"] < m["end"]), None)
            n["overlap"] += over is not None
            if m is None:
                if errors is not None:
                    errors.append(
                        f"{a['id']}: missed {g['surface']!r} in {context(a, g)}"
                        + (f" (overlaps {a['text'][over['start'] : over['end']]!r})" if over else "")
                    )
                continue
            used.add(id(m))
            n["exact"] += 1
            n["glued_exact"] += bool(g.get("glued"))
            n["role"] += m.get("role", "location") == g["role"]
            if g.get("relation"):
                n["relation_gold"] += 1
                n["relation"] += str(m.get("relation") or "").split(":")[0] == g["relation"].split(":")[0]
            if m.get("lat") is None or m.get("lon") is None:
                if errors is not None:
                    errors.append(f"{a['id']}: no point for {g['surface']!r} in {context(a, g)}")
                continue
            d = km(float(m["lat"]), float(m["lon"]), g["lat"], g["lon"])
            n["pointed"] += 1
            distances.append(d)
            n["at161"] += d <= 161
            ok = d <= max(2, g.get("radius_km") or 2)
            n["mapped"] += ok
            if not ok and errors is not None:
                errors.append(
                    f"{a['id']}: {g['surface']!r} put {d:.0f} km off (allowed {g.get('radius_km')}) in {context(a, g)}"
                )
        if errors is not None:
            for m in found:
                if id(m) not in used:
                    errors.append(f"{a['id']}: false {a['text'][m['start'] : m['end']]!r} in {context(a, m)}")
    p, r, f = f1(n["mapped"], n["found"], n["gold"])
    dp, dr, df = f1(n["exact"], n["found"], n["gold"])
    op = n["touching"] / n["found"] if n["found"] else 0.0
    orr = n["overlap"] / n["gold"] if n["gold"] else 0.0
    of = 2 * op * orr / (op + orr) if op + orr else 0.0
    share = lambda a, b: a / b if b else None
    return {
        "articles": len(articles),
        "gold": n["gold"],
        "predicted": n["found"],
        "mapped_precision": p,
        "mapped_recall": r,
        "mapped_f1": f,
        "detection_precision": dp,
        "detection_recall": dr,
        "detection_f1": df,
        "overlap_precision": op,
        "overlap_recall": orr,
        "overlap_f1": of,
        "role_accuracy": share(n["role"], n["exact"]),
        "relation_recall": share(n["relation"], n["relation_gold"]),
        "glued_recall": share(n["glued_exact"], n["glued"]),
        "resolution_accuracy": share(n["mapped"], n["exact"]),
        "accuracy_at_161km": share(n["at161"], n["exact"]),
        "median_error_km": statistics.median(distances) if distances else None,
        "mean_error_km": statistics.fmean(distances) if distances else None,
    }


def context(article, m, width=25):
    t = article["text"]
    return "«…" + t[max(0, m["start"] - width) : m["end"] + width].replace("\n", " ") + "…»"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gold", nargs="+")
    parser.add_argument("--predicted", required=True)
    parser.add_argument("--errors", action="store_true", help="list every error")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    args = parser.parse_args()
    articles = [a for path in args.gold for a in read(path)]
    errors = [] if args.errors else None
    result = score(articles, read(args.predicted), errors)
    for line in errors or []:
        print(line)
    if args.json:
        print(json.dumps(result))
    else:
        for name, value in result.items():
            print(f"{name:20} {value:.3f}" if isinstance(value, float) else f"{name:20} {value}")


if __name__ == "__main__":
    sys.exit(main())
