//! Wires that nobody sends by accident.

use std::fmt::Write as _;

use serde_json::json;

/// What must come of a wire.
#[derive(Clone, Debug)]
pub(super) enum Must {
    /// Whatever it likes, within its limits.
    Live,
    /// Nothing that could go out by itself: no item, or only items that wait for a person.
    Stop,
    /// The items before and after the bad one, and these are as good as ever.
    SpareSiblings,
    /// An item whose copy is exactly this.
    Say(String),
    /// An item may come, but nowhere does the program say this word.
    NeverSay(&'static str),
}

/// One wire.
pub(super) struct Bomb {
    pub(super) name: String,
    pub(super) bytes: Vec<u8>,
    pub(super) must: Must,
}

/// Stands in a file that external entities name.
pub(super) const SECRET: &str = "the-secret-of-the-file-beside";

/// All of them. `secret` is a file that no wire may make us open, `port` one that no wire may make us call; `times` is
/// 1 or more, for larger ones.
pub(super) fn all(secret: &str, port: u16, times: usize) -> Vec<Bomb> {
    let mut bombs = Vec::new();
    let mut add = |name: &str, bytes: Vec<u8>, must| bombs.push(Bomb { name: name.to_owned(), bytes, must });
    entities(secret, port, &mut add);
    depth(&mut add);
    size(times, &mut add);
    json_texts(times, &mut add);
    characters(&mut add);
    siblings(&mut add);
    bombs
}

type Add<'a> = &'a mut dyn FnMut(&str, Vec<u8>, Must);

const RSS_HEAD: &str = r#"<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Agency Example</title><link>https://agency.example/</link>"#;

pub(super) fn item(uri: &str, title: &str, body: &str) -> String {
    format!(
        r#"<item><title>{title}</title><guid isPermaLink="false">{uri}</guid><pubDate>Sat, 14 Mar 2026 12:00:00 GMT</pubDate><content:encoded>{body}</content:encoded></item>"#
    )
}

pub(super) fn rss(before: &str, items: &str) -> String {
    format!(r#"<?xml version="1.0" encoding="UTF-8"?>{before}{RSS_HEAD}{items}</channel></rss>"#)
}

fn one(before: &str, title: &str, body: &str) -> Vec<u8> {
    rss(before, &item("urn:agx:bad", title, body)).into_bytes()
}

fn atom(body: &str) -> String {
    format!(
        r#"<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:agx:f</id><title>t</title><updated>2026-03-14T12:00:00Z</updated><entry><id>urn:agx:bad</id><title>t</title><updated>2026-03-14T12:00:00Z</updated><content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">{body}</div></content></entry></feed>"#
    )
}

fn g2(body: &str) -> String {
    format!(
        r#"<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="urn:agx:bad" version="1" standard="NewsML-G2" standardversion="2.33"><itemMeta><itemClass qcode="ninat:text"/><provider literal="agx"/><versionCreated>2026-03-14T12:00:00Z</versionCreated><pubStatus qcode="stat:usable"/></itemMeta><contentMeta><headline>t</headline></contentMeta><contentSet><inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><body>{body}</body></html></inlineXML></contentSet></newsItem>"#
    )
}

fn nitf(body: &str) -> String {
    format!(
        r#"<nitf><head><docdata><doc-id id-string="urn:agx:bad"/><date.issue norm="20260314T120000Z"/></docdata></head><body><body.head><hedline><hl1>t</hl1></hedline></body.head><body.content>{body}</body.content></body></nitf>"#
    )
}

fn ninjs(headline: &str, html: &str) -> serde_json::Value {
    json!({ "uri": "urn:agx:bad", "type": "text", "version": "1", "versionCreated": "2026-03-14T12:00:00Z",
        "pubStatus": "usable", "headlines": [{ "value": headline }], "bodies": [{ "contentType": "text/html", "value": html }] })
}

fn xml_wires(body: &str) -> [(&'static str, Vec<u8>); 4] {
    let rss = one("", "t", &format!("<![CDATA[{body}]]>"));
    [("rss", rss), ("atom", atom(body).into()), ("g2", g2(body).into()), ("nitf", nitf(body).into())]
}

fn entities(secret: &str, port: u16, add: Add<'_>) {
    let mut laughs = String::from("<!DOCTYPE rss [<!ENTITY l0 \"lol\">");
    for i in 1..12 {
        let _ = write!(laughs, "<!ENTITY l{i} \"{}\">", format!("&l{};", i - 1).repeat(10));
    }
    laughs.push_str("]>");
    add("entity-laughs", one(&laughs, "t", "&l11;"), Must::Stop);
    let quadratic = format!("<!DOCTYPE rss [<!ENTITY a \"{}\">]>", "A".repeat(50_000));
    add("entity-quadratic", one(&quadratic, "t", &"&a;".repeat(50_000)), Must::Stop);
    let itself = "<!DOCTYPE rss [<!ENTITY a \"&b;\"><!ENTITY b \"&a;\">]>";
    add("entity-itself", one(itself, "t", "&a;"), Must::Stop);
    let outside = [
        ("file", format!("<!DOCTYPE rss [<!ENTITY x SYSTEM \"file://{secret}\">]>")),
        ("http", format!("<!DOCTYPE rss [<!ENTITY x SYSTEM \"http://127.0.0.1:{port}/x\">]>")),
        ("public", format!("<!DOCTYPE rss [<!ENTITY x PUBLIC \"-//X\" \"http://127.0.0.1:{port}/x\">]>")),
    ];
    for (name, before) in outside {
        add(&format!("entity-outside-{name}"), one(&before, "t", "&x;"), Must::Stop);
    }
    let parameter = format!("<!DOCTYPE rss [<!ENTITY % p SYSTEM \"http://127.0.0.1:{port}/e.dtd\"> %p;]>");
    add("entity-parameter", one(&parameter, "t", "b"), Must::NeverSay(SECRET));
    let dtd = format!("<!DOCTYPE rss SYSTEM \"http://127.0.0.1:{port}/rss.dtd\">");
    add("dtd-outside", one(&dtd, "t", "b"), Must::NeverSay(SECRET));
    let style = format!("<?xml-stylesheet type=\"text/xsl\" href=\"http://127.0.0.1:{port}/x.xsl\"?>");
    add("stylesheet-outside", one(&style, "t", "b"), Must::NeverSay(SECRET));
    let include = format!(
        "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file://{secret}\" parse=\"text\"/>"
    );
    for (name, bytes) in xml_wires(&include) {
        add(&format!("xinclude-{name}"), bytes, Must::NeverSay(SECRET));
    }
    let attribute = "<!DOCTYPE rss [<!ATTLIST guid isPermaLink CDATA \"evil\"><!ENTITY n \"made up\">]>";
    add("dtd-defaults", one(attribute, "t", "b"), Must::NeverSay("made up"));
    add(
        "dtd-unclosed",
        one(&format!("<!DOCTYPE rss [{}", "<!ENTITY a 'b'>".repeat(99)), "t", "b"),
        Must::Live,
    );
    add("dtd-deep", one(&format!("<!DOCTYPE rss [{}", "[<".repeat(100_000)), "t", "b"), Must::Live);
}

fn depth(add: Add<'_>) {
    let nested =
        |tag: &str, n: usize| format!("{}x{}", format!("<{tag}>").repeat(n), format!("</{tag}>").repeat(n));
    for tag in ["p", "b", "a", "div", "table", "ul", "blockquote", "span", "font", "svg"] {
        let deep = nested(tag, 100_000);
        add(&format!("deep-html-{tag}"), one("", "t", &format!("<![CDATA[{deep}]]>")), Must::Live);
        add(&format!("deep-ninjs-{tag}"), ninjs("t", &deep).to_string().into(), Must::Live);
    }
    for (name, bytes) in xml_wires(&nested("p", 100_000)).into_iter().skip(1) {
        add(&format!("deep-{name}"), bytes, Must::Stop);
    }
    for root in ["rss", "feed", "nitf", "newsItem", "newsMessage", "html"] {
        add(&format!("deep-root-{root}"), format!("<{root}>").repeat(100_000).into(), Must::Stop);
    }
    let open = "<a href=x><b><i><font><nobr>".repeat(20_000);
    add("misnested-html", one("", "t", &format!("<![CDATA[{open}]]>")), Must::Live);
    let adopt = format!("{}{}", "<a><p>".repeat(3_000), "</a></p>".repeat(3_000));
    add("misnested-adoption", ninjs("t", &adopt).to_string().into(), Must::Live);
    let foster = "<table><tr>text<td>".repeat(3_000);
    add("misnested-tables", ninjs("t", &foster).to_string().into(), Must::Live);
    add("template-nest", ninjs("t", &"<template>".repeat(50_000)).to_string().into(), Must::Live);
    add("select-nest", ninjs("t", &"<select><option>".repeat(50_000)).to_string().into(), Must::Live);
    let formatting: String = (0..20_000).map(|i| format!("<font color=c{i}>")).collect();
    add(
        "formatting-list",
        ninjs("t", &format!("{formatting}{}", "<p>x".repeat(2_000))).to_string().into(),
        Must::Live,
    );
}

fn size(times: usize, add: Add<'_>) {
    let attributes: String = (0..250_000 * times).fold(String::new(), |mut all, i| {
        let _ = write!(all, " a{i}=\"1\"");
        all
    });
    add("attributes-html", ninjs("t", &format!("<p{attributes}>x</p>")).to_string().into(), Must::Live);
    add("attributes-xml", format!("<rss{attributes}><channel/></rss>").into(), Must::Stop);
    add("attributes-g2", g2(&format!("<p{attributes}>x</p>")).into(), Must::Stop);
    let same = " a=\"1\"".repeat(75_000 * times);
    add("attributes-same", nitf(&format!("<p{same}>x</p>")).into(), Must::Live);
    let names: String = (0..25_000 * times).map(|i| format!(" xmlns:n{i}=\"u{i}\"")).collect();
    add("namespaces", atom(&format!("<p{names}>x</p>")).into(), Must::Live);
    let spaces: String = (0..200).map(|i| format!("<n{i}:p xmlns:n{i}=\"u\">")).collect();
    add("namespaces-nested", atom(&spaces).into(), Must::Stop);
    let long = "x".repeat(times << 20);
    add("attribute-huge", atom(&format!("<p title=\"{long}\">x</p>")).into(), Must::Live);
    for (name, bytes) in xml_wires(&format!("<p>{long}</p>")) {
        add(&format!("text-huge-{name}"), bytes, Must::Live);
    }
    add("text-huge-ninjs", ninjs(&long, &long).to_string().into(), Must::Live);
    add("title-huge", one("", &long, "<p>b</p>"), Must::Live);
    add("comment-huge", one("", "t", &format!("b<!--{long}-->")), Must::Live);
    add("name-huge", format!("<{long}/>").into(), Must::Stop);
    add("reference-huge", one("", "t", &format!("&#{};", "9".repeat(1 << 20))), Must::Live);
    add("references-many", one("", "t", &"&amp;#38;".repeat(125_000 * times)), Must::Live);
    add("ampersands-bare", one("", "t", &"& ".repeat(125_000 * times)), Must::Live);
    add("blocks-many", ninjs("t", &"<p>x".repeat(100_000 * times)).to_string().into(), Must::Live);
    add("breaks-many", ninjs("t", &"<br>".repeat(250_000 * times)).to_string().into(), Must::Live);
    add(
        "links-many",
        ninjs("t", &format!("<a href={}>{}", "l".repeat(100_000), "<p>x".repeat(20_000))).to_string().into(),
        Must::Live,
    );
    add(
        "cells-many",
        ninjs("t", &format!("<table><tr>{}", "<td>x".repeat(75_000 * times))).to_string().into(),
        Must::Live,
    );
    add(
        "items-many",
        rss("", &"<item><guid>g</guid><title>t</title></item>".repeat(12_500 * times)).into(),
        Must::Live,
    );
    let lines: String = (0..12_500 * times * times).map(|i| format!("<b>{i}</b>\n\n")).collect();
    add("lines-many", ninjs("t", &format!("<pre>{lines}</pre>")).to_string().into(), Must::Live);
    let links: String =
        (0..25_000 * times).map(|i| format!("<a href=\"https://a.example/{i}\">x</a>")).collect();
    add("links-apart", ninjs("t", &links).to_string().into(), Must::Live);
    let crossed: String = (0..12_500 * times).map(|i| format!("<b>{i}<i>x</b>y</i>")).collect();
    add("marks-crossed", ninjs("t", &crossed).to_string().into(), Must::Live);
    add("items-empty", rss("", &"<item/>".repeat(75_000 * times)).into(), Must::Live);
    add("items-unclosed", rss("", &"<item><title>t".repeat(100_000)).into(), Must::Stop);
    add("less-than-many", "<".repeat(times << 20).into(), Must::Stop);
    add("cdata-unclosed", one("", "t", "<![CDATA[ never closed"), Must::Stop);
    add("cdata-many", one("", "t", &"<![CDATA[]]>".repeat(75_000 * times)), Must::Live);
    add(
        "instructions-many",
        rss(&"<?x y?>".repeat(75_000 * times), &item("urn:agx:bad", "t", "b")).into(),
        Must::Live,
    );
    add("white-space", one("", "t", &" \n\t".repeat(1 << 20)), Must::Live);
    add("combining", one("", &format!("a{}", "\u{301}".repeat(125_000 * times)), "<p>b</p>"), Must::Live);
}

fn json_texts(times: usize, add: Add<'_>) {
    for (name, open, close) in
        [("array", "[", "]"), ("object", "{\"items\":", "}"), ("item", "{\"associations\":{\"x\":", "}}")]
    {
        let deep = format!("{}null{}", open.repeat(100_000), close.repeat(100_000));
        add(&format!("json-deep-{name}"), deep.into(), Must::Stop);
        add(&format!("json-deep-{name}-open"), open.repeat(100_000).into(), Must::Stop);
        add(
            &format!("json-deep-{name}-inside"),
            ninjs("t", "b").to_string().replace("\"1\"", &open.repeat(5_000)).into(),
            Must::Stop,
        );
    }
    let twice = |a: &str, b: &str| {
        ninjs("t", "<p>b</p>")
            .to_string()
            .replace("\"version\":\"1\"", &format!("\"version\":\"1\",{a},{b}"))
            .into_bytes()
    };
    // Which of two answers is the agency's is not ours to guess.
    for (name, a, b) in [
        ("status", "\"pubStatus\":\"usable\"", "\"pubStatus\":\"canceled\""),
        ("uri", "\"uri\":\"urn:agx:one\"", "\"uri\":\"urn:agx:two\""),
        ("bodies", "\"bodies\":[{\"value\":\"one\"}]", "\"bodies\":[{\"value\":\"two\"}]"),
        ("escaped", "\"pubStatus\":\"usable\"", "\"pub\\u0053tatus\":\"canceled\""),
    ] {
        add(&format!("json-twice-{name}"), twice(a, b), Must::Stop);
    }
    add(
        "json-many-keys",
        format!(
            "{{{}\"uri\":\"urn:agx:bad\"}}",
            (0..75_000 * times).map(|i| format!("\"k{i}\":1,")).collect::<String>()
        )
        .into(),
        Must::Live,
    );
    add("json-number", ninjs("t", "b").to_string().replace("\"1\"", &"9".repeat(1 << 20)).into(), Must::Live);
    add("json-exponent", ninjs("t", "b").to_string().replace("\"1\"", "1e999999999").into(), Must::Live);
    for (name, escape) in
        [("high", "\\ud83d"), ("low", "\\udc00"), ("turned", "\\udc00\\ud83d"), ("nul", "\\u0000")]
    {
        let headline = ninjs("HERE", "<p>b</p>").to_string().replace("HERE", escape);
        add(&format!("json-surrogate-{name}"), headline.into(), Must::Stop);
        let feed = format!(
            "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"t\",\"items\":[{{\"id\":\"urn:agx:bad\",\"content_text\":\"a{escape}b\"}}]}}"
        );
        add(&format!("json-feed-surrogate-{name}"), feed.into(), Must::Stop);
    }
    let items = format!("[{}]", vec![ninjs("t", "b").to_string(); 5_000 * times].join(","));
    add("json-items-many", items.into(), Must::Live);
    add("json-lines-many", vec![ninjs("t", "b").to_string(); 5_000 * times].join("\n").into(), Must::Live);
    add("json-commas", format!("{{\"items\":[{}]}}", ",".repeat(1 << 20)).into(), Must::Stop);
    add("json-quotes", format!("{{\"items\":[{}]}}", "\"".repeat(1 << 20)).into(), Must::Stop);
    add("json-backslashes", format!("{{\"uri\":\"{}", "\\".repeat(1 << 20)).into(), Must::Stop);
}

fn characters(add: Add<'_>) {
    let with = |label: &str, body: &[u8]| {
        let text = rss("", &item("urn:agx:bad", "t", "HERE")).replace("UTF-8", label);
        let (before, after) = text.split_once("HERE").unwrap_or_default();
        [before.as_bytes(), body, after.as_bytes()].concat()
    };
    add("label-utf16-on-utf8", with("UTF-16", b"x"), Must::Live);
    add("label-unknown", with("klingon-8", b"x"), Must::Live);
    add("label-unknown-bytes", with("klingon-8", b"caf\xe9"), Must::Stop);
    add("label-utf7", with("UTF-7", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"), Must::Live);
    add("label-utf8-on-latin1", with("UTF-8", b"caf\xe9"), Must::Stop);
    add(
        "label-cp1252",
        with("windows-1252", b"\x93caf\xe9\x94"),
        Must::Say("t\n\n\u{201c}caf\u{e9}\u{201d}\n".into()),
    );
    add("utf8-overlong", with("UTF-8", b"\xc0\xbcscript\xc0\xbe"), Must::Stop);
    add("utf8-surrogate", with("UTF-8", b"\xed\xa0\xbd"), Must::Stop);
    add("utf8-beyond", with("UTF-8", b"\xf4\x90\x80\x80"), Must::Stop);
    add("nul", with("UTF-8", b"a\0b"), Must::Stop);
    add("nul-reference", with("UTF-8", b"a&#0;b"), Must::Stop);
    add("control", with("UTF-8", b"a\x08\x1bb"), Must::Stop);
    add("noncharacter", with("UTF-8", "a\u{ffff}b".as_bytes()), Must::Live);
    add("lone-surrogate-reference", with("UTF-8", b"a&#xD800;b"), Must::Stop);
    add(
        "bidi",
        one("", "Minister \u{202e}ton si\u{202c} resigned", "<p>b</p>"),
        Must::Say("Minister \u{202e}ton si\u{202c} resigned\n\nb\n".into()),
    );
    add(
        "soft-hyphen",
        one("", "co\u{ad}operate cafe\u{301} a\u{a0}b", "<p>\u{200b}b</p>"),
        Must::Say("co\u{ad}operate cafe\u{301} a\u{a0}b\n\n\u{200b}b\n".into()),
    );
    let utf16 = |order: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        let text = rss("", &item("urn:agx:bad", "t", "caf\u{e9}")).replace("UTF-8", "UTF-16");
        let text = if mark { format!("\u{feff}{text}") } else { text };
        text.encode_utf16().flat_map(order).collect()
    };
    add("utf16-le", utf16(u16::to_le_bytes, true), Must::Say("t\n\ncaf\u{e9}\n".into()));
    add("utf16-be", utf16(u16::to_be_bytes, true), Must::Say("t\n\ncaf\u{e9}\n".into()));
    add("utf16-no-mark", utf16(u16::to_be_bytes, false), Must::Live);
    let mut odd = utf16(u16::to_le_bytes, true);
    odd.pop();
    add("utf16-odd", odd, Must::Live);
    add("utf16-half", [&[0xff, 0xfe][..], &0xd83d_u16.to_le_bytes()].concat(), Must::Stop);
    add("utf32", "\u{feff}<rss/>".chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(), Must::Stop);
    add("nothing", Vec::new(), Must::Stop);
    add("mark-only", vec![0xef, 0xbb, 0xbf], Must::Stop);
    add("zeros", vec![0; 4 << 20], Must::Stop);
    add(
        "noise",
        (0..4_u32 << 18).flat_map(|i| i.wrapping_mul(2_654_435_761).to_le_bytes()).collect(),
        Must::Stop,
    );
}

fn siblings(add: Add<'_>) {
    let before = item("urn:agx:before", "before", "<p>before</p>".replace('<', "&lt;").as_str());
    let after = item("urn:agx:after", "after", "<p>after</p>".replace('<', "&lt;").as_str());
    let bad = [
        ("unclosed", "<item><title>bad".to_owned()),
        ("crossed", "<item><title>bad</guid></item>".to_owned()),
        ("entity", item("urn:agx:bad", "&nowhere;", "b")),
        ("deep", format!("<item>{}</item>", "<x>".repeat(1_000))),
        ("attributes", format!("<item {}/>", (0..2_000).map(|i| format!("a{i}='1' ")).collect::<String>())),
        ("nul", item("urn:agx:bad", "a\0b", "b")),
        ("empty", "<item/>".to_owned()),
        ("prefix", "<item><x:y>bad</x:y></item>".to_owned()),
        ("attribute", "<item a=b c><title>bad</title></item>".to_owned()),
    ];
    for (name, bad) in bad {
        add(
            &format!("sibling-rss-{name}"),
            rss("", &format!("{before}{bad}{after}")).into(),
            Must::SpareSiblings,
        );
    }
    let good = |uri: &str| json!({ "uri": uri, "type": "text", "versionCreated": "2026-03-14T12:00:00Z", "headlines": [{ "value": uri }], "bodies": [{ "contentType": "text/plain", "value": "b" }] });
    for (name, bad) in [
        ("escape", r#"{"uri":"urn:agx:bad","headline":"\x"}"#.to_owned()),
        ("surrogate", r#"{"uri":"urn:agx:bad","headline":"\ud83d"}"#.to_owned()),
        ("types", r#"{"uri":["urn:agx:bad"],"headlines":7,"bodies":{"a":[[]]}}"#.to_owned()),
        ("null", "null".to_owned()),
        ("deep", format!("{}{}", "[".repeat(1_000), "]".repeat(1_000))),
        ("number", "{\"uri\":\"urn:agx:bad\",\"version\":1e400}".to_owned()),
    ] {
        let wire = format!("[{},{bad},{}]", good("urn:agx:before"), good("urn:agx:after"));
        add(&format!("sibling-ninjs-{name}"), wire.into(), Must::SpareSiblings);
        let lines = format!("{}\n{bad}\n{}\n", good("urn:agx:before"), good("urn:agx:after"));
        add(&format!("sibling-lines-{name}"), lines.into(), Must::SpareSiblings);
    }
}
