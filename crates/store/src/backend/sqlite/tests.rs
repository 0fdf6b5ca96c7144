//! What only this backend can be asked: what stands in its files, and what happens when bytes change by themselves.

use std::path::Path;

use news::{Act, Change, ItemStanding, VersionStanding};
use rusqlite::Connection;

use super::*;
use crate::contract::{self, at, eventful, key, kill, live, moved, noise, site, transmission};
use crate::{Archive as _, Entry, Fact, Index as _, Journal as _, KillFile, KillRecord, Vault as _};

fn open(dir: &Path) -> Store {
    Store::open(dir, Access::Write).unwrap()
}

/// Everything in the store's folder, also what a closed database would have cleaned up.
fn bytes_of(dir: &Path) -> Vec<u8> {
    dir.read_dir().unwrap().flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

fn stands_in(dir: &Path, words: &str) -> bool {
    bytes_of(dir).windows(words.len()).any(|window| window == words.as_bytes())
}

/// Changes the database behind the store's back.
fn tamper(dir: &Path, sql: &str) {
    let changed = Connection::open(dir.join(FILE)).unwrap().execute(sql, []).unwrap();
    assert!(changed > 0, "{sql}");
}

#[test]
fn it_keeps_the_contract() {
    contract::run(open);
}

#[test]
fn the_same_body_costs_a_row_and_a_new_item_costs_itself() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let pieces = || -> (i64, i64) {
        let sql = "SELECT count(*), coalesce(sum(length(packed)), 0) FROM piece";
        store.read(|tx| Ok(tx.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?)))?)).unwrap()
    };
    let items: Vec<Vec<u8>> = (0..50).map(|n| noise(n, 4_000)).collect();
    let body = |items: &[Vec<u8>]| [b"<rss>".to_vec(), items.concat(), b"</rss>".to_vec()].concat();
    store.keep(vec![transmission(1, body(&items))]).unwrap();
    let first = pieces();
    store.keep(vec![transmission(2, body(&items)), transmission(3, body(&items))]).unwrap();
    assert_eq!(pieces(), first, "the same body needs no new bytes");
    let mut newer = vec![noise(99, 4_000)];
    newer.extend_from_slice(&items[..49]);
    store.keep(vec![transmission(4, body(&newer))]).unwrap();
    let more = pieces().1 - first.1;
    assert!(more > 2_000 && more < 24_000, "one new item of 4,000 bytes cost {more} bytes");
    assert_eq!(&store.fetch(transmission(4, "").id).unwrap().unwrap().bytes()[..], &body(&newer)[..]);
}

#[test]
fn no_file_holds_the_words_after_a_kill() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let a = key("a");
    // Short words that cannot be compressed stand in the files as they are.
    let (secret, other) = ("Zq7Kp2Vx9Lm4Wt8R", "Hb5Nc1Jd6Gf3Ys0T");
    store.record(vec![live(1, 1, &a, secret, secret), live(2, 1, &key("b"), other, other)]).unwrap();
    assert!(stands_in(dir.path(), &secret.to_lowercase()[..3]) && stands_in(dir.path(), secret));
    store.record(vec![kill(3, &a)]).unwrap();
    assert!(store.search(&site(), secret, 9).unwrap().is_empty(), "from the moment of the kill");
    erase_all(&store);
    assert!(!stands_in(dir.path(), secret), "neither database nor write-ahead log");
    assert!(stands_in(dir.path(), other));
    store.rebuild().unwrap();
    assert!(!stands_in(dir.path(), secret));
    assert_eq!(store.search(&site(), other, 9).unwrap().len(), 1);
}

/// What follows a kill when there is time.
fn erase_all(store: &Store) {
    while store.sweep().unwrap() {}
    store.finish_erasing().unwrap();
}

#[test]
fn a_backup_holds_no_words_that_have_left_the_search() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let secret = "Zq7Kp2Vx9Lm4Wt8R";
    store
        .record(vec![live(1, 1, &key("a"), secret, secret), live(2, 1, &key("b"), "other", "words")])
        .unwrap();
    store.record(vec![kill(3, &key("a"))]).unwrap();
    let copy = tempfile::tempdir().unwrap();
    store.backup(copy.path()).unwrap();
    assert!(!stands_in(copy.path(), secret) && stands_in(copy.path(), "other"));
    assert_eq!(store.to_sweep().unwrap(), 1, "the store itself takes its time");
}

