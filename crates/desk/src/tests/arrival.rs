//! Versions that come, in order and out of it.

use news::{Gravity, ItemClass, Relation, Severity};

use super::*;
use std::sync::Arc;

use crate::safety::Rules;
use crate::{Safety, targets};

#[test]
fn a_new_usable_item_is_published() {
    Room::new().arrives(&numbered(1, "a"), "publish: new").stands("live(1): 1 live");
    Room::new().arrives(&unnumbered("a"), "publish: new").stands("live(1): 1 live");
    Room::new().arrives(&timed(0, "a"), "publish: new").stands("live(1): 1 live");
}

#[test]
fn a_headline_alone_is_a_story() {
    let mut flash = Version::new("urn:example:1");
    push(&mut flash, BlockKind::Headline, "Bridge open");
    Room::new().arrives(&flash, "publish: new");
}

#[test]
fn a_higher_version_updates_and_the_history_keeps_the_older() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&numbered(7, "b"), "update: update")
        .stands("live(2): 1 superseded, 2 live")
        .arrives(&numbered(978_556_838, "c"), "update: update")
        .stands("live(3): 1 superseded, 2 superseded, 3 live");
}

#[test]
fn a_lower_version_that_comes_late_is_never_shown() {
    Room::new()
        .arrives(&numbered(3, "c"), "publish: new")
        .arrives(&numbered(2, "b"), "ignore: late")
        .stands("live(1): 1 live, 2 ignored")
        .arrives(&numbered(2, "b"), "ignore: redelivery")
        .stands("live(1): 1 live, 2 ignored");
}

#[test]
fn an_earlier_time_that_comes_late_is_never_shown() {
    Room::new()
        .arrives(&timed(5, "b"), "publish: new")
        .arrives(&timed(3, "a"), "ignore: late")
        .stands("live(1): 1 live, 2 ignored");
}

#[test]
fn the_same_version_with_the_same_words_is_a_redelivery() {
    for version in [numbered(1, "a"), timed(0, "a"), unnumbered("a")] {
        let mut room = Room::new();
        room.arrives(&version, "publish: new")
            .arrives(&version, "ignore: redelivery")
            .stands("live(1): 1 live");
        let again = decide(&room.story, &version, &room.policy, &Sight::default(), room.now);
        assert_eq!((again.n, again.changes.len(), again.terms), (None, 0, None));
    }
}

#[test]
fn an_old_version_delivered_again_is_a_redelivery() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&numbered(2, "b"), "update: update")
        .arrives(&numbered(1, "a"), "ignore: redelivery")
        .stands("live(2): 1 superseded, 2 live");
}

#[test]
fn a_feed_that_stamps_everything_anew_says_nothing_new() {
    Room::new().arrives(&timed(0, "a"), "publish: new").arrives(&timed(9, "a"), "ignore: redelivery");
    Room::new()
        .arrives(&unnumbered("a"), "publish: new")
        .arrives(&made(unnumbered("a"), 9), "ignore: redelivery");
}

#[test]
fn a_higher_number_with_the_same_words_updates_what_is_said_about_them() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&numbered(2, "a"), "update: metadata")
        .stands("live(2): 1 superseded, 2 live");
}

#[test]
fn other_words_with_a_newer_time_are_an_update() {
    Room::new()
        .arrives(&unnumbered("a"), "publish: new")
        .arrives(&made(unnumbered("b"), 5), "update: update");
    Room::new().arrives(&timed(0, "a"), "publish: new").arrives(&timed(5, "b"), "update: update");
}

#[test]
fn other_words_under_the_same_time_are_a_silent_change() {
    for (first, second) in [(unnumbered("a"), unnumbered("b")), (timed(0, "a"), timed(0, "b"))] {
        Room::new()
            .arrives(&first, "publish: new")
            .arrives(&second, "update: silent-change, silent")
            .stands("live(2): 1 superseded, 2 live");
    }
}

#[test]
fn other_words_without_any_time_are_a_silent_change() {
    Room::new()
        .arrives(&undated(unnumbered("a")), "publish: new")
        .arrives(&undated(unnumbered("b")), "update: silent-change, silent");
}

#[test]
fn a_time_that_went_back_does_not_excuse_a_silent_change() {
    Room::new()
        .arrives(&unnumbered("a"), "publish: new")
        .arrives(&made(unnumbered("b"), -30), "update: silent-change, silent");
}

#[test]
fn other_words_under_the_same_number_are_a_silent_change_whatever_the_time() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&numbered(1, "b"), "update: silent-change, silent")
        .arrives(&made(numbered(1, "c"), 5), "update: silent-change, silent")
        .stands("live(3): 1 superseded, 2 superseded, 3 live");
}

