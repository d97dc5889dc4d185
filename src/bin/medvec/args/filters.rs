//! Options that say what must hold.

use clap::{ArgAction, Args};

use super::values::{YearRange, name};

/// What the help of a command calls these.
const HEADING: &str = "Filters";

/// Conditions of a search.
#[derive(Debug, Default, Args)]
pub(crate) struct Filters {
    /// MeSH heading and all below it: name, entry term, descriptor UI or tree number; with a subheading on it
    /// ("Asthma/drug therapy", "Asthma/DT").
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_parser = name, help_heading = HEADING)]
    pub(crate) mesh: Vec<String>,

    /// MeSH heading, or one below it, as a major topic.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_parser = name, help_heading = HEADING)]
    pub(crate) major: Vec<String>,

    /// MeSH subheading on any heading: name, two letters or UI.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_parser = name, help_heading = HEADING)]
    pub(crate) subheading: Vec<String>,

    /// Chemical or supplementary concept: name, synonym, UI or registry number.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_parser = name, help_heading = HEADING)]
    pub(crate) substance: Vec<String>,

    /// Heading or substance with this pharmacological action, or one below it.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_parser = name, help_heading = HEADING)]
    pub(crate) action: Vec<String>,

    /// Take headings, subheadings and actions alone, without those below them.
    #[arg(long, help_heading = HEADING)]
    pub(crate) no_explode: bool,

    /// Let documents that are not indexed with MeSH pass --mesh, --major, --subheading and --action, too.
    #[arg(long, help_heading = HEADING)]
    pub(crate) include_unindexed: bool,

    /// Years of publication: 2019, 2015:2020, 2015: or :2020. Documents without a date are left out, and
    /// counted.
    #[arg(long, value_name = "FROM:TO", help_heading = HEADING)]
    pub(crate) year: Option<YearRange>,

    /// Journal, by title, abbreviation, NLM id or ISSN; dots and a leading "The" do not matter.
    #[arg(long, value_name = "NAME", action = ArgAction::Append, value_parser = name, help_heading = HEADING)]
    pub(crate) journal: Vec<String>,

    /// Language of the article, by code or English name (`ger`, `de`, `German`).
    #[arg(long, value_name = "LANGUAGE", action = ArgAction::Append, value_parser = name, help_heading = HEADING)]
    pub(crate) language: Vec<String>,

    /// Publication type, by name, UI or usual synonym (`Review`, `RCT`).
    #[arg(long = "type", value_name = "NAME", action = ArgAction::Append, value_parser = name, help_heading = HEADING)]
    pub(crate) publication_type: Vec<String>,

    /// Only documents with an abstract.
    #[arg(long, help_heading = HEADING)]
    pub(crate) has_abstract: bool,

    /// A field of your own: `name=text`, `name=12`, or a range `name=5:9`, `name=5:`; `stats` lists fields.
    #[arg(long, value_name = "NAME=VALUE", action = ArgAction::Append, help_heading = HEADING)]
    pub(crate) field: Vec<String>,
}