#[test]
fn the_search_forgets_every_stretch_of_a_killed_word() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    // Its stretches share no first letter with others, so the index writes them out.
    store
        .record(vec![live(1, 1, &key("a"), "жыъ", "words"), live(2, 1, &key("b"), "other", "words")])
        .unwrap();
    assert!(stands_in(dir.path(), "жыъ"));
    store.record(vec![kill(3, &key("a"))]).unwrap();
    erase_all(&store);
    assert!(!stands_in(dir.path(), "жыъ"));
}

#[test]
fn no_file_holds_what_was_erased_from_the_archive() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let secret = noise(42, 60);
    let mut body = noise(43, 30_000);
    body.splice(15_000..15_060, secret.iter().copied());
    let neighbour = String::from_utf8(body[14_000..14_012].to_vec()).unwrap();
    // Stored as it is, so that the bytes of the file can be searched.
    let id = store.keep(vec![transmission(1, body.clone())]).unwrap()[0].id();
    store.erase(id, 15_000..15_060).unwrap();
    let left = store.fetch(id).unwrap().unwrap();
    assert_eq!(String::from_utf8(left.bytes()[14_000..14_012].to_vec()).unwrap(), neighbour);
    for packed in packed_pieces(&store) {
        let piece = zstd::stream::decode_all(&packed[..]).unwrap();
        assert!(!piece.windows(20).any(|window| secret.windows(20).any(|part| part == window)));
    }
    // Whatever looks like a packed piece anywhere in the files, freed pages included, is none of the old ones.
    let all = bytes_of(dir.path());
    let old = super::cells::pack(&body_piece(&body, 15_000)).unwrap();
    assert!(!all.windows(64).any(|window| old[old.len() - 64..] == *window), "the old piece is overwritten");
}

fn packed_pieces(store: &Store) -> Vec<Vec<u8>> {
    store
        .read(|tx| {
            let mut ask = tx.prepare("SELECT packed FROM piece")?;
            Ok(ask.query_map([], |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?)
        })
        .unwrap()
}

/// The piece of a body that a byte stands in.
fn body_piece(body: &[u8], at: usize) -> Vec<u8> {
    let chunk = fastcdc::v2020::FastCDC::new(body, 1 << 10, 4 << 10, 32 << 10)
        .find(|chunk| (chunk.offset..chunk.offset + chunk.length).contains(&at))
        .unwrap();
    body[chunk.offset..chunk.offset + chunk.length].to_vec()
}

#[test]
fn a_rebuilt_index_is_the_same_row_for_row() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    eventful(&store);
    let before = index::dump(&store);
    assert!(before.len() > 40, "{before:#?}");
    store.rebuild().unwrap();
    assert_eq!(index::dump(&store), before);
    let fts = "INSERT INTO search (search) VALUES ('integrity-check')";
    Connection::open(dir.path().join(FILE)).unwrap().execute(fts, []).unwrap();
}

#[test]
fn an_index_of_another_age_is_derived_again_at_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    eventful(&store);
    let before = index::dump(&store);
    drop(store);
    tamper(dir.path(), "UPDATE age SET index_age = 0");
    tamper(dir.path(), "DELETE FROM item");
    let error = Store::open(dir.path(), Access::Read).unwrap_err();
    assert!(matches!(error, OpenStoreError::Older { .. }), "{error}");
    assert_eq!(index::dump(&open(dir.path())), before);
}

#[test]
fn a_changed_journal_byte_breaks_the_chain() {
    for change in [
        "UPDATE journal SET bytes = CAST(replace(CAST(bytes AS TEXT), 'usable', 'usably') AS BLOB) WHERE seq = 3",
        "UPDATE journal SET hash = zeroblob(32) WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 3",
        "UPDATE journal SET seq = 900 WHERE seq = 3",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        eventful(&store);
        tamper(dir.path(), change);
        let errors = [
            store.verify().unwrap_err(),
            store.replay(1, &mut |_, _, _| Ok(())).unwrap_err(),
            store.rebuild().unwrap_err(),
            store.story(&key("c")).unwrap_err(),
        ];
        for error in errors {
            assert!(error.is_damage() && error.to_string().contains("journal entry 3"), "{change}: {error}");
        }
        assert!(store.story(&key("e")).unwrap().is_some(), "what does not rest on it is still answered");
    }
}

