//! Panics of code that is not ours, as errors: crates that read foreign files, and users' encoders.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a call into a crate that reads what somebody else wrote.
///
/// Such crates expect valid files and panic on some invalid ones. After an error, the caller must not
/// use what the call worked on, which may be half-done. A build whose panics abort still aborts.
///
/// # Errors
/// What the panic said.
#[cfg(any(feature = "bert", feature = "parquet"))]
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    caught_words(work).map_err(|words| format!("the reader gave up: {words}"))
}

/// As [`caught`], for a call of any kind: the bare words of the panic.
///
/// # Errors
/// What the panic said, or that it said nothing.
pub(crate) fn caught_words<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        said.unwrap_or_else(|| "without a message".to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::caught_words;

    #[test]
    fn a_panic_is_an_error_in_its_own_words() {
        assert_eq!(caught_words(|| 7), Ok(7));
        let place = std::hint::black_box(5);
        let said = caught_words(|| [1, 2, 3][place]).unwrap_err();
        assert!(said.starts_with("index out of bounds"), "{said}");
        let said = caught_words(|| std::panic::panic_any(7)).unwrap_err();
        assert_eq!(said, "without a message");
    }
}
