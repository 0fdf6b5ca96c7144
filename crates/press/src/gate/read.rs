//! Reads the words back out of a finished page, as a browser would build it.

use std::collections::BTreeSet;

use html5ever::{Attribute, QualName, ns};

use super::style::Shown;
use super::tree::{Kind, Step, Tree};

/// What a finished page says, read back from its markup alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadBack {
    /// Kind and `textContent` of every element with `data-v`, in document order.
    pub blocks: Vec<(String, String)>,
    /// State and `textContent` of every element with `data-label`.
    pub labels: Vec<(String, String)>,
    /// Story id and `textContent` of every element with `data-headline`: the headlines of a list.
    pub headlines: Vec<(String, String)>,
    /// Story id and `textContent` of every element with `data-lead`: first paragraphs shown in a list.
    pub leads: Vec<(String, String)>,
    /// Per block, the addresses of the links inside it, in order.
    pub links: Vec<Vec<String>>,
    /// The `<title>`.
    pub title: Option<String>,
    /// Name and value of every `<meta>` that repeats words of a story: titles and descriptions for other sites.
    pub metas: Vec<(String, String)>,
    /// The text of every `<script type="application/ld+json">`.
    pub structured: Vec<String>,
    /// Everything that must not be there, in document order.
    pub findings: Vec<Finding>,
    /// The text of every `<style>`, and the addresses of the style sheets that are linked. Only where the page is read closely.
    pub styles: Vec<String>,
    /// See `styles`.
    pub sheets: Vec<String>,
    /// The elements of copy and label, what stands around and inside them. Only where the page is read closely.
    pub shown: BTreeSet<Shown>,
}

/// Something on a page that hides words, or that has no place in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it concerns: `block 3 (p)`, `label`, `headline 1`, `page`.
    pub part: String,
    /// What was found, as a phrase: "inside a closed `details`".
    pub found: String,
}

/// Parses `html` as a whole page and reads it back, with the reader's scripts on or off; `closely`: with what style sheets
/// may mean.
pub(super) fn read(html: &str, scripts: bool, closely: bool) -> ReadBack {
    let mut reader = Reader { closely, ..Reader::default() };
    Tree::parse(html, scripts).walk(|step| match step {
        Step::Enter(kind) => reader.enter(kind),
        Step::Leave => reader.leave(),
    });
    reader.out
}

/// Elements that may stand around copy and labels. What is not listed (canvas, object, select, svg, a custom
/// element with a shadow tree …) may not show its children.
const AROUND: &[&str] = &[
    "html",
    "body",
    "main",
    "article",
    "section",
    "div",
    "header",
    "footer",
    "aside",
    "nav",
    "hgroup",
    "blockquote",
    "ul",
    "ol",
    "li",
    "dl",
    "table",
    "thead",
    "tbody",
    "tfoot",
    "tr",
    "td",
    "th",
    "figure",
    "details",
    "p",
    "span",
    "bdi",
    "address",
    "a",
    "h1",
    "h2",
    "h3",
    "h4",
    "search",
];

/// Elements that may carry `data-v`, `data-label`, `data-headline` or `data-lead`.
const CARRIERS: &[&str] = &[
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "p",
    "div",
    "span",
    "bdi",
    "li",
    "pre",
    "tr",
    "caption",
    "figcaption",
    "blockquote",
    "dt",
    "dd",
    "a",
    "aside",
    "address",
    "td",
];

/// Elements that may stand inside words. None of them adds, hides, strikes out or reorders any.
const INSIDE: &[&str] = &["a", "b", "strong", "i", "em", "sup", "sub", "code", "span", "bdi", "td", "th"];

/// Attributes that elements around words may have, beside `data-*` and `aria-*`.
const AROUND_ATTRS: &[&str] = &[
    "class",
    "id",
    "lang",
    "dir",
    "role",
    "itemscope",
    "itemtype",
    "itemprop",
    "itemid",
    "tabindex",
    "open",
    "title",
    "cite",
    "start",
    "reversed",
    "prefix",
    "typeof",
    "property",
    "translate",
    "xmlns",
    "style",
    "href",
    "rel",
    "spellcheck",
];

