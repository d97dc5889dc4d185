//! One way in for all layouts.

use std::path::Path;

use super::layout::Layout;
use super::options::CollectionOptions;
use super::set::Collection;
use super::{beir, bioasq, cystic, hub, nfcorpus, pubmedqa, r2med, scifact, trec};
use crate::eval::input::InputError;

impl Collection {
    /// Reads a folder or file.
    ///
    /// Time is that of reading the queries and judgements once. Documents are not opened.
    ///
    /// # Errors
    /// [`InputError`] with file, place and rule, as the table above has it.
    ///
    /// ```no_run
    /// # use medvec::eval::collection::{Collection, CollectionOptions};
    /// let options = CollectionOptions::default().split("dev");
    /// let collection = Collection::open("nfcorpus".as_ref(), &options)?;
    /// println!("{} queries ({})", collection.queries.len(), collection.layout);
    /// for skipped in &collection.skipped {
    ///     eprintln!("skipped {} {}, first {}", skipped.count, skipped.what, skipped.example_place);
    /// }
    /// # Ok::<(), medvec::eval::collection::InputError>(())
    /// ```
    pub fn open(path: &Path, options: &CollectionOptions) -> Result<Collection, InputError> {
        if !path.exists() {
            return Err(InputError::file(path, "there is no such file or folder"));
        }
        let layout = match options.layout {
            Some(layout) => layout,
            None => Layout::sniff(path)?,
        };
        let refused = |detail: String| match path.is_dir() {
            true => InputError::folder(path, detail),
            false => InputError::file(path, detail),
        };
        let has_splits = !matches!(layout, Layout::Trec | Layout::BioAsq | Layout::CysticFibrosis);
        if let (Some(split), false) = (&options.split, has_splits) {
            return Err(refused(format!("no split `{split}`: the layout {layout} has none")));
        }
        if let Some(name) = options.unused_by(layout) {
            return Err(refused(match name {
                "judgements" => format!("the layout {layout} has its judgements in its own files"),
                name => format!("the layout {layout} has no option `{name}`"),
            }));
        }
        match layout {
            Layout::Beir => beir::open(path, options),
            Layout::Hub => hub::open(path, options, Layout::Hub),
            Layout::Trec => trec::open(path, options),
            Layout::BioAsq => bioasq::open(path, options),
            Layout::PubMedQa => pubmedqa::open(path, options),
            Layout::NfCorpus => nfcorpus::open(path, options),
            Layout::CysticFibrosis => cystic::open(path),
            Layout::SciFact => scifact::open(path, options),
            Layout::R2Med => r2med::open(path, options),
        }
    }
}
