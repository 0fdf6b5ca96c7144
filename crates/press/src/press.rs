//! The press: renders with a theme, then passes what it rendered through the gate.

use jiff::Timestamp;
use minijinja::context;
use minijinja::value::Value;
use news::ReviewState;
use wire::html::{escape_attribute, escape_text};

use crate::badge::BADGE;
use crate::changes::{Change, Changed};
use crate::gate::{self, GateRefusal, Gated, Listed};
use crate::mark::{self, language_attributes};
use crate::script::script_of;
use crate::shape::{Bond, Gone, HistoryLine, Kin, Line, Nav, Page, SiteFace, Story, Withdrawal};
use crate::theme::{LoadThemeError, Theme};
use crate::{ATOM, CSS, HTML, JSON_FEED, Links, RSS, TEXT, structured};

/// Renders pages with one theme. Everything it hands out has passed the gate.
#[derive(Debug)]
pub struct Press {
    theme: Theme,
    builtin: Theme,
}

impl Default for Press {
    fn default() -> Self {
        Self::new()
    }
}

impl Press {
    /// A press with the built-in theme.
    pub fn new() -> Self {
        Self { theme: Theme::broadsheet(), builtin: Theme::broadsheet() }
    }

    /// A press with a publisher's theme: its files, by name, replace or extend those of the built-in one.
    ///
    /// # Errors
    /// [`LoadThemeError`] names the file and line that does not compile.
    pub fn with_theme(files: impl IntoIterator<Item = (String, String)>) -> Result<Self, LoadThemeError> {
        Ok(Self { theme: Theme::with_files(files)?, builtin: Theme::broadsheet() })
    }

    /// The style sheets that pages name, each with its path on every site (`/style-….css`, which changes with what is
    /// in it, so that caches may keep it for ever): the theme's and, where that differs, the built-in one, which
    /// notices fall back on.
    pub fn style_sheets(&self) -> Vec<(String, Gated<Page>)> {
        let mut styles = vec![self.theme.style(), self.builtin.style()];
        styles.dedup_by_key(|style| &style.path);
        // A style sheet carries no words.
        let sheet = |text: &str| gate::vouched(Page::new(CSS, text.to_owned()));
        styles.into_iter().map(|style| (style.path.clone(), sheet(&style.text))).collect()
    }

    /// The page of a story.
    ///
    /// # Errors
    /// [`GateRefusal`] if the finished page does not say exactly the copy and the label, or the theme failed.
    pub fn story(&self, site: &SiteFace, story: &Story<'_>) -> Result<Gated<Page>, GateRefusal> {
        let place = format!("/s/{}", story.id);
        let frame = Frame {
            path: &place,
            noindex: story.noindex,
            section: first_section(story),
            ..Frame::of("story")
        };
        let page = self.render("story.html", site, &frame, context! { story => story_facts(site, story) });
        page.and_then(|page| gate::story(page, &story.version.copy, &story.label))
            .map_err(|refusal| refusal.at(place))
    }

    /// The text form of a story, at its address with `.txt`: the canonical form of the copy.
    ///
    /// # Errors
    /// [`GateRefusal`] if it is not.
    pub fn story_txt(&self, story: &Story<'_>) -> Result<Gated<Page>, GateRefusal> {
        let canonical = story.version.copy.canonical();
        gate::text(Page::new(TEXT, canonical.clone()), &canonical)
            .map_err(|refusal| refusal.at(format!("/s/{}.txt", story.id)))
    }

    /// The history of a story: what happened, when, and hashes; no copy.
    ///
    /// # Errors
    /// [`GateRefusal`] if the theme failed, or marks anything as copy.
    pub fn history(&self, site: &SiteFace, story: &Story<'_>) -> Result<Gated<Page>, GateRefusal> {
        let place = format!("/s/{}/history", story.id);
        let frame = Frame { path: &place, noindex: true, ..Frame::of("history") };
        let links = Links::new(&site.url);
        let facts = context! {
            agency => story.agency,
            page_local => links.local(&format!("/s/{}", story.id)),
            history => history_facts(&story.history, true),
        };
        let page = self.render("history.html", site, &frame, context! { story => facts });
        page.and_then(gate::bare).map_err(|refusal| refusal.at(place))
    }

