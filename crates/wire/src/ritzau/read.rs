//! From Ritzau's elements to the nouns of the trade.

use news::{BlockKind, Complaint, Field, Gravity, Reference, Relation, Severity, Version, nth};

use crate::html::{self, Words};
use crate::story::{self, Head};
use crate::xml::{self, Element};
use crate::{Format, Hints, Reading, stood, terms};

/// Reads every `RBNews` of a text. Never fails; see [`crate::read`].
pub fn read(text: &str, hints: &Hints) -> Reading {
    let mut reading = Reading { format: Some(Format::Ritzau), ..Reading::default() };
    let mut records = xml::records(text, &["RBNews"], &hints.limits);
    for (ordinal, record) in records.by_ref().enumerate() {
        let element = match &record.element {
            Ok(element) => element,
            Err(fault) => {
                reading.complaints.push(fault.complaint("RBNews").of_item(ordinal));
                continue;
            }
        };
        match item(element, hints) {
            Ok(mut version) => {
                version.complaints.extend(record.remarks.iter().map(|fault| fault.complaint("RBNews")));
                story::number(&mut version.complaints, ordinal);
                version.span = record.span;
                reading.items.push(version);
            }
            Err(complaint) => reading.complaints.push(complaint.of_item(ordinal)),
        }
    }
    reading.complaints.extend(records.faults().iter().map(|fault| fault.complaint("")));
    reading
}

/// Words of `Status` that restrict nothing.
const KNOWN: [&str; 6] = ["new news", "new version", "ny version", "update", "correction", "korrektion"];

fn item(root: &Element, hints: &Hints) -> Result<Version, Complaint> {
    let Some(id) = filled(root, "NewsID") else {
        let message = "the item names itself nowhere: a NewsID would be right";
        return Err(
            Complaint::new(Gravity::Lost, "no-identity", message).at("RBNews/NewsID", Some(root.span.start))
        );
    };
    let mut version = Version::new(id);
    let v = &mut version;
    v.language.clone_from(&hints.language);
    let (mut head, mut words, mut contacts) = (Head::default(), Words::default(), Vec::new());
    for child in root.elements() {
        let path = format!("RBNews/{}", child.name);
        let text = child.text();
        let bare = text.trim();
        if bare.is_empty() && child.elements().next().is_none() {
            continue;
        }
        match child.name {
            "NewsID" => stood::in_text(v, Field::Uri, child),
            "version" => {
                v.version = terms::numbered(bare);
                stood::in_text(v, Field::Version, child);
            }
            "PublishDate" => {
                v.version_created = terms::stamp(v, bare, &path, hints);
                stood::in_text(v, Field::VersionCreated, child);
            }
            "headline" => line(v, &mut head, BlockKind::Headline, child, &path),
            "subtitle" => line(v, &mut head, BlockKind::Subhead, child, &path),
            "byLine" => line(v, &mut head, BlockKind::Byline, child, &path),
            "content" => {
                words = html::read_fragment(&text, &path, &hints.limits);
                let doubled = words.blocks.iter().any(|block| is_doubled(&block.text));
                remark_doubled(v, doubled, &path);
                stood::meant_in(v, Field::Body, child);
            }
            "town" => {
                v.located = Some(terms::collapse(bare));
                stood::in_text(v, Field::Located, child);
            }
            "strapline" => {
                v.slugline = Some(terms::collapse(bare));
                stood::in_text(v, Field::Slugline, child);
            }
            "TilRedaktionen" => {
                terms::note(v, "ednote", bare, &path);
                stood::in_text(v, Field::Note(nth(v.notes.len())), child);
            }
            "byLineEmail" | "byLinePhone" => contacts.push((path, child)),
            "Priority" => {
                terms::apply_urgency(v, bare, &path);
                stood::meant_in(v, Field::Urgency, child);
            }
            "section" => {
                v.subjects.push(terms::subject(None, Some("ritzau"), Some(bare)));
                stood::in_text(v, Field::Subject(nth(v.subjects.len())), child);
            }
            "IPTCList" => {
                for code in child.elements() {
                    v.subjects.push(terms::subject(Some(code.text().trim()), Some("subj"), None));
                    stood::in_text(v, Field::SubjectCode(nth(v.subjects.len())), code);
                }
            }
            "SubjectKeyword" => {
                for word in child.elements() {
                    v.keywords.push(terms::collapse(&word.text()));
                    stood::in_text(v, Field::Keyword(nth(v.keywords.len())), word);
                }
            }
            "Annuleret" | "NyVersion" | "Korrektion" | "InfoFlash" => flag(v, child, bare, &path),
            "Status" => {
                if !KNOWN.contains(&bare.to_lowercase().as_str()) {
                    terms::apply_status(v, bare, &path);
                }
                stood::meant_in(v, Field::Status, child);
            }
            "Replaces" | "replacedID" => {
                replaces(v, bare);
                let named = v.references.iter().position(|reference| reference.uri == bare);
                if let Some(n) = named {
                    stood::in_text(v, Field::Reference(nth(n + 1)), child);
                }
            }
            // What nothing is taken from is unmapped.
            _ => {}
        }
    }
    for (path, contact) in contacts {
        terms::note(v, "contact", contact.text().trim(), &path);
        stood::in_text(v, Field::Note(nth(v.notes.len())), contact);
    }
    head.lines.sort_by_key(|line| line.kind);
    story::tell(v, head, words, "RBNews/content");
    Ok(version)
}

