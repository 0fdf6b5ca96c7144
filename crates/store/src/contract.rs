//! One suite that any backend can be held to: what the traits' doc comments say, asked through the traits alone.
//!
//! `open` must open the same store again when it is called with the same folder.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use news::{
    Act, BlockKind, Change, Digest, Door, FeedId, Gravity, ItemId, ItemKey, ItemStanding, Reason,
    ReviewState, Ruling, SiteId, Tie, TieKind, TieTo, Transmission, TransmissionId, Until, Version,
    VersionStamp, VersionStanding,
};

use crate::{
    Backend, ComplaintRow, Entry, Fact, LeafDraft, Moved, Placement, Remembered, Ruled, Says, StoreError,
    StoryRow, Terms, Words,
};

/// Opens a backend in a folder.
pub type Open<'a> = &'a dyn Fn(&Path) -> Box<dyn Backend>;

/// Holds a backend to the contract.
///
/// # Panics
/// Where it breaks it.
pub fn run<B: Backend + 'static>(open: impl Fn(&Path) -> B) {
    let open = |dir: &Path| -> Box<dyn Backend> { Box::new(open(dir)) };
    for case in CASES {
        let dir = tempfile::tempdir().expect("there is room for a test's folder");
        case(dir.path(), &open);
    }
}

/// Every case, each to be run in a folder of its own.
pub const CASES: &[fn(&Path, Open<'_>)] = &[
    what_is_acknowledged_survives_reopening,
    an_id_is_kept_once_and_a_refused_batch_not_at_all,
    a_transmission_is_unread_until_a_fact_says_otherwise,
    erasing_leaves_the_neighbours,
    an_erased_body_that_comes_again_is_kept_whole,
    purging_forgets_what_was_read_and_old,
    a_story_is_what_was_recorded,
    a_batch_is_recorded_as_a_whole_or_not_at_all,
    contradictions_are_refused,
    terms_follow_the_last_word,
    nothing_is_live_before_its_instant_or_after_its_licence,
    lists_show_what_is_live,
    what_belongs_together_is_found_as_long_as_it_counts,
    a_group_is_that_of_who_told_it_first,
    a_kill_takes_every_word,
    a_kill_is_remembered_for_an_item_never_seen,
    a_version_after_the_kill_keeps_its_words,
    a_withheld_item_leaves_the_search_and_keeps_its_words,
    leaves_name_the_previous_one,
    a_new_shard_counts_from_nought,
    a_query_is_never_syntax,
    short_words_are_found,
    operators_lists_tell_what_happened,
    switches_and_states_are_remembered,
    what_the_rules_remember_is_kept_and_can_be_forgotten,
    a_rebuild_answers_as_before,
    replaying_gives_every_fact,
    a_sound_store_verifies,
    a_live_versions_words_cannot_be_erased,
];

/// An instant, in seconds of the contract's own day.
pub fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 + second).expect("in range")
}

/// The site of the examples.
pub fn site() -> SiteId {
    SiteId::from("main")
}

fn feed() -> FeedId {
    FeedId::from("agx-world")
}

/// An item of the agency of the examples.
pub fn key(name: &str) -> ItemKey {
    ItemKey { agency: "agx".into(), uri: format!("urn:agx:{name}") }
}

fn item_id(key: &ItemKey) -> ItemId {
    let digest = Digest::of(key.uri.as_bytes()).0;
    ItemId::from_bits(digest[..16].iter().fold(0, |bits, byte| bits << 8 | u128::from(*byte)))
}

/// A transmission with these bytes.
pub fn transmission(number: u8, bytes: impl Into<Vec<u8>>) -> Transmission {
    Transmission {
        id: TransmissionId::ulid(1_790_000_000_000 + u64::from(number), [number; 10]),
        feed: feed(),
        door: Door::Poll { url: "http://wire.example/feed".to_owned() },
        arrived: at(i64::from(number)),
        first_contact: false,
        bytes: bytes.into(),
    }
}

/// A version with a headline and one paragraph.
pub fn version(key: &ItemKey, headline: &str, text: &str) -> Version {
    let mut version = Version::new(key.uri.clone());
    version.slugline = Some(format!("slug-{headline}"));
    version.language = Some("en".to_owned());
    version.copy.push(BlockKind::Headline, headline, vec![], None).expect("carried");
    version.copy.push(BlockKind::P, text, vec![], None).expect("carried");
    version
}

/// The words of a version.
pub fn words(key: &ItemKey, n: u32, version: Version) -> Words {
    let disclosure = format!("copy {}\nuri {}\n", version.copy.copy_hash(), key.uri);
    Words { n, key: key.clone(), version, salt: [n as u8; 32], disclosure }
}

fn placement(key: &ItemKey, now: i64) -> Placement {
    Placement {
        site: site(),
        id: item_id(key),
        sections: vec!["world".to_owned()],
        published: at(now),
        updated: at(now),
        label: Digest::of(b"label"),
    }
}

fn leaf(key: &ItemKey, act: &str, n: u32) -> LeafDraft {
    LeafDraft {
        site: site(),
        item: item_id(key),
        act: act.to_owned(),
        version: n,
        feed: "agx-world".to_owned(),
        received: Some(at(0)),
        published: Some(at(1)),
        review: "unreviewed".to_owned(),
        label: Some(Digest::of(b"label")),
        reason: None,
        commit: Some(Digest::of(&[n as u8])),
    }
}

/// An entry that rules on version `n` of an item, with its words and a leaf if it goes live.
pub fn ruled(now: i64, n: u32, standing: VersionStanding, version: Version) -> Entry {
    let key = ItemKey { agency: "agx".into(), uri: version.uri.clone() };
    let live = standing == VersionStanding::Live;
    let act = match (live, n) {
        (true, 1) => Act::Publish,
        (true, _) => Act::Update,
        _ => Act::Hold,
    };
    let mut ruling = Ruling::new(act, Reason::new("new", "for the contract"));
    if let VersionStanding::Waiting(until) = standing {
        ruling.until = Some(Until::Instant(until));
    }
    let mut changes = vec![Change::Version(n, standing)];
    if live {
        changes.push(Change::Item(ItemStanding::Live(n)));
    }
    let fact = Ruled {
        routed: None,
        quiet: false,
        revision: None,
        key: key.clone(),
        feed: feed(),
        transmission: Some(transmission(n as u8, "").id),
        item_no: 0,
        span: 10..20,
        raw_hash: Digest::of(b"raw"),
        n: Some(n),
        stamp: VersionStamp::arrival(),
        claimed: Some(at(now - 5)),
        arrived: at(now),
        status: "usable".to_owned(),
        ruling,
        changes,
        copy_hash: version.copy.copy_hash(),
        role_hash: version.copy.role_hash(),
        copy_empty: version.copy.is_empty(),
        embargo: version.embargo,
        expires: version.expires,
        terms: None,
        language: version.language.clone(),
        review: ReviewState::Unreviewed,
        placements: vec![placement(&key, now)],
        ties: vec![],
        complaints: vec![],
    };
    let leaves = if live { vec![leaf(&key, "published", n)] } else { vec![] };
    Entry { at: at(now), fact: Fact::Ruled(Box::new(fact)), words: Some(words(&key, n, version)), leaves }
}

