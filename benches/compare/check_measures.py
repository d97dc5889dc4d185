"""Compares the measures with pytrec_eval on random cases; `check_statistics.py` has the statistics.

    pip install pytrec_eval-terrier==0.5.11
    cargo build --release --example measures
    python benches/compare/check_measures.py --cases 5000

`--trec-eval PATH` compares with the program trec_eval 9.0.8 too: its four digits per query, its means, and its means
with `-c`. `--store PATH` writes the expected values that the unit tests read. The script ends with status 1 if a
value differs by more than 1e-6.
"""

import argparse
import json
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytrec_eval

CUTOFFS = [1, 3, 5, 10, 100, 1000]
LEVELS = [1, 2, 3]
# ir-measures' name without parameters, pytrec_eval's, whether it has cutoffs, whether it has levels.
MEASURES = [
    ("nDCG", "ndcg", False, False),
    ("nDCG", "ndcg_cut", True, False),
    ("AP", "map", False, True),
    ("AP", "map_cut", True, True),
    ("RR", "recip_rank", False, True),
    ("R", "recall", True, True),
    ("P", "P", True, True),
    ("Rprec", "Rprec", False, True),
    ("Bpref", "bpref", False, True),
    ("Success", "success", True, True),
    ("SetP", "set_P", False, True),
    ("SetR", "set_recall", False, True),
]
KINDS = [
    "plain", "ties", "missing", "unjudged", "graded", "empty", "nonrelevant", "negative", "ids", "near", "single",
    "large", "identical",
]
STORED = ["ties", "missing", "unjudged", "graded", "empty", "nonrelevant", "negative", "ids", "near", "identical"]
STORED_MEASURES = [
    "nDCG", "nDCG@3", "nDCG@10", "AP", "AP@5", "AP(rel=2)", "RR", "RR@3", "R@3", "R(rel=2)@10", "P@5", "Rprec",
    "Bpref", "Bpref(rel=2)", "Judged@5", "Success@3", "SetP", "SetR",
]
DEEP_MEASURES = [
    "nDCG", "nDCG@10", "nDCG@1000", "AP", "AP@100", "AP(rel=3)", "RR(rel=3)", "R@100", "P@1000", "Rprec", "Bpref",
    "Judged@100", "Success@10", "SetR",
]


def name(base, cutoff=None, level=1):
    return base + (f"(rel={level})" if level != 1 else "") + (f"@{cutoff}" if cutoff else "")


def names():
    """Every measure, in ir-measures' names."""
    found = ["Judged"] + [name(base, k) for base in ("RR", "Judged") for k in CUTOFFS]
    for base, _, has_cutoff, has_level in MEASURES:
        for level in LEVELS if has_level else [1]:
            found += [name(base, k, level) for k in CUTOFFS] if has_cutoff else [name(base, None, level)]
    return found


def document(rng, kind, i):
    if kind == "ids":
        stem = rng.choice(["a", "A", "b", "Z", "10", "9", "pmid:", "é", "Ω", "_", "-", "~"])
        return f"{stem}{rng.randrange(30)}{rng.choice(['', 'a', 'B', '0'])}"
    return f"d{i}"


def score(rng, kind):
    if kind in ("ties", "large"):
        return float(rng.randrange(-2, 4))
    if kind == "near":
        # Scores that differ in double precision and mostly not in single.
        return rng.choice([1.0, 0.1, -7.25, 1e30, 16777216.0]) * (1 + rng.randrange(4) * rng.choice([1e-9, 4e-8, 1e-7]))
    return rng.choice([rng.random(), rng.gauss(0, 1e-6), rng.gauss(0, 1e8), float(rng.randrange(3))])


def grade(rng, kind):
    if kind == "nonrelevant":
        return 0
    if kind == "graded":
        return rng.randrange(6)
    if kind == "negative":
        return rng.choice([-2, -1, -1, 0, 1, 2])
    return rng.choice([0, 0, 1, 1, 2, 3])


def make_case(rng, kind, queries=None, least=1, most=None):
    """Judgements and a run, as dictionaries by query and document."""
    queries = queries or rng.randrange(1, 9)
    most = most or (300 if kind == "large" else 30)
    qrels, run = {}, {}
    for q in range(queries):
        query = f"q{q}"
        pool = {document(rng, kind, i) for i in range(rng.randrange(least, most))}
        if kind == "identical":
            pool.add(query)
        pool = sorted(pool)
        judged = rng.sample(pool, rng.randrange(1, len(pool) + 1))
        if kind == "single":
            judged = judged[:1]
        if kind == "unjudged":
            judged = [f"other{i}" for i in range(rng.randrange(1, 4))] + judged[: rng.randrange(0, 3)]
        qrels[query] = {d: grade(rng, kind) for d in judged}
        # trec_eval reads outside its memory if every grade is negative; the unit tests hold that case.
        if all(g < 0 for g in qrels[query].values()):
            qrels[query][judged[0]] = rng.randrange(2)
        returned = rng.sample(pool, rng.randrange(1, len(pool) + 1))
        run[query] = {d: score(rng, kind) for d in returned}
    if kind == "missing":
        for query in rng.sample(sorted(run), rng.randrange(0, len(run) + 1)):
            del run[query]
        for i in range(rng.randrange(3)):
            run[f"unknown{i}"] = {"d1": 1.0}
    if kind == "empty":
        run = {}
    return qrels, run


