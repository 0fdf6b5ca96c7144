//! One round over a site: follow the log, look at all that is shown, follow the log again. What changed in between is
//! looked at in the next round; what did not must be as the log says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lines::reader::{Answer, Reader};
use news::Digest;
use notary::chain::{Link, Seen, Trust, Verdict, check};
use notary::follow::{Break, Flaw, Last};
use notary::tiles::{Tile, WIDTH, unbundle};
use notary::{Checkpoint, KeyKind, Leaf, Note, Proof, VerifierKey, shard};
use serde_json::Value;
use tokio::task::JoinSet;

use super::memory::Memory;
use super::tell::Board;
use crate::say::Failure;
use crate::verify::{look, sheets_of};

/// How many stories are looked at at one time.
const AT_ONCE: usize = 8;
/// How long a withdrawal may be seen before it is logged, and how often it is looked for.
const GRACE: Duration = Duration::from_millis(500);
const TRIES: usize = 8;
/// Characters of an item's identifier.
const ID: usize = 26;
/// What a story is also answered as.
const FORMS: [&str; 3] = ["", ".json", ".txt"];

pub(super) struct Round {
    pub(super) site: String,
    pub(super) reader: Reader,
    pub(super) memory: Memory,
    pub(super) board: Arc<Board>,
    /// The headlines of what is live, never written down: by them the search is asked once a story is gone.
    pub(super) headlines: Headlines,
}

pub(super) type Headlines = Arc<Mutex<BTreeMap<String, String>>>;

/// What the log shows at one moment.
struct View {
    items: BTreeMap<String, Last>,
}

impl Round {
    /// Walks it. What is wrong is told to the board.
    ///
    /// # Errors
    /// The log or a list could not be read, so nothing can be told.
    pub(super) async fn walk(&mut self) -> Result<(), Failure> {
        let before = self.follow().await?;
        let lists = self.lists().await?;
        let mut looked = self.look_at(&before, &lists).await?;
        let mut after = self.follow().await?;
        // A story goes off first and is logged then: a moment is left for that.
        for _ in 0..TRIES {
            if !looked.iter().any(|found| found.may_pass && found.holds(&before, &after)) {
                break;
            }
            tokio::time::sleep(GRACE).await;
            after = self.follow().await?;
        }
        looked.retain(|found| found.holds(&before, &after));
        for Found { alarm, at, why, .. } in looked {
            self.board.alarm(alarm, &at, &why);
        }
        let live = after.items.values().filter(|last| last.shown).count();
        self.board.saw(self.memory.log.size(), live as u64);
        Ok(())
    }

    async fn get(&self, path: &str) -> Result<Answer, Failure> {
        Ok(self.reader.get(&format!("{}{path}", self.site)).await?)
    }

    // --- the log -------------------------------------------------------------------------------------------------

    /// Follows the log to its newest checkpoint, over all shards in between.
    async fn follow(&mut self) -> Result<View, Failure> {
        let said: Value = serde_json::from_slice(&self.get("/.well-known/verbatim.json").await?.body)?;
        let all = said["log"]["keys"].as_array().into_iter().flatten().chain([&said["log"]["vkey"]]);
        let own: Vec<VerifierKey> =
            all.filter_map(Value::as_str).filter_map(|key| VerifierKey::parse(key).ok()).collect();
        let note = self.checkpoint("/log").await?;
        let newest = shard_of(&note.1.origin);
        let mut shards: BTreeSet<u32> = [newest].into();
        shards.extend(own.iter().filter_map(|key| shard::of(key.name())).filter(|known| *known < newest));
        // From the first shard on: a story of an old one may be live still.
        let seen = match self.memory.origin.is_empty() {
            true => shards.first().copied().unwrap_or(newest),
            false => shard_of(&self.memory.origin),
        };
        shards.insert(seen);
        if newest < seen {
            let why = format!("the log is `{}`, and `{}` was seen", note.1.origin, self.memory.origin);
            self.board.alarm("shrunk", &self.site, &why);
            return Ok(self.view());
        }
        for shard in shards.range(seen..).copied() {
            let (text, state) = match self.checkpoint(&format!("/log/{}", shard::name(shard))).await {
                Ok(found) => found,
                // A shard that was never signed, or that a restored site cannot show, has nothing to follow.
                Err(_) if shard != newest && self.memory.log.size() == 0 => continue,
                Err(error) => return Err(error),
            };
            if state.origin != self.memory.origin {
                // Stories of the shard before are live still; only its tree is over.
                if self.memory.log.size() > 0 {
                    self.memory.log.begin_shard();
                }
                self.memory.origin.clone_from(&state.origin);
            }
            if self.believes(&text, &state, &own) {
                self.go_on(shard, &state).await?;
            }
        }
        self.memory.save()?;
        Ok(self.view())
    }

