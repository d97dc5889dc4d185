"""Ways to code a residual, compared on real vectors: what share of the true ten neighbours is among the best
rows by estimate, over all rows.

    V/bin/python benches/compare/codes.py DATA [--lists 2048] [--queries 300]

DATA is a folder made by `ann_data.py`. Product codes and signs take as many bytes (a bit a dimension). `our
scale` is that of `src/index/encode.rs`. The last lines try prefixes: codes in the order of the residuals' energy
(principal directions), of which a scan would read the first part and go on only where that promises enough.
"""

import argparse
import pathlib

import faiss
import numpy as np

DEPTHS = (10, 20, 40, 80, 160)
SUB_DIMENSION = 4
POINTS = 16
BLOCK_ROWS = 16


def decode(rows):
    """What 4-bit product codes of the rows stand for."""
    decoded = np.empty_like(rows)
    for at in range(0, rows.shape[1], SUB_DIMENSION):
        part = np.ascontiguousarray(rows[:, at:at + SUB_DIMENSION])
        kmeans = faiss.Kmeans(SUB_DIMENSION, POINTS, niter=12, seed=1)
        kmeans.train(part[::8])
        decoded[:, at:at + SUB_DIMENSION] = kmeans.centroids[kmeans.index.search(part, 1)[1][:, 0]]
    return decoded


def products(a, b):
    return (a * b).sum(axis=1)


def our_scale(rows, residuals, decoded):
    noise = products(rows, rows) / rows.shape[1]
    with_rows, of_rows = products(rows, decoded), products(rows, residuals)
    return (with_rows * of_rows + noise * products(residuals, decoded)) / (
        with_rows**2 + noise * products(decoded, decoded))


def rabitq_scale(residuals, decoded):
    return products(residuals, residuals) / products(residuals, decoded)


def found(estimates, truth):
    order = np.argsort(-estimates, axis=1)[:, :max(DEPTHS)]
    share = [[len(set(row[:depth]) & set(true)) for row, true in zip(order, truth)] for depth in DEPTHS]
    return " ".join(f"{np.mean(counts) / truth.shape[1]:.3f}" for counts in share)


def prefixes(estimates, first_part, lists, ranked, probes):
    """Rows, and blocks with such a row, that a threshold on the prefix leaves which keeps 99 % of the best 80."""
    rows_left, blocks_left = [], []
    for full, prefix, order in zip(estimates, first_part, ranked):
        rows = np.flatnonzero(np.isin(lists, order[:probes]))
        rows = rows[np.argsort(lists[rows], kind="stable")]
        best = full[rows] >= np.sort(full[rows])[-80]
        left = prefix[rows] >= np.quantile(prefix[rows][best], 0.01)
        rows_left.append(left.mean())
        blocks_left.append(left[:len(left) // BLOCK_ROWS * BLOCK_ROWS].reshape(-1, BLOCK_ROWS).any(axis=1).mean())
    return np.mean(rows_left), np.mean(blocks_left)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--lists", type=int, default=2048)
    parser.add_argument("--queries", type=int, default=300)
    arguments = parser.parse_args()
    rows = np.load(arguments.data / "base.npy")
    queries = np.load(arguments.data / "queries.npy")[:arguments.queries]
    truth = np.load(arguments.data / "gt.npy")[:arguments.queries, :10]
    dimension = rows.shape[1]

    kmeans = faiss.Kmeans(dimension, arguments.lists, niter=8, seed=1, max_points_per_centroid=40)
    kmeans.train(rows)
    lists = kmeans.index.search(rows, 1)[1][:, 0]
    residuals = rows - kmeans.centroids[lists]
    by_list = queries @ kmeans.centroids.T
    bias = by_list[:, lists]

    print("best rows:                     ", *(f"{depth:5}" for depth in DEPTHS))
    decoded = decode(residuals)
    estimate = queries @ decoded.T
    print("product codes, RaBitQ's scale  ", found(bias + estimate * rabitq_scale(residuals, decoded), truth))
    print("product codes, our scale       ", found(bias + estimate * our_scale(rows, residuals, decoded), truth))
    rotation = np.linalg.qr(np.random.default_rng(1).standard_normal((dimension, dimension)))[0].astype(np.float32)
    rotated = residuals @ rotation
    signs = np.sign(rotated)
    estimate = (queries @ rotation) @ signs.T
    print("rotated signs, RaBitQ's scale  ", found(bias + estimate * rabitq_scale(rotated, signs), truth))
    print("rotated signs, our scale       ", found(bias + estimate * our_scale(rows @ rotation, rotated, signs), truth))

    directions = np.linalg.eigh(residuals.T @ residuals)[1][:, ::-1].astype(np.float32)
    turned, asked = residuals @ directions, queries @ directions
    decoded = decode(turned)
    scale = our_scale(rows @ directions, turned, decoded)
    estimates = bias + (asked @ decoded.T) * scale
    print("principal directions, our scale", found(estimates, truth))
    ranked = np.argsort(-by_list / np.linalg.norm(kmeans.centroids, axis=1), axis=1)
    for part in (4, 2):
        width = dimension // part
        prefix = bias + (asked[:, :width] @ decoded[:, :width].T) * scale
        left = prefixes(estimates, prefix, lists, ranked, arguments.lists // 9)
        print(f"prefix of 1/{part}: {left[0]:.3f} of the rows are left, {left[1]:.3f} of blocks of 16")


if __name__ == "__main__":
    main()
