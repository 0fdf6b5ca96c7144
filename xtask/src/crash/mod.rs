//! `cargo xtask crash`: does the built program keep its promises when it is killed, when calls to the system fail,
//! when the power goes, and when bits flip?
//!
//! Everything is judged from outside, by what was acknowledged: a push that was answered 201, a file that lies in
//! `done/`, a polled body whose tag was shown, a line that `verbatim publish` printed, a kill that returned. Each of
//! these must be true after every crash, from the very first answer on ([`oracle`]).
//!
//! | harness | what it does |
//! |---|---|
//! | [`kills`] | SIGKILL at random moments under traffic from every door |

use std::path::{Path, PathBuf};

use faults::Tally;

mod chance;
mod faults;
mod flips;
mod house;
mod http;
mod kills;
mod ledger;
mod load;
mod oracle;
mod power;
mod syscalls;
mod tools;
mod torn;
mod wire;

pub(crate) const USAGE: &str = "";

/// Runs what is asked for.
pub(crate) fn run(root: &Path, words: &[&str]) -> Result<(), String> {
    let program = root.join("target/debug/verbatim");
    let seed = 7;
    let tally = match words {
        ["--syscalls", sample] => syscalls::run(&program, sample.parse().unwrap_or(7), seed)?,
        ["--power", n, fs] => power::run(&program, n.parse().unwrap_or(3), fs, seed)?,
        ["--flips", n] => flips::run(&program, n.parse().unwrap_or(3), seed)?,
        ["--torn", n] => torn::run(&program, n.parse().unwrap_or(3), seed)?,
        _ => kills::run(&program, 40, seed)?,
    };
    println!("{} passed, {} failed", tally.passed, tally.failed);
    Ok(())
}
