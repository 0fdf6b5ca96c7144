//! The house's own rules: a CEL expression over the item says where it stands, how it is tagged, or that it waits.
//!
//! A route can section, tag, hold or ignore. It never publishes what anything else holds, and has nothing to do with
//! status, kill, embargo or what is not for publication.

use std::sync::Arc;

use cel::{Context, Program, Value};
use news::{SiteId, Version};

/// The longest expression.
const LONGEST: usize = 2_000;
/// How many times an expression may go through a list: each within another multiplies the cost.
const WALKS: usize = 2;
/// The macros that go through a list.
const WALKERS: [&str; 5] = ["all", "exists", "exists_one", "filter", "map"];
/// How much of a list, and of a text, an expression sees.
const ENTRIES: usize = 200;
const LETTERS: usize = 16_384;

/// A field of `item`, for expressions and for documentation.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// `text`, `number`, `list of texts`, `true or false`.
    pub sort: &'static str,
    /// What it holds.
    pub meaning: &'static str,
}

const fn field(name: &'static str, sort: &'static str, meaning: &'static str) -> Field {
    Field { name, sort, meaning }
}

/// Everything that `item` has.
pub const FIELDS: [Field; 19] = [
    field("agency", "text", "the agency's id in the configuration"),
    field("feed", "text", "the feed's id in the configuration"),
    field("uri", "text", "the agency's identifier"),
    field("version", "text", "the version as delivered; empty where there is none"),
    field("headline", "text", "the headline; empty where there is none"),
    field("body", "text", "the paragraphs of the body, parted by empty lines; the first 16,384 characters"),
    field("words", "number", "words in the body, by spaces"),
    field("slugline", "text", "the slugline"),
    field("language", "text", "the language (BCP 47), as delivered or by the feed"),
    field("located", "text", "where it was written or happened"),
    field("urgency", "number", "1 (flash) to 9; 5 where none is given"),
    field(
        "subjects",
        "list of texts",
        "the codes of subjects and categories, as delivered: `medtop:15000000`",
    ),
    field("subject_names", "list of texts", "their names"),
    field("genres", "list of texts", "the codes and names of genres"),
    field("keywords", "list of texts", "keywords"),
    field("creators", "list of texts", "persons and bodies named as creators"),
    field("credit", "text", "the credit line"),
    field("embargoed", "true or false", "whether it carries an embargo, over or not"),
    field("is_correction", "true or false", "whether it says that it corrects something"),
];

/// What a route does where its expression is true.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Effect {
    /// The sections that it stands in, instead of the feed's.
    pub sections: Option<Vec<String>>,
    /// The only sites that sections and `ignore` are about; empty: all of them.
    pub sites: Vec<SiteId>,
    /// Tags that it gets.
    pub tags: Vec<String>,
    /// Its priority, 1 (highest) to 9.
    pub priority: Option<u8>,
    /// It waits for a person.
    pub hold: bool,
    /// It is recorded and not published: anywhere, or on these sites.
    pub ignore: bool,
}

/// A rule of the house's.
#[derive(Clone)]
pub struct Route {
    /// Its name, for reasons and errors.
    pub name: String,
    /// What it does.
    pub effect: Effect,
    when: Arc<Program>,
}

impl std::fmt::Debug for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Route")
            .field("name", &self.name)
            .field("effect", &self.effect)
            .finish_non_exhaustive()
    }
}

/// What the routes of a feed say about a version, all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// The routes whose expression is true, by name, in order.
    pub routes: Vec<String>,
    /// For each route that names sections: on which sites (empty: all), and which. The first that is about a site counts.
    pub sections: Vec<(Vec<SiteId>, Vec<String>)>,
    /// Sites on which it is not to stand.
    pub not_on: Vec<SiteId>,
    /// Its tags, each once.
    pub tags: Vec<String>,
    /// The highest priority that a route gave it.
    pub priority: Option<u8>,
    /// Why it waits for a person, if it does.
    pub hold: Option<String>,
    /// Why it is not published anywhere, if so.
    pub ignore: Option<String>,
}

