//! A newsroom of its own for each test: a folder, free ports, a configuration, and the built program.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::html::Page;
use crate::http::{Answer, ask};
use crate::wires::{Format, Story, wire};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_verbatim");
/// What an agency's system shows when it pushes.
pub(crate) const TOKEN: &str = "xylophone-27-quartz-lantern";
pub(crate) const LABEL: &str = "Disclaimer: This post has been auto-published from an agency feed without any modifications to the text and has not been reviewed by an editor";
/// Until then something must have happened; the machine may be busy.
const DEADLINE: Duration = Duration::from_secs(40);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// One feed with a folder and the push door.
pub(crate) const USUAL: &str = r#"
[[feed]]
id = "agx-world"
agency = "agx"
folder = "wire/world"
push = true
token_file = "push.token"
section = "world"
"#;

/// What is invented here comes in floods, in few words that are often the same: the rules that would stop at that are
/// asked only where a test sets rules of its own.
const LENIENT: &str = r#"
[[rules]]
off = [
    "burst", "cut-body", "empty-body", "flashes", "killed-twin", "large-change", "old-twin", "other-language",
    "other-story", "placeholder", "repeated-body", "unexpected-sender",
]
"#;

/// Looks again and again until there is something to see.
#[track_caller]
pub(crate) fn eventually<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(seen) = look() {
            return seen;
        }
        assert!(start.elapsed() < DEADLINE, "waited {DEADLINE:?} in vain: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

pub(crate) fn sha256(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes.as_ref()).iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// Copies a folder over another one, which is gone then. Sockets stay behind.
pub(crate) fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).expect("a folder");
    for file in std::fs::read_dir(from).expect("a folder").map(|file| file.expect("a file").path()) {
        let to = to.join(file.file_name().expect("a name"));
        if file.is_dir() {
            copy(&file, &to);
        } else if file.is_file() {
            std::fs::copy(&file, to).expect("a copy");
        }
    }
}

/// Ports below those that the system hands out by itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let span = 20_000;
    let start = u16::try_from(std::process::id() * 61 % u32::from(span)).expect("below the span");
    for _ in 0..span {
        let port = 11_000 + (start + NEXT.fetch_add(1, Ordering::Relaxed) % span) % span;
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// Its lines of JSON.
    #[track_caller]
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line} ({self:?})")))
            .collect()
    }

    #[track_caller]
    pub(crate) fn well(self) -> Self {
        assert_eq!(self.code, Some(0), "{self:?}");
        self
    }
}

/// The name of a shard of this year's, from 0.
pub(crate) fn shard(nth: u32) -> String {
    let year = jiff::tz::TimeZone::UTC.to_datetime(jiff::Timestamp::now()).year();
    if nth == 0 { year.to_string() } else { format!("{year}-{nth}") }
}

/// Runs the program in a folder.
pub(crate) fn program(folder: &Path, words: &[&str]) -> Said {
    program_with(folder, words, &[])
}

