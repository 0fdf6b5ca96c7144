//! The only place that draws random numbers, from the operating system.

/// Fills an array with random bytes.
///
/// # Panics
/// If the operating system has no randomness to give: nothing that needs an unguessable identifier or salt may go
/// on then.
pub fn bytes<const N: usize>() -> [u8; N] {
    #[cfg(feature = "rehearsal")]
    if let Some(bytes) = crate::rehearsal::drawn() {
        return bytes;
    }
    let mut out = [0; N];
    getrandom::fill(&mut out).expect("the operating system gives random bytes");
    out
}

/// 128 random bits.
pub fn bits() -> u128 {
    u128::from_le_bytes(bytes())
}
