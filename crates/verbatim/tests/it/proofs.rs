//! Nothing changed, provable: the log as others read it, proofs, and what becomes of them when something was altered.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use signed_note::{Note, StandardVerifier, VerifierList};
use tlog_tiles::{Checkpoint, Hash, check_record, record_hash};

use crate::newsroom::{Newsroom, Said, eventually, program, sha256, shard, text};
use crate::wires::{NewsmlG2, Ninjs, Story};

/// The site's own statement about its log.
fn vkey(newsroom: &Newsroom) -> String {
    text(&newsroom.get("/.well-known/verbatim.json").json()["log"], "vkey").to_owned()
}

/// The path of an address.
fn path(url: &str) -> &str {
    &url[url.find("/s/").expect("a story's address")..]
}

/// A signed checkpoint, read and verified by code that is not ours.
fn checkpoint(newsroom: &Newsroom, note: &str) -> Checkpoint {
    let note = Note::from_bytes(note.as_bytes()).expect("a signed note");
    let verifier = StandardVerifier::new(&vkey(newsroom)).expect("a key");
    let signed = note.verify(&VerifierList::new(vec![Box::new(verifier)])).expect("a signature that holds");
    assert_eq!(signed.0.len(), 1);
    Checkpoint::from_bytes(note.text()).expect("a checkpoint")
}

/// A proof, read and verified by code that is not ours. Gives the lines that it carries besides.
fn verified(newsroom: &Newsroom, proof: &str) -> String {
    let (head, note) = proof.split_once("\n\n").expect("a proof");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("c2sp.org/tlog-proof@v1"));
    let extra = lines.next().and_then(|line| line.strip_prefix("extra ")).expect("extra");
    let extra = STANDARD.decode(extra).expect("base 64");
    let index: u64 =
        lines.next().and_then(|line| line.strip_prefix("index ")).expect("index").parse().expect("a number");
    let path: Vec<Hash> = lines.map(|line| Hash::parse_hash(line).expect("a hash")).collect();
    let state = checkpoint(newsroom, note);
    let at = extra.windows(16).position(|bytes| bytes == b"verbatim-leaf/1\n").expect("the leaf");
    check_record(&path, state.size(), *state.hash(), index, record_hash(&extra[at..]))
        .expect("the leaf is in the log");
    let leaf = String::from_utf8(extra[at..].to_vec()).expect("text");
    if at == 0 {
        assert!(leaf.ends_with("\ncommit -\n"), "nothing is disclosed of what is gone: {leaf}");
        return leaf;
    }
    let (salt, disclosure) = (&extra[..32], &extra[33..at - 1]);
    let commit = sha256([b"verbatim-commit/1\n", salt, disclosure].concat());
    assert!(leaf.ends_with(&format!("\ncommit {commit}\n")), "{leaf}");
    format!("{}{leaf}", String::from_utf8_lossy(disclosure))
}

