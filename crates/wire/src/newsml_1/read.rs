//! From NewsML 1 to the nouns of the trade.

use news::{
    BlockKind, Complaint, Embargo, Gravity, ItemClass, PubStatus, Reference, Relation, Rendition, Severity,
    Version, VersionOrder, VersionStamp,
};

use super::bodies;
use super::shape::{self, Component, Leaf, Part, Tree, formal, formal_of, same_language};
use crate::html::{self, Draft, Words};
use crate::story::{self, Dateline, Head};
use crate::terms;
use crate::xml::{self, Element};
use crate::{Format, Hints, Reading};

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
        let path = format!("NewsML/NewsEnvelope/{}", child.name);
        if matches!(child.name, "NewsService" | "NewsProduct")
            && let Some(word) = formal(child)
            && terms::severity(word) == Severity::NotForPublication
        {
            terms::signal(version, word, Severity::NotForPublication, &path);
        }
        named(version, child, &path);
    }
}

fn item(root: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let path = "NewsItem/Identification/NewsIdentifier";
    let identity = shape::identity(root).ok_or_else(|| {
        let message =
            "the item names itself nowhere: ProviderId, DateId and NewsItemId, or a PublicIdentifier, would be right";
        Complaint::new(Gravity::Lost, "no-identity", message).at(path, Some(root.span.start))
    })?;
    let mut version = Version::new(identity.uri);
    if let Some(other) = identity.differs {
        let message = format!("the public identifier names another item than its parts do, which is {other}");
        terms::complain(&mut version, Gravity::Remark, "two-identities", message, path);
    }
    version.language = root.lang().map(str::to_owned).or(hints.language.clone());
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
    for child in identification.elements() {
        let path = format!("NewsItem/Identification/{}", child.name);
        match child.name {
            "NameLabel" => {
                let text = terms::collapse(&child.text());
                if shape::is_memorandum(root, &text) {
                    terms::signal(version, &text, Severity::Holds, &path);
                }
                version.slugline = Some(text).filter(|text| !text.is_empty());
            }
            _ => terms::flatten(version, child, &path),
        }
    }
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
        let text = child.text();
        match child.name {
            "Status" | "StatusWillChange" => {}
            "FirstCreated" => version.first_created = terms::stamp(version, &text, &path, hints),
            "ThisRevisionCreated" => version.version_created = terms::stamp(version, &text, &path, hints),
            "Urgency" => terms::apply_urgency(version, formal(child).unwrap_or_default(), &path),
            "NewsItemType" => {
                restrict(version, formal(child).unwrap_or_default(), &path);
                named(version, child, &path);
            }
            "Instruction" => instruct(version, child, &path),
            "DerivedFrom" | "AssociatedWith" => refer(version, child, &path),
            "Comment" => terms::note(version, "comment", text.trim(), &path),
            _ => named(version, child, &path),
        }
    }
}

