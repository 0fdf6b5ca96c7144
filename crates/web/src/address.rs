//! The site's address space: which path asks for what.

use news::ItemId;
use newsroom::Of;
use newsroom::public::Ask;

/// What a path leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Something of the site.
    Ask(Ask),
    /// `/api/v1/items`.
    Items,
    /// A file of the public log, by its path below `/log/`.
    Log(String),
    /// A proof.
    Proof(ItemId, Of),
    /// `/.well-known/verbatim.json`.
    WellKnown,
    /// A style sheet, by its path.
    Style(String),
    /// The script that checks a story on its own page.
    Badge,
    /// The page that checks a story in the reader's browser.
    Verify,
    /// Nothing.
    Nowhere,
}

/// Reads a path (percent-decoded, below the site's base) and query.
pub fn place(path: &str, query: &[(String, String)]) -> Place {
    let value = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let from = value("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let parts: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
    match *parts.as_slice() {
        [""] => Place::Ask(Ask::Front(from)),
        ["sitemap.xml"] => Place::Ask(Ask::Sitemap(None)),
        ["news-sitemap.xml"] => Place::Ask(Ask::NewsSitemap),
        ["robots.txt"] => Place::Ask(Ask::Robots),
        ["policy"] => Place::Ask(Ask::Policy),
        ["search"] => Place::Ask(Ask::Search(value("q").unwrap_or_default().to_owned())),
        ["api", "v1", "items"] => Place::Items,
        [".well-known", "verbatim.json"] => Place::WellKnown,
        ["verify"] => Place::Verify,
        [file] if path == press::BADGE.path && !file.is_empty() => Place::Badge,
        ["log", ..] => Place::Log(parts[1..].join("/")),
        ["s", story] => match story.split_once('.') {
            Some((id, "proof")) => proof(id, value("version").map(|n| n.parse().map(Of::Version))),
            Some((id, "quote")) => proof(id, value("paragraph").map(|n| n.parse().map(Of::Paragraph))),
            _ => story_file(story),
        },
        ["s", id, "history"] => id.parse().map_or(Place::Nowhere, |id| Place::Ask(Ask::History(id))),
        // A decorative slug may follow the id; it is never looked at.
        ["s", id, _slug] => id.parse().map_or(Place::Nowhere, |id| Place::Ask(Ask::Story(id))),
        [file] if feed(file, None).is_some() => feed(file, None).map_or(Place::Nowhere, Place::Ask),
        [file] if file.starts_with("style-") => Place::Style(format!("/{file}")),
        [file] if file.starts_with("sitemap-") => {
            let number = file.strip_prefix("sitemap-").and_then(|rest| rest.strip_suffix(".xml"));
            match number.and_then(|number| number.parse::<u32>().ok()) {
                Some(number) => Place::Ask(Ask::Sitemap(Some(number))),
                None => Place::Nowhere,
            }
        }
        ["section", section] | ["section", section, ""] if is_section(section) => {
            Place::Ask(Ask::Section(section.to_owned(), from))
        }
        ["section", section, file] if is_section(section) => {
            feed(file, Some(section)).map_or(Place::Nowhere, Place::Ask)
        }
        _ => Place::Nowhere,
    }
}

/// A proof of what the page shows, or of what was asked for by number.
fn proof(id: &str, of: Option<Result<Of, std::num::ParseIntError>>) -> Place {
    match (id.parse(), of.unwrap_or(Ok(Of::Page))) {
        (Ok(id), Ok(of)) => Place::Proof(id, of),
        _ => Place::Nowhere,
    }
}

fn story_file(name: &str) -> Place {
    let (id, ask): (&str, fn(news::ItemId) -> Ask) = match name.split_once('.') {
        None => (name, Ask::Story),
        Some((id, "json")) => (id, Ask::StoryJson),
        Some((id, "txt")) => (id, Ask::StoryTxt),
        Some(_) => return Place::Nowhere,
    };
    id.parse().map_or(Place::Nowhere, |id| Place::Ask(ask(id)))
}

fn feed(file: &str, section: Option<&str>) -> Option<Ask> {
    let section = section.map(str::to_owned);
    match file {
        "feed.rss" => Some(Ask::Rss(section)),
        "feed.atom" => Some(Ask::Atom(section)),
        "feed.json" => Some(Ask::JsonFeed(section)),
        _ => None,
    }
}

fn is_section(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 64
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(path: &str, expect: Place) {
        assert_eq!(
            place(path, &[("from".into(), "30".into()), ("q".into(), "word".into())]),
            expect,
            "{path}"
        );
    }

    const ID: &str = "0123456789abcdefghjkmnpqrs";

    #[test]
    fn every_address_of_the_contract_leads_somewhere() {
        let id = ID.parse().expect("an id");
        check("/", Place::Ask(Ask::Front(30)));
        check("/section/world", Place::Ask(Ask::Section("world".into(), 30)));
        check(&format!("/s/{ID}"), Place::Ask(Ask::Story(id)));
        check(&format!("/s/{ID}/a-slug"), Place::Ask(Ask::Story(id)));
        check(&format!("/s/{ID}/history"), Place::Ask(Ask::History(id)));
        check(&format!("/s/{ID}.json"), Place::Ask(Ask::StoryJson(id)));
        check(&format!("/s/{ID}.txt"), Place::Ask(Ask::StoryTxt(id)));
        check("/feed.rss", Place::Ask(Ask::Rss(None)));
        check("/section/world/feed.atom", Place::Ask(Ask::Atom(Some("world".into()))));
        check("/feed.json", Place::Ask(Ask::JsonFeed(None)));
        check("/sitemap.xml", Place::Ask(Ask::Sitemap(None)));
        check("/sitemap-2.xml", Place::Ask(Ask::Sitemap(Some(2))));
        check("/news-sitemap.xml", Place::Ask(Ask::NewsSitemap));
        check("/robots.txt", Place::Ask(Ask::Robots));
        check("/search", Place::Ask(Ask::Search("word".into())));
        check("/policy", Place::Ask(Ask::Policy));
        check("/api/v1/items", Place::Items);
        check("/log/checkpoint", Place::Log("checkpoint".into()));
        check("/log/0/tile/entries/000.p/3", Place::Log("0/tile/entries/000.p/3".into()));
        check(&format!("/s/{ID}.proof"), Place::Proof(id, Of::Page));
        check("/.well-known/verbatim.json", Place::WellKnown);
        check("/verify", Place::Verify);
        check("/style-0123456789abcdef.css", Place::Style("/style-0123456789abcdef.css".into()));
        for (file, name, of) in
            [("proof", "version", Of::Version(2)), ("quote", "paragraph", Of::Paragraph(2))]
        {
            let asked = |n: &str| place(&format!("/s/{ID}.{file}"), &[(name.into(), n.into())]);
            assert_eq!((asked("2"), asked("x")), (Place::Proof(id, of), Place::Nowhere));
        }
    }

    #[test]
    fn everything_else_leads_nowhere() {
        for path in [
            "/s/",
            "/s/short",
            "//",
            "/../etc",
            "/section/World",
            "/world/",
            "/s/x.json",
            "/section/world/feed.exe",
            "/api/v1/",
            "/sitemap-x.xml",
            "/a/b/c",
        ] {
            check(path, Place::Nowhere);
        }
        check(&format!("/s/{ID}.proof.exe"), Place::Nowhere);
    }
}
