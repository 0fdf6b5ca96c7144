//! Invented stories, and the wires that carry them. Each version bears a *mark*, a word that stands nowhere else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::chance::Chance;

/// Begins every mark.
const MARK: &str = "zq";
/// The letters and digits behind it.
const TAIL: usize = 12;

/// Every mark that stands in an output.
pub(super) fn marks(text: &[u8]) -> Vec<String> {
    let word = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.split(|byte| !word(byte))
        .filter(|word| word.len() == MARK.len() + TAIL && word.starts_with(MARK.as_bytes()))
        .map(|word| String::from_utf8_lossy(word).into_owned())
        .collect()
}

fn mark(chance: &mut Chance) -> String {
    const LETTERS: &[u8] = b"bcdfghjkmnprstvwxz23456789";
    let tail = (0..TAIL).map(|_| char::from(LETTERS[chance.place(LETTERS.len())]));
    MARK.chars().chain(tail).collect()
}

/// What the sender says about a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Status {
    Usable,
    /// Not before this second since 1970.
    Embargoed(u64),
    Canceled,
}

/// A version of a story.
#[derive(Clone, Debug)]
pub(super) struct Story {
    pub(super) uri: String,
    pub(super) number: u32,
    pub(super) status: Status,
    pub(super) mark: String,
    /// When it was made, in seconds since 1970.
    made: u64,
    headline: String,
    body: Vec<String>,
}

impl Story {
    /// A version number `number` with words of its own.
    pub(super) fn new(uri: &str, number: u32, chance: &mut Chance) -> Self {
        let mark = mark(chance);
        let mut body = vec![
            format!("HARBOUR {mark} (agx) – The council voted “yes” on Monday, 5 < 6 & more."),
            format!(
                "“It’s done,” said the mayor.\u{a0}Nobody of {mark} objected: Müller, Đỗ, 東京, العربية."
            ),
        ];
        // Some are long, so that their words take pages of their own in the store.
        let more = if chance.one_in(6) { 120 } else { chance.below(4) };
        body.extend(
            (0..more).map(|n| format!("Paragraph {n} of {mark}: the ferry leaves at {}.", chance.below(24))),
        );
        Self {
            uri: uri.to_owned(),
            number,
            status: Status::Usable,
            headline: format!("Harbour vote {mark}, turn {number}"),
            mark,
            made: now_seconds() - 60 + u64::from(number) * 5,
            body,
        }
    }

    pub(super) fn with(self, status: Status) -> Self {
        Self { status, ..self }
    }

    /// The canonical text: blocks parted by an empty line, a line end at the end.
    pub(super) fn text(&self) -> String {
        format!("{}\n\n{}\n", self.headline, self.body.join("\n\n"))
    }

    fn html(&self) -> String {
        self.body.iter().map(|text| format!("<p>{}</p>", escape(text))).collect()
    }

    /// One ninjs 3.0 object.
    pub(super) fn ninjs(&self) -> serde_json::Value {
        let mut out = serde_json::json!({
            "uri": self.uri,
            "standard": { "name": "ninjs", "version": "3.0" },
            "type": "text",
            "version": self.number.to_string(),
            "versionCreated": rfc3339(self.made),
            "pubStatus": if self.status == Status::Canceled { "canceled" } else { "usable" },
            "language": "en",
            "headlines": [{ "role": "main", "contentType": "text/plain", "value": self.headline }],
            "bodies": [{ "role": "main", "contentType": "text/html", "value": self.html() }],
        });
        if let Status::Embargoed(until) = self.status {
            out["embargoed"] = rfc3339(until).into();
        }
        out
    }

    fn news_item(&self) -> String {
        let (status, embargo) = match self.status {
            Status::Usable => ("usable", String::new()),
            Status::Canceled => ("canceled", String::new()),
            Status::Embargoed(until) => ("usable", format!("<embargoed>{}</embargoed>", rfc3339(until))),
        };
        format!(
            r#"<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="{}" version="{}" standard="NewsML-G2" standardversion="2.33" conformance="power" xml:lang="en">
<itemMeta><itemClass qcode="ninat:text"/><provider literal="agx"/><versionCreated>{}</versionCreated>{embargo}<pubStatus qcode="stat:{status}"/></itemMeta>
<contentMeta><headline>{}</headline></contentMeta>
<contentSet><inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{}</body></html></inlineXML></contentSet>
</newsItem>"#,
            escape(&self.uri),
            self.number,
            rfc3339(self.made),
            escape(&self.headline),
            self.html(),
        )
    }

    fn rss_item(&self) -> String {
        format!(
            "<item><title>{}</title><guid isPermaLink=\"false\">{}</guid><pubDate>{}</pubDate><content:encoded>{}</content:encoded></item>",
            escape(&self.headline),
            escape(&self.uri),
            rfc822(self.made),
            escape(&self.html()),
        )
    }
}

/// Several stories in one NewsML-G2 message.
pub(super) fn news_message(stories: &[Story]) -> Vec<u8> {
    let items: Vec<String> = stories.iter().map(Story::news_item).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<newsMessage xmlns=\"http://iptc.org/std/nar/2006-10-01/\"><header><sent>{}</sent></header><itemSet>\n{}\n</itemSet></newsMessage>\n",
        rfc3339(now_seconds()),
        items.join("\n")
    )
    .into_bytes()
}

/// One or several stories as ninjs.
pub(super) fn ninjs(stories: &[Story]) -> Vec<u8> {
    match stories {
        [story] => story.ninjs().to_string().into_bytes(),
        _ => serde_json::Value::from(stories.iter().map(Story::ninjs).collect::<Vec<_>>())
            .to_string()
            .into_bytes(),
    }
}

/// The stories that an RSS feed holds, newest first.
pub(super) fn rss(stories: &[Story]) -> Vec<u8> {
    let items: Vec<String> = stories.iter().rev().map(Story::rss_item).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\"><channel><title>Agency Example</title><link>https://agency.example/</link><description>World</description>\n{}\n</channel></rss>\n",
        items.join("\n")
    )
    .into_bytes()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The time since 1970.
pub(super) fn now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

pub(super) fn now_seconds() -> u64 {
    now().as_secs()
}

/// Year, month and day of a day since 1970 (Howard Hinnant's `civil_from_days`).
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

fn rfc3339(seconds: u64) -> String {
    let (year, month, day) = civil(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

fn rfc822(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let days = seconds / 86_400;
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let (name, month) = (DAYS[(days % 7) as usize], MONTHS[(month - 1) as usize]);
    format!("{name}, {day:02} {month} {year:04} {hour:02}:{minute:02}:{second:02} GMT")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        assert_eq!(rfc3339(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(rfc3339(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(rfc822(1_790_000_000), "Mon, 21 Sep 2026 14:13:20 GMT");
    }

    #[test]
    fn every_mark_is_found_and_nothing_else() {
        let story = Story::new("urn:agx:1", 1, &mut Chance::new(3));
        let found = marks(story.text().as_bytes());
        assert!(found.len() >= 3 && found.iter().all(|found| *found == story.mark), "{found:?}");
        assert!(marks(b"zq zqshort zqtoolongtoolongtoolong azq234567890bcd").is_empty());
        assert_eq!(marks(&ninjs(std::slice::from_ref(&story)))[0], story.mark);
    }
}
