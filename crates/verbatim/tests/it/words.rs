//! Nothing changed: what the agency wrote is what the page says, code point for code point.

use serde_json::{Value, json};

use crate::html::paragraphs;
use crate::newsroom::{Newsroom, USUAL, eventually, text};
use crate::wires::{Atom, Format, Ninjs, Rss, assemble, escape, moment, rfc822};

/// A wire whose body is this HTML, and whose headline is this text.
fn told(format: Format, uri: &str, headline: &str, html: &str) -> Vec<u8> {
    assemble(format, &[piece(format, uri, headline, html)]).into_bytes()
}

fn piece(format: Format, uri: &str, headline: &str, html: &str) -> String {
    match format {
        Rss => format!(
            "<item><title>{}</title><guid isPermaLink=\"false\">{uri}</guid><pubDate>{}</pubDate><content:encoded><![CDATA[{}]]></content:encoded></item>",
            escape(headline),
            rfc822(moment(-60)),
            html.replace("]]>", "]]]]><![CDATA[>"),
        ),
        Atom => format!(
            "<entry><id>{uri}</id><title>{}</title><updated>{}</updated><content type=\"html\">{}</content></entry>",
            escape(headline),
            moment(-60),
            escape(html),
        ),
        _ => json!({
            "uri": uri, "type": "text", "version": "1", "versionCreated": moment(-60).to_string(), "pubStatus": "usable",
            "headlines": [{"role": "main", "contentType": "text/plain", "value": headline}],
            "bodies": [{"role": "main", "contentType": "text/html", "value": html}],
        })
        .to_string(),
    }
}

/// The story as page, text, feed and API have it.
#[track_caller]
fn says(newsroom: &Newsroom, uri: &str, headline: &str, body: &[(&str, &str)]) {
    let feed = newsroom.get("/feed.json").json();
    says_in(newsroom, &feed, uri, headline, body);
}

#[track_caller]
fn says_in(newsroom: &Newsroom, feed: &Value, uri: &str, headline: &str, body: &[(&str, &str)]) {
    let url = text(&newsroom.item(uri), "url").to_owned();
    let page = newsroom.page(&url);
    let wanted: Vec<(&str, &str)> =
        [("headline", headline)].into_iter().chain(body.iter().copied()).collect();
    let found: Vec<(&str, &str)> = page.blocks.iter().map(|(kind, text)| (&**kind, &**text)).collect();
    assert_eq!(found, wanted, "{uri}");
    assert_eq!(newsroom.get(&format!("{url}.txt")).text(), page.plain(), "{uri}");
    assert_eq!(text(&newsroom.item(uri), "headline"), headline);
    let items = feed["items"].as_array().expect("items");
    let item = items
        .iter()
        .find(|item| text(item, "url") == url)
        .unwrap_or_else(|| panic!("{uri} is not in the feed"));
    assert_eq!(text(item, "title"), headline);
    let blocks = paragraphs(text(item, "content_html"));
    let texts: Vec<&str> = body.iter().map(|(_, text)| *text).collect();
    if body.iter().all(|(kind, _)| *kind != "row") {
        assert_eq!(blocks, texts, "{uri} in feed.json");
    }
}