#[test]
fn the_log_and_every_proof_hold_for_verifiers_that_are_not_ours() {
    let newsroom = Newsroom::usual();
    let stories: Vec<Story> = (0..5).map(|i| Story::new(&format!("proved{i}x"), Ninjs)).collect();
    let urls: Vec<String> = stories.iter().map(|story| newsroom.publish(Ninjs, story)).collect();
    newsroom.publish(Ninjs, &stories[0].next("two"));
    newsroom.deliver(Ninjs, &stories[1].next_with("canceled", "kill"));
    // The desk tells of a ruling as soon as it is recorded; it is signed a moment later.
    let note = eventually("one leaf for each public act", || {
        Some(newsroom.get("/log/checkpoint"))
            .filter(|note| note.text().contains(&format!("/log/{}\n7\n", shard(0))))
    });
    assert_eq!(note.field("content-type"), Some("text/plain; charset=utf-8"));
    let state = checkpoint(&newsroom, &note.text());
    assert_eq!(state.size(), 7);
    // Every tile that the specification asks for, and no other.
    for width in 1..=7 {
        let hashes = newsroom.get(&format!("/log/tile/0/000.p/{width}"));
        let bundle = newsroom.get(&format!("/log/tile/entries/000.p/{width}"));
        assert_eq!((hashes.status, hashes.body.len(), bundle.status), (200, 32 * width, 200));
        let mut rest = bundle.body.as_slice();
        for hash in hashes.body.chunks(32) {
            let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
            assert_eq!(record_hash(&rest[2..2 + length]).0, hash);
            rest = &rest[2 + length..];
        }
        assert!(rest.is_empty());
    }
    for missing in
        ["tile/0/000", "tile/0/000.p/8", "tile/1/000.p/1", "tile/0/001.p/1", "tile/entries/000", "tile/x", ""]
    {
        assert_eq!(newsroom.get(&format!("/log/{missing}")).status, 404, "{missing}");
    }
    assert_eq!(newsroom.get(&format!("/log/{}/checkpoint", shard(0))).body, note.body);
    for other in [&*shard(1), "0", "1", "2026-0", "2026-x"] {
        assert_eq!(newsroom.get(&format!("/log/{other}/checkpoint")).status, 404, "{other}");
    }
    for (i, url) in urls.iter().enumerate() {
        let proof = newsroom.get(&format!("{}.proof", path(url)));
        assert_eq!(proof.status, if i == 1 { 410 } else { 200 }, "{url}");
        let lines = verified(&newsroom, &proof.text());
        let id = &path(url)[3..];
        assert!(lines.contains(&format!("\nitem {id}\n")), "{lines}");
        if i == 1 {
            assert!(
                lines.contains("\nact kill\n") && newsroom.get(path(url)).text().contains("tlog-proof@v1")
            );
            continue;
        }
        let copy = sha256(&newsroom.get(&format!("{}.txt", path(url))).body);
        assert!(lines.contains(&format!("copy {copy}\n")), "{lines}");
        let items = newsroom.get(&format!("/api/v1/items?uri={}", stories[i].uri)).json();
        let index = items["items"][0]["log_index"].as_u64().expect("an index");
        assert!(proof.text().contains(&format!("\nindex {index}\n")));
    }
    // The first version of an updated story is proved as long as its words are kept.
    let first = newsroom.get(&format!("{}.proof?version=1", path(&urls[0])));
    assert!(verified(&newsroom, &first.text()).contains("\nversion 1\n"));
    assert_eq!(newsroom.get(&format!("{}.proof?version=9", path(&urls[0]))).status, 404);
}

/// `verbatim verify` with the key of the site, got beforehand.
fn verify(newsroom: &Newsroom, words: &[&str]) -> Said {
    let key = vkey(newsroom);
    newsroom.cli(&[&["verify", "--key", &key], words].concat())
}

#[track_caller]
fn broken(said: &Said, link: &str) {
    assert_eq!(said.code, Some(1), "{said:?}");
    let told = &said.lines()[0];
    let steps = told["steps"].as_array().expect("steps");
    let broken: Vec<&str> =
        steps.iter().filter(|step| step["verdict"] == "broken").map(|step| text(step, "link")).collect();
    assert!(broken.contains(&link), "{broken:?}: {told:#}");
}