    fn view(&self) -> View {
        let items = self.memory.log.items().map(|(item, last)| (item.to_owned(), last.clone())).collect();
        View { items }
    }

    async fn checkpoint(&self, log: &str) -> Result<(String, Checkpoint), Failure> {
        let answer = self.get(&format!("{log}/checkpoint")).await?;
        let text = answer.text().filter(|_| answer.status == 200);
        let text =
            text.ok_or_else(|| format!("{log}/checkpoint answers {} and no checkpoint", answer.status))?;
        let note = Note::parse(text)?;
        Ok((text.to_owned(), Checkpoint::parse(&note.text)?))
    }

    /// Whether a checkpoint is signed by a key that is believed. Without any so far, that is the site's own.
    fn believes(&mut self, text: &str, state: &Checkpoint, own: &[VerifierKey]) -> bool {
        let signed = |key: &VerifierKey| {
            let note = Note::parse(text).ok();
            key.kind() == KeyKind::Log
                && key.name() == state.origin
                && note.is_some_and(|note| note.verify(std::slice::from_ref(key)).is_ok())
        };
        if self.memory.keys.iter().any(signed) {
            return true;
        }
        // The same key signs each shard under the shard's name; a key that was not seen may be believed only at first.
        let renamed = self.memory.keys.iter().filter_map(|key| key.renamed(&state.origin));
        if let Some(key) = renamed.into_iter().find(signed) {
            self.memory.keys.push(key);
            return true;
        }
        let first = self.memory.keys.is_empty() && !self.memory.pinned;
        if let Some(key) = own.iter().find(|key| first && signed(key)) {
            self.memory.keys.push(key.clone());
            return true;
        }
        let why = format!("the checkpoint of `{}` is not signed by a key that is believed", state.origin);
        self.board.alarm("key", &self.site, &why);
        false
    }

    /// Reads the leaves up to a checkpoint.
    async fn go_on(&mut self, shard: u32, state: &Checkpoint) -> Result<(), Failure> {
        let shard = shard::name(shard);
        if let Err(broken) = self.memory.log.meets(state) {
            self.broken(&broken);
            return Ok(());
        }
        let (mut log, mut flaws, mut followed_by) = (self.memory.log.clone(), Vec::new(), Vec::new());
        while log.size() < state.size {
            let from = log.size();
            let (n, skip) = (from / u64::from(WIDTH), (from % u64::from(WIDTH)) as usize);
            let tile = Tile { level: None, n, width: WIDTH };
            let tile = Tile { width: tile.width_in(state.size), ..tile };
            let answer = self.get(&format!("/log/{shard}/{tile}")).await?;
            let entries = unbundle(&answer.body).filter(|_| answer.status == 200);
            let entries = entries.filter(|entries| entries.len() == usize::from(tile.width));
            let entries = entries
                .ok_or_else(|| format!("/log/{shard}/{tile} answers {} and no leaves", answer.status))?;
            flaws.extend(log.push(&entries[skip..]));
            followed_by.extend(entries[skip..].iter().filter_map(|entry| successor(entry)));
        }
        // What does not come to the signed root is not of this log.
        if let Err(broken) = log.meets(state) {
            self.broken(&broken);
            return Ok(());
        }
        self.memory.log = log;
        // What a believed key signed says by which key the log goes on.
        self.memory.learn(followed_by);
        for flaw in flaws {
            let alarm = if matches!(flaw, Flaw::Gap { .. }) { "gap" } else { "leaf" };
            self.board.alarm(alarm, &self.site, &flaw.to_string());
        }
        Ok(())
    }

