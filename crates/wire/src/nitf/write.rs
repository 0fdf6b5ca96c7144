//! From a version to NITF 3.6.

use news::{
    Block, BlockKind, Embargo, ItemClass, Mark, MarkKind, Placement, PubStatus, Relation, Version,
    VersionOrder,
};

use crate::Format;
use crate::html::{self, Markup};
use crate::outgoing::{attribute, text};
use crate::refusal::{self, Refusal, refusal};

/// Writes a version as one document. Notes are written as `ed-msg`: they are for editors there, too.
///
/// Valid by IPTC's schema 3.6.
///
/// # Errors
/// A [`Refusal`] for everything that NITF cannot carry as it is: headings of other ranks than `hl2`, raised and
/// lowered text, creators, signals, relations other than a correction and one document that is managed.
pub fn write(version: &Version) -> Result<String, Vec<Refusal>> {
    let mut refusals = Vec::new();
    if version.subjects.iter().any(|subject| !subject.code.as_deref().is_some_and(is_token)) {
        refusals.push(refusal(Format::Nitf, "subjects", "every subject has to have a code without spaces"));
    }
    let version_is_token = version.version.raw.is_empty() || is_token(&version.version.raw);
    if !version_is_token && !matches!(version.version.order, VersionOrder::Time(_)) {
        refusals.push(refusal(Format::Nitf, "version", "it has to be one word"));
    }
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<nitf xmlns=\"http://iptc.org/std/NITF/2006-10-18/\"",
    );
    put(&mut out, "baselang", version.language.as_deref());
    out.push_str(">\n<head>\n");
    if let Some(headline) = version.copy.headline() {
        out.push_str("<title>");
        text(&mut out, headline);
        out.push_str("</title>\n");
    }
    topics(&mut out, version);
    docdata(&mut out, version);
    out.push_str("</head>\n<body>\n");
    opening(&mut out, version);
    content(&mut out, version);
    out.push_str("</body>\n</nitf>\n");
    refusals.extend(refusal::lost(Format::Nitf, version, &out));
    if refusals.is_empty() { Ok(out) } else { Err(refusals) }
}

/// XML's NMTOKEN, as far as codes go.
fn is_token(code: &str) -> bool {
    !code.is_empty() && code.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':'))
}

fn put(out: &mut String, name: &str, value: Option<&str>) {
    let Some(value) = value else { return };
    out.push(' ');
    out.push_str(name);
    out.push_str("=\"");
    attribute(out, value);
    out.push('"');
}

/// An element that holds nothing but one attribute.
fn empty(out: &mut String, tag: &str, name: &str, value: Option<&str>) {
    if value.is_some() {
        out.push('<');
        out.push_str(tag);
        put(out, name, value);
        out.push_str("/>\n");
    }
}

fn topics(out: &mut String, version: &Version) {
    let advisory = match &version.class {
        ItemClass::Advisory(word) => Some(word.as_str()),
        ItemClass::Text | ItemClass::Other(_) => None,
    };
    if advisory.is_none() && version.genres.is_empty() && version.subjects.is_empty() {
        return;
    }
    out.push_str("<tobject");
    put(out, "tobject.type", advisory);
    out.push_str(">\n");
    for genre in &version.genres {
        empty(out, "tobject.property", "tobject.property.type", genre.name.as_deref());
    }
    for subject in &version.subjects {
        out.push_str("<tobject.subject");
        put(out, "tobject.subject.ipr", subject.scheme.as_deref().or(Some("")));
        put(out, "tobject.subject.refnum", subject.code.as_deref());
        put(out, "tobject.subject.type", subject.name.as_deref());
        out.push_str("/>\n");
    }
    out.push_str("</tobject>\n");
}

