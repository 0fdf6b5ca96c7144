//! Invented stories of about 3 KB, in the formats that are measured. The same numbers give the same bytes.

/// What the paragraphs are put together from: plain words, quotes, signs beyond ASCII, and what has to be escaped.
const SENTENCES: [&str; 16] = [
    "The council agreed on the budget for next year after a night of talks, Mayor Ann Example said on Thursday.",
    "“We did it,” she told Agency Example, and thanked those who had stayed until four in the morning.",
    "The opposition, which had called for a delay, abstained on a well-known clause.",
    "Ferries leave every hour from pier 4, trains from noon, and the road along the coast stays shut until Monday.",
    "The harbour master said 5 < 6 & nobody in the room objected.",
    "About 1,200 people had signed the petition, more than in any year since 1999.",
    "A spokesman for Example Railways declined to comment on the figures.",
    "The café on the square – the oldest in town – will open again in April, its owner said.",
    "Prices rose by 2.3 percent in the third quarter, after 1.9 percent in the second.",
    "\"It's not what we hoped for, but it is what we have,\" said the chair of the committee.",
    "The court is expected to rule on the appeal before the end of the month.",
    "Temperatures are to fall below zero in the north, with snow above 600 metres.",
    "Two teams are level on points; the third has a match in hand and the better goal difference.",
    "Engineers found the cracks during a routine inspection in March and closed two of four lanes.",
    "The ministry put the cost at 48 million; an earlier study had said 31 million.",
    "Nobody was hurt, the fire brigade said, and the cause is not yet known.",
];
/// With these an item has about 3 KB.
const PARAGRAPHS: u64 = 9;

/// One story.
#[derive(Clone, Debug)]
pub(super) struct Story {
    /// Its number, from 0.
    pub(super) number: u64,
    /// The run that it belongs to: stories of two runs are different items.
    pub(super) run: u64,
    /// Seconds since 1970 at which it was made.
    pub(super) made: u64,
    paragraphs: u64,
}

impl Story {
    /// A story of the usual length.
    pub(super) fn new(run: u64, number: u64, made: u64) -> Self {
        Self { number, run, made, paragraphs: PARAGRAPHS }
    }

    /// The agency's name for it.
    pub(super) fn uri(&self) -> String {
        format!("urn:agx:{}:{}", self.run, self.number)
    }

    pub(super) fn headline(&self) -> String {
        format!("Council agrees on budget {}, mayor says, and ferry {} leaves at noon", self.number, self.run)
    }

    fn paragraphs(&self) -> impl Iterator<Item = String> {
        let (number, run) = (self.number, self.run);
        (0..self.paragraphs).map(move |n| {
            let pick = |step: u64| {
                let mixed = (number * 31 + n * 7 + step * 11 + run).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
                SENTENCES[usize::try_from(mixed % 16).unwrap_or(0)]
            };
            let begin = if n == 0 { "SPRINGFIELD (AGX) – " } else { "" };
            format!("{begin}{} {} Line {n} of {number}. {}", pick(0), pick(1), pick(2))
        })
    }

    /// The body as HTML: paragraphs, some with emphasis and links, as agencies send them.
    fn html(&self) -> String {
        let mut out = String::new();
        for (n, text) in self.paragraphs().enumerate() {
            let text = escape(&text);
            match n % 4 {
                1 => out.push_str(&format!("<p>{} <em>Updated.</em></p>\n", text)),
                3 => {
                    out.push_str(&format!("<p>{text} <a href=\"https://agency.example/{n}\">More</a></p>\n"))
                }
                _ => out.push_str(&format!("<p>{text}</p>\n")),
            }
        }
        out
    }

    /// Plain text on lines of at most 68 signs; each paragraph begins with `indent`.
    fn lines(&self, indent: &str, end: &str) -> String {
        let mut out = String::new();
        for text in self.paragraphs() {
            let mut line = indent.to_owned();
            for word in text.split(' ') {
                if line.chars().count() + word.chars().count() > 67 {
                    out.push_str(line.trim_end());
                    out.push_str(end);
                    line.clear();
                }
                line.push_str(word);
                line.push(' ');
            }
            out.push_str(line.trim_end());
            out.push_str(end);
        }
        out
    }

