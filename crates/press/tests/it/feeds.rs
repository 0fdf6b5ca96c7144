//! Feeds and ninjs, written by `wire` and read back.

use std::sync::Arc;

use news::{AgencyCopy, BlockKind, Digest};
use press::{GateRefusal, Gated, Page, Press, SiteFace};
use proptest::prelude::*;
use wire::Hints;
use wire::outgoing::{Channel, Outgoing, Tombstone};

use crate::pages::any_copy;
use crate::{LABEL, at, copy_of, key, label, rich_copy, site, story, version};

type Writer = fn(&Press, &SiteFace, Option<&str>, Channel) -> (Gated<Page>, Vec<GateRefusal>);

const WRITERS: [Writer; 3] = [Press::rss, Press::atom, Press::json_feed];

fn outgoing(i: usize, copy: AgencyCopy) -> Outgoing {
    Outgoing {
        id: format!("https://news.example/wire/s/{i}"),
        url: format!("https://news.example/wire/s/{i}"),
        uri: format!("urn:example:{i}"),
        version: "3".to_owned(),
        version_n: 3,
        copy: Arc::new(copy),
        label: label(),
        agency: "Agency Example".to_owned(),
        published: at("2026-11-23T06:12:00Z"),
        updated: at("2026-11-23T07:40:00Z"),
        language: Some("en".to_owned()),
        sections: vec!["world".to_owned()],
    }
}

fn channel(copies: Vec<AgencyCopy>) -> Channel {
    Channel {
        title: "The Daily Example".to_owned(),
        home_url: "https://news.example/wire/".to_owned(),
        feed_url: "https://news.example/wire/feed".to_owned(),
        language: Some("en".to_owned()),
        updated: at("2026-11-23T07:40:00Z"),
        items: copies.into_iter().enumerate().map(|(i, copy)| outgoing(i, copy)).collect(),
        tombstones: vec![Tombstone {
            id: "https://news.example/wire/s/gone".to_owned(),
            when: at("2026-11-23T07:00:00Z"),
        }],
    }
}

#[test]
fn a_feed_reads_back_as_the_copy_in_our_own_reader_too() {
    let copy = copy_of(&[
        (BlockKind::Headline, "Rain & <sun>"),
        (BlockKind::P, "It rained on Monday."),
        (BlockKind::H2, "More"),
        (BlockKind::Quote, "“Wet.”"),
        (BlockKind::Pre, "a  b\n  c"),
    ]);
    for write in WRITERS {
        let (feed, refusals) = write(&Press::new(), &site(), None, channel(vec![copy.clone(), copy.clone()]));
        assert_eq!(refusals, []);
        let reading = wire::read(&feed.get().body, &Hints::default());
        let stories: Vec<_> = reading.items.iter().filter(|item| !item.copy.is_empty()).collect();
        assert_eq!(stories.len(), 2, "{:?}", reading.complaints);
        assert!(
            stories.iter().all(|story| story.copy.copy_hash() == copy.copy_hash()),
            "{}",
            feed.get().text()
        );
    }
}

#[test]
fn the_label_stands_in_a_field_of_its_own_and_never_in_the_words() {
    for write in WRITERS {
        let (feed, _) = write(&Press::new(), &site(), Some("world"), channel(vec![rich_copy()]));
        let mark = "has ";
        assert_eq!(LABEL.matches(mark).count(), 1);
        assert_eq!(feed.get().text().matches(mark).count(), 1);
    }
}

#[test]
fn a_story_that_does_not_read_back_is_left_out_and_reported() {
    for write in WRITERS {
        let mut channel = channel(vec![rich_copy(), rich_copy(), rich_copy()]);
        // A feed cannot carry an identifier with this character as XML; JSON can.
        channel.items[1].label.text = "bell \u{7}".to_owned();
        let is_json =
            write(&Press::new(), &site(), None, channel.clone()).0.get().media_type == press::JSON_FEED;
        let (feed, refusals) = write(&Press::new(), &site(), Some("world"), channel);
        let left: Vec<bool> =
            (0..3).map(|i| feed.get().text().contains(&format!("news.example/wire/s/{i}"))).collect();
        assert_eq!((left, refusals.len()), (vec![true, is_json, true], usize::from(!is_json)));
        if let Some(refusal) = refusals.first() {
            assert_eq!(
                (refusal.code, refusal.place.as_str()),
                ("label-differs", "/wire/section/world/feed.rss")
            );
            break;
        }
    }
}

#[test]
fn ninjs_carries_copy_and_label_and_nothing_that_is_not_for_readers() {
    let (key, mut version) = (key(), version(rich_copy()));
    version.slugline = Some("SLUG-secret".to_owned());
    version.rights.usage_terms = vec!["terms-secret".to_owned()];
    version.notes.push(news::Note {
        role: "ednote".to_owned(),
        text: "note-secret".to_owned(),
        path: String::new(),
    });
    let page = Press::new()
        .story_json(&site(), &story(&key, &version))
        .unwrap_or_else(|e| panic!("{e}"))
        .into_inner();
    assert!(!page.text().contains("secret"), "{}", page.text());
    let value: serde_json::Value = serde_json::from_str(page.text()).expect("JSON");
    assert_eq!(value["uri"], "urn:example:ferry");
    assert_eq!(value["verbatim"]["label"], LABEL);
    assert_eq!(value["verbatim"]["review"], "unreviewed");
    assert_eq!(value["verbatim"]["copy_sha256"], Digest::of(version.copy.canonical().as_bytes()).to_string());
    assert_eq!(value["verbatim"]["history"][0]["live"], true);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_copy_reads_back_from_every_feed(copies in prop::collection::vec(any_copy(), 0..4)) {
        for write in WRITERS {
            // A feed has one title: a story with several headlines may have to stay out, and is then reported.
            let single = copies.iter().filter(|copy| copy.texts(BlockKind::Headline).count() < 2).cloned().collect();
            let (_, refusals) = write(&Press::new(), &site(), None, channel(single));
            prop_assert_eq!(refusals, vec![]);
        }
        for copy in copies {
            let (key, version) = (key(), version(copy));
            let page = Press::new().story_json(&site(), &story(&key, &version));
            page.map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
        }
    }
}
