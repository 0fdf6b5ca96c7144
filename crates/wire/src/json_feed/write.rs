//! JSON Feed of published stories.

use serde_json::{Map, Value, json};

use crate::html;
use crate::outgoing::{Channel, Outgoing};
use crate::time;

/// Writes a feed (JSON Feed 1.1): full text as `content_html`, the story's URL as `id`, what we say about the story
/// in `_verbatim`. Withdrawn stories stand in the feed's own `_verbatim.deleted`, for the format has no tombstone.
pub fn write(channel: &Channel) -> String {
    let mut feed = Map::new();
    feed.insert("version".into(), json!("https://jsonfeed.org/version/1.1"));
    feed.insert("title".into(), json!(channel.title));
    feed.insert("home_page_url".into(), json!(channel.home_url));
    feed.insert("feed_url".into(), json!(channel.feed_url));
    if let Some(language) = &channel.language {
        feed.insert("language".into(), json!(language));
    }
    let deleted: Vec<Value> = channel
        .tombstones
        .iter()
        .map(|tombstone| json!({ "id": tombstone.id, "when": time::rfc3339(tombstone.when) }))
        .collect();
    feed.insert("_verbatim".into(), json!({ "updated": time::rfc3339(channel.updated), "deleted": deleted }));
    feed.insert("items".into(), channel.items.iter().map(item).collect());
    let mut out = Value::Object(feed).to_string();
    out.push('\n');
    out
}

fn item(story: &Outgoing) -> Value {
    let mut item = Map::new();
    item.insert("id".into(), json!(story.id));
    item.insert("url".into(), json!(story.url));
    if let Some(headline) = story.copy.headline() {
        item.insert("title".into(), json!(headline));
    }
    item.insert("content_html".into(), json!(html::write_body(&story.copy)));
    item.insert("date_published".into(), json!(time::rfc3339(story.published)));
    item.insert("date_modified".into(), json!(time::rfc3339(story.updated)));
    item.insert("authors".into(), json!([{ "name": story.agency }]));
    if !story.sections.is_empty() {
        item.insert("tags".into(), json!(story.sections));
    }
    if let Some(language) = &story.language {
        item.insert("language".into(), json!(language));
    }
    let statement = json!({
        "label": story.label.text,
        "review": story.label.state.as_str(),
        "copy_sha256": story.copy.copy_hash().to_string(),
        "uri": story.uri,
        "version": story.version,
        "version_n": story.version_n,
    });
    item.insert("_verbatim".into(), statement);
    Value::Object(item)
}
