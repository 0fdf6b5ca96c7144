//! Asks witnesses for their signature (C2SP tlog-witness, v1.0.0): what is sent and what comes back, not what it means.

use crate::reader::{Answer, ReadError, Reader};

/// How a witness answers `add-checkpoint`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It signed: the lines of its signatures.
    Signed(String),
    /// It knows another size than it was told: the log is to ask again from there.
    Conflict(u64),
    /// It refuses: the status, and what it says.
    Refused(u16, String),
}

/// How much of what a witness says is repeated.
const SAID: usize = 200;

fn below(prefix: &str, path: &str) -> String {
    format!("{}/{path}", prefix.trim_end_matches('/')) // not copy: an address
}

/// Shows a checkpoint to the witness at this address. `body` is a request of `add-checkpoint`.
///
/// # Errors
/// There is no answer.
pub async fn add_checkpoint(reader: &Reader, prefix: &str, body: String) -> Result<Reply, ReadError> {
    let Answer { status, body, .. } = reader.post(&below(prefix, "add-checkpoint"), body).await?;
    let text = String::from_utf8_lossy(&body).into_owned();
    // not copy: a number
    let size = text.trim_ascii_end().parse();
    Ok(match (status, size) {
        (200, _) => Reply::Signed(text),
        (409, Ok(size)) => Reply::Conflict(size),
        _ => {
            let said = text.chars().take(SAID).map(|c| if c.is_control() { ' ' } else { c }).collect();
            Reply::Refused(status, said)
        }
    })
}

/// The last checkpoint that the witness at this address has seen of a log; `log` is SHA-256 of its name in hexadecimal
/// digits. None if it does not say.
///
/// # Errors
/// There is no answer.
pub async fn last_seen(reader: &Reader, prefix: &str, log: &str) -> Result<Option<String>, ReadError> {
    let Answer { status, body, .. } = reader.get(&below(prefix, &format!("{log}/checkpoint"))).await?;
    Ok(String::from_utf8(body).ok().filter(|_| status == 200))
}