#[test]
fn a_genuine_page_is_told_from_an_altered_one_online_and_from_files() {
    let newsroom = Newsroom::usual();
    let story = Story::new("genuine", NewsmlG2);
    let url = newsroom.publish(NewsmlG2, &story);
    let said = verify(&newsroom, &[&url]).well();
    assert!(said.out.starts_with("Genuine:") && said.out.contains("letter for letter"), "{}", said.out);
    assert!(!said.out.contains("unknown") && !said.out.contains("BROKEN"), "{}", said.out);
    let said = newsroom.cli(&["verify", &format!("{url}/a-slug?x=1"), "--json"]).well();
    assert_eq!(
        (text(&said.lines()[0], "verdict"), text(&said.lines()[0], "uri")),
        ("genuine", story.uri.as_str())
    );
    assert!(said.out.contains("taken from the site itself"), "{}", said.out);

    let page = newsroom.get(path(&url)).text();
    let txt = newsroom.get(&format!("{}.txt", path(&url))).text();
    let save = |name: &str, text: &str| std::fs::write(newsroom.path(name), text).expect("a file");
    save("page.html", &page);
    save("page.proof", &newsroom.get(&format!("{}.proof", path(&url))).text());
    save("words.txt", &txt);
    verify(&newsroom, &["page.html"]).well();
    verify(&newsroom, &["words.txt", "--proof", "page.proof"]).well();
    verify(&newsroom, &["page.proof"]).well();
    assert_eq!(newsroom.cli(&["verify", "page.html"]).code, Some(2), "without a key nobody vouches for it");
    assert_eq!(verify(&newsroom, &["words.txt"]).code, Some(2), "no proof is beside it");
    assert_eq!(verify(&newsroom, &["nothing.html"]).code, Some(2));

    // One code point, one attribute that hides text, the label, the order of blocks.
    let altered = |name: &str, from: &str, to: &str, link: &str| {
        let (head, body) = page.split_at(page.find("<body").expect("a body"));
        let text = format!("{head}{}", body.replacen(from, to, 1));
        assert_ne!(text, page, "{name}");
        save("altered.html", &text);
        broken(&verify(&newsroom, &["altered.html", "--proof", "page.proof", "--json"]), link);
    };
    let mark = story.marks()[0].to_owned();
    let start = page.find("<body").expect("a body");
    let body = start + page[start..].find("data-v=\"p\"").expect("a paragraph");
    let at = body + page[body..].find('>').expect("its end") + 1;
    save("altered.html", &format!("{}\u{200b}{}", &page[..at], &page[at..]));
    broken(&verify(&newsroom, &["altered.html", "--proof", "page.proof", "--json"]), "words");
    let headline = start + page[start..].find("data-v=\"headline\"").expect("a headline");
    let at = headline + page[headline..].find(&mark).expect("its mark");
    save("altered.html", &format!("{}another{}", &page[..at], &page[at + mark.len()..]));
    broken(&verify(&newsroom, &["altered.html", "--proof", "page.proof", "--json"]), "words");
    altered("hidden", "data-v=\"p\"", "hidden data-v=\"p\"", "page");
    altered("a heading", "data-v=\"p\"", "data-v=\"h2\"", "roles");
    altered("the label", "without any modifications", "with few modifications", "label");
    altered("the state", "data-label=\"unreviewed\"", "data-label=\"reviewed\"", "label");
    let mut blocks: Vec<&str> = txt.trim_end().split("\n\n").collect();
    let last = blocks.len() - 1;
    blocks.swap(last - 1, last);
    save("words.txt", &(blocks.join("\n\n") + "\n"));
    broken(&verify(&newsroom, &["words.txt", "--proof", "page.proof", "--json"]), "words");

    // Pasted text, and a quotation.
    save("pasted.txt", &txt.replace('\n', " "));
    let said = verify(&newsroom, &[&url, "--text", "pasted.txt"]).well();
    assert!(said.out.contains("were not compared"), "{}", said.out);
    save("pasted.txt", &txt.replace(&mark, "another"));
    broken(&verify(&newsroom, &[&url, "--text", "pasted.txt", "--json"]), "words");
    let paragraph = txt.trim_end().split("\n\n").last().expect("a paragraph").to_owned();
    newsroom.cli(&["quote", &url, &paragraph, "-o", "said.quote"]).well();
    verify(&newsroom, &["said.quote"]).well();
    let quote = std::fs::read_to_string(newsroom.path("said.quote")).expect("the quotation");
    let words = STANDARD.encode(&paragraph);
    save("said.quote", &quote.replace(&words, &STANDARD.encode("They said nothing.")));
    broken(&verify(&newsroom, &["said.quote", "--json"]), "words");
    assert_eq!(newsroom.cli(&["quote", &url, "words that nobody wrote"]).code, Some(1));

    // What is gone is proved to be gone, and its old proof shows no page as live.
    newsroom.deliver(NewsmlG2, &story.next_with("canceled", "kill"));
    let said = verify(&newsroom, &[&url, "--json"]).well();
    assert_eq!(text(&said.lines()[0], "act"), "kill");
    save("gone.proof", &newsroom.get(&format!("{}.proof", path(&url))).text());
    broken(&verify(&newsroom, &["page.html", "--proof", "gone.proof", "--json"]), "leaf");
    assert_eq!(newsroom.get(&format!("{}.quote?paragraph=1", path(&url))).status, 410);
}

#[test]
fn the_same_log_comes_back_after_a_crash_and_after_a_rebuild() {
    let mut newsroom = Newsroom::usual();
    for i in 0..3 {
        newsroom.publish(Ninjs, &Story::new(&format!("again{i}x"), Ninjs));
    }
    let log = |newsroom: &Newsroom| {
        ["checkpoint", "tile/0/000.p/3", "tile/entries/000.p/3"]
            .map(|file| newsroom.get(&format!("/log/{file}")).body)
    };
    let before = log(&newsroom);
    newsroom.crash();
    newsroom.run();
    assert_eq!(log(&newsroom), before);
    newsroom.cli(&["rebuild"]).well();
    assert_eq!(log(&newsroom), before);
    newsroom.stop();
    std::fs::remove_dir_all(newsroom.path("data/tiles")).expect("the tiles");
    newsroom.run();
    assert_eq!(log(&newsroom), before);
}

