//! Feeds and messages, item by item.

use std::ops::Range;

use super::build::{Open, Pull};
use super::tokens::Token;
use super::{Element, Node, XmlFault};
use crate::Limits;
use news::Gravity;

/// One record of a feed or message.
#[derive(Debug)]
pub struct Record<'a> {
    /// The record, or why it is lost.
    pub element: Result<Element<'a>, XmlFault>,
    /// What did not stop it: bare ampersands, unknown entities.
    pub remarks: Vec<XmlFault>,
    /// Its bytes in the text; of a lost record, as far as it was read.
    pub span: Range<usize>,
}

/// So many faults outside the records are told one by one.
const FAULTS: usize = 100;
/// So many elements around the records are kept: a feed says about itself what it has to say in a few dozen.
const AROUND: usize = 10_000;

/// The records of a text in order; see [`records`].
pub struct Records<'a> {
    pull: Pull<'a, 'a>,
    names: &'a [&'a str],
    /// The elements around the records; the first is the root.
    open: Vec<Open<'a>>,
    root: Option<Element<'a>>,
    faults: Vec<XmlFault>,
    /// Faults beyond [`FAULTS`], which are counted only.
    more: usize,
    seen: usize,
    nodes: usize,
    /// Bytes read more than once, because reading went on before the place that the reader had reached.
    reread: usize,
    /// Whether the search for the end of a CDATA section, or of a comment, has once come to the end of the text.
    unclosed: [bool; 2],
    done: bool,
}

/// Takes a feed or message apart: yields every element whose local name is one of `names`, and keeps all that
/// stands around them as the head.
///
/// After a broken record reading goes on at the next start tag of a record. A start tag of a record inside a
/// record of the same name means that the first one lacks its end tag. Time is linear in the text.
pub fn records<'a>(input: &'a str, names: &'a [&'a str], limits: &'a Limits) -> Records<'a> {
    Records {
        pull: Pull::new(input, limits),
        names,
        open: Vec::new(),
        root: None,
        faults: Vec::new(),
        more: 0,
        seen: 0,
        nodes: 0,
        reread: 0,
        unclosed: [false; 2],
        done: false,
    }
}

