"""Makes the data folders of the ANN benchmark: what `prepare.py` of the peers' folder makes, and
calibration questions.

    V/bin/pip install -r $MEDVEC_SHARED/peers/requirements.txt zstandard
    V/bin/python benches/compare/ann_data.py real OUT [--rows 50000] --teacher FOLDER
    V/bin/python benches/compare/ann_data.py built-in OUT [--rows 1000000] [--encoder FILE.mdvs]

`real` takes the 120,000 shipped vectors of all-MiniLM-L6-v2 (or the first rows of them).
`built-in` embeds biomedical text with the encoder inside medvec (`examples/embed_lines.rs`), or with another
one, such as that of an earlier version: titles and sentences of the abstracts, titles of citations, MeSH entry terms, and beyond those passages of
two, three, ... neighbouring sentences; in a seeded random order, without lines that repeat a text
or a vector.  For a smaller set of the same mixture, give its base.npy and queries.npy to
`prepare.py OUT --base ... --queries ... --rows 100000`.

Both search for the first 1,000 questions of BioASQ, and write `calibration.npy`: 500 other
questions of BioASQ from the same encoder, to tune with.  No question is in both.  For `real` this
needs the model's folder (`--teacher`); it is first checked to give the shipped query vectors.
Shared data: $MEDVEC_SHARED, else `../shared` beside the repository.
"""

import argparse
import csv
import gzip
import io
import json
import os
import pathlib
import random
import re
import subprocess
import sys

import numpy as np

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
QUESTIONS = 1_000
CALIBRATION_QUESTIONS = 500
SENTENCE_CHARACTERS = range(20, 2_001)
SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z0-9])")
# "12: Smith J, Doe A. Title. Journal. 2020 ... PMID: 1." from one number to the next.
CITATION = re.compile(r"^\d+: (.*?)\n\n", re.S | re.M)
MARKUP = re.compile(r"</?(?:i|b|u|sub|sup)>")
PMID = re.compile(r"PMID:\s*(\d+)")
# The list of authors ends with initials, and a title with a full stop or a question mark.
AUTHORS = re.compile(r"^(?:[^.]*?,\s)?[^.,]*\s[A-Z]{1,3}(?:\s(?:Jr|Sr|2nd|3rd|4th))?\.\s")
TITLE = re.compile(r"(.{20,600}?[.?!])\s+(?=[A-Z0-9])")
# A term may be embedded to the same numbers as another, or as nothing: spare lines make up for it.
SPARE = 1.1


def sentences(text):
    parts = (part.strip() for part in SENTENCE_END.split(text.strip()))
    return [part for part in parts if len(part) in SENTENCE_CHARACTERS]


def zst_text(path):
    import zstandard

    with open(path, "rb") as file:
        yield from io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(file), encoding="utf-8")


def abstracts(data):
    """Titles and sentences, document by document."""
    for line in zst_text(data / "abstracts.jsonl.zst"):
        record = json.loads(line)
        yield sentences(record["title"] or "") + sentences(record["abstract"] or "")


def citation_titles(data):
    text = "".join(zst_text(data / "citations" / "systematic_set_summaries.txt.zst"))
    seen = set()
    for match in CITATION.finditer(text + "\n\n"):
        entry = MARKUP.sub("", " ".join(match.group(1).replace("-\n", "-").split()))
        number = PMID.search(entry)
        title = TITLE.match(AUTHORS.sub("", entry, count=1))
        if number and title and number.group(1) not in seen:
            seen.add(number.group(1))
            yield title.group(1)


