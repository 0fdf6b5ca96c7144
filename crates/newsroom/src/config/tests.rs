//! A row a rule: a file, and what is said about it.

use std::path::Path;

use desk::safety::Rule;
use news::{FeedId, ReviewState};

use super::*;

/// The smallest useful file.
const SMALLEST: &str = r#"
[site]
name = "The Daily Example"
url = "http://127.0.0.1:8080"
listen = "127.0.0.1:8080"
[desk]
listen = "127.0.0.1:8081"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "Disclaimer: This post has been auto-published from an agency feed without any modifications to the text and has not been reviewed by an editor"
[[feed]]
id = "agx-world"
agency = "agx"
folder = "wire/agx"
section = "world"
"#;

fn parsed(text: &str) -> Result<Config, ConfigErrors> {
    let env = |name: &str| match name {
        "GOOD_TOKEN" => Some("0123456789abcdef0123".to_owned()),
        "SHORT_TOKEN" => Some("0123456789abcde".to_owned()),
        "GOOD_SECRET" => Some("whsec_dmVyYmF0aW0gdGVsbHMgb3V0bGV0cyB0aGUgdHJ1dGg=".to_owned()),
        "SPACED_TOKEN" => Some("0123456789 abcdef0123".to_owned()),
        _ => None,
    };
    parse_with(text, Path::new("/srv/paper/verbatim.toml"), &env)
}

#[track_caller]
fn smallest() -> Config {
    parsed(SMALLEST).expect("the smallest file is good")
}

/// The smallest file with one line changed, or with lines added at its end (which belong to its feed).
fn with(change: (&str, &str)) -> String {
    match change {
        ("", added) => format!("{SMALLEST}{added}\n"),
        (from, to) => {
            assert!(SMALLEST.contains(from), "{from} is not in the file");
            SMALLEST.replacen(from, to, 1)
        }
    }
}

#[track_caller]
fn good(change: (&str, &str)) -> Config {
    parsed(&with(change)).unwrap_or_else(|errors| panic!("{change:?} is refused: {errors}"))
}

/// The changed file is refused with exactly these lines.
#[track_caller]
fn check(change: (&str, &str), expect: &str) {
    let errors = parsed(&with(change)).expect_err("the file is wrong").to_string();
    let lines: Vec<&str> =
        errors.lines().map(|line| line.trim_start_matches("/srv/paper/verbatim.toml:")).collect();
    assert_eq!(lines.join("\n"), expect);
}

#[test]
fn the_smallest_useful_file_is_enough() {
    let config = smallest();
    let (site, feed, agency) = (&config.sites[0], &config.feeds[0], &config.agencies[0]);
    assert_eq!(
        (site.id.as_str(), site.url.as_str(), site.base_path.as_str()),
        ("main", "http://127.0.0.1:8080", "")
    );
    assert_eq!((site.language.as_str(), site.index), ("en", Index::All));
    assert_eq!(config.desk.token, None);
    assert_eq!(config.store.path, Path::new("/srv/paper/data"));
    assert_eq!(feed.folder.as_deref(), Some(Path::new("/srv/paper/wire/agx")));
    assert_eq!(feed.sections, ["world"]);
    assert_eq!(config.sections, [Section { id: "world".into(), name: "World".into() }]);
    assert_eq!(feed.sites, [SiteId::from("main")]);
    assert_eq!((&*feed.rules, feed.format, feed.title_is_html), (&Rules::default(), WireFormat::Auto, false));
    assert_eq!(feed.backlog, SignedDuration::from_hours(24));
    assert_eq!((feed.poll_every, feed.max_bytes), (Duration::from_secs(60), 16 << 20));
    assert_eq!(agency.contract.archive_for, Some(SignedDuration::from_hours(30 * 24)));
    assert_eq!((agency.contract.expire_after, agency.credit.as_str()), (None, "Agency Example"));
}

