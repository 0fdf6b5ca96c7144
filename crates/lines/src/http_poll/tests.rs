use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio::time::sleep;

use super::address::CheckedResolver;
use super::*;
use crate::fake::{Fake, Running, Seen};
use crate::unpack::packing::{br, gzip, zstd};

const KNOWN: &str = r#"{"door":"poll"}"#;

/// One request, as the server got it.
#[derive(Clone, Debug)]
struct Asked {
    /// Its ordinal, from 0.
    n: usize,
    path: String,
    headers: HashMap<String, String>,
}

impl Asked {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// Bytes to send, each after a pause; then the connection is closed.
type Reply = Vec<(Duration, Vec<u8>)>;

fn at_once(bytes: Vec<u8>) -> Reply {
    vec![(Duration::ZERO, bytes)]
}

fn answer(status: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
    let mut head = format!("HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    at_once([head.as_bytes(), body].concat())
}

fn ok(body: &str) -> Reply {
    answer("200 OK", &[], body.as_bytes())
}

fn redirect(status: &str, to: &str) -> Reply {
    answer(status, &[("Location", to)], b"elsewhere")
}

/// An agency's server on a port of its own; it ends with the test.
struct Agency {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
    accepting: AbortHandle,
}

impl Drop for Agency {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Agency {
    async fn new(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::at("127.0.0.1", reply).await
    }

    async fn at(address: &str, reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(vec![]));
        let (reply, list) = (Arc::new(reply), Arc::clone(&asked));
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&reply), Arc::clone(&list)));
            }
        });
        Self { address, asked, accepting: accepting.abort_handle() }
    }

    fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    fn poll(&self) -> Poll {
        let mut poll = Poll::new("agx-world".into(), self.url("/feed"));
        poll.every = Duration::from_millis(20);
        poll.allow_private = true;
        poll
    }

    fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, reply: Arc<impl Fn(&Asked) -> Reply>, list: Arc<Mutex<Vec<Asked>>>) {
    let mut head = vec![];
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = stream.read_u8().await else { return };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
    let pieces = {
        let mut list = list.lock().unwrap();
        let asked = Asked { n: list.len(), path, headers };
        list.push(asked.clone());
        reply(&asked)
    };
    for (pause, bytes) in pieces {
        sleep(pause).await;
        if stream.write_all(&bytes).await.is_err() {
            return;
        }
    }
    let _ = stream.shutdown().await;
}

fn start(poll: Poll, fake: &Fake) -> Running {
    let fake = fake.clone();
    Running::start(|stop| poll.run(fake, stop))
}

/// Polls until one thing has arrived or failed, and gives what arrived and what was said.
async fn first(poll: Poll) -> (Vec<String>, Vec<Health>) {
    let fake = Fake::knowing(KNOWN);
    let running = start(poll, &fake);
    fake.until("a first turn", |fake| !fake.healths().is_empty()).await;
    running.stop().await;
    (fake.texts(), fake.healths())
}

