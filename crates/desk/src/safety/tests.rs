//! Each rule by what it was made for, and by what it must leave alone; then all of them through an ordinary month.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use news::{Act, Dateline, Embargo, FeedId, ItemKey, Placement, Subject, Unmapped, Version};

use super::invented::{Chance, dated, month, noon, numbered, prose, story, told};
use super::*;
use crate::{Decision, Policy, Story, decide};

fn key() -> Key {
    Key::new([7; 16])
}

/// A newsroom of many stories.
struct Room {
    watch: Watch,
    policy: Policy,
    stories: std::collections::HashMap<String, Story>,
    now: Timestamp,
    sender: &'static str,
    peer: &'static str,
    notices: Vec<Notice>,
}

impl Room {
    fn new() -> Self {
        Self {
            watch: Watch::new(1_000),
            policy: Policy::default(),
            stories: std::collections::HashMap::new(),
            now: noon(),
            sender: "ninjs push",
            peer: "",
            notices: Vec::new(),
        }
    }

    fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut rules = Rules::default();
        change(&mut rules);
        Self { policy: Policy { rules: Arc::new(rules), ..Policy::default() }, ..Self::new() }
    }

    fn feed() -> FeedId {
        FeedId::from("agx-world")
    }

    fn passes(&mut self, time: SignedDuration) -> &mut Self {
        self.now += time;
        self
    }

    /// What is decided about a version, with everything that was seen around it.
    fn takes(&mut self, version: &Version) -> Decision {
        let rules = Arc::clone(&self.policy.rules);
        let profile = Profile::of(version, &key());
        let item = ItemKey { agency: "agx".into(), uri: version.uri.clone() };
        let (feed, at) = (Self::feed(), self.now);
        let arrived = Arrived {
            feed: &feed,
            key: &item,
            version,
            profile: &profile,
            sender: self.sender,
            peer: self.peer,
            at,
        };
        let around = self.watch.look(&arrived, &rules, self.now);
        let policy = Policy { hold_feed: self.watch.is_tripped(&feed), ..self.policy.clone() };
        let story = self.stories.entry(version.uri.clone()).or_default();
        let sight = Sight { profile: Some(&profile), around: &around, orders: None };
        let decision = decide(story, version, &policy, &sight, self.now);
        let codes: Vec<&str> = decision.ruling.reasons.iter().map(|reason| reason.code).collect();
        if decision.n.is_some() {
            let notices =
                self.watch.record(&arrived, decision.ruling.act, &codes, story.known.is_empty(), &rules);
            self.notices.extend(notices);
        }
        self.watch.sent(&feed, self.sender, &rules);
        if decision.ruling.act == Act::Kill {
            self.watch.fell(&item, self.now);
        }
        story.apply(&decision, Some(version), self.now);
        decision
    }

    #[track_caller]
    fn gives(&mut self, version: &Version, expect: &str) -> &mut Self {
        let decision = self.takes(version);
        let codes: Vec<&str> = decision.ruling.reasons.iter().map(|reason| reason.code).collect();
        assert_eq!(format!("{}: {}", decision.ruling.act.as_str(), codes.join(" ")), expect);
        self
    }
}

#[track_caller]
fn check(version: &Version, expect: &str) {
    Room::new().gives(version, expect);
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);

#[test]
fn every_rule_has_a_name_a_sentence_and_a_shadow() {
    for rule in Rule::ALL {
        assert_eq!(rule.shadow(), format!("shadow-{}", rule.name()));
        assert!(rule.about().len() > 20, "{}", rule.name());
    }
}

#[test]
fn an_old_story_under_a_new_identifier_is_held() {
    let mut room = Room::new();
    room.gives(&story("old", 1, 200), "publish: new");
    room.passes(8 * DAY);
    let again = dated(story("new", 1, 200), room.now);
    room.gives(&again, "hold: old-twin");
}

