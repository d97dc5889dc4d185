//! Which columns are which.

use ::parquet::basic::{ConvertedType, LogicalType, Repetition, Type};
use ::parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use super::tree::{DEPTH_MAX, Part};

/// Names of a column of vectors, the first that is there; else the only column of lists of floats.
pub(in crate::ingest) const VECTOR_NAMES: [&str; 4] = ["vector", "embedding", "embeddings", "emb"];

/// Names of columns of ids, as [`crate::ingest::jsonl`] reads them.
const ID_NAMES: [&str; 4] = ["pmid", "id", "_id", "doc_id"];

/// Names of columns of texts, as [`crate::ingest::jsonl`] reads them.
const TEXT_NAMES: [&str; 5] = ["title", "abstract", "text", "content", "contents"];

/// Columns that are read: a document has as many free fields.
const COLUMNS_MAX: usize = crate::limits::FIELDS_MAX;

/// Columns of lists that are read: a row of each may hold as many values as a page.
const LISTS_MAX: usize = 4;

/// Columns of lists and structs inside of each other that are read: those that [`crate::ingest::jsonl`] knows.
const NESTED_NAMES: [&str; 17] = [
    "sections",
    "other_abstracts",
    "journal",
    "history",
    "authors",
    "publication_types",
    "mesh",
    "supplementary",
    "chemicals",
    "keywords",
    "ids",
    "references",
    "corrections",
    "data_banks",
    "grants",
    "fields",
    "metadata",
];

/// What a cell is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text,
    /// Text that is a value of JSON.
    Json,
    Signed,
    Unsigned,
    Float,
    Boolean,
}

/// A column that is read.
#[derive(Clone, Debug)]
pub(super) struct Column {
    /// Its place among all columns.
    pub(super) leaf: usize,
    pub(super) name: String,
    /// Its name inside of a struct.
    pub(super) member: Option<String>,
    pub(super) form: Form,
    pub(super) is_list: bool,
    /// Whether it is a leaf of lists and structs inside of each other; the first of them has their form.
    pub(super) is_nested: bool,
    pub(super) nested: Option<Part>,
    /// The definition level of an element that is there, and of a list's element that is there or null.
    pub(super) levels: (i16, i16),
}

/// Whether there is a column of vectors.
pub(in crate::ingest) fn has_vectors(schema: &SchemaDescriptor) -> bool {
    (0..schema.num_columns()).any(|leaf| {
        VECTOR_NAMES.contains(&schema.get_column_root(leaf).name())
            || is_list_of_floats(&schema.column(leaf))
    })
}

/// Whether there are columns of ids and of texts.
pub(super) fn has_documents(schema: &SchemaDescriptor) -> bool {
    let has = |names: &[&str]| {
        (0..schema.num_columns()).any(|leaf| names.contains(&schema.get_column_root(leaf).name()))
    };
    has(&ID_NAMES) && has(&TEXT_NAMES)
}

/// Whether a column holds lists of floats, of single or half precision.
pub(in crate::ingest) fn is_list_of_floats(column: &ColumnDescriptor) -> bool {
    column.max_rep_level() == 1 && (column.physical_type() == Type::FLOAT || is_half(column))
}

fn is_half(column: &ColumnDescriptor) -> bool {
    column.physical_type() == Type::FIXED_LEN_BYTE_ARRAY
        && column.logical_type_ref() == Some(&LogicalType::Float16)
}

/// Whether the integers of a column have no sign; those of old writers say so by another word.
pub(in crate::ingest) fn is_unsigned(column: &ColumnDescriptor) -> bool {
    use ConvertedType::{UINT_8, UINT_16, UINT_32, UINT_64};
    matches!(column.logical_type_ref(), Some(LogicalType::Integer(int)) if !int.is_signed)
        || matches!(column.converted_type(), UINT_8 | UINT_16 | UINT_32 | UINT_64)
}

/// The columns of documents.
///
/// # Errors
/// What is missing or too much, in words.
pub(super) fn columns(schema: &SchemaDescriptor) -> Result<Vec<Column>, String> {
    let roots: Vec<&str> =
        (0..schema.num_columns()).map(|leaf| schema.get_column_root(leaf).name()).collect();
    if !has_documents(schema) {
        return Err(format!(
            "no documents: expected a column {} and one of {}, found {}",
            ID_NAMES.join(", "),
            TEXT_NAMES.join(", "),
            roots.join(", ")
        ));
    }
    readable(schema, |_| true)
}

