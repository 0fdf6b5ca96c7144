//! From a mail to versions.

use std::borrow::Cow;

use news::{BlockKind, Field, Gravity, ItemClass, Origins, Reference, Relation, Rendition, Taken, Version};

use super::lines;
use super::shape::{Header, Leaf, Part, Reader, Typed};
use super::{transfer, words};
use crate::html::{self, Words};
use crate::story::{self, Head};
use crate::{Format, Hints, Reading, decode, feed, sniff, terms};

/// Mails inside mails are read so deep.
const NESTING: usize = 4;
/// A header line by which a mail is known stands within so many bytes.
const LOOK: usize = 64 << 10;

/// Whether the bytes begin as a mail does: with header fields, and among the first of them such as only mail has.
pub(crate) fn begins(bytes: &[u8]) -> bool {
    let bytes = &bytes[blank(bytes)..];
    let look = &bytes[..bytes.len().min(LOOK)];
    let (header, _) = Header::read(look);
    let named = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
    let fields = header.fields.iter().take_while(|field| field.name.bytes().all(named));
    let known = |name: &str, among: &[&str]| among.iter().any(|known| known.eq_ignore_ascii_case(name));
    let (mut sure, mut likely) = (0, 0);
    for field in fields {
        sure += usize::from(known(
            field.name,
            &["from", "message-id", "mime-version", "received", "return-path"],
        ));
        likely += usize::from(known(field.name, &["subject", "date", "to", "content-type", "delivered-to"]));
    }
    let first = header.fields.first().map(|field| field.name);
    let opens = first.is_some_and(|name| look.starts_with(b"From ") || look.starts_with(name.as_bytes()));
    opens && (sure > 1 || sure > 0 && likely > 0)
}

/// Lines of white space before the header.
fn blank(bytes: &[u8]) -> usize {
    let first = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(bytes.len());
    memchr::memrchr(b'\n', &bytes[..first]).map_or(0, |end| end + 1)
}

/// Reads a mail. `nesting` is how many mails are around it.
pub(crate) fn read(mail: &[u8], hints: &Hints, nesting: usize) -> Reading {
    let start = blank(mail);
    let (header, body) = Header::read(&mail[start..]);
    if header.fields.is_empty() {
        return crate::lost(Some(Format::Mail), "no-header", "the mail has no header".to_owned());
    }
    let mut version = Version::new("");
    version.span = 0..mail.len();
    version.language.clone_from(&hints.language);
    let subject = tell_header(&header, &mut version, hints);
    note(&header, &mut version, mail);
    hints.limits.item_begins();
    let mut reader = Reader::new(mail, &hints.limits);
    let root = reader.part(header, start + body..mail.len(), "", 0);
    version.complaints.append(&mut reader.complaints);
    let mut choice = Choice::default();
    choice.take(&root);
    if matches!(&root, Part::Parts { kind, .. } if kind == "report") {
        version.class = ItemClass::Other("delivery-report".to_owned());
    }
    let mut reading = Reading { format: Some(Format::Mail), ..Reading::default() };
    let doubts: Vec<_> = version.complaints.iter().filter(|c| c.gravity >= Gravity::Hold).cloned().collect();
    let mut cover = false;
    for leaf in &choice.attached {
        cover |= attached(leaf, &mut version, &mut reading, hints, nesting);
    }
    for item in &mut reading.items {
        item.complaints.extend(doubts.iter().cloned());
        terms::keep(item, "mail/message-id", &version.uri);
    }
    tell_body(&mut version, &choice, subject, cover);
    for (n, bytes) in reader.around.iter().enumerate() {
        let (text, _) = decode::labelled(bytes, None).told("", None);
        terms::note(&mut version, "around-parts", &text, format!("around[{n}]"));
    }
    reading.items.insert(0, version);
    for (n, item) in reading.items.iter_mut().enumerate() {
        story::number(&mut item.complaints, n);
    }
    reading
}

/// Fields that have a place in the model, or say only how the mail is written.
const TOLD: [&str; 8] = [
    "subject",
    "message-id",
    "date",
    "keywords",
    "content-language",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
];

