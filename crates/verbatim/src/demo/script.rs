//! The demo's day: which wire arrives when, what the terminal says about it, and the configuration it runs under.
//!
//! The agencies, people and places are invented, and so is every word of the wires. The wires are templates: a time
//! in double braces becomes one that is right at the moment of delivery (see [`fill`]).

use std::path::Path;

use jiff::{SignedDuration, Timestamp};

/// One delivery, or one thing to say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step {
    /// When, in milliseconds from the beginning of the day.
    pub(crate) after_ms: u32,
    /// On which feed; its folder is `wire/{feed}`. Empty where nothing is delivered.
    pub(crate) feed: &'static str,
    /// Which of the [`WIRES`]. Empty where nothing is delivered.
    pub(crate) file: &'static str,
    /// What the terminal says: what happens, and where to look.
    pub(crate) told: &'static str,
}

const fn step(after_ms: u32, feed: &'static str, file: &'static str, told: &'static str) -> Step {
    Step { after_ms, feed, file, told }
}

/// The day, in the order of its deliveries. It lasts a little over a minute.
pub(crate) const DAY: &[Step] = &[
    step(
        500,
        "agx-world",
        "ferry-1.xml",
        "A ferry runs aground: a NewsML-G2 item, live a moment after its file was closed. Look at the front page.",
    ),
    step(
        3_500,
        "agx-sport",
        "sport.rss",
        "Three sports stories in one RSS file, each on a page of its own. The table of the first is the agency's.",
    ),
    step(
        7_000,
        "nadi-desh",
        "desh-1.atom",
        "Two stories in Hindi (Atom), labelled in Hindi. Compare the words on the page with its .txt.",
    ),
    step(
        10_500,
        "misal-jahan",
        "jahan.json",
        "Two stories in Urdu (JSON Feed), written from right to left, with a name in Latin letters inside.",
    ),
    step(
        14_000,
        "agx-business",
        "rates-1.nitf.xml",
        "Interest rates (NITF). The wire carries a note to editors with a telephone number: find it on the page if you can.",
    ),
    step(
        18_000,
        "agx-business",
        "prices.ninjs.json",
        "Consumer prices (ninjs), embargoed for 15 seconds. Until then its address does not exist, for anybody.",
    ),
    step(
        22_000,
        "agx-world",
        "ferry-2.xml",
        "The ferry again, version 2: same address, new words. The history under the story names both versions.",
    ),
    step(
        26_000,
        "agx-sport",
        "sport-broken.rss",
        "Three more sports stories, the second cut off in the middle: a complaint on the desk, and its neighbours are live.",
    ),
    step(30_000, "agx-world", "minister-1.xml", "A minister resigns, says the agency. Keep that page open."),
    step(
        34_000,
        "agx-business",
        "advisory.nitf.xml",
        "A list of what the agency plans for the day. Not for readers: it is on the desk and nowhere else.",
    ),
    step(
        36_000,
        "",
        "",
        "The embargo on consumer prices has ended. Nobody did anything: the page that did not exist is there.",
    ),
    step(
        39_000,
        "agx-chinese",
        "chinese.ninjs.json",
        "A story in Chinese (ninjs), with its label in Chinese.",
    ),
    step(
        42_000,
        "agx-business",
        "rates-2.nitf.xml",
        "The agency corrects a figure in the rates story. The page carries the correction as the agency wrote it.",
    ),
    step(
        46_000,
        "agx-world",
        "minister-2-kill.xml",
        "KILL: the minister has not resigned. Reload that page: 410, and none of its words anywhere, feeds included.",
    ),
    step(
        50_000,
        "agx-world",
        "minister-3.xml",
        "The agency sends the killed story once more, usable. It is held, with an alarm: a kill is lifted by a person or by nobody.",
    ),
    step(
        54_000,
        "nadi-desh",
        "desh-2.atom",
        "The story of the bridge is updated, in Hindi. The feed's reader sees it too: try /feed.rss, /feed.atom, /feed.json.",
    ),
    step(
        58_000,
        "agx-sport",
        "sport-silent.rss",
        "The chess story changed, and the agency did not say so: same guid, same date. The history calls it what it is.",
    ),
    step(
        62_000,
        "misal-jahan",
        "jahan.json",
        "The Urdu file is delivered a second time, word for word. Nothing happens, which is the point.",
    ),
    step(
        66_000,
        "agx-world",
        "evening.xml",
        "Two last stories in one NewsML-G2 message. The day is over; the newsroom runs on until you press Ctrl-C.",
    ),
];

macro_rules! wires {
    ($($file:literal)+) => {
        &[$(($file, include_str!(concat!("wires/", $file)))),+]
    };
}

