//! Which format it is, from the text alone, never from a file's name or a declared media type.
//!
//! ```
//! use wire::{Format, sniff};
//!
//! assert_eq!(sniff::sniff("<?xml version='1.0'?><rss version='2.0'/>"), Some(Format::Rss));
//! assert_eq!(sniff::sniff(r#"{"uri": "urn:agx:1", "headline": "Bridge opens"}"#), Some(Format::Ninjs));
//! assert_eq!(sniff::describe("<html/>"), "an HTML page came instead of a wire");
//! ```

use crate::json_text;
use crate::mail;
use crate::teleprinter;
use crate::xml;
use crate::{Format, anpa1312, iptc7901, zczc};

/// Recognises the format by the root element, or by the members of the outermost JSON object.
pub fn sniff(text: &str) -> Option<Format> {
    match start(text) {
        Start::Element(name) => by_root(name),
        Start::Json(json) => by_members(json),
        Start::Other if mail::begins(text.as_bytes()) => Some(Format::Mail),
        Start::Other => None,
    }
}

/// How many bytes are looked at for the header of a teleprinter's message.
const HEADER: usize = 4096;

/// Recognises IPTC 7901 and ANPA 1312 by SOH and what follows it, or, where SOH was lost, by a header that leaves no
/// doubt.
pub fn teleprinter(bytes: &[u8]) -> Option<Format> {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(HEADER)]);
    let start = text.trim_start_matches(teleprinter::is_fill_character);
    if zczc::opens(start) {
        return Some(Format::Zczc);
    }
    let Some(message) = start.strip_prefix('\u{1}') else {
        // SOH was lost, or noise came before it.
        let after = start.split_once('\u{1}').map(|(_, after)| after);
        return [Some(start), after].into_iter().flatten().find_map(|text| {
            let anpa = anpa1312::is_header(text).then_some(Format::Anpa1312);
            anpa.or_else(|| iptc7901::is_header(text).then_some(Format::Iptc7901))
        });
    };
    let head = message.split(teleprinter::STX).next().unwrap_or_default();
    let announced = text[..text.len() - start.len()].contains('\u{16}');
    let first = head.lines().next().unwrap_or_default();
    let anpa = announced || first.contains('\u{1f}') || head.contains(['\u{11}', '\u{12}']);
    Some(if anpa { Format::Anpa1312 } else { Format::Iptc7901 })
}

/// Why a text was not recognised: a sentence without final stop.
pub fn describe(text: &str) -> String {
    match start(text) {
        Start::Element(name) if local(name).eq_ignore_ascii_case("html") => {
            "an HTML page came instead of a wire".into()
        }
        Start::Element(name) => {
            let name: String = name.chars().take(40).collect();
            format!("the root element <{name}> belongs to no format that is read here")
        }
        Start::Json(_) => "the JSON has no members by which a format could be told".into(),
        Start::Other if text.trim().is_empty() => "the transmission is empty".into(),
        Start::Other => "neither XML nor JSON: no format that is read here begins like this".into(),
    }
}

enum Start<'a> {
    Element(&'a str),
    Json(&'a str),
    Other,
}

/// What the text begins with, after declaration, comments and document type.
fn start(text: &str) -> Start<'_> {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let after = if let Some(inside) = rest.strip_prefix("<?") {
            inside.find("?>").map(|end| &inside[end + 2..])
        } else if let Some(inside) = rest.strip_prefix("<!--") {
            inside.find("-->").map(|end| &inside[end + 3..])
        } else if rest.starts_with("<!") {
            xml::doctype_end(rest).map(|end| &rest[end..])
        } else {
            break;
        };
        match after {
            Some(after) => rest = after.trim_start(),
            None => return Start::Other,
        }
    }
    if let Some(inside) = rest.strip_prefix('<') {
        let end =
            inside.find(|c: char| c.is_ascii_whitespace() || matches!(c, '>' | '/')).unwrap_or(inside.len());
        return Start::Element(&inside[..end]);
    }
    if rest.starts_with(['{', '[']) { Start::Json(rest) } else { Start::Other }
}

fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or(name)
}

fn by_root(name: &str) -> Option<Format> {
    match local(name) {
        "rss" | "RDF" | "channel" | "Channel" => Some(Format::Rss),
        "feed" | "entry" => Some(Format::Atom),
        "newsMessage" | "newsItem" | "packageItem" | "conceptItem" | "knowledgeItem" | "planningItem"
        | "catalogItem" => Some(Format::NewsmlG2),
        "NewsML" | "NewsItem" => Some(Format::Newsml1),
        "nitf" => Some(Format::Nitf),
        "RBNews" | "ListOfRBNews" | "ArrayOfRBNews" | "XMLNewsQueuedResponse" => Some(Format::Ritzau),
        _ => None,
    }
}

/// Members that only ninjs has, or has in this company.
const NINJS: &[&str] = &[
    "pubstatus",
    "pubStatus",
    "headline",
    "headlines",
    "bodies",
    "body_text",
    "body_html",
    "body_xhtml",
    "versioncreated",
    "versionCreated",
    "representationtype",
    "representationType",
    "urgency",
    "slugline",
    "type",
];