/// An entry that puts version `n` live.
pub fn live(now: i64, n: u32, key: &ItemKey, headline: &str, text: &str) -> Entry {
    ruled(now, n, VersionStanding::Live, version(key, headline, text))
}

/// An entry by an operator.
pub fn moved(now: i64, key: &ItemKey, act: Act, changes: Vec<Change>) -> Entry {
    let killed = changes.contains(&Change::Item(ItemStanding::Killed));
    let fact = Moved {
        key: key.clone(),
        changes,
        ruling: Ruling::new(act, Reason::new("operator", "for the contract")),
        by: "operator jo".to_owned(),
        placements: vec![],
        killed_reason: killed.then(|| "wrong name".to_owned()),
    };
    Entry::new(at(now), Fact::Moved(Box::new(fact)))
}

/// An entry that kills an item whose version 1 is live.
pub fn kill(now: i64, key: &ItemKey) -> Entry {
    let changes = vec![Change::Version(1, VersionStanding::Killed), Change::Item(ItemStanding::Killed)];
    Entry { leaves: vec![leaf(key, "killed", 1)], ..moved(now, key, Act::Kill, changes) }
}

fn record(store: &dyn Backend, entries: Vec<Entry>) {
    store.record(entries).expect("recorded");
}

fn story(store: &dyn Backend, key: &ItemKey) -> StoryRow {
    store.story(key).expect("asked").expect("known")
}

/// The change of the only fact in an entry.
fn edit(mut entry: Entry, edit: impl FnOnce(&mut Ruled)) -> Entry {
    if let Fact::Ruled(ruled) = &mut entry.fact {
        edit(ruled);
    }
    entry
}

#[track_caller]
fn refuses(store: &dyn Backend, entry: Entry, because: &str) {
    let before = store.last_seq().expect("asked");
    let error = store.record(vec![entry]).expect_err("it contradicts the record");
    assert!(matches!(error, StoreError::Refused { .. }) && error.to_string().contains(because), "{error}");
    assert_eq!(store.last_seq().expect("asked"), before, "nothing is recorded");
}

fn what_is_acknowledged_survives_reopening(dir: &Path, open: Open<'_>) {
    let bodies: Vec<Vec<u8>> = vec![vec![], b"short".to_vec(), noise(5, 300_000), vec![0; 50_000]];
    let sent: Vec<Transmission> = (1..).zip(&bodies).map(|(n, body)| transmission(n, body.clone())).collect();
    let kept = open(dir).keep(sent.clone()).expect("kept");
    let store = open(dir);
    let unread = store.unread(100).expect("asked");
    assert_eq!(unread.len(), sent.len());
    for ((sent, kept), again) in sent.iter().zip(&kept).zip(&unread) {
        for archived in [kept, again, &store.fetch(sent.id).expect("asked").expect("kept")] {
            assert_eq!((archived.id(), archived.feed(), archived.door()), (sent.id, &sent.feed, &sent.door));
            assert_eq!((archived.arrived(), archived.first_contact()), (sent.arrived, sent.first_contact));
            assert_eq!((&archived.bytes()[..], archived.digest()), (&sent.bytes[..], sent.digest()));
            assert_eq!((archived.seq(), archived.erased()), (kept.seq(), &[][..]));
        }
    }
    assert!(kept.windows(2).all(|pair| pair[0].seq() < pair[1].seq()));
}

fn an_id_is_kept_once_and_a_refused_batch_not_at_all(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    store.keep(vec![transmission(1, "one")]).expect("kept");
    let error =
        store.keep(vec![transmission(2, "two"), transmission(1, "other")]).expect_err("the id is taken");
    assert!(matches!(error, StoreError::Refused { .. }), "{error}");
    assert!(store.fetch(transmission(2, "").id).expect("asked").is_none());
    assert_eq!(&store.fetch(transmission(1, "").id).expect("asked").expect("kept").bytes()[..], b"one");
}

fn a_transmission_is_unread_until_a_fact_says_otherwise(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    let kept = store.keep((1..=3).map(|n| transmission(n, [n])).collect()).expect("kept");
    let id = kept[0].id();
    assert_eq!(store.progress(id).expect("asked"), 0);
    record(&*store, vec![Entry::new(at(1), Fact::Progress { transmission: id, next_item: 7 })]);
    assert_eq!(store.progress(id).expect("asked"), 7);
    let read = Fact::Read { transmission: id, format: Some("rss".to_owned()), items: 9, complaints: vec![] };
    record(&*store, vec![Entry::new(at(2), read)]);
    let ids = |unread: Vec<crate::Archived>| unread.iter().map(crate::Archived::id).collect::<Vec<_>>();
    assert_eq!(ids(store.unread(10).expect("asked")), [kept[1].id(), kept[2].id()]);
    assert_eq!(ids(store.unread(1).expect("asked")), [kept[1].id()]);
    assert_eq!(ids(store.unread_after(kept[1].seq(), 10).expect("asked")), [kept[2].id()]);
    assert_eq!(store.progress(id).expect("asked"), 0);
    let health = store.feed_health(&feed()).expect("asked");
    assert_eq!((health.transmissions, health.unread, health.last_arrived), (3, 2, Some(at(3))));
}

/// Bytes that do not repeat.
pub fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        b'a' + (state >> 33) as u8 % 26
    };
    (0..length).map(|_| next()).collect()
}

fn erasing_leaves_the_neighbours(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    let body = noise(1, 100_000);
    let kept = store.keep(vec![transmission(1, body.clone()), transmission(2, body.clone())]).expect("kept");
    store.erase(kept[0].id(), 30_000..45_000).expect("erased");
    store.erase(kept[0].id(), 30_000..45_000).expect("erased twice");
    store.erase(kept[0].id(), 10..10).expect("an empty range is none");
    for kept in &kept {
        let left = store.fetch(kept.id()).expect("asked").expect("kept");
        assert_eq!(left.erased().to_vec(), Vec::from_iter(Some(30_000..45_000)));
        assert_eq!(left.digest(), Digest::of(&body));
        assert!(left.bytes()[30_000..45_000].iter().all(|byte| *byte == b' '));
        assert_eq!((&left.bytes()[..30_000], &left.bytes()[45_000..]), (&body[..30_000], &body[45_000..]));
    }
    for range in [0..100_001, 5..u64::MAX] {
        assert!(matches!(store.erase(kept[0].id(), range), Err(StoreError::Refused { .. })));
    }
    store.verify().expect("sound");
}