/// All files of a folder.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    for file in std::fs::read_dir(folder).expect("a folder").flatten() {
        if file.path().is_file() {
            files.insert(
                file.file_name().to_string_lossy().into_owned(),
                std::fs::read(file.path()).expect("a file"),
            );
        }
    }
    files
}

#[test]
fn a_store_that_was_brought_back_or_copied_signs_no_second_history() {
    let mut newsroom = Newsroom::usual();
    newsroom.publish(Ninjs, &Story::new("forkone", Ninjs));
    newsroom.stop();
    let early = files(&newsroom.path("data"));
    newsroom.run();
    newsroom.publish(Ninjs, &Story::new("forktwo", Ninjs));
    let signed = newsroom.get("/log/checkpoint").text();
    newsroom.looks_back = false;
    newsroom.stop();

    // An old copy in its place.
    let late = files(&newsroom.path("data"));
    let put = |files: &BTreeMap<String, Vec<u8>>| {
        std::fs::remove_dir_all(newsroom.path("data")).expect("the store is away");
        newsroom.folder("data");
        for (name, bytes) in files {
            std::fs::write(newsroom.path("data").join(name), bytes).expect("a file");
        }
        let key = newsroom.path("data/log.key");
        std::fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("the key");
    };
    let refused = |why: &str| {
        let said = newsroom.cli(&["list"]);
        assert!(said.code == Some(0) || !said.err.is_empty());
        let said = newsroom.cli(&["run"]);
        assert_eq!(said.code, Some(1), "{said:?}");
        assert!(said.err.contains(why) && said.err.contains("verbatim new-shard"), "{}", said.err);
    };
    put(&early);
    refused("1 leaves");
    // The right store again, and what it signed stands.
    put(&late);
    let last = newsroom.path("data.last-checkpoint/main.checkpoint");
    assert!(std::fs::read_to_string(&last).expect("the last checkpoint").contains(&signed));
    // A copy on another machine does not have the last checkpoint.
    std::fs::rename(&last, newsroom.path("elsewhere")).expect("moved");
    refused("signed before");
    let _ = std::fs::remove_file(&last);
    std::fs::rename(newsroom.path("elsewhere"), &last).expect("moved back");

    // The documented way on: a new shard, in which the old one is still served.
    put(&early);
    newsroom.cli(&["new-shard", "--why", "the machine was lost"]).well();
    newsroom.run();
    let said = newsroom.get("/log/checkpoint").text();
    assert!(said.contains(&format!("/log/{}\n0\n", shard(1))), "{said}");
    let url = newsroom.publish(Ninjs, &Story::new("forkthree", Ninjs));
    verify(&newsroom, &[&url]).well();
    newsroom.looks_back = true;
}

#[test]
fn a_log_that_never_signed_a_leaf_goes_on_where_it_began() {
    let mut newsroom = Newsroom::usual();
    let began = newsroom.get("/log/checkpoint").text();
    assert!(began.contains(&format!("/log/{}\n0\n", shard(0))), "{began}");
    newsroom.crash();
    newsroom.run();
    assert_eq!(newsroom.get("/log/checkpoint").text(), began);
    newsroom.restart();
    newsroom.publish(Ninjs, &Story::new("firstofall", Ninjs));
    let note = newsroom.get("/log/checkpoint").text();
    assert!(note.contains(&format!("/log/{}\n1\n", shard(0))), "{note}");
}

