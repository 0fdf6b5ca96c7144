//! Looks at a fragment before html5ever does: that compares every attribute of a tag with all others of the tag,
//! so that a tag with very many would cost quadratic time.

/// Attributes of one tag.
const MOST: usize = 512;

/// Elements whose content is text whatever it looks like (HTML Standard §13.1.2).
const RAW: [&str; 9] =
    ["script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "noscript"];

/// Whether some tag has more attributes than are read.
pub(super) fn has_too_many_attributes(html: &str) -> bool {
    // So short a text cannot hold so many.
    if html.len() < 2 * MOST {
        return false;
    }
    let bytes = html.as_bytes();
    let mut at = 0;
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
        at += found + 1;
        let rest = &bytes[at..];
        if rest.starts_with(b"!--") {
            at += memchr::memmem::find(rest, b"-->").unwrap_or(rest.len());
        } else if rest.first().is_some_and(u8::is_ascii_alphabetic) || rest.starts_with(b"/") {
            let name = &rest[..rest.iter().take(16).take_while(|b| b.is_ascii_alphanumeric()).count()];
            let Some(length) = tag_length(rest) else { return true };
            at += length;
            if RAW.iter().any(|raw| name.eq_ignore_ascii_case(raw.as_bytes())) {
                at += raw_length(&bytes[at.min(bytes.len())..], name);
            }
        }
    }
    false
}

/// The length of a tag from its name to its `>`; `None` if it has too many attributes.
fn tag_length(tag: &[u8]) -> Option<usize> {
    let space = |b: u8| b.is_ascii_whitespace() || b == b'/';
    let mut at = tag.iter().position(|&b| b == b'>' || space(b)).unwrap_or(tag.len());
    let mut attributes = 0;
    loop {
        while tag.get(at).copied().is_some_and(space) {
            at += 1;
        }
        if matches!(tag.get(at), None | Some(b'>')) {
            return Some(at);
        }
        attributes += 1;
        if attributes > MOST {
            return None;
        }
        // A name may begin with `=`.
        at += 1;
        while tag.get(at).is_some_and(|&b| !space(b) && b != b'=' && b != b'>') {
            at += 1;
        }
        let value = at + tag[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
        if tag.get(value) == Some(&b'=') {
            at = value + 1;
            at += tag[at..].iter().take_while(|b| b.is_ascii_whitespace()).count();
            match tag.get(at) {
                Some(&quote @ (b'"' | b'\'')) => {
                    at += 1;
                    at += memchr::memchr(quote, &tag[at..]).map_or(tag.len() - at, |end| end + 1);
                }
                _ => at += tag[at..].iter().take_while(|b| !b.is_ascii_whitespace() && **b != b'>').count(),
            }
        }
    }
}

/// The length of raw text up to the end tag of its element.
fn raw_length(text: &[u8], name: &[u8]) -> usize {
    memchr::memmem::find_iter(text, b"</")
        .find(|&end| text.get(end + 2..end + 2 + name.len()).is_some_and(|n| n.eq_ignore_ascii_case(name)))
        .unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_with_very_many_attributes_are_seen() {
        let many = |n: usize| (0..n).map(|i| format!(" a{i}")).collect::<String>();
        for (html, expect) in [
            (format!("<p{}>", many(MOST)), false),
            (format!("<p{}>", many(MOST + 1)), true),
            (format!("<p a='>'{}>", many(MOST)), true),
            (format!("<p><b{}", many(MOST + 1)), true),
            (format!("</p{}>", many(MOST + 1)), true),
            (format!("<p a=\"{}\">", many(2 * MOST)), false),
            (format!("<!-- <p{} -->", many(2 * MOST)), false),
            (format!("<!-- <p a=' --><p{}>", many(2 * MOST)), true),
            (format!("<script>x='<p a=\"'</SCRIPT><p{}>", many(2 * MOST)), true),
            ("<b>".repeat(5000), false),
            ("a < b ".repeat(5000), false),
        ] {
            assert_eq!(has_too_many_attributes(&html), expect, "{}", &html[..html.len().min(60)]);
        }
    }
}
