//! Killed again and again, and brought back from stale copies, with a witness attached: does the log ever sign two
//! histories? Every checkpoint that anybody could have seen is compared with the log as it is in the end. A long campaign
//! goes in rounds, each on a store of its own: a small one starts, and is copied, fast.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use notary::note::Note;
use notary::tiles::{Tile, WIDTH, unbundle};
use notary::tree::Edge;
use notary::{Checkpoint, VerifierKey, leaf_hash};

use crate::tidy;

/// How much is wished for.
pub(crate) struct Wish {
    kills: u32,
    restores: u32,
    seed: u64,
    bin: Option<PathBuf>,
}

impl Wish {
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut wish = Self { kills: 40, restores: 8, seed: 1, bin: None };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next()?;
            match *word {
                "--kills" => wish.kills = value.parse().ok()?,
                "--restores" => wish.restores = value.parse().ok()?,
                "--seed" => wish.seed = value.parse().ok()?,
                "--bin" => wish.bin = Some(value.into()),
                _ => return None,
            }
        }
        Some(wish)
    }
}

/// xorshift64*: enough for instants and sizes.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % n.max(1)
    }
}

/// What the public could have seen: each signed text once, with who showed it.
type Seen = Arc<Mutex<BTreeMap<String, BTreeSet<&'static str>>>>;

fn note(seen: &Seen, by: &'static str, text: &str) {
    if let Ok(parsed) = Note::parse(text) {
        let mut seen = seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.entry(parsed.text).or_default().insert(by);
    }
}

/// What the file of the witness is called among those who show checkpoints.
const WITNESS: &str = "the witness";
/// For how many milliseconds, at most, it goes on with what it found to do.
const TRAFFIC: u64 = 350;
/// Kills in one round.
const ROUND: u32 = 250;

/// What was done, and what came of it.
#[derive(Default)]
struct Tally {
    kills: u32,
    restores: u32,
    refused: u32,
    checkpoints: usize,
    witnessed: usize,
    leaves: u64,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.restores += other.restores;
        self.refused += other.refused;
        self.checkpoints += other.checkpoints;
        self.witnessed += other.witnessed;
        self.leaves += other.leaves;
    }
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} kills, {} restores of stale copies, {} of them refused; {} checkpoints were seen, {} of them signed by \
             the witness, all of one history a store, {} leaves in all",
            self.kills, self.restores, self.refused, self.checkpoints, self.witnessed, self.leaves
        )
    }
}

fn get(port: u16, path: &str) -> Option<Vec<u8>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").ok()?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    reader.read_line(&mut head).ok()?;
    let good = head.contains(" 200 ");
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    good.then_some(body)
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to)?;
    for file in std::fs::read_dir(from)? {
        let (path, to) = (file?.path(), to.to_owned());
        let to = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &to)?;
        } else if path.is_file() {
            std::fs::copy(&path, to)?;
        }
    }
    Ok(())
}

/// What a store's machine keeps, and what it forgets when it is brought back.
const DATA: &str = "data";
const LAST: &str = "data.last-checkpoint";

fn say(program: &Path, folder: &Path, words: &[&str]) -> Result<String, String> {
    let mut command = Command::new(program);
    let said = command.args(words).current_dir(folder).output();
    let said = said.map_err(|fault| format!("cannot run {command:?}: {fault}"))?;
    match said.status.success() {
        true => Ok(String::from_utf8_lossy(&said.stdout).into_owned()),
        false => Err(format!("{command:?}: {}", String::from_utf8_lossy(&said.stderr))),
    }
}

struct Campaign {
    folder: PathBuf,
    program: PathBuf,
    site: u16,
    key: VerifierKey,
    chance: Chance,
    seen: Seen,
    stories: u64,
    /// How long it takes, of late, from the start to the first answer.
    wakes_in: Duration,
}

impl Campaign {
    fn start(&self) -> Result<Child, String> {
        let log = std::fs::File::create(self.folder.join("log.txt")).map_err(|fault| fault.to_string())?;
        let mut run = Command::new(&self.program);
        run.arg("run").current_dir(&self.folder).stdout(Stdio::null()).stderr(log);
        run.spawn().map_err(|fault| format!("cannot start {run:?}: {fault}"))
    }

    /// A new story comes into the folder.
    fn deliver(&mut self) -> Result<(), String> {
        self.stories += 1;
        let n = self.stories;
        let story = format!(
            "{{\"uri\":\"urn:agx:{n}\",\"version\":\"1\",\"pubstatus\":\"usable\",\"headline\":\"Story {n}\",\
             \"body_text\":\"These are the words of story number {n}.\"}}"
        );
        let (part, whole) =
            (self.folder.join(format!("wire/.{n}.part")), self.folder.join(format!("wire/{n}.json")));
        std::fs::write(&part, story)
            .and_then(|()| std::fs::rename(&part, &whole))
            .map_err(|fault| fault.to_string())
    }

