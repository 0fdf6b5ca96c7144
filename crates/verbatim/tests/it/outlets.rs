//! Outlets: who is called about what is published, and what they are told when.

use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::http::{read_body, read_head};
use crate::newsroom::{Newsroom, USUAL, eventually, free_port, text};
use crate::wires::{Ninjs, Story, moment, wire, wires};

const SECRET: &str = "whsec_dmVyYmF0aW0gdGVsbHMgb3V0bGV0cyB0aGUgdHJ1dGg=";
/// What the contract of a reachable outlet asks for, and as much again four times for a busy machine.
const AT_ONCE: Duration = Duration::from_secs(5);
/// Long enough for anything that should not be told to be told.
const A_WHILE: Duration = Duration::from_millis(700);

/// One call, as a receiver saw it.
#[derive(Clone, Debug)]
struct Call {
    fields: Vec<(String, String)>,
    body: Vec<u8>,
    came: Instant,
}

impl Call {
    fn field(&self, name: &str) -> &str {
        let found = self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    fn what(&self) -> String {
        text(&self.json(), "type").to_owned()
    }

    fn uri(&self) -> String {
        text(&self.json()["data"], "uri").to_owned()
    }
}

/// What a receiver answers to a call, after how long.
type Manner = fn(&Call) -> (Duration, u16);

/// An outlet's server. Each call has a thread of its own.
struct Receiver {
    port: u16,
    calls: Arc<Mutex<Vec<Call>>>,
    manner: Arc<Mutex<Manner>>,
    open: Option<Arc<AtomicBool>>,
}

impl Receiver {
    /// It does not listen yet: whoever calls is refused.
    fn closed() -> Self {
        let (calls, manner) = (Arc::default(), Arc::new(Mutex::new((|_| (Duration::ZERO, 204)) as Manner)));
        Self { port: free_port(), calls, manner, open: None }
    }

    fn open() -> Self {
        let mut receiver = Self::closed();
        receiver.listen();
        receiver
    }

    fn behaves(&self, manner: Manner) {
        *self.manner.lock().expect("its manner") = manner;
    }

    fn listen(&mut self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).expect("its port");
        let open = Arc::new(AtomicBool::new(true));
        let (calls, manner, still) = (Arc::clone(&self.calls), Arc::clone(&self.manner), Arc::clone(&open));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if !still.load(Ordering::SeqCst) {
                    return;
                }
                let (calls, manner) = (Arc::clone(&calls), Arc::clone(&manner));
                let Ok(stream) = stream else { continue };
                std::thread::spawn(move || {
                    let _ = take(stream, &calls, &manner);
                });
            }
        });
        self.open = Some(open);
    }

    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            open.store(false, Ordering::SeqCst);
            let _ = TcpStream::connect(("127.0.0.1", self.port));
        }
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("its calls").clone()
    }

    /// What it was told of an item, in order.
    fn told(&self, uri: &str) -> Vec<String> {
        self.calls().iter().filter(|call| call.uri() == uri).map(Call::what).collect()
    }

    #[track_caller]
    fn hears(&self, what: &str, uri: &str) -> Call {
        eventually(&format!("the outlet is told: {what} {uri}"), || {
            self.calls().into_iter().find(|call| call.uri() == uri && call.what() == what)
        })
    }

    /// A table of the configuration.
    fn table(&self, newsroom: &Newsroom, name: &str, more: &str) -> String {
        std::fs::write(newsroom.path("outlet.secret"), format!("{SECRET}\n")).expect("a secret");
        format!(
            "\n[[outlet]]\nname = \"{name}\"\nkind = \"webhook\"\nurl = \"http://127.0.0.1:{}/in\"\n\
             secret_file = \"outlet.secret\"\n{more}\n",
            self.port
        )
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.close();
    }
}

fn take(stream: TcpStream, calls: &Mutex<Vec<Call>>, manner: &Mutex<Manner>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(20)))?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let (_, fields) = read_head(&mut reader)?;
    let body = read_body(&mut reader, &fields, false)?;
    let call = Call { fields, body, came: Instant::now() };
    let manner = *manner.lock().expect("its manner");
    let (after, status) = manner(&call);
    calls.lock().expect("its calls").push(call);
    std::thread::sleep(after);
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
}

