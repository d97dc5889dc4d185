//! The fields that tags name.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

macro_rules! fields {
    ($($name:ident $tag:literal $long:literal [$($other:literal)*];)*) => {
        /// A field of PubMed, as a tag names it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum SearchField {
            $(#[doc = concat!("`[", $tag, "]`: ", $long, ".")] $name,)*
        }

        impl SearchField {
            /// Every field, in order of tag.
            pub const ALL: &'static [SearchField] = &[$(SearchField::$name),*];

            /// The shortest usual tag, without brackets: `tiab`.
            pub fn tag(self) -> &'static str {
                match self { $(SearchField::$name => $tag,)* }
            }

            /// The name in PubMed's manual: `Title/Abstract`.
            pub fn long_name(self) -> &'static str {
                match self { $(SearchField::$name => $long,)* }
            }

            fn other_names(self) -> &'static [&'static str] {
                match self { $(SearchField::$name => &[$($other),*],)* }
            }
        }
    };
}

fields! {
    Abstract "ab" "Abstract" [];
    Affiliation "ad" "Affiliation" ["affl"];
    ArticleIdentifier "aid" "Article Identifier" ["doi"];
    All "all" "All Fields" ["all field"];
    Author "au" "Author" ["auth" "authors"];
    AuthorIdentifier "auid" "Author Identifier" ["author - identifier"];
    FirstAuthor "1au" "First Author Name" ["author - first" "first author" "faut"];
    LastAuthor "lastau" "Last Author Name" ["author - last" "last author" "laut"];
    FullAuthor "fau" "Full Author Name" ["author - full" "full author"];
    CorporateAuthor "cn" "Corporate Author" ["author - corporate" "corp"];
    Book "book" "Book" [];
    ConflictOfInterest "cois" "Conflict of Interest Statement" ["conflict of interest"];
    CreateDate "crdt" "Create Date" ["date - create"];
    CompletionDate "dcom" "Completion Date" ["date - completion"];
    Editor "ed" "Editor" [];
    EntryDate "edat" "Entry Date" ["date - entry" "entrez date"];
    FullInvestigator "fir" "Full Investigator Name" ["investigator - full" "full investigator"];
    Grant "gr" "Grants and Funding" ["grant number" "grants"];
    Investigator "ir" "Investigator" ["investigator name"];
    Isbn "isbn" "ISBN" [];
    Issue "ip" "Issue" ["iss"];
    Journal "ta" "Journal" ["jour" "journal title abbreviation"];
    NlmId "jid" "NLM Unique ID" ["nlm id" "nlmid"];
    Language "la" "Language" ["lang"];
    LocationId "lid" "Location ID" [];
    MajorTopic "majr" "MeSH Major Topic" ["mj" "mesh major"];
    MeshDate "mhda" "MeSH Date" ["date - mesh"];
    MeshHeading "mh" "MeSH Terms" ["mesh" "mesh term" "mesh heading" "mesh headings"];
    ModificationDate "lr" "Modification Date" ["date - modification" "last revision"];
    OtherTerm "ot" "Other Term" ["other terms" "keyword" "keywords"];
    Pagination "pg" "Pagination" ["page"];
    PersonalName "ps" "Personal Name as Subject" ["subject - personal name"];
    PharmacologicalAction "pa" "Pharmacological Action" ["mesh pharmacological action"];
    PlaceOfPublication "pl" "Place of Publication" ["country"];
    Pmcid "pmcid" "PMCID" ["pmc"];
    Pmid "pmid" "PMID" ["uid"];
    ElectronicDate "epdat" "Electronic Date of Publication" ["electronic publication date" "date - electronic publication" "epdt"];
    PublicationDate "dp" "Publication Date" ["date - publication" "pdat" "date of publication"];
    PrintDate "ppdat" "Print Date of Publication" ["print publication date" "date - print publication" "ppdt"];
    PublicationType "pt" "Publication Type" ["ptyp"];
    Publisher "pubn" "Publisher" [];
    Registry "rn" "EC/RN Number" ["registry number" "rn number"];
    SecondarySource "si" "Secondary Source ID" ["secondary source"];
    Subset "sb" "Subset" ["filter" "filters"];
    Subheading "sh" "MeSH Subheading" ["mesh subheadings" "subheading" "subheadings" "subh"];
    Substance "nm" "Supplementary Concept" ["substance name" "supplementary concepts" "substance"];
    TextWord "tw" "Text Word" ["text words" "text" "word"];
    Title "ti" "Title" ["titl"];
    TitleAbstract "tiab" "Title/Abstract" ["title and abstract"];
    TransliteratedTitle "tt" "Transliterated Title" [];
    Volume "vi" "Volume" ["vol"];
}

