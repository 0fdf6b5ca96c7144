//! An erasing kill: afterwards the words stand nowhere any more, in no encoding, packed or not.

use std::path::Path;

use serde_json::Value;

use crate::newsroom::{Newsroom, eventually, text};
use crate::wires::{Ninjs, Rss, Story, wires};

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
