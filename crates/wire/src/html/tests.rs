use news::{AgencyCopy, BlockKind, MarkKind};
use proptest::prelude::*;

use super::*;

/// Blocks as `kind: text`, one by one.
fn told(words: &Words) -> Vec<String> {
    words.blocks.iter().map(|block| format!("{}: {}", block.kind.as_str(), block.text)).collect()
}

/// Within the usual limits.
fn read_fragment(html: &str, path: &str) -> Words {
    super::read_fragment(html, path, &Limits::default())
}

#[track_caller]
fn check(html: &str, expect: &[&str]) {
    assert_eq!(told(&read_fragment(html, "t")), expect, "{html}");
}

#[test]
fn every_character_survives() {
    for text in [
        "She said \"no\" and 'that's all' -- or --- so... 5x5, 6'2\" (c) (tm)",
        "“Curly” ‘single’ – en — em…",
        "10\u{a0}km und 5\u{202f}%",
        "र्\u{200d}य निर्\u{200c}देश क़ क\u{93c}",
        "so\u{ad}ft zero\u{200b}width \u{feff}mark \u{2060}joiner",
        "Cafe\u{301} und Café",
        "👩\u{200d}👩\u{200d}👧 🇮🇳 ❤\u{fe0f} :) ;-)",
        "\u{200f}שלום\u{200e} abc \u{202b}x\u{202c} \u{2067}y\u{2069}",
        "۱۲۳ كتــاب ی ي",
        "C:\\new\\temp %s \\u0041 $1",
        "\u{e000} \u{fffc} \u{fffd} \u{85} \u{96} \u{2028}",
        "𝐀 𠮷 İıß ﬁ ½ №",
        "[gallery] [sic] @handle #tag Wordpress",
    ] {
        let mut escaped = String::new();
        escape_text(&mut escaped, text);
        check(&format!("<p>{escaped}</p>"), &[&format!("p: {text}")]);
    }
}

#[test]
fn a_joiner_at_the_very_start_survives() {
    check("\u{feff}<p>a</p>", &["p: \u{feff}", "p: a"]);
    check("\u{feff}a", &["p: \u{feff}a"]);
}

#[test]
fn references_are_resolved_once_and_as_browsers_do() {
    check("<p>&ldquo;a&rdquo; &#x27;b&#39; &#150; &hellip;</p>", &["p: “a” 'b' – …"]);
    check("<p>&amp;amp; &lt;b&gt;</p>", &["p: &amp; <b>"]);
    check("<p>A&B R&D 5 < 6 & 7 > 3</p>", &["p: A&B R&D 5 < 6 & 7 > 3"]);
}

#[test]
fn white_space_is_collapsed_but_never_the_fixed_space() {
    check("  <p>  two  words\r\n\t here </p> ", &["p: two words here"]);
    check("<p>a</p><p> </p><p>&nbsp;</p>", &["p: a", "p: \u{a0}"]);
    check("<p>a <b> b</b> c</p>", &["p: a b c"]);
    check("<p>a<b> </b>b</p>", &["p: a b"]);
}

#[test]
fn line_breaks_stay_and_double_ones_part_paragraphs() {
    check("<P>one <BR> two<br/>three</P>", &["p: one\ntwo\nthree"]);
    check("<p>a<br><br>b</p>", &["p: a", "p: b"]);
    check("<p><br>a<br></p>", &["p: a"]);
    check("<p>a <b>b <br></b> c</p>", &["p: a b\nc"]);
}

#[test]
fn loose_text_between_blocks_is_a_paragraph() {
    check("<p>a</p>\nhttps://agency.example/x\n<p>b</p>", &["p: a", "p: https://agency.example/x", "p: b"]);
    check("<div>a<div>b</div>c</div>", &["p: a", "p: b", "p: c"]);
}

#[test]
fn text_without_tags_keeps_its_lines() {
    check("line a\nline b\n\n  para  two &amp; three\n", &["p: line a\nline b", "p: para two & three"]);
    check("5 < 6 & 7 > 3", &["p: 5 < 6 & 7 > 3"]);
    assert_eq!(told(&read_text("a  b\r\n  c &amp;\r\n \r\nd", "t")), ["p: a  b\n  c &amp;", "p: d"]);
    check("", &[]);
}

