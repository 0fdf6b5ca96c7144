//! The smallest tree that html5ever can build a page into: one vector of nodes, indices for links.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::interface::{ElemName, ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::{StrTendril, TendrilSink};
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, LocalName, Namespace, ParseOpts, QualName, local_name, ns};

/// Marks the absence of a node.
const NONE: u32 = u32::MAX;

/// What a node is.
pub(super) enum Kind {
    Root,
    Element { name: QualName, attrs: Vec<Attribute>, contents: u32 },
    Text(StrTendril),
    Comment,
}

struct Node {
    kind: Kind,
    parent: u32,
    previous: u32,
    next: u32,
    first: u32,
    last: u32,
}

/// A parsed page.
pub(super) struct Tree {
    nodes: Vec<Node>,
}

/// One step of a walk through the tree in document order.
pub(super) enum Step<'a> {
    Enter(&'a Kind),
    Leave,
}

impl Tree {
    /// Parses a whole page as a browser does, with its scripts on or off (which decides what `noscript` holds).
    pub(super) fn parse(html: &str, scripts: bool) -> Tree {
        let sink = Sink { nodes: RefCell::new(Vec::with_capacity(html.len() / 24 + 16)) };
        sink.add(Kind::Root);
        let tree_builder = TreeBuilderOpts { scripting_enabled: scripts, ..TreeBuilderOpts::default() };
        html5ever::parse_document(sink, ParseOpts { tree_builder, ..ParseOpts::default() }).one(html)
    }

    /// Visits every node below the root; the contents of a `template` come before its children.
    pub(super) fn walk(&self, mut visit: impl FnMut(Step<'_>)) {
        let mut stack: Vec<(u32, bool)> = vec![(0, false)];
        while let Some((at, leaving)) = stack.pop() {
            if leaving {
                visit(Step::Leave);
                continue;
            }
            let node = &self.nodes[at as usize];
            visit(Step::Enter(&node.kind));
            stack.push((at, true));
            let mut child = node.last;
            while child != NONE {
                stack.push((child, false));
                child = self.nodes[child as usize].previous;
            }
            if let Kind::Element { contents, .. } = node.kind
                && contents != NONE
            {
                stack.push((contents, false));
            }
        }
    }
}

/// A name, taken out of the cell that holds the nodes.
#[derive(Debug)]
struct Name(QualName);

impl ElemName for Name {
    fn ns(&self) -> &Namespace {
        &self.0.ns
    }

    fn local_name(&self) -> &LocalName {
        &self.0.local
    }
}

struct Sink {
    nodes: RefCell<Vec<Node>>,
}

impl Sink {
    fn add(&self, kind: Kind) -> u32 {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Node { kind, parent: NONE, previous: NONE, next: NONE, first: NONE, last: NONE });
        (nodes.len() - 1) as u32
    }

    fn node_of(&self, child: NodeOrText<u32>) -> u32 {
        match child {
            NodeOrText::AppendNode(node) => node,
            NodeOrText::AppendText(text) => self.add(Kind::Text(text)),
        }
    }

    fn detach(&self, at: u32) {
        let mut nodes = self.nodes.borrow_mut();
        let (parent, previous, next) = {
            let node = &mut nodes[at as usize];
            let links = (node.parent, node.previous, node.next);
            (node.parent, node.previous, node.next) = (NONE, NONE, NONE);
            links
        };
        if previous != NONE {
            nodes[previous as usize].next = next;
        } else if parent != NONE {
            nodes[parent as usize].first = next;
        }
        if next != NONE {
            nodes[next as usize].previous = previous;
        } else if parent != NONE {
            nodes[parent as usize].last = previous;
        }
    }

    fn attach(&self, parent: u32, child: u32) {
        self.detach(child);
        let mut nodes = self.nodes.borrow_mut();
        let last = nodes[parent as usize].last;
        nodes[child as usize].parent = parent;
        nodes[child as usize].previous = last;
        nodes[parent as usize].last = child;
        if last == NONE {
            nodes[parent as usize].first = child;
        } else {
            nodes[last as usize].next = child;
        }
    }
}