/// Attributes that the words' own elements may have.
const OWN_ATTRS: &[&str] = &[
    "class",
    "id",
    "lang",
    "dir",
    "href",
    "rel",
    "scope",
    "itemprop",
    "property",
    "translate",
    "hreflang",
    "data-v",
    "data-label",
    "data-headline",
    "data-lead",
    "role",
    "style",
    "value",
];

/// Roles whose descendants assistive technology still reads.
const ROLES: &[&str] = &[
    "article",
    "main",
    "region",
    "document",
    "note",
    "complementary",
    "group",
    "list",
    "listitem",
    "none",
    "presentation",
    "feed",
    "heading",
    "blockquote",
    "paragraph",
    "search",
    "rowgroup",
    "table",
    "row",
    "cell",
];

/// The only properties an inline style near words may set: each changes how words look, none whether or where.
const STYLES: &[&str] = &[
    "text-align",
    "font-family",
    "font-style",
    "font-weight",
    "hyphens",
    "break-before",
    "break-after",
    "break-inside",
    "page-break-inside",
];

/// What hides the contents of a template.
const TEMPLATE: &str = "inside a `template`";

/// What the reader collects text for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Block(usize),
    Label(usize),
    Headline(usize),
    Lead(usize),
    Title,
    Structured,
    Style,
}

#[derive(Default)]
struct Frame {
    /// What it is, where the page is read closely.
    element: Option<Shown>,
    /// Why nothing below this element counts as shown.
    cover: Option<String>,
    /// Whether this element began what is being collected.
    began: bool,
}

#[derive(Default)]
struct Reader {
    out: ReadBack,
    frames: Vec<Frame>,
    part: Option<Part>,
    closely: bool,
}

impl Reader {
    fn enter(&mut self, kind: &Kind) {
        let mut frame =
            Frame { cover: self.frames.last().and_then(|above| above.cover.clone()), ..Frame::default() };
        match kind {
            // The document itself, or below it the contents of a template, which no reader ever sees.
            Kind::Root => {
                if !self.frames.is_empty() {
                    frame.cover = Some(TEMPLATE.to_owned());
                }
            }
            Kind::Comment => {
                if self.words().is_some() {
                    self.find("a comment stands inside the words");
                }
            }
            Kind::Text(text) => self.text(text),
            Kind::Element { name, attrs, .. } => {
                frame.began = self.element(name, attrs, frame.cover.as_deref());
                if self.closely {
                    frame.element = Some(shown(name, attrs));
                    if matches!(self.part, Some(Part::Block(_) | Part::Label(_))) {
                        let around = self.frames.iter().filter_map(|frame| frame.element.clone());
                        self.out.shown.extend(around.chain(frame.element.clone()));
                    }
                }
                if frame.cover.is_none() {
                    frame.cover = cover(name, attrs);
                }
            }
        }
        self.frames.push(frame);
    }

    fn leave(&mut self) {
        if self.frames.pop().is_some_and(|frame| frame.began) {
            self.part = None;
        }
    }

    fn text(&mut self, text: &str) {
        let Some(part) = self.part else { return };
        let out = &mut self.out;
        let target = match part {
            Part::Block(i) => &mut out.blocks[i].1,
            Part::Label(i) => &mut out.labels[i].1,
            Part::Headline(i) => &mut out.headlines[i].1,
            Part::Lead(i) => &mut out.leads[i].1,
            Part::Title => out.title.get_or_insert_with(String::new),
            Part::Structured => match out.structured.last_mut() {
                Some(last) => last,
                None => return,
            },
            Part::Style => match out.styles.last_mut() {
                Some(last) => last,
                None => return,
            },
        };
        target.push_str(text);
    }

