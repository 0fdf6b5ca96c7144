//! What a version says ties it to other items: takes and leads by the slug of a day, series, translations, packages,
//! what it replaces or corrects, and the events that it is about.
//!
//! Nothing here is guessed from what the words are about. A slug counts together with its day and its agency, because
//! agencies use their slugs again; whether what bears it belongs to a story in parts shows only in the index, once a
//! part or a lead bears it too.

use jiff::Timestamp;
use news::{AgencyId, Embargo, ItemClass, ItemKey, PubStatus, Relation, Tie, TieKind, TieTo, Version};

use crate::safety::Key;

/// How many ties of one version are kept.
pub const TIES: usize = 64;

/// The ties of a version that its agency delivered. The key makes marks of no use to who does not have it. What no reader may know of yet
/// ties nothing: a package counts only while it is usable and its embargo, if it had one, is over.
pub fn ties(agency: &AgencyId, version: &Version, key: &Key, now: Timestamp) -> Vec<Tie> {
    let over = match version.embargo {
        None => true,
        Some(Embargo::Until(instant)) => instant <= now,
        Some(Embargo::Indefinite) => false,
    };
    let is_story = version.class == ItemClass::Text;
    let known = is_story || version.status == PubStatus::Usable && over;
    if !known {
        return Vec::new();
    }
    let item = |uri: &str| TieTo::Item(ItemKey { agency: agency.clone(), uri: uri.to_owned() });
    let mark = |of: &[&str]| TieTo::Mark(key.mark(of));
    let mut ties: Vec<Tie> = Vec::new();
    for reference in version.references.iter().filter(|reference| reference.uri != version.uri) {
        let kind = match reference.relation {
            Relation::Member if !is_story => TieKind::Member,
            _ if !is_story => continue,
            Relation::Replaces => TieKind::Replaces,
            Relation::Corrects => TieKind::Corrects,
            Relation::Previous => TieKind::Previous,
            Relation::Translation => TieKind::Translation,
            Relation::SeeAlso => TieKind::SeeAlso,
            Relation::Series => {
                let no = reference.version.as_deref().and_then(|part| part.trim().parse().ok());
                let to = mark(&["series", agency.as_str(), &folded(&reference.uri)]);
                ties.push(Tie { kind: TieKind::Part, to, no });
                continue;
            }
            Relation::Event => {
                let whose = if is_shared(&reference.uri) { "" } else { agency.as_str() };
                ties.push(Tie {
                    kind: TieKind::Event,
                    to: mark(&["event", whose, &reference.uri]),
                    no: None,
                });
                continue;
            }
            Relation::Kills | Relation::Withholds | Relation::Member => continue,
        };
        ties.push(Tie { kind, to: item(&reference.uri), no: None });
    }
    if is_story && let Some((slug, day)) = slug_and_day(version) {
        let (kind, no) = part_or_lead(version);
        ties.push(Tie { kind, to: mark(&["slug", agency.as_str(), &slug, &day]), no });
    }
    // A hostile package names a hundred thousand members: each is compared with those that are kept, not with all.
    let mut kept = Vec::new();
    for tie in ties {
        if kept.len() < TIES && !kept.contains(&tie) {
            kept.push(tie);
        }
    }
    kept
}

