//! Any element of a set may be empty, however that is written, and may hold comments, processing
//! instructions and CDATA sections: held against a reader of trees.

use std::collections::BTreeMap;
use std::fmt::Write;

use medvec::Document;
use medvec::ingest::Event;
use proptest::prelude::*;
use quick_xml::events::{BytesStart, Event as Xml};

use super::all;

/// An element as a reader of trees has it.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: BTreeMap<String, String>,
    /// Text of its own, in order among the children.
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    Text(String),
    Child(Element),
}

impl Element {
    fn started(tag: &BytesStart<'_>) -> Element {
        let attributes = tag.attributes().map(|attribute| {
            let attribute = attribute.expect("an attribute");
            let value = quick_xml::escape::unescape(&attribute.value).expect("a value");
            (attribute.key.into_inner().to_owned(), value.into_owned())
        });
        let attributes = attributes.collect();
        Element { name: tag.name().into_inner().to_owned(), attributes, parts: Vec::new() }
    }

    fn say(&mut self, text: &str) {
        self.parts.push(Part::Text(text.to_owned()));
    }

    fn children<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.parts.iter().filter_map(move |part| match part {
            Part::Child(child) if child.name == name => Some(child),
            _ => None,
        })
    }

    /// What [`Element::children`] of children of ... have, along a path.
    fn at<'a>(&'a self, path: &'a str) -> Vec<&'a Element> {
        path.split('/').fold(vec![self], |found, name| {
            found.into_iter().flat_map(|element| element.children(name)).collect()
        })
    }

    fn whole_text(&self) -> String {
        let texts = self.parts.iter().map(|part| match part {
            Part::Text(text) => text.clone(),
            Part::Child(child) => child.whole_text(),
        });
        texts.collect()
    }

    /// All text in it, white space collapsed.
    fn text(&self) -> String {
        self.whole_text().split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn attribute(&self, name: &str) -> String {
        self.attributes.get(name).cloned().unwrap_or_default()
    }
}

/// Reads a whole document as a tree.
fn tree(text: &str) -> Element {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Element::default()];
    loop {
        let last = open.len() - 1;
        match reader.read_event().expect("well-formed") {
            Xml::Start(tag) => open.push(Element::started(&tag)),
            Xml::End(_) => {
                let child = open.pop().expect("an element");
                open.last_mut().expect("its parent").parts.push(Part::Child(child));
            }
            Xml::Text(text) => open[last].say(&text.into_inner()),
            Xml::CData(text) => open[last].say(&text.into_inner()),
            Xml::GeneralRef(entity) => {
                let named = quick_xml::escape::resolve_predefined_entity(&entity);
                match named {
                    Some(text) => open[last].say(text),
                    None => {
                        let ch = entity.resolve_char_ref().expect("a number").expect("a character");
                        open[last].say(ch.encode_utf8(&mut [0; 4]));
                    }
                }
            }
            Xml::Eof => return open.pop().expect("the document"),
            _ => {}
        }
    }
}

/// What is compared of a record: strings by name, or that it is an error.
type Said = Option<Vec<String>>;

fn texts(elements: &[&Element], name: &str, out: &mut Vec<String>) {
    out.extend(elements.iter().map(|element| format!("{name}={}", element.text())));
}

fn last_text(elements: &[&Element], name: &str, out: &mut Vec<String>) {
    out.push(format!("{name}={}", elements.last().map(|e| e.text()).unwrap_or_default()));
}

