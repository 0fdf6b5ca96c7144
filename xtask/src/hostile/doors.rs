//! The listeners, the push door, the watched folder: what arrives there that no well-behaved client sends.

use std::io::Write as _;
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::Run;
use super::bombs;
use super::house::{House, PUSH_TOKEN};
use super::http::{Answer, ask, ended, percent};
use super::payloads;
use super::tally::{Group, Tally, tame};

/// Kibibytes that one request may cost.
const HEAVIEST: u64 = 128 << 10;
/// So long a file in a folder may take to become a story; it must lie still for a second first.
const PATIENCE: Duration = Duration::from_secs(30);
/// So long the newsroom may be busy with one transmission.
const SLOWEST: Duration = Duration::from_secs(3);

impl Run<'_> {
    /// Everything that needs a running newsroom and no browser.
    pub(super) fn doors(&self, tally: &mut Tally) -> Result<(), String> {
        let mut house = House::open(&self.binary, self.folder.join("doors"))?;
        let story = self.story(&house)?;
        tally
            .group("site: addresses", |group| addresses(&house, &story, self.collected.as_deref(), group))?;
        tally.group("site: methods, ranges, headers", |group| headers(&house, &story, group))?;
        tally.group("site: requests that are none", |group| broken_requests(&mut house, group))?;
        tally.group("site: questions to the search", |group| questions(&house, self.root, group))?;
        tally.group("site: many who say nothing", |group| idle(&house, group))?;
        tally.group("desk: who may not come in", |group| strangers(&house, group))?;
        tally.group("desk: requests from other pages", |group| other_pages(&house, group))?;
        tally.group("push door", |group| push(&house, group))?;
        tally.group("folder: names", |group| self.names(&house, group))?;
        tally.group("newsroom: bombs through all seven steps", |group| self.through(&mut house, group))?;
        tally.group("log and end", |group| {
            group.settle("the log", super::pages::calm(house.log().as_bytes()));
            group.check(!house.log().contains("panicked"), || format!("a panic: {}", panic_of(&house.log())));
            group.check(house.is_up(), || "it does not run any more".into());
            Ok(())
        })
    }

    /// One live story, by its path.
    fn story(&self, house: &House<'_>) -> Result<String, String> {
        let path = self.folder.join("one-story");
        std::fs::write(&path, told("urn:agx:one", "One story", "About the harbour."))
            .map_err(|fault| fault.to_string())?;
        let lines = house.publish("plain", &[path])?;
        let url = lines.first().and_then(|line| line["url"].as_str()).ok_or("no story went out")?;
        url.find("/s/").map(|at| url[at..].to_owned()).ok_or_else(|| format!("an odd address: {url}"))
    }

    /// Files whose names mean something to somebody.
    fn names(&self, house: &House<'_>, group: &mut Group) -> Result<(), String> {
        let folder = house.folder.join("wire");
        let names: [&[u8]; 22] = [
            b"a\nb.json",
            b"\x1b[2J\x1b[31mred.json",
            b"\xe2\x80\xaegpj.json",
            b"-rf",
            b"--help",
            b"$(id).json",
            b"`id`.json",
            b"a;id;.json",
            b"a b\t.json",
            b"\xff\xfe.json",
            b"e\xcc\x81.json",
            b"\xc3\xa9.json",
            b"<img src=x onerror=alert(1)>.json",
            b"%00.json",
            b"x..%2f..%2fx.json",
            b"a\\..\\b.json",
            b"CON",
            b"{{7*7}}.json",
            b"'; DROP TABLE item; --",
            b"x\r\nSet-Cookie: a=b.json",
            b"done.json",
            b"~",
        ];
        let long = [b'n'; 255];
        let names: Vec<&[u8]> = names.into_iter().chain([&long[..]]).collect();
        let place = |name: &[u8]| folder.join(std::ffi::OsStr::from_bytes(name));
        for (i, name) in names.iter().enumerate() {
            let bytes = told(&format!("urn:agx:named:{i}"), &format!("Named {i}"), "By its file.");
            std::fs::write(place(name), bytes)
                .map_err(|fault| format!("{}: {fault}", tame(&String::from_utf8_lossy(name))))?;
        }
        // What is no file is not taken: a link leads anywhere, a pipe never ends.
        let beside = house.folder.join("beside.json");
        std::fs::write(&beside, told("urn:agx:beside", "Beside", "Not delivered."))
            .map_err(|fault| fault.to_string())?;
        std::os::unix::fs::symlink(&beside, folder.join("link.json")).map_err(|fault| fault.to_string())?;
        std::os::unix::fs::symlink("/dev/zero", folder.join("zero.json"))
            .map_err(|fault| fault.to_string())?;
        std::fs::create_dir_all(folder.join("folder.json")).map_err(|fault| fault.to_string())?;
        let _ = std::process::Command::new("mkfifo").arg(folder.join("pipe.json")).status();
        // What cannot be read is complained about under its name.
        std::fs::write(place(b"\x1b]0;owned\x07\n2026 INFO all is well"), "no wire")
            .map_err(|fault| fault.to_string())?;
        std::fs::write(folder.join(".hidden.json"), "x").map_err(|fault| fault.to_string())?;
        std::fs::write(folder.join("half.json.part"), "x").map_err(|fault| fault.to_string())?;
        let start = Instant::now();
        let mut missing: Vec<usize> = (0..names.len()).collect();
        while !missing.is_empty() && start.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(200));
            let live = |i: &usize| {
                house
                    .get(&format!("/api/v1/items?uri=urn:agx:named:{i}"))
                    .is_ok_and(|answer| answer.text().contains("\"usable\""))
            };
            missing.retain(|i| !live(i));
        }
        for (i, name) in names.iter().enumerate() {
            let shown = tame(&String::from_utf8_lossy(name));
            group.check(!missing.contains(&i), || format!("`{shown}` was not taken"));
            group.check(!place(name).exists() || missing.contains(&i), || {
                format!("`{shown}` lies there still")
            });
        }
        let other = house.get("/api/v1/items?uri=urn:agx:beside")?.text();
        group.check(!other.contains("usable"), || "a link was followed".into());
        group.check(beside.exists(), || "what a link led to is gone".into());
        group.check(folder.join(".hidden.json").exists() && folder.join("half.json.part").exists(), || {
            "a file was taken that is not whole".into()
        });
        for words in [&["list"][..], &["list", "--complaints"], &["list", "--complaints", "--json"]] {
            let (out, _) = house.command(&words.iter().map(std::ffi::OsStr::new).collect::<Vec<_>>())?;
            group.check(!out.is_empty(), || format!("{words:?} says nothing"));
            // JSON leaves no control character unescaped but those above U+007F, which a terminal may take for some.
            group.settle(format_args!("{words:?}"), super::pages::calm(&out));
        }
        Ok(())
    }

    /// The bombs that read as items, through the whole newsroom.
    fn through(&self, house: &mut House<'_>, group: &mut Group) -> Result<(), String> {
        let slowest = SLOWEST * self.slower();
        let folder = self.folder.join("through");
        std::fs::create_dir_all(&folder).map_err(|fault| fault.to_string())?;
        let mut record = (Duration::ZERO, String::new());
        for bomb in bombs::all("/nowhere", 9, self.times()) {
            let html = [
                "-many",
                "-huge-ninjs",
                "-apart",
                "-crossed",
                "title-huge",
                "misnested",
                "combining",
                "white-space",
            ];
            if !html.iter().any(|part| bomb.name.contains(part))
                || bomb.name.starts_with("items")
                || bomb.name.starts_with("json")
            {
                continue;
            }
            let path = folder.join(&bomb.name);
            // A uri of its own, so that nothing is a change of what came before.
            let bytes = String::from_utf8_lossy(&bomb.bytes)
                .replace("urn:agx:bad", &format!("urn:agx:through:{}", bomb.name));
            std::fs::write(&path, bytes).map_err(|fault| fault.to_string())?;
            let start = Instant::now();
            let lines = house.publish("plain", &[path])?;
            let ready = house.desk("GET", "/readyz", &[], b"")?.status;
            let mut took = start.elapsed();
            for line in &lines {
                let Some(at) =
                    line["url"].as_str().and_then(|url| url.find("/s/").map(|at| url[at..].to_owned()))
                else {
                    continue;
                };
                let start = Instant::now();
                let status = house.get(&at)?.status;
                took = took.max(start.elapsed());
                let live = line["ruling"] == "publish";
                group.check((status == 200) == live, || {
                    format!("{}: {} and {status}", bomb.name, line["ruling"])
                });
            }
            group.check(took <= slowest, || {
                format!("{}: the newsroom is busy with it for {took:.1?}", bomb.name)
            });
            group.check(ready == 200, || format!("{}: not ready afterwards", bomb.name));
            if took > record.0 {
                record = (took, bomb.name);
            }
        }
        for path in [
            "/",
            "/section/world",
            "/feed.rss",
            "/feed.atom",
            "/feed.json",
            "/sitemap.xml",
            "/news-sitemap.xml",
            "/search?q=harbour",
        ] {
            let start = Instant::now();
            let status = house.get(path)?.status;
            group.check(status == 200, || format!("afterwards {path} answers {status}"));
            group.check(start.elapsed() < slowest, || {
                format!("afterwards {path} takes {:.1?}", start.elapsed())
            });
        }
        group.remark(format!(
            "slowest {:.1?} ({}), the process had {} MiB at most",
            record.0,
            record.1,
            house.size() >> 10
        ));
        Ok(())
    }
}

