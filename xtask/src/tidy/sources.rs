//! Rules about what stands in a file.

use super::Fault;

/// The most lines of a source file.
const LINES_MAX: usize = 1200;

/// Files that may be longer, each because it holds one idea whole.
const LONG: [&str; 0] = [];

/// Rooms that think and never touch the world.
const PURE: &[&str] = &["news", "wire", "desk", "press", "notary"];

/// Rooms that hold copy and have no business altering it. Reading a wire is `wire`'s part, and only there is white
/// space that a format calls insignificant collapsed.
const HOLD_COPY: &[&str] = &["press", "web", "newsroom", "store"];

/// What marks a line as not being about copy, with the reason behind it.
const NOT_COPY: &str = "// not copy:";

/// Words that may not be written in the code of some rooms.
struct Ban {
    words: &'static [&'static str],
    /// The rooms it holds for; empty for all.
    rooms: &'static [&'static str],
    /// Files that it does not hold for, or rooms if it ends with `/`.
    but: &'static [&'static str],
    /// Whether tests are held to it too.
    in_tests: bool,
    /// Whether [`NOT_COPY`] on the line or above it lifts the ban.
    excusable: bool,
    remedy: &'static str,
}

const BANS: &[Ban] = &[
    Ban {
        words: &["Timestamp::now", "SystemTime::now", "Instant::now", "Zoned::now", "Utc::now", "Local::now"],
        rooms: &[],
        but: &["crates/newsroom/src/clock.rs", "xtask/"],
        in_tests: false,
        excusable: false,
        remedy: "the clock is read in newsroom/src/clock.rs only: take `now: jiff::Timestamp` as a parameter",
    },
    Ban {
        words: &["getrandom::", "rand::", "fastrand::", "use getrandom", "use rand"],
        rooms: &[],
        but: &["crates/newsroom/src/chance.rs", "xtask/"],
        in_tests: false,
        excusable: false,
        remedy: "chance is drawn in newsroom/src/chance.rs only: take the random bytes as a parameter",
    },
    Ban {
        words: &["tokio::", "std::fs", "std::net", "std::process", "std::env", "reqwest::"],
        rooms: PURE,
        but: &[],
        in_tests: false,
        excusable: false,
        remedy: "this room never touches files, network or processes: take bytes and give bytes, and leave the rest to newsroom and lines",
    },
    Ban {
        words: &["rusqlite", "INSERT INTO ", "DELETE FROM ", "SELECT * "],
        rooms: &[],
        but: &["crates/store/", "xtask/"],
        in_tests: false,
        excusable: false,
        remedy: "only store speaks SQL: add what you need to its public functions",
    },
    Ban {
        words: &["axum", "hyper::", "html5ever", "minijinja", "</", "\"<a", "\"<div", "\"<p", "\"<!"],
        rooms: &["newsroom"],
        but: &[],
        in_tests: false,
        excusable: false,
        remedy: "newsroom knows neither HTML nor HTTP: pages are made in press, requests are answered in web",
    },
    Ban {
        words: &["serde::", "Serialize", "Deserialize"],
        rooms: &["news"],
        but: &[],
        in_tests: true,
        excusable: false,
        remedy: "the nouns have no outward form: whoever stores or sends them writes down how they look",
    },
    Ban {
        words: &[".replace(", ".replacen(", ".to_lowercase(", ".to_uppercase(", ".trim("],
        rooms: HOLD_COPY,
        but: &[],
        in_tests: false,
        excusable: true,
        remedy: "agency text is never altered; if this is none, write `// not copy: why` on the line or above it",
    },
    Ban {
        words: &[
            concat!("dbg", "!("),
            concat!("todo", "!("),
            concat!("unimplemented", "!("),
            concat!("#[", "ignore"),
        ],
        rooms: &[],
        but: &[],
        in_tests: true,
        excusable: false,
        remedy: "nothing unfinished and no test asleep on the main branch: finish it, or assert what it does today",
    },
];

/// Words that have no business in any file, code or not.
const BANNED_WORDS: &[(&str, &[&str], &str)] = &[
    (concat!("/wo", "rk/"), &[], "a path of one machine: name it relative to the repository"),
    (concat!("/tmp", "/vb"), &[], "a path of one machine: name it relative to the repository"),
    (
        concat!("golden", ".py"),
        &["xtask/src/suite.rs"],
        "the project speaks of itself alone: leave out what lies beside it",
    ),
    (concat!("sub", "agent"), &[], "the project speaks of itself alone"),
    (
        concat!("issue ", "#"),
        &["CHANGELOG.md"],
        "say what it is about: numbers are dead links to whoever reads this in ten years",
    ),
];

/// Everything that is wrong in one file. `path` is relative to the root.
pub(super) fn scan(path: &str, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        for (word, but, remedy) in BANNED_WORDS {
            if line.contains(word) && !but.contains(&path) {
                faults.push(Fault { place: format!("{path}:{number}"), what: format!("`{word}`: {remedy}") });
            }
        }
    }
    if path.ends_with(".rs") {
        scan_code(path, text, &mut faults);
    }
    faults
}