    /// A front page, or one of its older pages.
    ///
    /// # Errors
    /// [`GateRefusal`] if a headline is not whole or not in its place, or the theme failed.
    pub fn front(&self, site: &SiteFace, lines: &[Line], nav: &Nav) -> Result<Gated<Page>, GateRefusal> {
        let frame = Frame { path: "/", ..Frame::of("front") };
        let words = if lines.is_empty() { Some("No stories yet") } else { None };
        self.list("front.html", site, &frame, lines, nav, words, "", nav.newer.is_none())
    }

    /// The page of the section with this slug.
    ///
    /// # Errors
    /// As [`Press::front`].
    pub fn section(
        &self,
        site: &SiteFace,
        slug: &str,
        lines: &[Line],
        nav: &Nav,
    ) -> Result<Gated<Page>, GateRefusal> {
        let path = Links::section_path(slug);
        let frame = Frame { path: &path, section: Some(slug), ..Frame::of("section") };
        let name = section_name(site, slug).unwrap_or(slug);
        self.list("list.html", site, &frame, lines, nav, Some(name), "", false)
    }

    /// The search form and what was found for `query`, as typed.
    ///
    /// # Errors
    /// As [`Press::front`].
    pub fn search(&self, site: &SiteFace, query: &str, lines: &[Line]) -> Result<Gated<Page>, GateRefusal> {
        let frame = Frame { path: "/search", noindex: true, ..Frame::of("search") };
        self.list("search.html", site, &frame, lines, &Nav::default(), Some("Search"), query, false)
    }

    /// The notice in the place of a story that is gone (410). It carries no copy, and cannot fail.
    pub fn withdrawn(&self, site: &SiteFace, withdrawal: &Withdrawal) -> Gated<Page> {
        let path = format!("/s/{}", withdrawal.id);
        let frame = Frame { path: &path, noindex: true, ..Frame::of("withdrawn") };
        self.notice("withdrawn.html", site, &frame, context! { gone => gone_facts(site, withdrawal) })
    }

    /// The page for an address where there is nothing (404). It cannot fail.
    pub fn missing(&self, site: &SiteFace) -> Gated<Page> {
        self.notice("missing.html", site, &Frame { noindex: true, ..Frame::of("missing") }, context! {})
    }

    /// The page that explains the labels and promises, at `/policy`. It cannot fail.
    pub fn policy(&self, site: &SiteFace) -> Gated<Page> {
        let states = context! {
            unreviewed => state_words(ReviewState::Unreviewed),
            reviewed => state_words(ReviewState::Reviewed),
            edited => state_words(ReviewState::Edited),
            altered => state_words(ReviewState::Altered),
        };
        self.notice(
            "policy.html",
            site,
            &Frame { path: "/policy", ..Frame::of("policy") },
            context! { states => states },
        )
    }

    #[allow(clippy::too_many_arguments)]
    fn list(
        &self,
        template: &str,
        site: &SiteFace,
        frame: &Frame<'_>,
        lines: &[Line],
        nav: &Nav,
        heading: Option<&str>,
        query: &str,
        with_first: bool,
    ) -> Result<Gated<Page>, GateRefusal> {
        let ids: Vec<String> = lines.iter().map(|line| line.id.to_string()).collect();
        let listed: Vec<Listed<'_>> = lines.iter().zip(&ids).map(|(line, id)| listed(line, id)).collect();
        let facts: Vec<Value> =
            lines.iter().zip(&listed).map(|(line, words)| line_facts(site, line, words)).collect();
        let first = usize::from(with_first && !lines.is_empty());
        let next = if first == 1 && lines.len() > NEXT { NEXT } else { 0 };
        let page = self.render(
            template,
            site,
            frame,
            context! {
                heading => heading,
                remark => remark(frame.kind, query, lines.len()),
                query => query,
                first => facts.first().filter(|_| first == 1),
                next => &facts[first..first + next],
                days => days(&lines[first + next..], &facts[first + next..]),
                nav => context! { newer => &nav.newer, older => &nav.older },
            },
        );
        page.and_then(|page| gate::list(page, &listed)).map_err(|refusal| refusal.at(frame.path))
    }

    /// A page without copy that must always be there: the theme's, else the built-in theme's, else plain words.
    fn notice(&self, template: &str, site: &SiteFace, frame: &Frame<'_>, facts: Value) -> Gated<Page> {
        [&self.theme, &self.builtin]
            .into_iter()
            .find_map(|theme| render(theme, template, site, frame, facts.clone()).and_then(gate::bare).ok())
            .unwrap_or_else(|| {
                gate::vouched(Page::new(
                    HTML,
                    "<!doctype html><title>Not here</title><p>This is not here.</p>\n".to_owned(),
                ))
            })
    }

