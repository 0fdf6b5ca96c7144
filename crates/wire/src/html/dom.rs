//! The tree that a browser would make of a fragment, by html5ever.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;

use html5ever::buffer_queue::BufferQueue;
use html5ever::interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink};
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::TokenizerOpts;
use html5ever::tree_builder::TreeBuilderOpts;
use html5ever::{Attribute, ExpandedName, ParseOpts, QualName, local_name, ns, parse_fragment};

use super::collect::Collector;
use super::{element, guard};
use crate::{Limits, TOO_SLOW};

/// Bytes given to the parser at once; between two portions the limits are looked at.
const PORTION: usize = 16 << 10;

/// Why a fragment is not read.
pub(super) struct HtmlFault {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Parses a fragment as the inside of a `body`.
pub(super) fn parse(html: &str, limits: &Limits) -> Result<Tree, HtmlFault> {
    if guard::has_too_many_attributes(html) {
        let message = "a tag has more attributes than are read".to_owned();
        return Err(HtmlFault { code: "html-too-large", message });
    }
    let options = ParseOpts {
        // U+FEFF at the start of a text is a character of that text.
        tokenizer: TokenizerOpts { discard_bom: false, ..TokenizerOpts::default() },
        tree_builder: TreeBuilderOpts::default(),
    };
    let context = QualName::new(None, ns!(html), local_name!("body"));
    let parser = parse_fragment(Sink::new(), options, context, Vec::new(), true);
    let queue = BufferQueue::default();
    let mut rest = html;
    while !rest.is_empty() {
        let mut portion = PORTION.min(rest.len());
        while !rest.is_char_boundary(portion) {
            portion -= 1;
        }
        queue.push_back(StrTendril::from_slice(&rest[..portion]));
        rest = &rest[portion..];
        while !matches!(parser.tokenizer.feed(&queue), html5ever::TokenizerResult::Done) {}
        parser.tokenizer.sink.sink.check(limits)?;
        if limits.is_over() {
            return Err(HtmlFault { code: "too-slow", message: TOO_SLOW.to_owned() });
        }
    }
    parser.tokenizer.end();
    let sink = parser.tokenizer.sink.sink;
    sink.check(limits)?;
    Ok(Tree { nodes: sink.nodes.into_inner() })
}

/// A parsed fragment.
pub(super) struct Tree {
    nodes: Vec<Branch>,
}

enum Leaf {
    Root,
    Element(Rc<QualName>, Vec<Attribute>),
    Text(String),
    Comment(StrTendril),
}

/// A node and its neighbours, by their places in the list of all; small, because hostile input has many.
struct Branch {
    leaf: Leaf,
    depth: u32,
    parent: Link,
    first: Link,
    last: Link,
    before: Link,
    after: Link,
}

/// The place of a node, or none.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Link(u32);

impl Link {
    const NONE: Link = Link(u32::MAX);

    /// The limit of nodes is far below what does not fit.
    fn to(node: usize) -> Self {
        u32::try_from(node).map_or(Self::NONE, Self)
    }

    fn get(self) -> Option<usize> {
        (self != Self::NONE).then_some(self.0 as usize)
    }
}

impl Tree {
    /// Tells a collector all that is in the fragment, in order.
    pub(super) fn walk(&self, to: &mut Collector) {
        let mut entered = Vec::new();
        let mut at = self.nodes[0].first.get();
        while let Some(node) = at {
            let branch = &self.nodes[node];
            entered.push(self.visit(branch, to));
            at = branch.first.get();
            let mut up = node;
            while at.is_none() {
                if entered.pop() == Some(true) {
                    to.leave();
                }
                at = self.nodes[up].after.get();
                match self.nodes[up].parent.get() {
                    Some(parent) if at.is_none() && parent != 0 => up = parent,
                    _ => break,
                }
            }
        }
    }

    fn visit(&self, branch: &Branch, to: &mut Collector) -> bool {
        match &branch.leaf {
            Leaf::Text(text) => to.text(text),
            Leaf::Comment(text) => to.note("comment", text),
            Leaf::Root => {}
            Leaf::Element(name, attrs) => {
                let attr = |wanted: &str| {
                    let found = attrs.iter().find(|a| &*a.name.local == wanted);
                    found.map(|a| &*a.value)
                };
                return element::enter(&name.local, &attr, to);
            }
        }
        false
    }

    /// All text, for fragments that hold nothing else.
    pub(super) fn text(&self) -> String {
        let mut out = String::new();
        for branch in &self.nodes {
            if let Leaf::Text(text) = &branch.leaf {
                out.push_str(text);
            }
        }
        out
    }
}

#[derive(Clone)]
struct Handle {
    node: usize,
    name: Option<Rc<QualName>>,
}

struct Sink {
    nodes: RefCell<Vec<Branch>>,
    deepest: Cell<usize>,
    /// The name of the element that was made last.
    last: RefCell<Option<Rc<QualName>>>,
}

impl Sink {
    fn new() -> Self {
        let sink = Self { nodes: RefCell::default(), deepest: Cell::new(0), last: RefCell::default() };
        sink.grow(Leaf::Root);
        sink
    }

