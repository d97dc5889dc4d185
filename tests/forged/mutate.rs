//! Forging: one field of one file changed, or several that belong together, wherever they are.

use medvec::encoder::{Metric, Pooling};
use medvec::format::codebook as coarse;
use medvec::format::manifest::{CalibrationPoint, Manifest, RowType};
use medvec::ids::{Generation, SegmentId};
use roaring::RoaringBitmap;

use super::choices::Choices;
use super::parts::{File, Parts, Place};
use super::segments;

/// Numbers that mean something to the databases at hand.
pub const KNOWN: &[u64] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 16, 64, 65_535, 65_536, 1 << 31];

/// Changes one to four things; says what.
pub fn mutate(parts: &mut Parts, choices: &mut Choices<'_>) -> String {
    let mut done = String::new();
    let count = 1 + [0, 0, 0, 0, 1, 1, 2, 3][choices.below(8)];
    for _ in 0..count {
        let what = once(parts, choices);
        done.push_str(&what);
        done.push_str("; ");
    }
    done
}

/// Changes one thing; says what.
pub fn once(parts: &mut Parts, choices: &mut Choices<'_>) -> String {
    match choices.below(16) {
        0..=1 => manifest(parts, choices),
        2 => files(parts, choices),
        3 => tombstones(parts, choices),
        4..=5 => codebook(parts, choices),
        _ => segment(parts, choices),
    }
}

fn segment(parts: &mut Parts, choices: &mut Choices<'_>) -> String {
    let ids: Vec<SegmentId> = parts.segments.keys().copied().collect();
    let Some(id) = choices.pick(&ids) else { return "no segment".into() };
    let Some(file) = parts.segments.get_mut(&id) else { return String::new() };
    let what = segments::mutate(file, choices);
    // Most of the time the manifest agrees with what the segment says now.
    if let Some(meta) = file.meta().filter(|_| !choices.once_in(8)) {
        for entry in parts.manifest.segments.iter_mut().filter(|entry| entry.id == id) {
            entry.rows = meta.rows;
            entry.deletes = meta.pmid_deletes.wrapping_add(meta.text_deletes);
        }
    }
    format!("segment {id}: {what}")
}

fn tombstones(parts: &mut Parts, choices: &mut Choices<'_>) -> String {
    let names: Vec<(SegmentId, Generation)> = parts.tombstones.keys().copied().collect();
    let Some(name) = choices.pick(&names) else { return "no tombstones".into() };
    let Some(file) = parts.tombstones.get_mut(&name) else { return String::new() };
    let bytes = file.section_mut(1);
    let (what, count) = bitmap(bytes, choices);
    let entries = parts.manifest.segments.iter_mut().filter(|entry| entry.id == name.0);
    for stored in entries.filter_map(|entry| entry.tombstones.as_mut()) {
        if let Some(count) = count.filter(|_| !choices.once_in(6)) {
            stored.rows = count;
        }
    }
    format!("tombstones {}: {what}", name.0)
}

/// Changes a serialised bitmap; returns its new number of rows, if it still is one.
pub fn bitmap(bytes: &mut Vec<u8>, choices: &mut Choices<'_>) -> (String, Option<u32>) {
    let Ok(mut rows) = RoaringBitmap::deserialize_from(&bytes[..]) else {
        return ("no bitmap".into(), None);
    };
    let how = choices.below(8);
    match how {
        0..=2 => {
            let old = rows.max().unwrap_or(0);
            rows.insert(choices.number(u64::from(old), 32, KNOWN) as u32);
        }
        3 => {
            let any = choices.below(rows.len() as usize) as u32;
            let row = rows.select(any).unwrap_or(0);
            rows.remove(row);
        }
        4 => rows.clear(),
        5 => drop(rows.insert_range(0..choices.below(14) as u32)),
        // Bytes as they come: descriptors, containers, what follows.
        6 => {
            if !bytes.is_empty() {
                let at = choices.below(bytes.len());
                bytes[at] = choices.number(u64::from(bytes[at]), 8, KNOWN) as u8;
            }
            let count = RoaringBitmap::deserialize_from(&bytes[..]).map(|rows| rows.len() as u32);
            return ("a byte of a bitmap".into(), count.ok());
        }
        _ => {
            bytes.extend([0; 2]);
            return ("bytes behind a bitmap".into(), Some(rows.len() as u32));
        }
    }
    if choices.once_in(3) {
        rows.optimize();
    }
    bytes.clear();
    rows.serialize_into(&mut *bytes).expect("memory");
    (format!("bitmap {how}"), Some(rows.len() as u32))
}

