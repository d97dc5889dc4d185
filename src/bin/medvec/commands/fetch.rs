//! `medvec fetch`

use std::io::Write;
use std::path::PathBuf;

use medvec::export::json;
use medvec::session::models::{Hub, ModelName};
use serde_json::json;

use crate::args::Fetch;
use crate::context::Context;
use crate::failure::{EXIT_FOUND, Failure, Result};

pub(crate) fn run(args: &Fetch, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let model = ModelName::parse(&args.model).ok_or_else(|| {
        Failure::usage(format!(
            "{} is not the name of a model: expected organisation/name",
            args.model
        ))
    })?;
    let hub = Hub::from_env()?;
    let (folder, problem) = fetch(&hub, &model, args, context)?;
    match is_json {
        true => {
            let folder = folder.to_string_lossy();
            let report = json!({"model": args.model, "folder": folder, "problem": problem});
            json::write(&mut context.out.machine(), &report)?;
        }
        false => writeln!(context.out, "{}", folder.display())?,
    }
    Ok(EXIT_FOUND)
}

/// The folder of the model, and why it is not up to date, where it is not.
#[cfg(feature = "download")]
fn fetch(
    hub: &Hub,
    model: &ModelName,
    args: &Fetch,
    context: &mut Context,
) -> Result<(PathBuf, Option<String>)> {
    use crate::style::FAINT;
    use medvec::session::models::DownloadOptions;

    let options = DownloadOptions {
        budget: args.budget.map(|megabytes| megabytes.saturating_mul(1_000_000)),
        control: context.control(),
    };
    let progress = context.progress("connecting");
    let (folder, trouble) = hub.refresh(model, &options, &mut |now| {
        progress.bytes(now.file, now.bytes, now.bytes_total, None);
    })?;
    drop(progress);
    if let Some(detail) = &trouble {
        context
            .remark(format!("{FAINT}in the cache, and not brought up to date: {detail}{FAINT:#}"));
    }
    Ok((folder, trouble))
}

/// This build has no network; the error about the cache says what to fetch by hand.
#[cfg(not(feature = "download"))]
fn fetch(
    hub: &Hub,
    model: &ModelName,
    _: &Fetch,
    context: &mut Context,
) -> Result<(PathBuf, Option<String>)> {
    let found = hub.find(model).inspect_err(|_| {
        context.remark("this build of medvec does not fetch (feature `download`)");
    })?;
    Ok((found, Some("this build of medvec does not fetch".to_owned())))
}
