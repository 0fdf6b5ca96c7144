//! What strangers on the listeners, and a second user on the machine, must not be able to do.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::time::{Duration, Instant};

use crate::http::ask;
use crate::newsroom::{Newsroom, eventually, text};
use crate::wires::{Ninjs, Story, wire};

#[test]
fn a_request_whose_head_never_ends_is_cut_off() {
    let newsroom = Newsroom::usual();
    let cut_off = |port: u16, sent: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        stream.write_all(sent.as_bytes()).expect("it is sent");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        let start = Instant::now();
        stream.read_to_end(&mut Vec::new()).expect("the listener ends it, not the limit");
        assert!(start.elapsed() < Duration::from_secs(40), "{sent:?}: {:?}", start.elapsed());
    };
    std::thread::scope(|scope| {
        scope.spawn(|| cut_off(newsroom.site, "GET / HTTP/1.1\r\nHost: x\r\n"));
        scope.spawn(|| cut_off(newsroom.desk, "P"));
        scope.spawn(|| cut_off(newsroom.site, ""));
    });
}

#[test]
fn nobody_else_reads_the_token_or_gives_orders() {
    let mut newsroom = Newsroom::prepared(crate::newsroom::USUAL);
    // The folder and an empty token file were there before, as open as can be.
    let data = newsroom.folder("data");
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o777)).expect("a mode");
    std::fs::write(data.join("desk.token"), "").expect("a file");
    std::fs::set_permissions(data.join("desk.token"), std::fs::Permissions::from_mode(0o666))
        .expect("a mode");
    newsroom.run();
    let mode =
        |name: &str| std::fs::metadata(data.join(name)).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode("desk.token"), 0o600);
    eventually("the socket", || {
        std::fs::metadata(data.join("socket")).ok().filter(|it| it.file_type().is_socket())
    });
    assert_eq!(mode("socket"), 0o600);
    assert!(!data.join("socket.new").exists());
}

#[test]
fn a_stranger_learns_nothing_about_the_feeds() {
    let newsroom = Newsroom::usual();
    let tell = |feed: &str| {
        let answer =
            ask(newsroom.desk, "POST", &format!("/wire/{feed}"), &[("Authorization", "Bearer wrong")], b"x");
        let answer = answer.expect("the push door answers");
        (answer.status, answer.text(), answer.field("www-authenticate").map(str::to_owned))
    };
    assert_eq!(tell("agx-world"), tell("no-such-feed"));
    assert_eq!(tell("agx-world").2.as_deref(), Some("Bearer"));
}

#[test]
fn publish_goes_on_behind_a_file_that_is_refused() {
    let newsroom = Newsroom::usual();
    let story = Story::new("orchardgate", Ninjs);
    std::fs::write(newsroom.path("good.json"), wire(Ninjs, &story)).expect("a file");
    std::fs::write(newsroom.path("huge.json"), vec![b' '; 100 << 20]).expect("a file");
    let said = newsroom.cli(&["publish", "--feed", "agx-world", "huge.json", "good.json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(said.err.contains("huge.json: it has"), "{said:?}");
    assert_eq!(said.lines().iter().filter(|line| text(line, "ruling") == "publish").count(), 1, "{said:?}");
}

#[test]
fn an_order_about_an_address_that_leads_nowhere_is_refused() {
    let newsroom = Newsroom::usual();
    let url = format!("http://127.0.0.1:{}/s/0123456789abcdefghjkmnpqrs", newsroom.site);
    for words in [
        vec!["kill", url.as_str(), "--reason", "x"],
        vec!["kill", url.as_str(), "--agency", "agx", "--reason", "x"],
        vec!["kill", "urn:agx:some", "--agency", "agency-misspelt", "--reason", "x"],
    ] {
        let said = newsroom.cli(&words);
        assert_eq!(said.code, Some(1), "{words:?}: {said:?}");
    }
    let story = Story::new("millrace", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    newsroom.cli(&["kill", &url, "--agency", "agx", "--reason", "a wrong name"]).well();
    assert_eq!(newsroom.get(&url).status, 410);
    assert_eq!(text(&newsroom.item(&story.uri), "pubstatus"), "canceled");
}

#[test]
fn the_log_has_one_line_for_each_event() {
    let newsroom = Newsroom::usual();
    let mut story = Story::new("weirgate", Ninjs);
    story.uri.push_str("\n2026-01-01T00:00:00Z ERROR forged");
    newsroom.push("agx-world", &wire(Ninjs, &story));
    let log = eventually("the ruling is logged", || {
        let log = std::fs::read_to_string(newsroom.path("log.txt")).unwrap_or_default();
        log.contains("weirgate").then_some(log)
    });
    assert!(!log.lines().any(|line| line.starts_with("2026-01-01T00:00:00Z ERROR forged")), "{log}");
}
