//! Readers of XML note where a value stood.

use std::borrow::Cow;

use news::{Field, Taken, Version};

use crate::xml::{Attr, Element, Node};

/// A field was taken, word for word, from the text of an element.
pub(crate) fn in_text(version: &mut Version, field: Field, element: &Element) {
    version.origins.bytes(field, Taken::AsWritten, element.inner.clone());
}

/// A field was taken by its meaning from an element: its text, attributes and all.
pub(crate) fn as_meant(version: &mut Version, field: Field, element: &Element) {
    version.origins.bytes(field, Taken::ByMeaning, element.span.clone());
}

/// A field was taken by its meaning from what stands in an element.
pub(crate) fn meant_in(version: &mut Version, field: Field, element: &Element) {
    version.origins.bytes(field, Taken::ByMeaning, element.inner.clone());
}

/// A field was taken, word for word, from an attribute.
pub(crate) fn in_attr(version: &mut Version, field: Field, attr: &Attr) {
    version.origins.bytes(field, Taken::AsWritten, attr.span.clone());
}

/// A field was taken by its meaning from an attribute.
pub(crate) fn meant_by(version: &mut Version, field: Field, attr: &Attr) {
    version.origins.bytes(field, Taken::ByMeaning, attr.span.clone());
}

/// The first of these attributes that says something, with its trimmed value.
pub(crate) fn first_attr<'a>(element: &'a Element<'a>, names: &[&str]) -> Option<(&'a Attr<'a>, &'a str)> {
    names.iter().find_map(|name| {
        let attr = element.attrs.iter().find(|attr| attr.ns.is_none() && *attr.name == **name)?;
        let value = attr.value.trim();
        (!value.is_empty()).then_some((attr, value))
    })
}

/// All text in an element, without copying if it is in one piece.
pub(crate) fn text<'e>(element: &'e Element<'e>) -> Cow<'e, str> {
    match element.children.as_slice() {
        [] => Cow::Borrowed(""),
        [Node::Text(text)] => Cow::Borrowed(text),
        _ => Cow::Owned(element.text()),
    }
}
