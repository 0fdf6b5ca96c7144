//! What a log asks of a witness, and how a witness answers (C2SP tlog-witness, v1.0.0, `add-checkpoint`).

use std::fmt;

use crate::lines::from_decimal;
use crate::note::{Checkpoint, KeyKind, NOTE_LIMIT, Note, VerifierKey, from_base64, to_base64};
use crate::tree::{Hash, PATH_LIMIT, check_consistency, empty_root};

/// The longest request, in bytes.
pub const REQUEST_LIMIT: usize = NOTE_LIMIT + 64 * 64;

/// A log's request: sign this checkpoint, which is the one you know and more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddCheckpoint {
    /// The size that the log believes the witness to know.
    pub old: u64,
    /// The proof that the tree of that size is the beginning of the new one.
    pub path: Vec<Hash>,
    /// The checkpoint.
    pub checkpoint: String,
}

impl AddCheckpoint {
    /// The body of the request.
    pub fn encode(&self) -> String {
        let mut out = format!("old {}\n", self.old);
        for hash in &self.path {
            out += &to_base64(hash);
            out.push('\n');
        }
        out.push('\n');
        out + &self.checkpoint
    }

    /// Reads the body of a request; None if it is none.
    pub fn parse(body: &str) -> Option<Self> {
        if body.len() > REQUEST_LIMIT {
            return None;
        }
        let (head, checkpoint) = body.split_once("\n\n")?;
        let mut lines = head.split('\n');
        let old = lines.next()?.strip_prefix("old ").and_then(from_decimal)?;
        let path = lines.map(from_base64).collect::<Option<Vec<_>>>()?;
        (path.len() <= PATH_LIMIT).then(|| Self { old, path, checkpoint: checkpoint.to_owned() })
    }
}

/// How a witness answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// 200 with a cosignature over this checkpoint, once the witness remembers it durably.
    Sign(Checkpoint),
    /// 400: it is no request, or the log says that its tree shrank.
    BadRequest,
    /// 403: no key known for this log signed it.
    Forbidden,
    /// 404: the log is not known.
    UnknownLog,
    /// 409 with the size that the witness knows: the log is to ask again from there.
    Conflict(u64),
    /// 422: the proof does not show it, or there are two trees of one size.
    Unprocessable,
}

impl Answer {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Answer::Sign(_) => 200,
            Answer::BadRequest => 400,
            Answer::Forbidden => 403,
            Answer::UnknownLog => 404,
            Answer::Conflict(_) => 409,
            Answer::Unprocessable => 422,
        }
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Sign(checkpoint) => write!(f, "signs {} at {}", checkpoint.origin, checkpoint.size),
            Answer::BadRequest => f.write_str("not a request of add-checkpoint"),
            Answer::Forbidden => f.write_str("no known key of this log signed the checkpoint"),
            Answer::UnknownLog => f.write_str("no log of this origin is known here"),
            Answer::Conflict(size) => write!(f, "the last size seen is {size}"),
            Answer::Unprocessable => f.write_str("the proof does not show that nothing was taken back"),
        }
    }
}

/// Decides on a request. `log` gives, for an origin, the log's keys and the last size and root that this witness has
/// signed (0 and the empty root at first), or nothing if the log is unknown.
///
/// The caller holds a lock from before `log` is asked until the new state is durable, and signs only then.
pub fn consider(body: &str, log: impl FnOnce(&str) -> Option<(Vec<VerifierKey>, u64, Hash)>) -> Answer {
    let Some(request) = AddCheckpoint::parse(body) else { return Answer::BadRequest };
    let Ok(note) = Note::parse(&request.checkpoint) else { return Answer::BadRequest };
    let Ok(checkpoint) = Checkpoint::parse(&note.text) else { return Answer::BadRequest };
    let Some((keys, size, root)) = log(&checkpoint.origin) else { return Answer::UnknownLog };
    let signed =
        note.verify(&keys).is_ok_and(|signed| signed.iter().any(|signed| signed.kind == KeyKind::Log));
    if !signed {
        return Answer::Forbidden;
    }
    if request.old > checkpoint.size {
        return Answer::BadRequest;
    }
    if request.old != size {
        return Answer::Conflict(size);
    }
    let shown = match size {
        0 => request.path.is_empty() && (checkpoint.size > 0 || checkpoint.root == empty_root()),
        _ => check_consistency(size, &root, checkpoint.size, &checkpoint.root, &request.path).is_ok(),
    };
    if shown { Answer::Sign(checkpoint) } else { Answer::Unprocessable }
}
