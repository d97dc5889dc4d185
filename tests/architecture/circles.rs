//! Circles of files: a file that depends on another one, which leads back to it.
//!
//! Every path in the code (`use` trees, and inline paths) is resolved to the file that defines the
//! name, through re-exports. A `mod.rs` that only declares modules and re-exports defines no name, so
//! nothing depends on it. A re-export counts as a dependency of its own file only where that file
//! uses the name itself.

use std::collections::{BTreeMap, BTreeSet};

/// Longest chain of re-exports that is followed.
const CHAIN_MAX: usize = 16;

/// A module's path, from `src/` down.
type Path = Vec<String>;

/// One name that a `use` brings into a module; `*` for everything.
struct Import {
    path: Path,
    name: String,
    is_reexport: bool,
}

/// What the code of one module says.
#[derive(Default)]
struct Module {
    file: usize,
    imports: Vec<Import>,
    /// Inline paths of two names or more.
    paths: Vec<Path>,
    /// Names outside of `use`.
    words: BTreeSet<String>,
    /// Names that it declares.
    defined: BTreeSet<String>,
}

/// Where a path leads.
enum Place {
    Module(Path),
    Item(usize),
}

/// Circles among `files` (name and code without comments, strings and tests), each as
/// `a -> b -> a`, by a shortest way round.
pub(super) fn circles(files: &[(String, String)]) -> Vec<Vec<String>> {
    let mut modules = BTreeMap::new();
    for (file, (name, code)) in files.iter().enumerate() {
        if let Some(path) = module_path(name) {
            read(file, path, &tokens(code), &mut modules);
        }
    }
    let crates = Crates { modules };
    let mut uses = vec![BTreeSet::new(); files.len()];
    for (path, module) in &crates.modules {
        uses[module.file].extend(crates.dependencies(path, module));
    }
    let mut found = Vec::new();
    let mut seen = BTreeSet::new();
    for start in 0..files.len() {
        if seen.contains(&start) {
            continue;
        }
        if let Some(way) = way_back(&uses, start) {
            let reach = reachable(&uses, start);
            seen.extend(reach.iter().copied().filter(|to| reachable(&uses, *to).contains(&start)));
            found.push(way.into_iter().map(|file| files[file].0.clone()).collect());
        }
    }
    found
}

/// The module of a source file; the crate of `main.rs` in `bin/x/` is the module `bin::x`.
fn module_path(file: &str) -> Option<Path> {
    let inside = file.strip_prefix("src/")?.strip_suffix(".rs")?;
    let mut path: Path = inside.split('/').map(str::to_owned).collect();
    if ["mod", "main", "lib"].contains(&path.last()?.as_str()) {
        path.pop();
    }
    Some(path)
}

