//! The tokenizer against quick-xml: what both accept they read alike.

use proptest::prelude::*;
use quick_xml::events::Event;

use super::*;

/// What a record says, however its pieces are cut: text and entities run together.
#[derive(Debug, PartialEq)]
enum Said {
    Open(String, [Option<String>; 2]),
    Close,
    Text(String),
}

fn say(said: &mut Vec<Said>, text: &str) {
    match said.last_mut() {
        _ if text.is_empty() => {}
        Some(Said::Text(before)) => before.push_str(text),
        _ => said.push(Said::Text(text.to_owned())),
    }
}

/// Values of two attributes; `None` for one that is not well-formed.
fn values(tag: &Tag<'_>) -> [Option<String>; 2] {
    ["x", "y"].map(|name| tag.attribute(name).ok().map(Cow::into_owned))
}

/// Reads the first element of `text` to its end.
fn ours(text: &str) -> Result<Vec<Said>, Fault> {
    let mut tokens = Tokens::new(text);
    let mut said = Vec::new();
    loop {
        match tokens.next()? {
            Piece::Open(tag) => said.push(Said::Open(tag.name().to_owned(), values(&tag))),
            Piece::Close => said.push(Said::Close),
            Piece::Text(text) => say(&mut said, text),
            Piece::Character(ch) => say(&mut said, ch.encode_utf8(&mut [0; 4])),
            Piece::Aside => {}
        }
        if tokens.depth() == 0 && !tokens.is_empty {
            return Ok(said);
        }
    }
}

fn theirs(text: &str) -> Option<Vec<Said>> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let (mut said, mut depth) = (Vec::new(), 0);
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                depth += 1;
                let values = ["x", "y"].map(|name| {
                    for attribute in tag.attributes().with_checks(false) {
                        let attribute = attribute.ok()?;
                        if attribute.key.into_inner() == name {
                            let value = quick_xml::escape::unescape(&attribute.value).ok()?;
                            return Some(value.into_owned());
                        }
                    }
                    Some(String::new())
                });
                said.push(Said::Open(tag.name().into_inner().to_owned(), values));
            }
            Event::End(_) => {
                depth -= 1;
                said.push(Said::Close);
            }
            Event::Text(text) => say(&mut said, &text.into_inner()),
            Event::CData(text) => say(&mut said, &text.into_inner()),
            Event::GeneralRef(entity) => {
                let named = quick_xml::escape::resolve_predefined_entity(&entity);
                match named {
                    Some(text) => say(&mut said, text),
                    None => {
                        let ch = entity.resolve_char_ref().ok()??;
                        say(&mut said, ch.encode_utf8(&mut [0; 4]));
                    }
                }
            }
            Event::Eof => return None,
            _ => {}
        }
        if depth == 0 {
            return Some(said);
        }
    }
}

#[test]
fn real_records_are_read_as_quick_xml_reads_them() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/pubmed_sample.xml");
    let text = std::fs::read_to_string(path).expect("the sample");
    let records: Vec<&str> =
        text.match_indices("<PubmedArticle>").map(|(at, _)| &text[at..]).collect();
    assert!(records.len() > 1);
    for record in records {
        assert_eq!(ours(record).ok(), theirs(record));
    }
}

/// Pieces of a record, whole or broken.
fn piece() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-z é\n]{1,6}",
        6 => prop::sample::select(vec![
            "<a>", "</a>", "<b x=\"1\">", "</b>", "</b >", "<b/>", "<a y = '\"&lt;'  x=''/>",
            "<a x='>' y=\"'&#65;\">", "<m:a x='é'>", "</m:a>",
        ]).prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            "&amp;", "&#946;", "&#x3b2;", "<!-- <a> - > -->", "<![CDATA[</a>&amp;]]>", "<?p <a> ?>",
        ]).prop_map(str::to_owned),
        1 => prop::sample::select(vec![
            "<", ">", "&", ";", "&nbsp;", "&#0;", "&#xd800;", "&#+65;", "<a x>", "<a x=1>", "<a x='&'>",
            "<!-- ", "<![CDATA[", "<!x>", "< a>", "</>", "</a", "<a", "'", "]]>",
        ]).prop_map(str::to_owned),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn what_we_accept_quick_xml_reads_alike(pieces in prop::collection::vec(piece(), 0..12)) {
        let record = format!("<r>{}</r>", pieces.concat());
        if let Ok(said) = ours(&record) {
            prop_assert_eq!(Some(said), theirs(&record), "{}", record);
        }
    }

    #[test]
    fn what_is_well_formed_we_accept(inside in well_formed()) {
        let record = format!("<r>{inside}</r>");
        let said = ours(&record).map_err(|fault| fault.detail);
        let expected = theirs(&record).ok_or_else(String::new);
        prop_assert_eq!(said, expected, "{}", record);
    }
}

fn well_formed() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        "[a-z é\n'\"]{1,6}",
        prop::sample::select(vec![
            "&lt;",
            "&#65;",
            "<b/>",
            "<b x='&gt;>' />",
            "<!-- - -->",
            "<![CDATA[<]]>",
            "<?p?>",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        (prop::sample::select(vec!["a", "m:b", "long-name_1"]), prop::collection::vec(inner, 0..4))
            .prop_map(|(name, parts)| format!("<{name} x=\"'\" >{}</{name}>", parts.concat()))
    })
}

#[test]
fn a_tag_inside_of_a_tag_has_no_attributes() {
    let record = "<r><a\n<a y = '1'  x=''/></r>";
    assert_eq!(ours(record).ok(), theirs(record));
    assert!(theirs(record).is_some());
}

#[test]
fn plain_text_leaves_the_rest_alone() {
    let mut tokens = Tokens::new("<a>one</a><a>two<i/></a><a/>three</a>");
    let enter = |tokens: &mut Tokens<'static>| {
        assert!(matches!(tokens.next(), Ok(Piece::Open(_))));
        tokens.plain_text()
    };
    assert_eq!(enter(&mut tokens), Some("one"));
    assert_eq!((enter(&mut tokens), tokens.depth()), (None, 1));
    while tokens.depth() > 0 {
        tokens.next().expect("is well-formed");
    }
    // An empty element has no text, whatever follows it.
    assert_eq!(enter(&mut tokens), None);
}

#[test]
fn faults_say_what_and_where() {
    for (record, detail) in [
        ("<a><b></a>", "not well-formed: expected </b>, found </a>"),
        ("<a></a x>", "not well-formed: </a is cut"),
        ("<a", "not well-formed: <a is cut"),
        ("<a<b/>", "not well-formed: <a does not go on"),
        ("<a>5 < 6</a>", "not well-formed: a `<` begins no tag"),
        (
            "<a><!DOCTYPE b></a>",
            "not well-formed: a <! that begins neither a comment nor a CDATA section",
        ),
        ("<a><!-- </a>", "not well-formed: a <!-- without its -->"),
        ("<a>AT&T</a>", "not well-formed: an `&` without its `;`"),
        ("<a>text", "the record ends inside of an element"),
    ] {
        let fault = ours(record).expect_err("is broken");
        assert_eq!(fault.detail, detail, "{record}");
        assert!(fault.offset as usize <= record.len(), "{record}");
    }
}
