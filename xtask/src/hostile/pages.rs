//! Payloads, delivered on a wire, published by the program, loaded in a browser.

use std::ffi::OsStr;
use std::path::PathBuf;

use serde_json::Value as Json;

use super::Run;
use super::browser::{Browser, Kind, Page};
use super::house::House;
use super::http::percent;
use super::payloads::{self, Format, Place};
use super::tally::{Group, Tally};

/// As many stories as a feed carries, so that every story stands once in every feed.
const BATCH: usize = 50;
/// How many payloads of others the quick run takes.
const SAMPLE: usize = 50;

/// What came of one batch.
#[derive(Default)]
struct Came {
    live: Vec<Page>,
    waiting: usize,
}

impl Run<'_> {
    /// Everything that needs a browser.
    pub(super) fn pages(&self, tally: &mut Tally) -> Result<(), String> {
        let house = House::open(&self.binary, self.folder.join("pages"))?;
        let mut browser = Browser::open(self.root, self.wish.full)?;
        tally.group("browser: pages that do harm are noticed", |group| browser.controls(group))?;
        let own = payloads::own(self.root)?;
        let mut kinds = Vec::new();
        for place in [Place::Body, Place::Fields] {
            for format in Format::ALL {
                tally.group(&format!("pages: our payloads in {format:?}, {}", said(place)), |group| {
                    let mut show = Show {
                        run: self,
                        house: &house,
                        browser: &mut browser,
                        kinds: &mut kinds,
                        set: "own",
                    };
                    // The quick run has each payload in three of the six; the full run has all in all.
                    let all = self.wish.full || (format == Format::Rss) == (place == Place::Body);
                    let some: Vec<String> = own.iter().step_by(if all { 1 } else { 3 }).cloned().collect();
                    show.all(format, place, "plain", &some, group)
                })?;
            }
        }
        tally.group("pages: our payloads in titles that hold HTML", |group| {
            let mut show =
                Show { run: self, house: &house, browser: &mut browser, kinds: &mut kinds, set: "titles" };
            show.all(Format::Rss, Place::Fields, "titles", &own, group)
        })?;
        tally.group("pages: every place of a story has carried a payload", |group| {
            for kind in ["headline", "subhead", "byline", "p", "h2", "li", "quote", "pre", "row", "caption"] {
                group.check(kinds.iter().any(|seen| seen == kind), || format!("no {kind} was seen"));
            }
            Ok(())
        })?;
        tally.group("pages: our payloads as questions", |group| {
            let some: Vec<String> = own.iter().step_by(if self.wish.full { 1 } else { 2 }).cloned().collect();
            questions(&house, &mut browser, &some, group)
        })?;
        tally.group("pages: our payloads on stories that are withdrawn", |group| {
            withdrawn(&house, &mut browser, group)
        })?;
        tally.group("desk: our payloads held, complained about, and as names", |group| {
            self.desk_pages(&house, &mut browser, &own, group)
        })?;
        if let Some(collected) = &self.collected {
            let all = payloads::gathered(collected)?;
            let count = all.len();
            let step = if self.wish.full { 1 } else { count.div_ceil(SAMPLE).max(1) };
            let sample: Vec<String> = all.into_iter().step_by(step).collect();
            let name = format!("pages: {} of {count} gathered payloads", sample.len());
            tally.group(&format!("{name}, as bodies"), |group| {
                let mut show = Show {
                    run: self,
                    house: &house,
                    browser: &mut browser,
                    kinds: &mut kinds,
                    set: "gathered",
                };
                show.all(Format::Rss, Place::Body, "plain", &sample, group)
            })?;
            tally.group(&format!("{name}, in fields"), |group| {
                let mut show = Show {
                    run: self,
                    house: &house,
                    browser: &mut browser,
                    kinds: &mut kinds,
                    set: "gathered",
                };
                let sample: Vec<String> =
                    sample.iter().map(|payload| payload.chars().take(2_000).collect()).collect();
                show.all(Format::Ninjs, Place::Fields, "plain", &sample, group)
            })?;
        }
        Ok(())
    }

    /// What operators see and what the terminal says, of payloads that did not go out.
    fn desk_pages(
        &self,
        house: &House<'_>,
        browser: &mut Browser,
        own: &[String],
        group: &mut Group,
    ) -> Result<(), String> {
        let token = house.token()?;
        let desk = format!("http://127.0.0.1:{}/", house.desk);
        let folder = self.folder.join("names");
        std::fs::create_dir_all(&folder).map_err(|fault| fault.to_string())?;
        for (i, some) in own.chunks(25).enumerate() {
            // Held, because of a character that no page can carry; and unreadable, under a payload's name.
            let mut files = Vec::new();
            for (j, payload) in some.iter().enumerate() {
                let story = serde_json::json!({ "uri": format!("urn:agx:held:{i}:{j}:{payload}"), "type": "text", "versionCreated": "2026-03-14T12:00:00Z",
                    "headlines": [{ "value": payload }], "bodies": [{ "value": "a\u{0}b" }] });
                let name: String = payload.chars().filter(|c| !matches!(c, '/' | '\0')).take(60).collect();
                for (name, bytes) in
                    [(format!("{i}-{j}"), story.to_string()), (format!("{name}."), payload.clone())]
                {
                    let path = folder.join(name);
                    std::fs::write(&path, bytes).map_err(|fault| format!("{}: {fault}", path.display()))?;
                    files.push(path);
                }
            }
            for line in house.publish("plain", &files)? {
                group.check(line["ruling"] == "hold", || format!("it was to wait: {line}"));
            }
            browser.pages(Kind::Desk(&token), &[Page::at(&desk)], group)?;
            for words in
                [&["list"][..], &["list", "--held"], &["list", "--complaints"], &["list", "--feed", "plain"]]
            {
                let words: Vec<&OsStr> = words.iter().map(OsStr::new).collect();
                let (out, err) = house.command(&words)?;
                group.check(out.len() > 100, || format!("{words:?} says nothing"));
                group.settle(format_args!("{words:?}"), calm(&out).and(calm(&err)));
            }
        }
        let told: Vec<Page> = own
            .iter()
            .filter(|payload| payload.len() < 500)
            .step_by(3)
            .map(|payload| Page::at(format!("{desk}?done={0}&failed={0}", percent(payload))))
            .collect();
        browser.pages(Kind::Desk(&token), &told, group)?;
        // The login page, too, which anybody can ask for.
        group.settle("the log", calm(house.log().as_bytes()));
        Ok(())
    }
}

