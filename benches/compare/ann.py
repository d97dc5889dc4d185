"""Approximate search, ours beside the engines a user would pick instead: in turn, on one core.

    V/bin/pip install -r $MEDVEC_SHARED/peers/requirements.txt
    V/bin/python benches/compare/ann.py DATA OUT [--rounds 3] [--queries 300] [--budget 2]
    V/bin/python benches/compare/ann.py --table OUT

DATA is a folder made by `ann_data.py`.  First the indexes that are missing are built in OUT/indexes
(`--rebuild medvec`: again), with lines in OUT/build.jsonl; `--rounds 0` stops there.  Then each round runs
`benches/ann` and every peer of `peers/ann.py` (shared data), each in a process of its own, searching on one
and the same core, one question at a time; its JSON lines go to OUT/round-N.jsonl.

The tables say, for each recall that is aimed at, each engine's best queries/s among its settings
that reach it (median over rounds), and what is ours divided by the best peer's: the median over
rounds of the ratio within a round, with the smallest and the greatest.  `-`: not reached.  Other work on the
machine hits whoever runs at that moment: look at the spread, and run on a calm machine.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
PEERS = ("svs-lvq,svs-leanvec,scann-soar,scann,faiss-pqfs,faiss-rabitq,faiss-flat,hnswlib,usearch,vsag-hgraph,"
         "zvec-ivfrabitq,zvec-hnswrabitq,qdrant-edge,lancedb,sqlite-vec")
# Ours, and the type of its rows.
OURS = {"medvec": "int8", "medvec-f16": "f16"}
TARGETS = (0.90, 0.95, 0.99)
FILTERED_TARGET = 0.95


def build_ours():
    """Builds the bench; returns the executable's path."""
    command = ["cargo", "bench", "--no-default-features", "--features", "ingest", "--bench", "ann", "--no-run",
               "--message-format=json"]
    output = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout
    for line in output.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "ann":
            return message["executable"]
    raise SystemExit("cargo built no ann")


def command_of(arguments, executable, engine, phase, out):
    if engine in OURS:
        command = [executable, "--data", arguments.data, "--name", engine, "--rows", OURS[engine]]
    else:
        command = [sys.executable, arguments.shared / "peers" / "ann.py", arguments.data, "--peers", engine]
    command += ["--phase", phase, "--out", out, "--work", arguments.out / "indexes",
                "--queries", arguments.queries, "--budget", arguments.budget]
    if phase == "build" and engine not in OURS:
        command.append("--rebuild")
    return [str(word) for word in command]


def run(arguments, executable, engine, phase, out):
    loads = " ".join(f"{load:.1f}" for load in os.getloadavg())
    print(f"{out.stem}: {engine}, load {loads}", flush=True)
    before = out.stat().st_size if out.exists() else 0
    with open(arguments.out / "log.txt", "a") as log:
        command = command_of(arguments, executable, engine, phase, out)
        subprocess.run(command, check=True, stdout=log, stderr=log)
    # The peers' runner itself succeeds whatever a peer does.
    if not out.exists() or out.stat().st_size == before:
        raise SystemExit(f"{engine} measured nothing: see {arguments.out / 'log.txt'}")


def run_all(arguments):
    executable = build_ours()
    engines = list(filter(None, [*arguments.ours.split(","), *arguments.peers.split(",")]))
    if not set(OURS).intersection(engines):
        raise SystemExit(f"--ours: of {', '.join(OURS)}")
    for engine in engines:
        if engine in arguments.rebuild.split(",") or not (arguments.out / "indexes" / engine).exists():
            run(arguments, executable, engine, "build", arguments.out / "build.jsonl")
    done = len(list(arguments.out.glob("round-*.jsonl")))
    for number in range(done + 1, done + arguments.rounds + 1):
        for engine in engines:
            run(arguments, executable, engine, "search", arguments.out / f"round-{number}.jsonl")


def read(path):
    return [json.loads(line) for line in path.read_text().splitlines() if line.startswith("{")]


def best(lines, peer, target, name):
    """Best queries/s of a peer in a round at this recall, unfiltered or under the filter; or None."""
    rates = [line["qps"] for line in lines
             if line["peer"] == peer and line["kind"] in ("search", "filtered")
             and line.get("filter") == name and line["recall"] >= target]
    return max(rates, default=None)