/// HTML of a body, and the blocks that it must become.
const PROBES: &[(&str, &[(&str, &str)])] = &[
    ("<p>Plain.</p>", &[("p", "Plain.")]),
    ("<p>AT&amp;T &lt;b&gt; &quot;x&quot; &#8364; &euro; &eacute;</p>", &[("p", "AT&T <b> \"x\" € € é")]),
    ("<p>&amp;amp; stays &amp;lt;</p>", &[("p", "&amp; stays &lt;")]),
    ("<p>  two \n\t spaces  </p>", &[("p", "two spaces")]),
    ("<p>\u{a0}kept\u{a0}\u{a0}all\u{a0}</p>", &[("p", "\u{a0}kept\u{a0}\u{a0}all\u{a0}")]),
    ("<p>&nbsp;10&nbsp;km&shy;weit &zwj;&zwnj;</p>", &[("p", "\u{a0}10\u{a0}km\u{ad}weit \u{200d}\u{200c}")]),
    (
        "<p>Cafe\u{301} Caf\u{e9} \u{fb01}n \u{2126} \u{212b}</p>",
        &[("p", "Cafe\u{301} Caf\u{e9} \u{fb01}n \u{2126} \u{212b}")],
    ),
    ("<p>“Smart” ‘quotes’ ... … -- – —</p>", &[("p", "“Smart” ‘quotes’ ... … -- – —")]),
    ("<p>नई दिल्ली, 14 मार्च (उदाहरण)। क्\u{200d}ष</p>", &[("p", "नई दिल्ली, 14 मार्च (उदाहरण)। क्\u{200d}ष")]),
    (
        "<p>\u{200f}קיבלנו (ABC) \u{202b}عربي\u{202c}\u{200e}</p>",
        &[("p", "\u{200f}קיבלנו (ABC) \u{202b}عربي\u{202c}\u{200e}")],
    ),
    ("<p>👩\u{200d}🚒 🇺🇳 1\u{fe0f}\u{20e3} 𠮷野家</p>", &[("p", "👩\u{200d}🚒 🇺🇳 1\u{fe0f}\u{20e3} 𠮷野家")]),
    ("<p>İstanbul ıssız ǅ ß ﬀ</p>", &[("p", "İstanbul ıssız ǅ ß ﬀ")]),
    ("<p>one<br>two<br />three</p>", &[("p", "one\ntwo\nthree")]),
    (
        "<p><b>Bold</b> <i>and</i> <a href=\"https://agency.example/x\">linked</a>.</p>",
        &[("p", "Bold and linked.")],
    ),
    ("<p>H<sub>2</sub>O, x<sup>2</sup>, <code>a  b</code></p>", &[("p", "H2O, x2, a b")]),
    ("<p>See https://agency.example/a?b=1&amp;c=2</p>", &[("p", "See https://agency.example/a?b=1&c=2")]),
    ("<p>https://video.example/watch?v=1</p>", &[("p", "https://video.example/watch?v=1")]),
    (
        "<h2>Rank two</h2><p>x</p><h3>Three</h3><p>y</p>",
        &[("h2", "Rank two"), ("p", "x"), ("h3", "Three"), ("p", "y")],
    ),
    (
        "<ul><li>one</li><li>two</li></ul><ol><li>three</li></ol>",
        &[("li", "one"), ("li", "two"), ("li", "three")],
    ),
    ("<blockquote><p>Said so.</p></blockquote>", &[("quote", "Said so.")]),
    ("<pre>a  b\n  c</pre>", &[("pre", "a  b\n  c")]),
    (
        "<table><tr><th>Team</th><th>Pts</th></tr><tr><td>A</td><td>3</td></tr></table>",
        &[("row", "Team\tPts"), ("row", "A\t3")],
    ),
    ("<p>Seen<script>var hid = 1;</script><!-- not --> here</p>", &[("p", "Seen here")]),
    ("<p>Shown</p><p style=\"display:none\">Hushhush</p>", &[("p", "Shown")]),
    ("<div>Loose text<div>inner</div>tail</div>", &[("p", "Loose text"), ("p", "inner"), ("p", "tail")]),
    (
        "<p>if a &lt; b &amp;&amp; c &gt; d then &lt;/p&gt; &lt;script&gt;alert(1)&lt;/script&gt;</p>",
        &[("p", "if a < b && c > d then </p> <script>alert(1)</script>")],
    ),
    (
        "<p>{{ braces }} {% raw %} ${x} `y` \\u0041 %20</p>",
        &[("p", "{{ braces }} {% raw %} ${x} `y` \\u0041 %20")],
    ),
    ("<p>]]&gt; &lt;!-- --&gt; &lt;![CDATA[</p>", &[("p", "]]> <!-- --> <![CDATA[")]),
    ("<p>Line\u{2028}sep\u{2029}para\u{85}next</p>", &[("p", "Line\u{2028}sep\u{2029}para\u{85}next")]),
    ("<p>\u{feff}mark \u{fffd} \u{e000} \u{fdd0}</p>", &[("p", "\u{feff}mark \u{fffd} \u{e000} \u{fdd0}")]),
    (
        "<p>This post has been auto-published.</p><p>Disclaimer: not ours</p>",
        &[("p", "This post has been auto-published."), ("p", "Disclaimer: not ours")],
    ),
];

