//! A feed as our XML layer reads it, with what other people's models ask of it: inner markup, prefixes, texts.

use base64::Engine as _;
use serde_json::{Map, Value as Json};
use wire::xml::{Element, Node};

/// The namespace of Atom 1.0, and that of Atom 0.3.
pub(super) const ATOM: [&str; 2] = ["http://www.w3.org/2005/Atom", "http://purl.org/atom/ns#"];

/// Prefixes by which everybody knows these namespaces, whatever the sender calls them.
const KNOWN: &[(&str, &str)] = &[
    ("http://www.w3.org/2005/Atom", "atom"),
    ("http://purl.org/atom/ns#", "atom03"),
    ("http://purl.org/rss/1.0/modules/content/", "content"),
    ("http://purl.org/dc/elements/1.1/", "dc"),
    ("http://purl.org/dc/terms/", "dcterms"),
    ("http://search.yahoo.com/mrss/", "media"),
    ("http://search.yahoo.com/mrss", "media"),
    ("http://www.itunes.com/dtds/podcast-1.0.dtd", "itunes"),
    ("http://www.itunes.com/DTDs/PodCast-1.0.dtd", "itunes"),
    ("http://example.com/DTDs/PodCast-1.0.dtd", "itunes"),
    ("http://www.w3.org/1999/xhtml", "xhtml"),
    ("http://www.w3.org/1999/02/22-rdf-syntax-ns#", "rdf"),
    ("http://wellformedweb.org/commentAPI/", "wfw"),
    ("http://www.georss.org/georss", "georss"),
    ("http://www.opengis.net/gml", "gml"),
];

/// A text with its tree.
pub(super) struct Told<'a> {
    pub(super) text: &'a str,
    pub(super) root: Element<'a>,
}

impl<'a> Told<'a> {
    /// Reads a whole text; where it is not well-formed, as our readers do: what stands around the items, and those
    /// items that are whole.
    pub(super) fn read(text: &'a str) -> Result<Self, String> {
        let limits = wire::Limits::default();
        if let Ok(root) = wire::xml::parse_noting(text, &limits, &mut Vec::new()) {
            return Ok(Self { text, root });
        }
        // Nothing is taken out of the text: the records stay where they are.
        let limits: &'static wire::Limits = Box::leak(Box::new(limits));
        let mut records = wire::xml::records(text, &["item", "entry"], limits);
        let items: Vec<Node<'a>> =
            records.by_ref().filter_map(|record| Some(Node::Element(record.element.ok()?))).collect();
        let mut root = records.head().ok_or("no element can be read")?;
        let channel = root.children.iter_mut().find_map(|node| match node {
            Node::Element(element) if element.name == "channel" => Some(element),
            _ => None,
        });
        match channel {
            Some(channel) => channel.children.extend(items),
            None => root.children.extend(items),
        }
        Ok(Self { text, root })
    }

    /// An address in an element, made whole by the `xml:base` of the elements around it.
    pub(super) fn address(&self, element: &Element<'_>, address: &str) -> String {
        let base = self.base(element);
        match base.map(|base| base.join(address)) {
            Some(Ok(whole)) if !address.is_empty() => {
                let whole = whole.to_string();
                // A host alone needs no stroke after it.
                if address.ends_with('/') { whole } else { whole.trim_end_matches('/').to_owned() }
            }
            _ => address.to_owned(),
        }
    }

    /// The `xml:base` in force in an element.
    pub(super) fn base(&self, element: &Element<'_>) -> Option<url::Url> {
        let mut base: Option<url::Url> = None;
        self.around(element, |at| {
            if let Some(own) = at.attr_ns(wire::xml::XML_NS, "base") {
                base = match &base {
                    Some(base) => base.join(own.trim()).ok(),
                    None => url::Url::parse(own.trim()).ok(),
                };
            }
        });
        base
    }