/// The wires by their names, before [`fill`].
const WIRES: &[(&str, &str)] = wires! {
    "advisory.nitf.xml"
    "chinese.ninjs.json"
    "desh-1.atom"
    "desh-2.atom"
    "evening.xml"
    "ferry-1.xml"
    "ferry-2.xml"
    "jahan.json"
    "minister-1.xml"
    "minister-2-kill.xml"
    "minister-3.xml"
    "prices.ninjs.json"
    "rates-1.nitf.xml"
    "rates-2.nitf.xml"
    "sport-broken.rss"
    "sport-silent.rss"
    "sport.rss"
};

/// The wire with this name, before [`fill`].
pub(crate) fn wire(file: &str) -> Option<&'static str> {
    WIRES.iter().find(|(name, _)| *name == file).map(|(_, wire)| *wire)
}

/// The configuration that the day runs under: everything in `folder`, listeners on loopback.
pub(crate) fn config(folder: &Path, site_port: u16, desk_port: u16) -> String {
    let feeds = [
        ("agx-world", "agx", "world", "en"),
        ("agx-business", "agx", "business", "en"),
        ("agx-sport", "agx", "sport", "en"),
        ("agx-chinese", "agx", "world", "zh-Hans"),
        ("nadi-desh", "nadi", "india", "hi"),
        ("misal-jahan", "misal", "world", "ur"),
    ];
    let place = |path: &str| quoted(&folder.join(path).to_string_lossy());
    let mut toml = format!(
        r#"# Written by `verbatim demo`.
[site]
name = "The Daily Example"
url = "http://127.0.0.1:{site_port}"
listen = "127.0.0.1:{site_port}"
about = "An invented newspaper with invented agencies: every word on this site was written for the demo."
index = "none"

[desk]
listen = "127.0.0.1:{desk_port}"

[store]
path = {store}

[[agency]]
id = "agx"
name = "Agency Example"
label = "Disclaimer: This post has been auto-published from an agency feed without any modifications to the text and has not been reviewed by an editor"
labels.zh = "声明：本文由通讯社稿件自动发布，文字未作任何改动，未经编辑审阅"

[[agency]]
id = "nadi"
name = "Nadi Samachar"
label = "Auto-published from the Nadi Samachar feed, word for word, and not reviewed by an editor"
labels.hi = "अस्वीकरण: यह समाचार एजेंसी फ़ीड से शब्दशः, बिना किसी बदलाव के स्वतः प्रकाशित हुआ है और किसी संपादक ने इसकी समीक्षा नहीं की है"

[[agency]]
id = "misal"
name = "Akhbar-e-Misal"
label = "Auto-published from the Akhbar-e-Misal feed, word for word, and not reviewed by an editor"
labels.ur = "وضاحت: یہ خبر ایجنسی کی فیڈ سے لفظ بہ لفظ، کسی تبدیلی کے بغیر خودکار طور پر شائع ہوئی ہے اور کسی مدیر نے اس کا جائزہ نہیں لیا"

[[section]]
id = "world"

[[section]]
id = "india"

[[section]]
id = "business"

[[section]]
id = "sport"
"#,
        store = place("data"),
    );
    for (id, agency, section, language) in feeds {
        let folder = place(&format!("wire/{id}"));
        toml.push_str(&format!(
            "\n[[feed]]\nid = \"{id}\"\nagency = \"{agency}\"\nfolder = {folder}\nsection = \"{section}\"\nlanguage = \"{language}\"\n"
        ));
    }
    toml
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A wire with its times filled in: `{{now-5m}}`, `{{now+1d|weekday}}`, `{{today|rss}}`.
///
/// `now` is the moment of delivery and `today` the beginning of its day (UTC), for what a later version repeats. A
/// distance is a whole number of `s`, `m`, `h` or `d`. After the bar stands the notation: `rss` (RFC 822),
/// `nitf` (ISO 8601 basic), `weekday` (its English name, UTC); without one it is RFC 3339. What is none of this stays
/// as it stands.
pub(crate) fn fill(wire: &str, now: Timestamp) -> String {
    let mut out = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some(open) = rest.find("{{") {
        out.push_str(&rest[..open]);
        let inside = &rest[open + 2..];
        let filled = inside.find("}}").and_then(|close| Some((written(&inside[..close], now)?, close)));
        match filled {
            Some((time, close)) => {
                out.push_str(&time);
                rest = &inside[close + 2..];
            }
            None => {
                out.push_str("{{");
                rest = inside;
            }
        }
    }
    out + rest
}

fn written(place: &str, now: Timestamp) -> Option<String> {
    let (moment, notation) = place.split_once('|').unwrap_or((place, ""));
    let (base, distance) = match (moment.strip_prefix("now"), moment.strip_prefix("today")) {
        (Some(distance), _) => (now, distance),
        (_, Some(distance)) => (beginning_of_day(now)?, distance),
        _ => return None,
    };
    let at = base.checked_add(far(distance)?).ok()?;
    let pattern = match notation {
        "" => "%Y-%m-%dT%H:%M:%SZ",
        "rss" => "%a, %d %b %Y %H:%M:%S +0000",
        "nitf" => "%Y%m%dT%H%M%SZ",
        "weekday" => "%A",
        _ => return None,
    };
    Some(at.strftime(pattern).to_string())
}

fn beginning_of_day(now: Timestamp) -> Option<Timestamp> {
    Timestamp::from_second(now.as_second() - now.as_second().rem_euclid(86_400)).ok()
}

/// `+20s`, `-5m`, or nothing.
fn far(distance: &str) -> Option<SignedDuration> {
    let Some(unit) = distance.chars().next_back() else { return Some(SignedDuration::ZERO) };
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    let number = &distance[..distance.len() - 1];
    let number = number.starts_with(['+', '-']).then_some(number)?;
    Some(SignedDuration::from_secs(number.parse::<i32>().map(i64::from).ok()? * seconds))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a time")
    }

    #[track_caller]
    fn check(wire: &str, expect: &str) {
        assert_eq!(fill(wire, at("2026-02-28T23:59:50Z")), expect);
    }

    #[test]
    fn times_are_filled_in_in_each_format_s_notation() {
        check("<a>{{now}}</a>", "<a>2026-02-28T23:59:50Z</a>");
        check("{{now+20s}}", "2026-03-01T00:00:10Z");
        check("{{now-5m}} {{today}}", "2026-02-28T23:54:50Z 2026-02-28T00:00:00Z");
        check("{{today-4m|rss}}", "Fri, 27 Feb 2026 23:56:00 +0000");
        check("{{now-2h|nitf}}", "20260228T215950Z");
        check("on {{now+1d|weekday}}", "on Sunday");
    }

    #[test]
    fn what_is_no_time_stays() {
        for wire in [
            "{{",
            "a {{b}} c",
            "{{now",
            "{{now+}}",
            "{{now5m}}",
            "{{now+5}}",
            "{{now+é}}",
            "{{now|odd}}",
            "{{now+99999999999d}}",
            "}}",
        ] {
            check(wire, wire);
        }
        check("{{{{now}}", "{{2026-02-28T23:59:50Z");
    }

    #[test]
    fn every_wire_is_filled_completely() {
        for (file, wire) in WIRES {
            let filled = fill(wire, at("2026-02-28T23:59:50Z"));
            assert!(!filled.contains("{{") && !filled.contains("}}"), "{file} holds what is no time");
            assert!(wire.contains("{{"), "{file} says no time");
        }
    }

    #[test]
    fn every_wire_is_delivered_and_every_delivery_is_a_wire() {
        let delivered: BTreeSet<&str> =
            DAY.iter().map(|step| step.file).filter(|file| !file.is_empty()).collect();
        assert!(delivered.iter().all(|file| wire(file).is_some()));
        assert_eq!(WIRES.iter().map(|(file, _)| *file).collect::<BTreeSet<_>>(), delivered);
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/demo/wires");
        let there = std::fs::read_dir(folder).expect("the folder of wires");
        let there: BTreeSet<String> =
            there.map(|file| file.expect("a file").file_name().into_string().expect("a name")).collect();
        assert_eq!(there.iter().map(String::as_str).collect::<BTreeSet<_>>(), delivered);
    }

    #[test]
    fn the_day_goes_forward_and_lasts_about_a_minute() {
        assert!(DAY.windows(2).all(|pair| pair[0].after_ms < pair[1].after_ms));
        assert!(DAY.last().is_some_and(|step| (60_000..90_000).contains(&step.after_ms)));
    }

    #[test]
    fn the_embargo_ends_before_the_terminal_says_so() {
        let after = |file: &str| DAY.iter().find(|step| step.file == file).expect("the step").after_ms;
        let prices = wire("prices.ninjs.json").expect("the wire");
        assert!(prices.contains("\"embargoedUntil\": \"{{now+15s}}\""));
        let says = DAY.iter().find(|step| step.told.starts_with("The embargo")).expect("the step").after_ms;
        assert!(says >= after("prices.ninjs.json") + 16_000);
    }

    #[test]
    fn the_configuration_is_good_and_knows_every_feed_of_the_day() {
        let folder = Path::new("/srv/a \"quoted\" folder");
        let toml = config(folder, 8080, 8081);
        let config = newsroom::config::parse(&toml, &folder.join("verbatim.toml"))
            .expect("the demo's own file is good");
        for step in DAY.iter().filter(|step| !step.feed.is_empty()) {
            let feed =
                config.feeds.iter().find(|feed| feed.id.as_str() == step.feed).expect("the step's feed");
            assert_eq!(feed.folder, Some(folder.join("wire").join(step.feed)));
        }
    }
}
