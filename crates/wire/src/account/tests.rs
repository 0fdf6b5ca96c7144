use news::{BlockKind, Field, Taken};
use proptest::prelude::*;

use crate::xml::{self, Element, Node};
use crate::{Account, Format, Hints, Limits};

const G2: &str = include_str!("../../../../fixtures/wire/newsml-g2/message.xml");

/// A tree without offsets, white space and all: what canonical form compares.
fn canonical(text: &str) -> String {
    fn tell(element: &Element, out: &mut String) {
        out.push_str(&format!("<{:?}{}", element.ns, element.name));
        let mut attrs: Vec<_> =
            element.attrs.iter().map(|a| format!(" {:?}{}={:?}", a.ns, a.name, a.value)).collect();
        attrs.sort();
        out.extend(attrs);
        for node in &element.children {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Comment(text) => out.push_str(&format!("<!--{text}-->")),
                Node::Element(child) => tell(child, out),
            }
        }
        out.push('>');
    }
    let mut out = String::new();
    tell(&xml::parse_noting(text, &Limits::default(), &mut Vec::new()).expect("well-formed"), &mut out);
    out
}

fn fixtures() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for folder in ["newsml-g2", "newsml-1", "nitf", "rss", "atom", "ninjs", "iptc7901", "anpa1312"] {
        let path = format!("{}/../../fixtures/wire/{folder}", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(&path).expect("the folder of fixtures").flatten() {
            all.push((file.path().display().to_string(), std::fs::read(file.path()).expect("a fixture")));
        }
    }
    all
}

#[test]
fn what_is_read_and_written_back_is_what_came() {
    let all = fixtures();
    assert!(all.len() > 10);
    for (name, bytes) in all {
        let account = Account::of(&bytes, &Hints::default());
        let written = account.write_back();
        match account.reading().format {
            Some(Format::Iptc7901 | Format::Anpa1312) => assert_eq!(written, bytes, "{name}"),
            Some(Format::Ninjs | Format::JsonFeed) => assert_eq!(written, account.source(), "{name}"),
            _ => {
                let [written, source] = [&written[..], account.source()].map(String::from_utf8_lossy);
                assert_eq!(canonical(&written), canonical(&source), "{name}");
            }
        }
    }
}

#[test]
fn no_note_for_editors_is_part_of_the_copy() {
    let mut notes = 0;
    for (name, bytes) in fixtures() {
        for version in crate::read(&bytes, &Hints::default()).items {
            let copy = news::relaxed(&version.copy.canonical());
            for note in version.notes.iter().map(|note| news::relaxed(&note.text)) {
                notes += 1;
                assert!(note.chars().count() < 12 || !copy.contains(&note), "{name}: {note}");
            }
        }
    }
    assert!(notes > 10, "{notes}");
}

#[test]
fn an_account_of_very_many_items_and_values_takes_linear_time() {
    let item = |n: usize| format!("<newsItem guid=\"{n}\"><itemMeta/></newsItem>");
    let many: String = (0..30_000).map(item).collect();
    let text = format!("<newsMessage><header/><itemSet>{many}</itemSet></newsMessage>");
    assert_eq!(Account::of(text.as_bytes(), &Hints::default()).parts().len(), 30_000);
    let words = "<keyword>x</keyword>".repeat(30_000);
    let text = format!("<newsItem guid=\"a\"><contentMeta>{words}</contentMeta></newsItem>");
    let account = Account::of(text.as_bytes(), &Hints::default());
    assert_eq!(account.parts().iter().filter(|part| part.field.is_some()).count(), 30_001);
}

#[test]
fn a_changed_field_changes_the_one_place_where_it_stood() {
    let mut account = Account::of(G2.as_bytes(), &Hints::default());
    let place = G2.find("guid=").expect("a guid");
    account.reading_mut().items[0].uri = "urn:x:a&b".to_owned();
    let written = String::from_utf8(account.write_back()).expect("UTF-8");
    assert!(written[place..].starts_with("guid=\"urn:x:a&amp;b\""), "{written}");
    let rest = |text: &str| text.replacen(text[place..].split('"').nth(1).expect("a value"), "", 1);
    assert_eq!(rest(&written), rest(G2));
}

#[test]
fn a_changed_field_of_json_changes_its_value_alone() {
    let wire = br#"{"uri": "urn:x:1", "version": "2", "headline": "One", "urgency": 3, "subject": [{"code": "a/b", "name": "n"}]}"#;
    let mut account = Account::of(wire, &Hints { format: Some(Format::Ninjs), ..Hints::default() });
    let item = &mut account.reading_mut().items[0];
    item.origins = Default::default();
    for (field, path) in
        [(Field::Uri, "/uri"), (Field::Urgency, "/urgency"), (Field::Subject(0), "/subject/0")]
    {
        item.origins.path(field, Taken::AsWritten, path);
    }
    item.origins.path(Field::Version, Taken::ByMeaning, "/version");
    let told: Vec<_> =
        account.parts().into_iter().filter_map(|part| Some((part.path, part.field?))).collect();
    let is = |path: &str, field| told.contains(&(path.to_owned(), field));
    assert!(
        is("/uri", Field::Uri) && is("/subject/0/code", Field::Subject(0)) && told.len() == 5,
        "{told:?}"
    );
    assert!(account.unmapped().any(|part| part.path == "/headline" && part.value == "One"));
    let item = &mut account.reading_mut().items[0];
    (item.uri, item.urgency) = ("urn:x:9".to_owned(), Some(4));
    let [was, is]: [serde_json::Value; 2] =
        [&wire[..], &account.write_back()].map(|json| serde_json::from_slice(json).expect("JSON"));
    assert_eq!((&is["uri"], &is["urgency"]), (&"urn:x:9".into(), &4.into()));
    assert_eq!(
        (&is["version"], &is["headline"], &is["subject"]),
        (&was["version"], &was["headline"], &was["subject"])
    );
}

