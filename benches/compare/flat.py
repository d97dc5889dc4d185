"""Exact search, ours beside faiss IndexFlatIP: one core, one query at a time, in turn.

    python3 -m venv V && V/bin/pip install -r benches/compare/requirements.txt
    V/bin/python benches/compare/flat.py VECTORS

VECTORS is a folder with base.npy and queries.npy, both float16 matrices of the same width
(default: $MEDVEC_SHARED/peers/vectors). Builds `benches/flat_npy.rs` with the core's features only,
pins itself and every process it starts to one core, and prints a Markdown table: the median
queries per second of processor time (so that other work on the machine counts for neither side),
the median over rounds of the ratio to faiss in the same round with the smallest and the greatest,
and the recall@k against faiss's exact answer. Linux only.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
FORMS = ["int8", "f16", "f32"]


def build():
    """Builds our side; returns the executable's path."""
    command = ["cargo", "bench", "--no-default-features", "--bench", "flat_npy", "--no-run",
               "--message-format=json"]
    output = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout
    for line in output.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "flat_npy":
            return message["executable"]
    raise SystemExit("cargo built no flat_npy")


def ours(executable, vectors, form, arguments):
    """One process: seconds of all searches, kernel, and the ids found."""
    command = [executable, vectors / "base.npy", vectors / "queries.npy", form,
               str(arguments.rows), str(arguments.queries), str(arguments.k)]
    output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    first, *rest = output.splitlines()
    kernel, seconds = first.split()
    return float(seconds), kernel, [[int(row) for row in line.split()] for line in rest]


def peer(index, queries, k):
    """Seconds of all searches, one call a query, and the ids found."""
    index.search(queries[:1], k)
    found = []
    start = time.process_time()
    for at in range(len(queries)):
        found.append(index.search(queries[at:at + 1], k)[1])
    seconds = time.process_time() - start
    return seconds, [ids[0].tolist() for ids in found]


def recall(found, exact):
    """Share of the exact neighbours that were found."""
    hits = sum(len(set(a) & set(b)) for a, b in zip(found, exact))
    return hits / sum(len(ids) for ids in exact)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    shared = os.environ.get("MEDVEC_SHARED", REPOSITORY.parent / "shared")
    parser.add_argument("vectors", nargs="?", type=pathlib.Path,
                        default=pathlib.Path(shared) / "peers" / "vectors")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--core", type=int, default=0, help="the core that everything runs on")
    arguments = parser.parse_args()

    executable = build()
    # Before faiss and numpy start threads of their own.
    os.sched_setaffinity(0, {arguments.core})
    os.environ["OMP_NUM_THREADS"] = "1"
    import faiss
    import numpy
    faiss.omp_set_num_threads(1)

    base = numpy.load(arguments.vectors / "base.npy", mmap_mode="r")[:arguments.rows]
    queries = numpy.load(arguments.vectors / "queries.npy")[:arguments.queries]
    queries = numpy.ascontiguousarray(queries, dtype=numpy.float32)
    index = faiss.IndexFlatIP(base.shape[1])
    index.add(numpy.ascontiguousarray(base, dtype=numpy.float32))

    rates = {name: [] for name in ["faiss", *FORMS]}
    recalls = {}
    for _ in range(arguments.rounds):
        seconds, exact = peer(index, queries, arguments.k)
        rates["faiss"].append(len(queries) / seconds)
        for form in FORMS:
            seconds, kernel, found = ours(executable, arguments.vectors, form, arguments)
            rates[form].append(len(queries) / seconds)
            recalls[form] = recall(found, exact)

    print(f"{base.shape[0]:,} x {base.shape[1]}, {len(queries)} queries, k = {arguments.k}, "
          f"{arguments.rounds} rounds, kernel {kernel}, faiss-cpu {faiss.__version__} "
          f"({faiss.get_compile_options().strip()})\n")
    print(f"| | bytes/vector | queries/s of CPU | x faiss: median (min-max) | recall@{arguments.k} |")
    print("|---|---|---|---|---|")
    width = base.shape[1]
    print(f"| faiss IndexFlatIP | {4 * width} | {statistics.median(rates['faiss']):.0f} | 1 | 1.0000 |")
    for form, size in zip(FORMS, [width + 4, 2 * width, 4 * width]):
        ratios = [a / b for a, b in zip(rates[form], rates["faiss"])]
        print(f"| medvec {form} | {size} | {statistics.median(rates[form]):.0f} | "
              f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f}) | "
              f"{recalls[form]:.4f} |")


if __name__ == "__main__":
    main()
