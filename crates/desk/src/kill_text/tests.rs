use jiff::{SignedDuration, Timestamp};
use news::{BlockKind, Note, Reference, Relation, Stamp, Version};

use super::*;

fn item(headline: &str, lead: &str, note: &str) -> Version {
    let mut version = Version::new("urn:example:9");
    for (kind, text) in [(BlockKind::Headline, headline), (BlockKind::P, lead)] {
        version.copy.push(kind, text, vec![], None).expect("words that a page can carry");
    }
    if !note.is_empty() {
        version.notes.push(Note {
            role: "ednote".to_owned(),
            text: note.to_owned(),
            path: "edNote".to_owned(),
        });
    }
    version
}

#[track_caller]
fn check(version: &Version, expect: Option<(Effect, &str)>) {
    let found = classify(version);
    assert_eq!(found.as_ref().map(|kill| (kill.effect, kill.rule)), expect, "{:?}", version.copy.headline());
}

const LEAD: &str = "LONDON (AGX) — Officials said on Monday that nothing would change.";

#[track_caller]
fn headline(text: &str, expect: Option<(Effect, &str)>) {
    check(&item(text, LEAD, ""), expect);
}

#[track_caller]
fn note(text: &str, expect: Option<(Effect, &str)>) {
    check(&item("Council opens the new bridge", LEAD, text), expect);
}

/// Headlines as they run every day. Each holds a word of some rule, or looks like one.
const ORDINARY: &[&str] = &[
    "Police kill two in raid on flat",
    "Kill Bill returns to cinemas",
    "KILL BILL RETURNS TO CINEMAS",
    "Kill switch law moves ahead",
    "MANDATORY KILL SWITCH FOR SCOOTERS AHEAD OF VOTE",
    "Mandatory kill switches for cars, ministry says",
    "Three killed, five hurt as bus leaves road",
    "To Kill a Mockingbird tops list of loved books",
    "Storms kill 14 across the south",
    "KILLERS WHALES SPOTTED OFF COAST",
    "The Killers announce new tour",
    "Hong Kong withdraws contentious extradition bill",
    "HONG KONG EXTRADITION BILL WITHDRAWN",
    "Withdrawn drug returns to the shelves",
    "Withdrawal agreement passes in parliament",
    "US troops withdraw from the north",
    "Withdrawals from bank rise for third week",
    "Player withdrawn from squad before final",
    "Do not use this cream, agency warns",
    "DO NOT USE THIS CREAM, AGENCY WARNS",
    "Do not use lifts in case of fire, chief says",
    "Hold on to your hats: storm season opens",
    "Hold, please: the long wait at call centres",
    "Hostage takers hold hold-outs for a second day",
    "Court withholds judgment in tax case",
    "Tax withheld from pensions to rise",
    "EU lifts oil embargo against neighbour",
    "Embargo on arms extended by a year",
    "EMBARGO ON ARMS EXTENDED BY A YEAR",
    "Embargoed goods found in harbour",
    "Travel advisory issued for the coast",
    "ADVISORY COUNCIL MEETS ON VACCINES",
    "Advisory opinion expected on Tuesday",
    "Flood advisory: what it means for you",
    "Test: five electric cars for the city",
    "TEST CRICKET RETURNS TO LAHORE",
    "Test match ends in a draw",
    "North Korea says missile test was a success",
    "Practice makes perfect for young pianist",
    "PRACTICE NURSES JOIN THE STRIKE",
    "Elimination of trans fats saves lives",
    "ELIMINATION DE LA FRANCE EN QUART DE FINALE",
    "Annulation du festival après les orages",
    "ANNULATION DU FESTIVAL APRES LES ORAGES",
    "Le vol annulé, des centaines de passagers bloqués",
    "Concert annulé: le chanteur s'explique",
    "Anulan la multa al alcalde",
    "Sperrfrist für Bauland gekippt",
    "Achtung Kontrolle: Blitzer in der Stadt",
    "Bahn hat Angebot zurückgezogen",
    "Zurückgezogen: Kandidat gibt auf",
    "Budget: what is in it for families",
    "Please withdraw from Gaza, pope asks",
    "Story of the withdrawn king told anew",
    "A correction for markets is near, analysts say",
    "Exercise is good for you, study says",
    "Military exercise begins in the Baltic",
    "Disregard for law shocks judge",
    "إلغاء الرحلات الجوية بسبب العاصفة",
    "Отмена рейсов из-за бури",
];

#[test]
fn ordinary_headlines_are_left_alone() {
    assert!(ORDINARY.len() >= 40);
    for text in ORDINARY {
        headline(text, None);
        check(&item("Council opens the new bridge", text, ""), None);
    }
}

