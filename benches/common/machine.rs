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

/// What this process has read from the disk.
pub struct DiskReads {
    pub bytes: u64,
    /// Pages that were waited for one by one.
    pub major_faults: u64,
}

impl DiskReads {
    /// Since the process began.
    pub fn now() -> Result<DiskReads> {
        let io = fs::read_to_string("/proc/self/io")?;
        let bytes = io.lines().find_map(|line| line.strip_prefix("read_bytes: "));
        let stat = fs::read_to_string("/proc/self/stat")?;
        // The program's name, in brackets, may hold blanks; major faults are the tenth field after it.
        let (_, fields) = stat.rsplit_once(')').ok_or("no name in stat")?;
        let faults = fields.split_whitespace().nth(9).ok_or("a short stat")?;
        Ok(DiskReads {
            bytes: bytes.ok_or("no read_bytes")?.parse()?,
            major_faults: faults.parse()?,
        })
    }

    /// From then to now.
    pub fn until_now(&self) -> Result<DiskReads> {
        let now = DiskReads::now()?;
        Ok(DiskReads {
            bytes: now.bytes - self.bytes,
            major_faults: now.major_faults - self.major_faults,
        })
    }
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