fn codebook(parts: &mut Parts, choices: &mut Choices<'_>) -> String {
    let hashes: Vec<[u8; 16]> = parts.codebooks.keys().copied().collect();
    let Some(hash) = choices.pick(&hashes) else { return "no codebook".into() };
    let Some(file) = parts.codebooks.get_mut(&hash) else { return String::new() };
    if choices.below(3) > 0 {
        let (kind, _) = choices.pick(coarse::NAMES).unwrap_or(coarse::NAMES[0]);
        let width = match kind {
            coarse::SECTION_CENTROIDS | coarse::SECTION_GROUPS => 1,
            coarse::SECTION_META | coarse::SECTION_RANKING_CODES => 1,
            coarse::SECTION_RANKING_FACTORS => 2,
            _ => 4,
        };
        return format!("codebook: {}", segments::element(file, kind, width, choices));
    }
    codebook_meta(file, choices)
}

fn codebook_meta(file: &mut File, choices: &mut Choices<'_>) -> String {
    let section = file.section(coarse::SECTION_META);
    let decoded = medvec::format::archive::decode::<coarse::CodebookMeta>("meta", 0, section);
    let Ok(mut meta) = decoded else { return "no meta".into() };
    let field = choices.below(8);
    let mut change = |value: &mut u32| *value = choices.number(u64::from(*value), 32, KNOWN) as u32;
    match field {
        0 => change(&mut meta.dimension),
        1 => change(&mut meta.sub_dimension),
        2 => change(&mut meta.groups),
        3 => change(&mut meta.lists),
        4 => meta.trained_rows = choices.number(meta.trained_rows, 64, KNOWN),
        5 => meta.residual_mean = float(meta.residual_mean, choices),
        6 => change(&mut meta.queries),
        _ => meta.queries_are_rows = !meta.queries_are_rows,
    }
    let record = medvec::format::archive::encode(&meta).expect("memory").to_vec();
    *file.section_mut(coarse::SECTION_META) = record;
    let is_fit = !choices.once_in(6);
    if let Some(lengths) = meta.section_lengths().ok().filter(|_| is_fit) {
        segments::fit(file, &lengths);
        // The last group ends at the last list.
        if field == 3 && choices.below(3) > 0 {
            let ends = file.section_mut(coarse::SECTION_GROUP_ENDS);
            let start = ends.len().saturating_sub(4);
            ends.truncate(start);
            ends.extend(meta.lists.to_le_bytes());
        }
    }
    format!("codebook meta field {field}, lengths fit: {is_fit}")
}

/// A number in the place of another one.
pub fn float(old: f32, choices: &mut Choices<'_>) -> f32 {
    match choices.below(10) {
        0 => 0.0,
        1 => -old,
        2 => f32::NAN,
        3 => f32::INFINITY,
        4 => f32::MAX,
        5 => f32::MIN_POSITIVE,
        6 => 1.0,
        7 => 1e18,
        8 => old * 2.0,
        _ => f32::from_bits(choices.any() as u32),
    }
}

