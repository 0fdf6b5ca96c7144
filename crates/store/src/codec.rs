//! How the nouns look in the journal and in the vault.
//!
//! The nouns themselves have no serde on purpose: what is written here for years must not change because somebody
//! renamed a field. Instants are RFC 3339 with all their digits, digests are hexadecimal, identifiers base 32.

use std::collections::HashSet;
use std::fmt::Display;
use std::marker::PhantomData;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use news::{
    Act, AgencyCopy, AgencyId, BlockKind, Change, Complaint, Dateline, Digest, Embargo, FeedId, Gravity,
    ItemClass, ItemKey, ItemStanding, ListPlace, Mark, MarkKind, Note, Origins, Place, Placement, Point,
    PubStatus, Reason, Reference, Relation, Rendition, ReviewState, Rights, Ruling, Severity, Signal, SiteId,
    Stamp, Subject, Tie, TieKind, TieTo, Unmapped, Until, Version, VersionOrder, VersionStamp,
    VersionStanding,
};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fact::Words;

/// How a noun is written.
pub(crate) trait Shape: Serialize + DeserializeOwned {
    /// The noun.
    type Noun;
    /// The noun, written.
    fn of(noun: &Self::Noun) -> Self;
    /// The noun, read; or what is wrong with what was written.
    fn noun(self) -> Result<Self::Noun, String>;
}

/// `#[serde(with = "One::<SomeShape>")]`
pub(crate) struct One<S>(PhantomData<S>);
/// The same for an `Option`.
pub(crate) struct Opt<S>(PhantomData<S>);
/// The same for a `Vec`.
pub(crate) struct Many<S>(PhantomData<S>);

impl<S: Shape> One<S> {
    pub(crate) fn serialize<Z: Serializer>(noun: &S::Noun, to: Z) -> Result<Z::Ok, Z::Error> {
        S::of(noun).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<S::Noun, D::Error> {
        S::deserialize(from)?.noun().map_err(D::Error::custom)
    }
}

impl<S: Shape> Opt<S> {
    pub(crate) fn serialize<Z: Serializer>(noun: &Option<S::Noun>, to: Z) -> Result<Z::Ok, Z::Error> {
        noun.as_ref().map(S::of).serialize(to)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<S::Noun>, D::Error> {
        Option::<S>::deserialize(from)?.map(S::noun).transpose().map_err(D::Error::custom)
    }
}

impl<S: Shape> Many<S> {
    pub(crate) fn serialize<Z: Serializer>(nouns: &[S::Noun], to: Z) -> Result<Z::Ok, Z::Error> {
        to.collect_seq(nouns.iter().map(S::of))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<S::Noun>, D::Error> {
        Vec::<S>::deserialize(from)?
            .into_iter()
            .map(S::noun)
            .collect::<Result<_, _>>()
            .map_err(D::Error::custom)
    }
}

fn shapes<S: Shape>(nouns: &[S::Noun]) -> Vec<S> {
    nouns.iter().map(S::of).collect()
}

fn nouns<S: Shape>(shapes: Vec<S>) -> Result<Vec<S::Noun>, String> {
    shapes.into_iter().map(S::noun).collect()
}

/// Anything that writes itself as text and reads itself back: instants, digests, base-32 identifiers.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct TextShape<T>(String, #[serde(skip)] PhantomData<T>);

impl<T: Display + FromStr> Shape for TextShape<T> {
    type Noun = T;

    fn of(noun: &T) -> Self {
        Self(noun.to_string(), PhantomData)
    }

