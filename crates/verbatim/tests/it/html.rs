//! Takes the words off a page as anybody outside would: every element that bears `data-v`, and the label.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer};

/// What a page says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) status: u16,
    /// Kind and text of each block of copy, in order.
    pub(crate) blocks: Vec<(String, String)>,
    /// Review state and sentence of each label; a story's page has one.
    pub(crate) labels: Vec<(String, String)>,
    /// All text outside style and scripts.
    pub(crate) text: String,
    /// Where its links lead.
    pub(crate) links: Vec<String>,
    pub(crate) html: String,
}

impl Page {
    pub(crate) fn read(status: u16, html: String) -> Self {
        let sink = Reader::default();
        let input = BufferQueue::default();
        input.push_back(StrTendril::from(html.as_str()));
        let tokenizer = Tokenizer::new(sink, Default::default());
        let _ = tokenizer.feed(&input);
        tokenizer.end();
        let Page { blocks, labels, text, links, .. } = tokenizer.sink.0.into_inner().page;
        Page { status, blocks, labels, text, links, html }
    }

    /// The texts of all blocks as one: what `URL.txt` must be.
    pub(crate) fn plain(&self) -> String {
        self.blocks.iter().map(|(_, text)| text.as_str()).collect::<Vec<_>>().join("\n\n") + "\n"
    }
}

/// The paragraphs and other blocks of a fragment of HTML, as text.
pub(crate) fn paragraphs(fragment: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let sink = Pieces::default();
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(fragment));
    let tokenizer = Tokenizer::new(sink, Default::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    for piece in tokenizer.sink.0.into_inner() {
        match piece {
            Some(text) => out.last_mut().expect("a first piece").push_str(&text),
            None => out.push(String::new()),
        }
    }
    out.retain(|text| !text.trim().is_empty());
    out
}

/// Text, or `None` where a block begins or ends.
#[derive(Default)]
struct Pieces(RefCell<Vec<Option<String>>>);

impl TokenSink for Pieces {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        const BLOCKS: [&str; 12] =
            ["p", "h1", "h2", "h3", "h4", "li", "ul", "ol", "blockquote", "pre", "tr", "table"];
        match token {
            Token::CharacterTokens(text) => self.0.borrow_mut().push(Some(text.to_string())),
            Token::TagToken(tag) if BLOCKS.contains(&&*tag.name) => self.0.borrow_mut().push(None),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

#[derive(Default)]
struct Reader(RefCell<State>);

#[derive(Default)]
struct State {
    page: Page,
    open: Vec<Open>,
    silent: bool,
}

/// An element whose text is being taken.
struct Open {
    name: String,
    /// How many elements of the same name are open inside it.
    inner: usize,
    copy: bool,
    at: usize,
}

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _: u64) -> TokenSinkResult<()> {
        let state = &mut *self.0.borrow_mut();
        match token {
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => return state.start(&tag),
            Token::TagToken(tag) => state.end(&tag),
            Token::CharacterTokens(text) => state.take(&text),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl State {
    fn start(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let name: &str = &tag.name;
        let attr = |wanted: &str| {
            tag.attrs.iter().find(|attr| &*attr.name.local == wanted).map(|attr| attr.value.to_string())
        };
        for open in &mut self.open {
            open.inner += usize::from(open.name == name);
        }
        if let Some(kind) = attr("data-v") {
            self.open.push(Open { name: name.to_owned(), inner: 0, copy: true, at: self.page.blocks.len() });
            self.page.blocks.push((kind, String::new()));
        }
        if let Some(review) = attr("data-label") {
            self.open.push(Open { name: name.to_owned(), inner: 0, copy: false, at: self.page.labels.len() });
            self.page.labels.push((review, String::new()));
        }
        if let Some(href) = attr("href").filter(|_| matches!(name, "a" | "link")) {
            self.page.links.push(href);
        }
        let raw = match name {
            "style" => RawKind::Rawtext,
            "script" => RawKind::ScriptData,
            "title" | "textarea" => return TokenSinkResult::RawData(RawKind::Rcdata),
            _ => return TokenSinkResult::Continue,
        };
        self.silent = true;
        TokenSinkResult::RawData(raw)
    }

    fn end(&mut self, tag: &Tag) {
        let name: &str = &tag.name;
        self.silent = false;
        for open in self.open.iter_mut().filter(|open| open.name == name) {
            open.inner = open.inner.wrapping_sub(1);
        }
        self.open.retain(|open| open.inner != usize::MAX);
    }

    fn take(&mut self, text: &str) {
        if self.silent {
            return;
        }
        self.page.text.push_str(text);
        for open in &self.open {
            let taken = if open.copy { &mut self.page.blocks } else { &mut self.page.labels };
            taken[open.at].1.push_str(text);
        }
    }
}
