//! Counts by facet, against a plain count over documents.

use std::collections::{BTreeMap, BTreeSet};

use medvec::date::{Day, PublicationDate};
use medvec::document::{Document, FieldValue};
use medvec::error::{Error, NameKind};
use medvec::format::manifest::RowType;
use medvec::search::{Facet, FacetCounts, Filter, Query};
use medvec::{Control, Key};

use crate::common::Random;
use crate::number;
use crate::world::{CONTAINER, Made, World, filter};

/// The values that a document has of a facet.
fn values(made: Made, document: &Document, facet: &Facet) -> Vec<String> {
    match facet {
        Facet::Year => made.year().iter().map(u32::to_string).collect(),
        Facet::Journal => {
            made.journal().map(|journal| format!("Ann Rows {journal}")).into_iter().collect()
        }
        Facet::PublicationType => {
            document.publication_types.iter().map(|kind| kind.name.clone()).collect()
        }
        Facet::Mesh => document.mesh.iter().map(|heading| heading.name.clone()).collect(),
        Facet::MajorMesh => {
            let major = document.mesh.iter().filter(|heading| heading.major);
            major.map(|heading| heading.name.clone()).collect()
        }
        Facet::Language => document.languages.clone(),
        Facet::Field(name) => {
            let field = document.fields.iter().find(|field| field.name == *name);
            match field.map(|field| &field.value) {
                None => Vec::new(),
                Some(FieldValue::Integer(value)) => vec![value.to_string()],
                Some(FieldValue::Float(value)) => vec![value.to_string()],
                Some(FieldValue::String(value)) => vec![value.clone()],
                Some(FieldValue::List(values)) => values.clone(),
            }
        }
        other => panic!("{other:?} is not made here"),
    }
}

fn check(world: &World, filter: &Filter, what: &str) {
    let snapshot = world.database.snapshot();
    let matching = world.matching(filter);
    let query = Query::matching(filter.clone());
    let field = |name: &str| Facet::Field(name.into());
    let facets = [
        Facet::Year,
        Facet::Journal,
        Facet::PublicationType,
        Facet::Mesh,
        Facet::MajorMesh,
        Facet::Language,
        field("shape"),
        field("mixed"),
    ];
    let mut plain: Vec<BTreeMap<String, u64>> = vec![BTreeMap::new(); facets.len()];
    for made in &matching {
        let document = made.document();
        for (facet, counts) in facets.iter().zip(&mut plain) {
            for value in values(*made, &document, facet).into_iter().collect::<BTreeSet<_>>() {
                *counts.entry(value).or_default() += 1;
            }
        }
    }
    for (facet, expected) in facets.into_iter().zip(plain) {
        let what = format!("{what}, {facet:?}, {filter:?}");
        let mut expected: Vec<(String, u64)> = expected.into_iter().collect();
        expected.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        for top in [3, usize::MAX] {
            let found: FacetCounts = snapshot.facets(&query, &facet, top).expect("counts");
            assert_eq!(found.matched, matching.len() as u64, "{what}");
            let listed: Vec<(String, u64)> =
                found.values.into_iter().map(|count| (count.value, count.documents)).collect();
            let (first, others) = expected.split_at(top.min(expected.len()));
            assert_eq!(listed, first, "{what}");
            assert_eq!(found.other_values, others.len() as u64, "{what}");
            assert_eq!(found.other_documents, others.iter().map(|other| other.1).sum::<u64>());
        }
    }
}

#[test]
fn counts_are_those_of_the_documents() {
    let mut world = World::new(RowType::F32);
    world.add(0..CONTAINER + 900);
    check(&world, &Filter::All, "one segment");
    world.add(CONTAINER + 900..CONTAINER + 2500);
    world.delete(|made| made.0 % 7 == 3 || made.0 / 100 == 9);
    let mut random = Random(17);
    for _ in 0..number("MEDVEC_ROWS_FACETS", 5) {
        let filter = filter(&mut random, CONTAINER + 2500, 2);
        check(&world, &filter, "two segments");
    }
    world.writer().compact(&Control::default()).expect("compacts");
    check(&world, &Filter::All, "compacted");
    check(&world, &Filter::Or(vec![]), "nothing");
}

#[test]
fn a_date_of_several_years_counts_in_each() {
    let world = World::new(RowType::F32);
    let mut writer = world.writer();
    for (key, first, last) in [(1, 1998, 2000), (2, 2000, 2000), (3, 2005, 2005)] {
        let mut document = Document::new(Key::pmid(key));
        let (first, last) = (Day::new(first, 12, 1), Day::new(last, 12, 31));
        document.date = Some(PublicationDate { verbatim: "some time".into(), first, last });
        writer.upsert(document).expect("a document");
    }
    writer.commit().expect("a commit");
    let snapshot = world.database.snapshot();
    let found = snapshot.facets(&Query::matching(Filter::All), &Facet::Year, 10).expect("counts");
    let found: Vec<(&str, u64)> =
        found.values.iter().map(|count| (count.value.as_str(), count.documents)).collect();
    assert_eq!(found, [("2000", 2), ("1998", 1), ("1999", 1), ("2005", 1)]);
    for (year, documents) in found {
        let year = year.parse().expect("a year");
        let query = Query::matching(Filter::years(year, year)).count_only();
        assert_eq!(snapshot.search(&query).expect("counts").matched, documents);
    }
}

#[test]
fn an_unknown_field_is_refused_unless_allowed() {
    let mut world = World::new(RowType::F32);
    let all = Query::matching(Filter::All);
    let facet = Facet::Field("shapes".into());
    let empty = world.database.snapshot().facets(&all, &facet, 5).expect("no document, no error");
    assert_eq!(empty, FacetCounts::default());
    world.add(0..50);
    let snapshot = world.database.snapshot();
    match snapshot.facets(&all, &facet, 5) {
        Err(Error::UnknownName { kind: NameKind::Field, suggestions, .. }) => {
            assert_eq!(suggestions, ["shape"]);
        }
        other => panic!("{other:?}"),
    }
    let found = snapshot.facets(&all.allow_unknown_names(), &facet, 5).expect("counts");
    assert_eq!((found.values.len(), found.matched), (0, 50));
}
