//! Kills, withholding, and words that may mean either.

use super::*;

fn release(n: u32) -> Command {
    Command::Release { n: Some(n) }
}

#[test]
fn a_canceled_version_kills_the_item() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&numbered(2, "b"), "update: update")
        .arrives(&canceled(numbered(3, "")), "kill: canceled, recall")
        .stands("killed: 1 killed, 2 killed, 3 killed");
}

#[test]
fn a_kill_signal_kills_though_the_status_says_usable() {
    Room::new().arrives(&numbered(1, "a"), "publish: new").arrives(
        &signal(numbered(2, "b"), "sttinstruct:remove", Severity::Kills, false),
        "kill: canceled, recall",
    );
}

#[test]
fn a_kill_with_a_lower_or_the_same_number_kills() {
    for number in [1, 2, 3] {
        Room::new()
            .arrives(&numbered(2, "b"), "publish: new")
            .arrives(&canceled(numbered(number, "x")), "kill: canceled, recall")
            .stands("killed: 1 killed, 2 killed");
    }
}

#[test]
fn a_kill_with_the_same_words_adds_no_version() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&canceled(numbered(1, "a")), "kill: canceled, recall")
        .stands("killed: 1 killed");
}

#[test]
fn a_second_kill_changes_nothing() {
    let kill = canceled(numbered(2, "b"));
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&kill, "kill: canceled, recall")
        .arrives(&kill, "ignore: already-killed")
        .arrives(&canceled(numbered(9, "c")), "ignore: already-killed")
        .stands("killed: 1 killed, 2 killed");
}

#[test]
fn kill_beats_embargo_complaint_and_emptiness() {
    let kill = complaint(embargo(canceled(numbered(2, "")), 60), Gravity::Lost);
    Room::new().arrives(&numbered(1, "a"), "publish: new").arrives(&kill, "kill: canceled, recall");
}

#[test]
fn a_kill_reaches_what_waits_and_what_is_held() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .arrives(&canceled(numbered(2, "b")), "kill: canceled")
        .stands("killed: 1 killed, 2 killed")
        .clock(60)
        .ticks(None);
}

#[test]
fn a_kill_is_sticky() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&canceled(numbered(2, "b")), "kill: canceled, recall")
        .arrives(&numbered(3, "c"), "hold: kill-sticky, alarm")
        .arrives(&numbered(4, "d"), "hold: kill-sticky, alarm")
        .stands("killed: 1 killed, 2 killed, 3 held, 4 held")
        .arrives(&numbered(4, "d"), "ignore: redelivery")
        .arrives(&numbered(1, "a"), "ignore: redelivery")
        .arrives(&made(numbered(2, "x"), 9), "ignore: late");
}

#[test]
fn an_embargoed_version_of_a_killed_item_waits_for_a_person_not_for_the_clock() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&canceled(numbered(2, "b")), "kill: canceled, recall")
        .arrives(&embargo(numbered(3, "c"), 60), "hold: kill-sticky embargoed, alarm")
        .clock(60)
        .ticks(None)
        .stands("killed: 1 killed, 2 killed, 3 held");
}

#[test]
fn words_of_a_killed_item_that_are_stamped_anew_are_a_later_version() {
    Room::new()
        .arrives(&timed(0, "a"), "publish: new")
        .falls(Relation::Kills, Some(1), "kill: killed-by-another, recall")
        .arrives(&timed(5, "a"), "hold: kill-sticky, alarm")
        .arrives(&timed(6, "a"), "ignore: redelivery");
}

#[test]
fn a_kill_for_an_item_never_seen_is_remembered() {
    let mut room = Room::new();
    room.arrives(&canceled(numbered(2, "")), "kill: killed-unseen").stands("killed: 1 killed");
    assert!(!room.story.was_public);
    room.arrives(&numbered(1, "a"), "hold: killed-before-arrival")
        .arrives(&numbered(3, "c"), "hold: killed-before-arrival")
        .stands("killed: 1 killed, 2 held, 3 held");
    assert!(!room.story.was_public);
}