#[test]
fn a_twin_with_a_few_other_words_is_one_all_the_same() {
    let mut room = Room::new();
    let body = prose(1, 300);
    room.gives(&told("old", "Bank closes its doors", &[&body]), "publish: new").passes(8 * DAY);
    let touched = format!("UPDATED {} And a sentence more.", body);
    let again = dated(told("new", "A bank closes", &[&touched]), room.now);
    assert!(room.takes(&again).ruling.reasons.iter().any(|reason| reason.code == "old-twin"));
}

#[test]
fn a_recent_twin_is_no_old_story() {
    let mut room = Room::new();
    room.gives(&story("old", 1, 200), "publish: new").passes(6 * DAY);
    let again = dated(story("new", 1, 200), room.now);
    room.gives(&again, "publish: new");
}

#[test]
fn killed_words_are_held_under_any_identifier_for_thirty_days() {
    let flash =
        ["Government orders partial mobilisation of two hundred thousand citizens from the first of July"];
    let killed = |room: &mut Room, body: &[&str]| {
        room.gives(&numbered(told("a", "Mobilisation", body), 1), "publish: new");
        let mut kill = numbered(told("a", "Mobilisation", body), 2);
        kill.status = news::PubStatus::Canceled;
        room.takes(&kill);
    };
    let long = prose(9, 250);
    for body in [&flash[..], &[&long[..]]] {
        let mut room = Room::new();
        killed(&mut room, body);
        let again = dated(told("b", "Mobilisation", body), room.passes(20 * MINUTE).now);
        room.gives(&again, "hold: killed-twin");
        let later = dated(told("c", "Mobilisation", body), room.passes(31 * DAY).now);
        assert_ne!(room.takes(&later).ruling.reasons[0].code, "killed-twin");
    }
}

#[test]
fn a_killed_fingerprint_survives_as_bytes() {
    let mut room = Room::new();
    room.gives(&story("a", 4, 200), "publish: new");
    let item = ItemKey { agency: "agx".into(), uri: "a".to_owned() };
    let (item, sketch) = room.watch.fell(&item, room.now).expect("its words were seen");
    let mut later = Room::new();
    let sketch = Sketch::from_bytes(&sketch.to_bytes()).expect("bytes that it gave");
    later.watch.recall_killed(item, later.now, sketch);
    later.gives(&story("b", 4, 200), "hold: killed-twin");
}

#[test]
fn a_fingerprint_holds_no_word_and_needs_the_key() {
    let version = story("a", 4, 200);
    let sketch = Profile::of(&version, &key()).sketch;
    let other = Profile::of(&version, &Key::new([8; 16])).sketch;
    assert!(sketch.overlap(&other) < 0.1, "another newsroom's fingerprints are of no use here");
    assert_eq!(sketch.to_bytes().len(), 130);
    assert_eq!(format!("{:?}", key()), "Key(…)");
}

#[test]
fn overlap_is_what_it_says() {
    for (kept, of) in [(400, 500), (250, 500), (50, 500)] {
        let (a, b) = (prose(1, of), prose(2, of));
        let mixed: Vec<&str> = a.split(' ').take(kept).chain(b.split(' ').skip(kept)).collect();
        let sketch = |text: &str| Profile::of(&told("a", "x", &[text]), &key()).sketch;
        let (kept, of) = (kept as f64, of as f64);
        let (found, expect) = (sketch(&a).overlap(&sketch(&mixed.join(" "))), kept / (2.0 * of - kept));
        assert!((found - expect).abs() < 0.2, "{found} for {expect}");
    }
}

#[test]
fn a_flood_of_new_stories_is_held_and_trips_the_breaker() {
    let mut room = Room::new();
    room.gives(&story("first", 99, 60), "publish: new");
    room.passes(4 * 24 * 60 * MINUTE);
    let next = |room: &mut Room, n: u64, expect: &str| {
        let version = dated(story(&format!("{n}"), 100 + n, 60), room.now);
        room.gives(&version, expect);
    };
    for n in 0..40 {
        next(&mut room, n, "publish: new");
    }
    for n in 40..50 {
        next(&mut room, n, "hold: burst");
    }
    assert_eq!(room.notices, [Notice::Tripped { everything: false }]);
    let calm = dated(story("calm", 999, 60), room.passes(60 * MINUTE).now);
    room.gives(&calm, "hold: breaker");
    room.watch.trip(&Room::feed(), false);
    let after = dated(story("after", 1000, 60), room.now);
    room.gives(&after, "publish: new");
}

