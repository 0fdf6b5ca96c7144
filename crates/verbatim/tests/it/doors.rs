//! The doors that bytes come through: a folder, and HTTP push.

use std::time::Duration;

use crate::http::{ask, gzip};
use crate::newsroom::{Newsroom, TOKEN, USUAL, eventually, text};
use crate::wires::{NewsmlG2, Ninjs, Rss, Story, wire};

#[track_caller]
fn comes(newsroom: &Newsroom, story: &Story) -> String {
    eventually(&format!("{} is live", story.uri), || {
        newsroom.items(&story.uri).first().map(|item| text(item, "url").to_owned())
    })
}

#[test]
fn a_file_is_taken_at_once_and_moved_when_it_is_archived() {
    let newsroom = Newsroom::usual();
    let story = Story::new("pierhead", NewsmlG2);
    let bytes = wire(NewsmlG2, &story);
    newsroom.leave("wire/world", "0001.xml", &bytes);
    let url = comes(&newsroom, &story);
    newsroom.shows(&url, &story);
    let done = newsroom.path("wire/world/done/0001.xml");
    let kept = eventually("the file is in done/", || std::fs::read(&done).ok());
    assert!(kept == bytes, "the file in done/ is another");
    assert!(!newsroom.path("wire/world/0001.xml").exists());
}

#[test]
fn a_file_written_in_place_is_taken_when_it_is_whole() {
    use std::io::Write as _;
    let newsroom = Newsroom::usual();
    let story = Story::new("slowpen", Ninjs);
    let bytes = wire(Ninjs, &story);
    let (front, back) = bytes.split_at(bytes.len() / 2);
    let mut file = std::fs::File::create(newsroom.folder("wire/world").join("slow.json")).expect("a file");
    file.write_all(front).expect("the first half");
    file.sync_all().expect("the first half is there");
    std::thread::sleep(Duration::from_millis(400));
    file.write_all(back).expect("the second half");
    drop(file);
    let url = comes(&newsroom, &story);
    newsroom.shows(&url, &story);
    assert_eq!(newsroom.list("complaints"), Vec::<serde_json::Value>::new());
}

#[test]
fn what_is_not_finished_or_not_a_file_is_left_alone() {
    let newsroom = Newsroom::usual();
    let names = [".hidden.json", "a.json.part", "b.tmp", "c.json.filepart"];
    let left: Vec<Story> = names
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let story = Story::new(&format!("leftover{i}x"), Ninjs);
            std::fs::write(newsroom.folder("wire/world").join(name), wire(Ninjs, &story)).expect("a file");
            story
        })
        .collect();
    let nested = newsroom.path("wire/world/inner");
    std::fs::create_dir_all(&nested).expect("a folder");
    let below = Story::new("deepdown", Ninjs);
    std::fs::write(nested.join("0001.json"), wire(Ninjs, &below)).expect("a file");
    std::thread::sleep(Duration::from_millis(1_500));
    // What comes after them is taken, so they had their turn.
    let story = Story::new("signalman", Ninjs);
    newsroom.leave("wire/world", "z.json", &wire(Ninjs, &story));
    comes(&newsroom, &story);
    std::thread::sleep(Duration::from_millis(500));
    for (name, story) in names.iter().zip(&left) {
        assert!(newsroom.path("wire/world").join(name).exists(), "{name} was taken");
        assert!(newsroom.items(&story.uri).is_empty(), "{name} was published");
    }
    assert!(nested.join("0001.json").exists() && newsroom.items(&below.uri).is_empty());
    // Finished at last.
    let folder = newsroom.path("wire/world");
    std::fs::rename(folder.join(names[1]), folder.join("a.json")).expect("a rename");
    comes(&newsroom, &left[1]);
}

#[test]
fn two_files_of_one_name_are_both_kept() {
    let newsroom = Newsroom::usual();
    let stories = [Story::new("namesake", Ninjs), Story::new("nametwin", Ninjs)];
    for story in &stories {
        newsroom.leave("wire/world", "latest.json", &wire(Ninjs, story));
        comes(&newsroom, story);
        eventually("the file is taken", || (!newsroom.path("wire/world/latest.json").exists()).then_some(()));
    }
    let done = std::fs::read_dir(newsroom.path("wire/world/done")).expect("done/").count();
    assert_eq!(done, 2, "a file in done/ was overwritten");
}

#[test]
fn files_that_came_while_nobody_was_there_are_taken_in_order() {
    let mut newsroom = Newsroom::usual();
    newsroom.stop();
    let first = Story::new("overnight", NewsmlG2);
    let second = first.next("two");
    newsroom.leave("wire/world", "0001.xml", &wire(NewsmlG2, &first));
    newsroom.leave("wire/world", "0002.xml", &wire(NewsmlG2, &second));
    newsroom.run();
    let url = comes(&newsroom, &first);
    eventually("the second version", || (newsroom.page(&url).blocks == second.blocks()).then_some(()));
    newsroom.shows(&url, &second);
}

