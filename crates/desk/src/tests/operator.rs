//! What the operator may do.

use super::*;

fn kill() -> Command {
    Command::Kill { reason: "the source asked for it".to_owned() }
}

fn release(n: u32) -> Command {
    Command::Release { n: Some(n) }
}

fn spike(n: u32) -> Command {
    Command::Spike { n: Some(n) }
}

const RELEASE: Command = Command::Release { n: None };
const SPIKE: Command = Command::Spike { n: None };

#[test]
fn the_operator_kills_what_is_live_held_or_waiting() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .told_to(kill(), "kill: operator-kill, recall")
        .stands("killed: 1 killed")
        .told_to(kill(), "ignore: already-killed")
        .arrives(&numbered(2, "b"), "hold: kill-sticky, alarm");
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .told_to(kill(), "kill: operator-kill")
        .clock(60)
        .ticks(None);
    Room::new()
        .told_to(kill(), "kill: killed-unseen")
        .arrives(&numbered(1, "a"), "hold: killed-before-arrival");
}

#[test]
fn the_operators_kill_reaches_an_expired_item() {
    Room::new()
        .arrives(&expires(numbered(1, "a"), 5), "publish: new")
        .clock(5)
        .ticks(Some("hold: expired, recall"))
        .told_to(kill(), "kill: operator-kill")
        .stands("killed: 1 killed");
}

#[test]
fn the_operators_hold_recalls_what_is_live_and_holds_what_follows() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .told_to(Command::Hold, "hold: operator-hold, recall")
        .stands("withheld: 1 recalled")
        .told_to(Command::Hold, "ignore: already-so")
        .arrives(&numbered(1, "a"), "ignore: redelivery")
        .arrives(&numbered(2, "b"), "hold: operator-hold")
        .stands("withheld: 1 recalled, 2 held")
        .told_to(RELEASE, "publish: released")
        .stands("live(2): 1 superseded, 2 live")
        .arrives(&numbered(3, "c"), "update: update");
}

#[test]
fn the_operators_hold_stops_an_embargo_and_its_release_sets_it_again() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .told_to(Command::Hold, "hold: operator-hold")
        .stands("unpublished: 1 held")
        .clock(30)
        .told_to(RELEASE, "hold: released, until +60")
        .stands("unpublished: 1 waiting +60")
        .clock(60)
        .ticks(Some("publish: embargo-lifted"));
}

#[test]
fn a_held_item_can_be_put_on_hold_so_that_later_versions_wait_too() {
    Room::new()
        .arrives(&complaint(numbered(1, "a"), Gravity::Hold), "hold: unreadable, alarm")
        .told_to(Command::Hold, "hold: operator-hold")
        .arrives(&numbered(2, "b"), "hold: operator-hold")
        .told_to(RELEASE, "publish: released")
        .stands("live(2): 1 ignored, 2 live");
}

#[test]
fn there_is_nothing_to_hold_of_a_killed_unseen_or_expired_item() {
    Room::new().refuses(Command::Hold, RefuseCommandError::Unseen);
    Room::new()
        .falls(Relation::Kills, None, "kill: killed-unseen")
        .refuses(Command::Hold, RefuseCommandError::Killed);
    Room::new()
        .arrives(&expires(numbered(1, "a"), 0), "ignore: expired")
        .refuses(Command::Hold, RefuseCommandError::NothingHeld { standing: ItemStanding::Unpublished });
}

#[test]
fn a_held_version_is_released_as_publication_or_update() {
    Room::new()
        .arrives(&complaint(numbered(1, "a"), Gravity::Hold), "hold: unreadable, alarm")
        .told_to(RELEASE, "publish: released")
        .stands("live(1): 1 live")
        .told_to(RELEASE, "ignore: already-so")
        .told_to(release(1), "ignore: already-so");
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&complaint(numbered(2, "b"), Gravity::Hold), "hold: unreadable, alarm")
        .told_to(release(2), "update: released")
        .stands("live(2): 1 superseded, 2 live");
}

#[test]
fn what_was_released_is_not_held_again_for_the_same_words() {
    let words = noted(numbered(1, "a"), "Please withdraw your deposits, the bank said");
    Room::new()
        .arrives(&words, "hold: kill-text, alarm")
        .told_to(RELEASE, "publish: released")
        .arrives(&words, "ignore: redelivery")
        .stands("live(1): 1 live");
    let notice = indefinite(numbered(1, "a"));
    Room::new()
        .arrives(&notice, "hold: embargo-indefinite")
        .told_to(RELEASE, "publish: released")
        .arrives(&notice, "ignore: redelivery")
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, recall, until +60");
}

#[test]
fn a_release_after_words_that_killed_brings_back_the_story_and_not_the_notice() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&noted(numbered(2, "b"), "KILL KILL KILL"), "hold: kill-text, recall, alarm")
        .told_to(RELEASE, "publish: released")
        .stands("live(1): 1 live, 2 held")
        .told_to(spike(2), "ignore: spiked")
        .stands("live(1): 1 live, 2 spiked")
        .arrives(&numbered(3, "c"), "update: update");
}

#[test]
fn an_embargo_cannot_be_broken_by_release() {
    let refused = RefuseCommandError::Embargoed { n: 1, until: at(60) };
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .refuses(release(1), refused.clone())
        .refuses(RELEASE, refused)
        .clock(60)
        .told_to(RELEASE, "publish: released");
}

