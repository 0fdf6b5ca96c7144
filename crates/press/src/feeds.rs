//! Feeds and the machine's form of a story, written by `wire` and read back before they become public.
//!
//! A feed carries whole stories, so it is held to the same rule as a page: title, body and label of every item
//! are read out of the finished feed again and compared code point for code point. A story that does not read back
//! equal is left out and reported; the others go on.

use news::{Block, BlockKind, Rights};
use serde_json::{Map, Value, json};
use wire::outgoing::{Channel, Outgoing, VERBATIM_NS};
use wire::{Limits, xml};

use crate::gate::{self, GateRefusal, Gated, body_blocks, same_text};
use crate::press::iso;
use crate::shape::{Page, SiteFace, Story};
use crate::{ATOM, JSON, JSON_FEED, Links, Press, RSS};

/// How one kind of feed is written and read back.
struct Kind {
    file: &'static str,
    media_type: &'static str,
    write: fn(&Channel) -> String,
    read: fn(&str) -> Result<Vec<Told>, String>,
}

/// What a feed says of one story.
#[derive(Debug, Default)]
struct Told {
    id: String,
    title: String,
    body: String,
    label: String,
    review: String,
}

impl Press {
    /// The RSS feed of the site, or of the section with this slug, and the stories that had to be left out.
    pub fn rss(
        &self,
        site: &SiteFace,
        section: Option<&str>,
        channel: Channel,
    ) -> (Gated<Page>, Vec<GateRefusal>) {
        let kind = Kind { file: "feed.rss", media_type: RSS, write: wire::rss::write, read: read_rss };
        feed(&kind, site, section, channel)
    }

    /// The Atom feed, with tombstones: as [`Press::rss`].
    pub fn atom(
        &self,
        site: &SiteFace,
        section: Option<&str>,
        channel: Channel,
    ) -> (Gated<Page>, Vec<GateRefusal>) {
        let kind = Kind { file: "feed.atom", media_type: ATOM, write: wire::atom::write, read: read_atom };
        feed(&kind, site, section, channel)
    }

    /// The JSON feed: as [`Press::rss`].
    pub fn json_feed(
        &self,
        site: &SiteFace,
        section: Option<&str>,
        channel: Channel,
    ) -> (Gated<Page>, Vec<GateRefusal>) {
        let kind = Kind {
            file: "feed.json",
            media_type: JSON_FEED,
            write: wire::json_feed::write,
            read: read_json_feed,
        };
        feed(&kind, site, section, channel)
    }

    /// The machine's form of a story, at its address with `.json`: ninjs 3.0, and beside it, in `verbatim`, the
    /// label, the review state, the copy hash and where the page is.
    ///
    /// What is not for readers (notes, the slugline, usage terms) is not in it.
    ///
    /// # Errors
    /// [`GateRefusal`] if it does not read back as the copy and the label.
    pub fn story_json(&self, site: &SiteFace, story: &Story<'_>) -> Result<Gated<Page>, GateRefusal> {
        let version = story.version;
        let rights = Rights { usage_terms: Vec::new(), ..version.rights.clone() };
        let verbatim = statement(site, story);
        let out = wire::ninjs::NinjsOut {
            slugline: None,
            rights: Some(&rights),
            verbatim: Some(&verbatim),
            ..wire::ninjs::NinjsOut::of(version)
        };
        let page = Page::new(JSON, wire::ninjs::write(&out));
        match check_ninjs(page.text(), story) {
            Ok(()) => Ok(gate::vouched(page)),
            Err(refusal) => Err(refusal.at(format!("/s/{}.json", story.id))),
        }
    }
}