/// The first turn fails with these words in it, and nothing arrives.
async fn refuses(poll: Poll, words: &str) {
    let (texts, healths) = first(poll).await;
    assert_eq!(texts, Vec::<String>::new());
    match &healths[0] {
        Health::Failed { what, retry_in } => {
            assert!(what.contains(words), "{what}");
            assert!(retry_in.is_some());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_body_arrives_byte_for_byte_with_its_address() {
    let body: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let sent = body.clone();
    let agency = Agency::new(move |_| answer("200 OK", &[], &sent)).await;
    let fake = Fake::new();
    let running = start(agency.poll(), &fake);
    fake.until("it arrives", |fake| fake.came().len() == 1).await;
    running.stop().await;
    let came = fake.came().remove(0);
    assert_eq!(came.bytes, body);
    assert_eq!(came.door, Door::Poll { url: agency.url("/feed").into() });
    let asked = agency.asked().remove(0);
    assert_eq!(asked.header("accept-encoding"), Some("gzip, br, zstd"));
    assert!(asked.header("user-agent").is_some_and(|agent| agent.starts_with("Verbatim/")));
    assert_eq!(asked.header("if-none-match"), None);
}

#[tokio::test]
async fn content_codings_are_undone() {
    let text = "storm ".repeat(2_000);
    let packed =
        [("gzip", gzip(text.as_bytes())), ("br", br(text.as_bytes())), ("zstd", zstd(text.as_bytes()))];
    for (coding, bytes) in packed {
        let agency = Agency::new(move |_| answer("200 OK", &[("Content-Encoding", coding)], &bytes)).await;
        let (texts, _) = first(agency.poll()).await;
        assert_eq!(texts, std::slice::from_ref(&text), "{coding}");
    }
}

#[tokio::test]
async fn a_packed_body_that_is_cut_or_too_large_or_unknown_is_refused() {
    let text = "storm and flood ".repeat(10_000);
    for (coding, bytes) in
        [("gzip", gzip(text.as_bytes())), ("br", br(text.as_bytes())), ("zstd", zstd(text.as_bytes()))]
    {
        let cut = bytes[..bytes.len() - 5].to_vec();
        let agency = Agency::new(move |_| answer("200 OK", &[("Content-Encoding", coding)], &cut)).await;
        refuses(agency.poll(), "not whole").await;
        let agency = Agency::new(move |_| answer("200 OK", &[("Content-Encoding", coding)], &bytes)).await;
        refuses(Poll { max_bytes: 100_000, ..agency.poll() }, "larger than 100000 bytes").await;
    }
    let agency = Agency::new(|_| answer("200 OK", &[("Content-Encoding", "rot13")], b"fgbez")).await;
    refuses(agency.poll(), "`rot13` is not known").await;
}

#[tokio::test]
async fn what_has_not_changed_is_asked_for_with_its_tag_and_not_sent_again() {
    let (tag, date) = ("\"v1\"", "Tue, 24 Nov 2026 10:00:00 GMT");
    let agency = Agency::new(move |asked| match asked.header("if-none-match") {
        Some(shown) if shown == tag => answer("304 Not Modified", &[("ETag", tag)], b""),
        _ => answer("200 OK", &[("ETag", tag), ("Last-Modified", date)], b"storm"),
    })
    .await;
    let fake = Fake::new();
    let running = start(agency.poll(), &fake);
    fake.until("several turns", |fake| fake.healths().len() >= 3).await;
    running.stop().await;
    assert_eq!(fake.texts(), ["storm"]);
    assert_eq!(fake.seen().len(), 2, "one archiving, one saving");
    assert_eq!(agency.asked()[1].header("if-modified-since"), Some(date));
    assert!(matches!(&fake.healths()[1], Health::Ok { unchanged: true, bytes: 0, .. }));

    // Another start knows it still, and sends nothing twice.
    let before = agency.asked().len();
    let running = start(agency.poll(), &fake);
    fake.until("another turn", |fake| fake.healths().len() >= 5).await;
    running.stop().await;
    assert_eq!(agency.asked()[before].header("if-none-match"), Some(tag));
    assert_eq!(fake.texts(), ["storm"]);
}

#[tokio::test]
async fn the_same_body_without_a_tag_writes_nothing() {
    let agency = Agency::new(|_| ok("storm")).await;
    let fake = Fake::new();
    let running = start(agency.poll(), &fake);
    fake.until("several turns", |fake| fake.healths().len() >= 4).await;
    running.stop().await;
    assert_eq!(fake.seen().len(), 2, "one archiving, one saving");
}

#[tokio::test]
async fn a_tag_is_shown_only_where_it_was_given() {
    let agency = Agency::new(|asked| match (asked.path.as_str(), asked.n) {
        ("/feed", 0) => answer("200 OK", &[("ETag", "\"1\"")], b"one"),
        ("/feed", _) => redirect("302 Found", "/other"),
        _ => answer("200 OK", &[("ETag", "\"1\"")], b"two"),
    })
    .await;
    let fake = Fake::new();
    let running = start(agency.poll(), &fake);
    fake.until("both", |fake| fake.came().len() == 2).await;
    running.stop().await;
    let shown: Vec<bool> =
        agency.asked()[..3].iter().map(|asked| asked.header("if-none-match").is_some()).collect();
    assert_eq!(shown, [false, true, false]);
}

#[tokio::test]
async fn not_modified_without_having_asked_is_a_failure() {
    let agency = Agency::new(|_| answer("304 Not Modified", &[], b"")).await;
    refuses(agency.poll(), "although nothing was known").await;
}

#[tokio::test]
async fn the_first_body_is_first_contact_and_the_next_is_not() {
    let agency =
        Agency::new(
            |asked| if asked.n == 0 { answer("500 Oops", &[], b"") } else { ok(&asked.n.to_string()) },
        )
        .await;
    let fake = Fake::new();
    let running = start(agency.poll(), &fake);
    fake.until("two bodies", |fake| fake.came().len() >= 2).await;
    running.stop().await;
    let firsts: Vec<bool> = fake.came().iter().map(|came| came.first_contact).take(2).collect();
    assert_eq!(firsts, [true, false]);
}

#[tokio::test]
async fn the_cursor_is_saved_only_after_the_archive() {
    let agency = Agency::new(|_| answer("200 OK", &[("ETag", "\"v1\"")], b"storm")).await;
    let fake = Fake::new();
    fake.refuse(Some(Refused::Full));
    let running = start(agency.poll(), &fake);
    fake.until("two refusals", |fake| fake.troubles().len() >= 2).await;
    assert_eq!((fake.kept_cursor(), fake.seen()), (None, vec![]));
    assert!(agency.asked().iter().all(|asked| asked.header("if-none-match").is_none()));
    fake.refuse(None);
    fake.until("it is saved", |fake| fake.kept_cursor().is_some()).await;
    running.stop().await;
    let seen = fake.seen();
    assert_eq!(seen[0], Seen::Archived(0));
    assert!(matches!(&seen[1], Seen::Saved { after: Some(0), cursor } if cursor.contains("v1")));
    assert!(fake.came()[0].first_contact);
}

#[tokio::test]
async fn a_cursor_that_could_not_be_saved_is_saved_later() {
    let agency = Agency::new(|_| ok("storm")).await;
    let fake = Fake::new();
    fake.refuse_cursor(Some(Refused::Full));
    let running = start(agency.poll(), &fake);
    fake.until("a refusal", |fake| !fake.troubles().is_empty()).await;
    fake.refuse_cursor(None);
    fake.until("it is saved", |fake| fake.kept_cursor().is_some()).await;
    running.stop().await;
    assert_eq!(fake.texts(), ["storm"]);
}

#[tokio::test]
async fn redirects_are_followed_and_a_permanent_one_is_remarked() {
    let agency = Agency::new(|asked| match asked.path.as_str() {
        "/feed" => redirect("301 Moved Permanently", "/b"),
        "/b" => redirect("302 Found", "c?x=1"),
        "/c?x=1" => redirect("303 See Other", "/d"),
        "/d" => redirect("307 Temporary Redirect", "/e"),
        "/e" => redirect("308 Permanent Redirect", "/f"),
        _ => ok("storm"),
    })
    .await;
    let fake = Fake::knowing(KNOWN);
    let running = start(agency.poll(), &fake);
    fake.until("it arrives", |fake| !fake.healths().is_empty()).await;
    running.stop().await;
    assert_eq!(fake.came()[0].door, Door::Poll { url: agency.url("/f").into() });
    let Health::Ok { remark: Some(remark), bytes: 5, unchanged: false } = &fake.healths()[0] else {
        panic!("{:?}", fake.healths()[0]);
    };
    assert!(remark.contains(agency.url("/b").as_str()), "{remark}");
}

#[tokio::test]
async fn too_many_redirects_circles_and_blind_ones_are_refused() {
    let agency = Agency::new(|asked| redirect("302 Found", &format!("/{}", asked.n))).await;
    refuses(agency.poll(), "more than 5 redirects").await;
    assert_eq!(agency.asked().len() % 6, 0);
    let agency =
        Agency::new(|asked| redirect("302 Found", if asked.path == "/a" { "/feed" } else { "/a" })).await;
    refuses(agency.poll(), "in a circle").await;
    let agency = Agency::new(|_| answer("302 Found", &[], b"")).await;
    refuses(agency.poll(), "without an address").await;
    let agency = Agency::new(|_| redirect("302 Found", "file:///etc/passwd")).await;
    refuses(agency.poll(), "no address for http").await;
}

#[tokio::test]
async fn private_addresses_are_refused_by_number_and_by_name_unless_allowed() {
    let agency = Agency::new(|_| ok("secret")).await;
    let closed = |url: Url| Poll { url, allow_private: false, ..agency.poll() };
    let port = agency.address.port();
    refuses(closed(agency.url("/")), "private network").await;
    refuses(closed(format!("http://localhost:{port}/").parse().unwrap()), "private network").await;
    refuses(closed(format!("http://[::ffff:127.0.0.1]:{port}/").parse().unwrap()), "private network").await;
    assert_eq!(agency.asked().len(), 0, "nobody may even connect");
    let open = Poll { allow_private: true, ..agency.poll() };
    assert_eq!(first(open).await.0, ["secret"]);
}

/// An internet in which 127.0.0.1 is public and all else is inside. One name leads elsewhere each time it is asked.
fn internet() -> CheckedResolver {
    static ASKED: AtomicU8 = AtomicU8::new(1);
    CheckedResolver::test(
        |address| address == Ipv4Addr::LOCALHOST,
        |name| {
            let last = match name {
                "agency.example" => 1,
                "turns.example" => ASKED.fetch_add(1, Ordering::SeqCst),
                _ => 2,
            };
            vec![SocketAddr::from(([127, 0, 0, last], 0))]
        },
    )
}

#[tokio::test]
async fn no_redirect_leads_inside() {
    let inside = Agency::at("127.0.0.2", |_| ok("secret")).await;
    for (from, to) in [
        ("agency.example", "127.0.0.2"),
        ("agency.example", "inside.example"),
        ("agency.example", "[::ffff:127.0.0.2]"),
        ("turns.example", "turns.example"),
    ] {
        let to = format!("http://{to}:{}/", inside.address.port());
        let agency = Agency::new(move |_| redirect("302 Found", &to)).await;
        let url: Url = format!("http://{from}:{}/feed", agency.address.port()).parse().unwrap();
        let poll = Poll { url: url.clone(), allow_private: false, ..agency.poll() };
        let memory = Memory::from_cursor(None, &url, &"agx-world".into());
        let refused = Client::by(internet(), &poll).unwrap().fetch(&poll, &memory).await.unwrap_err();
        assert!(refused.to_string().contains("private network"), "{from}: {refused}");
        assert_eq!(agency.asked().len(), 1, "{from} is public");
    }
    assert_eq!(inside.asked().len(), 0, "nobody may even connect");
}

#[tokio::test]
async fn credentials_go_to_their_own_origin_only() {
    let other = Agency::new(|_| ok("storm")).await;
    let elsewhere = other.url("/x").to_string();
    let agency = Agency::new(move |asked| match asked.path.as_str() {
        "/feed" => redirect("302 Found", "/second"),
        _ => redirect("302 Found", &elsewhere),
    })
    .await;
    let header = Auth::Header { name: "X-Api-Key".into(), value: Secret::new("k") };
    let basic = Auth::Basic { user: "u".into(), password: Secret::new("p") };
    for (auth, name, value) in [
        (Auth::Bearer(Secret::new("t")), "authorization", "Bearer t"),
        (basic, "authorization", "Basic dTpw"),
        (header, "x-api-key", "k"),
    ] {
        let (before, before_other) = (agency.asked().len(), other.asked().len());
        first(Poll { auth: Some(auth), ..agency.poll() }).await;
        for asked in &agency.asked()[before..before + 2] {
            assert_eq!(asked.header(name), Some(value));
        }
        assert_eq!(other.asked()[before_other].header(name), None);
    }
}

#[tokio::test]
async fn a_password_in_the_address_is_sent_and_shown_nowhere() {
    let agency = Agency::new(|asked| match asked.header("authorization") {
        Some("Basic dTpwYXNz") if asked.n == 0 => redirect("302 Found", "/second"),
        Some("Basic dTpwYXNz") if asked.n == 1 => answer("200 OK", &[("ETag", "\"1\"")], b"storm"),
        _ => answer("500 Oops", &[], b""),
    })
    .await;
    let mut poll = agency.poll();
    poll.url.set_username("u").unwrap();
    poll.url.set_password(Some("pass")).unwrap();
    let fake = Fake::new();
    let running = start(poll, &fake);
    fake.until("a failure", |fake| !fake.troubles().is_empty()).await;
    running.stop().await;
    assert_eq!(fake.texts(), ["storm"]);
    let told = format!("{:?} {:?} {:?}", fake.came(), fake.seen(), fake.healths());
    assert!(!told.contains("pass"), "{told}");
}

#[tokio::test]
async fn a_body_that_breaks_off_is_refused() {
    let chunked =
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nstorm\r\n".to_vec();
    let agency = Agency::new(move |_| at_once(chunked.clone())).await;
    refuses(agency.poll(), "broke off").await;
    let short = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nstorm".to_vec();
    let agency = Agency::new(move |_| at_once(short.clone())).await;
    refuses(agency.poll(), "broke off").await;
}

#[tokio::test]
async fn a_body_above_the_limit_is_refused_with_and_without_a_length() {
    let agency = Agency::new(|_| ok("eleven byte")).await;
    refuses(Poll { max_bytes: 10, ..agency.poll() }, "larger than 10 bytes").await;
    let agency =
        Agency::new(|_| at_once(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\neleven byte".to_vec())).await;
    refuses(Poll { max_bytes: 10, ..agency.poll() }, "larger than 10 bytes").await;
    assert_eq!(first(Poll { max_bytes: 11, ..agency.poll() }).await.0, ["eleven byte"]);
}

#[tokio::test]
async fn an_empty_answer_is_a_failure() {
    let agency = Agency::new(|_| ok("")).await;
    refuses(agency.poll(), "empty").await;
}

#[tokio::test]
async fn a_server_that_drips_is_cut_off() {
    let drip = |_: &Asked| {
        let mut pieces =
            at_once(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1000\r\n\r\n".to_vec());
        pieces.extend((0..1_000).map(|_| (Duration::from_millis(50), b"x".to_vec())));
        pieces
    };
    let agency = Agency::new(drip).await;
    refuses(Poll { rate_window: Duration::from_millis(300), ..agency.poll() }, "more slowly than 100 bytes")
        .await;
}

#[tokio::test]
async fn a_server_that_is_silent_is_given_up_for_this_turn() {
    let agency = Agency::new(|_| vec![(Duration::from_secs(600), vec![])]).await;
    refuses(Poll { timeout: Duration::from_millis(300), ..agency.poll() }, "no whole answer within 0.3 s")
        .await;
}

#[tokio::test]
async fn a_refused_connection_is_told_with_its_cause() {
    let agency = Agency::new(|_| ok("")).await;
    let poll = agency.poll();
    drop(agency);
    sleep(Duration::from_millis(50)).await;
    refuses(poll, "refused").await;
}

#[tokio::test]
async fn retry_after_is_honoured() {
    for (status, expect) in
        [("429 Too Many Requests", true), ("503 Service Unavailable", true), ("500 Oops", false)]
    {
        let agency = Agency::new(move |_| answer(status, &[("Retry-After", "7200")], b"")).await;
        let (_, healths) = first(agency.poll()).await;
        let Health::Failed { what, retry_in: Some(pause) } = &healths[0] else { panic!("{healths:?}") };
        assert_eq!(*pause == Duration::from_secs(7_200), expect, "{what}");
        assert!(what.contains(&status[..3]));
    }
}

#[tokio::test]
async fn a_failing_feed_is_never_given_up_and_recovers() {
    let agency = Agency::new(|asked| match asked.n {
        0 => answer("410 Gone", &[], b"gone"),
        1 => answer("404 Not Found", &[], b"not here"),
        2 => at_once(b"nonsense\r\n\r\n".to_vec()),
        3 => answer("206 Partial Content", &[], b"st"),
        4 => answer("429 Too Many Requests", &[("Retry-After", "0")], b""),
        5 => at_once(vec![]),
        _ => ok("storm"),
    })
    .await;
    let fake = Fake::new();
    let running = start(Poll { every: Duration::from_millis(5), ..agency.poll() }, &fake);
    fake.until("it arrives", |fake| fake.healths().iter().any(|health| matches!(health, Health::Ok { .. })))
        .await;
    running.stop().await;
    assert_eq!(fake.texts(), ["storm"]);
    assert_eq!(fake.troubles().len(), 6, "{:#?}", fake.troubles());
}

#[tokio::test]
async fn a_store_that_failed_ends_the_door() {
    let agency = Agency::new(|_| ok("storm")).await;
    let fake = Fake::new();
    fake.refuse(Some(Refused::Fatal("input/output error".into())));
    start(agency.poll(), &fake).ended().await;
    assert!(fake.troubles()[0].contains("input/output error"));
}

#[tokio::test]
async fn a_door_that_waits_for_its_turn_ends_when_told() {
    let agency = Agency::new(|_| ok("storm")).await;
    let fake = Fake::new();
    let running = start(Poll { every: Duration::from_secs(3_600), ..agency.poll() }, &fake);
    fake.until("it arrives", |fake| !fake.healths().is_empty()).await;
    running.stop().await;
}

#[tokio::test]
async fn two_bodies_of_a_real_server_over_one_connection_both_arrive() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/feed", listener.local_addr().unwrap()).parse().unwrap();
    let counter = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let count = move || {
        let n = counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        async move { format!("body {n}") }
    };
    let server = tokio::spawn(async move {
        axum::serve(listener, axum::Router::new().route("/feed", axum::routing::get(count))).await
    });
    let fake = Fake::new();
    let poll = Poll { every: Duration::from_millis(20), allow_private: true, ..Poll::new("agx".into(), url) };
    let running = start(poll, &fake);
    fake.until("two bodies", |fake| fake.came().len() >= 2).await;
    running.stop().await;
    server.abort();
    assert_eq!(fake.texts()[..2], ["body 0", "body 1"]);
}
