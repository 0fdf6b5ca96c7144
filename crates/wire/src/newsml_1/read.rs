//! From NewsML 1 to the nouns of the trade.

use news::{
    BlockKind, Complaint, Embargo, Field, Gravity, ItemClass, PubStatus, Reference, Relation, Rendition,
    Severity, Taken, Version, VersionOrder, VersionStamp, nth,
};

use super::bodies;
use super::shape::{self, Component, Leaf, Part, Tree, formal, formal_of, same_language};
use crate::html::{self, Draft, Words};
use crate::story::{self, Dateline, Head};
use crate::xml::{self, Element};
use crate::{Format, Hints, Reading, stood, terms};

const COMPONENT: &str = "NewsItem/NewsComponent";

/// Among how many neighbours a repetition is looked for, so that time stays linear.
const NEAR: usize = 64;

/// Reads every item of a text, whatever stands around it.
pub fn read(text: &str, hints: &Hints) -> Reading {
    let mut reading = Reading { format: Some(Format::Newsml1), ..Reading::default() };
    let mut records = xml::records(text, &["NewsItem"], &hints.limits);
    // The items since the last one that was lost; they may have been parts of that one.
    let mut after_loss: Option<usize> = None;
    for (ordinal, record) in records.by_ref().enumerate() {
        let element = match &record.element {
            Ok(element) => element,
            Err(fault) => {
                reading.complaints.push(fault.complaint("NewsItem").of_item(ordinal));
                after_loss = Some(reading.items.len());
                continue;
            }
        };
        match item(element, hints) {
            Ok(mut version) => {
                version.complaints.extend(record.remarks.iter().map(|fault| fault.complaint("NewsItem")));
                story::number(&mut version.complaints, ordinal);
                version.span = record.span.clone();
                reading.items.push(version);
            }
            Err(complaint) => reading.complaints.push(complaint.of_item(ordinal)),
        }
        if text[record.span.end..].trim_start().starts_with("</NewsComponent")
            && let Some(first) = after_loss
        {
            reading.items[first..].iter_mut().for_each(nested);
            after_loss = Some(reading.items.len());
        }
    }
    if let Some(envelope) = records.head().as_ref().and_then(|root| root.child("NewsEnvelope")) {
        reading.items.iter_mut().for_each(|version| transmitted(version, envelope));
    }
    reading.complaints.extend(records.faults().iter().map(|fault| fault.complaint("NewsML")));
    reading
}

/// An item inside another one: the outer one may be withheld or embargoed, and it could not be read.
fn nested(version: &mut Version) {
    let code = "nested-item";
    if version.complaints.iter().all(|complaint| complaint.code != code) {
        let message = "the item stands inside another one that could not be read and may restrict it";
        let item = version.complaints.first().and_then(|complaint| complaint.place.item);
        terms::complain(version, Gravity::Hold, code, message, "NewsItem");
        if let Some(complaint) = version.complaints.last_mut() {
            complaint.place.item = item;
        }
    }
}

/// What the envelope says about all of its items.
fn transmitted(version: &mut Version, envelope: &Element) {
    for child in envelope.elements() {
        if matches!(child.name, "NewsService" | "NewsProduct")
            && let Some(word) = formal(child)
            && terms::severity(word) == Severity::NotForPublication
        {
            let path = format_args!("NewsML/NewsEnvelope/{}", child.name);
            terms::signal(version, word, Severity::NotForPublication, path);
        }
    }
    comments(version, envelope, "NewsML/NewsEnvelope");
}

fn item(root: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let path = "NewsItem/Identification/NewsIdentifier";
    let identity = shape::identity(root).ok_or_else(|| {
        let message =
            "the item names itself nowhere: ProviderId, DateId and NewsItemId, or a PublicIdentifier, would be right";
        Complaint::new(Gravity::Lost, "no-identity", message).at(path, Some(root.span.start))
    })?;
    let mut version = Version::new(identity.uri);
    let identifier = root.child("Identification").and_then(|it| it.child("NewsIdentifier"));
    for part in identifier.into_iter().flat_map(Element::elements) {
        match part.name {
            "ProviderId" | "DateId" | "NewsItemId" | "PublicIdentifier" => {
                stood::as_meant(&mut version, Field::Uri, part);
            }
            "RevisionId" => stood::in_text(&mut version, Field::Version, part),
            _ => {}
        }
    }
    if let Some(other) = identity.differs {
        let message = format!("the public identifier names another item than its parts do, which is {other}");
        terms::complain(&mut version, Gravity::Remark, "two-identities", message, path);
    }
    version.language = root.lang().map(str::to_owned).or_else(|| hints.language.clone());
    identified(&mut version, root);
    let management = root.child("NewsManagement");
    manage(&mut version, management, hints);
    version.version = order(&version, identity.revision);
    let tree = Tree::of(root);
    tell(&mut version, &tree, hints);
    classify(&mut version, root, &tree);
    rest(&mut version, root);
    partial(&mut version, root);
    Ok(version)
}