    fn broken(&self, broken: &Break) {
        let alarm = if matches!(broken, Break::Fork { .. }) { "fork" } else { "shrunk" };
        self.board.alarm(alarm, &self.site, &broken.to_string());
    }

    // --- what is shown -------------------------------------------------------------------------------------------

    /// Every list of the site, by its path, with the stories that it leads to.
    async fn lists(&self) -> Result<BTreeMap<String, BTreeSet<String>>, Failure> {
        let mut todo: Vec<String> =
            ["/", "/feed.rss", "/feed.atom", "/feed.json", "/sitemap.xml", "/news-sitemap.xml"]
                .map(str::to_owned)
                .to_vec();
        let mut lists = BTreeMap::new();
        while let Some(path) = todo.pop() {
            if lists.contains_key(&path) {
                continue;
            }
            let answer = self.get(&path).await?;
            if answer.status != 200 {
                if path == "/" {
                    return Err(format!("the front page answers {}", answer.status).into());
                }
                continue;
            }
            let text = with_slashes(&String::from_utf8_lossy(&answer.body));
            if path == "/" {
                for section in text.split("/section/").skip(1) {
                    let name =
                        section.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or("");
                    let files = ["", "/feed.rss", "/feed.atom", "/feed.json"];
                    todo.extend(files.map(|file| format!("/section/{name}{file}")));
                }
            }
            if path == "/sitemap.xml" {
                let parts = text.split("/sitemap-").skip(1).filter_map(|rest| rest.split('<').next());
                todo.extend(parts.map(|part| format!("/sitemap-{part}")));
            }
            lists.insert(path, stories_in(&without_tombstones(&text)));
        }
        Ok(lists)
    }

    /// Looks at every story that the log knows, and at every list.
    async fn look_at(
        &self,
        view: &View,
        lists: &BTreeMap<String, BTreeSet<String>>,
    ) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        let mut led: BTreeMap<&str, &str> = BTreeMap::new();
        for (path, stories) in lists {
            for story in stories {
                match view.items.get(story) {
                    Some(last) if !last.shown => found.push(Found {
                        item: story.clone(),
                        alarm: "listed",
                        at: format!("{}{path}", self.site),
                        why: format!("it leads to {}, of which the log says `{}`", self.url(story), last.act),
                        may_pass: false,
                    }),
                    Some(_) => {}
                    None => _ = led.insert(story, path),
                }
            }
        }
        for (story, path) in led {
            found.push(Found {
                item: story.to_owned(),
                alarm: "unlogged",
                at: self.url(story),
                why: format!("{path} leads to it, and the log does not know it"),
                may_pass: true,
            });
        }
        let trust = Trust { keys: self.memory.keys.clone(), ..Trust::default() };
        let mut looking: JoinSet<Result<Vec<Found>, Failure>> = JoinSet::new();
        for (item, last) in &view.items {
            if looking.len() >= AT_ONCE
                && let Some(done) = looking.join_next().await
            {
                found.extend(done??);
            }
            let story = Story {
                url: self.url(item),
                item: item.clone(),
                last: last.clone(),
                in_last_shard: last.shard == self.memory.log.shard(),
                origin: self.memory.origin.clone(),
                trust: trust.clone(),
                headlines: Arc::clone(&self.headlines),
            };
            let (reader, site) = (self.reader.clone(), self.site.clone());
            looking.spawn(async move {
                if story.last.shown {
                    story.is_right(&reader, &site).await
                } else {
                    story.is_gone(&reader, &site).await
                }
            });
        }
        while let Some(done) = looking.join_next().await {
            found.extend(done??);
        }
        Ok(found)
    }

    fn url(&self, item: &str) -> String {
        format!("{}/s/{item}", self.site)
    }
}

/// The key of the log that follows, as the last leaf of a shard names it.
fn successor(entry: &[u8]) -> Option<VerifierKey> {
    let leaf = Leaf::parse(std::str::from_utf8(entry).ok()?).ok()?;
    let last = ["shard", "key"].contains(&leaf.act.as_str());
    leaf.feed.filter(|_| last).and_then(|key| VerifierKey::parse(&key).ok())
}

/// The number of the shard in a log's name.
fn shard_of(origin: &str) -> u32 {
    shard::of(origin).unwrap_or(0)
}

