//! Broken promises, as they are found.

use std::sync::{Mutex, PoisonError};

/// How many are told of one check; more of the same say nothing new.
const TOLD: usize = 6;

/// A list that several threads write to.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<String>>);

impl Faults {
    pub(super) fn note(&self, what: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(what);
    }

    /// Forgets what is none after all.
    pub(super) fn forgive(&self, words: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|fault| !fault.contains(words));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// Takes what was found until now, shortened.
    pub(super) fn take(&self) -> Vec<String> {
        let mut all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        if all.len() > TOLD {
            let more = all.len() - TOLD;
            all.truncate(TOLD);
            all.push(format!("… and {more} more"));
        }
        all
    }
}

/// What one harness comes to.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) passed: u64,
    pub(super) failed: u64,
    /// What was not done because something is missing that anybody can install.
    pub(super) skipped: Vec<String>,
    /// What was not done because it may not be done here.
    pub(super) refused: Vec<String>,
}

impl Tally {
    /// Counts one check and tells what it found.
    pub(super) fn check(&mut self, what: &str, faults: &Faults) {
        let found = faults.take();
        if found.is_empty() {
            self.passed += 1;
            return;
        }
        self.failed += 1;
        eprintln!("BROKEN {what}");
        found.iter().for_each(|fault| eprintln!("    {fault}"));
    }

    pub(super) fn add(&mut self, other: Tally) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped.extend(other.skipped);
        self.refused.extend(other.refused);
    }
}