#[test]
fn the_key_comes_from_the_environment_or_as_a_credential_and_is_then_kept_in_no_file() {
    use std::os::unix::fs::PermissionsExt as _;
    let made = Newsroom::prepared(crate::newsroom::USUAL);
    made.cli(&["key", "new"]).well();
    let secret = std::fs::read_to_string(made.path("data/log.key")).expect("a key");
    let shown = |newsroom: &Newsroom| {
        let said = newsroom.cli(&["key", "show"]).well().out;
        said.trim().split_once('\t').map(|(_, key)| key.to_owned()).expect("a key")
    };
    let hash = |vkey: &str| vkey.rsplit_once('+').map(|(_, key)| key.to_owned()).expect("a public key");
    let public = hash(&shown(&made));

    let mut from_env =
        Newsroom::prepared(&format!("{}[log]\nkey_env = \"DAILY_KEY\"\n", crate::newsroom::USUAL));
    let said = from_env.cli(&["run"]);
    assert!(said.code != Some(0) && said.err.contains("DAILY_KEY"), "{said:?}");
    from_env.env.push(("DAILY_KEY", secret.trim().to_owned()));
    let mut credential = Newsroom::prepared(crate::newsroom::USUAL);
    let folder = credential.folder("credentials");
    std::fs::write(folder.join("verbatim-log-key"), &secret).expect("a credential");
    // As systemd makes it: the service's group may read it.
    let mode = std::fs::Permissions::from_mode(0o440);
    std::fs::set_permissions(folder.join("verbatim-log-key"), mode).expect("its mode");
    credential.env.push(("CREDENTIALS_DIRECTORY", folder.display().to_string()));
    for newsroom in [&mut from_env, &mut credential] {
        newsroom.run();
        let url = newsroom.publish(Ninjs, &Story::new("fromafar", Ninjs));
        assert_eq!((hash(&vkey(newsroom)), hash(&shown(newsroom))), (public.clone(), public.clone()));
        verify(newsroom, &[&url]).well();
        assert!(!newsroom.path("data/log.key").exists());
        newsroom.stop();
        for (name, bytes) in files(&newsroom.path("data")) {
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(secret.trim()), "{name} holds the secret key");
        }
    }
    let said = from_env.cli(&["key", "rotate"]);
    assert!(said.code == Some(1) && said.err.contains("verbatim new-shard"), "{said:?}");
    // Another key in the same shard is refused; without any, nothing is signed.
    made.cli(&["key", "rotate"]).well();
    let other = std::fs::read_to_string(made.path("data/log.key")).expect("another key");
    from_env.env[0].1 = other.trim().to_owned();
    let said = from_env.cli(&["run"]);
    assert!(said.code == Some(1) && said.err.contains("another key"), "{said:?}");
}

#[test]
fn a_key_that_others_can_read_is_refused_and_a_new_one_opens_a_new_shard() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut newsroom = Newsroom::usual();
    let url = newsroom.publish(Ninjs, &Story::new("keyone", Ninjs));
    let shown = newsroom.cli(&["key", "show"]).well().out;
    assert!(shown.contains(&vkey(&newsroom)), "{shown}");
    assert_eq!(newsroom.cli(&["key", "new"]).code, Some(1), "a key is never overwritten");
    assert_eq!(newsroom.cli(&["key", "rotate"]).code, Some(1), "not while it is in use");
    let old = vkey(&newsroom);
    newsroom.stop();
    let key = newsroom.path("data/log.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o640)).expect("the mode");
    let said = newsroom.cli(&["run"]);
    assert!(said.code == Some(1) && said.err.contains("0640") && said.err.contains("chmod 600"), "{said:?}");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("the mode");
    let said = newsroom.cli(&["key", "rotate"]).well().out;
    newsroom.run();
    let new = vkey(&newsroom);
    assert!(new != old && said.contains(&new), "{said}");
    // The old story is proved in the old shard, by the old key; a new one in the new shard.
    let proof = newsroom.get(&format!("{}.proof", path(&url))).text();
    assert!(proof.contains(&format!("/log/{}\n2\n", shard(0))), "{proof}");
    // The old shard ends with a leaf that names the new key: who knew the old one needs no other word for it.
    let leaves = newsroom.get(&format!("/log/{}/tile/entries/000.p/2", shard(0))).text();
    assert!(leaves.contains("act key\n") && leaves.contains(&format!("\nfeed {new}\n")), "{leaves}");
    assert!(newsroom.get("/.well-known/verbatim.json").text().contains(&old));
    let site = format!("http://127.0.0.1:{}", newsroom.site);
    for key in [&["--key", &*old][..], &[]] {
        let words = [&["monitor", &site, "--once", "--state", "watched"], key].concat();
        let said = newsroom.cli(&words);
        assert_eq!(said.code, Some(0), "{said:?}");
        newsroom.cli(&words).well();
        std::fs::remove_file(newsroom.path("watched")).expect("what it remembered");
    }
    newsroom.cli(&["verify", &url, "--key", &old]).well();
    let later = newsroom.publish(Ninjs, &Story::new("keytwo", Ninjs));
    newsroom.cli(&["verify", &later, "--key", &new]).well();
    assert_eq!(newsroom.cli(&["verify", &later, "--key", &old]).code, Some(1));
    let _: Value = newsroom.get("/.well-known/verbatim.json").json();
    let _ = program(&newsroom.path("."), &["key", "show"]).well();
}
