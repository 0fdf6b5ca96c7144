//! Sitemaps (sitemaps.org 0.9), news sitemaps (Google's extension 0.9) and robots.txt (RFC 9309).

use jiff::Timestamp;
use wire::html::escape_text;

use crate::gate::{self, Gated};
use crate::press::iso;
use crate::shape::{Page, SiteFace};
use crate::{Links, Press, TEXT, XML};

/// At most this many addresses stand in one sitemap, and as many sitemaps in one index.
pub const LARGEST_SITEMAP: usize = 50_000;
/// At most this many stories stand in a news sitemap.
pub const LARGEST_NEWS_SITEMAP: usize = 1_000;

/// A story in a news sitemap. Only stories first published in the last two days belong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewsLine {
    /// Its permanent address.
    pub url: String,
    /// Its headline, whole.
    pub title: String,
    /// When it was first public here.
    pub published: Timestamp,
    /// Its language (BCP 47); the site's if absent.
    pub language: Option<String>,
}

impl Press {
    /// A sitemap of these addresses and when each last changed. What lies beyond [`LARGEST_SITEMAP`] is left out:
    /// part them and use [`Press::sitemap_index`]. A page that must not be indexed does not belong in it.
    pub fn sitemap(&self, _site: &SiteFace, urls: &[(String, Timestamp)]) -> Gated<Page> {
        let mut out = begin("urlset", "");
        for (url, updated) in urls.iter().take(LARGEST_SITEMAP) {
            out.push_str("<url><loc>");
            escape_text(&mut out, url);
            out.push_str(&format!("</loc><lastmod>{}</lastmod></url>\n", iso(*updated)));
        }
        finish(out, "urlset")
    }

    /// An index of sitemaps. When each last changed is not said: one that says nothing is asked for again, one that says
    /// something untrue is not.
    pub fn sitemap_index(&self, _site: &SiteFace, sitemaps: &[String]) -> Gated<Page> {
        let mut out = begin("sitemapindex", "");
        for url in sitemaps.iter().take(LARGEST_SITEMAP) {
            out.push_str("<sitemap><loc>");
            escape_text(&mut out, url);
            out.push_str("</loc></sitemap>\n");
        }
        finish(out, "sitemapindex")
    }

    /// A news sitemap of these stories, the newest first; what lies beyond [`LARGEST_NEWS_SITEMAP`] is left out.
    pub fn news_sitemap(&self, site: &SiteFace, lines: &[NewsLine]) -> Gated<Page> {
        let mut out = begin("urlset", " xmlns:news=\"http://www.google.com/schemas/sitemap-news/0.9\"");
        for line in lines.iter().take(LARGEST_NEWS_SITEMAP) {
            out.push_str("<url><loc>");
            escape_text(&mut out, &line.url);
            out.push_str("</loc><news:news><news:publication><news:name>");
            escape_text(&mut out, &site.name);
            out.push_str("</news:name><news:language>");
            escape_text(&mut out, &news_language(line.language.as_deref().unwrap_or(&site.language)));
            out.push_str("</news:language></news:publication><news:publication_date>");
            out.push_str(&iso(line.published));
            out.push_str("</news:publication_date><news:title>");
            escape_text(&mut out, &line.title);
            out.push_str("</news:title></news:news></url>\n");
        }
        finish(out, "urlset")
    }

    /// The site's robots.txt. A site that is not to be indexed says so on its pages, which crawlers must be able to
    /// read for that; here it only names no sitemaps.
    pub fn robots(&self, site: &SiteFace) -> Gated<Page> {
        let links = Links::new(&site.url);
        let mut out = format!("User-agent: *\nDisallow: {}\n", links.local("/search"));
        if site.index_pages {
            for name in ["/sitemap.xml", "/news-sitemap.xml"] {
                out.push_str(&format!("\nSitemap: {}", links.full(name)));
            }
            out.push('\n');
        }
        gate::vouched(Page::new(TEXT, out))
    }
}

fn begin(name: &str, more: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{name} xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"{more}>\n"
    )
}

fn finish(mut out: String, name: &str) -> Gated<Page> {
    out.push_str(&format!("</{name}>\n"));
    gate::vouched(Page::new(XML, out))
}

/// The language as news sitemaps want it: ISO 639 alone, but `zh-cn` and `zh-tw`.
fn news_language(tag: &str) -> String {
    let tag = tag.to_ascii_lowercase();
    match tag.split('-').next().unwrap_or_default() {
        "zh" if tag.contains("hant") || tag.contains("tw") || tag.contains("hk") => "zh-tw".to_owned(),
        "zh" => "zh-cn".to_owned(),
        primary => primary.to_owned(),
    }
}
