//! First contact with a feed.

use super::*;

fn first() -> Policy {
    Policy { first_contact: true, ..Policy::default() }
}

const DAY: i64 = 24 * 60;

#[test]
fn on_first_contact_new_items_are_published_and_old_ones_recorded() {
    Room::under(first()).arrives(&made(numbered(1, "a"), -DAY), "publish: new");
    Room::under(first())
        .arrives(&made(numbered(1, "a"), -DAY - 1), "ignore: backlog")
        .stands("unpublished: 1 ignored");
}

#[test]
fn the_backlog_is_the_feeds() {
    let policy = Policy { backlog: SignedDuration::from_hours(72), ..first() };
    Room::under(policy).arrives(&made(numbered(1, "a"), -3 * DAY), "publish: new");
    let none = Policy { backlog: SignedDuration::ZERO, ..first() };
    Room::under(none).arrives(&made(numbered(1, "a"), -1), "ignore: backlog");
}

#[test]
fn on_first_contact_an_item_without_a_date_is_recorded_only() {
    Room::under(first()).arrives(&undated(numbered(1, "a")), "ignore: backlog");
}

#[test]
fn what_a_person_puts_through_has_no_backlog() {
    Room::under(Policy { exempt: true, ..first() })
        .arrives(&made(numbered(1, "a"), -900 * DAY), "publish: new");
}

#[test]
fn nothing_old_is_told_at_first_contact() {
    let old = complaint(made(numbered(1, "a"), -9 * DAY), Gravity::Hold);
    Room::under(first()).arrives(&old, "hold: unreadable");
    Room::under(first()).arrives(&noted(old, "KILL KILL KILL"), "hold: kill-text unreadable, alarm");
}

#[test]
fn a_backlog_item_polled_again_stays_recorded() {
    let old = made(unnumbered("a"), -9 * DAY);
    let mut room = Room::under(first());
    room.arrives(&old, "ignore: backlog");
    room.policy = Policy::default();
    room.arrives(&old, "ignore: redelivery").stands("unpublished: 1 ignored");
    room.arrives(&made(unnumbered("b"), -9 * DAY), "ignore: backlog")
        .stands("unpublished: 1 ignored, 2 ignored");
}

#[test]
fn a_backlog_item_that_is_updated_today_is_published() {
    let mut room = Room::under(first());
    room.arrives(&made(unnumbered("a"), -9 * DAY), "ignore: backlog");
    room.policy = Policy::default();
    room.arrives(&made(unnumbered("b"), 0), "publish: new").stands("live(2): 1 ignored, 2 live");
}

#[test]
fn a_backlog_item_can_be_put_through_by_hand_or_released() {
    let old = made(unnumbered("a"), -9 * DAY);
    let mut room = Room::under(first());
    room.arrives(&old, "ignore: backlog");
    room.policy = Policy { exempt: true, ..Policy::default() };
    room.arrives(&old, "publish: usable-again").stands("live(1): 1 live");
    Room::under(first())
        .arrives(&old, "ignore: backlog")
        .told_to(Command::Release { n: None }, "publish: released")
        .stands("live(1): 1 live");
}

#[test]
fn a_story_that_is_live_has_no_backlog() {
    let mut room = Room::new();
    room.arrives(&made(numbered(1, "a"), -60), "publish: new");
    room.policy = first();
    room.clock(9 * DAY).arrives(&made(numbered(2, "b"), 0), "update: update");
}

#[test]
fn an_embargoed_item_of_the_backlog_waits() {
    let version = embargo(made(numbered(1, "a"), -3 * DAY), 60);
    Room::under(first())
        .arrives(&version, "hold: embargoed, until +60")
        .clock(60)
        .ticks(Some("publish: embargo-lifted"));
}

#[test]
fn hold_all_does_not_hold_what_is_passed_over() {
    let policy = Policy { hold_all: true, ..first() };
    Room::under(policy).arrives(&made(numbered(1, "a"), -9 * DAY), "ignore: backlog");
}
