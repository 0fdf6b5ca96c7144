//! Renders one page of each kind, of an invented newspaper, into a folder: for looking at a theme.
//!
//! `cargo run -p press --example preview -- FOLDER [STYLE.css]`; serve the folder at the root of a web server.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

use jiff::{SignedDuration, Timestamp};
use news::{AgencyCopy, BlockKind, Digest, ItemId, ItemKey, ListPlace, Mark, MarkKind, ReviewState, Version};
use press::{
    Gated, Gone, HistoryLine, LabelSet, LabelTexts, Line, Nav, Page, Press, SectionFace, SiteFace, Story,
    Withdrawal,
};

const SEED: &str = "Disclaimer: This post has been auto-published from an agency feed without any modifications to \
                    the text and has not been reviewed by an editor";
const HINDI: &str =
    "अस्वीकरण: यह समाचार एजेंसी फ़ीड से बिना किसी बदलाव के स्वतः प्रकाशित हुआ है और किसी संपादक ने इसकी समीक्षा नहीं की है";
const URDU: &str = "وضاحت: یہ خبر ایجنسی کی فیڈ سے متن میں کسی تبدیلی کے بغیر خودکار طور پر شائع ہوئی ہے اور کسی مدیر نے اس کا جائزہ نہیں لیا";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let folder = args.next().ok_or("name the folder to render into")?;
    let press = match args.next() {
        Some(style) => Press::with_theme([("style.css".to_owned(), fs::read_to_string(style)?)])?,
        None => Press::new(),
    };
    fs::create_dir_all(&folder)?;
    let write =
        |name: &str, page: Gated<Page>| fs::write(Path::new(&folder).join(name), page.into_inner().body);
    for (path, sheet) in press.style_sheets() {
        write(path.trim_start_matches('/'), sheet)?;
    }
    let site = site();
    for (name, copy, language, state) in stories()? {
        let mut version = Version::new(format!("urn:newsml:agency.example:{name}"));
        version.language = Some(language.to_owned());
        version.rights.copyright_notice = Some("© 2026 Agency Example".to_owned());
        version.copy = copy;
        let key = ItemKey { agency: "agx".into(), uri: version.uri.clone() };
        let story = story(&key, &version, state)?;
        write(&format!("story-{name}.html"), press.story(&site, &story)?)?;
        write(&format!("history-{name}.html"), press.history(&site, &story)?)?;
        write(&format!("story-{name}.txt"), press.story_txt(&story)?)?;
    }
    let lines = lines()?;
    let nav = Nav { newer: None, older: Some("/?before=20261122".to_owned()) };
    write("front.html", press.front(&site, &lines, &nav)?)?;
    write("front-empty.html", press.front(&site, &[], &Nav::default())?)?;
    write("section.html", press.section(&site, "world", &lines[..6], &nav)?)?;
    write("search.html", press.search(&site, "ferry", &lines[1..2])?)?;
    for class in [Gone::Killed, Gone::Withheld, Gone::Expired] {
        let by_agency = (class != Gone::Expired).then(|| "Agency Example".to_owned());
        let gone = Withdrawal {
            id: ItemId::from_bits(7),
            when: at(95)?,
            class,
            by_agency,
            history: history()?,
            proof: None,
        };
        write(&format!("gone-{}.html", class.as_str()), press.withdrawn(&site, &gone))?;
    }
    write("missing.html", press.missing(&site))?;
    write("policy.html", press.policy(&site))?;
    Ok(())
}

fn site() -> SiteFace {
    let sections = [
        ("world", "World"),
        ("politics", "Politics"),
        ("economy", "Economy"),
        ("science", "Science"),
        ("sport", "Sport"),
    ];
    let face = |(slug, name): (&str, &str)| SectionFace { slug: slug.to_owned(), name: name.to_owned() };
    SiteFace {
        id: "daily".into(),
        name: "The Daily Example".to_owned(),
        url: "https://news.example".to_owned(),
        language: "en".to_owned(),
        sections: sections.map(face).to_vec(),
        about: Some("The Daily Example, 1 Example Street, Exampleton · desk@news.example".to_owned()),
        index_pages: true,
    }
}

