//! Embargoes and licences.

use super::*;
use crate::next_due;

#[test]
fn an_embargoed_item_waits_and_goes_live_at_its_instant() {
    let mut room = Room::new();
    room.arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .stands("unpublished: 1 waiting +60");
    assert_eq!(next_due(&room.story), Some(at(60)));
    room.clock(59)
        .ticks(None)
        .clock(60)
        .ticks(Some("publish: embargo-lifted"))
        .stands("live(1): 1 live")
        .ticks(None);
    assert_eq!(next_due(&room.story), None);
}

#[test]
fn an_embargo_that_is_over_is_none() {
    Room::new().arrives(&embargo(numbered(1, "a"), 0), "publish: new");
    Room::new().arrives(&embargo(numbered(1, "a"), -1), "publish: new");
}

#[test]
fn an_embargo_until_further_notice_is_never_lifted_by_the_clock() {
    let mut room = Room::new();
    room.arrives(&indefinite(numbered(1, "a")), "hold: embargo-indefinite").stands("unpublished: 1 held");
    assert_eq!(next_due(&room.story), None);
    room.clock(1_000_000).ticks(None).clock(0).arrives(&numbered(1, "a"), "publish: usable-again");
}

#[test]
fn an_embargoed_update_recalls_what_is_live() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&embargo(numbered(2, "b"), 60), "hold: embargoed, recall, until +60")
        .stands("withheld: 1 recalled, 2 waiting +60")
        .clock(60)
        .ticks(Some("publish: embargo-lifted"))
        .stands("live(2): 1 superseded, 2 live");
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&indefinite(numbered(2, "b")), "hold: embargo-indefinite, recall")
        .stands("withheld: 1 recalled, 2 held");
}

#[test]
fn an_embargo_said_of_the_live_version_recalls_it() {
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, recall, until +60")
        .stands("withheld: 1 waiting +60")
        .arrives(&embargo(numbered(1, "a"), 60), "ignore: redelivery")
        .clock(60)
        .ticks(Some("publish: embargo-lifted"))
        .stands("live(1): 1 live");
}

#[test]
fn a_moved_embargo_is_followed() {
    let mut room = Room::new();
    room.arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .arrives(&embargo(numbered(1, "a"), 90), "hold: embargoed, until +90")
        .stands("unpublished: 1 waiting +90")
        .arrives(&embargo(numbered(2, "b"), 30), "hold: embargoed, until +30")
        .stands("unpublished: 1 ignored, 2 waiting +30")
        .clock(30)
        .ticks(Some("publish: embargo-lifted"))
        .clock(90)
        .ticks(None)
        .stands("live(2): 1 ignored, 2 live");
}

#[test]
fn an_embargo_that_is_dropped_publishes() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .arrives(&numbered(1, "a"), "publish: embargo-lifted")
        .stands("live(1): 1 live");
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .arrives(&numbered(2, "b"), "publish: new")
        .stands("live(2): 1 ignored, 2 live")
        .clock(60)
        .ticks(None);
}

#[test]
fn an_embargo_that_became_indefinite_is_no_longer_lifted() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .arrives(&indefinite(numbered(1, "a")), "hold: embargo-indefinite")
        .stands("unpublished: 1 held")
        .clock(60)
        .ticks(None);
}

#[test]
fn a_clock_that_steps_back_leaks_nothing() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .clock(-600)
        .ticks(None)
        .clock(59)
        .ticks(None)
        .stands("unpublished: 1 waiting +60");
}

#[test]
fn after_an_outage_only_the_newest_goes_live() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 10), "hold: embargoed, until +10")
        .arrives(&embargo(numbered(2, "b"), 20), "hold: embargoed, until +20")
        .clock(300)
        .ticks(Some("publish: embargo-lifted"))
        .ticks(None)
        .stands("live(2): 1 ignored, 2 live");
}

#[test]
fn an_embargo_that_ends_while_everything_is_held_waits_for_a_person() {
    Room::new()
        .arrives(&embargo(numbered(1, "a"), 60), "hold: embargoed, until +60")
        .clock(60)
        .ticks_on_hold(Some("hold: hold-all"))
        .ticks_on_hold(None)
        .stands("unpublished: 1 held")
        .told_to(Command::Release { n: None }, "publish: released");
}

#[test]
fn an_unreadable_version_under_embargo_waits_for_a_person() {
    Room::new()
        .arrives(
            &complaint(embargo(numbered(1, "a"), 60), Gravity::Hold),
            "hold: unreadable embargoed, alarm",
        )
        .clock(60)
        .ticks(None)
        .stands("unpublished: 1 held");
}

#[test]
fn a_licence_that_ends_takes_the_item_off() {
    let mut room = Room::new();
    room.arrives(&numbered(1, "a"), "publish: new").arrives(&expires(numbered(2, "b"), 60), "update: update");
    assert_eq!(next_due(&room.story), Some(at(60)));
    room.clock(59)
        .ticks(None)
        .clock(60)
        .ticks(Some("hold: expired, recall"))
        .stands("expired: 1 expired, 2 expired")
        .ticks(None);
    assert_eq!(next_due(&room.story), None);
}

