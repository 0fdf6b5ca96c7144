//! Items that define concepts: `conceptItem` and `knowledgeItem`. They are metadata and never a story.

use news::{Field, Version, nth};

use super::read::named;
use crate::xml::Element;
use crate::{stood, terms};

/// How many concepts of one item are taken as subjects; the rest is unmapped.
const MOST: usize = 10_000;

/// Takes each concept that the item defines as a subject of it: its code and its first name.
pub(super) fn describe(version: &mut Version, root: &Element) {
    let sets = root.children_named("conceptSet").flat_map(|set| set.children_named("concept"));
    for concept in root.children_named("concept").chain(sets).take(MOST) {
        let n = nth(version.subjects.len() + 1);
        let named = named(version, concept, Field::Subject(n));
        let id = concept.child("conceptId").and_then(|id| stood::first_attr(id, &["qcode", "uri"]));
        if let Some((attr, _)) = id {
            stood::in_attr(version, Field::SubjectCode(n), attr);
        }
        version.subjects.push(terms::subject(id.map(|(_, code)| code), None, named.as_deref()));
    }
}