fn an_erased_body_that_comes_again_is_kept_whole(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    let body = noise(2, 20_000);
    store.keep(vec![transmission(1, body.clone())]).expect("kept");
    store.erase(transmission(1, "").id, 100..200).expect("erased");
    store.keep(vec![transmission(2, body.clone())]).expect("kept");
    let again = store.fetch(transmission(2, "").id).expect("asked").expect("kept");
    assert_eq!((&again.bytes()[..], again.erased()), (&body[..], &[][..]));
    assert!(!store.fetch(transmission(1, "").id).expect("asked").expect("kept").erased().is_empty());
}

fn purging_forgets_what_was_read_and_old(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    let shared = noise(3, 10_000);
    let kept = store.keep((1..=4).map(|n| transmission(n, shared.clone())).collect()).expect("kept");
    for one in &kept[..3] {
        let read = Fact::Read { transmission: one.id(), format: None, items: 0, complaints: vec![] };
        record(&*store, vec![Entry::new(at(9), read)]);
    }
    assert_eq!(store.feeds().expect("feeds"), [feed()]);
    assert_eq!(store.purge(&FeedId::from("other"), at(100)).expect("purged"), 0);
    assert_eq!(store.purge(&feed(), at(3)).expect("purged"), 2);
    assert!(store.fetch(kept[0].id()).expect("asked").is_none());
    assert_eq!(&store.fetch(kept[2].id()).expect("asked").expect("young").bytes()[..], &shared[..]);
    assert_eq!(store.purge(&feed(), at(100)).expect("purged"), 1);
    assert_eq!(&store.fetch(kept[3].id()).expect("asked").expect("unread").bytes()[..], &shared[..]);
    let again = store.keep(vec![transmission(9, "x")]).expect("kept");
    assert!(again[0].seq() > kept[3].seq(), "a place in the order is never given twice");
}

fn a_story_is_what_was_recorded(dir: &Path, open: Open<'_>) {
    let (store, key) = (open(dir), key("a"));
    assert_eq!(store.story(&key).expect("asked"), None);
    let first = live(10, 1, &key, "Bridge opens", "It was opened on Monday.");
    let mut later = version(&key, "Bridge opens again", "It was opened twice.");
    later.expires = Some(at(10_000));
    let second = edit(ruled(20, 2, VersionStanding::Live, later), |ruled| {
        ruled.changes.insert(0, Change::Version(1, VersionStanding::Superseded));
        ruled.ruling.silent_change = true;
        ruled.feed = FeedId::from("agx-region");
        ruled.stamp = VersionStamp { raw: "2".to_owned(), order: news::VersionOrder::Number(2) };
        ruled.placements[0].published = at(10);
    });
    let redelivery = edit(live(30, 2, &key, "Bridge opens again", "It was opened twice."), |ruled| {
        ruled.n = None;
        ruled.changes.clear();
        ruled.placements.clear();
        ruled.ruling = Ruling::new(Act::Ignore, Reason::new("redelivery", "the same again"));
    });
    let redelivery = Entry { words: None, leaves: vec![], ..redelivery };
    record(&*store, vec![first.clone(), second.clone()]);
    record(&*store, vec![redelivery]);
    drop(store);
    for _ in 0..2 {
        let store = open(dir);
        let story = story(&*store, &key);
        assert_eq!(
            (story.standing, story.was_public, story.moved_at),
            (ItemStanding::Live(2), true, Some(at(20)))
        );
        assert_eq!(story.feeds, [FeedId::from("agx-region"), feed()]);
        assert_eq!(story.recent_changes, [at(20)]);
        assert_eq!((story.placements[0].published, story.placements[0].updated), (at(10), at(20)));
        assert_eq!((story.log_index, story.leaves.len(), story.versions.len()), (Some(1), 2, 2));
        let Fact::Ruled(fact) = &second.fact else { unreachable!() };
        let row = crate::VersionRow::of(fact, 2, at(20)).expect("a version");
        assert_eq!(story.versions[1], crate::VersionRow { leaves: vec![story.leaves[1].clone()], ..row });
        assert_eq!(story.versions[0].standing, VersionStanding::Superseded);
        assert_eq!(store.placed(&site(), item_id(&key)).expect("asked").as_ref(), Some(&story));
        assert_eq!(store.by_uri(&key.uri).expect("asked"), [story]);
        assert_eq!(store.placed(&SiteId::from("other"), item_id(&key)).expect("asked"), None);
        let words = store.words(&key, 2).expect("asked").expect("kept");
        let sent = second.words.as_ref().expect("given");
        assert_eq!((words.salt, &words.disclosure), (sent.salt, &sent.disclosure));
        assert_eq!(words.version.copy, sent.version.copy);
        assert_eq!(format!("{:?}", words.version), format!("{:?}", sent.version));
        assert_eq!(store.deliveries(&key, 10).expect("asked").len(), 3);
    }
}

fn a_batch_is_recorded_as_a_whole_or_not_at_all(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    let batch = vec![live(1, 1, &key("a"), "one", "words"), live(2, 1, &key("b"), "two", "words")];
    let committed = store.record(batch).expect("recorded");
    assert_eq!(committed.iter().map(|one| one.seq).collect::<Vec<_>>(), [1, 2]);
    let batch = vec![live(3, 1, &key("c"), "three", "words"), live(4, 1, &key("a"), "four", "words")];
    assert!(matches!(store.record(batch), Err(StoreError::Refused { .. })));
    assert_eq!(store.story(&key("c")).expect("asked"), None);
    assert!(store.words(&key("c"), 1).expect("asked").is_none());
    assert_eq!((store.last_seq().expect("asked"), store.count_live(&site()).expect("asked")), (2, 2));
}

fn contradictions_are_refused(dir: &Path, open: Open<'_>) {
    let (store, a) = (open(dir), key("a"));
    record(&*store, vec![live(1, 1, &a, "one", "words")]);
    let next = || live(2, 2, &a, "two", "words");
    refuses(&*store, Entry { words: None, ..live(2, 1, &a, "one", "words") }, "already has a version 1");
    refuses(&*store, Entry { words: None, ..next() }, "not in the vault");
    refuses(&*store, edit(next(), |ruled| ruled.copy_hash = Digest::of(b"")), "another copy hash");
    refuses(&*store, edit(next(), |ruled| ruled.key = key("b")), "another item");
    refuses(&*store, edit(next(), |ruled| ruled.n = Some(3)), "another version");
    refuses(
        &*store,
        edit(next(), |ruled| ruled.placements[0].id = ItemId::from_bits(1)),
        "another identifier",
    );
    refuses(
        &*store,
        moved(2, &a, Act::Hold, vec![Change::Version(9, VersionStanding::Held)]),
        "no version 9",
    );
    let mut note = Entry::new(at(2), Fact::Note { what: "n".to_owned(), gravity: Gravity::Remark });
    note.words = next().words;
    refuses(&*store, note, "another item");
    let shard = Fact::Shard { site: site(), number: 0, why: "again".to_owned() };
    refuses(&*store, Entry::new(at(2), shard), "shard 0");
    record(&*store, vec![next()]);
}