fn told(uri: &str, headline: &str, body: &str) -> String {
    serde_json::json!({ "uri": uri, "type": "text", "version": "1", "versionCreated": "2026-03-14T12:00:00Z", "pubStatus": "usable", "language": "en",
        "headlines": [{ "value": headline }], "bodies": [{ "contentType": "text/plain", "value": body }] })
    .to_string()
}

fn panic_of(log: &str) -> String {
    tame(log.lines().find(|line| line.contains("panicked")).unwrap_or_default())
}

/// What every answer must be like, whatever was asked.
fn sane(answer: &Answer) -> Result<(), String> {
    let injected = answer.head.lines().any(|line| {
        let line = line.to_ascii_lowercase();
        line.starts_with("set-cookie:") || line.starts_with("injected") || line.starts_with("location:")
    });
    if injected {
        return Err(format!("a header was injected: {}", tame(&answer.head)));
    }
    if answer.status >= 500 {
        return Err(format!("status {}", answer.status));
    }
    let text = answer.text();
    if text.contains("root:x:0:0") || text.contains("[site]\nname") || text.contains("evil.example") {
        return Err("it says what it must not".into());
    }
    // What the HTTP library refuses by itself carries nothing; all else is dressed.
    let dressed =
        ["content-security-policy", "x-content-type-options"].iter().all(|name| answer.field(name).is_some());
    let bare = matches!(answer.status, 0 | 400 | 414 | 431 | 505) && answer.body.is_empty();
    if !dressed && !bare {
        return Err(format!("{} without its header fields: {}", answer.status, tame(&answer.head)));
    }
    Ok(())
}