#[test]
fn a_push_is_acknowledged_with_its_name() {
    let newsroom = Newsroom::usual();
    let story = Story::new("pushcart", Ninjs);
    let pushed = newsroom.push("agx-world", &wire(Ninjs, &story));
    assert_eq!(pushed.status, 201);
    let id = text(&pushed.json(), "transmission").to_owned();
    assert_eq!(id.len(), 26, "{id}");
    newsroom.shows(&comes(&newsroom, &story), &story);

    let packed = Story::new("pushpack", Ninjs);
    let bearer = format!("Bearer {TOKEN}");
    let fields = [("Authorization", bearer.as_str()), ("Content-Encoding", "gzip")];
    let answer = ask(newsroom.desk, "POST", "/wire/agx-world", &fields, &gzip(&wire(Ninjs, &packed)))
        .expect("an answer");
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_ne!(text(&answer.json(), "transmission"), id);
    newsroom.shows(&comes(&newsroom, &packed), &packed);
}

#[test]
fn a_push_is_refused_with_its_reason() {
    let small = format!("{USUAL}max_bytes = \"4KiB\"\n");
    let folder_only =
        "[[feed]]\nid = \"agx-files\"\nagency = \"agx\"\nfolder = \"wire/files\"\nsection = \"world\"\n";
    let newsroom = Newsroom::with(&format!("{small}{folder_only}"));
    let story = Story::new("pushback", Rss);
    let bytes = wire(Rss, &story);
    let good = format!("Bearer {TOKEN}");
    let post = |path: &str, fields: &[(&str, &str)], bytes: &[u8]| {
        ask(newsroom.desk, "POST", path, fields, bytes).expect("an answer").status
    };
    assert_eq!(post("/wire/agx-world", &[], &bytes), 401);
    assert_eq!(post("/wire/agx-world", &[("Authorization", "Bearer nearly-xylophone")], &bytes), 401);
    assert_eq!(post("/wire/agx-world", &[("Authorization", "Bearer ")], &bytes), 401);
    assert_eq!(post("/wire/agx-files", &[("Authorization", &good)], &bytes), 401);
    assert_eq!(post("/wire/nobody", &[("Authorization", &good)], &bytes), 401);
    let long = vec![b' '; 5 << 10];
    assert_eq!(post("/wire/agx-world", &[("Authorization", &good)], &long), 413);
    // A body that only becomes too large when it is unpacked; and codings that are none.
    assert_eq!(
        post("/wire/agx-world", &[("Authorization", &good), ("Content-Encoding", "gzip")], &gzip(&long)),
        413
    );
    assert_eq!(
        post("/wire/agx-world", &[("Authorization", &good), ("Content-Encoding", "morse")], &bytes),
        415
    );
    assert_eq!(
        post("/wire/agx-world", &[("Authorization", &good), ("Content-Encoding", "gzip")], &bytes),
        415
    );
    assert_eq!(post("/wire/agx-world", &[("Authorization", &good)], b""), 400);
    assert_eq!(newsroom.get("/wire/agx-world").status, 404, "the public listener has no such door");
    assert_eq!(
        ask(newsroom.site, "POST", "/wire/agx-world", &[("Authorization", &good)], &bytes)
            .expect("an answer")
            .status,
        405
    );
    assert!(newsroom.items(&story.uri).is_empty());
    assert_eq!(newsroom.metric("verbatim_transmissions_total"), 0);
    assert_eq!(post("/wire/agx-world", &[("Authorization", &good)], &bytes), 201);
    comes(&newsroom, &story);
}

#[test]
fn the_desk_wants_its_token_and_the_public_listener_has_no_desk() {
    let newsroom = Newsroom::usual();
    for path in ["/api/v1/lists/recent", "/api/v1/lists/held"] {
        assert_eq!(ask(newsroom.desk, "GET", path, &[], b"").expect("an answer").status, 401, "{path}");
        assert_eq!(newsroom.get(path).status, 404, "{path}");
    }
    let order = br#"{"uri": "urn:agx:x", "order": "kill"}"#;
    let fields = [("Content-Type", "application/json")];
    assert_eq!(ask(newsroom.desk, "POST", "/api/v1/orders", &fields, order).expect("an answer").status, 401);
    let push_token = format!("Bearer {TOKEN}");
    let fields = [("Content-Type", "application/json"), ("Authorization", &*push_token)];
    assert_eq!(ask(newsroom.desk, "POST", "/api/v1/orders", &fields, order).expect("an answer").status, 401);
    for path in ["/metrics", "/healthz", "/readyz", "/login"] {
        let answer = newsroom.get(path);
        let end = answer.field("location").map_or(answer.status, |next| newsroom.get(next).status);
        assert_eq!(end, 404, "{path}");
    }
    for path in ["/healthz", "/readyz", "/metrics"] {
        assert_eq!(ask(newsroom.desk, "GET", path, &[], b"").expect("an answer").status, 200, "{path}");
    }
}

