//! What machine it is, and what it was doing.

use std::fs::read_to_string;

/// The machine in one line.
pub(super) fn describe() -> String {
    let cpus = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let named = |name: &str| {
        let line = cpus.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(": ")).map_or("?", |(_, value)| value).to_owned()
    };
    let cores = cpus.lines().filter(|line| line.starts_with("processor")).count();
    let memory = read_to_string("/proc/meminfo").unwrap_or_default();
    let kilobytes: u64 = memory
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:")?.trim().strip_suffix(" kB")?.trim().parse().ok())
        .unwrap_or(0);
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!(
        "{cores} cores ({}), {} GiB of memory, Linux {}",
        named("model name"),
        kilobytes.div_ceil(1 << 20),
        kernel.trim().split('-').next().unwrap_or_default()
    )
}

/// How many tasks wanted a core in the last minute.
pub(super) fn load() -> f64 {
    let text = read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().and_then(|load| load.parse().ok()).unwrap_or(0.0)
}
