use super::super::tests::{folder, open, refused, skips, told};
use super::super::{Collection, CollectionOptions, Layout, TopicPart};

const SGML: &str = "<top>\n\n<num> Number: 301\n<title> Topic: International\n   Organized Crime &amp; p < 0.05\n\n\
                    <desc> Description:\nIdentify <b>organizations</b>.\n\n<narr> Narrative:\nA relevant\ndocument.\n</top>\n\
                    <top lang='en'>\n<num>302</num>\n<title>Polio</title>\n</top>\n";

fn texts(topics: &str, part: TopicPart) -> Vec<String> {
    let set = folder(&[("topics.txt", topics)]);
    let options = CollectionOptions::default().topic_part(part);
    let collection = Collection::open(&set.path().join("topics.txt"), &options).unwrap();
    assert_eq!(collection.layout, Layout::Trec);
    collection.queries.iter().map(|query| format!("{} {}", query.id, query.text)).collect()
}

#[test]
fn the_old_form_has_labels_and_no_ends() {
    for topics in [SGML.to_owned(), SGML.replace('\n', "\r\n"), format!("\u{feff}{SGML}")] {
        let titles = texts(&topics, TopicPart::Title);
        assert_eq!(titles, ["301 International Organized Crime & p < 0.05", "302 Polio"]);
    }
    assert_eq!(texts(SGML, TopicPart::Description), ["301 Identify organizations ."]);
    assert_eq!(texts(SGML, TopicPart::Narrative), ["301 A relevant document."]);
    let both = texts(SGML, TopicPart::TitleAndDescription);
    assert_eq!(both[0], "301 International Organized Crime & p < 0.05 Identify organizations .");
}

#[test]
fn tracks_have_elements_of_their_own() {
    let covid = "<?xml version=\"1.0\"?><!DOCTYPE topics [<!ENTITY a \"b\">]>\n<topics task=\"COVIDSearch 2020\">\n<!-- a > b -->\
                 <topic number=\"1\">\n<query>coronavirus origin</query>\n<question>what is the origin</question>\n\
                 <narrative>seeking <![CDATA[<range>]]> &#x3b1;</narrative></topic></topics>";
    assert_eq!(texts(covid, TopicPart::Title), ["1 coronavirus origin"]);
    assert_eq!(texts(covid, TopicPart::Description), ["1 what is the origin"]);
    assert_eq!(texts(covid, TopicPart::Narrative), ["1 seeking <range> α"]);
    let medicine = "<topics><topic number=\"2\" type='test'><disease>Liposarcoma</disease><gene>CDK4 Amplification</gene>\
                    <demographic>38-year-old male</demographic><other>GERD</other></topic></topics>";
    assert_eq!(texts(medicine, TopicPart::Title), ["2 Liposarcoma CDK4 Amplification"]);
    let all = "2 Liposarcoma CDK4 Amplification 38-year-old male GERD";
    assert_eq!(texts(medicine, TopicPart::Description), [all]);
    let trials = "<topics task=\"2021 TREC Clinical Trials\">\n<topic number=\"1\">\nA 45-year-old\nwoman.\n</topic>\n</topics>";
    assert_eq!(texts(trials, TopicPart::Title), ["1 A 45-year-old woman."]);
    let terrier = "<TOP>\n<NUM>3</NUM>\n<disease>Meningioma</disease>\n<gene>NF2</gene>\n<other>None</other>\n</TOP>";
    assert_eq!(texts(terrier, TopicPart::Title), ["3 Meningioma NF2"]);
    let fields = "<topics><topic number=\"1\" template=\"x\"><field name=\"disease\">COPD</field><field name=\"age\">65</field></topic></topics>";
    assert_eq!(texts(fields, TopicPart::Title), ["1 disease COPD; age 65"]);
    let decision = "<topics><topic number=\"1\" type=\"diagnosis\"><description>A long case.</description><summary>A case.</summary></topic></topics>";
    assert_eq!(texts(decision, TopicPart::Title), ["1 A case."]);
    assert_eq!(texts(decision, TopicPart::Description), ["1 A long case."]);
}

#[test]
fn qrels_lie_beside_topics_or_are_named() {
    let qrels = "301 0 FBIS3-1 1\n301\t0\tFBIS3-2\t-1\n\n999 0 x 1\n";
    let set = folder(&[("topics.301-450.gz", SGML), ("qrels.txt", qrels)]);
    let collection = open(set.path());
    assert_eq!(
        told(&collection),
        ["301 International Organized Crime & p < 0.05: FBIS3-1=1 FBIS3-2=-1"]
    );
    assert_eq!(
        skips(&collection),
        ["1 judgements of unknown queries", "1 queries without judgements"]
    );
    let named = CollectionOptions::default().judgements(set.path().join("qrels.txt"));
    let topics = set.path().join("topics.301-450.gz");
    assert_eq!(told(&Collection::open(&topics, &named).unwrap()), told(&collection));
    assert_eq!(open(&topics).queries.len(), 2, "without judgements all are asked");
    let set = folder(&[("topics.tsv", "1\tear wax\n2\tasthma\n"), ("qrels", "1 0 d 1.5\n")]);
    let options = CollectionOptions::default();
    assert!(
        refused(set.path(), &options)
            .contains("qrels, line 1: the grade `1.5` is not a whole number")
    );
    let set = folder(&[("topics.tsv", "1\tear wax\n"), ("qrels", "1 d 1\n")]);
    assert!(
        refused(set.path(), &options)
            .contains("line 1: expected 4 columns (query, iteration, document, grade), found 3")
    );
    let set = folder(&[("topics.a", SGML), ("topics.b", SGML)]);
    assert!(refused(set.path(), &options).contains("several files of topics: topics.a, topics.b"));
}

#[test]
fn broken_topics_are_refused_with_their_line() {
    let set = |text: &str| folder(&[("topics", text)]);
    for (topics, words) in [
        (
            "<top>\n<num> Number: 1\n<title> x\n",
            "topics, line 1: the topic that begins here does not end",
        ),
        ("<top>\n<title> x\n</top>\n", "line 1: the topic has no number"),
        (
            "\n<top>\n<num> 1\n<title> x\n<top>\n",
            "line 5: a topic begins inside of the one of line 2",
        ),
        (
            "<topics><topic number=\"1\">x</topic>\n<topic number=\"1\">y</topic></topics>",
            "line 2: the query id `1` is there already",
        ),
        ("<topic number=\"1\">x</topic", "a tag that begins here does not end"),
        ("<topics></topics>", "no query with a text"),
        ("1\ta\tb\n", "line 1: expected an id, a tab and a text without tabs, found 3 cells"),
        ("1 a\n", "found 1 cells"),
    ] {
        let options = CollectionOptions::default().layout(Layout::Trec);
        let refused = refused(set(topics).path(), &options);
        assert!(refused.contains(words), "{refused}");
    }
}