/// Whether an identifier means the same whoever uses it: a URI of a scheme that names things for everybody.
fn is_shared(uri: &str) -> bool {
    ["http://", "https://", "urn:", "tag:"]
        .iter()
        .any(|scheme| uri.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
}

fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// The slug alone, without what it says of version and length (`BC-EX--Council-Budget, 1st Ld-Writethru,308`,
/// `EXAMPLE-BRIDGE (UPDATE 2)`), and the day that the version claims for itself.
fn slug_and_day(version: &Version) -> Option<(String, String)> {
    let line = version.slugline.as_deref()?;
    let slug = folded(line.split([',', '(']).next().unwrap_or_default());
    let slug = slug.trim_end_matches(['/', ' ', '-']);
    let day = version.claimed_time()?.strftime("%Y-%m-%d").to_string();
    (slug.chars().any(char::is_alphanumeric)).then(|| (slug.to_owned(), day))
}

/// Whether a version says that it is a part of a story, or a lead; and which. Its marks were read as signals
/// (`text:take:2`, `text:lead`); what stands in the slugline behind the slug says so too.
fn part_or_lead(version: &Version) -> (TieKind, Option<u32>) {
    let signals = version.signals.iter().filter_map(|signal| signal.code.strip_prefix("text:")).map(|code| {
        let (what, no) = code.split_once(':').unwrap_or((code, ""));
        (what.to_owned(), no.parse().ok())
    });
    let behind = version.slugline.as_deref().and_then(|line| line.find([',', '(']).map(|at| &line[at..]));
    let said = signals.chain(numbered(behind.unwrap_or_default()));
    let mut found = (TieKind::Whole, None);
    for (what, no) in said {
        let kind = match what.as_str() {
            "add" | "take" | "takes" | "insert" | "sub" | "part" => TieKind::Part,
            "lead" | "ld" | "net" | "writethru" | "update" => TieKind::Lead,
            _ => continue,
        };
        let graver = kind < found.0 || kind == found.0 && found.1.is_none();
        if graver {
            found = (kind, no);
        }
    }
    found
}

/// Words with the number that stands before or behind them: `2nd Take`, `1st Ld-Writethru`, `UPDATE 2`.
fn numbered(text: &str) -> Vec<(String, Option<u32>)> {
    let words: Vec<String> = text
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let number = |word: Option<&String>| -> Option<u32> {
        let word = word?;
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        let suffix = &word[digits.len()..];
        (digits.len() <= 2 && ["", "st", "nd", "rd", "th"].contains(&suffix)).then(|| digits.parse().ok())?
    };
    let mut out = Vec::new();
    for (at, word) in words.iter().enumerate() {
        // `1stLd`: the number grew together with the word.
        let digits = word.bytes().take_while(u8::is_ascii_digit).count();
        let grown = ["st", "nd", "rd", "th"].iter().find_map(|suffix| word[digits..].strip_prefix(suffix));
        match grown.filter(|rest| (1..=2).contains(&digits) && !rest.is_empty()) {
            Some(rest) => out.push((rest.to_owned(), word[..digits].parse().ok())),
            None => {
                let before = at.checked_sub(1).and_then(|at| number(words.get(at)));
                out.push((word.clone(), before.or_else(|| number(words.get(at + 1)))));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use news::{Reference, Severity, Signal, Stamp};

    fn key() -> Key {
        Key::new([7; 16])
    }

    fn version(slugline: Option<&str>, at: &str) -> Version {
        let mut version = Version::new("urn:agx:1");
        version.slugline = slugline.map(str::to_owned);
        let at: Timestamp = at.parse().unwrap();
        version.version_created = Some(Stamp { raw: at.to_string(), at: Some(at), zoned: true });
        version
    }

    fn naming(relation: Relation, uri: &str, part: Option<&str>) -> Version {
        let mut version = version(None, NOW);
        let (uri, raw) = (uri.to_owned(), String::new());
        version.references.push(Reference {
            relation,
            uri,
            version: part.map(str::to_owned),
            when: None,
            raw,
        });
        version
    }

    const NOW: &str = "2026-03-14T12:00:00Z";

    fn of(version: &Version) -> Vec<Tie> {
        ties(&"agx".into(), version, &key(), NOW.parse().unwrap())
    }

    #[test]
    fn a_slugline_says_whether_it_is_a_part_or_a_lead_and_which() {
        let check = |slugline: &str, signal: &str, expect: (TieKind, Option<u32>)| {
            let mut version = version(Some(slugline), NOW);
            if !signal.is_empty() {
                let (code, path) = (signal.to_owned(), String::new());
                version.signals.push(Signal { code, severity: Severity::Informs, from_text: true, path });
            }
            let ties = of(&version);
            assert_eq!(ties.iter().map(|tie| (tie.kind, tie.no)).collect::<Vec<_>>(), [expect], "{slugline}");
        };
        check("council/budget/", "", (TieKind::Whole, None));
        check("council/budget/", "text:take:2", (TieKind::Part, Some(2)));
        check("council/budget/", "text:lead:1", (TieKind::Lead, Some(1)));
        check("BC-EX--Council-Budget,308", "", (TieKind::Whole, None));
        check("BC-EX--Council-Budget, 1st Ld-Writethru,308", "text:lead", (TieKind::Lead, Some(1)));
        check("BC-EX--Council-Budget, 2nd Take,308", "text:part", (TieKind::Part, Some(2)));
        check("BC-EX--Council-Budget,3rdLd-Writethru", "", (TieKind::Lead, Some(3)));
        check("EXAMPLE-BRIDGE (UPDATE 2)", "", (TieKind::Lead, Some(2)));
        check("EXAMPLE-BRIDGE (PICTURE)", "", (TieKind::Whole, None));
    }

    #[test]
    fn a_mark_is_that_of_the_slug_of_one_day_of_one_agency() {
        let mark = |agency: &str, slugline: &str, at: &str| {
            let ties = ties(&agency.into(), &version(Some(slugline), at), &key(), NOW.parse().unwrap());
            ties.first().map(|tie| tie.to.clone())
        };
        let whole = mark("agx", "BC-EX--Council-Budget,308", NOW);
        assert_eq!(whole, mark("agx", "bc-ex--council-budget, 2nd Take,120", "2026-03-14T18:30:00Z"));
        assert_ne!(whole, mark("agx", "BC-EX--Council-Budget,308", "2026-03-15T00:00:00Z"));
        assert_ne!(whole, mark("agy", "BC-EX--Council-Budget,308", NOW));
        assert_ne!(whole, mark("agx", "BC-EX--Council-Vote,308", NOW));
        assert_eq!(mark("agx", " / ", NOW), None);
        assert!(of(&version(None, NOW)).is_empty());
        let other = ties(&"agx".into(), &version(Some("x"), NOW), &Key::new([8; 16]), NOW.parse().unwrap());
        assert_ne!(Some(&other[0].to), mark("agx", "x", NOW).as_ref(), "another newsroom has other marks");
    }

    #[test]
    fn what_a_version_names_ties_it() {
        let check = |relation, uri: &str, expect: Option<TieKind>| {
            let found = of(&naming(relation, uri, None)).first().map(|tie| tie.kind);
            assert_eq!(found, expect, "{relation:?}");
        };
        check(Relation::Translation, "urn:agx:2", Some(TieKind::Translation));
        check(Relation::Replaces, "urn:agx:2", Some(TieKind::Replaces));
        check(Relation::Corrects, "urn:agx:2", Some(TieKind::Corrects));
        check(Relation::Previous, "urn:agx:2", Some(TieKind::Previous));
        check(Relation::Previous, "urn:agx:1", None);
        check(Relation::SeeAlso, "urn:agx:2", Some(TieKind::SeeAlso));
        check(Relation::Kills, "urn:agx:2", None);
        check(Relation::Withholds, "urn:agx:2", None);
        // A story that names a member is no package.
        check(Relation::Member, "urn:agx:2", None);
        let part = of(&naming(Relation::Series, "The Long River", Some("3")));
        assert_eq!((part[0].kind, part[0].no), (TieKind::Part, Some(3)));
        assert_eq!(part[0].to, of(&naming(Relation::Series, "the  long river", None))[0].to);
    }

    #[test]
    fn an_event_is_one_for_all_agencies_only_by_a_name_that_all_share() {
        let mark = |agency: &str, uri: &str| {
            ties(&agency.into(), &naming(Relation::Event, uri, None), &key(), NOW.parse().unwrap())
                .remove(0)
                .to
        };
        let shared = "https://events.example/e/7";
        assert_eq!(mark("agx", shared), mark("agy", shared));
        assert_ne!(mark("agx", "event:7"), mark("agy", "event:7"));
    }

    #[test]
    fn a_package_ties_only_while_readers_may_know_of_it() {
        let mut package = naming(Relation::Member, "urn:agx:2", None);
        package.class = ItemClass::Other("composite".to_owned());
        let tied = |package: &Version| of(package).iter().any(|tie| tie.kind == TieKind::Member);
        assert!(tied(&package));
        let with = |change: fn(&mut Version)| {
            let mut package = package.clone();
            change(&mut package);
            package
        };
        assert!(!tied(&with(|package| package.status = PubStatus::Withheld)));
        assert!(!tied(&with(|package| package.embargo = Some(Embargo::Indefinite))));
        assert!(!tied(&with(|package| {
            package.embargo = "2026-03-14T12:00:01Z".parse().ok().map(Embargo::Until);
        })));
        assert!(tied(&with(|package| package.embargo = NOW.parse().ok().map(Embargo::Until))));
    }

    #[test]
    fn no_version_has_more_ties_than_are_kept() {
        let mut package = version(None, NOW);
        package.class = ItemClass::Other("composite".to_owned());
        for n in 0..500 {
            let (uri, raw) = (format!("urn:agx:m{}", n / 2), String::new());
            package.references.push(Reference {
                relation: Relation::Member,
                uri,
                version: None,
                when: None,
                raw,
            });
        }
        let ties = of(&package);
        assert_eq!(ties.len(), TIES);
        assert_eq!(ties[1].to, TieTo::Item(ItemKey { agency: "agx".into(), uri: "urn:agx:m1".into() }));
    }
}