/// The columns that are kept, of those that can be read.
///
/// # Errors
/// What is too much, in words.
pub(super) fn readable(
    schema: &SchemaDescriptor,
    is_kept: impl Fn(&str) -> bool,
) -> Result<Vec<Column>, String> {
    let roots: Vec<&str> =
        (0..schema.num_columns()).map(|leaf| schema.get_column_root(leaf).name()).collect();
    let mut columns: Vec<Column> = Vec::new();
    let leaves: Vec<usize> = (0..schema.num_columns()).collect();
    for leaves in leaves
        .chunk_by(|one, next| schema.get_column_root_idx(*one) == schema.get_column_root_idx(*next))
    {
        let Some((name, first)) =
            leaves.first().and_then(|first| Some((*roots.get(*first)?, *first)))
        else {
            continue;
        };
        if !is_kept(name) {
            continue;
        }
        let has_one_leaf = roots.iter().filter(|root| **root == name).count() == 1;
        let flat: Vec<Option<Column>> =
            leaves.iter().map(|leaf| column(*leaf, &schema.column(*leaf), has_one_leaf)).collect();
        let read = match flat.iter().any(Option::is_none) && NESTED_NAMES.contains(&name) {
            true => nested(schema, first, leaves.len()),
            false => flat.into_iter().flatten().collect(),
        };
        for column in read {
            let is_known = |own: &Column| {
                let is_one = own.is_nested || column.is_nested;
                own.name == column.name && (is_one || own.member == column.member)
            };
            // Of a nested column the first leaf stands for all.
            let is_first = !column.is_nested || column.nested.is_some();
            if is_first && columns.iter().any(is_known) {
                return Err(format!("two columns `{}`", column.name));
            }
            columns.push(column);
        }
    }
    let lists = columns.iter().filter(|column| column.is_list).count();
    match (columns.len(), lists) {
        (count, _) if count > COLUMNS_MAX => {
            Err(format!("{} columns, at most {COLUMNS_MAX}", columns.len()))
        }
        (_, lists) if lists > LISTS_MAX => {
            Err(format!("{lists} columns of lists, at most {LISTS_MAX} are read"))
        }
        _ => Ok(columns),
    }
}

/// The leaves of a column of lists and structs that can be read.
fn nested(schema: &SchemaDescriptor, first: usize, leaves: usize) -> Vec<Column> {
    let root = schema.get_column_root(first);
    let descriptors = || (first..first + leaves).map(|leaf| (leaf, schema.column(leaf)));
    if descriptors().any(|(_, column)| column.path().parts().len() > DEPTH_MAX) {
        return Vec::new();
    }
    let mut columns = Vec::new();
    let mut next = descriptors();
    let mut is_read = || {
        let Some((leaf, descriptor)) = next.next() else { return false };
        let Some(form) = form(&descriptor) else { return false };
        let full = descriptor.max_def_level();
        let (name, levels) = (root.name().to_owned(), (full, full));
        let (member, is_list, nested) = (None, false, None);
        columns.push(Column { leaf, name, member, form, is_list, is_nested: true, nested, levels });
        true
    };
    let part = Part::of(root, (0, 0), &mut is_read);
    let is_whole = part.as_ref().is_some_and(|part| part.leaves() == columns.len());
    match columns.first_mut().filter(|_| is_whole) {
        Some(column) => column.nested = part,
        None => columns.clear(),
    }
    columns
}

fn column(leaf: usize, descriptor: &ColumnDescriptor, has_one_leaf: bool) -> Option<Column> {
    let path = descriptor.path().parts();
    let form = form(descriptor)?;
    let name = path.first()?.clone();
    let full = descriptor.max_def_level();
    let (member, is_list, element) = match (descriptor.max_rep_level(), path) {
        (0, [_]) => (None, false, full),
        (0, [_, member]) => (Some(member.clone()), false, full),
        (1, [_, _] | [_, _, _]) if has_one_leaf && form == Form::Text => {
            let info = descriptor.self_type().get_basic_info();
            let may_be_null = info.has_repetition() && info.repetition() == Repetition::OPTIONAL;
            (None, true, full - i16::from(may_be_null))
        }
        _ => return None,
    };
    let (is_nested, nested, levels) = (false, None, (full, element));
    Some(Column { leaf, name, member, form, is_list, is_nested, nested, levels })
}

/// What the cells of a column are; `None` for what JSON has no word for.
fn form(column: &ColumnDescriptor) -> Option<Form> {
    let logical = column.logical_type_ref();
    let is_plain = match logical {
        None => matches!(
            column.converted_type(),
            ConvertedType::NONE
                | ConvertedType::UTF8
                | ConvertedType::ENUM
                | ConvertedType::JSON
                | ConvertedType::INT_8
                | ConvertedType::INT_16
                | ConvertedType::INT_32
                | ConvertedType::INT_64
                | ConvertedType::UINT_8
                | ConvertedType::UINT_16
                | ConvertedType::UINT_32
                | ConvertedType::UINT_64
        ),
        Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => true,
        Some(LogicalType::Integer(_)) => true,
        _ => false,
    };
    let is_unsigned = is_unsigned(column);
    match column.physical_type() {
        _ if !is_plain => None,
        Type::BYTE_ARRAY if logical == Some(&LogicalType::Json) => Some(Form::Json),
        Type::BYTE_ARRAY => Some(Form::Text),
        Type::INT32 | Type::INT64 if is_unsigned => Some(Form::Unsigned),
        Type::INT32 | Type::INT64 => Some(Form::Signed),
        Type::FLOAT | Type::DOUBLE => Some(Form::Float),
        Type::BOOLEAN => Some(Form::Boolean),
        _ => None,
    }
}
