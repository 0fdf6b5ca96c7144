//! Reads what libFuzzer makes up, as the format that `VERBATIM_FORMAT` names, or as whatever it is recognised as.
//!
//! A reader may only complain. It fails here if it panics, hangs, needs more than ten times the memory of what it is
//! given, says nothing where nothing came of it, or cannot write back what it read.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use peak_alloc::PeakAlloc;
use wire::{Account, Format, Hints, Limits};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// Memory that a reading may take whatever the size of its input: tables that are made once, the first blocks.
const FREE: usize = 1 << 20;
/// So many bytes for one that came in.
const RATIO: usize = 10;

fn hints() -> &'static Hints {
    static HINTS: OnceLock<Hints> = OnceLock::new();
    HINTS.get_or_init(|| {
        let word = std::env::var("VERBATIM_FORMAT").unwrap_or_default();
        let limits = Limits { bytes: 1 << 20, ..Limits::default() };
        Hints { format: Format::from_word(&word), limits, ..Hints::default() }
    })
}

fuzz_target!(|bytes: &[u8]| {
    let hints = hints();
    // Once for the tables that are made at first use.
    static FIRST: OnceLock<()> = OnceLock::new();
    FIRST.get_or_init(|| drop(wire::read(bytes, hints)));
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let reading = wire::read(bytes, hints);
    let taken = MEMORY.peak_usage().saturating_sub(before);
    assert!(taken <= FREE + RATIO * bytes.len(), "{taken} bytes of memory for {} of input", bytes.len());
    for version in &reading.items {
        assert!(version.span.start <= version.span.end && version.span.end <= bytes.len(), "{:?}", version.span);
        for block in version.copy.blocks() {
            assert!(!block.text().is_empty() && !block.text().contains("\n\n"));
        }
    }
    let lost = reading.complaints.iter().any(|complaint| complaint.gravity == news::Gravity::Lost);
    assert!(lost || !reading.items.is_empty(), "nothing came of it and nobody is told");
    let account = Account::of(bytes, hints);
    drop(account.parts());
    drop(account.write_back());
});
