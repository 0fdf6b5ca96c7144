//! Simulated histories: the real newsroom, with agencies, operators, readers, a clock and a disk that are invented from
//! a seed, and an oracle that knows only the four promises.
//!
//! A history is a row of [`Event`]s, drawn from a seed by [`invent`]. [`play`] walks it on a store of its own and lets the
//! oracle look after each step. What the oracle holds against the newsroom comes only from what was delivered, ordered
//! and answered: it shares no code with the desk and knows neither rulings nor standings. A history that breaks a promise
//! is made as short as it can be while it still breaks it ([`shorten`]), and is told as a [`Story`].
//!
//! Same seed, same history: chance, clock and disk are the seed's, and nothing runs beside anything else.
//!
//! Never shipped.

mod chance;
mod event;
mod oracle;
mod outlets;
mod readers;
mod stage;
mod wires;

pub use newsroom::rehearsal::Fate;

pub use event::{Event, Switch, invent};
pub use oracle::Broken;
pub use outlets::Manner;
pub use stage::{Story, play, shorten};
pub use wires::{Embargo, Feed, Says, Transmission, Wire};
