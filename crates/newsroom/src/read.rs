//! Step 3: bytes become versions and complaints. Never fails as a whole.

use std::panic::{AssertUnwindSafe, catch_unwind};

use news::{Complaint, Gravity};
use store::Archived;
use wire::Hints;

use crate::steps::Reading;

/// Reads a transmission that is durable.
pub(crate) fn read(archived: Archived, hints: &Hints) -> Reading {
    let mut reading = attempt(archived.bytes(), hints);
    if reading.items.is_empty() && reading.complaints.is_empty() {
        let message = "the transmission holds no item; an empty delivery is worth a question to the agency";
        reading.complaints.push(Complaint::new(Gravity::Remark, "no-item", message));
    }
    Reading { archived, reading }
}

/// Reads bytes. A reader that panics is our defect, not the operator's loss: the transmission then yields a complaint
/// like any other that cannot be read.
pub(crate) fn attempt(bytes: &[u8], hints: &Hints) -> wire::Reading {
    let attempt = catch_unwind(AssertUnwindSafe(|| wire::read(bytes, hints)));
    attempt.unwrap_or_else(|_| {
        let message = "the reader gave up on this transmission; its bytes are archived, please report them";
        wire::Reading {
            format: None,
            items: Vec::new(),
            complaints: vec![Complaint::new(Gravity::Lost, "reader-failed", message)],
        }
    })
}