/// Revisions are numbers; without one, the time at which the revision was made puts it in order.
fn order(version: &Version, revision: Option<VersionStamp>) -> VersionStamp {
    let made = version.version_created.as_ref();
    match (revision, made.and_then(|made| made.at)) {
        (Some(revision), _) => revision,
        (None, Some(at)) => VersionStamp {
            raw: made.map(|made| made.raw.clone()).unwrap_or_default(),
            order: VersionOrder::Time(at),
        },
        (None, None) => VersionStamp::arrival(),
    }
}

/// What identifies the item beside its uri.
fn identified(version: &mut Version, root: &Element) {
    let Some(identification) = root.child("Identification") else { return };
    comments(version, identification, "NewsItem/Identification");
    let Some(label) = identification.child("NameLabel") else { return };
    let text = terms::collapse(&stood::text(label));
    if shape::is_memorandum(root, &text) {
        terms::signal(version, &text, Severity::Holds, "NewsItem/Identification/NameLabel");
    }
    version.slugline = Some(text).filter(|text| !text.is_empty());
    stood::in_text(version, Field::Slugline, label);
}

// --- NewsManagement ---

fn manage(version: &mut Version, management: Option<&Element>, hints: &Hints) {
    let path = |rest: &str| format!("NewsItem/NewsManagement/{rest}");
    let statuses = management.into_iter().flat_map(|management| management.children_named("Status"));
    let words: Vec<&str> = statuses.filter_map(formal).collect();
    if words.is_empty() {
        let message = "the item has no status: Usable, Withheld, Embargoed or Canceled would be right";
        terms::complain(version, Gravity::Hold, "no-status", message, path("Status"));
        version.status = PubStatus::Unknown(String::new());
    }
    let Some(management) = management else { return };
    for change in management.children_named("StatusWillChange") {
        let embargoed = words.iter().any(|word| word.eq_ignore_ascii_case("embargoed"));
        will_change(version, embargoed, change, &path("StatusWillChange"), hints);
    }
    for word in words {
        terms::apply_status(version, word, path("Status/@FormalName"));
    }
    for child in management.elements() {
        let path = path(child.name);
        match child.name {
            "Status" => stood::as_meant(version, Field::Status, child),
            "StatusWillChange" => {}
            "FirstCreated" => {
                version.first_created = terms::stamp(version, &stood::text(child), &path, hints);
                stood::in_text(version, Field::FirstCreated, child);
            }
            "ThisRevisionCreated" => {
                version.version_created = terms::stamp(version, &stood::text(child), &path, hints);
                stood::in_text(version, Field::VersionCreated, child);
            }
            "Urgency" => {
                let Some((attr, urgency)) = stood::first_attr(child, &["FormalName"]) else { continue };
                if let (Ok(urgency @ 1..=9), None) = (urgency.parse(), version.urgency) {
                    version.urgency = Some(urgency);
                    stood::in_attr(version, Field::Urgency, attr);
                }
            }
            "NewsItemType" => {
                restrict(version, formal(child).unwrap_or_default(), &path);
                stood::as_meant(version, Field::Class, child);
            }
            "Instruction" => instruct(version, child, &path),
            "DerivedFrom" | "AssociatedWith" => refer(version, child),
            "Comment" => comment(version, "comment", child, &path),
            _ => comments(version, child, &path),
        }
    }
}

