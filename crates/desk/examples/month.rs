//! What deciding costs with every safety rule on, and how much of an ordinary month of ten feeds is held.
//!
//! `cargo run --release -p desk --example month`: a month of ten feeds, each version decided about once, then the time
//! for the decisions alone (the versions are made beforehand), and every hold by its first reason.

#![allow(clippy::print_stdout, reason = "a program for the terminal")]
#![allow(dead_code, reason = "what is invented is shared with the tests")]

use std::collections::{BTreeMap, HashMap};

use desk::safety::{Arrived, Key, Profile, Rules, Watch};
use desk::{Policy, Sight, Story, decide};
use news::{Act, FeedId, ItemKey};

#[path = "../src/safety/invented.rs"]
mod invented;

/// Nanoseconds that this thread has worked: what others do on the machine is not counted.
fn worked() -> u64 {
    let spent = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    spent.tv_sec as u64 * 1_000_000_000 + spent.tv_nsec as u64
}

fn main() {
    let mut rules = Rules::default();
    rules.watch_for(["takeover bid", "bankruptcy", "profit warning"]);
    let policy = Policy { rules: rules.clone().into(), ..Policy::default() };
    let (key, mut watch) = (Key::new([7; 16]), Watch::new(100_000));
    let (mut items, mut words, mut held) = (0u32, 0usize, BTreeMap::<&str, u32>::new());
    let (mut costs, mut bare): (Vec<u64>, u64) = (Vec::new(), 0);
    for feed in 0..10 {
        let id = FeedId::from(format!("feed-{feed}").as_str());
        let mut stories: HashMap<String, Story> = HashMap::new();
        for (now, version) in invented::month(feed, 3, 30, &mut invented::Chance::new(feed)) {
            let item = ItemKey { agency: "agx".into(), uri: version.uri.clone() };
            let story = stories.entry(version.uri.clone()).or_default();
            let begun = worked();
            let without = decide(story, &version, &policy, &Sight::default(), now);
            bare += worked() - begun;
            std::hint::black_box(without);
            let begun = worked();
            let profile = Profile::of(&version, &key);
            let arrived = Arrived {
                feed: &id,
                key: &item,
                version: &version,
                profile: &profile,
                sender: "ninjs push",
                peer: "",
                at: now,
            };
            let around = watch.look(&arrived, &rules, now);
            let sight = Sight { profile: Some(&profile), around: &around, orders: None };
            let decision = decide(story, &version, &policy, &sight, now);
            let codes: Vec<&str> = decision.ruling.reasons.iter().map(|reason| reason.code).collect();
            watch.record(&arrived, decision.ruling.act, &codes, story.known.is_empty(), &rules);
            costs.push(worked() - begun);
            items += 1;
            words += version.copy.body().map(|block| block.text().split(' ').count()).sum::<usize>();
            if decision.ruling.act == Act::Hold {
                *held.entry(decision.ruling.reasons[0].code).or_default() += 1;
            }
            story.apply(&decision, Some(&version), now);
        }
    }
    costs.sort_unstable();
    let micros = |nanos: u64| nanos as f64 / 1_000.0;
    let at = |share: usize| micros(costs[(costs.len() - 1) * share / 100]);
    let all: u32 = held.values().sum();
    println!("{items} versions, {} words each on average", words / items as usize);
    println!(
        "deciding with every rule on: {:.1} µs on average, {:.1} µs at the median, {:.1} µs at 99 %",
        micros(costs.iter().sum::<u64>() / u64::from(items)),
        at(50),
        at(99)
    );
    println!(
        "of that without what looks beyond one story: {:.1} µs on average",
        micros(bare / u64::from(items))
    );
    println!("held: {all}, {:.3} %: {held:?}", 100.0 * f64::from(all) / f64::from(items));
}