def ratio(rounds, ours, peers, target, name):
    """Ours by the best peer's, as text."""
    ratios = []
    for lines in rounds:
        mine = best(lines, ours, target, name)
        others = [rate for rate in (best(lines, peer, target, name) for peer in peers) if rate]
        if mine and others:
            ratios.append(mine / max(others))
    if not ratios:
        return "-"
    spread = f" ({min(ratios):.2f}-{max(ratios):.2f})" if len(ratios) > 1 else ""
    return f"**{statistics.median(ratios):.2f}**{spread}"


def median_rate(rounds, peer, target, name):
    rates = [rate for rate in (best(lines, peer, target, name) for lines in rounds) if rate]
    return f"{statistics.median(rates):.0f}" if rates else "-"


def footprint(lines, peer):
    """Build seconds, bytes a vector, peak memory, opening: the last line of each kind."""
    last = {line["kind"]: line for line in lines if line["peer"] == peer}

    def field(kind, name, form):
        return form.format(last[kind][name]) if kind in last else "-"

    build = last.get("build")
    bytes_each = f"{build['bytes'] / build['n']:.0f}" if build else "-"
    return [field("build", "build_s", "{:.1f}"), bytes_each, field("rss", "search_peak_rss_mb", "{}"),
            field("open", "open_first_query_ms", "{:.1f}")]


def print_row(cells):
    print("| " + " | ".join(cells) + " |")


def print_tables(folder, ours):
    rounds = [read(path) for path in sorted(folder.glob("round-*.jsonl"))]
    lines = [line for path in sorted(folder.glob("*.jsonl")) for line in read(path)]
    if not rounds:
        raise SystemExit(f"{folder} has no round-N.jsonl")
    everybody = list(dict.fromkeys(line["peer"] for line in lines))
    peers = [peer for peer in everybody if not peer.startswith("medvec")]
    shape = next(line for line in lines if "d" in line)
    filters = list(dict.fromkeys(line["filter"] for line in lines if line["kind"] == "filtered"))
    print(f"{shape['n']:,} x {shape['d']}, {len(rounds)} rounds; queries/s on one core at recall@10 >=\n")
    heads = ["", "build s", "bytes/vector", "peak MB", "open + first query ms"]
    print_row(heads + [f"{target:.2f}" for target in TARGETS])
    print("|---" * (len(heads) + len(TARGETS)) + "|")
    for peer in everybody:
        print_row([peer] + footprint(lines, peer) + [median_rate(rounds, peer, t, None) for t in TARGETS])
    for name in ours:
        print_row([f"{name} / best peer"] + [""] * 4 + [ratio(rounds, name, peers, t, None) for t in TARGETS])
    if not filters:
        return
    print(f"\nfiltered, recall@10 >= {FILTERED_TARGET}\n")
    print_row([""] + filters)
    print("|---" * (1 + len(filters)) + "|")
    for peer in everybody:
        rates = [median_rate(rounds, peer, FILTERED_TARGET, name) for name in filters]
        if any(line["peer"] == peer and line["kind"] == "filtered" for line in lines):
            print_row([peer] + rates)
    for one in ours:
        ratios = [ratio(rounds, one, peers, FILTERED_TARGET, name) for name in filters]
        print_row([f"{one} / best peer"] + ratios)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="?", type=pathlib.Path)
    parser.add_argument("out", nargs="?", type=pathlib.Path)
    parser.add_argument("--table", type=pathlib.Path, metavar="OUT", help="print the tables of an earlier run")
    parser.add_argument("--ours", default="medvec",
                        help="of medvec, medvec-f16 (rows of half precision): what runs, and whose ratio to the best peer is printed")
    parser.add_argument("--peers", default=PEERS)
    parser.add_argument("--rounds", type=int, default=1, help="0: build only")
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--budget", type=float, default=2.0, help="seconds at most for one setting")
    parser.add_argument("--rebuild", default="", metavar="ENGINES", help="build these again: medvec,faiss-pqfs")
    parser.add_argument("--shared", type=pathlib.Path,
                        default=os.environ.get("MEDVEC_SHARED", REPOSITORY.parent / "shared"))
    arguments = parser.parse_args()
    if arguments.table:
        return print_tables(arguments.table, arguments.ours.split(","))
    if not arguments.out:
        parser.error("give DATA and OUT, or --table OUT")
    arguments.data, arguments.out = arguments.data.resolve(), arguments.out.resolve()
    arguments.out.mkdir(parents=True, exist_ok=True)
    run_all(arguments)
    if arguments.rounds:
        print_tables(arguments.out, arguments.ours.split(","))


if __name__ == "__main__":
    main()
