//! XML as a small tree with namespaces and byte offsets; names and texts are slices of the text wherever they can be.
//!
//! [`parse`] takes a whole text; [`records`] takes a feed or message apart item by item, so that one broken item
//! does not take its siblings along. A DOCTYPE is tolerated and never processed: no entity is expanded but the
//! five of XML (XML 1.0 §4.6), character references (§4.1) and the names that HTML gives to characters. Any
//! other reference is a fault, never an empty string.
//!
//! ```
//! use wire::{Limits, xml};
//!
//! let limits = Limits::default();
//! let root = xml::parse("<a x='1'>b &amp; <c/></a>", &limits).unwrap();
//! assert_eq!((root.attr("x"), root.text().as_str()), (Some("1"), "b & "));
//! // A broken record does not take its neighbours along.
//! let text = "<feed><i>1</i><i>2</j></i><i>3</i></feed>";
//! let whole = xml::records(text, &["i"], &limits).filter(|record| record.element.is_ok()).count();
//! assert_eq!(whole, 2);
//! ```

mod build;
mod records;
mod scope;
mod tokens;

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use news::{Complaint, Gravity};

pub(crate) use build::characters;
pub use build::{parse, parse_noting};
pub use records::{Record, Records, records};
pub(crate) use tokens::doctype_end;

/// The namespace of `xml:lang` and `xml:base`.
pub const XML_NS: &str = "http://www.w3.org/XML/1998/namespace";

/// An element with all that is in it.
#[derive(Clone, Debug, Default)]
pub struct Element<'a> {
    /// The namespace URI.
    pub ns: Option<Rc<str>>,
    /// The local name.
    pub name: &'a str,
    /// The attributes without namespace declarations, in order.
    pub attrs: Vec<Attr<'a>>,
    /// What is in it, in order.
    pub children: Vec<Node<'a>>,
    /// Its bytes in the text that was parsed, tags included.
    pub span: Range<usize>,
    /// The bytes between its tags.
    pub inner: Range<usize>,
}

/// An attribute.
#[derive(Clone, Debug)]
pub struct Attr<'a> {
    /// The namespace URI; `None` for a name without prefix. `xml:lang` is in [`XML_NS`].
    pub ns: Option<Rc<str>>,
    /// The local name.
    pub name: &'a str,
    /// The value, references resolved.
    pub value: Cow<'a, str>,
    /// The bytes of the value in the text that was parsed, without the quotes.
    pub span: Range<usize>,
}

/// What stands in an element.
#[derive(Clone, Debug)]
pub enum Node<'a> {
    /// Another element.
    Element(Element<'a>),
    /// Text: references resolved, CDATA merged, line ends LF (XML 1.0 §2.11).
    Text(Cow<'a, str>),
    /// A comment.
    Comment(Cow<'a, str>),
}

impl<'a> Element<'a> {
    /// Whether it has this namespace and local name.
    pub fn is(&self, ns: &str, name: &str) -> bool {
        *self.name == *name && self.ns.as_deref() == Some(ns)
    }

    /// The value of an attribute without namespace.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.iter().find(|a| a.ns.is_none() && *a.name == *name).map(|a| &*a.value)
    }

    /// The value of an attribute in a namespace.
    pub fn attr_ns(&self, ns: &str, name: &str) -> Option<&str> {
        self.attrs.iter().find(|a| a.ns.as_deref() == Some(ns) && *a.name == *name).map(|a| &*a.value)
    }

    /// Its own `xml:lang`, trimmed, if not empty.
    pub fn lang(&self) -> Option<&str> {
        self.attr_ns(XML_NS, "lang").map(str::trim).filter(|tag| !tag.is_empty())
    }

    /// The first child element with this local name, in whatever namespace.
    pub fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.elements().find(|e| *e.name == *name)
    }

    /// The first child element with this namespace and local name.
    pub fn child_ns(&self, ns: &str, name: &str) -> Option<&Element<'a>> {
        self.elements().find(|e| e.is(ns, name))
    }

    /// The child elements, in order.
    pub fn elements(&self) -> impl Iterator<Item = &Element<'a>> {
        self.children.iter().filter_map(|node| match node {
            Node::Element(element) => Some(element),
            _ => None,
        })
    }

    /// The child elements with this local name, in whatever namespace.
    pub fn children_named<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Element<'a>> {
        self.elements().filter(move |e| *e.name == *name)
    }

    /// All text in it, its own and that of all descendants, as it is.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.gather(&mut out);
        out
    }

    fn gather(&self, out: &mut String) {
        for node in &self.children {
            match node {
                Node::Text(text) => out.push_str(text),
                Node::Element(element) => element.gather(out),
                Node::Comment(_) => {}
            }
        }
    }

    /// Its only text without copying, if there is exactly one text and nothing else but comments in it.
    pub fn only_text(&self) -> Option<&str> {
        let mut found = None;
        for node in &self.children {
            match node {
                Node::Text(text) if found.is_none() => found = Some(&**text),
                Node::Comment(_) => {}
                _ => return None,
            }
        }
        found
    }

    /// Whether anything but white space and comments stands in it.
    pub fn is_blank(&self) -> bool {
        self.children.iter().all(|node| match node {
            Node::Text(text) => text.bytes().all(|b| b.is_ascii_whitespace()),
            Node::Comment(_) => true,
            Node::Element(_) => false,
        })
    }
}

/// Something in an XML text that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlFault {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// Stable and short: `xml-not-well-formed`, `xml-unknown-entity`, `xml-too-deep`.
    pub code: &'static str,
    /// A sentence without final stop.
    pub message: String,
    /// How grave it is for the words: a bare `&` is a remark, an unknown entity a hold, a broken tag loses.
    pub gravity: Gravity,
}

impl XmlFault {
    pub(crate) fn new(
        gravity: Gravity,
        code: &'static str,
        offset: usize,
        message: impl Into<String>,
    ) -> Self {
        Self { offset, code, message: message.into(), gravity }
    }

    pub(crate) fn lost(code: &'static str, offset: usize, message: impl Into<String>) -> Self {
        Self::new(Gravity::Lost, code, offset, message)
    }

    /// The complaint that says it.
    pub fn complaint(&self, path: &str) -> Complaint {
        Complaint::new(self.gravity, self.code, self.message.clone()).at(path, Some(self.offset))
    }
}

impl std::fmt::Display for XmlFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at byte {}", self.message, self.offset)
    }
}

impl std::error::Error for XmlFault {}

#[cfg(test)]
mod tests;
