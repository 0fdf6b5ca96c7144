//! Step 4: what is done with a version.
//!
//! Everything here is a pure function of (the story so far, this version, the rules, now): no input or output, no
//! clock, no randomness, and never a touch to a text. The same question always has the same answer, so a decision
//! can be recorded and replayed, tested from a table and driven through random histories.
//!
//! | what happens | function |
//! |---|---|
//! | a version arrives | [`decide`] |
//! | a document names another item as canceled or withheld | [`targets`] of the document, then [`fall`] for each |
//! | words of a document seem to kill another item | [`kill_text::classify`], [`kill_text::matching`], then [`suspend`] |
//! | which other items it belongs together with | [`ties`] |
//! | the operator commands | [`operate`] |
//! | the operator reviewed or edited a version | [`revise`] |
//! | an instant is reached | [`next_due`], then [`tick`] until it says `None` ([`tick_on_hold`] under *hold everything*) |
//!
//! Each answers with a [`Decision`]: the ruling with its reasons ([`code`]), the ordinal of a version it adds, and
//! the changes of standing that the record writes down. [`Story::apply`] does to a [`Story`] what the record does.
//!
//! # The table
//!
//! Identity is `(agency, uri)`; this crate sees one item's story at a time. A version is ordered by what its format
//! says (number, time, or arrival), never by one timestamp alone.
//!
//! | situation | ruling | codes |
//! |---|---|---|
//! | new item, usable | publish | `new` |
//! | higher version | update; the older is superseded, and what waited before it is overtaken | `update` |
//! | higher number, same words | update | `metadata` |
//! | lower version | ignore (alarm if it withholds) | `late` |
//! | same version, same copy | ignore, and nothing is added; a newer *time* with the same copy is the same | `redelivery` |
//! | … of a version that is off here, and it is withheld or embargoed now | what is live of the item is recalled | `withheld`, `embargoed` |
//! | … but status, embargo or expiry moved | acted on, under the ordinal it has | `withheld`, `embargoed`, `usable-again`, `terms-changed` … |
//! | no explicit version, other copy | update; silent if the claimed time did not move | `update`, `silent-change` |
//! | same explicit version, other copy | update, silent | `silent-change` |
//! | an earlier copy without a newer time | ignore | `earlier-copy` |
//! | a fourth change within an hour, not numbered by the agency | hold | `too-many-changes` |
//! | names others as canceled or withheld | ignore; see [`fall`] for the others | `withdraws-another` |
//! | canceled, or a machine-readable kill signal, under any version number | kill | `canceled` |
//! | a kill for an item never seen | kill, remembered; what comes later is held | `killed-unseen`, `killed-before-arrival` |
//! | a later version of a killed item | hold, alarm; released by its number only | `kill-sticky` |
//! | a kill again | ignore | `already-killed` |
//! | `at:deleted-entry` older than the live version (RFC 6721 §3) | ignore | `deleted-before-update` |
//! | words that kill or withhold | hold, recall, alarm; later versions are held too | `kill-text` |
//! | withheld | hold, recall; the next usable version, or the same one said usable, is published | `withheld`, `usable-again` |
//! | withheld by another document | hold, recall; the next version is published | `withheld-by-another` |
//! | embargo until an instant | hold until then, recall; a moved embargo is followed | `embargoed`, `embargo-lifted` |
//! | embargo without end, or spoken of in words only | hold for a person, recall | `embargo-indefinite`, `embargo-text` |
//! | unknown status | hold, alarm; what is live stays | `unknown-status` |
//! | a complaint that holds, or nothing was read | hold, alarm; what is live stays | `unreadable`, `lost` |
//! | usable without a word | hold; what is live stays | `empty` |
//! | advisory, daybook, test | ignore; hold if only words say so; hold and recall if the item is live | `not-for-publication` |
//! | no story in words | ignore | `not-text` |
//! | expired on arrival; an expiry is reached | ignore; hold with recall, and the item is expired | `expired` |
//! | an expired version with a longer licence | publish, as a version of its own | `expiry-extended` |
//! | first contact, older than the backlog or undated | ignore, no alarm; can be released | `backlog` |
//! | a safety rule finds something where all else would publish | hold; what is live stays | [`safety::Rule`] |
//! | a later version of a story that was edited here | hold, alarm; what is live stays | `edited-here` |
//! | a person reviews or edits a version | publish or update, as a version of its own | `reviewed`, `edited`, `altered` |
//! | a route of the house's holds or ignores it | hold, ignore | `route-hold`, `route-ignore` |
//! | the contract's daily cap is reached: a new story | hold | `daily-cap` |
//! | the operator holds the item, or everything | hold | `operator-hold`, `hold-all` |
//!
//! # What the table cannot say
//!
//! *A version's ruling is not the item's state.* Only withheld, an embargo, words that kill, and the operator's hold
//! recall what is live; any other hold on version 2 leaves version 1 live, with an alarm if version 2 is a
//! correction. Spiking version 2 leaves version 1.
//!
//! *Severity wins.* Where several things are said, the most restrictive is done, and the gravest reason stands
//! first. Words only ever hold ([`news::Signal::from_text`]): they neither kill nor publish, and never lift a hold.
//! A person who releases a version has read its words: a redelivery of it is not held for them again.
//!
//! *A hold that only a person lifts* (operator, words that kill) holds every later version too, until one is
//! released. A hold that follows the agency's own status ends when the agency says usable.
//!
//! *One item on two feeds* is one story: the caller passes the stricter policy.
//!
//! *Safety rules* ([`safety`]) come last and only ever hold. What they know beyond one story is a value that the
//! caller keeps ([`safety::Watch`]) and passes in as a [`Sight`].

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
mod revise;
pub mod route;
pub mod safety;
mod story;
#[cfg(test)]
mod tests;
mod ties;

pub use clock::{next_due, tick, tick_on_hold};
pub use decide::{decide, expiry};
pub use decision::{Decision, Terms};
pub use fall::{fall, suspend, targets};
pub use operate::{Command, RefuseCommandError, operate};
pub use policy::Policy;
pub use revise::{Revised, revise};
pub use safety::{Safety, Sight};
pub use story::{Known, Story};
pub use ties::{TIES, ties};
