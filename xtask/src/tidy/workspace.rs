//! Rules about the workspace as a whole.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value as Json;

use super::Fault;

/// Which rooms each room may know. Tests may know more.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("news", &[]),
    ("notary", &[]),
    ("wire", &["news"]),
    ("desk", &["news"]),
    ("store", &["news"]),
    ("lines", &["news"]),
    ("press", &["news", "wire"]),
    ("newsroom", &["news", "notary", "wire", "desk", "store", "lines", "press"]),
    ("web", &["news", "notary", "press", "lines", "newsroom"]),
    ("verbatim", &["news", "notary", "wire", "desk", "store", "lines", "press", "newsroom", "web"]),
    ("sim", &["news", "newsroom"]),
    ("xtask", &["news", "notary", "wire"]),
    ("bench", &["wire"]),
];

/// Packages that are chores and no rooms.
const CHORES: &[&str] = &["xtask", "bench"];

/// Licences that this project can live with.
const LICENCES: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

pub(super) fn check(root: &Path) -> Result<Vec<Fault>, String> {
    let ours = metadata(root, &["--no-deps"])?;
    let all = metadata(root, &["--filter-platform", "x86_64-unknown-linux-gnu"])?;
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap_or_default();
    let rooms = rooms(&ours);
    let manifest = read("Cargo.toml");
    let mut faults = map(&rooms, &read("ARCHITECTURE.md"));
    faults.extend(named_tests(&read("ARCHITECTURE.md"), &sources(root)?));
    faults.extend(edges(&ours));
    faults.extend(licences(&all));
    faults.extend(dependencies(&manifest, &read("DEPENDENCIES.md")));
    faults.extend(unused(&manifest, &ours));
    for room in &rooms {
        let path = format!("crates/{room}/Cargo.toml");
        faults.extend(room_manifest(&path, &read(&path)));
    }
    Ok(faults)
}

/// All the code there is.
fn sources(root: &Path) -> Result<String, String> {
    let paths = super::files(root, root)?;
    let code = paths.iter().filter(|path| path.ends_with(".rs"));
    Ok(code.map(|path| std::fs::read_to_string(root.join(path)).unwrap_or_default()).collect())
}

