//! `cargo xtask fuzz`: libFuzzer before every reader, by coverage, on the stable toolchain. Seeds are the fixtures; what
//! it found worth keeping stays in `target/fuzz/FORMAT` for the next time, what broke a reader in
//! `target/fuzz/found`.

use std::path::{Path, PathBuf};
use std::process::Command;

use notary::Proof;
use notary::note::{Checkpoint, KeyKind, SignerKey};
use notary::witness::AddCheckpoint;

/// Every format's word, and `auto` for recognising it.
const FORMATS: [&str; 16] = [
    "auto",
    "rss",
    "atom",
    "json-feed",
    "newsml-g2",
    "newsml-1",
    "nitf",
    "ninjs",
    "ap-media",
    "dpa-digitalwires",
    "ritzau",
    "iptc7901",
    "anpa1312",
    "zczc",
    "mail",
    "plain",
];

/// The texts of the public log.
const LOG: [&str; 8] = [
    "log-note",
    "log-checkpoint",
    "log-key",
    "log-tile",
    "log-bundle",
    "log-leaf",
    "log-proof",
    "log-request",
];

/// What LLVM is told so that libFuzzer sees which edges were taken and what was compared.
const COVERAGE: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares";

/// What was asked for.
pub(crate) struct Wish<'a> {
    /// Seconds of each format.
    seconds: &'a str,
    /// One format only.
    only: Option<&'a str>,
    /// More seeds: each folder of it that is named like a format, else all files for `auto`.
    seeds: Option<&'a str>,
}

impl<'a> Wish<'a> {
    pub(crate) fn of(words: &[&'a str]) -> Option<Self> {
        let mut wish = Wish { seconds: "60", only: None, seeds: None };
        let mut rest = words;
        while let [name, value, more @ ..] = rest {
            match *name {
                "--seconds" if value.parse::<u32>().is_ok() => wish.seconds = value,
                "--only" if FORMATS.contains(value) || LOG.contains(value) => wish.only = Some(value),
                "--seeds" => wish.seeds = Some(value),
                _ => return None,
            }
            rest = more;
        }
        rest.is_empty().then_some(wish)
    }
}

pub(crate) fn run(root: &Path, wish: &Wish<'_>) -> Result<(), String> {
    let target = host()?;
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--manifest-path",
            "fuzz/Cargo.toml",
            "--target-dir",
            "target/fuzz/build",
        ])
        .args(["--target", &target])
        .env("RUSTFLAGS", COVERAGE)
        .current_dir(root)
        .status()
        .map_err(|error| format!("starting cargo: {error}"))?;
    if !built.success() {
        return Err("the fuzzer did not build; a C++ compiler is needed for libFuzzer".to_owned());
    }
    let programs = root.join("target/fuzz/build").join(&target).join("release");
    let found = root.join("target/fuzz/found");
    make(&found)?;
    let mut broken = Vec::new();
    for format in FORMATS.iter().chain(&LOG).filter(|format| wish.only.is_none_or(|only| only == **format)) {
        let kept = root.join("target/fuzz").join(format);
        make(&kept)?;
        let of_log = LOG.contains(format);
        let program = programs.join(if of_log { "prove" } else { "read" });
        if of_log {
            for (n, seed) in seeds(format).iter().enumerate() {
                let path = kept.join(format!("seed-{n}"));
                std::fs::write(&path, seed)
                    .map_err(|error| format!("writing {}: {error}", path.display()))?;
            }
        }
        let mut folders = vec![kept];
        if of_log {
            // Its seeds are made.
        } else if *format == "auto" {
            folders.push(root.join("fixtures/wire"));
        } else {
            folders.push(root.join("fixtures/wire").join(format));
        }
        folders.extend(wish.seeds.map(|seeds| PathBuf::from(seeds).join(format)));
        folders.retain(|folder| folder.is_dir());
        let status = Command::new(&program)
            .args(&folders)
            .arg(format!("-max_total_time={}", wish.seconds))
            .args([
                "-timeout=10",
                "-rss_limit_mb=2048",
                "-max_len=65536",
                "-print_final_stats=1",
                "-verbosity=0",
            ])
            .arg(format!("-artifact_prefix={}/{format}-", found.display()))
            .env("VERBATIM_FORMAT", format)
            .status()
            .map_err(|error| format!("starting {}: {error}", program.display()))?;
        println!("{} {format}", if status.success() { "ok    " } else { "BROKEN" });
        if !status.success() {
            broken.push(*format);
        }
    }
    match broken.as_slice() {
        [] => Ok(()),
        broken => Err(format!("what broke {} lies in {}", broken.join(", "), found.display())),
    }
}

/// What a text of the log looks like, to begin with.
fn seeds(format: &str) -> Vec<String> {
    let key = SignerKey::new("log.example/log/0", KeyKind::Log, &[5; 32]);
    let Ok(key) = key else { return Vec::new() };
    let leaf = "verbatim-leaf/1\nact publish\nitem 00000000000000000000000001\nversion 1\nprev -\nfeed world\n\
                received 2026-03-02T12:00:00Z\npublished 2026-03-02T12:00:00.25Z\nreview unreviewed\nlabel -\n\
                reason -\ncommit -\n";
    let mut edge = notary::tree::Edge::default();
    edge.push(notary::leaf_hash(leaf.as_bytes()));
    let state = Checkpoint { origin: key.verifier().name().to_owned(), size: 1, root: edge.root() };
    let note = state.sign(&[&key], 0).to_string();
    let proof = Proof { extra: Some(leaf.into()), index: 0, path: vec![], checkpoint: note.clone() };
    match format {
        "log-note" => vec![note],
        "log-checkpoint" => vec![state.encode()],
        "log-key" => vec![key.to_text(), key.verifier().to_string()],
        "log-tile" => vec!["tile/0/x001/x234/067.p/12".to_owned(), "tile/entries/000".to_owned()],
        "log-bundle" => vec![format!("\0\u{1}a\0\u{2}bc")],
        "log-leaf" => vec![leaf.to_owned(), "copy 00\nuri urn:x:1\n".to_owned()],
        "log-proof" => vec![proof.encode()],
        _ => vec![AddCheckpoint { old: 0, path: vec![[7; 32]], checkpoint: note }.encode()],
    }
}

fn make(folder: &Path) -> Result<(), String> {
    std::fs::create_dir_all(folder).map_err(|error| format!("making {}: {error}", folder.display()))
}

/// The machine that cargo builds for when nobody says: only what is built for it by name is instrumented, so that build
/// scripts are not.
fn host() -> Result<String, String> {
    let told =
        Command::new("rustc").arg("-vV").output().map_err(|error| format!("starting rustc: {error}"))?;
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let line = told.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| "rustc -vV names no host".to_owned())
}
