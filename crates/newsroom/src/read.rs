//! Step 3: bytes become versions and complaints. Never fails as a whole.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use news::{Complaint, Gravity};
use store::Archived;
use wire::Hints;

use crate::clock::Since;
use crate::steps::Reading;

/// Gives every item of a transmission the same time to be read in.
#[derive(Debug)]
pub(crate) struct EachItem {
    allowed: Duration,
    begun: Mutex<Since>,
}

impl EachItem {
    /// So long may one item take.
    pub(crate) fn may_take(allowed: Duration) -> Self {
        Self { allowed, begun: Mutex::new(Since::now()) }
    }
}

impl wire::Watch for EachItem {
    fn item_begins(&self) {
        *self.begun.lock().unwrap_or_else(PoisonError::into_inner) = Since::now();
    }

    fn is_over(&self) -> bool {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).elapsed() > self.allowed
    }
}

/// Reads a transmission that is durable, if that was not done while it waited (`early`). Says how long it took.
pub(crate) fn read(archived: Archived, hints: &Hints, early: Option<Early>) -> (Reading, Duration) {
    let Early { mut reading, took } = early.unwrap_or_else(|| attempt(archived.bytes(), hints));
    if reading.items.is_empty() && reading.complaints.is_empty() {
        let message = "the transmission holds no item; an empty delivery is worth a question to the agency";
        reading.complaints.push(Complaint::new(Gravity::Remark, "no-item", message));
    }
    (Reading { archived, reading }, took)
}

/// What was read of a transmission, and how long it took.
#[derive(Debug)]
pub(crate) struct Early {
    pub(crate) reading: wire::Reading,
    took: Duration,
}

/// Reads bytes. A reader that panics is our defect, not the operator's loss: the transmission then yields a complaint
/// like any other that cannot be read.
pub(crate) fn attempt(bytes: &[u8], hints: &Hints) -> Early {
    let begun = Since::now();
    let attempt = catch_unwind(AssertUnwindSafe(|| wire::read(bytes, hints)));
    let reading = attempt.unwrap_or_else(|_| {
        let message = "the reader gave up on this transmission; its bytes are archived, please report them";
        wire::Reading {
            format: None,
            masthead: None,
            items: Vec::new(),
            complaints: vec![Complaint::new(Gravity::Lost, "reader-failed", message)],
        }
    });
    Early { reading, took: begun.elapsed() }
}
