//! AP WebFeeds: Atom entries with AP's metadata (`apcm`, `apnm`) and NITF as content.
//!
//! | AP | becomes |
//! |---|---|
//! | `apnm:ManagementId`, `apnm:ManagementSequenceNumber`; the entry's `id` is another for each delivery | uri, version |
//! | `apnm:PublishingStatus`; of an embargo `@statusChangeOn`, which names no zone and is UTC | status, embargo |
//! | `apnm:ManagementType` other than New or Change | kills, withholds, or, if nobody knows it, holds |
//! | `apnm:PublishingSpecialInstructions` | note, never copy |
//! | NITF in `content`; else its XHTML | head and body |
//! | `apcm:HeadLine`, `apcm:ByLine`, `apcm:DateLine`, where the NITF has none | headline, byline, dateline |
//! | `apcm:SlugLine`, `apcm:Keywords`, `apcm:Priority@Numeric` | slugline, keywords, urgency |
//! | `apcm:Characteristics@MediaType` other than Text | no story |

use news::{BlockKind, Complaint, Field, Gravity, ItemClass, Severity, Version, nth};

use crate::html::{self, Words};
use crate::story::{self, Dateline, Head};
use crate::xml::Element;
use crate::{Hints, nitf, stood, terms};

const MANAGEMENT: &str = "http://ap.org/schemas/03/2005/apnm";
const METADATA: &str = "http://ap.org/schemas/03/2005/apcm";

/// The entry as AP means it; `None` if it bears none of AP's management.
pub(crate) fn entry(element: &Element, hints: &Hints) -> Option<Result<Version, Complaint>> {
    let management = element.child_ns(MANAGEMENT, "NewsManagement")?;
    Some(item(element, management, hints))
}

/// The child of this name with something in it, and what that is.
fn filled<'e>(element: Option<&'e Element<'e>>, name: &str) -> Option<(&'e Element<'e>, String)> {
    let child = element?.child(name)?;
    let text = terms::collapse(&stood::text(child));
    (!text.is_empty()).then_some((child, text))
}

fn item(element: &Element, management: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let Some((named, uri)) = filled(Some(management), "ManagementId") else {
        let message = "the entry has no ManagementId, by which AP knows its stories";
        let path = "entry/NewsManagement/ManagementId";
        return Err(Complaint::new(Gravity::Lost, "no-identity", message).at(path, Some(element.span.start)));
    };
    let metadata = element.child_ns(METADATA, "ContentMetadata");
    let mut version = Version::new(uri);
    let v = &mut version;
    stood::in_text(v, Field::Uri, named);
    v.span = element.span.clone();
    v.language = element.lang().map(str::to_owned).or(hints.language.clone());
    if let Some(attr) = element.attrs.iter().find(|attr| attr.name == "lang" && attr.ns.is_some()) {
        stood::in_attr(v, Field::Language, attr);
    }
    if let Some((number, raw)) = filled(Some(management), "ManagementSequenceNumber") {
        v.version = terms::numbered(&raw);
        stood::in_text(v, Field::Version, number);
    }
    if let Some((child, raw)) = filled(Some(element), "updated") {
        v.version_created = terms::stamp(v, &raw, "entry/updated", hints);
        stood::in_text(v, Field::VersionCreated, child);
    }
    if let Some((child, raw)) = filled(Some(element), "published") {
        v.first_created = terms::stamp(v, &raw, "entry/published", hints);
        stood::in_text(v, Field::FirstCreated, child);
    }
    if let Some((child, rights)) = filled(Some(element), "rights") {
        v.rights.copyright_notice = Some(rights);
        stood::in_text(v, Field::CopyrightNotice, child);
    }
    restrict(v, management, hints);
    let (mut head, words) = content(v, element, hints);
    describe(v, metadata, &mut head);
    if !head.has_headline()
        && let Some((child, title)) = filled(Some(element), "title")
    {
        head.add(story::line(BlockKind::Headline, &title), child.inner.clone());
    }
    story::tell(v, head, words, "entry/content");
    Ok(version)
}