#[test]
fn no_bit_of_the_vault_can_change_unseen() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let a = key("a");
    store.record(vec![live(1, 1, &a, "headline", "words"), live(2, 1, &key("b"), "other", "words")]).unwrap();
    for column in ["packed", "sum", "salt", "copy_hash", "disclosure", "len"] {
        let ask = format!("SELECT CAST({column} AS BLOB) FROM vault WHERE n = 1 AND uri = ?1");
        let raw = Connection::open(dir.path().join(FILE)).unwrap();
        let good: Vec<u8> = raw.query_row(&ask, [&a.uri], |row| row.get(0)).unwrap();
        let kind = if matches!(column, "disclosure") {
            "TEXT"
        } else if column == "len" {
            "INTEGER"
        } else {
            "BLOB"
        };
        let put = format!("UPDATE vault SET {column} = CAST(?2 AS {kind}) WHERE n = 1 AND uri = ?1");
        for bit in (0..good.len() * 8).step_by(if column == "packed" { 1 } else { 5 }) {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            raw.execute(&put, rusqlite::params![a.uri, bad]).unwrap();
            // Several numbers are written alike, and the header of the packed bytes has a bit that means nothing.
            match store.words(&a, 1) {
                Ok(Some(words)) => {
                    assert_eq!(words.version.copy.headline(), Some("headline"), "{column} bit {bit}")
                }
                other => assert!(
                    other.unwrap_err().to_string().contains("version 1 of urn:agx:a"),
                    "{column} bit {bit}"
                ),
            }
        }
        let mut bad = good.clone();
        let last = bad.len() - 1;
        bad[last] ^= 1;
        raw.execute(&put, rusqlite::params![a.uri, bad]).unwrap();
        assert!(store.words(&a, 1).unwrap_err().is_damage(), "{column}");
        assert!(store.verify().unwrap_err().is_damage(), "{column}");
        // As after a start: what was recorded since is shown from memory.
        store.memory.heads.forget_all();
        let lines = store.latest(&site(), None, 0, 9).unwrap();
        assert_eq!(lines.len(), 1, "damaged words are in no list, the others stay");
        raw.execute(&put, rusqlite::params![a.uri, good]).unwrap();
        assert!(store.words(&a, 1).unwrap().is_some());
    }
}

#[test]
fn damaged_pieces_are_named_never_given_out_and_mended_by_a_redelivery() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let body = noise(9, 40_000);
    store.keep(vec![transmission(1, body.clone()), transmission(2, "sound")]).unwrap();
    tamper(dir.path(), "UPDATE piece SET packed = zeroblob(length(packed)) WHERE id = 2");
    for error in [store.fetch(transmission(1, "").id).unwrap_err(), store.verify().unwrap_err()] {
        assert!(error.is_damage() && error.to_string().contains("piece"), "{error}");
    }
    assert_eq!(store.unread(9).unwrap().len(), 1, "the others are read on");
    store.keep(vec![transmission(3, body.clone())]).unwrap();
    for n in [1, 3] {
        assert_eq!(&store.fetch(transmission(n, "").id).unwrap().unwrap().bytes()[..], &body[..]);
    }
    store.verify().unwrap();
    for change in [
        "UPDATE part SET piece = 1 WHERE piece = 3",
        "UPDATE transmission SET feed = 'other' WHERE seq = 1",
        "UPDATE transmission SET body = 2 WHERE seq = 1",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        store.keep(vec![transmission(1, body.clone()), transmission(2, "sound")]).unwrap();
        tamper(dir.path(), change);
        assert!(store.fetch(transmission(1, "").id).unwrap_err().is_damage(), "{change}");
        assert!(store.verify().unwrap_err().is_damage(), "{change}");
    }
}

#[test]
fn a_second_writer_is_refused_and_told_who_writes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let error = Store::open(dir.path(), Access::Write).unwrap_err();
    assert!(matches!(error, OpenStoreError::Locked { .. }));
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    drop(store);
    open(dir.path());
}