/// Where a term may stand and what its tag may carry.
impl SearchField {
    /// The field of a tag in any of its spellings; case, spaces and hyphens do not matter.
    ///
    /// ```
    /// use medvec::query::SearchField;
    ///
    /// assert_eq!(SearchField::named("Date - Publication"), Some(SearchField::PublicationDate));
    /// assert_eq!(SearchField::named("TIAB"), Some(SearchField::TitleAbstract));
    /// assert_eq!(SearchField::named("Titel"), None);
    /// ```
    pub fn named(name: &str) -> Option<SearchField> {
        static NAMES: OnceLock<HashMap<String, SearchField>> = OnceLock::new();
        let all = || {
            SearchField::ALL
                .iter()
                .flat_map(|field| field.names().map(|name| (plain(name), *field)))
        };
        NAMES.get_or_init(|| all().collect()).get(&plain(name)).copied()
    }

    /// Every spelling, the tag first.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [self.tag(), self.long_name()].into_iter().chain(self.other_names().iter().copied())
    }

    /// Tags that resemble `name`, likeliest first, three at most.
    pub(super) fn like(name: &str) -> Vec<SearchField> {
        let name = plain(name);
        let bound = if name.chars().count() <= 3 { 1 } else { 2 + name.len() / 6 };
        let mut near: Vec<(usize, SearchField)> = SearchField::ALL
            .iter()
            .filter_map(|field| {
                let nearest = field.names().map(|known| distance(&plain(known), &name)).min()?;
                (nearest <= bound).then_some((nearest, *field))
            })
            .collect();
        near.sort();
        near.into_iter().take(3).map(|(_, field)| field).collect()
    }

    /// Whether its values are dates, and ranges of it have a meaning.
    pub fn is_date(self) -> bool {
        matches!(
            self,
            SearchField::PublicationDate
                | SearchField::ElectronicDate
                | SearchField::PrintDate
                | SearchField::EntryDate
                | SearchField::CreateDate
                | SearchField::MeshDate
                | SearchField::ModificationDate
                | SearchField::CompletionDate
        )
    }

    /// Whether its values are numbers, so that `1:3` cannot be words.
    pub(super) fn is_number(self) -> bool {
        matches!(
            self,
            SearchField::Pmid
                | SearchField::NlmId
                | SearchField::Pmcid
                | SearchField::Volume
                | SearchField::Issue
                | SearchField::Pagination
        )
    }

    /// Whether its values are MeSH headings, which may carry a subheading: `asthma/therapy[mh]`.
    pub fn is_heading(self) -> bool {
        matches!(self, SearchField::MeshHeading | SearchField::MajorTopic)
    }

    /// Whether a term finds what stands below it in a tree, so that `:noexp` has a meaning.
    pub fn explodes(self) -> bool {
        self.is_heading() || matches!(self, SearchField::Subheading | SearchField::PublicationType)
    }

    /// Whether PubMed has it; `[ab]` is ours.
    pub fn is_own(self) -> bool {
        self == SearchField::Abstract
    }

    /// Whether it takes proximity, `:~N`.
    pub fn has_proximity(self) -> bool {
        matches!(
            self,
            SearchField::Title
                | SearchField::TitleAbstract
                | SearchField::Affiliation
                | SearchField::Abstract
        )
    }
}

impl fmt::Display for SearchField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}]", self.tag())
    }
}

/// A name without spaces and hyphens, in lower case.
fn plain(name: &str) -> String {
    let kept = name.chars().filter(|ch| !ch.is_whitespace() && *ch != '-');
    kept.flat_map(char::to_lowercase).collect()
}

/// The edits (insert, delete, replace) between two short names.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().take(64).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ch) in a.chars().take(64).enumerate() {
        let mut corner = i;
        let mut left = i + 1;
        for (cell, other) in row.iter_mut().skip(1).zip(&b) {
            let edited = (corner + usize::from(ch != *other)).min(left + 1).min(*cell + 1);
            corner = std::mem::replace(cell, edited);
            left = edited;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_of_one_field() {
        let mut all: Vec<(String, SearchField)> = Vec::new();
        for field in SearchField::ALL {
            for name in field.names() {
                assert_eq!(SearchField::named(name), Some(*field), "{name}");
                all.push((plain(name), *field));
            }
        }
        all.sort();
        all.dedup();
        let two = all.windows(2).find(|two| matches!(two, [a, b] if a.0 == b.0));
        assert_eq!(two, None, "a name of two fields");
    }

    #[test]
    fn spellings_do_not_matter() {
        for (name, field) in [
            ("MeSH Terms", SearchField::MeshHeading),
            ("mesh", SearchField::MeshHeading),
            ("title / abstract", SearchField::TitleAbstract),
            ("Author - First", SearchField::FirstAuthor),
            ("Date-Publication", SearchField::PublicationDate),
            ("uid", SearchField::Pmid),
            ("jour", SearchField::Journal),
        ] {
            assert_eq!(SearchField::named(name), Some(field), "{name}");
        }
        assert_eq!(SearchField::named(""), None);
    }

    #[test]
    fn unknown_names_have_neighbours() {
        assert_eq!(SearchField::like("tiabs"), [SearchField::TitleAbstract]);
        assert_eq!(SearchField::like("Mesh Tems").first(), Some(&SearchField::MeshHeading));
        assert_eq!(SearchField::like("something else"), []);
        assert_eq!(
            (distance("", "ab"), distance("ab", "ab"), distance("kitten", "sitting")),
            (2, 0, 3)
        );
    }
}