def mesh_terms(data):
    with gzip.open(data / "mesh" / "mesh2024_terms.tsv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield row["TermName"]


def spans(documents, width):
    for parts in documents:
        for at in range(len(parts) - width + 1):
            yield " ".join(parts[at:at + width])


def passages(data, count):
    """`count` distinct lines; longer passages only when the shorter ones do not suffice."""
    documents = list(abstracts(data))
    sources = [
        ("titles and sentences", (text for parts in documents for text in parts)),
        ("citation titles", citation_titles(data)),
        ("MeSH entry terms", mesh_terms(data)),
    ]
    longer = {f"{width} neighbouring sentences": width for width in range(2, 9)}
    sources += [(name, spans(documents, width)) for name, width in longer.items()]
    seen, lines = set(), []
    for name, source in sources:
        if name in longer and len(lines) >= count:
            break
        before = len(lines)
        for text in source:
            line = " ".join(text.split())
            if line and line.casefold() not in seen:
                seen.add(line.casefold())
                lines.append(line)
            if name in longer and len(lines) >= count:
                break
        print(f"{name}: {len(lines) - before:,} lines", flush=True)
    return lines


def questions(data):
    """The questions to search for, and those to calibrate with."""
    with open(data / "retrieval" / "bioasq" / "queries.jsonl", encoding="utf-8") as file:
        texts = [" ".join(json.loads(line)["text"].split()) for line in file]
    search = texts[:QUESTIONS]
    known = {text.casefold() for text in search}
    rest = [text for text in dict.fromkeys(texts[QUESTIONS:]) if text.casefold() not in known]
    return search, random.Random(1).sample(rest, CALIBRATION_QUESTIONS)


def build_embedder(features):
    """Builds `embed_lines`; returns the executable's path."""
    command = ["cargo", "build", "--release", "--no-default-features", "--features", features,
               "--example", "embed_lines", "--message-format=json"]
    output = subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.PIPE).stdout
    for line in output.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "embed_lines":
            return message["executable"]
    raise SystemExit("cargo named no executable")


def embed(executable, role, lines, out, encoder=None):
    command = [executable, role, str(out)] + ([str(encoder)] if encoder else [])
    subprocess.run(command, check=True, input="".join(line + "\n" for line in lines).encode())
    return np.load(out, mmap_mode="r")


def prepare(shared, out, *options):
    script = shared / "peers" / "prepare.py"
    subprocess.run([sys.executable, str(script), str(out), *map(str, options)], check=True)


def real(arguments):
    out = arguments.out
    prepare(arguments.shared, out, *(["--rows", arguments.rows] if arguments.rows else []))
    if not arguments.teacher:
        print("no --teacher: calibration.npy is left out")
        return
    search, calibration = questions(arguments.shared / "data")
    executable = build_embedder("bert")
    check = embed(executable, "query", search, out / "check.npy", arguments.teacher)
    cosines = (check * np.load(out / "queries.npy")).sum(axis=1)
    os.remove(out / "check.npy")
    print(f"cosine with the shipped query vectors: {cosines.min():.6f} at least, {cosines.mean():.6f} on average")
    if cosines.min() < 0.999:
        raise SystemExit("this is not the model that the shipped vectors came from")
    embed(executable, "query", calibration, out / "calibration.npy", arguments.teacher)


def distinct(vectors):
    """Rows that are not zero and, rounded to half precision, not equal to an earlier row."""
    seen, rows = set(), []
    for row, vector in enumerate(vectors):
        half = vector.astype(np.float16)
        mark = hash(half.tobytes())
        if half.any() and mark not in seen:
            seen.add(mark)
            rows.append(row)
    return rows


def built_in(arguments):
    out, data = arguments.out, arguments.shared / "data"
    wanted = arguments.rows or 1_000_000
    lines = passages(data, int(wanted * SPARE))
    random.Random(7).shuffle(lines)
    lines = lines[:int(wanted * SPARE)]
    search, calibration = questions(data)
    executable = build_embedder("static-encoder")
    raw = out / "raw.npy"
    vectors = embed(executable, "document", lines, raw, arguments.encoder)
    rows = distinct(vectors)
    print(f"{len(vectors):,} lines, {len(rows):,} distinct vectors", flush=True)
    if len(rows) < wanted:
        raise SystemExit(f"the text gives only {len(rows):,} rows")
    rows = rows[:wanted]
    np.save(out / "kept.npy", vectors[rows])
    del vectors
    os.remove(raw)
    with open(out / "base.txt", "w", encoding="utf-8") as file:
        file.writelines(lines[row] + "\n" for row in rows)
    embed(executable, "query", search, out / "asked.npy", arguments.encoder)
    embed(executable, "query", calibration, out / "calibration.npy", arguments.encoder)
    prepare(arguments.shared, out, "--base", out / "kept.npy", "--queries", out / "asked.npy")
    os.remove(out / "kept.npy")
    os.remove(out / "asked.npy")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", choices=["real", "built-in"])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--rows", type=int)
    parser.add_argument("--teacher", type=pathlib.Path, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--encoder", type=pathlib.Path, help="for `built-in`, instead of the one inside")
    parser.add_argument("--shared", type=pathlib.Path,
                        default=os.environ.get("MEDVEC_SHARED", REPOSITORY.parent / "shared"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    {"real": real, "built-in": built_in}[arguments.set](arguments)


if __name__ == "__main__":
    main()