/// Fields that stand once by rights (RFC 5322 §3.6); a second one is a way to show different readers different mails.
const ONCE: [&str; 7] =
    ["Subject", "From", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"];

/// Takes from the header all but the subject, which is given back.
fn tell_header(header: &Header<'_>, version: &mut Version, hints: &Hints) -> String {
    let mut complaints = Vec::new();
    let mut text = |name: &str| {
        let value = header.get(name).unwrap_or_default();
        words::decode(value, &format!("header/{}", name.to_ascii_lowercase()), &mut complaints)
    };
    let (subject, date, id) = (text("Subject"), text("Date"), text("Message-ID"));
    let (language, keywords) = (text("Content-Language"), text("Keywords"));
    let (expires, from) = (text("Expires"), text("From"));
    let (replaced, related) = (text("Supersedes"), text("In-Reply-To") + " " + &text("References"));
    let automatic = Typed::read(header.get("Auto-Submitted").unwrap_or_default()).word == "auto-replied";
    version.complaints.append(&mut complaints);
    for name in ONCE {
        let first = header.get(name);
        if header.all(name).any(|value| Some(value) != first) {
            let message = "the field stands twice with different values; nobody can tell which one counts";
            let path = format!("header/{}", name.to_ascii_lowercase());
            terms::complain(version, Gravity::Hold, "header-twice", message, &path);
        }
    }
    identify(version, &id, &[&from, &date, &subject]);
    if !date.is_empty() {
        version.version_created = terms::stamp(version, &date, "header/date", hints);
    }
    if !expires.trim().is_empty() {
        terms::apply_expiry(version, expires.trim(), "header/expires", hints);
    }
    if let Some(tag) = language.split(',').map(str::trim).find(|tag| !tag.is_empty()) {
        version.language = Some(tag.to_owned());
    }
    version.keywords = keywords.split(',').map(terms::collapse).filter(|word| !word.is_empty()).collect();
    // Names are read before encoded words are decoded, so that a comma in a name parts no names.
    version.creators = names(header.get("From").unwrap_or_default());
    for (value, relation) in [(replaced, Relation::Replaces), (related, Relation::SeeAlso)] {
        refer(version, &value, relation);
    }
    if automatic {
        version.class = ItemClass::Other("auto-reply".to_owned());
    }
    for field in &header.fields {
        if !TOLD.iter().any(|told| told.eq_ignore_ascii_case(field.name)) {
            let path = format!("header/{}", field.name.to_ascii_lowercase());
            let value = words::decode(field.value, &path, &mut Vec::new());
            terms::keep(version, &path, &value);
        }
    }
    subject
}

/// Where the fields stood from which something was taken.
fn note(header: &Header<'_>, version: &mut Version, mail: &[u8]) {
    for field in &header.fields {
        let became = match field.name.to_ascii_lowercase().as_str() {
            "subject" => Field::Block(BlockKind::Headline, 0),
            "message-id" => Field::Uri,
            "date" if version.version_created.is_some() => Field::VersionCreated,
            "expires" => Field::Expires,
            "content-language" if version.language.is_some() => Field::Language,
            "keywords" if !version.keywords.is_empty() => Field::Keyword(0),
            "from" if !version.creators.is_empty() => Field::Creator(0),
            "supersedes" | "in-reply-to" | "references" if !version.references.is_empty() => {
                Field::Reference(0)
            }
            _ => continue,
        };
        // The value is a slice of the mail.
        let at = (field.value.as_ptr() as usize).wrapping_sub(mail.as_ptr() as usize);
        let value = field.value.trim_ascii();
        let start = at + (field.value.len() - field.value.trim_ascii_start().len());
        if start.checked_add(value.len()).is_some_and(|end| end <= mail.len()) {
            version.origins.bytes(became, Taken::ByMeaning, start..start + value.len());
        }
    }
}

/// The mail's own identifier, or one that is stable for redeliveries.
fn identify(version: &mut Version, id: &str, parts: &[&str]) {
    let id = bare_id(id);
    if id.is_empty() || id.chars().any(|c| c.is_control() || c == '\u{fffd}') {
        version.uri = feed::key("mail", parts);
        let message = "the mail has no Message-ID; it is known by a hash of its sender, date and subject";
        terms::complain(version, Gravity::Remark, "no-identifier", message, "header/message-id");
    } else {
        version.uri = id.to_owned();
    }
}

fn bare_id(id: &str) -> &str {
    let id = id.trim();
    id.strip_prefix('<').and_then(|id| id.strip_suffix('>')).map_or(id, str::trim)
}

/// So many other mails are named.
const MOST_REFERENCES: usize = 100;

fn refer(version: &mut Version, value: &str, relation: Relation) {
    let raw = match relation {
        Relation::Replaces => "Supersedes",
        _ => "References",
    };
    for id in value.split_ascii_whitespace().map(bare_id).filter(|id| !id.is_empty()).take(MOST_REFERENCES) {
        if !version.references.iter().any(|known| known.uri == id) {
            let (uri, raw) = (id.to_owned(), raw.to_owned());
            version.references.push(Reference { relation, uri, version: None, when: None, raw });
        }
    }
}

/// The display names of an address list (RFC 5322 §3.4). Addresses without a name give none: they are for machines.
fn names(value: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let (mut name, mut quoted, mut angle, mut ended) = (Vec::new(), false, false, false);
    let mut bytes = value.iter().copied();
    while let Some(b) = bytes.next() {
        match b {
            b'\\' if quoted => name.extend(bytes.next()),
            b'"' => quoted = !quoted,
            b'<' if !quoted => {
                angle = true;
                if !ended {
                    found.push(std::mem::take(&mut name));
                }
                ended = true;
            }
            b'>' if !quoted => angle = false,
            b',' if !quoted && !angle => {
                name.clear();
                ended = false;
            }
            _ if !angle => name.push(b),
            _ => {}
        }
    }
    let names = found.iter().map(|name| terms::collapse(&words::decode(name, "", &mut Vec::new())));
    names.filter(|name| !name.is_empty()).take(MOST_REFERENCES).collect()
}

/// Which parts are the body.
#[derive(Default)]
struct Choice<'p, 'a> {
    bodies: Vec<&'p Leaf<'a>>,
    /// Alternatives of the body that were not taken.
    aside: Vec<&'p Leaf<'a>>,
    attached: Vec<&'p Leaf<'a>>,
}

impl<'p, 'a> Choice<'p, 'a> {
    fn take(&mut self, part: &'p Part<'a>) {
        match part {
            Part::Leaf(leaf) if leaf.is_body() && !is_wire(leaf) => self.bodies.push(leaf),
            Part::Leaf(leaf) => self.attached.push(leaf),
            Part::Parts { kind, parts } if kind == "alternative" => self.choose(parts),
            Part::Parts { kind, parts } => {
                for (n, part) in parts.iter().enumerate() {
                    // Of related parts the first is the root, the others are what it shows (RFC 2387).
                    let bodies = self.bodies.len();
                    self.take(part);
                    if kind == "related" && n > 0 {
                        self.attached.extend(self.bodies.drain(bodies..));
                    }
                }
            }
        }
    }

    /// Of alternatives the first that is all plain text and not empty, else the last and richest (RFC 2046 §5.1.4).
    fn choose(&mut self, parts: &'p [Part<'a>]) {
        let mut choices: Vec<Choice<'p, 'a>> = Vec::new();
        for part in parts {
            let mut choice = Choice::default();
            choice.take(part);
            self.attached.append(&mut choice.attached);
            self.aside.append(&mut choice.aside);
            choices.push(choice);
        }
        let worded = |choice: &Choice<'p, 'a>| choice.bodies.iter().any(|leaf| letters(leaf) > 0);
        let plain =
            |choice: &Choice<'p, 'a>| choice.bodies.iter().all(|leaf| leaf.content_type.word == "text/plain");
        let taken = choices
            .iter()
            .position(|choice| worded(choice) && plain(choice))
            .or_else(|| choices.iter().rposition(worded));
        for (n, choice) in choices.into_iter().enumerate() {
            let place = if Some(n) == taken { &mut self.bodies } else { &mut self.aside };
            place.extend(choice.bodies);
        }
    }
}