/// A record as the tree has it.
fn from_tree(record: &Element) -> Said {
    let citation = "MedlineCitation";
    let pmid = record.at("MedlineCitation/PMID").last()?.text().parse::<u32>().ok()?;
    let mut out = vec![format!("pmid={pmid}")];
    let article = |path: &str| format!("{citation}/Article/{path}");
    last_text(&record.at(&article("ArticleTitle")), "title", &mut out);
    last_text(&record.at(&article("VernacularTitle")), "vernacular", &mut out);
    last_text(&record.at(&article("Journal/Title")), "journal", &mut out);
    last_text(&record.at(&article("Journal/JournalIssue/Volume")), "volume", &mut out);
    let path = article("Abstract/AbstractText");
    let sections = record.at(&path);
    let sections: Vec<&Element> = sections.into_iter().filter(|e| !e.text().is_empty()).collect();
    texts(&sections, "abstract", &mut out);
    texts(&record.at(&article("Language")), "language", &mut out);
    texts(&record.at(&article("PublicationTypeList/PublicationType")), "type", &mut out);
    for author in record.at(&article("AuthorList/Author")) {
        let part = |name: &str| author.children(name).last().map(Element::text).unwrap_or_default();
        out.push(format!(
            "author={}|{}|{}",
            part("LastName"),
            part("ForeName"),
            part("CollectiveName")
        ));
    }
    for heading in record.at("MedlineCitation/MeshHeadingList/MeshHeading") {
        let name = heading.children("DescriptorName").last();
        out.push(format!("mesh={}", name.map(Element::text).unwrap_or_default()));
        for qualifier in heading.children("QualifierName") {
            out.push(format!("qualifier={}|{}", qualifier.text(), qualifier.attribute("UI")));
        }
    }
    for keyword in record.at("MedlineCitation/KeywordList/Keyword") {
        // One without a word is none.
        let word = Some(keyword.text()).filter(|word| !word.is_empty());
        out.extend(word.map(|word| format!("keyword={word}")));
    }
    for chemical in record.at("MedlineCitation/ChemicalList/Chemical") {
        let name = chemical.children("NameOfSubstance").last();
        out.push(format!("chemical={}", name.map(Element::text).unwrap_or_default()));
    }
    for grant in record.at(&article("GrantList/Grant")) {
        let agency = grant.children("Agency").last();
        out.push(format!("grant={}", agency.map(Element::text).unwrap_or_default()));
    }
    for reference in record.at("PubmedData/ReferenceList/Reference") {
        let citation = reference.children("Citation").last();
        out.push(format!("reference={}", citation.map(Element::text).unwrap_or_default()));
    }
    Some(out)
}

/// A record as the library has it.
fn from_library(document: &Document) -> Vec<String> {
    let mut out = vec![
        format!("pmid={}", document.key),
        format!("title={}", document.title),
        format!("vernacular={}", document.vernacular_title),
        format!("journal={}", document.journal.title),
        format!("volume={}", document.journal.volume),
    ];
    out.extend(
        document.abstract_sections.iter().map(|section| format!("abstract={}", section.text)),
    );
    out.extend(document.languages.iter().map(|code| format!("language={code}")));
    out.extend(document.publication_types.iter().map(|term| format!("type={}", term.name)));
    for author in &document.authors {
        let (last, fore) = (&author.last_name, &author.fore_name);
        out.push(format!("author={last}|{fore}|{}", author.collective_name));
    }
    for heading in &document.mesh {
        out.push(format!("mesh={}", heading.name));
        for qualifier in &heading.qualifiers {
            out.push(format!("qualifier={}|{}", qualifier.name, qualifier.ui));
        }
    }
    out.extend(document.keywords.iter().map(|keyword| format!("keyword={}", keyword.text)));
    out.extend(document.chemicals.iter().map(|term| format!("chemical={}", term.name)));
    out.extend(document.grants.iter().map(|grant| format!("grant={}", grant.agency)));
    out.extend(document.references.iter().map(|one| format!("reference={}", one.citation)));
    out
}