fn said(place: Place) -> &'static str {
    match place {
        Place::Body => "as bodies",
        Place::Fields => "in fields",
    }
}

/// Nothing that drives a terminal: no control character but the line end, and nothing that turns the line around.
pub(super) fn calm(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8")?;
    let wild = |c: char| {
        c.is_control() && c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    match text.char_indices().find(|(_, c)| wild(*c)) {
        Some((at, c)) => {
            let line = text[..at].rsplit('\n').next().unwrap_or_default();
            Err(format!("{} after `{}`", c.escape_unicode(), super::tally::tame(line)))
        }
        None => Ok(()),
    }
}

/// Publishes payloads and looks at everything that shows them.
struct Show<'a> {
    run: &'a Run<'a>,
    house: &'a House<'a>,
    browser: &'a mut Browser,
    kinds: &'a mut Vec<String>,
    /// Which payloads: part of every story's uri.
    set: &'a str,
}

impl Show<'_> {
    fn all(
        &mut self,
        format: Format,
        place: Place,
        feed: &str,
        payloads: &[String],
        group: &mut Group,
    ) -> Result<(), String> {
        let (mut live, mut waiting, mut bodies) = (0, 0, 0);
        for (i, some) in payloads.chunks(BATCH).enumerate() {
            let came = self.publish(format, place, feed, i * BATCH, some)?;
            live += came.live.len();
            waiting += came.waiting;
            self.kinds.extend(self.browser.pages(Kind::Story, &came.live, group)?);
            let site = format!("http://127.0.0.1:{}", self.house.site);
            let mut feeds: Vec<String> =
                ["/feed.rss", "/feed.atom", "/feed.json", "/section/world/feed.atom"]
                    .iter()
                    .map(|path| format!("{site}{path}"))
                    .collect();
            feeds.extend(came.live.iter().map(|page| format!("{}.json", page.url)));
            bodies += self.browser.feeds(&feeds, group)?;
            let mut lists = vec![Page::at(format!("{site}/")), Page::at(format!("{site}/section/world"))];
            lists.extend(came.live.iter().step_by(10).map(|page| Page::at(format!("{}/history", page.url))));
            self.browser.pages(Kind::Other, &lists, group)?;
        }
        group.remark(format!("{live} stories went out, {waiting} wait, feeds carried {bodies} bodies"));
        group.check(live * 4 >= payloads.len() * 3, || format!("only {live} of {} went out", payloads.len()));
        group.check(bodies as usize >= live, || "the feeds did not carry every story".into());
        Ok(())
    }

    fn publish(
        &self,
        format: Format,
        place: Place,
        feed: &str,
        first: usize,
        payloads: &[String],
    ) -> Result<Came, String> {
        let wire = payloads::wire(self.set, format, place, first, payloads);
        let path: PathBuf = self.run.folder.join(format!("{}-{format:?}-{place:?}-{first}", self.set));
        std::fs::write(&path, wire).map_err(|fault| format!("{}: {fault}", path.display()))?;
        let mut came = Came::default();
        for line in self.house.publish(feed, &[path])? {
            let went_out = line["ruling"] == "publish" || line["ruling"] == "update";
            let (Some(url), Some(uri)) = (line["url"].as_str(), line["uri"].as_str()) else {
                came.waiting += 1;
                continue;
            };
            if !went_out {
                came.waiting += 1;
                continue;
            }
            let headline = (feed == "plain").then(|| headline_of(place, uri, first, payloads)).flatten();
            came.live.push(Page { url: url.to_owned(), headline, status: 200 });
        }
        Ok(came)
    }
}