fn addresses(
    house: &House<'_>,
    story: &str,
    collected: Option<&Path>,
    group: &mut Group,
) -> Result<(), String> {
    let id = story.trim_start_matches("/s/");
    let mut paths: Vec<String> = [
        "/../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%2f%2fetc/passwd",
        "//etc/passwd",
        "/\\..\\..\\etc\\passwd",
        "/..%5c..%5cetc",
        "/%252e%252e%252fetc",
        "/..;/etc/passwd",
        "/./././",
        "/s/..%2f..%2fverbatim.toml",
        "/verbatim.toml",
        "/data/desk.token",
        "/data/verbatim.sqlite",
        "/s/%00",
        "/%00",
        "/s/%0d%0aSet-Cookie:%20a=b",
        "/%0d%0aInjected:%20x",
        "/search?q=%0d%0aInjected:%20x",
        "/?from=%0d%0aInjected:%20x",
        "/%e2%80%8b",
        "/%ff%fe",
        "/s/%c0%ae%c0%ae/",
        "/search?q=%00",
        "/search?q=%ff",
        "/search?%00=%00",
        "/search?q",
        "/search?=",
        "/search?&&&&",
        "/search?q=a&q=b",
        "/?from=-1",
        "/?from=99999999999999999999",
        "/?from=1e9",
        "/?from=4294967295",
        "/?from=18446744073709551615",
        "/section/",
        "/section/..",
        "/section/world/..",
        "/section/%77orld",
        "/section/WORLD",
        "/section/world%00",
        "/section/world/feed.rss/",
        "/sitemap-0.xml",
        "/sitemap-4294967295.xml",
        "/sitemap--1.xml",
        "/api/v1/items",
        "/api/v1/items?uri=",
        "/api/v1/items?uri=%00",
        "/api/v1/items?uri=%27%3B--",
        "/api/v1/items?uri=*",
        "/api/v1/items?uri=%25",
        "/api/v1/items?uri=%ff",
        "/api/v1/lists/held",
        "/api/v1/orders",
        "/orders",
        "/metrics",
        "/healthz",
        "/wire/plain",
        "/login",
        "/.git/config",
        "/.env",
        "/wp-login.php",
        "/robots.txt/",
        "/favicon.ico",
        "/log/checkpoint",
        "/log/tile/0/..%2f..",
        "/s",
        "/s/",
        "/s//",
        "/http://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "/@evil.example",
        "/.evil.example",
    ]
    .map(str::to_owned)
    .to_vec();
    for end in [
        "/",
        "//",
        "/..",
        "/../..",
        "%00",
        "%00.txt",
        ".txt%00",
        ".txt/",
        ".TXT",
        ".proof",
        ".proof/..",
        ".json.txt",
        ".exe",
        "/history/",
        "/history/..",
        "/a/b",
        "%2fhistory",
        "%2ejson",
        ".",
        "..",
        ";a=b",
        "?x#y",
        "/%0d%0aInjected:x",
    ] {
        paths.push(format!("/s/{id}{end}"));
    }
    paths.push(format!("/s/{}", id.to_uppercase()));
    paths.push(format!("/s/{}", "0".repeat(26)));
    for length in [4_000, 5_000, 60_000, 1 << 20] {
        paths.push(format!("/{}", "a".repeat(length)));
        paths.push(format!("/search?q={}", "a".repeat(length)));
        paths.push(format!("/{}", "%61/../".repeat(length / 7)));
        paths.push(format!("/?{}", "a=b&".repeat(length / 4)));
    }
    if let Some(folder) = collected {
        let mut lists = Vec::new();
        super::list(folder, &mut lists)?;
        let wanted = |path: &&PathBuf| {
            ["Directory_Traversal", "Open_Redirect", "CRLF_Injection"]
                .iter()
                .any(|part| path.to_string_lossy().contains(part))
        };
        for list in lists.iter().filter(wanted) {
            let text = String::from_utf8_lossy(&std::fs::read(list).unwrap_or_default()).into_owned();
            let step = text.lines().count().div_ceil(150).max(1);
            // As whoever types it would send it: only what would end the request line is encoded.
            let lines = text.lines().step_by(step).filter(|line| !line.is_empty());
            paths.extend(lines.map(|line| {
                format!("/{}", line.trim_start_matches('/').replace(' ', "%20").replace(['\r', '\n'], ""))
            }));
        }
    }
    for path in &paths {
        let asked = ask(house.site, "GET", path, &[], b"").and_then(|answer| {
            sane(&answer)?;
            if path.len() > 4_200 && answer.status == 200 {
                Err("an overlong address is answered".into())
            } else {
                Ok(())
            }
        });
        group.settle(tame(path), asked);
    }
    for path in [
        "/verbatim.toml",
        "/data/desk.token",
        "/data/verbatim.sqlite",
        "/metrics",
        "/api/v1/lists/held",
        "/wire/plain",
        "/login",
    ] {
        let status = house.get(path)?.status;
        group.check(status == 404, || format!("{path} answers {status}"));
    }
    Ok(())
}

