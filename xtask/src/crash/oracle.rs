//! Compares what the program answers with the outside record.

use std::collections::HashSet;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::faults::Faults;
use super::house::House;
use super::http::{Answer, Line, percent};
use super::ledger::{Book, Item, Ledger, Proof};
use super::wire::{self, Status, marks, now};

/// Every output that lists stories.
pub(super) const LISTS: [&str; 9] = [
    "/",
    "/section/world",
    "/section/home",
    "/feed.rss",
    "/feed.atom",
    "/feed.json",
    "/section/world/feed.atom",
    "/sitemap.xml",
    "/news-sitemap.xml",
];

/// How much of the record is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What is new since, and some of the rest.
    Some(u64),
    /// Every item, in every shape.
    All,
}

/// The path of an address on the site.
pub(super) fn path(url: &str) -> &str {
    url.find("/s/").map_or("/", |at| &url[at..])
}

/// Looks whether any words in an answer may not be there. `asked` is when the question was sent.
fn check_words(answer: &Answer, whence: &str, asked: Duration, ledger: &Ledger, faults: &Faults) {
    let got = now();
    let book = ledger.book();
    for mark in marks(&answer.body) {
        let Some((item, sent)) = book.owner(&mark) else {
            faults.note(format!("{whence} carries {mark}, which nobody sent"));
            continue;
        };
        if item.killed.is_some_and(|at| at < asked) {
            faults.note(format!("{whence} carries words of {}, whose kill was acknowledged", item.uri));
        }
        if let Status::Embargoed(until) = sent.story.status
            && got < Duration::from_secs(until)
        {
            faults.note(format!("{whence} carries words of {} before its embargo ends", item.uri));
        }
    }
}

/// Fetches an output and looks whether any words in it may not be there. A program that does not answer is nobody's
/// fault here: whoever calls knows whether it should.
pub(super) fn look_at(line: &mut Line, path: &str, ledger: &Ledger, faults: &Faults) -> Option<Answer> {
    let asked = now();
    let answer = line.get(path).ok()?;
    check_words(&answer, path, asked, ledger, faults);
    Some(answer)
}

/// A killed item answers 410, or 404 if it was never public, in each of its shapes.
pub(super) fn must_be_gone(line: &mut Line, uri: &str, url: &str, when: &str, faults: &Faults) {
    for shape in ["", ".txt", ".json"] {
        if let Ok(answer) = line.get(&format!("{}{shape}", path(url)))
            && !matches!(answer.status, 404 | 410)
        {
            faults.note(format!("{uri} answers {} at {url}{shape} {when}", answer.status));
        }
    }
}

/// Asks from the moment the program is started until it answers: nothing may be wrong in the very first answers.
/// Call it, then start the program, then join the threads.
pub(super) fn first_answers<'s>(
    scope: &'s thread::Scope<'s, '_>,
    site: u16,
    ledger: &'s Ledger,
    faults: &'s Faults,
) {
    let killed: Vec<(String, String)> = {
        let book = ledger.book();
        let mut killed: Vec<&Item> =
            book.items.iter().filter(|item| item.killed.is_some() && item.url.is_some()).collect();
        killed.sort_by_key(|item| item.killed);
        killed
            .iter()
            .rev()
            .take(4)
            .map(|item| (item.uri.clone(), item.url.clone().unwrap_or_default()))
            .collect()
    };
    let until = Instant::now() + Duration::from_secs(10);
    let patiently = move |path: &str, look: &dyn Fn(&mut Line, &str) -> bool| {
        while Instant::now() < until {
            // A new connection each time: the first that is taken gives the first answer.
            if look(&mut Line::new(site), path) {
                return;
            }
            thread::sleep(Duration::from_micros(300));
        }
    };
    for (uri, url) in killed {
        scope.spawn(move || {
            patiently(path(&url), &|line, path| {
                let Ok(answer) = line.get(path) else { return false };
                if !matches!(answer.status, 404 | 410) {
                    faults.note(format!("{uri} is killed, and the first answer is {}", answer.status));
                }
                true
            });
        });
    }
    for list in ["/", "/feed.atom"] {
        scope.spawn(move || {
            patiently(list, &|line, path| look_at(line, path, ledger, faults).is_some());
        });
    }
}

