//! What is not for publication, format by format: it is in no copy and in nothing that a writer makes of the version,
//! and it is not lost either. `verbatim`'s own tests show the same of a whole site.

use std::collections::BTreeSet;
use std::sync::Arc;

use news::{BlockKind, Label, ReviewState, Version};
use wire::outgoing::{Channel, Outgoing};
use wire::{Account, Format, Hints};

/// In the words for readers of every story.
const OPEN: &str = "OPENWORD";
/// Begins every word that is not for readers.
const MARK: &str = "SECRET";

/// Every story, by the name of its file; the times in them are filled in.
fn stories() -> Vec<(String, Vec<u8>)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire/reserved");
    let mut found = Vec::new();
    for file in std::fs::read_dir(&folder).expect("the fixtures are there") {
        let path = file.expect("a file").path();
        let mut text = std::fs::read_to_string(&path).expect("the fixtures are UTF-8");
        for (mark, time) in [
            ("@NOW@", "2026-03-14T12:00:00Z"),
            ("@7901@", "141200 GMT Mar 26"),
            ("@MDY@", "03-14-26 1200GMT"),
            ("@MD@", "03-14"),
            ("@PD@", "14 March 2026 12:00:00"),
            ("@MAIL@", "Sat, 14 Mar 2026 12:00:00 +0000"),
        ] {
            text = text.replace(mark, time);
        }
        found.push((path.file_name().expect("a name").to_string_lossy().into_owned(), text.into_bytes()));
    }
    found
}

fn hints(name: &str) -> Hints {
    let format = name.ends_with(".plain").then_some(Format::Plain);
    Hints { format, ..Hints::default() }
}

/// The words that begin with the mark.
fn marked(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter(|word| word.starts_with(MARK)).collect()
}

/// The feeds that this program makes of a version.
fn feeds(version: &Version) -> [String; 3] {
    let at = jiff::Timestamp::UNIX_EPOCH;
    let story = Outgoing {
        id: "https://daily.example/s/1".into(),
        url: "https://daily.example/s/1".into(),
        uri: version.uri.clone(),
        version: version.version.raw.clone(),
        version_n: 1,
        copy: Arc::new(version.copy.clone()),
        label: Label { state: ReviewState::Unreviewed, text: "label".into(), language: None },
        agency: "Agency Example".into(),
        published: at,
        updated: at,
        language: version.language.clone(),
        sections: Vec::new(),
    };
    let channel = Channel {
        title: "The Daily Example".into(),
        home_url: "https://daily.example/".into(),
        feed_url: "https://daily.example/feed".into(),
        language: None,
        updated: at,
        items: vec![story],
        tombstones: Vec::new(),
    };
    [wire::rss::write(&channel), wire::atom::write(&channel), wire::json_feed::write(&channel)]
}

#[test]
fn what_is_not_for_publication_is_in_no_copy_and_in_no_feed() {
    let stories = stories();
    let mut formats = BTreeSet::new();
    for (name, bytes) in &stories {
        let reading = wire::read(bytes, &hints(name));
        formats.extend(reading.format);
        let [version] = &reading.items[..] else { panic!("{name}: one item: {:?}", reading.complaints) };
        let copy = version.copy.canonical();
        assert!(copy.contains(OPEN) && version.copy.headline().is_some(), "{name}: {copy}");
        assert_eq!(marked(&copy), BTreeSet::new(), "{name}: {copy}");
        for feed in feeds(version) {
            assert!(feed.contains(OPEN), "{name}");
            assert_eq!(marked(&feed), BTreeSet::new(), "{name}: {feed}");
        }
        let agency = version.copy.texts(BlockKind::Credit).next().is_none();
        assert!(agency, "{name}: no line for readers was made of one for editors");
    }
    let wanted: BTreeSet<Format> = Format::ALL.into_iter().collect();
    assert_eq!(formats, wanted, "a format has no such story");
}

#[test]
fn what_is_not_for_publication_is_not_lost() {
    for (name, bytes) in stories() {
        let account = Account::of(&bytes, &hints(&name));
        let version = &account.reading().items[0];
        let mut found: String =
            version.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join(" ");
        for part in account.parts() {
            found.push(' ');
            found.push_str(&part.value);
        }
        let wire = String::from_utf8_lossy(&bytes).into_owned();
        assert_eq!(marked(&found), marked(&wire), "{name}");
        assert!(!marked(&wire).is_empty(), "{name} lost its marks");
    }
}
