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

/// Elements may be nested so deep.
const DEEPEST: u32 = 256;
/// Nodes of one fragment.
const MOST_NODES: usize = 500_000;
/// Bytes given to the parser at once; between two portions the limits are looked at.
const PORTION: usize = 16 << 10;

/// Why a fragment is not read.
pub(super) struct HtmlFault {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// Parses a fragment as the inside of a `body`.
pub(super) fn parse(html: &str) -> Result<Tree, HtmlFault> {
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
        parser.tokenizer.sink.sink.check()?;
    }
    parser.tokenizer.end();
    let sink = parser.tokenizer.sink.sink;
    sink.check()?;
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

struct Branch {
    leaf: Leaf,
    depth: u32,
    parent: Option<usize>,
    first: Option<usize>,
    last: Option<usize>,
    before: Option<usize>,
    after: Option<usize>,
}

impl Tree {
    /// Tells a collector all that is in the fragment, in order.
    pub(super) fn walk(&self, to: &mut Collector) {
        let mut entered = Vec::new();
        let mut at = self.nodes[0].first;
        while let Some(node) = at {
            let branch = &self.nodes[node];
            entered.push(self.visit(branch, to));
            at = branch.first;
            let mut up = node;
            while at.is_none() {
                if entered.pop() == Some(true) {
                    to.leave();
                }
                at = self.nodes[up].after;
                match self.nodes[up].parent {
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
    deepest: Cell<u32>,
}

impl Sink {
    fn new() -> Self {
        let sink = Self { nodes: RefCell::default(), deepest: Cell::new(0) };
        sink.grow(Leaf::Root);
        sink
    }

    fn check(&self) -> Result<(), HtmlFault> {
        if self.deepest.get() > DEEPEST {
            let message = format!("the HTML is nested deeper than {DEEPEST} elements");
            return Err(HtmlFault { code: "html-too-deep", message });
        }
        if self.nodes.borrow().len() > MOST_NODES {
            let message = format!("the HTML has more than {MOST_NODES} elements and texts");
            return Err(HtmlFault { code: "html-too-large", message });
        }
        Ok(())
    }

    fn grow(&self, leaf: Leaf) -> usize {
        let mut nodes = self.nodes.borrow_mut();
        nodes.push(Branch {
            leaf,
            depth: 0,
            parent: None,
            first: None,
            last: None,
            before: None,
            after: None,
        });
        nodes.len() - 1
    }

    fn detach(&self, node: usize) {
        let nodes = &mut *self.nodes.borrow_mut();
        let Branch { parent, before, after, .. } = nodes[node];
        let Some(parent) = parent else { return };
        match before {
            Some(before) => nodes[before].after = after,
            None => nodes[parent].first = after,
        }
        match after {
            Some(after) => nodes[after].before = before,
            None => nodes[parent].last = before,
        }
        nodes[node].parent = None;
        nodes[node].before = None;
        nodes[node].after = None;
    }

    /// Puts a detached node under `parent`, before `after` or at the end.
    fn attach(&self, parent: usize, node: usize, after: Option<usize>) {
        let nodes = &mut *self.nodes.borrow_mut();
        let before = after.map_or(nodes[parent].last, |after| nodes[after].before);
        let depth = nodes[parent].depth + 1;
        self.deepest.set(self.deepest.get().max(depth));
        let branch = &mut nodes[node];
        branch.depth = depth;
        branch.parent = Some(parent);
        branch.before = before;
        branch.after = after;
        match before {
            Some(before) => nodes[before].after = Some(node),
            None => nodes[parent].first = Some(node),
        }
        match after {
            Some(after) => nodes[after].before = Some(node),
            None => nodes[parent].last = Some(node),
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
                if let Some(neighbour) = neighbour
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
        let name = Rc::new(name);
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
        if self.nodes.borrow()[element.node].parent.is_some() {
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
        let parent = self.nodes.borrow()[sibling.node].parent;
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
            let Some(child) = self.nodes.borrow()[node.node].first else { break };
            self.detach(child);
            self.attach(new_parent.node, child, None);
        }
    }
}