fn docdata(out: &mut String, version: &Version) {
    let embargoed = version.embargo.is_some() && version.status == PubStatus::Usable;
    let status = if embargoed { "embargoed" } else { version.status.as_str() };
    out.push_str("<docdata");
    put(out, "management-status", Some(status));
    let of_docdata = [Relation::Corrects, Relation::Series, Relation::Event];
    let managed = version.references.iter().find(|reference| !of_docdata.contains(&reference.relation));
    if let Some(other) = managed {
        put(out, "management-doc-idref", Some(&other.uri));
        let status = match other.relation {
            Relation::Kills => Some("canceled"),
            Relation::Withholds => Some("withheld"),
            _ => Some("usable"),
        };
        put(out, "management-idref-status", status);
    }
    out.push_str(">\n");
    for correction in version.references.iter().filter(|r| r.relation == Relation::Corrects) {
        empty(out, "correction", "id-string", Some(&correction.uri));
    }
    for series in version.references.iter().filter(|r| r.relation == Relation::Series) {
        out.push_str("<series");
        put(out, "series.name", Some(&series.uri));
        put(out, "series.part", series.version.as_deref());
        out.push_str("/>\n");
    }
    empty(out, "evloc", "city", version.located.as_deref());
    empty(out, "doc-id", "id-string", Some(&version.uri));
    let urgency = version.urgency.map(|urgency| urgency.to_string());
    empty(out, "urgency", "ed-urg", urgency.as_deref());
    empty(out, "date.issue", "norm", version.version_created.as_ref().map(|stamp| stamp.raw.as_str()));
    if let Some(Embargo::Until(until)) = version.embargo {
        empty(out, "date.release", "norm", Some(&until.to_string()));
    }
    empty(out, "date.expire", "norm", version.expires.map(|at| at.to_string()).as_deref());
    for note in &version.notes {
        empty(out, "ed-msg", "info", Some(&note.text));
    }
    // Where the time of issue is the version, it has been said.
    let number = !matches!(version.version.order, VersionOrder::Time(_)) && !version.version.raw.is_empty();
    if version.slugline.is_some() || number {
        out.push_str("<du-key");
        put(out, "version", Some(version.version.raw.as_str()).filter(|_| number));
        put(out, "key", version.slugline.as_deref());
        out.push_str("/>\n");
    }
    empty(out, "doc.copyright", "holder", version.rights.copyright_holder.as_deref());
    for terms in &version.rights.usage_terms {
        empty(out, "doc.rights", "limitations", Some(terms));
    }
    if !version.keywords.is_empty() {
        out.push_str("<key-list>\n");
        version.keywords.iter().for_each(|keyword| empty(out, "keyword", "key", Some(keyword)));
        out.push_str("</key-list>\n");
    }
    out.push_str("</docdata>\n");
}

fn opening(out: &mut String, version: &Version) {
    let of = |kind: BlockKind| version.copy.blocks().iter().filter(move |block| block.kind() == kind);
    out.push_str("<body.head>\n");
    if version.copy.headline().is_some() {
        out.push_str("<hedline>\n");
        of(BlockKind::Headline).take(1).for_each(|block| marked(out, "hl1", block));
        of(BlockKind::Subhead).for_each(|block| marked(out, "hl2", block));
        out.push_str("</hedline>\n");
    }
    of(BlockKind::Byline).for_each(|block| plain(out, "byline", block.text()));
    if let Some(credit) = &version.rights.credit_line {
        plain(out, "distributor", credit);
    }
    if let Some(dateline) = version.dateline.as_ref().filter(|d| d.placement != Placement::InBody) {
        plain(out, "dateline", &dateline.text);
    }
    out.push_str("</body.head>\n");
}

fn plain(out: &mut String, tag: &str, words: &str) {
    crate::outgoing::element(out, tag, words);
}

const MARKUP: Markup = Markup { breaks: "<br/>\n", start, close };

fn start(out: &mut String, kind: &MarkKind) {
    match kind {
        MarkKind::Strong => out.push_str("<em class=\"bold\">"),
        MarkKind::Emphasis => out.push_str("<em>"),
        MarkKind::Link(href) => {
            out.push_str("<a");
            put(out, "href", Some(href));
            out.push('>');
        }
        MarkKind::Language(tag) => {
            out.push_str("<lang");
            put(out, "xml:lang", Some(tag));
            out.push('>');
        }
        _ => {}
    }
}

