"""Compares correlations, significance tests, intervals and Holm's correction with scipy and plain definitions.

    pip install pytrec_eval-terrier==0.5.11 scipy==1.17.1
    cargo build --release --example measures
    python benches/compare/check_statistics.py --cases 1000

The script ends with status 1 if a value differs by more than 1e-6, and a sampled one by more than chance.
"""

import argparse
import itertools
import json
import math
import operator
import random
import subprocess
import sys

import numpy
from check_measures import Check
from scipy import stats


def compare(check, binary, rng, cases):
    lines = []
    for _ in range(cases):
        n = rng.randrange(2, 12)
        pick = rng.choice([lambda: rng.random(), lambda: float(rng.randrange(4)), lambda: rng.gauss(0, 1e6)])
        lines.append({
            "first": [pick() for _ in range(n)],
            "second": [pick() for _ in range(n)],
            "p_values": [rng.choice([rng.random(), rng.random() / 50]) for _ in range(rng.randrange(6))],
        })
    text = "".join(json.dumps(line) + "\n" for line in lines)
    output = subprocess.run([binary, "statistics"], input=text, check=True, capture_output=True, text=True).stdout
    for i, (case, found) in enumerate(zip(lines, map(json.loads, output.splitlines()), strict=True)):
        a, b = numpy.array(case["first"]), numpy.array(case["second"])
        constant = len(set(case["first"])) == 1 or len(set(case["second"])) == 1
        if constant:
            check.same(found["pearson"] is None and found["spearman"] is None, True, f"statistics {i} constant")
        else:
            check.same(found["pearson"], stats.pearsonr(a, b)[0], f"statistics {i} pearson")
            check.same(found["spearman"], stats.spearmanr(a, b)[0], f"statistics {i} spearman")
        # Not scipy's exact test: its tolerance for equal sums is below their rounding, so that it misses ties.
        d = [y - x for x, y in zip(case["first"], case["second"], strict=True)]
        observed = abs(math.fsum(d))
        sums = [abs(math.fsum(map(operator.mul, signs, d))) for signs in itertools.product((1, -1), repeat=len(d))]
        p_value = sum(s >= observed for s in sums) / len(sums)
        check.same(found["p_value"], p_value, f"statistics {i} randomization {case}")
        scale = max(1, observed)
        check.same(found["difference"] / scale, math.fsum(d) / len(d) / scale, f"statistics {i} difference")
        p = case["p_values"]
        order = sorted(range(len(p)), key=p.__getitem__)
        for rank_, place in enumerate(order):
            steps = [min(1.0, (len(p) - j) * p[order[j]]) for j in range(rank_ + 1)]
            check.same(found["holm"][place], max(steps), f"statistics {i} holm")


def compare_samplers(check, binary, rng):
    """Two samplers agree but for chance."""
    a, b = [rng.random() for _ in range(300)], [rng.random() + 0.05 for _ in range(300)]
    text = json.dumps({"first": a, "second": b}) + "\n"
    output = subprocess.run([binary, "statistics"], input=text, check=True, capture_output=True, text=True).stdout
    found = json.loads(output)
    d = numpy.array(b) - numpy.array(a)
    wanted = stats.bootstrap((d,), numpy.mean, method="percentile", n_resamples=100_000).confidence_interval
    check.same(found["low"], wanted.low, "bootstrap low", 0.003)
    check.same(found["high"], wanted.high, "bootstrap high", 0.003)
    sampled = stats.permutation_test(
        (d,), numpy.mean, permutation_type="samples", vectorized=True, n_resamples=100_000
    )
    check.same(found["p_value"], sampled.pvalue, "sampled p-value", 0.006)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--binary", default="target/release/examples/measures")
    arguments = parser.parse_args()
    rng, check = random.Random(arguments.seed), Check()
    compare(check, arguments.binary, rng, arguments.cases)
    compare_samplers(check, arguments.binary, rng)
    print(f"{arguments.cases} cases, {check.values} values, greatest difference {check.greatest:.2e}")
    print(f"{check.differences} differences")
    return int(check.differences > 0)


if __name__ == "__main__":
    sys.exit(main())