/// Changes which file is which.
fn files(parts: &mut Parts, choices: &mut Choices<'_>) -> String {
    let ids: Vec<SegmentId> = parts.segments.keys().copied().collect();
    let (Some(one), Some(other)) = (choices.pick(&ids), choices.pick(&ids)) else {
        return "no files".into();
    };
    let how = choices.below(9);
    match how {
        0 | 1 => {
            // One segment's file under the other's name, whose entry says the same.
            let file = parts.segments[&one].clone();
            parts.segments.insert(other, file);
            let entries = &mut parts.manifest.segments;
            let from = entries.iter().find(|entry| entry.id == one).cloned();
            let to = entries.iter_mut().find(|entry| entry.id == other);
            if let (Some(from), Some(to)) = (from, to) {
                (to.rows, to.deletes) = (from.rows, from.deletes);
            }
        }
        2 => {
            let tombs: Vec<(SegmentId, Generation)> = parts.tombstones.keys().copied().collect();
            if let (Some(one), Some(other)) = (choices.pick(&tombs), choices.pick(&tombs)) {
                let file = parts.tombstones[&one].clone();
                parts.tombstones.insert(other, file);
                let rows = |id| {
                    let entry = parts.manifest.segments.iter().find(|entry| entry.id == id)?;
                    Some(entry.tombstones.as_ref()?.rows)
                };
                let rows = rows(one.0);
                let entry = parts.manifest.segments.iter_mut().find(|entry| entry.id == other.0);
                let stored = entry.and_then(|entry| entry.tombstones.as_mut());
                if let (Some(stored), Some(rows)) = (stored, rows) {
                    stored.rows = rows;
                }
            }
        }
        3 => drop(parts.segments.remove(&one)),
        4 => parts.codebooks.clear(),
        5 => {
            let files = parts.segments.values_mut();
            let file = files.chain(parts.codebooks.values_mut()).nth(choices.below(3));
            let file = file.unwrap_or(&mut parts.manifest_file);
            match choices.below(4) {
                0 => file.version_minor = choices.any() as u16,
                1 => file.features[0] = choices.any() as u32,
                2 => file.features[1] = 1,
                _ => file.file_id = [choices.below(3) as u8; 16],
            }
        }
        7 | 8 => {
            let count = parts.segments.len() + parts.codebooks.len() + parts.tombstones.len();
            let others = parts.codebooks.values_mut().chain(parts.tombstones.values_mut());
            let file = parts.segments.values_mut().chain(others).nth(choices.below(count + 1));
            let file = file.unwrap_or(&mut parts.manifest_file);
            let places = [Place::Header, Place::Body, Place::Body, Place::Table, Place::Footer];
            let place = choices.pick(&places).unwrap_or(Place::Body);
            let offset = choices.any() as u16 as usize;
            file.edits.push((place, offset, choices.number(0, 8, KNOWN) as u8));
        }
        _ => {
            let file = parts.segments.get_mut(&one);
            let Some(file) = file else { return String::new() };
            let last = file.sections.len().saturating_sub(1);
            match choices.below(4) {
                0 => file.sections.push((choices.below(99) as u32, vec![1; choices.below(99)])),
                1 => drop(file.sections.remove(choices.below(last))),
                2 => file.sections.swap(choices.below(last), last),
                _ => file.sections[last].0 = choices.below(40) as u32,
            }
        }
    }
    format!("files {how}")
}

fn manifest(parts: &mut Parts, choices: &mut Choices<'_>) -> String {
    let field = choices.below(16);
    match field {
        0 => {
            let old = parts.manifest.generation.0;
            let new = Generation(choices.number(old, 64, KNOWN));
            let named = choices.once_in(4).then_some(Generation(old));
            parts.manifest.generation = new;
            parts.named_generation = named;
        }
        1 => {
            let old = parts.manifest.next_segment.0;
            parts.manifest.next_segment = SegmentId(choices.number(old, 64, KNOWN));
        }
        2..=4 => vectors(parts, choices),
        5..=9 => entries(parts, choices),
        10 if choices.once_in(8) => parts.manifest.database_id[0] ^= 1,
        10 => sources(&mut parts.manifest, choices),
        11 => codebooks(&mut parts.manifest, choices),
        12..=14 => calibration(&mut parts.manifest, choices),
        _ => {
            let at = choices.below(4000);
            parts.record_edits.push((at, choices.number(0, 8, KNOWN) as u8));
        }
    }
    format!("manifest field {field}")
}