/// A feed without what it says of stories that were withdrawn (RFC 6721, and `_verbatim` in JSON Feed).
fn without_tombstones(feed: &str) -> String {
    if let Ok(Value::Object(mut feed)) = serde_json::from_str(feed) {
        feed.remove("_verbatim");
        return Value::Object(feed).to_string();
    }
    let mut out = String::with_capacity(feed.len());
    let mut rest = feed;
    while let Some((before, tombstone)) = rest.split_once("<at:deleted-entry") {
        out.push_str(before);
        let short = tombstone.find('>').filter(|end| tombstone[..*end].ends_with('/')).map(|end| end + 1);
        let long = || tombstone.find("</at:deleted-entry>").map(|at| at + "</at:deleted-entry>".len());
        rest = short.or_else(long).map_or("", |end| &tombstone[end..]);
    }
    out + rest
}

/// A text in which slashes are slashes, however its format writes them.
fn with_slashes(text: &str) -> String {
    // not copy: addresses are looked for in it
    ["&#x2f;", "&#x2F;", "&#47;", "\\/"].iter().fold(text.to_owned(), |text, slash| text.replace(slash, "/"))
}

/// The identifiers of the stories that a text leads to.
fn stories_in(text: &str) -> BTreeSet<String> {
    let id = |rest: &str| {
        let id = rest.get(..ID)?;
        let plain = |b: u8| b.is_ascii_digit() || b.is_ascii_lowercase();
        id.bytes().all(plain).then(|| id.to_owned())
    };
    text.split("/s/").skip(1).filter_map(id).collect()
}

/// Something that is wrong, unless the log moved on meanwhile.
struct Found {
    item: String,
    alarm: &'static str,
    at: String,
    why: String,
    /// It may be right as soon as the log says so.
    may_pass: bool,
}

impl Found {
    /// Whether it is still wrong by what the log says now: the log said nothing new about the item.
    fn holds(&self, before: &View, after: &View) -> bool {
        before.items.get(&self.item) == after.items.get(&self.item)
    }
}

/// One story, and what the log said of it.
struct Story {
    url: String,
    item: String,
    last: Last,
    /// Whether that was in the shard that is followed now, and that shard's name.
    in_last_shard: bool,
    origin: String,
    trust: Trust,
    headlines: Headlines,
}

impl Story {
    fn found(&self, alarm: &'static str, at: &str, why: impl Into<String>) -> Found {
        let may_pass = matches!(alarm, "missing" | "stale");
        Found { item: self.item.clone(), alarm, at: at.to_owned(), why: why.into(), may_pass }
    }

