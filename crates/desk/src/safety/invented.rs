//! Invented news, the same for the same seed: for tests, and for `examples/month.rs`, which measures.

use jiff::{SignedDuration, Timestamp};
use news::{BlockKind, Stamp, Version, VersionOrder, VersionStamp};

/// The instant at which everything invented begins.
pub(super) fn noon() -> Timestamp {
    "2026-03-02T12:00:00Z".parse().expect("an instant")
}

/// Numbers that look like chance and are the same for the same seed.
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(super) fn below(&mut self, n: u64) -> u64 {
        (self.next() >> 16) % n
    }
}

/// Words without meaning, the same for the same seed.
pub(super) fn prose(seed: u64, words: usize) -> String {
    let mut chance = Chance::new(seed);
    let mut out = String::new();
    for i in 0..words {
        let state = chance.next();
        let word = match state % 5 {
            0 => ["the", "of", "and", "to", "in", "that", "for", "was", "on", "with"]
                [(state >> 8) as usize % 10]
                .to_owned(),
            _ => {
                let syllables = ["ka", "lo", "mer", "tin", "sa", "vor", "ne", "du", "pi", "ran", "gel", "os"];
                (0..2 + (state >> 16) as usize % 2)
                    .map(|n| syllables[(state >> (20 + 5 * n)) as usize % 12])
                    .collect()
            }
        };
        out.push_str(&word);
        out.push_str(if i % 12 == 11 { ". " } else { " " });
    }
    out.trim_end().to_owned() + "."
}

/// A story whose headline is the beginning of its body.
pub(super) fn story(uri: &str, seed: u64, words: usize) -> Version {
    let body = prose(seed, words);
    let headline: Vec<&str> = body.split(' ').take(8).collect();
    told(uri, &headline.join(" "), &[&body])
}

pub(super) fn told(uri: &str, headline: &str, body: &[&str]) -> Version {
    let mut version = Version::new(uri);
    let mut push = |kind, text: &str| {
        version.copy.push(kind, text, vec![], None).expect("words that a page can carry");
    };
    push(BlockKind::Headline, headline);
    body.iter().for_each(|text| push(BlockKind::P, text));
    version.language = Some("en".to_owned());
    dated(version, noon())
}

pub(super) fn dated(mut version: Version, at: Timestamp) -> Version {
    version.version_created = Some(Stamp { raw: String::new(), at: Some(at), zoned: true });
    version
}

pub(super) fn numbered(mut version: Version, number: u64) -> Version {
    version.version = VersionStamp { raw: number.to_string(), order: VersionOrder::Number(number) };
    version
}

/// Ordinary days of a feed: breaking news with writethrus, briefs, long reads, flashes, quiet nights and busy
/// afternoons. `pace` is how many stories an hour of the day brings at least.
pub(super) fn month(feed: u64, pace: u64, days: i64, chance: &mut Chance) -> Vec<(Timestamp, Version)> {
    let mut out = Vec::new();
    for hour in 0..days * 24 {
        let day = (6..22).contains(&(hour % 24));
        let busy = pace + pace * feed / 4;
        for n in 0..if day { busy } else { busy / 3 } {
            let now = noon() + SignedDuration::from_mins(hour * 60 + chance.below(60) as i64);
            let seed = 1 + feed * 1_000_000 + hour as u64 * 100 + n;
            let uri = format!("{feed}/{hour}/{n}");
            let words = [40, 70, 110, 180, 400][chance.below(5) as usize];
            let made = now - SignedDuration::from_mins(chance.below(20) as i64);
            let mut version = numbered(dated(story(&uri, seed, words), made), 1);
            if chance.below(60) == 0 {
                version.urgency = Some(1);
            }
            out.push((now, version));
            if chance.below(5) == 0 {
                // A writethru: a new lead, and what there was.
                let lead = prose(seed + 7_777, 40);
                let body = format!("{lead} {}", prose(seed, words));
                let later = now + SignedDuration::from_mins(1 + chance.below(90) as i64);
                out.push((later, numbered(dated(told(&uri, &lead[..40], &[&body]), later), 2)));
            }
        }
    }
    out.sort_by_key(|(at, _)| *at);
    out
}
