//! Invented stories, written down as agencies write them.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

/// The formats that are delivered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Rss,
    Atom,
    JsonFeed,
    NewsmlG2,
    Nitf,
    Ninjs,
}

pub(crate) use Format::{Atom, JsonFeed, NewsmlG2, Ninjs, Nitf, Rss};

impl Format {
    pub(crate) const ALL: [Format; 6] = [Rss, Atom, JsonFeed, NewsmlG2, Nitf, Ninjs];

    /// As it stands in the words and identifiers of a story.
    fn tag(self) -> &'static str {
        match self {
            Rss => "rss",
            Atom => "atom",
            JsonFeed => "jsonfeed",
            NewsmlG2 => "gtwo",
            Nitf => "nitf",
            Ninjs => "ninjs",
        }
    }
}

/// A version of a story.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    pub(crate) uri: String,
    pub(crate) version: u32,
    pub(crate) status: &'static str,
    pub(crate) made: Timestamp,
    pub(crate) headline: String,
    pub(crate) body: Vec<String>,
    /// `Some(None)`: until further notice.
    pub(crate) embargo: Option<Option<Timestamp>>,
    pub(crate) ed_note: Option<String>,
    pub(crate) advisory: bool,
    /// Stands in all its words, and in no other story.
    pub(crate) word: String,
}

impl Story {
    /// The first version of a story that was made a minute ago. Its words bear `name`, and no other story's do.
    pub(crate) fn new(name: &str, format: Format) -> Self {
        let word = format!("{name}{}", format.tag());
        let story = Self {
            uri: format!("urn:agx:{word}"),
            version: 1,
            status: "usable",
            made: moment(-60),
            headline: String::new(),
            body: Vec::new(),
            embargo: None,
            ed_note: None,
            advisory: false,
            word,
        };
        story.worded("one")
    }

    /// The same version with other words.
    pub(crate) fn worded(mut self, turn: &str) -> Self {
        let word = &self.word;
        self.headline = format!("Council of {word}head{turn} votes on the harbour");
        self.body = vec![
            format!("{} (agx) – The council of {word}lead{turn} voted “yes” on Monday.", word.to_uppercase()),
            format!("“It’s done,” said the mayor & two others from {word}tail{turn}."),
        ];
        self
    }

    /// The words that nobody else writes.
    pub(crate) fn marks(&self) -> Vec<String> {
        let text = format!("{} {}", self.headline, self.body.join(" "));
        let words = text.split(|c: char| !c.is_alphanumeric());
        words.filter(|word| word.contains(&self.word)).map(str::to_owned).collect()
    }

    /// The next version, ten seconds younger, in other words.
    pub(crate) fn next(&self, turn: &str) -> Self {
        let mut next = self.clone().worded(turn);
        next.version += 1;
        next.made = self.made.checked_add(SignedDuration::from_secs(10)).expect("a time");
        next
    }

    /// The next version, with another status.
    pub(crate) fn next_with(&self, status: &'static str, turn: &str) -> Self {
        Self { status, ..self.next(turn) }
    }

    pub(crate) fn until(self, embargo: Option<Timestamp>) -> Self {
        Self { embargo: Some(embargo), ..self }
    }

    pub(crate) fn made(self, made: Timestamp) -> Self {
        Self { made, ..self }
    }

    /// Kind and text of every block that a page must show.
    pub(crate) fn blocks(&self) -> Vec<(String, String)> {
        let body = self.body.iter().map(|text| ("p".to_owned(), text.clone()));
        [("headline".to_owned(), self.headline.clone())].into_iter().chain(body).collect()
    }

    /// The canonical text.
    pub(crate) fn plain(&self) -> String {
        format!("{}\n\n{}\n", self.headline, self.body.join("\n\n"))
    }

    fn html(&self) -> String {
        self.body.iter().map(|text| format!("<p>{}</p>", escape(text))).collect()
    }
}

