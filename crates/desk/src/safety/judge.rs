//! The rules that ask the version and its story alone.

use std::collections::HashSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use news::{BlockKind, Embargo, Version};

use super::language::{Script, Tongues, scripts_for};
use super::profile::word_hash;
use super::{Finding, Profile, Rule, Safety, Sight};
use crate::assess::Setting;
use crate::{Policy, kill_text};

/// Everything that the rules of the policy find about a version that would be published now, or at its instant.
pub(crate) fn judge(
    version: &Version,
    setting: Setting,
    policy: &Policy,
    sight: &Sight<'_>,
    now: Timestamp,
) -> Vec<Finding> {
    if !policy.rules.any() || setting.cleared || setting.passed_over {
        return Vec::new();
    }
    let mut found: Vec<Finding> = sight.around.to_vec();
    let mut ask = |rule: Rule, rule_finds: &dyn Fn() -> Option<String>| {
        if policy.rules.mode(rule) != Safety::Off
            && let Some(text) = rule_finds()
        {
            found.push(Finding { rule, text });
        }
    };
    ask(Rule::StaleDate, &|| stale(version, policy, now));
    ask(Rule::FutureDate, &|| ahead(version, policy, now));
    ask(Rule::DateDiffers, &|| date_differs(version));
    ask(Rule::Unfinished, &|| {
        let gaps = kill_text::is_unfinished(&version.copy);
        gaps.then(|| "gaps in the copy that somebody meant to fill".to_owned())
    });
    ask(Rule::Placeholder, &|| placeholder(version));
    ask(Rule::RepeatedBody, &|| repeated(version));
    ask(Rule::CutBody, &|| breaks_off(version));
    if let Some(profile) = sight.profile {
        ask(Rule::OtherLanguage, &|| other_language(version, profile));
        ask(Rule::OtherStory, &|| other_story(version, profile));
        ask(Rule::WatchWord, &|| watch_word(profile, policy));
    }
    found.retain(|finding| applies(finding.rule, setting, policy));
    found.sort_by_key(|finding| finding.rule);
    found.dedup_by_key(|finding| finding.rule);
    found
}

/// Whether a rule has anything to say here: some are about new items only, some about updates, and what a person
/// puts through by hand, or was there before us, has its own time.
fn applies(rule: Rule, setting: Setting, policy: &Policy) -> bool {
    let by_itself = !policy.exempt && !policy.first_contact;
    match rule {
        Rule::StaleDate | Rule::Burst | Rule::Flashes => setting.is_first && by_itself,
        Rule::OldTwin => setting.is_first && by_itself,
        Rule::UnexpectedSender => by_itself,
        Rule::FutureDate => !policy.exempt,
        Rule::EmptyBody => setting.is_first,
        Rule::LargeChange => !setting.is_first,
        _ => true,
    }
}

fn stale(version: &Version, policy: &Policy, now: Timestamp) -> Option<String> {
    let claimed = version.claimed_time()?;
    let meant = match version.embargo {
        Some(Embargo::Until(instant)) => claimed.max(instant),
        _ => claimed,
    };
    let after = policy.rules.stale_after;
    (now.duration_since(meant) > after)
        .then(|| format!("a new item, dated {meant}: more than {} h before its receipt", after.as_hours()))
}

fn ahead(version: &Version, policy: &Policy, now: Timestamp) -> Option<String> {
    let claimed = version.claimed_time()?;
    let ahead = policy.rules.ahead;
    (claimed.duration_since(now) > ahead)
        .then(|| format!("dated {claimed}: more than {} min after its receipt", ahead.as_mins()))
}

/// How many days a dateline may be from the item's own date: writethrus keep the first day's.
const DAYS: i64 = 4;
/// How far into the text a dateline reaches.
const DATELINE: usize = 70;

/// The dateline's day, if it names one that is not the item's.
fn date_differs(version: &Version) -> Option<String> {
    let claimed = TimeZone::UTC.to_datetime(version.claimed_time()?).date();
    let lead = version.copy.body().next().map(|block| block.text());
    let own = version.dateline.as_ref().map(|dateline| dateline.text.as_str());
    let named =
        [own, lead.and_then(dateline_of)].into_iter().flatten().find_map(|text| day_in(text, claimed))?;
    let apart = i64::from(claimed.since(named).ok()?.get_days()).abs();
    (apart > DAYS).then(|| format!("the dateline says {named}, the item {claimed}"))
}

