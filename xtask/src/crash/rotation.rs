//! `verbatim key rotate`, killed at the calls by which it changes files: whatever was done by then, the site starts, every
//! story is proved, a watcher who knew the old key believes what follows, and the next rotation goes through.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use super::house::{House, copy_store};
use super::ledger::Ledger;
use super::syscalls::{CALLS, push, until_shown, url_of};
use super::wire::Story;

type Outcome = Result<(), String>;

/// What the watcher remembers.
const WATCHED: &str = "watched";
/// Cuts it off at every `step`th call, with a story of `stories` before it, after it, and after the next. Returns how many
/// calls that were.
pub(super) fn run(program: &Path, step: usize, stories: &[Story; 3]) -> Result<usize, String> {
    let said = |error: std::io::Error| error.to_string();
    let mut house = House::new(program).map_err(said)?;
    let [before, after, last] = stories;
    house.start().map_err(said)?;
    let first = publish(&mut house, before)?;
    watch(&house)?;
    house.stop().map_err(said)?;
    let (base, store, remembered) = (house.file("base"), house.store(), house.file(WATCHED));
    copy_store(&house.store(), &base).map_err(said)?;
    let watched = house.file("watched-before");
    std::fs::copy(&remembered, &watched).map_err(said)?;
    let begin = || -> std::io::Result<()> {
        std::fs::copy(&watched, &remembered)?;
        std::fs::remove_dir_all(&store)?;
        std::fs::remove_dir_all(store.with_extension("last-checkpoint"))?;
        copy_store(&base, &store)
    };
    let calls = calls_of(&house, program)?;
    // The last ones put the new key in its place.
    let cut: Vec<&(String, u32)> = calls.iter().rev().step_by(step).collect();
    for (call, n) in &cut {
        begin().map_err(said)?;
        rotate_until(&house, program, call, *n)?;
        let at = |what| move |why: String| format!("cut off at {call} number {n}: {what}: {why}");
        house.start().map_err(said).map_err(at("the next start"))?;
        let second = publish(&mut house, after).map_err(at("a story after it"))?;
        watch(&house).map_err(at("the watcher"))?;
        house.stop().map_err(said)?;
        let again = house.cli(&["key", "rotate"]).map_err(said)?;
        if !again.status.success() {
            return Err(at("the next rotation")(String::from_utf8_lossy(&again.stderr).into_owned()));
        }
        house.start().map_err(said).map_err(at("the start after the next rotation"))?;
        let third = publish(&mut house, last).map_err(at("a story after the next rotation"))?;
        watch(&house).map_err(at("the watcher, later"))?;
        for url in [&first, &second, &third] {
            told(&house, &["verify", url]).map_err(at("a proof"))?;
        }
        house.stop().map_err(said)?;
    }
    Ok(cut.len())
}

/// A rotation under strace, with these words for it. Returns its exit code, none if it was killed.
fn rotate(house: &House, program: &Path, words: &[&str]) -> Result<Option<i32>, String> {
    let mut strace = Command::new("strace");
    strace.current_dir(house.file("")).arg("-qq").args(words).arg(program).args(["key", "rotate"]);
    let ended = strace.output().map_err(|error| format!("{strace:?}: {error}"))?;
    match ended.status.code() {
        // The tracer ends by the signal that ended what it traced.
        code @ (Some(0) | None) => Ok(code),
        Some(code) => Err(format!("exit code {code}: {}", String::from_utf8_lossy(&ended.stderr))),
    }
}

/// The calls by which a rotation changes files, in order, each with which one of its kind it is.
fn calls_of(house: &House, program: &Path) -> Result<Vec<(String, u32)>, String> {
    let trace = house.file("calls");
    rotate(house, program, &["-o", &trace.display().to_string(), "-e", &format!("trace={CALLS}")])?;
    let text = std::fs::read_to_string(&trace).map_err(|error| error.to_string())?;
    let mut counts: HashMap<&str, u32> = HashMap::new();
    let calls = text.lines().filter_map(|line| line.split_once('(')).map(|(call, _)| {
        let n = counts.entry(call).or_default();
        *n += 1;
        (call.to_owned(), *n)
    });
    Ok(calls.collect())
}

/// A rotation that is killed at the `n`th of these calls.
fn rotate_until(house: &House, program: &Path, call: &str, n: u32) -> Outcome {
    let trace = format!("trace={call}");
    let inject = format!("inject={call}:signal=KILL:when={n}");
    match rotate(house, program, &["-o", "/dev/null", "-e", &trace, "-e", &inject])? {
        None => Ok(()),
        Some(_) => Err(format!("it ends before its {call} number {n}")),
    }
}

/// The address of a story that was pushed and went live.
fn publish(house: &mut House, story: &Story) -> Result<String, String> {
    if !push(house, std::slice::from_ref(story), &Ledger::default()) || !until_shown(house, story) {
        return Err(format!("{} does not go live", story.uri));
    }
    let path = url_of(house, &story.uri).ok_or("a live story has no address")?;
    Ok(format!("http://127.0.0.1:{}{path}", house.site))
}

fn watch(house: &House) -> Outcome {
    told(house, &["monitor", &format!("http://127.0.0.1:{}", house.site), "--once", "--state", WATCHED])
}

/// Runs a command that must end well.
fn told(house: &House, words: &[&str]) -> Outcome {
    let said = house.cli(words).map_err(|error| error.to_string())?;
    if said.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
    Err(format!("verbatim {}: {text}", words.join(" ")))
}
