use super::*;
use crate::mesh::{MappedHeading, MeshRecord};

fn read(text: &str) -> Result<Vec<MeshRecord>> {
    let mut source = MeshSource::default();
    source.add_reader("file", std::io::Cursor::new(text.to_owned()))?;
    Ok(source.finish())
}

#[test]
fn tables_add_to_each_other() {
    let mut source = MeshSource::default();
    for table in [
        "DescriptorUI\tDescriptorName\ttree_location\nD000001\tA b\tD02.355\nD000002\tB\tD02\n",
        "DescriptorUI\tDescriptorName\tConceptUI\tTermUI\tTermName\tC\tP\nD000001\tA b\t\t\tab\tN\tN\n\
         D000001\tA b\t\t\tb, A\tN\tY\n",
        "DescriptorUI\tDescriptorName\tPharmActionUI\tPharmActionName\nD000001\tA b\tD000002\tB\n",
        "C000001\tsupp\tsynonym|other\t*D000001|D000002Q000003\n",
        "QualifierUI\tQualifierName\nQ000003\tgenetics\n",
        "A b;D02.356\n",
    ] {
        source.add_reader("file", std::io::Cursor::new(table)).expect("a table");
    }
    let records = source.finish();
    let names: Vec<&str> = records.iter().map(|record| record.name.as_str()).collect();
    assert_eq!(names, ["supp", "A b", "B", "genetics"]);
    assert_eq!(records[1].entry_terms, ["ab"]);
    assert_eq!(records[1].tree_numbers, ["D02.355", "D02.356"]);
    assert_eq!(records[1].actions, ["D000002"]);
    assert_eq!(records[0].entry_terms, ["synonym", "other"]);
    let mapped = |ui: &str, qualifier: &str, is_main| MappedHeading {
        ui: ui.into(),
        qualifier: qualifier.into(),
        is_main,
    };
    assert_eq!(
        records[0].mapped_to,
        [mapped("D000001", "", true), mapped("D000002", "Q000003", false)]
    );
}

#[test]
fn ascii_names_become_uis() {
    let records = read(
        "*NEWRECORD\nRECTYPE = D\nMH = Aspirin\nAQ = GE\nENTRY = ASA|T1|NON\nMN = D02.455\n\
         PA = Fever Drugs\nMS = A note\n = with an odd line\nUI = D001241\n\n\
         *NEWRECORD\nMH = Fever Drugs\nUI = D000002\n\
         *NEWRECORD\nSH = genetics\nQA = GE\nUI = Q000235\n\
         *NEWRECORD\nNM = salt\nSY = salz|X\nHM = *Aspirin/genetics\nUI = C000001\n",
    )
    .expect("records");
    let [salt, _, aspirin, genetics] = records.as_slice() else { panic!("{records:?}") };
    assert_eq!((aspirin.entry_terms[0].as_str(), genetics.code.as_str()), ("ASA", "GE"));
    assert_eq!(
        (&aspirin.actions[0], &aspirin.allowed_qualifiers[0]),
        (&"D000002".into(), &genetics.ui)
    );
    let heading = &salt.mapped_to[0];
    assert_eq!(
        (&heading.ui, &heading.qualifier, heading.is_main),
        (&aspirin.ui, &genetics.ui, true)
    );
}

#[test]
fn xml_records_are_read_whole() {
    let records = read(
        "<?xml version=\"1.0\"?><DescriptorRecordSet LanguageCode=\"eng\"><DescriptorRecord \
         DescriptorClass=\"1\"><DescriptorUI>D000001</DescriptorUI><DescriptorName><String>A &amp; b\
         </String></DescriptorName><AllowableQualifiersList><AllowableQualifier><QualifierReferredTo>\
         <QualifierUI>Q000008</QualifierUI></QualifierReferredTo><Abbreviation>AD</Abbreviation>\
         </AllowableQualifier></AllowableQualifiersList><TreeNumberList><TreeNumber>D02.355</TreeNumber>\
         </TreeNumberList><ConceptList><Concept><TermList><Term IsPermutedTermYN=\"N\"><String>A &amp; b\
         </String></Term><Term IsPermutedTermYN=\"N\"><String>ab</String></Term><Term \
         IsPermutedTermYN=\"Y\"><String>b, a</String></Term></TermList></Concept></ConceptList>\
         </DescriptorRecord></DescriptorRecordSet>",
    )
    .expect("records");
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].ui.as_str(), records[0].name.as_str()), ("D000001", "A & b"));
    assert_eq!(records[0].entry_terms, ["ab"]);
    assert_eq!(records[0].tree_numbers, ["D02.355"]);
    assert_eq!(records[0].allowed_qualifiers, ["Q000008"]);
}

#[test]
fn what_is_broken_is_named_with_its_place() {
    for (text, words) in [
        ("hello\n", "not a MeSH file"),
        ("QualifierUI\tQualifierName\nQ1\tx\n", "line 2"),
        (
            "DescriptorUI\tDescriptorName\ttree_location\nD000001\tA\tC1\n",
            "`C1` is not a tree number",
        ),
        ("*NEWRECORD\nMH = A\n*NEWRECORD\n", "no UI or no name"),
        ("*NEWRECORD\nUI = X\n", "`X` is not a UI"),
        ("<a/>", "not MeSH XML"),
        ("<DescriptorRecordSet><DescriptorRecord><DescriptorUI>D0", "ends inside"),
        ("<DescriptorRecordSet><DescriptorRecord><a></b></DescriptorRecord>", "not well-formed"),
        ("A;A01\nB\n", "line 2"),
    ] {
        let error = read(text).expect_err(text).to_string();
        assert!(error.contains(words) && error.starts_with("file"), "{text}: {error}");
    }
}