impl Routed {
    /// The sections on a site, if a route names them.
    pub fn sections_on(&self, site: &SiteId) -> Option<&[String]> {
        let about = |(sites, _): &&(Vec<SiteId>, Vec<String>)| sites.is_empty() || sites.contains(site);
        self.sections.iter().find(about).map(|(_, sections)| sections.as_slice())
    }
}

/// Makes a route of an expression.
///
/// # Errors
/// What is wrong with the expression, and what would be right.
pub fn route(name: &str, when: &str, effect: Effect) -> Result<Route, String> {
    let bare = without_texts(when);
    if when.len() > LONGEST {
        return Err(format!(
            "the expression is longer than {LONGEST} characters: part it into several routes"
        ));
    }
    let walks = WALKERS.iter().map(|walker| bare.matches(&format!(".{walker}(")).count()).sum::<usize>();
    if walks > WALKS {
        return Err(format!(
            "the expression goes through lists {walks} times: {WALKS} are allowed, part it into several routes"
        ));
    }
    let program = Program::compile(when).map_err(|errors| {
        let text = errors.to_string();
        let said = text.lines().next().unwrap_or_default().trim_start_matches("ERROR: <input>:");
        format!("this is no CEL expression (at {said})")
    })?;
    for (path, known) in fields_in(&bare) {
        if !known {
            let near = nearest(path, FIELDS.iter().map(|field| field.name));
            return Err(format!("`item` has no `{path}`: {near}"));
        }
    }
    let references = program.references();
    for variable in references.variables() {
        if variable != "item" && !is_own(&bare, variable) {
            let hint = match FIELDS.iter().find(|field| field.name == variable) {
                Some(field) => format!("write `item.{}`", field.name),
                None => "there is only `item`".to_owned(),
            };
            return Err(format!("there is no variable `{variable}`: {hint}"));
        }
    }
    let route = Route { name: name.to_owned(), effect, when: Arc::new(program) };
    // An item with everything tells what no reading of the expression would: of which sort things are.
    match route.when.execute(&context(&Version::new("urn:example"), "feed", "agency")) {
        Ok(Value::Bool(_)) => Ok(route),
        Ok(other) => Err(format!("the expression gives {other:?}, where true or false belongs")),
        Err(error) => Err(format!("the expression cannot be asked: {error}")),
    }
}

/// The expression without what stands in quotes.
fn without_texts(when: &str) -> String {
    let (mut out, mut quote, mut escaped) = (String::with_capacity(when.len()), None, false);
    for c in when.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => {
                quote = Some(c);
                out.push(' ');
            }
            None => out.push(c),
        }
    }
    out
}

fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// The fields of `item` that the expression names, and whether there are such.
fn fields_in(bare: &str) -> impl Iterator<Item = (&str, bool)> {
    bare.match_indices("item.").filter_map(|(at, found)| {
        let inside = bare[..at].chars().next_back().is_some_and(|c| is_name(c) || c == '.');
        let rest = &bare[at + found.len()..];
        let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        (!inside).then(|| (name, FIELDS.iter().any(|field| field.name == name)))
    })
}

/// Whether a variable is one that a walk through a list brings itself: `.exists(subject, …)`.
fn is_own(bare: &str, variable: &str) -> bool {
    WALKERS.iter().any(|walker| {
        let head = format!(".{walker}(");
        bare.match_indices(&head).any(|(at, _)| {
            let rest = bare[at + head.len()..].trim_start();
            rest.strip_prefix(variable).is_some_and(|rest| rest.trim_start().starts_with(','))
        })
    })
}

/// The name that is meant, or all there are.
fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known.clone().map(|other| (distance(name, other), other)).min().filter(|(far, _)| *far <= 3);
    match near {
        Some((_, near)) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.collect::<Vec<_>>().join(", ")),
    }
}

/// How many letters must be put in, taken out or changed to come from one word to the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}

fn text(text: &str) -> Value {
    Value::String(Arc::new(text.chars().take(LETTERS).collect()))
}

fn texts<'t>(texts: impl Iterator<Item = &'t str>) -> Value {
    Value::List(Arc::new(texts.take(ENTRIES).map(text).collect()))
}

