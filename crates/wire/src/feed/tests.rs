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
pub(crate) fn carried(story: &Version, text: &str, channel: &Channel) {
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
    let account = crate::Account::of(text.as_bytes(), &Hints::default());
    let beside: Vec<String> = account.unmapped().map(|part| part.value).collect();
    for said in ["Published & not <reviewed>", &sent.copy.copy_hash().to_string(), "urn:agency:1"] {
        assert!(beside.iter().any(|value| value == said), "{said} is missing beside the words");
    }
    assert_eq!(account.write_back(), text.as_bytes());
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
            carried(&reading.items[0], &text, &channel);
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

const MODULES: &str = r#"<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"
  xmlns:georss="http://www.georss.org/georss" xmlns:gml="http://www.opengis.net/gml" xmlns:geo="http://www.w3.org/2003/01/geo/wgs84_pos#"
  xmlns:slash="http://purl.org/rss/1.0/modules/slash/" xmlns:thr="http://purl.org/syndication/thread/1.0"
  xmlns:media="http://search.yahoo.com/mrss/"><channel>
  <title>Agency  Example</title><link>https://agency.example/</link><language>en</language><ttl>15</ttl>
  <generator>Example 1.0</generator><copyright>© Agency Example</copyright><lastBuildDate>Sat, 14 Mar 2026 12:00:00 GMT</lastBuildDate>
  <sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>2</sy:updateFrequency>
  <atom:link rel="self" href="https://agency.example/feed"/><atom:link rel="hub" href="https://hub.example/"/>
  <atom:link rel="next" href="https://agency.example/feed?page=2"/>
  <item><guid>1</guid><title>t</title><georss:point>52.5 13.4</georss:point><slash:comments>12</slash:comments>
    <georss:featurename>Berlin</georss:featurename><slash:section>world</slash:section>
    <thr:in-reply-to ref="tag:agency.example,2026:0"/><media:restriction relationship="deny" type="country">au nz</media:restriction></item>
  <item><guid>2</guid><title>t</title><georss:where><gml:Point><gml:pos>-33.9 18.4</gml:pos></gml:Point></georss:where></item>
  <item><guid>3</guid><title>t</title><geo:long>-0.1</geo:long><geo:lat>51.5</geo:lat><thr:total>3</thr:total></item>
  <item><guid>4</guid><title>t</title><geo:Point><geo:lat>1</geo:lat><geo:long>2</geo:long></geo:Point></item>
  <item><guid>5</guid><title>t</title><georss:point>152 13</georss:point><georss:line>1 2 3 4</georss:line><slash:comments>many</slash:comments></item>
</channel></rss>"#;

#[test]
fn modules_become_metadata_and_what_has_no_place_is_unmapped() {
    let reading = crate::read(MODULES.as_bytes(), &Hints::default());
    let points: Vec<Vec<(f64, f64)>> = reading
        .items
        .iter()
        .map(|item| item.points.iter().map(|point| (point.latitude, point.longitude)).collect())
        .collect();
    assert_eq!(
        points,
        [vec![(52.5, 13.4)], vec![(-33.9, 18.4)], vec![(51.5, -0.1)], vec![(1.0, 2.0)], vec![]]
    );
    let comments: Vec<Option<u32>> = reading.items.iter().map(|item| item.comments).collect();
    assert_eq!(comments, [Some(12), None, Some(3), None, None]);
    let first = &reading.items[0];
    assert_eq!(
        (first.located.as_deref(), first.subjects[0].name.as_deref()),
        (Some("Berlin"), Some("world"))
    );
    assert_eq!(first.references[0].uri, "tag:agency.example,2026:0");
    assert_eq!(first.rights.usage_terms, ["media:restriction deny country au nz"]);
    for (path, value) in [("item/point", "152 13"), ("item/line", "1 2 3 4"), ("comments", "many")] {
        assert_eq!(crate::account::unmapped(MODULES, path), [value]);
    }
    let story = crate::ninjs::NinjsOut::of(first).to_object();
    assert_eq!(story["places"][0]["geoJSON"]["coordinates"], serde_json::json!([13.4, 52.5]));
    let back = crate::read(serde_json::Value::from(story).to_string().as_bytes(), &Hints::default());
    assert_eq!(back.items[0].points, first.points);
}

#[test]
fn a_feed_says_about_itself_what_it_says() {
    let masthead = crate::read(MODULES.as_bytes(), &Hints::default()).masthead.expect("a feed");
    let own = |text: &str| Some(text.to_owned());
    assert_eq!(
        masthead,
        news::Masthead {
            title: own("Agency Example"),
            home: own("https://agency.example/"),
            address: own("https://agency.example/feed"),
            hubs: vec!["https://hub.example/".to_owned()],
            next: own("https://agency.example/feed?page=2"),
            language: own("en"),
            copyright: own("© Agency Example"),
            creators: vec![],
            updated: own("Sat, 14 Mar 2026 12:00:00 GMT"),
            generator: own("Example 1.0"),
            // Twice an hour is rarer than every 15 minutes.
            ask_every: Some(std::time::Duration::from_secs(30 * 60)),
            ended: false,
        }
    );
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom' xml:lang='hi'><title>A</title><link rel='self' href='s'/>\
                <link href='h'/><author><name>B</name></author><rights>c</rights><updated>u</updated></feed>";
    let atom = crate::read(atom.as_bytes(), &Hints::default()).masthead.expect("a feed");
    assert_eq!((atom.title, atom.home, atom.address), (own("A"), own("h"), own("s")));
    assert_eq!((atom.language, atom.copyright, atom.updated), (own("hi"), own("c"), own("u")));
    assert_eq!(atom.creators, ["B"]);
    let json = r#"{"version":"https://jsonfeed.org/version/1.1","title":"A","feed_url":"s","home_page_url":"h","next_url":"n",
        "hubs":[{"type":"WebSub","url":"b"}],"expired":true,"items":[{"id":"1","title":"t"}]}"#;
    let json = crate::read(json.as_bytes(), &Hints::default()).masthead.expect("a feed");
    assert_eq!((json.title, json.home, json.address, json.next), (own("A"), own("h"), own("s"), own("n")));
    assert_eq!((json.hubs, json.ended), (vec!["b".to_owned()], true));
}
