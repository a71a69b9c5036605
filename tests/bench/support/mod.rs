//! What the benchmarks share: servers as processes of their own, a world to serve, cheap clients,
//! and figures that are told as ratios.

pub mod client;
pub mod cpu;
pub mod figures;
pub mod nodes;
pub mod postgres;
pub mod rows;
pub mod server;
pub mod webhooks;
pub mod world;

use std::process::exit;

/// Ends the program when its figures would mean nothing.
pub fn must_be_optimised(name: &str) {
    if cfg!(debug_assertions) {
        eprintln!(
            "A debug build tells nothing about speed. Run: cargo bench --features proving --bench {name}"
        );
        exit(2);
    }
}

/// Ends the program when it may not open so many files, and says what to do.
pub fn must_open(files: u64) {
    let limits = std::fs::read_to_string("/proc/self/limits").expect("/proc, so Linux");
    let line = limits
        .lines()
        .find(|line| line.starts_with("Max open files"));
    let soft = line.and_then(|line| line.split_whitespace().nth(3));
    // "unlimited" is no number, and enough.
    let allowed = soft.and_then(|soft| soft.parse().ok()).unwrap_or(u64::MAX);
    if allowed < files {
        eprintln!(
            "A process may open {allowed} files here and this needs {files}. \
             Run `ulimit -n {files}` in this shell first (or raise `nofile` in \
             /etc/security/limits.conf when that is refused)."
        );
        exit(2);
    }
}