/// What an expression sees of a version.
fn context(version: &Version, feed: &str, agency: &str) -> Context<'static, 'static> {
    let copy = &version.copy;
    let body: Vec<&str> = copy.body().map(news::Block::text).collect();
    let words = body.iter().map(|text| text.split_whitespace().count()).sum::<usize>();
    let of = |field: &Option<String>| text(field.as_deref().unwrap_or_default());
    let codes = |subjects: &[news::Subject]| -> Vec<String> {
        subjects.iter().filter_map(|subject| subject.code.clone()).collect()
    };
    let names = |subjects: &[news::Subject]| -> Vec<String> {
        subjects.iter().filter_map(|subject| subject.name.clone()).collect()
    };
    let list = |all: &[String]| texts(all.iter().map(String::as_str));
    let genres = [codes(&version.genres), names(&version.genres)].concat();
    let value = |name: &str| match name {
        "agency" => text(agency),
        "feed" => text(feed),
        "uri" => text(&version.uri),
        "version" => text(&version.version.raw),
        "headline" => text(copy.headline().unwrap_or_default()),
        "body" => text(&body.join("\n\n")),
        "words" => Value::Int(i64::try_from(words).unwrap_or(i64::MAX)),
        "slugline" => of(&version.slugline),
        "language" => of(&version.language),
        "located" => of(&version.located),
        "urgency" => Value::Int(version.urgency.unwrap_or(5).into()),
        "subjects" => list(&codes(&version.subjects)),
        "subject_names" => list(&names(&version.subjects)),
        "genres" => list(&genres),
        "keywords" => list(&version.keywords),
        "creators" => list(&version.creators),
        "credit" => of(&version.rights.credit_line),
        "embargoed" => Value::Bool(version.embargo.is_some()),
        _ => Value::Bool(crate::kill_text::is_correction(version)),
    };
    let item: std::collections::HashMap<String, Value> =
        FIELDS.iter().map(|field| (field.name.to_owned(), value(field.name))).collect();
    let mut context = Context::default();
    context.add_variable_from_value("item", item);
    context
}

/// Asks all routes about a version. One that cannot be asked holds it: nobody knows what it would have said.
pub fn routed<'r>(
    routes: impl IntoIterator<Item = &'r Route>,
    version: &Version,
    feed: &str,
    agency: &str,
) -> Routed {
    let mut routes = routes.into_iter().peekable();
    let mut found = Routed::default();
    if routes.peek().is_none() {
        return found;
    }
    let context = context(version, feed, agency);
    for route in routes {
        let name = &route.name;
        match route.when.execute(&context) {
            Ok(Value::Bool(true)) => found.apply(route),
            Ok(Value::Bool(false)) => {}
            Ok(_) => found.hold = Some(format!("the route `{name}` gave neither true nor false")),
            Err(_) => found.hold = Some(format!("the route `{name}` could not be asked about it")),
        }
    }
    found
}