/// A change of status that the agency announces. What lifts an embargo is its end; what withdraws is the expiry;
/// anything that lets more be published than the present status does is left to the agency's next revision.
fn will_change(version: &mut Version, embargoed: bool, change: &Element, path: &str, hints: &Hints) {
    let future = formal_of(change, "FutureStatus").unwrap_or_default();
    let when = change.child("DateAndTime").map(Element::text).unwrap_or_default();
    stood::as_meant(version, Field::Embargo, change);
    match terms::status(future) {
        PubStatus::Usable if future.eq_ignore_ascii_case("embargoed") => {
            let message = "the item is to become embargoed; it waits for a person";
            terms::complain(version, Gravity::Hold, "future-status", message, path);
        }
        PubStatus::Usable if embargoed => terms::apply_embargo(version, &when, path, hints),
        PubStatus::Usable => {}
        PubStatus::Withheld | PubStatus::Canceled => {
            if embargoed {
                version.embargo = Some(Embargo::Indefinite);
            }
            if when.trim().is_empty() {
                let message = format!("the item is to become `{future}`, and no time is said");
                terms::complain(version, Gravity::Hold, "future-status", message, path);
            }
            terms::apply_expiry(version, &when, path, hints);
        }
        PubStatus::Unknown(word) => {
            let message = format!("the item is to become `{word}`, which is no status that is known");
            terms::complain(version, Gravity::Hold, "future-status", message, path);
        }
    }
}

/// What a word of the agency's restricts: an item type, an instruction, a genre.
fn restrict(version: &mut Version, word: &str, path: &str) {
    let severity = terms::severity(word);
    if severity == Severity::Informs {
        return;
    }
    if severity == Severity::NotForPublication && version.class == ItemClass::Text {
        version.class = ItemClass::Advisory(word.to_owned());
    }
    terms::signal(version, word, severity, path);
}

/// An instruction to the recipient. What it says about the status of earlier revisions is done by this revision's
/// taking their place, unless it says something that is not known.
fn instruct(version: &mut Version, instruction: &Element, path: &str) {
    let word = formal(instruction).unwrap_or_default();
    let revisions: Vec<&Element> = instruction.children_named("RevisionStatus").collect();
    for status in revisions.iter().filter_map(|revision| formal_of(revision, "Status")) {
        let code = format!("RevisionStatus={status}");
        let severity = match terms::status(status) {
            PubStatus::Unknown(_) => Severity::Holds,
            _ => Severity::Informs,
        };
        terms::signal(version, &code, severity, path);
    }
    match terms::severity(word) {
        // Said of earlier revisions; whether of this one too is for a person to tell.
        Severity::Kills | Severity::Withholds if !revisions.is_empty() => {
            terms::signal(version, word, Severity::Holds, path);
        }
        _ => restrict(version, word, path),
    }
    stood::as_meant(version, Field::Signal(nth(version.signals.len())), instruction);
    for said in instruction.children_named("Comment") {
        comment(version, "instruction", said, path);
    }
}

fn refer(version: &mut Version, element: &Element) {
    let path = "NewsItem/NewsManagement/Comment";
    comments(version, element, path);
    let Some((attr, named)) = stood::first_attr(element, &["NewsItem"]) else { return };
    let word = formal(element).unwrap_or(element.name);
    let (uri, revision) = shape::without_revision(named)
        .map_or((named, None), |(uri, revision)| (uri, Some(revision.to_owned())));
    let relation = match shape::relation(word) {
        _ if element.name == "NewsItemRef" => Relation::Member,
        _ if uri == version.uri => Relation::Previous,
        relation => relation,
    };
    version.references.push(Reference {
        relation,
        uri: uri.to_owned(),
        version: revision,
        when: None,
        raw: word.to_owned(),
    });
    let taken = if uri == named { Taken::AsWritten } else { Taken::ByMeaning };
    version.origins.bytes(Field::Reference(nth(version.references.len())), taken, attr.span.clone());
}

/// Comments are for editors, wherever they stand.
fn comments(version: &mut Version, element: &Element, path: &str) {
    for child in element.elements() {
        match child.name {
            "Comment" => comment(version, "comment", child, path),
            _ => comments(version, child, path),
        }
    }
}

fn comment(version: &mut Version, role: &str, element: &Element, path: &str) {
    let before = version.notes.len();
    terms::note(version, role, stood::text(element).trim(), format_args!("{path}/Comment"));
    if version.notes.len() > before {
        stood::in_text(version, Field::Note(nth(version.notes.len())), element);
    }
}

/// Revisions that hold only what changed. An earlier story is never patched here: words that nobody delivered
/// together are nobody's copy.
fn partial(version: &mut Version, root: &Element) {
    let revision = root
        .child("Identification")
        .and_then(|identification| identification.child("NewsIdentifier"))
        .and_then(|identifier| identifier.child("RevisionId"));
    let update = revision.and_then(|revision| revision.attr("Update")).unwrap_or("N").trim();
    let path = "NewsItem/Identification/NewsIdentifier/RevisionId/@Update";
    let patches = root.child("Update").is_some();
    let told = version.copy.body().next().is_some();
    let withdrawn = version.severity() >= Severity::Withholds;
    if withdrawn || !(patches || matches!(update, "A" | "U") && !told) {
        return;
    }
    let message = match update {
        "A" => {
            "the revision replaces only what is said about the story (Update=\"A\") and brings no story; the earlier words stay until a person decides"
        }
        _ => "the revision patches an earlier one, which is not done here; ask the agency for the whole item",
    };
    terms::complain(version, Gravity::Hold, "partial-revision", message, path);
}

