//! The desk.
#![allow(dead_code)]
mod assess;
mod clock;
pub mod code;
mod decide;
mod decision;
mod fall;
mod history;
pub mod kill_text;
mod operate;
mod policy;
mod story;
#[cfg(test)]
mod tests;

pub use clock::{next_due, tick, tick_on_hold};
pub use decide::{decide, expiry};
pub use decision::{Decision, Terms};
pub use fall::{fall, suspend, targets};
pub use operate::{Command, RefuseCommandError, operate};
pub use policy::{Policy, Safety};
pub use story::{Known, Story};