fn terms_follow_the_last_word(dir: &Path, open: Open<'_>) {
    let (store, key) = (open(dir), key("a"));
    record(&*store, vec![live(1, 1, &key, "one", "words")]);
    assert_eq!(store.next_due().expect("asked"), None);
    let terms = Terms { n: 1, embargo: None, expires: Some(at(500)), withheld: true };
    let again = edit(live(2, 1, &key, "one", "words"), |ruled| {
        ruled.n = None;
        ruled.changes.clear();
        ruled.placements.clear();
        ruled.terms = Some(terms);
    });
    record(&*store, vec![Entry { words: None, leaves: vec![], ..again }]);
    let known = &story(&*store, &key).versions[0];
    assert_eq!((known.expires, known.withheld), (Some(at(500)), true));
    assert_eq!(store.next_due().expect("asked"), Some(at(500)));
}

fn nothing_is_live_before_its_instant_or_after_its_licence(dir: &Path, open: Open<'_>) {
    let (store, a, b) = (open(dir), key("a"), key("b"));
    // Not a whole number of microseconds: it may come late, never early.
    let until = at(100) + SignedDuration::from_nanos(1);
    record(
        &*store,
        vec![ruled(1, 1, VersionStanding::Waiting(until), version(&a, "embargoed", "secret words"))],
    );
    let mut licensed = version(&b, "licensed", "words");
    licensed.expires = Some(at(200));
    record(&*store, vec![ruled(2, 1, VersionStanding::Live, licensed)]);
    assert_eq!(store.latest(&site(), None, 0, 10).expect("asked").len(), 1);
    assert!(store.search(&site(), "secret", 10).expect("asked").is_empty());
    assert_eq!(store.next_due().expect("asked"), Some(at(100) + SignedDuration::from_micros(1)));
    assert!(store.due(at(100), 10).expect("asked").is_empty());
    assert_eq!(store.due(at(101), 10).expect("asked"), std::slice::from_ref(&a));
    assert_eq!(story(&*store, &a).versions[0].standing, VersionStanding::Waiting(until));
    let lift = vec![Change::Version(1, VersionStanding::Live), Change::Item(ItemStanding::Live(1))];
    record(&*store, vec![moved(101, &a, Act::Publish, lift)]);
    assert_eq!(store.search(&site(), "secret", 10).expect("asked").len(), 1);
    assert_eq!(store.due(at(300), 10).expect("asked"), std::slice::from_ref(&b));
    let end = vec![Change::Version(1, VersionStanding::Expired), Change::Item(ItemStanding::Expired)];
    record(&*store, vec![moved(201, &b, Act::Kill, end)]);
    assert_eq!(store.next_due().expect("asked"), None);
    let gone = store.tombstones(&site(), at(0), 10).expect("asked");
    assert_eq!(gone, [(item_id(&b), at(201), ItemStanding::Expired)]);
}

/// The same entry with these ties.
fn tied(mut entry: Entry, ties: Vec<Tie>) -> Entry {
    if let Fact::Ruled(ruled) = &mut entry.fact {
        ruled.ties = ties;
    }
    entry
}

fn to(kind: TieKind, key: &ItemKey) -> Tie {
    Tie { kind, to: TieTo::Item(key.clone()), no: None }
}

fn bears(kind: TieKind, mark: u64, no: Option<u32>) -> Tie {
    Tie { kind, to: TieTo::Mark(mark), no }
}

/// An ignored version, as that of a package.
fn package(now: i64, key: &ItemKey, members: &[&ItemKey]) -> Entry {
    let ties = members.iter().map(|member| to(TieKind::Member, member)).collect();
    tied(ruled(now, 1, VersionStanding::Ignored, version(key, "Package", "Of three.")), ties)
}

fn what_belongs_together_is_found_as_long_as_it_counts(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    let kin = |store: &dyn Backend, of: &ItemKey| -> Vec<(String, TieKind, Says, Option<u32>)> {
        let mut kin = store.kin(of).expect("kin");
        kin.sort_by(|a, b| a.key.uri.cmp(&b.key.uri));
        kin.into_iter().map(|kin| (kin.key.uri, kin.kind, kin.says, kin.no)).collect()
    };
    let [whole, take, other, german, fire, pack] =
        ["whole", "take", "other", "german", "fire", "pack"].map(key);
    let (whole_mark, take_mark) = (u64::MAX - 1, u64::MAX - 1);
    let live = |now, of: &ItemKey, ties| tied(live(now, 1, of, &of.uri, "Words."), ties);
    let batch = vec![
        live(1, &whole, vec![bears(TieKind::Whole, whole_mark, None)]),
        live(2, &german, vec![to(TieKind::Translation, &whole)]),
        live(3, &fire, vec![]),
        package(4, &pack, &[&whole, &fire, &other]),
    ];
    store.record(batch).expect("recorded");
    let uri = |key: &ItemKey| key.uri.clone();
    let from_package = (uri(&fire), TieKind::Member, Says::Both, None);
    let not_here_yet = (uri(&other), TieKind::Member, Says::Both, None);
    let translated = (uri(&german), TieKind::Translation, Says::That, None);
    assert_eq!(kin(&*store, &whole), [from_package.clone(), translated.clone(), not_here_yet.clone()]);
    assert_eq!(kin(&*store, &german), [(uri(&whole), TieKind::Translation, Says::This, None)]);
    // A take that is live, and one that waits.
    let held = ruled(5, 1, VersionStanding::Held, version(&key("held"), "Held", "Words."));
    let batch = vec![
        live(5, &take, vec![bears(TieKind::Part, take_mark, Some(2))]),
        tied(held, vec![bears(TieKind::Part, take_mark, Some(3)), to(TieKind::Translation, &whole)]),
    ];
    store.record(batch).expect("recorded");
    let part = (uri(&take), TieKind::Part, Says::Both, Some(2));
    let all = [from_package, translated, not_here_yet, part];
    assert_eq!(kin(&*store, &whole), all);
    assert_eq!(kin(&*store, &take), [(uri(&whole), TieKind::Whole, Says::Both, None)]);
    // What waits is named by nobody, yet pages may be out of date when it moves.
    let around = store.around(&[key("held")]).expect("around");
    assert!(around.contains(&item_id(&whole)) && around.contains(&item_id(&take)), "{around:?}");
    assert!(store.around(std::slice::from_ref(&fire)).expect("around").contains(&item_id(&whole)));
    drop(store);
    let store = open(dir);
    store.rebuild().expect("rebuilt");
    assert_eq!(kin(&*store, &whole), all);
    // Two that carry the slug: neither can be told to be the whole.
    store.record(vec![live(6, &other, vec![bears(TieKind::Whole, whole_mark, None)])]).expect("recorded");
    assert!(kin(&*store, &take).is_empty());
    // A later version says nothing of the kind, and the package is gone.
    let gone = moved(8, &pack, Act::Kill, vec![Change::Item(ItemStanding::Killed)]);
    store.record(vec![self::live(7, 2, &german, "urn", "Words again."), gone]).expect("recorded");
    assert!(kin(&*store, &german).is_empty() && kin(&*store, &fire).is_empty());
}

