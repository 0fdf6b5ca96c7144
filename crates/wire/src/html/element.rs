//! What HTML's elements mean for copy.

use std::borrow::Cow;

use news::{BlockKind, MarkKind, Rendition};

use super::collect::{Collector, Part};
use crate::xml::{self, Element, Node};

/// Longer addresses are no links that anybody follows.
const LONGEST_LINK: usize = 4096;

/// Tells a collector that an element begins.
///
/// `name` in lower case; `attr` gives the value of an attribute by its lower-case name. `false` for an element
/// without an end, which must not be left.
pub(super) fn enter<'a>(name: &str, attr: &dyn Fn(&str) -> Option<&'a str>, to: &mut Collector) -> bool {
    enter_so(name, &attr, to)
}

/// The same of an element without attributes.
pub(super) fn enter_bare(name: &str, to: &mut Collector) -> bool {
    match name {
        // Most that agencies send, looked at no further.
        "p" => {
            to.enter(Part::Paragraph, []);
            true
        }
        "em" | "i" => {
            to.enter(Part::Inline, [MarkKind::Emphasis]);
            true
        }
        "strong" | "b" => {
            to.enter(Part::Inline, [MarkKind::Strong]);
            true
        }
        _ => enter_so(name, &|_: &str| None, to),
    }
}

fn enter_so<'a>(name: &str, attr: &impl Fn(&str) -> Option<&'a str>, to: &mut Collector) -> bool {
    match name {
        "br" => {
            to.line_break();
            return false;
        }
        "img" | "embed" | "source" | "track" => {
            picture(name, attr, to);
            return false;
        }
        "wbr" | "input" | "meta" | "link" | "base" | "area" | "col" | "param" => return false,
        "hr" => {
            to.enter(Part::Paragraph, Vec::new());
            return true;
        }
        "iframe" | "object" | "video" | "audio" => picture(name, attr, to),
        _ => {}
    }
    let part = if is_hidden(attr) { Part::Hidden("hidden-text") } else { part(name, attr) };
    let hidden = matches!(part, Part::Hidden(_));
    let (language, direction) = if hidden { (None, None) } else { spoken(name, attr) };
    let look = if hidden { None } else { mark(name, attr) };
    to.enter(part, [language, direction, look].into_iter().flatten());
    true
}

fn part<'a>(name: &str, attr: &impl Fn(&str) -> Option<&'a str>) -> Part {
    match name {
        "h1" | "h2" => Part::Block(BlockKind::H2),
        "h3" => Part::Block(BlockKind::H3),
        "h4" | "h5" | "h6" => Part::Block(BlockKind::H4),
        "figcaption" | "caption" => Part::Block(BlockKind::Caption),
        "blockquote" => Part::Quotation,
        "pre" | "listing" | "xmp" | "plaintext" => Part::Pre,
        "ul" | "menu" | "dir" => Part::List { ordered: false },
        "ol" => Part::List { ordered: true },
        "li" => Part::Item,
        "table" => Part::Table,
        "tr" => Part::Row,
        "td" => Part::Cell { header: false },
        "th" => Part::Cell { header: true },
        "script" => Part::Hidden("script"),
        "style" => Part::Hidden("style"),
        "template" => Part::Hidden("template"),
        "noscript" | "noembed" | "noframes" | "iframe" | "object" | "video" | "audio" | "canvas" => {
            Part::Hidden("fallback")
        }
        "head" | "title" | "desc" | "metadata" | "datalist" | "rp" | "annotation" | "annotation-xml" => {
            Part::Hidden("hidden-text")
        }
        "dialog" if attr("open").is_none() => Part::Hidden("hidden-text"),
        "address" | "article" | "aside" | "body" | "center" | "dd" | "details" | "dialog" | "div" | "dl"
        | "dt" | "fieldset" | "figure" | "footer" | "form" | "header" | "hgroup" | "html" | "legend"
        | "main" | "nav" | "optgroup" | "option" | "p" | "search" | "section" | "summary" | "tbody"
        | "tfoot" | "thead" => Part::Paragraph,
        _ => Part::Inline,
    }
}

fn mark<'a>(name: &str, attr: &impl Fn(&str) -> Option<&'a str>) -> Option<MarkKind> {
    match name {
        "b" | "strong" => Some(MarkKind::Strong),
        "i" | "em" | "cite" | "dfn" | "var" => Some(MarkKind::Emphasis),
        "sup" => Some(MarkKind::Superscript),
        "sub" => Some(MarkKind::Subscript),
        "code" | "tt" | "kbd" | "samp" => Some(MarkKind::Code),
        "bdi" if attr("dir").is_none() => Some(MarkKind::Direction("auto".into())),
        "a" => attr("href").filter(|href| leads_somewhere(href)).map(|href| MarkKind::Link(href.to_owned())),
        _ => None,
    }
}

/// Language and direction, which any element may have.
fn spoken<'a>(name: &str, attr: &impl Fn(&str) -> Option<&'a str>) -> (Option<MarkKind>, Option<MarkKind>) {
    if matches!(name, "html" | "body") {
        return (None, None);
    }
    let language = attr("xml:lang").or_else(|| attr("lang")).map(str::trim);
    let language = language.filter(|tag| !tag.is_empty() && tag.len() <= 64);
    let direction = attr("dir").map(|dir| dir.trim().to_ascii_lowercase());
    let direction = direction.filter(|dir| matches!(dir.as_str(), "ltr" | "rtl" | "auto"));
    (language.map(|tag| MarkKind::Language(tag.to_owned())), direction.map(MarkKind::Direction))
}