fn headers(house: &House<'_>, story: &str, group: &mut Group) -> Result<(), String> {
    for method in
        ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "PURGE", "get", "GETS", "X"]
    {
        let answer = ask(house.site, method, story, &[("X-Echo", "echo-27")], b"")?;
        let refused = matches!(answer.status, 400 | 405 | 501) && !answer.text().contains("echo-27");
        group.check(refused, || format!("{method}: {}", answer.status));
        group.settle(method, sane(&answer));
    }
    let whole = house.get(&format!("{story}.txt"))?.body;
    for range in [
        "bytes=0-0",
        "bytes=-1",
        "bytes=99999999999-",
        "bytes=5-1",
        "bytes=0-,0-,0-,0-",
        "bytes=a-b",
        "lines=0-1",
        "bytes=0-18446744073709551616",
    ] {
        let answer = ask(house.site, "GET", &format!("{story}.txt"), &[("Range", range)], b"")?;
        let well = match answer.status {
            200 => answer.body == whole,
            206 => answer.body.len() <= whole.len(),
            416 => true,
            _ => false,
        };
        group.check(well, || format!("Range: {range}: {}", answer.status));
    }
    let many = format!("bytes={}", "0-1,".repeat(10_000));
    let long = "x".repeat(20_000);
    let fields: Vec<(&str, &str)> = vec![
        ("Range", &many),
        ("If-None-Match", &long),
        ("If-None-Match", "\"\u{0}\""),
        ("If-None-Match", "W/"),
        ("If-Modified-Since", "never"),
        ("Accept-Encoding", "gzip;q=9e99, br;q=, *;q=-1, identity;q=0"),
        ("Accept-Encoding", &long),
        ("Accept", "\u{1b}[31m"),
        ("Cookie", &long),
        ("X-Forwarded-Host", "evil.example"),
        ("X-Forwarded-For", "evil.example"),
        ("Forwarded", "host=evil.example"),
        ("X-Original-URL", "/metrics"),
        ("X-Rewrite-URL", "/metrics"),
        ("X-HTTP-Method-Override", "DELETE"),
        ("Host", "evil.example"),
        ("Host", "evil.example:80@127.0.0.1"),
        ("Host", "127.0.0.1\"><script>alert(1)</script>"),
        ("Referer", "javascript:alert(1)"),
        ("User-Agent", "<script>alert(1)</script>"),
        ("Expect", "100-continue"),
        ("Upgrade", "h2c"),
        ("Connection", "close, x, Host"),
        ("TE", "trailers, chunked"),
        ("Content-Length", "5"),
        ("Authorization", "Bearer \u{0}"),
        ("Origin", "https://evil.example"),
    ];
    for (name, value) in fields {
        for path in ["/", story, "/feed.json"] {
            let answer = ask(house.site, "GET", path, &[(name, value)], b"")?;
            group.settle(format_args!("{name}: {} on {path}", tame(value)), sane(&answer));
            let open = answer.field("access-control-allow-origin").is_some_and(|who| who.contains("evil"));
            group.check(!open, || {
                format!("{name}: {}: another origin may read with credentials", tame(value))
            });
        }
    }
    Ok(())
}

