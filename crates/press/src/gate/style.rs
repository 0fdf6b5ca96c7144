//! Style sheets that take words out of sight. A browser alone knows for sure; this asks of each rule whether it can mean
//! copy, label, or what stands around them, and whether it hides. Where it cannot tell it suspects.

use std::collections::BTreeSet;

/// An element that carries words, or stands around or inside them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// Its `id`, if it has one.
    pub id: String,
    /// Its classes.
    pub classes: BTreeSet<String>,
    /// Its attributes and their values.
    pub attributes: BTreeSet<(String, String)>,
}

/// How deep blocks of rules may lie in each other.
const DEPTH: usize = 16;

/// The first rule of a style sheet that may hide one of these elements, as it is written, without its surroundings.
pub fn hides(css: &str, shown: &BTreeSet<Shown>) -> Option<String> {
    rules(&without_comments(css), shown, 0)
}

fn without_comments(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, after)) = rest.split_once("/*") {
        out.push_str(before);
        rest = after.split_once("*/").map_or("", |(_, after)| after);
    }
    out + rest
}

fn rules(css: &str, shown: &BTreeSet<Shown>, depth: usize) -> Option<String> {
    let mut rest = css;
    while let Some(open) = rest.find('{') {
        let head = rest.get(..open)?;
        // What ends before it, an `@import` for instance, is no part of its selectors.
        let head = head.rsplit([';', '}']).next().unwrap_or(head).trim(); // not copy: a selector
        let inside = rest.get(open + 1..)?;
        let end = closing(inside);
        let body = inside.get(..end)?;
        let found = match head.strip_prefix('@') {
            Some(at) if depth < DEPTH => {
                let at = at.to_ascii_lowercase();
                let paper = at.strip_prefix("media").is_some_and(|media| media.trim() == "print"); // not copy: a query
                if paper || at.contains("keyframes") || at.starts_with("font-face") || at.starts_with("page")
                {
                    None
                } else {
                    rules(body, shown, depth + 1)
                }
            }
            Some(_) => Some(format!("@{}", &head[1..])),
            None => (means(head, shown) && hidden_by(body)).then(|| format!("{head}{{{body}}}")),
        };
        if found.is_some() {
            return found;
        }
        rest = inside.get(end..)?.strip_prefix('}').unwrap_or_default();
    }
    None
}

/// Where the block that begins here ends.
fn closing(css: &str) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in css.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' if depth == 0 => return at,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    css.len()
}

/// Whether declarations take out of sight what they are for.
fn hidden_by(declarations: &str) -> bool {
    declarations.split([';', '{', '}']).any(|declaration| {
        let Some((name, value)) = declaration.split_once(':') else { return false };
        let (name, value) = (name.trim().to_ascii_lowercase(), value.to_ascii_lowercase()); // not copy: a property
        let value = value.replace("!important", "");
        let value = value.trim(); // not copy: a value
        let number =
            || value.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '%').parse::<f32>().ok();
        let nothing = || number().is_some_and(|n| n.abs() < 0.05);
        let far = || number().is_some_and(|n| n <= -20.0);
        match name.as_str() {
            "display" => value == "none",
            "visibility" => value == "hidden" || value == "collapse",
            "content-visibility" => value == "hidden",
            "opacity" => number().is_some_and(|n| n < if value.ends_with('%') { 20.0 } else { 0.2 }),
            "font-size" | "max-height" | "max-width" | "height" | "width" | "line-height" | "zoom"
            | "scale" => nothing(),
            "text-indent" | "left" | "right" | "top" | "bottom" | "margin-left" | "margin-top" => far(),
            "color" | "-webkit-text-fill-color" => {
                value == "transparent" || value.ends_with(",0)") || value.ends_with("/0)")
            }
            "clip-path" | "clip" | "mask" | "mask-image" | "-webkit-text-security" => {
                value != "none" && value != "auto"
            }
            "transform" | "filter" => value.contains("(0)") || value.contains("translate"),
            _ => false,
        }
    })
}

/// Whether one of these selectors may mean one of these elements: by its last part alone.
fn means(selectors: &str, shown: &BTreeSet<Shown>) -> bool {
    parts(selectors, |c| c == ',').iter().any(|selector| {
        let compounds = parts(selector.trim(), |c| c.is_whitespace() || matches!(c, '>' | '+' | '~')); // not copy: a selector
        compounds.last().is_some_and(|last| shown.iter().any(|element| may_be(last, element)))
    })
}