#[test]
fn ordinary_notes_to_editors_are_left_alone() {
    for text in [
        "UPDATES with police kill two in raid",
        "ADDS that suspect has been killed",
        "Eds: With photos. Will be updated.",
        "EU embargo on oil explained in 5th graf",
        "Do not use photos without credit",
        "Weitere Zusammenfassung bis 1530 - ca. 60 Zl",
        "Minister has withdrawn his candidacy; corrects spelling of name",
        "Test results expected at 1600",
        "With travel advisory, list of flights",
    ] {
        note(text, None);
    }
}

#[test]
fn kills_in_headlines_and_leads_are_found() {
    for (text, rule) in [
        ("KILL KILL KILL", "kill-thrice"),
        ("(KILL KILL KILL) Bank closes branches", "kill-thrice"),
        ("BULLETIN KILL", "bulletin-kill"),
        ("MANDATORY KILL: Bank closes branches", "mandatory-kill"),
        ("AGX MANDATORY KILL for all members", "mandatory-kill"),
        ("KILL: Bank closes branches", "kill-opens"),
        ("KILL", "kill-opens"),
        ("STORY WITHDRAWN - Bank closes branches", "story-withdrawn"),
        ("WITHDRAWN- Bank closes branches", "withdrawn-opens"),
        ("ANNULATION: La banque ferme", "annulation-opens"),
        ("ANNULE - La banque ferme", "annule-opens"),
        ("ATTENTION ANNULATION", "attention-annulation"),
        ("PHOTO ELIMINATION: Minister at bridge", "photo-elimination"),
        ("ELIMINATION", "elimination"),
        ("ANULACIÓN: El banco cierra", "anulacion-opens"),
        ("ZURÜCKGEZOGEN: Bank schließt", "zurueckgezogen-opens"),
        ("АННУЛИРОВАНО: Банк", "annulirovano-opens"),
        ("إلغاء خبر: البنك", "ilgha-khabar"),
    ] {
        headline(text, Some((Effect::Kills, rule)));
        check(&item("Council opens the new bridge", text, ""), Some((Effect::Kills, rule)));
    }
}

#[test]
fn withholding_embargo_and_marks_are_found_in_headlines() {
    for (text, effect, rule) in [
        ("HOLD HOLD HOLD", Effect::Withholds, "hold-thrice"),
        ("WITHHOLD: Bank closes", Effect::Withholds, "withhold-opens"),
        ("DISREGARD", Effect::Withholds, "disregard-opens"),
        ("HOLD FOR RELEASE - DO NOT USE", Effect::Withholds, "do-not-use-opens"),
        ("DO NOT USE - draft obituary", Effect::Withholds, "do-not-use-opens"),
        ("HOLD FOR RELEASE", Effect::Embargoes, "hold-for-release"),
        ("EMBARGOED: Budget figures", Effect::Embargoes, "embargoed-opens"),
        ("Figures EMBARGOED UNTIL 0900", Effect::Embargoes, "embargoed-until"),
        ("SPERRFRIST 19.00 Uhr", Effect::Embargoes, "sperrfrist-shouts"),
        ("Sperrfrist: Haushalt", Effect::Embargoes, "sperrfrist-mark"),
        ("ЭМБАРГО: бюджет", Effect::Embargoes, "embargo-ru-opens"),
        ("Embargo do godz. 12.00", Effect::Embargoes, "embargo-do"),
        ("(Achtung) Berichtigung folgt", Effect::Holds, "achtung-opens"),
        ("ADVISORY: New photo desk number", Effect::NotForPublication, "advisory-opens"),
        ("Washington Daybook", Effect::NotForPublication, "daybook"),
        ("TEST", Effect::NotForPublication, "test-alone"),
        ("TEST TEST TEST", Effect::NotForPublication, "test-twice"),
        ("Practice Headline 3", Effect::NotForPublication, "practice-headline"),
        ("PRACTICE: Bank closes", Effect::NotForPublication, "practice-opens"),
        ("THIS IS A DRILL", Effect::NotForPublication, "this-is-a-drill"),
    ] {
        let (expect, found) = (Some((effect, rule)), classify(&item(text, LEAD, "")));
        // The first line of the incident of 2008 carries two orders; the graver one counts.
        let found = found.map(|kill| (kill.effect, kill.rule));
        match text.starts_with("HOLD FOR RELEASE -") {
            true => assert_eq!(found.map(|(effect, _)| effect >= Effect::Embargoes), Some(true)),
            false => assert_eq!(found, expect, "{text}"),
        }
    }
}

