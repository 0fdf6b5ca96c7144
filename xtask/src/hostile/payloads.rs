//! Texts that want to be more than words, and wires that carry them in every place a wire has.

use std::path::Path;

use serde_json::{Value as Json, json};

/// Ours, in `fixtures/hostile/payloads.json`.
pub(super) fn own(root: &Path) -> Result<Vec<String>, String> {
    let path = root.join("fixtures/hostile/payloads.json");
    let text = std::fs::read_to_string(&path).map_err(|fault| format!("{}: {fault}", path.display()))?;
    let payloads: Vec<String> =
        serde_json::from_str(&text).map_err(|fault| format!("{}: {fault}", path.display()))?;
    if payloads.len() < 60 { Err(format!("only {} payloads", payloads.len())) } else { Ok(payloads) }
}

/// Those of others, each once, in order.
pub(super) fn gathered(folder: &Path) -> Result<Vec<String>, String> {
    let mut all = Vec::new();
    for (file, member) in [("dompurify/expect.json", "payload"), ("html5lib/sanitizer_tests1.json", "input")]
    {
        let Ok(text) = std::fs::read_to_string(folder.join(file)) else { continue };
        let cases: Json = serde_json::from_str(&text).map_err(|fault| format!("{file}: {fault}"))?;
        let payloads = cases.as_array().into_iter().flatten().filter_map(|case| case[member].as_str());
        all.extend(payloads.map(str::to_owned));
    }
    let mut lists = Vec::new();
    super::list(folder, &mut lists)?;
    for list in lists {
        let name = list.to_string_lossy();
        if name.contains("XSS_Injection/Intruders") || name.ends_with("xss-payload-list.txt") {
            let bytes = std::fs::read(&list).map_err(|fault| format!("{name}: {fault}"))?;
            all.extend(String::from_utf8_lossy(&bytes).lines().map(str::to_owned));
        }
        if name.ends_with("blns.json") {
            let text = std::fs::read_to_string(&list).unwrap_or_default();
            all.extend(serde_json::from_str::<Vec<String>>(&text).unwrap_or_default());
        }
    }
    let mut seen = std::collections::HashSet::new();
    all.retain(|payload| !payload.trim().is_empty() && seen.insert(payload.clone()));
    Ok(all)
}

/// Which part of a wire says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The body, as HTML.
    Body,
    /// Every field but the body, which says it as plain words, in attributes and in addresses.
    Fields,
}

/// The formats that payloads are delivered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Rss,
    Ninjs,
    G2,
}

impl Format {
    pub(super) const ALL: [Format; 3] = [Format::Rss, Format::Ninjs, Format::G2];
}

const MADE: &str = "2026-03-14T12:00:00Z";

