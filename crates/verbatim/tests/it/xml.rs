//! Enough of XML to know that a feed is well formed, and what its elements say.

/// An element's name as written, attributes, text and children.
#[derive(Clone, Debug, Default)]
pub(crate) struct Element {
    pub(crate) name: String,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) text: String,
    pub(crate) children: Vec<Element>,
}

impl Element {
    pub(crate) fn all<'a>(&'a self, name: &str) -> Vec<&'a Element> {
        let mut found: Vec<&Element> = self.children.iter().filter(|child| child.name == name).collect();
        found.extend(self.children.iter().flat_map(|child| child.all(name)));
        found
    }

    /// The text of the first child of this name; empty if there is none.
    pub(crate) fn said(&self, name: &str) -> &str {
        self.children.iter().find(|child| child.name == name).map_or("", |child| child.text.as_str())
    }

    pub(crate) fn attribute(&self, name: &str) -> &str {
        self.attributes.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str())
    }
}

/// Reads a whole document.
#[track_caller]
pub(crate) fn parse(text: &str) -> Element {
    let bad = text.chars().find(
        |c| matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}'),
    );
    assert!(bad.is_none(), "{bad:?} cannot stand in XML");
    let mut open = vec![Element::default()];
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        open.last_mut().expect("a root").text.push_str(&decode(&rest[..at]));
        rest = &rest[at..];
        let (end, skip) = match rest {
            _ if rest.starts_with("<!--") => ("-->", true),
            _ if rest.starts_with("<![CDATA[") => {
                let (inner, after) = rest[9..].split_once("]]>").expect("the end of a CDATA section");
                open.last_mut().expect("a root").text.push_str(inner);
                rest = after;
                continue;
            }
            _ if rest.starts_with("<?") => ("?>", true),
            _ => (">", false),
        };
        let close = rest.find(end).unwrap_or_else(|| panic!("no {end} after {rest:.60}"));
        let tag = &rest[1..close];
        rest = &rest[close + end.len()..];
        if skip {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let done = open.pop().expect("an open element");
            assert_eq!(done.name, name.trim_end(), "elements cross");
            open.last_mut().unwrap_or_else(|| panic!("</{name}> closes nothing")).children.push(done);
            continue;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let element = start(tag);
        match empty {
            true => open.last_mut().expect("a root").children.push(element),
            false => open.push(element),
        }
    }
    assert!(rest.trim().is_empty(), "text behind the end: {rest:.60}");
    assert_eq!(open.len(), 1, "<{}> is never closed", open.last().map_or("", |open| &open.name));
    let mut document = open.remove(0);
    assert_eq!(document.children.len(), 1, "one root element");
    document.children.remove(0)
}

fn start(tag: &str) -> Element {
    let name: String = tag.chars().take_while(|c| !c.is_whitespace()).collect();
    let mut rest = tag[name.len()..].trim_start();
    let mut attributes = Vec::new();
    while !rest.is_empty() {
        let (key, after) =
            rest.split_once("=\"").unwrap_or_else(|| panic!("an attribute without value: {rest:?}"));
        let (value, after) = after.split_once('"').expect("the end of an attribute");
        attributes.push((key.trim().to_owned(), decode(value)));
        rest = after.trim_start();
    }
    Element { name, attributes, ..Element::default() }
}

/// Undoes character references; every other `&` is a fault.
pub(crate) fn decode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let (name, after) =
            rest[at + 1..].split_once(';').unwrap_or_else(|| panic!("a bare & in {text:.80}"));
        let code = |digits: &str, radix| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => name
                .strip_prefix("#x")
                .map_or_else(
                    || name.strip_prefix('#').and_then(|digits| code(digits, 10)),
                    |digits| code(digits, 16),
                )
                .unwrap_or_else(|| panic!("&{name}; is no entity of XML")),
        });
        rest = after;
    }
    out.push_str(rest);
    out
}
