//! From a version to NewsML-G2 2.35, one `newsItem` (IPTC NewsML-G2 Specification, power conformance).

use news::{BlockKind, Embargo, ItemClass, Placement, PubStatus, Relation, Stamp, Subject, Version};

use super::catalog;
use crate::outgoing::{attribute, element, text};
use crate::refusal::{self, Refusal, refusal};
use crate::{Format, html, terms};

const CATALOG: &str = "http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_41.xml";

/// Writes a version as a news item. `provider` is who sends it, by name: the format wants that said.
///
/// The story is XHTML. Notes are written, as `edNote`: they are for editors here, too. Valid by IPTC's schema 2.35.
///
/// ```
/// let wire = br#"<nitf><head><docdata><doc-id id-string="agx-1"/><date.issue norm="2026-03-14T12:00:00Z"/>
/// <du-key version="2"/></docdata></head><body><body.head><hedline><hl1>Bridge opens</hl1></hedline></body.head>
/// <body.content><p>Words.</p></body.content></body></nitf>"#;
/// let mut version = wire::read(wire, &wire::Hints::default()).items.remove(0);
/// let written = wire::newsml_g2::write(&version, "Agency Example").unwrap();
/// assert!(written.contains("<headline>Bridge opens</headline>"));
///
/// version.version = news::VersionStamp::arrival();
/// let refusals = wire::newsml_g2::write(&version, "Agency Example").unwrap_err();
/// assert_eq!(refusals[0].to_string(), "newsml-g2 cannot carry version: it has to be a whole number, 1 or more");
/// ```
///
/// # Errors
/// A [`Refusal`] for everything that NewsML-G2 cannot carry as it is: no version number, no time of the version, a
/// status that the format does not know, paragraphs in which runs of white space count.
pub fn write(version: &Version, provider: &str) -> Result<String, Vec<Refusal>> {
    let mut refusals = demands(version);
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    out.push_str("<newsItem xmlns=\"http://iptc.org/std/nar/2006-10-01/\" standard=\"NewsML-G2\" standardversion=\"2.35\" conformance=\"power\"");
    put_attribute(&mut out, "guid", &version.uri);
    put_attribute(&mut out, "version", &version.version.raw);
    if let Some(language) = &version.language {
        put_attribute(&mut out, "xml:lang", language);
    }
    out.push_str(">\n<catalogRef");
    put_attribute(&mut out, "href", CATALOG);
    out.push_str("/>\n");
    rights(&mut out, version);
    item_meta(&mut out, version, provider);
    content_meta(&mut out, version);
    content_set(&mut out, version);
    out.push_str("</newsItem>\n");
    refusals.extend(refusal::lost(Format::NewsmlG2, version, &out));
    if refusals.is_empty() { Ok(out) } else { Err(refusals) }
}