/// Everything that the record says about the outputs, against a program that runs and is left alone.
pub(super) fn check(house: &House, ledger: &Ledger, depth: Depth, faults: &Faults) {
    if depth == Depth::All {
        await_files(house);
        await_embargoes(ledger);
    }
    let mut line = Line::new(house.site);
    for list in LISTS {
        if look_at(&mut line, list, ledger, faults).is_none() {
            faults.note(format!("{list} is not answered"));
        }
    }
    let items: Vec<Item> = {
        let book = ledger.book();
        let mut sample = super::chance::Chance::new(book.items.len() as u64);
        book.items
            .iter()
            .filter(|item| match depth {
                Depth::All => true,
                Depth::Some(one_in) => !item.checked || sample.one_in(one_in),
            })
            .cloned()
            .collect()
    };
    for item in &items {
        if let Err(error) = check_item(house, &mut line, item, ledger, faults) {
            faults.note(format!("{}: {error}", item.uri));
        }
    }
    ledger.checked(&items);
    if depth == Depth::All {
        check_sitemap(&mut line, ledger, faults);
    }
}

/// An embargo that ends while everything is compared would make the parts of the picture disagree.
fn await_embargoes(ledger: &Ledger) {
    let soon = now() + Duration::from_secs(10);
    let ends = |status| match status {
        Status::Embargoed(until) => Some(Duration::from_secs(until + 2)).filter(|end| *end < soon),
        _ => None,
    };
    let last = {
        let book = ledger.book();
        book.items.iter().flat_map(|item| &item.sent).filter_map(|sent| ends(sent.story.status)).max()
    };
    thread::sleep(last.unwrap_or_default().saturating_sub(now()));
}

/// So would a file that is taken meanwhile.
fn await_files(house: &House) {
    let is_wire = |file: std::fs::DirEntry| {
        !file.file_name().to_string_lossy().starts_with('.') && file.path().is_file()
    };
    let lies_there = || std::fs::read_dir(house.wire()).is_ok_and(|files| files.flatten().any(is_wire));
    let until = Instant::now() + Duration::from_secs(10);
    while lies_there() && Instant::now() < until {
        thread::sleep(Duration::from_millis(20));
    }
    // Taken is archived; a moment later it is read.
    thread::sleep(Duration::from_millis(50));
}

fn check_item(
    house: &House,
    line: &mut Line,
    item: &Item,
    ledger: &Ledger,
    faults: &Faults,
) -> std::io::Result<()> {
    let uri = &item.uri;
    let asked = now();
    let api = format!("/api/v1/items?uri={}", percent(uri));
    let answer = line.get(&api)?;
    check_words(&answer, &api, asked, ledger, faults);
    let told = answer.json();
    let told = told["items"].as_array().cloned().unwrap_or_default();
    if told.len() > 1 {
        faults.note(format!("{uri} stands {} times in the API", told.len()));
    }
    let told = told.first();
    let (url, status) = match told {
        Some(told) => {
            (told["url"].as_str().unwrap_or_default(), told["pubstatus"].as_str().unwrap_or_default())
        }
        None => ("", "absent"),
    };
    if !url.is_empty() && !ledger.seen_at(uri, url) {
        faults.note(format!("{uri} has moved to {url}"));
    }
    if item.killed.is_some() {
        if status == "usable" {
            faults.note(format!("{uri} is killed and stands as usable in the API"));
        }
        if let Some(url) = item.url.as_deref().or(told.and(Some(url))) {
            must_be_gone(line, uri, url, "after its kill", faults);
            must_not_be_found(line, item, url, faults)?;
        }
        return Ok(());
    }
    if item.must_be_live(asked) && status != "usable" {
        let status = status.to_owned();
        faults.note(format!("{uri} was acknowledged and is {status}; {}", desk_says(house, item)));
        return Ok(());
    }
    if status == "usable" {
        check_live(line, item, told.unwrap_or(&serde_json::Value::Null), ledger, faults)?;
    }
    Ok(())
}

