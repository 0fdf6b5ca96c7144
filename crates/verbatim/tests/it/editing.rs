//! A person reviews, edits, or changes by legal order: label, page, feeds, API and log follow from the record.

use serde_json::json;

use crate::newsroom::{LABEL, Newsroom, USUAL, reasons, sha256, text};
use crate::wires::{Ninjs, Story, wire};

const REVIEWED: &str = "This text comes from an agency feed, was published without any modifications, and has been reviewed by an editor";
const EDITED: &str = "This text comes from an agency feed and has been edited";
const ALTERED: &str = "This text comes from an agency feed and has been changed because the law required it";

fn allowing(terms: &str) -> Newsroom {
    Newsroom::with(&format!("[agency.contract]\n{terms}\n{USUAL}"))
}

/// Every output says this about the story, and says it with these words.
#[track_caller]
fn told(newsroom: &Newsroom, url: &str, story: &Story, state: &str, label: &str, words: &str) {
    let page = newsroom.page(url);
    assert_eq!(page.labels, [(state.to_owned(), label.to_owned())]);
    assert_eq!(newsroom.get(&format!("{url}.txt")).text(), words);
    let item = newsroom.item(&story.uri);
    assert_eq!((text(&item, "review"), text(&item, "label")), (state, label), "{item:#}");
    assert_eq!(text(&item, "copy_sha256"), sha256(words), "{item:#}");
    let ninjs = newsroom.get(&format!("{url}.json")).json();
    assert_eq!(text(&ninjs["verbatim"], "review"), state, "{ninjs:#}");
    for feed in ["/feed.rss", "/feed.atom", "/feed.json"] {
        assert!(newsroom.get(feed).text().contains(label), "{feed}");
    }
    let proof = newsroom.get(&format!("{url}.proof")).text();
    assert!(
        proof.contains(&format!("review {state}")) || decoded(&proof).contains(&format!("review {state}")),
        "{proof}"
    );
    let said = newsroom.cli(&["verify", url]);
    assert!(matches!(said.code, Some(0 | 2)), "{said:?}");
}