    /// A story that was withdrawn answers nowhere.
    async fn is_gone(&self, reader: &Reader, site: &str) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        for form in FORMS {
            let at = format!("{}{form}", self.url);
            let answer = reader.get(&at).await?;
            if answer.status == 200 {
                found.push(self.found(
                    "not-gone",
                    &at,
                    format!("it answers 200, and the log says `{}`", self.last.act),
                ));
            }
        }
        let known = self.headlines.lock().unwrap_or_else(PoisonError::into_inner).get(&self.item).cloned();
        if let Some(headline) = known {
            let at = format!("{site}/search?q={}", percent(&headline));
            let answer = reader.get(&at).await?;
            if stories_in(&with_slashes(&String::from_utf8_lossy(&answer.body))).contains(&self.item) {
                let why = format!("the search leads to {}, and the log says `{}`", self.url, self.last.act);
                // The address of the search would repeat the words.
                found.push(self.found("listed", &format!("{site}/search"), why));
            } else if answer.status == 200 {
                self.headlines.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.item);
            }
        }
        Ok(found)
    }

    /// A live story is what was logged, in every form.
    async fn is_right(&self, reader: &Reader, site: &str) -> Result<Vec<Found>, Failure> {
        let page = reader.get(&self.url).await?;
        if page.status != 200 {
            let why = format!("it answers {}, and the log says `{}`", page.status, self.last.act);
            return Ok(vec![self.found("missing", &self.url, why)]);
        }
        let at = format!("{}.proof", self.url);
        let answer = reader.get(&at).await?;
        let proof = answer.text().filter(|_| answer.status == 200).map(Proof::parse);
        let Some(Ok(proof)) = proof else {
            return Ok(vec![self.found("altered", &at, "there is no proof for it")]);
        };
        let Some(text) = page.text() else {
            return Ok(vec![self.found("altered", &self.url, "the page is not UTF-8")]);
        };
        let back = press::gate::read_back(text);
        let mut sheets = Vec::new();
        for address in sheets_of(&back, &self.url) {
            let sheet = reader.get(&address).await?;
            sheets.push(String::from_utf8_lossy(&sheet.body).into_owned());
        }
        let seen = Seen { item: Some(self.item.clone()), ..look(&back, &sheets) };
        if let Some((_, headline)) = back.blocks.into_iter().find(|(kind, _)| kind == "headline") {
            self.headlines.lock().unwrap_or_else(PoisonError::into_inner).insert(self.item.clone(), headline);
        }
        let chain = check(&seen, &proof, &self.trust);
        let mut found = Vec::new();
        for step in chain.steps.iter().filter(|step| step.verdict != Verdict::Held) {
            // Shards change in the middle of a round; a proof in another shard is checked by that one's key.
            let other =
                step.link == Link::Signature && proof.state().is_ok_and(|state| !self.knows(&state.origin));
            if !other {
                found.push(self.found("altered", &self.url, format!("{}: {}", step.link.as_str(), step.why)));
            }
        }
        let same = self.in_last_shard && proof.state().is_ok_and(|state| state.origin == self.origin);
        if same && proof.index < self.last.index {
            let why =
                format!("the page is that of leaf {}, and the log has leaf {}", proof.index, self.last.index);
            found.push(self.found("stale", &self.url, why));
        }
        let copy =
            chain.disclosure.as_ref().and_then(|lines| lines.get("copy")).unwrap_or_default().to_owned();
        let at = format!("{}.txt", self.url);
        let plain = reader.get(&at).await?;
        if plain.status != 200 || Digest::of(&plain.body).to_string() != copy {
            found.push(self.found("altered", &at, "its words are not those that were logged"));
        }
        if let Some(uri) = chain.disclosure.as_ref().and_then(|lines| lines.get("uri")) {
            found.extend(self.told(reader, site, uri, &copy).await?);
        }
        Ok(found)
    }

    fn knows(&self, origin: &str) -> bool {
        self.trust.keys.iter().any(|key| key.name() == origin)
    }

    /// What the API tells of it.
    async fn told(
        &self,
        reader: &Reader,
        site: &str,
        uri: &str,
        copy: &str,
    ) -> Result<Option<Found>, Failure> {
        let at = format!("{site}/api/v1/items?uri={}", percent(uri));
        let answer = reader.get(&at).await?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let items = said["items"].as_array().cloned().unwrap_or_default();
        let own = items.iter().find(|item| item["url"].as_str().is_some_and(|url| url.ends_with(&self.item)));
        let why = match own {
            None => "the API does not list it",
            Some(item) if item["copy_sha256"].as_str() != Some(copy) => {
                "the API tells other words than were logged"
            }
            Some(item) if item["pubstatus"] != "usable" => "the API does not call it usable",
            Some(_) => return Ok(None),
        };
        Ok(Some(self.found("altered", &at, why)))
    }
}

fn percent(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stories_are_found_in_any_list() {
        let id = "0123456789abcdefghjkmnpqrs";
        let text =
            format!("<loc>https://a.example/s/{id}</loc> /s/short /s/{id}/slug /s/{}", id.to_uppercase());
        assert_eq!(stories_in(&text).into_iter().collect::<Vec<_>>(), [id]);
        let feed = format!(
            "<feed><at:deleted-entry ref=\"/s/{id}\" when=\"x\"/><at:deleted-entry ref=\"/s/{id}\"><at:comment/></at:deleted-entry><entry/></feed>"
        );
        assert_eq!(without_tombstones(&feed), "<feed><entry/></feed>");
        let text = with_slashes(&format!("<a href=\"&#x2f;s&#x2f;{id}\">"));
        assert_eq!(stories_in(&text).into_iter().collect::<Vec<_>>(), [id]);
        assert_eq!((shard_of("a.example/log/2026-1"), shard_of("a.example")), (202_601, 0));
    }
}