fn filled(root: &Element, name: &str) -> Option<String> {
    root.child(name).map(|child| child.text().trim().to_owned()).filter(|text| !text.is_empty())
}

fn line(version: &mut Version, head: &mut Head, kind: BlockKind, element: &Element, path: &str) {
    let text = stood::text(element);
    remark_doubled(version, is_doubled(&text), path);
    head.add(story::line(kind, &text), element.inner.clone());
}

/// Whether a reference is left over after all that were declared have been resolved.
fn is_doubled(text: &str) -> bool {
    ["&apos;", "&quot;", "&amp;", "&lt;", "&gt;"].iter().any(|reference| text.contains(reference))
}

fn remark_doubled(version: &mut Version, doubled: bool, path: &str) {
    if doubled && !version.complaints.iter().any(|complaint| complaint.code == "escaped-twice") {
        let message =
            "the text was escaped once too often and comes out as it was sent; the agency must mend it";
        terms::complain(version, Gravity::Remark, "escaped-twice", message, path);
    }
}

/// A flag is `true` or `false`; anything else may mean either.
fn flag(version: &mut Version, element: &Element, word: &str, path: &str) {
    let name = element.name;
    let severity = if name == "Annuleret" { Severity::Kills } else { Severity::Informs };
    let code = match name {
        "Annuleret" => "ritzau:annulled",
        "Korrektion" => "ritzau:correction",
        "NyVersion" => "ritzau:update",
        _ => "ritzau:flash",
    };
    match word.to_ascii_lowercase().as_str() {
        "false" | "0" => {}
        "true" | "1" => {
            terms::signal(version, code, severity, path);
            stood::meant_in(version, Field::Signal(nth(version.signals.len())), element);
        }
        _ => {
            let message = format!("the flag is neither true nor false but `{word}`");
            terms::complain(version, Gravity::Hold, "unknown-status", message, path);
        }
    }
}

fn replaces(version: &mut Version, uri: &str) {
    let known = version.references.iter().any(|reference| reference.uri == uri);
    if !known && uri != version.uri {
        let (uri, raw) = (uri.to_owned(), "replacedID".to_owned());
        version.references.push(Reference {
            relation: Relation::Replaces,
            uri,
            version: None,
            when: None,
            raw,
        });
    }
}
