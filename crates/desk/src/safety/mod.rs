//! Safety rules: what makes a good night editor stop, where nothing in status or words says stop.
//!
//! A rule can only turn a publication into a hold, and only where something would be published: what is ignored,
//! killed, withheld or embargoed is so without it. Each rule has a name that is also the code of its reason and the
//! label of its metric, and each can hold, watch only ([`Safety::Shadow`]) or be off, feed by feed ([`Rules`]).
//!
//! | looks at | rules | in |
//! |---|---|---|
//! | the version and its story | dates, gaps, templates, cut and repeated bodies, language, watch list | [`judge`] |
//! | everything else that came | twins, killed words, bursts, senders, silence, breakers | [`Watch`] |
//!
//! What was seen of everything else is a value that the newsroom keeps ([`Watch`]); nothing here reads a clock.

#[cfg(test)]
mod invented;
mod judge;
mod keep;
mod language;
mod profile;
mod rules;
mod sketch;
#[cfg(test)]
mod tests;
mod watch;

pub use keep::SHEET;
pub use profile::Profile;
pub use rules::{Finding, Rule, Rules, Safety};
pub use sketch::{Key, Sketch};
pub use watch::{Arrived, GROUP_FOR, Notice, Traffic, Watch, item_hash};

pub(crate) use judge::judge;

use crate::kill_text::TextKill;

/// What is known around a version when it is decided about. The default knows nothing, and its rules are silent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Sight<'a> {
    /// The version's words, gone through.
    pub profile: Option<&'a Profile>,
    /// What [`Watch::look`] found.
    pub around: &'a [Finding],
    /// What its words order ([`classify`](crate::kill_text::classify)), if somebody has asked already.
    pub orders: Option<Option<&'a TextKill>>,
}
