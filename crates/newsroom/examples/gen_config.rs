//! Prints what is said about the configuration, for `cargo xtask gen`: `example`, `reference` or `schema`.

use std::io::Write as _;
use std::process::ExitCode;

use newsroom::config::writeup;

fn main() -> ExitCode {
    let text = match std::env::args().nth(1).as_deref() {
        Some("example") => writeup::example(),
        Some("reference") => writeup::reference(),
        Some("schema") => writeup::json_schema(),
        _ => return ExitCode::from(2),
    };
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}