fn broken_requests(house: &mut House<'_>, group: &mut Group) -> Result<(), String> {
    let chunks = format!(
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n{}",
        "1\r\na\r\n".repeat(50_000)
    );
    let many: String = (0..5_000).map(|i| format!("X-{i}: y\r\n")).collect();
    let huge = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n", "y".repeat(2 << 20));
    let requests: Vec<Vec<u8>> = vec![
        b"\r\n\r\n".to_vec(), b"\0\0\0\0\r\n\r\n".to_vec(), b"GET\r\n\r\n".to_vec(), b"GET /\r\n\r\n".to_vec(), b"GET / HTTP/9.9\r\nHost: a\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(), b"GET / HTTP/1.1\nHost: a\nConnection: close\n\n".to_vec(), b"GET  /  HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_vec(), b"GET / HTTP/1.1\r\nHost: a\r\n X: folded\r\nConnection: close\r\n\r\n".to_vec(),
        b"GET / HTTP/1.1\r\nHost : a\r\nConnection: close\r\n\r\n".to_vec(), b"GET / HTTP/1.1\r\nHost: a\r\nA\0B: c\r\nConnection: close\r\n\r\n".to_vec(),
        b"GET /\0 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(), b"GET /\xff\xfe HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(),
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_vec(), b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".to_vec(),
        b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".to_vec(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nnonsense-frames".to_vec(),
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n".to_vec(), b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 5\r\nConnection: close\r\n\r\nabcde".to_vec(),
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n".to_vec(),
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\nConnection: close\r\n\r\n0\r\n\r\n".to_vec(), b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\nFFFFFFFFFFFFFFFFF\r\n".to_vec(),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), b"SSH-2.0-x\r\n\r\n".to_vec(), b"EHLO evil.example\r\n\r\n".to_vec(),
        chunks.into_bytes(), format!("GET / HTTP/1.1\r\nHost: a\r\n{many}\r\n").into_bytes(), huge.into_bytes(),
    ];
    for request in requests {
        for port in [house.site, house.desk] {
            // A sender that stops in the middle: the other side must not wait for more than it can bear, and here it
            // is told at once that nothing more comes.
            let answer = ended(port, &request)?;
            let shown = tame(&String::from_utf8_lossy(&request));
            group
                .check(answer.status < 500 || answer.status == 505, || format!("{shown}: {}", answer.status));
            group.check(!answer.text().contains("root:x:0:0"), || shown.clone());
        }
    }
    group.check(house.is_up(), || "it does not run any more".into());
    Ok(())
}

fn questions(house: &House<'_>, root: &Path, group: &mut Group) -> Result<(), String> {
    let mut all: Vec<String> = [
        "\"",
        "\"\"",
        "\"a",
        "a\"b",
        "*",
        "a*",
        "^a",
        "-a",
        "+a",
        "a AND",
        "OR",
        "NOT",
        "NOT a",
        "NEAR(",
        "NEAR(a b, 5)",
        "a NEAR/999999999999 b",
        "(",
        ")",
        "((((",
        "{a b}:c",
        "headline:",
        "headline:a",
        "body : x",
        "rowid:1",
        "'",
        "''",
        "' OR 1=1 --",
        "'); DROP TABLE item; --",
        "\\",
        "%",
        "_",
        "%%%",
        "a%00b",
        "\u{0}",
        "\u{feff}",
        "\u{202e}",
        "\u{1f600}",
        "\u{300}\u{300}",
        "a\u{ad}b",
        "\u{0915}\u{094d}\u{0937}",
        "ＡＢＣ",
        "İ",
        "ß",
        "ﬁ",
        ":",
        ";",
        ",",
        ".",
        "?",
        "!",
        "a:b:c",
        "a.b.c",
        "1e999",
        "0x0",
        "NULL",
        "null",
        "$1",
        "?1",
        "@a",
        "#",
        "[a]",
        "a|b",
        "a&b",
        "a||b",
        "~a",
        "`a`",
    ]
    .map(str::to_owned)
    .to_vec();
    all.push("a ".repeat(1_500));
    all.push("\"a\" ".repeat(700));
    all.push("(".repeat(3_000));
    all.push("a*".repeat(1_500));
    all.extend(payloads::own(root)?);
    for question in &all {
        let start = Instant::now();
        let answer = house.get(&format!("/search?q={}", percent(question)))?;
        let overlong = percent(question).len() > 4_000;
        group.check(answer.status == 200 || overlong && answer.status == 414, || {
            format!("`{}`: {}", tame(question), answer.status)
        });
        group.check(start.elapsed() < SLOWEST, || {
            format!("`{}` takes {:.1?}", tame(question), start.elapsed())
        });
    }
    let found = house.get("/search?q=harbour")?.text();
    group.check(found.contains("One story"), || "the search does not find its story any more".into());
    Ok(())
}

