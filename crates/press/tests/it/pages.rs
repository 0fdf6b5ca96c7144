//! The built-in theme's pages.

use std::cell::RefCell;

use news::{AgencyCopy, BlockKind, ItemId, ListPlace, Mark, MarkKind, ReviewState};
use press::{Bond, Gone, HistoryLine, Kin, Line, Nav, NewsLine, Page, Press, Story, Withdrawal, gate};
use proptest::prelude::*;

use crate::{LABEL, at, copy_of, key, label, line, rich_copy, site, story, version};

fn render(copy: AgencyCopy) -> Page {
    let (key, version) = (key(), version(copy));
    Press::new()
        .story(&site(), &story(&key, &version))
        .unwrap_or_else(|refusal| panic!("{refusal}"))
        .into_inner()
}

#[test]
fn a_page_leads_to_what_belongs_together_with_it_and_says_no_word_of_it() {
    let (key, version) = (key(), version(rich_copy()));
    let kin = |bits, bond, no, language: &str| Kin {
        id: ItemId::from_bits(bits),
        bond,
        no,
        agency: "Agency <Example>".to_owned(),
        language: Some(language.to_owned()),
        published: at("2026-11-23T06:12:00Z"),
    };
    let (take, german) = (kin(1, Bond::Part, Some(2), "en"), kin(2, Bond::Language, None, "de"));
    let story = Story { kin: vec![take.clone(), german.clone()], ..story(&key, &version) };
    let page = Press::new().story(&site(), &story).expect("the gate lets it pass").into_inner();
    let html = page.text();
    assert!(html.contains(&format!(
        "href=\"/wire/s/{}\" hreflang=\"en\">Part 2, <bdi>Agency &lt;Example&gt;</bdi></a>",
        take.id
    )));
    let full = format!(
        "<link rel=\"alternate\" hreflang=\"de\" href=\"https://news.example/wire/s/{}\">",
        german.id
    );
    assert!(html.contains(&full), "{html}");
    assert!(html.contains("<h2>In other languages</h2>"));
    let alone = Press::new()
        .story(&site(), &Story { kin: vec![], ..story })
        .expect("the gate lets it pass")
        .into_inner();
    assert!(!alone.text().contains("class=\"kin\""));
}

#[test]
fn a_story_page_says_the_copy_and_the_label() {
    let page = render(rich_copy());
    let back = gate::read_back(page.text());
    let blocks: Vec<(&str, &str)> =
        back.blocks.iter().map(|(kind, text)| (kind.as_str(), text.as_str())).collect();
    let expected = rich_copy();
    let expected: Vec<(&str, &str)> =
        expected.blocks().iter().map(|b| (b.kind().as_str(), b.text())).collect();
    assert_eq!(blocks, expected);
    assert_eq!(back.labels, [("unreviewed".to_owned(), LABEL.to_owned())]);
    assert_eq!(back.links.concat(), ["http://agx.example/a?b=1&c=\"2\""]);
}

#[test]
fn a_story_page_looks_like_this() {
    let text = render(rich_copy()).text().to_owned();
    let from = text.find("<main").expect("main");
    let to = text.find("<section class=\"record\"").expect("record");
    assert_eq!(text[from..to].trim(), include_str!("story.expected.html").trim());
}

#[test]
fn structured_data_is_one_news_article_and_ends_no_script() {
    let copy =
        copy_of(&[(BlockKind::Headline, "</script><script>x"), (BlockKind::P, "<!-- \u{2028} <script> &")]);
    let back = gate::read_back(render(copy.clone()).text());
    let [json] = &back.structured[..] else { panic!("{:?}", back.structured) };
    assert!(!json.contains('<') && !json.contains('\u{2028}'));
    let value: serde_json::Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(value["@type"], "NewsArticle");
    assert_eq!(value["articleBody"], "<!-- \u{2028} <script> &");
    assert_eq!(value["headline"], "</script><script>x");
    assert_eq!(value["version"], 2);
    assert!(value.get("reviewedBy").is_none());
}

