//! The core that a bench runs on, and the memory that it takes.

use std::fs;

pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// A figure of the process's memory, by its name in `/proc/self/status`, in MiB.
pub fn memory_mib(name: &str) -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let kib: u64 = line.ok_or("no such figure")?.trim().trim_end_matches(" kB").parse()?;
    Ok(kib / 1024)
}

/// Stays on the last of the cores that this process may use, as the peers do.
#[cfg(target_os = "linux")]
pub fn pin_to_one_core() -> Result<()> {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
    let allowed = sched_getaffinity(None)?;
    let last = (0..CpuSet::MAX_CPU).rev().find(|core| allowed.is_set(*core)).ok_or("no core")?;
    let mut one = CpuSet::new();
    one.set(last);
    sched_setaffinity(None, &one)?;
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub fn pin_to_one_core() -> Result<()> {
    Err("this bench pins itself to a core, which it can on Linux only".into())
}
