//! Atom of published stories, with tombstones for withdrawn ones.

use crate::html;
use crate::outgoing::{Channel, Outgoing, VERBATIM_NS, attribute, element, statement, text};
use crate::time;

/// Writes a feed (RFC 4287; tombstones RFC 6721): full text as `content type="html"`, the story's URL as `id`.
pub fn write(channel: &Channel) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\"",
    );
    out.push_str(" xmlns:at=\"http://purl.org/atompub/tombstones/1.0\" xmlns:verbatim=\"");
    out.push_str(VERBATIM_NS);
    out.push('"');
    language(&mut out, channel.language.as_deref());
    out.push_str(">\n");
    element(&mut out, "title", &channel.title);
    element(&mut out, "id", &channel.feed_url);
    link(&mut out, "self", "application/atom+xml", &channel.feed_url);
    link(&mut out, "alternate", "text/html", &channel.home_url);
    element(&mut out, "updated", &time::rfc3339(channel.updated));
    for story in &channel.items {
        entry(&mut out, story);
    }
    for tombstone in &channel.tombstones {
        out.push_str("<at:deleted-entry ref=\"");
        attribute(&mut out, &tombstone.id);
        out.push_str(&format!("\" when=\"{}\"/>\n", time::rfc3339(tombstone.when)));
    }
    out.push_str("</feed>\n");
    out
}

fn language(out: &mut String, tag: Option<&str>) {
    if let Some(tag) = tag {
        out.push_str(" xml:lang=\"");
        attribute(out, tag);
        out.push('"');
    }
}

fn link(out: &mut String, rel: &str, media_type: &str, href: &str) {
    out.push_str(&format!("<link rel=\"{rel}\" type=\"{media_type}\" href=\""));
    attribute(out, href);
    out.push_str("\"/>\n");
}

fn entry(out: &mut String, story: &Outgoing) {
    out.push_str("<entry");
    language(out, story.language.as_deref());
    out.push_str(">\n");
    element(out, "id", &story.id);
    // An entry must have a title (RFC 4287 §4.2.14); one without words has no headline.
    element(out, "title", story.copy.headline().unwrap_or_default());
    element(out, "published", &time::rfc3339(story.published));
    element(out, "updated", &time::rfc3339(story.updated));
    out.push_str("<author><name>");
    text(out, &story.agency);
    out.push_str("</name></author>\n");
    link(out, "alternate", "text/html", &story.url);
    for section in &story.sections {
        out.push_str("<category term=\"");
        attribute(out, section);
        out.push_str("\"/>\n");
    }
    out.push_str("<content type=\"html\">");
    text(out, &html::write_body(&story.copy));
    out.push_str("</content>\n");
    statement(out, story);
    out.push_str("</entry>\n");
}
