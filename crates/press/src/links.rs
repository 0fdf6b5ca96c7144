//! Where things stand on a site.

use news::ItemId;

/// The addresses of a site, from its public base address.
#[derive(Clone, Copy, Debug)]
pub struct Links<'a> {
    base: &'a str,
}

impl<'a> Links<'a> {
    /// From a public base address without a slash at the end; it may carry a path.
    pub fn new(base: &'a str) -> Self {
        Self { base: base.trim_end_matches('/') }
    }

    /// The base's path: empty, or `/path` without a slash at the end.
    pub fn path(&self) -> &'a str {
        let host = self.base.find("://").map_or(0, |at| at + 3);
        self.base[host..].find('/').map_or("", |at| &self.base[host + at..])
    }

    /// The full address of a path on the site, which starts with a slash.
    pub fn full(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A path on the site as links in pages carry it: with the base's path, without scheme and host.
    pub fn local(&self, path: &str) -> String {
        format!("{}{path}", self.path())
    }

    /// The permanent address of a story: `/s/{id}`. `.json`, `.txt`, `.proof` and `/history` may follow.
    pub fn story(&self, id: ItemId) -> String {
        format!("{}/s/{id}", self.base)
    }

    /// The path of a section's page within the site: `/section/{slug}`; `/feed.rss`, `/feed.atom` and `/feed.json`
    /// may follow.
    pub fn section_path(slug: &str) -> String {
        let mut path = String::from("/section/");
        for byte in slug.bytes() {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                path.push(byte as char);
            } else {
                path.push_str(&format!("%{byte:02X}"));
            }
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_may_carry_a_path() {
        for (base, path) in [
            ("https://news.example", ""),
            ("https://news.example/", ""),
            ("https://news.example/wire", "/wire"),
            ("http://127.0.0.1:8080/a/b", "/a/b"),
        ] {
            assert_eq!(Links::new(base).path(), path);
        }
        assert_eq!(Links::new("https://news.example/wire").local("/search"), "/wire/search");
    }

    #[test]
    fn a_slug_in_any_script_makes_an_address() {
        assert_eq!(Links::section_path("world-news"), "/section/world-news");
        assert_eq!(Links::section_path("दे/"), "/section/%E0%A4%A6%E0%A5%87%2F");
    }
}
