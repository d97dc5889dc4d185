//! What reading mapped files has cost a thread.

/// Pages of mapped files that were not in memory when this thread read them; `None` where the system does not say. Costs some
/// ten microseconds.
pub(crate) fn page_waits() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    let stat = std::fs::read_to_string("/proc/thread-self/stat").ok()?;
    // proc_pid_stat(5): the second field is a name in brackets, the twelfth counts major faults.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(9)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn linux_counts_waits() {
        assert_eq!(page_waits().is_some(), cfg!(target_os = "linux"));
        let names_the_field = |stat: &str| {
            let (_, rest) = stat.rsplit_once(')').unwrap();
            rest.split_whitespace().count() > 40
        };
        if cfg!(target_os = "linux") {
            assert!(names_the_field(&std::fs::read_to_string("/proc/thread-self/stat").unwrap()));
        }
    }
}