/// Identifiers, `::` and single characters; without lifetimes and character literals.
fn tokens(code: &str) -> Vec<&str> {
    let is_word = |ch: char| ch.is_alphanumeric() || ch == '_';
    let mut found = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if is_word(first) {
            rest.find(|ch| !is_word(ch)).unwrap_or(rest.len())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        if first == '\'' {
            let quoted = &rest[1..];
            let inner = quoted.chars().next().map_or(0, char::len_utf8);
            let literal = match quoted.strip_prefix('\\') {
                Some(escaped) => escaped.get(1..).and_then(|tail| tail.find('\'')).map(|at| at + 4),
                None => {
                    quoted.get(inner..).filter(|tail| tail.starts_with('\'')).map(|_| inner + 2)
                }
            };
            let name = quoted.find(|ch| !is_word(ch)).unwrap_or(quoted.len());
            rest = rest[literal.unwrap_or(name + 1)..].trim_start();
            continue;
        }
        found.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    found
}

/// Adds what the tokens of `path` in `file` say to `modules`, inline modules as modules of their own.
fn read(file: usize, path: Path, tokens: &[&str], modules: &mut BTreeMap<Path, Module>) {
    let mut module = Module { file, ..Module::default() };
    let mut at = 0;
    while at < tokens.len() {
        let before = if at == 0 { ";" } else { tokens[at - 1] };
        let word = tokens[at];
        let next = tokens.get(at + 1).copied().unwrap_or_default();
        if word == "#" && tokens[at..].starts_with(&["#", "[", "cfg", "(", "test", ")", "]"]) {
            at = after_item(tokens, at + 7);
        } else if word == "use" && next != "<" {
            let is_reexport = before == "pub" || before == ")";
            let end = at + tokens[at..].iter().position(|token| *token == ";").unwrap_or(1);
            import_tree(&tokens[at + 1..end], &[], is_reexport, &mut module.imports);
            at = end;
        } else if word == "mod" && tokens.get(at + 2) == Some(&"{") {
            let end = after_item(tokens, at);
            let inner = [path.as_slice(), &[next.to_owned()]].concat();
            read(file, inner, &tokens[at + 3..end - 1], modules);
            at = end;
        } else {
            if ["fn", "struct", "enum", "trait", "type", "const", "static", "union"].contains(&word)
            {
                module.defined.insert(next.to_owned());
            } else if word == "macro_rules" {
                module.defined.extend(tokens.get(at + 2).map(|name| (*name).to_owned()));
            }
            let inline = inline_path(&tokens[at..]);
            if before != "::" && before != "." && inline.len() > 1 {
                module.paths.push(inline);
            }
            if word.starts_with(|ch: char| ch.is_alphabetic() || ch == '_') {
                module.words.insert(word.to_owned());
            }
            at += 1;
        }
    }
    modules.insert(path, module);
}

/// The place behind an item that starts at `at`: behind its first `;`, or its first block.
fn after_item(tokens: &[&str], at: usize) -> usize {
    let mut depth = 0;
    for (place, token) in tokens.iter().enumerate().skip(at) {
        match *token {
            ";" if depth == 0 => return place + 1,
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => {
                depth -= 1;
                if depth == 0 && *token == "}" {
                    return place + 1;
                }
            }
            _ => {}
        }
    }
    tokens.len()
}

fn inline_path(tokens: &[&str]) -> Path {
    let is_word = |token: &&str| token.starts_with(|ch: char| ch.is_alphabetic() || ch == '_');
    let mut path = Path::new();
    for pair in tokens.chunks(2) {
        if !is_word(&pair[0]) {
            break;
        }
        path.push(pair[0].to_owned());
        if pair.get(1) != Some(&"::") {
            break;
        }
    }
    path
}

/// Takes a `use` tree apart: `a::{b, c::d as e}` gives `a::b` and `a::c::d`, the last one as `e`.
fn import_tree(tokens: &[&str], before: &[String], is_reexport: bool, imports: &mut Vec<Import>) {
    let mut path = before.to_vec();
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "::" => {}
            "{" => {
                let (mut depth, mut start) = (0, at + 1);
                for (end, token) in tokens.iter().enumerate().skip(at + 1) {
                    match *token {
                        "," | "}" if depth == 0 => {
                            import_tree(&tokens[start..end], &path, is_reexport, imports);
                            start = end + 1;
                        }
                        "{" => depth += 1,
                        "}" => depth -= 1,
                        _ => {}
                    }
                }
                return;
            }
            "as" => {
                let name = tokens.get(at + 1).copied().unwrap_or_default().to_owned();
                imports.push(Import { path, name, is_reexport });
                return;
            }
            "self" if !path.is_empty() && at + 1 == tokens.len() => {}
            word => path.push(word.to_owned()),
        }
    }
    if let Some(name) = path.last().filter(|_| !tokens.is_empty()) {
        imports.push(Import { name: name.clone(), path, is_reexport });
    }
}

/// The library and the programs beside it.
struct Crates {
    modules: BTreeMap<Path, Module>,
}