#[test]
fn a_withdrawal_by_another_document_kills() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .falls(Relation::Kills, None, "kill: killed-by-another, recall")
        .stands("killed: 1 killed")
        .falls(Relation::Kills, None, "ignore: already-killed")
        .falls(Relation::Withholds, None, "ignore: already-killed")
        .arrives(&numbered(1, "a"), "ignore: redelivery")
        .arrives(&numbered(2, "b"), "hold: kill-sticky, alarm");
}

#[test]
fn a_withdrawal_of_an_item_never_seen_is_remembered() {
    let mut room = Room::new();
    room.falls(Relation::Kills, None, "kill: killed-unseen").stands("killed");
    room.falls(Relation::Kills, None, "ignore: already-killed");
    room.arrives(&unnumbered("a"), "hold: killed-before-arrival")
        .arrives(&unnumbered("a"), "ignore: redelivery")
        .stands("killed: 1 held");
    assert!(!room.story.was_public);
}

#[test]
fn a_deleted_entry_older_than_the_update_is_ignored() {
    Room::new()
        .arrives(&timed(5, "a"), "publish: new")
        .falls(Relation::Kills, Some(4), "ignore: deleted-before-update")
        .stands("live(1): 1 live")
        .falls(Relation::Kills, Some(5), "kill: killed-by-another, recall");
}

#[test]
fn a_deleted_entry_under_the_items_own_uri_is_its_kill() {
    let gone = |when| names(Version::new("urn:example:1"), Relation::Kills, "urn:example:1", when);
    Room::new()
        .arrives(&timed(5, "a"), "publish: new")
        .arrives(&gone(Some(4)), "ignore: deleted-before-update")
        .arrives(&gone(Some(6)), "kill: killed-by-another, recall")
        .stands("killed: 1 killed");
    Room::new().arrives(&gone(None), "kill: killed-unseen").stands("killed");
}

#[test]
fn a_withheld_version_recalls_what_is_live() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&withheld(numbered(2, "b")), "hold: withheld, recall")
        .stands("withheld: 1 recalled, 2 held")
        .arrives(&numbered(3, "c"), "publish: usable-again")
        .stands("live(3): 1 superseded, 2 ignored, 3 live");
}

#[test]
fn a_withheld_new_item_is_held_and_published_when_usable() {
    Room::new()
        .arrives(&withheld(numbered(1, "a")), "hold: withheld")
        .stands("unpublished: 1 held")
        .arrives(&numbered(1, "a"), "publish: usable-again")
        .stands("live(1): 1 live");
    Room::new()
        .arrives(&withheld(numbered(1, "a")), "hold: withheld")
        .arrives(&numbered(2, "b"), "publish: new");
}

#[test]
fn the_same_version_can_be_withheld_and_usable_again() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&withheld(numbered(1, "a")), "hold: withheld, recall")
        .stands("withheld: 1 recalled")
        .arrives(&withheld(numbered(1, "a")), "ignore: redelivery")
        .arrives(&numbered(1, "a"), "publish: usable-again")
        .stands("live(1): 1 live");
}

#[test]
fn what_the_agency_says_of_a_version_that_is_held_here_takes_off_what_is_live() {
    let held_behind_a_live_one = || {
        let mut room = Room::new();
        room.arrives(&numbered(1, "a"), "publish: new");
        room.policy.hold_all = true;
        room.arrives(&numbered(2, "b"), "hold: hold-all").stands("live(1): 1 live, 2 held");
        room
    };
    let mut room = held_behind_a_live_one();
    room.arrives(&withheld(numbered(2, "b")), "hold: withheld, recall")
        .stands("withheld: 1 recalled, 2 held")
        .arrives(&withheld(numbered(2, "b")), "ignore: redelivery")
        .refuses(release(2), RefuseCommandError::Withheld { n: 2 })
        .refuses(release(1), RefuseCommandError::Withheld { n: 1 })
        .arrives(&numbered(2, "b"), "ignore: terms-changed")
        .stands("withheld: 1 recalled, 2 held")
        .told_to(release(2), "publish: released")
        .stands("live(2): 1 superseded, 2 live");

    let mut room = held_behind_a_live_one();
    room.arrives(&embargo(numbered(2, "b"), 60), "hold: embargoed, recall")
        .stands("withheld: 1 recalled, 2 held")
        .arrives(&embargo(numbered(2, "b"), 60), "ignore: redelivery")
        .clock(60)
        .ticks(None);
}

