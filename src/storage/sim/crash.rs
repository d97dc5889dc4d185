//! Crash images: what a power cut may leave of a log of operations.

use std::collections::{BTreeMap, HashSet};

use super::operation::Operation;
use crate::storage::{Bytes, MemoryStorage};

/// Unsynced directory changes of which every subset is tried.
const SUBSETS_OF_MAX: usize = 4;
/// Random subsets of more changes.
const RANDOM_SUBSETS: usize = 8;

/// A file as the log leaves it.
#[derive(Default)]
struct File {
    chunks: Vec<Bytes>,
    durable_chunks: usize,
    sync_failed: bool,
}

impl File {
    fn bytes(&self, chunks: usize) -> Vec<u8> {
        let mut bytes = Vec::new();
        for chunk in self.chunks.iter().take(chunks) {
            bytes.extend_from_slice(chunk);
        }
        bytes
    }
}

/// Contents of files that are certain, by file and number of writes, kept from crash to crash.
pub(super) type Certain = BTreeMap<(usize, usize), Bytes>;

/// A directory change that was not synced.
enum Change {
    Create { name: String, file: usize },
    Publish { from: String, to: String, file: usize },
    Remove { name: String },
}

impl Change {
    fn apply(&self, names: &mut BTreeMap<String, usize>) {
        match self {
            Change::Create { name, file } => {
                names.insert(name.clone(), *file);
            }
            Change::Publish { from, to, file } => {
                if names.get(from) == Some(file) {
                    names.remove(from);
                }
                names.insert(to.clone(), *file);
            }
            Change::Remove { name } => {
                names.remove(name);
            }
        }
    }
}

/// Files and names after a log, certain and uncertain.
#[derive(Default)]
struct Scene {
    files: Vec<File>,
    /// Writes that no sync confirmed, in the order of the log.
    unsynced: Vec<usize>,
    names: BTreeMap<String, usize>,
    durable_names: BTreeMap<String, usize>,
    changes: Vec<Change>,
}

impl Scene {
    fn replay(base: &[(String, Bytes)], log: &[Operation]) -> Scene {
        let mut scene = Scene::default();
        for (number, (name, bytes)) in base.iter().enumerate() {
            let chunks = vec![bytes.clone()];
            scene.files.push(File { chunks, durable_chunks: 1, sync_failed: false });
            scene.names.insert(name.clone(), number);
        }
        scene.durable_names = scene.names.clone();
        for operation in log {
            scene.step(operation);
        }
        scene
    }

    fn step(&mut self, operation: &Operation) {
        match operation {
            Operation::Create { name, file } => {
                self.files.push(File::default());
                self.change(Change::Create { name: name.clone(), file: *file });
            }
            Operation::Write { file, bytes } => {
                self.files[*file].chunks.push(bytes.clone());
                self.unsynced.push(*file);
            }
            Operation::Sync { file } => {
                if !self.files[*file].sync_failed {
                    self.files[*file].durable_chunks = self.files[*file].chunks.len();
                    self.unsynced.retain(|other| other != file);
                }
            }
            Operation::SyncFailed { file } => self.files[*file].sync_failed = true,
            Operation::Publish { from, to } => {
                let file = self.names[from];
                self.change(Change::Publish { from: from.clone(), to: to.clone(), file });
            }
            Operation::Remove { name } => self.change(Change::Remove { name: name.clone() }),
            Operation::SyncDirectory => {
                self.durable_names = self.names.clone();
                self.changes.clear();
            }
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.names);
        self.changes.push(change);
    }