#[test]
fn a_reader_sees_what_is_recorded_and_writes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Store::open(&dir.path().join("none"), Access::Read).unwrap_err();
    assert!(matches!(missing, OpenStoreError::Missing { .. }), "{missing}");
    let writer = open(dir.path());
    let reader = Store::open(dir.path(), Access::Read).unwrap();
    writer.record(vec![live(1, 1, &key("a"), "headline", "words")]).unwrap();
    assert_eq!(reader.latest(&site(), None, 0, 9).unwrap().len(), 1);
    for error in [
        reader.keep(vec![transmission(1, "x")]).unwrap_err(),
        reader.record(vec![kill(2, &key("a"))]).unwrap_err(),
        reader.rebuild().unwrap_err(),
    ] {
        assert!(error.to_string().contains("reading only"), "{error}");
    }
    drop(writer);
    assert_eq!(reader.count_live(&site()).unwrap(), 1);
}

#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/data");
    let _store = open(&folder);
    let _kills = KillFile::open(&folder).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        (mode(&folder), mode(&folder.join("lock")), mode(&folder.join("kills"))),
        (0o700, 0o600, 0o600)
    );
}

#[test]
fn commits_are_synced_and_freed_pages_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let writer = store.writer.as_ref().unwrap().lock();
    let ask = |name: &str| -> String {
        writer
            .query_row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0))
            .map(|value| format!("{value:?}"))
            .unwrap()
    };
    assert_eq!(ask("synchronous"), "Integer(2)", "FULL");
    assert_eq!(ask("journal_mode"), "Text(\"wal\")");
    assert_eq!(ask("secure_delete"), "Integer(1)");
    assert_eq!(ask("foreign_keys"), "Integer(1)");
    assert_eq!(ask("page_size"), "Integer(8192)");
}

#[test]
fn the_log_is_moved_while_commits_go_on_and_a_kill_empties_it_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let len = |name: String| dir.path().join(name).metadata().unwrap().len();
    let moved = (1..150_u8).find(|n| {
        store.keep(vec![transmission(*n, noise(u64::from(*n), 2_000_000))]).unwrap();
        len(FILE.to_owned()) > 8 << 20
    });
    assert!(
        moved.is_some(),
        "nothing but a commit writes to the log, and nothing but moving it to the database"
    );
    store.record(vec![live(1, 1, &key("a"), "Quokka found", "The quokka was found at noon.")]).unwrap();
    assert!(stands_in(dir.path(), "Quokka found"));
    store.record(vec![kill(2, &key("a"))]).unwrap();
    erase_all(&store);
    assert!(!stands_in(dir.path(), "uokka"));
    assert_eq!(len(format!("{FILE}-wal")), 0);
}

#[test]
fn a_long_log_is_emptied_though_nothing_was_erased() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let len = || dir.path().join(format!("{FILE}-wal")).metadata().unwrap().len();
    store.keep(vec![transmission(1, "short")]).unwrap();
    assert!(store.finish_erasing().unwrap() && len() > 0, "a short one stays");
    // One transaction, so that nothing of it is moved before its end.
    let large = (2..=60).map(|n| transmission(n, noise(u64::from(n), 2_000_000))).collect();
    store.keep(large).unwrap();
    assert!(store.log_is_long());
    assert!(store.finish_erasing().unwrap() && len() == 0);
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.keep(vec![transmission(1, "kept")]).unwrap();
    let limit = |pages: i64| {
        let writer = store.writer.as_ref().unwrap().lock();
        writer
            .query_row(&format!("PRAGMA max_page_count = {pages}"), [], |row| row.get::<_, i64>(0))
            .unwrap();
    };
    limit(1);
    let error = store.keep(vec![transmission(2, noise(1, 3_000_000))]).unwrap_err();
    assert!(error.is_full() && error.to_string().contains("archiving transmissions"), "{error}");
    assert!(store.fetch(transmission(2, "").id).unwrap().is_none());
    assert_eq!(store.unread(9).unwrap().len(), 1);
    limit(1 << 30);
    store.keep(vec![transmission(2, noise(1, 3_000_000))]).unwrap();
    store.verify().unwrap();
}

#[test]
fn after_a_fatal_error_nothing_is_written_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let fatal = || StoreError::Fatal { doing: String::new(), why: "as the test wants".to_owned() };
    let error = store.write("testing", |_| Err::<(), _>(fatal())).unwrap_err();
    assert!(error.is_fatal());
    assert!(store.keep(vec![transmission(1, "late")]).unwrap_err().is_fatal());
    assert!(store.unread(9).unwrap().is_empty());
    drop(store);
    open(dir.path()).keep(vec![transmission(1, "late")]).unwrap();
}