/// Readers that connect and say nothing, or a byte now and then: they keep no operator out, and other readers not for
/// long.
fn idle(house: &House<'_>, group: &mut Group) -> Result<(), String> {
    let mut silent = Vec::new();
    for i in 0..1_300 {
        // Beyond what it takes at one time, connections wait in the system's queue, which is full some day.
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], house.site));
        let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(3)) else { break };
        let _ = stream.write_all(if i % 2 == 0 { b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow:" } else { b"" });
        silent.push(stream);
    }
    group.check(silent.len() > 900, || format!("only {} connections could be opened", silent.len()));
    for path in ["/readyz", "/login", "/metrics"] {
        let start = Instant::now();
        let answer = house.desk(if path == "/login" { "POST" } else { "GET" }, path, &[], b"")?;
        group.check(answer.status > 0 && start.elapsed() < SLOWEST, || {
            format!("the desk takes {:.1?}", start.elapsed())
        });
    }
    let start = Instant::now();
    let lines = house.command(&["list", "--json"].map(std::ffi::OsStr::new))?;
    group.check(!lines.0.is_empty() && start.elapsed() < SLOWEST, || "orders do not get through".into());
    let start = Instant::now();
    let answer = house.get("/")?;
    group.check(answer.status == 200, || {
        format!("another reader gets {} after {:.1?}", answer.status, start.elapsed())
    });
    group.remark(format!("{} say nothing; another reader waited {:.1?}", silent.len(), start.elapsed()));
    Ok(())
}

fn strangers(house: &House<'_>, group: &mut Group) -> Result<(), String> {
    let token = house.token()?;
    let wrong = [
        String::new(),
        "Bearer".into(),
        "Bearer ".into(),
        "Bearer x".into(),
        format!("Bearer {}", &token[..token.len() - 1]),
        format!("Bearer {token}x"),
        format!("Bearer {}", token.to_uppercase()),
        format!("Basic {token}"),
        token.clone(),
        format!("Bearer {PUSH_TOKEN}"),
        "Bearer *".into(),
        "Bearer ' OR 1=1 --".into(),
        "Bearer null".into(),
    ];
    let places = [
        ("GET", "/"),
        ("GET", "/api/v1/lists/held"),
        ("GET", "/api/v1/lists/recent"),
        ("GET", "/api/v1/lists/complaints"),
        ("POST", "/orders"),
        ("POST", "/hold-all"),
        ("POST", "/api/v1/orders"),
        ("POST", "/api/v1/hold-all"),
    ];
    for (method, path) in places {
        for authorization in &wrong {
            let answer = house.desk(
                method,
                path,
                &[("Authorization", authorization), ("Content-Type", "application/json")],
                b"{\"on\":true}",
            )?;
            let told = answer.text().contains("urn:agx");
            group.check(answer.status == 401 && !told, || {
                format!("{method} {path} with `{}`: {}", tame(authorization), answer.status)
            });
        }
        for cookie in [
            "verbatim_desk=",
            "verbatim_desk=x",
            &format!("verbatim_desk={token}"),
            "verbatim_desk=; verbatim_desk=y",
            "VERBATIM_DESK=1",
        ] {
            let own = format!("http://127.0.0.1:{}", house.desk);
            let answer = house.desk(method, path, &[("Cookie", cookie), ("Origin", &own)], b"")?;
            group.check(answer.status == 401, || {
                format!("{method} {path} with the cookie `{}`: {}", tame(cookie), answer.status)
            });
        }
    }
    // A name that somebody has pointed at this machine: its pages get nothing of the desk's.
    for (method, path) in places.into_iter().chain([
        ("GET", "/metrics"),
        ("GET", "/healthz"),
        ("GET", "/readyz"),
        ("POST", "/login"),
        ("POST", "/wire/plain"),
    ]) {
        let answer = house.desk(
            method,
            path,
            &[("Host", "evil.example"), ("Origin", "http://evil.example")],
            b"token=x",
        )?;
        let told = ["urn:agx", "One story", "Agency Example"].iter().any(|word| answer.text().contains(word));
        group.check(!told, || format!("{method} {path} tells a stranger's page what is in the newsroom"));
        group.check(answer.field("access-control-allow-origin").is_none(), || {
            format!("{path} lets other origins read")
        });
    }
    for path in [
        "/../",
        "/%2e%2e/",
        "/api/v1/lists/../held",
        "/api/v1/lists/%2e%2e",
        "/api//v1/lists/held",
        "//",
        "/ORDERS",
        "/api/v1/lists/x",
        "/static/x",
        "/wire/",
        "/wire/../metrics",
    ] {
        let answer = house.desk("GET", path, &[], b"")?;
        group.check(matches!(answer.status, 400..=405), || format!("{path}: {}", answer.status));
    }
    let held =
        house.desk("GET", "/api/v1/lists/held", &[("Authorization", &format!("Bearer {token}"))], b"")?;
    group.check(held.status == 200, || format!("the right token: {}", held.status));
    Ok(())
}