// --- story ---

fn tell(version: &mut Version, tree: &Tree<'_>, hints: &Hints) {
    let chosen = choose(version, tree, hints);
    let main = chosen.map(|leaf| leaf.component).or_else(|| lines_only(tree));
    let chain: Vec<usize> = main.into_iter().flat_map(|main| tree.chain(main)).collect();
    if let Some(language) = main.and_then(|main| tree.components[main].language) {
        version.language = Some(language.to_owned());
    }
    let mut head = Head::default();
    for &at in &chain {
        about(version, &tree.components[at], Some(&mut head), hints);
    }
    for (at, component) in tree.components.iter().enumerate() {
        if !chain.contains(&at) {
            about(version, component, None, hints);
        }
    }
    let mut words = Words::default();
    if let Some(leaf) = chosen {
        let path = format!("{COMPONENT}/ContentItem");
        let (inner, body) = bodies::read(version, leaf.item, &path, hints);
        words = body;
        fill(&mut head, inner);
        characteristics(version, leaf);
    }
    lines_of_their_own(version, tree, &mut head, &mut words, hints);
    beside(version, tree, chosen, &mut words, hints);
    if let Some(dateline) = &mut head.dateline {
        dateline.located.clone_from(&version.located);
    }
    head.lines.sort_by_key(|line| line.kind);
    story::tell(version, head, words, COMPONENT);
}

/// The lines of the item speak for it; what only the text itself carries fills their gaps.
fn fill(head: &mut Head, inner: Head) {
    let subheads = head.lines.iter().any(|line| line.kind == BlockKind::Subhead);
    let has_headline = head.has_headline();
    let (mut lines, bylines) = (Vec::new(), head.bylines.is_empty());
    let mut counted = [0u16; 2];
    for line in inner.lines {
        let headline = line.kind == BlockKind::Headline;
        let n = &mut counted[usize::from(headline)];
        let stood = inner.stood.iter().find(|(kind, at, _)| *kind == line.kind && at == n);
        *n = n.saturating_add(1);
        if if headline { !has_headline } else { !subheads } {
            lines.push((line, stood.map(|(.., bytes)| bytes.clone())));
        }
    }
    for (line, bytes) in lines {
        match bytes {
            Some(bytes) => head.add(Some(line), bytes),
            None => head.lines.push(line),
        }
    }
    if bylines {
        let stood = inner.stood.into_iter().filter(|(kind, ..)| *kind == BlockKind::Byline);
        head.stood.extend(stood);
        head.bylines = inner.bylines;
    }
    if head.dateline.is_none() {
        head.dateline = inner.dateline;
    }
}

/// The content item that holds the story.
fn choose<'t, 'a>(version: &mut Version, tree: &'t Tree<'a>, hints: &Hints) -> Option<&'t Leaf<'a>> {
    let of = |part: Part| -> Vec<&'t Leaf<'a>> {
        let leaves = tree.leaves.iter().filter(move |leaf| leaf.part == part);
        leaves.filter(|leaf| leaf.item.child("DataContent").is_none_or(|holder| !holder.is_blank())).collect()
    };
    let mut stories = of(Part::Story);
    let unknown = of(Part::Unknown);
    if stories.is_empty() && !unknown.is_empty() {
        let role = shape::role(tree, unknown[0]).unwrap_or_default();
        let message =
            format!("the only text has the role `{role}`, which is none that is known as the story's");
        terms::complain(version, Gravity::Hold, "unknown-role", message, format!("{COMPONENT}/Role"));
        stories = unknown;
    } else {
        for leaf in unknown {
            let role = shape::role(tree, leaf).unwrap_or_default();
            let message = format!("a text of the role `{role}` is not published");
            terms::complain(version, Gravity::Remark, "text-beside", message, format!("{COMPONENT}/Role"));
        }
    }
    let stories = of_one_language(version, tree, stories, hints);
    let first = *stories.first()?;
    let (alternatives, others): (Vec<_>, Vec<_>) =
        stories.into_iter().partition(|leaf| tree.are_alternatives(first, leaf));
    if !others.is_empty() {
        let message = format!(
            "{} further texts stand beside the first; which of them belong to the story is not said",
            others.len()
        );
        terms::complain(version, Gravity::Hold, "several-texts", message, COMPONENT);
    }
    alternatives.into_iter().min_by_key(|leaf| bodies::rank(leaf.item))
}