def deep_case():
    """2,000 documents by a rule that the unit tests repeat."""
    run = {f"d{i}": (i * 613 % 1000) / 8 for i in range(2000)}
    qrels = {f"d{i}": i // 37 % 4 for i in range(0, 2000, 37)}
    qrels |= {f"x{i}": 1 + i % 3 for i in range(20)}
    return {"q": qrels}, {"q": run}


def without_identical(run):
    return {q: {d: s for d, s in documents.items() if d != q} for q, documents in run.items()}


def rank(documents):
    """trec_eval's order: single precision, then the id's bytes, both descending."""
    def key(item):
        return struct.unpack("f", struct.pack("f", item[1]))[0], item[0].encode()

    return [d for d, _ in sorted(documents.items(), key=key, reverse=True)]


def expected(qrels, run):
    """Values by measure and query."""
    values = {measure: {} for measure in names()}
    if not run:
        return values
    for level in LEVELS:
        asked = {p for _, p, has_cutoff, _ in MEASURES if not has_cutoff}
        asked |= {f"{p}.{','.join(map(str, CUTOFFS))}" for _, p, has_cutoff, _ in MEASURES if has_cutoff}
        found = pytrec_eval.RelevanceEvaluator(qrels, asked, relevance_level=level).evaluate(run)
        for query, row in found.items():
            for base, p, has_cutoff, has_level in MEASURES:
                if level != 1 and not has_level:
                    continue
                for k in CUTOFFS if has_cutoff else [None]:
                    values[name(base, k, level)][query] = row[f"{p}_{k}" if k else p]
    # What pytrec_eval lacks, from the definitions.
    for query in sorted(qrels.keys() & run.keys()):
        ranked = rank(run[query])
        first = values["RR"][query]
        for k in [*CUTOFFS, None]:
            if k:
                values[name("RR", k)][query] = first if first and round(1 / first) <= k else 0.0
            head = ranked[:k]
            values[name("Judged", k)][query] = sum(d in qrels[query] for d in head) / len(head) if head else 0.0
    return values


def write_files(rng, folder, qrels, run):
    """Writes a case in one of the accepted formats, lines in any order, ranks that mean nothing."""
    judged = [(q, d, g) for q, documents in qrels.items() for d, g in documents.items()]
    rng.shuffle(judged)
    form, end = rng.choice(["trec", "beir", "json"]), rng.choice(["\n", "\r\n"])
    if form == "trec":
        lines = [f"{q}\t0 {d}  {g}" for q, d, g in judged]
    elif form == "beir":
        lines = [f"{q}\t{d}\t{g}" for q, d, g in judged]
        if rng.random() < 0.5:
            lines.insert(0, "query-id\tcorpus-id\tscore")
    else:
        lines = [json.dumps({"query-id": q, "corpus-id": d, "score": g}) for q, d, g in judged]
    (folder / "qrels").write_bytes((rng.choice(["", "\ufeff"]) + end.join(lines)).encode())
    listed = [(q, d, s) for q, documents in run.items() for d, s in documents.items()]
    rng.shuffle(listed)
    lines = [f"{q} Q0 {d} {rng.randrange(99)} {s!r} tag" for q, d, s in listed]
    (folder / "run").write_bytes("".join(line + end for line in lines).encode())
    # For trec_eval, which reads one format.
    (folder / "trec").write_text("".join(f"{q} 0 {d} {g}\n" for q, d, g in judged))
    (folder / "trec_run").write_text("".join(line + "\n" for line in lines))


class Check:
    def __init__(self):
        self.values, self.greatest, self.differences = 0, 0.0, 0

    def same(self, found, wanted, what, tolerance=1e-6):
        self.values += 1
        difference = abs(found - wanted)
        if tolerance <= 1e-6:
            self.greatest = max(self.greatest, difference)
        if not difference <= tolerance:
            self.differences += 1
            print(f"DIFFERENCE {what}: found {found}, expected {wanted}")


def ours(binary, folder, ignore):
    command = [binary, "evaluate", str(folder / "qrels"), str(folder / "run"), *names()]
    command += ["--ignore-identical-ids"] if ignore else []
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def compare(check, found, values, qrels, where):
    for measure, wanted in values.items():
        got = found[measure]
        if got["per_query"].keys() != wanted.keys():
            check.differences += 1
            print(f"DIFFERENCE {where} {measure}: other queries")
            continue
        for query, value in wanted.items():
            check.same(got["per_query"][query], value, f"{where} {measure} {query}")
        total = sum(wanted.values())
        for part, count in (("over_returned", len(wanted)), ("over_judged", len(qrels))):
            check.same(got[part][0], total / count if count else 0.0, f"{where} {measure} {part}")
            check.same(got[part][1], count, f"{where} {measure} {part} queries")


def compare_program(check, program, folder, found, where):
    """trec_eval's printed values, with and without `-c`."""
    for complete in (False, True):
        for level in LEVELS:
            command = [program, "-q", "-l", str(level)] + (["-c"] if complete else [])
            asked = {f"{p}.{','.join(map(str, CUTOFFS))}" if c else p for _, p, c, _ in MEASURES}
            for measure in asked:
                command += ["-m", measure]
            output = subprocess.run(
                [*command, str(folder / "trec"), str(folder / "trec_run")], capture_output=True, text=True
            )
            if output.returncode:
                if "No queries with both" not in output.stderr and "Cannot read results" not in output.stderr:
                    raise RuntimeError(output.stderr)
                continue
            rows = {(m, q): float(v) for m, q, v in (line.split() for line in output.stdout.splitlines())}
            for base, p, has_cutoff, has_level in MEASURES:
                if level != 1 and not has_level:
                    continue
                for k in CUTOFFS if has_cutoff else [None]:
                    got = found[name(base, k, level)]
                    key, what = f"{p}_{k}" if k else p, f"trec_eval {where} {name(base, k, level)}"
                    mean = got["over_judged" if complete else "over_returned"][0]
                    check.same(mean, rows[key, "all"], f"{what} complete={complete}", 5.001e-5)
                    for query, value in got["per_query"].items():
                        check.same(value, rows[key, query], f"{what} {query}", 5.001e-5)


def store(path):
    """Writes small cases with their values."""
    rng = random.Random(20)
    cases = []
    for kind in STORED:
        qrels, run = make_case(rng, kind, queries=3, least=10, most=18)
        if kind == "missing":
            run = {"q1": {f"d{i}": i / 8 for i in range(9)}, "unknown": {"d0": 1.0}}
        judged = without_identical(run) if kind == "identical" else run
        values = expected(qrels, judged)
        cases.append({
            "kind": kind,
            "qrels": qrels,
            "run": run,
            "expected": {m: {q: round(v, 12) for q, v in values[m].items()} for m in STORED_MEASURES},
        })
    qrels, run = deep_case()
    values = expected(qrels, run)
    deep = {m: round(values[m]["q"], 12) for m in DEEP_MEASURES}
    source = f"pytrec_eval-terrier {pytrec_eval.__version__}, by benches/compare/check_measures.py --store"
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    text = f'{{"source":{json.dumps(source)},\n"deep":{json.dumps(deep)},\n"cases":[\n{lines}\n]}}\n'
    Path(path).write_text(text)
    print(f"wrote {len(text.encode())} bytes to {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binary", default="target/release/examples/measures")
    parser.add_argument("--trec-eval", help="the program trec_eval, version 9.0.8")
    parser.add_argument("--program-cases", type=int, default=300, help="cases that trec_eval is run on")
    parser.add_argument("--store", help="where to write expected values; nothing is compared")
    arguments = parser.parse_args()
    if arguments.store:
        return store(arguments.store)
    rng, check = random.Random(arguments.seed), Check()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for i in range(arguments.cases):
            kind = KINDS[i % len(KINDS)]
            qrels, run = deep_case() if i == 0 else make_case(rng, kind)
            write_files(rng, folder, qrels, run)
            ignore = kind == "identical" and rng.random() < 0.7
            found = ours(arguments.binary, folder, ignore)
            values = expected(qrels, without_identical(run) if ignore else run)
            compare(check, found, values, qrels, f"case {i} ({kind})")
            if arguments.trec_eval and i < arguments.program_cases and not ignore:
                compare_program(check, arguments.trec_eval, folder, found, f"case {i} ({kind})")
    print(f"measures: {arguments.cases} cases, {check.values} values, greatest difference {check.greatest:.2e}")
    print(f"{check.differences} differences")
    return int(check.differences > 0)


if __name__ == "__main__":
    sys.exit(main())