fn scan_code(path: &str, text: &str, faults: &mut Vec<Fault>) {
    let room = path.strip_prefix("crates/").and_then(|rest| rest.split('/').next()).unwrap_or_default();
    let bans: Vec<&Ban> = BANS
        .iter()
        .filter(|ban| ban.rooms.is_empty() || ban.rooms.contains(&room))
        .filter(|ban| !ban.but.iter().any(|but| path == *but || but.ends_with('/') && path.starts_with(but)))
        .collect();
    let tests = test_lines(path, text);
    // Tokio's `Instant` measures timeouts and is no time of day: the room that waits for the world may have it.
    let timers = room == "lines"
        && text.lines().any(|line| line.starts_with("use tokio::time::") && line.contains("Instant"));
    let mut above = "";
    for (i, line) in text.lines().enumerate() {
        let code = code_of(line);
        for ban in &bans {
            let excused = ban.excusable && (reasoned(line) || reasoned(above));
            if excused || tests[i] && !ban.in_tests {
                continue;
            }
            let excepted = |word: &str| word == "Instant::now" && timers;
            if let Some(word) = ban.words.iter().find(|word| stands_in(code, word) && !excepted(word)) {
                faults.push(Fault {
                    place: format!("{path}:{}", i + 1),
                    what: format!("`{word}`: {}", ban.remedy),
                });
            }
        }
        above = line;
    }
    if tests.len() > LINES_MAX && !LONG.contains(&path) {
        let what = format!(
            "{} lines: part it by ideas, or, if it holds one idea whole, add it to LONG in xtask/src/tidy/sources.rs",
            tests.len()
        );
        faults.push(Fault { place: path.to_owned(), what });
    }
}

/// Whether a line says why it is not about copy.
fn reasoned(line: &str) -> bool {
    line.split_once(NOT_COPY).is_some_and(|(_, why)| !why.trim().is_empty())
}

/// The line without its comment.
fn code_of(line: &str) -> &str {
    let mut from = 0;
    while let Some(at) = line[from..].find("//").map(|at| at + from) {
        // The slashes of an address are none of a comment.
        if !line[..at].ends_with(':') {
            return &line[..at];
        }
        from = at + 2;
    }
    line
}

/// Whether the word stands in the code by itself: `rand::` is not in `operand::`.
fn stands_in(code: &str, word: &str) -> bool {
    let begins_name = word.starts_with(|c: char| c.is_ascii_alphabetic());
    let part_of_name = |at: usize| code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    let mut hits = code.match_indices(word);
    // Tokio's own clock measures timeouts and is no time of day.
    hits.any(|(at, _)| !(begins_name && part_of_name(at) || code[..at].ends_with("tokio::time::")))
}

