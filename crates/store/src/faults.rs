//! Faults on purpose, for simulations: what the disk says to the writes of one thread. Built with the feature `faults`
//! only, and never shipped.
//!
//! Everything that becomes durable passes here: each transaction, each record of the kill file, each last word. A process
//! that dies before or after any of them, and starts again, has died at every moment that can make a difference.

use std::cell::Cell;
use std::io;

use crate::StoreError;

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is done, and said to be.
    Well,
    /// It fails, and nothing of it is durable.
    Fails,
    /// It is durable, and said to have failed.
    FailsAfter,
}

#[derive(Clone, Copy, Debug)]
enum Plan {
    Nothing,
    In(u32, Fate),
    /// The disk is gone.
    Met,
}

thread_local! {
    static PLAN: Cell<Plan> = const { Cell::new(Plan::Nothing) };
}

/// After so many further writes of this thread one meets this fate, and all that come after it fail.
pub fn plan(writes: u32, fate: Fate) {
    PLAN.set(Plan::In(writes, fate));
}

/// From here on all goes well. Returns whether the fault that was planned has been met.
pub fn mend() -> bool {
    let plan = PLAN.replace(Plan::Nothing); // not copy: a plan
    matches!(plan, Plan::Met)
}

fn fate() -> Fate {
    match PLAN.get() {
        Plan::Nothing => Fate::Well,
        Plan::Met => Fate::Fails,
        Plan::In(0, fate) => {
            PLAN.set(Plan::Met);
            fate
        }
        Plan::In(left, fate) => {
            PLAN.set(Plan::In(left - 1, fate));
            Fate::Well
        }
    }
}

/// An error that a failing disk gives.
pub(crate) trait Failed {
    fn failed() -> Self;
}

impl Failed for StoreError {
    fn failed() -> Self {
        StoreError::Fatal { doing: String::new(), why: "the disk fails, on purpose".to_owned() }
    }
}

impl Failed for io::Error {
    fn failed() -> Self {
        io::Error::other("the disk fails, on purpose")
    }
}

/// Does a write, as the plan says.
pub(crate) fn meet<T, E: Failed>(write: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    match fate() {
        Fate::Well => write(),
        Fate::Fails => Err(E::failed()),
        Fate::FailsAfter => write().and_then(|_| Err(E::failed())),
    }
}