/// So many seconds from now, to the second.
pub(crate) fn moment(seconds: i64) -> Timestamp {
    let now = Timestamp::now().as_second();
    Timestamp::from_second(now + seconds).expect("a time")
}

/// For XML and HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

/// RFC 822, as RSS has it.
pub(crate) fn rfc822(at: Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// One story as one transmission.
pub(crate) fn wire(format: Format, story: &Story) -> Vec<u8> {
    wires(format, std::slice::from_ref(story))
}

/// Several stories in one transmission, in order. NITF carries one only.
pub(crate) fn wires(format: Format, stories: &[Story]) -> Vec<u8> {
    let pieces: Vec<String> = stories.iter().map(|story| piece(format, story)).collect();
    assemble(format, &pieces).into_bytes()
}

/// What stands for one story inside a transmission.
pub(crate) fn piece(format: Format, story: &Story) -> String {
    match format {
        Rss => rss_item(story),
        Atom => atom_entry(story),
        JsonFeed => json_feed_item(story).to_string(),
        NewsmlG2 => g2_item(story),
        Nitf => nitf(story),
        Ninjs => ninjs(story).to_string(),
    }
}

/// Pieces of one format as one transmission.
pub(crate) fn assemble(format: Format, pieces: &[String]) -> String {
    let all = pieces.join(if matches!(format, JsonFeed | Ninjs) { "," } else { "\n" });
    match format {
        Rss => format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:media="http://search.yahoo.com/mrss/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">
<channel><title>Agency Example</title><link>https://agency.example/</link><description>World</description>
{all}
</channel></rss>
"#
        ),
        Atom => format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:at="http://purl.org/atompub/tombstones/1.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">
<id>urn:agx:feed</id><title>Agency Example</title><updated>2026-01-01T00:00:00Z</updated><author><name>Agency Example</name></author>
{all}
</feed>
"#
        ),
        JsonFeed => format!(
            r#"{{"version": "https://jsonfeed.org/version/1.1", "title": "Agency Example", "items": [{all}]}}"#
        ),
        NewsmlG2 => format!(
            r#"<?xml version="1.0" encoding="UTF-8"?>
<newsMessage xmlns="http://iptc.org/std/nar/2006-10-01/"><header><sent>2026-01-01T00:00:00Z</sent></header><itemSet>
{all}
</itemSet></newsMessage>
"#
        ),
        Nitf => format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n{all}\n"),
        Ninjs if pieces.len() == 1 => all,
        Ninjs => format!("[{all}]"),
    }
}

fn rss_item(story: &Story) -> String {
    let state = match story.status {
        "canceled" => r#"<media:status state="deleted"/>"#,
        "withheld" => r#"<media:status state="blocked"/>"#,
        _ => "",
    };
    let embargo = story
        .embargo
        .flatten()
        .map(|at| format!("<prism:embargoDate>{at}</prism:embargoDate>"))
        .unwrap_or_default();
    format!(
        "<item><title>{}</title><guid isPermaLink=\"false\">{}</guid><pubDate>{}</pubDate>{state}{embargo}<content:encoded>{}</content:encoded></item>",
        escape(&story.headline),
        escape(&story.uri),
        rfc822(story.made),
        escape(&story.html()),
    )
}