fn vectors(parts: &mut Parts, choices: &mut Choices<'_>) {
    let Some(config) = &mut parts.manifest.vectors else { return };
    let field = choices.below(9);
    match field {
        0 => config.dimension = choices.number(u64::from(config.dimension), 32, KNOWN) as u32,
        1 => config.metric = if choices.once_in(2) { Metric::Dot } else { Metric::Cosine },
        2 => config.row_type = row_type(choices),
        3 => config.rotation = choices.number(config.rotation, 64, KNOWN),
        4 => config.encoder = None,
        _ => {
            if let Some(encoder) = &mut config.encoder {
                match choices.below(9) {
                    0 => encoder.dimension = choices.below(9) as u32,
                    1 => encoder.metric = Metric::Dot,
                    2 => encoder.pooling = Pooling::Cls,
                    3 => encoder.name = "x".repeat(choices.below(99)),
                    4 => encoder.normalize = !encoder.normalize,
                    5 => encoder.query.prefix = "é".repeat(choices.below(99)),
                    6 => encoder.document.pair = !encoder.document.pair,
                    7 => encoder.family.clear(),
                    _ => encoder.document.tokens_max = choices.any() as u32,
                }
            }
        }
    }
    // Segments that say the same.
    let (config, changed) = (config.clone(), field < 4 && choices.once_in(2));
    for file in parts.segments.values_mut().filter(|_| changed) {
        let Some(mut meta) = file.meta() else { continue };
        let Some(stored) = &mut meta.vectors else { continue };
        stored.dimension = config.dimension;
        stored.metric = config.metric;
        stored.row_type = config.row_type;
        stored.rotation = config.rotation;
        file.set_meta(&meta);
        if let Ok(lengths) = meta.section_lengths() {
            segments::fit(file, &lengths);
        }
    }
    if changed && field == 0 {
        for file in parts.codebooks.values_mut() {
            let section = file.section(coarse::SECTION_META);
            let decoded =
                medvec::format::archive::decode::<coarse::CodebookMeta>("meta", 0, section);
            let Ok(mut meta) = decoded else { continue };
            meta.dimension = config.dimension.min(9000);
            let record = medvec::format::archive::encode(&meta).expect("memory").to_vec();
            *file.section_mut(coarse::SECTION_META) = record;
            if let Ok(lengths) = meta.section_lengths() {
                segments::fit(file, &lengths);
            }
        }
    }
}

pub fn row_type(choices: &mut Choices<'_>) -> RowType {
    choices.pick(&[RowType::Int8, RowType::F16, RowType::F32]).unwrap_or_default()
}

