//! Others who sign the log, too: asked after publication, believed in nothing, missed loudly.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use signed_note::Note;

use crate::http::{Answer, Server, ask};
use crate::newsroom::{Newsroom, PROGRAM, USUAL, copy, eventually, free_port, shard, text};
use crate::wires::{Ninjs, Story};

/// `verbatim witness` as a process of its own.
struct Witness {
    name: String,
    folder: PathBuf,
    port: u16,
    log: String,
    key: String,
    child: Option<Child>,
}

impl Witness {
    fn of(newsroom: &Newsroom, name: &str, log: &str) -> Self {
        let folder = newsroom.folder(name);
        let (port, log) = (free_port(), log.to_owned());
        let mut witness = Self { name: name.to_owned(), folder, port, log, key: String::new(), child: None };
        witness.run();
        witness
    }

    fn run(&mut self) {
        let mut child = Command::new(PROGRAM)
            .args(["witness", "--listen", &format!("127.0.0.1:{}", self.port), "--store", "memory"])
            .args(["--key", "key", "--name", &self.name, "--origin", &self.log])
            .current_dir(&self.folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the witness starts");
        let mut said = BufReader::new(child.stdout.take().expect("its output"));
        self.key.clear();
        said.read_line(&mut self.key).expect("its key");
        self.key.truncate(self.key.trim_end().len());
        self.child = Some(child);
        eventually("the witness answers", || ask(self.port, "GET", "/x/checkpoint", &[], b"").ok());
    }

    fn crash(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the witness is killed");
            child.wait().expect("its end");
        }
    }

    fn table(&self) -> String {
        table(self.port, &self.key)
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        self.crash();
    }
}

fn table(port: u16, key: &str) -> String {
    format!("\n[[log.witness]]\nurl = \"http://127.0.0.1:{port}/\"\nvkey = \"{key}\"\n")
}

/// A newsroom that has its key and does not run yet, and the key's public half.
fn with_key() -> (Newsroom, String) {
    let newsroom = Newsroom::prepared(USUAL);
    newsroom.cli(&["key", "new"]).well();
    let shown = newsroom.cli(&["key", "show"]).well().out;
    let key = shown.trim_end().split('\t').nth(1).expect("a key").to_owned();
    (newsroom, key)
}

/// Who signed the newest checkpoint, which code that is not ours takes for a note.
fn signers(newsroom: &Newsroom) -> Vec<String> {
    let note = newsroom.get("/log/checkpoint");
    Note::from_bytes(&note.body).expect("a signed note");
    let text = note.text();
    let names = text.lines().filter_map(|line| line.strip_prefix("\u{2014} ")?.split(' ').next());
    names.map(str::to_owned).collect()
}

/// How many leaves the newest checkpoint is over.
fn size(newsroom: &Newsroom) -> u64 {
    newsroom.get("/log/checkpoint").text().lines().nth(1).and_then(|line| line.parse().ok()).expect("a size")
}

fn readiness(newsroom: &Newsroom) -> String {
    let answer = ask(newsroom.desk, "GET", "/readyz", &[], b"").expect("the desk answers");
    assert_eq!(answer.status, 200, "a witness keeps nothing from being ready");
    answer.text()
}

#[test]
fn witnesses_sign_what_is_live_already_and_a_missing_one_is_said_aloud() {
    let (mut newsroom, log) = with_key();
    let one = Witness::of(&newsroom, "one.example", &log);
    let mut two = Witness::of(&newsroom, "two.example", &log);
    newsroom.configure(&format!("{USUAL}{}{}", one.table(), two.table()));
    newsroom.run();
    let url = newsroom.publish(Ninjs, &Story::new("witnessone", Ninjs));
    let both = |newsroom: &Newsroom| {
        eventually("both witnesses sign", || (signers(newsroom).len() == 3).then_some(()));
    };
    both(&newsroom);
    let keys = [one.key.clone(), two.key.clone()];
    let verify = |newsroom: &Newsroom, url: &str| {
        newsroom.cli(&["verify", url, "--key", &log, "--witness", &keys[0], "--witness", &keys[1]])
    };
    let said = verify(&newsroom, &url).well();
    assert!(said.out.contains("2 independent witnesses saw"), "{}", said.out);
    assert_eq!(readiness(&newsroom), "ready\n");
    let told = newsroom.get("/.well-known/verbatim.json").json();
    assert!(text(&told, "policy").contains(&format!("witness w2 {} http", two.key)), "{told:#}");
    assert!(text(&told, "policy").ends_with("group witnesses 2 w1 w2\nquorum witnesses\n"), "{told:#}");

    // One is gone: publishing goes on, and everybody is told.
    two.crash();
    let later = newsroom.publish(Ninjs, &Story::new("witnesstwo", Ninjs));
    let warned = eventually("the missing witness is named", || {
        Some(readiness(&newsroom)).filter(|said| said.contains("warning: the witness `two.example`"))
    });
    assert!(!warned.contains("one.example"), "{warned}");
    assert!(newsroom.desk_page().contains("two.example"));
    let failures = "verbatim_witness_failures{site=\"main\",witness=\"two.example\"}";
    assert!(newsroom.metric(failures) > 0);
    eventually("the other one signs", || {
        newsroom.cli(&["verify", &later, "--key", &log, "--witness", &one.key]).code.filter(|code| *code == 0)
    });
    assert_eq!(verify(&newsroom, &later).code, Some(1), "two are asked for");
    verify(&newsroom, &url).well();

    // It comes back with its memory, and goes on from where it was.
    two.run();
    both(&newsroom);
    verify(&newsroom, &later).well();
    assert_eq!((readiness(&newsroom), newsroom.metric(failures)), ("ready\n".to_owned(), 0));

    // After a start the site does not know what they know, and learns it from their 409; what they signed is kept.
    newsroom.restart();
    assert_eq!(signers(&newsroom).len(), 3, "kept over the restart");
    let after = newsroom.publish(Ninjs, &Story::new("witnessthree", Ninjs));
    both(&newsroom);
    verify(&newsroom, &after).well();
    let known = "verbatim_witness_size{site=\"main\",witness=\"one.example\"}";
    eventually("the size is told", || (newsroom.metric(known) == size(&newsroom)).then_some(()));
}

