//! Tables with a header: comma-separated values (RFC 4180), also with semicolons or tabs between cells.
//!
//! ```text
//! PMID,Title,Abstract,Year
//! 31000001,"Aspirin, again","We followed ...",2019
//! ```
//!
//! Usual names of columns are known, whatever their letter case, blanks and underscores; [`ColumnMap`] names
//! others. A column that is neither becomes a free field: an integer or a number with a point where a cell is
//! one, else a string. An empty cell is nothing, and neither is a column without a name. Two columns that would be one
//! free field are refused. Rows end as the header does: at a line feed or, where no line feed follows it, at a carriage
//! return. A header of more than 64 KiB may be refused.
//!
//! | role | usual names | a cell |
//! |---|---|---|
//! | `pmid` | `pmid`, `pubmed id` | a PMID |
//! | `key` | | any key; a number is a PMID |
//! | `id` | `id`, `record id` | a key that is never a PMID |
//! | `title`, `abstract` | `title`, `article title`; `abstract`, `abstracts`, `abstract text`, `medical abstract` | text |
//! | `date`, `year` | `date`, `publication date`; `year`, `publication year` | as in JSON lines; `date` wins |
//! | `journal` | `journal`, `journal/book`, `journal title` | its title |
//! | `authors` | `authors`, `author` | names between `;` or `\|`, else between commas if all are short (`Okafor AM, Smith J.`) or there are three and more with a blank in each; `van Berg, Ada Maria` is one name |
//! | `mesh` | `mesh`, `mesh terms`, `mesh headings` | headings as MEDLINE prints them, between `;` or `\|` |
//! | `keywords`, `types`, `languages` | `keywords`; `publication type`; `language` | between `;` or `\|` |
//! | `doi`, `pmcid`, `pubmed` | `doi`; `pmcid`; none | an identifier; `pubmed` is a PMID that is not the key |
//!
//! **CORD-19.** A header with a column `cord_uid` is that of CORD-19's `metadata.csv`: `cord_uid` is the key, as in BEIR's
//! TREC-COVID, `pubmed_id` the identifier `pubmed`, `publish_time` the date, and every other free field a string. Ids
//! stand in several rows (322,441 rows with 308,694 ids in one release). Of these rows the
//! first with an abstract stays, or else the first: the others are no records, and [`crate::ingest::Source::duplicates`]
//! counts them. 7.3 million ids are remembered, in at most 230 MB; of an id beyond these the last row stays. With a
//! [`ColumnMap`] it is a table like any other.
//!
//! **Our own tables.** A header that begins as that of [`crate::export::csv`] does (`key,year,journal,title,abstract,mesh`):
//! `key` is the key, as it was, and an apostrophe before what would be a formula is not part of a cell.
//!
//! A row without a key is called by its DOI, or by a key made of its text that is the same whenever it is read.
//! A row is refused if it is not UTF-8, has more cells than the header, a quote that is not closed, a `pmid`
//! that is not one, or nothing to call it by.

mod cells;
mod columns;
mod cord19;
mod cut;
mod duplicates;
mod header;
pub(crate) mod ours;
mod row;
mod scan;

pub use columns::{ColumnMap, Role};

pub(super) use cut::TableCutter;
pub(super) use header::{HEADER_BYTES_MAX, Header};
pub(super) use row::parse;
