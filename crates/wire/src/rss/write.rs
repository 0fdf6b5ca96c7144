//! RSS 2.0 of published stories.

use crate::html;
use crate::outgoing::{Channel, Outgoing, VERBATIM_NS, attribute, element, statement, text};
use crate::time;

/// Writes a feed: full text in `content:encoded`, the story's URL as `guid`, tombstones as `at:deleted-entry`.
pub fn write(channel: &Channel) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\"");
    for (prefix, ns) in [
        ("atom", "http://www.w3.org/2005/Atom"),
        ("content", "http://purl.org/rss/1.0/modules/content/"),
        ("dc", "http://purl.org/dc/elements/1.1/"),
        ("at", "http://purl.org/atompub/tombstones/1.0"),
        ("verbatim", VERBATIM_NS),
    ] {
        out.push_str(&format!(" xmlns:{prefix}=\"{ns}\""));
    }
    out.push_str(">\n<channel>\n");
    element(&mut out, "title", &channel.title);
    element(&mut out, "link", &channel.home_url);
    // RSS wants a description of every channel; the title is all there is to say.
    element(&mut out, "description", &channel.title);
    if let Some(language) = &channel.language {
        element(&mut out, "language", language);
    }
    element(&mut out, "lastBuildDate", &time::rfc2822(channel.updated));
    out.push_str("<atom:link rel=\"self\" type=\"application/rss+xml\" href=\"");
    attribute(&mut out, &channel.feed_url);
    out.push_str("\"/>\n");
    for story in &channel.items {
        item(&mut out, story);
    }
    for tombstone in &channel.tombstones {
        out.push_str("<at:deleted-entry ref=\"");
        attribute(&mut out, &tombstone.id);
        out.push_str(&format!("\" when=\"{}\"/>\n", time::rfc3339(tombstone.when)));
    }
    out.push_str("</channel>\n</rss>\n");
    out
}

fn item(out: &mut String, story: &Outgoing) {
    out.push_str("<item");
    if let Some(language) = &story.language {
        out.push_str(" xml:lang=\"");
        attribute(out, language);
        out.push('"');
    }
    out.push_str(">\n");
    if let Some(headline) = story.copy.headline() {
        element(out, "title", headline);
    }
    element(out, "link", &story.url);
    out.push_str("<guid isPermaLink=\"true\">");
    text(out, &story.id);
    out.push_str("</guid>\n");
    element(out, "pubDate", &time::rfc2822(story.published));
    element(out, "atom:updated", &time::rfc3339(story.updated));
    element(out, "dc:creator", &story.agency);
    for section in &story.sections {
        element(out, "category", section);
    }
    // An item without a title has to have a description (RSS 2.0, elements of item).
    let body = if story.copy.headline().is_some() { "content:encoded" } else { "description" };
    element(out, body, &html::write_body(&story.copy));
    statement(out, story);
    out.push_str("</item>\n");
}