/// What operators are told of an item, and when it was acknowledged.
fn desk_says(house: &House, item: &Item) -> String {
    let token = format!("Bearer {}", super::house::TOKEN);
    let ask = |list: &str| {
        let path = format!("/api/v1/lists/{list}?limit=5000");
        let answer = Line::new(house.desk).ask("GET", &path, &[("Authorization", &token)], b"").ok()?.json();
        let lines = answer.as_object()?.values().next()?.as_array()?.clone();
        let ours = lines.into_iter().find(|line| line["uri"] == item.uri.as_str())?;
        Some(format!("{list}: {} {}", ours["ruling"], ours["reasons"]))
    };
    let said: Vec<String> = ["recent", "held"].into_iter().filter_map(ask).collect();
    let sent: Vec<String> = item
        .sent
        .iter()
        .map(|sent| {
            let how = sent
                .acked
                .as_ref()
                .map(|(at, proof)| format!("{proof:?} {} ms ago", (now() - *at).as_millis()));
            format!("{:?} {}", sent.story.status, how.unwrap_or_else(|| "not acknowledged".to_owned()))
        })
        .collect();
    format!("the desk says {said:?}; sent {sent:?}")
}

/// The search does not know it by its own word.
fn must_not_be_found(line: &mut Line, item: &Item, url: &str, faults: &Faults) -> std::io::Result<()> {
    let Some(sent) = item.sent.last() else { return Ok(()) };
    let found = line.get(&format!("/search?q={}", sent.story.mark))?.text();
    if found.contains(path(url)) {
        faults.note(format!("{} is killed and the search finds it", item.uri));
    }
    Ok(())
}

/// What is live is, word for word, a version that was sent, and none before the last acknowledged one.
fn check_live(
    line: &mut Line,
    item: &Item,
    told: &serde_json::Value,
    ledger: &Ledger,
    faults: &Faults,
) -> std::io::Result<()> {
    let uri = &item.uri;
    let url = told["url"].as_str().unwrap_or_default();
    let asked = now();
    let text = line.get(&format!("{}.txt", path(url)))?;
    check_words(&text, &format!("{url}.txt"), asked, ledger, faults);
    let Some(shown) = item.sent.iter().position(|sent| sent.story.text().as_bytes() == text.body) else {
        faults.note(format!("{uri} is live with words that nobody sent ({} bytes)", text.body.len()));
        return Ok(());
    };
    if item.last_acked().is_some_and(|acked| shown < acked) {
        faults.note(format!("{uri} shows version {shown}, a later one was acknowledged"));
    }
    let page = line.get(path(url))?;
    if page.status != 200 || !page.text().contains(&item.sent[shown].story.mark) {
        faults.note(format!("{uri}: its page answers {} without its words", page.status));
    }
    let versions = told["versions"].as_array().cloned().unwrap_or_default();
    let mut named = HashSet::new();
    for version in &versions {
        let name = version["version"].as_str().unwrap_or_default();
        if !name.is_empty() && !uri.starts_with("urn:agx:poll:") && !named.insert(name) {
            faults.note(format!("{uri}: version {name} was recorded twice"));
        }
    }
    if versions.len() > item.sent.len() {
        faults.note(format!("{uri} has {} versions, {} were sent", versions.len(), item.sent.len()));
    }
    Ok(())
}