#[test]
fn nobody_releases_what_the_agency_withholds_whatever_else_keeps_it_off() {
    Room::new()
        .arrives(&withheld(numbered(1, "a")), "hold: withheld")
        .told_to(Command::Hold, "hold: operator-hold")
        .refuses(release(1), RefuseCommandError::Withheld { n: 1 });
    let mut room = Room::new();
    room.policy.hold_all = true;
    room.arrives(&numbered(1, "a"), "hold: hold-all")
        .arrives(&withheld(numbered(1, "a")), "ignore: terms-changed")
        .refuses(release(1), RefuseCommandError::Withheld { n: 1 })
        .arrives(&numbered(1, "a"), "ignore: terms-changed")
        .told_to(release(1), "publish: released");
    let mut room = Room::new();
    room.arrives(&numbered(1, "a"), "publish: new")
        .told_to(Command::Hold, "hold: operator-hold, recall")
        .arrives(&withheld(numbered(2, "b")), "hold: withheld")
        .refuses(release(1), RefuseCommandError::Withheld { n: 2 });
    // Nor does a person who edits the version before.
    let edited = crate::revise(&room.story, Some(1), news::ReviewState::Edited, "a name", |_| None, room.now);
    assert_eq!(edited.map(|revised| revised.of), Err(RefuseCommandError::Withheld { n: 2 }));
    // A version that is withheld stays so behind a later one that waits for a person.
    let mut room = Room::new();
    room.policy.hold_all = true;
    room.arrives(&withheld(numbered(1, "a")), "hold: withheld")
        .told_to(Command::Hold, "hold: operator-hold")
        .arrives(&numbered(2, "b"), "hold: operator-hold")
        .refuses(release(1), RefuseCommandError::Withheld { n: 1 })
        .told_to(release(2), "publish: released");
}

#[test]
fn words_that_kill_what_has_expired_hold_what_comes_after_it() {
    Room::new()
        .arrives(&expires(numbered(1, "a"), 60), "publish: new")
        .clock(60)
        .ticks(Some("hold: expired, recall"))
        .suspends("hold: kill-text, alarm")
        .stands("expired: 1 expired")
        .suspends("ignore: already-so")
        .arrives(&numbered(2, "b"), "hold: kill-text")
        .told_to(release(2), "publish: released")
        .arrives(&numbered(3, "c"), "update: update");
}

#[test]
fn words_that_kill_what_a_person_did_not_want_hold_what_comes_after_it() {
    let mut room = Room::new();
    room.arrives(&withheld(numbered(2, "a")), "hold: withheld")
        .told_to(Command::Spike { n: Some(1) }, "ignore: spiked")
        .suspends("hold: kill-text, alarm")
        .stands("unpublished: 1 spiked")
        .suspends("ignore: already-so")
        .arrives(&numbered(2, "b"), "hold: kill-text")
        .told_to(release(2), "publish: released")
        .arrives(&numbered(3, "c"), "update: update")
        .stands("live(3): 1 spiked, 2 superseded, 3 live");
    // It was decided about then: what the agency withholds later may come back by itself.
    room.arrives(&withheld(numbered(4, "d")), "hold: withheld, recall")
        .arrives(&numbered(5, "e"), "publish: usable-again");
}

#[test]
fn a_withheld_version_that_comes_late_is_told() {
    Room::new()
        .arrives(&numbered(3, "c"), "publish: new")
        .arrives(&withheld(numbered(2, "b")), "ignore: late, alarm")
        .stands("live(1): 1 live, 2 ignored");
}

#[test]
fn withholding_stops_what_waits() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .arrives(&withheld(numbered(2, "b")), "hold: withheld")
        .stands("unpublished: 1 held, 2 held")
        .clock(60)
        .ticks(None);
}

#[test]
fn another_document_can_withhold_until_a_later_version_comes() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .falls(Relation::Withholds, None, "hold: withheld-by-another, recall")
        .stands("withheld: 1 recalled")
        .falls(Relation::Withholds, None, "ignore: already-so")
        .arrives(&numbered(1, "a"), "ignore: redelivery")
        .stands("withheld: 1 recalled")
        .arrives(&numbered(2, "b"), "publish: usable-again")
        .stands("live(2): 1 superseded, 2 live");
}