/// Which lines are tests: all of a file of tests, and in any file what stands under `#[cfg(test)]`.
fn test_lines(path: &str, text: &str) -> Vec<bool> {
    let apart = path.ends_with("/tests.rs")
        || path.split('/').any(|part| ["tests", "examples", "benches"].contains(&part));
    let mut out = Vec::new();
    let mut until: Option<String> = None;
    for line in text.lines() {
        if until.is_none() && line.trim_start().starts_with("#[cfg(test)]") {
            until = Some(line[..line.len() - line.trim_start().len()].to_owned());
        }
        out.push(apart || until.is_some());
        // The formatter puts the end of what is under test where it began.
        let ends = until.as_deref().is_some_and(|indent| {
            line.strip_prefix(indent).is_some_and(|rest| {
                rest.starts_with('}') || rest.ends_with(';') && !rest.starts_with([' ', '\t', '#'])
            })
        });
        if ends {
            until = None;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first words of each fault.
    #[track_caller]
    fn check(path: &str, text: &str, expect: &[&str]) {
        let found: Vec<String> = scan(path, text).iter().map(Fault::to_string).collect();
        assert_eq!(found.len(), expect.len(), "{found:#?}");
        for (found, expect) in found.iter().zip(expect) {
            assert!(found.starts_with(expect), "{found} does not begin with {expect}");
        }
    }

    #[test]
    fn the_clock_is_read_in_one_place() {
        let code = "fn f() {\n    let t = jiff::Timestamp::now();\n}\n";
        check(
            "crates/desk/src/a.rs",
            code,
            &["crates/desk/src/a.rs:2: `Timestamp::now`: the clock is read in"],
        );
        check("crates/newsroom/src/clock.rs", code, &[]);
        check("crates/newsroom/src/clock/far.rs", code, &["crates/newsroom/src/clock/far.rs:2"]);
        check("crates/lines/src/a.rs", "let t = tokio::time::Instant::now();\n", &[]);
        check("crates/lines/src/a.rs", "use tokio::time::{Instant, sleep};\nlet t = Instant::now();\n", &[]);
        check(
            "crates/desk/src/a.rs",
            "use tokio::time::Instant;\nlet t = Instant::now();\n",
            &["crates/desk/src/a.rs:1", "crates/desk/src/a.rs:2"],
        );
        check("crates/lines/src/a.rs", "let t = std::time::Instant::now();\n", &["crates/lines/src/a.rs:1"]);
    }

    #[test]
    fn chance_is_drawn_in_one_place() {
        check(
            "crates/store/src/a.rs",
            "let a = operand::b; rand::random()\n",
            &["crates/store/src/a.rs:1: `rand::`"],
        );
        check("crates/store/src/a.rs", "let a = operand::b;\n", &[]);
        check("crates/newsroom/src/chance.rs", "getrandom::fill(&mut bytes)\n", &[]);
    }

    #[test]
    fn pure_rooms_touch_nothing() {
        for room in PURE {
            let path = format!("crates/{room}/src/lib.rs");
            check(&path, "use std::fs::File;\n", &[&format!("{path}:1: `std::fs`")]);
            check(&path, "tokio::spawn(x);\n", &[&format!("{path}:1: `tokio::`")]);
        }
        check("crates/lines/src/lib.rs", "use std::fs::File;\n", &[]);
    }

    #[test]
    fn only_the_store_speaks_sql_and_only_the_edge_html() {
        check(
            "crates/web/src/a.rs",
            "use rusqlite::Connection;\n",
            &["crates/web/src/a.rs:1: `rusqlite`: only store"],
        );
        check("crates/store/src/a.rs", "use rusqlite::Connection;\n", &[]);
        check(
            "crates/newsroom/src/a.rs",
            "let a = \"<p>\"; use axum::Router;\n",
            &["crates/newsroom/src/a.rs:1: `axum`"],
        );
        check("crates/newsroom/src/a.rs", "out.push_str(\"</p>\");\n", &["crates/newsroom/src/a.rs:1: `</`"]);
        check("crates/press/src/a.rs", "out.push_str(\"</p>\");\n", &[]);
    }

    #[test]
    fn the_nouns_have_no_outward_form() {
        check("crates/news/src/a.rs", "#[derive(Serialize)]\n", &["crates/news/src/a.rs:1: `Serialize`"]);
        check("crates/store/src/a.rs", "#[derive(Serialize)]\n", &[]);
    }

    #[test]
    fn agency_text_is_not_altered_without_a_reason() {
        for word in
            [".replace('a', b)", ".trim()", ".to_lowercase()", ".to_uppercase()", ".replacen(a, b, 1)"]
        {
            for room in HOLD_COPY {
                let path = format!("crates/{room}/src/a.rs");
                check(
                    &path,
                    &format!("x{word};\n"),
                    &[&format!("{path}:1: `{}(`", &word[..word.find('(').unwrap_or(0)])],
                );
                check(&path, &format!("x{word}; // not copy: a header\n"), &[]);
                check(&path, &format!("// not copy: a header\nx{word};\n"), &[]);
                check(&path, &format!("x{word}; // not copy:\n"), &[&format!("{path}:1")]);
            }
        }
        check("crates/wire/src/a.rs", "x.trim();\n", &[]);
    }

    #[test]
    fn nothing_unfinished_stays() {
        for word in BANS[BANS.len() - 1].words {
            check(
                "crates/verbatim/tests/it/a.rs",
                word,
                &[&format!("crates/verbatim/tests/it/a.rs:1: `{word}`")],
            );
        }
    }

    #[test]
    fn tests_and_comments_are_free() {
        let text = "//! std::fs\n/// tokio::x\nfn a() {} // std::net\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}\n";
        check("crates/wire/src/a.rs", text, &[]);
        check("crates/wire/src/a.rs", &format!("{text}use std::fs;\n"), &["crates/wire/src/a.rs:8"]);
        check(
            "crates/wire/src/a.rs",
            "#[cfg(test)]\nmod tests;\nuse std::fs;\n",
            &["crates/wire/src/a.rs:3"],
        );
        check("crates/wire/src/rss/tests.rs", "use std::fs;\n", &[]);
        check("crates/wire/src/a.rs", "let a = \"https://x\"; use std::fs;\n", &["crates/wire/src/a.rs:1"]);
    }

    #[test]
    fn long_files_are_parted() {
        check("crates/wire/src/a.rs", &"\n".repeat(LINES_MAX), &[]);
        check(
            "crates/wire/src/a.rs",
            &"\n".repeat(LINES_MAX + 1),
            &["crates/wire/src/a.rs: 1201 lines: part it"],
        );
    }

    #[test]
    fn the_project_speaks_of_itself_alone() {
        for (word, _, _) in BANNED_WORDS {
            check("docs/a.md", &format!("see {word} there\n"), &[&format!("docs/a.md:1: `{word}`")]);
        }
    }
}