/// Each story stands once in the sitemap, or in one of those that it names, and nothing else does.
fn check_sitemap(line: &mut Line, ledger: &Ledger, faults: &Faults) {
    let Ok(sitemap) = line.get("/sitemap.xml") else { return faults.note("no sitemap".to_owned()) };
    let mut text = sitemap.text();
    let parts: Vec<String> = text
        .split("/sitemap-")
        .skip(1)
        .filter_map(|rest| Some(format!("/sitemap-{}", rest.split("</loc>").next()?)))
        .collect();
    for part in parts {
        let Ok(part) = line.get(&part) else { return faults.note(format!("no {part}")) };
        text += &part.text();
    }
    let listed: Vec<&str> = text
        .split("<loc>")
        .skip(1)
        .filter_map(|rest| rest.split("</loc>").next())
        .filter(|url| url.contains("/s/"))
        .collect();
    let unique: HashSet<&str> = listed.iter().map(|url| path(url)).collect();
    if unique.len() != listed.len() {
        faults.note(format!("the sitemap lists {} addresses, {} different ones", listed.len(), unique.len()));
    }
    let book = ledger.book();
    let known: HashSet<&str> = book.items.iter().filter_map(|item| item.url.as_deref()).collect();
    for url in unique.difference(&known) {
        faults.note(format!("the sitemap lists {url}, which belongs to nothing that was sent"));
    }
    let time = now();
    for item in book.items.iter().filter(|item| item.must_be_live(time)) {
        if !item.url.as_deref().is_some_and(|url| unique.contains(url)) {
            faults.note(format!("{} is live and not in the sitemap", item.uri));
        }
    }
}

/// Every acknowledged transmission is in the archive, by a look into the database that none of our code takes.
/// False if there is nothing to look with.
pub(super) fn check_archive(house: &House, book: &Book, faults: &Faults) -> bool {
    const LOOK: &str = "
import sqlite3, sys
db = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)
for id, origin in db.execute('SELECT hex(id), origin FROM transmission'):
    print(id, origin)
";
    let looked = Command::new("python3")
        .args(["-c", LOOK])
        .arg(house.store().join("verbatim.sqlite"))
        .stdin(Stdio::null())
        .output();
    let Ok(looked) = looked else { return false };
    if !looked.status.success() {
        faults.note(format!("the archive cannot be read: {}", String::from_utf8_lossy(&looked.stderr)));
        return true;
    }
    let listed = String::from_utf8_lossy(&looked.stdout).into_owned();
    let kept: Vec<(&str, &str)> = listed.lines().filter_map(|line| line.split_once(' ')).collect();
    let ids: HashSet<&str> = kept.iter().map(|(id, _)| *id).collect();
    let names: HashSet<&str> = kept.iter().map(|(_, origin)| *origin).collect();
    let mut missing = HashSet::new();
    for sent in book.items.iter().flat_map(|item| &item.sent) {
        match &sent.acked {
            Some((_, Proof::Pushed(id))) if !ids.contains(ulid(id).as_str()) => missing.insert(id.clone()),
            Some((_, Proof::Done(name))) if !names.contains(name.as_str()) => missing.insert(name.clone()),
            _ => false,
        };
    }
    missing.iter().for_each(|what| faults.note(format!("{what} was acknowledged and is not in the archive")));
    true
}

/// A ULID's sixteen bytes in hexadecimal (Crockford's base 32).
fn ulid(text: &str) -> String {
    const DIGITS: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let value =
        text.to_uppercase().chars().fold(0u128, |value, c| value << 5 | DIGITS.find(c).unwrap_or(0) as u128);
    format!("{value:032X}")
}

/// Says something while it goes on.
pub(super) fn progress(what: &str) {
    println!("   {what}");
    let _ = std::io::stdout().flush();
}

/// For reports: seconds since a moment.
pub(super) fn since(start: Duration) -> u64 {
    wire::now().saturating_sub(start).as_secs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ulid_is_a_number() {
        assert_eq!(ulid("01ARZ3NDEKTSV4RRFFQ69G5FAV"), "01563E3AB5D3D6764C61EFB99302BD5B");
        assert_eq!(ulid("01arz3ndektsv4rrffq69g5fav"), "01563E3AB5D3D6764C61EFB99302BD5B");
    }

    #[test]
    fn a_story_s_path_follows_the_site() {
        assert_eq!(path("http://127.0.0.1:8080/s/abc"), "/s/abc");
    }
}