#[test]
fn orders_in_notes_are_found_in_any_case() {
    for (text, effect, rule) in [
        ("Eds: Please kill BC-EU--Bank.", Effect::Kills, "please-kill"),
        ("Members are asked to kill the story slugged BC-EU--Bank", Effect::Kills, "kill-the-story"),
        ("This story has been withdrawn", Effect::Kills, "story-has-been-withdrawn"),
        ("Agency Example has withdrawn its story about a bank", Effect::Kills, "has-withdrawn-its-story"),
        ("please withdraw, the source denies", Effect::Kills, "please-withdraw"),
        ("Veuillez annuler cette dépêche", Effect::Kills, "annuler-cette-depeche"),
        ("Die Meldung wird zurückgezogen", Effect::Kills, "meldung-zurueckgezogen"),
        ("Por favor anular la noticia", Effect::Kills, "anular-noticia"),
        ("Please do not use", Effect::Withholds, "please-do-not-use"),
        ("Do not use.", Effect::Withholds, "do-not-use-alone"),
        ("please disregard the 0900 story", Effect::Withholds, "please-disregard"),
        ("Prière de ne pas utiliser", Effect::Withholds, "ne-pas-utiliser"),
        ("Bitte nicht verwenden!", Effect::Withholds, "nicht-verwenden"),
        ("Bitte beachten Sie die Sperrfrist der Meldung bis 19.00 Uhr", Effect::Embargoes, "sperrfrist-note"),
        ("Embargoed for publication until 0001 Monday", Effect::Embargoes, "embargoed-for-publication"),
        ("sous embargo jusqu'à 18h00", Effect::Embargoes, "embargo-jusqu"),
        ("Эмбарго до 19.00", Effect::Embargoes, "embargo-ru"),
        ("محظور النشر حتى الساعة 19:00", Effect::Embargoes, "hazr-an-nashr"),
        ("For release at 0900 Monday", Effect::Embargoes, "for-release-at"),
        ("Not for release before noon", Effect::Embargoes, "not-for-release-before"),
        ("This is a test, thank you", Effect::NotForPublication, "this-is-a-test-note"),
    ] {
        note(text, Some((effect, rule)));
    }
}

#[test]
fn orders_in_the_slugline_are_found() {
    for (text, effect) in [
        ("BC-EU--Bank, KILL KILL KILL", Effect::Kills),
        ("Bank-Mandatory Kill", Effect::Kills),
        ("BC-WA--Washington Daybook", Effect::NotForPublication),
        ("Advisory", Effect::NotForPublication),
    ] {
        let mut version = item("Council opens the new bridge", LEAD, "");
        version.slugline = Some(text.to_owned());
        let found = classify(&version).expect("an order");
        assert_eq!((found.effect, found.place.as_str()), (effect, "slugline"), "{text}");
    }
}

#[test]
fn comments_scripts_and_hidden_text_give_no_orders() {
    for role in ["comment", "script", "style", "hidden-text"] {
        let mut version = item("Council opens the new bridge", LEAD, "KILL KILL KILL");
        version.notes[0].role = role.to_owned();
        check(&version, None);
    }
}

#[test]
fn an_order_deep_in_a_story_is_part_of_the_story() {
    let mut version = item("How agencies withdraw their mistakes", LEAD, "");
    for text in ["First they think.", "Then they send the words KILL KILL KILL to everybody."] {
        version.copy.push(BlockKind::P, text, vec![], None).expect("words");
    }
    check(&version, None);
}

#[test]
fn corrections_are_recognised_in_their_languages() {
    for text in [
        "CORRECTED-Bank closes",
        "Correction: Bank closes",
        "(Berichtigung: Bank) Bank schließt",
        "RECTIFICATIF - Banque",
        "VERSIÓN CORREGIDA: Banco",
        "تصحيح: البنك",
        "REFILE-Bank closes",
    ] {
        assert!(is_correction(&item(text, LEAD, "")), "{text}");
    }
    for text in ORDINARY {
        assert!(!is_correction(&item(text, LEAD, "")), "{text}");
    }
}

#[test]
fn rules_are_named_once() {
    let names: std::collections::BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
    assert!(RULES.iter().all(|rule| !rule.from.is_empty() && !rule.fields.is_empty()));
}

#[test]
fn hostile_texts_end_soon() {
    let long = "KILL ".repeat(200_000);
    let version = item(&long, &"\"'“".repeat(100_000), &"Ǻ\u{301}𝔎".repeat(50_000));
    let kill = classify(&version).expect("an order");
    assert!(kill.texts.iter().all(|text| text.chars().count() <= LOOK));
    assert!(matching(&kill, &[candidate("urn:example:1")]).is_empty());
}

fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("an instant")
}

fn candidate(uri: &str) -> Candidate {
    Candidate { uri: uri.to_owned(), headline: None, slugline: None, number: None, at: noon() }
}

fn order(headline: &str, note: &str) -> TextKill {
    let mut version = item(headline, "KILL KILL KILL", note);
    version.version_created = Some(Stamp { raw: String::new(), at: Some(noon()), zoned: true });
    classify(&version).expect("an order")
}

