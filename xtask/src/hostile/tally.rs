//! What was looked at, and what was wrong with it.

use std::fmt::Display;

/// At most so many faults of one group are told in full.
const TOLD: usize = 12;

/// Everything that was checked, group by group.
#[derive(Default)]
pub(super) struct Tally {
    groups: Vec<Group>,
}

/// Checks of one kind.
pub(super) struct Group {
    passed: u64,
    faults: Vec<String>,
    remarks: Vec<String>,
}

impl Tally {
    /// Runs the checks of one group and says how they went.
    ///
    /// # Errors
    /// The group could not be run at all, or it checked nothing.
    pub(super) fn group(
        &mut self,
        name: &str,
        checks: impl FnOnce(&mut Group) -> Result<(), String>,
    ) -> Result<(), String> {
        let start = std::time::Instant::now();
        let mut group = Group { passed: 0, faults: Vec::new(), remarks: Vec::new() };
        let run = checks(&mut group);
        let Group { passed, faults, .. } = &group;
        let seconds = start.elapsed().as_secs_f32();
        println!("{name:<58} {passed:>6} passed {:>4} failed  {seconds:>6.1} s", faults.len());
        for remark in &group.remarks {
            println!("    {remark}");
        }
        for fault in faults.iter().take(TOLD) {
            eprintln!("!! {name}: {fault}");
        }
        if faults.len() > TOLD {
            eprintln!("!! {name}: and {} more", faults.len() - TOLD);
        }
        let empty = *passed == 0 && faults.is_empty();
        self.groups.push(group);
        run.map_err(|fault| format!("{name}: {fault}"))?;
        if empty { Err(format!("{name}: nothing was checked")) } else { Ok(()) }
    }

    /// How many checks passed and how many failed.
    pub(super) fn sum(&self) -> (u64, u64) {
        let failed = self.groups.iter().map(|group| group.faults.len() as u64).sum();
        (self.groups.iter().map(|group| group.passed).sum(), failed)
    }
}

impl Group {
    /// One check; `what` says what is wrong.
    pub(super) fn check(&mut self, well: bool, what: impl FnOnce() -> String) {
        if well { self.passed += 1 } else { self.faults.push(what()) }
    }

    /// The same, where the fault is told by whoever looked.
    pub(super) fn settle(&mut self, what: impl Display, looked: Result<(), String>) {
        match looked {
            Ok(()) => self.passed += 1,
            Err(fault) => self.faults.push(format!("{what}: {fault}")),
        }
    }

    /// Something worth telling that is no fault.
    pub(super) fn remark(&mut self, what: String) {
        self.remarks.push(what);
    }
}

/// A text as it may stand in a terminal: short, on one line, without anything that drives it.
pub(super) fn tame(text: &str) -> String {
    let short: String = text.chars().take(90).collect();
    short.escape_debug().to_string()
}
