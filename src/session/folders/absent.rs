//! A build without model folders: every encoder is the built-in one or a file of token vectors, and
//! opening a folder fails with words about the feature ([`crate::encode::open`]).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::encode;
use crate::encoder::{Encoder, EncoderSpec};
use crate::session::choice::{EncoderChoice, Wanted};
use crate::session::error::SessionResult;

pub(in crate::session) fn find(_: &str, _: &EncoderChoice) -> SessionResult<Option<PathBuf>> {
    Ok(None)
}

pub(in crate::session) fn open(path: &Path, _: &EncoderChoice) -> SessionResult<Arc<dyn Encoder>> {
    Ok(encode::open(path)?)
}

pub(in crate::session) fn open_towers(
    _: &str,
    path: &Path,
    choice: &EncoderChoice,
) -> SessionResult<Arc<dyn Encoder>> {
    open(path, choice)
}

pub(in crate::session) fn open_like(
    path: &Path,
    choice: &EncoderChoice,
    _: &EncoderSpec,
) -> SessionResult<Arc<dyn Encoder>> {
    open(path, choice)
}

pub(in crate::session) fn paths_of(name: &str, _: Wanted) -> Vec<PathBuf> {
    vec![PathBuf::from(name)]
}

pub(in crate::session) fn open_stored(
    _: &EncoderSpec,
    _: &Path,
    _: Wanted,
    _: &EncoderChoice,
) -> SessionResult<Option<Arc<dyn Encoder>>> {
    Ok(None)
}

pub(in crate::session) fn refuse_device(_: &str, _: &EncoderChoice) -> SessionResult<()> {
    Ok(())
}
