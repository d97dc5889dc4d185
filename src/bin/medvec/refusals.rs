//! What a session refuses, in the words of options.

use medvec::session::{NO_ENCODER, SessionError, metric_name, row_type_name};

use crate::style::bytes;

/// An error of a session as the command line says it.
pub(crate) fn words(error: &SessionError) -> String {
    match error {
        SessionError::NotAFolder { name } => format!(
            "--preset, --recipe, --adapter, --precision and --device apply only to model folders, and \
             {name} is not one"
        ),
        SessionError::NoJudgements { path } => {
            format!(
                "{} has no judgements: name their file with --qrels FILE, or ask for rankings alone with \
                 --write-runs DIR or --submission FILE",
                path.display()
            )
        }
        SessionError::NoCorpus { path } => format!(
            "{} has no documents of its own: name a database to ask with --database DB",
            path.display()
        ),
        SessionError::QueryTowerMissing { name, model } => format!(
            "{name} embeds stored texts only: name the model for queries ({model}) with \
             --query-encoder FOLDER"
        ),
        SessionError::NotForDocuments { name, preset } => format!(
            "{name} is not for stored texts (preset {preset}): name the model for them with --encoder"
        ),
        SessionError::EncoderMoved { path, fingerprint } => format!(
            "this database was embedded by the encoder in {} ({fingerprint}), which is not there any \
             more: say where it is with --encoder FOLDER",
            path.display()
        ),
        SessionError::OriginOnly { origin } => format!(
            "the vectors of this database were made elsewhere, by {origin}, which is only a name here: \
             leave out the text and search with filters, or name the model that made them, once: \
             `medvec embed DB --encoder FOLDER`"
        ),
        SessionError::EncoderUnknown => {
            "this database holds vectors that were made elsewhere: name the encoder that made them \
             with --encoder FOLDER"
                .to_owned()
        }
        SessionError::NoVectors => {
            "this database has no vectors (it was imported with `--encoder none`): leave out the text \
             and search with filters, or import again with an encoder into a new database"
                .to_owned()
        }
        SessionError::QueriesNeedEncoder => {
            "this database holds vectors of your own making: --queries needs an encoder".to_owned()
        }
        SessionError::SourceIsDirectory { path } => {
            let path = path.display();
            format!("{path} is a directory: name the files in it ({path}/*.xml.gz)")
        }
        SessionError::SliceDiffers { .. } => format!(
            "{error}: add --reread; to keep what the database keeps, leave out --keep"
        ),
        SessionError::TooManyRemovals { count, .. } => {
            format!("{error}; to delete them, add --allow-removals {count}")
        }
        SessionError::DiskTooSmall { needed, free } => format!(
            "about {} are needed where the database is, and {} are free; --ignore-space reads all the same",
            bytes(*needed),
            bytes(*free)
        ),
        SessionError::GenerationGone { generation, .. } => format!(
            "generation {} is not known to this database any more: name the copy at that generation, or the \
             file of its newest manifest, with --base",
            generation.0
        ),
        SessionError::MeshYearMissing => {
            "no file name says which year's MeSH this is: name it with --year YEAR".to_owned()
        }
        SessionError::DatabaseIsFile { path } => format!(
            "{} is a file: the first argument is the directory of the database",
            path.display()
        ),
        SessionError::OriginWithoutVectors => {
            "--origin says what made vectors, but the files bring none".to_owned()
        }
        SessionError::OriginMissing { source_name } => format!(
            "{source_name} brings vectors: say what made them, with --encoder FOLDER (the model itself, \
             so that queries can be embedded) or --origin NAME (its name, if it is not here)"
        ),
        SessionError::Unvouched { path, encoder } => format!(
            "{} brings vectors, and this database is embedded by {encoder}: if that made them, say so \
             with --encoder {encoder}",
            path.display()
        ),
        SessionError::MetricFixed { stored, given } => format!(
            "vectors are compared by {} here, not by {}: that is fixed when a database is created; \
             leave out --metric, or import into a new database",
            metric_name(*stored),
            metric_name(*given)
        ),
        SessionError::RowsFixed { stored, given } => format!(
            "this database stores vectors as {}, not {}: that is fixed when it is created; leave out \
             --rows, or import into a new database",
            row_type_name(*stored),
            row_type_name(*given)
        ),
        SessionError::OriginFixed { origin, given } => format!(
            "the vectors of this database were made elsewhere, by {origin}: {given} cannot add to them; \
             leave out --encoder, or import into a new database"
        ),
        SessionError::NotOfOrigin { stored, given } => format!(
            "the vectors of this database are {}, not of the origin {given}: leave out --origin, or \
             import into a new database",
            match stored {
                Some(encoder) => format!("made by {encoder}"),
                None => "of your own making".to_owned(),
            }
        ),
        SessionError::EncoderFixed { stored: Some(stored), .. } => format!(
            "this database is embedded by {stored}, not by {NO_ENCODER}: that is fixed when it is \
             created; leave out --encoder, or import into a new database"
        ),
        SessionError::EncoderFixed { stored: None, given } => format!(
            "this database was created with --encoder {NO_ENCODER}, not {}: leave out --encoder, or \
             import into a new database",
            given.as_deref().unwrap_or(NO_ENCODER)
        ),
        other => other.to_string(),
    }
}