    fn check(&self, limits: &Limits) -> Result<(), HtmlFault> {
        if self.deepest.get() > limits.depth {
            let message = format!("the HTML is nested deeper than {} elements", limits.depth);
            return Err(HtmlFault { code: "html-too-deep", message });
        }
        if self.nodes.borrow().len() > limits.nodes {
            let message = format!("the HTML has more than {} elements and texts", limits.nodes);
            return Err(HtmlFault { code: "html-too-large", message });
        }
        Ok(())
    }

    fn grow(&self, leaf: Leaf) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Branch {
            leaf,
            depth: 0,
            parent: Link::NONE,
            first: Link::NONE,
            last: Link::NONE,
            before: Link::NONE,
            after: Link::NONE,
        });
        nodes.len() - 1
    }

    fn detach(&self, node: usize) {
        let nodes = &mut *self.nodes.borrow_mut();
        let Branch { parent, before, after, .. } = nodes[node];
        let Some(parent) = parent.get() else { return };
        match before.get() {
            Some(before) => nodes[before].after = after,
            None => nodes[parent].first = after,
        }
        match after.get() {
            Some(after) => nodes[after].before = before,
            None => nodes[parent].last = before,
        }
        nodes[node].parent = Link::NONE;
        nodes[node].before = Link::NONE;
        nodes[node].after = Link::NONE;
    }

    /// Puts a detached node under `parent`, before `after` or at the end.
    fn attach(&self, parent: usize, node: usize, after: Option<usize>) {
        let nodes = &mut *self.nodes.borrow_mut();
        let before = after.map_or(nodes[parent].last, |after| nodes[after].before);
        let own = Link::to(node);
        let depth = nodes[parent].depth + 1;
        self.deepest.set(self.deepest.get().max(depth as usize));
        let branch = &mut nodes[node];
        branch.depth = depth;
        branch.parent = Link::to(parent);
        branch.before = before;
        branch.after = after.map_or(Link::NONE, Link::to);
        match before.get() {
            Some(before) => nodes[before].after = own,
            None => nodes[parent].first = own,
        }
        match after {
            Some(after) => nodes[after].before = own,
            None => nodes[parent].last = own,
        }
    }

    fn place(&self, parent: usize, child: NodeOrText<Handle>, after: Option<usize>) {
        let node = match child {
            NodeOrText::AppendNode(handle) => {
                self.detach(handle.node);
                handle.node
            }
            NodeOrText::AppendText(text) => {
                let neighbour = {
                    let nodes = self.nodes.borrow();
                    after.map_or(nodes[parent].last, |after| nodes[after].before)
                };
                if let Some(neighbour) = neighbour.get()
                    && let Leaf::Text(before) = &mut self.nodes.borrow_mut()[neighbour].leaf
                {
                    before.push_str(&text);
                    return;
                }
                self.grow(Leaf::Text(text.to_string()))
            }
        };
        self.attach(parent, node, after);
    }
}

impl TreeSink for Sink {
    type Handle = Handle;
    type Output = Self;
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) -> Self {
        self
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Handle { node: 0, name: None }
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        // The tree builder asks for names of elements only, and every element's handle has one.
        target.name.as_ref().expect("an element has a name").expanded()
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, _: ElementFlags) -> Handle {
        // Elements of one name come in rows: they share it.
        let mut last = self.last.borrow_mut();
        if last.as_deref() != Some(&name) {
            *last = Some(Rc::new(name));
        }
        let name = last.clone().expect("it was just put there");
        let node = self.grow(Leaf::Element(name.clone(), attrs));
        Handle { node, name: Some(name) }
    }

    fn create_comment(&self, text: StrTendril) -> Handle {
        Handle { node: self.grow(Leaf::Comment(text)), name: None }
    }

    fn create_pi(&self, _: StrTendril, data: StrTendril) -> Handle {
        Handle { node: self.grow(Leaf::Comment(data)), name: None }
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.place(parent.node, child, None);
    }

    fn append_based_on_parent_node(&self, element: &Handle, previous: &Handle, child: NodeOrText<Handle>) {
        if self.nodes.borrow()[element.node].parent.get().is_some() {
            self.append_before_sibling(element, child);
        } else {
            self.append(previous, child);
        }
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        // What is in a template is hidden text of the template; no separate tree is needed.
        target.clone()
    }

    fn same_node(&self, x: &Handle, y: &Handle) -> bool {
        x.node == y.node
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        let parent = self.nodes.borrow()[sibling.node].parent.get();
        if let Some(parent) = parent {
            self.place(parent, child, Some(sibling.node));
        }
    }

    fn add_attrs_if_missing(&self, target: &Handle, attrs: Vec<Attribute>) {
        if let Leaf::Element(_, present) = &mut self.nodes.borrow_mut()[target.node].leaf {
            for attr in attrs {
                if !present.iter().any(|a| a.name == attr.name) {
                    present.push(attr);
                }
            }
        }
    }

    fn remove_from_parent(&self, target: &Handle) {
        self.detach(target.node);
    }

    fn reparent_children(&self, node: &Handle, new_parent: &Handle) {
        loop {
            let Some(child) = self.nodes.borrow()[node.node].first.get() else { break };
            self.detach(child);
            self.attach(new_parent.node, child, None);
        }
    }
}