#[test]
fn an_archive_that_is_sent_again_trips_no_breaker() {
    let mut room = Room::new();
    room.gives(&story("first", 99, 60), "publish: new");
    for n in 0..50 {
        let old = dated(story(&format!("{n}"), 100 + n, 60), noon() - 24 * 60 * MINUTE * 400);
        room.gives(&old, "hold: stale-date");
    }
    assert!(room.notices.is_empty());
    room.gives(&dated(story("fresh", 999, 60), room.now), "publish: new");
}

#[test]
fn a_feed_that_nobody_knows_yet_may_send_as_much_as_a_national_agency() {
    let mut room = Room::new();
    for n in 0..200 {
        room.gives(&story(&format!("{n}"), 100 + n, 60), "publish: new");
    }
    room.gives(&story("one more", 999, 60), "hold: burst");
}

#[test]
fn what_waited_somewhere_is_no_burst() {
    let mut room = Room::new();
    for n in 0..200 {
        let late = dated(story(&format!("{n}"), 100 + n, 60), noon() - MINUTE * 31);
        room.gives(&late, "publish: new");
    }
}

#[test]
fn a_busy_feed_may_be_busy() {
    let mut room = Room::new();
    let mut n = 0;
    for _ in 0..3 {
        for _ in 0..30 {
            n += 1;
            let version = dated(story(&format!("{n}"), n, 60), room.now);
            room.gives(&version, "publish: new");
        }
        room.passes(60 * MINUTE);
    }
    for _ in 0..80 {
        n += 1;
        let version = dated(story(&format!("{n}"), n, 60), room.now);
        room.gives(&version, "publish: new");
    }
}

#[test]
fn three_tripped_breakers_hold_everything() {
    let mut room = Room::with(|rules| rules.burst_unknown = 1);
    for feed in ["a", "b"] {
        room.watch.trip(&FeedId::from(feed), true);
    }
    for n in 0..12 {
        room.takes(&story(&format!("{n}"), 100 + n, 60));
    }
    assert_eq!(room.notices, [Notice::Tripped { everything: true }]);
}

#[test]
fn more_flashes_or_obituaries_than_anybody_writes_are_held() {
    for kind in ["flash", "obituary"] {
        let mut room = Room::new();
        let made = |n: u64| {
            let mut version = story(&format!("{n}"), n, 60);
            match kind {
                "flash" => version.urgency = Some(1),
                _ => version.genres.push(Subject { name: Some("Obituary".to_owned()), ..Subject::default() }),
            }
            version
        };
        for n in 1..=5 {
            room.gives(&made(n), "publish: new");
        }
        room.gives(&made(6), "hold: flashes").gives(&story("other", 7, 60), "publish: new");
    }
}

#[test]
fn a_dateline_that_names_another_day_is_held() {
    let body = prose(1, 60);
    for (dateline, expect) in [
        ("CHICAGO, Dec. 9 (AP Example) -", "hold: date-differs"),
        ("BERLIN, 12. Oktober (dpa example) -", "hold: date-differs"),
        ("CHICAGO, March 2, 2002 -", "hold: date-differs"),
        ("LOS ANGELES, March 1 (AP Example) -", "publish: new"),
        ("PARIS, 27 février (AFP example) -", "publish: new"),
        ("May Day rally draws thousands and more than", "publish: new"),
    ] {
        check(&told("a", &prose(1, 60)[..40], &[&format!("{dateline} {body}")]), expect);
    }
    let mut apart = told("a", "x", &[&body]);
    let text = "LIMA, 9 diciembre".to_owned();
    apart.dateline =
        Some(Dateline { text, located: None, placement: Placement::Separate, agency: None, date: None });
    check(&apart, "hold: date-differs");
}

