"""Rounds the 8-bit vectors of a static encoder's file to 4 bits (format-spec/20-static-encoder.md).

    python four_bits.py EIGHT.mdvs FOUR.mdvs [--as-eight]

The scale of a row is the one of 24 with the least squared error, refined by least squares, as in
`kernel/quantize.rs`. --as-eight writes the rounded vectors as version 1, for readers of that alone.
"""

import argparse
import hashlib
import struct

import numpy as np

HEADER = 64


def rounded(rows):
    """Codes of -7 to 7, and a scale per row."""
    widest = np.abs(rows).max(1) / np.float32(7)
    scale, least = widest.copy(), np.full(len(rows), np.inf, np.float32)
    with np.errstate(invalid="ignore", divide="ignore"):
        for step in range(24):
            tried = widest * np.float32(1 - 0.025 * step)
            codes = np.clip(np.round(rows / tried[:, None]), -7, 7)
            error = ((rows - tried[:, None] * codes) ** 2).sum(1)
            better = error < least
            least[better], scale[better] = error[better], tried[better]
        codes = np.nan_to_num(np.clip(np.round(rows / scale[:, None]), -7, 7))
    square = (codes * codes).sum(1)
    scale = np.where(square > 0, (rows * codes).sum(1) / np.maximum(square, 1), 0)
    return codes.astype(np.int8), scale.astype("<f4")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("eight")
    parser.add_argument("four")
    parser.add_argument("--as-eight", action="store_true")
    options = parser.parse_args()

    data = open(options.eight, "rb").read()
    version, dimension, tokens, text = struct.unpack("<4I", data[8:24])
    if version != 1 or dimension % 2:
        raise SystemExit("expected a file of version 1 with an even dimension")
    vectors = HEADER + tokens * dimension
    codes = np.frombuffer(data, np.int8, tokens * dimension, HEADER).reshape(tokens, dimension)
    scales = np.frombuffer(data, "<f4", tokens, vectors)
    codes, scales = rounded(codes.astype(np.float32) * scales[:, None])
    head, table = data[:HEADER], codes.tobytes()
    if not options.as_eight:
        head = data[:8] + struct.pack("<I", 2) + data[12:HEADER]
        stored, half = (codes + 8).astype(np.uint8), dimension // 2
        table = (stored[:, :half] | stored[:, half:] << 4).astype(np.uint8).tobytes()
    vocabulary = data[vectors + 4 * tokens : vectors + 4 * tokens + text]
    body = head + table + scales.tobytes() + vocabulary
    with open(options.four, "wb") as out:
        out.write(body + hashlib.sha256(body).digest())


if __name__ == "__main__":
    main()