    /// Takes an element in; says whether it began a part.
    fn element(&mut self, name: &QualName, attrs: &[Attribute], cover: Option<&str>) -> bool {
        let local: &str = &name.local;
        let (value, carried) = match carried(attrs) {
            Carried::Nothing => return self.plain(name, local, attrs, cover),
            Carried::One(value, carried) => (value, carried),
            Carried::Several => {
                self.report(
                    "page",
                    format!("one `{local}` carries two of data-v, data-label, data-headline, data-lead"),
                );
                return false;
            }
        };
        if self.words().is_some() {
            self.find(format!("a second marked element (`{local}`) stands inside the words"));
            return false;
        }
        self.part = Some(self.begin(value, carried));
        if name.ns != ns!(html) || !CARRIERS.contains(&local) {
            self.find(format!("it is a `{local}`, which may not carry words"));
        }
        if let Some(cover) = cover {
            self.find(cover);
        }
        if let Some(hidden) = hidden_by_attributes(attrs) {
            self.find(hidden);
        }
        self.own_attributes(local, attrs);
        true
    }

    fn begin(&mut self, value: &str, carried: Part) -> Part {
        let out = &mut self.out;
        let row = (value.to_owned(), String::new());
        match carried {
            Part::Block(_) => {
                out.blocks.push(row);
                out.links.push(Vec::new());
                Part::Block(out.blocks.len() - 1)
            }
            Part::Label(_) => {
                out.labels.push(row);
                Part::Label(out.labels.len() - 1)
            }
            Part::Lead(_) => {
                out.leads.push(row);
                Part::Lead(out.leads.len() - 1)
            }
            Part::Headline(_) | Part::Title | Part::Structured | Part::Style => {
                out.headlines.push(row);
                Part::Headline(out.headlines.len() - 1)
            }
        }
    }

    /// An element that carries no words of its own.
    fn plain(&mut self, name: &QualName, local: &str, attrs: &[Attribute], cover: Option<&str>) -> bool {
        if let Some(part) = self.words() {
            if name.ns != ns!(html) || !INSIDE.contains(&local) {
                self.find(format!("`{local}` stands inside the words"));
            }
            if let Some(hidden) = hidden_by_attributes(attrs) {
                self.find(format!("part of the words is hidden: {hidden}"));
            }
            self.own_attributes(local, attrs);
            if let (Part::Block(i), "a", Some(href)) = (part, local, attribute(attrs, "href")) {
                self.out.links[i].push(href.to_owned());
            }
            return false;
        }
        match local {
            "template"
                if attribute(attrs, "shadowrootmode").is_some()
                    || attribute(attrs, "shadowroot").is_some() =>
            {
                self.report(
                    "page",
                    "a `template` makes a shadow tree, which hides what stands beside it".to_owned(),
                );
            }
            "title" if name.ns == ns!(html) && cover != Some(TEMPLATE) && self.out.title.is_none() => {
                self.part = Some(Part::Title);
                self.out.title = Some(String::new());
                return true;
            }
            "script" if attribute(attrs, "type").is_some_and(is_structured) => {
                self.part = Some(Part::Structured);
                self.out.structured.push(String::new());
                return true;
            }
            "meta" => self.meta(attrs),
            "style" if self.closely => {
                self.part = Some(Part::Style);
                self.out.styles.push(String::new());
                return true;
            }
            "link" if self.closely => {
                let rel = attribute(attrs, "rel").unwrap_or_default().to_ascii_lowercase();
                let sheet = rel.split_ascii_whitespace().any(|word| word == "stylesheet");
                self.out.sheets.extend(attribute(attrs, "href").filter(|_| sheet).map(str::to_owned));
            }
            _ => {}
        }
        false
    }

    fn meta(&mut self, attrs: &[Attribute]) {
        const REPEATING: &[&str] = &[
            "og:title",
            "twitter:title",
            "description",
            "og:description",
            "twitter:description",
            "dc.title",
            "dc.description",
        ];
        let Some(name) = attribute(attrs, "name").or_else(|| attribute(attrs, "property")) else { return };
        let name = name.to_ascii_lowercase();
        if REPEATING.contains(&name.as_str()) {
            self.out.metas.push((name, attribute(attrs, "content").unwrap_or_default().to_owned()));
        }
    }