#[test]
fn every_value_is_the_origin_of_a_field_or_unmapped() {
    let account = Account::of(G2.as_bytes(), &Hints::default());
    let parts = account.parts();
    let whole = xml::parse(G2, &Limits::default()).expect("well-formed");
    // Count what the tree holds, by another way than the account does.
    fn count(element: &Element) -> usize {
        let own = element.attrs.iter().filter(|attr| !attr.value.trim().is_empty()).count();
        let texts =
            element.children.iter().filter(|n| matches!(n, Node::Text(t) if !t.trim().is_empty())).count();
        own + texts + element.elements().map(count).sum::<usize>()
    }
    assert_eq!(parts.len(), count(&whole));
    for part in &parts {
        assert!(G2.get(part.bytes.clone()).is_some_and(|stood| !stood.is_empty()), "{part:?}");
    }
    let uri = parts.iter().find(|part| part.field == Some(Field::Uri)).expect("the uri");
    assert_eq!((uri.path.as_str(), uri.item), ("newsItem/@guid", Some(0)));
    let head = parts.iter().find(|part| part.field == Some(Field::Block(BlockKind::Headline, 0)));
    assert_eq!(head.map(|part| part.path.as_str()), Some("newsItem/contentMeta/headline"));
    assert!(account.unmapped().any(|part| part.path == "newsMessage/header/sent" && part.item.is_none()));
}

proptest! {
    /// Whatever becomes of a wire on its way here, what is read of it is written back byte for byte: no field that
    /// claims to hold a value as it was written holds another.
    #[test]
    fn no_cut_or_changed_wire_is_written_back_as_another(which in 0usize..8, at in 0usize..6000, byte in 32u8..127, how in 0usize..3) {
        let wires: [&[u8]; 8] = [
            G2.as_bytes(),
            include_bytes!("../../../../fixtures/wire/newsml-g2/marathi.xml"),
            include_bytes!("../../../../fixtures/wire/newsml-g2/five-versions.xml"),
            include_bytes!("../../../../fixtures/wire/newsml-1/kyoto.xml"),
            include_bytes!("../../../../fixtures/wire/newsml-1/arabic.xml"),
            include_bytes!("../../../../fixtures/wire/nitf/embargoed.xml"),
            include_bytes!("../../../../fixtures/wire/nitf/tamil.xml"),
            include_bytes!("../../../../fixtures/wire/nitf/withdrawal.xml"),
        ];
        let mut bytes = wires[which].to_vec();
        let at = at % bytes.len();
        match how {
            0 => bytes.truncate(at),
            1 => bytes[at] = byte,
            _ => bytes.insert(at, byte),
        }
        let account = Account::of(&bytes, &Hints::default());
        let [written, source] = [&account.write_back()[..], account.source()].map(|b| String::from_utf8_lossy(b).into_owned());
        prop_assert_eq!(written, source);
        for part in account.parts() {
            prop_assert!(part.bytes.start <= part.bytes.end && part.bytes.end <= account.source().len());
        }
    }

    /// What is written is well-formed, or refused; and what is not refused has come back as it was.
    #[test]
    fn any_copy_is_written_whole_or_refused(texts in proptest::collection::vec(".{1,40}", 1..6), kinds in proptest::collection::vec(0usize..14, 6), from in 0usize..20, to in 0usize..20) {
        let mut version = news::Version::new("urn:x:1");
        version.version = news::VersionStamp { raw: "1".to_owned(), order: news::VersionOrder::Number(1) };
        let at = "2026-03-14T12:00:00Z";
        version.version_created = Some(news::Stamp { raw: at.to_owned(), at: at.parse().ok(), zoned: true });
        for (text, kind) in texts.iter().zip(&kinds) {
            let bold = news::Mark { range: from.min(to)..from.max(to), kind: news::MarkKind::Strong };
            let _ = version.copy.push(BlockKind::ALL[*kind], text, vec![bold], None);
        }
        let written = [crate::newsml_g2::write(&version, "Agency Example"), crate::nitf::write(&version)];
        for text in written.into_iter().flatten() {
            prop_assert!(xml::parse(&text, &Limits::default()).is_ok(), "{}", text);
            let back = crate::read(text.as_bytes(), &Hints::default());
            prop_assert_eq!(back.items[0].copy.copy_hash(), version.copy.copy_hash());
        }
    }
}