fn close(out: &mut String, kind: &MarkKind) {
    out.push_str(match kind {
        MarkKind::Strong | MarkKind::Emphasis => "</em>",
        MarkKind::Link(_) => "</a>",
        MarkKind::Language(_) => "</lang>",
        _ => "",
    });
}

fn marked(out: &mut String, tag: &str, block: &Block) {
    out.push_str(&format!("<{tag}>"));
    words(out, block);
    out.push_str(&format!("</{tag}>\n"));
}

fn words(out: &mut String, block: &Block) {
    let marks: Vec<&Mark> = block.marks().iter().collect();
    match block.kind() {
        BlockKind::Row => html::write_cells(out, block.text(), &marks, &MARKUP),
        // Its line breaks are its own, and it holds no elements.
        BlockKind::Pre => text(out, block.text()),
        _ => html::write_marked(out, block.text(), 0..block.text().len(), &marks, &MARKUP),
    }
}

fn content(out: &mut String, version: &Version) {
    let body: Vec<&Block> = version.copy.blocks().iter().filter(|block| !block.kind().is_head()).collect();
    out.push_str("<body.content>\n");
    for run in body.chunk_by(|a, b| together(a.kind(), b.kind())) {
        match run[0].kind() {
            BlockKind::Row => {
                out.push_str("<table>\n");
                run.iter().for_each(|row| marked(out, "tr", row));
                out.push_str("</table>\n");
            }
            BlockKind::Li => list(out, run),
            BlockKind::Quote => {
                out.push_str("<bq><block>\n");
                run.iter().for_each(|block| marked(out, "p", block));
                out.push_str("</block></bq>\n");
            }
            BlockKind::Caption | BlockKind::Credit => {
                out.push_str("<media media-type=\"image\"><media-reference/>\n");
                for block in run {
                    let caption = block.kind() == BlockKind::Caption;
                    marked(out, if caption { "media-caption" } else { "media-producer" }, block);
                }
                out.push_str("</media>\n");
            }
            BlockKind::Pre => marked(out, "pre", run[0]),
            BlockKind::H2 | BlockKind::H3 | BlockKind::H4 => marked(out, "hl2", run[0]),
            _ => marked(out, "p", run[0]),
        }
    }
    for rendition in &version.renditions {
        out.push_str("<media media-type=\"other\"><media-reference");
        put(out, "source", Some(&rendition.href));
        put(out, "mime-type", rendition.media_type.as_deref());
        put(out, "name", rendition.role.as_deref());
        out.push_str("/></media>\n");
    }
    out.push_str("</body.content>\n");
}

/// Whether two blocks, one behind the other, stand in one element.
fn together(a: BlockKind, b: BlockKind) -> bool {
    match a {
        BlockKind::Row | BlockKind::Li | BlockKind::Quote => a == b,
        BlockKind::Caption => b == BlockKind::Credit,
        BlockKind::Credit => false,
        _ => false,
    }
}

/// A list; a nested one stands in the item before it.
fn list(out: &mut String, items: &[&Block]) {
    let tag = |block: &Block| if block.list().is_some_and(|place| place.ordered) { "ol" } else { "ul" };
    let mut open: Vec<&str> = Vec::new();
    for item in items {
        let depth = item.list().map_or(1, |place| usize::from(place.depth) + 1);
        while open.len() > depth || (open.len() == depth && open.last() != Some(&tag(item))) {
            out.push_str(&format!("</li></{}>\n", open.pop().unwrap_or("ul")));
        }
        if open.len() == depth {
            out.push_str("</li>\n<li>");
        }
        while open.len() < depth {
            out.push_str(&format!("<{}>\n<li>", tag(item)));
            open.push(tag(item));
        }
        words(out, item);
    }
    while let Some(tag) = open.pop() {
        out.push_str(&format!("</li></{tag}>\n"));
    }
}