impl TreeSink for Sink {
    type Handle = u32;
    type Output = Tree;
    type ElemName<'a> = Name;

    fn finish(self) -> Tree {
        Tree { nodes: self.nodes.into_inner() }
    }

    fn parse_error(&self, _message: Cow<'static, str>) {}

    fn get_document(&self) -> u32 {
        0
    }

    fn elem_name<'a>(&'a self, target: &'a u32) -> Name {
        match &self.nodes.borrow()[*target as usize].kind {
            Kind::Element { name, .. } => Name(name.clone()),
            // The tree builder asks for the names of elements only; a name that nothing matches is a safe answer.
            _ => Name(QualName::new(None, ns!(), local_name!(""))),
        }
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> u32 {
        let contents = if flags.template { self.add(Kind::Root) } else { NONE };
        self.add(Kind::Element { name, attrs, contents })
    }

    fn create_comment(&self, _text: StrTendril) -> u32 {
        self.add(Kind::Comment)
    }

    fn create_pi(&self, _target: StrTendril, _value: StrTendril) -> u32 {
        self.add(Kind::Comment)
    }

    fn append(&self, parent: &u32, child: NodeOrText<u32>) {
        let child = self.node_of(child);
        self.attach(*parent, child);
    }

    fn append_based_on_parent_node(&self, element: &u32, previous: &u32, child: NodeOrText<u32>) {
        let parent = self.nodes.borrow()[*element as usize].parent;
        if parent == NONE {
            self.append(previous, child);
        } else {
            self.append_before_sibling(element, child);
        }
    }

    fn append_doctype_to_document(&self, _name: StrTendril, _public: StrTendril, _system: StrTendril) {}

    fn get_template_contents(&self, target: &u32) -> u32 {
        match self.nodes.borrow()[*target as usize].kind {
            Kind::Element { contents, .. } if contents != NONE => contents,
            _ => *target,
        }
    }

    fn same_node(&self, x: &u32, y: &u32) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, _mode: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &u32, child: NodeOrText<u32>) {
        let child = self.node_of(child);
        self.detach(child);
        let mut nodes = self.nodes.borrow_mut();
        let (parent, previous) = {
            let at = &mut nodes[*sibling as usize];
            let links = (at.parent, at.previous);
            at.previous = child;
            links
        };
        let node = &mut nodes[child as usize];
        (node.parent, node.previous, node.next) = (parent, previous, *sibling);
        if previous != NONE {
            nodes[previous as usize].next = child;
        } else if parent != NONE {
            nodes[parent as usize].first = child;
        }
    }

    fn add_attrs_if_missing(&self, target: &u32, attrs: Vec<Attribute>) {
        if let Kind::Element { attrs: own, .. } = &mut self.nodes.borrow_mut()[*target as usize].kind {
            let missing: Vec<_> =
                attrs.into_iter().filter(|new| own.iter().all(|old| old.name != new.name)).collect();
            own.extend(missing);
        }
    }

    fn is_mathml_annotation_xml_integration_point(&self, handle: &u32) -> bool {
        // HTML §13.2.6.5: what such an element holds is HTML again, and is not shown by every browser.
        match &self.nodes.borrow()[*handle as usize].kind {
            Kind::Element { name, attrs, .. }
                if name.ns == ns!(mathml) && &*name.local == "annotation-xml" =>
            {
                attrs.iter().any(|attr| {
                    let value = attr.value.to_ascii_lowercase();
                    &*attr.name.local == "encoding"
                        && (value == "text/html" || value == "application/xhtml+xml")
                })
            }
            _ => false,
        }
    }

    fn remove_from_parent(&self, target: &u32) {
        self.detach(*target);
    }

    fn reparent_children(&self, node: &u32, new_parent: &u32) {
        loop {
            let child = self.nodes.borrow()[*node as usize].first;
            if child == NONE {
                break;
            }
            self.attach(*new_parent, child);
        }
    }
}