    fn rss(&self) -> String {
        let (uri, number) = (self.uri(), self.number);
        format!(
            "<item>\n<title>{}</title>\n<link>https://agency.example/{number}</link>\n<guid isPermaLink=\"false\">{uri}</guid>\n<pubDate>{}</pubDate>\n<dc:creator>Ada Example</dc:creator>\n<category>world</category>\n<category>transport</category>\n<description>The council agreed on the budget &amp; more.</description>\n<content:encoded><![CDATA[{}]]></content:encoded>\n</item>\n",
            escape(&self.headline()),
            rfc822(self.made),
            self.html()
        )
    }

    fn atom(&self) -> String {
        let (uri, number, at) = (self.uri(), self.number, rfc3339(self.made));
        format!(
            "<entry>\n<title>{}</title>\n<link href=\"https://agency.example/{number}\"/>\n<id>{uri}</id>\n<published>{at}</published>\n<updated>{at}</updated>\n<author><name>Ada Example</name></author>\n<category term=\"world\"/>\n<category term=\"transport\"/>\n<summary>The council agreed on the budget &amp; more.</summary>\n<content type=\"html\">{}</content>\n</entry>\n",
            escape(&self.headline()),
            escape(&self.html())
        )
    }

    fn news_item(&self) -> String {
        format!(
            "<newsItem xmlns=\"http://iptc.org/std/nar/2006-10-01/\" guid=\"{}\" version=\"1\" standard=\"NewsML-G2\" standardversion=\"2.33\" conformance=\"power\" xml:lang=\"en\">\n<catalogRef href=\"http://www.iptc.org/std/catalog/catalog.IPTC-G2-Standards_38.xml\"/>\n<rightsInfo><copyrightHolder literal=\"Agency Example\"/></rightsInfo>\n<itemMeta><itemClass qcode=\"ninat:text\"/><provider literal=\"agency.example\"/><versionCreated>{}</versionCreated><pubStatus qcode=\"stat:usable\"/></itemMeta>\n<contentMeta><urgency>4</urgency><language tag=\"en\"/><subject qcode=\"medtop:11000000\"><name>politics</name></subject><slugline separator=\"-\">COUNCIL-BUDGET</slugline><headline>{}</headline><by>By Ada Example</by></contentMeta>\n<contentSet><inlineXML contenttype=\"application/xhtml+xml\"><html xmlns=\"http://www.w3.org/1999/xhtml\"><head><title/></head><body>{}</body></html></inlineXML></contentSet>\n</newsItem>\n",
            self.uri(),
            rfc3339(self.made),
            escape(&self.headline()),
            self.html()
        )
    }