fn a_group_is_that_of_who_told_it_first(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    let [first, second, third] = ["first", "second", "third"].map(key);
    let live = |now, of: &ItemKey, twin: Option<&ItemKey>| {
        let ties = twin.map(|twin| to(TieKind::Twin, twin)).into_iter().collect();
        tied(live(now, 1, of, &of.uri, "The same words."), ties)
    };
    // The third is like the second, which is like the first; all in one batch.
    let batch = vec![live(1, &first, None), live(2, &second, Some(&first)), live(3, &third, Some(&second))];
    store.record(batch).expect("recorded");
    let peers = |store: &dyn Backend, of: &ItemKey| -> Vec<ItemKey> {
        store.peers(&site(), of).expect("peers").into_iter().map(|peer| peer.key).collect()
    };
    let all = [first.clone(), second.clone(), third.clone()];
    assert!(all.iter().all(|of| peers(&*store, of) == all), "each names all");
    assert_eq!(store.leader(&third).expect("asked"), Some(first.clone()));
    assert!(store.latest(&site(), None, 0, 10).expect("lines").iter().all(|line| line.grouped));
    let kill = |of: &ItemKey| moved(9, of, Act::Kill, vec![Change::Item(ItemStanding::Killed)]);
    store.record(vec![kill(&first)]).expect("recorded");
    assert_eq!(peers(&*store, &second), all[1..], "what is not live is no peer");
    store.rebuild().expect("rebuilt");
    assert_eq!(peers(&*store, &third), all[1..]);
    // Other words: it goes its own way.
    store.record(vec![self::live(10, 2, &third, "urn", "Other words.")]).expect("recorded");
    assert!(peers(&*store, &third).is_empty());
    let since = store.arrived_since(at(2), 10).expect("asked");
    assert_eq!(since, [(third.clone(), at(10)), (second.clone(), at(2))]);
}

fn lists_show_what_is_live(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    for n in 1..=5 {
        let name = format!("item {n}");
        let entry = edit(live(n, 1, &key(&name), &name, &format!("Paragraph {n}.")), |ruled| {
            if n % 2 == 0 {
                ruled.placements[0].sections = vec!["sport".to_owned(), "world".to_owned()];
            }
        });
        record(&*store, vec![entry]);
    }
    let headlines =
        |lines: Vec<crate::Line>| -> Vec<String> { lines.into_iter().filter_map(|l| l.headline).collect() };
    let all = store.latest(&site(), None, 0, 10).expect("asked");
    assert_eq!(all[0].summary.as_deref(), Some("Paragraph 5."));
    assert_eq!((all[0].n, all[0].published, all[0].review), (1, at(5), ReviewState::Unreviewed));
    let carried = all[4].feeds.clone();
    assert_eq!(headlines(all), ["item 5", "item 4", "item 3", "item 2", "item 1"]);
    assert_eq!(headlines(store.latest(&site(), None, 1, 2).expect("asked")), ["item 4", "item 3"]);
    assert_eq!(headlines(store.latest(&site(), Some("sport"), 0, 9).expect("asked")), ["item 4", "item 2"]);
    assert!(store.latest(&site(), Some(""), 0, 9).expect("asked").is_empty());
    assert!(store.latest(&SiteId::from("other"), None, 0, 9).expect("asked").is_empty());
    assert_eq!(headlines(store.live_since(&site(), at(4), 9).expect("asked")), ["item 5", "item 4"]);
    assert_eq!(store.count_live(&site()).expect("asked"), 5);
    let page = store.places(&site(), 0, 3).expect("asked");
    let id = page[1].id;
    assert_eq!(store.sitemap_of(&site(), id, 3).expect("asked"), Some(0));
    assert_eq!(store.sitemap_of(&site(), id, 1).expect("asked"), Some(1));
    assert_eq!(store.sitemap_of(&SiteId::from("other"), id, 3).expect("asked"), None);
    assert_eq!(store.sitemaps(&site(), 3).expect("asked"), [0, 1]);
    assert!(store.sitemaps(&SiteId::from("other"), 3).expect("asked").is_empty());
    assert_eq!(page.iter().map(|p| p.published).collect::<Vec<_>>(), [at(1), at(2), at(3)]);
    assert_eq!((page[0].feeds.as_slice(), page[0].n), (carried.as_slice(), 1));
    let rest = store.places(&site(), 1, 3).expect("asked");
    assert_eq!(rest.iter().map(|p| p.published).collect::<Vec<_>>(), [at(4), at(5)]);
    let candidates = store.candidates(&"agx".into(), at(4), 9).expect("asked");
    assert_eq!(candidates.len(), 2);
    assert_eq!(candidates[0].slugline.as_deref(), Some("slug-item 5"));
    assert!(store.candidates(&"other".into(), at(0), 9).expect("asked").is_empty());
}

fn a_kill_takes_every_word(dir: &Path, open: Open<'_>) {
    let (store, a) = (open(dir), key("a"));
    let second = edit(live(2, 2, &a, "second headline", "second words"), |ruled| {
        ruled.changes.insert(0, Change::Version(1, VersionStanding::Superseded));
    });
    record(&*store, vec![live(1, 1, &a, "first headline", "first words"), second]);
    record(&*store, vec![kill(3, &a)]);
    let story = story(&*store, &a);
    assert_eq!((story.standing, story.was_public), (ItemStanding::Killed, true));
    assert_eq!((story.killed_reason.as_deref(), story.moved_at), (Some("wrong name"), Some(at(3))));
    for n in [1, 2] {
        assert!(store.words(&a, n).expect("asked").is_none(), "words, salt and disclosure are gone");
    }
    assert!(store.latest(&site(), None, 0, 9).expect("asked").is_empty());
    assert!(store.search(&site(), "words", 9).expect("asked").is_empty());
    assert!(store.candidates(&"agx".into(), at(0), 9).expect("asked").is_empty());
    assert!(store.recent(None, 9).expect("asked").iter().all(|line| line.headline.is_none()));
    assert_eq!(
        store.tombstones(&site(), at(3), 9).expect("asked"),
        [(item_id(&a), at(3), ItemStanding::Killed)]
    );
    assert!(store.tombstones(&site(), at(4), 9).expect("asked").is_empty());
    // Killed once more, it went when it went.
    record(&*store, vec![moved(9, &a, Act::Kill, vec![Change::Item(ItemStanding::Killed)])]);
    assert_eq!(store.tombstones(&site(), at(0), 9).expect("asked")[0].1, at(3));
}

