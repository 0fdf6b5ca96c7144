//! Whatever comes in whatever order, some things never happen.

use news::{Act, Change};
use proptest::prelude::*;

use super::*;
use crate::{Known, next_due};

/// Something that happens to an item.
#[derive(Clone, Debug)]
enum Event {
    Arrives(Box<Version>, Policy),
    Falls(Relation, Option<i64>),
    Suspends,
    Told(Command),
    Ticks(bool),
    /// The clock moves, also back.
    Passes(i64),
}

fn versions() -> impl Strategy<Value = Version> {
    let kind = prop_oneof![
        (1..5u64, 0..4u8).prop_map(|(number, words)| numbered(number, &format!("words {words}"))),
        (0..4u8).prop_map(|words| unnumbered(&format!("words {words}"))),
        (0..120i64, 0..4u8).prop_map(|(minutes, words)| timed(minutes, &format!("words {words}"))),
    ];
    let dated = prop_oneof![4 => (-60..120i64).prop_map(Some), 1 => Just(None), 1 => Just(Some(-3_000))];
    let status = prop_oneof![
        8 => Just(PubStatus::Usable),
        1 => Just(PubStatus::Withheld),
        1 => Just(PubStatus::Canceled),
        1 => Just(PubStatus::Unknown("odd".to_owned())),
    ];
    let terms = (
        prop_oneof![4 => Just(None), 2 => (0..120i64).prop_map(|m| Some(Embargo::Until(at(m)))), 1 => Just(Some(Embargo::Indefinite))],
        prop_oneof![4 => Just(None), 1 => (0..200i64).prop_map(|m| Some(at(m)))],
    );
    let mark = prop_oneof![
        8 => Just(""),
        1 => Just("KILL KILL KILL"),
        1 => Just("This is a test"),
        1 => Just("Sperrfrist 19 Uhr"),
    ];
    let doubt = prop_oneof![8 => Just(None), 1 => Just(Some(Gravity::Hold)), 1 => Just(Some(Gravity::Lost))];
    let severity = prop_oneof![
        8 => Just(Severity::Informs),
        1 => Just(Severity::NotForPublication),
        1 => Just(Severity::Holds),
        1 => Just(Severity::Withholds),
        1 => Just(Severity::Kills),
    ];
    (kind, dated, status, terms, mark, doubt, (severity, any::<bool>())).prop_map(
        |(version, dated, claimed, (embargo, expires), mark, doubt, (severity, from_text))| {
            let mut version = status_of(version, claimed);
            version = match dated {
                Some(minutes) => made(version, minutes),
                None => undated(version),
            };
            version.embargo = embargo;
            version.expires = expires;
            if !mark.is_empty() {
                version = noted(version, mark);
            }
            if let Some(gravity) = doubt {
                version = complaint(version, gravity);
            }
            signal(version, "x", severity, from_text)
        },
    )
}

fn status_of(version: Version, claimed: PubStatus) -> Version {
    status(version, claimed)
}

fn policies() -> impl Strategy<Value = Policy> {
    (any::<(bool, bool)>(), prop::bool::weighted(0.1), prop::option::weighted(0.2, 1..400i64)).prop_map(
        |((exempt, first_contact), hold_all, days)| Policy {
            exempt,
            first_contact: first_contact && !exempt,
            hold_all,
            expire_after: days.map(SignedDuration::from_mins),
            ..Policy::default()
        },
    )
}

fn commands() -> impl Strategy<Value = Command> {
    let n = prop::option::of(1..6u32);
    prop_oneof![
        1 => Just(Command::Kill { reason: "asked for".to_owned() }),
        2 => Just(Command::Hold),
        3 => n.clone().prop_map(|n| Command::Release { n }),
        1 => n.prop_map(|n| Command::Spike { n }),
    ]
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let relation = prop_oneof![Just(Relation::Kills), Just(Relation::Withholds)];
    let event = prop_oneof![
        10 => (versions(), policies()).prop_map(|(version, policy)| Event::Arrives(Box::new(version), policy)),
        1 => (relation, prop::option::of(0..120i64)).prop_map(|(relation, when)| Event::Falls(relation, when)),
        1 => Just(Event::Suspends),
        4 => commands().prop_map(Event::Told),
        4 => any::<bool>().prop_map(Event::Ticks),
        4 => (-60..120i64).prop_map(Event::Passes),
    ];
    prop::collection::vec(event, 1..40)
}

/// What follows from an event, if anything; asked twice, to see that the answer is the same.
fn follows(story: &Story, event: &Event, now: Timestamp) -> Option<Decision> {
    let ask = || match event {
        Event::Arrives(version, policy) => Some(decide(story, version, policy, &Sight::default(), now)),
        Event::Falls(relation, when) => Some(fall(story, *relation, when.map(at), now)),
        Event::Suspends => Some(suspend(story, "headline", now)),
        Event::Told(command) => operate(story, command, now).ok(),
        Event::Ticks(on_hold) => {
            if *on_hold {
                tick_on_hold(story, now)
            } else {
                tick(story, now)
            }
        }
        Event::Passes(_) => None,
    };
    let answer = ask();
    assert_eq!(answer, ask(), "the same question has one answer");
    answer
}