fn atom_entry(story: &Story) -> String {
    if story.status == "canceled" {
        return tombstone(&story.uri, story.made);
    }
    let state = if story.status == "withheld" { r#"<media:status state="blocked"/>"# } else { "" };
    let embargo = story
        .embargo
        .flatten()
        .map(|at| format!("<prism:embargoDate>{at}</prism:embargoDate>"))
        .unwrap_or_default();
    format!(
        "<entry><id>{}</id><title>{}</title><updated>{}</updated>{state}{embargo}<content type=\"html\">{}</content></entry>",
        escape(&story.uri),
        escape(&story.headline),
        story.made,
        escape(&story.html()),
    )
}

/// RFC 6721.
pub(crate) fn tombstone(uri: &str, when: Timestamp) -> String {
    format!("<at:deleted-entry ref=\"{}\" when=\"{when}\"/>", escape(uri))
}

fn json_feed_item(story: &Story) -> serde_json::Value {
    json!({
        "id": story.uri,
        "title": story.headline,
        "date_published": story.made.to_string(),
        "date_modified": story.made.to_string(),
        "content_html": story.html(),
    })
}

fn g2_item(story: &Story) -> String {
    let embargo = match story.embargo {
        None => String::new(),
        Some(None) => "<embargoed/>".to_owned(),
        Some(Some(at)) => format!("<embargoed>{at}</embargoed>"),
    };
    let note =
        story.ed_note.as_ref().map(|note| format!("<edNote>{}</edNote>", escape(note))).unwrap_or_default();
    let role = if story.advisory { "<role qcode=\"agxrole:advisory\"/>" } else { "" };
    format!(
        r#"<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/" guid="{uri}" version="{version}" standard="NewsML-G2" standardversion="2.33" conformance="power" xml:lang="en">
<itemMeta><itemClass qcode="ninat:text"/><provider literal="agx"/><versionCreated>{made}</versionCreated>{embargo}<pubStatus qcode="stat:{status}"/>{role}{note}</itemMeta>
<contentMeta><headline>{headline}</headline></contentMeta>
<contentSet><inlineXML contenttype="application/xhtml+xml"><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><body>{body}</body></html></inlineXML></contentSet>
</newsItem>"#,
        uri = escape(&story.uri),
        version = story.version,
        made = story.made,
        status = story.status,
        headline = escape(&story.headline),
        body = story.html(),
    )
}

fn nitf(story: &Story) -> String {
    let status = if story.embargo == Some(None) { "embargoed" } else { story.status };
    let release =
        story.embargo.flatten().map(|at| format!("<date.release norm=\"{at}\"/>")).unwrap_or_default();
    let note =
        story.ed_note.as_ref().map(|note| format!("<ed-msg info=\"{}\"/>", escape(note))).unwrap_or_default();
    format!(
        r#"<nitf><head><title>{headline}</title><docdata management-status="{status}"><doc-id id-string="{uri}"/><du-key key="harbour" version="{version}"/><date.issue norm="{made}"/>{release}{note}</docdata></head>
<body><body.head><hedline><hl1>{headline}</hl1></hedline></body.head><body.content>{body}</body.content></body></nitf>"#,
        uri = escape(&story.uri),
        version = story.version,
        made = story.made,
        headline = escape(&story.headline),
        body = story.html(),
    )
}

/// A document without a story of its own, by which another is killed.
pub(crate) fn nitf_killing(uri: &str, other: &str, made: Timestamp) -> Vec<u8> {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<nitf><head><title>Withdrawal</title><docdata management-status="usable" management-doc-idref="{}" management-idref-status="canceled"><doc-id id-string="{}"/><date.issue norm="{made}"/></docdata></head>
<body><body.head><hedline><hl1>Zurücknahmeblatt, for editors only</hl1></hedline></body.head><body.content><p>Zurücknahmeblatt: please remove the story about the harbour.</p></body.content></body></nitf>
"#,
        escape(other),
        escape(uri),
    )
    .into_bytes()
}

fn ninjs(story: &Story) -> serde_json::Value {
    let mut out = json!({
        "uri": story.uri,
        "standard": { "name": "ninjs", "version": "3.0" },
        "type": "text",
        "version": story.version.to_string(),
        "versionCreated": story.made.to_string(),
        "pubStatus": story.status,
        "language": "en",
        "headlines": [{ "role": "main", "contentType": "text/plain", "value": story.headline }],
        "bodies": [{ "role": "main", "contentType": "text/html", "value": story.html() }],
    });
    if let Some(embargo) = story.embargo {
        out["embargoed"] = embargo.map(|at| at.to_string()).unwrap_or_default().into();
    }
    if let Some(note) = &story.ed_note {
        out["edNote"] = note.as_str().into();
    }
    if story.advisory {
        out["genres"] = json!([{ "name": "Advisory" }]);
    }
    out
}