#[test]
fn a_backup_is_the_store_and_restoring_opens_a_new_shard() {
    let dir = tempfile::tempdir().unwrap();
    let (home, away, back) = (dir.path().join("home"), dir.path().join("away"), dir.path().join("back"));
    let store = open(&home);
    let kills = KillFile::open(&home).unwrap();
    eventful(&store);
    let pending = KillRecord {
        key: key("e"),
        at: at(20),
        by: "operator jo".to_owned(),
        reason: "wrong name".to_owned(),
        placements: vec![],
    };
    kills.append(&pending).unwrap();
    let report = store.backup(&away).unwrap();
    assert_eq!((report.entries, report.transmissions, report.words), (15, 1, 6));
    assert!(report.bytes > 1 << 20);
    store.record(vec![live(30, 1, &key("later"), "later", "words")]).unwrap();
    assert!(matches!(store.backup(&away), Err(StoreError::Refused { .. })), "a backup is never overwritten");
    restore(&away, &back, at(99)).unwrap();
    let restored = open(&back);
    restored.verify().unwrap();
    assert_eq!(restored.story(&key("a")).unwrap(), store.story(&key("a")).unwrap());
    assert_eq!(restored.story(&key("later")).unwrap(), None);
    assert_eq!((restored.logs().unwrap()[0].shard, restored.logs().unwrap()[0].size), (2, 0));
    let mut last = None;
    restored
        .replay(16, &mut |seq, at, fact| {
            last = Some((seq, at, fact.clone()));
            Ok(())
        })
        .unwrap();
    let why = "restored from a backup".to_owned();
    assert_eq!(last, Some((16, at(99), Fact::Shard { site: site(), number: 2, why })));
    assert_eq!(KillFile::open(&back).unwrap().pending(), [pending]);
    assert!(
        matches!(restore(&away, &home, at(99)), Err(StoreError::Refused { .. })),
        "into an empty folder only"
    );
    assert!(matches!(
        restore(&dir.path().join("none"), &dir.path().join("x"), at(99)),
        Err(StoreError::Refused { .. })
    ));
}

#[test]
fn a_damaged_backup_is_not_restored() {
    let dir = tempfile::tempdir().unwrap();
    let (home, away, back) = (dir.path().join("home"), dir.path().join("away"), dir.path().join("back"));
    eventful(&open(&home));
    open(&home).backup(&away).unwrap();
    tamper(&away, "UPDATE vault SET packed = zeroblob(length(packed)) WHERE id = 2");
    let error = restore(&away, &back, at(99)).unwrap_err();
    assert!(error.is_damage(), "{error}");
    assert_eq!(back.read_dir().unwrap().count(), 0);
}

#[test]
fn concurrent_arrivals_share_a_transaction() {
    let dir = tempfile::tempdir().unwrap();
    let store = std::sync::Arc::new(open(dir.path()));
    let batches = std::sync::Arc::new(Mutex::new(Vec::new()));
    let (keeper, sizes) = (store.clone(), batches.clone());
    let group = crate::group::Group::start("archive", 64, 256, move |jobs: Vec<news::Transmission>| {
        sizes.lock().unwrap().push(jobs.len());
        let count = jobs.len();
        match keeper.keep(jobs) {
            Ok(kept) => kept.into_iter().map(Ok).collect(),
            Err(error) => vec![Err(error.to_string()); count],
        }
    })
    .unwrap();
    std::thread::scope(|scope| {
        for n in 1..=40 {
            let group = &group;
            let store = &store;
            scope.spawn(move || {
                let archived = group.run(transmission(n, vec![n; 2_000])).unwrap().unwrap();
                assert!(store.fetch(archived.id()).unwrap().is_some(), "acknowledged means kept");
            });
        }
    });
    assert_eq!(store.unread(99).unwrap().len(), 40);
    let batches = batches.lock().unwrap();
    assert!(batches.iter().sum::<usize>() == 40 && batches.len() < 40, "{batches:?}");
}