/// What the schema wants and a version may lack.
fn demands(version: &Version) -> Vec<Refusal> {
    let refuse = |field, what: &str| Some(refusal(Format::NewsmlG2, field, what));
    let number = version.version.raw.parse().is_ok_and(|number: u64| number > 0);
    let word = match &version.class {
        ItemClass::Other(word) => word,
        ItemClass::Text | ItemClass::Advisory(_) => "text",
    };
    let role = |role: &String| catalog::is_code(role) || role.starts_with("http");
    let roles = version.renditions.iter().filter_map(|rendition| rendition.role.as_ref());
    [
        (!number).then(|| refuse("version", "it has to be a whole number, 1 or more")).flatten(),
        at(&version.version_created)
            .is_none()
            .then(|| refuse("version_created", "it has to be said when the version was made"))
            .flatten(),
        matches!(version.status, PubStatus::Unknown(_))
            .then(|| refuse("status", "usable, withheld and canceled are all that there is"))
            .flatten(),
        (!catalog::is_code(&format!("ninat:{word}"))).then(|| refuse("class", word)).flatten(),
        roles
            .filter(|own| !role(own))
            .find_map(|own| refuse("renditions", &format!("the role `{own}` is no code"))),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn at(stamp: &Option<Stamp>) -> Option<String> {
    stamp.as_ref().and_then(|stamp| stamp.at).map(|at| at.to_string())
}

fn put_attribute(out: &mut String, name: &str, value: &str) {
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    attribute(out, value);
    out.push('"');
}

/// A code as the attribute that fits it: of a vocabulary of IPTC's catalog, of any other known by its URI, or as it is.
fn put_code(out: &mut String, code: &str) {
    let known = catalog::is_code(code) && terms::prefix(code).and_then(catalog::scheme).is_some();
    let name = match code {
        _ if known => "qcode",
        _ if code.starts_with("http://") || code.starts_with("https://") => "uri",
        _ => "literal",
    };
    put_attribute(out, name, code);
}

fn named(out: &mut String, tag: &str, name: &str) {
    out.push_str(&format!("<{tag}><name>"));
    text(out, name);
    out.push_str(&format!("</name></{tag}>\n"));
}

fn rights(out: &mut String, version: &Version) {
    let rights = &version.rights;
    if rights.copyright_holder.is_none() && rights.copyright_notice.is_none() && rights.usage_terms.is_empty()
    {
        return;
    }
    out.push_str("<rightsInfo>\n");
    if let Some(holder) = &rights.copyright_holder {
        named(out, "copyrightHolder", holder);
    }
    if let Some(notice) = &rights.copyright_notice {
        element(out, "copyrightNotice", notice);
    }
    for terms in &rights.usage_terms {
        element(out, "usageTerms", terms);
    }
    out.push_str("</rightsInfo>\n");
}

fn item_meta(out: &mut String, version: &Version, provider: &str) {
    let class = match &version.class {
        ItemClass::Other(word) => word,
        ItemClass::Text | ItemClass::Advisory(_) => "text",
    };
    out.push_str("<itemMeta>\n<itemClass");
    put_attribute(out, "qcode", &format!("ninat:{class}"));
    out.push_str("/>\n");
    named(out, "provider", provider);
    element(out, "versionCreated", &at(&version.version_created).unwrap_or_default());
    if let Some(first) = at(&version.first_created) {
        element(out, "firstCreated", &first);
    }
    match version.embargo {
        Some(Embargo::Until(until)) => element(out, "embargoed", &until.to_string()),
        Some(Embargo::Indefinite) => out.push_str("<embargoed/>\n"),
        None => {}
    }
    out.push_str("<pubStatus");
    put_attribute(out, "qcode", &format!("stat:{}", version.status.as_str()));
    out.push_str("/>\n");
    if let ItemClass::Advisory(word) = &version.class {
        element(out, "profile", word);
    }
    for note in &version.notes {
        element(out, "edNote", &note.text);
    }
    for signal in version.signals.iter().filter(|signal| !signal.from_text) {
        out.push_str("<signal");
        put_code(out, &signal.code);
        out.push_str("/>\n");
    }
    if let Some(link) = &version.link {
        out.push_str("<altRep contenttype=\"text/html\">");
        text(out, link);
        out.push_str("</altRep>\n");
    }
    if let Some(expires) = version.expires {
        element(out, "expires", &expires.to_string());
    }
    for reference in &version.references {
        out.push_str("<link");
        let rel = match reference.relation {
            Relation::Previous => "irel:previousVersion",
            Relation::Replaces => "irel:replaces",
            Relation::Corrects => "irel:corrects",
            Relation::Translation => "irel:isTranslationOf",
            // What withdraws another item, or holds it as a member, is no link, nor is an event or a series; reading
            // back refuses it.
            Relation::SeeAlso
            | Relation::Kills
            | Relation::Withholds
            | Relation::Member
            | Relation::Series
            | Relation::Event => "irel:seeAlso",
        };
        put_attribute(out, "rel", rel);
        put_attribute(out, "residref", &reference.uri);
        if let Some(version) = &reference.version {
            put_attribute(out, "version", version);
        }
        out.push_str("/>\n");
    }
    out.push_str("</itemMeta>\n");
}

fn content_meta(out: &mut String, version: &Version) {
    out.push_str("<contentMeta>\n");
    if let Some(urgency) = version.urgency {
        element(out, "urgency", &urgency.to_string());
    }
    if let Some(created) = at(&version.content_created) {
        element(out, "contentCreated", &created);
    }
    if let Some(located) = &version.located {
        named(out, "located", located);
    }
    for creator in &version.creators {
        named(out, "creator", creator);
    }
    if let Some(language) = &version.language {
        out.push_str("<language");
        put_attribute(out, "tag", language);
        out.push_str("/>\n");
    }
    concepts(out, "genre", &version.genres);
    for keyword in &version.keywords {
        element(out, "keyword", keyword);
    }
    concepts(out, "subject", &version.subjects);
    if let Some(slugline) = &version.slugline {
        element(out, "slugline", slugline);
    }
    for block in version.copy.blocks().iter().filter(|block| block.kind().is_head()) {
        match block.kind() {
            BlockKind::Headline => element(out, "headline", block.text()),
            BlockKind::Subhead => {
                out.push_str("<headline role=\"hlrole:sub\">");
                text(out, block.text());
                out.push_str("</headline>\n");
            }
            BlockKind::Byline => element(out, "by", block.text()),
            _ => {}
        }
    }
    if let Some(dateline) = version.dateline.as_ref().filter(|d| d.placement != Placement::InBody) {
        element(out, "dateline", &dateline.text);
    }
    if let Some(credit) = &version.rights.credit_line {
        element(out, "creditline", credit);
    }
    out.push_str("</contentMeta>\n");
}

fn concepts(out: &mut String, tag: &str, concepts: &[Subject]) {
    for concept in concepts {
        out.push('<');
        out.push_str(tag);
        if let Some(code) = &concept.code {
            put_code(out, code);
        }
        out.push('>');
        if let Some(name) = &concept.name {
            out.push_str("<name>");
            text(out, name);
            out.push_str("</name>");
        }
        out.push_str(&format!("</{tag}>\n"));
    }
}

fn content_set(out: &mut String, version: &Version) {
    let mut body = version.copy.blocks().iter().filter(|block| !block.kind().is_head()).peekable();
    if body.peek().is_none() && version.renditions.is_empty() {
        return;
    }
    out.push_str("<contentSet>\n");
    if body.peek().is_some() {
        out.push_str("<inlineXML contenttype=\"application/xhtml+xml\"><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title/></head><body>\n");
        // Text is escaped, so this can only be the element.
        out.push_str(&html::write_blocks(body, false).replace("<br>", "<br/>"));
        out.push_str("</body></html></inlineXML>\n");
    }
    for rendition in &version.renditions {
        out.push_str("<remoteContent");
        put_attribute(out, "href", &rendition.href);
        if let Some(kind) = &rendition.media_type {
            put_attribute(out, "contenttype", kind);
        }
        if let Some(role) = &rendition.role {
            let name = if role.starts_with("http") { "renditionuri" } else { "rendition" };
            put_attribute(out, name, role);
        }
        out.push_str("/>\n");
    }
    out.push_str("</contentSet>\n");
}
