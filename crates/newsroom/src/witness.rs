//! A witness for the logs of others (C2SP tlog-witness, v1.0.0): it signs a checkpoint once it has seen that nothing was
//! taken back since the one that it signed before, and has made durable that it did. Publishers can watch one another.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ::notary::note::Note;
use ::notary::tree::empty_root;
use ::notary::witness::{Answer, consider};
use ::notary::{Checkpoint, KeyKind, SignerKey, VerifierKey};
use news::Digest;
use rustix::fs::{FlockOperation, flock};

use crate::clock::Clock;
use crate::notary::{LogError, key_in, make_key_named};

/// A witness cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenWitnessError {
    /// Its key cannot be used.
    #[error(transparent)]
    Key(#[from] LogError),
    /// The key is that of a log.
    #[error(
        "the key in {} is that of a log, not of a witness; let `verbatim witness --name NAME` make one in a file of its own",
        .0.display()
    )]
    NoWitness(PathBuf),
    /// A file of its memory could not be used.
    #[error("{doing} {}: {source}", .path.display())]
    File {
        /// What was being done.
        doing: &'static str,
        /// To which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// Another process uses its memory.
    #[error("{} is used by another witness; one memory has one witness", .0.display())]
    Held(PathBuf),
    /// What it remembers of a log is damaged.
    #[error(
        "{} does not say what was signed last, so nothing can be signed; bring back the file, or give the witness a new key \
         and an empty folder",
        .0.display()
    )]
    Damaged(PathBuf),
}

/// What a witness answers: status, body, and whether the body is the size that it knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// Whether the body is a size, and nothing but.
    pub is_size: bool,
}

/// One log that is watched.
struct Watched {
    keys: Vec<VerifierKey>,
    path: PathBuf,
    /// The last note that was signed, and what it says.
    last: Mutex<Option<(Checkpoint, String)>>,
}

/// A witness with its memory.
pub struct Witness {
    key: SignerKey,
    clock: Clock,
    logs: HashMap<String, Watched>,
    _lock: File,
}

impl std::fmt::Debug for Witness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Witness").field("key", &self.key).finish_non_exhaustive()
    }
}

impl Witness {
    /// Opens the memory in `folder`, or makes it. `key_file` must be readable by its owner only; if it is not there and a
    /// `name` is given, it is made. `logs` are the keys of the logs that are watched, by whose names they are known.
    ///
    /// # Errors
    /// [`OpenWitnessError`].
    pub fn open(
        folder: &Path,
        key_file: &Path,
        name: Option<&str>,
        logs: Vec<VerifierKey>,
    ) -> Result<Self, OpenWitnessError> {
        let key = match (name, key_file.exists()) {
            (Some(name), false) => make_key_named(key_file, name, KeyKind::Witness)?,
            _ => key_in(key_file)?,
        };
        if key.verifier().kind() != KeyKind::Witness {
            return Err(OpenWitnessError::NoWitness(key_file.to_owned()));
        }
        let lock = hold(folder)?;
        let mut watched: HashMap<String, Watched> = HashMap::new();
        for log in logs {
            let origin = log.name().to_owned();
            if let Some(known) = watched.get_mut(&origin) {
                known.keys.push(log);
                continue;
            }
            let path = folder.join(Digest::of(origin.as_bytes()).to_string());
            let last = remembered(&path, &origin, &key.verifier())?;
            watched.insert(origin, Watched { keys: vec![log], path, last: Mutex::new(last) });
        }
        Ok(Self { key, clock: Clock::default(), logs: watched, _lock: lock })
    }

    /// Its public key.
    pub fn key(&self) -> VerifierKey {
        self.key.verifier()
    }

    /// Answers a request of `add-checkpoint`. What it signs is durable before it is signed.
    ///
    /// # Errors
    /// The disk does not take it: nothing is signed.
    pub fn add_checkpoint(&self, body: &str) -> io::Result<Witnessed> {
        let mut held = None;
        let answer = consider(body, |origin| {
            let log = self.logs.get(origin)?;
            let last = log.last.lock().unwrap_or_else(PoisonError::into_inner);
            let known = last.as_ref().map(|(state, _)| (state.size, state.root));
            let (size, root) = known.unwrap_or((0, empty_root()));
            held = Some((log, last));
            Some((log.keys.clone(), size, root))
        });
        let (status, is_size) = (answer.status(), matches!(answer, Answer::Conflict(_)));
        let body = match (answer, held) {
            (Answer::Sign(state), Some((log, mut last))) => {
                let now = u64::try_from(self.clock.now().as_second()).unwrap_or(0);
                let signature = self.key.sign(&state.encode(), now);
                let note = with_signatures(body, &state, &signature.to_string());
                store::write_whole(&log.path, &note, true)?;
                *last = Some((state, note));
                signature.to_string()
            }
            (Answer::Conflict(size), _) => format!("{size}\n"),
            (other, _) => format!("{other}\n"),
        };
        Ok(Witnessed { status, body, is_size })
    }

    /// The last checkpoint that it signed of the log whose name has this SHA-256, in hexadecimal digits.
    pub fn last_seen(&self, log: &str) -> Option<String> {
        let log = self.logs.values().find(|known| known.path.file_name().is_some_and(|name| name == log))?;
        let last = log.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().map(|(_, note)| note.clone())
    }
}

