//! Commands as a user can type them.

use std::path::Path;

/// This program as it was called: `medvec`, or a path where it is not on the search path.
pub(crate) fn program() -> String {
    let called = std::env::args_os().next().unwrap_or_default();
    let path = Path::new(&called);
    let here = std::env::current_dir().unwrap_or_default();
    let shown = path.strip_prefix(&here).unwrap_or(path);
    match shown.to_string_lossy().as_ref() {
        "" => "medvec".to_owned(),
        shown => quoted(shown),
    }
}

/// An argument, in double quotes where a shell would cut it.
pub(crate) fn quoted(argument: &str) -> String {
    let plain = |ch: char| ch.is_alphanumeric() || "/\\._-:+=,@%".contains(ch);
    if !argument.is_empty() && argument.chars().all(plain) {
        return argument.to_owned();
    }
    format!("\"{argument}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_shell_would_cut_is_quoted() {
        assert_eq!(quoted("target/release/medvec"), "target/release/medvec");
        assert_eq!(quoted("my papers/db"), "\"my papers/db\"");
        assert_eq!(quoted(""), "\"\"");
    }
}