#[test]
fn every_kind_of_block() {
    check(
        "<h1>a</h1><h2>b</h2><h3>c</h3><h5>d</h5><blockquote><p>e</p>f</blockquote><dl><dt>g<dd>h</dl>",
        &["h2: a", "h2: b", "h3: c", "h4: d", "quote: e", "quote: f", "p: g", "p: h"],
    );
    check("<figure><img alt=x><figcaption>a <b>b</b></figcaption></figure>", &["caption: a b"]);
    check("<pre>\n a\n\n\tb  c\n</pre>after", &["pre:  a\n\n\tb  c\n", "p: after"]);
}

#[test]
fn lists_keep_their_items_and_their_place() {
    let words = read_fragment("<ul><li>a<ol><li>b</ol>c<li><p>d</p><p>e</p></ul><li>f", "t");
    assert_eq!(told(&words), ["li: a", "li: b", "li: c", "li: d\ne", "li: f"]);
    let places: Vec<_> = words.blocks.iter().map(|b| b.list.map(|l| (l.ordered, l.depth))).collect();
    assert_eq!(
        places,
        [Some((false, 0)), Some((true, 1)), Some((false, 0)), Some((false, 0)), Some((false, 0))]
    );
}

#[test]
fn rows_join_their_cells_with_tabs() {
    let words = read_fragment(
        "<table><caption>t</caption><tr><th>a</th><td> b <p>c</p></td><td></td><tr><td>d</table>",
        "t",
    );
    assert_eq!(told(&words), ["caption: t", "row: a\tb\nc\t", "row: d"]);
    let cells: Vec<_> = words.blocks[1].marks.iter().map(|m| (m.range.clone(), m.kind.clone())).collect();
    assert_eq!(
        cells,
        [(0..1, MarkKind::Cell(true)), (2..5, MarkKind::Cell(false)), (6..6, MarkKind::Cell(false))]
    );
}

#[test]
fn a_table_in_a_cell_has_rows_of_its_own() {
    check(
        "<table><tr><td>a<table><tr><td>b<td>c</table>d<td>e</table>f",
        &["row: a", "row: b\tc", "row: d\te", "p: f"],
    );
    check("<table><tr><td><table><tr><td>b</table></table>", &["row: b"]);
    check("<table><tr><td><table><tr><td>b</table><td>c</table>", &["row: b", "row: c"]);
    check("<table><tr><td>a<td><table><tr><td>b</table></table>", &["row: a\t", "row: b"]);
}

#[test]
fn what_the_source_hides_becomes_a_note() {
    let words = read_fragment(
        "<p>a<span style='display:none'>b</span>c</p><p hidden>d</p><script>e()</script><!--f-->\
         <iframe src='https://player.example/1'>g</iframe><template>h</template><noscript>i</noscript><img alt='j'>",
        "body",
    );
    assert_eq!(told(&words), ["p: ac"]);
    let notes: Vec<_> =
        words.notes.iter().map(|n| (n.role.as_str(), n.text.as_str(), n.path.as_str())).collect();
    assert_eq!(
        notes,
        [
            ("hidden-text", "b", "body"),
            ("hidden-text", "d", "body"),
            ("script", "e()", "body"),
            ("comment", "f", "body"),
            ("fallback", "g", "body"),
            ("template", "h", "body"),
            ("fallback", "i", "body"),
            ("image-alt", "j", "body"),
        ]
    );
    assert_eq!(words.renditions[0].href, "https://player.example/1");
}

#[test]
fn marks_lie_beside_the_text() {
    let words = read_fragment(
        "<p lang=he dir=RTL>x <b>bold <i>both</i></b> <a href='https://a.example/?b=1&amp;c'>link</a> m<sup>2</sup></p>",
        "t",
    );
    let marks: Vec<_> = words.blocks[0]
        .marks
        .iter()
        .map(|m| (&words.blocks[0].text[m.range.clone()], m.kind.clone()))
        .collect();
    assert_eq!(
        marks,
        [
            ("x bold both link m2", MarkKind::Language("he".into())),
            ("x bold both link m2", MarkKind::Direction("rtl".into())),
            ("bold both", MarkKind::Strong),
            ("both", MarkKind::Emphasis),
            ("link", MarkKind::Link("https://a.example/?b=1&c".into())),
            ("2", MarkKind::Superscript),
        ]
    );
}

