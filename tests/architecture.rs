//! The house rules that the compiler cannot check: floors, circles of files, file length, where
//! `unsafe` stands, how much the core library links, and where links in documents lead.

#[path = "architecture/circles.rs"]
mod circles;
#[path = "architecture/links.rs"]
mod links;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const FILE_LINES_MAX: usize = 600;
const FILE_LINES_MEDIAN_MAX: usize = 200;
const CORE_CRATES_MAX: usize = 45;
const ROOT_NAMES_MAX: usize = 43;

/// Rooms and their floors; a file uses its own room and rooms of lower floors only.
const FLOORS: &[(&str, u32)] = &[
    ("control", 0),
    ("date", 0),
    ("document", 0),
    ("encoder", 0),
    ("error", 0),
    ("ids", 0),
    ("limits", 0),
    ("panics", 0),
    ("parallel", 0),
    ("rules", 0),
    ("format", 1),
    ("kernel", 1),
    ("query", 1),
    ("text", 1),
    ("fetch", 2),
    ("storage", 2),
    ("index", 3),
    ("mesh", 3),
    ("segment", 4),
    ("search", 5),
    ("db", 6),
    ("encode", 7),
    ("ingest", 7),
    ("eval", 7),
    ("export", 8),
    ("session", 8),
    ("bin", 9),
];

/// The lowest floor whose rooms faces (`bin/`) may name; below, they use names at the crate's root.
const FACES_SEE: u32 = 8;

/// Rooms below [`FACES_SEE`] that faces may still name.
const FACE_MAY_USE: &[&str] = &["document"];

/// Rooms whose files may still form circles, and how many; files of floor 0 are one room.
const CIRCLES_LEFT: &[(&str, usize)] = &[];

/// Files that may say `unsafe`.
const UNSAFE_ROOMS: &[&str] = &["src/kernel/", "src/storage/map.rs"];