#[test]
fn hostile_bytes_stop_nothing() {
    let newsroom = Newsroom::usual();
    let deep = |open: &str, close: &str, n: usize| format!("{}{}", open.repeat(n), close.repeat(n));
    let laughs = "<?xml version=\"1.0\"?><!DOCTYPE rss [<!ENTITY a \"ha\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d SYSTEM \"file:///etc/passwd\">]><rss version=\"2.0\"><channel><title>x</title><item><guid>urn:agx:laugh</guid><title>&c;&d;</title><description>root: &d;</description></item></channel></rss>";
    let hostile: Vec<Vec<u8>> = vec![
        deep("<a>", "</a>", 100_000).into_bytes(),
        format!("<rss version=\"2.0\"><channel><item><guid>urn:agx:deep</guid><title>t</title><description>{}</description></item></channel></rss>", deep("&lt;div&gt;", "&lt;/div&gt;", 50_000)).into_bytes(),
        deep("[", "]", 100_000).into_bytes(),
        deep("{\"uri\":", "}", 100_000).into_bytes(),
        laughs.as_bytes().to_vec(),
        b"<".repeat(1 << 20),
        b"&".repeat(1 << 20),
        format!("<rss version=\"2.0\"><channel><item {}></item></channel></rss>", (0..50_000).map(|i| format!("a{i}=\"x\" ")).collect::<String>()).into_bytes(),
        format!("{{\"uri\":\"urn:agx:num\",\"version\":1e999,\"pubStatus\":{}}}", "9".repeat(100_000)).into_bytes(),
        [&b"\xff\xfe"[..], &b"\x00\xd8".repeat(1_000)].concat(),
        b"\x00".repeat(100_000),
        b"<?xml version=\"1.0\" encoding=\"no-such-thing\"?><rss/>".to_vec(),
    ];
    for bytes in &hostile {
        assert_eq!(newsroom.push("agx-world", bytes).status, 201);
    }
    let story = Story::new("survivor", Ninjs);
    let ruled = newsroom.deliver(Ninjs, &story);
    newsroom.shows(text(&ruled, "url"), &story);
    // A fresh story does not wait behind the others.
    eventually("all are taken up", || {
        (newsroom.metric("verbatim_transmissions_total") == hostile.len() as u64 + 1).then_some(())
    });
    let site = newsroom.get("/feed.json").text();
    assert!(!site.contains("root:") && !site.contains("hahaha"), "{site}");
    eventually("a complaint about each", || {
        let origins = newsroom.list("complaints").len();
        (origins >= 8).then_some(())
    });
}

#[test]
fn a_file_that_is_too_large_is_told_and_not_lost() {
    let newsroom = Newsroom::with(&format!("{USUAL}max_bytes = \"8KiB\"\n"));
    let mut large = Story::new("oversize", Ninjs);
    large.body.push("x".repeat(9_000));
    newsroom.leave("wire/world", "large.json", &wire(Ninjs, &large));
    let small = Story::new("undersize", Ninjs);
    newsroom.leave("wire/world", "small.json", &wire(Ninjs, &small));
    comes(&newsroom, &small);
    eventually("somebody is told", || newsroom.desk_page().contains("large.json").then_some(()));
    assert!(newsroom.items(&large.uri).is_empty());
    assert!(newsroom.path("wire/world/refused/large.json").exists(), "the file is gone");
}

#[test]
fn any_uri_names_its_item() {
    let newsroom = Newsroom::usual();
    let odd = [
        "tag:agency.example,2026:/a b?c=d&e=f#g",
        "https://agency.example/निर्वाचन/1",
        "../../etc/passwd",
        "a'\"<>&%00;--",
        &"long-".repeat(200),
    ];
    for uri in odd {
        let story = Story { uri: uri.to_owned(), ..Story::new("oddname", Ninjs) };
        let url = newsroom.publish(Ninjs, &story);
        assert_eq!(text(&newsroom.item(uri), "url"), url);
        newsroom.cli(&["kill", uri, "--reason", "a test's"]).well();
        assert_eq!(newsroom.get(&url).status, 410, "{uri}");
    }
}