/// What stands before the sign or dash that ends a dateline.
fn dateline_of(lead: &str) -> Option<&str> {
    let top = lead.char_indices().nth(DATELINE).map_or(lead, |(end, _)| &lead[..end]);
    let end = [" (", " —", " –", " - ", " -- "].iter().filter_map(|mark| top.find(mark)).min()?;
    Some(&top[..end])
}

const MONTHS: [&[&str]; 12] = [
    &["january", "jan", "januar", "janvier", "enero", "gennaio", "janeiro"],
    &["february", "feb", "februar", "février", "febrero", "febbraio", "fevereiro"],
    &["march", "mar", "märz", "mars", "marzo", "março"],
    &["april", "apr", "avril", "abril", "aprile"],
    &["may", "mai", "mayo", "maggio", "maio"],
    &["june", "jun", "juni", "juin", "junio", "giugno", "junho"],
    &["july", "jul", "juli", "juillet", "julio", "luglio", "julho"],
    &["august", "aug", "août", "agosto"],
    &["september", "sept", "sep", "septembre", "septiembre", "settembre", "setembro"],
    &["october", "oct", "oktober", "okt", "octobre", "octubre", "ottobre", "outubro"],
    &["november", "nov", "novembre", "noviembre", "novembro"],
    &["december", "dec", "dezember", "dez", "décembre", "diciembre", "dicembre", "dezembro"],
];

/// The day that a dateline names, in the year that it names or the one nearest to `near`.
fn day_in(dateline: &str, near: Date) -> Option<Date> {
    let words: Vec<String> = dateline
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let at = words.iter().position(|word| MONTHS.iter().any(|names| names.contains(&word.as_str())))?;
    let month = MONTHS.iter().position(|names| names.contains(&words[at].as_str()))? as i8 + 1;
    let day = |i: Option<usize>| {
        i.and_then(|i| words.get(i)?.parse::<i8>().ok()).filter(|day| (1..=31).contains(day))
    };
    let (day, after) = match day(Some(at + 1)) {
        Some(day) => (day, at + 2),
        None => (day(at.checked_sub(1))?, at + 1),
    };
    let year =
        words.get(after).and_then(|word| word.parse::<i16>().ok()).filter(|year| (1900..2200).contains(year));
    if let Some(year) = year {
        return Date::new(year, month, day).ok();
    }
    let near_in = |year: i16| {
        let date = Date::new(year, month, day).ok()?;
        Some((near.since(date).ok()?.get_days().abs(), date))
    };
    (near.year() - 1..=near.year() + 1).filter_map(near_in).min().map(|(_, date)| date)
}

/// Headlines that a program wrote where an editor did not.
const NO_HEADLINES: &[&str] = &[
    "null",
    "undefined",
    "none",
    "n/a",
    "untitled",
    "headline",
    "title",
    "nan",
    "no title",
    "todo",
    "-",
    "?",
];
/// Words of templates.
const TEMPLATES: &[&str] = &[
    "lorem ipsum",
    "headline goes here",
    "text goes here",
    "body goes here",
    "insert headline",
    "insert text",
    "dummy text",
    "placeholder text",
    "blindtext",
    "platzhalter",
    "texte de remplissage",
    "texto de relleno",
];

fn placeholder(version: &Version) -> Option<String> {
    let headline = version.copy.headline().unwrap_or_default();
    let small = headline.trim().to_lowercase();
    if NO_HEADLINES.contains(&small.as_str()) {
        return Some("a headline that no editor wrote".to_owned());
    }
    let opens = |text: &str| {
        ["{{", "${", "<%", "[[", "%("]
            .iter()
            .any(|mark| text.split_once(mark).is_some_and(|(_, rest)| rest.contains(['}', ')', ']', '>'])))
            && !text.contains("[[ ")
    };
    let lead = version.copy.body().next().map_or("", |block| block.text());
    if opens(headline) || opens(lead) && lead.chars().count() < 400 {
        return Some("marks of a template that was not filled".to_owned());
    }
    let lead = lead.chars().take(400).collect::<String>().to_lowercase();
    TEMPLATES
        .iter()
        .find(|words| small.contains(*words) || lead.contains(*words))
        .map(|_| "words of a template that was not filled".to_owned())
}

