//! The feeds that we write, of every story of every wire: read back, and judged by other people's rules.
//!
//! *Back*: our own readers find the same words in RSS, Atom and JSON Feed. *Valid*: `e2e/words/feeds_valid.py` holds
//! them against RFC 4287's grammar, the rules of RSS 2.0, a schema of JSON Feed, and feedparser.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use jiff::Timestamp;
use news::{ItemClass, Label, ReviewState, Version};
use wire::Hints;
use wire::outgoing::{Channel, Outgoing, Tombstone};

use super::written::{group, hints, put};
use super::{Case, bytes, files};
use crate::suite::target_python;

const CHECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/words/feeds_valid.py");

type Writer = fn(&Channel) -> String;

/// A writer by the ending of its files.
const WRITERS: [(&str, Writer); 3] =
    [("rss", wire::rss::write), ("atom", wire::atom::write), ("json", wire::json_feed::write)];

/// A channel with every story of a wire, by the addresses that a site would give them.
fn channel(stories: &[Version]) -> Channel {
    let at = |n: i64| Timestamp::from_second(1_790_000_000 + n).unwrap_or_default();
    let story = |(n, version): (i64, &Version)| Outgoing {
        id: format!("https://daily.example/s/{n}"),
        url: format!("https://daily.example/s/{n}/story?a=1&b=2"),
        uri: version.uri.clone(),
        version: version.version.raw.clone(),
        version_n: 1,
        copy: Arc::new(version.copy.clone()),
        label: Label {
            state: ReviewState::Unreviewed,
            text: "Published <& not reviewed>".into(),
            language: None,
        },
        agency: "Agency Example & Co".into(),
        published: at(n),
        updated: at(n + 60),
        language: version.language.clone(),
        sections: version.subjects.iter().filter_map(|subject| subject.name.clone()).take(3).collect(),
    };
    Channel {
        title: "The Daily Example".into(),
        home_url: "https://daily.example/".into(),
        feed_url: "https://daily.example/feed?a=1&b=2".into(),
        language: Some("en".into()),
        updated: at(10_000),
        items: (0..).zip(stories).map(story).collect(),
        tombstones: vec![Tombstone { id: "https://daily.example/s/gone".into(), when: at(5) }],
    }
}

/// The stories of a wire; what has no words is in no feed.
fn stories(folder: &Path, file: &str) -> Result<Vec<Version>, String> {
    let items = wire::read(&bytes(folder, file)?, &hints(file)).items;
    Ok(items.into_iter().filter(|item| item.class == ItemClass::Text && !item.copy.is_empty()).collect())
}

pub(super) fn back(folder: &Path) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for file in files(folder, &[""])? {
        let stories = stories(folder, &file)?;
        if stories.is_empty() {
            continue;
        }
        let channel = channel(&stories);
        let differs = WRITERS.iter().filter_map(|(word, write)| differing(word, &stories, &write(&channel)));
        cases.push(Case::new(group(&file).to_owned(), file.clone(), differs.collect()));
    }
    Ok(cases)
}

/// The words of a story as a feed carries them: the first headline, then everything else in its order.
fn words(version: &Version) -> Vec<&str> {
    version.copy.blocks().iter().map(|block| block.text()).collect()
}

fn differing(word: &str, stories: &[Version], feed: &str) -> Option<String> {
    let reading = wire::read(feed.as_bytes(), &Hints::default());
    let found: Vec<&Version> = reading.items.iter().filter(|item| item.class == ItemClass::Text).collect();
    if found.len() != stories.len() {
        return Some(format!("{word}: {} stories of {}", found.len(), stories.len()));
    }
    let pairs = stories.iter().zip(&found).enumerate();
    pairs.into_iter().find_map(|(n, (sent, found))| {
        let (sent, found) = (words(sent), words(found));
        let at = (0..sent.len().max(found.len())).find(|&at| sent.get(at) != found.get(at))?;
        Some(format!("{word}: item {}: sent {:?}, found {:?}", n + 1, sent.get(at), found.get(at)))
    })
}

pub(super) fn valid(folder: &Path) -> Result<Vec<Case>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut python = std::path::PathBuf::new();
    for (module, package) in
        [("lxml", "lxml==6.1.3"), ("jsonschema", "jsonschema==4.26.0"), ("feedparser", "feedparser==6.0.12")]
    {
        python = target_python(&root, module, package)?;
    }
    let temp = tempfile::tempdir().map_err(|fault| fault.to_string())?;
    let mut names: Vec<(String, String)> = Vec::new();
    let empty = channel(&[]);
    for (word, write) in WRITERS {
        put(temp.path(), &format!("empty.{word}"), write(&empty).as_bytes())?;
        names.push((format!("a feed without a story: {word}"), format!("empty.{word}")));
    }
    for (n, file) in files(folder, &[""])?.into_iter().enumerate() {
        let stories = stories(folder, &file)?;
        if stories.is_empty() {
            continue;
        }
        let channel = channel(&stories);
        for (word, write) in WRITERS {
            let name = format!("{n:05}.{word}");
            put(temp.path(), &name, write(&channel).as_bytes())?;
            names.push((format!("{file}: {word}"), name));
        }
    }
    // The judge is shown to say no.
    put(
        temp.path(),
        "bad.rss",
        write_bad(wire::rss::write(&empty), "<title>", "<title/><title>").as_bytes(),
    )?;
    put(temp.path(), "bad.atom", write_bad(wire::atom::write(&empty), "<id>", "<id/><id>").as_bytes())?;
    put(
        temp.path(),
        "bad.json",
        write_bad(wire::json_feed::write(&empty), "\"title\"", "\"name\"").as_bytes(),
    )?;
    let mut check = Command::new(python);
    check.arg("-B").arg(CHECK).arg(temp.path()).stderr(Stdio::inherit());
    let output = check.output().map_err(|fault| format!("cannot run {CHECK}: {fault}"))?;
    let told = String::from_utf8_lossy(&output.stdout);
    let verdicts: std::collections::BTreeMap<&str, &str> =
        told.lines().filter_map(|line| line.split_once('\t')).collect();
    let case = |(file, name): (String, String)| {
        let verdict = verdicts.get(name.as_str()).copied().unwrap_or("was not judged");
        let word = name.rsplit('.').next().unwrap_or_default().to_owned();
        Case::new(word, file, (verdict != "ok").then(|| verdict.to_owned()).into_iter().collect())
    };
    let mut cases: Vec<Case> = names.into_iter().map(case).collect();
    for bad in ["bad.rss", "bad.atom", "bad.json"] {
        let passed = verdicts.get(bad).is_none_or(|verdict| *verdict == "ok");
        let differs = passed.then(|| "it passed".to_owned()).into_iter().collect();
        cases.push(Case::new("refused", format!("a wrong one is refused: {bad}"), differs));
    }
    Ok(cases)
}

fn write_bad(good: String, from: &str, to: &str) -> String {
    good.replacen(from, to, 1)
}