#[test]
fn caches_that_alternate_do_not_bring_an_earlier_copy_back() {
    for (a, b) in [(unnumbered("a"), unnumbered("b")), (numbered(4, "a"), numbered(4, "b"))] {
        Room::new()
            .arrives(&a, "publish: new")
            .arrives(&b, "update: silent-change, silent")
            .arrives(&a, "ignore: earlier-copy")
            .arrives(&b, "ignore: redelivery")
            .arrives(&a, "ignore: earlier-copy")
            .stands("live(2): 1 superseded, 2 live");
    }
}

#[test]
fn what_is_said_anew_of_words_that_readers_see_holds_though_others_were_sent_after_them() {
    for (anew, ruling, stands) in [
        (
            embargo(numbered(4, "a"), 30),
            "hold: embargoed, recall, until +30",
            "withheld: 1 waiting +30, 2 held",
        ),
        (withheld(numbered(4, "a")), "hold: withheld, recall", "withheld: 1 recalled, 2 held"),
        (numbered(4, "a"), "ignore: earlier-copy", "live(1): 1 live, 2 held"),
    ] {
        let mut room = Room::new();
        room.arrives(&numbered(4, "a"), "publish: new");
        room.policy.hold_all = true;
        room.arrives(&numbered(4, "b"), "hold: hold-all").arrives(&anew, ruling).stands(stands);
    }
}

#[test]
fn an_earlier_copy_with_a_newer_time_or_number_is_an_update() {
    Room::new()
        .arrives(&unnumbered("a"), "publish: new")
        .arrives(&made(unnumbered("b"), 1), "update: update")
        .arrives(&made(unnumbered("a"), 2), "update: update");
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&numbered(2, "b"), "update: update")
        .arrives(&numbered(3, "a"), "update: update");
}

#[test]
fn more_than_three_changes_an_hour_are_held() {
    let mut room = Room::new();
    room.arrives(&unnumbered("a"), "publish: new");
    for (i, words) in ["b", "c", "d"].iter().enumerate() {
        room.clock(i as i64).arrives(&unnumbered(words), "update: silent-change, silent");
    }
    room.clock(59)
        .arrives(&unnumbered("e"), "hold: too-many-changes")
        .stands("live(4): 1 superseded, 2 superseded, 3 superseded, 4 live, 5 held")
        .clock(63)
        .arrives(&made(unnumbered("f"), 63), "update: update")
        .stands("live(6): 1 superseded, 2 superseded, 3 superseded, 4 superseded, 5 ignored, 6 live");
}

#[test]
fn numbered_versions_of_a_running_story_are_never_too_many() {
    let mut room = Room::new();
    room.arrives(&numbered(1, "0"), "publish: new");
    for number in 2..20 {
        room.arrives(&numbered(number, &format!("{number} dead")), "update: update");
    }
}

#[test]
fn a_feed_that_changed_its_kind_of_version_falls_back_to_arrival() {
    Room::new()
        .arrives(&unnumbered("a"), "publish: new")
        .arrives(&numbered(1, "a"), "ignore: redelivery")
        .arrives(&made(numbered(1, "b"), 5), "update: update")
        .arrives(&timed(6, "c"), "update: update");
}

#[test]
fn an_unknown_status_is_held_and_told_and_the_live_version_stays() {
    Room::new()
        .arrives(&unknown(numbered(1, "a")), "hold: unknown-status, alarm")
        .stands("unpublished: 1 held");
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&unknown(numbered(2, "b")), "hold: unknown-status, alarm")
        .stands("live(1): 1 live, 2 held");
}

#[test]
fn a_status_that_became_usable_publishes_the_known_version() {
    Room::new()
        .arrives(&unknown(numbered(1, "a")), "hold: unknown-status, alarm")
        .arrives(&numbered(1, "a"), "publish: usable-again")
        .stands("live(1): 1 live");
}

#[test]
fn unreadable_bytes_are_held_and_told() {
    Room::new()
        .arrives(&complaint(numbered(1, "a"), Gravity::Hold), "hold: unreadable, alarm")
        .stands("unpublished: 1 held");
    Room::new().arrives(&complaint(numbered(1, "a"), Gravity::Lost), "hold: lost, alarm");
    Room::new().arrives(&complaint(numbered(1, "a"), Gravity::Remark), "publish: new");
}