#[test]
fn a_group_of_sites_is_accepted() {
    let two = "[[site]]\nid = \"north\"\nname = \"North\"\nurl = \"https://north.example/news/\"\n[[site]]\nid = \"south\"\nname = \"South\"\nurl = \"https://south.example\"\nlisten = \"127.0.0.1:8082\"\n";
    let rest = SMALLEST.split_once("[desk]").expect("the file has a desk").1;
    let config = parsed(&format!("{two}[desk]{rest}sites = [\"south\"]\n")).expect("two sites are good");
    assert_eq!(config.sites[0].url, "https://north.example/news");
    assert_eq!(config.sites[0].base_path, "/news");
    assert_eq!(config.feeds[0].sites, [SiteId::from("south")]);
    assert!(config.site(&"south".into()).is_some() && config.site(&"west".into()).is_none());
}

#[test]
fn every_key_is_read() {
    let feed = |added| good(("", added)).feeds.remove(0);
    assert_eq!(*feed("safety = \"shadow\"").rules, Rules::all(desk::Safety::Shadow));
    let off = feed("safety = \"off\"\n[[rules]]\non = [\"burst\"]").rules;
    assert!(!off.any(), "a feed without rules has none, whatever the tables say");
    let rules = feed(
        "[[rules]]\nshadow = [\"burst\"]\nburst = 7\n[[rules]]\nfeeds = [\"agx-world\"]\non = [\"burst\"]",
    )
    .rules;
    assert_eq!(
        (rules.mode(Rule::Burst), rules.burst),
        (desk::Safety::On, 7),
        "what a later table says goes before"
    );
    assert_eq!(feed("backlog = \"30d\"").backlog, SignedDuration::from_hours(720));
    assert_eq!(feed("timezone = \"Asia/Kolkata\"").timezone, TimeZone::get("Asia/Kolkata").expect("zone"));
    assert_eq!(feed("language = \"hi\"").language.as_deref(), Some("hi"));
    assert_eq!(feed("format = \"newsml-g2\"").format.word(), Some("newsml-g2"));
    assert!(feed("title = \"html\"").title_is_html);
    assert_eq!(feed("max_bytes = 4096").max_bytes, 4096);
    assert_eq!(feed("max_bytes = \"4kB\"").max_bytes, 4000);
    assert_eq!(
        feed("push = true\ntoken_env = \"GOOD_TOKEN\"").token,
        Some(Secret("0123456789abcdef0123".into()))
    );
    let poll = |url: &str| {
        good(("folder = \"wire/agx\"", &format!("poll = \"{url}\"\npoll_every = \"90s\""))).feeds.remove(0)
    };
    assert_eq!(poll("https://wire.example/a?b=c").poll.expect("poll").as_str(), "https://wire.example/a?b=c");
    assert_eq!(poll("https://wire.example/a").poll_every, Duration::from_secs(90));
    let agency = |added: &str| {
        good(("name = \"Agency Example\"", &format!("name = \"A\"\n{added}"))).agencies.remove(0)
    };
    assert_eq!(agency("expire_after = \"7d\"").contract.expire_after, Some(SignedDuration::from_hours(168)));
    assert_eq!(agency("archive_days = 0").contract.archive_for, None);
    assert!(agency("noindex = true").contract.noindex);
    assert_eq!(agency("credit = \"Agency/Wire\"").credit, "Agency/Wire");
    assert_eq!(good(("[desk]", "index = \"no-news\"\n[desk]")).sites[0].index, Index::NoNews);
    assert_eq!(
        good(("[store]", "[limits]\nmax_items = 7\nfolder_quiet = \"250ms\"\n[store]")).limits.max_items,
        7
    );
    assert_eq!(
        good(("section = \"world\"", "sections = [\"world\", \"south-asia\"]")).sections[1].name,
        "South asia"
    );
    assert!(
        good(("listen = \"127.0.0.1:8081\"", "listen = \"0.0.0.0:8081\"\ntoken_env = \"GOOD_TOKEN\""))
            .desk
            .token
            .is_some()
    );
}

#[test]
fn only_a_poll_that_is_written_as_loopback_may_go_there_unasked() {
    for (url, more, expect) in [
        ("http://127.0.0.1:9/x", "", true),
        ("http://[::1]/x", "", true),
        ("http://localhost/x", "", true),
        ("http://10.0.0.1/x", "", false),
        ("http://localhost.example/x", "", false),
        ("http://10.0.0.1/x", "\nallow_private = true", true),
        ("http://127.0.0.1:9/x", "\nallow_private = false", false),
    ] {
        let config = good(("folder = \"wire/agx\"", &format!("poll = \"{url}\"{more}")));
        assert_eq!(config.feeds[0].allow_private, expect, "{url}{more}");
    }
}

