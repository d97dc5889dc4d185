//! Large buffers in large pages.

#![allow(unsafe_code)]

/// Smaller buffers do not fill a few large pages.
#[cfg(target_os = "linux")]
const BYTES_MIN: usize = 4 << 20;

/// A vector of `length` copies of `value`. Linux is asked for pages of 2 MiB where it is large: a
/// model's weights are then ready after hundreds of page faults instead of a hundred thousand.
pub(super) fn filled<T: Copy>(value: T, length: usize) -> Vec<T> {
    let mut all = Vec::with_capacity(length);
    #[cfg(target_os = "linux")]
    advise(all.spare_capacity_mut());
    all.resize(length, value);
    all
}

/// Asks for large pages; in vain where the system has none, which costs nothing but time.
#[cfg(target_os = "linux")]
fn advise<T>(memory: &mut [std::mem::MaybeUninit<T>]) {
    use rustix::mm::{Advice, madvise};
    use rustix::param::page_size;

    let bytes = size_of_val(memory);
    let start = memory.as_mut_ptr().cast::<u8>();
    let before = start.align_offset(page_size());
    if bytes < BYTES_MIN || before > bytes {
        return;
    }
    let length = (bytes - before) / page_size() * page_size();
    // SAFETY: whole pages inside of memory that is ours alone; this advice changes no content.
    let _ = unsafe { madvise(start.wrapping_add(before).cast(), length, Advice::LinuxHugepage) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_is_the_value_whatever_the_size() {
        for length in [0, 1, 1_000, 3 << 20] {
            let all = filled(7_u32, length);
            assert_eq!(all.len(), length);
            assert!(all.iter().all(|value| *value == 7));
        }
    }
}
