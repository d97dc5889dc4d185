//! A document as a row of a table: the names of [`crate::ingest::jsonl`], each with the type that it has there.

use std::collections::HashMap;
use std::sync::Arc;

use ::parquet::basic::{ConvertedType, LogicalType, Repetition, Type as Physical};
use ::parquet::errors::ParquetError;
use ::parquet::schema::types::Type;

use crate::document::{Document, FieldValue};
use crate::ingest::jsonl::parts::{AUTHOR, JOURNAL};

/// Free fields that have a column of their own; with more, all are one column of JSON.
const FIELD_COLUMNS_MAX: usize = 128;

/// The free fields of documents and their types, which a table must know before its first row.
///
/// They are columns in the order in which they were seen, and of each document come back in that order.
#[derive(Clone, Debug, Default)]
pub struct TableFields {
    columns: Vec<(String, Shape)>,
    /// The place of each name.
    places: HashMap<String, usize>,
}

impl TableFields {
    /// Counts in the fields of a document.
    pub fn see(&mut self, document: &Document) {
        for field in &document.fields {
            let shape = match &field.value {
                FieldValue::String(_) => Shape::Text,
                FieldValue::Integer(_) => Shape::Integer,
                FieldValue::Float(_) => Shape::Float,
                FieldValue::List(_) => Shape::List(Box::new(Shape::Text)),
            };
            let place = self.places.get(&field.name);
            match place.and_then(|place| self.columns.get_mut(*place)) {
                None => {
                    self.places.insert(field.name.clone(), self.columns.len());
                    self.columns.push((field.name.clone(), shape));
                }
                Some((_, known)) if *known == shape => {}
                // A number here and a text there.
                Some((_, known)) => *known = Shape::Json,
            }
        }
    }
}

/// What stands in a column, or in a part of it. Everything may be missing but the items of a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shape {
    Text,
    Integer,
    Float,
    Boolean,
    /// Any value, as a text.
    Json,
    List(Box<Shape>),
    Struct(Vec<(String, Shape)>),
}

fn texts(names: &[&str]) -> Vec<(String, Shape)> {
    names.iter().map(|name| ((*name).to_owned(), Shape::Text)).collect()
}

fn list_of(mut members: Vec<(String, Shape)>, more: Vec<(&str, Shape)>) -> Shape {
    members.extend(more.into_iter().map(|(name, shape)| (name.to_owned(), shape)));
    Shape::List(Box::new(Shape::Struct(members)))
}

impl Shape {
    /// All of a document, as [`to_json`](crate::ingest::jsonl::to_json) has it. A key that no text can stand for is
    /// in `_id`.
    pub(super) fn of_documents(fields: &TableFields) -> Shape {
        let strings = || Shape::List(Box::new(Shape::Text));
        let sections = || list_of(texts(&["label", "category", "text"]), Vec::new());
        let ids = || list_of(texts(&["kind", "value"]), Vec::new());
        let terms = || list_of(texts(&["kind", "ui", "name"]), Vec::new());
        let major = || ("major", Shape::Boolean);
        let qualifiers = list_of(texts(&["ui", "name"]), vec![major()]);
        let mut columns = vec![
            ("pmid", Shape::Integer),
            ("id", Shape::Text),
            ("_id", Shape::Struct(texts(&["text"]))),
            ("version", Shape::Integer),
            ("title", Shape::Text),
            ("vernacular_title", Shape::Text),
            ("abstract", Shape::Text),
            ("sections", sections()),
            (
                "other_abstracts",
                list_of(texts(&["kind", "language"]), vec![("sections", sections())]),
            ),
            ("journal", Shape::Struct(texts(&JOURNAL))),
            ("date", Shape::Text),
            ("date_range", strings()),
            ("history", list_of(texts(&["event", "day"]), Vec::new())),
            ("authors", list_of(texts(&AUTHOR), vec![("affiliations", strings())])),
            ("publication_types", list_of(texts(&["ui", "name"]), Vec::new())),
            ("languages", strings()),
            ("mesh", list_of(texts(&["ui", "name"]), vec![major(), ("qualifiers", qualifiers)])),
            ("supplementary", terms()),
            ("chemicals", terms()),
            ("keywords", list_of(texts(&["text", "owner"]), vec![major()])),
            ("doi", Shape::Text),
            ("pmcid", Shape::Text),
            ("ids", ids()),
            ("references", list_of(texts(&["citation"]), vec![("ids", ids())])),
            ("corrections", list_of(texts(&["kind", "source"]), vec![("pmid", Shape::Integer)])),
            ("data_banks", list_of(texts(&["name"]), vec![("accessions", strings())])),
            ("grants", list_of(texts(&["id", "agency", "country"]), Vec::new())),
            ("status", Shape::Text),
            ("indexing_method", Shape::Text),
            ("conflict_of_interest", Shape::Text),
            ("copyright", Shape::Text),
        ];
        match fields.columns.len() {
            0 => {}
            1..=FIELD_COLUMNS_MAX => {
                columns.push(("fields", Shape::Struct(fields.columns.clone())));
            }
            _ => columns.push(("fields", Shape::Json)),
        }
        Shape::Struct(columns.into_iter().map(|(name, shape)| (name.to_owned(), shape)).collect())
    }

    /// How many leaves it has.
    pub(super) fn leaves(&self) -> usize {
        match self {
            Shape::List(item) => item.leaves(),
            Shape::Struct(members) => members.iter().map(|(_, member)| member.leaves()).sum(),
            _ => 1,
        }
    }

    /// The schema of a table whose rows these are.
    ///
    /// # Errors
    /// The crate's.
    pub(super) fn schema(&self) -> Result<Type, ParquetError> {
        let Shape::Struct(members) = self else {
            return self.field("documents", Repetition::REQUIRED);
        };
        Type::group_type_builder("documents").with_fields(fields(members)?).build()
    }

    fn field(&self, name: &str, repetition: Repetition) -> Result<Type, ParquetError> {
        let leaf = |physical, logical: Option<LogicalType>| {
            let leaf = Type::primitive_type_builder(name, physical).with_repetition(repetition);
            leaf.with_logical_type(logical).build()
        };
        match self {
            Shape::Text => leaf(Physical::BYTE_ARRAY, Some(LogicalType::String)),
            Shape::Json => leaf(Physical::BYTE_ARRAY, Some(LogicalType::Json)),
            Shape::Integer => leaf(Physical::INT64, None),
            Shape::Float => leaf(Physical::DOUBLE, None),
            Shape::Boolean => leaf(Physical::BOOLEAN, None),
            Shape::Struct(members) => Type::group_type_builder(name)
                .with_repetition(repetition)
                .with_fields(fields(members)?)
                .build(),
            Shape::List(item) => {
                let item = Arc::new(item.field("element", Repetition::REQUIRED)?);
                let items = Type::group_type_builder("list")
                    .with_repetition(Repetition::REPEATED)
                    .with_fields(vec![item])
                    .build()?;
                Type::group_type_builder(name)
                    .with_repetition(repetition)
                    .with_logical_type(Some(LogicalType::List))
                    .with_converted_type(ConvertedType::LIST)
                    .with_fields(vec![Arc::new(items)])
                    .build()
            }
        }
    }
}

fn fields(members: &[(String, Shape)]) -> Result<Vec<Arc<Type>>, ParquetError> {
    let field =
        |(name, shape): &(String, Shape)| Ok(Arc::new(shape.field(name, Repetition::OPTIONAL)?));
    members.iter().map(field).collect()
}