fn other_pages(house: &House<'_>, group: &mut Group) -> Result<(), String> {
    let token = house.token()?;
    let own = format!("http://127.0.0.1:{}", house.desk);
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let login = |origin: &[(&str, &str)]| {
        house.desk("POST", "/login", &[&[form], origin].concat(), format!("token={token}").as_bytes())
    };
    for origin in
        ["http://evil.example", "null", "https://127.0.0.1", "http://127.0.0.1", "http://127.0.0.1:1"]
    {
        let answer = login(&[("Origin", origin)])?;
        group.check(answer.status == 401 && answer.field("set-cookie").is_none(), || {
            format!("{origin} may log its reader in: {}", answer.status)
        });
    }
    let answer = login(&[("Origin", &own)])?;
    let cookie = answer.field("set-cookie").unwrap_or_default().to_owned();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        group.check(cookie.contains(word), || format!("the cookie lacks {word}: {}", answer.status));
    }
    group.check(!cookie.contains(&token), || "the cookie is the token".into());
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let held = || -> Result<bool, String> {
        let page = house.desk("GET", "/", &[("Cookie", &cookie)], b"")?;
        if page.status == 200 {
            Ok(page.text().contains("Everything is held."))
        } else {
            Err(format!("the desk page: {}", page.status))
        }
    };
    let attacks: [&[(&str, &str)]; 9] = [
        &[],
        &[("Origin", "http://evil.example")],
        &[("Origin", "null")],
        &[("Origin", "")],
        &[("Sec-Fetch-Site", "cross-site")],
        &[("Sec-Fetch-Site", "same-site")],
        &[("Sec-Fetch-Site", "none")],
        &[("Origin", "http://127.0.0.1")],
        &[("Referer", "http://evil.example/")],
    ];
    for attack in attacks {
        for (path, kind, body) in [
            ("/hold-all", form.1, "on=true"),
            ("/api/v1/hold-all", "application/json", "{\"on\":true}"),
            ("/hold-all", "text/plain", "on=true"),
            ("/api/v1/hold-all", "text/plain", "{\"on\":true}"),
        ] {
            let fields = [&[("Cookie", &*cookie), ("Content-Type", kind)], attack].concat();
            let answer = house.desk("POST", path, &fields, body.as_bytes())?;
            group.check(matches!(answer.status, 400..=415), || {
                format!("{path} with {attack:?}: {}", answer.status)
            });
        }
    }
    for path in [
        "/hold-all?on=true",
        "/orders?order=kill&uri=urn:agx:one&agency=agx",
        "/api/v1/hold-all?on=true",
        "/logout",
        "/login?token=x",
    ] {
        let answer = house.desk("GET", path, &[("Cookie", &cookie)], b"")?;
        group.check(answer.status == 405, || format!("GET {path}: {}", answer.status));
    }
    group.check(!held()?, || "another page has switched everything off".into());
    let answer =
        house.desk("POST", "/hold-all", &[("Cookie", &cookie), form, ("Origin", &own)], b"on=true")?;
    group.check(matches!(answer.status, 200..=399) && held()?, || {
        format!("the desk's own page cannot: {}", answer.status)
    });
    house.desk("POST", "/hold-all", &[("Cookie", &cookie), form, ("Origin", &own)], b"on=false")?;
    group.check(!held()?, || "it cannot be switched back".into());
    Ok(())
}

