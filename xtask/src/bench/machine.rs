//! What machine it is, and what it was doing.

use std::fs::read_to_string;
use std::io::{Error, Result};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::crash::house::House;

/// What a process has used by now.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usage {
    /// CPU time of all its threads, user and system, to a hundredth of a second.
    pub(super) cpu: Duration,
    /// Resident bytes.
    pub(super) rss: u64,
}

impl Usage {
    /// Of the program in a house.
    pub(super) fn of(house: &House) -> Result<Self> {
        Self::of_process(house.pid().ok_or_else(|| Error::other("nothing runs"))?)
    }

    /// Of a process.
    pub(super) fn of_process(pid: u32) -> Result<Self> {
        // The name of the program stands in brackets and may hold anything.
        let stat = read_to_string(format!("/proc/{pid}/stat"))?;
        let fields: Vec<u64> = stat
            .rsplit(')')
            .next()
            .map(|rest| rest.split_whitespace().map(|field| field.parse().unwrap_or(0)).collect())
            .unwrap_or_default();
        let field = |n: usize| fields.get(n - 3).copied().unwrap_or(0);
        // proc(5): 14 utime, 15 stime in hundredths of a second, 24 rss in pages.
        Ok(Self { cpu: Duration::from_millis((field(14) + field(15)) * 10), rss: field(24) * 4_096 })
    }
}

/// Seconds since 1970.
pub(super) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

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