fn a_kill_is_remembered_for_an_item_never_seen(dir: &Path, open: Open<'_>) {
    let (store, a) = (open(dir), key("a"));
    record(&*store, vec![moved(1, &a, Act::Kill, vec![Change::Item(ItemStanding::Killed)])]);
    drop(store);
    let store = open(dir);
    let story = story(&*store, &a);
    assert_eq!((story.standing, story.was_public, story.versions.len()), (ItemStanding::Killed, false, 0));
    assert!(store.tombstones(&site(), at(0), 9).expect("asked").is_empty(), "it never was public");
}

fn a_version_after_the_kill_keeps_its_words(dir: &Path, open: Open<'_>) {
    let (store, a) = (open(dir), key("a"));
    record(&*store, vec![live(1, 1, &a, "one", "words"), kill(2, &a)]);
    record(&*store, vec![ruled(3, 2, VersionStanding::Held, version(&a, "two", "better words"))]);
    store.rebuild().expect("rebuilt");
    assert!(store.words(&a, 2).expect("asked").is_some(), "deriving the index again kills nothing again");
    let release = vec![Change::Version(2, VersionStanding::Live), Change::Item(ItemStanding::Live(2))];
    record(&*store, vec![moved(4, &a, Act::Publish, release)]);
    assert_eq!(store.search(&site(), "better", 9).expect("asked").len(), 1);
    assert_eq!(story(&*store, &a).killed_reason, None);
    let kill = Entry { words: None, ..kill(5, &a) };
    record(&*store, vec![kill]);
    assert!(store.words(&a, 2).expect("asked").is_none());
}

fn a_withheld_item_leaves_the_search_and_keeps_its_words(dir: &Path, open: Open<'_>) {
    let (store, a) = (open(dir), key("a"));
    record(&*store, vec![live(1, 1, &a, "one", "recalled words")]);
    let recall = vec![Change::Version(1, VersionStanding::Recalled), Change::Item(ItemStanding::Withheld)];
    record(&*store, vec![moved(2, &a, Act::Hold, recall)]);
    assert!(store.search(&site(), "recalled", 9).expect("asked").is_empty());
    assert_eq!(store.count_live(&site()).expect("asked"), 0);
    assert!(store.words(&a, 1).expect("asked").is_some());
    assert_eq!(store.tombstones(&site(), at(0), 9).expect("asked").len(), 1);
    let back = vec![Change::Version(1, VersionStanding::Live), Change::Item(ItemStanding::Live(1))];
    record(&*store, vec![moved(3, &a, Act::Publish, back)]);
    assert_eq!(store.search(&site(), "recalled", 9).expect("asked").len(), 1);
    assert!(store.tombstones(&site(), at(0), 9).expect("asked").is_empty());
}

fn leaves_name_the_previous_one(dir: &Path, open: Open<'_>) {
    let (store, a, b) = (open(dir), key("a"), key("b"));
    let mut two = live(3, 2, &a, "two", "words");
    two.leaves = vec![leaf(&a, "updated", 2), leaf(&a, "reviewed", 2)];
    let batch = vec![live(1, 1, &a, "one", "words"), live(2, 1, &b, "b", "words"), two, kill(4, &a)];
    let committed = store.record(batch).expect("recorded");
    let places: Vec<_> =
        committed.iter().flat_map(|c| &c.leaves).map(|leaf| (leaf.index, leaf.prev)).collect();
    assert_eq!(places, [(0, None), (1, None), (2, Some(0)), (3, Some(2)), (4, Some(3))]);
    let next = store.record(vec![live(5, 1, &key("c"), "c", "words"), kill(6, &b)]).expect("recorded");
    assert_eq!((next[0].leaves[0].index, next[1].leaves[0].index, next[1].leaves[0].prev), (5, 6, Some(1)));
    let lines = store.leaves(&site(), 0, 2, 3).expect("asked");
    assert_eq!(lines.iter().map(|line| line.leaf.index).collect::<Vec<_>>(), [2, 3, 4]);
    assert_eq!((&lines[0].leaf, lines[0].seq, lines[0].at), (&committed[2].leaves[0], 3, at(3)));
    let logs = store.logs().expect("asked");
    assert_eq!((logs.len(), logs[0].shard, logs[0].size), (1, 0, 7));
}

fn a_new_shard_counts_from_nought(dir: &Path, open: Open<'_>) {
    let (store, a) = (open(dir), key("a"));
    record(&*store, vec![live(1, 1, &a, "one", "words")]);
    record(
        &*store,
        vec![Entry::new(at(2), Fact::Shard { site: site(), number: 1, why: "restored".to_owned() })],
    );
    let committed = store.record(vec![live(3, 2, &a, "two", "words")]).expect("recorded");
    let leaf = &committed[0].leaves[0];
    assert_eq!(
        (leaf.shard, leaf.index, leaf.prev),
        (1, 0, None),
        "an index of another shard means nothing here"
    );
    assert_eq!(store.leaves(&site(), 0, 0, 9).expect("asked").len(), 1);
    assert_eq!(store.logs().expect("asked")[0], crate::LogSize { site: site(), shard: 1, size: 1 });
}

fn a_query_is_never_syntax(dir: &Path, open: Open<'_>) {
    let (store, a) = (open(dir), key("a"));
    let text = "Profits rose 5% (net) \"as expected\", col:umn a*b NEAR here; DROP TABLE -- caf\u{e9} \u{6c49}\u{5b57}";
    record(&*store, vec![live(1, 1, &a, "Results AND more", text)]);
    let found = |query: &str| store.search(&site(), query, 9).expect("a query is never an error").len();
    for query in [
        "profits",
        "RESULTS and",
        "\"as expected\"",
        "(net)",
        "col:umn",
        "a*b",
        "5%",
        "near",
        "--",
        "cafe",
        "汉字",
        "\"rose 5%\"",
        "DROP TABLE",
    ] {
        assert_eq!(found(query), 1, "{query}");
    }
    for query in [
        "",
        " ",
        "\"",
        "\"\"",
        "profits OR nothing",
        "pro*",
        "NOT losses",
        "headline:results",
        "?",
        "profits nothing",
        "5_",
        "^profits",
        "\0",
        "{headline} : results",
        "rose \"net rose\"",
    ] {
        assert_eq!(found(query), 0, "{query}");
    }
    for query in
        ["\"", "'", "(", ")", "*", "a\"b", "\\", "%", "NEAR(", "\u{0}\u{1}", "))))\"\"\"((", "AND", "OR OR"]
    {
        found(query);
    }
    found(&"x".repeat(100_000));
    found(&"word ".repeat(10_000));
    assert!(store.search(&SiteId::from("other"), "profits", 9).expect("asked").is_empty());
}

