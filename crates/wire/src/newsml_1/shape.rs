//! What a NewsML 1 item says: its identity, the tree of its components and what each of them is for.

use news::{Relation, VersionStamp};

use crate::terms::{self, local};
use crate::xml::Element;

/// `@FormalName`, trimmed, if not empty.
pub(super) fn formal<'e>(element: &'e Element<'e>) -> Option<&'e str> {
    element.attr("FormalName").map(str::trim).filter(|name| !name.is_empty())
}

/// `@FormalName` of a child.
pub(super) fn formal_of<'a>(element: &'a Element<'a>, child: &str) -> Option<&'a str> {
    element.child(child).and_then(formal)
}

// --- identity ---

/// Who an item is.
pub(super) struct Identity {
    /// `urn:newsml:PROVIDER:DATE:ITEM`, never with the revision.
    pub(super) uri: String,
    /// The revision, if one is named.
    pub(super) revision: Option<VersionStamp>,
    /// The public identifier, if it names another item than the three parts do.
    pub(super) differs: Option<String>,
}

/// Reads `Identification/NewsIdentifier`; `None` if the item names itself nowhere.
pub(super) fn identity(root: &Element) -> Option<Identity> {
    let identifier = root.child("Identification")?.child("NewsIdentifier")?;
    let part = |name: &str| {
        identifier.child(name).map(|part| terms::collapse(&part.text())).filter(|part| !part.is_empty())
    };
    let (provider, date, item) = (part("ProviderId"), part("DateId"), part("NewsItemId"));
    let public = part("PublicIdentifier");
    let named = public.as_deref().and_then(without_revision);
    let parts = match (&provider, &date, &item) {
        (Some(provider), _, Some(item)) if is_belga(provider) => {
            Some(format!("urn:newsml:{provider}:{item}"))
        }
        (Some(provider), Some(date), Some(item)) => Some(format!("urn:newsml:{provider}:{date}:{item}")),
        _ => None,
    };
    let belga = provider.as_deref().is_some_and(is_belga);
    let (uri, differs) = match (named.filter(|_| !belga), parts) {
        (Some((uri, _)), Some(parts)) if uri != parts => (uri.to_owned(), Some(parts)),
        (Some((uri, _)), _) => (uri.to_owned(), None),
        (None, Some(parts)) => (parts, None),
        (None, None) => (public.clone()?, None),
    };
    let revision = part("RevisionId").or_else(|| named.map(|(_, revision)| revision.to_owned()));
    let revision = revision.map(|raw| {
        let order = terms::numbered(digits(&raw)).order;
        VersionStamp { raw, order }
    });
    Some(Identity { uri, revision, differs })
}

/// Belga writes the time of the revision into `DateId`, so that it names no item.
fn is_belga(provider: &str) -> bool {
    matches!(provider, "belga.be" | "www.belga.be")
}

/// Whether AFP's label calls the item a memorandum to its customers ("mudhakkira"); its type and status do not.
pub(super) fn is_memorandum(root: &Element, label: &str) -> bool {
    let identifier =
        root.child("Identification").and_then(|identification| identification.child("NewsIdentifier"));
    let provider = identifier.and_then(|identifier| identifier.child("ProviderId"));
    provider.is_some_and(|provider| provider.text().trim() == "afp.com") && label == "مذكرة"
}

/// The parts of `urn:newsml:PROVIDER:DATE:ITEM:REVISION` (RFC 3085), where the revision may end with the letter of
/// `@Update`. An identifier without a revision is none of this form.
pub(super) fn without_revision(uri: &str) -> Option<(&str, &str)> {
    let rest = strip_urn(uri)?;
    let (_, revision) = rest.rsplit_once(':')?;
    let number = digits(revision);
    let sound = rest.split(':').count() == 4
        && rest.split(':').all(|part| !part.is_empty())
        && !number.is_empty()
        && number.bytes().all(|b| b.is_ascii_digit());
    sound.then(|| (&uri[..uri.len() - revision.len() - 1], revision))
}