/// What of a proof is written in base 64.
fn decoded(proof: &str) -> String {
    use base64::Engine as _;
    let words = proof.split(|c: char| c.is_whitespace());
    let bytes = words.filter_map(|word| base64::engine::general_purpose::STANDARD.decode(word).ok());
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

#[test]
fn a_review_changes_the_label_everywhere_and_not_one_word() {
    let mut newsroom = Newsroom::usual();
    let story = Story::new("aldermere", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let line = newsroom.cli(&["review", &url, "--role", "duty editor"]).well().lines().remove(0);
    assert_eq!((text(&line, "ruling"), &line["reasons"]), ("update", &json!(["reviewed"])));
    told(&newsroom, &url, &story, "reviewed", REVIEWED, &story.plain());
    assert!(newsroom.page(&url).text.contains("Reviewed by duty editor, unchanged"));
    newsroom.restart();
    newsroom.cli(&["rebuild"]).well();
    told(&newsroom, &url, &story, "reviewed", REVIEWED, &story.plain());
    // The same delivered again is still reviewed; other words are not.
    newsroom.deliver(Ninjs, &story);
    told(&newsroom, &url, &story, "reviewed", REVIEWED, &story.plain());
    let next = story.next("two");
    newsroom.deliver(Ninjs, &next);
    told(&newsroom, &url, &next, "unreviewed", LABEL, &next.plain());
}

#[test]
fn where_the_contract_wants_copy_word_for_word_no_edit_gets_through() {
    let newsroom = Newsroom::usual();
    let story = Story::new("brambleton", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    std::fs::write(newsroom.path("new.txt"), story.plain().replace("Council", "Board")).expect("a file");
    let said = newsroom.cli(&["edit", &url, "--role", "duty editor", "--file", "new.txt"]);
    assert!(said.code == Some(1) && said.err.contains("word for word"), "{said:?}");
    let order = json!({ "uri": story.uri, "order": "edit", "role": "x", "text": "Other words\n" });
    assert_eq!(newsroom.command("/api/v1/orders", &order).status, 409);
    newsroom.shows(&url, &story);
}

#[test]
fn an_edited_story_never_claims_to_be_word_for_word_and_shows_what_was_changed() {
    let mut newsroom = allowing("edit = true\ndiffs = true");
    newsroom.looks_back = true;
    let story = Story::new("coppergate", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let words = story.plain().replace("Council", "Board").replace("“yes”", "“no”");
    std::fs::write(newsroom.path("new.txt"), &words).expect("a file");
    newsroom.cli(&["edit", &url, "--role", "night editor", "--file", "new.txt"]).well();
    told(&newsroom, &url, &story, "edited", EDITED, &words);
    let page = newsroom.get(&url).text();
    assert!(
        page.contains("have been edited by this site") && !page.contains("character for character"),
        "{page}"
    );
    assert!(page.contains("<del>Council</del><ins>Board</ins>"), "{page}");
    assert!(page.contains("Edited by night editor") && page.contains(&sha256(story.plain())[..12]));
    let kinds: Vec<String> = newsroom.page(&url).blocks.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["headline", "p", "p"]);
    // The agency sends the same again, in the same and in a newer hour: nothing happens to the edit.
    newsroom.deliver(Ninjs, &story);
    told(&newsroom, &url, &story, "edited", EDITED, &words);
    // What it sends after that waits for a person, who is told.
    let next = story.next("two");
    let held = newsroom.deliver(Ninjs, &next);
    assert_eq!(
        (text(&held, "ruling"), reasons(&held).contains("was edited here")),
        ("hold", true),
        "{held:#}"
    );
    assert!(newsroom.desk_page().contains("was edited here"));
    told(&newsroom, &url, &story, "edited", EDITED, &words);
    newsroom.order(&story.uri, "release");
    told(&newsroom, &url, &next, "unreviewed", LABEL, &next.plain());
    assert!(!newsroom.get(&url).text().contains("<del>"));
    // And a kill takes the edited words with it.
    newsroom.cli(&["edit", &url, "--role", "night editor", "--file", "new.txt"]).well();
    newsroom.cli(&["kill", &url, "--reason", "a wrong name"]).well();
    newsroom.nowhere(
        Some(&url),
        &story.uri,
        &["Board of coppergateninjsheadone".to_owned(), "coppergateninjsleadone".to_owned()],
    );
}

#[test]
fn the_agencys_withdrawal_reaches_an_edited_story() {
    let newsroom = allowing("edit = true");
    for (name, status) in [("dunmore", "withheld"), ("eastholm", "canceled")] {
        let story = Story::new(name, Ninjs);
        let url = newsroom.publish(Ninjs, &story);
        std::fs::write(newsroom.path("new.txt"), story.plain().replace("Council", "Board")).expect("a file");
        newsroom.cli(&["edit", &url, "--role", "desk", "--file", "new.txt"]).well();
        assert!(!newsroom.get(&url).text().contains("<del>"), "the contract hides what was changed");
        // Under the version that was edited, with the words that were edited.
        newsroom.push("agx-world", &wire(Ninjs, &Story { status, ..story.clone() }));
        crate::newsroom::eventually("it is off", || (newsroom.get(&url).status == 410).then_some(()));
        newsroom.nowhere(Some(&url), &story.uri, &story.marks());
    }
}

#[test]
fn a_legal_order_has_a_label_of_its_own_and_goes_before_the_contract() {
    let newsroom = Newsroom::usual();
    let story = Story::new("fenwick", Ninjs);
    let url = newsroom.publish(Ninjs, &story);
    let words = story.plain().replace("mayor", "official");
    std::fs::write(newsroom.path("new.txt"), &words).expect("a file");
    let order =
        ["edit", &url, "--role", "legal desk", "--file", "new.txt", "--legal-order", "Court 3, order 17/26"];
    newsroom.cli(&order).well();
    told(&newsroom, &url, &story, "altered", ALTERED, &words);
    let page = newsroom.page(&url).text;
    assert!(page.contains("Changed by legal order, by legal desk") && !page.contains("17/26"), "{page}");
    let held = newsroom.deliver(Ninjs, &story.next("two"));
    assert!(reasons(&held).contains("changed by legal order here"), "{held:#}");
    told(&newsroom, &url, &story, "altered", ALTERED, &words);
}

#[test]
fn a_held_version_goes_live_as_reviewed_by_the_desks_own_form() {
    let newsroom = Newsroom::usual();
    newsroom.hold_all(true);
    let story = Story::new("garstang", Ninjs);
    assert_eq!(text(&newsroom.deliver(Ninjs, &story), "ruling"), "hold");
    newsroom.hold_all(false);
    let order = json!({ "uri": story.uri, "order": "review", "role": "chief sub" });
    assert_eq!(newsroom.command("/api/v1/orders", &order).status, 200);
    let url = text(&newsroom.item(&story.uri), "url").to_owned();
    told(&newsroom, &url, &story, "reviewed", REVIEWED, &story.plain());
    assert!(newsroom.held(&story.uri).is_empty());
    for wrong in ["", "a\nb"] {
        let order = json!({ "uri": story.uri, "order": "review", "role": wrong });
        assert_eq!(newsroom.command("/api/v1/orders", &order).status, 409, "{wrong:?}");
    }
}
