//! Which prefix means which namespace (Namespaces in XML 1.0).

use std::collections::HashMap;
use std::rc::Rc;

/// Prefixes that feeds are known to use without declaring them.
const USUAL: &[(&str, &str)] = &[
    ("atom", "http://www.w3.org/2005/Atom"),
    ("content", "http://purl.org/rss/1.0/modules/content/"),
    ("dc", "http://purl.org/dc/elements/1.1/"),
    ("dcterms", "http://purl.org/dc/terms/"),
    ("georss", "http://www.georss.org/georss"),
    ("itunes", "http://www.itunes.com/dtds/podcast-1.0.dtd"),
    ("media", "http://search.yahoo.com/mrss/"),
    ("rdf", "http://www.w3.org/1999/02/22-rdf-syntax-ns#"),
    ("xhtml", "http://www.w3.org/1999/xhtml"),
];

/// How many declarations may be in force at once.
const MOST: usize = 256;

/// What a prefix was found to mean.
pub(super) enum Meaning {
    /// Declared, or no prefix at all.
    Declared(Option<Rc<str>>),
    /// Not declared, but everybody knows what it means.
    Usual(Rc<str>),
    /// Not declared.
    Undeclared,
}

#[derive(Default)]
pub(super) struct Scope {
    bindings: Vec<(Box<str>, Option<Rc<str>>)>,
    names: HashMap<Box<str>, Rc<str>>,
}

impl Scope {
    /// How many declarations are in force; given back to [`Scope::leave`].
    pub(super) fn mark(&self) -> usize {
        self.bindings.len()
    }

    pub(super) fn leave(&mut self, mark: usize) {
        self.bindings.truncate(mark);
    }

    /// Declares a prefix (empty for the default namespace). `false` if there are too many.
    pub(super) fn declare(&mut self, prefix: &str, uri: &str) -> bool {
        if self.bindings.len() >= MOST {
            return false;
        }
        let uri = if uri.is_empty() { None } else { Some(self.name(uri)) };
        self.bindings.push((prefix.into(), uri));
        true
    }

    fn name(&mut self, uri: &str) -> Rc<str> {
        if let Some(known) = self.names.get(uri) {
            return known.clone();
        }
        let name: Rc<str> = uri.into();
        self.names.insert(uri.into(), name.clone());
        name
    }

    pub(super) fn meaning(&mut self, prefix: &str) -> Meaning {
        // Two empty texts are not compared: an empty box points nowhere, and looking there is slow.
        let same = |own: &str| own.len() == prefix.len() && (prefix.is_empty() || own == prefix);
        if let Some((_, uri)) = self.bindings.iter().rev().find(|(own, _)| same(own)) {
            return Meaning::Declared(uri.clone());
        }
        match prefix {
            "" => Meaning::Declared(None),
            "xml" => Meaning::Declared(Some(self.name(super::XML_NS))),
            other => match USUAL.iter().find(|(p, _)| *p == other) {
                Some((_, uri)) => Meaning::Usual(self.name(uri)),
                None => Meaning::Undeclared,
            },
        }
    }
}
