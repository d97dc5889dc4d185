//! Forging documents: records under compression, and keys in every place at once.

use medvec::document::Document;
use medvec::format::documents::record_ranges;
use medvec::format::record;
use medvec::format::segment::*;
use medvec::ids::{Key, Pmid};

use super::base;
use super::choices::Choices;
use super::mutate::KNOWN;
use super::parts::File;
use super::segments::{set_texts, texts};

/// The records of all rows; `None` when they cannot be read any more.
fn records(file: &File) -> Option<Vec<Vec<u8>>> {
    let (words, _) = file.section(SECTION_BLOCK_ROWS).as_chunks::<4>();
    let rows: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
    let dictionary = file.section(SECTION_DICTIONARY);
    let mut unpacker = zstd::bulk::Decompressor::with_dictionary(dictionary).ok()?;
    let mut records = Vec::new();
    let blocks = texts(file, SECTION_BLOCK_OFFSETS, SECTION_BLOCKS)?;
    for (block, rows) in blocks.iter().zip(rows.windows(2)) {
        let raw = unpacker.decompress(block, 1 << 16).ok()?;
        let count = rows[1].checked_sub(rows[0]).filter(|count| *count < 1000)?;
        for range in record_ranges(&raw, count).ok()? {
            records.push(raw[range].to_vec());
        }
    }
    Some(records)
}

/// Stores records as one block without a dictionary.
fn store(file: &mut File, records: &[Vec<u8>]) {
    let mut raw = Vec::new();
    for record in records {
        medvec::format::wire::put_varint(record.len() as u64, &mut raw);
    }
    raw.extend(records.concat());
    let block = zstd::bulk::compress(&raw, 1).expect("memory");
    set_texts(file, SECTION_BLOCK_OFFSETS, SECTION_BLOCKS, &[block]);
    file.section_mut(SECTION_DICTIONARY).clear();
    let rows = [0, records.len() as u32].map(u32::to_le_bytes).concat();
    *file.section_mut(SECTION_BLOCK_ROWS) = rows;
    if let Some(mut meta) = file.meta() {
        meta.blocks = 1;
        file.set_meta(&meta);
    }
}

/// Changes a document, or where it is.
pub fn mutate(file: &mut File, choices: &mut Choices<'_>) -> String {
    let Some(mut records) = records(file).filter(|records| !records.is_empty()) else {
        return "no documents".into();
    };
    let (at, other) = (choices.below(records.len()), choices.below(records.len()));
    let how = choices.below(6);
    match how {
        0 => records.swap(at, other),
        1 => drop(records.remove(at)),
        2 => {
            let place = choices.below(records[at].len());
            if let Some(byte) = records[at].get_mut(place) {
                *byte = choices.number(u64::from(*byte), 8, KNOWN) as u8;
            }
        }
        _ => {
            let Ok(mut document) = record::decode(&records[at]) else { return "no record".into() };
            edit(&mut document, choices);
            let mut new = Vec::new();
            if record::encode(&document, &mut new).is_ok() {
                records[at] = new;
            }
        }
    }
    store(file, &records);
    if let (Some(text_bytes), Some(mut meta)) = (text_bytes(&records), file.meta())
        && !choices.once_in(4)
    {
        meta.text_bytes = text_bytes;
        file.set_meta(&meta);
    }
    format!("document {at} by {how}")
}

/// UTF-8 bytes of all texts, if every record is one.
fn text_bytes(records: &[Vec<u8>]) -> Option<u64> {
    records.iter().map(|bytes| record::check(bytes).ok().map(|(_, bytes)| bytes as u64)).sum()
}

fn edit(document: &mut Document, choices: &mut Choices<'_>) {
    match choices.below(9) {
        0 => document.key = base::key(choices.below(20) as u64),
        1 => document.title.push('x'),
        2 => document.version = choices.any() as u32,
        3 => document.date = None,
        4 => {
            if let Some(date) = &mut document.date {
                date.first.0 = choices.number(u64::from(date.first.0), 32, KNOWN) as u32;
            }
        }
        5 => document.mesh.clear(),
        6 => document.languages.push("fre".into()),
        7 => document.authors.clear(),
        _ => drop(document.fields.pop()),
    }
}

/// Gives a row another key in its document, in the keys by row and in the index of keys.
pub fn rekey(file: &mut File, choices: &mut Choices<'_>) -> String {
    let Some(mut records) = records(file).filter(|records| !records.is_empty()) else {
        return "no documents".into();
    };
    let mut documents = Vec::new();
    for bytes in &records {
        let Ok(document) = record::decode(bytes) else { return "no record".into() };
        documents.push(document);
    }
    let at = choices.below(documents.len());
    let key = match choices.below(4) {
        0 => Key::Pmid(Pmid(choices.number(1, 32, KNOWN) as u32)),
        1 => Key::Text("é".repeat(choices.below(300))),
        _ => base::key(choices.below(20) as u64),
    };
    let Some(mut meta) = file.meta() else { return "no meta".into() };
    let what = format!("row {at} becomes {key:.20}");
    documents[at].key = key;
    let mut bytes = Vec::new();
    if record::encode(&documents[at], &mut bytes).is_err() {
        return "a key that cannot be written".into();
    }
    records[at] = bytes;
    store(file, &records);
    meta.blocks = 1;
    meta.text_bytes = text_bytes(&records).unwrap_or_default();
    index_keys(file, &mut meta, &documents);
    file.set_meta(&meta);
    what
}

/// Keys by row and the index of keys, as the documents have them.
fn index_keys(file: &mut File, meta: &mut SegmentMeta, documents: &[Document]) {
    let mut keys = std::collections::BTreeMap::new();
    for (row, document) in documents.iter().enumerate() {
        keys.insert(document.key.clone(), row as u32);
    }
    let (mut pmids, mut pmid_rows) = (Vec::new(), Vec::new());
    let (mut names, mut name_rows): (Vec<Vec<u8>>, Vec<u8>) = Default::default();
    for (key, row) in &keys {
        match key {
            Key::Pmid(Pmid(pmid)) => {
                pmids.extend(pmid.to_le_bytes());
                pmid_rows.extend(row.to_le_bytes());
            }
            Key::Text(name) => {
                names.push(name.clone().into());
                name_rows.extend(row.to_le_bytes());
            }
        }
    }
    let (mut row_pmids, mut row_names) = (Vec::new(), Vec::new());
    for document in documents {
        let (pmid, name) = match &document.key {
            Key::Pmid(Pmid(pmid)) => (*pmid, 0),
            Key::Text(name) => {
                (0, names.iter().position(|known| *known == name.as_bytes()).unwrap_or(0) as u32)
            }
        };
        row_pmids.extend(pmid.to_le_bytes());
        row_names.extend(name.to_le_bytes());
    }
    (meta.pmid_keys, meta.text_keys) = ((pmids.len() / 4) as u32, names.len() as u32);
    if names.is_empty() {
        row_names.clear();
    }
    *file.section_mut(SECTION_KEY_PMIDS) = pmids;
    *file.section_mut(SECTION_KEY_PMID_ROWS) = pmid_rows;
    set_texts(file, SECTION_KEY_TEXT_OFFSETS, SECTION_KEY_TEXTS, &names);
    *file.section_mut(SECTION_KEY_TEXT_ROWS) = name_rows;
    *file.section_mut(SECTION_ROW_PMIDS) = row_pmids;
    *file.section_mut(SECTION_ROW_TEXTS) = row_names;
}
