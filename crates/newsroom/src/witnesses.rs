//! Witnesses: others who look at each checkpoint and sign it, too, once they have seen that nothing was taken back
//! (C2SP tlog-witness, `add-checkpoint`). They are asked after publication, about the newest checkpoint alone, and delay
//! nobody. One that is missing is an alarm; one that has seen another history of ours stops us.

use std::sync::Arc;
use std::time::Duration;

use ::notary::note::{Note, Signature};
use ::notary::{Checkpoint, KeyKind, VerifierKey};
use lines::reader::Reader;
use lines::witness::{self, Reply};
use news::{Digest, SiteId};
use tokio::sync::watch;
use tokio::task::{JoinSet, spawn_blocking};
use tokio::time::Instant;

use crate::config::{Log, Witness};
use crate::notary::{LogError, state_of};
use crate::{Newsroom, Room};

/// How long a witness may take, and how long its answer may be.
const PATIENCE: Duration = Duration::from_secs(5);
const LONGEST: usize = 64 << 10;
/// How long a start waits for what witnesses have seen.
const AT_START: Duration = Duration::from_secs(2);
/// After how long a witness that failed is asked again: twice as long each time.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How often a witness that refuses is asked about the end of an earlier shard.
const ENOUGH: u32 = 10;
/// How often one witness is asked about one checkpoint: it may know another size than we think.
const TRIES: usize = 3;

/// The signatures of witnesses under the notes of one shard.
#[derive(Debug, Default)]
pub(crate) struct Cosigned {
    /// Under the newest note.
    fresh: Vec<Signature>,
    /// An earlier note that more of them signed, its size, and by how many.
    best: Option<(u64, usize, String)>,
}

impl Cosigned {
    /// The newest note with what witnesses signed of it.
    pub(crate) fn under(&self, note: &str) -> String {
        self.fresh.iter().fold(note.to_owned(), |all, signature| all + &signature.to_string())
    }

    /// The note gives way to a newer one.
    pub(crate) fn give_way(&mut self, note: &str, size: u64) {
        if self.is_best() {
            self.best = Some((size, self.fresh.len(), self.under(note)));
        }
        self.fresh.clear();
    }

    /// How many witnesses signed the newest note.
    pub(crate) fn of_newest(&self) -> usize {
        self.fresh.len()
    }

    fn is_best(&self) -> bool {
        !self.fresh.is_empty() && self.best.as_ref().is_none_or(|(_, n, _)| self.fresh.len() >= *n)
    }

    /// The earlier note, if more witnesses signed it than the newest one, and if it covers the leaf.
    pub(crate) fn better(&self, index: u64) -> Option<(u64, &str)> {
        let (size, _, note) = self.best.as_ref().filter(|(size, ..)| index < *size && !self.is_best())?;
        Some((*size, note))
    }

    /// Takes a signature that holds, under the newest note or another one.
    pub(crate) fn add(&mut self, newest: &str, asked: &str, signature: Signature) {
        if asked == newest {
            self.fresh.retain(|known| (&known.name, known.id) != (&signature.name, signature.id));
            self.fresh.push(signature);
        } else if let Some((_, n, note)) = self.best.as_mut().filter(|(.., note)| note.starts_with(asked)) {
            if !note.contains(&signature.to_string()) {
                *n += 1;
                *note += &signature.to_string();
            }
        } else if self.best.is_none()
            && let Some(state) = state_of(asked)
        {
            self.best = Some((state.size, 1, format!("{asked}{signature}")));
        }
    }

    /// What is kept of it over a restart: the note that most witnesses signed.
    pub(crate) fn kept(&self, newest: &str) -> Option<String> {
        if self.is_best() {
            Some(self.under(newest))
        } else {
            self.best.as_ref().map(|(.., note)| note.clone())
        }
    }

    /// Takes up what was kept, once its log signature is known to hold over the beginning of this tree.
    pub(crate) fn take_up(&mut self, newest: &str, kept: &str, size: u64) {
        let Ok(note) = Note::parse(kept) else { return };
        match kept.strip_prefix(newest) {
            Some(_) => self.fresh = note.signatures.into_iter().skip(1).collect(),
            None => self.best = Some((size, note.signatures.len().saturating_sub(1), kept.to_owned())),
        }
    }
}

/// The signature of one witness among lines that it sent.
pub(crate) fn signature_in(asked: &str, lines: &str, key: &VerifierKey) -> Result<Signature, String> {
    let text = Note::parse(asked).map_err(|error| error.to_string())?.text;
    let holds = |signature: &Signature| {
        let note = Note { text: text.clone(), signatures: vec![signature.clone()] };
        note.verify(std::slice::from_ref(key)).is_ok()
    };
    let signed = lines.lines().filter_map(|line| Signature::parse(line).ok()).find(holds);
    signed.ok_or_else(|| format!("what it sent is no signature of `{}` over this checkpoint", key.name()))
}

/// The name under which witnesses tell what they saw of a log.
fn log_hash(origin: &str) -> String {
    Digest::of(origin.as_bytes()).to_string()
}