#[test]
fn a_story_is_labelled_in_its_language_where_that_is_given() {
    let labels =
        "labels.hi = \"असमीक्षित\"\nlabels.pt-BR = { label = \"sem revisão\", label_edited = \"editado\" }\n";
    let config = good(("name = \"Agency Example\"", &format!("name = \"A\"\n{labels}")));
    let say = |state, language| {
        let label = config.label(&config.agencies[0], None, state, language);
        assert_eq!(label.state, state);
        (label.text, label.language.expect("the language is known"))
    };
    use ReviewState::{Edited, Reviewed, Unreviewed};
    assert_eq!(say(Unreviewed, Some("hi-IN")), ("असमीक्षित".into(), "hi".into()));
    assert_eq!(say(Unreviewed, Some("PT-br")), ("sem revisão".into(), "pt-BR".into()));
    assert_eq!(say(Edited, Some("pt-BR")), ("editado".into(), "pt-BR".into()));
    assert_eq!(say(Reviewed, Some("hi")).1, "en");
    assert_eq!(say(Unreviewed, None).1, "en");
    assert_eq!(
        say(Edited, Some("fr")),
        ("This text comes from an agency feed and has been edited".into(), "en".into())
    );
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_one() {
    check(
        ("section = \"world\"", "sektion = \"world\""),
        "18:1: feed[0].sektion: `sektion` is no key here; did you mean `section`?",
    );
    check(("[store]", "[stoer]\n[store]"), "8:2: stoer: `stoer` is no key here; did you mean `store`?");
    check(
        ("", "archive_days = 1"),
        "19:1: feed[0].archive_days: `archive_days` is no key here: it belongs into [[agency]]",
    );
    check(
        ("", "colour = \"red\""),
        "19:1: feed[0].colour: `colour` is no key here; there are id, agency, folder, poll, push, label, label_reviewed, label_edited, label_altered, labels, credit, contract, section, sections, sites, safety, backlog, timezone, language, format, title, poll_every, max_bytes, token_env, token_file, allow_private",
    );
    check(
        ("", "token = \"0123456789abcdef\""),
        "19:1: feed[0].token: `token` is no key here: secrets never stand in this file; use `token_env` or `token_file`",
    );
    check(
        ("[desk]", "pasword = \"x\"\n[desk]"),
        "6:1: site.pasword: `pasword` is no key here: secrets never stand in this file; use `token_env` or `token_file`",
    );
}

#[test]
fn what_is_missing_is_asked_for() {
    check(
        ("name = \"The Daily Example\"\n", ""),
        r#"2:1: site.name: `name` is missing: write it like name = "The Daily Example""#,
    );
    check(("[store]\npath = \"data\"\n", ""), "1:1: store: `store` is missing: write a table [store]");
    check(
        ("label = \"Disclaimer", "# label = \"Disclaimer"),
        r#"10:1: agency[0].label: `label` is missing: write it like label = "Disclaimer: This post has been auto-published from an agency feed without any modifications to the text and has not been reviewed by an editor""#,
    );
    check(
        ("folder = \"wire/agx\"\n", ""),
        "14:1: feed[0]: this feed has no door: write `folder`, `poll` or `push = true`",
    );
    check(
        ("id = \"agx-world\"\n", ""),
        r#"14:1: feed[0].id: `id` is missing: write it like id = "agx-world""#,
    );
}

#[test]
fn values_of_the_wrong_type_are_refused() {
    check(
        ("name = \"The Daily Example\"", "name = 7"),
        "3:8: site.name: this is a whole number, where a text in quotes belongs",
    );
    check(("", "push = \"yes\""), "19:8: feed[0].push: this is a text, where true or false belongs");
    check(
        ("", "backlog = 24"),
        r#"19:11: feed[0].backlog: this is a whole number, where a length of time in quotes ("90s") belongs"#,
    );
    check(("", "sections = \"world\""), "19:12: feed[0].sections: this is a text, where an array belongs");
    check(("[[agency]]", "[agency]"), "10:1: agency: there may be several of these: write [[agency]]");
    check(
        ("[desk]", "[limits]\nmax_items = 1.5\n[desk]"),
        "7:13: limits.max_items: this is a number with a fraction, where a whole number belongs",
    );
    check(
        ("[desk]", "[limits]\nmax_items = 0\n[desk]"),
        "7:13: limits.max_items: 0 is out of range: 1 to 1000000 is allowed",
    );
    check(
        ("[desk]", "[limits]\nmax_depth = 99999999999999999999\n[desk]"),
        "7:13: limits.max_depth: `99999999999999999999` is too large a number",
    );
    check(
        ("name = \"The Daily Example\"", "name = \"\""),
        "3:8: site.name: this is empty: write it, or leave the key out if it has a default",
    );
    check(
        ("[desk]", "index = 2026-11-24\n[desk]"),
        "6:9: site.index: this is a date, where a text in quotes belongs",
    );
}

#[test]
fn words_are_refused_with_what_is_allowed() {
    check(
        ("", "safety = \"onn\""),
        "19:10: feed[0].safety: `onn` is none of on, shadow, off; did you mean `on`?",
    );
    check(
        ("", "[[rules]]\nshadow = [\"brust\"]"),
        "20:11: rules[0].shadow[0]: there is no safety rule `brust`: did you mean `burst`?",
    );
    check(
        ("", "format = \"newsml\""),
        "19:10: feed[0].format: `newsml` is none of auto, rss, atom, json-feed, newsml-g2, newsml-1, nitf, ninjs, ap-media, dpa-digitalwires, \
         ritzau, iptc7901, anpa1312, zczc, mail, plain; did you mean `newsml-1`?",
    );
    check(
        ("", "format = \"docx\""),
        "19:10: feed[0].format: `docx` is none of auto, rss, atom, json-feed, newsml-g2, newsml-1, nitf, ninjs, ap-media, dpa-digitalwires, \
         ritzau, iptc7901, anpa1312, zczc, mail, plain",
    );
    check(
        ("", "title = \"HTML\""),
        "19:9: feed[0].title: `HTML` is none of text, html; did you mean `html`?",
    );
    check(
        ("[desk]", "index = \"no_news\"\n[desk]"),
        "6:9: site.index: `no_news` is none of all, no-news, none; did you mean `no-news`?",
    );
}

#[test]
fn what_cannot_be_read_says_how_to_write_it() {
    check(
        ("", "backlog = \"24\""),
        r#"19:11: feed[0].backlog: `24` is not a length of time: write a whole number and ms, s, m, h or d, like "90s", "15m" or "30d""#,
    );
    check(
        ("", "backlog = \"1 day\""),
        r#"19:11: feed[0].backlog: `1 day` is not a length of time: write a whole number and ms, s, m, h or d, like "90s", "15m" or "30d""#,
    );
    check(("", "backlog = \"99999d\""), "19:11: feed[0].backlog: `99999d` is longer than a hundred years");
    check(
        ("", "max_bytes = \"4Mb\""),
        r#"19:13: feed[0].max_bytes: `4Mb` is not a size: write bytes as a whole number, or one with kB, MB, GB, KiB, MiB or GiB, like "16MiB""#,
    );
    check(("", "max_bytes = 0"), "19:13: feed[0].max_bytes: a size of 0 would refuse everything");
    check(
        ("", "max_bytes = \"9GiB\""),
        "19:13: feed[0].max_bytes: `9GiB` is more than 4GiB, which no transmission may be",
    );
    check(
        ("", "timezone = \"Asia/Kolkatta\""),
        "19:12: feed[0].timezone: `Asia/Kolkatta` is not in the IANA time zone database: did you mean `Asia/Kolkata`?",
    );
    check(
        ("", "timezone = \"IST\""),
        r#"19:12: feed[0].timezone: `IST` is not in the IANA time zone database: write one like "Asia/Kolkata""#,
    );
    check(
        ("", "language = \"english language\""),
        r#"19:12: feed[0].language: `english language` is not a language tag: write one of BCP 47, like "en" or "hi-IN""#,
    );
    check(
        ("url = \"http://127.0.0.1:8080\"", "url = \"daily.example\""),
        r#"4:7: site.url: `daily.example` is not a URL (relative URL without a base): write it whole, like "https://daily.example""#,
    );
    check(
        ("url = \"http://127.0.0.1:8080\"", "url = \"ftp://daily.example\""),
        "4:7: site.url: `ftp://daily.example` is not an http or https URL",
    );
    check(
        ("url = \"http://127.0.0.1:8080\"", "url = \"https://daily.example/?a=b\""),
        "4:7: site.url: `https://daily.example/?a=b` carries a query (`?…`): a base URL has none",
    );
    check(
        ("url = \"http://127.0.0.1:8080\"", "url = \"https://me:pw@daily.example/\""),
        "4:7: site.url: a URL cannot carry a user or a password here: secrets never stand in this file",
    );
    check(
        ("listen = \"127.0.0.1:8080\"", "listen = \"8080\""),
        r#"5:10: site.listen: `8080` is not an address and a port: write it like "127.0.0.1:8080" or "[::1]:8080""#,
    );
    check(
        ("id = \"agx\"", "id = \"Agency X\""),
        "11:6: agency[0].id: `Agency X` is not a short name: up to 64 of a-z, 0-9 and -, not beginning with -",
    );
}

#[test]
fn names_must_refer_to_something() {
    check(
        ("agency = \"agx\"", "agency = \"agy\""),
        "16:10: feed[0].agency: there is no agency `agy`: did you mean `agx`?",
    );
    check(
        ("agency = \"agx\"", "agency = \"reuters\""),
        "16:10: feed[0].agency: there is no agency `reuters`: there are agx",
    );
    check(
        ("", "sites = [\"mian\"]"),
        "19:10: feed[0].sites[0]: there is no site `mian`: did you mean `main`?",
    );
    check(
        ("", "sites = []"),
        "19:9: feed[0].sites: the list is empty: leave it out for all sites, or name one",
    );
    check(
        ("", "[[section]]\nid = \"wrold\""),
        "18:11: feed[0].section: there is no section `world`: did you mean `wrold`?",
    );
    check(
        ("section = \"world\"", "section = \"search\""),
        "18:11: feed[0].section: `search` is part of the site's own addresses: choose another name for the section",
    );
    check(
        ("section = \"world\"", "sections = [\"world\", \"world\"]"),
        "18:22: feed[0].sections[1]: `world` is named twice",
    );
}

#[test]
fn an_id_is_given_once() {
    check(
        ("", "[[feed]]\nid = \"agx-world\"\nagency = \"agx\"\npush = true"),
        "20:6: feed[1].id: `agx-world` is taken by feed[0]: every feed needs its own id",
    );
    check(
        ("", "[[agency]]\nid = \"agx\"\nname = \"Other\"\nlabel = \"x\""),
        "20:6: agency[1].id: `agx` is taken by agency[0]: every agency needs its own id",
    );
    check(
        ("", "[[section]]\nid = \"world\"\n[[section]]\nid = \"world\""),
        "22:6: section[1].id: `world` is taken by section[0]: every section needs its own id",
    );
}

#[test]
fn a_feed_has_one_door_and_the_keys_of_that_door() {
    check(
        ("", "poll = \"https://wire.example/\""),
        "19:8: feed[0].poll: `folder` is given too: keep one of the two, or make two feeds",
    );
    check(
        ("", "sections = [\"world\"]"),
        "19:12: feed[0].sections: `section` is given too: keep one of the two",
    );
    check(
        ("", "poll_every = \"5m\""),
        "19:14: feed[0].poll_every: this is for feeds with `poll` only: leave it out",
    );
    check(
        ("", "token_env = \"GOOD_TOKEN\""),
        "19:13: feed[0].token_env: this is for feeds with `push` only: leave it out",
    );
    check(
        ("", "allow_private = true"),
        "19:17: feed[0].allow_private: this is for feeds with `poll` only: leave it out",
    );
    check(
        ("folder = \"wire/agx\"", "poll = \"https://wire.example/\"\npoll_every = \"100ms\""),
        r#"18:14: feed[0].poll_every: a sender is asked once a second at the most: write "1s" or more"#,
    );
    check(
        ("folder = \"wire/agx\"", "poll = \"https://me:pw@wire.example/\""),
        "17:8: feed[0].poll: a URL cannot carry a user or a password here: secrets never stand in this file",
    );
    check(
        ("folder = \"wire/agx\"", "folder = \"data/wire\""),
        "17:10: feed[0].folder: this lies in the store's folder: feeds never share a folder with the store",
    );
    check(
        ("path = \"data\"", "path = \"wire/agx/data\""),
        "17:10: feed[0].folder: the store lies in this folder, and its files would be taken for wires: choose another",
    );
    check(
        ("", "[[feed]]\nid = \"two\"\nagency = \"agx\"\nfolder = \"wire/agx\""),
        "22:10: feed[1].folder: another feed takes the files of this folder: every feed needs its own",
    );
    check(
        ("", "max_bytes = \"17MiB\""),
        "19:13: feed[0].max_bytes: this is more than limits.max_bytes (16777216): raise that first",
    );
    check(
        ("name = \"Agency Example\"", "name = \"A\"\nexpire_after = \"0s\""),
        "13:16: agency[0].expire_after: this is no time at all: write more than 0",
    );
    check(
        ("name = \"Agency Example\"", "name = \"A\"\nlabels.hi = \"x\"\nlabels.HI = \"y\""),
        "13:13: agency[0].labels.hi: `hi` is given twice: languages are the same in capital and small letters",
    );
    check(
        ("name = \"Agency Example\"", "name = \"A\"\nlabels.h = \"x\""),
        r#"13:12: agency[0].labels.h: `h` is not a language tag: write one of BCP 47, like "en" or "hi-IN""#,
    );
    check(
        ("name = \"Agency Example\"", "name = \"A\"\nlabels.hi = { label_edited = \"x\" }"),
        "13:13: agency[0].labels.hi.label: `label` is missing: write it",
    );
}

#[test]
fn listeners_are_kept_apart_and_the_desk_is_never_open() {
    check(
        ("listen = \"127.0.0.1:8081\"", "listen = \"0.0.0.0:8081\""),
        "7:10: desk.listen: 0.0.0.0:8081 can be reached from other machines and no credentials are configured: listen on 127.0.0.1, or name a token with `token_env` or `token_file`",
    );
    check(
        ("listen = \"127.0.0.1:8081\"", "listen = \"127.0.0.1:8080\""),
        "7:10: desk.listen: 127.0.0.1:8080 is a site's address: the desk is never served to readers, give it a port of its own",
    );
    check(
        ("listen = \"127.0.0.1:8080\"", "listen = \"0.0.0.0:8081\""),
        "7:10: desk.listen: 127.0.0.1:8081 is a site's address: the desk is never served to readers, give it a port of its own",
    );
    check(
        ("listen = \"127.0.0.1:8081\"", "listen = \"192.0.2.1:8081\"\ntoken_env = \"NO_TOKEN\""),
        "8:13: desk.token_env: the environment variable `NO_TOKEN` is not set: set it to the token",
    );
    check(
        ("listen = \"127.0.0.1:8081\"", "token_env = \"SHORT_TOKEN\""),
        "7:13: desk.token_env: the token has 15 characters: take 16 or more, like the output of `openssl rand -hex 16`",
    );
    check(
        ("listen = \"127.0.0.1:8081\"", "token_env = \"SPACED_TOKEN\""),
        "7:13: desk.token_env: the token holds spaces or characters that an HTTP header cannot carry",
    );
    check(
        ("listen = \"127.0.0.1:8081\"", "token_env = \"GOOD_TOKEN\"\ntoken_file = \"t\""),
        "8:14: desk.token_file: `token_env` is given too: keep one of the two",
    );
    check(
        ("listen = \"127.0.0.1:8081\"", "token_file = \"nowhere/t\""),
        "7:14: desk.token_file: cannot read /srv/paper/nowhere/t: No such file or directory (os error 2)",
    );
    check(("[desk]", "[[site]]\nid = \"b\"\n[desk]"), "6:3: this is not TOML: `site` is given twice");
}

const OUTLET: &str = "[[outlet]]\nname = \"cms\"\nkind = \"webhook\"\nurl = \"https://cms.example/in\"\n";

#[test]
fn an_outlet_is_read_with_its_secret_and_its_site() {
    let outlet =
        |more: &str| good(("", &format!("{OUTLET}secret_env = \"GOOD_SECRET\"\n{more}"))).outlets.remove(0);
    let usual = outlet("");
    assert_eq!((usual.word().as_str(), usual.site.as_str()), ("webhook:cms", "main"));
    assert_eq!((usual.at_once, usual.timeout.as_secs(), usual.per_minute), (4, 5, None));
    assert!(!usual.allow_private && usual.is_told_of(&"agx".into()) && !usual.reach.allows(1));
    let other =
        outlet("agencies = [\"agx\"]\ntimeout = \"20s\"\nat_once = 8\nper_minute = 90\nallow_private = true");
    assert!(other.is_told_of(&"agx".into()) && !other.is_told_of(&"agy".into()) && other.allow_private);
    assert_eq!((other.at_once, other.timeout.as_secs(), other.per_minute), (8, 20, Some(90)));
}

#[test]
fn an_outlet_without_a_secret_or_with_a_bad_one_is_refused() {
    let refused = |more: &str, expect: &str| check(("", &format!("{OUTLET}{more}")), expect);
    refused(
        "",
        "19:1: outlet[0]: this outlet has no secret, and nobody could tell our calls from others': name one with `secret_env` or `secret_file`",
    );
    refused(
        "secret_env = \"NO_SECRET\"",
        "23:14: outlet[0].secret_env: the environment variable `NO_SECRET` is not set: set it to the secret",
    );
    refused(
        "secret_env = \"GOOD_TOKEN\"",
        "23:14: outlet[0].secret_env: the secret does not begin with `whsec_`: write `whsec_` and behind it 24 to 64 random bytes in base 64, like the output of `openssl rand -base64 32`",
    );
    refused(
        "secret_env = \"GOOD_SECRET\"\nsite = \"mian\"",
        "24:8: outlet[0].site: there is no site `mian`: did you mean `main`?",
    );
    refused(
        "secret_env = \"GOOD_SECRET\"\nagencies = [\"agy\"]",
        "24:13: outlet[0].agencies[0]: there is no agency `agy`: did you mean `agx`?",
    );
    refused(
        "secret_env = \"GOOD_SECRET\"\ntimeout = \"2m\"",
        "24:11: outlet[0].timeout: a kill is told again within a minute: write \"60s\" or less",
    );
    refused(
        "secret_env = \"GOOD_SECRET\"\ncountry = \"India\"",
        "24:11: outlet[0].country: `India` is no country: write two capital letters, like \"IN\"",
    );
}

#[test]
fn what_is_not_toml_is_shown_where_it_breaks() {
    check(("[store]", "[store"), "8:7: this is not TOML: unclosed table, expected `]`");
    check(
        ("path = \"data\"", "path = \"data"),
        r#"9:13: this is not TOML: invalid basic string, expected `"`"#,
    );
    check(
        ("path = \"data\"", "path = \"data\"\npath = \"other\""),
        "10:1: this is not TOML: `path` is given twice",
    );
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let text = SMALLEST
        .replace("\"agx-world\"", "7")
        .replace("[desk]", "indx = \"all\"\n[desk]")
        .replace("world", "World!");
    let keys: Vec<String> =
        parsed(&text).expect_err("much is wrong").problems.into_iter().map(|p| p.key).collect();
    assert_eq!(keys, ["site.indx", "feed[0].id", "feed[0].section"]);
    let text =
        SMALLEST.replace("agency = \"agx\"", "agency = \"b\"").replace("127.0.0.1:8081", "0.0.0.0:8081");
    let keys: Vec<String> =
        parsed(&text).expect_err("two things are wrong").problems.into_iter().map(|p| p.key).collect();
    assert_eq!(keys, ["desk.listen", "feed[0].agency"]);
}

#[test]
fn a_mangled_file_is_refused_and_nothing_worse() {
    let example = writeup::example();
    for (offset, _) in example.char_indices().step_by(7) {
        let _ = parsed(&example[..offset]);
        let _ = parsed(&format!("{}\u{1f}\"é{}", &example[..offset], &example[offset..]));
    }
    let _ = parsed(&"[".repeat(100_000));
    let _ = parsed(&format!("a = {}", "[".repeat(100_000)));
    let long = format!("{SMALLEST}# {}", "x".repeat(1 << 20));
    assert_eq!(parsed(&long).expect_err("too long").problems[0].key, "");
}

#[test]
fn secrets_do_not_show() {
    let config = good(("", "push = true\ntoken_env = \"GOOD_TOKEN\""));
    assert!(!format!("{config:?}").contains("0123456789abcdef"));
    let errors = parsed(&with(("", "push = true\ntoken_env = \"hunter2-the-secret\"")))
        .expect_err("no variable's name");
    assert!(!errors.to_string().contains("hunter2"), "{errors}");
}

#[test]
fn a_token_comes_from_a_file_without_its_line_break() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("t"), "abcdefghijklmnopqrst\n").expect("a file");
    let text = with(("", "push = true\ntoken_file = \"t\""));
    let config = parse(&text, &folder.path().join("verbatim.toml")).expect("the token is there");
    assert_eq!(
        config.feed(&FeedId::from("agx-world")).and_then(|feed| feed.token.as_ref()).map(Secret::expose),
        Some("abcdefghijklmnopqrst")
    );
    std::fs::write(folder.path().join("wire"), "").expect("a file");
    let text = with(("folder = \"wire/agx\"", "folder = \"wire\""));
    let errors = parse(&text, &folder.path().join("verbatim.toml")).expect_err("a file is no folder");
    assert!(errors.problems[0].message.ends_with("is not a folder"), "{errors}");
}