/// Elements and what may be in them; what is not here holds text.
const GRAMMAR: &[(&str, &[&str])] = &[
    ("PubmedArticle", &["MedlineCitation", "PubmedData"]),
    (
        "MedlineCitation",
        &[
            "PMID",
            "Article",
            "MeshHeadingList",
            "KeywordList",
            "ChemicalList",
            "DateRevised",
            "Other",
        ],
    ),
    (
        "Article",
        &[
            "Journal",
            "ArticleTitle",
            "Abstract",
            "AuthorList",
            "Language",
            "VernacularTitle",
            "PublicationTypeList",
            "GrantList",
        ],
    ),
    ("Journal", &["Title", "JournalIssue"]),
    ("JournalIssue", &["Volume"]),
    ("Abstract", &["AbstractText", "AbstractText", "CopyrightInformation"]),
    ("AuthorList", &["Author", "Author"]),
    ("Author", &["LastName", "ForeName", "CollectiveName", "AffiliationInfo"]),
    ("AffiliationInfo", &["Affiliation"]),
    ("PublicationTypeList", &["PublicationType"]),
    ("GrantList", &["Grant"]),
    ("Grant", &["GrantID", "Agency"]),
    ("MeshHeadingList", &["MeshHeading", "MeshHeading"]),
    ("MeshHeading", &["DescriptorName", "QualifierName", "QualifierName"]),
    ("KeywordList", &["Keyword", "Keyword"]),
    ("ChemicalList", &["Chemical"]),
    ("Chemical", &["RegistryNumber", "NameOfSubstance"]),
    ("PubmedData", &["History", "ArticleIdList", "ReferenceList"]),
    ("History", &["PubMedPubDate"]),
    ("PubMedPubDate", &["Year", "Month"]),
    ("ArticleIdList", &["ArticleId"]),
    ("ReferenceList", &["Reference", "Reference"]),
    ("Reference", &["Citation", "ArticleIdList"]),
    ("DateRevised", &["Year"]),
];

/// Writes documents at random.
struct Writer {
    seed: u64,
    /// Elements in a hundred that are empty.
    empty: u64,
    pmid: u32,
    out: String,
}

impl Writer {
    fn below(&mut self, bound: u64) -> u64 {
        self.seed = self
            .seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.seed >> 33) % bound
    }

    fn aside(&mut self) {
        let asides = [
            "",
            "",
            "",
            "",
            " ",
            "\n\t",
            "<!-- <PMID>9</PMID> </PubmedArticle> -->",
            "<?x <PMID>8</PMID> ?>",
        ];
        let chosen = self.below(asides.len() as u64) as usize;
        self.out.push_str(asides[chosen]);
    }

    fn attributes(&mut self) {
        let all = ["", "", " UI=\"D1\"", " UI='Q&amp;2'", " Version = \"1\"", " a=\"/>\""];
        let chosen = self.below(all.len() as u64) as usize;
        self.out.push_str(all[chosen]);
    }

    fn element(&mut self, name: &str) {
        let _ = write!(self.out, "<{name}");
        self.attributes();
        if self.below(100) < self.empty {
            let ends = [
                "/>".to_owned(),
                " />".to_owned(),
                "\n/>".to_owned(),
                format!("></{name}>"),
                format!("> </{name} >"),
            ];
            let chosen = self.below(ends.len() as u64) as usize;
            self.out.push_str(&ends[chosen]);
            return;
        }
        self.out.push('>');
        match GRAMMAR.iter().find(|(known, _)| *known == name) {
            Some((_, children)) => {
                for child in *children {
                    self.aside();
                    if self.below(5) > 0 {
                        self.element(child);
                    }
                }
                self.aside();
            }
            None if name == "PMID" => {
                self.pmid += 1;
                let _ = write!(self.out, "{}", self.pmid);
            }
            None => self.text(),
        }
        let _ = write!(self.out, "</{name}>");
    }

    fn text(&mut self) {
        let texts = [
            "a",
            " b  c ",
            "&lt;d&gt;",
            "&#233;&#xe9;",
            "<![CDATA[</PubmedArticle><PMID>7</PMID>]]>",
            "<!-- e -->f",
            "<i>g</i><sub/>",
            "<?h?>",
            "",
            "&amp;amp;",
        ];
        for _ in 0..self.below(4) {
            let chosen = self.below(texts.len() as u64) as usize;
            self.out.push_str(texts[chosen]);
        }
    }

    /// A set of articles, deletions among or behind them.
    fn set(&mut self) {
        self.out.push_str("<?xml version=\"1.0\"?>\n<PubmedArticleSet>");
        for _ in 0..self.below(6) {
            self.aside();
            match self.below(4) {
                0 => {
                    self.out.push_str("<DeleteCitation");
                    self.attributes();
                    if self.below(100) < self.empty {
                        let ends = [" />", "/>", "></DeleteCitation>"];
                        let chosen = self.below(ends.len() as u64) as usize;
                        self.out.push_str(ends[chosen]);
                    } else {
                        self.out.push('>');
                        for _ in 0..self.below(3) {
                            self.aside();
                            self.element("PMID");
                        }
                        self.out.push_str("</DeleteCitation>");
                    }
                }
                _ => self.element("PubmedArticle"),
            }
        }
        self.aside();
        self.out.push_str("</PubmedArticleSet>");
    }
}

