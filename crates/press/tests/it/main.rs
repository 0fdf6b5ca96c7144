//! What the press promises, tested from outside.

mod feeds;
mod gate;
mod pages;

use jiff::Timestamp;
use news::{AgencyCopy, BlockKind, Digest, ItemId, ItemKey, Label, Mark, MarkKind, ReviewState, Version};
use press::{HistoryLine, Line, SectionFace, SiteFace, Story};

/// The sentence that the invented contract prescribes.
const LABEL: &str = "This text is \"as delivered\" & has <not> been reviewed";

fn at(text: &str) -> Timestamp {
    text.parse().expect("a timestamp")
}

fn site() -> SiteFace {
    SiteFace {
        id: "daily".into(),
        name: "The Daily Example".to_owned(),
        url: "https://news.example/wire".to_owned(),
        language: "en".to_owned(),
        sections: vec![SectionFace { slug: "world".to_owned(), name: "World & All".to_owned() }],
        about: Some("desk@news.example".to_owned()),
        index_pages: true,
    }
}

fn label() -> Label {
    Label { state: ReviewState::Unreviewed, text: LABEL.to_owned(), language: Some("en".to_owned()) }
}

fn copy_of(blocks: &[(BlockKind, &str)]) -> AgencyCopy {
    let mut copy = AgencyCopy::default();
    for (kind, text) in blocks {
        copy.push(*kind, text, vec![], None).expect("carried");
    }
    copy
}

/// A copy with a block of every kind that a theme treats differently.
fn rich_copy() -> AgencyCopy {
    use BlockKind::{Byline, Caption, Credit, H2, Headline, Li, P, Pre, Quote, Row, Subhead};
    let mut copy = copy_of(&[
        (Headline, "Ferry <returns> & stays"),
        (Subhead, "After three\u{a0}winters"),
        (Byline, "By Mara Quillfeather"),
        (
            P,
            "PORT EXAMPLE (AGX) - “Soft\u{ad}hyphen”, joiner\u{200d}, mark\u{200f}, Cafe\u{301}.\nSecond line.",
        ),
        (H2, "What it took"),
        (Li, "214 planks"),
        (Quote, "She was built here."),
        (Pre, "a  b\n c\td"),
    ]);
    let link = Mark { range: 3..21, kind: MarkKind::Link("http://agx.example/a?b=1&c=\"2\"".to_owned()) };
    copy.push(P, "At http://agx.example today", vec![link], None).expect("carried");
    let cells = vec![
        Mark { range: 0..3, kind: MarkKind::Cell(true) },
        Mark { range: 4..7, kind: MarkKind::Cell(false) },
    ];
    copy.push(Row, "one\ttwo", cells, None).expect("carried");
    copy.push(Caption, "The ferry, seen from Skerry.", vec![], None).expect("carried");
    copy.push(Credit, "Agency Example", vec![], None).expect("carried");
    copy
}

fn version(copy: AgencyCopy) -> Version {
    let mut version = Version::new("urn:example:ferry");
    version.language = Some("en".to_owned());
    version.copy = copy;
    version
}

fn key() -> ItemKey {
    ItemKey { agency: "agx".into(), uri: "urn:example:ferry".to_owned() }
}

fn story<'a>(key: &'a ItemKey, version: &'a Version) -> Story<'a> {
    Story {
        id: ItemId::from_bits(42),
        key,
        version,
        n: 2,
        agency: "Agency Example",
        credit: "",
        label: label(),
        published: at("2026-11-23T06:12:00Z"),
        updated: at("2026-11-23T07:40:00Z"),
        sections: vec!["world".to_owned()],
        history: vec![HistoryLine {
            n: 2,
            at: at("2026-11-23T07:40:00Z"),
            what: "Updated by the agency".to_owned(),
            copy_hash: Some(Digest::of(b"2")),
            live: true,
        }],
        log_index: Some(7),
        tags: vec![],
        priority: None,
        changes: vec![],
        kin: vec![],
        noindex: false,
    }
}

fn line(bits: u128, headline: &str) -> Line {
    Line {
        id: ItemId::from_bits(bits),
        headline: Some(headline.to_owned()),
        lead: Some(format!("The first paragraph of <{headline}>.")),
        published: at("2026-11-23T06:12:00Z"),
        updated: at("2026-11-23T07:40:00Z"),
        agency: "Agency Example".to_owned(),
        language: Some("en".to_owned()),
        sections: vec!["world".to_owned()],
        review: ReviewState::Unreviewed,
    }
}