/// White space collapsed and trimmed, as every format here reads a headline.
pub(super) fn collapsed(text: &str) -> String {
    let space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{c}');
    text.split(space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Whether XML can carry it at all (XML 1.0 §2.2).
fn in_xml(text: &str) -> bool {
    text.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
    out
}

/// The body of a story that says the payload in words, and in every attribute that agencies set.
fn around(payload: &str) -> String {
    let p = escape(payload);
    format!(
        "<p>One.</p><p>Two.</p><p>Three.</p><p>Four.</p><p>{p}</p><p lang=\"{p}\" dir=\"{p}\" title=\"{p}\" id=\"{p}\" class=\"{p}\">attributes</p>\
         <p><a href=\"{p}\" rel=\"{p}\" target=\"{p}\">link</a> <a href=\"https://outside.example/?q={p}\">query</a> <a href=\"mailto:{p}\">mail</a></p>\
         <figure><img src=\"https://outside.example/{p}\" alt=\"{p}\"/><figcaption>{p}</figcaption></figure>\
         <ul><li>{p}</li></ul><blockquote cite=\"{p}\"><p>{p}</p></blockquote><pre>{p}</pre>\
         <table><tr><th>{p}</th><td>{p}</td></tr></table><h2>{p}</h2><p><code>{p}</code></p>"
    )
}

fn rss(uri: &str, payload: &str, place: Place) -> String {
    let p = escape(payload);
    match place {
        Place::Body => format!(
            "<item><title>payload</title><guid isPermaLink=\"false\">{}</guid><pubDate>Sat, 14 Mar 2026 12:00:00 GMT</pubDate><content:encoded>{p}</content:encoded></item>",
            escape(uri)
        ),
        Place::Fields => format!(
            "<item><title>{p}</title><link>https://agency.example/{p}</link><guid isPermaLink=\"false\">{uri}</guid>\
             <pubDate>Sat, 14 Mar 2026 12:00:00 GMT</pubDate><dc:creator>{p}</dc:creator><author>{p}</author><dc:rights>{p}</dc:rights>\
             <category domain=\"{p}\">{p}</category><comments>{p}</comments><source url=\"{p}\">{p}</source>\
             <enclosure url=\"https://outside.example/{p}\" type=\"{p}\" length=\"1\"/>\
             <media:content url=\"https://outside.example/{p}\" type=\"image/jpeg\"><media:title>{p}</media:title><media:description>{p}</media:description><media:credit>{p}</media:credit></media:content>\
             <description>{p}</description><content:encoded>{body}</content:encoded></item>",
            uri = escape(&format!("{uri}:{payload}")),
            body = escape(&around(payload)),
        ),
    }
}

fn ninjs(uri: &str, payload: &str, place: Place) -> Json {
    let html = |value: &str| json!([{ "role": "main", "contentType": "text/html", "value": value }]);
    match place {
        Place::Body => {
            json!({ "uri": uri, "type": "text", "version": "1", "versionCreated": MADE, "pubStatus": "usable",
            "language": "en", "headlines": [{ "value": "payload" }], "bodies": html(payload) })
        }
        Place::Fields => {
            json!({ "uri": format!("{uri}:{payload}"), "type": "text", "version": "1", "versionCreated": MADE,
            "pubStatus": "usable", "language": payload, "title": payload, "slugline": payload, "by": payload, "located": payload,
            "copyrightHolder": payload, "copyrightNotice": payload, "usageTerms": payload, "edNote": payload, "dateline": payload,
            "headlines": [{ "value": payload }, { "role": "sub", "value": payload }],
            "descriptions": [{ "role": "caption", "value": payload }], "keywords": [payload],
            "subjects": [{ "name": payload, "uri": payload }], "genres": [{ "name": payload }], "infoSources": [{ "name": payload, "role": payload }],
            "places": [{ "name": payload }], "people": [{ "name": payload }], "organisations": [{ "name": payload }],
            "renditions": [{ "name": payload, "href": format!("https://outside.example/{payload}"), "contentType": "image/jpeg" }],
            "associations": [{ "name": payload, "uri": payload, "type": "picture", "headlines": [{ "value": payload }], "descriptions": [{ "value": payload }] }],
            "trustIndicators": [{ "title": payload, "href": payload }], "bodies": html(&around(payload)) })
        }
    }
}

fn g2(uri: &str, payload: &str, place: Place) -> String {
    let p = escape(payload);
    let item = |uri: &str, language: &str, beside: &str, meta: &str, inside: &str| {
        format!(
            "<newsItem xmlns=\"http://iptc.org/std/nar/2006-10-01/\" guid=\"{}\" version=\"1\" standard=\"NewsML-G2\" standardversion=\"2.33\" xml:lang=\"{language}\">{beside}\
             <itemMeta><itemClass qcode=\"ninat:text\"/><provider literal=\"agx\"/><versionCreated>{MADE}</versionCreated><pubStatus qcode=\"stat:usable\"/></itemMeta>\
             <contentMeta>{meta}</contentMeta><contentSet>{inside}</contentSet></newsItem>",
            escape(uri)
        )
    };
    match place {
        Place::Body => {
            let inside = format!("<inlineData contenttype=\"text/html\">{p}</inlineData>");
            item(uri, "en", "", "<headline>payload</headline>", &inside)
        }
        Place::Fields => {
            let inside = format!(
                "<inlineXML contenttype=\"application/xhtml+xml\"><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title>{p}</title></head><body>{}</body></html></inlineXML>",
                around(payload)
            );
            let beside = format!(
                "<rightsInfo><copyrightHolder literal=\"{p}\"/><copyrightNotice>{p}</copyrightNotice><usageTerms>{p}</usageTerms></rightsInfo>"
            );
            let meta = format!(
                "<headline>{p}</headline><by>{p}</by><dateline>{p}</dateline><creditline>{p}</creditline><slugline>{p}</slugline><located literal=\"{p}\"><name>{p}</name></located>\
                 <subject qcode=\"{p}\"><name>{p}</name></subject><keyword>{p}</keyword><description role=\"drol:caption\">{p}</description><language tag=\"{p}\"/>"
            );
            item(&format!("{uri}:{payload}"), &p, &beside, &meta, &inside)
        }
    }
}

/// One transmission with these payloads, as far as the format can carry them.
pub(super) fn wire(set: &str, format: Format, place: Place, first: usize, payloads: &[String]) -> Vec<u8> {
    let mut stories = Vec::new();
    for (i, payload) in payloads.iter().enumerate() {
        let uri = format!("urn:agx:{set}:{format:?}:{place:?}:{}", first + i);
        if format != Format::Ninjs && !in_xml(payload) {
            continue;
        }
        stories.push(match format {
            Format::Rss => rss(&uri, payload, place),
            Format::Ninjs => ninjs(&uri, payload, place).to_string(),
            Format::G2 => g2(&uri, payload, place),
        });
    }
    let text = match format {
        Format::Rss => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" xmlns:media=\"http://search.yahoo.com/mrss/\"><channel><title>Agency Example</title>{}</channel></rss>",
            stories.join("\n")
        ),
        Format::Ninjs => format!("[{}]", stories.join(",\n")),
        Format::G2 => format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><newsMessage xmlns=\"http://iptc.org/std/nar/2006-10-01/\"><header><sent>{MADE}</sent></header><itemSet>{}</itemSet></newsMessage>",
            stories.join("\n")
        ),
    };
    text.into_bytes()
}