    fn render(
        &self,
        template: &str,
        site: &SiteFace,
        frame: &Frame<'_>,
        facts: Value,
    ) -> Result<Page, GateRefusal> {
        render(&self.theme, template, site, frame, facts)
    }
}

/// How many stories stand beside each other beneath the first.
const NEXT: usize = 3;

/// What the frame around a page needs to know.
struct Frame<'a> {
    kind: &'static str,
    /// The page's path on the site; empty for a page without an address of its own.
    path: &'a str,
    /// The section whose entry in the navigation is marked.
    section: Option<&'a str>,
    noindex: bool,
}

impl Frame<'_> {
    fn of(kind: &'static str) -> Self {
        Self { kind, path: "", section: None, noindex: false }
    }
}

fn render(
    theme: &Theme,
    template: &str,
    site: &SiteFace,
    frame: &Frame<'_>,
    facts: Value,
) -> Result<Page, GateRefusal> {
    let links = Links::new(&site.url);
    let frame_facts = context! {
        style => links.local(&theme.style().path),
        site => site_facts(site, frame),
        page => context! {
            kind => frame.kind,
            canonical => (!frame.path.is_empty() && frame.kind != "withdrawn").then(|| links.full(frame.path)),
            noindex => frame.noindex || !site.index_pages,
            feeds => feed_facts(site, frame),
        },
    };
    match theme.render(template, context! { ..facts, ..frame_facts }) {
        Ok(body) => Ok(Page::new(HTML, body)),
        Err(fault) => Err(GateRefusal::new("theme-failed", "page", format!("`{template}` to render"), fault)),
    }
}

fn site_facts(site: &SiteFace, frame: &Frame<'_>) -> Value {
    let links = Links::new(&site.url);
    let sections: Vec<Value> = site
        .sections
        .iter()
        .map(|section| {
            context! {
                name => &section.name,
                href => links.local(&Links::section_path(&section.slug)),
                current => frame.section == Some(section.slug.as_str()),
            }
        })
        .collect();
    context! {
        name => &site.name,
        about => &site.about,
        home => links.local("/"),
        search => links.local("/search"),
        policy => links.local("/policy"),
        sections => sections,
    }
}

/// The feeds that a page names: those of its section on a section's page, otherwise those of the site.
fn feed_facts(site: &SiteFace, frame: &Frame<'_>) -> Vec<Value> {
    let section = frame.section.filter(|_| frame.kind == "section");
    let links = Links::new(&site.url);
    let under = section.map(Links::section_path).unwrap_or_default();
    let title = match section.and_then(|slug| section_name(site, slug)) {
        Some(name) => format!("{}: {name}", site.name),
        None => site.name.clone(),
    };
    [("RSS", "feed.rss", RSS), ("Atom", "feed.atom", ATOM), ("JSON Feed", "feed.json", JSON_FEED)]
        .into_iter()
        .map(|(name, file, media_type)| {
            context! {
                name => name,
                title => format!("{title} ({name})"),
                type => media_type.split(';').next(),
                href => links.local(&format!("{under}/{file}")),
            }
        })
        .collect()
}

fn first_section<'a>(story: &'a Story<'_>) -> Option<&'a str> {
    story.sections.first().map(String::as_str)
}

fn section_name<'a>(site: &'a SiteFace, slug: &str) -> Option<&'a str> {
    site.sections.iter().find(|section| section.slug == slug).map(|section| section.name.as_str())
}