/// A newsroom with one outlet, which listens.
fn with_outlet(more: &str) -> (Newsroom, Receiver) {
    let receiver = Receiver::open();
    let mut newsroom = Newsroom::prepared(USUAL);
    let table = receiver.table(&newsroom, "cms", more);
    newsroom.configure(&format!("{USUAL}{table}"));
    newsroom.run();
    (newsroom, receiver)
}

fn receipt(newsroom: &Newsroom, uri: &str) -> Option<Value> {
    let ours = |line: &Value| text(line, "uri") == uri && text(line, "site") == "webhook:cms";
    newsroom.list("kills").into_iter().find(ours)
}

#[test]
fn an_outlet_is_told_what_readers_get_and_that_it_is_gone() {
    let (newsroom, receiver) = with_outlet("");
    let story = Story::new("outletone", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let call = receiver.hears("publish", &story.uri);
    let told = call.json();
    assert_eq!(text(&told["data"], "url"), url);
    assert_eq!((text(&told["data"], "agency"), text(&told["data"], "site")), ("agx", "main"));
    assert_eq!(told["data"]["story"], newsroom.get(&format!("{url}.json")).json());
    assert_eq!(told["data"]["version"], "1");

    let next = story.next("two");
    newsroom.publish(Ninjs, &next);
    let updated = receiver.hears("update", &story.uri).json();
    assert_eq!(
        text(&updated["data"]["story"]["verbatim"], "copy_sha256"),
        crate::newsroom::sha256(next.plain())
    );
    assert!(updated["data"]["revision"].as_u64() > told["data"]["revision"].as_u64());

    let start = Instant::now();
    let said = newsroom.cli(&["kill", &story.uri, "--reason", "wrong"]).well();
    assert_eq!(said.lines()[0]["ruling"], "kill");
    let kill = receiver.hears("kill", &story.uri);
    assert!(kill.came - start < AT_ONCE, "{:?}", kill.came - start);
    let body = String::from_utf8(kill.body.clone()).expect("text").to_lowercase();
    for word in [story.marks(), next.marks()].concat() {
        assert!(!body.contains(&word.to_lowercase()), "a kill carries words: {body}");
    }
    assert!(kill.json()["data"]["revision"].as_u64() > updated["data"]["revision"].as_u64());
    eventually("the receipt", || receipt(&newsroom, &story.uri).filter(|line| line["confirmed"] == true));
    assert_eq!(receiver.told(&story.uri), ["publish", "update", "kill"]);
    assert_eq!(newsroom.metric("verbatim_outlet_told_total{outlet=\"cms\"}"), 3);
    let report = newsroom.cli(&[
        "report",
        "--agency",
        "agx",
        "--month",
        &moment(0).to_string()[..7],
        "--format",
        "csv",
    ]);
    let report = report.well().out;
    assert!(report.contains("gone:webhook:cms/call"), "{report}");
}

/// HMAC-SHA256 by its definition (FIPS 198-1).
fn hmac(key: &[u8], bytes: &[u8]) -> Vec<u8> {
    let padded = |with: u8| (0..64).map(|at| key.get(at).unwrap_or(&0) ^ with).collect::<Vec<u8>>();
    let inner = Sha256::new().chain_update(padded(0x36)).chain_update(bytes).finalize();
    Sha256::new().chain_update(padded(0x5c)).chain_update(inner).finalize().to_vec()
}

#[test]
fn the_signature_is_the_standard_one() {
    let (newsroom, receiver) = with_outlet("");
    let story = Story::new("outletsigned", Ninjs);
    newsroom.publish(Ninjs, &story);
    let call = receiver.hears("publish", &story.uri);
    let key = BASE64_STANDARD.decode(&SECRET[6..]).expect("a secret");
    let (id, second) = (call.field("webhook-id"), call.field("webhook-timestamp"));
    let signed = [format!("{id}.{second}.").as_bytes(), &call.body].concat();
    let expect = format!("v1,{}", BASE64_STANDARD.encode(hmac(&key, &signed)));
    assert_eq!(call.field("webhook-signature"), expect);
    let sent: i64 = second.parse().expect("seconds");
    assert!((moment(0).as_second() - sent).abs() < 60, "{second}");
    assert!(id.starts_with("cms-") && !id.contains('.'), "{id}");
    assert_eq!(call.field("content-type"), "application/json");
}

#[test]
fn a_kill_is_told_first_when_the_outlet_returns_and_the_old_version_never_after_it() {
    let mut receiver = Receiver::closed();
    let mut newsroom = Newsroom::prepared(USUAL);
    let table = receiver.table(&newsroom, "cms", "");
    newsroom.configure(&format!("{USUAL}{table}"));
    newsroom.run();
    let [killed, updated, stays] =
        ["downkilled", "downupdated", "downstays"].map(|name| Story::new(name, Ninjs));
    for story in [&killed, &updated, &stays] {
        newsroom.publish(Ninjs, story);
    }
    newsroom.publish(Ninjs, &updated.next("two"));
    newsroom.deliver(Ninjs, &killed.next_with("canceled", "kill"));
    let warned = eventually("the outlet is said to be down", || {
        let said = crate::http::ask(newsroom.desk, "GET", "/readyz", &[], b"").ok()?.text();
        said.contains("the outlet `cms` has confirmed nothing since").then_some(said)
    });
    assert!(warned.starts_with("ready\n"), "it keeps nothing from being ready: {warned}");
    assert_eq!(newsroom.metric("verbatim_outlet_up{outlet=\"cms\"}"), 0);
    let line = receipt(&newsroom, &killed.uri).expect("a line for the outlet");
    assert_eq!(line["confirmed"], false);
    newsroom.crash();
    newsroom.run();
    newsroom.restart();
    receiver.listen();
    receiver.hears("publish", &stays.uri);
    let last = receiver.hears("update", &updated.uri).json();
    let expect = crate::newsroom::sha256(updated.next("two").plain());
    assert_eq!(text(&last["data"]["story"]["verbatim"], "copy_sha256"), expect);
    eventually("the receipt", || receipt(&newsroom, &killed.uri).filter(|line| line["confirmed"] == true));
    std::thread::sleep(A_WHILE);
    let calls = receiver.calls();
    assert_eq!((calls[0].what(), calls[0].uri()), ("kill".to_owned(), killed.uri.clone()));
    assert!(receiver.told(&killed.uri).iter().all(|what| what == "kill"), "{:?}", receiver.told(&killed.uri));
    assert_eq!(receiver.told(&updated.uri), ["update"]);
    assert_eq!(newsroom.metric("verbatim_outlet_up{outlet=\"cms\"}"), 1);
    // Nothing of it is told again after the next start.
    let before = receiver.calls().len();
    newsroom.restart();
    std::thread::sleep(A_WHILE);
    assert_eq!(receiver.calls().len(), before);
}

#[test]
fn nothing_is_told_before_the_embargo_ends() {
    let (newsroom, receiver) = with_outlet("");
    let until = moment(3);
    let story = Story::new("outletembargo", Ninjs).until(Some(until));
    let line = newsroom.put_through(Ninjs, &story);
    assert_eq!(text(&line, "ruling"), "hold");
    let call = receiver.hears("publish", &story.uri);
    assert!(moment(0) >= until, "it was told before its instant");
    assert_eq!(receiver.calls().len(), 1, "{:?}", call.json());
}

#[test]
fn a_slow_outlet_keeps_no_kill_from_another() {
    let (slow, quick) = (Receiver::open(), Receiver::open());
    slow.behaves(|_| (Duration::from_secs(20), 204));
    let mut newsroom = Newsroom::prepared(USUAL);
    let tables = [
        slow.table(&newsroom, "slow", "timeout = \"60s\"\nat_once = 1"),
        quick.table(&newsroom, "quick", ""),
    ];
    newsroom.configure(&format!("{USUAL}{}", tables.concat()));
    newsroom.run();
    let (story, other) = (Story::new("slowkilled", Ninjs), Story::new("slowother", Ninjs));
    for story in [&story, &other] {
        newsroom.publish(Ninjs, story);
        quick.hears("publish", &story.uri);
    }
    assert!(slow.calls().len() == 1, "one at a time");
    let start = Instant::now();
    newsroom.deliver(Ninjs, &other.next_with("canceled", "kill"));
    assert!(quick.hears("kill", &other.uri).came - start < AT_ONCE);
    // Nor does what the slow one is busy with keep its own kills waiting.
    assert!(slow.hears("kill", &other.uri).came - start < AT_ONCE);
    newsroom.looks_back = false;
}

#[test]
fn what_is_held_calls_nobody() {
    let (newsroom, receiver) = with_outlet("");
    newsroom.hold_all(true);
    let story = Story::new("outletheld", Ninjs);
    newsroom.deliver(Ninjs, &story);
    newsroom.hold_all(false);
    let told = Story::new("outletfree", Ninjs);
    newsroom.publish(Ninjs, &told);
    receiver.hears("publish", &told.uri);
    assert!(receiver.told(&story.uri).is_empty());
    newsroom.order(&story.uri, "release");
    receiver.hears("publish", &story.uri);
}

#[test]
fn first_contact_calls_nobody() {
    let receiver = Receiver::open();
    let mut newsroom = Newsroom::prepared(USUAL);
    let table = receiver.table(&newsroom, "cms", "");
    newsroom.configure(&format!("{USUAL}{table}"));
    let there: Vec<Story> =
        ["therea", "thereb"].map(|name| Story::new(name, Ninjs).made(moment(-600))).to_vec();
    newsroom.leave("wire/world", "there.json", &wires(Ninjs, &there));
    newsroom.run();
    eventually("what was there is live", || (newsroom.live().len() == 2).then_some(()));
    let news = Story::new("thenews", Ninjs);
    newsroom.publish(Ninjs, &news);
    receiver.hears("publish", &news.uri);
    assert_eq!(receiver.calls().len(), 1);
    // What becomes of it from now on is told.
    newsroom.deliver(Ninjs, &there[0].next_with("canceled", "kill"));
    receiver.hears("kill", &there[0].uri);
    newsroom.publish(Ninjs, &Story { made: moment(0), ..there[1].next("two") });
    receiver.hears("update", &there[1].uri);
}

#[test]
fn an_overtaken_version_is_followed_by_the_kill_again() {
    let (newsroom, receiver) = with_outlet("timeout = \"3s\"");
    // It is long about stories, and hears of kills at once.
    receiver.behaves(|call| (Duration::from_secs(if call.what() == "kill" { 0 } else { 2 }), 204));
    let story = Story::new("overtold", Ninjs);
    newsroom.push("agx-world", &wire(Ninjs, &story));
    let first = receiver.hears("publish", &story.uri);
    newsroom.order(&story.uri, "kill");
    let kill = receiver.hears("kill", &story.uri);
    assert!(kill.came - first.came < Duration::from_secs(2), "the kill waited for the version");
    let told = eventually("the kill is told once more", || {
        Some(receiver.told(&story.uri)).filter(|told| told.len() > 2)
    });
    assert_eq!(told, ["publish", "kill", "kill"]);
    let again = receiver.calls().pop().expect("a call").came;
    assert!(again - first.came >= Duration::from_secs(2), "an earlier call might still have arrived");
    eventually("the receipt", || receipt(&newsroom, &story.uri).filter(|line| line["confirmed"] == true));
}

#[test]
fn an_outlet_that_refuses_one_item_is_told_of_the_others() {
    let (newsroom, receiver) = with_outlet("");
    receiver.behaves(|call| (Duration::ZERO, if call.uri().contains("refused") { 422 } else { 204 }));
    let (refused, taken) = (Story::new("refused", Ninjs), Story::new("takenin", Ninjs));
    newsroom.publish(Ninjs, &refused);
    receiver.hears("publish", &refused.uri);
    newsroom.publish(Ninjs, &taken);
    receiver.hears("publish", &taken.uri);
    let page = newsroom.desk_page();
    assert!(page.contains("is not taken by the outlet `cms`: it answers 422"), "{page}");
    receiver.behaves(|_| (Duration::ZERO, 204));
    eventually("it takes it in the end", || {
        (newsroom.metric("verbatim_outlet_waiting{outlet=\"cms\"}") == 0).then_some(())
    });
}

#[test]
fn what_is_delivered_again_calls_nobody() {
    let (newsroom, receiver) = with_outlet("");
    let story = Story::new("outletagain", Ninjs);
    newsroom.publish(Ninjs, &story);
    receiver.hears("publish", &story.uri);
    for _ in 0..3 {
        newsroom.deliver(Ninjs, &story);
    }
    let other = Story::new("outletlast", Ninjs);
    newsroom.publish(Ninjs, &other);
    receiver.hears("publish", &other.uri);
    assert_eq!(receiver.calls().len(), 2);
}

#[test]
fn a_kill_while_nothing_runs_is_told_before_the_command_returns() {
    let (mut newsroom, receiver) = with_outlet("");
    let story = Story::new("outletalone", Ninjs);
    newsroom.publish(Ninjs, &story);
    receiver.hears("publish", &story.uri);
    newsroom.stop();
    newsroom.cli(&["kill", &story.uri, "--reason", "wrong"]).well();
    assert_eq!(receiver.told(&story.uri), ["publish", "kill"]);
    newsroom.run();
    std::thread::sleep(A_WHILE);
    assert_eq!(receiver.told(&story.uri), ["publish", "kill"], "it is told again");
}

#[test]
fn a_kill_that_an_outlet_does_not_confirm_is_said_to_be_open() {
    let (newsroom, receiver) = with_outlet("timeout = \"1s\"");
    let story = Story::new("outletopen", Ninjs);
    newsroom.publish(Ninjs, &story);
    receiver.hears("publish", &story.uri);
    receiver.behaves(|_| (Duration::ZERO, 500));
    let said = newsroom.cli(&["kill", &story.uri, "--reason", "wrong"]);
    assert!(said.code == Some(1) && said.err.contains("some output has not confirmed"), "{said:?}");
    let listed = newsroom.cli(&["list", "--kills"]).well().out;
    assert!(
        listed.contains("outlet webhook:cms: it has not confirmed") && listed.contains("site main: gone"),
        "{listed}"
    );
    let doctor = newsroom.cli(&["doctor"]);
    assert!(doctor.code == Some(1) && doctor.out.contains("outlet cms: it answers 500"), "{doctor:?}");
    receiver.behaves(|_| (Duration::ZERO, 204));
    eventually("the receipt", || receipt(&newsroom, &story.uri).filter(|line| line["confirmed"] == true));
}

#[test]
fn what_a_contract_keeps_to_countries_is_told_to_outlets_there_alone() {
    let [abroad, there] = [Receiver::open(), Receiver::open()];
    let newsroom = Newsroom::prepared("");
    let tables = [
        abroad.table(&newsroom, "abroad", "country = \"DE\""),
        there.table(&newsroom, "there", "country = \"IN\""),
    ];
    let mut newsroom = newsroom;
    newsroom.configure(&format!("contract.territories = [\"IN\", \"NP\"]\n{USUAL}{}", tables.concat()));
    let path = newsroom.path("verbatim.toml");
    let text = std::fs::read_to_string(&path).expect("a configuration");
    let keys = "country_header = \"X-Country\"\ntrusted_proxies = [\"127.0.0.1\"]\n[desk]";
    std::fs::write(&path, text.replacen("[desk]", keys, 1)).expect("it is written");
    newsroom.looks_back = false;
    newsroom.run();
    let story = Story::new("outletcountry", Ninjs);
    newsroom.deliver(Ninjs, &story);
    there.hears("publish", &story.uri);
    std::thread::sleep(A_WHILE);
    assert!(abroad.calls().is_empty());
}

#[test]
fn an_outlet_is_told_of_its_own_agencies_alone() {
    let receiver = Receiver::open();
    let mut newsroom = Newsroom::prepared(USUAL);
    let other = "\n[[agency]]\nid = \"agy\"\nname = \"Another\"\nlabel = \"Unread\"\n";
    let table = receiver.table(&newsroom, "cms", "agencies = [\"agy\"]");
    newsroom.configure(&format!("{USUAL}{other}{table}"));
    newsroom.run();
    let story = Story::new("outletothers", Ninjs);
    newsroom.publish(Ninjs, &story);
    newsroom.deliver(Ninjs, &story.next_with("canceled", "kill"));
    std::thread::sleep(A_WHILE);
    assert!(receiver.calls().is_empty());
    assert!(receipt(&newsroom, &story.uri).is_none());
}