/// Records and deletions in order, as the tree has them.
fn expected(text: &str) -> Vec<Said> {
    let document = tree(text);
    let mut out = Vec::new();
    for set in document.children("PubmedArticleSet") {
        for part in &set.parts {
            match part {
                Part::Child(child) if child.name == "PubmedArticle" => out.push(from_tree(child)),
                Part::Child(child) if child.name == "DeleteCitation" => {
                    out.extend(child.children("PMID").map(|pmid| {
                        let number = pmid.text().parse::<u32>().ok()?;
                        Some(vec![format!("delete={number}")])
                    }));
                }
                _ => {}
            }
        }
    }
    out
}

fn found(text: &str) -> Vec<Said> {
    let records = all(text.as_bytes().to_vec()).into_iter();
    let said = records.map(|record| match record.ok()?.event {
        Event::Document { document, .. } => Some(from_library(&document)),
        Event::Delete { key, .. } => Some(vec![format!("delete={key}")]),
        Event::Vector { .. } => None,
    });
    said.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn sets_are_read_as_a_reader_of_trees_reads_them(seed in any::<u64>(), empty in 0u64..60) {
        let mut writer = Writer { seed, empty, pmid: 0, out: String::new() };
        writer.set();
        prop_assert_eq!(found(&writer.out), expected(&writer.out), "{}", writer.out);
    }
}

#[test]
fn every_container_may_be_empty() {
    let good = "<PubmedArticle><MedlineCitation><PMID>5</PMID></MedlineCitation></PubmedArticle>";
    for empty in
        ["/>", " />", "\n\t/>", " a=\"b\"/>", " a='>' b = \"/\" />", "></NAME>", " a=\"/\"></NAME>"]
    {
        for name in ["DeleteCitation", "DeleteDocument", "Unknown"] {
            let empty = empty.replace("NAME", name);
            let text = format!("<PubmedArticleSet><{name}{empty}{good}</PubmedArticleSet>");
            assert_eq!(found(&text), [Some(from_pmid(5))], "{text}");
        }
        for name in ["PubmedArticle", "PubmedBookArticle"] {
            let empty = empty.replace("NAME", name);
            let text = format!("<PubmedArticleSet><{name}{empty}{good}</PubmedArticleSet>");
            assert_eq!(found(&text), [None, Some(from_pmid(5))], "an error, then a record: {text}");
        }
        for name in ["PubmedArticleSet", "PubmedBookArticleSet", "MedlineCitationSet"] {
            let empty = empty.replace("NAME", name);
            assert_eq!(
                found(&format!("<?xml version='1.0'?><{name}{empty}\n")),
                [],
                "{name}{empty}"
            );
        }
        let empty = empty.replace("NAME", "PMID");
        let text = format!(
            "<PubmedArticleSet><DeleteCitation><PMID{empty}<PMID>6</PMID></DeleteCitation>{good}</PubmedArticleSet>"
        );
        assert_eq!(
            found(&text),
            [None, Some(vec!["delete=6".into()]), Some(from_pmid(5))],
            "{text}"
        );
    }
}

fn from_pmid(pmid: u32) -> Vec<String> {
    let mut document = Document::new(medvec::Key::pmid(pmid));
    document.version = 1;
    from_library(&document)
}

#[test]
fn deletions_that_are_not_closed_take_no_records() {
    let good = "<PubmedArticle><MedlineCitation><PMID>5</PMID></MedlineCitation></PubmedArticle>";
    let text = format!("<PubmedArticleSet><DeleteCitation><PMID>6</PMID>{good}</PubmedArticleSet>");
    assert_eq!(found(&text), [Some(vec!["delete=6".into()]), None]);
}