/// Crates that must never be linked by the core library: asynchronous runtimes and C++.
const FORBIDDEN_CRATES: &[&str] =
    &["tokio", "async-std", "smol", "futures-executor", "cxx", "link-cplusplus", "esaxx-rs"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(under: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(under)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.expect("a readable folder").path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ext| ext == "rs") {
                found.push((relative(&path), fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    found.sort();
    found
}

fn relative(path: &Path) -> String {
    let path: PathBuf = path.strip_prefix(root()).expect("inside the package").into();
    path.to_string_lossy().replace('\\', "/")
}

/// The source without comments, and with string literals emptied; line breaks stay.
fn code_only(source: &str) -> String {
    let mut out = String::with_capacity(source.len());
    let mut rest = source;
    while let Some(ch) = rest.chars().next() {
        let skip = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(raw) = rest.strip_prefix("r#\"") {
            raw.find("\"#").map_or(rest.len(), |end| end + 5)
        } else if ch == '"' {
            string_length(rest)
        } else if rest.starts_with("'\"'") || rest.starts_with("'\\\"'") {
            rest[1..].find('\'').map_or(1, |end| if end == 1 { 3 } else { end + 2 })
        } else {
            out.push(ch);
            rest = &rest[ch.len_utf8()..];
            continue;
        };
        let (skipped, after) = rest.split_at(skip.min(rest.len()));
        out.extend(skipped.chars().filter(|ch| *ch == '\n'));
        rest = after;
    }
    out
}

fn string_length(text: &str) -> usize {
    let mut escaped = false;
    for (place, ch) in text.char_indices().skip(1) {
        match ch {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return place + 1,
            _ => {}
        }
    }
    text.len()
}

/// Paths that follow `crate::`, groups taken apart one level deep: `crate::{a::b, c}` gives
/// `a::b` and `c`.
fn crate_paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    for (at, marker) in code.match_indices("crate::") {
        if code[..at].ends_with(|ch: char| ch.is_alphanumeric() || ch == '_' || ch == '$') {
            continue;
        }
        let after = &code[at + marker.len()..];
        match after.strip_prefix('{') {
            Some(group) => paths.extend(group_items(group)),
            None => paths.push(path_prefix(after)),
        }
    }
    paths
}

fn group_items(group: &str) -> Vec<String> {
    let mut depth = 0;
    let mut items = vec![String::new()];
    for ch in group.chars() {
        match ch {
            '}' if depth == 0 => break,
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => items.push(String::new()),
            _ if depth == 0 => items.last_mut().expect("never empty").push(ch),
            _ => {}
        }
    }
    items.iter().map(|item| path_prefix(item.trim())).filter(|item| !item.is_empty()).collect()
}

fn path_prefix(text: &str) -> String {
    let end = text.find(|ch: char| !(ch.is_alphanumeric() || ch == '_' || ch == ':'));
    text[..end.unwrap_or(text.len())].trim_end_matches(':').to_owned()
}

/// Which room a name re-exported at the crate's root comes from.
fn root_reexports(lib: &str) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    for statement in code_only(lib).split(';') {
        let Some(at) = statement.find("pub use ") else { continue };
        let path = statement[at + 8..].trim().trim_start_matches("crate::").to_owned();
        let room = path_prefix(&path).split("::").next().unwrap_or_default().to_owned();
        let names = match path.split_once('{') {
            Some((_, group)) => group_items(group),
            None => path.rsplit("::").next().map(str::to_owned).into_iter().collect(),
        };
        map.extend(names.into_iter().map(|name| (name, room.clone())));
    }
    map
}

fn floor_of(room: &str) -> Option<u32> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn room_of_file(file: &str) -> String {
    let inside = file.trim_start_matches("src/");
    inside.split('/').next().unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// What `file` may not use, in words; empty when it keeps to the floors.
fn floor_violations(file: &str, source: &str, reexports: &BTreeMap<String, String>) -> Vec<String> {
    let own = room_of_file(file);
    if own == "lib" {
        return Vec::new();
    }
    let Some(own_floor) = floor_of(&own) else {
        return vec![format!("{file}: room `{own}` has no floor in tests/architecture.rs")];
    };
    let mut wrong = Vec::new();
    for path in crate_paths(&code_only(source)) {
        let first = path.split("::").next().unwrap_or_default().to_owned();
        let room = reexports.get(&first).cloned().unwrap_or(first);
        let Some(floor) = floor_of(&room) else { continue };
        let same_floor = floor == own_floor && own_floor > 0 && room != own;
        if room != own && (floor > own_floor || (same_floor && own_floor < 7)) {
            wrong.push(format!(
                "{file} (floor {own_floor}) uses crate::{path} (room {room}, floor {floor})"
            ));
        }
    }
    wrong
}

#[test]
fn files_use_only_lower_floors() {
    let files = rust_files("src");
    let lib = &files.iter().find(|(name, _)| name == "src/lib.rs").expect("src/lib.rs").1;
    let reexports = root_reexports(lib);
    let wrong: Vec<String> = files
        .iter()
        .flat_map(|(file, source)| floor_violations(file, source, &reexports))
        .collect();
    assert!(files.len() > 20, "only {} files found", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_floor_check_sees_what_it_must() {
    let reexports = root_reexports("pub use db::{Database, Snapshot};\npub use error::Result;");
    let check = |file, source| floor_violations(file, source, &reexports).len();
    assert_eq!(check("src/format/frame.rs", "use crate::storage::Bytes;"), 1);
    assert_eq!(check("src/format/frame.rs", "use crate::kernel::dot;"), 1, "a room beside it");
    assert_eq!(check("src/index/flat.rs", "use crate::{ids::RowId, db::{Database, x}};"), 1);
    assert_eq!(check("src/index/flat.rs", "fn f(d: &crate::Database) {}"), 1, "a re-export");
    assert_eq!(check("src/error.rs", "use crate::format::frame::Frame;"), 1);
    assert_eq!(check("src/nowhere/x.rs", ""), 1, "an unknown room");
    assert_eq!(check("src/error.rs", "pub use crate::rules::Rule;"), 0);
    assert_eq!(check("src/db/mod.rs", "use crate::{storage::Bytes, Result};"), 0);
    assert_eq!(check("src/format/frame.rs", "// use crate::db::Database;\n"), 0);
    assert_eq!(check("src/format/frame.rs", "let s = \"crate::db::Database\";"), 0);
}

/// The room of a circle: of all its files, or the rooms of the first two.
fn room_of_circle(circle: &[String]) -> String {
    let mut rooms: Vec<String> = circle
        .iter()
        .map(|file| room_of_file(file))
        .map(|room| if floor_of(&room) == Some(0) { "floor 0".to_owned() } else { room })
        .collect();
    rooms.sort();
    rooms.dedup();
    rooms.join(" and ")
}

#[test]
fn files_form_no_circles() {
    let files: Vec<(String, String)> = rust_files("src")
        .into_iter()
        .filter(|(file, _)| !file.ends_with("/tests.rs") && !file.contains("/tests/"))
        .map(|(file, source)| (file, code_only(&source)))
        .collect();
    let mut rooms: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for circle in circles::circles(&files) {
        rooms.entry(room_of_circle(&circle)).or_default().push(circle.join(" -> "));
    }
    let wrong: Vec<String> = rooms
        .into_iter()
        .filter(|(room, circles)| {
            let left = CIRCLES_LEFT.iter().find(|(name, _)| name == room);
            circles.len() > left.map_or(0, |(_, count)| *count)
        })
        .map(|(room, circles)| format!("{} in {room}:\n{}", circles.len(), circles.join("\n")))
        .collect();
    assert!(wrong.is_empty(), "circles of files:\n{}", wrong.join("\n"));
}

#[test]
fn the_circle_check_sees_what_it_must() {
    let check = |files: &[(&str, &str)]| -> Vec<String> {
        let files: Vec<_> =
            files.iter().map(|(file, code)| ((*file).to_owned(), code_only(code))).collect();
        circles::circles(&files).iter().map(|circle| circle.join(" -> ")).collect()
    };
    let root = ("src/db/mod.rs", "mod a; mod b; pub use a::A; pub use self::b::{B, C as D};");
    let a = |code| ("src/db/a.rs", code);
    let b = |code| ("src/db/b.rs", code);
    let one = ["src/db/a.rs -> src/db/b.rs -> src/db/a.rs"];
    for (in_a, in_b) in [
        ("use super::b::B; pub struct A;", "use super::a::A; pub struct B;"),
        ("use crate::db::B; pub struct A;", "use crate::{db::{A}}; pub struct B;"),
        ("pub struct A; fn f() -> super::b::B {}", "pub struct B; fn f(a: &crate::db::A) {}"),
        ("use super::D; pub struct A;", "use super::A as X; pub struct C;"),
        ("use super::b; pub struct A; fn f() { b::g() }", "use super::A; pub fn g() {}"),
        ("pub use super::b::B; pub struct A(B);", "use super::a::{self, A}; pub struct B;"),
        ("pub struct A; mod x { use super::super::B; }", "use super::A; pub struct B;"),
        ("use super::*; pub struct A(B);", "const C: char = '{'; use super::A; pub struct B;"),
        ("macro_rules! m { () => {} } use super::B;", "use super::a::m; pub struct B<'a>(&'a A);"),
    ] {
        assert_eq!(check(&[root, a(in_a), b(in_b)]), one, "{in_a} | {in_b}");
    }
    for (in_a, in_b) in [
        ("use super::b::B; pub struct A;", "pub struct B;"),
        ("pub use super::b::B; pub struct A;", "use super::A; pub struct B;"),
        (
            "use super::B; pub struct A;",
            "pub struct B; #[cfg(test)] mod tests { use super::super::A; }",
        ),
        ("use super::B; pub struct A;", "#[cfg(test)] use super::A; pub struct B; // super::A"),
        ("use super::B; pub struct A;", "pub enum B { A } fn f() -> B { B::A }"),
        (
            "use super::B; pub struct A;",
            "use std::a::A; pub struct B; fn f() -> impl X + use<'_> {}",
        ),
    ] {
        assert!(check(&[root, a(in_a), b(in_b)]).is_empty(), "{in_a} | {in_b}");
    }
    let parent = ("src/db/mod.rs", "mod a; use a::A; pub struct Own(A);");
    let found = check(&[parent, a("use super::Own; pub struct A;")]);
    assert_eq!(found, ["src/db/mod.rs -> src/db/a.rs -> src/db/mod.rs"]);
    let beside = ("src/db.rs", "mod a; pub struct Own(a::A);");
    assert_eq!(check(&[beside, a("pub struct A(super::Own);")]).len(), 1);
    let main = ("src/bin/x/main.rs", "mod a; mod b;");
    let found = check(&[
        main,
        ("src/bin/x/a.rs", "use crate::b::B; pub struct A;"),
        ("src/bin/x/b.rs", "use crate::a::A; pub struct B;"),
    ]);
    assert_eq!(found.len(), 1, "a program is a crate of its own");
    let three = check(&[
        root,
        a("use super::b::B; pub struct A;"),
        b("use super::c::C; pub struct B;"),
        ("src/db/c.rs", "use super::A; pub struct C;"),
    ]);
    assert_eq!(three, ["src/db/a.rs -> src/db/b.rs -> src/db/c.rs -> src/db/a.rs"]);
}

/// Rooms of the library that a face names and may not, as `file: room`.
fn face_violations(file: &str, source: &str) -> Vec<String> {
    let code = code_only(source);
    let mut rooms = Vec::new();
    for (at, marker) in code.match_indices("medvec::") {
        if code[..at].ends_with(|ch: char| ch.is_alphanumeric() || ch == '_' || ch == ':') {
            continue;
        }
        let after = &code[at + marker.len()..];
        match after.strip_prefix('{') {
            Some(group) => rooms.extend(group_items(group)),
            None => rooms.push(path_prefix(after)),
        }
    }
    rooms
        .iter()
        .filter_map(|path| path.split("::").next())
        .filter(|room| floor_of(room).is_some_and(|floor| floor < FACES_SEE))
        .filter(|room| !FACE_MAY_USE.contains(room))
        .map(|room| format!("{file}: medvec::{room}"))
        .collect()
}

#[test]
fn faces_name_no_room_below_the_session() {
    let wrong: Vec<String> = rust_files("src/bin")
        .iter()
        .flat_map(|(file, source)| face_violations(file, source))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let check = |source| face_violations("src/bin/medvec/main.rs", source).len();
    assert_eq!(check("use medvec::index::flat::Flat;"), 1);
    assert_eq!(check("use medvec::{Error, segment::Segment};"), 1);
    assert_eq!(check("fn f(rows: medvec::index::Rows) {}"), 1);
    assert_eq!(check("use medvec::{Database, Error, session::Session};"), 0);
    assert_eq!(check("use crate::index::Own; // medvec::index"), 0, "a module of the face");
}

#[test]
fn files_are_short() {
    let mut lengths: Vec<(usize, String)> = ["src", "tests", "benches", "examples"]
        .iter()
        .flat_map(|folder| rust_files(folder))
        .map(|(file, source)| (source.lines().count(), file))
        .collect();
    lengths.sort();
    let long: Vec<_> = lengths.iter().filter(|(lines, _)| *lines > FILE_LINES_MAX).collect();
    assert!(long.is_empty(), "over {FILE_LINES_MAX} lines: {long:?}");
    let (median, file) = &lengths[lengths.len() / 2];
    assert!(*median <= FILE_LINES_MEDIAN_MAX, "the median file has {median} lines ({file})");
}

/// Lines that say `unsafe` where it may not stand, or without a reason.
fn unsafe_violations(file: &str, source: &str) -> Vec<String> {
    let lines: Vec<&str> = source.lines().collect();
    let code = code_only(source);
    let allowed = UNSAFE_ROOMS.iter().any(|room| file.starts_with(room));
    let mut wrong = Vec::new();
    for (place, line) in code.lines().enumerate() {
        // The type of a function pointer does nothing unsafe itself.
        let line = line.replace("unsafe fn(", "");
        let mut words = line.split(|ch: char| !(ch.is_alphanumeric() || ch == '_'));
        if !words.any(|word| word == "unsafe") {
            continue;
        }
        let before = lines.get(place.saturating_sub(12)..=place).unwrap_or_default();
        let reason =
            before.iter().any(|line| line.contains("SAFETY:") || line.contains("# Safety"));
        if !allowed {
            wrong.push(format!("{file}:{}: `unsafe` may not stand here", place + 1));
        } else if !reason {
            wrong.push(format!("{file}:{}: `unsafe` without `// SAFETY:`", place + 1));
        }
    }
    wrong
}

#[test]
fn unsafe_stands_where_it_may_and_says_why() {
    let wrong: Vec<String> = rust_files("src")
        .iter()
        .flat_map(|(file, source)| unsafe_violations(file, source))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));

    let block = "fn f() { unsafe { g() } }";
    assert_eq!(unsafe_violations("src/db/mod.rs", block).len(), 1);
    assert_eq!(unsafe_violations("src/kernel/x86.rs", block).len(), 1);
    assert_eq!(unsafe_violations("src/kernel/x86.rs", &format!("// SAFETY: g\n{block}")).len(), 0);
    assert_eq!(unsafe_violations("src/kernel/x86.rs", "type F = unsafe fn(&[i8]);").len(), 0);
    assert_eq!(unsafe_violations("src/db/mod.rs", "#![deny(unsafe_code)] // unsafe").len(), 0);
}

#[test]
fn the_core_library_is_small_and_synchronous() {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "-e", "normal", "--no-default-features", "--prefix", "none", "--locked"])
        .args(["--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let listing = String::from_utf8_lossy(&output.stdout);
    let mut crates: Vec<&str> = listing.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    crates.sort_unstable();
    crates.dedup();
    assert!(crates.len() <= CORE_CRATES_MAX, "{} crates: {crates:#?}", crates.len());
    for line in &crates {
        let name = line.split(' ').next().unwrap_or_default();
        assert!(!FORBIDDEN_CRATES.contains(&name), "the core library must not link {name}");
    }
}

#[test]
fn the_root_of_the_crate_has_few_names() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("src/lib.rs");
    let (at_root, reports) = lib.split_once("pub mod reports").expect("the module of reports");
    let names = root_reexports(at_root);
    assert!(names.len() <= ROOT_NAMES_MAX, "{} names: {:?}", names.len(), names.keys());
    assert!(names.contains_key("Database") && root_reexports(reports).contains_key("Stats"));
}

#[test]
fn the_readme_shows_the_example_as_it_is() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect(name);
    let example = read("examples/quickstart.rs");
    let (_, code) = example.split_once("\n\n").expect("documentation, then code");
    assert!(read("README.md").contains(code), "copy examples/quickstart.rs into README.md");
}

#[test]
fn links_of_documents_lead_somewhere() {
    let mut folders = vec![root().to_path_buf()];
    for name in [
        "benches",
        "benches/compare",
        "format-spec",
        "fuzz",
        "samples/mesh",
        "samples/pubmedqa",
        "src/query",
    ] {
        folders.push(root().join(name));
    }
    let entries =
        folders.iter().flat_map(|folder| fs::read_dir(folder).expect("a folder of documents"));
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let documents: Vec<PathBuf> =
        paths.filter(|path| path.extension().is_some_and(|end| end == "md")).collect();
    let mut followed = 0;
    for document in &documents {
        let text = fs::read_to_string(document).expect("a document");
        for link in links::links(&text) {
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if file.is_empty() { document.clone() } else { document.with_file_name(file) };
            assert!(target.exists(), "{}: no file for {link}", relative(document));
            if !anchor.is_empty() {
                let there = links::anchors(&fs::read_to_string(&target).expect("a document"));
                assert!(
                    there.iter().any(|name| name == anchor),
                    "{}: no heading for {link}",
                    relative(document)
                );
            }
            followed += 1;
        }
    }
    assert!(followed > 50, "only {followed} links were found");
}