/// Paragraphs shorter than this may well stand twice.
const LONG_BLOCK: usize = 60;
/// How many letters may stand twice.
const TWICE: usize = 200;

fn repeated(version: &Version) -> Option<String> {
    let mut seen: HashSet<&str> = HashSet::new();
    let (mut all, mut twice) = (0, 0);
    for block in version.copy.body() {
        let text = block.text();
        all += text.len();
        if text.len() >= LONG_BLOCK && block.kind() != BlockKind::Row && !seen.insert(text) {
            twice += text.len();
        }
    }
    (twice >= TWICE && twice * 4 >= all)
        .then(|| format!("{} % of the body stands there twice", 100 * twice / all.max(1)))
}

/// The least body of which an end can be told.
const ENDS: usize = 200;

fn breaks_off(version: &Version) -> Option<String> {
    let last = version.copy.body().filter(|block| block.kind() == BlockKind::P).last()?;
    let all: usize = version.copy.body().map(|block| block.text().len()).sum();
    let text = last.text().trim_end();
    if all < ENDS || text.len() < LONG_BLOCK {
        return None;
    }
    let says = "the body breaks off within a sentence".to_owned();
    match text.chars().next_back()? {
        ',' | '‚' | '、' => Some(says),
        c if c.is_alphanumeric() => {
            let place = Tongues::place(version.language.as_deref()?)?;
            let word = text.rsplit(|c: char| !c.is_alphanumeric()).next()?;
            let small = word.chars().all(char::is_lowercase);
            (small && super::language::tongues_of(word_hash(word)) >> place & 1 == 1).then_some(says)
        }
        _ => None,
    }
}

/// How many letters tell a script, and how many words a language.
const LETTERS: u32 = 60;
const TALK: u32 = 60;

fn other_language(version: &Version, profile: &Profile) -> Option<String> {
    let language = version.language.as_deref()?;
    let letters: u32 = profile.scripts.iter().sum();
    let expected = scripts_for(language);
    if letters >= LETTERS && !expected.is_empty() {
        let ours: u32 = expected.iter().filter_map(|script| profile.scripts.get(*script as usize)).sum();
        let others = letters - ours - profile.scripts.get(Script::Other as usize).copied().unwrap_or(0);
        if ours * 4 < letters && others * 2 > letters {
            return Some(format!("the item says `{language}`, and its letters are of another script"));
        }
    }
    let place = Tongues::place(language)?;
    if profile.talk < TALK {
        return None;
    }
    let ours = profile.tongues.get(place).copied()?;
    let (best, most) = profile.tongues.iter().enumerate().max_by_key(|(_, count)| **count)?;
    (ours * 25 < profile.talk && most * 5 > profile.talk && *most > ours * 4)
        .then(|| format!("the item says `{language}`, and its words look like `{}`", Tongues::name(best)))
}

/// How many long words a headline needs, and how many words a body, before nothing in common means something.
const HEADLINE: usize = 4;
const BODY: usize = 100;

fn other_story(version: &Version, profile: &Profile) -> Option<String> {
    // Tables and lists are headed by what they are, not by what stands in them.
    let told = version
        .copy
        .body()
        .all(|block| matches!(block.kind(), BlockKind::P | BlockKind::Quote | BlockKind::H2));
    (told && profile.headline.len() >= HEADLINE && profile.body_words >= BODY && profile.in_common() == 0)
        .then(|| "headline and body have no word in common".to_owned())
}

fn watch_word(profile: &Profile, policy: &Policy) -> Option<String> {
    let stands = |hashes: &[u64]| profile.top.windows(hashes.len()).any(|words| words == hashes);
    let watched = policy.rules.watched().iter().find(|watched| stands(&watched.hashes))?;
    Some(format!("`{}` stands on the watch list", watched.phrase))
}