    fn own_attributes(&mut self, local: &str, attrs: &[Attribute]) {
        for attr in attrs {
            let name: &str = &attr.name.local;
            if !OWN_ATTRS.contains(&name) {
                self.find(format!("`{local}` has the attribute `{name}`, which words may not have"));
            }
            if name == "href" && !is_safe_address(&attr.value) {
                self.find("a link leads to an address that is not http, https or mailto");
            }
        }
    }

    /// What is being collected, if it is words that readers see.
    fn words(&self) -> Option<Part> {
        self.part.filter(|part| !matches!(part, Part::Title | Part::Structured | Part::Style))
    }

    /// Reports about the part being collected.
    fn find(&mut self, found: impl Into<String>) {
        let part = match self.part {
            Some(Part::Block(i)) => format!("block {} ({})", i + 1, self.out.blocks[i].0),
            Some(Part::Label(_)) => "label".to_owned(),
            Some(Part::Headline(i)) => format!("headline {}", i + 1),
            Some(Part::Lead(i)) => format!("lead {}", i + 1),
            Some(Part::Title | Part::Structured | Part::Style) | None => "page".to_owned(),
        };
        self.report(&part, found.into());
    }

    fn report(&mut self, part: &str, found: String) {
        /// A page that is wrong a hundred times is not more wrong than that.
        const ENOUGH: usize = 100;
        if self.out.findings.len() < ENOUGH {
            self.out.findings.push(Finding { part: part.to_owned(), found });
        }
    }
}

/// What a style sheet may know an element by.
fn shown(name: &QualName, attrs: &[Attribute]) -> Shown {
    Shown {
        name: name.local.to_string(),
        id: attribute(attrs, "id").unwrap_or_default().to_owned(),
        classes: attribute(attrs, "class")
            .unwrap_or_default()
            .split_whitespace()
            .map(str::to_owned)
            .collect(),
        attributes: attrs.iter().map(|attr| (attr.name.local.to_string(), attr.value.to_string())).collect(),
    }
}

enum Carried<'a> {
    Nothing,
    One(&'a str, Part),
    Several,
}

/// Which words an element says it carries.
fn carried(attrs: &[Attribute]) -> Carried<'_> {
    let mut out = Carried::Nothing;
    for attr in attrs {
        let part = match &*attr.name.local {
            "data-v" => Part::Block(0),
            "data-label" => Part::Label(0),
            "data-headline" => Part::Headline(0),
            "data-lead" => Part::Lead(0),
            _ => continue,
        };
        out = match out {
            Carried::Nothing => Carried::One(&attr.value, part),
            _ => return Carried::Several,
        };
    }
    out
}

/// Why what stands inside this element is not, or may not be, shown.
fn cover(name: &QualName, attrs: &[Attribute]) -> Option<String> {
    let local: &str = &name.local;
    if name.ns != ns!(html) || !AROUND.contains(&local) {
        return Some(format!("inside `{local}`"));
    }
    if local == "details" && attribute(attrs, "open").is_none() {
        return Some("inside a closed `details`".to_owned());
    }
    if let Some(hidden) = hidden_by_attributes(attrs) {
        return Some(format!("inside `{local}` that is hidden: {hidden}"));
    }
    let odd = attrs.iter().map(|attr| &*attr.name.local).find(|name| {
        !(AROUND_ATTRS.contains(name) || name.starts_with("data-") || name.starts_with("aria-"))
    })?;
    Some(format!("inside `{local}` with the attribute `{odd}`"))
}

/// Why an element with these attributes is not shown, or not read out.
fn hidden_by_attributes(attrs: &[Attribute]) -> Option<String> {
    for attr in attrs {
        let value: &str = &attr.value;
        match &*attr.name.local {
            name @ ("hidden" | "inert" | "popover") => return Some(format!("`{name}`")),
            // not copy: an attribute of the page
            "aria-hidden" if !value.trim().eq_ignore_ascii_case("false") => {
                return Some("`aria-hidden`".to_owned());
            }
            "role" if !value.split_ascii_whitespace().all(is_open_role) => {
                return Some(format!("`role={value}`"));
            }
            "style" => {
                if let Some(property) = odd_style(value) {
                    return Some(format!("the inline style sets `{property}`"));
                }
            }
            _ => {}
        }
    }
    None
}