fn restrict(version: &mut Version, management: &Element, hints: &Hints) {
    let path = "entry/NewsManagement/PublishingStatus";
    if let Some(status) = management.child("PublishingStatus") {
        let word = terms::collapse(&stood::text(status));
        let until = status.attrs.iter().find(|attr| attr.name == "statusChangeOn" && attr.ns.is_none());
        if let Some(attr) = until.filter(|_| word.eq_ignore_ascii_case("embargoed")) {
            // The time names no zone, and AP means UTC.
            let until = attr.value.trim();
            let zoned = until.ends_with('Z') || until.get(10..).is_some_and(|time| time.contains(['+', '-']));
            let until = if zoned || until.is_empty() { until.to_owned() } else { format!("{until}Z") };
            terms::apply_embargo(version, &until, path, hints);
            stood::meant_by(version, Field::Embargo, attr);
        }
        terms::apply_status(version, &word, path);
        stood::meant_in(version, Field::Status, status);
    }
    if let Some((child, kind)) = filled(Some(management), "ManagementType") {
        let severity = match kind.to_ascii_lowercase().as_str() {
            "new" | "create" | "change" | "update" => Severity::Informs,
            "cancel" | "canceled" | "kill" | "delete" | "elimination" => Severity::Kills,
            "withhold" => Severity::Withholds,
            _ => Severity::Holds,
        };
        terms::signal(version, &format!("ap:{kind}"), severity, "entry/NewsManagement/ManagementType");
        stood::meant_in(version, Field::Signal(nth(version.signals.len())), child);
    }
    for order in management.children_named("PublishingSpecialInstructions") {
        if !order.is_blank() {
            terms::note(
                version,
                "ednote",
                &stood::text(order),
                "entry/NewsManagement/PublishingSpecialInstructions",
            );
            stood::in_text(version, Field::Note(nth(version.notes.len())), order);
        }
    }
}

fn content(version: &mut Version, element: &Element, hints: &Hints) -> (Head, Words) {
    let Some(content) = element.child("content") else { return <(Head, Words)>::default() };
    if let Some(story) = content.child("nitf") {
        return nitf::read_within(version, story, hints);
    }
    if content.attr("src").is_some() && content.is_blank() {
        let message = "the words are not in the delivery but at another address";
        terms::complain(version, Gravity::Hold, "body-elsewhere", message, "entry/content");
        return <(Head, Words)>::default();
    }
    stood::meant_in(version, Field::Body, content);
    (Head::default(), html::read_xhtml(content, "entry/content"))
}

fn describe(version: &mut Version, metadata: Option<&Element>, head: &mut Head) {
    for (name, kind) in [("HeadLine", BlockKind::Headline), ("ByLine", BlockKind::Byline)] {
        let wanted = if kind == BlockKind::Byline { head.bylines.is_empty() } else { !head.has_headline() };
        if let Some((child, text)) = filled(metadata, name).filter(|_| wanted) {
            head.add(story::line(kind, &text), child.inner.clone());
        }
    }
    if let Some((child, text)) = filled(metadata, "DateLine").filter(|_| head.dateline.is_none()) {
        let path = "entry/ContentMetadata/DateLine".to_owned();
        head.dateline = Some(Dateline { text, located: None, path, bytes: Some(child.inner.clone()) });
    }
    if let Some((child, slug)) = filled(metadata, "SlugLine") {
        version.slugline = Some(slug);
        stood::in_text(version, Field::Slugline, child);
    }
    if let Some((child, keywords)) = filled(metadata, "Keywords") {
        let words = keywords.split([',', ';']).map(str::trim).filter(|word| !word.is_empty());
        version.keywords.extend(words.map(str::to_owned));
        stood::meant_in(version, Field::Keyword(0), child);
    }
    let attr = |name: &str, wanted: &str| {
        metadata?.child(name)?.attrs.iter().find(|attr| attr.name == wanted && attr.ns.is_none())
    };
    if let Some(urgency) = attr("Priority", "Numeric") {
        terms::apply_urgency(version, &urgency.value, "entry/ContentMetadata/Priority");
        stood::meant_by(version, Field::Urgency, urgency);
    }
    if let Some(kind) = attr("Characteristics", "MediaType") {
        if !kind.value.trim().eq_ignore_ascii_case("text") {
            version.class = ItemClass::Other(kind.value.trim().to_ascii_lowercase());
        }
        stood::meant_by(version, Field::Class, kind);
    }
}

#[cfg(test)]
mod tests {
    use news::{BlockKind, Embargo, ItemClass, Severity, Version};

    use crate::{Format, Hints};