    /// Tells of all elements around an element, the outermost first, and of itself.
    pub(super) fn around(&self, element: &Element<'_>, mut tell: impl FnMut(&Element<'_>)) {
        let mut at = &self.root;
        loop {
            tell(at);
            let inside = |child: &&Element<'a>| {
                child.span.start <= element.span.start && element.span.end <= child.span.end
            };
            match at.elements().find(inside) {
                Some(child) => at = child,
                None => return,
            }
        }
    }

    /// Its prefix as everybody knows it, else as written; empty for none.
    pub(super) fn prefix(&self, element: &Element<'_>) -> &'a str {
        if let Some(ns) = element.ns.as_deref()
            && let Some((_, prefix)) = KNOWN.iter().find(|(known, _)| *known == ns)
        {
            return prefix;
        }
        if element.ns.as_deref().is_some_and(|ns| ns.to_ascii_lowercase().contains("/dtds/podcast")) {
            return "itunes";
        }
        self.written(element).rsplit_once(':').map_or("", |(prefix, _)| prefix)
    }

    /// Its name as written.
    fn written(&self, element: &Element<'_>) -> &'a str {
        let tag = self.text.get(element.span.start + 1..element.span.end).unwrap_or_default();
        tag.split([' ', '\t', '\n', '\r', '/', '>']).next().unwrap_or_default()
    }

    /// What stands between its tags, as written.
    pub(super) fn inside(&self, element: &Element<'_>) -> &'a str {
        let raw = self.text.get(element.span.clone()).unwrap_or_default();
        let mut quote = None;
        let start = raw.bytes().position(|b| match (quote, b) {
            (Some(open), _) => {
                if b == open {
                    quote = None;
                }
                false
            }
            (None, b'"' | b'\'') => {
                quote = Some(b);
                false
            }
            (None, _) => b == b'>',
        });
        let Some(start) = start.map(|at| at + 1) else { return "" };
        raw.rfind("</").filter(|end| *end >= start).map_or("", |end| &raw[start..end])
    }

    /// Its text; where tags stand in it, these as written, with the references around them resolved.
    pub(super) fn markup(&self, element: &Element<'_>) -> String {
        if element.elements().next().is_none() {
            return element.text().trim().to_owned();
        }
        plain(self.inside(element)).trim().to_owned()
    }

    /// An element with all that is in it, as a tree of names, values, attributes and children by name.
    pub(super) fn tree(&self, element: &Element<'_>) -> Json {
        let attrs: Map<String, Json> =
            element.attrs.iter().map(|attr| (attr.name.to_owned(), Json::from(&*attr.value))).collect();
        let mut children: Map<String, Json> = Map::new();
        for child in element.elements() {
            push(&mut children, child.name, self.tree(child));
        }
        let own: String = element
            .children
            .iter()
            .filter_map(|node| if let Node::Text(text) = node { Some(&**text) } else { None })
            .collect();
        serde_json::json!({ "name": element.name, "value": own.trim(), "attrs": attrs, "children": children })
    }
}

/// Adds to the list of this name.
pub(super) fn push(to: &mut Map<String, Json>, name: &str, value: Json) {
    if let Some(list) = to.entry(name).or_insert_with(|| Json::Array(Vec::new())).as_array_mut() {
        list.push(value);
    }
}

/// Sets a text, unless it is empty.
pub(super) fn set(to: &mut Map<String, Json>, name: &str, value: impl AsRef<str>) {
    let value = value.as_ref();
    if !value.is_empty() {
        to.insert(name.to_owned(), Json::from(value));
    }
}

/// The text behind base64, if it is text.
pub(super) fn unpacked(packed: &str) -> Option<String> {
    let packed: String = packed.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    let bytes = base64::engine::general_purpose::STANDARD.decode(packed).ok()?;
    String::from_utf8(bytes).ok()
}

/// The instant of a time as written.
pub(super) fn instant(raw: &str) -> Option<jiff::Timestamp> {
    let mut complaints = Vec::new();
    wire::time::stamp(raw.trim(), &wire::Hints::default(), "", &mut complaints).at
}

/// Inner markup with its references resolved and its CDATA sections opened.
fn plain(raw: &str) -> String {
    let mut out = String::new();
    let mut rest = raw;
    while let Some(at) = rest.find("<![CDATA[") {
        out.push_str(&resolved(&rest[..at]));
        let inside = &rest[at + 9..];
        let end = inside.find("]]>").unwrap_or(inside.len());
        out.push_str(&inside[..end]);
        rest = inside.get(end + 3..).unwrap_or_default();
    }
    out.push_str(&resolved(rest));
    out
}

fn resolved(raw: &str) -> String {
    let five = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    five.iter().fold(raw.to_owned(), |text, (from, to)| text.replace(from, to))
}