#[test]
fn an_item_withheld_before_it_came_is_held() {
    let mut room = Room::new();
    room.falls(Relation::Withholds, None, "hold: withheld-by-another")
        .stands("withheld")
        .falls(Relation::Withholds, None, "ignore: already-so")
        .arrives(&numbered(1, "a"), "hold: withheld-by-another")
        .stands("withheld: 1 held");
    assert!(!room.story.was_public);
    room.arrives(&numbered(2, "b"), "publish: usable-again");
}

#[test]
fn a_held_item_that_another_document_withholds_cannot_be_released() {
    Room::new()
        .arrives(&complaint(numbered(1, "a"), Gravity::Hold), "hold: unreadable, alarm")
        .falls(Relation::Withholds, None, "hold: withheld-by-another")
        .refuses(Command::Release { n: None }, RefuseCommandError::Withheld { n: 1 });
}

#[test]
fn words_that_kill_hold_recall_and_tell() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(
            &noted(numbered(2, "b"), "Eds: MANDATORY KILL. Kill this story."),
            "hold: kill-text, recall, alarm",
        )
        .stands("withheld: 1 recalled, 2 held");
    for severity in [Severity::Kills, Severity::Withholds] {
        Room::new()
            .arrives(&numbered(1, "a"), "publish: new")
            .arrives(&signal(numbered(2, "b"), "text:kill", severity, true), "hold: kill-text, recall, alarm")
            .stands("withheld: 1 recalled, 2 held");
    }
}

#[test]
fn words_that_kill_hold_also_under_the_known_words_and_under_an_old_number() {
    Room::new()
        .arrives(&numbered(3, "a"), "publish: new")
        .arrives(&noted(numbered(3, "a"), "KILL KILL KILL"), "hold: kill-text, recall, alarm")
        .stands("withheld: 1 recalled");
    Room::new()
        .arrives(&numbered(3, "a"), "publish: new")
        .arrives(&noted(numbered(1, "b"), "KILL KILL KILL"), "hold: kill-text, recall, alarm")
        .stands("withheld: 1 recalled, 2 held");
}

#[test]
fn after_words_that_kill_every_later_version_waits_for_a_person() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&noted(numbered(2, "b"), "KILL KILL KILL"), "hold: kill-text, recall, alarm")
        .arrives(&numbered(3, "c"), "hold: kill-text")
        .arrives(&embargo(numbered(4, "d"), 60), "hold: kill-text embargoed")
        .stands("withheld: 1 recalled, 2 held, 3 held, 4 held")
        .clock(60)
        .ticks(None);
}

#[test]
fn words_never_kill_and_machine_fields_do() {
    let both = noted(canceled(numbered(2, "b")), "KILL KILL KILL");
    Room::new().arrives(&numbered(1, "a"), "publish: new").arrives(&both, "kill: canceled, recall");
}

#[test]
fn another_documents_words_hold_the_item_they_mean() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .suspends("hold: kill-text, recall, alarm")
        .stands("withheld: 1 recalled")
        .arrives(&numbered(1, "a"), "ignore: redelivery")
        .arrives(&numbered(2, "b"), "hold: kill-text")
        .suspends("ignore: already-so")
        .stands("withheld: 1 recalled, 2 held");
}

#[test]
fn another_documents_words_stop_what_waits_and_touch_nothing_killed() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .suspends("hold: kill-text, alarm")
        .stands("unpublished: 1 held")
        .clock(60)
        .ticks(None);
    Room::new().falls(Relation::Kills, None, "kill: killed-unseen").suspends("ignore: already-killed");
    Room::new().suspends("ignore: already-so");
}

#[test]
fn words_that_speak_of_an_embargo_hold_unless_a_field_says_it_too() {
    let words = "Sperrfrist 23. Januar 19.00 Uhr";
    Room::new().arrives(&noted(numbered(1, "a"), words), "hold: embargo-text, alarm");
    Room::new().arrives(&noted(embargo(numbered(1, "a"), -5), words), "publish: new");
    Room::new().arrives(&noted(embargo(numbered(1, "a"), 5), words), "hold: embargoed, until +5");
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&noted(numbered(2, "b"), words), "hold: embargo-text, recall, alarm")
        .arrives(&numbered(3, "c"), "publish: usable-again");
}