impl<'a> Records<'a> {
    /// Once the iterator is exhausted: the root element with everything but the records. `None` if the text
    /// holds no element at all.
    pub fn head(&mut self) -> Option<Element<'a>> {
        self.close_to(0, self.pull.input.len());
        self.root.take()
    }

    /// What was wrong outside the records. A fault with [`Gravity::Lost`] here may have cost records that cannot
    /// be counted.
    pub fn faults(&mut self) -> Vec<XmlFault> {
        let mut all = std::mem::take(&mut self.faults);
        if self.more > 0 {
            let message = format!("{} more faults outside the items", std::mem::take(&mut self.more));
            all.push(XmlFault::lost("xml-not-well-formed", self.pull.position(), message));
        }
        all.append(&mut self.pull.remarks);
        all
    }

    fn is_record(&self, written: &str) -> bool {
        let local = written.bytes().position(|b| b == b':').map_or(written, |at| &written[at + 1..]);
        self.names.contains(&local)
    }

    fn record(&mut self, start: Token<'a>, written: &'a str, at: Range<usize>) -> Option<Record<'a>> {
        self.seen += 1;
        if self.seen > self.pull.limits.items {
            let message = format!("more than {} items; the rest is not read", self.pull.limits.items);
            self.stop(XmlFault::lost("too-many-items", at.start, message));
            return None;
        }
        self.pull.limits.item_begins();
        let outer = std::mem::take(&mut self.pull.remarks);
        let element = self.pull.subtree(start, at.clone(), Some(written));
        let remarks = std::mem::replace(&mut self.pull.remarks, outer);
        let span = match &element {
            Ok(element) => element.span.clone(),
            Err(fault) => at.start..fault.offset.max(at.end),
        };
        if let Err(fault) = &element {
            self.resume(fault.offset.max(at.start + 1));
        }
        Some(Record { element, remarks, span })
    }

    /// Goes on at the next start tag of a record at or after `from`. A text in which this happens so often that
    /// most of it would be read again and again is given up, so that time stays linear.
    fn resume(&mut self, from: usize) {
        let reached = self.pull.position();
        let Some(offset) = next_start(self.pull.input, from, self.names, &mut self.unclosed) else {
            self.done = true;
            return;
        };
        self.reread += reached.saturating_sub(offset);
        if self.reread > 4 * self.pull.input.len() + (1 << 20) {
            self.stop(XmlFault::lost(
                "xml-not-well-formed",
                offset,
                "too much is broken; the rest is not read",
            ));
            return;
        }
        self.pull.jump(offset);
    }

    /// Notes a fault outside the records.
    fn fault(&mut self, fault: XmlFault) {
        if self.faults.len() < FAULTS { self.faults.push(fault) } else { self.more += 1 }
    }

    fn stop(&mut self, fault: XmlFault) {
        // Why reading ended is never one of those that are counted only.
        self.faults.push(fault);
        self.done = true;
    }

    /// A start tag outside the records.
    fn enter(&mut self, start: Token<'a>, at: Range<usize>) {
        self.nodes += 1;
        if self.open.len() >= self.pull.limits.depth || self.nodes > self.pull.limits.nodes.min(AROUND) {
            let message = "what stands around the items is too deep or too large; only items are read on";
            self.fault(XmlFault::lost("xml-too-large", at.start, message));
            self.resume(at.start + 1);
            return;
        }
        match self.pull.open(start, at.clone()) {
            Ok(open) => {
                if self.open.is_empty() && self.root.is_some() {
                    let message = "a second root element follows the first";
                    self.fault(XmlFault::new(Gravity::Remark, "xml-two-roots", at.start, message));
                }
                self.open.push(open);
                if matches!(start, Token::Start { empty: true, .. }) {
                    self.close_to(self.open.len() - 1, at.end);
                }
            }
            Err(fault) => {
                self.resume(fault.offset.max(at.start) + 1);
                self.fault(fault);
            }
        }
    }

    /// An end tag outside the records. One that closes nothing is passed over: its element may have been lost.
    fn leave(&mut self, written: &str, at: Range<usize>) {
        match self.open.iter().rposition(|around| around.written == written) {
            Some(depth) => {
                if depth + 1 != self.open.len() {
                    let message = format!("</{written}> closes elements that are still open");
                    self.fault(XmlFault::new(Gravity::Remark, "xml-not-well-formed", at.start, message));
                }
                self.close_to(depth, at.end);
            }
            None => {
                let message = "an end tag closes an element that is not open";
                self.pull.remark(Gravity::Remark, "xml-not-well-formed", at.start, message);
            }
        }
    }

    fn close_to(&mut self, depth: usize, end: usize) {
        while self.open.len() > depth {
            let Some(mut done) = self.open.pop() else { return };
            done.element.span.end = end;
            // The head has gaps where the records stood, so the end of what is between its tags is not told apart.
            done.element.inner.end = end;
            self.pull.scope.leave(done.scope);
            match (self.open.last_mut(), self.root.as_mut()) {
                (Some(parent), _) => parent.element.children.push(Node::Element(done.element)),
                (None, Some(root)) => root.children.append(&mut done.element.children),
                (None, None) => self.root = Some(done.element),
            }
        }
    }

    fn around(&mut self, token: Token<'a>, at: Range<usize>) {
        match token {
            Token::Start { .. } => self.enter(token, at),
            Token::End(written) => self.leave(written, at),
            Token::Text(_) | Token::Data(_) | Token::Comment(_) => {
                let Some(top) = self.open.last_mut() else { return };
                if let Err(fault) = self.pull.add(&mut top.element, token, at.start) {
                    self.fault(fault);
                }
            }
            Token::Over => {
                self.done = true;
                if let Some(top) = self.open.first() {
                    let message = format!("the text ends inside <{}>: it may have been cut", top.written);
                    self.fault(XmlFault::new(Gravity::Remark, "xml-truncated", at.start, message));
                }
            }
            Token::Instruction | Token::DocType => {}
        }
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        while !self.done {
            match self.pull.next() {
                Ok((start @ Token::Start { name, .. }, at)) if self.is_record(name) => {
                    return self.record(start, name, at);
                }
                Ok((token, at)) => self.around(token, at),
                Err(fault) => {
                    self.resume(fault.offset + 1);
                    self.fault(fault);
                }
            }
        }
        None
    }
}

/// The next `<` at or after `from` that begins a tag of this name, outside CDATA sections and comments.
fn next_start(input: &str, from: usize, names: &[&str], unclosed: &mut [bool; 2]) -> Option<usize> {
    const HIDING: [(&[u8], &[u8]); 2] = [(b"<![CDATA[", b"]]>"), (b"<!--", b"-->")];
    let bytes = input.as_bytes();
    let mut at = from;
    while let Some(found) = memchr::memchr(b'<', bytes.get(at..)?) {
        at += found;
        let rest = &bytes[at..];
        if begins(rest, names) {
            return Some(at);
        }
        let mut step = 1;
        for (i, (open, close)) in HIDING.iter().enumerate() {
            if !unclosed[i] && rest.starts_with(open) {
                match memchr::memmem::find(&rest[open.len()..], close) {
                    Some(end) => step = open.len() + end,
                    // What is never closed hides nothing.
                    None => unclosed[i] = true,
                }
            }
        }
        at += step;
    }
    None
}

fn begins(tag: &[u8], names: &[&str]) -> bool {
    // No name holds a `<`: a text of nothing else is walked through once, not 256 times.
    let end = tag.iter().take(256).skip(1).position(|b| b" \t\r\n/><".contains(b));
    let Some(name) = end.map(|end| &tag[1..=end]) else { return false };
    let local = name.iter().position(|&b| b == b':').map_or(name, |colon| &name[colon + 1..]);
    names.iter().any(|n| n.as_bytes() == local)
}
