//! Lines of plain text: flowed ones (RFC 3676) are joined again, and a signature is no copy.

/// Joins what `format=flowed` has broken; `delsp` says that the space before a soft line end is no word space.
pub(crate) fn unflow(text: &str, delsp: bool) -> String {
    let mut out = String::with_capacity(text.len());
    // The depth of quotation of the line that is still open.
    let mut open: Option<usize> = None;
    for (n, line) in text.split('\n').enumerate() {
        let line = line.strip_suffix('\r').unwrap_or(line);
        let rest = line.trim_start_matches('>');
        let depth = line.len() - rest.len();
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let signature = rest == SIGNATURE;
        if open != Some(depth) || signature {
            if n > 0 {
                out.push('\n');
            }
            if depth > 0 {
                out.push_str(&line[..depth]);
                out.push(' ');
            }
        }
        let flowed = rest.ends_with(' ') && !signature;
        out.push_str(if flowed && delsp { &rest[..rest.len() - 1] } else { rest });
        open = flowed.then_some(depth);
    }
    out
}

const SIGNATURE: &str = "-- ";

/// A line of two hyphens that lost its space is a signature only if so few lines follow it.
const SHORT: usize = 12;

/// Where the copy ends.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Signed<'a> {
    /// The words before it.
    pub(crate) text: &'a str,
    /// The signature and all that follows.
    pub(crate) signature: Option<&'a str>,
    /// Two hyphens stand alone in a line near the end: it may be a signature.
    pub(crate) doubtful: bool,
}

/// Parts the text from its signature, which begins with a line of two hyphens and a space (RFC 3676 §4.3).
pub(crate) fn signed(text: &str) -> Signed<'_> {
    let mut at = 0;
    let mut doubtful = false;
    for line in text.split_inclusive('\n') {
        let bare = line.strip_suffix('\n').map_or(line, |line| line.strip_suffix('\r').unwrap_or(line));
        if bare == SIGNATURE {
            return Signed { text: &text[..at], signature: Some(&text[at + line.len()..]), doubtful: false };
        }
        at += line.len();
        let few = || text[at..].split('\n').take(SHORT + 1).count() <= SHORT;
        doubtful |= bare == "--" && !text[at..].trim().is_empty() && few();
    }
    Signed { text, signature: None, doubtful }
}

/// Whether a text that should be prose is written for machines, or is wrapped for one that checks its origin.
pub(crate) fn is_machine_text(text: &str) -> bool {
    let mut chars = text.trim_start().chars();
    match (chars.next(), chars.find(|c| !c.is_whitespace())) {
        (Some('<'), Some(next)) => next.is_ascii_alphabetic() || matches!(next, '?' | '!'),
        (Some('{'), Some(next)) => matches!(next, '"' | '}'),
        (Some('['), Some(next)) => next == '{',
        _ => text.trim_start().starts_with("-----BEGIN "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flowed_lines_are_joined() {
        for (text, delsp, expect) in [
            ("a \nb\nc", false, "a b\nc"),
            ("a \r\nb\r\n\r\nc", false, "a b\n\nc"),
            ("日 \n本", true, "日本"),
            (" From us \n >to you", false, "From us >to you"),
            ("> a \n> b\n>> c", false, "> a b\n>> c"),
            ("a \n> b", false, "a \n> b"),
            ("a \n-- \nMe", false, "a \n-- \nMe"),
            ("-- \nMe", false, "-- \nMe"),
            ("", false, ""),
        ] {
            assert_eq!(unflow(text, delsp), expect, "{text:?}");
        }
    }

    #[test]
    fn a_signature_is_parted_and_a_doubtful_one_is_said() {
        let many = format!("a\n--\n{}", "line\n".repeat(20));
        for (text, copy, signature, doubtful) in [
            ("a\n\n-- \nMe\n-- \nx", "a\n\n", Some("Me\n-- \nx"), false),
            ("a\r\n-- \r\nMe", "a\r\n", Some("Me"), false),
            ("a -- \nb", "a -- \nb", None, false),
            ("a\n--\nMe", "a\n--\nMe", None, true),
            ("a\n--\n", "a\n--\n", None, false),
            (many.as_str(), many.as_str(), None, false),
        ] {
            assert_eq!(signed(text), Signed { text: copy, signature, doubtful }, "{text:?}");
        }
    }

    #[test]
    fn machine_text_is_no_prose() {
        for (text, expect) in [
            ("{\"a\": 1}", true),
            (" [\n{", true),
            ("<?xml", true),
            ("<p>", true),
            ("-----BEGIN PGP MESSAGE-----", true),
            ("[Delhi] a", false),
            ("< 5 per cent", false),
            ("<5 per cent", false),
            ("-- a", false),
        ] {
            assert_eq!(is_machine_text(text), expect, "{text}");
        }
    }
}