/// What must hold of every decision, whatever the story.
fn decision_is_sound(before: &Story, decision: &Decision, event: &Event, now: Timestamp) {
    let ruling = &decision.ruling;
    assert!(!ruling.reasons.is_empty(), "a ruling has a reason");
    assert!(ruling.reasons.iter().all(|reason| crate::code::from_word(reason.code).is_some()));
    let item = decision.changes.iter().rev().find_map(|change| match change {
        Change::Item(standing) => Some(*standing),
        Change::Version(..) => None,
    });
    let goes_live = matches!(item, Some(ItemStanding::Live(_)));
    match ruling.act {
        Act::Ignore => assert_eq!(item, None, "ignoring never changes the item"),
        Act::Publish | Act::Update => assert!(goes_live),
        Act::Hold | Act::Kill => assert!(!goes_live),
    }
    assert_eq!(
        ruling.act == Act::Update,
        goes_live && before.live().is_some(),
        "an update replaces what is live"
    );
    assert_eq!(ruling.act == Act::Kill, item == Some(ItemStanding::Killed));
    let off = before.live().is_some() && item.is_some() && !goes_live;
    assert_eq!(ruling.recall, off, "a recall is said exactly when something live goes off");
    let mut named: Vec<u32> = decision.changes.iter().filter_map(version_of).collect();
    named.sort_unstable();
    assert!(named.windows(2).all(|pair| pair[0] < pair[1]), "a version changes once");
    assert!(named.iter().all(|n| before.version(*n).is_some() || decision.n == Some(*n)));
    assert!(decision.n.is_none_or(|n| named.contains(&n)), "what is added stands somewhere");
    if let Event::Arrives(version, policy) = event
        && goes_live
    {
        assert!(!policy.hold_all, "nothing goes live while everything is held");
        assert_eq!(version.status, PubStatus::Usable);
        assert_ne!(version.embargo, Some(Embargo::Indefinite));
        assert!(!matches!(version.embargo, Some(Embargo::Until(instant)) if instant > now));
        assert!(version.complaints.is_empty());
    }
    if before.standing == ItemStanding::Killed && item.is_some() {
        assert!(
            matches!(event, Event::Told(Command::Release { n: Some(_) })),
            "only a person brings back what was killed"
        );
    }
}

fn version_of(change: &Change) -> Option<u32> {
    match change {
        Change::Version(n, _) => Some(*n),
        Change::Item(_) => None,
    }
}

/// What must hold of every story.
fn story_is_sound(story: &Story, now: Timestamp) {
    let live: Vec<&Known> =
        story.known.iter().filter(|known| known.standing == VersionStanding::Live).collect();
    match story.standing {
        ItemStanding::Live(n) => assert_eq!(live.iter().map(|known| known.n).collect::<Vec<_>>(), [n]),
        _ => assert!(live.is_empty(), "nothing is live of an item that is not"),
    }
    assert!(
        story.known.iter().enumerate().all(|(i, known)| known.n as usize == i + 1),
        "ordinals have no gaps"
    );
    assert!(story.known.iter().all(|known| !known.reason.is_empty()));
    let waiting =
        story.known.iter().filter(|known| matches!(known.standing, VersionStanding::Waiting(_))).count();
    match story.standing {
        ItemStanding::Killed | ItemStanding::Live(_) => {
            assert_eq!(waiting, 0, "nothing waits behind what is live or killed")
        }
        _ => assert!(waiting <= 1, "one version waits at most"),
    }
    let mut settled = story.clone();
    for _ in 0..8 {
        let Some(decision) = tick(&settled, now) else { break };
        settled.apply(&decision, None, now);
    }
    assert_eq!(tick(&settled, now), None, "the clock comes to rest");
    assert!(next_due(&settled).is_none_or(|due| due > now), "what is due is done");
}

/// When a version goes live, its embargo is over.
fn nothing_leaks(story: &Story, decision: &Decision, now: Timestamp) {
    if !decision.changes.iter().any(|change| matches!(change, Change::Item(ItemStanding::Live(_)))) {
        return;
    }
    let live = story.live().expect("the item is live");
    assert!(
        !matches!(live.embargo, Some(Embargo::Until(instant)) if instant > now),
        "embargoed until {:?}",
        live.embargo
    );
    assert!(live.expires.is_none_or(|end| end > now), "licensed until {:?}", live.expires);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_history_breaks_a_promise(events in events()) {
        let mut story = Story::default();
        let mut now = noon();
        for event in &events {
            if let Event::Passes(minutes) = event {
                now += SignedDuration::from_mins(*minutes);
            }
            let Some(decision) = follows(&story, event, now) else { continue };
            decision_is_sound(&story, &decision, event, now);
            let version = match event {
                Event::Arrives(version, _) => Some(&**version),
                _ => None,
            };
            story.apply(&decision, version, now);
            story_is_sound(&story, now);
            nothing_leaks(&story, &decision, now);
        }
    }

    #[test]
    fn the_same_delivery_twice_settles(version in versions(), policy in policies()) {
        let mut story = Story::default();
        let decision = decide(&story, &version, &policy, &Sight::default(), noon());
        story.apply(&decision, Some(&version), noon());
        let settled = decide(&story, &version, &policy, &Sight::default(), noon());
        prop_assert_eq!(settled.ruling.act, Act::Ignore);
        prop_assert!(settled.changes.is_empty() && settled.n.is_none() && settled.terms.is_none(), "{:?}", settled);
    }
}