#[test]
fn no_code_point_is_changed_on_the_way() {
    let newsroom = Newsroom::usual();
    for format in [Ninjs, Atom, Rss] {
        let named = |i: usize| (format!("urn:agx:probe-{format:?}-{i}"), format!("Probe {i} of {format:?}"));
        let pieces: Vec<String> = PROBES
            .iter()
            .enumerate()
            .map(|(i, (html, _))| {
                let (uri, headline) = named(i);
                piece(format, &uri, &headline, html)
            })
            .collect();
        newsroom.send(&named(PROBES.len() - 1).0, assemble(format, &pieces).as_bytes());
        let feed = newsroom.get("/feed.json").json();
        for (i, (_, body)) in PROBES.iter().enumerate() {
            let (uri, headline) = named(i);
            says_in(&newsroom, &feed, &uri, &headline, body);
        }
    }
}

#[test]
fn a_headline_is_text_and_no_markup() {
    let newsroom = Newsroom::usual();
    for format in [Ninjs, Rss] {
        for (i, headline) in [
            "How <b> became <i>",
            "Q&A: AT&T &amp; the rest",
            "“Smart” & \"plain\" 'quotes'",
            "</title><script>alert(1)</script>",
            "तीन राज्यों में मतदान",
            "\u{200f}שלום, עולם",
            "100 % {{ sure }}",
        ]
        .iter()
        .enumerate()
        {
            let uri = format!("urn:agx:headline-{format:?}-{i}");
            newsroom.send(&uri, &told(format, &uri, headline, "<p>Words.</p>"));
            says(&newsroom, &uri, headline, &[("p", "Words.")]);
        }
    }
}

#[test]
fn a_title_is_html_where_the_feed_says_so() {
    let newsroom = Newsroom::with(&format!("{USUAL}title = \"html\"\n"));
    newsroom.send(
        "urn:agx:ht",
        &told(Rss, "urn:agx:ht", "Q&amp;A: <i>Nature</i> &#8217;s caf&eacute;", "<p>Words.</p>"),
    );
    says(&newsroom, "urn:agx:ht", "Q&A: Nature ’s café", &[("p", "Words.")]);
}

#[test]
fn what_no_page_can_carry_is_held_and_never_replaced() {
    let newsroom = Newsroom::usual();
    for (i, odd) in ["\u{0}", "\u{8}", "\u{1b}", "\u{ffff}"].iter().enumerate() {
        let uri = format!("urn:agx:odd-{i}");
        let ruled =
            newsroom.send(&uri, &told(Ninjs, &uri, "Odd characters", &format!("<p>before{odd}after</p>")));
        assert_eq!(text(&ruled, "ruling"), "hold", "{odd:?}: {ruled:#}");
        assert!(newsroom.items(&uri).is_empty());
    }
    // Latin-1 bytes in what calls itself UTF-8.
    let mut bytes = told(Atom, "urn:agx:bytes", "Undecodable", "<p>Caf\u{e9}marker</p>");
    let at = bytes.windows(2).position(|pair| pair == [0xc3, 0xa9]).expect("an é");
    bytes.splice(at..at + 2, [0xe9]);
    newsroom.push("agx-world", &bytes);
    let complaint = eventually("a complaint", || {
        newsroom
            .list("complaints")
            .into_iter()
            .find(|line| line["offset"].is_u64() && text(line, "gravity") != "remark")
    });
    assert!(!text(&complaint, "message").is_empty());
    newsroom.nowhere(
        None,
        "urn:agx:bytes",
        &["Undecodable".to_owned(), "marker".to_owned(), "\u{fffd}".to_owned()],
    );
}