fn at(minutes: i64) -> Result<Timestamp, Box<dyn Error>> {
    Ok("2026-11-23T06:12:00Z".parse::<Timestamp>()?.checked_add(SignedDuration::from_mins(minutes))?)
}

fn history() -> Result<Vec<HistoryLine>, Box<dyn Error>> {
    let what = [(3, 88, "Corrected by the agency"), (2, 41, "Updated by the agency"), (1, 0, "Published")];
    let line = |(n, minutes, what): (u32, i64, &str)| {
        let copy_hash = Some(Digest::of(&n.to_be_bytes()));
        Ok(HistoryLine { n, at: at(minutes)?, what: what.to_owned(), copy_hash, live: n == 3 })
    };
    what.into_iter().map(line).collect()
}

fn story<'a>(
    key: &'a ItemKey,
    version: &'a Version,
    state: ReviewState,
) -> Result<Story<'a>, Box<dyn Error>> {
    let set = |text: &str| LabelSet { unreviewed: Some(text.to_owned()), ..LabelSet::default() };
    let texts = LabelTexts {
        texts: set(SEED),
        language: Some("en".to_owned()),
        languages: vec![("hi".to_owned(), set(HINDI)), ("ur".to_owned(), set(URDU))],
    };
    Ok(Story {
        id: ItemId::from_bits(0x5eed_0000_1234_5678_9abc_def0_1122_3344),
        key,
        version,
        n: 3,
        agency: "Agency Example",
        credit: "",
        label: press::label(state, &texts, version.language.as_deref()),
        published: at(0)?,
        updated: at(88)?,
        sections: vec!["world".to_owned()],
        history: history()?,
        log_index: Some(48_213),
        tags: vec![],
        priority: None,
        changes: vec![],
        kin: vec![],
        noindex: false,
    })
}

type Told = (&'static str, AgencyCopy, &'static str, ReviewState);

fn stories() -> Result<Vec<Told>, Box<dyn Error>> {
    Ok(vec![
        ("en", english()?, "en", ReviewState::Unreviewed),
        ("hi", hindi()?, "hi", ReviewState::Unreviewed),
        ("ur", urdu()?, "ur", ReviewState::Unreviewed),
        ("edited", one_word()?, "en", ReviewState::Edited),
    ])
}

fn copy_of(blocks: &[(BlockKind, &str)]) -> Result<AgencyCopy, Box<dyn Error>> {
    let mut copy = AgencyCopy::default();
    for (kind, text) in blocks {
        copy.push(*kind, text, Vec::new(), None)?;
    }
    Ok(copy)
}

