//! The newsroom keeps its promises through histories from seeds.

use sim::{Event, Fate, Feed, Manner, Says, Switch, Transmission, Wire, invent, play};

/// How many histories are played here, with every check of a build for tests; `cargo xtask sim` plays a thousand, and
/// `cargo xtask test` asks it to.
const HISTORIES: u64 = 40;
/// They are played in so many tests, each with seeds of its own.
const PARTS: u64 = 4;

fn part(n: u64) {
    for seed in (0..HISTORIES).filter(|seed| seed % PARTS == n) {
        if let Err(story) = play(seed, &invent(seed)) {
            panic!("seed {seed}:\n{story}");
        }
    }
}

#[test]
fn no_history_breaks_a_promise() {
    part(0);
}

#[test]
fn no_other_history_breaks_one() {
    part(1);
}

#[test]
fn nor_does_a_third() {
    part(2);
}

#[test]
fn nor_does_a_fourth() {
    part(3);
}

/// What histories found once, and is not to come back.
#[track_caller]
fn keeps(events: &[Event]) {
    if let Err(story) = play(1, events) {
        panic!("\n{story}");
    }
}

fn wire(item: u32, version: u32) -> Wire {
    Wire {
        item,
        version,
        words: 10 * item + version,
        says: Says::Usable,
        embargo: None,
        expires: None,
        claimed: 0,
    }
}

fn comes(wire: Wire) -> Event {
    Event::Arrive(vec![Transmission { feed: Feed::World, wires: vec![wire] }])
}

#[test]
fn a_kill_whose_confirmations_were_lost_is_confirmed_at_the_next_start() {
    for writes in 0..10 {
        for fate in [Fate::Fails, Fate::FailsAfter] {
            let kill = Event::Order(Switch::Kill(0));
            keeps(&[comes(wire(0, 1)), Event::Rest, kill, Event::Fault(writes, fate), Event::Rest]);
            let kill = comes(Wire { says: Says::Canceled, ..wire(0, 2) });
            keeps(&[comes(wire(0, 1)), Event::Rest, Event::Fault(writes, fate), kill, Event::Rest]);
        }
    }
}

#[test]
fn a_seed_tells_the_same_history_each_time() {
    assert_eq!(invent(7), invent(7));
    assert_ne!(invent(7), invent(8));
}

#[test]
fn outputs_that_lie_or_are_silent_are_asked_until_they_have_told_the_truth() {
    let kill = || Event::Order(Switch::Kill(0));
    for trouble in [Event::Lie(3), Event::Silence(120), Event::Lie(1)] {
        keeps(&[comes(wire(0, 1)), Event::Rest, trouble.clone(), kill(), Event::Rest, Event::Pass(360)]);
        keeps(&[comes(wire(0, 1)), Event::Rest, trouble.clone(), kill(), Event::Rest, Event::Restart]);
        let withheld = Wire { says: Says::Withheld, ..wire(0, 2) };
        keeps(&[
            comes(wire(0, 1)),
            Event::Rest,
            trouble.clone(),
            comes(withheld),
            Event::Rest,
            comes(wire(0, 3)),
        ]);
        let expires = Wire { expires: Some(5), ..wire(0, 1) };
        keeps(&[comes(expires), Event::Rest, trouble, Event::Pass(360), Event::Crash]);
    }
}

/// From six hours down to a kill first, in the present state, and never the old version after it: for both outlets.
#[test]
fn an_outlet_that_was_down_for_six_hours_gets_its_kill_first() {
    for which in [0, 1] {
        for end in [Event::Restart, Event::Crash, Event::Rest] {
            let down = Event::Outlet(which, Manner::Down(6 * 3_600));
            let kill = comes(Wire { says: Says::Canceled, ..wire(0, 2) });
            let news = comes(wire(1, 1));
            keeps(&[
                comes(wire(0, 1)),
                Event::Rest,
                down,
                news,
                kill,
                end,
                Event::Pass(6 * 3_600),
                Event::Rest,
            ]);
        }
    }
}

#[test]
fn whatever_an_outlet_does_with_a_call_the_kill_is_its_last_word() {
    for manner in [Manner::Slow(1), Manner::Slow(2), Manner::Lies(1), Manner::Breaks(1)] {
        for end in [Event::Work(1), Event::Rest, Event::Crash, Event::Restart] {
            let trouble = Event::Outlet(0, manner);
            keeps(&[
                trouble.clone(),
                comes(wire(0, 1)),
                end.clone(),
                Event::Order(Switch::Kill(0)),
                Event::Rest,
            ]);
            let second = Event::Order(Switch::Kill(0));
            keeps(&[
                comes(wire(0, 1)),
                Event::Rest,
                trouble,
                comes(wire(0, 2)),
                end,
                second,
                Event::Pass(60),
            ]);
        }
    }
}

#[test]
fn an_outlet_is_told_of_a_kill_for_which_there_is_no_space() {
    let kill = Event::Order(Switch::Kill(0));
    keeps(&[comes(wire(0, 1)), Event::Rest, Event::Fill(30), kill, Event::Work(3), Event::Pass(60)]);
}

#[test]
fn a_story_that_comes_to_a_further_site_is_told_there() {
    let on = |feed| Event::Arrive(vec![Transmission { feed, wires: vec![wire(1, 1)] }]);
    keeps(&[on(Feed::Sport), Event::Rest, on(Feed::World), Event::Rest]);
}

#[test]
fn a_call_of_two_runs_ago_is_followed_by_the_kill_again() {
    let kill = comes(Wire { says: Says::Canceled, ..wire(0, 2) });
    for end in [Event::Restart, Event::Crash] {
        let slow = Event::Outlet(0, Manner::Slow(1));
        keeps(&[comes(wire(0, 1)), slow, Event::Restart, end, kill.clone(), Event::Rest]);
    }
}