#[test]
fn a_missing_file_says_what_to_do() {
    let error = load(Path::new("/nowhere/verbatim.toml")).expect_err("nothing is there");
    let text = error.to_string();
    assert!(text.starts_with("cannot read the configuration /nowhere/verbatim.toml: "), "{text}");
    assert!(text.ends_with("name the file with --config, or begin with verbatim.example.toml"), "{text}");
}

#[test]
fn the_example_is_itself_good_and_shows_every_key() {
    let example = writeup::example();
    parsed(&example).unwrap_or_else(|errors| panic!("{errors}"));
    for (i, line) in example.lines().enumerate() {
        let Some(commented) =
            line.strip_prefix("# ").filter(|line| line.contains(" = ") && !line.starts_with('-'))
        else {
            continue;
        };
        if commented
            .split(" = ")
            .next()
            .is_some_and(|key| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
        {
            let mut lines: Vec<&str> = example.lines().collect();
            lines[i] = commented;
            // These tables are commented out as a whole.
            let text = lines
                .join("\n")
                .replacen("# [[section]]", "[[section]]", 1)
                .replacen("# id = \"world\"", "id = \"world\"", 1)
                .replacen("# [[rules]]", "[[rules]]", 1)
                .replacen("# [[route]]", "[[route]]", 1)
                .replacen("# name = \"ferries\"", "name = \"ferries\"", 1)
                .replacen("# when = ", "when = ", 1)
                .replacen("# [[outlet]]", "[[outlet]]", 1)
                .replacen("# name = \"cms\"", "name = \"cms\"", 1)
                .replacen("# kind = \"webhook\"", "kind = \"webhook\"", 1)
                .replacen("# url = \"https://cms", "url = \"https://cms", 1)
                .replacen("# [agency.contract]", "[agency.contract]", 1)
                .replacen("# [feed.contract]", "[feed.contract]", 1);
            let findings = check::check(&text).findings;
            assert!(
                findings.iter().all(|finding| finding.message.contains("this is not TOML: duplicate")),
                "{commented}: {findings:?}"
            );
        }
    }
}

#[test]
fn the_reference_tells_every_key() {
    let reference = writeup::reference();
    for (table, keys) in check::SCHEMA["properties"].as_object().expect("tables") {
        let inner = |field: &serde_json::Value| field["properties"].is_object();
        let fields = check::fields(keys).iter().flat_map(|(key, field)| match inner(field) {
            true => {
                check::fields(field).iter().map(|(name, field)| (format!("{key}.{name}"), field)).collect()
            }
            false => vec![(key.clone(), field)],
        });
        for (key, field) in fields {
            assert!(reference.contains(&format!("### `{table}.{key}`")), "{table}.{key}");
            assert!(
                field["description"].as_str().is_some_and(|text| text.len() > 20),
                "{table}.{key} has no doc comment"
            );
        }
    }
    let schema: serde_json::Value =
        serde_json::from_str(&writeup::json_schema()).expect("the schema is JSON");
    assert_eq!(schema["additionalProperties"], false);
    assert!(!writeup::json_schema().contains("x-kind"));
}