    /// What was not taken when it was killed, or was and is still there, comes no more: it would only make starts slow.
    fn sweep(&self) {
        for folder in ["wire", "wire/done"] {
            for file in std::fs::read_dir(self.folder.join(folder)).into_iter().flatten().flatten() {
                let _ = std::fs::remove_file(file.path());
            }
        }
    }

    /// Runs until a moment of chance, before its first answer or in the midst of what follows, and is killed there. Returns
    /// false if it ended by itself.
    fn live(&mut self) -> Result<bool, String> {
        let mut child = self.start()?;
        let started = Instant::now();
        let done = Arc::new(AtomicBool::new(false));
        let (halt, seen, site) = (Arc::clone(&done), Arc::clone(&self.seen), self.site);
        let reader = std::thread::spawn(move || {
            let mut woke = None;
            while !halt.load(Ordering::SeqCst) {
                if let Some(body) = get(site, "/log/checkpoint") {
                    woke = woke.or_else(|| Some(started.elapsed()));
                    note(&seen, "the site", &String::from_utf8_lossy(&body));
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            woke
        });
        let longest = 2 * self.wakes_in.as_millis() as u64 + TRAFFIC;
        let until = started + Duration::from_millis(self.chance.below(longest));
        let (mut ended, mut next) = (None, started);
        while ended.is_none() && Instant::now() < until {
            if Instant::now() > next {
                self.deliver()?;
                next = Instant::now() + Duration::from_millis(self.chance.below(40));
            }
            std::thread::sleep(Duration::from_millis(1));
            ended = child.try_wait().map_err(|fault| fault.to_string())?;
        }
        let _ = child.kill();
        let _ = child.wait();
        done.store(true, Ordering::SeqCst);
        match reader.join().ok().flatten() {
            Some(woke) => self.wakes_in = (3 * self.wakes_in + woke) / 4,
            // It was killed before it answered: perhaps everything has become slower.
            None => self.wakes_in += self.wakes_in / 16,
        }
        self.wakes_in = self.wakes_in.clamp(Duration::from_millis(50), Duration::from_secs(5));
        self.look_at_files();
        self.sweep();
        Ok(ended.is_none())
    }

    /// What was signed, also if nobody asked for it in time.
    fn look_at_files(&self) {
        let last = std::fs::read(self.folder.join(LAST).join("main.checkpoint")).unwrap_or_default();
        for slot in last.chunks(4_096) {
            let text = String::from_utf8_lossy(slot);
            let text = text.trim_end_matches(['\n', '\0']);
            note(&self.seen, "the last word", &format!("{text}\n"));
        }
        for file in std::fs::read_dir(self.folder.join("memory")).into_iter().flatten().flatten() {
            if let Ok(text) = std::fs::read_to_string(file.path()) {
                note(&self.seen, WITNESS, &text);
            }
        }
    }

    /// How many leaves were signed, by the last word.
    fn signed(&self) -> u64 {
        let last = std::fs::read(self.folder.join(LAST).join("main.checkpoint")).unwrap_or_default();
        let size =
            |slot: &[u8]| String::from_utf8_lossy(slot).lines().nth(1).and_then(|size| size.parse().ok());
        last.chunks(4_096).filter_map(size).max().unwrap_or(0)
    }

    /// Waits until it answers, or ends: then what it said.
    fn is_up(&self, child: &mut Child) -> Result<(), String> {
        for _ in 0..3_000 {
            if let Ok(Some(_)) = child.try_wait() {
                return Err(std::fs::read_to_string(self.folder.join("log.txt")).unwrap_or_default());
            }
            if get(self.site, "/log/checkpoint").is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Err("it neither answers nor ends".to_owned())
    }

    /// A stale copy takes the place of the store. It must not be signed from, unless nothing was signed since.
    fn bring_back(&mut self, with_last: bool) -> Result<bool, String> {
        let failed = |fault: std::io::Error| format!("copying: {fault}");
        let at = |name: &str| self.folder.join(name);
        let both = [DATA, LAST];
        for name in both {
            copy(&at(name), &at(&format!("stale-{name}"))).map_err(failed)?;
        }
        // It lives on, and the public and the witness see it.
        let mut child = self.start()?;
        self.is_up(&mut child)?;
        // What the copy holds already, signed or not, is no news.
        let stale = self.signed();
        for n in 0..3_000 {
            if n % 20 == 0 {
                self.deliver()?;
            }
            self.look_at_files();
            let shown =
                String::from_utf8(get(self.site, "/log/checkpoint").unwrap_or_default()).unwrap_or_default();
            let size: u64 = shown.lines().nth(1).and_then(|size| size.parse().ok()).unwrap_or(0);
            // Something new is signed: by the log, and by the witness.
            if size > stale && shown.matches('\u{2014}').count() > 1 {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        std::thread::sleep(Duration::from_millis(self.chance.below(300)));
        let _ = child.kill();
        let _ = child.wait();
        self.look_at_files();
        let at = |name: &str| self.folder.join(name);
        for name in both {
            copy(&at(name), &at(&format!("newest-{name}"))).map_err(failed)?;
        }
        copy(&at(&format!("stale-{DATA}")), &at(DATA)).map_err(failed)?;
        if with_last {
            copy(&at(&format!("stale-{LAST}")), &at(LAST)).map_err(failed)?;
        }
        let mut child = self.start()?;
        let up = self.is_up(&mut child);
        let _ = child.kill();
        let _ = child.wait();
        self.look_at_files();
        let refused = match up {
            Ok(()) => false,
            Err(why) if why.contains("is not signed") => true,
            Err(why) => return Err(format!("it ended for another reason: {why}")),
        };
        let at = |name: &str| self.folder.join(name);
        for name in both {
            copy(&at(&format!("newest-{name}")), &at(name)).map_err(failed)?;
        }
        Ok(refused)
    }

    /// The log as it is in the end, and every checkpoint that was ever seen held against it.
    fn judge(&mut self) -> Result<Tally, String> {
        let mut child = self.start()?;
        self.is_up(&mut child)?;
        std::thread::sleep(Duration::from_secs(2));
        let note_text =
            String::from_utf8(get(self.site, "/log/checkpoint").unwrap_or_default()).unwrap_or_default();
        let parsed = Note::parse(&note_text).map_err(|fault| fault.to_string())?;
        parsed.verify(std::slice::from_ref(&self.key)).map_err(|fault| fault.to_string())?;
        let state = Checkpoint::parse(&parsed.text).map_err(|fault| fault.to_string())?;
        note(&self.seen, "the end", &note_text);
        let (mut edge, mut roots) = (Edge::default(), vec![Edge::default().root()]);
        for n in 0..state.size.div_ceil(u64::from(WIDTH)) {
            let tile = Tile { level: None, n, width: WIDTH };
            let tile = Tile { width: tile.width_in(state.size), ..tile };
            let bundle = get(self.site, &format!("/log/{tile}")).ok_or(format!("{tile} is not served"))?;
            for entry in unbundle(&bundle).ok_or(format!("{tile} is none"))? {
                edge.push(leaf_hash(entry));
                roots.push(edge.root());
            }
        }
        let _ = child.kill();
        let _ = child.wait();
        let seen = self.seen.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (text, by) in seen.iter() {
            let Ok(one) = Checkpoint::parse(text) else { continue };
            let fits = one.origin == state.origin
                && usize::try_from(one.size).ok().and_then(|size| roots.get(size)) == Some(&one.root);
            if !fits {
                return Err(format!("{by:?} showed a checkpoint that is not of this history:\n{text}"));
            }
        }
        let witnessed = seen.values().filter(|by| by.contains(WITNESS)).count();
        if witnessed == 0 {
            return Err("the witness signed nothing: this shows less than it should".to_owned());
        }
        Ok(Tally { checkpoints: seen.len(), witnessed, leaves: state.size, ..Tally::default() })
    }
}

pub(crate) fn run(root: &Path, wish: &Wish) -> Result<(), String> {
    let program = match &wish.bin {
        Some(bin) => std::path::absolute(bin).map_err(|fault| fault.to_string())?,
        None => {
            let built =
                crate::cargo().current_dir(root).args(["build", "--quiet", "--package", "verbatim"]).status();
            if !built.is_ok_and(|status| status.success()) {
                return Err("the program could not be built".to_owned());
            }
            tidy::target_folder(root)?.join("debug/verbatim")
        }
    };
    let (mut all, mut round) = (Tally::default(), 0_u64);
    while all.kills < wish.kills {
        round += 1;
        let kills = ROUND.min(wish.kills - all.kills);
        // As many restores as belong to these kills; the last round takes what is left.
        let restores = match all.kills + kills < wish.kills {
            true => wish.restores * kills / wish.kills,
            false => wish.restores - all.restores,
        };
        let part = Wish { kills, restores, seed: wish.seed + round, bin: None };
        let folder = std::env::temp_dir().join(format!("verbatim-forks-{}-{round}", std::process::id()));
        let done = campaign(&folder, program.clone(), &part);
        match &done {
            Ok(_) => drop(std::fs::remove_dir_all(&folder)),
            Err(_) => eprintln!("after {all}: what it left is in {}", folder.display()),
        }
        all.add(&done?);
        if all.kills < wish.kills {
            eprintln!("so far {all}");
        }
    }
    println!("{all}");
    Ok(())
}

fn free_port() -> Result<u16, String> {
    let address = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    address.map(|address| address.port()).map_err(|fault| format!("no free port: {fault}"))
}

fn campaign(folder: &Path, program: PathBuf, wish: &Wish) -> Result<Tally, String> {
    let failed = |fault: std::io::Error| format!("below {}: {fault}", folder.display());
    std::fs::create_dir_all(folder.join("wire")).map_err(failed)?;
    let (site, desk, port) = (free_port()?, free_port()?, free_port()?);
    let config = |witness: &str| {
        format!(
            "[site]\nname = \"The Daily Example\"\nurl = \"http://127.0.0.1:{site}\"\nlisten = \"127.0.0.1:{site}\"\n\
             [desk]\nlisten = \"127.0.0.1:{desk}\"\n[store]\npath = \"{DATA}\"\n[log]\nwitness_every = \"50ms\"\n\
             {witness}[[agency]]\nid = \"agx\"\nname = \"Agency Example\"\nlabel = \"Not reviewed by an editor\"\n\
             [[feed]]\nid = \"agx\"\nagency = \"agx\"\nfolder = \"wire\"\nsafety = \"off\"\nbacklog = \"30d\"\n"
        )
    };
    let write = |witness: &str| std::fs::write(folder.join("verbatim.toml"), config(witness)).map_err(failed);
    write("")?;
    say(&program, folder, &["key", "new"])?;
    let shown = say(&program, folder, &["key", "show"])?;
    let key = shown.trim().split('\t').nth(1).ok_or("no key is shown")?.to_owned();
    let mut campaign = Campaign {
        folder: folder.to_owned(),
        program: program.clone(),
        site,
        key: VerifierKey::parse(&key).map_err(|fault| fault.to_string())?,
        chance: Chance(wish.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
        seen: Arc::default(),
        stories: 0,
        wakes_in: Duration::from_millis(450),
    };
    let mut witness = Command::new(&program)
        .args([
            "witness",
            "--listen",
            &format!("127.0.0.1:{port}"),
            "--store",
            "memory",
            "--key",
            "witness.key",
        ])
        .args(["--name", "witness.example", "--origin", &key])
        .current_dir(folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(failed)?;
    let mut vkey = String::new();
    if let Some(out) = witness.stdout.take() {
        BufReader::new(out).read_line(&mut vkey).map_err(failed)?;
    }
    let vkey = vkey.trim();
    write(&format!("[[log.witness]]\nurl = \"http://127.0.0.1:{port}\"\nvkey = \"{vkey}\"\n"))?;
    let told = kills_and_restores(&mut campaign, wish);
    let _ = witness.kill();
    let _ = witness.wait();
    told
}

fn kills_and_restores(campaign: &mut Campaign, wish: &Wish) -> Result<Tally, String> {
    let (mut refused, mut restored) = (0, 0);
    // There is a store with something signed before anything happens to it: an empty one begins a new shard. What comes
    // before the feed is known is not published.
    let mut child = campaign.start()?;
    let started = Instant::now();
    let up = campaign.is_up(&mut child);
    campaign.wakes_in = started.elapsed();
    for n in 0..3_000 {
        if n % 20 == 0 {
            campaign.deliver()?;
        }
        let signed = get(campaign.site, "/log/checkpoint").unwrap_or_default();
        if String::from_utf8_lossy(&signed).lines().nth(1).is_some_and(|size| size != "0") {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    let _ = child.kill();
    let _ = child.wait();
    up?;
    for kill in 1..=wish.kills {
        if !campaign.live()? {
            let log = std::fs::read_to_string(campaign.folder.join("log.txt")).unwrap_or_default();
            return Err(format!("after {kill} kills it ended by itself: {log}"));
        }
        // Spread evenly among the kills.
        while u64::from(restored) * u64::from(wish.kills) < u64::from(kill) * u64::from(wish.restores) {
            restored += 1;
            refused += u32::from(campaign.bring_back(restored % 2 == 0)?);
        }
    }
    let tally = Tally { kills: wish.kills, restores: restored, refused, ..campaign.judge()? };
    if refused < restored {
        return Err(format!("stale copies were signed from: {tally}"));
    }
    Ok(tally)
}