fn feed(
    kind: &Kind,
    site: &SiteFace,
    section: Option<&str>,
    mut channel: Channel,
) -> (Gated<Page>, Vec<GateRefusal>) {
    let under = section.map(Links::section_path).unwrap_or_default();
    let place = Links::new(&site.url).local(&format!("{under}/{}", kind.file));
    let mut refusals = Vec::new();
    let mut text = (kind.write)(&channel);
    let mut verdicts = check_feed(kind, &channel, &text);
    if verdicts.iter().any(Option::is_some) {
        drop_refused(&mut channel, verdicts, &mut refusals);
        text = (kind.write)(&channel);
        verdicts = check_feed(kind, &channel, &text);
        if verdicts.iter().any(Option::is_some) {
            // Without the stories at fault it still does not say what it must: then it says nothing.
            refusals.extend(verdicts.into_iter().flatten());
            channel.items.clear();
            text = (kind.write)(&channel);
        }
    }
    let refusals = refusals.into_iter().map(|refusal| refusal.at(place.clone())).collect();
    (gate::vouched(Page::new(kind.media_type, text)), refusals)
}

fn drop_refused(channel: &mut Channel, verdicts: Vec<Option<GateRefusal>>, refusals: &mut Vec<GateRefusal>) {
    let mut keep = verdicts.iter().map(Option::is_none);
    channel.items.retain(|_| keep.next().unwrap_or(false));
    refusals.extend(verdicts.into_iter().flatten());
}

/// Reads a finished feed back; one verdict a story, in order.
fn check_feed(kind: &Kind, channel: &Channel, text: &str) -> Vec<Option<GateRefusal>> {
    match (kind.read)(text) {
        Ok(told) if told.len() == channel.items.len() => {
            channel.items.iter().zip(&told).map(|(story, told)| check_told(story, told).err()).collect()
        }
        // The feed as a whole is broken: ask each story alone, so that only those at fault are left out.
        _ => channel.items.iter().map(|story| check_alone(kind, channel, story).err()).collect(),
    }
}

fn check_alone(kind: &Kind, channel: &Channel, story: &Outgoing) -> Result<(), GateRefusal> {
    let alone = Channel { items: vec![story.clone()], tombstones: Vec::new(), ..channel.clone() };
    let refuse =
        |found: String| GateRefusal::new("feed-unreadable", &story.id, "a feed with this one story", found);
    match &(kind.read)(&(kind.write)(&alone)).map_err(refuse)?[..] {
        [told] => check_told(story, told),
        more => Err(refuse(format!("{} stories", more.len()))),
    }
}

fn check_told(story: &Outgoing, told: &Told) -> Result<(), GateRefusal> {
    let part = |what: &str| format!("{what} of {}", story.id);
    same_text("id-differs", || part("id"), &story.id, &told.id)?;
    same_text("headline-differs", || part("title"), story.copy.headline().unwrap_or_default(), &told.title)?;
    same_text("label-differs", || part("label"), &story.label.text, &told.label)?;
    same_text("label-state", || part("review state"), story.label.state.as_str(), &told.review)?;
    let title = story.copy.blocks().iter().position(|block| block.kind() == BlockKind::Headline);
    let expected =
        story.copy.blocks().iter().enumerate().filter(|(i, _)| Some(*i) != title).map(|(_, block)| block);
    check_body(&expected.collect::<Vec<_>>(), &told.body, &story.id)
}

/// Compares a body's blocks with those that must stand in it: all of the copy but what the title carries.
fn check_body(expected: &[&Block], html: &str, id: &str) -> Result<(), GateRefusal> {
    let found = body_blocks(html)
        .map_err(|found| GateRefusal::new("loose-words", id, "blocks of copy only", found))?;
    if found.len() != expected.len() {
        let count = |n| format!("{n} blocks");
        return Err(GateRefusal::new("block-count", id, count(expected.len()), count(found.len())));
    }
    for (i, (block, text)) in expected.iter().zip(&found).enumerate() {
        same_text(
            "copy-differs",
            || format!("block {} ({}) of {id}", i + 1, block.kind().as_str()),
            block.text(),
            text,
        )?;
    }
    Ok(())
}