fn push(house: &House<'_>, group: &mut Group) -> Result<(), String> {
    let right = format!("Bearer {PUSH_TOKEN}");
    let send = |fields: &[(&str, &str)], body: &[u8]| {
        house.desk("POST", "/wire/plain", &[&[("Authorization", &*right)], fields].concat(), body)
    };
    let mut expect = |what: &str, statuses: &[u16], answer: Result<Answer, String>| {
        let status = answer.map(|answer| answer.status);
        group.check(status.as_ref().is_ok_and(|status| statuses.contains(status)), || {
            format!("{what}: {status:?}")
        });
    };
    let story = told("urn:agx:pushed", "Pushed", "By its sender.");
    expect("a story", &[201], send(&[], story.as_bytes()));
    expect("nothing", &[400], send(&[], b""));
    for authorization in ["", "Bearer", "Bearer x", "Basic x", &house.token()?] {
        let answer = house.desk("POST", "/wire/plain", &[("Authorization", authorization)], story.as_bytes());
        expect("a wrong token", &[401], answer);
    }
    for feed in
        ["nowhere", "..", "%2e%2e", "plain%00", "plain%0d%0aInjected:x", "PLAIN", "*", &"a".repeat(3_000)]
    {
        let answer =
            house.desk("POST", &format!("/wire/{feed}"), &[("Authorization", &right)], story.as_bytes());
        if let Ok(answer) = &answer {
            let injected = answer.head.to_ascii_lowercase().contains("\ninjected");
            if injected {
                return Err(format!("a header was injected by {feed}"));
            }
        }
        expect(&format!("the feed {}", tame(feed)), &[400, 401, 404, 414], answer);
    }
    let before = house.size();
    for (zeros, layers) in [(20 << 20, 1), (256 << 20, 1), (1 << 30, 1), (256 << 20, 2)] {
        let mut body = deflated(zeros)?;
        let coding = vec!["gzip"; layers].join(", ");
        for _ in 1..layers {
            body = gzip(&body)?;
        }
        expect(
            &format!("{zeros} zeros in gzip, {layers} times"),
            &[413, 415],
            send(&[("Content-Encoding", &coding)], &body),
        );
    }
    expect(
        "many codings",
        &[413, 415],
        send(&[("Content-Encoding", &vec!["gzip"; 500].join(","))], &gzip(b"x")?),
    );
    let whole = gzip(story.as_bytes())?;
    expect("gzip", &[201], send(&[("Content-Encoding", "gzip")], &whole));
    let mut wrong_sum = whole.clone();
    let at = wrong_sum.len() - 6;
    wrong_sum[at] ^= 0xff;
    expect("gzip with a wrong sum", &[400, 415], send(&[("Content-Encoding", "gzip")], &wrong_sum));
    expect("half a gzip", &[400, 415], send(&[("Content-Encoding", "gzip")], &whole[..whole.len() / 2]));
    for coding in ["gzip", "br", "zstd", "deflate"] {
        expect(
            &format!("no {coding}"),
            &[400, 415],
            send(&[("Content-Encoding", coding)], b"this is none of it"),
        );
    }
    for coding in ["compress", "exi", "../gzip", "gzip;q=1", "x\u{1b}[31m", "aes128gcm"] {
        expect(
            &format!("the coding {}", tame(coding)),
            &[400, 415],
            send(&[("Content-Encoding", coding)], b"x"),
        );
    }
    expect("20 MiB", &[413], send(&[], &vec![b' '; 20 << 20]));
    let announced = format!(
        "POST /wire/plain HTTP/1.1\r\nHost: a\r\nAuthorization: {right}\r\nContent-Length: 5000000000\r\nConnection: close\r\n\r\nx"
    );
    expect("5 GB announced", &[413, 400, 408], ended(house.desk, announced.as_bytes()));
    let grown = house.size().saturating_sub(before);
    group.check(grown < HEAVIEST, || format!("the process has grown by {} MiB", grown >> 10));
    group.remark(format!("the largest growth was {} MiB", grown >> 10));
    Ok(())
}

fn gzip(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(bytes).and_then(|()| packed.finish()).map_err(|fault| fault.to_string())
}

/// So many zeros in gzip's format.
fn deflated(zeros: usize) -> Result<Vec<u8>, String> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let part = vec![0; 1 << 20];
    for _ in 0..zeros >> 20 {
        packed.write_all(&part).map_err(|fault| fault.to_string())?;
    }
    packed.finish().map_err(|fault| fault.to_string())
}