    fn nitf(&self) -> Vec<u8> {
        let at = basic(self.made);
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<nitf version=\"-//IPTC//DTD NITF 3.6//EN\" baselang=\"en\">\n<head><title>COUNCIL-BUDGET</title><docdata management-status=\"usable\"><doc-id regsrc=\"agency.example\" id-string=\"agx-{}-{}\"/><urgency ed-urg=\"4\"/><date.issue norm=\"{at}\"/><du-key key=\"COUNCIL-BUDGET\" version=\"1\"/><doc.copyright year=\"2026\" holder=\"Agency Example\"/></docdata></head>\n<body><body.head><hedline><hl1>{}</hl1></hedline><byline>By Ada Example</byline></body.head>\n<body.content>{}</body.content></body>\n</nitf>\n",
            self.run,
            self.number,
            escape(&self.headline()),
            self.html()
        )
        .into_bytes()
    }

    fn ninjs(&self) -> serde_json::Value {
        serde_json::json!({
            "uri": self.uri(),
            "standard": { "name": "ninjs", "version": "3.0" },
            "type": "text",
            "version": "1",
            "versionCreated": rfc3339(self.made),
            "pubStatus": "usable",
            "language": "en",
            "urgency": 4,
            "by": "By Ada Example",
            "headlines": [{ "role": "main", "contentType": "text/plain", "value": self.headline() }],
            "bodies": [{ "role": "main", "contentType": "text/html", "value": self.html() }],
            "subjects": [{ "name": "politics", "uri": "http://cv.iptc.org/newscodes/mediatopic/11000000" }],
        })
    }

    /// The agency takes it back: the next version, as ninjs.
    pub(super) fn canceled(&self) -> Vec<u8> {
        let mut ninjs = self.ninjs();
        ninjs["version"] = "2".into();
        ninjs["versionCreated"] = rfc3339(self.made + 1).into();
        ninjs["pubStatus"] = "canceled".into();
        ninjs.to_string().into_bytes()
    }

    /// Not before this second, as ninjs.
    pub(super) fn embargoed(&self, until: u64) -> Vec<u8> {
        let mut ninjs = self.ninjs();
        ninjs["embargoed"] = rfc3339(until).into();
        ninjs.to_string().into_bytes()
    }

    fn json_feed(&self) -> serde_json::Value {
        serde_json::json!({
            "id": self.uri(),
            "url": format!("https://agency.example/{}", self.number),
            "title": self.headline(),
            "content_html": self.html(),
            "date_published": rfc3339(self.made),
            "authors": [{ "name": "Ada Example" }],
            "tags": ["world", "transport"],
        })
    }

    fn iptc7901(&self) -> String {
        let (number, at) = (self.number % 10_000, teleprinter_time(self.made));
        format!(
            "\u{1}agx{number:04} 4 pl 480 eu   agx {number:04}\r\n\r\nCouncil/Budget/{}/\r\n\u{2}{}\r\nBy Ada Example, agx =\r\n\r\n{}\r\nagx ae\r\n\r\n\u{3}{at}\r\n\u{7f}\r\n\u{7f}\u{4}\r\n",
            self.number,
            self.headline(),
            self.lines("   ", "\r\n"),
        )
    }

    fn anpa1312(&self) -> String {
        let number = self.number % 10_000;
        let (_, month, day) = civil(self.made / 86_400);
        // The teleprinter's alphabet has neither long dashes nor accents.
        let plain =
            |text: &str| text.replace('–', "_").replace('é', "e").replace('“', "``").replace('”', "''");
        format!(
            "\u{16}\u{16}\u{1}W{number:04}\u{1f}agxwd\r\nr i\u{13} BC-EX--Council-{} {month:02}-{day:02} 0480\r\n\u{2}\u{2}BC-EX--Council-{},480<\r\n^{}<\r\n^By ADA EXAMPLE=\r\n^Agency Example=\r\n{}\r\n\t   \u{3}AGX-WD-{month:02}-{day:02}-26 0441GMT<\r\n\r\n\u{c}\r\n\u{4}",
            self.number,
            self.number,
            self.headline(),
            plain(&self.lines("\t   ", "\r\n")),
        )
    }
}

/// Stories of one run, the last one made at `made`: a second apart, and closer where the first would else be older than
/// half a day, since what is a day old is held as stale.
pub(super) fn stories(run: u64, count: u64, made: u64) -> Vec<Story> {
    const HALF_A_DAY: u64 = 43_200;
    let before = |number| (count - number) * HALF_A_DAY / count.max(HALF_A_DAY);
    (0..count).map(|number| Story::new(run, number, made - before(number))).collect()
}

/// The formats that are measured, each with its word.
pub(super) const FORMATS: [&str; 8] =
    ["rss", "atom", "json-feed", "newsml-g2", "nitf", "ninjs", "iptc7901", "anpa1312"];

/// The stories in a format: one transmission, but for NITF, which holds one story in each.
pub(super) fn wires(format: &str, stories: &[Story]) -> Vec<Vec<u8>> {
    match format {
        "rss" => vec![rss(stories)],
        "atom" => vec![atom(stories)],
        "json-feed" => vec![json_feed(stories)],
        "newsml-g2" => vec![news_message(stories)],
        "nitf" => stories.iter().map(Story::nitf).collect(),
        "ninjs" => vec![ninjs(stories)],
        "iptc7901" => vec![stories.iter().map(Story::iptc7901).collect::<String>().into_bytes()],
        _ => vec![stories.iter().map(Story::anpa1312).collect::<String>().into_bytes()],
    }
}

/// One story that is `times` as long as usual, in a format.
pub(super) fn long_story(format: &str, made: u64, times: u64) -> Vec<u8> {
    let story = Story { paragraphs: PARAGRAPHS * times, ..Story::new(1, 1, made) };
    wires(format, &[story]).concat()
}

