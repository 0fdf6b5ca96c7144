//! Step 5: pages, labels, history, feeds and sitemaps, and the gate that reads the words back.
//!
//! A [`Press`] renders with a theme; the [`gate`] reads every finished page back and lets it through only if it
//! says the agency's words exactly. The copy's blocks, the label and the structured data come to the theme ready
//! made: a theme places them and cannot rewrite them without the gate seeing it.
//!
//! **Never here:** fetching, storing, reading the clock, or "improving" copy.

mod badge;
mod changes;
mod feeds;
pub mod gate;
mod labels;
mod links;
mod mark;
mod press;
mod script;
mod shape;
mod sitemaps;
mod structured;
mod theme;

pub use badge::{BADGE, Badge, CHECK};
pub use changes::{Change, Changed, changes};
pub use gate::{GateRefusal, Gated};
pub use labels::{LabelSet, LabelTexts, label};
pub use links::Links;
pub use press::Press;
pub use shape::{Bond, Gone, HistoryLine, Kin, Line, Nav, Page, SectionFace, SiteFace, Story, Withdrawal};
pub use sitemaps::{LARGEST_NEWS_SITEMAP, LARGEST_SITEMAP, NewsLine};
pub use theme::LoadThemeError;

/// Media type of pages.
pub const HTML: &str = "text/html; charset=utf-8";
/// Media type of style sheets.
pub const CSS: &str = "text/css; charset=utf-8";
/// Media type of the text form of a story.
pub const TEXT: &str = "text/plain; charset=utf-8";
/// Media type of ninjs and of the API.
pub const JSON: &str = "application/json; charset=utf-8";
/// Media type of RSS feeds.
pub const RSS: &str = "application/rss+xml; charset=utf-8";
/// Media type of Atom feeds (RFC 4287 §7).
pub const ATOM: &str = "application/atom+xml; charset=utf-8";
/// Media type of JSON feeds (JSON Feed 1.1).
pub const JSON_FEED: &str = "application/feed+json; charset=utf-8";
/// Media type of sitemaps.
pub const XML: &str = "application/xml; charset=utf-8";
