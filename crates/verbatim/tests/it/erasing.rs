//! An erasing kill, and the end of a licence that demands it: afterwards the words stand nowhere any more, in no encoding,
//! packed or not. And what is sealed: nobody reads it without its key.

use std::path::Path;

use serde_json::Value;

use crate::newsroom::{Newsroom, eventually, text};
use crate::wires::{Ninjs, Rss, Story, moment, wires};

/// The ways in which a word may stand in a file.
fn encodings(word: &str) -> Vec<Vec<u8>> {
    use base64::Engine as _;
    let bytes = word.as_bytes();
    let hex: String = bytes.iter().map(|b| format!("{b:02x}")).collect();
    let mut out = vec![
        bytes.to_vec(),
        word.to_uppercase().into_bytes(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
    ];
    out.push(word.encode_utf16().flat_map(u16::to_le_bytes).collect());
    out.push(word.encode_utf16().flat_map(u16::to_be_bytes).collect());
    // Of base 64, what comes out whatever stands before the word.
    for before in 0..3 {
        let shifted = [vec![b' '; before], bytes.to_vec()].concat();
        let coded = base64::engine::general_purpose::STANDARD_NO_PAD.encode(shifted);
        let (from, to) = (if before == 0 { 0 } else { 4 }, coded.len() / 4 * 4 - 4);
        out.push(coded.as_bytes()[from..to].to_vec());
    }
    out
}

/// Bytes as letters, one for one: the library searches texts faster than a test can search bytes.
fn letters(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| char::from(*byte)).collect()
}

/// What is packed with Zstandard anywhere in these bytes, be it on a page that is free, unpacked.
fn unpacked(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for at in
        (0..bytes.len().saturating_sub(4)).filter(|at| bytes[*at..].starts_with(&[0x28, 0xb5, 0x2f, 0xfd]))
    {
        let mut frame = Vec::new();
        let decoder = zstd::stream::read::Decoder::new(&bytes[at..]);
        // Behind a frame stands something else: what came out until then counts.
        let _ = decoder.map(|decoder| {
            std::io::Read::read_to_end(&mut std::io::Read::take(decoder, 1 << 20), &mut frame)
        });
        out.extend(frame);
    }
    out
}

/// In which files below a folder any of these words stands.
fn standing(folder: &Path, words: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder).expect("a folder").map(|file| file.expect("a file").path()) {
        if file.is_dir() {
            found.extend(standing(&file, words));
        } else if file.is_file() {
            let mut bytes = std::fs::read(&file).expect("a file");
            bytes.extend(unpacked(&bytes));
            let text = letters(&bytes);
            for word in words {
                if encodings(word).iter().any(|coded| text.contains(&letters(coded))) {
                    found.push(format!("{}: {word}", file.display()));
                }
            }
        }
    }
    found
}

fn ruled(newsroom: &Newsroom, story: &Story, act: &str) -> Value {
    eventually(act, || newsroom.rulings(&story.uri).into_iter().find(|line| text(line, "ruling") == act))
}

#[test]
fn after_an_erasing_kill_no_file_holds_the_words_and_the_neighbours_keep_theirs() {
    let mut newsroom = Newsroom::usual();
    let [gone, first, last] = ["erasedone", "keptfirst", "keptlast"].map(|name| Story::new(name, Rss));
    // The item's identifier is a fact, and stays; its words go.
    let mut gone = gone;
    gone.uri = "urn:agx:1".to_owned();
    let alone = Story { uri: "urn:agx:2".to_owned(), ..Story::new("erasedalone", Ninjs) };
    newsroom.push("agx-world", &wires(Rss, &[first.clone(), gone.clone(), last.clone()]));
    let url = text(&ruled(&newsroom, &gone, "publish"), "url").to_owned();
    let updated = gone.next("two");
    // A feed that is fetched again and again brings it again and again.
    newsroom.push("agx-world", &wires(Rss, &[updated.clone(), first.clone(), last.clone()]));
    ruled(&newsroom, &gone, "update");
    newsroom.push("agx-world", &wires(Rss, &[last.clone(), updated.clone()]));
    let lone = newsroom.publish(Ninjs, &alone);
    newsroom.get(&format!("/search?q={}", gone.word));
    let words = [gone.marks(), updated.marks(), alone.marks()].concat();
    newsroom.stop();
    let before = standing(&newsroom.path("data"), &words);
    for word in &words {
        assert!(
            before.iter().any(|found| found.ends_with(word.as_str())),
            "{word} can be found while it is there"
        );
    }
    newsroom.run();
    newsroom.cli(&["kill", &gone.uri, "--reason", "court order", "--erase"]).well();
    newsroom.cli(&["kill", &lone, "--reason", "court order", "--erase"]).well();
    let check = |newsroom: &Newsroom| {
        for folder in ["data", "data.last-checkpoint"] {
            let found = standing(&newsroom.path(folder), &words);
            assert!(found.is_empty(), "{found:#?}");
        }
    };
    check(&newsroom);
    newsroom.nowhere(Some(&url), &gone.uri, &words);
    assert_eq!((newsroom.get(&url).status, newsroom.get(&lone).status), (410, 410));
    // The log tells that it was there, and nothing of what it said.
    let entries = newsroom.get("/log/tile/entries/000.p/5");
    assert_eq!(entries.status, 200);
    assert!(words.iter().all(|word| !entries.text().contains(word)));

    // The neighbours are as they were: on the site, and in what came.
    for story in [&first, &last] {
        let url = text(&ruled(&newsroom, story, "publish"), "url").to_owned();
        assert_eq!(newsroom.page(&url).blocks, story.blocks());
    }
    newsroom.stop();
    check(&newsroom);
    for story in [&first, &last] {
        let found = standing(&newsroom.path("data"), std::slice::from_ref(&story.word));
        assert!(!found.is_empty(), "the neighbour's words are kept: {}", story.word);
    }

    // What the agency sends again is erased again, at the latest by the next start.
    newsroom.run();
    let rulings = newsroom.rulings(&gone.uri).len();
    newsroom.push("agx-world", &wires(Rss, &[first.clone(), updated.clone()]));
    eventually("it came again", || (newsroom.rulings(&gone.uri).len() > rulings).then_some(()));
    newsroom.restart();
    check(&newsroom);
    newsroom.cli(&["doctor"]).well();
}

