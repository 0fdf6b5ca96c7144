//! Commands that need no newsroom.

use serde_json::Value;

use crate::newsroom::{LABEL, Said, free_port, program, sha256, text};
use crate::wires::{Format, JsonFeed, Ninjs, Rss, Story, wires};

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("verbatim-it-").tempdir().expect("a folder")
}

#[test]
fn read_gives_a_line_for_each_item() {
    let folder = folder();
    for format in Format::ALL {
        let mut story = Story::new("reading", format);
        story.ed_note = Some("not for readers".to_owned());
        let bytes = wires(format, std::slice::from_ref(&story));
        std::fs::write(folder.path().join("a.wire"), &bytes).expect("a file");
        let said = program(folder.path(), &["read", "a.wire"]).well();
        let lines = said.lines();
        assert_eq!(lines.len(), 1, "{format:?}: {said:?}");
        let (line, ours) = (&lines[0], &lines[0]["verbatim"]);
        assert_eq!(text(line, "uri"), story.uri, "{format:?}");
        assert_eq!(text(ours, "copy_sha256"), sha256(story.plain()), "{format:?}: {ours:#}");
        let copy: Vec<(String, String)> = ours["copy"]
            .as_array()
            .expect("copy")
            .iter()
            .map(|block| match block {
                Value::Array(pair) => (
                    pair[0].as_str().unwrap_or_default().to_owned(),
                    pair[1].as_str().unwrap_or_default().to_owned(),
                ),
                other => (text(other, "kind").to_owned(), text(other, "text").to_owned()),
            })
            .collect();
        assert_eq!(copy, story.blocks(), "{format:?}");
        assert!(
            ["format", "raw_sha256", "notes", "complaints", "dateline"]
                .iter()
                .all(|name| ours.get(name).is_some()),
            "{ours:#}"
        );
        let named = text(ours, "format");
        assert_eq!(
            program(folder.path(), &["read", "--format", named, "a.wire"]).well().lines().len(),
            1,
            "{named}"
        );
    }
}

#[test]
fn read_goes_on_after_a_bad_file_and_says_so() {
    let folder = folder();
    let stories = ["alpha", "beta"].map(|name| Story::new(name, JsonFeed));
    std::fs::write(folder.path().join("good.json"), wires(JsonFeed, &stories)).expect("a file");
    std::fs::write(folder.path().join("bad.xml"), "<rss><channel><item>").expect("a file");
    let said = program(folder.path(), &["read", "bad.xml", "good.json"]);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert_eq!(
        said.lines().iter().filter(|line| text(line, "uri").contains("jsonfeed")).count(),
        2,
        "{said:?}"
    );
    assert!(said.err.contains("bad.xml"), "{said:?}");
    let missing = program(folder.path(), &["read", "absent.xml"]);
    assert!(missing.code == Some(1) && missing.err.contains("absent.xml"), "{missing:?}");
    let odd = program(folder.path(), &["read", "--format", "morse", "good.json"]);
    assert!(odd.code.is_some_and(|code| code != 0) && odd.err.contains("morse"), "{odd:?}");
}