/// What the configured witnesses have seen of a log, signed by its own key; each with the witness's name. Waits a moment
/// for those that do not answer.
pub(crate) fn last_seen(log: &Log, key: &VerifierKey) -> Vec<(String, Checkpoint)> {
    if log.witnesses.is_empty() {
        return Vec::new();
    }
    // Nobody knows whether this thread may wait for a runtime of its own; a thread of its own may.
    let ask = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
        Some(runtime.block_on(all_seen(log.witnesses.clone(), key)))
    };
    std::thread::scope(|scope| scope.spawn(ask).join()).ok().flatten().unwrap_or_default()
}

async fn all_seen(witnesses: Vec<Witness>, key: &VerifierKey) -> Vec<(String, Checkpoint)> {
    let Ok(reader) = Reader::new(AT_START, LONGEST) else { return Vec::new() };
    let mut asked = JoinSet::new();
    for witness in witnesses {
        let (reader, key) = (reader.clone(), key.clone());
        asked.spawn(async move {
            let note = seen_by(&reader, &witness, key.name()).await?;
            signed_by(&note, &key).map(|state| (witness.key.name().to_owned(), state))
        });
    }
    asked.join_all().await.into_iter().flatten().collect()
}

async fn seen_by(reader: &Reader, witness: &Witness, origin: &str) -> Option<String> {
    witness::last_seen(reader, witness.url.as_str(), &log_hash(origin)).await.ok().flatten()
}

/// What a note says, if this key signed it.
pub(crate) fn signed_by(note: &str, key: &VerifierKey) -> Option<Checkpoint> {
    let parsed = Note::parse(note).ok()?;
    parsed.verify(std::slice::from_ref(key)).ok()?;
    Checkpoint::parse(&parsed.text).ok().filter(|state| state.origin == key.name())
}

/// Why a witness did not sign.
enum Trouble {
    /// It will be asked again.
    Passing(String),
    /// It shows what our own key signed and what is not our history.
    Fork(LogError),
}

impl<E: std::error::Error> From<E> for Trouble {
    fn from(error: E) -> Self {
        Trouble::Passing(error.to_string())
    }
}

/// One witness, as one site's log knows it.
struct Standing {
    witness: Witness,
    /// The size that it knows, we believe.
    size: u64,
    /// The note that it signed last.
    signed: Option<String>,
    failures: u32,
    /// Not asked before.
    not_before: Instant,
}

impl Newsroom {
    /// Shows the newest checkpoints of all sites to the configured witnesses, until `stop` turns true.
    pub async fn ask_witnesses(&self, stop: watch::Receiver<bool>) {
        if self.room.config.log.witnesses.is_empty() {
            return;
        }
        let reader = match Reader::new(PATIENCE, LONGEST) {
            Ok(reader) => reader,
            Err(error) => return tracing::error!("no witness can be asked: {error}"),
        };
        let mut sites = JoinSet::new();
        for site in self.room.config.sites() {
            sites.spawn(watch_over(Arc::clone(&self.room), site.id().clone(), reader.clone(), stop.clone()));
        }
        sites.join_all().await;
    }
}