/// Of a story in several languages, the one in that of the feed, else of the item, else the first.
fn of_one_language<'t, 'a>(
    version: &mut Version,
    tree: &Tree<'a>,
    stories: Vec<&'t Leaf<'a>>,
    hints: &Hints,
) -> Vec<&'t Leaf<'a>> {
    let language = |leaf: &Leaf<'_>| tree.components[leaf.component].language;
    let is = |leaf: &Leaf<'_>, wanted: &str| language(leaf).is_some_and(|own| same_language(own, wanted));
    let wishes = [
        hints.language.as_deref(),
        version.language.as_deref(),
        stories.first().and_then(|leaf| language(leaf)),
    ];
    let wanted = wishes.into_iter().flatten().find(|wish| stories.iter().any(|leaf| is(leaf, wish)));
    let Some(wanted) = wanted.map(str::to_owned) else { return stories };
    let (own, foreign): (Vec<_>, Vec<_>) =
        stories.into_iter().partition(|leaf| language(leaf).is_none() || is(leaf, &wanted));
    if !foreign.is_empty() {
        let message = format!("{} texts in other languages are not published", foreign.len());
        terms::complain(version, Gravity::Remark, "other-language", message, COMPONENT);
    }
    own
}

/// The component whose lines are all there is: a flash that is only a headline.
fn lines_only(tree: &Tree<'_>) -> Option<usize> {
    tree.components.iter().position(|component| component.element.child("NewsLines").is_some())
}

/// Headlines and subheads that come as content items of their own, where the lines have none.
fn lines_of_their_own(
    version: &mut Version,
    tree: &Tree<'_>,
    head: &mut Head,
    words: &mut Words,
    hints: &Hints,
) {
    let own = version.language.clone();
    for leaf in &tree.leaves {
        let kind = match leaf.part {
            Part::Headline => BlockKind::Headline,
            Part::Subheadline => BlockKind::Subhead,
            _ => continue,
        };
        let language = tree.components[leaf.component].language;
        let foreign = language.zip(own.as_deref()).is_some_and(|(a, b)| !same_language(a, b));
        let taken = kind == BlockKind::Headline && head.has_headline();
        let path = format!("{COMPONENT}/{}", kind.as_str());
        let (_, line) = bodies::read(version, leaf.item, &path, hints);
        let (text, marks, mut beside) = html::inline(line);
        words.notes.append(&mut beside.notes);
        words.renditions.append(&mut beside.renditions);
        words.complaints.append(&mut beside.complaints);
        let said = text.is_empty() || head.lines.iter().take(NEAR).any(|line| line.text == text);
        if !said && !foreign && !taken {
            head.lines.push(story::draft(kind, text, marks, None));
        }
    }
}

/// What stands beside the story: pictures, their captions and credits, notes for editors.
fn beside(
    version: &mut Version,
    tree: &Tree<'_>,
    chosen: Option<&Leaf<'_>>,
    words: &mut Words,
    hints: &Hints,
) {
    let mut credited: Vec<usize> = Vec::new();
    for leaf in tree.leaves.iter().filter(|leaf| chosen.is_none_or(|chosen| !std::ptr::eq(*leaf, chosen))) {
        match leaf.part {
            Part::Medium => medium(version, tree, leaf),
            Part::Caption => {
                let path = format!("{COMPONENT}/caption");
                let (_, mut caption) = bodies::read(version, leaf.item, &path, hints);
                caption.blocks.iter_mut().for_each(|block| block.kind = BlockKind::Caption);
                caption
                    .blocks
                    .retain(|block| !words.blocks.iter().rev().take(NEAR).any(|said| is_same(said, block)));
                let picture = tree.components[leaf.component].parent.unwrap_or(leaf.component);
                if !caption.blocks.is_empty() && credited.last() != Some(&picture) {
                    credited.push(picture);
                    caption.blocks.extend(credits(tree, leaf.component, chosen));
                }
                words.blocks.append(&mut caption.blocks);
                words.notes.append(&mut caption.notes);
                words.renditions.append(&mut caption.renditions);
                words.complaints.append(&mut caption.complaints);
            }
            Part::Private => {
                let role = shape::role(tree, leaf).unwrap_or("not-for-publication").to_owned();
                let before = version.notes.len();
                terms::note(version, &role, leaf.item.text().trim(), format!("{COMPONENT}/ContentItem"));
                if version.notes.len() > before {
                    stood::as_meant(version, Field::Note(nth(version.notes.len())), leaf.item);
                }
            }
            Part::Aside | Part::Story | Part::Unknown | Part::Headline | Part::Subheadline => {}
        }
    }
}

