use super::super::tests::folder;
use super::Pairs;

fn read(name: &str, text: &str) -> Result<Vec<String>, String> {
    let set = folder(&[(name, text)]);
    let pairs = Pairs::open(&set.path().join(name))
        .map_err(|error| format!("{}: {}", error.place, error.detail))?;
    pairs
        .map(|pair| match pair {
            Ok(pair) => Ok(format!(
                "{}|{}|{:?}|{}",
                pair.left,
                pair.right,
                pair.score,
                pair.negatives.join("+")
            )),
            Err(error) => Err(format!("{}: {}", error.place, error.detail)),
        })
        .collect()
}

#[test]
fn sentences_come_from_tables() {
    let blue = "index\tgenre\tfilename\tyear\told_index\tsource1\tsource2\tsentence1\tsentence2\tscore\r\n\
                0\tg\tf\ty\t0\ts\ts\tIt \"has a quote\tB\t3.2\r\n";
    assert_eq!(read("test.tsv", blue).unwrap(), ["It \"has a quote|B|Some(3.2)|"]);
    let csv = "\u{feff}Sentence1,Sentence2,Score\n\"a, \"\"b\"\"\nc\",d,4\nx,y,\n\n";
    assert_eq!(read("p.csv", csv).unwrap(), ["a, \"b\"\nc|d|Some(4.0)|", "x|y|None|"]);
    assert_eq!(read("p.csv.gz", "s1;s2;label\na;b;1\n").unwrap(), ["a|b|Some(1.0)|"]);
    assert_eq!(read("p.jsonl", "{\"text1\": \"a\", \"text2\": \"b\"}\n").unwrap(), ["a|b|None|"]);
}

#[test]
fn triplets_have_negatives_in_many_forms() {
    for (name, text) in [
        ("p.jsonl", "{\"query\": \"q\", \"positive\": \"p\", \"negative\": \"n\"}\n"),
        ("p.json", "{\"query\": \"q\", \"pos\": [\"p\"], \"neg\": [\"n\", \"\"]}\n"),
        ("p.json.zst", " [ {\"anchor\": \"q\", \"positive\": \"p\", \"negative_1\": \"n\"} ]\n"),
        ("p.csv", "query,positive,negative\nq,p,n\n"),
        (
            "p.jsonl",
            "{\"query\": \"q\", \"positive_passages\": [{\"docid\": \"1\", \"title\": \"\", \"text\": \"p\"}], \
             \"negative_passages\": [{\"title\": \"n\", \"text\": \"\"}]}\n",
        ),
    ] {
        assert_eq!(read(name, text).unwrap(), ["q|p|None|n"], "{text}");
    }
    let many = "{\"query\": \"q\", \"pos\": [\"p\", \"r\"], \"negative_1\": \"m\", \"negative_2\": \"n\"}\n";
    assert_eq!(read("p.jsonl", many).unwrap(), ["q|p|None|m+n", "q|r|None|m+n"]);
}

#[test]
fn empty_texts_are_counted() {
    let set = folder(&[("p.tsv", "s1\ts2\na\t\n\tb\nc\td\n")]);
    let mut pairs = Pairs::open(&set.path().join("p.tsv")).unwrap();
    assert_eq!(pairs.by_ref().count(), 1);
    let [skipped] = pairs.skipped() else { panic!("one kind") };
    assert_eq!((skipped.what, skipped.count), ("pairs with an empty text", 2));
    assert!(skipped.example_place.ends_with("p.tsv, line 2"));
}

#[test]
fn broken_files_are_refused_with_their_line() {
    for (name, text, words) in [
        ("p.tsv", "", "whole file: the file is empty"),
        ("p.tsv", "s1\ts2\na\tb\tc\n", "line 2: 3 cells, but 2 columns"),
        ("p.tsv", "s1\ts1\na\tb\n", "line 1: the heading `s1` is there twice"),
        ("p.tsv", "left\tright\na\tb\n", "line 2: no `sentence1` or "),
        ("p.tsv", "s1\tright\na\tb\n", "line 2: no `sentence2` or "),
        ("p.csv", "s1,s2\na,\"b\n", "line 2: a quotation mark is not closed"),
        ("p.csv", "s1,s2,score\na,b,high\n", "line 2: the score \"high\" is not a finite number"),
        ("p.csv", "s1,s2,score\na,b,NaN\n", "is not a finite number"),
        ("p.jsonl", "{\"s1\": \"a\", \"s2\": \"b\"}\n{\"s1\"", "line 2: EOF while parsing"),
        ("p.jsonl", "{\"s1\": \"a\", \"s2\": 7}\n", "expected a text or a list of texts, found 7"),
        ("p.jsonl", "{\"s1\": [1], \"s2\": \"b\"}\n", "is not a string"),
        ("p.json", "[{\"s1\": \"a\", \"s2\": \"b\"}", "entry 2: the list ends without a `]`"),
        ("p.json", "[{\"s1\": \"a\", \"s2\": \"b\"} {}]", "entry 2: expected `,` or `]`"),
        ("p.json", "[{}] x", "line"),
        ("p.xlsx", "x", "expected a name that ends in jsonl"),
    ] {
        match read(name, text) {
            Err(refused) => assert!(refused.contains(words) || words == "line", "{refused}"),
            Ok(found) => panic!("{text}: {found:?}"),
        }
    }
}