#[test]
fn marks_go_on_in_the_next_block_and_never_cover_what_was_trimmed() {
    let words = read_fragment("<b> a <p> b </p></b><p>c<i> </i></p><a href='javascript:x()'>d</a>", "t");
    let broken = read_fragment("<p>a <b><br>c</b></p>", "t");
    assert_eq!((told(&broken), broken.blocks[0].marks[0].range.clone()), (vec!["p: a\nc".to_owned()], 1..3));
    let marked = |b: &Draft| b.marks.iter().map(|m| (m.range.start, m.range.end)).collect::<Vec<_>>();
    assert_eq!(told(&words), ["p: a", "p: b", "p: c", "p: d"]);
    assert_eq!(
        words.blocks.iter().map(marked).collect::<Vec<_>>(),
        [vec![(0, 1)], vec![(0, 1)], vec![], vec![]]
    );
}

#[test]
fn depth_has_a_limit_and_its_breach_holds() {
    let words = read_fragment(&"<div>".repeat(100_000), "t");
    assert_eq!(words.complaints[0].code, "html-too-deep");
    assert_eq!(words.complaints[0].gravity, Gravity::Hold);
    assert!(words.blocks.is_empty() && words.notes.len() == 1);
}

#[test]
fn what_no_page_can_carry_holds_the_version() {
    for html in ["<p>a\0b</p>", "<p>a\u{8}b</p>", "<p>a&#x1b;b</p>"] {
        let mut version = Version::new("u");
        push(read_fragment(html, "t"), &mut version);
        assert_eq!(version.complaints[0].code, "character-not-carried", "{html:?}");
        assert_eq!(version.complaints[0].gravity, Gravity::Hold);
        assert!(version.copy.is_empty());
        assert_eq!(version.notes.len(), 1);
    }
}

fn copy_of(blocks: &[(BlockKind, &str)]) -> AgencyCopy {
    let mut copy = AgencyCopy::default();
    for (kind, text) in blocks {
        copy.push(*kind, text, vec![], None).expect("text is carried");
    }
    copy
}

fn version_of(words: Words) -> Version {
    let mut version = Version::new("u");
    push(words, &mut version);
    version
}

#[test]
fn writing_groups_lists_rows_quotations_and_figures() {
    use BlockKind::*;
    let copy = copy_of(&[
        (Headline, "h"),
        (P, "a\nb & <c>"),
        (Li, "d"),
        (Li, "e"),
        (Quote, "f"),
        (Row, "g\th"),
        (Caption, "i"),
        (Caption, "j"),
        (Pre, "k\n l"),
    ]);
    assert_eq!(
        write_body(&copy),
        "<p>a<br>\nb &amp; &lt;c&gt;</p>\n<ul><li>d</li><li>e</li></ul>\n<blockquote><p>f</p></blockquote>\n\
         <table><tbody><tr><td>g</td>\t<td>h</td></tr></tbody></table>\n<figure><figcaption>i</figcaption></figure>\n\
         <figure><figcaption>j</figcaption></figure>\n<pre>k\n l</pre>\n"
    );
    assert_eq!(
        write_blocks(copy.blocks()[..2].iter(), true),
        "<h1 data-v=\"headline\">h</h1>\n<p data-v=\"p\">a\nb &amp; &lt;c&gt;</p>\n"
    );
}

#[test]
fn overlapping_marks_are_written_well_nested() {
    let mut copy = AgencyCopy::default();
    let mark = |range, kind| Mark { range, kind };
    let marks = vec![
        mark(0..4, MarkKind::Strong),
        mark(2..6, MarkKind::Emphasis),
        mark(3..5, MarkKind::Link("ftp://x.example".into())),
        mark(5..6, MarkKind::Link("HTTPS://x.example/\"><b>".into())),
    ];
    copy.push(BlockKind::P, "abcdef", marks, None).expect("text is carried");
    assert_eq!(
        write_body(&copy),
        "<p><b>ab<i>cd</i></b><i>e<a href=\"HTTPS://x.example/&quot;&gt;&lt;b&gt;\" rel=\"nofollow noopener\">f</a></i></p>\n"
    );
}

/// Any text that copy can carry, white space normal: no runs, none at the ends, no CR.
fn normal_text() -> impl Strategy<Value = String> {
    let word = proptest::string::string_regex("[^\\s\\x00-\\x1f\u{fffe}\u{ffff}]{1,8}")
        .expect("a regular expression");
    proptest::collection::vec(word, 1..6).prop_map(|words| words.join(" "))
}

