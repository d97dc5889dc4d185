"""Citations a second: medvec's reader and importer against pubmed_parser, on the same files.

    pip install -r requirements.txt
    cargo build --release --no-default-features --features ingest --example read_sources
    python parse.py FILE.xml.gz ... [--rounds 3]

Three programs take turns, round after round, each in a process of its own; the median of the
rounds counts. `pubmed_parser.parse_medline_xml` builds one dict a citation (its defaults);
`read` parses all that medvec keeps, on one thread; `import` also writes and commits a database,
without embedding. Prints JSON.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]


def pubmed_parser(files):
    """Runs in a process of its own: see `--child`."""
    import pubmed_parser as pp

    start = time.perf_counter()
    count = sum(1 for file in files for article in pp.parse_medline_xml(file) if not article["delete"])
    seconds = time.perf_counter() - start
    print(json.dumps({"documents": count, "seconds": seconds}))


def run(command):
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def medvec_import(binary, files):
    folder = tempfile.mkdtemp(prefix="medvec-parse-")
    try:
        return run([binary, "--into", str(pathlib.Path(folder) / "db"), *files])
    finally:
        shutil.rmtree(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--binary", default=str(ROOT / "target/release/examples/read_sources"))
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return pubmed_parser(options.files)

    programs = {
        "pubmed_parser": lambda: run([sys.executable, __file__, "--child", *options.files]),
        "read": lambda: run([options.binary, *options.files]),
        "import": lambda: medvec_import(options.binary, options.files),
    }
    rates = {name: [] for name in programs}
    documents = {}
    for _ in range(options.rounds):
        for name, program in programs.items():
            result = program()
            documents[name] = result["documents"]
            rates[name].append(result["documents"] / result["seconds"])
    medians = {name: statistics.median(values) for name, values in rates.items()}
    report = {
        "documents": documents,
        "per_second": {name: round(value) for name, value in medians.items()},
        "rounds": {name: [round(value) for value in values] for name, values in rates.items()},
        "read_ratio": round(medians["read"] / medians["pubmed_parser"], 1),
        "import_ratio": round(medians["import"] / medians["pubmed_parser"], 1),
    }
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