/// Not a script in the guise of an address. Browsers ignore white space and control characters in a scheme.
fn leads_somewhere(href: &str) -> bool {
    if href.len() > LONGEST_LINK || super::is_blank(href) {
        return false;
    }
    let plain = || href.bytes().filter(|b| *b > b' ' && *b != 0x7f).map(|b| b.to_ascii_lowercase());
    let is = |scheme: &&str| plain().take(scheme.len()).eq(scheme.bytes());
    !["javascript:", "vbscript:", "data:"].iter().any(is)
}

fn picture<'a>(name: &str, attr: &impl Fn(&str) -> Option<&'a str>, to: &mut Collector) {
    if let Some(alt) = attr("alt") {
        to.note("image-alt", alt);
    }
    let href = attr("src").or_else(|| attr("data")).unwrap_or_default();
    // A picture inside an address is bytes, not an address.
    if !href.is_empty() && href.len() <= LONGEST_LINK && !href.starts_with("data:") {
        let role = if name == "img" || name == "source" { "inline-image" } else { "embed" };
        let media_type = attr("type").map(str::to_owned);
        to.rendition(Rendition { href: href.to_owned(), media_type, role: Some(role.into()) });
    }
}

/// Hidden by the `hidden` attribute or by the element's own style.
fn is_hidden<'a>(attr: &impl Fn(&str) -> Option<&'a str>) -> bool {
    attr("hidden").is_some() || attr("style").is_some_and(hides)
}

/// Whether a style attribute hides the element; of several declarations of a property the last one counts.
fn hides(style: &str) -> bool {
    let mut display = false;
    let mut visibility = false;
    for declaration in without_comments(style).split(';') {
        let Some((property, value)) = declaration.split_once(':') else { continue };
        let value = value.split('!').next().unwrap_or_default().trim().to_ascii_lowercase();
        match property.trim().to_ascii_lowercase().as_str() {
            "display" => display = value == "none",
            "visibility" => visibility = value == "hidden" || value == "collapse",
            "mso-hide" => display |= value == "all",
            _ => {}
        }
    }
    display || visibility
}

fn without_comments(style: &str) -> String {
    let mut out = String::with_capacity(style.len());
    let mut rest = style;
    while let Some(start) = rest.find("/*") {
        out.push_str(&rest[..start]);
        rest = rest[start + 2..].find("*/").map_or("", |end| &rest[start + 2 + end + 2..]);
    }
    out.push_str(rest);
    out
}

/// What a format that carries XHTML makes of an element that HTML alone would not tell.
pub(crate) enum Way<'a> {
    /// As HTML says.
    Usual,
    /// Not for readers: a note of this role.
    Aside(&'a str),
    /// Its line breaks are the agency's.
    Lines,
}

/// Walks over an XML tree of HTML's elements. Depth is bounded by the parser's limit. `way` is asked for every
/// element, and whether it stands in a `header`.
pub(super) fn walk(
    element: &Element,
    in_header: bool,
    way: &dyn for<'e> Fn(&'e Element<'e>, bool) -> Way<'e>,
    to: &mut Collector,
) {
    for node in &element.children {
        match node {
            Node::Text(text) => to.text(text),
            Node::Comment(text) => to.note("comment", text),
            Node::Element(child) => {
                let name = match child.name.bytes().any(|b| b.is_ascii_uppercase()) {
                    true => Cow::Owned(child.name.to_ascii_lowercase()),
                    false => Cow::Borrowed(child.name),
                };
                let name = match way(child, in_header) {
                    Way::Usual => &*name,
                    Way::Lines => "pre",
                    Way::Aside(role) => {
                        to.note(role, &child.text());
                        continue;
                    }
                };
                let attr = |wanted: &str| match wanted {
                    "xml:lang" => child.attr_ns(xml::XML_NS, "lang"),
                    wanted => child.attr(wanted),
                };
                let entered =
                    if child.attrs.is_empty() { enter_bare(name, to) } else { enter(name, &attr, to) };
                walk(child, in_header || name == "header", way, to);
                if entered {
                    to.leave();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_declaration_decides_what_is_hidden() {
        for (style, hidden) in [
            ("display:none", true),
            ("DISPLAY : None !important", true),
            ("color:red;visibility:hidden", true),
            ("display:none;display:block", false),
            ("display:/* x */none", true),
            ("display:inline", false),
            ("x-display:none", false),
            ("", false),
            ("/* display:none", false),
        ] {
            assert_eq!(hides(style), hidden, "{style}");
        }
    }

    #[test]
    fn scripts_are_no_links() {
        for (href, link) in [
            ("https://agency.example/a", true),
            ("/relative", true),
            ("javascript:alert(1)", false),
            (" java\nscript:alert(1)", false),
            ("DATA:text/html,x", false),
            ("  ", false),
        ] {
            assert_eq!(leads_somewhere(href), link, "{href}");
        }
    }
}