#[test]
fn what_arrives_expired_is_never_shown() {
    Room::new().arrives(&expires(numbered(1, "a"), 0), "ignore: expired").stands("unpublished: 1 expired");
    Room::new()
        .arrives(&numbered(1, "a"), "publish: new")
        .arrives(&expires(numbered(2, "b"), -5), "hold: expired, recall")
        .stands("expired: 1 expired, 2 expired");
}

#[test]
fn an_expiry_said_of_the_live_version_is_acted_on() {
    let mut room = Room::new();
    room.arrives(&numbered(1, "a"), "publish: new")
        .arrives(&expires(numbered(1, "a"), 60), "ignore: terms-changed");
    assert_eq!(next_due(&room.story), Some(at(60)));
    room.arrives(&expires(numbered(1, "a"), 90), "ignore: terms-changed");
    assert_eq!(next_due(&room.story), Some(at(90)));
    room.arrives(&expires(numbered(1, "a"), -1), "hold: expired, recall").stands("expired: 1 expired");
}

#[test]
fn a_licence_that_is_extended_after_its_end_publishes_a_version_of_its_own() {
    Room::new()
        .arrives(&expires(numbered(1, "a"), 60), "publish: new")
        .clock(60)
        .ticks(Some("hold: expired, recall"))
        .arrives(&expires(numbered(1, "a"), 60), "ignore: redelivery")
        .arrives(&expires(numbered(1, "a"), 600), "publish: expiry-extended")
        .stands("live(2): 1 expired, 2 live");
}

#[test]
fn a_later_version_of_an_expired_item_is_published_if_its_licence_runs() {
    Room::new()
        .arrives(&expires(numbered(1, "a"), 60), "publish: new")
        .clock(60)
        .ticks(Some("hold: expired, recall"))
        .arrives(&expires(numbered(2, "b"), 600), "publish: usable-again")
        .stands("live(2): 1 expired, 2 live");
}

#[test]
fn a_contract_ends_so_long_after_the_first_publication() {
    let mut room =
        Room::under(Policy { expire_after: Some(SignedDuration::from_hours(2)), ..Policy::default() });
    room.arrives(&made(numbered(1, "a"), -30), "publish: new");
    assert_eq!(next_due(&room.story), Some(at(90)));
    room.clock(60).arrives(&made(numbered(2, "b"), 60), "update: update");
    assert_eq!(next_due(&room.story), Some(at(90)), "an update does not begin it anew");
    room.clock(90).ticks(Some("hold: expired, recall"));
    room.arrives(&made(numbered(3, "c"), 90), "ignore: expired")
        .stands("expired: 1 expired, 2 expired, 3 expired");
}

#[test]
fn the_earlier_of_contract_and_own_expiry_counts() {
    let mut room =
        Room::under(Policy { expire_after: Some(SignedDuration::from_hours(2)), ..Policy::default() });
    room.arrives(&expires(undated(numbered(1, "a")), 300), "publish: new");
    assert_eq!(next_due(&room.story), Some(at(120)));
    room.arrives(&expires(undated(numbered(1, "a")), 30), "ignore: terms-changed");
    assert_eq!(next_due(&room.story), Some(at(30)));
}

#[test]
fn a_date_in_the_future_does_not_lengthen_a_contract() {
    let policy = Policy { expire_after: Some(SignedDuration::from_hours(2)), ..Policy::default() };
    let mut room = Room::under(Policy { exempt: true, ..policy });
    room.arrives(&made(numbered(1, "a"), 100_000), "publish: new");
    assert_eq!(next_due(&room.story), Some(at(120)));
}

#[test]
fn a_licence_that_ends_before_the_embargo_ends_is_never_used() {
    Room::new()
        .arrives(&expires(embargo(numbered(1, "a"), 60), 30), "hold: embargoed, until +60")
        .clock(60)
        .ticks(Some("ignore: expired"))
        .ticks(None)
        .stands("unpublished: 1 expired");
}

#[test]
fn a_recalled_version_whose_licence_ends_expires_with_its_item() {
    Room::new()
        .arrives(&expires(numbered(1, "a"), 60), "publish: new")
        .told_to(Command::Hold, "hold: operator-hold, recall")
        .clock(60)
        .ticks(Some("hold: expired"))
        .ticks(None)
        .stands("expired: 1 expired");
}

#[test]
fn a_killed_item_is_never_due() {
    let mut room = Room::new();
    room.arrives(&expires(numbered(1, "a"), 60), "publish: new").falls(
        Relation::Kills,
        None,
        "kill: killed-by-another, recall",
    );
    assert_eq!(next_due(&room.story), None);
    room.clock(60).ticks(None);
}

#[test]
fn nothing_waits_behind_what_is_live_though_the_order_is_open() {
    let test = |version| noted(version, "This is a test");
    Room::new()
        .arrives(&embargo(numbered(2, "a"), 60), "hold: embargoed, until +60")
        .arrives(&test(unnumbered("b")), "hold: not-for-publication")
        .arrives(&test(numbered(1, "c")), "hold: not-for-publication")
        .arrives(&numbered(1, "c"), "publish: usable-again")
        .stands("live(3): 1 ignored, 2 ignored, 3 live")
        .clock(60)
        .ticks(None);
}
