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

use news::{BlockKind, Complaint, Gravity, ItemClass, Severity, Version};

use crate::html::{self, Words};
use crate::story::{self, Dateline, Head};
use crate::xml::Element;
use crate::{Hints, nitf, terms};

const MANAGEMENT: &str = "http://ap.org/schemas/03/2005/apnm";
const METADATA: &str = "http://ap.org/schemas/03/2005/apcm";

/// The entry as AP means it; `None` if it bears none of AP's management.
pub(crate) fn entry(element: &Element, hints: &Hints) -> Option<Result<Version, Complaint>> {
    let management = element.child_ns(MANAGEMENT, "NewsManagement")?;
    Some(item(element, management, hints))
}

fn filled(element: Option<&Element>, name: &str) -> Option<String> {
    let text = terms::collapse(&element?.child(name)?.text());
    (!text.is_empty()).then_some(text)
}

fn item(element: &Element, management: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let Some(uri) = filled(Some(management), "ManagementId") else {
        let message = "the entry has no ManagementId, by which AP knows its stories";
        let path = "entry/NewsManagement/ManagementId";
        return Err(Complaint::new(Gravity::Lost, "no-identity", message).at(path, Some(element.span.start)));
    };
    let metadata = element.child_ns(METADATA, "ContentMetadata");
    let mut version = Version::new(uri);
    let v = &mut version;
    v.span = element.span.clone();
    v.language = element.lang().map(str::to_owned).or(hints.language.clone());
    v.version = terms::numbered(&filled(Some(management), "ManagementSequenceNumber").unwrap_or_default());
    v.version_created =
        filled(Some(element), "updated").and_then(|raw| terms::stamp(v, &raw, "entry/updated", hints));
    v.first_created =
        filled(Some(element), "published").and_then(|raw| terms::stamp(v, &raw, "entry/published", hints));
    v.rights.copyright_notice = filled(Some(element), "rights");
    restrict(v, management, hints);
    let (mut head, words) = content(v, element, hints);
    describe(v, metadata, &mut head);
    if !head.has_headline() {
        head.lines.extend(
            filled(Some(element), "title").and_then(|title| story::line(BlockKind::Headline, &title)),
        );
    }
    for child in element.elements() {
        match child.name {
            "updated" | "published" | "rights" | "title" | "content" => {}
            "NewsManagement" | "ContentMetadata" => {
                child.elements().filter(|inner| !TOLD.contains(&inner.name)).for_each(|inner| {
                    terms::flatten(v, inner, &format!("entry/{}/{}", child.name, inner.name));
                });
            }
            name => terms::flatten(v, child, &format!("entry/{name}")),
        }
    }
    story::tell(v, head, words, "entry/content");
    Ok(version)
}

/// What of AP's metadata has a place in the model.
const TOLD: [&str; 12] = [
    "ManagementId",
    "ManagementSequenceNumber",
    "ManagementType",
    "PublishingStatus",
    "PublishingSpecialInstructions",
    "HeadLine",
    "ByLine",
    "DateLine",
    "SlugLine",
    "Keywords",
    "Priority",
    "Characteristics",
];

fn restrict(version: &mut Version, management: &Element, hints: &Hints) {
    let path = "entry/NewsManagement/PublishingStatus";
    if let Some(status) = management.child("PublishingStatus") {
        let word = terms::collapse(&status.text());
        if let Some(until) = status.attr("statusChangeOn").filter(|_| word.eq_ignore_ascii_case("embargoed"))
        {
            // The time names no zone, and AP means UTC.
            let until = until.trim();
            let zoned = until.ends_with('Z') || until.get(10..).is_some_and(|time| time.contains(['+', '-']));
            let until = if zoned || until.is_empty() { until.to_owned() } else { format!("{until}Z") };
            terms::apply_embargo(version, &until, path, hints);
        }
        terms::apply_status(version, &word, path);
    }
    if let Some(kind) = filled(Some(management), "ManagementType") {
        let severity = match kind.to_ascii_lowercase().as_str() {
            "new" | "create" | "change" | "update" => Severity::Informs,
            "cancel" | "canceled" | "kill" | "delete" | "elimination" => Severity::Kills,
            "withhold" => Severity::Withholds,
            _ => Severity::Holds,
        };
        terms::signal(version, &format!("ap:{kind}"), severity, "entry/NewsManagement/ManagementType");
    }
    for order in management.children_named("PublishingSpecialInstructions") {
        terms::note(version, "ednote", &order.text(), "entry/NewsManagement/PublishingSpecialInstructions");
    }
}

fn content(version: &mut Version, element: &Element, hints: &Hints) -> (Head, Words) {
    let Some(content) = element.child("content") else { return <(Head, Words)>::default() };
    if let Some(story) = content.child("nitf") {
        return nitf::read_inline(version, story, hints);
    }
    if content.attr("src").is_some() && content.is_blank() {
        let message = "the words are not in the delivery but at another address";
        terms::complain(version, Gravity::Hold, "body-elsewhere", message, "entry/content");
        return <(Head, Words)>::default();
    }
    (Head::default(), html::read_xhtml(content, "entry/content"))
}

fn describe(version: &mut Version, metadata: Option<&Element>, head: &mut Head) {
    if !head.has_headline() {
        head.lines
            .extend(filled(metadata, "HeadLine").and_then(|line| story::line(BlockKind::Headline, &line)));
    }
    if head.bylines.is_empty() {
        head.bylines
            .extend(filled(metadata, "ByLine").and_then(|line| story::line(BlockKind::Byline, &line)));
    }
    if let Some(text) = filled(metadata, "DateLine").filter(|_| head.dateline.is_none()) {
        let path = "entry/ContentMetadata/DateLine".to_owned();
        head.dateline = Some(Dateline { text, located: None, path, bytes: None });
    }
    version.slugline = filled(metadata, "SlugLine");
    if let Some(keywords) = filled(metadata, "Keywords") {
        let words = keywords.split([',', ';']).map(str::trim).filter(|word| !word.is_empty());
        version.keywords.extend(words.map(str::to_owned));
    }
    let attr = |name: &str, attr: &str| metadata?.child(name)?.attr(attr).map(str::to_owned);
    if let Some(urgency) = attr("Priority", "Numeric") {
        terms::apply_urgency(version, &urgency, "entry/ContentMetadata/Priority");
    }
    if let Some(kind) =
        attr("Characteristics", "MediaType").filter(|kind| !kind.trim().eq_ignore_ascii_case("text"))
    {
        version.class = ItemClass::Other(kind.trim().to_ascii_lowercase());
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