fn story_facts(site: &SiteFace, story: &Story<'_>) -> Value {
    let links = Links::new(&site.url);
    let url = links.story(story.id);
    let local = links.local(&format!("/s/{}", story.id));
    let version = story.version;
    let script = script_of(version.language.as_deref());
    let (head, body) = mark::copy(&version.copy);
    let section = first_section(story).and_then(|slug| {
        let name = section_name(site, slug)?;
        Some(context! { name => name, href => links.local(&Links::section_path(slug)) })
    });
    context! {
        title => version.copy.headline().unwrap_or(story.agency),
        headline => version.copy.headline(),
        language => version.language.as_deref().filter(|language| !language.is_empty()),
        dir => script.direction,
        script => script.class,
        section => section,
        head => Value::from_safe_string(head),
        body => Value::from_safe_string(body),
        label => Value::from_safe_string(mark::label(&story.label)),
        structured => Value::from_safe_string(structured::script(site, story)),
        state => state_words(story.label.state),
        verbatim => story.label.state.is_verbatim(),
        agency => story.agency,
        credit => version.rights.credit_line.as_deref().unwrap_or(story.credit),
        notice => &version.rights.copyright_notice,
        published => time_facts(story.published),
        updated => time_facts(story.updated),
        history => history_facts(&story.history, true),
        changes => changes_facts(&story.changes),
        kin => kin_facts(links, &story.kin),
        languages => language_facts(links, &story.kin),
        hash => version.copy.copy_hash().to_string(),
        log_index => story.log_index.map(|index| index.to_string()),
        txt => format!("{url}.txt"),
        json => format!("{url}.json"),
        txt_local => format!("{local}.txt"),
        json_local => format!("{local}.json"),
        proof_local => format!("{local}.proof"),
        badge_local => links.local(&BADGE.path),
        verify_local => links.local(&format!("/verify?url={url}")),
        history_local => format!("{local}/history"),
    }
}

/// Other stories, by how they belong together with this one: an address, and whose it is, in words of ours alone.
fn kin_facts(links: Links<'_>, kin: &[Kin]) -> Vec<Value> {
    let with = |bond: Bond| {
        let lines: Vec<Value> = kin
            .iter()
            .filter(|kin| kin.bond == bond)
            .map(|kin| {
                context! {
                    href => links.local(&format!("/s/{}", kin.id)),
                    agency => &kin.agency,
                    no => kin.no,
                    language => kin.language.as_deref().filter(|language| !language.is_empty()),
                    published => time_facts(kin.published),
                }
            })
            .collect();
        (!lines.is_empty())
            .then(|| context! { heading => bond.heading(), bond => bond.as_str(), lines => lines })
    };
    Bond::ALL.into_iter().filter_map(with).collect()
}

/// The translations that a page offers in its head: one address for each language.
fn language_facts(links: Links<'_>, kin: &[Kin]) -> Vec<Value> {
    let mut seen: Vec<&str> = Vec::new();
    let mut facts = Vec::new();
    for kin in kin.iter().filter(|kin| kin.bond == Bond::Language) {
        let Some(language) = kin.language.as_deref().filter(|language| !language.is_empty()) else {
            continue;
        };
        if !seen.contains(&language) {
            seen.push(language);
            facts.push(context! { language => language, href => links.story(kin.id) });
        }
    }
    facts
}

/// The words beside a label, in one place so that every page calls a state the same.
pub(crate) fn state_words(state: ReviewState) -> &'static str {
    match state {
        ReviewState::Unreviewed => "Not reviewed",
        ReviewState::Reviewed => "Reviewed by an editor",
        ReviewState::Edited => "Edited",
        ReviewState::Altered => "Changed by legal order",
    }
}

fn changes_facts(changes: &[Changed]) -> Vec<Value> {
    let piece = |(change, text): &(Change, String)| {
        let mut out = String::new();
        let (open, close) = match change {
            Change::Same => ("", ""),
            Change::Out => ("<del>", "</del>"),
            Change::In => ("<ins>", "</ins>"),
        };
        out.push_str(open);
        escape_text(&mut out, text);
        out.push_str(close);
        out
    };
    changes
        .iter()
        .map(|changed| Value::from_safe_string(changed.pieces.iter().map(piece).collect()))
        .collect()
}

fn history_facts(lines: &[HistoryLine], with_hashes: bool) -> Vec<Value> {
    lines
        .iter()
        .map(|line| {
            let hash = line.copy_hash.filter(|_| with_hashes).map(|hash| hash.to_string());
            context! {
                n => line.n,
                at => time_facts(line.at),
                what => &line.what,
                live => line.live,
                short => hash.as_deref().map(|hash| &hash[..12]),
                hash => hash,
            }
        })
        .collect()
}

