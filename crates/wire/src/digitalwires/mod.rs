//! dpa digitalwires: one JSON object a version, `{"format": "digitalwires@0.9.1", …}`, or many in an array.
//!
//! | digitalwires | becomes |
//! |---|---|
//! | `urn`, `version` | uri, version |
//! | `pubstatus` and the category `dnltype:pubstatus`; `null` (sports tables) is usable | pubStatus, the more restrictive of the two |
//! | `signal` and the category `dnltype:signal` | signals |
//! | `embargoed`; `null` is none, an empty text is one without end | embargo |
//! | `headline`; `kicker`, `subhead`; `byline` | headline; subheads; byline |
//! | `dateline` ("Berlin (dpa) - "), which is not in the body | dateline, a block of its own |
//! | `article_html` | body |
//! | `ednotes[]`, `notepad` with all its parts | notes, never copy; what `is_publishable` says is in the role |
//! | `creditline`, `copyrightnotice`, `usageterms` | rights |
//! | `autopublishnotice` | kept: the agency's own notice for copies that go out unseen |
//! | `categories[]` | subjects, genres, keywords, creators, by their `type` |
//! | `associations[]` | references, renditions |
//! | `teaser`, `infobox_html`, `linkbox_html` and all else | kept: they stand beside a story, not in it |
//!
//! An item without `article_html` is a picture, sound or film, as its first association says.
//!
//! ```
//! let wire = r#"{"urn": "urn:newsml:agx.example:20260314:1", "version": 1, "pubstatus": "usable", "headline": "Brücke offen",
//!   "dateline": "Beispielstadt (agx) - ", "article_html": "<section class=\"main\"><p>Sie ist offen.</p></section>"}"#;
//! let version = &wire::digitalwires::read(wire, &wire::Hints::default()).items[0];
//! assert_eq!(version.copy.canonical(), "Brücke offen\n\nBeispielstadt (agx) -\n\nSie ist offen.\n");
//! ```

mod read;
#[cfg(test)]
mod tests;

pub use read::read;