#[test]
fn an_erasure_that_a_crash_cut_short_is_finished_at_the_next_start() {
    let mut newsroom = Newsroom::usual();
    let story = Story { uri: "urn:agx:3".to_owned(), ..Story::new("halferased", Ninjs) };
    newsroom.publish(Ninjs, &story);
    for n in 0..40 {
        newsroom.publish(Ninjs, &Story::new(&format!("beside{n}"), Ninjs));
    }
    let words = story.marks();
    let folder = newsroom.path(".");
    for pause in [0, 3, 10, 30] {
        let mut order = std::process::Command::new(crate::newsroom::PROGRAM)
            .args(["kill", &story.uri, "--reason", "x", "--erase"])
            .current_dir(&folder)
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .expect("the order starts");
        std::thread::sleep(std::time::Duration::from_millis(pause));
        newsroom.crash();
        let _ = order.wait();
        newsroom.run();
    }
    // However far it had come: once it was ordered it is done, and if it never arrived it is ordered now.
    newsroom.cli(&["kill", &story.uri, "--reason", "x", "--erase"]).well();
    newsroom.stop();
    let found = standing(&newsroom.path("data"), &words);
    assert!(found.is_empty(), "{found:#?}");
}

/// A ninjs wire of these stories, of which the first one's licence ends at an instant.
fn with_end(stories: &[Story], end: jiff::Timestamp) -> Vec<u8> {
    let mut wire: Value = serde_json::from_slice(&wires(Ninjs, stories)).expect("ninjs");
    let items = wire.as_array_mut().expect("a list");
    items[0]["expires"] = end.to_string().into();
    wire.to_string().into_bytes()
}

fn with_contract(terms: &str) -> Newsroom {
    Newsroom::with(&format!("[agency.contract]\n{terms}\n{}", crate::newsroom::USUAL))
}

#[test]
fn a_licence_that_ends_takes_the_words_along_where_the_contract_says_so() {
    let mut newsroom = with_contract("erase_at_expiry = true");
    let [gone, kept] = ["endedone", "keptbeside"].map(|name| Story::new(name, Ninjs));
    let gone = Story { uri: "urn:agx:4".to_owned(), ..gone };
    let end = moment(15);
    newsroom.push("agx-world", &with_end(&[gone.clone(), kept.clone()], end));
    let url = text(&ruled(&newsroom, &gone, "publish"), "url").to_owned();
    let updated = gone.next("two");
    newsroom.push("agx-world", &with_end(&[updated.clone(), kept.clone()], end));
    ruled(&newsroom, &gone, "update");
    newsroom.get(&format!("/search?q={}", gone.word));
    let words = [gone.marks(), updated.marks()].concat();
    // The write-ahead log may be emptied into a file that was just looked through.
    eventually("all words stand somewhere", || {
        let before = standing(&newsroom.path("data"), &words);
        words.iter().all(|word| before.iter().any(|found| found.ends_with(word.as_str()))).then_some(())
    });
    eventually("its licence ends", || (newsroom.get(&url).status == 410).then_some(()));
    let nothing_left = |newsroom: &Newsroom| {
        eventually("no file holds the words", || {
            let found = standing(&newsroom.path("data"), &words);
            found.is_empty().then_some(())
        });
    };
    nothing_left(&newsroom);
    newsroom.nowhere(Some(&url), &gone.uri, &words);
    assert_eq!(newsroom.get(&format!("{url}.proof")).status, 410);
    let entries = newsroom.get("/log/tile/entries/000.p/4").text();
    assert!(entries.contains("act expire") && words.iter().all(|word| !entries.contains(word)));
    let page = text(&ruled(&newsroom, &kept, "publish"), "url").to_owned();
    assert_eq!(newsroom.page(&page).blocks, kept.blocks());
    // It comes again, as it was and changed, and goes again.
    for (again, what) in [(&updated, "ignore"), (&updated.next("three"), "ignore")] {
        let rulings = newsroom.rulings(&gone.uri).len();
        newsroom.push("agx-world", &with_end(&[again.clone(), kept.clone()], end));
        let newest = eventually("it came again", || {
            let now = newsroom.rulings(&gone.uri);
            (now.len() > rulings).then(|| now[0].clone())
        });
        assert_eq!(text(&newest, "ruling"), what);
        let words = again.marks();
        eventually("what came again is gone", || {
            standing(&newsroom.path("data"), &words).is_empty().then_some(())
        });
    }
    newsroom.stop();
    nothing_left(&newsroom);
    let found = standing(&newsroom.path("data"), std::slice::from_ref(&kept.word));
    assert!(!found.is_empty(), "the neighbour's words are kept");
    newsroom.run();
    // The agency extends the licence: the words are there again, as a version of their own.
    newsroom.push("agx-world", &with_end(&[updated.next("four"), kept.clone()], moment(3_600)));
    eventually("it is public again", || (newsroom.get(&url).status == 200).then_some(()));
    newsroom.cli(&["doctor"]).well();
}