fn english() -> Result<AgencyCopy, Box<dyn Error>> {
    use BlockKind::{Byline, Caption, Credit, H2, Headline, P, Pre, Quote, Subhead};
    let mut copy = copy_of(&[
        (Headline, "Island ferry returns to service after three winters on the slipway"),
        (Subhead, "Volunteers rebuilt the hull plank by plank, and paid for most of it with fish suppers"),
        (Byline, "By Mara Quillfeather"),
        (
            P,
            "PORT EXAMPLE, Nov 23 (AGX) - The ferry Constance sailed from Port Example on Monday for the first time since the winter of 2023, carrying eleven passengers, a post bag and one reluctant goat.",
        ),
        (
            P,
            "The 34-metre vessel had been laid up after inspectors found rot in her keel. Islanders refused to see her scrapped.",
        ),
        (
            Quote,
            "“She was built here by our grandparents, and nobody was going to tow her away to be firewood,” said Ines Okonkwo-Hale, who kept the accounts.",
        ),
        (H2, "What it took"),
    ])?;
    let item = Some(ListPlace { ordered: false, depth: 0 });
    for text in ["214 new oak planks", "9,600 hours of work, none of them paid", "One borrowed crane"] {
        copy.push(BlockKind::Li, text, Vec::new(), item)?;
    }
    let text = "Timetables and fares are at https://ferries.example/port-example/constance/timetables/winter-2026/all-sailings?direction=outward&class=foot-passenger from Tuesday.";
    let (start, end) = (text.find("https").unwrap_or(0), text.find(" from").unwrap_or(0));
    let link = Mark { range: start..end, kind: MarkKind::Link(text[start..end].to_owned()) };
    copy.push(P, text, vec![link], None)?;
    for cells in [
        ["Crossing", "Before", "Now"],
        ["Port Example–Skerry", "55 min", "41 min"],
        ["Skerry–North Quay", "30 min", "28 min"],
    ] {
        let text = cells.join("\t");
        let mut from = 0;
        let mut marks = Vec::new();
        for cell in cells {
            marks.push(Mark { range: from..from + cell.len(), kind: MarkKind::Cell(cells[0] == "Crossing") });
            from += cell.len() + 1;
        }
        copy.push(BlockKind::Row, &text, marks, None)?;
    }
    copy.push(Pre, "Mon  06:10  10:40  15:20\nTue  06:10  10:40", Vec::new(), None)?;
    copy.push(P, "The harbour master said that a second vessel would follow in spring.", Vec::new(), None)?;
    copy.push(
        Caption,
        "The ferry Constance leaves Port Example on Monday, November 23, 2026.",
        Vec::new(),
        None,
    )?;
    copy.push(Credit, "Photo: Agency Example / T. Lindqvist-Moyo", Vec::new(), None)?;
    Ok(copy)
}

fn hindi() -> Result<AgencyCopy, Box<dyn Error>> {
    use BlockKind::{Byline, Headline, P, Subhead};
    copy_of(&[
        (Headline, "तीन सर्दियों के बाद द्वीप की नाव फिर चल पड़ी"),
        (Subhead, "गाँव वालों ने अपने हाथों से बदले दो सौ से ज़्यादा तख़्ते"),
        (Byline, "एजेंसी संवाददाता"),
        (
            P,
            "पोर्ट एग्ज़ाम्पल, 23 नवंबर (एजीएक्स)। द्वीप की पुरानी नाव सोमवार सुबह तीन साल बाद पहली बार यात्रियों को लेकर रवाना हुई। नाव में ग्यारह यात्री, डाक का एक थैला और एक बकरी थी।",
        ),
        (
            P,
            "अधिकारियों ने बताया कि नाव की मरम्मत पर 9,600 घंटे लगे और इसके लिए किसी ने मज़दूरी नहीं ली। बंदरगाह प्रमुख ने कहा, ‘‘यह नाव हमारे दादा-दादी ने बनाई थी, हम इसे लकड़ी के भाव नहीं बेच सकते थे।’’",
        ),
        (P, "समय-सारिणी मंगलवार से https://ferries.example/hi/winter-2026 पर मिलेगी।"),
    ])
}

fn urdu() -> Result<AgencyCopy, Box<dyn Error>> {
    use BlockKind::{Byline, Headline, P, Subhead};
    copy_of(&[
        (Headline, "تین سردیوں کے بعد جزیرے کی کشتی پھر روانہ"),
        (Subhead, "گاؤں والوں نے اپنے ہاتھوں سے دو سو سے زائد تختے بدلے"),
        (Byline, "نامہ نگار، ایجنسی ایگزامپل"),
        (
            P,
            "پورٹ ایگزامپل، 23 نومبر (AGX): جزیرے کی پرانی کشتی پیر کی صبح تین سال بعد پہلی بار مسافروں کو لے کر روانہ ہوئی۔ کشتی میں گیارہ مسافر، ڈاک کا ایک تھیلا اور ایک بکری سوار تھی۔",
        ),
        (
            P,
            "حکام نے بتایا کہ مرمت پر 9,600 گھنٹے لگے اور کسی نے اس کی اجرت نہیں لی۔ بندرگاہ کے سربراہ نے کہا: ”یہ کشتی ہمارے بزرگوں نے بنائی تھی، ہم اسے لکڑی کے مول نہیں بیچ سکتے تھے۔“",
        ),
        (P, "اوقات منگل سے https://ferries.example/ur/winter-2026 پر دستیاب ہوں گے۔"),
    ])
}

