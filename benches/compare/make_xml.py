"""Repeats real PubMed XML, each citation under a new PMID, until a file has a given size.

    python make_xml.py FOLDER OUT.xml.gz --bytes 2000000000

Takes every `PubmedArticle` of the .xml.gz files below FOLDER, in order of path, over and over.
Only the article's own PMID is changed (the first <PMID>, and the article's <ArticleId
IdType="pubmed">); --bytes counts unpacked XML. OUT is packed when its name ends in .gz.
"""

import argparse
import gzip
import itertools
import pathlib
import re

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?>\n'
    '<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle, 1st January 2019//EN" '
    '"https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_190101.dtd">\n<PubmedArticleSet>\n'
)
TAIL = "</PubmedArticleSet>\n"
ARTICLE = re.compile(r"<PubmedArticle>.*?</PubmedArticle>", re.S)
OWN_PMID = re.compile(r"(<PMID[^>]*>)\s*(\d+)\s*(</PMID>)")
OWN_ID = re.compile(r'(<ArticleId IdType="pubmed">)\d+(</ArticleId>\s*)', re.S)


def articles(folder):
    for path in sorted(pathlib.Path(folder).rglob("*.xml.gz")):
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            yield from ARTICLE.findall(file.read())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder")
    parser.add_argument("out")
    parser.add_argument("--bytes", type=int, default=2_000_000_000)
    parser.add_argument("--first-pmid", type=int, default=100_000_001)
    options = parser.parse_args()

    pool = list(articles(options.folder))
    if not pool:
        raise SystemExit(f"no PubmedArticle below {options.folder}")
    packed = options.out.endswith(".gz")
    opened = gzip.open(options.out, "wb", 6) if packed else open(options.out, "wb")
    written = count = 0
    with opened as out:
        out.write(HEAD.encode())
        for pmid, article in zip(itertools.count(options.first_pmid), itertools.cycle(pool)):
            article = OWN_PMID.sub(rf"\g<1>{pmid}\g<3>", article, count=1)
            # The article's own list of ids stands before the references.
            article = OWN_ID.sub(rf"\g<1>{pmid}\g<2>", article, count=1)
            data = article.encode() + b"\n"
            if written + len(data) > options.bytes:
                break
            out.write(data)
            written += len(data)
            count += 1
        out.write(TAIL.encode())
    print(f"{options.out}: {count} citations, {written} bytes of XML")


if __name__ == "__main__":
    main()
