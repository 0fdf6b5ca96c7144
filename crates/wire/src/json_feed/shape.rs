//! The items of a feed, each parsed by itself.

use std::ops::Range;

use crate::json_tree::{Object, Value};
use crate::{Limits, json_text};

/// One item as it stands in the text.
pub(super) struct Item<'a> {
    /// The object, or why it is none.
    pub(super) object: Result<Object<'a>, Broken>,
    /// Its bytes.
    pub(super) span: Range<usize>,
}

/// Why an item is lost.
pub(super) struct Broken {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) offset: usize,
}

/// Parses one item, whose bytes are known.
fn parse<'a>(text: &'a str, span: Range<usize>, limits: &Limits) -> Item<'a> {
    let slice = &text[span.clone()];
    let object = match json_text::strict(slice, limits.depth) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => {
            Err(Broken { code: "not-an-object", message: "the item is no object".into(), offset: span.start })
        }
        Err(json_text::Fault { code, error }) => {
            let offset = span.start + offset_in(slice, error.line(), error.column());
            Err(Broken { code, message: format!("the item is broken: {error}"), offset })
        }
    };
    Item { object, span }
}

/// Parses the item that begins at `at`.
fn next<'a>(text: &'a str, at: usize, end: usize, limits: &Limits) -> Item<'a> {
    // Nearly every object is whole, and where it ends comes to light by reading it.
    if text.as_bytes()[at] == b'{'
        && let Some((Value::Object(object), length)) = json_text::first(&text[at..end], limits.depth)
    {
        return Item { object: Ok(object), span: at..at + length };
    }
    parse(text, at..json_text::value_end(text, at).min(end).max(at + 1), limits)
}

/// Tells the items of an array, at most so many, and whether there are more. A broken one that seems to swallow its
/// neighbours gives back those that are whole.
pub(super) fn items<'a>(
    text: &'a str,
    array: Range<usize>,
    most: usize,
    limits: &Limits,
    mut tell: impl FnMut(Item<'a>),
) -> bool {
    // Neighbours are looked for in at most so many bytes, so that time stays linear.
    let mut budget = 4 * array.len() + (1 << 16);
    let mut room = most;
    let mut at = array.start + 1;
    while at < array.end {
        at = json_text::skip_space(text, at);
        match text.as_bytes().get(at) {
            None | Some(b']') => break,
            Some(b',') => at += 1,
            Some(_) if room == 0 => return true,
            Some(_) => {
                let item = next(text, at, array.end, limits);
                let span = item.span.clone();
                let syntax = item.object.as_ref().is_err_and(|broken| broken.code == "json-not-well-formed");
                tell(item);
                room -= 1;
                at = span.end;
                if syntax {
                    let mut found = Vec::new();
                    recover(text, span, &mut budget, room, limits, &mut found);
                    room -= found.len();
                    found.into_iter().for_each(&mut tell);
                }
            }
        }
    }
    false
}

fn recover<'a>(
    text: &'a str,
    broken: Range<usize>,
    budget: &mut usize,
    most: usize,
    limits: &Limits,
    found: &mut Vec<Item<'a>>,
) {
    let mut at = broken.start + 1;
    while let Some(brace) = memchr::memchr(b'{', &text.as_bytes()[at.min(broken.end)..broken.end]) {
        let start = at + brace;
        at = start + 1;
        if !text[..start].trim_end_matches([' ', '\t', '\r']).ends_with([',', '\n']) {
            continue;
        }
        let end = json_text::value_end(&text[..broken.end], start);
        *budget = budget.saturating_sub(end - start);
        if *budget == 0 || found.len() >= most {
            return;
        }
        let item = parse(text, start..end, limits);
        let named = |name: &str| item.object.as_ref().is_ok_and(|object| object.get(name).is_some());
        if named("id") && ["content_html", "content_text", "title", "url"].iter().any(|name| named(name)) {
            at = end;
            found.push(item);
        }
    }
}

/// The byte that a parser's line and column (both from 1) name.
fn offset_in(text: &str, line: usize, column: usize) -> usize {
    let start = match line.saturating_sub(2) {
        _ if line <= 1 => 0,
        skipped => memchr::memchr_iter(b'\n', text.as_bytes()).nth(skipped).map_or(text.len(), |at| at + 1),
    };
    (start + column.saturating_sub(1)).min(text.len())
}