#[test]
fn what_a_template_left_is_held() {
    for (headline, body, expect) in [
        ("null", "Words.", "hold: placeholder"),
        ("{{ headline }}", "Words.", "hold: placeholder"),
        ("Bank closes", "Lorem ipsum dolor sit amet, consectetur.", "hold: placeholder"),
        ("Headline goes here", "Text goes here.", "hold: placeholder"),
        ("Bank closes", "Dear ${name}, the bank closes.", "hold: placeholder"),
        ("Title race goes on", "A title is a title.", "publish: new"),
        ("None of the above", "It cost $5 {in total}.", "publish: new"),
    ] {
        check(&told("a", headline, &[body]), expect);
    }
}

#[test]
fn a_body_that_breaks_off_is_held() {
    let whole = prose(1, 60);
    for (end, expect) in [
        ("The minister told reporters that the government would consider the", "hold: cut-body"),
        ("The minister told reporters in the evening after the session,", "hold: cut-body"),
        ("The minister told reporters that the government would consider it.", "publish: new"),
        ("(Reporting by Jo Example; editing by Al Example in the evening)", "publish: new"),
        ("Jo Example reported from Berlin and Al Example from the city of Hamburg", "publish: new"),
        ("The minister told reporters that the government would consider the…", "publish: new"),
    ] {
        check(&told("a", &whole[..40], &[&whole, end]), expect);
    }
}

#[test]
fn an_update_that_loses_most_of_its_text_is_held() {
    let body = prose(3, 400);
    let cut: String = body.split(' ').take(120).collect::<Vec<_>>().join(" ") + ".";
    let mut room = Room::new();
    room.gives(&numbered(told("a", "Bank", &[&body]), 1), "publish: new");
    room.gives(&numbered(told("a", "Bank", &[&cut]), 2), "hold: cut-body");
}

#[test]
fn an_update_in_other_words_is_held_and_a_writethru_is_not() {
    let (first, second) = (prose(3, 200), prose(4, 300));
    let mut room = Room::new();
    room.gives(&numbered(told("a", "Bank", &[&first]), 1), "publish: new");
    room.gives(&numbered(told("a", "Bank", &[&format!("{} {first}", prose(5, 150))]), 2), "update: update");
    room.gives(&numbered(told("a", "Bank", &[&second]), 3), "hold: large-change");
}

#[test]
fn a_body_that_stands_twice_is_held() {
    let body = prose(3, 80);
    check(&told("a", "x", &[&body, &body]), "hold: repeated-body");
    check(&told("a", "x", &[&body, "No comment.", "No comment."]), "publish: new");
}

#[test]
fn a_headline_alone_is_held_where_stories_have_bodies() {
    let mut room = Room::new();
    for n in 0..50 {
        room.gives(&dated(story(&format!("{n}"), n + 1, 60), noon() - MINUTE * 40), "publish: new");
    }
    room.gives(&told("bare", "Bank closes its doors", &[]), "hold: empty-body");
    let mut flash = told("flash", "Bank closes its doors", &[]);
    flash.urgency = Some(1);
    room.gives(&flash, "publish: new");
    Room::new().gives(&told("bare", "Bank closes its doors", &[]), "publish: new");
}

#[test]
fn another_script_or_language_than_the_one_named_is_held() {
    let german = "Die Regierung hat am Montag in der Hauptstadt mitgeteilt, dass sie mit den Ländern über eine neue Regelung \
                  für den Verkehr verhandelt. Der Minister sagte, es sei nicht das Ziel, die Bürger zu belasten, und die Kosten \
                  werden von dem Bund und den Ländern gemeinsam getragen. Die Opposition kritisierte, dass das Gesetz auch nach \
                  einer langen Beratung nicht klar ist, und forderte eine Abstimmung im Parlament über den Entwurf.";
    let hindi = "सरकार ने सोमवार को राजधानी में कहा कि नई सड़क का काम अगले महीने शुरू होगा और इसके लिए राज्यों के साथ बातचीत चल रही है।";
    let in_language = |text: &str, language: &str| {
        let mut version = told("a", "x", &[text]);
        version.language = Some(language.to_owned());
        version
    };
    check(&in_language(german, "en"), "hold: other-language");
    check(&in_language(german, "de-AT"), "publish: new");
    check(&in_language(hindi, "en"), "hold: other-language");
    check(&in_language(hindi, "hi"), "publish: new");
    check(&in_language(&prose(1, 90), "hi"), "hold: other-language");
    check(&in_language(&prose(1, 90), "xx"), "publish: new");
}

