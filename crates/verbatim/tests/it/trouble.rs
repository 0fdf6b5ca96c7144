//! What goes wrong around the program, and what is too much for it.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;

use crate::http::{Answer, Server, ask, gzip};
use crate::newsroom::{Newsroom, TOKEN, USUAL, eventually, text};
use crate::wires::{Ninjs, Rss, Story, wire, wires};

/// Limits so small that a test can hit each of them.
const SMALL: &str = r#"
[limits]
max_bytes = "64KiB"
max_ratio = 2
max_items = 3
max_nodes = 1_000
max_depth = 16
max_attributes = 8
max_text = "2KiB"
"#;

fn small() -> Newsroom {
    Newsroom::with(&format!("{USUAL}{SMALL}"))
}

fn rss(item: &str) -> Vec<u8> {
    format!(r#"<rss version="2.0"><channel><title>Agency Example</title>{item}</channel></rss>"#).into_bytes()
}

#[test]
fn each_limit_is_told_by_its_own_complaint() {
    let newsroom = small();
    let item = |inner: &str| rss(&format!("<item><guid>urn:agx:much</guid><title>t</title>{inner}</item>"));
    let attributes: String = (0..20).map(|n| format!(" a{n}=\"x\"")).collect();
    let too_much = [
        (
            "max_items",
            rss(&(0..5)
                .map(|n| format!("<item><guid>urn:agx:{n}</guid><title>t</title></item>"))
                .collect::<String>()),
            "more than 3 items",
        ),
        ("max_nodes", item(&"<category>a</category>".repeat(800)), "more than 1000 elements"),
        ("max_depth", item(&format!("{}{}", "<x>".repeat(40), "</x>".repeat(40))), "deeper than 16"),
        ("max_attributes", item(&format!("<category{attributes}>a</category>")), "more than 8 attributes"),
        (
            "max_text",
            item(&format!("<description>{}</description>", "word ".repeat(1_000))),
            "more than 2048 bytes",
        ),
    ];
    for (limit, bytes, words) in too_much {
        assert_eq!(
            newsroom.push("agx-world", &bytes).status,
            201,
            "{limit}: what is archived is acknowledged"
        );
        eventually(&format!("{limit} is complained about"), || {
            newsroom.list("complaints").iter().any(|line| line.to_string().contains(words)).then_some(())
        });
    }
    assert!(newsroom.items("urn:agx:much").is_empty(), "what is too much is not published");
    let story = Story::new("moderate", Ninjs);
    newsroom.publish(Ninjs, &story);
}

#[test]
fn what_is_too_large_is_refused_packed_or_not() {
    let newsroom = small();
    let token = format!("Bearer {TOKEN}");
    let push = |coding: &str, body: &[u8]| {
        let fields = [("Authorization", &*token), ("Content-Encoding", coding)];
        ask(newsroom.desk, "POST", "/wire/agx-world", &fields, body).expect("an answer").status
    };
    assert_eq!(push("identity", &vec![b' '; 65 << 10]), 413);
    assert_eq!(push("gzip", &gzip(&vec![b' '; 65 << 10])), 413);
    assert_eq!(newsroom.metric("verbatim_transmissions_total"), 0);
}

#[test]
fn what_unpacks_beyond_the_ratio_is_refused_and_the_same_bytes_unpacked_are_not() {
    let newsroom = Newsroom::with(&format!("{USUAL}[limits]\nmax_ratio = 10\n"));
    let wire = wire(Ninjs, &Story::new("ratio", Ninjs));
    // White space behind a wire changes nothing, and packs a thousand times.
    let padded = [&wire[..], &vec![b' '; 2 << 20]].concat();
    let packed = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packer, bytes).and_then(|()| packer.finish()).expect("it is packed")
    };
    let token = format!("Bearer {TOKEN}");
    let push = |coding: &str, body: &[u8]| {
        let fields = [("Authorization", &*token), ("Content-Encoding", coding)];
        ask(newsroom.desk, "POST", "/wire/agx-world", &fields, body).expect("an answer").status
    };
    assert_eq!(push("gzip", &packed(&padded)), 415);
    assert_eq!(newsroom.metric("verbatim_transmissions_total"), 0);
    assert_eq!(push("gzip", &packed(&wire)), 201);
    assert_eq!(push("identity", &padded), 201);
}

#[test]
fn a_reading_that_takes_too_long_is_told() {
    let newsroom = Newsroom::with(&format!("{USUAL}[limits]\nread_time = \"1ms\"\n"));
    let stories: Vec<Story> =
        (0..300).map(|n| Story { uri: format!("urn:agx:slow:{n}"), ..Story::new("slow", Rss) }).collect();
    newsroom.push("agx-world", &wires(Rss, &stories));
    eventually("somebody is told", || {
        newsroom.list("complaints").iter().any(|line| text(line, "code") == "slow-to-read").then_some(())
    });
}

#[test]
fn a_sender_who_leaves_half_way_leaves_nothing() {
    let newsroom = Newsroom::usual();
    let story = Story::new("halfway", Ninjs);
    let bytes = wire(Ninjs, &story);
    let head = format!(
        "POST /wire/agx-world HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {TOKEN}\r\nContent-Length: {}\r\n\r\n",
        bytes.len()
    );
    for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
        let mut stream = TcpStream::connect(("127.0.0.1", newsroom.desk)).expect("a connection");
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&bytes[..cut])).expect("it is sent");
        stream.shutdown(std::net::Shutdown::Write).expect("nothing more comes");
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(!answer.contains(" 201 "), "half a wire was acknowledged: {answer}");
    }
    assert_eq!(newsroom.metric("verbatim_transmissions_total"), 0);
    assert!(newsroom.items(&story.uri).is_empty());
    newsroom.publish(Ninjs, &story);
}