impl Routed {
    fn apply(&mut self, route: &Route) {
        let Effect { sections, sites, tags, priority, hold, ignore } = &route.effect;
        self.routes.push(route.name.clone());
        if let Some(sections) = sections {
            self.sections.push((sites.clone(), sections.clone()));
        }
        for tag in tags {
            if !self.tags.contains(tag) {
                self.tags.push(tag.clone());
            }
        }
        self.priority = match (self.priority, *priority) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        if *hold {
            self.hold.get_or_insert_with(|| format!("the route `{}` holds it", route.name));
        }
        if *ignore && sites.is_empty() {
            self.ignore.get_or_insert_with(|| format!("the route `{}` ignores it", route.name));
        } else if *ignore {
            self.not_on.extend(sites.iter().cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use news::BlockKind;

    use super::*;

    fn version() -> Version {
        let mut version = Version::new("urn:agx:1");
        version.urgency = Some(2);
        version.language = Some("en".to_owned());
        version.subjects = vec![news::Subject { code: Some("medtop:15000000".into()), ..Default::default() }];
        version.keywords = vec!["ferry".to_owned()];
        version.copy.push(BlockKind::Headline, "Ferry aground", vec![], None).expect("words");
        version.copy.push(BlockKind::P, "It ran aground \"at noon\".", vec![], None).expect("words");
        version
    }

    #[track_caller]
    fn check(when: &str, expect: bool) {
        let route = route("test", when, Effect { hold: true, ..Effect::default() }).expect("a good route");
        let found = routed([&route], &version(), "agx-world", "agx");
        assert_eq!(found.hold.is_some(), expect, "{when}");
        assert_eq!(found.routes.len(), usize::from(expect));
    }

    #[test]
    fn an_expression_sees_the_item() {
        check(r#"item.urgency <= 3 && "medtop:15000000" in item.subjects"#, true);
        check("item.urgency <= 1", false);
        check(r#"item.headline.startsWith("Ferry") && item.words == 5"#, true);
        check(r#"item.body.contains("at noon")"#, true);
        check(r#"item.keywords.exists(word, word == "ferry")"#, true);
        check(r#"item.feed == "agx-world" && item.agency == 'agx' && item.language == "en""#, true);
        check(r#"item.headline.matches("^F.*ground$")"#, true);
        check("item.embargoed || item.is_correction", false);
    }

    #[track_caller]
    fn wrong(when: &str, expect: &str) {
        let error = route("test", when, Effect::default()).expect_err("it is wrong");
        assert!(error.contains(expect), "{when}: {error}");
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        wrong("item.urgncy <= 3", "`item` has no `urgncy`: did you mean `urgency`?");
        wrong("urgency <= 3", "there is no variable `urgency`: write `item.urgency`");
        wrong("itm.urgency <= 3", "there is no variable `itm`: there is only `item`");
        wrong("item.colour == 'red'", "`item` has no `colour`: there are agency, feed, uri");
        wrong("item.urgency", "where true or false belongs");
        wrong("item.urgency <= 'high'", "cannot be asked");
        wrong("item.urgency <=", "this is no CEL expression");
        wrong(&format!("item.uri == '{}'", "x".repeat(3_000)), "longer than 2000");
        wrong(
            "item.keywords.all(a, item.keywords.all(b, item.keywords.all(c, a == c)))",
            "3 times: 2 are allowed",
        );
    }

    #[test]
    fn the_most_restrictive_route_wins_and_the_first_sections_count() {
        let make = |name: &str, effect: Effect| route(name, "true", effect).expect("a good route");
        let sections = |one: &str| Some(vec![one.to_owned()]);
        let north = SiteId::from("north");
        let routes = [
            make("a", Effect { sections: sections("sea"), sites: vec![north.clone()], ..Effect::default() }),
            make(
                "b",
                Effect {
                    sections: sections("world"),
                    tags: vec!["x".into()],
                    priority: Some(4),
                    ..Effect::default()
                },
            ),
            make(
                "c",
                Effect {
                    sections: sections("late"),
                    tags: vec!["x".into()],
                    priority: Some(2),
                    ..Effect::default()
                },
            ),
            make("d", Effect { ignore: true, sites: vec![north.clone()], ..Effect::default() }),
            make("e", Effect { hold: true, ..Effect::default() }),
        ];
        let found = routed(&routes, &version(), "f", "a");
        assert_eq!(found.routes, ["a", "b", "c", "d", "e"]);
        assert_eq!(found.sections_on(&north), Some(&["sea".to_owned()][..]));
        assert_eq!(found.sections_on(&"south".into()), Some(&["world".to_owned()][..]));
        assert_eq!((found.tags.len(), found.priority, found.not_on), (1, Some(2), vec![north]));
        assert_eq!((found.hold.as_deref(), found.ignore), (Some("the route `e` holds it"), None));
    }

    #[test]
    fn the_page_about_routes_tells_every_field() {
        let page = include_str!("../../../docs/routes.md");
        for Field { name, sort, meaning } in FIELDS {
            assert!(page.contains(&format!("| `item.{name}` | {sort} | {meaning} |")), "{name}");
        }
    }

    #[test]
    fn a_list_or_text_without_end_costs_no_more_than_its_limit() {
        let mut version = version();
        version.keywords = vec!["word".repeat(10); 100_000];
        version.copy.push(BlockKind::P, &"long ".repeat(1_000_000), vec![], None).expect("words");
        let when = "item.keywords.all(a, item.keywords.all(b, a == b))";
        let route = route("test", when, Effect { hold: true, ..Effect::default() }).expect("a good route");
        assert!(routed([&route], &version, "f", "a").hold.is_some());
    }
}