#[test]
fn a_story_without_headline_has_a_page() {
    let back = gate::read_back(render(copy_of(&[(BlockKind::P, "It rained.")])).text());
    assert_eq!(back.blocks, [("p".to_owned(), "It rained.".to_owned())]);
    assert_eq!(back.title.as_deref(), Some("Agency Example – The Daily Example"));
}

#[test]
fn a_head_that_comes_late_stays_where_it_is() {
    let copy = copy_of(&[
        (BlockKind::P, "It rained."),
        (BlockKind::Headline, "Rain"),
        (BlockKind::Headline, "More"),
    ]);
    let kinds: Vec<String> =
        gate::read_back(render(copy).text()).blocks.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds, ["p", "headline", "headline"]);
}

#[test]
fn language_and_direction_stand_on_the_story_not_on_the_page() {
    let (key, mut version) = (key(), version(copy_of(&[(BlockKind::P, "سلام")])));
    version.language = Some("ur-PK".to_owned());
    let page = Press::new().story(&site(), &story(&key, &version)).expect("passes").into_inner();
    assert!(page.text().contains("<article class=\"story s-nastaliq\" lang=\"ur-PK\" dir=\"rtl\">"));
    assert!(page.text().contains("<html lang=\"en\" dir=\"ltr\">"));
}

#[test]
fn a_language_tag_cannot_break_out_of_its_attribute() {
    let (key, mut version) = (key(), version(rich_copy()));
    version.language = Some("en\" hidden x=\"".to_owned());
    Press::new().story(&site(), &story(&key, &version)).expect("passes");
}

#[test]
fn an_edited_story_does_not_claim_to_be_word_for_word() {
    let (key, version) = (key(), version(rich_copy()));
    let mut story = story(&key, &version);
    let claim = "character for character";
    assert!(Press::new().story(&site(), &story).expect("passes").get().text().contains(claim));
    story.label = press::label(ReviewState::Edited, &press::LabelTexts::default(), None);
    let page = Press::new().story(&site(), &story).expect("passes").into_inner();
    assert!(!page.text().contains(claim) && page.text().contains("data-label=\"edited\""));
}