fn statement(site: &SiteFace, story: &Story<'_>) -> Map<String, Value> {
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| out.insert(name.to_owned(), value);
    set("url", json!(Links::new(&site.url).story(story.id)));
    set("agency", json!(story.agency));
    set("label", json!(story.label.text));
    set("review", json!(story.label.state.as_str()));
    set("copy_sha256", json!(story.version.copy.copy_hash().to_string()));
    set("version_n", json!(story.n));
    set("published", json!(iso(story.published)));
    set("updated", json!(iso(story.updated)));
    set("sections", json!(story.sections));
    if !story.tags.is_empty() {
        set("tags", json!(story.tags));
    }
    if let Some(priority) = story.priority {
        set("priority", json!(priority));
    }
    set("log_index", json!(story.log_index));
    let history = story.history.iter().map(|line| {
        let hash = line.copy_hash.map(|hash| hash.to_string());
        json!({"n": line.n, "at": iso(line.at), "what": line.what, "copy_sha256": hash, "live": line.live})
    });
    set("history", history.collect());
    out
}

fn check_ninjs(text: &str, story: &Story<'_>) -> Result<(), GateRefusal> {
    let id = story.id.to_string();
    let copy = &story.version.copy;
    let unreadable = |e: serde_json::Error| GateRefusal::new("unreadable", &id, "JSON", e.to_string());
    let value: Value = serde_json::from_str(text).map_err(unreadable)?;
    let word = |pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let headlines =
        value["headlines"].as_array().into_iter().flatten().filter(|headline| headline["role"] == "main");
    let headlines: Vec<&str> = headlines.filter_map(|headline| headline["value"].as_str()).collect();
    let expected: Vec<&str> = copy.texts(BlockKind::Headline).collect();
    same_text(
        "headline-differs",
        || "headlines".to_owned(),
        &expected.join("\n\n"),
        &headlines.join("\n\n"),
    )?;
    same_text("label-differs", || "label".to_owned(), &story.label.text, word("/verbatim/label"))?;
    same_text(
        "label-state",
        || "review state".to_owned(),
        story.label.state.as_str(),
        word("/verbatim/review"),
    )?;
    let body =
        value["bodies"].as_array().into_iter().flatten().find(|body| body["contentType"] == "text/html");
    let expected: Vec<&Block> =
        copy.blocks().iter().filter(|block| block.kind() != BlockKind::Headline).collect();
    check_body(&expected, body.and_then(|body| body["value"].as_str()).unwrap_or_default(), &id)
}

fn read_xml(text: &str) -> Result<xml::Element<'_>, String> {
    xml::parse(text, &Limits::default())
        .map_err(|fault| format!("XML that is broken at byte {}", fault.offset))
}

fn read_rss(text: &str) -> Result<Vec<Told>, String> {
    let root = read_xml(text)?;
    let channel = root.child("channel").ok_or("RSS without a channel")?;
    // Without a title the words stand in the description.
    let body = |item: &xml::Element| if item.child("encoded").is_some() { "encoded" } else { "description" };
    Ok(channel.children_named("item").map(|item| told(item, "guid", body(item))).collect())
}

fn read_atom(text: &str) -> Result<Vec<Told>, String> {
    Ok(read_xml(text)?.children_named("entry").map(|entry| told(entry, "id", "content")).collect())
}

fn told(item: &xml::Element, id: &str, body: &str) -> Told {
    let text = |name: &str| item.child(name).map(xml::Element::text).unwrap_or_default();
    let label = item.child_ns(VERBATIM_NS, "label");
    Told {
        id: text(id),
        title: text("title"),
        body: text(body),
        label: label.map(xml::Element::text).unwrap_or_default(),
        review: label.and_then(|label| label.attr("review")).unwrap_or_default().to_owned(),
    }
}

fn read_json_feed(text: &str) -> Result<Vec<Told>, String> {
    let feed: Value = serde_json::from_str(text).map_err(|e| format!("no JSON ({e})"))?;
    let items = feed["items"].as_array().ok_or("JSON without items")?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let told = |item: &Value| Told {
        id: text(&item["id"]),
        title: text(&item["title"]),
        body: text(&item["content_html"]),
        label: text(&item["_verbatim"]["label"]),
        review: text(&item["_verbatim"]["review"]),
    };
    Ok(items.iter().map(told).collect())
}
