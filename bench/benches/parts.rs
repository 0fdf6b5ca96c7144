//! What each part costs by itself: `cargo xtask bench parts`, or `cargo bench -p bench --bench parts -- gate` for one.
//!
//! One story of about 3 KB is decided about, pressed, gated and signed; 128 of them are recorded at once, synced, in a
//! store on the disk. What is read are the sample wires of each format.

#![allow(missing_docs, unreachable_pub, reason = "what the bench harness makes")]

use std::fs;
use std::path::{Path, PathBuf};

use desk::Sight;
use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use jiff::{SignedDuration, Timestamp};
use news::{AgencyCopy, BlockKind, Digest, ItemId, ItemKey, Label, ReviewState, Version};
use press::{HistoryLine, Press, SectionFace, SiteFace, Story};
use store::contract::{key, live};
use store::{Access, Entry, Journal as _, Prepared, Store};

fn main() {
    divan::main();
}

/// A paragraph of plain words, quotes, signs beyond ASCII, and what has to be escaped.
const PARAGRAPH: &str = "EXAMPLETON (AGX) – The council agreed on the budget for next year after a night of talks, Mayor Ann \
Example said on Thursday. “We did it,” she told Agency Example. The harbour master said 5 < 6 & nobody in the room objected. \
The café on the square – the oldest in town – will open again in April, its owner said.";

fn at() -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_hours(24 * 365 * 56)
}

fn version(n: u64) -> Version {
    let mut copy = AgencyCopy::default();
    let headline = format!("Council agrees on budget {n}, mayor says, and ferry leaves at noon");
    copy.push(BlockKind::Headline, &headline, vec![], None).expect("carried");
    for i in 0..9 {
        copy.push(BlockKind::P, &format!("{PARAGRAPH} Line {i} of {n}."), vec![], None).expect("carried");
    }
    let mut version = Version::new(format!("urn:example:{n}"));
    version.language = Some("en".to_owned());
    version.copy = copy;
    version
}

fn label() -> Label {
    let text = "This text stands as the agency sent it and has not been reviewed.".to_owned();
    Label { state: ReviewState::Unreviewed, text, language: Some("en".to_owned()) }
}

fn site() -> SiteFace {
    let section = |(slug, name): (&str, &str)| SectionFace { slug: slug.to_owned(), name: name.to_owned() };
    SiteFace {
        id: "daily".into(),
        name: "The Daily Example".to_owned(),
        url: "https://news.example".to_owned(),
        language: "en".to_owned(),
        sections: [("world", "World"), ("sport", "Sport")].map(section).to_vec(),
        about: Some("desk@news.example".to_owned()),
        index_pages: true,
    }
}

fn story<'a>(key: &'a ItemKey, version: &'a Version) -> Story<'a> {
    let line = HistoryLine {
        n: 1,
        at: at(),
        what: "Published".to_owned(),
        copy_hash: Some(Digest::of(b"1")),
        live: true,
    };
    Story {
        id: ItemId::from_bits(42),
        key,
        version,
        n: 1,
        agency: "Agency Example",
        credit: "",
        label: label(),
        published: at(),
        updated: at(),
        sections: vec!["world".to_owned()],
        history: vec![line],
        log_index: Some(7),
        tags: vec![],
        priority: None,
        changes: vec![],
        kin: vec![],
        noindex: false,
    }
}

/// The folders of sample wires, a format each.
fn formats() -> Vec<String> {
    let wires = wires();
    let folders = fs::read_dir(&wires).unwrap_or_else(|fault| panic!("{}: {fault}", wires.display()));
    let mut names: Vec<String> =
        folders.filter_map(|folder| folder.ok()?.file_name().into_string().ok()).collect();
    names.retain(|name| name != "reserved");
    names.sort();
    names
}

fn wires() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/wire")
}

