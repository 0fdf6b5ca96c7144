//! Not read yet.

use crate::{Hints, Reading};

/// Reads nothing yet.
pub fn read(_text: &str, _hints: &Hints) -> Reading {
    Reading::default()
}