    fn one(management: &str, metadata: &str, content: &str) -> Version {
        let text = format!(
            "<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:apcm=\"http://ap.org/schemas/03/2005/apcm\" \
             xmlns:apnm=\"http://ap.org/schemas/03/2005/apnm\"><entry xml:lang=\"en\"><id>urn:publicid:agx:delivery-7</id>\
             <title>Title</title><updated>2026-03-14T12:00:00Z</updated>{content}\
             <apcm:ContentMetadata>{metadata}<apcm:Characteristics MediaType=\"Text\"/></apcm:ContentMetadata>\
             <apnm:NewsManagement><apnm:ManagementId>urn:publicid:agx:1</apnm:ManagementId>\
             <apnm:ManagementSequenceNumber>2</apnm:ManagementSequenceNumber>{management}</apnm:NewsManagement></entry></feed>"
        );
        let mut reading = crate::read(text.as_bytes(), &Hints::default());
        assert_eq!(
            (reading.format, reading.items.len()),
            (Some(Format::Atom), 1),
            "{:?}",
            reading.complaints
        );
        reading.items.remove(0)
    }

    const NITF: &str = "<content type=\"text/xml\"><nitf xmlns=\"\"><body><body.head><hedline><hl1>Bridge opens</hl1></hedline>\
        <byline>By JANE DOE</byline></body.head><body.content><block id=\"Main\"><p>EXAMPLETON (AGX) — Words.</p></block>\
        </body.content></body></nitf></content>";

    #[test]
    fn the_management_names_the_story_and_the_nitf_tells_it() {
        let version = one(
            "<apnm:PublishingStatus>Usable</apnm:PublishingStatus>",
            "<apcm:HeadLine>Other</apcm:HeadLine>",
            NITF,
        );
        assert_eq!((version.uri.as_str(), version.version.raw.as_str()), ("urn:publicid:agx:1", "2"));
        let blocks: Vec<_> = version.copy.blocks().iter().map(|b| (b.kind(), b.text())).collect();
        assert_eq!(
            blocks,
            [
                (BlockKind::Headline, "Bridge opens"),
                (BlockKind::Byline, "By JANE DOE"),
                (BlockKind::P, "EXAMPLETON (AGX) — Words."),
            ]
        );
        assert_eq!((version.class.clone(), version.severity()), (ItemClass::Text, Severity::Informs));
    }

    #[test]
    fn status_type_and_embargo_restrict() {
        for (management, expect) in [
            ("<apnm:ManagementType>Change</apnm:ManagementType>", Severity::Informs),
            ("<apnm:ManagementType>Cancel</apnm:ManagementType>", Severity::Kills),
            ("<apnm:ManagementType>Puzzle</apnm:ManagementType>", Severity::Holds),
            ("<apnm:PublishingStatus>Canceled</apnm:PublishingStatus>", Severity::Kills),
            ("<apnm:PublishingStatus>Withheld</apnm:PublishingStatus>", Severity::Withholds),
            ("<apnm:PublishingStatus>Odd</apnm:PublishingStatus>", Severity::Holds),
        ] {
            assert_eq!(one(management, "", NITF).severity(), expect, "{management}");
        }
        for (time, expect) in [
            (
                " statusChangeOn=\"2026-03-15T10:00:00\"",
                Embargo::Until("2026-03-15T10:00:00Z".parse().unwrap()),
            ),
            ("", Embargo::Indefinite),
        ] {
            let management = format!("<apnm:PublishingStatus{time}>Embargoed</apnm:PublishingStatus>");
            assert_eq!(one(&management, "", NITF).embargo, Some(expect), "{time}");
        }
    }

    #[test]
    fn instructions_to_editors_are_no_copy() {
        let order = "<apnm:PublishingSpecialInstructions>Eds: SECRET</apnm:PublishingSpecialInstructions>";
        let words = "<content type=\"xhtml\"><div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Words.</p></div></content>";
        let version = one(
            order,
            "<apcm:HeadLine>From metadata</apcm:HeadLine><apcm:Keywords>a, b</apcm:Keywords>",
            words,
        );
        assert_eq!(version.copy.canonical(), "From metadata\n\nWords.\n");
        assert_eq!((version.notes[0].text.as_str(), version.keywords.len()), ("Eds: SECRET", 2));
    }
}