/// Whether a part that looks like words for readers is a wire.
fn is_wire(leaf: &Leaf<'_>) -> bool {
    let Some((bytes, _)) = transfer::undo(leaf.bytes, &leaf.encoding()) else { return false };
    sniff::sniff(&decode::decode(&bytes).text).is_some_and(|format| format != Format::Mail)
}

/// How many letters and digits a body has for readers.
fn letters(leaf: &Leaf<'_>) -> usize {
    *leaf.letters.get_or_init(|| words_letters(&words_of(leaf, &mut Version::new(""))))
}

fn words_letters(words: &Words) -> usize {
    words.blocks.iter().map(|block| block.text.chars().filter(|c| c.is_alphanumeric()).count()).sum()
}

/// The text of a part, by its transfer encoding and character set.
fn text_of(leaf: &Leaf<'_>, version: &mut Version) -> String {
    let Some(bytes) = bytes_of(leaf, version) else { return String::new() };
    let label = leaf.content_type.parameter("charset").or_else(|| charset_of_html(leaf, &bytes));
    let base = matches!(bytes, Cow::Borrowed(_)).then_some(leaf.span.start);
    let (text, complaints) = decode::labelled(&bytes, label.as_deref()).told(&leaf.path, base);
    version.complaints.extend(complaints);
    text.into_owned()
}

