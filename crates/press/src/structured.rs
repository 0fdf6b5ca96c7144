//! Structured data for machines: one schema.org `NewsArticle`, whose words the gate compares like those of the page.

use news::ReviewState;
use serde::Serialize;

use crate::gate::body_text;
use crate::shape::{SiteFace, Story};
use crate::{Links, press::iso};

/// The `<script type="application/ld+json">` of a story's page.
///
/// schema.org has no word for "not reviewed": the state is `creativeWorkStatus` and the label `backstory`, and
/// `reviewedBy` is never claimed.
pub(crate) fn script(site: &SiteFace, story: &Story<'_>) -> String {
    let json = article(site, story);
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

/// The article, property by property, in the order in which it is written out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Article<'a> {
    #[serde(rename = "@context")]
    context: &'static str,
    #[serde(rename = "@type")]
    kind: &'static str,
    main_entity_of_page: &'a str,
    url: &'a str,
    identifier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    headline: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dateline: Option<&'a str>,
    date_published: String,
    date_modified: String,
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    in_language: Option<&'a str>,
    author: Organization<'a>,
    source_organization: Organization<'a>,
    publisher: Organization<'a>,
    publishing_principles: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    copyright_notice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit_text: Option<&'a str>,
    creative_work_status: &'static str,
    backstory: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    article_section: Option<&'a str>,
    article_body: String,
}

#[derive(Clone, Serialize)]
struct Organization<'a> {
    #[serde(rename = "@type")]
    kind: &'static str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

impl<'a> Organization<'a> {
    fn of(name: &'a str, url: Option<String>) -> Self {
        Self { kind: "NewsMediaOrganization", name, url }
    }
}

fn article(site: &SiteFace, story: &Story<'_>) -> String {
    let links = Links::new(&site.url);
    let url = links.story(story.id);
    let version = story.version;
    let agency = Organization::of(story.agency, None);
    let section = story.sections.first();
    let section = section.and_then(|section| site.sections.iter().find(|face| face.slug == *section));
    let article = Article {
        context: "https://schema.org",
        kind: "NewsArticle",
        main_entity_of_page: &url,
        url: &url,
        identifier: &story.key.uri,
        headline: version.copy.headline(),
        dateline: version.dateline.as_ref().map(|dateline| dateline.text.as_str()),
        date_published: iso(story.published),
        date_modified: iso(story.updated),
        version: story.n,
        in_language: version.language.as_deref(),
        author: agency.clone(),
        source_organization: agency,
        publisher: Organization::of(&site.name, Some(links.full("/"))),
        publishing_principles: links.full("/policy"),
        copyright_notice: version.rights.copyright_notice.as_deref(),
        credit_text: version.rights.credit_line.as_deref(),
        creative_work_status: status(story.label.state),
        backstory: &story.label.text,
        article_section: section.map(|face| face.name.as_str()),
        article_body: body_text(&version.copy),
    };
    // Nothing in it can fail to be JSON; if it did, the gate would refuse the page.
    serde_json::to_string(&article).unwrap_or_default()
}

fn status(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Unreviewed => "Published, unreviewed",
        ReviewState::Reviewed => "Published, reviewed",
        ReviewState::Edited => "Published, edited",
        ReviewState::Altered => "Published, changed by legal order",
    }
}