#[test]
fn a_hold_on_version_two_leaves_version_one_live() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&complaint(numbered(2, "b"), Gravity::Hold), "hold: unreadable, alarm")
        .stands("live(1): 1 live, 2 held")
        .arrives(&numbered(3, "c"), "update: update")
        .stands("live(3): 1 superseded, 2 ignored, 3 live");
}

#[test]
fn a_usable_item_without_a_word_is_held() {
    Room::new().arrives(&Version::new("urn:example:1"), "hold: empty").stands("unpublished: 1 held");
    let mut empty = numbered(2, "");
    empty.copy = news::AgencyCopy::default();
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&empty, "hold: empty")
        .stands("live(1): 1 live, 2 held");
}

#[test]
fn a_correction_that_is_held_is_told() {
    let empty = |number| {
        let mut version = numbered(number, "");
        version.copy = news::AgencyCopy::default();
        version
    };
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&signal(empty(2), "sig:correction", Severity::Informs, false), "hold: empty, alarm");
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&noted(empty(2), "CORRECTS name in 2nd graf"), "hold: empty, alarm");
    Room::new().arrives(&signal(empty(2), "sig:correction", Severity::Informs, false), "hold: empty");
}

#[test]
fn advisories_and_tests_are_recorded_only() {
    let mut advisory = numbered(1, "a");
    advisory.class = ItemClass::Advisory("Daybook".to_owned());
    Room::new().arrives(&advisory, "ignore: not-for-publication").stands("unpublished: 1 ignored");
    let tested = signal(numbered(1, "a"), "no-newscontent", Severity::NotForPublication, false);
    Room::new().arrives(&tested, "ignore: not-for-publication").stands("unpublished: 1 ignored");
    Room::new().arrives(&complaint(tested, Gravity::Hold), "ignore: not-for-publication");
}

#[test]
fn an_item_that_becomes_publishable_is_published() {
    let tested = signal(numbered(1, "a"), "no-newscontent", Severity::NotForPublication, false);
    Room::new()
        .arrives(&tested, "ignore: not-for-publication")
        .arrives(&numbered(1, "a"), "publish: usable-again");
}

#[test]
fn a_live_item_that_is_no_longer_for_publication_is_recalled() {
    let tested = |number| signal(numbered(number, "a"), "no-newscontent", Severity::NotForPublication, false);
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&tested(2), "hold: not-for-publication, recall, alarm")
        .stands("withheld: 1 recalled, 2 held");
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&tested(1), "hold: not-for-publication, recall, alarm")
        .stands("withheld: 1 recalled");
}

#[test]
fn words_that_mark_an_advisory_only_hold() {
    Room::new().arrives(&noted(numbered(1, "a"), "This is a test."), "hold: not-for-publication");
    let marked = signal(numbered(1, "a"), "text:advisory", Severity::NotForPublication, true);
    Room::new().arrives(&marked, "hold: not-for-publication");
}

#[test]
fn pictures_and_packages_are_recorded_only() {
    let mut picture = numbered(1, "a");
    picture.class = ItemClass::Other("picture".to_owned());
    Room::new().arrives(&picture, "ignore: not-text").stands("unpublished: 1 ignored");
    Room::new().arrives(&withheld(complaint(picture, Gravity::Hold)), "ignore: not-text withheld");
}

#[test]
fn a_document_that_withdraws_another_is_never_published() {
    let notice = names(numbered(1, "a"), Relation::Kills, "urn:example:2", None);
    assert_eq!(
        targets(&notice).iter().map(|(r, t)| (*r, t.uri.as_str())).collect::<Vec<_>>(),
        [(Relation::Kills, "urn:example:2")]
    );
    Room::new()
        .arrives(&notice, "ignore: withdraws-another")
        .stands("unpublished: 1 ignored")
        .arrives(&notice, "ignore: withdraws-another")
        .stands("unpublished: 1 ignored");
    let holds = names(numbered(1, "a"), Relation::Withholds, "urn:example:2", None);
    Room::new().arrives(&holds, "ignore: withdraws-another");
}

#[test]
fn a_document_that_names_others_otherwise_is_a_story() {
    for relation in
        [Relation::Replaces, Relation::Corrects, Relation::Previous, Relation::Member, Relation::SeeAlso]
    {
        let version = names(numbered(1, "a"), relation, "urn:example:2", None);
        assert!(targets(&version).is_empty());
        Room::new().arrives(&version, "publish: new");
    }
}