fn gone_facts(site: &SiteFace, withdrawal: &Withdrawal) -> Value {
    let who = withdrawal.by_agency.as_deref().unwrap_or(&site.name);
    let (title, sentence, consequence) = match withdrawal.class {
        Gone::Killed => (
            "This story has been withdrawn",
            format!(
                "{who} has withdrawn it. Its text is no longer published here, nor in our feeds, search or archive."
            ),
            "That it was published, and when it was withdrawn, stays on record.",
        ),
        Gone::Withheld => (
            "This story is being withheld",
            format!("{who} has asked for it to be taken down for the time being."),
            "If it is released again it will stand at this address.",
        ),
        Gone::Expired => (
            "The licence for this story has ended",
            "We were allowed to publish it for a certain time, and that time is over.".to_owned(),
            "Its text is no longer published here, nor in our feeds, search or archive.",
        ),
    };
    context! {
        proof => &withdrawal.proof,
        title => title,
        sentence => sentence,
        consequence => consequence,
        who => match withdrawal.class { Gone::Expired => "Ended".to_owned(), _ => format!("By {who}") },
        class => withdrawal.class.as_str(),
        when => time_facts(withdrawal.when),
        history => history_facts(&withdrawal.history, false),
    }
}

/// What a list shows of a story: its headline, else its first paragraph, else whose it is.
fn listed<'a>(line: &'a Line, id: &'a str) -> Listed<'a> {
    let (headline, lead) = match (&line.headline, &line.lead) {
        (Some(headline), lead) => (headline, lead.as_deref()),
        (None, Some(lead)) => (lead, None),
        (None, None) => (&line.agency, None),
    };
    Listed { id, headline, lead }
}

fn line_facts(site: &SiteFace, line: &Line, words: &Listed<'_>) -> Value {
    let mut link = String::from("<a href=\"");
    escape_attribute(&mut link, &Links::new(&site.url).local(&format!("/s/{}", line.id)));
    link.push_str("\" data-headline=\"");
    link.push_str(words.id);
    link.push('"');
    language_attributes(&mut link, line.language.as_deref());
    link.push('>');
    escape_text(&mut link, words.headline);
    link.push_str("</a>");
    let lead = words.lead.map(|text| {
        let mut lead = format!("<p data-lead=\"{}\"", words.id);
        language_attributes(&mut lead, line.language.as_deref());
        lead.push('>');
        escape_text(&mut lead, text);
        lead.push_str("</p>");
        lead
    });
    context! {
        link => Value::from_safe_string(link),
        lead => Value::from_safe_string(lead.unwrap_or_default()),
        at => time_facts(line.published),
        agency => &line.agency,
        section => line.sections.first().and_then(|slug| section_name(site, slug)),
        review => state_words(line.review),
    }
}

/// The lines by the day (UTC) of their last change, in the order in which they come.
fn days(lines: &[Line], facts: &[Value]) -> Vec<Value> {
    let mut days: Vec<(String, Timestamp, Vec<Value>)> = Vec::new();
    for (line, facts) in lines.iter().zip(facts) {
        let day = iso(line.published)[..10].to_owned();
        match days.last_mut() {
            Some((last, _, lines)) if *last == day => lines.push(facts.clone()),
            _ => days.push((day, line.published, vec![facts.clone()])),
        }
    }
    let day = |(iso, at, lines): (String, Timestamp, Vec<Value>)| {
        context! { iso => iso, long => utc(at, "%A, %-d %B %Y"), lines => lines }
    };
    days.into_iter().map(day).collect()
}

fn remark(kind: &str, query: &str, found: usize) -> Option<String> {
    match (kind, found) {
        // not copy: what a reader typed
        ("search", _) if query.trim().is_empty() => None,
        ("search", 0) => Some("Nothing was found.".to_owned()),
        ("search", 1) => Some("One story was found.".to_owned()),
        ("search", n) => Some(format!("{n} stories were found.")),
        (_, 0) => Some("As soon as an agency delivers, its stories stand here.".to_owned()),
        _ => None,
    }
}

fn time_facts(at: Timestamp) -> Value {
    context! { iso => iso(at), long => utc(at, "%-d %B %Y, %H:%M UTC"), clock => utc(at, "%H:%M") }
}

/// A time as markup, feeds and sitemaps carry it (RFC 3339, seconds, UTC).
pub(crate) fn iso(at: Timestamp) -> String {
    utc(at, "%Y-%m-%dT%H:%M:%SZ")
}

fn utc(at: Timestamp, format: &str) -> String {
    at.strftime(format).to_string()
}
