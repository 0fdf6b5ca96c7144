//! What the terminal says. The only place that prints.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "printing is what this file is for")]

use std::fmt::Display;
use std::io::{IsTerminal as _, Write as _};

/// Why a command ended badly; printed once, chain and all.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A line on standard output. A reader that has gone away ends the program quietly, as `head` expects.
pub(crate) fn line(what: impl Display) {
    let mut out = std::io::stdout().lock();
    if writeln!(out, "{what}").and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

/// One value as one line of JSON, also for readers that take U+0085, U+2028 and U+2029 for line ends.
pub(crate) fn json(value: &impl serde::Serialize) {
    match serde_json::to_string(value) {
        Ok(text) => line(one_line(&text)),
        Err(error) => remark(format_args!("a line could not be written as JSON: {error}")),
    }
}

/// Text of several lines on standard output, as it is.
pub(crate) fn all(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}

/// These characters stand in JSON only inside strings, where an escape says the same.
fn one_line(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '\u{85}' | '\u{2028}' | '\u{2029}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            other => out.push(other),
        }
    }
    out
}

/// A remark on standard error: it does not disturb what is piped on.
pub(crate) fn remark(what: impl Display) {
    let _ = writeln!(std::io::stderr(), "{what}");
}

/// What went wrong, with its causes.
pub(crate) fn error(error: &Failure) {
    let mark = if colour() { "\x1b[1;31merror:\x1b[0m" } else { "error:" };
    remark(format_args!("{mark} {error}"));
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        let text = deeper.to_string();
        if !said.contains(&text) {
            remark(format_args!("  because {text}"));
        }
        said = text;
        cause = deeper.source();
    }
}

/// Whether standard error is a terminal that wants colour.
pub(crate) fn colour() -> bool {
    std::env::var_os("NO_COLOR").is_none() && std::io::stderr().is_terminal()
}

/// Text in colour, where colour is wanted: `31` red, `32` green, `33` amber, `2` faint, `1` bold.
pub(crate) fn paint(code: &str, text: impl Display) -> String {
    if colour() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_string() }
}

/// Makes text from outside safe for a terminal: control characters and bidi overrides show as escapes.
pub(crate) fn tame(text: &str) -> String {
    let wild = |c: char| c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().map(|c| if wild(c) { c.escape_unicode().to_string() } else { c.to_string() }).collect()
}

/// Starts the log: to standard error, `VERBATIM_LOG` says how much (as in `info,wire=debug`).
pub(crate) fn start_log(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_env("VERBATIM_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(|| LogLines(std::io::stderr()))
        .with_ansi(colour())
        .with_target(false)
        .try_init();
}

/// Keeps each event of the log on a line of its own: a line break that an agency put into a uri must not look like an
/// event of ours, and nothing else from outside drives the terminal. (Colours are the log's own where they are on; it
/// takes escape characters out of everything else by itself.)
struct LogLines<W>(W);

impl<W: std::io::Write> std::io::Write for LogLines<W> {
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        let tamed = if colour() {
            line.split('\u{1b}').map(tame).collect::<Vec<_>>().join("\u{1b}")
        } else {
            tame(line)
        };
        self.0.write_all(tamed.as_bytes())?;
        self.0.write_all(b"\n")?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::{LogLines, one_line, tame};

    #[test]
    fn an_event_of_the_log_is_one_line() {
        let mut out = LogLines(Vec::new());
        out.write_all(b"INFO ruled uri=urn:x\n2026-01-01 ERROR forged\x1b[31m\n").expect("it is written");
        let line = String::from_utf8(out.0).expect("text");
        assert_eq!(line.lines().count(), 1, "{line}");
        assert!(line.ends_with('\n') && line.contains("\\u{a}2026"));
    }

    #[test]
    fn an_object_is_one_line_for_everybody() {
        let json = serde_json::to_string("a\u{85}b\u{2028}c\nd").expect("a string");
        let line = one_line(&json);
        assert_eq!(line, r#""a\u0085b\u2028c\nd""#);
        assert_eq!(serde_json::from_str::<String>(&line).expect("JSON"), "a\u{85}b\u{2028}c\nd");
    }

    #[test]
    fn a_headline_cannot_drive_the_terminal() {
        assert_eq!(tame("a\u{1b}[31mb\u{202e}c"), "a\\u{1b}[31mb\\u{202e}c");
        assert_eq!(tame("नमस्ते"), "नमस्ते");
    }
}