#[test]
fn what_ended_while_nothing_ran_is_gone_before_the_first_answer() {
    let mut newsroom = with_contract("erase_at_expiry = true");
    let story = Story { uri: "urn:agx:5".to_owned(), ..Story::new("endedaway", Ninjs) };
    let end = moment(6);
    newsroom.push("agx-world", &with_end(&[story.clone(), Story::new("besideit", Ninjs)], end));
    let url = text(&ruled(&newsroom, &story, "publish"), "url").to_owned();
    newsroom.crash();
    eventually("the licence has ended", || (jiff::Timestamp::now() > end).then_some(()));
    newsroom.run();
    let found = standing(&newsroom.path("data"), &story.marks());
    assert!(found.is_empty(), "{found:#?}");
    assert_eq!(newsroom.get(&url).status, 410);
}

#[test]
fn what_is_sealed_is_opened_by_an_operator_until_it_is_erased_and_by_nobody_afterwards() {
    let mut newsroom = with_contract("legal_hold = \"30d\"");
    let [gone, first, last] = ["sealedone", "openfirst", "openlast"].map(|name| Story::new(name, Rss));
    let gone = Story { uri: "urn:agx:6".to_owned(), ..gone };
    newsroom.push("agx-world", &wires(Rss, &[first.clone(), gone.clone(), last.clone()]));
    ruled(&newsroom, &gone, "publish");
    let updated = gone.next("two");
    newsroom.push("agx-world", &wires(Rss, &[last.clone(), updated.clone(), first.clone()]));
    ruled(&newsroom, &gone, "update");
    newsroom.order(&gone.uri, "kill");
    let words = [gone.marks(), updated.marks()].concat();
    eventually("what came is sealed", || standing(&newsroom.path("data"), &words).is_empty().then_some(()));
    let read = |newsroom: &Newsroom, to: &str| -> String {
        let said = newsroom.cli(&["unseal", &gone.uri, "--to", to]).well();
        let lines = said.lines();
        assert_eq!(lines.len(), 2, "two transmissions carried it: {said:?}");
        let texts = lines.iter().map(|line| {
            assert_eq!(text(&line["about"], "feed"), "agx-world");
            std::fs::read_to_string(newsroom.path(text(line, "file"))).expect("a file")
        });
        texts.collect()
    };
    let opened = read(&newsroom, "opened");
    for story in [&gone, &updated] {
        assert!(story.marks().iter().all(|word| opened.contains(word.as_str())), "{opened}");
    }
    assert!(!opened.contains(&first.word) && !opened.contains(&last.word), "only what is its own");
    assert!(
        newsroom.desk_page().contains("opened what is sealed of it"),
        "that somebody looked is on record"
    );
    // It outlives a restart.
    newsroom.restart();
    assert_eq!(read(&newsroom, "again"), opened);
    crate::newsroom::copy(&newsroom.path("data/sealed"), &newsroom.path("stolen"));
    newsroom.cli(&["kill", &gone.uri, "--reason", "court order", "--erase"]).well();
    let refused = |newsroom: &Newsroom| {
        let said = newsroom.cli(&["unseal", &gone.uri, "--to", "gone"]);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""), "{said:?}");
    };
    refused(&newsroom);
    let left = std::fs::read_dir(newsroom.path("data/sealed")).expect("a folder").count();
    assert_eq!(left, 0, "nothing sealed is left");
    // Nor with a copy of the sealed bytes that somebody kept.
    crate::newsroom::copy(&newsroom.path("stolen"), &newsroom.path("data/sealed"));
    refused(&newsroom);
    newsroom.stop();
    let found = standing(&newsroom.path("data"), &words);
    assert!(found.is_empty(), "{found:#?}");
    newsroom.run();
    for story in [&first, &last] {
        let url = text(&ruled(&newsroom, story, "publish"), "url").to_owned();
        assert_eq!(newsroom.page(&url).blocks, story.blocks());
    }
    newsroom.cli(&["doctor"]).well();
}