fn short_words_are_found(dir: &Path, open: Open<'_>) {
    let (store, a, b) = (open(dir), key("a"), key("b"));
    record(
        &*store,
        vec![
            live(1, 1, &a, "東京で地震", "気象庁が発表した。"),
            live(2, 1, &b, "EU summit", "No tremor. وقال الرئيس في القاهرة"),
        ],
    );
    let found = |query: &str| -> Vec<ItemKey> {
        store.search(&site(), query, 9).expect("asked").into_iter().map(|line| line.key).collect()
    };
    assert_eq!(found("地震"), std::slice::from_ref(&a));
    assert_eq!(found("eu"), std::slice::from_ref(&b));
    assert_eq!(found("eu summit"), std::slice::from_ref(&b));
    assert!(found("xx summit").is_empty());
    // A part of what stands between two spaces, in scripts where that is no word.
    assert_eq!(found("庁が発"), [a]);
    assert!(found("京東").is_empty());
    assert_eq!(found("رئيس"), std::slice::from_ref(&b));
    assert_eq!(found("قاهرة"), std::slice::from_ref(&b));
    // The beginning of a word, where it is.
    assert_eq!(found("summ trem"), [b]);
    assert!(found("ummit").is_empty());
}

fn operators_lists_tell_what_happened(dir: &Path, open: Open<'_>) {
    let (store, a, b) = (open(dir), key("a"), key("b"));
    let kept = store.keep(vec![transmission(1, "body")]).expect("kept");
    let complaint = |code: &str, item| ComplaintRow {
        gravity: Gravity::Hold,
        code: code.to_owned(),
        message: "what was found".to_owned(),
        item,
        path: "channel/item".to_owned(),
        offset: Some(12),
    };
    let held = edit(ruled(1, 1, VersionStanding::Held, version(&a, "held", "words")), |ruled| {
        ruled.complaints = vec![complaint("date-without-zone", Some(0))];
    });
    let read = Fact::Read {
        transmission: kept[0].id(),
        format: Some("rss".to_owned()),
        items: 1,
        complaints: vec![complaint("xml-not-well-formed", None)],
    };
    let receipt = |ok| Fact::Receipt {
        outputs: vec![],
        key: a.clone(),
        outlet: "site:main".to_owned(),
        what: "publish".to_owned(),
        revision: None,
        ok,
        detail: "as told".to_owned(),
    };
    let note = Fact::Note { what: "the disk is nearly full".to_owned(), gravity: Gravity::Hold };
    record(&*store, vec![held, live(2, 1, &b, "live", "words"), Entry::new(at(3), read)]);
    record(
        &*store,
        vec![Entry::new(at(4), receipt(false)), Entry::new(at(5), receipt(true)), Entry::new(at(6), note)],
    );
    record(&*store, vec![kill(7, &b)]);
    let held = store.held(9).expect("asked");
    assert_eq!((held.len(), &held[0].key, held[0].n, held[0].at), (1, &a, 1, at(1)));
    assert_eq!((held[0].headline.as_deref(), held[0].version), (Some("held"), VersionStanding::Held));
    let recent = store.recent(None, 9).expect("asked");
    assert_eq!(recent.iter().map(|line| line.seq).collect::<Vec<_>>(), [7, 2, 1]);
    assert_eq!(
        (recent[0].by.as_deref(), recent[0].act, recent[0].standing),
        (Some("operator jo"), Act::Kill, ItemStanding::Killed)
    );
    assert_eq!(
        (recent[1].version, recent[2].headline.as_deref()),
        (Some(VersionStanding::Killed), Some("held"))
    );
    assert_eq!(store.recent(Some(&feed()), 9).expect("asked").len(), 2);
    let complaints = store.complaints(9).expect("asked");
    assert_eq!(
        complaints.iter().map(|c| c.complaint.code.as_str()).collect::<Vec<_>>(),
        ["xml-not-well-formed", "date-without-zone"]
    );
    assert_eq!(
        (&complaints[0].feed, complaints[0].transmission, &complaints[0].key),
        (&Some(feed()), Some(kept[0].id()), &None)
    );
    assert_eq!(
        (&complaints[1].feed, &complaints[1].key, complaints[1].complaint.offset),
        (&Some(feed()), &Some(a.clone()), Some(12))
    );
    let receipts = store.receipts(&a).expect("asked");
    assert_eq!((receipts.len(), receipts[0].ok, receipts[0].at), (1, true, at(5)));
    assert_eq!(
        store.story_and_place(&b).expect("asked").map(|(row, place)| (row.standing, place)),
        Some((ItemStanding::Killed, 7))
    );
    let untold = || store.kills_untold("webhook:cms", at(1), 9).expect("asked");
    assert_eq!(untold(), [(b.clone(), at(7))]);
    assert!(store.kills_untold("webhook:cms", at(8), 9).expect("asked").is_empty());
    let told = |second, ok, what: &str| {
        let fact = Fact::Receipt {
            outputs: vec![],
            key: b.clone(),
            outlet: "webhook:cms".to_owned(),
            what: what.to_owned(),
            revision: Some(14),
            ok,
            detail: "told".to_owned(),
        };
        Entry::new(at(second), fact)
    };
    record(&*store, vec![told(8, true, "publish"), told(9, false, "kill")]);
    assert_eq!(untold().len(), 1, "neither a publication nor a call in vain confirms a kill");
    record(&*store, vec![told(10, true, "kill")]);
    assert!(untold().is_empty());
    assert_eq!(store.receipts(&b).expect("asked")[0].revision, Some(14));
    let (fact, committed) = store.entries(7).expect("asked").remove(0);
    assert_eq!((fact.key(), fact.kills(), committed.seq, committed.leaves.len()), (Some(&b), true, 7, 1));
    assert!(store.entries(11).expect("asked").is_empty());
    assert_eq!(store.notes(9).expect("asked")[0].what, "the disk is nearly full");
    let health = store.feed_health(&feed()).expect("asked");
    assert_eq!(
        (health.ruled, health.last_ruled, health.complaints, health.last_complaint),
        (2, Some(at(2)), 2, Some(at(3)))
    );
}

fn switches_and_states_are_remembered(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    assert!(!store.hold_all().expect("asked") && !store.first_contact_done(&feed()).expect("asked"));
    let switch = |on, feed| Entry::new(at(1), Fact::HoldAll { on, by: "operator jo".to_owned(), feed });
    record(
        &*store,
        vec![
            switch(true, None),
            switch(true, Some(feed())),
            Entry::new(at(2), Fact::FirstContact { feed: feed() }),
        ],
    );
    assert_eq!(store.feed_state(&feed()).expect("asked"), None);
    store.save_feed_state(&feed(), "{\"etag\":1}").expect("saved");
    store.save_feed_state(&feed(), "{\"etag\":2}").expect("saved");
    drop(store);
    let store = open(dir);
    assert!(store.hold_all().expect("asked") && store.first_contact_done(&feed()).expect("asked"));
    assert_eq!(store.feed_state(&feed()).expect("asked").as_deref(), Some("{\"etag\":2}"));
    for name in ["log:a/2", "log:a/10", "log:ab/1"] {
        store.save_feed_state(&name.into(), "{}").expect("saved");
    }
    assert_eq!(store.feeds_named("log:a/").expect("asked"), ["log:a/10".into(), "log:a/2".into()]);
    record(&*store, vec![switch(false, None)]);
    assert!(!store.hold_all().expect("asked"));
    assert_eq!(store.held_feeds().expect("asked"), [feed()], "a feed's own switch is another");
    record(&*store, vec![switch(false, Some(feed()))]);
    assert!(store.held_feeds().expect("asked").is_empty());
}