fn strip_urn(uri: &str) -> Option<&str> {
    let start = uri.get(.."urn:newsml:".len())?;
    start.eq_ignore_ascii_case("urn:newsml:").then(|| &uri["urn:newsml:".len()..])
}

/// A revision without the letter of its `@Update`.
fn digits(revision: &str) -> &str {
    revision.strip_suffix(['N', 'U', 'A']).unwrap_or(revision)
}

/// What `AssociatedWith/@FormalName` means.
pub(super) fn relation(word: &str) -> Relation {
    match local(word).to_ascii_lowercase().as_str() {
        "replaces" | "supersedes" => Relation::Replaces,
        "corrects" | "correction" | "correctionof" => Relation::Corrects,
        "istranslationof" | "translationof" | "translatedfrom" => Relation::Translation,
        _ => Relation::SeeAlso,
    }
}

// --- components ---

/// A `NewsComponent` and what it passes on to the components in it.
pub(super) struct Component<'a> {
    /// The element.
    pub(super) element: &'a Element<'a>,
    /// The component around it.
    pub(super) parent: Option<usize>,
    /// Its language.
    pub(super) language: Option<&'a str>,
    /// Its role, or that of the component around it.
    role: Option<&'a str>,
    /// The role `Photo`, `Video` … of itself or of a component around it.
    medium: Option<&'a str>,
    /// Whether what is in it tells the same, one part to be chosen.
    is_choice: bool,
}

/// A `ContentItem`.
pub(super) struct Leaf<'a> {
    /// The element.
    pub(super) item: &'a Element<'a>,
    /// Its component.
    pub(super) component: usize,
    /// What it is for.
    pub(super) part: Part,
}

/// What a content item is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The story.
    Story,
    /// A text of a role that nobody knows.
    Unknown,
    Headline,
    Subheadline,
    Caption,
    /// An abstract, a style sheet, the title of a video: kept, not read.
    Aside,
    /// For editors.
    Private,
    /// A picture, video, or a text that is elsewhere.
    Medium,
}

/// All components and content items of an item, in the order of the wire.
#[derive(Default)]
pub(super) struct Tree<'a> {
    pub(super) components: Vec<Component<'a>>,
    pub(super) leaves: Vec<Leaf<'a>>,
}

impl<'a> Tree<'a> {
    pub(super) fn of(root: &'a Element<'a>) -> Self {
        let mut tree = Tree::default();
        for component in root.children_named("NewsComponent") {
            tree.add(component, None, root.lang());
        }
        tree
    }

    /// Depth is bounded by the parser's limit.
    fn add(&mut self, element: &'a Element<'a>, parent: Option<usize>, around: Option<&'a str>) {
        let own = formal_of(element, "Role");
        let above = parent.map(|parent| &self.components[parent]);
        let language = element.child("DescriptiveMetadata").and_then(|meta| formal_of(meta, "Language"));
        let component = Component {
            element,
            parent,
            language: language.or(element.lang()).or(above.and_then(|above| above.language)).or(around),
            role: own.or(above.and_then(|above| above.role)),
            is_choice: is_choice(element),
            medium: above.and_then(|above| above.medium).or(own.filter(|role| is_medium(role))),
        };
        let at = self.components.len();
        self.components.push(component);
        for child in element.elements() {
            match child.name {
                "NewsComponent" => self.add(child, Some(at), around),
                "ContentItem" => {
                    let part = part(&self.components[at], child);
                    self.leaves.push(Leaf { item: child, component: at, part });
                }
                _ => {}
            }
        }
    }

    /// A component and those around it, from the inside out.
    pub(super) fn chain(&self, component: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(Some(component), |at| self.components[*at].parent)
    }

    /// Whether two content items tell the same, one of them to be chosen: the innermost component around both says
    /// so, or is their own.
    pub(super) fn are_alternatives(&self, a: &Leaf<'_>, b: &Leaf<'_>) -> bool {
        let (mut a, mut b) = (a.component, b.component);
        if a == b {
            return true;
        }
        // A component stands behind those around it, so the later of two is never around the other.
        while a != b {
            let parent = if a > b { self.components[a].parent } else { self.components[b].parent };
            let Some(parent) = parent else { return false };
            if a > b { a = parent } else { b = parent }
        }
        self.components[a].is_choice
    }
}