fn is_same(a: &Draft, b: &Draft) -> bool {
    a.kind == b.kind && a.text == b.text
}

/// Who made the picture: byline and credit of the components around its caption, as far as these are not around
/// the story too.
fn credits(tree: &Tree<'_>, caption: usize, chosen: Option<&Leaf<'_>>) -> Vec<Draft> {
    let story: Vec<usize> = chosen.into_iter().flat_map(|leaf| tree.chain(leaf.component)).collect();
    let lines = tree
        .chain(caption)
        .take_while(|at| !story.contains(at))
        .filter_map(|at| tree.components[at].element.child("NewsLines"));
    let credits = lines.flat_map(|lines| {
        ["ByLine", "CreditLine"].into_iter().filter_map(|name| lines.child(name)).collect::<Vec<_>>()
    });
    credits.filter_map(|line| story::line(BlockKind::Credit, &line.text())).collect()
}

fn medium(version: &mut Version, tree: &Tree<'_>, leaf: &Leaf<'_>) {
    characteristics(version, leaf);
    let path = format!("{COMPONENT}/ContentItem");
    match stood::first_attr(leaf.item, &["Href"]) {
        Some((attr, href)) => {
            version.renditions.push(Rendition {
                href: href.to_owned(),
                media_type: formal_of(leaf.item, "MimeType")
                    .or(formal_of(leaf.item, "Format"))
                    .map(str::to_owned),
                role: shape::role(tree, leaf).map(str::to_owned),
            });
            stood::in_attr(version, Field::Rendition(nth(version.renditions.len())), attr);
        }
        None if leaf.item.child("DataContent").is_some() || leaf.item.child("Encoding").is_some() => {
            let what = shape::medium(tree, leaf);
            let message =
                format!("a file of the kind `{what}` came inside the item; it is in the archive only");
            terms::complain(version, Gravity::Remark, "file-inside", message, &path);
        }
        None => {}
    }
}

/// What stands in a content item beside its words.
fn characteristics(version: &mut Version, leaf: &Leaf<'_>) {
    let path = format!("{COMPONENT}/ContentItem");
    for child in leaf.item.elements() {
        match child.name {
            "DataContent" | "Encoding" | "Catalog" => {}
            "Comment" => comment(version, "comment", child, &path),
            _ => comments(version, child, &path),
        }
    }
}

// --- what components say ---

/// Reads what a component says; only those around the story, from the inside out, give it lines.
fn about(version: &mut Version, component: &Component<'_>, head: Option<&mut Head>, hints: &Hints) {
    let around = head.is_some();
    let mut head = head;
    for child in component.element.elements() {
        match child.name {
            "NewsComponent" | "ContentItem" | "Catalog" | "BasisForChoice" => {}
            "NewsLines" => match &mut head {
                Some(head) => lines(version, child, component.language, head),
                None => child.children_named("NewsLine").for_each(|line| typed_line(version, line)),
            },
            "DescriptiveMetadata" if around => describe(version, child),
            "AdministrativeMetadata" if around => administer(version, child),
            "RightsMetadata" if around => rights(version, child, hints),
            "NewsItemRef" => refer(version, child),
            "Comment" => comment(version, "comment", child, COMPONENT),
            _ => comments(version, child, COMPONENT),
        }
    }
}

/// `NewsLines` of a component around the story. What an inner component says stands before what outer ones say.
fn lines(version: &mut Version, lines: &Element, language: Option<&str>, head: &mut Head) {
    let (had_headline, had_subhead) =
        (head.has_headline(), head.lines.iter().any(|line| line.kind == BlockKind::Subhead));
    let had_byline = !head.bylines.is_empty();
    let main = main_headline(lines, language);
    for line in lines.elements() {
        let text = terms::collapse(&stood::text(line));
        if text.is_empty() && line.name != "NewsLine" {
            continue;
        }
        let kind = match line.name {
            "HeadLine" if !had_headline && main.is_some_and(|main| std::ptr::eq(main, line)) => {
                BlockKind::Headline
            }
            "SubHeadLine" if !had_subhead && !is_foreign(line, language) => BlockKind::Subhead,
            "ByLine" | "ByLineTitle" if !had_byline => BlockKind::Byline,
            _ => {
                other_line(version, line, text, head);
                continue;
            }
        };
        head.add(story::line(kind, &text), line.inner.clone());
    }
}