#[test]
fn readers_do_not_wait_for_writers() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.record(vec![live(1, 1, &key("a"), "headline", "words")]).unwrap();
    let seen = store
        .write("testing", |tx| {
            tx.execute("DELETE FROM item", [])?;
            store.count_live(&site())?;
            store.story(&key("a")).map(|story| story.is_some())
        })
        .unwrap();
    assert!(seen, "a reader sees the moment before");
}

#[test]
fn words_that_a_reader_keeps_in_the_log_go_once_it_has_read() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let secret = "Zq7Kp2Vx9Lm4Wt8R";
    store.record(vec![live(1, 1, &key("a"), secret, secret)]).unwrap();
    store
        .read(|tx| {
            tx.query_row("SELECT count(*) FROM vault", [], |row| row.get::<_, i64>(0))?;
            store.record(vec![kill(2, &key("a"))])?;
            erase_all(&store);
            assert!(store.unwiped.load(Ordering::SeqCst), "this reader still looks at the moment before");
            Ok(())
        })
        .unwrap();
    assert!(stands_in(dir.path(), secret), "the reader kept them there");
    erase_all(&store);
    assert!(!store.unwiped.load(Ordering::SeqCst));
    assert!(!stands_in(dir.path(), secret));
}

#[test]
fn what_has_left_the_search_is_not_found_and_not_there_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let found = |words: &str| store.search(&site(), words, 9).unwrap().len();
    let rows =
        || store.read(|tx| Ok(tx.query_row("SELECT count(*) FROM search", [], |row| row.get::<_, i64>(0))?));
    store
        .record(vec![live(1, 1, &key("a"), "first", "words"), live(2, 1, &key("b"), "other", "words")])
        .unwrap();
    // The seventeenth version has the first one's row.
    for (seq, n) in (3..).zip(2..=17) {
        store.record(vec![live(seq, n, &key("a"), &format!("number{n}"), "words")]).unwrap();
        assert_eq!((found("first"), found(&format!("number{n}")), found("words")), (0, 1, 2));
        store.verify().unwrap();
    }
    assert_eq!(rows().unwrap(), 17, "what left is still there, but for the first, whose row was needed");
    erase_all(&store);
    assert_eq!((rows().unwrap(), found("words"), found("number17")), (2, 2, 1));
    store.verify().unwrap();
    assert!(!store.sweep().unwrap());
}

#[test]
fn what_lists_and_feeds_keep_in_memory_goes_with_the_words() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.record(vec![live(1, 1, &key("a"), "one", "words"), live(2, 1, &key("b"), "two", "words")]).unwrap();
    assert_eq!(store.memory.heads.len(), 2, "as they are recorded");
    assert_eq!(store.latest(&site(), None, 0, 9).unwrap().len(), 2);
    for uri in ["a", "b"] {
        let words = store.words_for_many(&key(uri), 1).unwrap().unwrap();
        assert!(Arc::ptr_eq(&words, &store.words_for_many(&key(uri), 1).unwrap().unwrap()), "read once");
    }
    assert_eq!((store.memory.heads.len(), store.memory.words.len()), (2, 2));
    store.record(vec![kill(3, &key("a"))]).unwrap();
    assert_eq!((store.memory.heads.len(), store.memory.words.len()), (1, 1));
    assert!(store.words_for_many(&key("a"), 1).unwrap().is_none());
    store
        .record(vec![moved(
            4,
            &key("b"),
            Act::Hold,
            vec![Change::Version(1, VersionStanding::Recalled), Change::Item(ItemStanding::Withheld)],
        )])
        .unwrap();
    store.erase_words(&key("b"), None).unwrap();
    assert_eq!((store.memory.heads.len(), store.memory.words.len()), (0, 0));
    assert!(store.words_for_many(&key("b"), 1).unwrap().is_none());
}