fn by_members(json: &str) -> Option<Format> {
    let outer = json_text::members(json)?;
    let get = |wanted: &str| outer.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    if get("version").is_some_and(|version| version.contains("jsonfeed.org")) {
        return Some(Format::JsonFeed);
    }
    if get("urn").is_some() && get("format").is_some_and(|format| format.contains("digitalwires")) {
        return Some(Format::Digitalwires);
    }
    let envelope = get("data").is_some_and(|data| data.starts_with('{'));
    if envelope && ["api_version", "method", "api_mode"].iter().any(|name| get(name).is_some()) {
        return Some(Format::ApMedia);
    }
    let feed = ["feed_url", "home_page_url", "title"].iter().any(|name| get(name).is_some());
    if get("items").is_some() && feed && get("uri").is_none() {
        return Some(Format::JsonFeed);
    }
    // The uri is all that ninjs asks for; some leave even that out.
    let known = NINJS.iter().filter(|name| get(name).is_some()).count();
    (get("uri").is_some() || known > 1).then_some(Format::Ninjs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<Format>) {
        assert_eq!(sniff(text), expect, "{text}");
    }

    #[test]
    fn xml_is_known_by_its_root() {
        check("<rss version='2.0'>", Some(Format::Rss));
        check(
            " \n<?xml version='1.0'?>\n<!-- <feed> --><?xml-stylesheet href='x'?><rdf:RDF>",
            Some(Format::Rss),
        );
        check("<a:feed xmlns:a='http://www.w3.org/2005/Atom'/>", Some(Format::Atom));
        check("<!DOCTYPE nitf SYSTEM \"a>b\" [<!ENTITY x '>'>]><nitf>", Some(Format::Nitf));
        check("<r:Channel xmlns:r='http://purl.org/net/rss1.1#'/>", Some(Format::Rss));
        check("<newsMessage/>", Some(Format::NewsmlG2));
        check("<ns0:newsItem>", Some(Format::NewsmlG2));
        check("<RBNews>", Some(Format::Ritzau));
        check("<!DOCTYPE NewsML [<!ENTITY % nitf SYSTEM 'n.dtd'> %nitf; ]><NewsML>", Some(Format::Newsml1));
        check("<html><rss/></html>", None);
        check("<!-- <rss> ", None);
    }

    #[test]
    fn json_is_known_by_its_members() {
        check("{\"version\": \"https://jsonfeed.org/version/1.1\", \"items\": []}", Some(Format::JsonFeed));
        check("{\"items\": [{\"uri\": 1}], \"feed_url\": \"x\"}", Some(Format::JsonFeed));
        check("{\"uri\": \"x\", \"type\": \"text\"}", Some(Format::Ninjs));
        check("[{\"uri\": \"x\", \"headline\": \"jsonfeed.org\"}]", Some(Format::Ninjs));
        check("{\"uri\": \"x\", \"body_text\": \"broken", Some(Format::Ninjs));
        check("[{\"format\": \"digitalwires@0.9.1\", \"urn\": \"x\"}]", Some(Format::Digitalwires));
        check("{\"api_version\": \"2.1\", \"data\": {\"item\": {}}}", Some(Format::ApMedia));
        check("{\"data\": {\"item\": {}}}", None);
        check("{\"uri\": \"x\"}", Some(Format::Ninjs));
        check("{\"version\": \"1\"}", None);
        check("[1, 2]", None);
        check("plain words", None);
        check("", None);
    }

    #[test]
    fn messages_of_teleprinters_are_known_by_their_header() {
        for (text, expect) in [
            ("\u{1}agx042 4 pl 308 eu  agx 042\r\n\u{2}", Some(Format::Iptc7901)),
            ("\u{7f}\r\n\u{1}agx042 4 pl 308 eu  agx 042\r\n\u{2}", Some(Format::Iptc7901)),
            ("agx042 4 pl 308 eu  agx 042\r\n", Some(Format::Iptc7901)),
            ("noise\u{1}agx042 4 pl 308 eu  agx 042\r\n", Some(Format::Iptc7901)),
            ("\u{16}\u{16}\u{1}W4221\u{1f}agxwd\r\n", Some(Format::Anpa1312)),
            ("\u{1}a0105AGXJP\u{1f}koko-\r\n", Some(Format::Anpa1312)),
            ("\u{1}W4221\r\nr i\u{13}\u{11} BC-A 03-21 10\r\n\u{2}", Some(Format::Anpa1312)),
            ("W4221\u{1f}agxwd\r\nr i\u{13}\u{11} BC-A 03-21 10\r\n\u{2}^A", Some(Format::Anpa1312)),
            ("   ZCZC AGX\r\n%A", Some(Format::Zczc)),
            ("zczc\r\nAN#1", Some(Format::Zczc)),
            ("ZCZCs are frames", None),
            ("Council votes 4 to 3", None),
            ("From: a@example.org\n\nText", None),
            ("<rss/>", None),
            ("", None),
        ] {
            assert_eq!(teleprinter(text.as_bytes()), expect, "{text:?}");
        }
    }

    #[test]
    fn what_is_not_known_is_described() {
        for (text, expect) in [
            ("<html>", "an HTML page came"),
            ("<a/>", "<a>"),
            ("{}", "no members"),
            (" ", "empty"),
            ("Dear editors", "neither XML nor JSON"),
        ] {
            assert!(describe(text).contains(expect), "{text}: {}", describe(text));
        }
    }
}
