use std::sync::Arc;

use news::{AgencyCopy, BlockKind, Label, ListPlace, ReviewState, Version};
use proptest::prelude::*;

use crate::outgoing::{Channel, Outgoing, Tombstone};
use crate::{Hints, atom, json_feed, rss};

/// A channel with one story of these words, and a tombstone.
pub(crate) fn channel(blocks: &[(&str, &str)], headline: &str) -> Channel {
    let mut copy = AgencyCopy::default();
    copy.push(BlockKind::Headline, headline, vec![], None).expect("text is carried");
    for (kind, text) in blocks {
        let kind = BlockKind::from_word(kind).expect("a kind");
        let list = (kind == BlockKind::Li).then_some(ListPlace { ordered: false, depth: 0 });
        copy.push(kind, text, vec![], list).expect("text is carried");
    }
    let at = |text: &str| text.parse().expect("an instant");
    Channel {
        title: "The Daily Example & more".into(),
        home_url: "https://daily.example/".into(),
        feed_url: "https://daily.example/feed?a=1&b=2".into(),
        language: Some("en".into()),
        updated: at("2026-03-21T09:00:00Z"),
        items: vec![Outgoing {
            id: "https://daily.example/s/01".into(),
            url: "https://daily.example/s/01/slug?x=1&y".into(),
            uri: "urn:agency:1".into(),
            version: "3".into(),
            version_n: 2,
            copy: Arc::new(copy),
            label: Label {
                state: ReviewState::Unreviewed,
                text: "Published & not <reviewed>".into(),
                language: None,
            },
            agency: "Agency Example".into(),
            published: at("2026-03-21T06:00:00Z"),
            updated: at("2026-03-21T08:00:00Z"),
            language: Some("hi".into()),
            sections: vec!["world & more".into()],
        }],
        tombstones: vec![Tombstone {
            id: "https://daily.example/s/00".into(),
            when: at("2026-03-21T08:30:00Z"),
        }],
    }
}

/// What a reader of our feeds finds in a story is what the channel held.
#[track_caller]
pub(crate) fn carried(story: &Version, channel: &Channel) {
    let sent = &channel.items[0];
    let told = |copy: &AgencyCopy| {
        copy.blocks().iter().map(|b| (b.kind(), b.text().to_owned(), b.list())).collect::<Vec<_>>()
    };
    assert_eq!(told(&story.copy), told(&sent.copy));
    assert_eq!((story.uri.as_str(), story.link.as_deref()), (sent.id.as_str(), Some(sent.url.as_str())));
    assert_eq!(
        (story.language.as_deref(), &story.creators[..]),
        (Some("hi"), &["Agency Example".to_owned()][..])
    );
    assert_eq!(story.version_created.as_ref().and_then(|s| s.at), Some(sent.updated));
    assert_eq!(story.first_created.as_ref().and_then(|s| s.at), Some(sent.published));
    let subject = &story.subjects[0];
    assert_eq!(subject.name.as_ref().or(subject.code.as_ref()).map(String::as_str), Some("world & more"));
    for said in ["Published & not <reviewed>", &sent.copy.copy_hash().to_string(), "urn:agency:1"] {
        assert!(story.extra.iter().any(|extra| extra.value == said), "{said} is missing beside the words");
    }
}

/// Lines that no format calls white space in part: no runs, none at the ends.
fn lines() -> impl Strategy<Value = String> {
    let c = any::<char>()
        .prop_filter("carried", |c| !matches!(c, '\0'..='\u{1f}' | ' ' | '\u{fffe}' | '\u{ffff}'));
    let word = proptest::collection::vec(c, 1..8).prop_map(|chars| chars.into_iter().collect::<String>());
    let line = proptest::collection::vec(word, 1..6).prop_map(|words| words.join(" "));
    proptest::collection::vec(line, 1..3).prop_map(|lines| lines.join("\n"))
}

proptest! {
    #[test]
    fn any_words_come_through_every_feed(headline in lines(), first in lines(), second in lines()) {
        let headline = headline.replace('\n', " ");
        let channel = channel(&[("p", &first), ("pre", &second), ("li", &second)], &headline);
        for text in [rss::write(&channel), atom::write(&channel), json_feed::write(&channel)] {
            let reading = crate::read(text.as_bytes(), &Hints::default());
            prop_assert!(reading.complaints.is_empty(), "{:?}", reading.complaints);
            carried(&reading.items[0], &channel);
        }
    }
}

#[test]
fn words_of_many_languages_come_through() {
    let of = |bytes: &[u8]| {
        let reading = crate::read(bytes, &Hints::default());
        let [version] = &reading.items[..] else { panic!("one item: {:?}", reading.complaints) };
        let words = version.copy.blocks().last().map(|block| block.text().to_owned());
        (version.language.clone().unwrap_or_default(), words.unwrap_or_default(), version.copy.blocks().len())
    };
    for (bytes, language, words, blocks) in [
        (
            &include_bytes!("../../../../fixtures/wire/rss/marathi.xml")[..],
            "mr",
            "“काम पावसाळ्यापूर्वी सुरू होईल,” असे अधिकाऱ्याने सांगितले.",
            3,
        ),
        (
            include_bytes!("../../../../fixtures/wire/rss/chinese.xml"),
            "zh-CN",
            "“这是今年的第一条，”负责人说。（完）",
            3,
        ),
        (
            include_bytes!("../../../../fixtures/wire/atom/tamil.xml"),
            "ta",
            "சென்னை, மார்ச் 21 (எடுத்துக்காட்டு): துறைமுகம் சனிக்கிழமை மீண்டும் திறக்கப்பட்டது.",
            2,
        ),
        (
            include_bytes!("../../../../fixtures/wire/atom/japanese-utf16.xml"),
            "ja",
            "【京都３月２１日＝例】新しい橋が２１日、開通した。",
            2,
        ),
        (
            include_bytes!("../../../../fixtures/wire/json-feed/korean.json"),
            "ko",
            "“배는 하루 네 번 다닌다”고 관계자는 말했다.",
            3,
        ),
    ] {
        assert_eq!(of(bytes), (language.to_owned(), words.to_owned(), blocks));
    }
}

#[test]
fn every_way_to_withdraw_is_understood() {
    let reading = crate::read(include_bytes!("../../../../fixtures/wire/rss/kills.xml"), &Hints::default());
    let statuses: Vec<_> =
        reading.items.iter().map(|item| (item.uri.as_str(), item.status.clone())).collect();
    use news::PubStatus::{Canceled, Usable, Withheld};
    assert_eq!(
        statuses,
        [("agx-1", Canceled), ("agx-2", Canceled), ("agx-3", Withheld), ("agx-4#deleted-entry", Usable)]
    );
    let atom = crate::read(include_bytes!("../../../../fixtures/wire/atom/kill.xml"), &Hints::default());
    for (tombstone, uri) in [(&reading.items[3], "agx-4"), (&atom.items[0], "tag:agency.example,2026:1")] {
        let [reference] = &tombstone.references[..] else { panic!("one item is named") };
        assert_eq!((reference.relation, reference.uri.as_str()), (news::Relation::Kills, uri));
        assert!(tombstone.copy.is_empty() && tombstone.class != news::ItemClass::Text);
    }
}