#[test]
fn a_story_stands_in_one_sitemap_for_good() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let names: Vec<String> = (0..7).map(|n| format!("story {n}")).collect();
    for (n, name) in names.iter().enumerate() {
        store.record(vec![live(n as i64 + 1, 1, &key(name), "headline", "words")]).unwrap();
    }
    let told = |store: &Store| {
        let pages = store.sitemaps(&site(), 3).unwrap();
        let uris = |number: &u32| -> Vec<String> {
            store.places(&site(), *number, 3).unwrap().into_iter().map(|place| place.key.uri).collect()
        };
        pages.iter().map(|number| (*number, uris(number))).collect::<Vec<_>>()
    };
    let named = |range: std::ops::Range<usize>| -> Vec<String> {
        names[range].iter().map(|name| key(name).uri).collect()
    };
    let all = vec![(0, named(0..3)), (1, named(3..6)), (2, named(6..7))];
    assert_eq!(told(&store), all);
    for name in &names[0..4] {
        store.record(vec![kill(9, &key(name))]).unwrap();
    }
    let left = vec![(1, named(4..6)), (2, named(6..7))];
    assert_eq!(told(&store), left);
    store.rebuild().unwrap();
    assert_eq!(told(&store), left);
}

#[test]
fn what_tells_the_same_is_found_without_looking_at_all_stories() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let plan: Vec<String> = store
        .read(|tx| {
            let mut ask = tx.prepare(&format!("EXPLAIN QUERY PLAN {}", super::index::PEERS))?;
            Ok(ask.query_map([""; 4], |row| row.get(3))?.collect::<Result<Vec<_>, _>>()?)
        })
        .unwrap();
    assert!(plan[0].contains("item_leader"), "{plan:?}");
    assert!(
        plan.iter().any(|step| step.starts_with("SEARCH p") && step.contains("item=? AND site=?")),
        "{plan:?}"
    );
}

#[test]
fn the_journal_looks_as_it_is_documented() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let changes =
        vec![Change::Version(1, VersionStanding::Waiting(at(60))), Change::Item(ItemStanding::Live(1))];
    let mut entry = live(1, 1, &key("a"), "headline", "words");
    if let Fact::Ruled(ruled) = &mut entry.fact {
        ruled.changes = changes;
    }
    store
        .record(vec![entry, Entry::new(at(2), Fact::HoldAll { on: true, by: "jo".to_owned(), feed: None })])
        .unwrap();
    let rows: Vec<String> = store
        .read(|tx| {
            let mut ask = tx.prepare("SELECT CAST(bytes AS TEXT) FROM journal ORDER BY seq")?;
            Ok(ask.query_map([], |row| row.get(0))?.collect::<Result<Vec<_>, _>>()?)
        })
        .unwrap();
    assert_eq!(rows[1], r#"{"at":"2026-09-21T14:13:22Z","fact":{"hold-all":{"on":true,"by":"jo"}}}"#);
    for part in [
        r#"{"at":"2026-09-21T14:13:21Z","fact":{"ruled":{"key":{"agency":"agx","uri":"urn:agx:a"},"feed":"agx-world","#,
        r#""changes":[{"version":1,"stands":"waiting 2026-09-21T14:14:20Z"},{"item":"live","n":1}]"#,
        r#""stamp":{"raw":"","order":"arrival"}"#,
        r#""ruling":{"act":"publish","reasons":[{"code":"new","text":"for the contract"}]}"#,
        r#""leaves":[{"shard":0,"index":0,"site":"main","#,
    ] {
        assert!(rows[0].contains(part), "{part} in {}", rows[0]);
    }
    assert!(!rows[0].contains("headline") && !rows[0].contains("words"), "facts carry no words");
}

#[test]
fn an_index_that_says_other_than_the_journal_is_found() {
    for change in [
        "UPDATE item SET standing = 'live' WHERE id = 2",
        "UPDATE placement SET published = published + 1",
        "UPDATE version SET embargo = NULL, standing = 'live' WHERE waits = 1",
        "UPDATE leaf SET version = 7 WHERE idx = 1",
        "DELETE FROM complaint",
        "UPDATE hold_all SET held = 0",
        "DELETE FROM first_contact",
        "DELETE FROM gone",
        "UPDATE search SET body = 'other words' WHERE rowid IN (SELECT id * 16 + searched FROM item)",
        "DELETE FROM search WHERE rowid IN (SELECT id * 16 + searched FROM item)",
        "INSERT INTO search (rowid, headline, body) VALUES (15, 'of nobody', 'words')",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        eventful(&store);
        store.verify().unwrap();
        tamper(dir.path(), change);
        let error = store.verify().unwrap_err();
        assert!(error.is_damage() && error.to_string().contains("index"), "{change}: {error}");
        store.rebuild().unwrap();
        store.verify().unwrap();
    }
}