#[test]
fn the_end_of_a_shard_is_signed_by_witnesses_that_come_later() {
    let (mut newsroom, log) = with_key();
    let mut witness = Witness::of(&newsroom, "end.example", &log);
    newsroom.configure(&format!("{USUAL}{}", witness.table()));
    newsroom.run();
    newsroom.publish(Ninjs, &Story::new("endone", Ninjs));
    eventually("it signs", || (signers(&newsroom).len() == 2).then_some(()));
    witness.crash();
    let last = newsroom.publish(Ninjs, &Story::new("endtwo", Ninjs));
    newsroom.stop();
    newsroom.cli(&["key", "rotate"]).well();
    newsroom.run();
    let key = witness.key.clone();
    let verify =
        |newsroom: &Newsroom| newsroom.cli(&["verify", &last, "--key", &log, "--witness", &key]).code;
    assert_eq!(verify(&newsroom), Some(1));
    witness.run();
    eventually("the last story of the old shard is witnessed", || {
        verify(&newsroom).filter(|code| *code == 0)
    });
    newsroom.restart();
    assert_eq!(verify(&newsroom), Some(0), "kept over the restart");
}

#[test]
fn a_witness_that_lies_signs_nothing_and_stops_nothing() {
    let (mut newsroom, log) = with_key();
    let mut honest = Witness::of(&newsroom, "honest.example", &log);
    newsroom.configure(&format!("{USUAL}{}", honest.table()));
    newsroom.run();
    newsroom.publish(Ninjs, &Story::new("lieone", Ninjs));
    eventually("it signs", || (signers(&newsroom).len() == 2).then_some(()));
    let note = newsroom.get("/log/checkpoint").text();
    let stale = note.lines().last().expect("its signature").to_owned() + "\n";
    newsroom.stop();
    honest.crash();

    // Under its name and key: its own signature of another state; then a history that nobody signed.
    let lies = [
        (Answer::of(200, "text/plain", stale), "is no signature of `honest.example`"),
        (Answer::of(200, "text/plain", "yes\n"), "is no signature of `honest.example`"),
        (Answer::of(409, "text/x.tlog.size", "999999\n"), "it says that it saw 999999 leaves"),
        (Answer::of(403, "text/plain", "go\n\u{1b}[31maway\n"), "it answers 403: go  [31maway"),
    ];
    for (n, (lie, complaint)) in lies.into_iter().enumerate() {
        let liar = Server::answering(move |_| lie.clone());
        newsroom.configure(&format!("{USUAL}{}", table(liar.port, &honest.key)));
        newsroom.run();
        newsroom.publish(Ninjs, &Story::new(&format!("lietwo{n}"), Ninjs));
        eventually(complaint, || Some(()).filter(|()| readiness(&newsroom).contains(complaint)));
        assert_eq!(signers(&newsroom).len(), 1, "{complaint}");
        newsroom.stop();
    }
}

/// The whole disk is brought back, with the last checkpoint: only others can still tell.
#[test]
fn a_witness_remembers_what_a_restored_machine_forgot() {
    let (mut newsroom, log) = with_key();
    let witness = Witness::of(&newsroom, "memory.example", &log);
    newsroom.configure(&format!("{USUAL}{}", witness.table()));
    newsroom.run();
    newsroom.publish(Ninjs, &Story::new("memoryone", Ninjs));
    newsroom.stop();
    let folders = ["data", "data.last-checkpoint"]
        .map(|name| (newsroom.path(name), newsroom.path(&format!("old-{name}"))));
    folders.iter().for_each(|(now, old)| copy(now, old));
    newsroom.run();
    newsroom.publish(Ninjs, &Story::new("memorytwo", Ninjs));
    eventually("it signs", || (signers(&newsroom).len() == 2).then_some(()));
    newsroom.stop();
    folders.iter().for_each(|(now, old)| copy(old, now));
    let said = newsroom.cli(&["run"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("as the witness `memory.example` saw"), "{}", said.err);
    newsroom.cli(&["new-shard", "--why", "the machine was brought back"]).well();
    newsroom.looks_back = false;
    newsroom.run();
    assert!(newsroom.get("/log/checkpoint").text().contains(&format!("/log/{}\n", shard(1))));
}