/// Parts a text where `at` says so, but not within brackets.
fn parts(text: &str, at: impl Fn(char) -> bool) -> Vec<&str> {
    let (mut out, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (i, c) in text.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            c if depth == 0 && at(c) => {
                out.push(&text[from..i]);
                from = i + c.len_utf8();
            }
            _ => {}
        }
    }
    out.push(&text[from..]);
    out.retain(|part| !part.is_empty());
    out
}

/// Whether a compound selector may mean an element. What asks for a state, like `:hover`, may always.
fn may_be(compound: &str, element: &Shown) -> bool {
    let mut rest = compound;
    // Generated text is none of the words, and no element of theirs is empty.
    if rest.contains("::") || rest.contains(":empty") || rest.contains(":before") || rest.contains(":after") {
        return false;
    }
    let word = |text: &str| text.find(['.', '#', '[', ':', '*']).unwrap_or(text.len());
    let name = &rest[..word(rest)];
    if !name.is_empty() && !name.eq_ignore_ascii_case(&element.name) {
        return false;
    }
    rest = &rest[name.len()..];
    while let Some(first) = rest.chars().next() {
        let after = &rest[first.len_utf8()..];
        let end = match first {
            '[' => after.find(']').map_or(after.len(), |end| end + 1),
            ':' => pseudo(after),
            _ => word(after),
        };
        let what = &after[..end];
        let right = match first {
            '.' => element.classes.contains(what),
            '#' => element.id == what,
            '[' => has_attribute(what.trim_end_matches(']'), element),
            ':' => match what.split_once('(') {
                Some(("is" | "where", inside)) => {
                    parts(inside.trim_end_matches(')'), |c| c == ',').iter().any(|one| {
                        let last = parts(one.trim(), |c| c.is_whitespace() || matches!(c, '>' | '+' | '~')); // not copy: a selector
                        last.last().is_some_and(|last| may_be(last, element))
                    })
                }
                _ => true,
            },
            _ => true,
        };
        if !right {
            return false;
        }
        rest = &after[end..];
    }
    true
}

/// How long a pseudo-class is, with what stands in its brackets.
fn pseudo(text: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth <= 1 => return at + 1,
            ')' => depth -= 1,
            '.' | '#' | '[' | ':' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

fn has_attribute(asked: &str, element: &Shown) -> bool {
    let (name, value) = asked.split_once('=').unwrap_or((asked, ""));
    let bare = name.trim_end_matches(['~', '|', '^', '$', '*']);
    let exact = bare == name && !value.is_empty();
    let value = value.trim_matches(['"', '\'']); // not copy: a value in a selector
    element.attributes.iter().any(|(known, is)| known == bare && (!exact || is == value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown() -> BTreeSet<Shown> {
        let html = "<body><main class=story><h1 data-v=headline>One</h1><p data-v=p>Two <em>three</em></p>\
                    <div class=\"label wide\" id=l><p data-label=unreviewed>Label</p></div></main>";
        crate::gate::read_back(html).shown
    }

    #[test]
    fn rules_that_hide_words_are_told_and_others_are_not() {
        let shown = shown();
        let check = |css: &str, hiding: bool| assert_eq!(hides(css, &shown).is_some(), hiding, "{css}");
        for css in [
            "p[data-v]{display:none}",
            "p { color: red; DISPLAY : none !important }",
            "*{visibility:hidden}",
            ".story>*{opacity:0}",
            "em{font-size:0}",
            "#l{position:absolute;left:-9999px}",
            "x,[data-label=\"unreviewed\"]{clip-path:inset(50%)}",
            "@media (min-width:1px){@supports (x:y){body p:nth-child(2){color:transparent}}}",
            "a{b:c}/* p{} */.label.wide:not(.x){height:0}",
            "@import \"x\";html{display:none}",
            ":is(h1,h2):hover{transform:scale(0)}",
            "p{text-indent:-100em}",
        ] {
            check(css, true);
        }
        for css in [
            "p[data-v=quote]{display:none}",
            "nav p.note{display:none}",
            ".badge:empty{display:none}",
            "p::before{display:none}",
            "@media print{p{display:none}}",
            "p{opacity:.9;color:rgba(0,0,0,.8);height:100%;top:-1px}",
            ".skip{top:-6rem}form,.wide.x{display:none}",
            "@keyframes k{from{opacity:0}}",
            "",
            "}{",
        ] {
            check(css, false);
        }
        check(include_str!("../../themes/broadsheet/style.css"), false);
    }
}