/// The note of the request as it is kept: with the log's signatures as they came, and our own. Extension lines of the
/// text are not signed by us, and not kept.
fn with_signatures(body: &str, state: &Checkpoint, own: &str) -> String {
    let text = state.encode();
    let note = body.split_once("\n\n").and_then(|(_, note)| Note::parse(note).ok());
    let of_log = note.filter(|note| note.text == text).map(|note| note.signatures).unwrap_or_default();
    let of_log: String = of_log.iter().map(ToString::to_string).collect();
    format!("{text}\n{of_log}{own}")
}

/// Takes the folder for this process.
fn hold(folder: &Path) -> Result<File, OpenWitnessError> {
    let fault = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| OpenWitnessError::File { doing, path, source }
    };
    std::fs::create_dir_all(folder).map_err(fault("making the folder", folder))?;
    let path = folder.join("lock");
    let mut options = OpenOptions::new();
    let lock = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
    let lock = lock.map_err(fault("opening", &path))?;
    match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(lock),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenWitnessError::Held(folder.to_owned())),
        Err(error) => Err(fault("locking", &path)(error.into())),
    }
}

/// What was signed last of a log.
fn remembered(
    path: &Path,
    origin: &str,
    own: &VerifierKey,
) -> Result<Option<(Checkpoint, String)>, OpenWitnessError> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(OpenWitnessError::File { doing: "reading", path: path.to_owned(), source });
        }
        Ok(text) => text,
    };
    // Our own signature is under it: what was altered, or was signed by another key, is no memory of ours.
    let state = Note::parse(&text).ok().and_then(|note| {
        note.verify(std::slice::from_ref(own)).ok()?;
        Checkpoint::parse(&note.text).ok().filter(|state| state.origin == origin)
    });
    state.map(|state| Some((state, text))).ok_or_else(|| OpenWitnessError::Damaged(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use ::notary::tree::Hash;
    use ::notary::witness::AddCheckpoint;
    use ::notary::{leaf_hash, tree};

    use super::*;

    fn log_key() -> SignerKey {
        SignerKey::new("log.example/log/0", KeyKind::Log, &[3; 32]).expect("a key")
    }

    fn leaf(n: u64) -> Hash {
        leaf_hash(n.to_string().as_bytes())
    }

    fn state(size: u64) -> Checkpoint {
        let mut edge = tree::Edge::default();
        (0..size).for_each(|n| edge.push(leaf(n)));
        Checkpoint { origin: "log.example/log/0".to_owned(), size, root: edge.root() }
    }

    /// From one leaf to two, the second leaf is the proof.
    fn request(old: u64, state: &Checkpoint) -> String {
        let path = if old == 1 && state.size == 2 { vec![leaf(1)] } else { vec![] };
        AddCheckpoint { old, path, checkpoint: state.sign(&[&log_key()], 0).to_string() }.encode()
    }

    #[test]
    fn what_was_signed_is_remembered_over_a_restart_and_nothing_else_is_signed() {
        let dir = tempfile::tempdir().expect("a folder");
        let open = || {
            Witness::open(
                &dir.path().join("memory"),
                &dir.path().join("key"),
                Some("witness.example"),
                vec![log_key().verifier()],
            )
        };
        let witness = open().expect("a witness");
        assert!(matches!(open(), Err(OpenWitnessError::Held(_))));
        let signed = witness.add_checkpoint(&request(0, &state(1))).expect("an answer");
        assert_eq!((signed.status, signed.is_size), (200, false));
        let note = state(1).sign(&[&log_key()], 0).to_string() + &signed.body;
        let keys = [log_key().verifier(), witness.key()];
        assert_eq!(Note::parse(&note).expect("a note").verify(&keys).expect("signatures").len(), 2);
        let name = Digest::of(b"log.example/log/0").to_string();
        assert_eq!(witness.last_seen(&name), Some(note.clone()));
        drop(witness);

        let witness = open().expect("a witness");
        assert_eq!(witness.last_seen(&name), Some(note));
        let answer =
            |old, state: &Checkpoint| witness.add_checkpoint(&request(old, state)).expect("an answer");
        let conflict = Witnessed { status: 409, body: "1\n".to_owned(), is_size: true };
        assert_eq!(answer(0, &state(2)), conflict);
        let other = Checkpoint { root: [9; 32], ..state(2) };
        assert_eq!(answer(1, &other).status, 422);
        assert_eq!(answer(1, &state(2)).status, 200);
        assert_eq!(answer(2, &state(1)).status, 400);
        assert_eq!(answer(2, &Checkpoint { origin: "x".to_owned(), ..state(2) }).status, 404);
    }

    #[test]
    fn an_altered_memory_is_not_signed_from() {
        let dir = tempfile::tempdir().expect("a folder");
        let (memory, key) = (dir.path().join("memory"), dir.path().join("key"));
        let logs = || vec![log_key().verifier()];
        let witness = Witness::open(&memory, &key, Some("witness.example"), logs()).expect("a witness");
        assert_eq!(witness.add_checkpoint(&request(0, &state(2))).expect("an answer").status, 200);
        drop(witness);
        let file = memory.join(Digest::of(b"log.example/log/0").to_string());
        let text = std::fs::read_to_string(&file).expect("its memory");
        std::fs::write(&file, text.replacen("\n2\n", "\n1\n", 1)).expect("the file");
        assert!(matches!(Witness::open(&memory, &key, None, logs()), Err(OpenWitnessError::Damaged(_))));
    }
}
