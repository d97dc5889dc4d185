//! `medvec mesh`

use std::io::{self, Write};
use std::path::Path;

use medvec::Snapshot;
use medvec::export::{json, mesh as mesh_json, reports};
use medvec::session::mesh::{self, Change, Concept, MeshImport, Vocabulary};
use medvec::session::{Session, SessionOptions};
use serde_json::Value;

use super::open::open;
use crate::args::{
    Mesh, MeshCommand, MeshDiff, MeshFiles, MeshSearch, MeshShow, MeshTree, TextOrJson,
};
use crate::context::Context;
use crate::failure::{EXIT_FOUND, EXIT_NONE, Result};
use crate::style::{FAINT, KEY, bytes, counted};

pub(crate) fn run(args: &Mesh, context: &mut Context) -> Result<u8> {
    match &args.command {
        MeshCommand::Show(args) => show(args, context),
        MeshCommand::Search(args) => search(args, context),
        MeshCommand::Tree(args) => tree(args, context),
        MeshCommand::Diff(args) => diff(args, context),
        MeshCommand::Import(args) => import(args, context),
    }
}

/// The state of the database whose vocabulary is meant.
fn snapshot(database: Option<&Path>) -> Result<Option<Snapshot>> {
    database.map(|path| Ok(open(path)?.snapshot())).transpose()
}

/// The vocabulary of a database, or the built-in one.
fn vocabulary(snapshot: Option<&Snapshot>) -> Result<&Vocabulary> {
    Ok(match snapshot {
        Some(snapshot) => snapshot.vocabulary()?,
        None => mesh::builtin()?,
    })
}