#[divan::bench(args = formats())]
fn read(bencher: Bencher<'_, '_>, format: &str) {
    let files = fs::read_dir(wires().join(format)).expect("a folder");
    let wires: Vec<Vec<u8>> =
        files.map(|file| fs::read(file.expect("a file").path()).expect("bytes")).collect();
    let bytes: usize = wires.iter().map(Vec::len).sum();
    let hints = wire::Hints::default();
    let pass = || wires.iter().map(|wire| wire::read(black_box(wire), &hints).items.len()).sum::<usize>();
    bencher.counter(BytesCount::new(bytes)).counter(ItemsCount::new(pass())).bench(pass);
}

#[divan::bench]
fn decide(bencher: Bencher<'_, '_>) {
    let (version, story, policy) = (version(1), desk::Story::default(), desk::Policy::default());
    bencher.bench(|| desk::decide(&story, black_box(&version), &policy, &Sight::default(), at()));
}

#[divan::bench]
fn press_and_gate(bencher: Bencher<'_, '_>) {
    let (press, site, version) = (Press::new(), site(), version(1));
    let key = key("1");
    let story = story(&key, &version);
    bencher.bench(|| press.story(&site, black_box(&story)).expect("passes"));
}

#[divan::bench]
fn gate(bencher: Bencher<'_, '_>) {
    let (version, key) = (version(1), key("1"));
    let story = story(&key, &version);
    let page = Press::new().story(&site(), &story).expect("passes").into_inner();
    bencher
        .counter(BytesCount::new(page.body.len()))
        .with_inputs(|| page.clone())
        .bench_values(|page| press::gate::story(page, &version.copy, &label()).expect("passes"));
}

/// 128 live items, as the desk hands a batch over.
fn entries(from: u64) -> Vec<Entry> {
    let text = [PARAGRAPH; 9].join(" ");
    (from..from + 128)
        .map(|n| live(1, 1, &key(&n.to_string()), &format!("Ferry {n} leaves"), &text))
        .collect()
}

#[divan::bench]
fn make_an_entry_ready(bencher: Bencher<'_, '_>) {
    let entry = entries(0).remove(0);
    bencher.with_inputs(|| entry.clone()).bench_values(|entry| entry.prepare().expect("ready"));
}

#[divan::bench(sample_count = 40, sample_size = 1)]
fn record_128(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir_in(".").expect("a folder on the disk");
    let store = Store::open(folder.path(), Access::Write).expect("a store");
    let mut next = 0;
    let batch = || {
        next += 128;
        entries(next).into_iter().map(|entry| entry.prepare().expect("ready")).collect::<Vec<Prepared>>()
    };
    bencher.counter(ItemsCount::new(128_u32)).with_inputs(batch).bench_local_values(|batch| {
        store.record_prepared(&batch.iter().collect::<Vec<_>>()).expect("recorded")
    });
}

#[divan::bench]
fn hash_and_sign(bencher: Bencher<'_, '_>) {
    let key = notary::SignerKey::new("news.example/log/0", notary::KeyKind::Log, &[7; 32]).expect("a key");
    let leaf = notary::Leaf {
        act: "published".to_owned(),
        item: Some(ItemId::from_bits(42).to_string()),
        version: Some(1),
        prev: None,
        feed: Some("agx-world".to_owned()),
        received: Some(at().to_string()),
        published: at().to_string(),
        review: Some("unreviewed".to_owned()),
        label: Some([1; 32]),
        reason: None,
        commit: Some([2; 32]),
    };
    let mut edge = notary::tree::Edge::default();
    bencher.bench_local(|| {
        edge.push(notary::leaf_hash(leaf.encode().expect("a leaf").as_bytes()));
        let (origin, size, root) = ("news.example/log/0".to_owned(), edge.size(), edge.root());
        notary::Checkpoint { origin, size, root }.sign(&[&key], 0).to_string()
    });
}

#[divan::bench]
fn commit_to_every_paragraph(bencher: Bencher<'_, '_>) {
    let version = version(1);
    let secret = notary::Secret([9; 32]);
    bencher.bench(|| {
        let blocks = version.copy.blocks().iter().map(|block| (block.kind().as_str(), block.text()));
        notary::Paragraphs::of(&secret, blocks).line()
    });
}