fn is_open_role(role: &str) -> bool {
    ROLES.iter().any(|known| role.eq_ignore_ascii_case(known))
        || role.to_ascii_lowercase().starts_with("doc-")
}

/// The first property of an inline style that might hide, move or disguise words.
fn odd_style(style: &str) -> Option<String> {
    // not copy: a style attribute
    style.split(';').filter(|declaration| !declaration.trim().is_empty()).find_map(|declaration| {
        // not copy: a style attribute
        let property = declaration.split(':').next().unwrap_or_default().trim();
        let known = STYLES.iter().any(|known| property.eq_ignore_ascii_case(known));
        // A comment or an escape may make a browser read something else than we do.
        let plain = !declaration.contains(['/', '\\', '(', '{', '"', '\'']);
        (!(known && plain)).then(|| property.chars().take(40).collect())
    })
}

fn attribute<'a>(attrs: &'a [Attribute], name: &str) -> Option<&'a str> {
    attrs.iter().find(|attr| &*attr.name.local == name).map(|attr| &*attr.value)
}

fn is_structured(media_type: &str) -> bool {
    let essence = media_type.split(';').next().unwrap_or_default();
    // not copy: a media type
    essence.trim().eq_ignore_ascii_case("application/ld+json")
}

/// Whether an address may stand in a link: relative, or http, https or mailto.
fn is_safe_address(address: &str) -> bool {
    // Browsers drop tabs and line breaks anywhere in an address, and spaces and controls before it.
    let plain: String = address
        .trim_start_matches(|c: char| c <= ' ')
        .chars()
        .filter(|c| !matches!(c, '\t' | '\n' | '\r'))
        .take_while(|c| !matches!(c, '/' | '?' | '#'))
        .collect();
    match plain.split_once(':') {
        None => true,
        Some((scheme, _)) => {
            ["http", "https", "mailto"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
        }
    }
}

/// The `textContent` of every block element of a feed's body, in order.
///
/// # Errors
/// A phrase, if words stand outside such elements, one stands in another, or anything foreign is there.
pub(crate) fn body_blocks(html: &str) -> Result<Vec<String>, String> {
    const BLOCKS: &[&str] =
        &["h1", "h2", "h3", "h4", "h5", "h6", "p", "li", "pre", "tr", "figcaption", "caption"];
    const WRAPPERS: &[&str] = &[
        "html",
        "head",
        "body",
        "ul",
        "ol",
        "table",
        "tbody",
        "blockquote",
        "figure",
        "colgroup",
        "thead",
        "br",
    ];
    let mut out: Vec<String> = Vec::new();
    let mut fault = None;
    let mut open: Vec<bool> = Vec::new();
    Tree::parse(html, true).walk(|step| {
        let Step::Enter(kind) = step else {
            open.pop();
            return;
        };
        let inside = open.last().copied().unwrap_or(false);
        let mut begins = false;
        match kind {
            Kind::Root if open.is_empty() => {}
            Kind::Text(text) if inside => out.last_mut().into_iter().for_each(|block| block.push_str(text)),
            Kind::Text(text) if text.trim_matches([' ', '\n', '\t']).is_empty() => {}
            Kind::Text(_) => fault = Some("words outside of any block".to_owned()),
            Kind::Element { name, .. } => {
                let local: &str = &name.local;
                begins = BLOCKS.contains(&local) && name.ns == ns!(html);
                let known = if inside {
                    local == "br" || INSIDE.contains(&local)
                } else {
                    begins || WRAPPERS.contains(&local)
                };
                if !known || name.ns != ns!(html) {
                    fault = Some(format!("`{local}` where it may not stand"));
                }
                if begins {
                    out.push(String::new());
                }
            }
            Kind::Root | Kind::Comment => fault = Some("a comment or template".to_owned()),
        }
        open.push(inside || begins);
    });
    fault.map_or(Ok(out), Err)
}
