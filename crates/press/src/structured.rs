//! Structured data for machines: one schema.org `NewsArticle`, whose words the gate compares like those of the page.

use news::ReviewState;
use serde_json::{Map, Value, json};

use crate::gate::body_text;
use crate::shape::{SiteFace, Story};
use crate::{Links, press::iso};

/// The `<script type="application/ld+json">` of a story's page.
///
/// schema.org has no word for "not reviewed": the state is `creativeWorkStatus` and the label `backstory`, and
/// `reviewedBy` is never claimed.
pub(crate) fn script(site: &SiteFace, story: &Story<'_>) -> String {
    let json = article(site, story).to_string();
    let mut out = String::with_capacity(json.len() + 64);
    out.push_str("<script type=\"application/ld+json\">");
    let mut rest = json.as_str();
    while let Some(at) = rest.find(['<', '>', '&', '\u{2028}', '\u{2029}']) {
        let (plain, odd) = rest.split_at(at);
        out.push_str(plain);
        let mut odd = odd.chars();
        // Nothing in a script may end it, or look to an HTML parser as if it began another.
        out.push_str(match odd.next() {
            Some('<') => "\\u003c",
            Some('>') => "\\u003e",
            Some('&') => "\\u0026",
            Some('\u{2028}') => "\\u2028",
            _ => "\\u2029",
        });
        rest = odd.as_str();
    }
    out.push_str(rest);
    out.push_str("</script>");
    out
}

fn article(site: &SiteFace, story: &Story<'_>) -> Value {
    let links = Links::new(&site.url);
    let url = links.story(story.id);
    let version = story.version;
    let agency = json!({"@type": "NewsMediaOrganization", "name": story.agency});
    let mut out = Map::new();
    let mut set = |name: &str, value: Value| {
        if !value.is_null() {
            out.insert(name.to_owned(), value);
        }
    };
    set("@context", json!("https://schema.org"));
    set("@type", json!("NewsArticle"));
    set("mainEntityOfPage", json!(url));
    set("url", json!(url));
    set("identifier", json!(story.key.uri));
    set("headline", json!(version.copy.headline()));
    set("dateline", json!(version.dateline.as_ref().map(|dateline| &dateline.text)));
    set("datePublished", json!(iso(story.published)));
    set("dateModified", json!(iso(story.updated)));
    set("version", json!(story.n));
    set("inLanguage", json!(version.language));
    set("author", agency.clone());
    set("sourceOrganization", agency);
    set("publisher", json!({"@type": "NewsMediaOrganization", "name": site.name, "url": links.full("/")}));
    set("publishingPrinciples", json!(links.full("/policy")));
    set("copyrightNotice", json!(version.rights.copyright_notice));
    set("creditText", json!(version.rights.credit_line));
    set("creativeWorkStatus", json!(status(story.label.state)));
    set("backstory", json!(story.label.text));
    if let Some(section) = story.sections.first() {
        let name = site.sections.iter().find(|face| face.slug == *section).map(|face| &face.name);
        set("articleSection", json!(name));
    }
    set("articleBody", json!(body_text(&version.copy)));
    Value::Object(out)
}

fn status(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Unreviewed => "Published, unreviewed",
        ReviewState::Reviewed => "Published, reviewed",
        ReviewState::Edited => "Published, edited",
    }
}
