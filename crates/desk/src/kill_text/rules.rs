//! The rules: which words in which field order what.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::words::{Outlines, Words, phrase_words};

/// What words order; the later the more restrictive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Effect {
    /// It is no story: an advisory, a daybook, a test.
    NotForPublication,
    /// A person should look first.
    Holds,
    /// It speaks of an embargo.
    Embargoes,
    /// It withholds.
    Withholds,
    /// It kills.
    Kills,
}

/// Where words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Field {
    /// Headline or subhead.
    Headline,
    /// One of the first two blocks of the body.
    Lead,
    /// The slugline.
    Slugline,
    /// A note to editors.
    Note,
}

/// How words must stand to count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The text begins with them, in exactly these letters, and a mark or nothing follows.
    Opens(&'static str),
    /// They stand in exactly these letters anywhere, and stand out: among small letters, or before a mark or the
    /// end.
    Shouts(&'static str),
    /// They stand in a row anywhere, in any case.
    Says(&'static str),
    /// The text is nothing else, in any case.
    Is(&'static str),
    /// A title of few words ends with them, in any case.
    EndsShort(&'static str, usize),
}

impl Shape {
    fn phrase(self) -> &'static str {
        match self {
            Shape::Opens(phrase) | Shape::Shouts(phrase) | Shape::Says(phrase) => phrase,
            Shape::Is(phrase) | Shape::EndsShort(phrase, _) => phrase,
        }
    }

    /// Whether the words stand so; `folded` are the phrase's own words, folded.
    fn is_in(self, words: &Words<'_>, folded: &[String]) -> bool {
        match self {
            Shape::Opens(phrase) => words.opens(phrase),
            Shape::Shouts(phrase) => words.shouts(phrase),
            Shape::Says(_) => words.says(folded),
            Shape::Is(_) => words.is(folded),
            Shape::EndsShort(_, most) => words.ends_short(folded, most),
        }
    }
}

/// The rules with their phrases folded, once for the process.
static READY: LazyLock<Vec<(&Rule, Vec<String>)>> =
    LazyLock::new(|| RULES.iter().map(|rule| (rule, phrase_words(rule.shape.phrase()))).collect());
/// The same for [`CORRECTIONS`].
static OPENINGS: LazyLock<Vec<Vec<String>>> =
    LazyLock::new(|| CORRECTIONS.iter().map(|opening| phrase_words(opening)).collect());
/// The places in [`READY`] of the rules whose phrase has this word as its longest: without it none of them can hold,
/// and long words are rare.
static ASKED: LazyLock<HashMap<&str, Vec<usize>>> = LazyLock::new(|| {
    let mut asked: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, (_, folded)) in READY.iter().enumerate() {
        let longest = folded.iter().max_by_key(|word| word.len()).map_or("", String::as_str);
        asked.entry(longest).or_default().push(at);
    }
    asked
});

/// How the words in [`ASKED`] look.
static OUTLINES: LazyLock<Outlines> = LazyLock::new(|| Outlines::of(ASKED.keys().copied()));

/// The rules that hold of a text in this field, in the order of the table.
pub(super) fn holding(field: Field, words: &Words<'_>) -> impl Iterator<Item = &'static Rule> {
    let mut asked = Vec::new();
    words.each_folded(&OUTLINES, |word| asked.extend(ASKED.get(word).into_iter().flatten().copied()));
    asked.sort_unstable();
    asked.dedup();
    asked.into_iter().filter_map(move |at| READY.get(at)).filter_map(move |(rule, folded)| {
        (rule.fields.contains(&field) && rule.shape.is_in(words, folded)).then_some(*rule)
    })
}

/// Whether a text opens as corrections do.
pub(super) fn opens_as_correction(words: &Words<'_>) -> bool {
    OPENINGS.iter().any(|opening| words.opens_folded(opening))
}

/// One rule.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its stable name, for records and metrics.
    pub name: &'static str,
    /// What the words order.
    pub effect: Effect,
    /// Where they must stand.
    pub fields: &'static [Field],
    /// How they must stand.
    pub shape: Shape,
    /// Whose convention it is.
    pub from: &'static str,
}

const fn rule(
    name: &'static str,
    effect: Effect,
    fields: &'static [Field],
    shape: Shape,
    from: &'static str,
) -> Rule {
    Rule { name, effect, fields, shape, from }
}

use Effect::{Embargoes, Holds, Kills, NotForPublication, Withholds};
use Field::{Headline, Lead, Note, Slugline};
use Shape::{EndsShort, Is, Opens, Says, Shouts};

/// Anywhere an order can stand.
const ANY: &[Field] = &[Headline, Lead, Slugline, Note];
/// Where an order opens a text.
const TOP: &[Field] = &[Headline, Lead, Note, Slugline];
const TITLE: &[Field] = &[Headline, Slugline];
const NOTE: &[Field] = &[Note];
/// Whole sentences of an order, which no news report would use of itself.
const PROSE: &[Field] = &[Lead, Note];

const SEVEN_BIT: &str = "IPTC 7901 practice of dpa: three times, with bells";
const AP: &str = "AP editorial types and advisory lines (also in ANPA 1312)";
const REUTERS: &str = "Reuters headline prefix";
const AFP: &str = "AFP (French) headline word";
const PLAIN: &str = "plain words of a note to editors";
const PLAIN_TITLE: &str = "the plain word, alone or before a mark";

/// All rules. Of several that hold, the most restrictive counts, and of equals the first.
pub const RULES: &[Rule] = &[
    // Kills.
    rule("kill-thrice", Kills, ANY, Shouts("KILL KILL KILL"), SEVEN_BIT),
    rule("mandatory-kill", Kills, ANY, Shouts("MANDATORY KILL"), AP),
    rule("bulletin-kill", Kills, ANY, Shouts("BULLETIN KILL"), AP),
    rule("kill-notice", Kills, ANY, Shouts("KILL NOTICE"), AP),
    rule("kill-opens", Kills, TOP, Opens("KILL"), AP),
    rule("kill-advisory", Kills, ANY, Shouts("KILL ADVISORY"), AP),
    rule("mandatory-kill-slug", Kills, &[Slugline, Note], Says("mandatory kill"), AP),
    rule("bulletin-kill-slug", Kills, &[Slugline, Note], Says("bulletin kill"), AP),
    rule("kill-the-story", Kills, PROSE, Says("kill the story"), AP),
    rule("kill-this-story", Kills, PROSE, Says("kill this story"), AP),
    rule("kill-story", Kills, NOTE, Says("kill story"), AP),
    rule("please-kill", Kills, NOTE, Says("please kill"), AP),
    rule("kill-all-previous", Kills, NOTE, Says("kill all previous"), AP),
    rule("story-killed", Kills, NOTE, Says("story has been killed"), AP),
    rule("elimination", Kills, TOP, Opens("ELIMINATION"), AP),
    rule("mandatory-elimination", Kills, ANY, Shouts("MANDATORY ELIMINATION"), AP),
    rule("photo-elimination", Kills, ANY, Shouts("PHOTO ELIMINATION"), AP),
    rule("story-withdrawn", Kills, ANY, Shouts("STORY WITHDRAWN"), REUTERS),
    rule("withdrawn-opens", Kills, TOP, Opens("WITHDRAWN"), REUTERS),
    rule("withdrawal-opens", Kills, TOP, Opens("WITHDRAWAL"), REUTERS),
    rule("has-withdrawn-its-story", Kills, PROSE, Says("has withdrawn its story"), AP),
    rule("is-withdrawing-its-story", Kills, PROSE, Says("is withdrawing its story"), AP),
    rule("story-is-withdrawn", Kills, PROSE, Says("story is withdrawn"), REUTERS),
    rule("story-has-been-withdrawn", Kills, PROSE, Says("story has been withdrawn"), REUTERS),
    rule("item-has-been-withdrawn", Kills, PROSE, Says("item has been withdrawn"), PLAIN),
    rule("withdraw-this-story", Kills, NOTE, Says("withdraw this story"), PLAIN),
    rule("withdraw-the-story", Kills, NOTE, Says("withdraw the story"), PLAIN),
    rule("withdraw-this-item", Kills, NOTE, Says("withdraw this item"), PLAIN),
    rule("please-withdraw", Kills, NOTE, Says("please withdraw"), PLAIN),
    rule("story-withdrawn-note", Kills, NOTE, Says("story withdrawn"), PLAIN),
    rule("retracts-its-story", Kills, PROSE, Says("retracts its story"), PLAIN),
    rule("has-retracted-its-story", Kills, PROSE, Says("has retracted its story"), PLAIN),
    rule("annulation-opens", Kills, TOP, Opens("ANNULATION"), AFP),
    rule("annule-opens", Kills, TOP, Opens("ANNULE"), AFP),
    rule("annulee-opens", Kills, TOP, Opens("ANNULEE"), AFP),
    rule("annule-accent-opens", Kills, TOP, Opens("ANNULÉ"), AFP),
    rule("annulee-accent-opens", Kills, TOP, Opens("ANNULÉE"), AFP),
    rule("attention-annulation", Kills, ANY, Shouts("ATTENTION ANNULATION"), AFP),
    rule("depeche-annulee", Kills, PROSE, Says("dépêche est annulée"), AFP),
    rule("annuler-cette-depeche", Kills, NOTE, Says("annuler cette dépêche"), AFP),
    rule("veuillez-annuler", Kills, NOTE, Says("veuillez annuler"), AFP),
    rule("anulacion-opens", Kills, TOP, Opens("ANULACIÓN"), PLAIN_TITLE),
    rule("anulacion-plain-opens", Kills, TOP, Opens("ANULACION"), PLAIN_TITLE),
    rule("anulada-opens", Kills, TOP, Opens("ANULADA"), PLAIN_TITLE),
    rule("anular-noticia", Kills, NOTE, Says("anular la noticia"), PLAIN),
    rule("noticia-anulada", Kills, NOTE, Says("noticia anulada"), PLAIN),
    rule("annullare-opens", Kills, TOP, Opens("ANNULLARE"), PLAIN_TITLE),
    rule("annullata-opens", Kills, TOP, Opens("ANNULLATA"), PLAIN_TITLE),
    rule("notizia-annullata", Kills, NOTE, Says("notizia annullata"), PLAIN),
    rule("zurueckgezogen-opens", Kills, TOP, Opens("ZURÜCKGEZOGEN"), PLAIN_TITLE),
    rule(
        "meldung-zurueckgezogen",
        Kills,
        PROSE,
        Says("Meldung wird zurückgezogen"),
        "dpa, APA: a line to editors",
    ),
    rule(
        "meldung-zieht-zurueck",
        Kills,
        PROSE,
        Says("zieht die Meldung zurück"),
        "dpa, APA: a line to editors",
    ),
    rule(
        "meldung-ist-zurueckgezogen",
        Kills,
        PROSE,
        Says("Meldung ist zurückgezogen"),
        "dpa, APA: a line to editors",
    ),
    rule("meldung-storniert", Kills, PROSE, Says("Meldung ist storniert"), "dpa, APA: a line to editors"),
    rule("annulirovano-opens", Kills, TOP, Opens("АННУЛИРОВАНО"), PLAIN_TITLE),
    rule("annuliruetsya-opens", Kills, TOP, Opens("АННУЛИРУЕТСЯ"), PLAIN_TITLE),
    rule("ilgha-khabar", Kills, TOP, Opens("إلغاء خبر"), "AFP (Arabic): cancellation of an item"),
    rule("ilgha-khabar-plain", Kills, TOP, Opens("الغاء خبر"), "AFP (Arabic): cancellation of an item"),
    // Withholds.
    rule("hold-thrice", Withholds, ANY, Shouts("HOLD HOLD HOLD"), SEVEN_BIT),
    rule("withhold-opens", Withholds, TOP, Opens("WITHHOLD"), AP),
    rule("mandatory-withhold", Withholds, ANY, Shouts("MANDATORY WITHHOLD"), AP),
    rule("withhold-the-story", Withholds, PROSE, Says("withhold the story"), AP),
    rule("withhold-this-story", Withholds, PROSE, Says("withhold this story"), AP),
    rule("please-withhold", Withholds, NOTE, Says("please withhold"), AP),
    rule("disregard-opens", Withholds, TOP, Opens("DISREGARD"), AP),
    rule("please-disregard", Withholds, NOTE, Says("please disregard"), AP),
    rule("disregard-this-story", Withholds, PROSE, Says("disregard this story"), AP),
    rule("disregard-the-story", Withholds, PROSE, Says("disregard the story"), AP),
    rule("do-not-use-opens", Withholds, TOP, Opens("DO NOT USE"), AP),
    rule("do-not-use-shouts", Withholds, NOTE, Shouts("DO NOT USE"), AP),
    rule("do-not-use-this-story", Withholds, NOTE, Says("do not use this story"), PLAIN),
    rule("do-not-use-the-story", Withholds, NOTE, Says("do not use the story"), PLAIN),
    rule("do-not-use-this-item", Withholds, NOTE, Says("do not use this item"), PLAIN),
    rule("please-do-not-use", Withholds, NOTE, Says("please do not use"), PLAIN),
    rule("do-not-use-alone", Withholds, NOTE, Is("do not use"), PLAIN),
    rule("do-not-publish", Withholds, NOTE, Says("do not publish"), PLAIN),
    rule("ne-pas-utiliser", Withholds, NOTE, Says("ne pas utiliser"), PLAIN),
    rule("ne-pas-tenir-compte", Withholds, NOTE, Says("ne pas tenir compte de cette dépêche"), AFP),
    rule("nicht-verwenden", Withholds, NOTE, Says("bitte nicht verwenden"), PLAIN),
    rule("meldung-nicht-verwenden", Withholds, NOTE, Says("Meldung nicht verwenden"), PLAIN),
    rule("no-utilizar", Withholds, NOTE, Says("no utilizar"), PLAIN),
    // Embargoes.
    rule("hold-for-release", Embargoes, ANY, Shouts("HOLD FOR RELEASE"), AP),
    rule("hfr-opens", Embargoes, TITLE, Opens("HFR"), AP),
    rule("embargoed-opens", Embargoes, TOP, Opens("EMBARGOED"), AP),
    rule("embargo-opens", Embargoes, TOP, Opens("EMBARGO"), AP),
    rule("embargoed-until", Embargoes, ANY, Shouts("EMBARGOED UNTIL"), AP),
    rule("embargoed-for", Embargoes, ANY, Shouts("EMBARGOED FOR"), AP),
    rule(
        "embargoed-for-publication",
        Embargoes,
        PROSE,
        Says("embargoed for publication until"),
        "PA: ed-msg of NITF",
    ),
    rule("embargoed-until-note", Embargoes, NOTE, Says("embargoed until"), "PA: ed-msg of NITF"),
    rule("embargoed-for-note", Embargoes, NOTE, Says("embargoed for release"), "PA: ed-msg of NITF"),
    rule("under-embargo-until", Embargoes, NOTE, Says("under embargo until"), PLAIN),
    rule("sperrfrist-opens", Embargoes, TOP, Opens("SPERRFRIST"), "dpa, APA: the German word for embargo"),
    rule("sperrfrist-mark", Embargoes, TOP, Opens("Sperrfrist"), "dpa, APA: the German word for embargo"),
    rule("sperrfrist-shouts", Embargoes, ANY, Shouts("SPERRFRIST"), "dpa, APA: the German word for embargo"),
    rule("sperrfrist-note", Embargoes, NOTE, Says("Sperrfrist"), "dpa: edNote role embargo"),
    rule("sous-embargo", Embargoes, ANY, Shouts("SOUS EMBARGO"), AFP),
    rule("embargo-jusqu", Embargoes, NOTE, Says("sous embargo jusqu"), AFP),
    rule("embargado-hasta", Embargoes, ANY, Shouts("EMBARGADO HASTA"), PLAIN_TITLE),
    rule("embargado-hasta-note", Embargoes, NOTE, Says("embargado hasta"), PLAIN),
    rule("embargo-do", Embargoes, ANY, Says("embargo do godz"), "dpa's Polish service: label of an embargo"),
    rule("embargo-ru-opens", Embargoes, TOP, Opens("ЭМБАРГО"), "dpa's Russian service: label of an embargo"),
    rule("embargo-ru", Embargoes, ANY, Says("эмбарго до"), "dpa's Russian service: label of an embargo"),
    rule(
        "hazr-an-nashr",
        Embargoes,
        ANY,
        Says("محظور النشر حتى"),
        "dpa's Arabic service: label of an embargo",
    ),
    rule("for-release-at", Embargoes, NOTE, Says("for release at"), "AP and PR wires: an advance"),
    rule(
        "not-for-release-before",
        Embargoes,
        NOTE,
        Says("not for release before"),
        "AP and PR wires: an advance",
    ),
    // A person should look first.
    rule("achtung-opens", Holds, &[Headline, Lead], Opens("Achtung"), "dpa: a line to editors in brackets"),
    rule(
        "achtung-caps-opens",
        Holds,
        &[Headline, Lead],
        Opens("ACHTUNG"),
        "dpa: a line to editors in brackets",
    ),
    rule("achtung-redaktionen", Holds, ANY, Says("Achtung Redaktionen"), "dpa, APA: a line to editors"),
    rule("attention-editors", Holds, &[Headline, Lead], Shouts("ATTENTION EDITORS"), PLAIN_TITLE),
    // Not for publication.
    rule("advisory-opens", NotForPublication, TITLE, Opens("ADVISORY"), AP),
    rule("editors-advisory", NotForPublication, ANY, Shouts("EDITORS ADVISORY"), AP),
    rule("ap-advisory", NotForPublication, TITLE, Is("AP Advisory"), AP),
    rule("bc-ap-advisory", NotForPublication, TITLE, Is("BC AP Advisory"), AP),
    rule("advisory-alone", NotForPublication, TITLE, Is("Advisory"), AP),
    rule("daybook", NotForPublication, TITLE, EndsShort("daybook", 4), AP),
    rule("daybook-slug", NotForPublication, &[Slugline], Says("daybook"), AP),
    rule("news-digest", NotForPublication, TITLE, Is("AP News Digest"), AP),
    rule("not-for-publication", NotForPublication, &[Headline, Slugline], Opens("NOT FOR PUBLICATION"), AP),
    rule("on-line-out", NotForPublication, ANY, Shouts("ON LINE OUT"), AP),
    rule("online-out", NotForPublication, ANY, Shouts("ONLINE OUT"), AP),
    rule("aviso-al-editor", NotForPublication, ANY, Shouts("AVISO AL EDITOR"), "EFE: a line to editors"),
    rule(
        "aviso-a-los-editores",
        NotForPublication,
        ANY,
        Shouts("AVISO A LOS EDITORES"),
        "EFE: a line to editors",
    ),
    rule("test-twice", NotForPublication, ANY, Shouts("TEST TEST"), "test traffic"),
    rule("test-only", NotForPublication, ANY, Shouts("TEST ONLY"), "test traffic"),
    rule("test-message", NotForPublication, ANY, Shouts("TEST MESSAGE"), "test traffic"),
    rule("test-story", NotForPublication, TITLE, Opens("TEST STORY"), "test traffic"),
    rule("test-alone", NotForPublication, &[Headline, Slugline, Note], Is("test"), "test traffic"),
    rule("test-bitte-ignorieren", NotForPublication, NOTE, Says("Test bitte ignorieren"), "test traffic"),
    rule("testmeldung", NotForPublication, TITLE, Is("Testmeldung"), "test traffic (German)"),
    rule("testmeldung-opens", NotForPublication, TITLE, Opens("TESTMELDUNG"), "test traffic (German)"),
    rule("this-is-a-test", NotForPublication, TITLE, Is("this is a test"), "test traffic"),
    rule("this-is-a-test-shouts", NotForPublication, ANY, Shouts("THIS IS A TEST"), "test traffic, drills"),
    rule(
        "this-is-a-test-message",
        NotForPublication,
        PROSE,
        Says("this is a test message"),
        "test traffic, drills",
    ),
    rule("this-is-only-a-test", NotForPublication, PROSE, Says("this is only a test"), "test traffic"),
    rule("this-is-a-test-note", NotForPublication, NOTE, Says("this is a test"), "test traffic"),
    rule("test-please-ignore", NotForPublication, ANY, Says("test please ignore"), "test traffic"),
    rule("practice-headline", NotForPublication, TITLE, Says("practice headline"), "test traffic"),
    rule("practice-opens", NotForPublication, TITLE, Opens("PRACTICE"), "test traffic"),
    rule("practice-only", NotForPublication, ANY, Shouts("PRACTICE ONLY"), "test traffic"),
    rule("exercise-thrice", NotForPublication, ANY, Shouts("EXERCISE EXERCISE EXERCISE"), "drills"),
    rule("this-is-a-drill", NotForPublication, ANY, Shouts("THIS IS A DRILL"), "drills"),
];

/// How corrections open, in the agencies' languages; compared in any case.
const CORRECTIONS: &[&str] = &[
    "correction",
    "corrected",
    "corrects",
    "corrective",
    "clarification",
    "refile",
    "eds corrects",
    "eds correction",
    "berichtigung",
    "berichtigt",
    "korrektur",
    "rectificatif",
    "corrige",
    "version corregida",
    "correccion",
    "rettelse",
    "rattelse",
    "korrektion",
    "errata",
    "errata corrige",
    "исправление",
    "تصحيح",
];

/// A headline without the order that opens it: "KILL: Bank closes" is about "Bank closes".
pub(super) fn without_order(headline: &str) -> &str {
    let opening = RULES.iter().filter_map(|rule| match rule.shape {
        Shape::Opens(phrase) | Shape::Shouts(phrase) => Some(phrase),
        _ => None,
    });
    let start = headline.trim_start_matches(|c: char| !c.is_alphanumeric());
    opening
        .filter_map(|phrase| start.strip_prefix(phrase))
        .filter(|rest| rest.chars().next().is_none_or(|c| !c.is_alphanumeric()))
        .min_by_key(|rest| rest.len())
        .map_or(headline, |rest| rest.trim_matches(|c: char| c.is_whitespace() || ":-–—/,.()".contains(c)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str) {
        let words = Words::of(text);
        for field in [Headline, Lead, Slugline, Note] {
            let every = READY
                .iter()
                .filter(|(rule, folded)| rule.fields.contains(&field) && rule.shape.is_in(&words, folded));
            let every: Vec<&str> = every.map(|(rule, _)| rule.name).collect();
            let found: Vec<&str> = holding(field, &words).map(|rule| rule.name).collect();
            assert_eq!(found, every, "{field:?}: {text}");
        }
    }

    #[test]
    fn asking_only_the_rules_whose_words_are_there_finds_what_asking_all_finds() {
        for (i, rule) in RULES.iter().enumerate() {
            let (phrase, other) = (rule.shape.phrase(), RULES[(i * 7 + 3) % RULES.len()].shape.phrase());
            for phrase in [phrase.to_owned(), phrase.to_uppercase(), phrase.to_lowercase()] {
                check(&phrase);
                check(&format!("{phrase}: the bank closes"));
                check(&format!("The bank said so. {phrase}. And {other}"));
                check(&format!("{other}, {phrase} on Monday"));
                check(&phrase.replace(' ', "\u{a0}-\n"));
                check(&phrase.split(' ').rev().collect::<Vec<_>>().join(" "));
            }
        }
    }

    #[test]
    fn every_rule_is_asked_where_its_phrase_stands() {
        for rule in RULES {
            let words = Words::of(rule.shape.phrase());
            let field = rule.fields[0];
            assert!(holding(field, &words).any(|held| held.name == rule.name), "{}", rule.name);
        }
    }
}