    /// Files that have unsynced bytes.
    fn uncertain(&self) -> Vec<usize> {
        let mut files = self.unsynced.clone();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Contents of the uncertain files when only the first `kept` unsynced writes arrived.
    fn prefix(&self, kept: usize) -> Vec<Vec<u8>> {
        let arrived = |file: &usize| {
            let kept = self.unsynced.iter().take(kept).filter(|other| *other == file).count();
            self.files[*file].bytes(self.files[*file].durable_chunks + kept)
        };
        self.uncertain().iter().map(arrived).collect()
    }

    /// Contents at full length, with every unsynced byte zero.
    fn zero_suffix(&self) -> Vec<Vec<u8>> {
        let mut contents = self.prefix(0);
        for (content, full) in contents.iter_mut().zip(self.prefix(usize::MAX)) {
            content.resize(full.len(), 0);
        }
        contents
    }

    /// Contents whose unsynced sectors each arrived, are zero or are garbage, cut at some length.
    fn torn(&self, random: &mut Random) -> Vec<Vec<u8>> {
        let sector_bytes = if random.below(2) == 0 { 512 } else { 4096 };
        let durable = self.prefix(0);
        let mut contents = self.prefix(usize::MAX);
        for (content, durable) in contents.iter_mut().zip(durable) {
            let unsynced = content.len() - durable.len();
            if random.below(2) == 0 {
                content.truncate(durable.len() + random.below(unsynced + 1));
            }
            for start in (0..content.len()).step_by(sector_bytes) {
                let end = (start + sector_bytes).min(content.len());
                // Bytes that were synced stay, also in a sector that is written again.
                let sector = &mut content[start.max(durable.len()).min(end)..end];
                match random.below(4) {
                    0 => sector.fill(0),
                    1 => sector.iter_mut().for_each(|byte| *byte = random.next() as u8),
                    _ => {}
                }
            }
        }
        contents
    }

    /// Which unsynced directory changes are kept, for each variant.
    fn subsets(&self, random: &mut Random) -> Vec<Vec<bool>> {
        let count = self.changes.len();
        if count <= SUBSETS_OF_MAX {
            let subset = |bits: usize| (0..count).map(|place| bits >> place & 1 == 1).collect();
            return (0..1 << count).map(subset).collect();
        }
        let mut subsets = vec![vec![false; count], vec![true; count]];
        for place in 0..count {
            for keep in [false, true] {
                let mut subset = vec![!keep; count];
                subset[place] = keep;
                subsets.push(subset);
            }
        }
        for _ in 0..RANDOM_SUBSETS {
            subsets.push((0..count).map(|_| random.below(2) == 0).collect());
        }
        subsets
    }
}

/// The distinct images of one crash.
pub(super) struct Images {
    durable_names: BTreeMap<String, usize>,
    changes: Vec<Change>,
    /// Which changes are kept, for each way the directory may look.
    subsets: Vec<Vec<bool>>,
    /// Distinct contents of each file.
    contents: Vec<Vec<Bytes>>,
    /// Files with several contents.
    uncertain: Vec<usize>,
    /// For each way the contents may look, the place in `contents` of each uncertain file.
    plans: Vec<Vec<usize>>,
    next: usize,
    seen: HashSet<Vec<(String, usize, usize)>>,
}

impl Images {
    pub(super) fn new(
        base: &[(String, Bytes)],
        log: &[Operation],
        certain: &mut Certain,
        seed: u64,
        random_images: usize,
    ) -> Images {
        let scene = Scene::replay(base, log);
        let mut random = Random(seed);
        let uncertain = scene.uncertain();
        let mut contents = Vec::new();
        for (number, file) in scene.files.iter().enumerate() {
            contents.push(if uncertain.contains(&number) {
                Vec::new()
            } else {
                let chunks = file.chunks.len();
                let whole = certain.entry((number, chunks));
                vec![whole.or_insert_with(|| Bytes::copy_of(&file.bytes(chunks))).clone()]
            });
        }
        let mut images = Images {
            subsets: scene.subsets(&mut random),
            contents,
            uncertain,
            plans: Vec::new(),
            next: 0,
            seen: HashSet::new(),
            durable_names: BTreeMap::new(),
            changes: Vec::new(),
        };
        for kept in 0..=scene.unsynced.len() {
            images.plan(scene.prefix(kept));
        }
        if !scene.unsynced.is_empty() {
            images.plan(scene.zero_suffix());
            for _ in 0..random_images {
                images.plan(scene.torn(&mut random));
            }
        }
        Images { durable_names: scene.durable_names, changes: scene.changes, ..images }
    }

    fn plan(&mut self, contents: Vec<Vec<u8>>) {
        let mut plan = Vec::new();
        for (file, content) in self.uncertain.iter().zip(contents) {
            let known = &mut self.contents[*file];
            let found = known.iter().position(|other| other[..] == content[..]);
            plan.push(found.unwrap_or(known.len()));
            if found.is_none() {
                known.push(Bytes::copy_of(&content));
            }
        }
        self.plans.push(plan);
    }

    /// Names, files and places in `contents` under one subset and one plan.
    fn image(&self, subset: &[bool], plan: &[usize]) -> Vec<(String, usize, usize)> {
        let mut names = self.durable_names.clone();
        for (change, keep) in self.changes.iter().zip(subset) {
            if *keep {
                change.apply(&mut names);
            }
        }
        let place = |file| match self.uncertain.binary_search(&file) {
            Ok(uncertain) => plan[uncertain],
            Err(_) => 0,
        };
        names.into_iter().map(|(name, file)| (name, file, place(file))).collect()
    }
}

impl Iterator for Images {
    type Item = MemoryStorage;

    fn next(&mut self) -> Option<MemoryStorage> {
        loop {
            let subset = self.subsets.get(self.next / self.plans.len())?;
            let plan = &self.plans[self.next % self.plans.len()];
            let image = self.image(subset, plan);
            self.next += 1;
            if self.seen.insert(image.clone()) {
                let bytes = |(name, file, place): (String, usize, usize)| {
                    (name, self.contents[file][place].clone())
                };
                return Some(MemoryStorage::with_bytes(image.into_iter().map(bytes)));
            }
        }
    }
}

/// SplitMix64 (Steele, Lea and Flood 2014): small, seedable, good enough for choosing.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}
