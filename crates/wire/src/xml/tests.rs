use news::Gravity;

use super::*;
use crate::Limits;

fn one(input: &str) -> Element<'_> {
    parse(input, &Limits::default()).expect("the text is well-formed")
}

#[track_caller]
fn refuses(input: &str, code: &str, offset: usize) {
    let fault = parse(input, &Limits::default()).expect_err(input);
    assert_eq!((fault.code, fault.offset), (code, offset), "{input}: {fault}");
}

#[test]
fn names_and_attributes_are_in_their_namespaces() {
    let root = one(
        r#"<a xmlns="urn:1" xmlns:p="urn:2" x="1" p:x="2" xml:lang="hi"><p:b xmlns="urn:3"><c/></p:b><d xmlns=""/></a>"#,
    );
    assert!(root.is("urn:1", "a"));
    assert_eq!((root.attr("x"), root.attr_ns("urn:2", "x"), root.lang()), (Some("1"), Some("2"), Some("hi")));
    let b = root.child_ns("urn:2", "b").expect("b");
    assert!(b.child_ns("urn:3", "c").is_some());
    assert_eq!(root.child("d").map(|d| d.ns.is_none()), Some(true));
}

#[test]
fn text_is_resolved_once_and_cdata_is_merged() {
    let root = one(
        "<?xml version='1.0'?><!DOCTYPE a [<!ENTITY x 'y'>]><a>A&amp;B &#x41;&#66; <![CDATA[<c> &amp;]]>&nbsp;&eacute;\r\nz<!-- n --></a>",
    );
    assert_eq!(root.text(), "A&B AB <c> &amp;\u{a0}é\nz");
    assert!(matches!(&root.children[1], Node::Comment(text) if text == " n "));
    assert_eq!(one("<a b='x&amp;y\n z&#10;&lt;'/>").attr("b"), Some("x&y  z\n<"));
}

#[test]
fn offsets_point_into_the_text() {
    let input = "<a>é<b>x</b></a>";
    let root = one(input);
    assert_eq!(&input[root.child("b").expect("b").span.clone()], "<b>x</b>");
    assert_eq!(&input[root.child("b").expect("b").inner.clone()], "x");
    let input = "<a\n x = 'é&amp;' y=\"\"/>";
    let spans: Vec<&str> = one(input).attrs.iter().map(|attr| &input[attr.span.clone()]).collect();
    assert_eq!(spans, ["é&amp;", ""]);
}

#[test]
fn what_is_not_well_formed_is_refused_with_its_place() {
    refuses("<a><b></a>", "xml-not-well-formed", 6);
    refuses("<a>x", "xml-truncated", 4);
    refuses("<a b='<'/>", "xml-not-well-formed", 0);
    refuses("<a><1/></a>", "xml-not-well-formed", 3);
    refuses("  ", "xml-no-root", 2);
    refuses("<a>x &nix; y</a>", "xml-unknown-entity", 5);
    refuses("<a>x &#0; y</a>", "xml-unknown-entity", 5);
    refuses("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///x'>]><a>&e;</a>", "xml-unknown-entity", 48);
}

#[test]
fn an_unknown_reference_stays_as_written_and_holds() {
    let mut remarks = Vec::new();
    let root = parse_noting("<a b='&nix;'>AT&T &x; R&D; Q & A</a>", &Limits::default(), &mut remarks)
        .expect("well-formed");
    assert_eq!(root.text(), "AT&T &x; R&D; Q & A");
    assert_eq!(root.attr("b"), Some("&nix;"));
    assert_eq!(remarks.iter().filter(|r| r.gravity == Gravity::Hold).count(), 3);
    assert_eq!(remarks.iter().filter(|r| r.code == "xml-bare-ampersand").count(), 2);
}

#[test]
fn limits_hold() {
    refuses(&"<a>".repeat(1000), "xml-too-deep", 768);
    let many: String = (0..1000).map(|i| format!(" a{i}=''")).collect();
    refuses(&format!("<a{many}/>"), "xml-too-large", 0);
    let many: String = (0..300).map(|i| format!(" xmlns:a{i}='u'")).collect();
    refuses(&format!("<x{many}/>"), "xml-too-large", 0);
    let limits = Limits { text: 10, ..Limits::default() };
    assert_eq!(parse("<a>01234567890</a>", &limits).expect_err("too long").code, "xml-too-large");
}

/// Texts of the records, `!` before the code of a lost one.
fn told(input: &str) -> Vec<String> {
    let limits = Limits::default();
    records(input, &["item"], &limits)
        .map(|record| match record.element {
            Ok(element) => element.text(),
            Err(fault) => format!("!{}", fault.code),
        })
        .collect()
}

#[test]
fn a_broken_record_does_not_take_its_siblings_along() {
    let feed =
        |broken: &str| format!("<rss><channel><item>1</item>{broken}<item>3</item><item/></channel></rss>");
    for (broken, code) in [
        ("<item><b>2</item>", "xml-not-well-formed"),
        ("<item>2", "xml-not-closed"),
        ("<item><b x='>2</item>", "xml-not-well-formed"),
        ("<item><b <i>2</b></item>", "xml-not-well-formed"),
        ("<item><a:b>2</a:c></item>", "xml-not-well-formed"),
    ] {
        assert_eq!(told(&feed(broken)), ["1", &format!("!{code}"), "3", ""], "{broken}");
    }
}

#[test]
fn an_open_section_does_not_hide_what_follows() {
    assert_eq!(told("<r><item>1<![CDATA[ x</item><item>2</item></r>"), ["!xml-not-well-formed", "2"]);
}

#[test]
fn items_quoted_inside_a_broken_item_are_not_taken_for_items() {
    let input = "<r><item><a>1</b><![CDATA[<item>forged</item>]]><!-- <item>forged</item> --></item><item>2</item></r>";
    assert_eq!(told(input), ["!xml-not-well-formed", "2"]);
}

#[test]
fn the_head_is_everything_around_the_records() {
    let limits = Limits::default();
    let mut all = records("<r xml:lang='ur'><t>x</t><item>1</item><u>y</u></r>", &["item"], &limits);
    assert_eq!(all.by_ref().count(), 1);
    let head = all.head().expect("a head");
    assert_eq!((head.lang(), head.text().as_str()), (Some("ur"), "xy"));
    assert!(all.faults().is_empty());
}

#[test]
fn namespaces_of_the_elements_around_hold_in_a_record_even_behind_a_broken_one() {
    let limits = Limits::default();
    let input = "<r xmlns:p='urn:p'><s xmlns='urn:s'><item><x></item><item><p:a/></item></s></r>";
    let found: Vec<_> = records(input, &["item"], &limits).filter_map(|record| record.element.ok()).collect();
    assert!(found[0].is("urn:s", "item") && found[0].child_ns("urn:p", "a").is_some());
}

#[test]
fn a_text_that_is_broken_everywhere_takes_linear_time() {
    let limits = Limits::default();
    for piece in [
        "<item ",
        "<item>",
        "<item><![CDATA[",
        "<item><!--",
        "<item '",
        "<item>&",
        "<item>\"<a x=\"",
        "</item>",
    ] {
        let input = format!("<r>{}", piece.repeat(200_000));
        let mut all = records(&input, &["item"], &limits);
        all.by_ref().count();
        all.head();
    }
}