/// Writes lines for people or one value for machines; nothing to write is exit code 1.
fn write(
    format: TextOrJson,
    context: &mut Context,
    values: Vec<Value>,
    text: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<u8> {
    let code = if values.is_empty() { EXIT_NONE } else { EXIT_FOUND };
    match format.is_json() {
        true => json::write(&mut context.out.machine(), &Value::Array(values))?,
        false => text(&mut context.out)?,
    }
    Ok(code)
}

fn show(args: &MeshShow, context: &mut Context) -> Result<u8> {
    let snapshot = snapshot(args.db.as_deref())?;
    let vocabulary = vocabulary(snapshot.as_ref())?;
    let mut concepts = Vec::new();
    for name in &args.names {
        concepts.push(mesh::find(vocabulary, name)?.0);
    }
    let values = concepts.iter().map(|concept| mesh_json::to_json(vocabulary, *concept)).collect();
    write(args.format, context, values, |out| {
        concepts.iter().try_for_each(|concept| describe(out, vocabulary, *concept))
    })
}

fn describe(out: &mut dyn Write, vocabulary: &Vocabulary, concept: Concept) -> io::Result<()> {
    let (name, ui) = (vocabulary.name(concept), vocabulary.ui(concept));
    writeln!(out, "{KEY}{name}{KEY:#}  {ui}  {FAINT}MeSH {}{FAINT:#}", vocabulary.year())?;
    let named = |concepts: Vec<Concept>| -> Vec<&str> {
        concepts.into_iter().map(|concept| vocabulary.name(concept)).collect()
    };
    let below = vocabulary.explode(concept).len() - 1;
    let mut row = |what: &str, values: Vec<&str>| match values.is_empty() {
        true => Ok(()),
        false => writeln!(out, "  {FAINT}{what:<12}{FAINT:#} {}", values.join("; ")),
    };
    row(
        "code",
        Some(vocabulary.code(concept)).into_iter().filter(|code| !code.is_empty()).collect(),
    )?;
    row("tree numbers", vocabulary.tree_numbers(concept))?;
    row("entry terms", vocabulary.entry_terms(concept).collect())?;
    row("former names", vocabulary.former_names(concept).collect())?;
    row("retired UIs", vocabulary.retired_uis(concept).collect())?;
    row("qualifiers", named(vocabulary.allowed_qualifiers(concept).collect()))?;
    row("mapped to", named(vocabulary.mapped_to(concept).map(|(to, _)| to).collect()))?;
    row("actions", named(vocabulary.actions(concept).collect()))?;
    row("substances", named(vocabulary.substances(&[concept])))?;
    row("below it", vec![counted(below as u64, "heading").as_str()])
}

fn search(args: &MeshSearch, context: &mut Context) -> Result<u8> {
    let snapshot = snapshot(args.db.as_deref())?;
    let vocabulary = vocabulary(snapshot.as_ref())?;
    let found = mesh::search(vocabulary, &args.text, args.k);
    let one =
        |(concept, matched): &(Concept, String)| mesh_json::found(vocabulary, *concept, matched);
    let values = found.iter().map(one).collect();
    write(args.format, context, values, |out| {
        found.iter().try_for_each(|(concept, matched)| {
            let (ui, name) = (vocabulary.ui(*concept), vocabulary.name(*concept));
            let by = if matched == name { String::new() } else { format!("  ({matched})") };
            writeln!(out, "{ui:<10} {KEY}{name}{KEY:#}{FAINT}{by}{FAINT:#}")
        })
    })
}

fn tree(args: &MeshTree, context: &mut Context) -> Result<u8> {
    let snapshot = snapshot(args.db.as_deref())?;
    let vocabulary = vocabulary(snapshot.as_ref())?;
    let mut places: Vec<(usize, &str, Concept)> = Vec::new();
    match &args.name {
        None => {
            let tops = vocabulary.children("");
            places.extend(tops.into_iter().map(|(number, concept)| (0, number, concept)));
        }
        Some(name) => {
            let (concept, matched) = mesh::find(vocabulary, name)?;
            let wanted = name.trim().to_ascii_uppercase();
            let is_place =
                |number: &&str| matched != mesh::Matched::TreeNumber || *number == wanted;
            for number in vocabulary.tree_numbers(concept).into_iter().filter(is_place) {
                add_below(vocabulary, (0, number, concept), args.depth, &mut places);
            }
        }
    }
    let one = |(_, number, concept): &(usize, &str, Concept)| {
        mesh_json::at_tree_number(vocabulary, number, *concept)
    };
    let values = places.iter().map(one).collect();
    write(args.format, context, values, |out| {
        places.iter().try_for_each(|(depth, number, concept)| {
            let (indent, name) = ("  ".repeat(*depth), vocabulary.name(*concept));
            writeln!(out, "{indent}{KEY}{name}{KEY:#}  {FAINT}{number}{FAINT:#}")
        })
    })
}

/// A place and those below it, in the order of a tree that is read from the top.
fn add_below<'a>(
    vocabulary: &'a Vocabulary,
    top: (usize, &'a str, Concept),
    depth_max: usize,
    places: &mut Vec<(usize, &'a str, Concept)>,
) {
    let mut open = vec![top];
    while let Some(place) = open.pop() {
        places.push(place);
        let (depth, number, _) = place;
        if depth < depth_max {
            let below = vocabulary.children(number).into_iter().rev();
            open.extend(below.map(|(number, concept)| (depth + 1, number, concept)));
        }
    }
}

fn diff(args: &MeshDiff, context: &mut Context) -> Result<u8> {
    let earlier = mesh::read(&args.earlier)?;
    let read;
    let later = match args.later.as_slice() {
        [] => mesh::builtin()?,
        files => {
            read = mesh::read(files)?;
            &read
        }
    };
    let changes = mesh::diff(&earlier, later);
    let values = changes.iter().map(mesh_json::change).collect();
    write(args.format, context, values, |out| {
        changes.iter().try_for_each(|change| match change {
            Change::Added { ui, name } => writeln!(out, "added    {ui:<10} {name}"),
            Change::Removed { ui, name, now } => {
                let now = now.as_ref().map_or(String::new(), |now| format!("  (now {now})"));
                writeln!(out, "removed  {ui:<10} {name}{now}")
            }
            Change::Renamed { ui, from, to } => {
                writeln!(out, "renamed  {ui:<10} {from} -> {to}")
            }
            Change::Moved { ui, name, from, to } => {
                writeln!(out, "moved    {ui:<10} {name}: {} -> {}", from.join(" "), to.join(" "))
            }
        })
    })
}

fn import(args: &MeshFiles, context: &mut Context) -> Result<u8> {
    let is_json = args.format.is_json();
    let session = Session::open(&args.database, SessionOptions::default())?;
    if args.builtin {
        let changed = session.reset_mesh()?;
        if is_json {
            json::write(&mut context.out.machine(), &reports::vocabulary(None, changed))?;
            return Ok(EXIT_FOUND);
        }
        let what = match changed {
            true => "headings are looked up in the built-in MeSH again",
            false => "nothing to do: headings are looked up in the built-in MeSH",
        };
        writeln!(context.out, "{what}")?;
        return Ok(EXIT_FOUND);
    }
    let import = MeshImport::of(args.files.clone()).year(args.year).adds(args.add);
    let before = session.snapshot().generation();
    let mesh = session.import_mesh(&import)?;
    if is_json {
        let changed = session.snapshot().generation() != before;
        json::write(&mut context.out.machine(), &reports::vocabulary(Some(mesh), changed))?;
        return Ok(EXIT_FOUND);
    }
    let (records, size) = (counted(mesh.records.into(), "record"), bytes(mesh.bytes));
    writeln!(context.out, "headings are looked up in MeSH {} now: {records}, {size}", mesh.year)?;
    Ok(EXIT_FOUND)
}