fn program_with(folder: &Path, words: &[&str], env: &[(&'static str, String)]) -> Said {
    let done = Command::new(PROGRAM)
        .args(words)
        .current_dir(folder)
        .env_remove("VERBATIM_CONFIG")
        .env_remove("VERBATIM_LOG")
        .env("NO_COLOR", "1")
        .envs(env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .output()
        .expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Said { code: done.status.code(), out: text(done.stdout), err: text(done.stderr) }
}

/// A newsroom and the program that runs it.
pub(crate) struct Newsroom {
    folder: tempfile::TempDir,
    pub(crate) site: u16,
    pub(crate) desk: u16,
    sections: Vec<String>,
    child: Option<Child>,
    /// What stands in its environment, and in that of its commands.
    pub(crate) env: Vec<(&'static str, String)>,
    /// Whether every live page is looked at once more at the end.
    pub(crate) looks_back: bool,
}

impl Newsroom {
    /// One agency, one feed.
    pub(crate) fn usual() -> Self {
        Self::with(USUAL)
    }

    /// Feeds as the configuration has them; runs.
    pub(crate) fn with(feeds: &str) -> Self {
        let mut newsroom = Self::prepared(feeds);
        newsroom.run();
        newsroom
    }

    /// The same, but nothing runs yet.
    pub(crate) fn prepared(feeds: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("verbatim-it-").tempdir().expect("a folder");
        let (site, desk) = (free_port(), free_port());
        std::fs::write(folder.path().join("push.token"), format!("{TOKEN}\n")).expect("a token file");
        let mut newsroom =
            Self { folder, site, desk, sections: vec![], child: None, env: vec![], looks_back: true };
        newsroom.configure(feeds);
        newsroom
    }

    /// Writes the configuration with these feeds; counts from the next start on.
    pub(crate) fn configure(&mut self, feeds: &str) {
        let (site, desk) = (self.site, self.desk);
        let rules = if feeds.contains("[[rules]]") { "" } else { LENIENT };
        let text = format!(
            r#"[site]
name = "The Daily Example"
url = "http://127.0.0.1:{site}"
listen = "127.0.0.1:{site}"
[desk]
listen = "127.0.0.1:{desk}"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "{LABEL}"
{feeds}{rules}"#
        );
        self.sections = feeds
            .lines()
            .filter(|line| line.starts_with("section"))
            .flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>())
            .collect();
        self.sections.sort();
        self.sections.dedup();
        std::fs::write(self.path("verbatim.toml"), text).expect("the configuration is written");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A folder in it, made if it is missing.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let folder = self.path(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log.txt")).unwrap_or_default()
    }

    // --- the process ---------------------------------------------------------------------------------------------

    /// Starts it and waits until it is ready.
    #[track_caller]
    pub(crate) fn run(&mut self) {
        self.launch();
        let desk = self.desk;
        eventually("the program is ready", || {
            if let Some(ended) = self.child.as_mut().and_then(|child| child.try_wait().ok().flatten()) {
                panic!("the program ended ({ended}): {}", self.log());
            }
            ask(desk, "GET", "/readyz", &[], b"").ok().filter(|answer| answer.status == 200)
        });
    }

    /// Starts it and waits for nothing.
    pub(crate) fn launch(&mut self) {
        let log =
            std::fs::OpenOptions::new().create(true).append(true).open(self.path("log.txt")).expect("a log");
        let child = Command::new(PROGRAM)
            .arg("run")
            .current_dir(self.folder.path())
            .env_remove("VERBATIM_CONFIG")
            .env_remove("VERBATIM_LOG")
            .env("NO_COLOR", "1")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("the program starts");
        self.child = Some(child);
    }

    /// SIGTERM, and its end.
    #[track_caller]
    pub(crate) fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_child(&child),
            rustix::process::Signal::TERM,
        );
        let start = Instant::now();
        let ended = loop {
            match child.try_wait().expect("the program's end") {
                Some(ended) => break Some(ended),
                None if start.elapsed() > DEADLINE => break None,
                None => std::thread::sleep(LOOK_EVERY),
            }
        };
        if ended.is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
        assert!(
            ended.is_some_and(|ended| ended.success()),
            "it did not end well ({ended:?}): {}",
            self.log()
        );
    }

    /// SIGKILL: as if the power went.
    pub(crate) fn crash(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().expect("the program is killed");
            child.wait().expect("the program's end");
        }
    }

    pub(crate) fn restart(&mut self) {
        self.stop();
        self.run();
    }

    /// A command of the program, in the newsroom's folder.
    pub(crate) fn cli(&self, words: &[&str]) -> Said {
        program_with(self.folder.path(), words, &self.env)
    }

    // --- delivering ----------------------------------------------------------------------------------------------

    pub(crate) fn push(&self, feed: &str, bytes: &[u8]) -> Answer {
        let token = format!("Bearer {TOKEN}");
        ask(self.desk, "POST", &format!("/wire/{feed}"), &[("Authorization", &token)], bytes)
            .expect("the push door answers")
    }

    /// Pushes a transmission on `agx-world` and waits until it is ruled on what it says about `uri`.
    #[track_caller]
    pub(crate) fn send(&self, uri: &str, bytes: &[u8]) -> Value {
        self.send_on("agx-world", uri, bytes)
    }

    #[track_caller]
    pub(crate) fn send_on(&self, feed: &str, uri: &str, bytes: &[u8]) -> Value {
        let before = self.rulings(uri).len();
        let pushed = self.push(feed, bytes);
        assert_eq!(pushed.status, 201, "{}", pushed.text());
        eventually(&format!("a ruling on {uri}"), || {
            let now = self.rulings(uri);
            (now.len() > before).then(|| now[0].clone())
        })
    }

    /// Pushes one story and returns the ruling on it.
    #[track_caller]
    pub(crate) fn deliver(&self, format: Format, story: &Story) -> Value {
        self.send(&story.uri, &wire(format, story))
    }

    /// Pushes one story that must go live, and returns its address.
    #[track_caller]
    pub(crate) fn publish(&self, format: Format, story: &Story) -> String {
        let ruled = self.deliver(format, story);
        assert!(["publish", "update"].contains(&text(&ruled, "ruling")), "{format:?}: {ruled:#}");
        let url = text(&ruled, "url").to_owned();
        assert_eq!(self.page(&url).blocks, story.blocks(), "{format:?}");
        url
    }

    /// Puts a story through `verbatim publish`, which tells the address also of what is not public yet.
    #[track_caller]
    pub(crate) fn put_through(&self, format: Format, story: &Story) -> Value {
        let file = self.path("put-through.wire");
        std::fs::write(&file, wire(format, story)).expect("a file");
        let said = self.cli(&["publish", "--feed", "agx-world", "put-through.wire"]).well();
        let lines = said.lines();
        assert_eq!(lines.len(), 1, "{said:?}");
        lines.into_iter().next().expect("a line")
    }

    /// Leaves a file in a folder as a sender should: under a name that is not taken, then renamed.
    pub(crate) fn leave(&self, folder: &str, name: &str, bytes: &[u8]) {
        let folder = self.folder(folder);
        let part = folder.join(format!(".{name}.part"));
        std::fs::write(&part, bytes).expect("the file is written");
        std::fs::rename(part, folder.join(name)).expect("the file is renamed");
    }

    // --- the desk ------------------------------------------------------------------------------------------------

    fn bearer(&self) -> String {
        let token = std::fs::read_to_string(self.path("data/desk.token")).expect("the desk's token");
        format!("Bearer {}", token.trim())
    }

    #[track_caller]
    pub(crate) fn list(&self, which: &str) -> Vec<Value> {
        let path = format!("/api/v1/lists/{which}{}limit=1000", if which.contains('?') { '&' } else { '?' });
        let answer = ask(self.desk, "GET", &path, &[("Authorization", &self.bearer())], b"")
            .expect("the desk answers");
        assert_eq!(answer.status, 200, "{}", answer.text());
        let lists = answer.json();
        let list = lists.as_object().and_then(|lists| lists.values().next()).and_then(Value::as_array);
        list.cloned().unwrap_or_else(|| panic!("no list: {lists}"))
    }

    /// The console, as text.
    #[track_caller]
    pub(crate) fn desk_page(&self) -> String {
        let answer =
            ask(self.desk, "GET", "/", &[("Authorization", &self.bearer())], b"").expect("the desk answers");
        assert_eq!(answer.status, 200, "{}", answer.text());
        Page::read(answer.status, answer.text()).text
    }

    /// The rulings on one item, the newest first.
    #[track_caller]
    pub(crate) fn rulings(&self, uri: &str) -> Vec<Value> {
        self.list("recent").into_iter().filter(|line| text(line, "uri") == uri).collect()
    }

    #[track_caller]
    pub(crate) fn held(&self, uri: &str) -> Vec<Value> {
        self.list("held").into_iter().filter(|line| text(line, "uri") == uri).collect()
    }

    pub(crate) fn command(&self, path: &str, what: &Value) -> Answer {
        let fields = [("Authorization", &*self.bearer()), ("Content-Type", "application/json")];
        ask(self.desk, "POST", path, &fields, what.to_string().as_bytes()).expect("the desk answers")
    }

    #[track_caller]
    pub(crate) fn order(&self, uri: &str, order: &str) {
        let answer =
            self.command("/api/v1/orders", &json!({ "uri": uri, "order": order, "reason": "a test's" }));
        assert_eq!(answer.status, 200, "{order} {uri}: {}", answer.text());
    }

    #[track_caller]
    pub(crate) fn hold_all(&self, on: bool) {
        let answer = self.command("/api/v1/hold-all", &json!({ "on": on }));
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    /// A number of `/metrics`.
    #[track_caller]
    pub(crate) fn metric(&self, name: &str) -> u64 {
        let metrics = ask(self.desk, "GET", "/metrics", &[], b"").expect("the desk answers").text();
        let line = metrics.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {metrics}"))
    }

    // --- readers -------------------------------------------------------------------------------------------------

    /// A path, or an address of the site.
    #[track_caller]
    pub(crate) fn get(&self, url: &str) -> Answer {
        let base = format!("http://127.0.0.1:{}", self.site);
        let path = url.strip_prefix(&base).unwrap_or(url);
        ask(self.site, "GET", path, &[], b"")
            .unwrap_or_else(|error| panic!("GET {path}: {error}; {}", self.log()))
    }

    #[track_caller]
    pub(crate) fn page(&self, url: &str) -> Page {
        let answer = self.get(url);
        Page::read(answer.status, answer.text())
    }

    /// What the public API says of a uri.
    #[track_caller]
    pub(crate) fn items(&self, uri: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/items?uri={}", percent(uri)));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()["items"].as_array().cloned().expect("items")
    }

    /// The one item of this uri.
    #[track_caller]
    pub(crate) fn item(&self, uri: &str) -> Value {
        let items = self.items(uri);
        assert_eq!(items.len(), 1, "{items:?}");
        items.into_iter().next().expect("an item")
    }

    /// The addresses of all live stories.
    #[track_caller]
    pub(crate) fn live(&self) -> Vec<String> {
        let map = self.get("/sitemap.xml");
        assert_eq!(map.status, 200);
        let text = map.text();
        let locations = text.split("<loc>").skip(1).filter_map(|rest| rest.split("</loc>").next());
        locations.filter(|url| url.contains("/s/")).map(str::to_owned).collect()
    }

    /// Every path of the site that is not about one story.
    pub(crate) fn lists(&self) -> Vec<String> {
        let mut paths: Vec<String> =
            ["/", "/?from=0", "/sitemap.xml", "/news-sitemap.xml", "/robots.txt", "/policy", "/search"]
                .map(str::to_owned)
                .to_vec();
        for at in [String::new()]
            .into_iter()
            .chain(self.sections.iter().map(|section| format!("/section/{section}")))
        {
            paths.extend(["rss", "atom", "json"].map(|kind| format!("{at}/feed.{kind}")));
            paths.push(if at.is_empty() { "/".to_owned() } else { at });
        }
        paths
    }

    /// Every path that is about one story.
    pub(crate) fn paths_of(url: &str) -> Vec<String> {
        ["", ".json", ".txt", ".proof", "/history", "/any-slug"]
            .iter()
            .map(|end| format!("{url}{end}"))
            .collect()
    }

    /// Where in all that the site says any of these words stands: each as `path: word`. Words are found whatever
    /// their case. `url` is the story that they belong to, if it has an address; no list may lead there either.
    #[track_caller]
    pub(crate) fn everywhere(&self, url: Option<&str>, uri: &str, words: &[String]) -> Vec<String> {
        let mut found = Vec::new();
        let lists = self.lists();
        let mut paths = lists.clone();
        paths.extend(url.map(Self::paths_of).unwrap_or_default());
        paths.push(format!("/api/v1/items?uri={}", percent(uri)));
        for path in paths {
            let answer = self.get(&path);
            assert!(answer.status == 200 || !lists.contains(&path), "{path}: {}", answer.status);
            let mut text = answer.text();
            answer.fields.iter().for_each(|(_, value)| text.push_str(value));
            let text = text.to_lowercase();
            found.extend(
                words
                    .iter()
                    .filter(|word| text.contains(&word.to_lowercase()))
                    .map(|word| format!("{path}: {word}")),
            );
        }
        for word in words {
            let page = self.page(&format!("/search?q={word}"));
            let rest = page.html.to_lowercase().replace(&word.to_lowercase(), "");
            let others = words.iter().filter(|other| *other != word && rest.contains(&other.to_lowercase()));
            found.extend(others.map(|other| format!("/search?q={word}: {other}")));
            let leads =
                page.links.iter().find(|link| url.is_some_and(|url| link.contains(&url[url.len() - 26..])));
            found.extend(leads.map(|link| format!("/search?q={word}: {link}")));
        }
        found
    }

    #[track_caller]
    pub(crate) fn nowhere(&self, url: Option<&str>, uri: &str, words: &[String]) {
        assert!(words.len() > 1, "no words to look for");
        let found = self.everywhere(url, uri, words);
        assert!(found.is_empty(), "{found:#?}");
    }

    /// Asserts that a story stands in every output that shows stories: this many words of it, each word for word.
    #[track_caller]
    pub(crate) fn shows(&self, url: &str, story: &Story) {
        self.shows_among(url, story, &["/", "/feed.rss", "/feed.atom", "/feed.json", "/news-sitemap.xml"]);
    }

    /// The same for a story that is older than the two days of the news sitemap.
    #[track_caller]
    pub(crate) fn shows_old(&self, url: &str, story: &Story) {
        self.shows_among(url, story, &["/", "/feed.rss", "/feed.atom", "/feed.json"]);
    }

    #[track_caller]
    fn shows_among(&self, url: &str, story: &Story, paths: &[&str]) {
        let page = self.page(url);
        assert_eq!((page.status, page.blocks), (200, story.blocks()));
        assert_eq!(page.labels, [("unreviewed".to_owned(), LABEL.to_owned())]);
        assert_eq!(self.get(&format!("{url}.txt")).text(), story.plain());
        let found = self.everywhere(Some(url), &story.uri, &story.marks());
        for path in paths {
            assert!(
                found.iter().any(|place| place.starts_with(&format!("{path}: "))),
                "{path} lacks {}",
                story.headline
            );
        }
        assert!(
            found.iter().any(|place| place.starts_with("/search?") && place.contains("/s/")),
            "search: {found:#?}"
        );
        assert!(self.live().contains(&url.to_owned()), "the sitemap lacks {url}");
    }

    // --- the end -------------------------------------------------------------------------------------------------

    /// Every live page says what its plain text and its hash say.
    fn look_back(&self) {
        for url in self.live() {
            let page = self.page(&url);
            let plain = self.get(&format!("{url}.txt"));
            assert_eq!((page.status, plain.status), (200, 200), "{url}");
            assert!(page.plain() == plain.text(), "{url} is not {url}.txt");
            assert_eq!(page.labels.len(), 1, "{url}: {:?}", page.labels);
            let hash = sha256(&plain.body);
            let object = self.get(&format!("{url}.json")).json();
            let uri = text(&object, "uri").to_owned();
            let item = self.items(&uri).into_iter().find(|item| text(item, "url") == url);
            let item = item.unwrap_or_else(|| panic!("the API does not know {url} by {uri}"));
            assert_eq!(text(&item, "copy_sha256"), hash, "{url}");
            assert_eq!(text(&item, "pubstatus"), "usable", "{url}");
        }
    }
}

impl Drop for Newsroom {
    fn drop(&mut self) {
        if std::thread::panicking() {
            use std::io::Write as _;
            self.crash();
            let log = self.log();
            let tail = log.len().saturating_sub(6_000);
            let tail = (tail..log.len()).find(|at| log.is_char_boundary(*at)).unwrap_or(0);
            let _ = writeln!(std::io::stderr(), "--- the program's log ---\n{}", &log[tail..]);
            return;
        }
        if self.child.is_some() {
            if self.looks_back {
                self.look_back();
            }
            self.stop();
        }
    }
}

/// A field that is a text; empty if it is none.
pub(crate) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// All texts of a field that is a list, in one.
pub(crate) fn reasons(value: &Value) -> String {
    let all = value["reasons"]
        .as_array()
        .map(|all| all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; "));
    all.unwrap_or_default()
}

/// For a query.
pub(crate) fn percent(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
        out
    })
}