/// An RSS feed of the stories, newest first.
pub(super) fn rss(stories: &[Story]) -> Vec<u8> {
    let items: String = stories.iter().rev().map(Story::rss).collect();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<rss version=\"2.0\" xmlns:content=\"http://purl.org/rss/1.0/modules/content/\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\">\n<channel>\n<title>Agency Example World</title>\n<link>https://agency.example/world</link>\n<description>World news</description>\n<language>en</language>\n{items}</channel>\n</rss>\n"
    )
    .into_bytes()
}

fn atom(stories: &[Story]) -> Vec<u8> {
    let items: String = stories.iter().rev().map(Story::atom).collect();
    let at = rfc3339(stories.last().map_or(0, |story| story.made));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"en\">\n<title>Agency Example World</title>\n<id>urn:agx:world</id>\n<updated>{at}</updated>\n{items}</feed>\n"
    )
    .into_bytes()
}

fn json_feed(stories: &[Story]) -> Vec<u8> {
    let items: Vec<_> = stories.iter().rev().map(Story::json_feed).collect();
    serde_json::json!({
        "version": "https://jsonfeed.org/version/1.1", "title": "Agency Example World", "language": "en", "items": items,
    })
    .to_string()
    .into_bytes()
}

fn news_message(stories: &[Story]) -> Vec<u8> {
    let items: String = stories.iter().map(Story::news_item).collect();
    let at = rfc3339(stories.last().map_or(0, |story| story.made));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<newsMessage xmlns=\"http://iptc.org/std/nar/2006-10-01/\"><header><sent>{at}</sent></header><itemSet>\n{items}</itemSet></newsMessage>\n"
    )
    .into_bytes()
}

/// One ninjs object a line.
pub(super) fn ninjs(stories: &[Story]) -> Vec<u8> {
    stories.iter().map(|story| format!("{}\n", story.ninjs())).collect::<String>().into_bytes()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
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

fn clock(seconds: u64) -> (u64, u64, u64) {
    (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
}

fn rfc3339(seconds: u64) -> String {
    let ((year, month, day), (hour, minute, second)) = (civil(seconds / 86_400), clock(seconds));
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// ISO 8601 without signs between, as NITF has it.
fn basic(seconds: u64) -> String {
    rfc3339(seconds).replace(['-', ':'], "")
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn month_name(month: u64) -> &'static str {
    MONTHS[usize::try_from(month - 1).unwrap_or(0)]
}

fn rfc822(seconds: u64) -> String {
    const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
    let ((year, month, day), (hour, minute, second)) = (civil(seconds / 86_400), clock(seconds));
    let name = DAYS[usize::try_from(seconds / 86_400 % 7).unwrap_or(0)];
    format!("{name}, {day:02} {} {year:04} {hour:02}:{minute:02}:{second:02} GMT", month_name(month))
}

/// `210441 GMT Mar 26`: day, time, month and year at the end of a 7901 message.
fn teleprinter_time(seconds: u64) -> String {
    let ((year, month, day), (hour, minute, _)) = (civil(seconds / 86_400), clock(seconds));
    format!("{day:02}{hour:02}{minute:02} GMT {} {:02} ", month_name(month), year % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_has_about_three_kilobytes_in_every_format() {
        let stories = stories(1, 20, 1_790_000_000);
        for format in FORMATS {
            let bytes: usize = wires(format, &stories).iter().map(Vec::len).sum();
            assert!((2_600..4_200).contains(&(bytes / 20)), "{format}: {}", bytes / 20);
        }
    }

    #[test]
    fn the_same_numbers_give_the_same_bytes_and_others_give_others() {
        let made = |run| wires("rss", &stories(run, 3, 1_790_000_000));
        assert_eq!(made(1), made(1));
        assert_ne!(made(1), made(2));
    }

    #[test]
    fn dates_are_written_as_each_format_has_them() {
        assert_eq!(rfc822(1_790_000_000), "Mon, 21 Sep 2026 14:13:20 GMT");
        assert_eq!(basic(1_790_000_000), "20260921T141320Z");
        assert_eq!(teleprinter_time(1_790_000_000), "211413 GMT Sep 26 ");
    }
}