/// A line that is no headline, subhead or byline of the story.
fn other_line(version: &mut Version, line: &Element, text: String, head: &mut Head) {
    match line.name {
        "DateLine" if head.dateline.is_none() => {
            let (path, bytes) = (format!("{COMPONENT}/NewsLines/DateLine"), Some(line.inner.clone()));
            head.dateline = Some(Dateline { text, located: None, path, bytes });
        }
        "CreditLine" if version.rights.credit_line.is_none() => {
            version.rights.credit_line = Some(text);
            stood::in_text(version, Field::CreditLine, line);
        }
        "CopyrightLine" if version.rights.copyright_notice.is_none() => {
            version.rights.copyright_notice = Some(text);
            stood::in_text(version, Field::CopyrightNotice, line);
        }
        "RightsLine" => {
            version.rights.usage_terms.push(text);
            let field = Field::UsageTerms(nth(version.rights.usage_terms.len()));
            stood::in_text(version, field, line);
        }
        "SlugLine" => {
            // It takes the place of the label, which is unmapped then.
            version.origins.forget(Field::Slugline);
            version.slugline = Some(text);
            stood::in_text(version, Field::Slugline, line);
        }
        "KeywordLine" => keyword(version, text, |version, field| stood::in_text(version, field, line)),
        "NewsLine" => typed_line(version, line),
        _ => {}
    }
}

fn is_foreign(line: &Element, language: Option<&str>) -> bool {
    line.lang().zip(language).is_some_and(|(own, wanted)| !same_language(own, wanted))
}

/// The first headline in the language of the story, else the first.
fn main_headline<'a>(lines: &'a Element<'a>, language: Option<&str>) -> Option<&'a Element<'a>> {
    let mut headlines = lines.children_named("HeadLine").filter(|line| !line.is_blank());
    let first = headlines.next()?;
    std::iter::once(first).chain(headlines).find(|line| !is_foreign(line, language)).or(Some(first))
}

/// A line of a type that the agency names: an advisory, a list of pictures. None of them is copy.
fn typed_line(version: &mut Version, line: &Element) {
    let role = formal_of(line, "NewsLineType").unwrap_or("NewsLine");
    for text in line.children_named("NewsLineText") {
        let before = version.notes.len();
        let path = format_args!("{COMPONENT}/NewsLines/NewsLine");
        terms::note(version, role, &terms::collapse(&stood::text(text)), path);
        if version.notes.len() > before {
            stood::in_text(version, Field::Note(nth(version.notes.len())), text);
        }
    }
}

/// Adds a keyword, unless one of those near it says the same, and notes where it stood.
fn keyword(version: &mut Version, word: String, note: impl FnOnce(&mut Version, Field)) {
    if !version.keywords.iter().rev().take(NEAR).any(|known| *known == word) {
        version.keywords.push(word);
        note(version, Field::Keyword(nth(version.keywords.len())));
    }
}

fn describe(version: &mut Version, meta: &Element) {
    const PATH: &str = "NewsItem/NewsComponent/DescriptiveMetadata";
    for child in meta.elements() {
        match child.name {
            "Language" => stood::as_meant(version, Field::Language, child),
            "Genre" => {
                let Some((attr, word)) = stood::first_attr(child, &["FormalName"]) else { continue };
                restrict(version, word, &format!("{PATH}/Genre"));
                version.genres.push(terms::subject(Some(word), child.attr("Scheme"), None));
                stood::in_attr(version, Field::GenreCode(nth(version.genres.len())), attr);
            }
            "SubjectCode" => subjects(version, child),
            "Location" => locate(version, child),
            "Property" if formal(child) == Some("Keyword") && child.attr("Role").is_none() => {
                let Some((attr, word)) = stood::first_attr(child, &["Value"]) else { continue };
                keyword(version, terms::collapse(word), |version, field| {
                    stood::in_attr(version, field, attr)
                });
            }
            _ => {}
        }
    }
    comments(version, meta, PATH);
}