fn is_choice(component: &Element) -> bool {
    component.attr("EquivalentsList").is_some_and(|word| word.trim().eq_ignore_ascii_case("yes"))
        || component.child("BasisForChoice").is_some()
}

fn is_medium(role: &str) -> bool {
    const WORDS: [&str; 14] = [
        "photo",
        "picture",
        "image",
        "graphic",
        "graphics",
        "infographic",
        "video",
        "audio",
        "animation",
        "logo",
        "sketch",
        "clip",
        "thumbnail",
        "slideshow",
    ];
    WORDS.contains(&local(role).to_ascii_lowercase().as_str())
}

fn part(component: &Component<'_>, item: &Element) -> Part {
    let inline = item.child("DataContent").is_some() || item.child("Encoding").is_some();
    let role = component.role.map(|role| local(role).to_ascii_lowercase());
    let role = role.as_deref();
    match role {
        Some("stylesheet") => return Part::Aside,
        _ if !inline || !is_text(item) => return Part::Medium,
        _ => {}
    }
    match role {
        Some("caption" | "captiontext") => Part::Caption,
        Some(
            "contact"
            | "contacts"
            | "notepad"
            | "note"
            | "notes"
            | "ednote"
            | "editornote"
            | "editorialnote"
            | "editorsnote"
            | "instruction"
            | "instructions"
            | "specialinstructions"
            | "advisory"
            | "comment"
            | "private"
            | "nonpublic"
            | "notforpublication"
            | "internal",
        ) => Part::Private,
        _ if component.medium.is_some() => Part::Aside,
        None
        | Some(
            "main" | "maintext" | "main text" | "body" | "bodytext" | "text" | "story" | "article"
            | "release",
        ) => Part::Story,
        Some("headline" | "title") => Part::Headline,
        Some("subheadline" | "subtitle" | "subhead") => Part::Subheadline,
        Some("abstract" | "summary" | "teaser" | "metadata") => Part::Aside,
        Some(_) => Part::Unknown,
    }
}

/// Whether a content item is words, by the first of `MediaType`, `MimeType` and `Format` that it has.
fn is_text(item: &Element) -> bool {
    const FILES: [&str; 16] = [
        "jpg",
        "jpeg",
        "gif",
        "png",
        "tif",
        "tiff",
        "eps",
        "pdf",
        "svg",
        "flash",
        "mpeg",
        "mp3",
        "mp4",
        "wav",
        "quicktime",
        "css",
    ];
    match formal_of(item, "MediaType") {
        Some(medium) if local(medium).eq_ignore_ascii_case("text") => return true,
        Some(medium) if is_medium(medium) => return false,
        _ => {}
    }
    if let Some(kind) = formal_of(item, "MimeType") {
        let kind = kind.to_ascii_lowercase();
        return kind != "text/css"
            && (kind.starts_with("text/") || kind.contains("xml") || kind.contains("html"));
    }
    let format = formal_of(item, "Format").unwrap_or_default().to_ascii_lowercase();
    !FILES.iter().any(|word| format.contains(word))
}

/// The medium of a content item by the agency's word: `Photo`, `image/jpeg`, `JPG`.
pub(super) fn medium<'a>(tree: &Tree<'a>, leaf: &Leaf<'a>) -> &'a str {
    let component = &tree.components[leaf.component];
    formal_of(leaf.item, "MediaType")
        .or(component.medium)
        .or(formal_of(leaf.item, "MimeType"))
        .or(formal_of(leaf.item, "Format"))
        .unwrap_or("unknown")
}

/// The role that is written for a content item.
pub(super) fn role<'a>(tree: &Tree<'a>, leaf: &Leaf<'_>) -> Option<&'a str> {
    tree.components[leaf.component].role
}

/// Whether two language tags name the same language: `en` and `en-US`, `FR` and `fr`.
pub(super) fn same_language(a: &str, b: &str) -> bool {
    let primary = |tag: &str| tag.split(['-', '_']).next().unwrap_or_default().trim().to_ascii_lowercase();
    primary(a) == primary(b)
}
