//! A reader of document records that knows nothing but the tables of chapter 08. It shows what it
//! reads in the form of Rust's `Debug`, so that it can be compared with the library's own value.

use medvec::date::{Day, PublicationDate};
use medvec::document::{
    AbstractSection, Author, Correction, DataBank, Document, Field, FieldValue, Grant, HistoryDate,
    Journal, Keyword, MeshHeading, MeshQualifier, OtherAbstract, OtherId, Reference, Term,
    TypedTerm,
};
use medvec::ids::Key;

use crate::text::Text;

pub(crate) struct Reader<'a> {
    pub(crate) text: &'a Text,
    pub(crate) bytes: &'a [u8],
}

impl Reader<'_> {
    /// The next value, of a type of the text, in the form of Rust's `Debug`.
    pub(crate) fn value(&mut self, kind: &str) -> String {
        if let Some(inner) = kind.strip_prefix("Vec<").and_then(|rest| rest.strip_suffix('>')) {
            let count = self.varint();
            let elements: Vec<String> = (0..count).map(|_| self.value(inner)).collect();
            return format!("[{}]", elements.join(", "));
        }
        if let Some(inner) = kind.strip_prefix("Option<").and_then(|rest| rest.strip_suffix('>')) {
            return match self.take(1)[0] {
                0 => "None".to_owned(),
                _ => format!("Some({})", self.value(inner)),
            };
        }
        match kind {
            "u32" => self.varint().to_string(),
            "i64" => {
                let n = self.varint();
                ((n >> 1) as i64 ^ -((n & 1) as i64)).to_string()
            }
            "f64" => format!("{:?}", f64::from_le_bytes(self.take(8).try_into().expect("8 bytes"))),
            "bool" => (self.take(1)[0] == 1).to_string(),
            "Day" => format!("Day({})", self.varint()),
            "String" => {
                let length = self.varint() as usize;
                format!("{:?}", std::str::from_utf8(self.take(length)).expect("UTF-8"))
            }
            "Key" => match self.varint() {
                0 => format!("Text({})", self.value("String")),
                pmid => format!("Pmid(Pmid({pmid}))"),
            },
            "FieldValue" => match self.varint() {
                0 => format!("String({})", self.value("String")),
                1 => format!("Integer({})", self.value("i64")),
                2 => format!("Float({})", self.value("f64")),
                _ => format!("List({})", self.value("Vec<String>")),
            },
            name => {
                let fields = self.text.records[name].clone();
                let mut shown: Vec<String> = Vec::new();
                for (field, kind) in fields {
                    shown.push(format!("{field}: {}", self.value(&kind)));
                }
                format!("{name} {{ {} }}", shown.join(", "))
            }
        }
    }

    fn take(&mut self, count: usize) -> &[u8] {
        let (head, rest) = self.bytes.split_at(count);
        self.bytes = rest;
        head
    }

    fn varint(&mut self) -> u64 {
        let mut value = 0;
        for shift in (0..).step_by(7) {
            let byte = self.take(1)[0];
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        value
    }
}

/// A document with something in every field of every structure.
pub(crate) fn rich() -> Document {
    let section = |text: &str| AbstractSection {
        label: "AIM".into(),
        category: "OBJECTIVE".into(),
        text: text.into(),
    };
    let term = || Term { ui: "D016428".into(), name: "Journal Article".into() };
    let typed = || TypedTerm { kind: "0".into(), ui: "D007328".into(), name: "Insulin".into() };
    let id = || OtherId { kind: "doi".into(), value: "10.1/x".into() };
    let field = |name: &str, value| Field { name: name.into(), value };
    let mut document = Document::new(Key::pmid(39_000_000));
    document.version = 2;
    document.title = "Ä title".into();
    document.vernacular_title = "Un titre".into();
    document.abstract_sections = vec![section("One."), section(&"long ".repeat(100))];
    document.other_abstracts = vec![OtherAbstract {
        kind: "Publisher".into(),
        language: "fre".into(),
        sections: vec![section("Un.")],
    }];
    document.journal = Journal {
        title: "t".into(),
        abbreviation: "a".into(),
        nlm_id: "n".into(),
        issn: "i".into(),
        issn_linking: "l".into(),
        volume: "v".into(),
        issue: "s".into(),
        pages: "p".into(),
        country: "c".into(),
    };
    document.date = Some(PublicationDate {
        verbatim: "1998 Dec-1999 Jan".into(),
        first: Day::new(1998, 12, 1),
        last: Day::new(1999, 1, 31),
    });
    document.history = vec![HistoryDate { event: "entrez".into(), day: Day::new(1999, 2, 3) }];
    document.authors = vec![Author {
        last_name: "a".into(),
        fore_name: "b".into(),
        initials: "c".into(),
        suffix: "d".into(),
        collective_name: "e".into(),
        identifier: "f".into(),
        affiliations: vec!["g".into(), String::new()],
    }];
    document.publication_types = vec![term(), term()];
    document.languages = vec!["eng".into(), "ger".into()];
    document.mesh = vec![MeshHeading {
        ui: "D003924".into(),
        name: "Diabetes Mellitus, Type 2".into(),
        major: true,
        qualifiers: vec![MeshQualifier { ui: "Q".into(), name: "q".into(), major: false }],
    }];
    document.supplementary = vec![typed()];
    document.chemicals = vec![typed()];
    document.keywords = vec![Keyword { owner: "NOTNLM".into(), major: true, text: "k".into() }];
    document.ids = vec![id()];
    document.references = vec![Reference { citation: "r".into(), ids: vec![id(), id()] }];
    document.corrections =
        vec![Correction { kind: "CommentOn".into(), source: "s".into(), pmid: 300 }];
    document.data_banks = vec![DataBank { name: "GENBANK".into(), accessions: vec!["x".into()] }];
    document.grants = vec![Grant { id: "1".into(), agency: "NIH".into(), country: "US".into() }];
    document.status = "MEDLINE".into();
    document.indexing_method = "Automated".into();
    document.conflict_of_interest = "none".into();
    document.copyright = "(c)".into();
    document.fields = vec![
        field("s", FieldValue::String("x".into())),
        field("i", FieldValue::Integer(-70_000)),
        field("f", FieldValue::Float(0.1)),
        field("l", FieldValue::List(vec!["y".into(), "z".into()])),
    ];
    document
}