    fn noun(self) -> Result<T, String> {
        self.0.parse().map_err(|_| format!("`{}` cannot be read back", self.0))
    }
}

/// A name from the configuration.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct NameShape<T>(String, #[serde(skip)] PhantomData<T>);

macro_rules! name_shape {
    ($($name:ident),*) => { $(
        impl Shape for NameShape<$name> {
            type Noun = $name;

            fn of(noun: &$name) -> Self {
                Self(noun.as_str().to_owned(), PhantomData)
            }

            fn noun(self) -> Result<$name, String> {
                Ok($name::new(self.0))
            }
        }
    )* };
}
name_shape!(FeedId, SiteId);

/// A noun that is one word.
macro_rules! word_shape {
    ($(#[$doc:meta])* $shape:ident, $noun:ty, $write:expr, $read:expr) => {
        $(#[$doc])*
        #[derive(Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $shape(String);

        impl Shape for $shape {
            type Noun = $noun;

            fn of(noun: &$noun) -> Self {
                let write: fn(&$noun) -> String = $write;
                Self(write(noun))
            }

            fn noun(self) -> Result<$noun, String> {
                let read: fn(&str) -> Option<$noun> = $read;
                read(&self.0).ok_or_else(|| format!(concat!("`{}` is no ", stringify!($noun)), self.0))
            }
        }
    };
}

/// The word for a gravity.
pub(crate) fn gravity_word(gravity: Gravity) -> &'static str {
    match gravity {
        Gravity::Remark => "remark",
        Gravity::Hold => "hold",
        Gravity::Lost => "lost",
    }
}

/// The gravity behind the word.
pub(crate) fn gravity_of(word: &str) -> Option<Gravity> {
    [Gravity::Remark, Gravity::Hold, Gravity::Lost].into_iter().find(|g| gravity_word(*g) == word)
}

/// Where a version stands: its word, and for a waiting one the instant behind a space.
pub(crate) fn standing_text(standing: VersionStanding) -> String {
    match standing {
        VersionStanding::Waiting(until) => format!("waiting {until}"),
        other => other.as_str().to_owned(),
    }
}

/// The standing behind the text.
pub(crate) fn standing_of(text: &str) -> Option<VersionStanding> {
    use VersionStanding as V;
    if let Some(until) = text.strip_prefix("waiting ") {
        return until.parse().ok().map(V::Waiting);
    }
    [V::Live, V::Superseded, V::Held, V::Spiked, V::Ignored, V::Recalled, V::Killed, V::Expired]
        .into_iter()
        .find(|standing| standing.as_str() == text)
}

/// Where an item stands, from its word and, for a live one, the ordinal of its version.
pub(crate) fn item_standing_of(word: &str, n: Option<u32>) -> Option<ItemStanding> {
    use ItemStanding as I;
    let n = n.unwrap_or_default();
    [I::Unpublished, I::Live(n), I::Withheld, I::Killed, I::Expired].into_iter().find(|s| s.as_str() == word)
}

const RELATIONS: [(Relation, &str); 10] = [
    (Relation::Kills, "kills"),
    (Relation::Withholds, "withholds"),
    (Relation::Replaces, "replaces"),
    (Relation::Corrects, "corrects"),
    (Relation::Previous, "previous"),
    (Relation::Member, "member"),
    (Relation::SeeAlso, "see-also"),
    (Relation::Translation, "translation"),
    (Relation::Series, "series"),
    (Relation::Event, "event"),
];

const SEVERITIES: [(Severity, &str); 5] = [
    (Severity::Informs, "informs"),
    (Severity::NotForPublication, "not-for-publication"),
    (Severity::Holds, "holds"),
    (Severity::Withholds, "withholds"),
    (Severity::Kills, "kills"),
];

fn word_in<T: PartialEq>(table: &[(T, &'static str)], noun: &T) -> String {
    table.iter().find(|(known, _)| known == noun).map_or_else(String::new, |(_, word)| (*word).to_owned())
}

fn noun_in<T: Copy>(table: &[(T, &'static str)], word: &str) -> Option<T> {
    table.iter().find(|(_, known)| *known == word).map(|(noun, _)| *noun)
}

word_shape!(
    /// How grave.
    GravityShape, Gravity, |g| gravity_word(*g).to_owned(), gravity_of
);
word_shape!(
    /// A review state.
    ReviewShape, ReviewState, |s| s.as_str().to_owned(), ReviewState::from_word
);
word_shape!(
    /// An act.
    ActShape, Act, |a| a.as_str().to_owned(), Act::from_word
);
word_shape!(
    /// Where a version stands.
    StandingShape, VersionStanding, |s| standing_text(*s), standing_of
);
word_shape!(
    /// How an item relates to another.
    RelationShape, Relation, |r| word_in(&RELATIONS, r), |w| noun_in(&RELATIONS, w)
);
word_shape!(
    /// How items belong together.
    TieKindShape, TieKind, |k| k.as_str().to_owned(), TieKind::from_word
);
word_shape!(
    /// What a signal restricts.
    SeverityShape, Severity, |s| word_in(&SEVERITIES, s), |w| noun_in(&SEVERITIES, w)
);
word_shape!(
    /// Not before: an instant, or `indefinite`.
    EmbargoShape, Embargo,
    |e| match e {
        Embargo::Until(at) => at.to_string(),
        Embargo::Indefinite => "indefinite".to_owned(),
    },
    |w| match w {
        "indefinite" => Some(Embargo::Indefinite),
        at => at.parse().ok().map(Embargo::Until),
    }
);
word_shape!(
    /// What a held version waits for: an instant, or `person`.
    UntilShape, Until,
    |u| match u {
        Until::Person => "person".to_owned(),
        Until::Instant(at) => at.to_string(),
    },
    |w| match w {
        "person" => Some(Until::Person),
        at => at.parse().ok().map(Until::Instant),
    }
);
word_shape!(
    /// By what versions are ordered: `arrival`, `number 7`, `time 2026-01-01T00:00:00Z`.
    OrderShape, VersionOrder,
    |o| match o {
        VersionOrder::Number(number) => format!("number {number}"),
        VersionOrder::Time(at) => format!("time {at}"),
        VersionOrder::Arrival => "arrival".to_owned(),
    },
    |w| match w.split_once(' ') {
        None if w == "arrival" => Some(VersionOrder::Arrival),
        Some(("number", number)) => number.parse().ok().map(VersionOrder::Number),
        Some(("time", at)) => at.parse().ok().map(VersionOrder::Time),
        _ => None,
    }
);
word_shape!(
    /// A publication status: the IPTC word, or `unknown:` and the word as delivered.
    StatusShape, PubStatus,
    |s| match s {
        PubStatus::Unknown(word) => format!("unknown:{word}"),
        known => known.as_str().to_owned(),
    },
    |w| match w {
        "usable" => Some(PubStatus::Usable),
        "withheld" => Some(PubStatus::Withheld),
        "canceled" => Some(PubStatus::Canceled),
        other => other.strip_prefix("unknown:").map(|word| PubStatus::Unknown(word.to_owned())),
    }
);
word_shape!(
    /// What kind of thing an item is: `text`, `advisory:WORD`, `other:WORD`.
    ClassShape, ItemClass,
    |c| match c {
        ItemClass::Text => "text".to_owned(),
        ItemClass::Advisory(word) => format!("advisory:{word}"),
        ItemClass::Other(word) => format!("other:{word}"),
    },
    |w| match w.split_once(':') {
        None if w == "text" => Some(ItemClass::Text),
        Some(("advisory", word)) => Some(ItemClass::Advisory(word.to_owned())),
        Some(("other", word)) => Some(ItemClass::Other(word.to_owned())),
        _ => None,
    }
);
word_shape!(
    /// Where a dateline stands.
    DatelinePlaceShape, Placement,
    |p| match p {
        Placement::InBody => "in-body",
        Placement::Separate => "separate",
        Placement::Both => "both",
    }
    .to_owned(),
    |w| match w {
        "in-body" => Some(Placement::InBody),
        "separate" => Some(Placement::Separate),
        "both" => Some(Placement::Both),
        _ => None,
    }
);

/// How many different codes are known to be ours or our readers' at most; beyond that they read as `unknown`.
const CODES: usize = 4096;

/// A code read back as the `&'static str` it was written from. Codes are a small closed set of our own; a store
/// that holds more of them, or longer ones, than we would ever write is not allowed to fill the memory.
pub(crate) fn code(text: &str) -> &'static str {
    static KNOWN: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    let mut guard = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = guard.get_or_insert_with(HashSet::new);
    if let Some(code) = known.get(text) {
        return code;
    }
    if text.len() > 128 || known.len() >= CODES {
        return "unknown";
    }
    let code: &'static str = Box::leak(text.to_owned().into_boxed_str());
    known.insert(code);
    code
}

/// Agency and uri.
#[derive(Serialize, Deserialize)]
pub(crate) struct ItemKeyShape {
    agency: String,
    uri: String,
}

impl Shape for ItemKeyShape {
    type Noun = ItemKey;

    fn of(key: &ItemKey) -> Self {
        Self { agency: key.agency.as_str().to_owned(), uri: key.uri.clone() }
    }

    fn noun(self) -> Result<ItemKey, String> {
        Ok(ItemKey { agency: AgencyId::new(self.agency), uri: self.uri })
    }
}

/// A tie: to an item of its own or another agency's, or to a mark in sixteen hexadecimal digits.
#[derive(Serialize, Deserialize)]
pub(crate) struct TieShape {
    kind: TieKindShape,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    item: Option<ItemKeyShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mark: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    no: Option<u32>,
}

impl Shape for TieShape {
    type Noun = Tie;

    fn of(tie: &Tie) -> Self {
        let (item, mark) = match &tie.to {
            TieTo::Item(key) => (Some(ItemKeyShape::of(key)), None),
            TieTo::Mark(mark) => (None, Some(format!("{mark:016x}"))),
        };
        Self { kind: TieKindShape::of(&tie.kind), item, mark, no: tie.no }
    }

    fn noun(self) -> Result<Tie, String> {
        let to = match (self.item, self.mark) {
            (Some(item), None) => TieTo::Item(item.noun()?),
            (None, Some(mark)) => {
                let number = u64::from_str_radix(&mark, 16);
                TieTo::Mark(number.map_err(|_| format!("`{mark}` is no mark of a tie"))?)
            }
            _ => return Err("a tie leads to an item or to a mark".to_owned()),
        };
        Ok(Tie { kind: self.kind.noun()?, to, no: self.no })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ReasonShape {
    code: String,
    text: String,
}

impl Shape for ReasonShape {
    type Noun = Reason;

    fn of(reason: &Reason) -> Self {
        Self { code: reason.code.to_owned(), text: reason.text.clone() }
    }

    fn noun(self) -> Result<Reason, String> {
        Ok(Reason { code: code(&self.code), text: self.text })
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct RulingShape {
    act: ActShape,
    reasons: Vec<ReasonShape>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<UntilShape>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    recall: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    silent_change: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    alarm: bool,
}

impl Shape for RulingShape {
    type Noun = Ruling;

    fn of(ruling: &Ruling) -> Self {
        Self {
            act: ActShape::of(&ruling.act),
            reasons: shapes(&ruling.reasons),
            until: ruling.until.as_ref().map(UntilShape::of),
            recall: ruling.recall,
            silent_change: ruling.silent_change,
            alarm: ruling.alarm,
        }
    }

    fn noun(self) -> Result<Ruling, String> {
        Ok(Ruling {
            act: self.act.noun()?,
            reasons: nouns(self.reasons)?,
            until: self.until.map(UntilShape::noun).transpose()?,
            recall: self.recall,
            silent_change: self.silent_change,
            alarm: self.alarm,
        })
    }
}

/// `{"version":2,"stands":"held"}` or `{"item":"live","n":2}`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum ChangeShape {
    Version {
        version: u32,
        stands: StandingShape,
    },
    Item {
        item: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        n: Option<u32>,
    },
}

impl Shape for ChangeShape {
    type Noun = Change;

    fn of(change: &Change) -> Self {
        match change {
            Change::Version(n, standing) => {
                ChangeShape::Version { version: *n, stands: StandingShape::of(standing) }
            }
            Change::Item(standing) => {
                let n = if let ItemStanding::Live(n) = standing { Some(*n) } else { None };
                ChangeShape::Item { item: standing.as_str().to_owned(), n }
            }
        }
    }

    fn noun(self) -> Result<Change, String> {
        match self {
            ChangeShape::Version { version, stands } => Ok(Change::Version(version, stands.noun()?)),
            ChangeShape::Item { item, n } => item_standing_of(&item, n)
                .map(Change::Item)
                .ok_or_else(|| format!("`{item}` is no item's standing")),
        }
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct StampShape {
    raw: String,
    order: OrderShape,
}

impl Shape for StampShape {
    type Noun = VersionStamp;

    fn of(stamp: &VersionStamp) -> Self {
        Self { raw: stamp.raw.clone(), order: OrderShape::of(&stamp.order) }
    }

    fn noun(self) -> Result<VersionStamp, String> {
        Ok(VersionStamp { raw: self.raw, order: self.order.noun()? })
    }
}

#[derive(Serialize, Deserialize)]
struct TimeShape {
    raw: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<TextShape<Timestamp>>,
    zoned: bool,
}

impl Shape for TimeShape {
    type Noun = Stamp;

    fn of(stamp: &Stamp) -> Self {
        Self { raw: stamp.raw.clone(), at: stamp.at.as_ref().map(TextShape::of), zoned: stamp.zoned }
    }

    fn noun(self) -> Result<Stamp, String> {
        Ok(Stamp { raw: self.raw, at: self.at.map(TextShape::noun).transpose()?, zoned: self.zoned })
    }
}

#[derive(Serialize, Deserialize)]
struct SignalShape {
    code: String,
    severity: SeverityShape,
    from_text: bool,
    path: String,
}

impl Shape for SignalShape {
    type Noun = Signal;

    fn of(s: &Signal) -> Self {
        Self {
            code: s.code.clone(),
            severity: SeverityShape::of(&s.severity),
            from_text: s.from_text,
            path: s.path.clone(),
        }
    }

    fn noun(self) -> Result<Signal, String> {
        Ok(Signal {
            code: self.code,
            severity: self.severity.noun()?,
            from_text: self.from_text,
            path: self.path,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct ReferenceShape {
    relation: RelationShape,
    uri: String,
    version: Option<String>,
    when: Option<TextShape<Timestamp>>,
    raw: String,
}

impl Shape for ReferenceShape {
    type Noun = Reference;

    fn of(r: &Reference) -> Self {
        Self {
            relation: RelationShape::of(&r.relation),
            uri: r.uri.clone(),
            version: r.version.clone(),
            when: r.when.as_ref().map(TextShape::of),
            raw: r.raw.clone(),
        }
    }

    fn noun(self) -> Result<Reference, String> {
        Ok(Reference {
            relation: self.relation.noun()?,
            uri: self.uri,
            version: self.version,
            when: self.when.map(TextShape::noun).transpose()?,
            raw: self.raw,
        })
    }
}

#[derive(Serialize, Deserialize)]
struct DatelineShape {
    text: String,
    located: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agency: Option<String>,
    placement: DatelinePlaceShape,
}

impl Shape for DatelineShape {
    type Noun = Dateline;

    fn of(d: &Dateline) -> Self {
        Self {
            text: d.text.clone(),
            located: d.located.clone(),
            date: d.date.clone(),
            agency: d.agency.clone(),
            placement: DatelinePlaceShape::of(&d.placement),
        }
    }

    fn noun(self) -> Result<Dateline, String> {
        let placement = self.placement.noun()?;
        Ok(Dateline {
            text: self.text,
            located: self.located,
            date: self.date,
            agency: self.agency,
            placement,
        })
    }
}

/// Nouns whose fields are all texts.
macro_rules! plain_shape {
    ($shape:ident, $noun:ident { $($field:ident: $type:ty),* }) => {
        #[derive(Serialize, Deserialize)]
        struct $shape { $($field: $type),* }

        impl Shape for $shape {
            type Noun = $noun;

            fn of(noun: &$noun) -> Self {
                Self { $($field: noun.$field.clone()),* }
            }

            fn noun(self) -> Result<$noun, String> {
                Ok($noun { $($field: self.$field),* })
            }
        }
    };
}

plain_shape!(NoteShape, Note { role: String, text: String, path: String });
plain_shape!(SubjectShape, Subject { code: Option<String>, scheme: Option<String>, name: Option<String> });
plain_shape!(RenditionShape, Rendition { href: String, media_type: Option<String>, role: Option<String> });
plain_shape!(UnmappedShape, Unmapped { path: String, value: String });
plain_shape!(RightsShape, Rights {
    credit_line: Option<String>,
    copyright_holder: Option<String>,
    copyright_notice: Option<String>,
    usage_terms: Vec<String>
});

#[derive(Serialize, Deserialize)]
struct ComplaintShape {
    gravity: GravityShape,
    code: String,
    message: String,
    item: Option<usize>,
    path: String,
    offset: Option<usize>,
}

impl Shape for ComplaintShape {
    type Noun = Complaint;

    fn of(c: &Complaint) -> Self {
        Self {
            gravity: GravityShape::of(&c.gravity),
            code: c.code.to_owned(),
            message: c.message.clone(),
            item: c.place.item,
            path: c.place.path.clone(),
            offset: c.place.offset,
        }
    }

    fn noun(self) -> Result<Complaint, String> {
        let place = Place { item: self.item, path: self.path, offset: self.offset };
        Ok(Complaint { gravity: self.gravity.noun()?, code: code(&self.code), message: self.message, place })
    }
}

/// `[start, end, kind]` or `[start, end, kind, value]`.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum MarkShape {
    Valued(usize, usize, String, String),
    Plain(usize, usize, String),
}

impl Shape for MarkShape {
    type Noun = Mark;

    fn of(mark: &Mark) -> Self {
        let (start, end) = (mark.range.start, mark.range.end);
        let plain = |word: &str| MarkShape::Plain(start, end, word.to_owned());
        let valued =
            |word: &str, value: &str| MarkShape::Valued(start, end, word.to_owned(), value.to_owned());
        match &mark.kind {
            MarkKind::Strong => plain("strong"),
            MarkKind::Emphasis => plain("em"),
            MarkKind::Superscript => plain("sup"),
            MarkKind::Subscript => plain("sub"),
            MarkKind::Code => plain("code"),
            MarkKind::Link(href) => valued("link", href),
            MarkKind::Language(tag) => valued("lang", tag),
            MarkKind::Direction(dir) => valued("dir", dir),
            MarkKind::Cell(false) => plain("cell"),
            MarkKind::Cell(true) => plain("header-cell"),
        }
    }

    fn noun(self) -> Result<Mark, String> {
        let (start, end, word, value) = match self {
            MarkShape::Valued(start, end, word, value) => (start, end, word, Some(value)),
            MarkShape::Plain(start, end, word) => (start, end, word, None),
        };
        let kind = match (word.as_str(), value) {
            ("strong", None) => MarkKind::Strong,
            ("em", None) => MarkKind::Emphasis,
            ("sup", None) => MarkKind::Superscript,
            ("sub", None) => MarkKind::Subscript,
            ("code", None) => MarkKind::Code,
            ("cell", None) => MarkKind::Cell(false),
            ("header-cell", None) => MarkKind::Cell(true),
            ("link", Some(href)) => MarkKind::Link(href),
            ("lang", Some(tag)) => MarkKind::Language(tag),
            ("dir", Some(dir)) => MarkKind::Direction(dir),
            (word, _) => return Err(format!("`{word}` is no mark")),
        };
        Ok(Mark { range: start..end, kind })
    }
}

#[derive(Serialize, Deserialize)]
struct BlockShape {
    kind: String,
    text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    marks: Vec<MarkShape>,
    /// Ordered, and depth.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    list: Option<(bool, u8)>,
}

#[derive(Serialize, Deserialize)]
#[serde(transparent)]
struct CopyShape(Vec<BlockShape>);

impl Shape for CopyShape {
    type Noun = AgencyCopy;

    fn of(copy: &AgencyCopy) -> Self {
        let block = |block: &news::Block| BlockShape {
            kind: block.kind().as_str().to_owned(),
            text: block.text().to_owned(),
            marks: shapes(block.marks()),
            list: block.list().map(|place| (place.ordered, place.depth)),
        };
        Self(copy.blocks().iter().map(block).collect())
    }

    fn noun(self) -> Result<AgencyCopy, String> {
        let mut copy = AgencyCopy::default();
        for block in self.0 {
            let kind =
                BlockKind::from_word(&block.kind).ok_or_else(|| format!("`{}` is no block", block.kind))?;
            let list = block.list.map(|(ordered, depth)| ListPlace { ordered, depth });
            copy.push(kind, &block.text, nouns(block.marks)?, list).map_err(|fault| fault.to_string())?;
        }
        Ok(copy)
    }
}

#[derive(Serialize, Deserialize)]
struct VersionShape {
    uri: String,
    version: StampShape,
    class: ClassShape,
    status: StatusShape,
    embargo: Option<EmbargoShape>,
    expires: Option<TextShape<Timestamp>>,
    signals: Vec<SignalShape>,
    references: Vec<ReferenceShape>,
    version_created: Option<TimeShape>,
    first_created: Option<TimeShape>,
    content_created: Option<TimeShape>,
    urgency: Option<u8>,
    language: Option<String>,
    dateline: Option<DatelineShape>,
    located: Option<String>,
    slugline: Option<String>,
    keywords: Vec<String>,
    subjects: Vec<SubjectShape>,
    genres: Vec<SubjectShape>,
    creators: Vec<String>,
    link: Option<String>,
    rights: RightsShape,
    copy: CopyShape,
    notes: Vec<NoteShape>,
    renditions: Vec<RenditionShape>,
    complaints: Vec<ComplaintShape>,
    extra: Vec<UnmappedShape>,
    /// Latitude and longitude.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    points: Vec<(f64, f64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comments: Option<u32>,
    span: (usize, usize),
}

impl Shape for VersionShape {
    type Noun = Version;

    fn of(v: &Version) -> Self {
        Self {
            uri: v.uri.clone(),
            version: StampShape::of(&v.version),
            class: ClassShape::of(&v.class),
            status: StatusShape::of(&v.status),
            embargo: v.embargo.as_ref().map(EmbargoShape::of),
            expires: v.expires.as_ref().map(TextShape::of),
            signals: shapes(&v.signals),
            references: shapes(&v.references),
            version_created: v.version_created.as_ref().map(TimeShape::of),
            first_created: v.first_created.as_ref().map(TimeShape::of),
            content_created: v.content_created.as_ref().map(TimeShape::of),
            urgency: v.urgency,
            language: v.language.clone(),
            dateline: v.dateline.as_ref().map(DatelineShape::of),
            located: v.located.clone(),
            slugline: v.slugline.clone(),
            keywords: v.keywords.clone(),
            subjects: shapes(&v.subjects),
            genres: shapes(&v.genres),
            creators: v.creators.clone(),
            link: v.link.clone(),
            rights: RightsShape::of(&v.rights),
            copy: CopyShape::of(&v.copy),
            notes: shapes(&v.notes),
            renditions: shapes(&v.renditions),
            complaints: shapes(&v.complaints),
            extra: shapes(&v.extra),
            points: v.points.iter().map(|point| (point.latitude, point.longitude)).collect(),
            comments: v.comments,
            span: (v.span.start, v.span.end),
        }
    }

    fn noun(self) -> Result<Version, String> {
        Ok(Version {
            uri: self.uri,
            version: self.version.noun()?,
            class: self.class.noun()?,
            status: self.status.noun()?,
            embargo: self.embargo.map(EmbargoShape::noun).transpose()?,
            expires: self.expires.map(TextShape::noun).transpose()?,
            signals: nouns(self.signals)?,
            references: nouns(self.references)?,
            version_created: self.version_created.map(TimeShape::noun).transpose()?,
            first_created: self.first_created.map(TimeShape::noun).transpose()?,
            content_created: self.content_created.map(TimeShape::noun).transpose()?,
            urgency: self.urgency,
            language: self.language,
            dateline: self.dateline.map(DatelineShape::noun).transpose()?,
            located: self.located,
            slugline: self.slugline,
            keywords: self.keywords,
            subjects: nouns(self.subjects)?,
            genres: nouns(self.genres)?,
            creators: self.creators,
            link: self.link,
            rights: self.rights.noun()?,
            copy: self.copy.noun()?,
            notes: nouns(self.notes)?,
            renditions: nouns(self.renditions)?,
            complaints: nouns(self.complaints)?,
            extra: nouns(self.extra)?,
            points: self.points.into_iter().filter_map(|(lat, long)| Point::new(lat, long)).collect(),
            comments: self.comments,
            // They are about the transmission, and the vault keeps words.
            origins: Origins::default(),
            span: self.span.0..self.span.1,
        })
    }
}

/// A version as JSON, for the vault.
pub(crate) fn write_version(words: &Words) -> Result<Vec<u8>, String> {
    serde_json::to_vec(&VersionShape::of(&words.version)).map_err(|error| error.to_string())
}

/// A version from the vault's JSON.
pub(crate) fn read_version(json: &[u8]) -> Result<Version, String> {
    serde_json::from_slice::<VersionShape>(json).map_err(|error| error.to_string())?.noun()
}

/// SHA-256 of everything that the vault keeps of a version, so that no single bit can change unseen.
pub(crate) fn words_sum(key: &ItemKey, n: u32, json: &[u8], salt: &[u8], disclosure: &str) -> Digest {
    let length = |text: &str| (text.len() as u64).to_be_bytes();
    Digest::of_pieces([
        b"verbatim-vault/1".as_slice(),
        &length(key.agency.as_str()),
        key.agency.as_str().as_bytes(),
        &length(&key.uri),
        key.uri.as_bytes(),
        &n.to_be_bytes(),
        salt,
        &length(disclosure),
        disclosure.as_bytes(),
        json,
    ])
}