fn entries(parts: &mut Parts, choices: &mut Choices<'_>) {
    let entries = &mut parts.manifest.segments;
    if entries.is_empty() {
        return;
    }
    let (at, other) = (choices.below(entries.len()), choices.below(entries.len()));
    match choices.below(12) {
        0 => {
            let old = entries[at].id;
            let new = SegmentId(choices.number(old.0, 64, KNOWN));
            entries[at].id = new;
            if choices.below(4) > 0 {
                if let Some(file) = parts.segments.remove(&old) {
                    parts.segments.insert(new, file);
                }
                let since = entries[at].tombstones.as_ref().map(|stored| stored.generation);
                if let Some(since) = since
                    && let Some(file) = parts.tombstones.remove(&(old, since))
                {
                    parts.tombstones.insert((new, since), file);
                }
            }
        }
        1 => entries[at].rows = choices.number(u64::from(entries[at].rows), 32, KNOWN) as u32,
        2 => entries[at].deletes = choices.number(u64::from(entries[at].deletes), 32, KNOWN) as u32,
        3 => entries.swap(at, other),
        4 => drop(entries.remove(at)),
        5 => {
            let twin = entries[at].clone();
            entries.insert(other, twin);
        }
        6 => {
            // The same file as one more segment.
            let mut twin = entries[at].clone();
            let (old, new) = (twin.id, parts.manifest.next_segment);
            if let Some(file) = parts.segments.get(&old).cloned() {
                twin.id = new;
                twin.tombstones = None;
                parts.segments.insert(new, file);
                entries.push(twin);
                parts.manifest.next_segment = SegmentId(new.0.wrapping_add(1));
            }
        }
        7 | 8 => entries[at].tombstones = None,
        9 => {
            let taken = entries[other].tombstones.clone();
            entries[at].tombstones = taken;
        }
        10 => {
            if let Some(stored) = &mut entries[at].tombstones {
                stored.rows = choices.number(u64::from(stored.rows), 32, KNOWN) as u32;
            }
        }
        _ => {
            let id = entries[at].id;
            if let Some(stored) = &mut entries[at].tombstones {
                let old = stored.generation;
                stored.generation = Generation(choices.number(old.0, 64, KNOWN));
                if let Some(file) = parts.tombstones.remove(&(id, old)) {
                    parts.tombstones.insert((id, stored.generation), file);
                }
            }
        }
    }
}

fn sources(manifest: &mut Manifest, choices: &mut Choices<'_>) {
    if manifest.sources.is_empty() {
        return;
    }
    let at = choices.below(manifest.sources.len());
    let source = &mut manifest.sources[at];
    match choices.below(6) {
        0 => source.name = "é".repeat(choices.below(99)),
        1 => source.bytes = choices.number(source.bytes, 64, KNOWN),
        2 => source.records = choices.number(source.records, 64, KNOWN),
        3 => source.complete = !source.complete,
        4 => source.head = [1; 16],
        _ => {
            let twin = source.clone();
            manifest.sources.push(twin);
        }
    }
}

fn codebooks(manifest: &mut Manifest, choices: &mut Choices<'_>) {
    let Some(first) = manifest.codebooks.first().cloned() else { return };
    match choices.below(4) {
        0 => manifest.codebooks.clear(),
        1 => manifest.codebooks.push(first),
        2 => manifest.codebooks[0].hash[choices.below(16)] ^= 1,
        _ => manifest.codebooks[0].seal.length ^= 1 << choices.below(64),
    }
}

fn calibration(manifest: &mut Manifest, choices: &mut Choices<'_>) {
    let Some(calibration) = &mut manifest.calibration else { return };
    match choices.below(11) {
        0 => manifest.calibration = None,
        1 => {
            let old = u64::from(calibration.queries);
            calibration.queries = choices.number(old, 32, KNOWN) as u32;
        }
        2 => calibration.rows = choices.number(calibration.rows, 64, KNOWN),
        3 => calibration.lists = choices.number(u64::from(calibration.lists), 32, KNOWN) as u32,
        4 => calibration.points.truncate(choices.below(50)),
        10 => {
            let Some(contents) = &mut calibration.contents else { return };
            match choices.once_in(2) {
                true => contents.residual = float(contents.residual, choices),
                false => contents.list_rows = float(contents.list_rows, choices),
            }
        }
        5 => {
            let point = CalibrationPoint {
                recall: 0.5,
                share: 1.0,
                probes: 1,
                candidates: 1,
                estimated: 0.5,
            };
            calibration.points.insert(0, point);
        }
        field => {
            if calibration.points.is_empty() {
                return;
            }
            let at = choices.below(calibration.points.len());
            let point = &mut calibration.points[at];
            match field {
                6 => point.probes = choices.number(u64::from(point.probes), 32, KNOWN) as u32,
                7 => {
                    let old = u64::from(point.candidates);
                    point.candidates = choices.number(old, 32, KNOWN) as u32;
                }
                8 if choices.once_in(2) => point.recall = float(point.recall, choices),
                8 => point.estimated = float(point.estimated, choices),
                _ => point.share = float(point.share, choices),
            }
        }
    }
}