#[test]
fn headline_and_body_of_different_stories_are_held() {
    let body = prose(1, 150);
    check(&told("a", "Quarterly results disappoint shareholders everywhere", &[&body]), "hold: other-story");
    check(&told("a", "A day to remember", &[&body]), "publish: new");
}

#[test]
fn a_sender_that_never_sent_is_held_until_a_person_lets_it_in() {
    let mut room = Room::new();
    for n in 0..20 {
        room.gives(&story(&format!("{n}"), n + 1, 60), "publish: new");
    }
    room.sender = "rss push";
    room.gives(&story("strange", 99, 60), "hold: unexpected-sender");
    room.watch.accept(&Room::feed());
    room.gives(&story("known", 98, 60), "publish: new");
}

#[test]
fn who_is_not_on_the_list_of_senders_is_held_at_once() {
    let mut room = Room::with(|rules| rules.senders = vec!["10.0.0.7".to_owned()]);
    room.peer = "10.0.0.7";
    room.gives(&story("a", 1, 60), "publish: new");
    room.peer = "10.0.0.8";
    room.gives(&story("b", 2, 60), "hold: unexpected-sender");
}

#[test]
fn words_of_the_watch_list_are_held() {
    let watching = || {
        Room::with(|rules| {
            rules.watch_for(["takeover bid", "Insolvenz"]);
        })
    };
    watching().gives(&told("a", "Rival launches Takeover Bid", &["Words."]), "hold: watch-word");
    watching().gives(&told("a", "Rival", &["Die Insolvenz war erwartet worden."]), "hold: watch-word");
    watching().gives(&told("a", "A takeover", &["Bid and ask."]), "publish: new");
}

#[test]
fn a_number_that_never_came_is_told() {
    let mut room = Room::new();
    let counted = |n: u64| {
        let mut version = story(&format!("{n}"), n, 60);
        version.extra.push(Unmapped { path: "header/number".to_owned(), value: format!("{n:04}") });
        version
    };
    for n in 1..=12 {
        room.gives(&counted(n), "publish: new");
    }
    assert!(room.notices.is_empty());
    room.gives(&counted(15), "publish: new");
    let Some(Notice::Alarm(finding)) = room.notices.first() else { panic!("{:?}", room.notices) };
    assert_eq!((finding.rule, finding.text.contains("13 to 14")), (Rule::Gap, true));
    let mut first = counted(99);
    first.extra[0].value = "0001".to_owned();
    room.gives(&first, "publish: new");
    assert_eq!(room.notices.len(), 1, "a new day begins at one");
}

#[test]
fn a_feed_that_should_have_spoken_is_told_of_once() {
    let mut room = Room::new();
    for n in 0..80 {
        let version = dated(story(&format!("{n}"), n + 1, 60), room.now);
        room.gives(&version, "publish: new").passes(SignedDuration::from_hours(1));
    }
    let rules = Rules::default();
    let quiet = |room: &mut Room, hours| {
        let now = room.passes(SignedDuration::from_hours(hours)).now;
        room.watch.silence(&Room::feed(), &rules, now).map(|finding| finding.rule)
    };
    assert_eq!(quiet(&mut room, 4), None);
    assert_eq!((quiet(&mut room, 4), quiet(&mut room, 4)), (Some(Rule::Silence), None));
    let again = dated(story("again", 500, 60), room.now);
    room.gives(&again, "publish: new");
    assert_eq!((quiet(&mut room, 4), quiet(&mut room, 60)), (None, Some(Rule::Silence)));
}