fn what_the_rules_remember_is_kept_and_can_be_forgotten(dir: &Path, open: Open<'_>) {
    let row = |name: &str, n: i64| Remembered { name: name.to_owned(), at: at(n), bytes: vec![0, 255] };
    let store = open(dir);
    assert!(store.remembered().expect("asked").is_empty());
    store.remember(&[row("b 1", 1), row("b 2", 5), row("a", 1)]).expect("kept");
    store.remember(&[row("a", 2)]).expect("kept");
    drop(store);
    let store = open(dir);
    assert_eq!(store.forget_remembered("b", at(5)).expect("forgotten"), 1);
    assert_eq!(store.remembered().expect("asked"), [row("a", 2), row("b 2", 5)]);
}

/// A record with something of everything.
pub fn eventful(store: &dyn Backend) {
    let (a, b, c, d) = (key("a"), key("b"), key("c"), key("d"));
    let kept = store.keep(vec![transmission(1, noise(7, 9_000)), transmission(2, "body")]).expect("kept");
    let mut two = live(4, 2, &a, "a second", "second words of a");
    two.leaves = vec![leaf(&a, "updated", 2)];
    let two = edit(two, |ruled| ruled.changes.insert(0, Change::Version(1, VersionStanding::Superseded)));
    let complaint = ComplaintRow::from(&news::Complaint::new(Gravity::Lost, "lost", "nothing came of it"));
    let read = Fact::Read { transmission: kept[0].id(), format: None, items: 3, complaints: vec![complaint] };
    let recall = vec![Change::Version(1, VersionStanding::Recalled), Change::Item(ItemStanding::Withheld)];
    record(
        store,
        vec![
            live(1, 1, &a, "a first", "first words of a"),
            ruled(2, 1, VersionStanding::Waiting(at(900)), version(&b, "b", "words of b")),
            live(3, 1, &c, "c", "words of c"),
            two,
            live(5, 1, &d, "d", "words of d"),
            Entry::new(at(6), read),
            Entry::new(at(6), Fact::Progress { transmission: kept[1].id(), next_item: 4 }),
            moved(7, &d, Act::Hold, recall),
            kill(8, &c),
            ruled(9, 2, VersionStanding::Held, version(&c, "c again", "later words of c")),
            Entry::new(at(10), Fact::HoldAll { on: true, by: "operator jo".to_owned(), feed: None }),
            Entry::new(at(11), Fact::FirstContact { feed: feed() }),
            Entry::new(at(12), Fact::Shard { site: site(), number: 1, why: "for the contract".to_owned() }),
            live(13, 1, &key("e"), "e", "words of e"),
            Entry::new(at(14), Fact::Note { what: "a note".to_owned(), gravity: Gravity::Remark }),
        ],
    );
    store.purge(&feed(), at(900)).expect("purged");
}

fn a_rebuild_answers_as_before(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    eventful(&*store);
    let answers = || {
        let stories = ["a", "b", "c", "d", "e"].map(|name| story(&*store, &key(name)));
        let lists = (
            store.latest(&site(), None, 0, 9).expect("asked"),
            store.search(&site(), "words", 9).expect("asked"),
        );
        let desk = (
            store.held(9).expect("asked"),
            store.recent(None, 99).expect("asked"),
            store.complaints(9).expect("asked"),
        );
        let clock = (store.due(at(999), 9).expect("asked"), store.next_due().expect("asked"));
        let public = (store.tombstones(&site(), at(0), 9).expect("asked"), store.logs().expect("asked"));
        let intake = (
            store.feed_health(&feed()).expect("asked"),
            store.progress(transmission(2, "").id).expect("asked"),
        );
        (stories, lists, desk, clock, public, intake)
    };
    let before = answers();
    let report = store.rebuild().expect("rebuilt");
    assert_eq!((report.entries, report.items, report.versions, report.damaged.len()), (15, 5, 7, 0));
    assert_eq!(answers(), before);
}

fn replaying_gives_every_fact(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    let mut facts = Vec::new();
    for chunk in (1..=1_200i64).collect::<Vec<_>>().chunks(300) {
        let note =
            |n: &i64| Entry::new(at(*n), Fact::Note { what: format!("note {n}"), gravity: Gravity::Remark });
        let entries: Vec<Entry> = chunk.iter().map(note).collect();
        facts.extend(entries.iter().map(|entry| (entry.at, entry.fact.clone())));
        record(&*store, entries);
    }
    for from in [0, 1, 2, 512, 513, 1_200, 1_201, 5_000] {
        let mut seen = Vec::new();
        store
            .replay(from, &mut |seq, at, fact| {
                seen.push((seq, at, fact.clone()));
                Ok(())
            })
            .expect("replayed");
        let expected = (1..).zip(&facts).map(|(seq, (at, fact))| (seq, *at, fact.clone()));
        assert_eq!(seen, expected.filter(|(seq, _, _)| *seq >= from).collect::<Vec<_>>());
    }
    let stop = store.replay(1, &mut |_, _, _| Err(StoreError::refused("enough")));
    assert!(stop.is_err());
}

fn a_sound_store_verifies(dir: &Path, open: Open<'_>) {
    let store = open(dir);
    store.verify().expect("an empty store is sound");
    eventful(&*store);
    store.verify().expect("sound");
    drop(store);
    open(dir).verify().expect("sound");
}

fn a_live_versions_words_cannot_be_erased(dir: &Path, open: Open<'_>) {
    let (store, a) = (open(dir), key("a"));
    let second = edit(live(2, 2, &a, "two", "words"), |ruled| {
        ruled.changes.insert(0, Change::Version(1, VersionStanding::Superseded));
    });
    record(&*store, vec![live(1, 1, &a, "one", "words"), second]);
    for n in [None, Some(2)] {
        assert!(matches!(store.erase_words(&a, n), Err(StoreError::Refused { .. })));
    }
    assert_eq!(store.erase_words(&a, Some(1)).expect("erased"), 1);
    assert_eq!(store.erase_words(&a, Some(1)).expect("erased"), 0);
    assert!(store.words(&a, 1).expect("asked").is_none() && store.words(&a, 2).expect("asked").is_some());
}