/// The character set that HTML names inside itself, where the mail names none and it is not UTF-8.
fn charset_of_html(leaf: &Leaf<'_>, bytes: &[u8]) -> Option<String> {
    if leaf.content_type.word != "text/html" || std::str::from_utf8(bytes).is_ok() {
        return None;
    }
    let look = String::from_utf8_lossy(&bytes[..bytes.len().min(1024)]).to_ascii_lowercase();
    let (_, after) = look.split_once("charset=")?;
    let label = after.trim_start_matches(['"', '\'', ' ']);
    let end = label.find(|c: char| !(c.is_ascii_alphanumeric() || "-_:.".contains(c))).unwrap_or(label.len());
    Some(label[..end].to_owned())
}

/// The bytes of a part without its transfer encoding.
fn bytes_of<'a>(leaf: &Leaf<'a>, version: &mut Version) -> Option<Cow<'a, [u8]>> {
    let encoding = leaf.encoding();
    let Some((bytes, damaged)) = transfer::undo(leaf.bytes, &encoding) else {
        let shown: String = encoding.chars().take(40).collect();
        let message = format!("the transfer encoding `{shown}` is not known, so the part is not read");
        terms::complain(version, Gravity::Hold, "unknown-transfer-encoding", message, &leaf.path);
        return None;
    };
    if damaged {
        let message = format!("the {encoding} is damaged: words may be missing or wrong");
        terms::complain(version, Gravity::Hold, "transfer-damaged", message, &leaf.path);
    }
    Some(bytes)
}