#[test]
fn a_page_has_one_script_which_checks_it_and_asks_nobody_for_anything() {
    let page = render(rich_copy());
    // The file's name is the hash of what is in it.
    let badge = format!("<script src=\"/wire{}\" defer></script>", press::BADGE.path);
    let text = page.text().replacen(&badge, "", 1);
    assert_eq!(page.text().len() - text.len(), badge.len(), "{badge}");
    assert_eq!(
        text.matches("<script").count(),
        text.matches("<script type=\"application/ld+json\">").count()
    );
    assert_eq!(text.matches("stylesheet").count(), 1, "the theme's own");
    for word in ["<img", "<iframe", "@import", "url(", " src=", " onload", "<style"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn every_page_names_its_themes_style_sheet_which_moves_when_it_changes() {
    let named = |press: &Press| {
        let (key, version) = (key(), version(rich_copy()));
        let page = press.story(&site(), &story(&key, &version)).expect("passes").into_inner();
        let (_, rest) = page.text().split_once("<link rel=\"stylesheet\" href=\"").expect("a style sheet");
        rest.split_once('"').expect("its end").0.to_owned()
    };
    let (plain, red) = (Press::new(), [("style.css".to_owned(), "p{color:red}".to_owned())]);
    let red = Press::with_theme(red).expect("compiles");
    let sheets = [plain.style_sheets(), red.style_sheets()];
    assert_eq!(sheets.each_ref().map(Vec::len), [1, 2], "notices fall back on the built-in one");
    for (press, sheets) in [plain, red].iter().zip(&sheets) {
        assert_eq!(named(press), format!("/wire{}", sheets[0].0), "below the path of the site");
    }
    assert_eq!(sheets[0][0], sheets[1][1]);
    assert_ne!(sheets[0][0].0, sheets[1][0].0);
    assert_eq!(sheets[1][0].1.get().text(), "p{color:red}");
    assert!(sheets[0][0].1.get().body.len() < 8 * 1024);
}

#[test]
fn noindex_is_said_on_the_page() {
    let (key, version) = (key(), version(rich_copy()));
    let noindex = "<meta name=\"robots\" content=\"noindex\">";
    let mut told = story(&key, &version);
    let says = |site: &press::SiteFace, told: &press::Story<'_>| {
        Press::new().story(site, told).expect("passes").get().text().contains(noindex)
    };
    assert!(!says(&site(), &told));
    assert!(says(&press::SiteFace { index_pages: false, ..site() }, &told));
    told.noindex = true;
    assert!(says(&site(), &told));
}

#[test]
fn the_text_form_is_what_the_hash_on_the_page_is_of() {
    let (key, version) = (key(), version(rich_copy()));
    let text = Press::new().story_txt(&story(&key, &version)).expect("passes").into_inner();
    let hash = news::Digest::of(&text.body).to_string();
    assert!(render(rich_copy()).text().contains(&format!("| sha256sum\n{hash}</pre>")));
}

#[test]
fn history_lists_every_line_and_none_of_the_words() {
    let (key, version) = (key(), version(rich_copy()));
    let page = Press::new().history(&site(), &story(&key, &version)).expect("passes").into_inner();
    assert!(
        page.text().contains("Updated by the agency")
            && page.text().contains(&news::Digest::of(b"2").to_string())
    );
    assert!(
        version
            .copy
            .blocks()
            .iter()
            .filter(|b| b.text() != "Agency Example")
            .all(|b| !page.text().contains(b.text()))
    );
}

#[test]
fn a_theme_that_changes_words_is_refused() {
    let honest = include_str!("../../themes/broadsheet/story.html");
    for (from, to) in [
        ("{{ story.body }}", "{{ story.body|upper }}"),
        ("{{ story.body }}", "{{ story.body|replace('planks', 'boards') }}"),
        ("{{ story.body }}", ""),
        ("{{ story.body }}", "{{ story.body }}{{ story.body }}"),
        ("{{ story.label }}", ""),
        ("{{ story.label }}", "<details>{{ story.label }}</details>"),
        ("{{ story.head }}", "{{ story.body }}{{ story.head }}"),
        ("{{ story.structured }}", "{{ story.structured|replace('Ferry', 'Boat') }}"),
        ("<div class=\"words\">", "<div class=\"words\" hidden>"),
        ("{{ story.head }}", "{{ story.heed }}"),
        ("{{ story.head }}", "{% for i in range(9999) %}{% for j in range(9999) %}{% endfor %}{% endfor %}"),
    ] {
        assert!(honest.contains(from), "{from}");
        let files = [("story.html".to_owned(), honest.replacen(from, to, 1))];
        let press = Press::with_theme(files).expect("compiles");
        let (key, version) = (key(), version(rich_copy()));
        assert!(press.story(&site(), &story(&key, &version)).is_err(), "{to}");
    }
}

#[test]
fn a_theme_that_does_not_compile_is_refused_with_its_line() {
    let error = Press::with_theme([("list.html".to_owned(), "a\n{% if %}".to_owned())]).expect_err("refused");
    assert_eq!((error.file.as_str(), error.fault.contains("line 2")), ("list.html", true), "{error}");
}

#[test]
fn a_notice_survives_a_broken_theme() {
    let broken =
        ["withdrawn.html", "missing.html"].map(|file| (file.to_owned(), "{{ nothing.here }}".to_owned()));
    let press = Press::with_theme(broken).expect("compiles");
    assert!(press.withdrawn(&site(), &withdrawal(Gone::Killed)).get().text().contains("has been withdrawn"));
    assert!(press.missing(&site()).get().text().contains("There is nothing here"));
}

fn withdrawal(class: Gone) -> Withdrawal {
    Withdrawal {
        id: ItemId::from_bits(42),
        when: at("2026-11-23T08:00:00Z"),
        class,
        by_agency: Some("Agency <Example>".to_owned()),
        proof: Some("c2sp.org/tlog-proof@v1\nindex 3\n".to_owned()),
        history: vec![HistoryLine {
            n: 1,
            at: at("2026-11-23T06:12:00Z"),
            what: "Published".to_owned(),
            copy_hash: Some(rich_copy().copy_hash()),
            live: false,
        }],
    }
}

#[test]
fn a_withdrawal_says_who_and_when_and_why_but_no_hash() {
    for (class, title) in [
        (Gone::Killed, "This story has been withdrawn"),
        (Gone::Withheld, "This story is being withheld"),
        (Gone::Expired, "The licence for this story has ended"),
    ] {
        let page = Press::new().withdrawn(&site(), &withdrawal(class)).into_inner();
        let text = page.text();
        assert!(
            text.contains(title)
                && text.contains("23 November 2026, 08:00 UTC")
                && text.contains(class.as_str())
        );
        assert_eq!(text.contains("Agency &lt;Example&gt;"), class != Gone::Expired);
        assert!(!text.contains(&rich_copy().copy_hash().to_string()[..12]) && text.contains("noindex"));
        assert!(!text.contains("canonical"));
    }
}

#[test]
fn a_front_page_carries_every_headline_whole() {
    let headlines = ["<One> & only", "Two  spaces", "Three\nlines", "Four", "Fünf", "six"];
    let lines: Vec<Line> = headlines.iter().enumerate().map(|(i, text)| line(i as u128, text)).collect();
    let press = Press::new();
    let nav = Nav { newer: None, older: Some("/wire/?page=2".to_owned()) };
    let pages = [
        press.front(&site(), &lines, &nav),
        press.front(&site(), &lines, &Nav { newer: Some("/wire/".to_owned()), older: None }),
        press.section(&site(), "world", &lines, &nav),
        press.search(&site(), "\"><script>", &lines),
    ];
    for page in pages {
        let page = page.unwrap_or_else(|refusal| panic!("{refusal}")).into_inner();
        let back = gate::read_back(page.text());
        let found: Vec<&str> = back.headlines.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(found, headlines);
        assert!(!page.text().contains("\"><script>"));
    }
    for few in [&[][..], &lines[..1], &lines[..3]] {
        press.front(&site(), few, &Nav::default()).expect("passes");
    }
}

#[test]
fn a_list_shows_a_first_paragraph_where_there_is_no_headline() {
    let mut line = line(1, "x");
    line.headline = None;
    line.lead = Some("It rained.".to_owned());
    let page = Press::new().front(&site(), &[line], &Nav::default()).expect("passes").into_inner();
    let back = gate::read_back(page.text());
    assert_eq!((back.headlines[0].1.as_str(), back.leads.len()), ("It rained.", 0));
}

#[test]
fn addresses_carry_the_path_of_the_site() {
    let page = render(rich_copy());
    let id = ItemId::from_bits(42);
    for address in [
        format!("<link rel=\"canonical\" href=\"https://news.example/wire/s/{id}\">"),
        "href=\"/wire/section/world\"".to_owned(),
        format!("curl -s https://news.example/wire/s/{id}.txt"),
    ] {
        assert!(page.text().contains(&address), "{address}");
    }
}

#[test]
fn sitemaps_and_robots_are_as_crawlers_want_them() {
    let press = Press::new();
    let when = at("2026-11-23T07:40:00.123Z");
    let map = press.sitemap(&site(), &[("https://news.example/wire/s/1?a&b".to_owned(), when)]).into_inner();
    assert_eq!(
        map.text(),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n\
         <url><loc>https://news.example/wire/s/1?a&amp;b</loc><lastmod>2026-11-23T07:40:00Z</lastmod></url>\n</urlset>\n"
    );
    let told = NewsLine {
        url: "https://news.example/wire/s/1".to_owned(),
        title: "Rain & <sun>".to_owned(),
        published: when,
        language: Some("zh-Hant-TW".to_owned()),
    };
    let map = press.news_sitemap(&site(), &vec![told; 1_001]).into_inner();
    assert!(map.text().contains("<news:title>Rain &amp; &lt;sun&gt;</news:title>"));
    assert!(map.text().contains("<news:language>zh-tw</news:language>"));
    assert_eq!(map.text().matches("<url>").count(), 1_000);
    let robots = press.robots(&site()).into_inner();
    assert!(robots.text().contains("Disallow: /wire/search\n"));
    assert!(robots.text().contains("Sitemap: https://news.example/wire/news-sitemap.xml\n"));
}

/// Any character that copy can hold, with those that parsers treat specially coming up often.
fn any_char() -> impl Strategy<Value = char> {
    let special = "<>&\"'\n\t =/-!;#x{}%\u{a0}\u{ad}\u{85}\u{feff}\u{200d}\u{200f}\u{202e}\u{2028}\u{fffd}\u{301}\u{1f468}पर";
    prop_oneof![
        3 => any::<char>(),
        2 => prop::sample::select(special.chars().collect::<Vec<_>>()),
        1 => prop::sample::select(vec!['\u{80}', '\u{9f}', '\u{fdd0}', '\u{1fffe}', '\u{7f}', '\u{10ffff}']),
    ]
}

fn any_text() -> impl Strategy<Value = String> {
    let snippet = prop::sample::select(vec![
        "</p>",
        "<script>",
        "</script>",
        "<!--",
        "-->",
        "]]>",
        "&amp;",
        "&#0;",
        "<p data-v=\"p\">",
        "{{ x }}",
        "{% raw %}",
        "</pre>",
        "<plaintext>",
        "<svg>",
        "</table>",
        "<template>",
        "</style>",
        "</title>",
    ]);
    let piece = prop_oneof![4 => any_char().prop_map(String::from), 1 => snippet.prop_map(str::to_owned)];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

fn any_mark() -> impl Strategy<Value = Mark> {
    let kind = prop_oneof![
        Just(MarkKind::Strong),
        Just(MarkKind::Emphasis),
        Just(MarkKind::Superscript),
        Just(MarkKind::Code),
        any_text().prop_map(|text| MarkKind::Link(format!("https://agx.example/{text}"))),
        any_text().prop_map(MarkKind::Link),
        any_text().prop_map(MarkKind::Language),
        Just(MarkKind::Direction("rtl".to_owned())),
        any::<bool>().prop_map(MarkKind::Cell),
    ];
    (0usize..40, 0usize..40, kind).prop_map(|(start, len, kind)| Mark { range: start..start + len, kind })
}

pub(crate) fn any_copy() -> impl Strategy<Value = AgencyCopy> {
    let place = (any::<bool>(), 0u8..4).prop_map(|(ordered, depth)| ListPlace { ordered, depth });
    let block = (
        prop::sample::select(BlockKind::ALL.to_vec()),
        any_text(),
        prop::collection::vec(any_mark(), 0..4),
        prop::option::of(place),
    );
    prop::collection::vec(block, 0..10).prop_map(|blocks| {
        let mut copy = AgencyCopy::default();
        for (kind, text, marks, place) in blocks {
            // What cannot be carried is held before it comes here.
            let _ = copy.push(kind, &text, marks, place);
        }
        copy
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_copy_passes_and_reads_back_equal(copy in any_copy(), text in any_text(), language in any_text()) {
        thread_local!(static PRESS: RefCell<Press> = RefCell::new(Press::new()));
        let (key, mut version) = (key(), version(copy.clone()));
        version.language = Some(language.chars().filter(|c| !c.is_control()).collect());
        let mut story = story(&key, &version);
        story.label = news::Label { text: text.chars().filter(|c| !c.is_control()).collect(), ..label() };
        let page = PRESS.with_borrow(|press| press.story(&site(), &story));
        let page = page.map_err(|refusal| TestCaseError::fail(refusal.to_string()))?.into_inner();
        let back = gate::read_back(page.text());
        let expected: Vec<_> = copy.blocks().iter().map(|b| (b.kind().as_str().to_owned(), b.text().to_owned())).collect();
        prop_assert_eq!(back.blocks, expected);
    }

    #[test]
    fn any_headline_stands_whole_in_a_list(texts in prop::collection::vec(any_text(), 0..8)) {
        let mut copy = AgencyCopy::default();
        for text in &texts {
            let _ = copy.push(BlockKind::Headline, text, vec![], None);
        }
        let lines: Vec<Line> = copy.blocks().iter().enumerate().map(|(i, b)| line(i as u128, b.text())).collect();
        Press::new().front(&site(), &lines, &Nav::default()).map_err(|refusal| TestCaseError::fail(refusal.to_string()))?;
    }
}