#[test]
fn encodings_are_what_they_say() {
    let newsroom = Newsroom::usual();
    let story = "<?xml version=\"1.0\" encoding=\"ENC\"?><rss version=\"2.0\"><channel><title>A</title><link>https://agency.example/</link><description>d</description><item><title>HEAD</title><guid isPermaLink=\"false\">URI</guid><pubDate>DATE</pubDate><description>&lt;p&gt;BODY&lt;/p&gt;</description></item></channel></rss>";
    let fill = |encoding: &str, uri: &str, text: &str| {
        let body =
            story.replace("ENC", encoding).replace("URI", uri).replace("HEAD", text).replace("BODY", text);
        body.replace("DATE", &rfc822(moment(-60)))
    };
    let latin: Vec<u8> = fill("ISO-8859-1", "urn:agx:latin", "Zürich für 5")
        .chars()
        .map(|c| u8::try_from(c).expect("Latin-1"))
        .collect();
    let utf16: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(fill("UTF-16", "urn:agx:utf16", "Łódź €").encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let bom: Vec<u8> = [0xef, 0xbb, 0xbf]
        .into_iter()
        .chain(fill("UTF-8", "urn:agx:bom", "Ordnung ✓").into_bytes())
        .collect();
    for (uri, bytes, words) in [
        ("urn:agx:latin", latin, "Zürich für 5"),
        ("urn:agx:utf16", utf16, "Łódź €"),
        ("urn:agx:bom", bom, "Ordnung ✓"),
    ] {
        newsroom.send(uri, &bytes);
        says(&newsroom, uri, words, &[("p", words)]);
    }
}

/// Every scalar value that HTML and XML can carry, in order.
fn every_character() -> impl Iterator<Item = char> {
    ('\u{1}'..=char::MAX)
        .filter(|c| !matches!(c, '\u{1}'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
}

/// What a paragraph of HTML makes of white space; elsewhere tab and line feed have their place in `pre`.
fn is_insignificant(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n')
}

#[test]
fn every_unicode_scalar_value_survives() {
    const PARAGRAPH: usize = 1_024;
    const STORY: usize = 140_000;
    // Nothing here is a suspicious text; what is tried is whether its characters arrive.
    let mut newsroom = Newsroom::with(&format!("{USUAL}safety = \"off\"\n"));
    // The pages are large, and each is compared here.
    newsroom.looks_back = false;
    let all: Vec<char> = every_character().collect();
    assert_eq!(all.len(), 0x11_0000 - 0x800 - 1 - 29 - 2, "scalar values");
    for format in [Ninjs, Atom] {
        let mut seen = 0;
        for (i, part) in all.chunks(STORY).enumerate() {
            let mut blocks = vec![("pre".to_owned(), "x\ty z\nx".to_owned())];
            for run in part.chunks(PARAGRAPH) {
                let text: String = run.iter().filter(|c| !is_insignificant(**c)).collect();
                blocks.push(("p".to_owned(), format!("x{text}x")));
            }
            let html: String =
                blocks.iter().map(|(kind, text)| format!("<{kind}>{}</{kind}>", escape(text))).collect();
            let uri = format!("urn:agx:all-{format:?}-{i}");
            let ruled = newsroom.send(&uri, &told(format, &uri, &format!("All {i}"), &html));
            assert_eq!(text(&ruled, "ruling"), "publish", "{format:?} {i}: {ruled:#}");
            let page = newsroom.page(text(&ruled, "url"));
            let found = &page.blocks[1..];
            assert_eq!(found.len(), blocks.len(), "{format:?} {i}");
            for (found, wanted) in found.iter().zip(&blocks) {
                let differs = found.1.chars().zip(wanted.1.chars()).find(|(a, b)| a != b);
                assert!(found == wanted, "{format:?} {i}: {differs:?}");
                seen += found.1.chars().count() - 2;
            }
            assert!(newsroom.get(&format!("{}.txt", text(&ruled, "url"))).text() == page.plain());
        }
        assert!(seen >= all.len(), "{format:?}: {seen} of {}", all.len());
    }
}