#[test]
fn a_feed_that_drips_keeps_nobody_waiting() {
    // One byte a second: it would take an hour.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://127.0.0.1:{}/wire", listener.local_addr().expect("an address").port());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut stream = stream;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 3600\r\n\r\n");
                while stream.write_all(b"<").is_ok() {
                    std::thread::sleep(Duration::from_secs(1));
                }
            });
        }
    });
    let dripping = format!(
        "[[feed]]\nid = \"agx-drip\"\nagency = \"agx\"\npoll = \"{url}\"\npoll_every = \"1s\"\nallow_private = true\nsection = \"world\"\n"
    );
    let newsroom = Newsroom::with(&format!("{USUAL}{dripping}"));
    let story = Story::new("meanwhile", Ninjs);
    newsroom.publish(Ninjs, &story);
    eventually("the desk is told", || newsroom.desk_page().contains("more slowly").then_some(()));
}

#[test]
fn one_item_through_every_door_at_once_is_one_story() {
    const ROUNDS: usize = 4;
    const EACH: usize = 25;
    let shown = Arc::new(Mutex::new(wires(Rss, &[Story::new("opening", Rss)])));
    let source = Arc::clone(&shown);
    let agency = Server::answering(move |_| {
        Answer::of(200, "application/rss+xml", source.lock().expect("the wire").clone())
    });
    let feeds = format!(
        "{USUAL}safety = \"off\"\n[[feed]]\nid = \"agx-poll\"\nagency = \"agx\"\npoll = \"{}\"\npoll_every = \"1s\"\n\
         allow_private = true\nsection = \"world\"\nsafety = \"off\"\n",
        agency.url()
    );
    let newsroom = Newsroom::with(&feeds);
    newsroom.publish(Rss, &Story::new("contact", Rss));
    for round in 0..ROUNDS {
        let stories: Vec<Story> = (0..EACH)
            .map(|n| Story {
                uri: format!("urn:agx:thrice:{round}:{n}"),
                ..Story::new(&format!("thrice{round}x{n}"), Rss)
            })
            .collect();
        // All at once: each pushed twice, each in a file, all together polled.
        *shown.lock().expect("the wire") = wires(Rss, &stories);
        std::thread::scope(|scope| {
            for story in &stories {
                scope.spawn(|| {
                    (0..2).for_each(|_| assert_eq!(newsroom.push("agx-world", &wire(Rss, story)).status, 201))
                });
                scope.spawn(|| {
                    newsroom.leave("wire/world", &format!("{}.xml", story.marks()[0]), &wire(Rss, story))
                });
            }
        });
        let polls = agency.asked().len();
        for story in &stories {
            eventually("it was taken at every door", || {
                let file = newsroom.path("wire/world/done").join(format!("{}.xml", story.marks()[0]));
                (file.exists() && agency.asked().len() > polls + 1).then_some(())
            });
            let item = eventually("it is live", || newsroom.items(&story.uri).into_iter().next());
            assert_eq!(item["versions"].as_array().map(Vec::len), Some(1), "{item:#}");
            let url = text(&item, "url");
            let acts: Vec<String> =
                newsroom.rulings(&story.uri).iter().map(|line| text(line, "ruling").to_owned()).collect();
            assert_eq!(acts.iter().filter(|act| *act == "publish").count(), 1, "{acts:?}");
            assert!(acts.iter().all(|act| act == "publish" || act == "ignore"), "{acts:?}");
            assert_eq!(newsroom.live().iter().filter(|live| *live == url).count(), 1);
            assert_eq!(newsroom.page(url).blocks, story.blocks());
        }
    }
}

#[test]
fn of_a_kill_and_a_release_at_once_the_kill_stands() {
    let newsroom = Newsroom::usual();
    let story = Story::new("contested", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let order = |order: &str, by: &str| {
        let what = json!({ "uri": story.uri, "order": order, "reason": "a test's", "by": by });
        newsroom.command("/api/v1/orders", &what).status
    };
    let killed = AtomicBool::new(false);
    let (order, killed) = (&order, &killed);
    std::thread::scope(|scope| {
        for by in ["jo", "sam", "kim"] {
            scope.spawn(move || {
                for _ in 0..20 {
                    assert_eq!(order("kill", by), 200, "a kill may be ordered again");
                    killed.store(true, Ordering::SeqCst);
                }
            });
            scope.spawn(move || {
                for _ in 0..20 {
                    let before = killed.load(Ordering::SeqCst);
                    assert!(order("release", by) >= 400 || !before, "a kill was released");
                }
            });
        }
    });
    assert_eq!(newsroom.get(&url).status, 410);
    assert_eq!(text(&newsroom.item(&story.uri), "pubstatus"), "canceled");
    newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    let killed = newsroom.rulings(&story.uri).iter().filter(|line| text(line, "ruling") == "kill").count();
    assert_eq!(killed, 1, "one kill is recorded, the others change nothing");
}
