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