fn subjects(version: &mut Version, codes: &Element) {
    for code in codes.elements() {
        let Some((attr, word)) = stood::first_attr(code, &["FormalName"]) else { continue };
        let subject = terms::subject(Some(word), code.attr("Scheme"), None);
        if !version.subjects.iter().rev().take(NEAR).any(|known| *known == subject) {
            version.subjects.push(subject);
            stood::in_attr(version, Field::SubjectCode(nth(version.subjects.len())), attr);
        }
    }
}

/// A place. That of origin is where the story was written; one without `@HowPresent` stands for it.
fn locate(version: &mut Version, location: &Element) {
    let how = location.attr("HowPresent").unwrap_or("Origin").trim();
    let origin = how.eq_ignore_ascii_case("origin") && version.located.is_none();
    let city = location.children_named("Property").find(|property| formal(property) == Some("City"));
    if let (true, Some((attr, city))) = (origin, city.and_then(|city| stood::first_attr(city, &["Value"]))) {
        version.located = Some(terms::collapse(city));
        stood::in_attr(version, Field::Located, attr);
    }
}

fn administer(version: &mut Version, meta: &Element) {
    for party in meta.children_named("Creator").filter_map(|creator| creator.child("Party")) {
        if let Some((attr, creator)) = stood::first_attr(party, &["FormalName"]) {
            version.creators.push(terms::collapse(creator));
            stood::in_attr(version, Field::Creator(nth(version.creators.len())), attr);
        }
    }
    comments(version, meta, "NewsItem/NewsComponent/AdministrativeMetadata");
}

fn rights(version: &mut Version, rights: &Element, hints: &Hints) {
    const PATH: &str = "NewsItem/NewsComponent/RightsMetadata";
    for part in rights.elements() {
        for child in part.elements() {
            let path = format!("{PATH}/{}/{}", part.name, child.name);
            let text = terms::collapse(&stood::text(child));
            match child.name {
                _ if text.is_empty() => {}
                "CopyrightHolder" if version.rights.copyright_holder.is_none() => {
                    version.rights.copyright_holder = Some(text);
                    stood::in_text(version, Field::CopyrightHolder, child);
                }
                "UsageType" | "Geography" | "Limitations" => {
                    version.rights.usage_terms.push(text);
                    let field = Field::UsageTerms(nth(version.rights.usage_terms.len()));
                    stood::in_text(version, field, child);
                }
                "StartDate" => {
                    terms::apply_embargo(version, &text, &path, hints);
                    stood::as_meant(version, Field::Embargo, child);
                }
                "EndDate" => {
                    terms::apply_expiry(version, &text, &path, hints);
                    stood::as_meant(version, Field::Expires, child);
                }
                _ => {}
            }
        }
    }
    comments(version, rights, PATH);
}

// --- class and rest ---

/// What holds no story is none: a picture, a video, a package, a set of topics. What holds nothing at all may be a
/// withdrawal and stays a text.
fn classify(version: &mut Version, root: &Element, tree: &Tree<'_>) {
    let story = tree.leaves.iter().any(|leaf| matches!(leaf.part, Part::Story | Part::Unknown));
    if story || version.class != ItemClass::Text || version.severity() >= Severity::Withholds {
        return;
    }
    let media =
        || tree.leaves.iter().filter(|leaf| matches!(leaf.part, Part::Medium | Part::Aside | Part::Caption));
    let remote = media().any(|leaf| {
        leaf.part == Part::Medium
            && formal_of(leaf.item, "MediaType").is_some_and(|word| word.eq_ignore_ascii_case("text"))
    });
    if remote {
        let message = "the story is not in the item, only its address, and nothing is fetched";
        terms::complain(
            version,
            Gravity::Hold,
            "story-elsewhere",
            message,
            format!("{COMPONENT}/ContentItem/@Href"),
        );
    } else if let Some(leaf) = media().find(|leaf| leaf.part == Part::Medium) {
        version.class = ItemClass::Other(shape::medium(tree, leaf).to_ascii_lowercase());
    } else if tree.components.iter().any(|component| component.element.child("NewsItemRef").is_some()) {
        version.class = ItemClass::Other("package".to_owned());
    } else if root.child("TopicSet").is_some() {
        version.class = ItemClass::Other("topics".to_owned());
    }
}

/// What stands beside the parts that are read: comments in it are for editors.
fn rest(version: &mut Version, root: &Element) {
    for child in root.elements() {
        match child.name {
            "Identification" | "NewsManagement" | "NewsComponent" | "Catalog" => {}
            "Comment" => comment(version, "comment", child, "NewsItem"),
            name => comments(version, child, &format!("NewsItem/{name}")),
        }
    }
}