impl Crates {
    /// Files that the code of a module depends on.
    fn dependencies(&self, path: &[String], module: &Module) -> BTreeSet<usize> {
        let imported = module
            .imports
            .iter()
            .filter(|import| !import.is_reexport || module.words.contains(&import.name))
            .map(|import| &import.path);
        // Names that an import of everything brings.
        let starred = module.words.iter().filter_map(|word| {
            let from = self.behind_star(path, word, 0)?;
            self.walk(from, std::slice::from_ref(word), 0)
        });
        let places = imported
            .chain(&module.paths)
            .filter_map(|used| self.resolve(path, used, 0))
            .chain(starred);
        let mut files: BTreeSet<usize> = places
            .filter_map(|place| match place {
                Place::Item(file) => Some(file),
                Place::Module(_) => None,
            })
            .collect();
        files.remove(&module.file);
        files
    }

    fn resolve(&self, from: &[String], path: &[String], chain: usize) -> Option<Place> {
        if chain > CHAIN_MAX {
            return None;
        }
        let first = path.first()?;
        let (start, rest) = match first.as_str() {
            "crate" => {
                let root = if from.first().is_some_and(|first| first == "bin") { 2 } else { 0 };
                (from.get(..root)?.to_vec(), &path[1..])
            }
            "self" => (from.to_vec(), &path[1..]),
            "super" => {
                let levels = path.iter().take_while(|name| *name == "super").count();
                (from.get(..from.len().checked_sub(levels)?)?.to_vec(), &path[levels..])
            }
            "medvec" if from.first().is_some_and(|first| first == "bin") => {
                (Path::new(), &path[1..])
            }
            _ if self.has(from, first, chain) => (from.to_vec(), path),
            _ => return None,
        };
        self.walk(start, rest, chain)
    }

    /// Whether a name is a child module of a module, imported by it, or declared in it.
    fn has(&self, module: &[String], name: &str, chain: usize) -> bool {
        let child = [module, &[name.to_owned()]].concat();
        self.modules.contains_key(&child)
            || self.modules.get(module).is_some_and(|own| {
                own.defined.contains(name)
                    || own.imports.iter().any(|import| import.name == name && import.path != [name])
                    || self.behind_star(module, name, chain).is_some()
            })
    }

    /// The module that a name comes from which a module imports by `*`.
    fn behind_star(&self, module: &[String], name: &str, chain: usize) -> Option<Path> {
        let stars = self.modules.get(module)?.imports.iter().filter(|import| import.name == "*");
        stars
            .filter_map(|star| self.resolve(module, &star.path[..star.path.len() - 1], chain + 1))
            .filter_map(|place| match place {
                Place::Module(path) if path != module => Some(path),
                _ => None,
            })
            .find(|path| chain < CHAIN_MAX && self.has(path, name, chain + 1))
    }

    fn walk(&self, mut module: Path, mut rest: &[String], chain: usize) -> Option<Place> {
        while let Some((name, after)) = rest.split_first() {
            let child = [module.as_slice(), std::slice::from_ref(name)].concat();
            if self.modules.contains_key(&child) {
                (module, rest) = (child, after);
                continue;
            }
            let own = self.modules.get(&module)?;
            if own.defined.contains(name) {
                return Some(Place::Item(own.file));
            } else if let Some(import) = own.imports.iter().find(|import| import.name == *name) {
                match self.resolve(&module, &import.path, chain + 1)? {
                    Place::Module(path) => module = path,
                    item => return Some(item),
                }
            } else if let Some(path) = self.behind_star(&module, name, chain) {
                return self.walk(path, rest, chain + 1);
            } else {
                return None;
            }
            rest = after;
        }
        Some(Place::Module(module))
    }
}

fn reachable(uses: &[BTreeSet<usize>], start: usize) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        open.extend(uses[file].iter().copied().filter(|used| found.insert(*used)));
    }
    found
}

/// A shortest way from a file back to itself, if there is one: the file stands at both ends.
fn way_back(uses: &[BTreeSet<usize>], start: usize) -> Option<Vec<usize>> {
    let mut ways = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for used in &uses[*way.last()?] {
                let way = [way.as_slice(), &[*used]].concat();
                if *used == start {
                    return Some(way);
                }
                if seen.insert(*used) {
                    longer.push(way);
                }
            }
        }
        ways = longer;
    }
    None
}