#[track_caller]
fn match_check(kill: &TextKill, candidates: &[Candidate], expect: &[(usize, MatchRule)]) {
    let found: Vec<_> =
        matching(kill, candidates).into_iter().map(|found| (found.candidate, found.rule)).collect();
    assert_eq!(found, expect);
}

#[test]
fn an_order_that_names_a_uri_means_that_item() {
    let candidates = [
        candidate("urn:example:story-1"),
        candidate("urn:example:story-12"),
        candidate("urn:example:story-2"),
    ];
    match_check(
        &order("Kill", "Kill this story: urn:example:story-12."),
        &candidates,
        &[(1, MatchRule::Uri)],
    );
    let mut version = item("Kill", "KILL KILL KILL", "");
    let uri = "urn:example:story-2".to_owned();
    version.references.push(Reference {
        relation: Relation::SeeAlso,
        uri,
        version: None,
        when: None,
        raw: String::new(),
    });
    match_check(&classify(&version).expect("an order"), &candidates, &[(2, MatchRule::Uri)]);
}

#[test]
fn an_order_that_names_a_number_means_the_item_of_that_day() {
    let numbered = |number: &str, hours: i64| Candidate {
        number: Some(number.to_owned()),
        at: noon() - SignedDuration::from_hours(hours),
        ..candidate("urn:example:story-1")
    };
    let candidates = [numbered("dpa 061", 2), numbered("dpa 061", 72), numbered("dpa 0611", 2)];
    match_check(&order("Kill", "Bitte Meldung dpa 061 löschen"), &candidates, &[(0, MatchRule::Number)]);
}

#[test]
fn an_order_that_quotes_a_headline_means_the_item_with_it() {
    let headed = |headline: &str| Candidate {
        headline: Some(headline.to_owned()),
        ..candidate("urn:example:story-1")
    };
    let candidates =
        [headed("Bank closes all branches"), headed("Bank closes"), headed("Minister’s yacht sinks")];
    let found = &[(0, MatchRule::Headline)][..];
    match_check(&order("Kill", "Kill the story headlined “Bank closes  ALL\nbranches”"), &candidates, found);
    match_check(&order("Kill", "Kill the story \"Bank closes all branches\", please"), &candidates, found);
    match_check(&order("Kill", "Meldung „Bank closes all branches“ wird gestrichen"), &candidates, found);
    match_check(&order("MANDATORY KILL: Bank closes all branches", ""), &candidates, found);
    match_check(&order("Bank closes all branches", ""), &candidates, found);
    match_check(&order("Kill", "Kill ‘Minister’s yacht sinks’"), &candidates, &[(2, MatchRule::Headline)]);
}

#[test]
fn an_order_that_names_a_slugline_means_the_item_with_it() {
    let slugged = |slug: &str, hours: i64| Candidate {
        slugline: Some(slug.to_owned()),
        at: noon() - SignedDuration::from_hours(hours),
        ..candidate("urn:example:story-1")
    };
    let candidates =
        [slugged("BC-EU--Bank Branches", 3), slugged("BC-EU--Bank Branches", 90), slugged("Bank", 1)];
    let kill = order("Kill", "Kill the story slugged BC-EU--Bank Branches");
    match_check(&kill, &candidates, &[(0, MatchRule::Slugline)]);
    let mut same = item("Kill", "KILL KILL KILL", "");
    same.slugline = Some("bank".to_owned());
    let all = [(0, MatchRule::Slugline); 0];
    match_check(&classify(&same).expect("an order"), &candidates[..2], &all);
    match_check(&classify(&same).expect("an order"), &candidates[2..], &[(0, MatchRule::Slugline)]);
}

#[test]
fn an_ambiguous_order_means_all_that_the_surest_rule_finds() {
    let headed = |uri: &str, slug: &str| Candidate {
        headline: Some("Bank closes all branches".to_owned()),
        slugline: Some(slug.to_owned()),
        ..candidate(uri)
    };
    let slug_only =
        Candidate { slugline: Some("BC-EU--Bank".to_owned()), ..candidate("urn:example:story-3") };
    let candidates =
        [headed("urn:example:story-1", "BC-EU--Bank"), headed("urn:example:story-2", "x"), slug_only];
    let kill = order("KILL: Bank closes all branches", "Kill the story slugged BC-EU--Bank");
    match_check(&kill, &candidates, &[(0, MatchRule::Headline), (1, MatchRule::Headline)]);
}

#[test]
fn an_order_that_names_nothing_known_means_nothing() {
    let named = Candidate { headline: Some("Kill".to_owned()), ..candidate("urn") };
    match_check(&order("Kill", "urn urn"), &[candidate("urn:example:story-1")], &[]);
    match_check(&order("Kill this", "urn urn"), &[named], &[]);
}