/// The words of a body.
fn words_of(leaf: &Leaf<'_>, version: &mut Version) -> Words {
    let text = text_of(leaf, version);
    if leaf.content_type.word == "text/html" {
        let words = html::read_fragment(&text, &leaf.path, leaf.limits);
        let mut lines = words.blocks.iter().flat_map(|block| block.text.split('\n'));
        if lines.any(|line| matches!(line.trim_end(), "--")) {
            doubt_signature(version, &leaf.path);
        }
        return words;
    }
    let is = |name: &str, value: &str| {
        leaf.content_type.parameter(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
    };
    let text = if is("format", "flowed") { lines::unflow(&text, is("delsp", "yes")) } else { text };
    plain_words(&text, &leaf.path, version)
}

/// The words of a plain text; what is no copy becomes a note, what is in doubt holds.
pub(crate) fn plain_words(text: &str, path: &str, version: &mut Version) -> Words {
    if lines::is_machine_text(text) {
        let message = "the text is written for machines, not for readers";
        terms::complain(version, Gravity::Hold, "machine-text", message, path);
    }
    let signed = lines::signed(text);
    if let Some(signature) = signed.signature {
        terms::note(version, "signature", signature, path);
    }
    if signed.doubtful {
        doubt_signature(version, path);
    }
    html::read_text(signed.text, path)
}

fn doubt_signature(version: &mut Version, path: &str) {
    let message = "two hyphens stand alone in a line; what follows may be a signature";
    terms::complain(version, Gravity::Hold, "signature-doubtful", message, path);
}

/// Headline and body, or the note that is left of a cover.
fn tell_body(version: &mut Version, choice: &Choice<'_, '_>, subject: String, cover: bool) {
    let mut words = Words::default();
    for leaf in &choice.bodies {
        version.origins.bytes(Field::Body, Taken::ByMeaning, leaf.span.clone());
        let more = words_of(leaf, version);
        words.blocks.extend(more.blocks);
        words.notes.extend(more.notes);
        words.renditions.extend(more.renditions);
        words.complaints.extend(more.complaints);
    }
    if cover {
        version.class = ItemClass::Other("cover".to_owned());
        for block in words.blocks.drain(..) {
            terms::note(version, "cover", &block.text, "body");
        }
    } else {
        doubt_body(version, choice, &words);
    }
    let head =
        Head { lines: story::line(BlockKind::Headline, &subject).into_iter().collect(), ..Head::default() };
    story::tell(version, head, words, "body");
}

fn doubt_body(version: &mut Version, choice: &Choice<'_, '_>, words: &Words) {
    if choice.bodies.len() > 1 {
        let message = "the mail has several bodies; a person must say which of them are the story";
        terms::complain(version, Gravity::Hold, "several-bodies", message, "body");
    } else if words_letters(words) * 2 < choice.aside.iter().map(|other| letters(other)).max().unwrap_or(0) {
        let message = "an alternative of the body has more than twice as many letters; the text may be cut";
        terms::complain(version, Gravity::Hold, "alternatives-differ", message, "body");
    }
    if words.blocks.is_empty() && version.class == ItemClass::Text {
        let message = "the mail has no words beside its subject";
        terms::complain(version, Gravity::Hold, "no-words", message, "body");
    }
}

/// Reads a part that is no body: as items of its own if it is a wire, else as a file. Whether it is a wire.
fn attached(
    leaf: &Leaf<'_>,
    version: &mut Version,
    reading: &mut Reading,
    hints: &Hints,
    nesting: usize,
) -> bool {
    let kind = leaf.content_type.word.as_str();
    let name = leaf.name();
    let media = ["image/", "audio/", "video/", "font/"].iter().any(|family| kind.starts_with(family));
    let from = version.complaints.len();
    let bytes = if media { None } else { bytes_of(leaf, version) };
    let mail = matches!(kind, "message/rfc822" | "message/global")
        || name.as_ref().is_some_and(|name| name.to_ascii_lowercase().ends_with(".eml"));
    let format = bytes
        .as_ref()
        .and_then(|bytes| if mail { Some(Format::Mail) } else { sniff::sniff(&decode::decode(bytes).text) });
    let (Some(bytes), Some(format)) = (bytes, format) else {
        file(leaf, name, version);
        return false;
    };
    if nesting >= NESTING {
        let message = format!("wires are nested in mails deeper than {NESTING}; the innermost are not read");
        terms::complain(version, Gravity::Hold, "mail-too-deep", message, &leaf.path);
        return true;
    }
    let mut inner = hints.clone();
    inner.format = Some(format);
    inner.limits.items = hints.limits.items.saturating_sub(reading.items.len() + 1);
    let mut inside = crate::read_nested(&bytes, &inner, nesting + 1);
    let doubts = version.complaints[from..].to_vec();
    // Item 0 is the mail itself.
    let base = reading.items.len() + 1;
    let place = |complaint: &mut news::Complaint| {
        complaint.place.item = complaint.place.item.map(|item| base + item);
        complaint.place.offset = None;
        complaint.place.path = match complaint.place.path.as_str() {
            "" => leaf.path.clone(),
            path => format!("{}/{path}", leaf.path),
        };
    };
    inside.complaints.iter_mut().for_each(place);
    for item in &mut inside.items {
        item.span = leaf.span.clone();
        // They count the bytes of the part as its transfer encoding left it, by the rules of another format.
        item.origins = Origins::default();
        item.complaints.iter_mut().for_each(place);
        item.complaints.extend(doubts.iter().cloned());
    }
    reading.items.append(&mut inside.items);
    reading.complaints.append(&mut inside.complaints);
    true
}

/// A file that is not read: a picture, a text in a format for offices.
fn file(leaf: &Leaf<'_>, name: Option<String>, version: &mut Version) {
    let kind = leaf.content_type.word.clone();
    if ["/xml", "/json", "+xml", "+json", "/zip"].iter().any(|end| kind.ends_with(end)) {
        let message = format!("a part of type {kind} is no wire that can be read");
        terms::complain(version, Gravity::Remark, "attachment-not-read", message, &leaf.path);
    }
    let id = leaf.header.get("Content-ID").map(|id| words::decode(id, &leaf.path, &mut Vec::new()));
    let href = match id {
        // RFC 2392: the part within its mail.
        Some(id) if !bare_id(&id).is_empty() => format!("cid:{}", bare_id(&id)),
        _ => name.unwrap_or_else(|| leaf.path.clone()),
    };
    version.renditions.push(Rendition { href, media_type: Some(kind), role: Some("attachment".to_owned()) });
}