#[test]
fn hold_all_holds_what_would_go_live() {
    let held = Policy { hold_all: true, ..Policy::default() };
    Room::under(held.clone()).arrives(&numbered(1, "a"), "hold: hold-all").stands("unpublished: 1 held");
    let mut room = Room::new();
    room.arrives(&numbered(1, "a"), "publish: new");
    room.policy = held;
    room.arrives(&numbered(2, "b"), "hold: hold-all")
        .stands("live(1): 1 live, 2 held")
        .arrives(&numbered(2, "b"), "ignore: redelivery")
        .arrives(&canceled(numbered(3, "c")), "kill: canceled, recall")
        .stands("killed: 1 killed, 2 killed, 3 killed");
}

#[test]
fn hold_all_recalls_nothing_and_withheld_still_does() {
    let mut room = Room::new();
    room.arrives(&numbered(1, "a"), "publish: new");
    room.policy.hold_all = true;
    room.arrives(&withheld(numbered(2, "b")), "hold: withheld, recall")
        .stands("withheld: 1 recalled, 2 held");
    room.arrives(&numbered(2, "b"), "hold: hold-all").stands("withheld: 1 recalled, 2 held");
}

#[test]
fn a_new_item_with_an_old_date_is_held() {
    let old = made(numbered(1, "a"), -24 * 60 - 1);
    Room::new().arrives(&old, "hold: stale-date");
    Room::new().arrives(&made(numbered(1, "a"), -24 * 60), "publish: new");
    Room::under(Policy { rules: Arc::new(Rules::all(Safety::Shadow)), ..Policy::default() })
        .arrives(&old, "publish: new shadow-stale-date");
    Room::under(Policy { rules: Arc::new(Rules::all(Safety::Off)), ..Policy::default() })
        .arrives(&old, "publish: new");
    Room::under(Policy { exempt: true, ..Policy::default() }).arrives(&old, "publish: new");
}

#[test]
fn an_update_of_a_story_that_is_live_may_carry_its_old_date() {
    Room::new()
        .arrives(&unnumbered("a"), "publish: new")
        .clock(3 * 24 * 60)
        .arrives(&unnumbered("b"), "update: silent-change, silent");
}

#[test]
fn a_date_in_the_future_is_held() {
    let ahead = made(numbered(1, "a"), 11);
    Room::new().arrives(&ahead, "hold: future-date");
    Room::new().arrives(&made(numbered(1, "a"), 10), "publish: new");
    Room::under(Policy { rules: Arc::new(Rules::all(Safety::Shadow)), ..Policy::default() })
        .arrives(&ahead, "publish: new shadow-future-date");
    Room::under(Policy { exempt: true, ..Policy::default() }).arrives(&ahead, "publish: new");
}

#[test]
fn copy_with_gaps_is_held() {
    for words in
        ["died on XXXX at the age of XXXX", "aged XXXXX", "He was TK TK when", "TKTK", "survived by XXXX/TK"]
    {
        Room::new().arrives(&numbered(1, words), "hold: unfinished");
    }
    for words in ["a pint of XXXX please", "the TK Maxx store", "XXX", "Super Bowl XXXIV"] {
        Room::new().arrives(&numbered(1, words), "publish: new");
    }
}

#[test]
fn safety_off_never_lifts_status_kill_or_embargo() {
    let off = Policy { rules: Arc::new(Rules::all(Safety::Off)), exempt: true, ..Policy::default() };
    Room::under(off.clone()).arrives(&withheld(numbered(1, "a")), "hold: withheld");
    Room::under(off.clone()).arrives(&canceled(numbered(1, "a")), "kill: killed-unseen");
    Room::under(off.clone()).arrives(&embargo(numbered(1, "a"), 5), "hold: embargoed, until +5");
    Room::under(off.clone()).arrives(&noted(numbered(1, "a"), "KILL KILL KILL"), "hold: kill-text, alarm");
    Room::under(off.clone()).arrives(&unknown(numbered(1, "a")), "hold: unknown-status, alarm");
}

#[test]
fn of_several_reasons_the_gravest_stands_first() {
    let bad = complaint(embargo(withheld(numbered(1, "a")), 60), Gravity::Hold);
    Room::new().arrives(&bad, "hold: withheld unreadable embargoed, alarm");
    let worse = noted(bad, "MANDATORY KILL");
    Room::new().arrives(&worse, "hold: kill-text withheld unreadable embargoed, alarm");
}

#[test]
fn a_signal_that_asks_for_a_person_holds() {
    Room::new().arrives(&signal(numbered(1, "a"), "x:planned", Severity::Holds, false), "hold: signal-holds");
    Room::new().arrives(&signal(numbered(1, "a"), "text:check", Severity::Holds, true), "hold: signal-holds");
    Room::new().arrives(&signal(numbered(1, "a"), "sig:update", Severity::Informs, false), "publish: new");
}