#[test]
fn a_rule_in_shadow_says_what_it_would_have_done() {
    for (safety, expect) in [
        (Safety::On, "hold: other-story"),
        (Safety::Shadow, "publish: new shadow-other-story"),
        (Safety::Off, "publish: new"),
    ] {
        let mut room = Room::with(|rules| {
            rules.set(Rule::OtherStory, safety);
        });
        let body = prose(1, 150);
        room.gives(&told("a", "Quarterly results disappoint shareholders everywhere", &[&body]), expect);
    }
}

#[test]
fn a_rule_never_lets_anything_go() {
    let mut killed = told("a", "null", &[]);
    killed.status = news::PubStatus::Canceled;
    check(&killed, "kill: killed-unseen");
    let mut embargoed = told("b", "null", &["Words."]);
    embargoed.embargo = Some(Embargo::Until(noon() + DAY));
    check(&embargoed, "hold: placeholder embargoed");
    let mut room = Room::new();
    room.policy.first_contact = true;
    room.gives(&dated(told("c", "null", &["Words."]), noon() - 3 * DAY), "ignore: backlog");
}

#[test]
fn a_finding_on_version_two_leaves_version_one_live() {
    let mut room = Room::new();
    room.gives(&numbered(story("a", 1, 60), 1), "publish: new");
    room.gives(&numbered(told("a", "null", &["Words."]), 2), "hold: placeholder");
    assert_eq!(room.stories["a"].live().map(|known| known.n), Some(1));
}

#[test]
fn the_memory_is_bounded_and_forgets_the_oldest() {
    let mut room = Room::new();
    room.policy.rules = Arc::new(Rules::all(Safety::Off));
    for n in 0..2_500 {
        room.takes(&story(&format!("{n}"), n + 1, 50));
    }
    assert_eq!(room.watch.len().0, 1_000);
    room.policy.rules = Arc::default();
    room.passes(8 * DAY);
    let fresh = |n: u64, room: &Room| dated(story(&format!("again {n}"), n + 1, 50), room.now);
    let (old, new) = (fresh(1_400, &room), fresh(2_400, &room));
    room.gives(&old, "publish: new").gives(&new, "hold: old-twin");
}

#[test]
fn the_memory_can_be_kept_and_taken_up() {
    let mut room = Room::new();
    for n in 0..600 {
        let at = noon() - 10 * DAY + MINUTE * n;
        room.now = at;
        room.takes(&dated(story(&format!("{n}"), n as u64 + 1, 60), at));
    }
    let mut later = Room::new();
    (0..=600 / SHEET).for_each(|sheet| later.watch.recall_sheet(&room.watch.sheet(sheet)));
    later.watch.recall_traffic(&Room::feed(), &room.watch.traffic(&Room::feed()));
    assert_eq!(later.watch.len(), room.watch.len());
    assert_eq!(later.watch.traffic(&Room::feed()), room.watch.traffic(&Room::feed()));
    later.gives(&story("new", 599, 60), "hold: old-twin");
    later.watch.recall_sheet(b"nonsense");
    later.watch.recall_traffic(&FeedId::from("other"), "slots x:y z\nrecent ?\n\u{0}");
}

#[test]
fn ordinary_days_of_ten_feeds_are_hardly_ever_held() {
    let (mut items, mut held) = (0u32, std::collections::BTreeMap::<String, u32>::new());
    for feed in 0..10 {
        let mut room = Room::new();
        room.watch = Watch::new(20_000);
        // A whole month is gone through by `examples/month.rs`, which also measures.
        for (at, version) in month(feed, 1, 3, &mut Chance::new(feed)) {
            room.now = at;
            let decision = room.takes(&version);
            items += 1;
            if decision.ruling.act == Act::Hold {
                *held.entry(decision.ruling.reasons[0].code.to_owned()).or_default() += 1;
            }
        }
    }
    let all: u32 = held.values().sum();
    assert!(items > 500, "{items}");
    assert!(f64::from(all) / f64::from(items) <= 0.001, "{all} of {items} held: {held:?}");
}