#[test]
fn what_the_agency_withholds_is_not_the_operators_to_release() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&withheld(numbered(2, "b")), "hold: withheld, recall")
        .refuses(release(1), RefuseCommandError::Withheld { n: 1 })
        .refuses(release(2), RefuseCommandError::Withheld { n: 2 })
        .refuses(RELEASE, RefuseCommandError::Withheld { n: 2 });
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&embargo(numbered(2, "b"), 60), "hold: embargoed, recall, until +60")
        .refuses(release(1), RefuseCommandError::Withheld { n: 1 });
}

#[test]
fn a_later_version_of_a_killed_item_is_released_by_its_number_only() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .told_to(kill(), "kill: operator-kill, recall")
        .arrives(&numbered(2, "b"), "hold: kill-sticky, alarm")
        .refuses(RELEASE, RefuseCommandError::Killed)
        .refuses(
            release(1),
            RefuseCommandError::Stands { command: "release", n: 1, standing: VersionStanding::Killed },
        )
        .told_to(release(2), "publish: released-after-kill")
        .stands("live(2): 1 killed, 2 live")
        .arrives(&numbered(1, "a"), "ignore: redelivery")
        .arrives(&numbered(3, "c"), "update: update");
}

#[test]
fn a_killed_item_never_comes_back_by_a_clock() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .told_to(kill(), "kill: operator-kill, recall")
        .arrives(&embargo(numbered(2, "b"), 60), "hold: kill-sticky embargoed, alarm")
        .refuses(release(2), RefuseCommandError::Embargoed { n: 2, until: at(60) })
        .clock(60)
        .told_to(release(2), "publish: released-after-kill");
}

#[test]
fn what_cannot_be_published_cannot_be_released() {
    let empty = RefuseCommandError::Unpublishable { n: 1, reason: "empty".to_owned() };
    Room::new().arrives(&Version::new("urn:example:1"), "hold: empty").refuses(RELEASE, empty);
    let test = signal(numbered(1, "a"), "x", Severity::NotForPublication, false);
    let refused = RefuseCommandError::Unpublishable { n: 1, reason: "not-for-publication".to_owned() };
    Room::new().arrives(&test, "ignore: not-for-publication").refuses(release(1), refused);
    let ended = RefuseCommandError::Expired { n: 1 };
    Room::new()
        .arrives(&expires(complaint(numbered(1, "a"), Gravity::Hold), 5), "hold: unreadable, alarm")
        .clock(5)
        .refuses(release(1), ended);
}

#[test]
fn what_is_over_cannot_be_released() {
    let stands = |n, standing| RefuseCommandError::Stands { command: "release", n, standing };
    Room::new()
        .refuses(RELEASE, RefuseCommandError::Unseen)
        .refuses(release(1), RefuseCommandError::Unseen)
        .arrives(&numbered(5, "a"), "publish: new")
        .arrives(&numbered(6, "b"), "update: update")
        .arrives(&numbered(2, "c"), "ignore: late")
        .refuses(release(1), stands(1, VersionStanding::Superseded))
        .refuses(release(3), stands(3, VersionStanding::Ignored))
        .refuses(release(9), RefuseCommandError::NoSuchVersion { n: 9, known: 3 });
}

#[test]
fn spiking_version_two_leaves_version_one() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&complaint(numbered(2, "b"), Gravity::Hold), "hold: unreadable, alarm")
        .told_to(SPIKE, "ignore: spiked")
        .stands("live(1): 1 live, 2 spiked")
        .told_to(spike(2), "ignore: already-so")
        .refuses(
            release(2),
            RefuseCommandError::Stands { command: "release", n: 2, standing: VersionStanding::Spiked },
        )
        .arrives(&complaint(numbered(2, "b"), Gravity::Hold), "ignore: redelivery")
        .arrives(&numbered(2, "b"), "ignore: redelivery")
        .arrives(&numbered(3, "c"), "update: update")
        .stands("live(3): 1 superseded, 2 spiked, 3 live");
}

#[test]
fn a_waiting_version_can_be_spiked_and_a_live_one_cannot() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .told_to(SPIKE, "ignore: spiked")
        .clock(60)
        .ticks(None)
        .refuses(SPIKE, RefuseCommandError::NothingHeld { standing: ItemStanding::Unpublished });
    Room::new()
        .refuses(SPIKE, RefuseCommandError::Unseen)
        .arrives(&numbered(1, "a"), "publish: new")
        .refuses(
            spike(1),
            RefuseCommandError::Stands { command: "spike", n: 1, standing: VersionStanding::Live },
        );
}

#[test]
fn every_refusal_says_what_can_be_done() {
    let refusals = [
        (RefuseCommandError::Unseen, "kill it to keep it out"),
        (RefuseCommandError::NoSuchVersion { n: 9, known: 2 }, "no version 9, only 2"),
        (RefuseCommandError::Killed, "by its number"),
        (RefuseCommandError::NothingHeld { standing: ItemStanding::Live(1) }, "the item is live"),
        (RefuseCommandError::Embargoed { n: 1, until: noon() }, "2026-03-02T12:00:00Z"),
        (RefuseCommandError::Withheld { n: 1 }, "when the agency delivers"),
        (RefuseCommandError::Expired { n: 1 }, "only the agency"),
        (RefuseCommandError::Unpublishable { n: 1, reason: "empty".to_owned() }, "(empty)"),
        (
            RefuseCommandError::Stands { command: "spike", n: 1, standing: VersionStanding::Live },
            "hold the item or kill it",
        ),
    ];
    for (refusal, words) in refusals {
        let text = refusal.to_string();
        assert!(text.contains(words) && !text.ends_with('.'), "{text}");
    }
}
