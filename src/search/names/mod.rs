//! Names that users type in filters, and the terms of the database that they mean.
//!
//! | file | what it knows |
//! |---|---|
//! | `loose` | which spellings of a journal or a publication type are the same name |
//! | `languages` | codes and English names of languages (ISO 639-2) |
//! | `publication_types` | the publication types of PubMed and their synonyms |
//! | `index` | the terms of one segment by their loose spelling |
//! | `suggest` | which names resemble a misspelt one |

pub(super) mod index;
pub(super) mod languages;
pub(super) mod loose;
pub(super) mod publication_types;
pub(super) mod suggest;
