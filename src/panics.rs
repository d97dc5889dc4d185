//! Panics of crates that read foreign files, as errors.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs a call into a crate that reads what somebody else wrote.
///
/// Such crates are made for right files, and panic at some wrong ones. What the call had in its hands
/// must not be used again after an error, so that nothing half-done is seen. In a build whose panics
/// abort, they do.
///
/// # Errors
/// What the panic said.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let said = panic.downcast_ref::<&str>().map(|said| (*said).to_owned());
        let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
        format!("the reader gave up: {}", said.unwrap_or_default())
    })
}

#[cfg(test)]
mod tests {
    use super::caught;

    #[test]
    fn a_panic_is_an_error_in_its_own_words() {
        assert_eq!(caught(|| 7), Ok(7));
        let place = std::hint::black_box(5);
        let said = caught(|| [1, 2, 3][place]).unwrap_err();
        assert!(said.starts_with("the reader gave up: index out of bounds"), "{said}");
    }
}