/// A change of status that the agency announces. What lifts an embargo is its end; what withdraws is the expiry;
/// anything that lets more be published than the present status does is left to the agency's next revision.
fn will_change(version: &mut Version, embargoed: bool, change: &Element, path: &str, hints: &Hints) {
    let future = formal_of(change, "FutureStatus").unwrap_or_default();
    let when = change.child("DateAndTime").map(Element::text).unwrap_or_default();
    terms::keep(version, format!("{path}/FutureStatus"), future);
    match terms::status(future) {
        PubStatus::Usable if future.eq_ignore_ascii_case("embargoed") => {
            let message = "the item is to become embargoed; it waits for a person";
            terms::complain(version, Gravity::Hold, "future-status", message, path);
        }
        PubStatus::Usable if embargoed => terms::apply_embargo(version, &when, path, hints),
        PubStatus::Usable => terms::keep(version, format!("{path}/DateAndTime"), &when),
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
    for comment in instruction.children_named("Comment") {
        terms::note(version, "instruction", comment.text().trim(), format!("{path}/Comment"));
    }
    named(version, instruction, path);
}

fn refer(version: &mut Version, element: &Element, path: &str) {
    let uri = element.attr("NewsItem").map(str::trim).filter(|uri| !uri.is_empty());
    let Some(uri) = uri else { return named(version, element, path) };
    let word = formal(element).unwrap_or(element.name);
    let (uri, revision) =
        shape::without_revision(uri).map_or((uri, None), |(uri, revision)| (uri, Some(revision.to_owned())));
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
    for comment in element.children_named("Comment") {
        terms::note(version, "comment", comment.text().trim(), format!("{path}/Comment"));
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
        fill(version, &mut head, inner);
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
fn fill(version: &mut Version, head: &mut Head, inner: Head) {
    let subheads = head.lines.iter().any(|line| line.kind == BlockKind::Subhead);
    let has_headline = head.has_headline();
    for line in inner.lines {
        let wanted = match line.kind {
            BlockKind::Headline => !has_headline,
            _ => !subheads,
        };
        let known = head.lines.iter().take(NEAR).any(|own| own.text == line.text);
        match (wanted, known) {
            (true, _) => head.lines.push(line),
            (false, true) => {}
            (false, false) => terms::keep(version, format!("{COMPONENT}/ContentItem/hedline"), &line.text),
        }
    }
    if head.bylines.is_empty() {
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
            aside(version, tree, leaf);
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
    let chosen = alternatives.iter().copied().min_by_key(|leaf| bodies::rank(leaf.item))?;
    for leaf in alternatives.into_iter().chain(others).filter(|leaf| !std::ptr::eq(*leaf, chosen)) {
        aside(version, tree, leaf);
    }
    Some(chosen)
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
    foreign.into_iter().for_each(|leaf| aside(version, tree, leaf));
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
        if text.is_empty() || head.lines.iter().take(NEAR).any(|line| line.text == text) {
            continue;
        }
        if foreign || taken {
            terms::keep(version, &path, &text);
        } else {
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
                terms::note(version, &role, leaf.item.text().trim(), format!("{COMPONENT}/ContentItem"));
            }
            Part::Aside => aside(version, tree, leaf),
            Part::Story | Part::Unknown | Part::Headline | Part::Subheadline => {}
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
    match leaf.item.attr("Href").map(str::trim).filter(|href| !href.is_empty()) {
        Some(href) => version.renditions.push(Rendition {
            href: href.to_owned(),
            media_type: formal_of(leaf.item, "MimeType")
                .or(formal_of(leaf.item, "Format"))
                .map(str::to_owned),
            role: shape::role(tree, leaf).map(str::to_owned),
        }),
        None if leaf.item.child("DataContent").is_some() || leaf.item.child("Encoding").is_some() => {
            let what = shape::medium(tree, leaf);
            let message =
                format!("a file of the kind `{what}` came inside the item; it is in the archive only");
            terms::complain(version, Gravity::Remark, "file-inside", message, &path);
        }
        None => {}
    }
}

fn characteristics(version: &mut Version, leaf: &Leaf<'_>) {
    for child in leaf.item.elements() {
        if !matches!(child.name, "DataContent" | "Encoding" | "Catalog" | "Comment") {
            named(version, child, &format!("{COMPONENT}/ContentItem/{}", child.name));
        }
    }
    for comment in leaf.item.children_named("Comment") {
        let path = format!("{COMPONENT}/ContentItem/Comment");
        terms::note(version, "comment", comment.text().trim(), &path);
    }
}

/// Keeps a text that is not read.
fn aside(version: &mut Version, tree: &Tree<'_>, leaf: &Leaf<'_>) {
    let role = shape::role(tree, leaf).or(formal_of(leaf.item, "Format")).unwrap_or_default();
    let text = leaf.item.child("DataContent").map(Element::text).unwrap_or_default();
    terms::keep(version, format!("{COMPONENT}/ContentItem[{role}]"), text.trim());
}

// --- what components say ---

/// Reads what a component says; only those around the story, from the inside out, give it lines.
fn about(version: &mut Version, component: &Component<'_>, head: Option<&mut Head>, hints: &Hints) {
    let around = head.is_some();
    let mut head = head;
    for child in component.element.elements() {
        let path = format!("{COMPONENT}/{}", child.name);
        match child.name {
            "NewsComponent" | "ContentItem" | "Catalog" | "BasisForChoice" => {}
            "NewsLines" => match &mut head {
                Some(head) => lines(version, child, component.language, head, &path),
                None => beside_lines(version, child, &path),
            },
            "DescriptiveMetadata" if around => describe(version, child, &path),
            "AdministrativeMetadata" => administer(version, child, around, &path),
            "RightsMetadata" if around => rights(version, child, &path, hints),
            "NewsItemRef" => refer(version, child, &path),
            "Comment" => terms::note(version, "comment", child.text().trim(), &path),
            _ => named(version, child, &path),
        }
    }
}

/// The lines of a component that is not the story's: advisories are notes there too.
fn beside_lines(version: &mut Version, lines: &Element, path: &str) {
    for line in lines.elements() {
        match line.name {
            "NewsLine" => typed_line(version, line, &format!("{path}/NewsLine")),
            _ => terms::flatten(version, line, &format!("{path}/{}", line.name)),
        }
    }
}

/// `NewsLines` of a component around the story. What an inner component says stands before what outer ones say.
fn lines(version: &mut Version, lines: &Element, language: Option<&str>, head: &mut Head, path: &str) {
    let (had_headline, had_subhead) =
        (head.has_headline(), head.lines.iter().any(|line| line.kind == BlockKind::Subhead));
    let had_byline = !head.bylines.is_empty();
    let main = main_headline(lines, language);
    for line in lines.elements() {
        let path = format!("{path}/{}", line.name);
        let text = terms::collapse(&line.text());
        if text.is_empty() && line.name != "NewsLine" {
            continue;
        }
        match line.name {
            "HeadLine" if !had_headline && main.is_some_and(|main| std::ptr::eq(main, line)) => {
                head.lines.extend(story::line(BlockKind::Headline, &text));
            }
            "SubHeadLine" if !had_subhead && !is_foreign(line, language) => {
                head.lines.extend(story::line(BlockKind::Subhead, &text));
            }
            "ByLine" | "ByLineTitle" if !had_byline => {
                head.bylines.extend(story::line(BlockKind::Byline, &text));
            }
            "DateLine" if head.dateline.is_none() => {
                head.dateline = Some(Dateline { text, located: None, path, bytes: None });
            }
            "CreditLine" if version.rights.credit_line.is_none() => version.rights.credit_line = Some(text),
            "CopyrightLine" if version.rights.copyright_notice.is_none() => {
                version.rights.copyright_notice = Some(text);
            }
            "RightsLine" => version.rights.usage_terms.push(text),
            "SlugLine" => {
                if let Some(label) = version.slugline.replace(text) {
                    terms::keep(version, "NewsItem/Identification/NameLabel", &label);
                }
            }
            "KeywordLine" => keyword(version, text),
            "NewsLine" => typed_line(version, line, &path),
            _ => terms::keep(version, &path, &text),
        }
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
fn typed_line(version: &mut Version, line: &Element, path: &str) {
    let role = formal_of(line, "NewsLineType").unwrap_or("NewsLine").to_owned();
    for text in line.children_named("NewsLineText") {
        terms::note(version, &role, &terms::collapse(&text.text()), path);
    }
}

fn keyword(version: &mut Version, word: String) {
    if !version.keywords.iter().rev().take(NEAR).any(|known| *known == word) {
        version.keywords.push(word);
    }
}

fn describe(version: &mut Version, meta: &Element, path: &str) {
    for child in meta.elements() {
        let path = format!("{path}/{}", child.name);
        match child.name {
            "Language" => {}
            "Genre" => {
                let word = formal(child).unwrap_or_default();
                restrict(version, word, &path);
                version.genres.push(terms::subject(Some(word), child.attr("Scheme"), None));
            }
            "SubjectCode" => subjects(version, child, &path),
            "Location" => locate(version, child, &path),
            "Property" if formal(child) == Some("Keyword") && child.attr("Role").is_none() => {
                let word = terms::collapse(child.attr("Value").unwrap_or_default());
                if !word.is_empty() {
                    keyword(version, word);
                }
            }
            _ => named(version, child, &path),
        }
    }
}

fn subjects(version: &mut Version, codes: &Element, path: &str) {
    for code in codes.elements() {
        let subject = terms::subject(formal(code), code.attr("Scheme"), None);
        if subject.code.is_some() && !version.subjects.iter().rev().take(NEAR).any(|known| *known == subject)
        {
            version.subjects.push(subject);
        }
        for attr in code.attrs.iter().filter(|attr| !matches!(attr.name, "FormalName" | "Scheme")) {
            terms::keep(version, format!("{path}/{}/@{}", code.name, attr.name), &attr.value);
        }
    }
}

/// A place. That of origin is where the story was written; one without `@HowPresent` stands for it.
fn locate(version: &mut Version, location: &Element, path: &str) {
    let how = location.attr("HowPresent").unwrap_or("Origin").trim();
    for property in location.children_named("Property") {
        let (name, value) = (
            formal(property).unwrap_or_default(),
            terms::collapse(property.attr("Value").unwrap_or_default()),
        );
        if name == "City"
            && how.eq_ignore_ascii_case("origin")
            && version.located.is_none()
            && !value.is_empty()
        {
            version.located = Some(value);
        } else {
            terms::keep(version, format!("{path}[{how}]/{name}"), &value);
        }
    }
    for other in location.elements().filter(|child| child.name != "Property") {
        named(version, other, &format!("{path}[{how}]/{}", other.name));
    }
}

fn administer(version: &mut Version, meta: &Element, around: bool, path: &str) {
    for child in meta.elements() {
        let path = format!("{path}/{}", child.name);
        let party = child.child("Party").and_then(formal).map(terms::collapse);
        match (child.name, party) {
            ("Creator", Some(creator)) if around => version.creators.push(creator),
            _ => named(version, child, &path),
        }
    }
}

fn rights(version: &mut Version, rights: &Element, path: &str, hints: &Hints) {
    for part in rights.elements() {
        for child in part.elements() {
            let path = format!("{path}/{}/{}", part.name, child.name);
            let text = terms::collapse(&child.text());
            match child.name {
                _ if text.is_empty() => named(version, child, &path),
                "CopyrightHolder" if version.rights.copyright_holder.is_none() => {
                    version.rights.copyright_holder = Some(text);
                }
                "UsageType" | "Geography" | "Limitations" => version.rights.usage_terms.push(text),
                "StartDate" => terms::apply_embargo(version, &text, &path, hints),
                "EndDate" => terms::apply_expiry(version, &text, &path, hints),
                _ => named(version, child, &path),
            }
        }
    }
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

/// What stands beside the parts that are read.
fn rest(version: &mut Version, root: &Element) {
    for child in root.elements() {
        match child.name {
            "Identification" | "NewsManagement" | "NewsComponent" | "Catalog" => {}
            "Comment" => terms::note(version, "comment", child.text().trim(), "NewsItem/Comment"),
            name => named(version, child, &format!("NewsItem/{name}")),
        }
    }
}

/// Keeps an element for which the model has no field, by its formal name, its value and what is in it. Comments in
/// it are for editors.
fn named(version: &mut Version, element: &Element, path: &str) {
    let path = match formal(element) {
        Some(name) if element.attr("Value").is_some() => format!("{path}[{name}]"),
        _ => path.to_owned(),
    };
    for attr in &element.attrs {
        let name = attr.name;
        match name {
            "FormalName" if element.attr("Value").is_some() => {}
            "FormalName" | "Value" => terms::keep(version, &path, &attr.value),
            _ => terms::keep(version, format!("{path}/@{name}"), &attr.value),
        }
    }
    if element.elements().next().is_none() {
        let text = terms::collapse(&element.text());
        terms::keep(version, &path, &text);
    }
    for child in element.elements() {
        let path = format!("{path}/{}", child.name);
        match child.name {
            "Comment" => terms::note(version, "comment", child.text().trim(), &path),
            _ => named(version, child, &path),
        }
    }
}
