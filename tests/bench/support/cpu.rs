//! What a process has used, as the kernel counts it.

use std::collections::HashMap;
use std::fs;

/// The CPU time of each thread of a process, in nanoseconds.
pub struct CpuTime(HashMap<String, u64>);

impl CpuTime {
    pub fn of(pid: u32) -> Self {
        let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("a process");
        let times = threads.filter_map(|thread| {
            let thread = thread.ok()?;
            // A thread may end while we look.
            let stat = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let nanos = stat.split_whitespace().next()?.parse().ok()?;
            Some((thread.file_name().to_string_lossy().into_owned(), nanos))
        });
        Self(times.collect())
    }

    /// Nanoseconds used since `earlier`, by the threads that there are now.
    pub fn since(&self, earlier: &Self) -> u64 {
        let used = self.0.iter().map(|(thread, now)| {
            now.saturating_sub(earlier.0.get(thread).copied().unwrap_or_default())
        });
        used.sum()
    }
}

/// The memory of a process that is in RAM, in bytes.
pub fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1));
    let kilobytes: u64 = kilobytes.expect("VmRSS").parse().expect("a number");
    kilobytes * 1024
}
