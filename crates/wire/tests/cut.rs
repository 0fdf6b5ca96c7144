//! One wire of each format, cut after every byte: what a torn delivery leaves must never look whole.

use news::{Gravity, Version};
use wire::{Hints, Reading, read};

const WIRES: [(&str, &[u8]); 11] = [
    ("rss", include_bytes!("../../../fixtures/wire/rss/world.xml")),
    ("rss, hindi", include_bytes!("../../../fixtures/wire/rss/hindi.xml")),
    ("atom", include_bytes!("../../../fixtures/wire/atom/urdu.xml")),
    ("json-feed", include_bytes!("../../../fixtures/wire/json-feed/arabic.json")),
    ("newsml-g2", include_bytes!("../../../fixtures/wire/newsml-g2/hindi.xml")),
    ("newsml-g2, a message", include_bytes!("../../../fixtures/wire/newsml-g2/message.xml")),
    ("nitf", include_bytes!("../../../fixtures/wire/nitf/embargoed.xml")),
    ("nitf, utf-16", include_bytes!("../../../fixtures/wire/nitf/urdu-utf16.xml")),
    ("ninjs", include_bytes!("../../../fixtures/wire/ninjs/story-3.0.json")),
    ("ninjs 1", include_bytes!("../../../fixtures/wire/ninjs/chinese-1.6.json")),
    ("ninjs, a line each", include_bytes!("../../../fixtures/wire/ninjs/day.jsonl")),
];

/// Whether a person looks at it before it goes out.
fn waits(version: &Version) -> bool {
    version.complaints.iter().any(|complaint| complaint.gravity >= Gravity::Hold)
}

fn is_lost(reading: &Reading) -> bool {
    reading.complaints.iter().any(|complaint| complaint.gravity == Gravity::Lost)
}

/// What a reader of the site would be told.
fn shown(version: &Version) -> (String, String, String, bool) {
    let status = version.status.as_str().to_owned();
    (version.uri.clone(), version.copy.canonical(), status, version.embargo.is_some())
}

#[test]
fn a_cut_wire_never_gives_an_item_that_looks_whole() {
    for (name, whole) in WIRES {
        let expected: Vec<_> = read(whole, &Hints::default()).items.iter().map(shown).collect();
        assert!(!expected.is_empty(), "{name}");
        for at in 0..whole.len() {
            let reading = read(&whole[..at], &Hints::default());
            for version in reading.items.iter().filter(|version| !waits(version)) {
                assert!(
                    expected.contains(&shown(version)),
                    "{name}, cut at {at}: an item goes out that the whole wire does not hold: {:?}",
                    shown(version)
                );
            }
            assert!(
                !reading.items.is_empty() || is_lost(&reading),
                "{name}, cut at {at}: nothing, and nobody is told"
            );
        }
        told(name, whole.len());
    }
}

/// Items that were there and are gone, or are there in part, are said to be.
#[test]
fn what_a_cut_has_taken_is_complained_about() {
    for (name, whole) in WIRES {
        let all = read(whole, &Hints::default()).items.len();
        for at in 0..whole.len() {
            let reading = read(&whole[..at], &Hints::default());
            let said = !reading.complaints.is_empty() || reading.items.iter().any(waits);
            // Between two lines of a wire that has an item a line, nothing is torn.
            let between = name.ends_with("a line each") && whole[..at].ends_with(b"}");
            let between = between || name.ends_with("a line each") && whole[..at].ends_with(b"\n");
            assert!(
                said || reading.items.len() == all || between,
                "{name}, cut at {at}: {} of {all} items, and no complaint",
                reading.items.len()
            );
        }
        told(name, whole.len());
    }
}

/// A part from the middle, as a sender leaves it who goes on in the wrong place.
#[test]
fn a_wire_with_a_hole_never_mixes_items_silently() {
    for (name, whole) in WIRES {
        let expected: Vec<_> = read(whole, &Hints::default()).items.iter().map(shown).collect();
        let uris: Vec<&str> = expected.iter().map(|(uri, ..)| uri.as_str()).collect();
        let mut holes = 0;
        for from in (0..whole.len()).step_by(7) {
            let torn = [&whole[..from], &whole[(from + 160).min(whole.len())..]].concat();
            let reading = read(&torn, &Hints::default());
            assert!(!reading.items.is_empty() || is_lost(&reading), "{name}, a hole at {from}");
            assert!(
                reading.items.len() <= uris.len(),
                "{name}, a hole at {from}: more items than there were"
            );
            holes += 1;
        }
        told(name, holes);
    }
}

#[allow(clippy::print_stdout, reason = "whoever runs all that is hostile counts the cuts")]
fn told(name: &str, cuts: usize) {
    println!("{cuts} cuts of {name}");
}