async fn watch_over(room: Arc<Room>, site: SiteId, reader: Reader, mut stop: watch::Receiver<bool>) {
    let (mut signs, every) = (room.notary.signs(), room.config.log.witness_every);
    let standing = |witness: &Witness| Standing {
        witness: witness.clone(),
        size: 0,
        signed: None,
        failures: 0,
        not_before: tokio::time::Instant::now(),
    };
    let fresh = || room.config.log.witnesses.iter().map(standing).collect::<Vec<_>>();
    let mut all = fresh();
    let (mut shown, mut ended) = (None, None);
    loop {
        signs.borrow_and_update();
        let Some(note) = room.notary.newest(&site) else { return };
        let origin = state_of(&note).map(|state| state.origin);
        if origin != shown {
            // A shard of its own: nobody has seen a leaf of it. Of the one before not all may have seen the last.
            all = fresh();
            shown = origin;
            let (of, room) = (site.clone(), Arc::clone(&room));
            let last = move || room.notary.ended(&room.store, &of, room.config.log.witnesses.len());
            ended = spawn_blocking(last).await.ok().flatten().map(|last| (last, fresh()));
        }
        if let Some((last, all)) = &mut ended {
            // Nobody is told who does not sign it: a witness may be newer than that shard.
            drop(round(&room, &site, &reader, all, last).await);
            all.retain(|one| one.signed.as_ref() != Some(last) && one.failures < ENOUGH);
        }
        for (i, answer) in round(&room, &site, &reader, &mut all, &note).await {
            tell(&room, &site, &all[i], answer);
        }
        let before = ended.iter().flat_map(|(_, all)| all);
        let behind = all.iter().filter(|one| one.signed.as_ref() != Some(&note)).chain(before);
        let again = behind.map(|one| one.not_before).min();
        let pause = tokio::time::sleep(every);
        tokio::select! {
            // Never more often than that, whatever happens; then when there is something to ask.
            () = async {
                pause.await;
                tokio::select! {
                    _ = signs.changed() => {}
                    () = async { match again { Some(at) => tokio::time::sleep_until(at).await, None => std::future::pending().await } } => {}
                }
            } => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
        if room.is_stopping() {
            return;
        }
    }
}

/// Asks every witness whose turn it is about one note, all at once: so they sign the same one. Returns what each said.
async fn round(
    room: &Arc<Room>,
    site: &SiteId,
    reader: &Reader,
    all: &mut [Standing],
    note: &str,
) -> Vec<(usize, Result<u64, String>)> {
    let mut asked = JoinSet::new();
    for (i, one) in all.iter().enumerate() {
        if one.signed.as_deref() == Some(note) || tokio::time::Instant::now() < one.not_before {
            continue;
        }
        let (room, site, reader) = (Arc::clone(room), site.clone(), reader.clone());
        let (witness, old, note) = (one.witness.clone(), one.size, note.to_owned());
        asked.spawn(async move { (i, ask(&room, &site, &reader, &witness, old, &note).await) });
    }
    let mut said = Vec::new();
    for (i, answer) in asked.join_all().await {
        let one = &mut all[i];
        match answer {
            Ok(size) => {
                (one.size, one.failures) = (size, 0);
                one.signed = Some(note.to_owned());
                said.push((i, Ok(size)));
            }
            Err(Trouble::Passing(why)) => {
                one.failures += 1;
                let pause = PAUSE.saturating_mul(1 << one.failures.min(6)) / 2;
                one.not_before = tokio::time::Instant::now() + pause.min(LONGEST_PAUSE);
                said.push((i, Err(why)));
            }
            Err(Trouble::Fork(error)) => room.fail(&error.to_string()),
        }
    }
    said
}

/// What a witness said of the newest note is shown to the operator.
fn tell(room: &Room, site: &SiteId, one: &Standing, said: Result<u64, String>) {
    let (now, name) = (room.clock.now(), one.witness.key.name());
    match said {
        Ok(size) => room.health.witnessed(site, name, now, size),
        Err(why) => {
            if room.health.not_witnessed(site, name, now, &why) {
                tracing::warn!(%site, witness = name, "the witness did not sign: {why}");
            }
        }
    }
}

/// Asks one witness about one note. Gives the size that it knows from now on.
async fn ask(
    room: &Arc<Room>,
    site: &SiteId,
    reader: &Reader,
    witness: &Witness,
    mut old: u64,
    note: &str,
) -> Result<u64, Trouble> {
    let mut why = String::new();
    for _ in 0..TRIES {
        let (of, about, room_of) = (site.clone(), note.to_owned(), Arc::clone(room));
        let request =
            spawn_blocking(move || room_of.notary.request(&room_of.store, &of, &about, old)).await?;
        let Some(request) = request? else {
            why = "there is no such shard of the log".to_owned();
            break;
        };
        let (body, size) = (request.encode(), state_of(note).map_or(0, |state| state.size));
        match witness::add_checkpoint(reader, witness.url.as_str(), body).await? {
            Reply::Signed(lines) => {
                let signature = signature_in(note, &lines, &witness.key).map_err(Trouble::Passing)?;
                let (of, about, room_of) = (site.clone(), note.to_owned(), Arc::clone(room));
                spawn_blocking(move || room_of.notary.cosign(&room_of.store, &of, &about, signature)).await?;
                return Ok(size);
            }
            Reply::Conflict(known) if known != old && known <= size => old = known,
            Reply::Conflict(known) => {
                why = format!("it says that it saw {known} leaves of this log, which has {size}");
                break;
            }
            Reply::Refused(status, said) => {
                why = format!("it answers {status}: {said}");
                break;
            }
        }
    }
    // Whoever refuses may have seen another history. That is no matter of its word: our own key must have signed it.
    if let Some(origin) = state_of(note).map(|state| state.origin)
        && let Some(seen) = seen_by(reader, witness, &origin).await
    {
        let (of, name, room_of) = (site.clone(), witness.key.name().to_owned(), Arc::clone(room));
        let found = spawn_blocking(move || room_of.notary.compare(&of, &name, &seen)).await?;
        found.map_err(Trouble::Fork)?;
    }
    Err(Trouble::Passing(why))
}

/// Whether all of them are witnesses' keys is for the configuration to say; here they count.
pub(crate) fn policy(log_key: &VerifierKey, url: &str, witnesses: &[Witness]) -> String {
    let mut out = format!("log {log_key} {url}\n");
    for (n, Witness { url, key }) in (1..).zip(witnesses) {
        debug_assert_eq!(key.kind(), KeyKind::Witness);
        out += &format!("witness w{n} {key} {url}\n");
    }
    let names: Vec<String> = (1..=witnesses.len()).map(|n| format!("w{n}")).collect();
    match names.len() {
        0 => out + "quorum none\n",
        n => out + &format!("group witnesses {} {}\nquorum witnesses\n", n / 2 + 1, names.join(" ")),
    }
}
