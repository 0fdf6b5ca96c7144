//! A site that lies, and who watches it from outside: `verbatim monitor` sees the site through a proxy that alters what it
//! passes on.

use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::http::{Answer, Server, ask};
use crate::newsroom::{LABEL, Newsroom, PROGRAM, copy, eventually, free_port, program, shard, text};
use crate::wires::{Ninjs, Story, escape};

/// What a proxy does to an answer, by the path that was asked for.
type Lie = Box<dyn Fn(&str, Answer) -> Answer + Send>;

/// Passes on what the site on this port answers, after `lie`.
fn proxy(site: u16, lie: Lie) -> Server {
    Server::answering(move |request| {
        let answer =
            ask(site, "GET", &request.path, &[], b"").unwrap_or_else(|_| Answer::of(503, "text/plain", ""));
        let fields = answer.fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let passed = Answer { status: answer.status, fields: fields.cloned().collect(), body: answer.body };
        lie(&request.path, passed)
    })
}

fn changed(answer: Answer, from: &str, to: &str) -> Answer {
    let text = answer.text();
    assert!(text.contains(from), "{from} is not in {text}");
    Answer { body: text.replace(from, to).into_bytes(), ..answer }
}

/// What one look through the proxy finds: exit code and alarms.
fn look(server: &Server, words: &[&str]) -> (Option<i32>, Vec<String>) {
    let base = format!("http://127.0.0.1:{}", server.port);
    let said = program(&std::env::temp_dir(), &[&["monitor", &base, "--once", "--json"], words].concat());
    let alarms = said
        .lines()
        .iter()
        .filter(|line| line["alarm"].is_string())
        .map(|line| text(line, "alarm").to_owned())
        .collect();
    (said.code, alarms)
}

#[track_caller]
fn finds(site: u16, alarm: &str, lie: impl Fn(&str, Answer) -> Answer + Send + 'static) {
    let (code, alarms) = look(&proxy(site, Box::new(lie)), &[]);
    assert!(code == Some(1) && alarms.iter().any(|found| found == alarm), "{alarm}: {code:?} {alarms:?}");
}

#[test]
fn a_monitor_sees_every_alteration_and_none_where_there_is_none() {
    let newsroom = Newsroom::usual();
    let (story, other) = (Story::new("watched", Ninjs), Story::new("secondone", Ninjs));
    let url = newsroom.publish(Ninjs, &story);
    newsroom.publish(Ninjs, &other);
    let path = url[url.find("/s/").expect("an address")..].to_owned();
    let site = newsroom.site;
    let key = newsroom.get("/.well-known/verbatim.json").json();
    let key = text(&key["log"], "vkey").to_owned();
    let honest = proxy(site, Box::new(|_, answer| answer));
    assert_eq!(look(&honest, &["--key", &key]), (Some(0), vec![]));
    // A key of somebody else is not believed.
    let (code, alarms) = look(&honest, &["--key", "a.example+82bca4dd+AAAA"]);
    assert_eq!((code, alarms.len()), (Some(1), 0), "no key at all is an error of its own");

    let blocks = story.blocks();
    let paragraphs: Vec<String> =
        blocks.iter().filter(|(kind, _)| kind == "p").map(|(_, text)| text.clone()).collect();
    let on = |form: &'static str, change: Box<dyn Fn(Answer) -> Answer + Send>| {
        let path = format!("{path}{form}");
        move |asked: &str, answer: Answer| if asked == path { change(answer) } else { answer }
    };
    let first = paragraphs[0].clone();
    let altered = first.replacen(|c: char| c.is_ascii_lowercase(), "\u{430}", 1);
    finds(site, "altered", on("", Box::new(move |answer| changed(answer, &first, &altered))));
    finds(site, "altered", on("", Box::new(|answer| changed(answer, "<p data-v", "<p hidden data-v"))));
    finds(
        site,
        "altered",
        on("", Box::new(|answer| changed(answer, LABEL, &LABEL.replace("has not been", "has been")))),
    );
    let (one, two) = (escape(&paragraphs[0]), escape(&paragraphs[1]));
    let swapped = move |answer: Answer| {
        let answer = changed(answer, &one, "\u{1}");
        changed(changed(answer, &two, &one), "\u{1}", &two)
    };
    finds(site, "altered", on("", Box::new(swapped)));
    finds(
        site,
        "altered",
        on(".txt", Box::new(|answer| Answer { body: b"other words\n".to_vec(), ..answer })),
    );
    finds(site, "altered", on(".proof", Box::new(|answer| changed(answer, "index 0", "index 1"))));
    finds(site, "missing", on("", Box::new(|_| Answer::of(404, "text/html", "nothing here"))));
    let stranger = "0123456789abcdefghjkmnpqrs";
    finds(site, "unlogged", move |asked, answer| match asked {
        "/feed.atom" => changed(answer, "</feed>", &format!("<!-- /s/{stranger} --></feed>")),
        _ => answer,
    });
    finds(site, "fork", |asked, mut answer| {
        if asked.starts_with(&format!("/log/{}/tile/entries/", shard(0))) {
            let last = answer.body.len() - 2;
            answer.body[last] ^= 1;
        }
        answer
    });
    finds(site, "key", |asked, answer| match asked == format!("/log/{}/checkpoint", shard(0)) {
        true => changed(answer, "\n2\n", "\n3\n"),
        false => answer,
    });
    let (code, alarms) = look(&proxy(site, Box::new(|_, _| Answer::of(503, "text/plain", "busy"))), &[]);
    assert_eq!((code, alarms), (Some(2), vec!["unknown".to_owned()]));
}