/// The tests that the table of what is trusted names are there.
fn named_tests(architecture: &str, sources: &str) -> Vec<Fault> {
    let table = architecture.split("## What is trusted").nth(1).unwrap_or_default();
    let table = table.split("\n## ").next().unwrap_or_default();
    let is_test = |name: &&str| {
        name.contains('_') && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let rows = table.lines().filter(|line| line.starts_with('|'));
    let last = rows.filter_map(|row| row.trim_end_matches('|').rsplit('|').next());
    let named: Vec<&str> = last.flat_map(|cell| cell.split('`').skip(1).step_by(2)).filter(is_test).collect();
    if named.is_empty() {
        return vec![fault(
            "ARCHITECTURE.md",
            "the table of what is trusted names no tests: name those that show it",
        )];
    }
    let missing = named.into_iter().filter(|name| !sources.contains(&format!("fn {name}(")));
    missing
        .map(|name| {
            fault(
                "ARCHITECTURE.md",
                format!("there is no test `{name}`: name one that shows what the row says"),
            )
        })
        .collect()
}

/// What cargo says about the workspace.
pub(super) fn metadata(root: &Path, words: &[&str]) -> Result<Json, String> {
    let mut cargo = crate::cargo();
    cargo.current_dir(root).args(["metadata", "--format-version", "1"]).args(words);
    let output = cargo.output().map_err(|fault| format!("cannot run {cargo:?}: {fault}"))?;
    if !output.status.success() {
        return Err(format!("{cargo:?} failed:\n{}", String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|fault| format!("{cargo:?} gave something else than JSON: {fault}"))
}

fn packages(metadata: &Json) -> impl Iterator<Item = &Json> {
    metadata["packages"].as_array().into_iter().flatten()
}

fn name(package: &Json) -> &str {
    package["name"].as_str().unwrap_or_default()
}

/// The rooms: every package of ours but [`CHORES`].
fn rooms(ours: &Json) -> Vec<String> {
    let mut rooms: Vec<String> = packages(ours)
        .map(|package| name(package).to_owned())
        .filter(|name| !CHORES.contains(&name.as_str()))
        .collect();
    rooms.sort();
    rooms
}

fn fault(place: &str, what: impl Into<String>) -> Fault {
    Fault { place: place.to_owned(), what: what.into() }
}

/// Each room has one heading in the code map, and each heading of that kind is a room.
fn map(rooms: &[String], architecture: &str) -> Vec<Fault> {
    let heading =
        |line: &str| Some(line.strip_prefix("### `")?.split_once('`')?.0.trim_end_matches('/').to_owned());
    let named: Vec<String> = architecture.lines().filter_map(heading).collect();
    let mut faults = Vec::new();
    for room in rooms {
        match named.iter().filter(|name| *name == room).count() {
            1 => {}
            0 => faults.push(fault(
                "ARCHITECTURE.md",
                format!("the map does not name `{room}`: add a heading ### `{room}`"),
            )),
            times => faults.push(fault(
                "ARCHITECTURE.md",
                format!("the map names `{room}` {times} times: keep one heading"),
            )),
        }
    }
    for name in named.iter().filter(|name| !rooms.contains(name) && !CHORES.contains(&name.as_str())) {
        faults.push(fault(
            "ARCHITECTURE.md",
            format!("the map names `{name}`, and there is no such crate: take the heading out"),
        ));
    }
    faults
}

/// Who knows whom.
fn edges(ours: &Json) -> Vec<Fault> {
    let known: BTreeSet<&str> = packages(ours).map(name).collect();
    let mut faults = Vec::new();
    for package in packages(ours) {
        let place = format!("{} (Cargo.toml)", name(package));
        let Some((_, may)) = MAY_KNOW.iter().find(|(room, _)| *room == name(package)) else {
            faults.push(fault(
                &place,
                "no rule says whom this crate may know: add it to MAY_KNOW in xtask/src/tidy/workspace.rs",
            ));
            continue;
        };
        let dependencies = package["dependencies"].as_array().into_iter().flatten();
        // What cargo calls no kind is what the room itself is built with.
        for dependency in dependencies.filter(|dependency| dependency["kind"] != "dev") {
            let other = name(dependency);
            if known.contains(other) && !may.contains(&other) {
                let allowed = if may.is_empty() { "no room of ours".to_owned() } else { may.join(", ") };
                let what = format!(
                    "`{other}` is out of reach: this room may know {allowed}; give what is needed as a parameter, or move it to `news`"
                );
                faults.push(fault(&place, what));
            }
        }
    }
    faults
}

/// Every crate that is built into the program, ours or not, has a licence that we can live with.
fn licences(all: &Json) -> Vec<Fault> {
    let refused = packages(all).filter(|package| !allowed(package["license"].as_str().unwrap_or_default()));
    refused
        .map(|package| {
            let licence = package["license"].as_str().unwrap_or("none");
            let what = format!("its licence is {licence}: take another crate, or, if we can live with it, add it to LICENCES in xtask/src/tidy/workspace.rs");
            fault(&format!("crate {} {}", name(package), package["version"].as_str().unwrap_or_default()), what)
        })
        .collect()
}

/// Whether an SPDX expression can be met with licences from the list.
fn allowed(expression: &str) -> bool {
    // Older manifests part alternatives by a slash.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = words.as_slice();
    !words.is_empty() && either(&mut rest) && rest.is_empty()
}

fn either(words: &mut &[&str]) -> bool {
    let mut good = both(words);
    while let ["OR", rest @ ..] = *words {
        *words = rest;
        good |= both(words);
    }
    good
}

fn both(words: &mut &[&str]) -> bool {
    let mut good = one(words);
    while let ["AND", rest @ ..] = *words {
        *words = rest;
        good &= one(words);
    }
    good
}

fn one(words: &mut &[&str]) -> bool {
    match *words {
        ["(", rest @ ..] => {
            *words = rest;
            let good = either(words);
            if let [")", rest @ ..] = *words {
                *words = rest;
            }
            good
        }
        [licence, "WITH", exception, rest @ ..] => {
            *words = rest;
            LICENCES.contains(&format!("{licence} WITH {exception}").as_str())
        }
        [licence, rest @ ..] => {
            *words = rest;
            LICENCES.contains(licence)
        }
        [] => false,
    }
}

/// The names of `[workspace.dependencies]`, without our own rooms.
fn pinned(manifest: &str) -> Vec<&str> {
    let lines = manifest.lines().skip_while(|line| *line != "[workspace.dependencies]").skip(1);
    lines
        .take_while(|line| !line.starts_with('['))
        .filter(|line| !line.starts_with('#') && !line.contains("path = "))
        .filter_map(|line| Some(line.split_once(" = ")?.0))
        .collect()
}

/// DEPENDENCIES.md says in one line why each outside crate is here: a table row or list item that begins with its name.
fn dependencies(manifest: &str, list: &str) -> Vec<Fault> {
    let mut told: BTreeMap<&str, usize> = BTreeMap::new();
    let mut faults = Vec::new();
    for line in list.lines() {
        let Some((name, why)) = line.strip_prefix("- `").and_then(|line| line.split_once('`')) else {
            continue;
        };
        *told.entry(name).or_default() += 1;
        if why.chars().filter(|c| c.is_alphabetic()).count() < 10 {
            faults.push(fault(
                "DEPENDENCIES.md",
                format!("`{name}` is listed without a reason: say what it is for"),
            ));
        }
    }
    let pinned = pinned(manifest);
    for name in &pinned {
        match told.get(name) {
            Some(1) => {}
            Some(_) => faults.push(fault("DEPENDENCIES.md", format!("`{name}` is listed more than once"))),
            None => faults.push(fault(
                "DEPENDENCIES.md",
                format!("`{name}` is not listed: add a line \"- `{name}`: why it is here\""),
            )),
        }
    }
    for name in told.keys().filter(|name| !pinned.contains(name)) {
        faults.push(fault(
            "DEPENDENCIES.md",
            format!("`{name}` is not a dependency (any more): take the line out"),
        ));
    }
    faults
}

/// Every pinned crate is used by somebody.
fn unused(manifest: &str, ours: &Json) -> Vec<Fault> {
    let used: BTreeSet<&str> = packages(ours)
        .flat_map(|package| package["dependencies"].as_array().into_iter().flatten())
        .map(name)
        .collect();
    let idle = pinned(manifest).into_iter().filter(|name| !used.contains(name));
    idle.map(|name| {
        fault("Cargo.toml", format!("no crate uses `{name}`: take it out of [workspace.dependencies]"))
    })
    .collect()
}

/// A room takes versions and lints from the workspace.
fn room_manifest(path: &str, manifest: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut table = "";
    for line in manifest.lines() {
        if line.starts_with('[') {
            table = line;
        } else if table.ends_with("dependencies]") && line.contains('=') && !line.contains("workspace = true")
        {
            faults.push(fault(
                path,
                format!(
                    "`{line}`: versions are pinned in the root Cargo.toml; write `name.workspace = true`"
                ),
            ));
        }
    }
    if !manifest.contains("[lints]\nworkspace = true") {
        faults
            .push(fault(path, "the workspace's lints do not hold here: add [lints] with `workspace = true`"));
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_that_are_named_exist() {
        let table = |test: &str| {
            format!(
                "## What is trusted\n\n| part | shown by |\n|---|---|\n| `a_part` | `{test}`, `cargo xtask x` |\n\n## Next\n| `no_test` |\n"
            )
        };
        assert!(named_tests(&table("it_holds"), "fn it_holds() {}").is_empty());
        assert!(named_tests(&table("it_holds"), "fn it_does_not_hold() {}")[0].what.contains("`it_holds`"));
        assert!(named_tests("## Next", "")[0].what.contains("names no tests"));
    }

    #[track_caller]
    fn check(faults: &[Fault], expect: &[&str]) {
        assert_eq!(faults.len(), expect.len(), "{faults:#?}");
        for (fault, expect) in faults.iter().zip(expect) {
            assert!(fault.to_string().contains(expect), "{fault} does not say {expect}");
        }
    }

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Json {
        let dependencies: Vec<Json> = dependencies
            .iter()
            .map(|(name, kind)| serde_json::json!({ "name": name, "kind": kind }))
            .collect();
        serde_json::json!({ "name": name, "dependencies": dependencies })
    }

    #[test]
    fn the_map_and_the_code_agree() {
        let rooms = ["news".to_owned(), "wire".to_owned()];
        check(&map(&rooms, "### `news`\n### `wire/`\n### `xtask`\n"), &[]);
        check(&map(&rooms, "### `news`\n"), &["does not name `wire`"]);
        check(&map(&rooms, "### `news`\n### `wire`\n### `news`\n"), &["names `news` 2 times"]);
        check(&map(&rooms, "### `news`\n### `wire`\n### `sim`\n"), &["no such crate"]);
    }

    #[test]
    fn rooms_know_whom_they_may() {
        let metadata = |room: &str, other: &str, kind| serde_json::json!({ "packages": [package(room, &[(other, kind), ("serde", None)]), package("news", &[]), package("store", &[]), package("newsroom", &[])] });
        check(&edges(&metadata("wire", "news", None)), &[]);
        check(
            &edges(&metadata("desk", "store", None)),
            &["`store` is out of reach: this room may know news;"],
        );
        check(&edges(&metadata("desk", "store", Some("build"))), &["`store` is out of reach"]);
        check(&edges(&metadata("desk", "store", Some("dev"))), &[]);
        check(&edges(&metadata("notary", "news", None)), &["may know no room of ours"]);
        check(&edges(&metadata("web", "store", None)), &["`store` is out of reach"]);
        check(&edges(&metadata("attic", "news", None)), &["no rule says"]);
    }

    #[test]
    fn licences_are_read_as_spdx_means_them() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "GPL-3.0 OR MIT",
            "(MIT OR GPL-3.0) AND ISC",
            "Apache-2.0 WITH LLVM-exception",
            "Apache-2.0 AND ISC",
        ] {
            assert!(allowed(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR ISC) AND GPL-3.0",
            "MIT WITH Foo",
            "AGPL-3.0 OR GPL-3.0",
            "MIT ISC",
        ] {
            assert!(!allowed(bad), "{bad}");
        }
        let all = serde_json::json!({ "packages": [{ "name": "a", "version": "1.0.0", "license": null }] });
        check(&licences(&all), &["crate a 1.0.0: its licence is none"]);
    }

    const MANIFEST: &str = "[workspace.dependencies]\nnews = { path = \"crates/news\" }\n# why\nserde = \"1\"\nurl = { version = \"2\" }\n\n[profile.dev]\na = 1\n";

    #[test]
    fn every_dependency_has_its_reason() {
        check(&dependencies(MANIFEST, "- `serde`: writes and reads\n- `url`: parses addresses\n"), &[]);
        check(&dependencies(MANIFEST, "- `serde`: writes and reads\n"), &["`url` is not listed"]);
        check(&dependencies(MANIFEST, "- `serde`: x\n- `url`: parses addresses\n"), &["without a reason"]);
        let twice = "- `url`: parses addresses\n- `url`: parses addresses\n- `serde`: writes and reads\n- `rand`: draws numbers\n";
        check(
            &dependencies(MANIFEST, twice),
            &["`url` is listed more than once", "`rand` is not a dependency"],
        );
    }

    #[test]
    fn nothing_is_pinned_that_nobody_uses() {
        let ours = serde_json::json!({ "packages": [package("wire", &[("serde", None)])] });
        check(&unused(MANIFEST, &ours), &["no crate uses `url`"]);
    }

    #[test]
    fn rooms_take_versions_and_lints_from_the_workspace() {
        let good =
            "[package]\nname = \"a\"\n[dependencies]\nnews.workspace = true\n\n[lints]\nworkspace = true\n";
        check(&room_manifest("a", good), &[]);
        check(
            &room_manifest("a", &good.replace("news.workspace = true", "serde = \"1\"")),
            &["`serde = \"1\"`"],
        );
        check(&room_manifest("a", &good.replace("[lints]", "[other]")), &["lints do not hold"]);
    }
}