/// What must stand as the headline of the story with this uri.
fn headline_of(place: Place, uri: &str, first: usize, payloads: &[String]) -> Option<String> {
    if place == Place::Body {
        return Some("payload".to_owned());
    }
    let number: usize = uri.split(':').nth(5)?.parse().ok()?;
    let words = payloads::collapsed(payloads.get(number.checked_sub(first)?)?);
    (!words.is_empty()).then_some(words)
}

/// What readers type: it stands in pages again.
fn questions(
    house: &House<'_>,
    browser: &mut Browser,
    own: &[String],
    group: &mut Group,
) -> Result<(), String> {
    let site = format!("http://127.0.0.1:{}", house.site);
    let pages: Vec<Page> =
        own.iter().map(|payload| Page::at(format!("{site}/search?q={}", percent(payload)))).collect();
    browser.pages(Kind::Other, &pages, group)?;
    let lost: Vec<Page> = own
        .iter()
        .step_by(4)
        .map(|payload| Page { status: 404, ..Page::at(format!("{site}/s/{}", percent(payload))) })
        .collect();
    browser.pages(Kind::Other, &lost, group).map(drop)
}

/// Stories that are gone say nothing of what they said.
fn withdrawn(house: &House<'_>, browser: &mut Browser, group: &mut Group) -> Result<(), String> {
    let token = format!("Bearer {}", house.token()?);
    let answer = house.desk("GET", "/api/v1/lists/recent?limit=60", &[("Authorization", &token)], b"")?;
    let lists: Json =
        serde_json::from_slice(&answer.body).map_err(|fault| format!("the desk's list: {fault}"))?;
    let lines = lists.as_object().and_then(|lists| lists.values().next()).and_then(Json::as_array);
    let mut gone = Vec::new();
    for line in lines.into_iter().flatten().filter(|line| line["ruling"] == "publish").step_by(5) {
        let (Some(uri), Some(url)) = (line["uri"].as_str(), line["url"].as_str()) else { continue };
        if uri.contains('\0') {
            continue;
        }
        let words = ["kill", "--reason", "\u{1b}[31m<script>alert(1)</script>", "--", uri].map(OsStr::new);
        let (out, err) = house.command(&words)?;
        group.check(!out.is_empty(), || {
            format!("the kill of {} failed: {}", super::tally::tame(uri), String::from_utf8_lossy(&err))
        });
        gone.push(Page { status: 410, ..Page::at(url) });
        gone.push(Page::at(format!("{url}/history")));
    }
    group.check(gone.len() > 6, || format!("only {} pages were withdrawn", gone.len()));
    // A history may be gone with its story; what matters is what it says.
    for page in &mut gone {
        let path = page.url.split_once("/s/").map(|(_, rest)| format!("/s/{rest}")).unwrap_or_default();
        page.status = house.get(&path)?.status;
        group.check(matches!(page.status, 200 | 410), || format!("{path}: {}", page.status));
    }
    browser.pages(Kind::Other, &gone, group).map(drop)
}