#[test]
fn a_killed_story_that_still_answers_anywhere_is_told() {
    let newsroom = Newsroom::usual();
    let story = Story::new("undead", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let path = url[url.find("/s/").expect("an address")..].to_owned();
    newsroom.publish(Ninjs, &Story::new("alive", Ninjs));
    let before = |paths: &[String]| -> Vec<(String, Answer)> {
        paths.iter().map(|path| (path.clone(), newsroom.get(path))).collect()
    };
    let forms = before(&["", ".json", ".txt"].map(|form| format!("{path}{form}")));
    let lists = before(
        &[
            "/",
            "/feed.rss",
            "/feed.atom",
            "/feed.json",
            "/sitemap.xml",
            "/news-sitemap.xml",
            "/section/world",
        ]
        .map(str::to_owned),
    );
    newsroom.order(&story.uri, "kill");
    let honest = proxy(newsroom.site, Box::new(|_, answer| answer));
    assert_eq!(look(&honest, &[]), (Some(0), vec![]));
    // A cache that was not told: each of the old answers by itself.
    for (alarm, old) in
        forms.into_iter().map(|old| ("not-gone", old)).chain(lists.into_iter().map(|old| ("listed", old)))
    {
        let (path, kept) = old;
        finds(newsroom.site, alarm, move |asked, answer| if asked == path { kept.clone() } else { answer });
    }
}

#[test]
fn a_monitor_that_goes_on_watching_remembers_what_is_taken_back() {
    let mut newsroom = Newsroom::usual();
    newsroom.publish(Ninjs, &Story::new("takenone", Ninjs));
    newsroom.stop();
    let folders = ["data", "data.last-checkpoint"];
    folders.iter().for_each(|name| copy(&newsroom.path(name), &newsroom.path(&format!("old-{name}"))));
    newsroom.run();
    let url = newsroom.publish(Ninjs, &Story::new("takentwo", Ninjs));

    // It runs on, is asked for its metrics, and finds the search that still leads to what it saw live.
    let kept: Arc<Mutex<Option<Answer>>> = Arc::default();
    let lying = Arc::clone(&kept);
    let server = proxy(
        newsroom.site,
        Box::new(move |asked, answer| match lying.lock().expect("a lie").clone() {
            Some(lie) if asked.starts_with("/search") => lie,
            _ => answer,
        }),
    );
    let (port, base) = (free_port(), format!("http://127.0.0.1:{}", server.port));
    let state = newsroom.path("monitor.state");
    let mut child = Command::new(PROGRAM)
        .args(["monitor", &base, "--every", "200ms", "--metrics", &format!("127.0.0.1:{port}")])
        .args(["--json", "--state", state.to_str().expect("a path")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the monitor starts");
    let metrics = |line: &str| {
        ask(port, "GET", "/metrics", &[], b"")
            .ok()
            .filter(|answer| answer.text().lines().any(|found| found == line))
    };
    eventually("a clean round", || metrics("verbatim_monitor_stories 2"));
    eventually("no alarm", || metrics("verbatim_monitor_alarm{alarm=\"listed\"} 0"));
    *kept.lock().expect("a lie") = Some(Answer::of(200, "text/html", format!("<a href=\"{url}\">")));
    newsroom.order(&Story::new("takentwo", Ninjs).uri, "kill");
    eventually("the search is found out", || metrics("verbatim_monitor_alarm{alarm=\"listed\"} 1"));
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::TERM)
        .expect("it is told to end");
    assert_eq!(child.wait().expect("its end").code(), Some(1));

    // The machine is brought back whole, and signs another history.
    use std::os::unix::fs::PermissionsExt as _;
    assert_eq!(std::fs::metadata(&state).expect("its memory").permissions().mode() & 0o777, 0o600);
    newsroom.stop();
    folders.iter().for_each(|name| copy(&newsroom.path(&format!("old-{name}")), &newsroom.path(name)));
    newsroom.run();
    let remembered = ["--state", state.to_str().expect("a path")];
    *kept.lock().expect("no lie") = None;
    let (code, alarms) = look(&server, &remembered);
    assert!(code == Some(1) && alarms.contains(&"shrunk".to_owned()), "{code:?} {alarms:?}");
    for n in 0..2 {
        newsroom.publish(Ninjs, &Story::new(&format!("takenagain{n}"), Ninjs));
    }
    let (code, alarms) = look(&server, &remembered);
    assert!(code == Some(1) && alarms.contains(&"fork".to_owned()), "{code:?} {alarms:?}");
    // Who remembers nothing notices nothing.
    assert_eq!(look(&server, &[]), (Some(0), vec![]));
}

/// No reader sees these, so the badge does not look.
const FOR_MACHINES: &str = "other structured data";

/// What is done to a story's page or to what belongs to it, each under the name that the browsers' list knows it by.
fn alterations(story: &Story) -> Vec<(&'static str, &'static str, [String; 2])> {
    let (one, two) = (escape(&story.body[0]), escape(&story.body[1]));
    let pair = |from: &str, to: &str| [from.to_owned(), to.to_owned()];
    vec![
        ("one code point", "", pair(&two, &two.replacen('a', "\u{430}", 1))),
        ("a space", "", pair(&two, &two.replacen(' ', "\u{a0}", 1))),
        ("a hiding attribute", "", pair("<p data-v", "<p hidden data-v")),
        ("a hiding style", "", pair("</head>", "<style>p[data-v]{display:none}</style></head>")),
        ("another label", "", pair("data-label=\"unreviewed\"", "data-label=\"reviewed\"")),
        ("another label's words", "", pair(LABEL, "Written by our own reporters")),
        ("another order", "", [format!("{one}\u{0}{two}"), format!("{two}\u{0}{one}")]),
        ("another kind", "", pair("data-v=\"p\"", "data-v=\"quote\"")),
        ("a hiding rule in its style sheet", ".css", pair("[data-v]{", "[data-v]{visibility:hidden;")),
        (FOR_MACHINES, "", pair("\"articleBody\":\"", "\"articleBody\":\"Not so: ")),
    ]
}

#[test]
fn whatever_is_altered_on_a_page_is_seen_by_verify_and_monitor_as_by_the_badge() {
    let newsroom = Newsroom::usual();
    let story = Story::new("tamperedwith", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let path = url[url.find("/s/").expect("an address")..].to_owned();
    let badge =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../e2e/verifiers/badge.cjs"));
    let badge = badge.expect("the browsers' list");
    let honest = proxy(newsroom.site, Box::new(|_, answer| answer));
    let verify = |server: &Server| {
        let target = format!("http://127.0.0.1:{}{path}", server.port);
        program(&std::env::temp_dir(), &["verify", &target])
    };
    verify(&honest).well();
    assert_eq!(look(&honest, &[]), (Some(0), vec![]));
    for (name, form, [from, to]) in alterations(&story) {
        let asked = badge.contains(&format!("\"{name}\":"));
        assert_eq!(asked, name != FOR_MACHINES, "are the browsers asked about {name}?");
        let path = path.clone();
        let lie = move |asked: &str, answer: Answer| {
            let meant = if form.is_empty() { asked == path } else { asked.ends_with(form) };
            match (meant, from.split_once('\0'), to.split_once('\0')) {
                (false, ..) => answer,
                (true, Some((one, two)), Some(_)) => {
                    changed(changed(changed(answer, one, "\u{1}"), two, one), "\u{1}", two)
                }
                _ => {
                    let text = answer.text();
                    assert!(text.contains(&from), "{from} is not in {text}");
                    // The first one in the body: what the head repeats is another alteration.
                    let body = if form.is_empty() { text.find("<body").unwrap_or(0) } else { 0 };
                    let at = text[body..].find(&from).map_or_else(|| text.find(&from), |at| Some(body + at));
                    let at = at.expect("it is there");
                    let told = format!("{}{to}{}", &text[..at], &text[at + from.len()..]);
                    Answer { body: told.into_bytes(), ..answer }
                }
            }
        };
        let server = proxy(newsroom.site, Box::new(lie));
        let said = verify(&server);
        assert_eq!(said.code, Some(1), "verify, {name}: {said:?}");
        let (code, alarms) = look(&server, &[]);
        assert!(code == Some(1) && alarms.contains(&"altered".to_owned()), "monitor, {name}: {alarms:?}");
    }
}

#[test]
fn a_gap_in_a_storys_chain_is_told_though_the_log_is_signed_and_whole() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use signed_note::{Note, StandardSigner};

    let newsroom = Newsroom::usual();
    let story = Story::new("gapped", Ninjs);
    newsroom.publish(Ninjs, &story);
    // Ruled is not yet shown: the kept page gives way a moment later.
    newsroom.deliver(Ninjs, &story.next("two"));
    eventually("both are signed", || newsroom.get("/log/checkpoint").text().contains("\n2\n").then_some(()));
    // Whoever has the key leaves the first version out of the second one's leaf, and signs that.
    let bundle = newsroom.get("/log/tile/entries/000.p/2").body;
    let first = 2 + usize::from(u16::from_be_bytes([bundle[0], bundle[1]]));
    let second = String::from_utf8(bundle[first + 2..].to_vec()).expect("a leaf");
    assert!(second.contains("\nprev 0\n"), "{second}");
    let second = second.replace("\nprev 0\n", "\nprev -\n");
    let length = u16::try_from(second.len()).expect("a leaf is short").to_be_bytes();
    let bundle = [&bundle[..first], &length, second.as_bytes()].concat();
    let leaf = |bytes: &[u8]| tlog_tiles::record_hash(bytes);
    let root = tlog_tiles::node_hash(leaf(&bundle[2..first]), leaf(second.as_bytes()));
    let known = newsroom.get("/.well-known/verbatim.json").json();
    let vkey = text(&known["log"], "vkey").to_owned();
    let (origin, rest) = vkey.split_once('+').expect("a key");
    let hash = rest.split('+').next().expect("its hash");
    let secret = std::fs::read_to_string(newsroom.path("data/log.key")).expect("the key");
    let seed = secret.trim().splitn(5, '+').nth(4).expect("its seed").to_owned();
    let signer = StandardSigner::new(&format!("PRIVATE+KEY+{origin}+{hash}+{seed}")).expect("the log's key");
    let mut note =
        Note::new(format!("{origin}\n2\n{}\n", STANDARD.encode(root.0)).as_bytes(), &[]).expect("a note");
    note.add_sigs(&[&signer]).expect("it is signed");
    let note = note.to_bytes();
    let server = proxy(
        newsroom.site,
        Box::new(move |asked, answer| match asked {
            asked if asked.ends_with("/checkpoint") => Answer { body: note.clone(), ..answer },
            asked if asked.contains("/tile/entries/") => Answer { body: bundle.clone(), ..answer },
            _ => answer,
        }),
    );
    let (code, alarms) = look(&server, &["--key", &vkey]);
    assert!(code == Some(1) && alarms.contains(&"gap".to_owned()), "{alarms:?}");
    assert!(!alarms.iter().any(|alarm| alarm == "fork" || alarm == "key" || alarm == "shrunk"), "{alarms:?}");
}
