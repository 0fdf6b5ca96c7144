//! The house's own rules section, tag, hold and ignore, and never publish what anything else holds.

use serde_json::json;

use crate::newsroom::{Newsroom, USUAL, reasons, text};
use crate::wires::{Ninjs, Story};

const ROUTES: &str = r#"
[[route]]
name = "harbour"
when = 'item.headline.contains("harbour") && item.headline.contains("seaside")'
section = "sea"
tags = ["ferries"]
priority = 2
[[route]]
name = "wait"
when = 'item.headline.contains("waiting")'
hold = true
[[route]]
name = "skip"
when = 'item.headline.contains("skipped") || item.headline.contains("waitinguntil")'
ignore = true
"#;

#[test]
fn a_route_sections_tags_holds_and_ignores() {
    let mut newsroom = Newsroom::with(&format!("{USUAL}{ROUTES}"));
    let sea = Story::new("seaside", Ninjs);
    let url = newsroom.publish(Ninjs, &sea);
    assert!(newsroom.get("/section/sea/feed.rss").text().contains(&url));
    assert!(!newsroom.get("/section/world/feed.rss").text().contains(&url));
    let ninjs = newsroom.get(&format!("{url}.json")).json();
    assert_eq!(
        (&ninjs["verbatim"]["tags"], &ninjs["verbatim"]["priority"]),
        (&json!(["ferries"]), &json!(2))
    );
    let held = newsroom.deliver(Ninjs, &Story::new("waiting", Ninjs));
    assert_eq!((text(&held, "ruling"), reasons(&held)), ("hold", "the route `wait` holds it".to_owned()));
    let ignored = newsroom.deliver(Ninjs, &Story::new("skipped", Ninjs));
    assert_eq!(text(&ignored, "ruling"), "ignore", "{ignored:#}");
    newsroom.nowhere(None, "urn:agx:skippedninjs", &Story::new("skipped", Ninjs).marks());
    // Both at once: it waits.
    assert_eq!(text(&newsroom.deliver(Ninjs, &Story::new("waitinguntil", Ninjs)), "ruling"), "hold");
    newsroom.order("urn:agx:waitingninjs", "release");
    assert_eq!(text(&newsroom.item("urn:agx:waitingninjs"), "pubstatus"), "usable", "a person may");
    // A route holds back no kill, and a rule of the program's goes before it.
    let kill = sea.next_with("canceled", "kill");
    assert_eq!(text(&newsroom.deliver(Ninjs, &kill), "ruling"), "kill");
    newsroom.hold_all(true);
    assert_eq!(text(&newsroom.deliver(Ninjs, &Story::new("seasidetoo", Ninjs)), "ruling"), "hold");
    newsroom.hold_all(false);
    newsroom.restart();
}

#[test]
fn routes_are_tried_on_what_came_before_they_count() {
    let mut newsroom = Newsroom::usual();
    for name in ["seaside", "waiting", "other"] {
        newsroom.publish(Ninjs, &Story::new(name, Ninjs));
    }
    newsroom.configure(&format!("{USUAL}{ROUTES}"));
    let said = newsroom.cli(&["rules", "test"]).well();
    let lines = said.lines();
    assert_eq!(lines.len(), 2, "{said:?}");
    let of =
        |name: &str| lines.iter().find(|line| text(line, "uri").contains(name)).expect("it would change");
    assert_eq!(of("seaside")["sections"], json!([["main", ["world"], ["sea"]]]));
    assert_eq!(of("seaside")["tags"], json!([[], ["ferries"]]));
    assert_eq!(text(of("waiting"), "would"), "the route `wait` holds it");
    assert!(said.err.contains("3 versions asked about, 2 would change"), "{said:?}");
    newsroom.looks_back = false;
}

#[test]
fn an_expression_that_is_wrong_is_refused_with_its_line_and_what_would_be_right() {
    let newsroom = Newsroom::prepared(&format!(
        "{USUAL}\n[[route]]\nname = \"x\"\nwhen = 'item.urgncy < 3'\nhold = true\n"
    ));
    let said = newsroom.cli(&["check"]);
    let expect = "route[0].when: route `x`: `item` has no `urgncy`: did you mean `urgency`?";
    assert!(
        said.code != Some(0) && said.err.contains("verbatim.toml:") && said.err.contains(expect),
        "{said:?}"
    );
}