fn any_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(any::<char>(), 1..40).prop_map(|chars| {
        chars
            .into_iter()
            .filter(|c| !matches!(c, '\0'..='\u{8}' | '\u{b}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'))
            .collect()
    })
}

fn any_block() -> impl Strategy<Value = (BlockKind, String)> {
    use BlockKind::*;
    let kinds = prop_oneof![Just(P), Just(H2), Just(H3), Just(H4), Just(Quote), Just(Caption)];
    let lines = proptest::collection::vec(normal_text(), 1..4).prop_map(|lines| lines.join("\n"));
    prop_oneof![
        (kinds, lines),
        normal_text().prop_map(|text| (Li, text)),
        proptest::collection::vec(normal_text(), 1..4).prop_map(|cells| (Row, cells.join("\t"))),
        any_text().prop_filter("not blank", |text| !is_blank(text)).prop_map(|text| (Pre, text)),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(blocks in proptest::collection::vec(any_block(), 1..8)) {
        let mut copy = AgencyCopy::default();
        for (kind, text) in &blocks {
            let list = (*kind == BlockKind::Li).then_some(ListPlace { ordered: true, depth: 1 });
            copy.push(*kind, text, vec![], list).expect("text is carried");
        }
        // Pieces of preformatted text that are nothing but white space are no words.
        prop_assume!(copy.blocks().iter().all(|block| !is_blank(block.text())));
        let again = version_of(read_fragment(&write_body(&copy), "t"));
        let flat = |copy: &AgencyCopy| {
            copy.blocks().iter().map(|b| (b.kind(), b.text().to_owned(), b.list())).collect::<Vec<_>>()
        };
        prop_assert_eq!(flat(&again.copy), flat(&copy));
        // And once more, marks of cells included.
        let thrice = version_of(read_fragment(&write_body(&again.copy), "t"));
        prop_assert_eq!(thrice.copy, again.copy);
    }

    #[test]
    fn no_fragment_breaks_the_reader(html in "(<[a-z/!]{0,6}[ =\"'a-z]{0,12}>?|&[a-z#0-9]{0,5};?|[ -~\u{a0}]{0,6}|<(/?)(p|b|a|i|table|td|tr|li|ul|pre|br|script|svg|template|select|option)>){0,40}") {
        let version = version_of(read_fragment(&html, "t"));
        let again = version_of(read_fragment(&write_body(&version.copy), "t"));
        // Reading is a projection: what was read once is read the same again.
        prop_assert_eq!(again.copy.canonical(), version.copy.canonical());
    }
}

#[test]
fn marks_across_cells_are_written_in_each_of_them() {
    let words = read_fragment("<table><tr><td>a <b>b</b></td><td>c<td><i>d</i> e</tr></table>", "t");
    let mut version = news::Version::new("u");
    push(words, &mut version);
    let whole = news::Mark { range: 0..9, kind: MarkKind::Link("https://a.example/".into()) };
    let row = &version.copy.blocks()[0];
    let marks: Vec<_> = row.marks().iter().cloned().chain([whole]).collect();
    let mut copy = news::AgencyCopy::default();
    copy.push(news::BlockKind::Row, row.text(), marks, None).expect("a block");
    let mut out = String::new();
    write_block(&mut out, &copy.blocks()[0], false);
    let link = |inner: &str| {
        format!("<td><a href=\"https://a.example/\" rel=\"nofollow noopener\">{inner}</a></td>")
    };
    let cells = [link("a <b>b</b>"), link("c"), link("<i>d</i> e")].join("\t");
    assert_eq!(out, format!("<tr>{cells}</tr>"));
}

#[test]
fn what_is_lined_up_by_spaces_is_written_so_that_it_stays() {
    let mut version = Version::new("x");
    let lines = "Race 1\n  3.00 Dream  Example\n 11.00 Other";
    version.copy.push(BlockKind::P, lines, vec![], None).expect("text is carried");
    version.copy.push(BlockKind::P, "one\ntwo", vec![], None).expect("text is carried");
    let html = write_body(&version.copy);
    assert!(html.starts_with("<pre>Race 1\n  3.00") && html.contains("<p>one<br>\ntwo</p>"), "{html}");
    let texts: Vec<String> = read_fragment(&html, "t").blocks.into_iter().map(|draft| draft.text).collect();
    assert_eq!(texts, [lines, "one\ntwo"]);
}