#[test]
fn read_survives_every_cut_of_a_wire() {
    let folder = folder();
    let mut files = Vec::new();
    for format in [Rss, Ninjs] {
        let whole = wires(format, &[Story::new("cutting", format)]);
        for i in 1..24 {
            let name = format!("{format:?}-{i}.wire");
            std::fs::write(folder.path().join(&name), &whole[..whole.len() * i / 24]).expect("a file");
            files.push(name);
        }
    }
    let words: Vec<&str> = ["read"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let said = program(folder.path(), &words);
    assert_eq!(said.code, Some(1), "{said:?}");
    assert!(!said.err.contains("panicked"), "{said:?}");
    // Half an item is none, or it is complained of.
    for line in said.lines() {
        assert!(line["verbatim"]["complaints"].as_array().is_some_and(|all| !all.is_empty()), "{line:#}");
    }
}

fn checked(config: &str) -> Said {
    let folder = folder();
    std::fs::write(folder.path().join("verbatim.toml"), config).expect("a configuration");
    program(folder.path(), &["check"])
}

fn smallest() -> String {
    format!(
        r#"[site]
name = "The Daily Example"
url = "http://127.0.0.1:8080"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "{LABEL}"
[[feed]]
id = "agx-world"
agency = "agx"
folder = "wire/agx"
section = "world"
"#
    )
}

#[test]
fn check_finds_a_good_configuration_in_order() {
    let said = checked(&smallest()).well();
    assert!(said.out.contains("agx-world"), "{said:?}");
}

#[test]
fn check_names_file_line_key_and_remedy() {
    let good = smallest();
    let cases = [
        (good.replace("folder =", "foldr ="), "verbatim.toml:13", "foldr", "folder"),
        (good.replace("agency = \"agx\"", "agency = \"agy\""), "verbatim.toml:12", "agy", "agx"),
        (
            good.replace("section = \"world\"", "section = \"world\"\nsafety = \"maybe\""),
            "verbatim.toml:15",
            "safety",
            "shadow",
        ),
        (
            good.replace("url = \"http://127.0.0.1:8080\"", "url = \"daily.example\""),
            "verbatim.toml:3",
            "url",
            "http",
        ),
        (
            good.replace("section = \"world\"", "section = \"world\"\nbacklog = \"a day\""),
            "verbatim.toml:15",
            "backlog",
            "h",
        ),
        (
            format!("{good}push = true\ntoken_file = \"absent.token\"\n"),
            "verbatim.toml:16",
            "token_file",
            "absent.token",
        ),
        (good.replace("[store]\npath = \"data\"\n", ""), "verbatim.toml", "store", "[store]"),
    ];
    for (config, place, key, remedy) in cases {
        let said = checked(&config);
        assert!(said.code.is_some_and(|code| code != 0), "{config}: {said:?}");
        let told = format!("{}{}", said.out, said.err);
        for word in [place, key, remedy] {
            assert!(told.contains(word), "no {word:?} in {told}");
        }
    }
    let desk = format!("{}[desk]\nlisten = \"0.0.0.0:8081\"\n", smallest());
    let said = checked(&desk);
    assert!(said.code.is_some_and(|code| code != 0) && said.err.contains("token"), "{said:?}");
    let absent = program(folder().path(), &["check"]);
    assert!(absent.code.is_some_and(|code| code != 0) && absent.err.contains("verbatim.toml"), "{absent:?}");
}

#[test]
fn every_mistake_is_told_at_once() {
    let config = smallest()
        .replace("folder =", "foldr =")
        .replace("path =", "paht =")
        .replace("name = \"Agency", "nmae = \"Agency");
    let said = checked(&config);
    for word in ["foldr", "paht", "nmae"] {
        assert!(said.err.contains(word), "no {word} in {said:?}");
    }
}

#[test]
fn help_and_version_are_there() {
    let folder = folder();
    let help = program(folder.path(), &["--help"]).well().out;
    for word in [
        "run", "demo", "read", "publish", "kill", "hold", "release", "spike", "hold-all", "list", "backup",
        "restore", "rebuild", "check", "doctor",
    ] {
        assert!(
            help.lines().any(|line| line.trim_start().starts_with(&format!("{word} "))),
            "{word}: {help}"
        );
    }
    assert!(program(folder.path(), &["--version"]).well().out.starts_with("verbatim "));
    assert_eq!(program(folder.path(), &["dance"]).code, Some(2));
}

#[test]
fn the_demo_plays_its_day_and_leaves_nothing_behind() {
    let folder = folder();
    let port = pair_of_ports();
    let done = std::process::Command::new(env!("CARGO_BIN_EXE_verbatim"))
        .args(["demo", "--once", "--speed", "40", "--port", &port.to_string()])
        .current_dir(folder.path())
        .env("TMPDIR", folder.path())
        .env("NO_COLOR", "1")
        .output()
        .expect("the program starts");
    let told = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success() && told.contains("The day is over"), "{told}");
    assert!(!told.contains("panicked"), "{told}");
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0, "something was left behind");
}

fn pair_of_ports() -> u16 {
    loop {
        let port = free_port();
        if std::net::TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return port;
        }
    }
}