fn one_word() -> Result<AgencyCopy, Box<dyn Error>> {
    copy_of(&[(BlockKind::Headline, "Rain"), (BlockKind::P, "It rained.")])
}

fn lines() -> Result<Vec<Line>, Box<dyn Error>> {
    let told: &[(&str, Option<&str>, &str, &str, ReviewState)] = &[
        (
            "Island ferry returns to service after three winters on the slipway",
            Some(
                "PORT EXAMPLE, Nov 23 (AGX) - The ferry Constance sailed from Port Example on Monday for the first time since the winter of 2023, carrying eleven passengers, a post bag and one reluctant goat.",
            ),
            "en",
            "world",
            ReviewState::Unreviewed,
        ),
        (
            "Parliament of Examplia votes to keep its clocks as they are",
            Some(
                "The chamber rejected by two votes a bill that would have ended the changing of clocks in spring and autumn.",
            ),
            "en",
            "politics",
            ReviewState::Reviewed,
        ),
        (
            "Central bank leaves rates unchanged, says bread prices have settled",
            Some("EXAMPLETON (AGX) - The bank’s council voted six to three on Monday."),
            "en",
            "economy",
            ReviewState::Unreviewed,
        ),
        (
            "तीन सर्दियों के बाद द्वीप की नाव फिर चल पड़ी",
            Some(
                "पोर्ट एग्ज़ाम्पल, 23 नवंबर (एजीएक्स)। द्वीप की पुरानी नाव सोमवार सुबह तीन साल बाद पहली बार यात्रियों को लेकर रवाना हुई।",
            ),
            "hi",
            "world",
            ReviewState::Unreviewed,
        ),
        ("تین سردیوں کے بعد جزیرے کی کشتی پھر روانہ", None, "ur", "world", ReviewState::Unreviewed),
        ("Astronomers find a comet that nobody had lost", None, "en", "science", ReviewState::Unreviewed),
        (
            "Rovers beat Wanderers 2-1 with a goal in the last minute of a match that had been stopped twice for hail",
            None,
            "en",
            "sport",
            ReviewState::Edited,
        ),
        ("العبّارة تعود إلى الخدمة بعد ثلاثة شتاءات", None, "ar", "world", ReviewState::Unreviewed),
        ("Museum returns a borrowed harpsichord after 112 years", None, "en", "world", ReviewState::Reviewed),
        (
            "Donaudampfschifffahrtsgesellschaft stellt Fahrplan vor",
            None,
            "de",
            "economy",
            ReviewState::Unreviewed,
        ),
        ("Rain", None, "en", "science", ReviewState::Unreviewed),
        ("三年后岛上渡轮恢复航行", None, "zh-Hans", "world", ReviewState::Unreviewed),
    ];
    let line = |(i, (headline, lead, language, section, review)): (
        usize,
        &(&str, Option<&str>, &str, &str, ReviewState),
    )| {
        let updated = at(88 - 55 * i as i64)?;
        Ok(Line {
            id: ItemId::from_bits(0x5eed << 100 | i as u128),
            headline: Some((*headline).to_owned()),
            lead: lead.map(str::to_owned),
            published: updated,
            updated,
            agency: if i % 3 == 1 { "Northern Wire".to_owned() } else { "Agency Example".to_owned() },
            language: Some((*language).to_owned()),
            sections: vec![(*section).to_owned()],
            review: *review,
        })
    };
    told.iter().enumerate().map(line).collect()
}
