"""How cost grows with rows: a table from the JSON lines of `benches/ann`, and the exponents.

    V/bin/python benches/compare/ann_scale.py 10k.jsonl 100k.jsonl 1m.jsonl [--recall 0.95]

Each file holds the lines of one size. At each size the fastest setting that reaches the recall counts, by
the lines of the last run. The exponent is the slope of log(cost) over log(rows), fitted by least squares: 1 is
proportional to rows, 0.5 to their square root.
"""

import argparse
import json
import math
import pathlib


def slope(points):
    """Least squares of log y over log x; None with fewer than two points."""
    logs = [(math.log(x), math.log(y)) for x, y in points if y > 0]
    if len(logs) < 2:
        return None
    mean_x = sum(x for x, _ in logs) / len(logs)
    mean_y = sum(y for _, y in logs) / len(logs)
    return sum((x - mean_x) * (y - mean_y) for x, y in logs) / sum((x - mean_x) ** 2 for x, _ in logs)


def costs(path, name, recall):
    """Rows, and what they cost; the last line of each kind and setting."""
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]
    last = {(line["kind"], json.dumps(line.get("setting"))): line for line in lines if line["peer"] == name}
    by_kind = {kind: line for (kind, _), line in last.items()}
    good = [line for (kind, _), line in last.items() if kind == "search" and line["recall"] >= recall]
    if not good:
        raise SystemExit(f"{path}: no setting of {name} reaches recall {recall}")
    search = max(good, key=lambda line: line["qps"])
    found = {"ms a query": 1e3 / search["qps"], "p99 ms": search["p99_ms"], "rows scanned": search["rows_scanned"]}
    for kind, field, title in (("build", "build_s", "build s"), ("build", "bytes", "bytes on disk"),
                               ("rss", "search_peak_rss_mb", "peak MB"), ("open", "open_first_query_ms", "open ms")):
        if kind in by_kind:
            found[title] = by_kind[kind][field]
    return search["n"], found


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--name", default="medvec")
    parser.add_argument("--recall", type=float, default=0.95)
    arguments = parser.parse_args()
    sizes = sorted((costs(path, arguments.name, arguments.recall) for path in arguments.files), key=lambda size: size[0])
    titles = [title for title in sizes[0][1] if all(title in found for _, found in sizes)]
    print("| rows | " + " | ".join(titles) + " |")
    print("|---" * (1 + len(titles)) + "|")
    for rows, found in sizes:
        print(f"| {rows:,} | " + " | ".join(f"{found[title]:,.3g}" if found[title] < 1000 else
                                            f"{found[title]:,.0f}" for title in titles) + " |")
    slopes = [slope([(rows, found[title]) for rows, found in sizes]) for title in titles]
    print("| exponent | " + " | ".join("-" if value is None else f"{value:.2f}" for value in slopes) + " |")


if __name__ == "__main__":
    main()
