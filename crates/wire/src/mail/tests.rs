use news::{BlockKind, Gravity, ItemClass, Relation, Version};

use crate::{Format, Hints, Reading, read};

fn fixture(bytes: &[u8]) -> Reading {
    let reading = read(bytes, &Hints::default());
    assert_eq!(reading.format, Some(Format::Mail));
    reading
}

fn blocks(version: &Version) -> Vec<(BlockKind, &str)> {
    version.copy.blocks().iter().map(|block| (block.kind(), block.text())).collect()
}

fn codes(version: &Version) -> Vec<&str> {
    version.complaints.iter().filter(|c| c.gravity >= Gravity::Hold).map(|c| c.code).collect()
}

fn note<'v>(version: &'v Version, role: &str) -> Vec<&'v str> {
    version.notes.iter().filter(|note| note.role == role).map(|note| note.text.as_str()).collect()
}

/// A mail with this header beside the usual one, and this body.
fn mail(more: &str, body: &str) -> String {
    let usual = "From: Agency Example <a@agency.example>\nSubject: Head\nMessage-ID: <1@agency.example>\n";
    format!("{usual}{more}\n{body}")
}

fn parts(kind: &str, parts: &[&str]) -> String {
    let parts: String = parts.iter().map(|part| format!("--b\n{part}\n")).collect();
    mail(
        &format!("MIME-Version: 1.0\nContent-Type: multipart/{kind}; boundary=b\n"),
        &format!("{parts}--b--\n"),
    )
}

const PLAIN: &str = "Content-Type: text/plain; charset=utf-8\n";
const HTML: &str = "Content-Type: text/html; charset=utf-8\n";

/// The paragraphs of the only item, and what holds it.
#[track_caller]
fn check(mail: &str, paragraphs: &[&str], held: &[&str]) -> Version {
    check_bytes(mail.as_bytes(), paragraphs, held)
}

#[track_caller]
fn check_bytes(mail: &[u8], paragraphs: &[&str], held: &[&str]) -> Version {
    let mut reading = read(mail, &Hints::default());
    let shown = String::from_utf8_lossy(mail);
    assert_eq!((reading.format, reading.items.len()), (Some(Format::Mail), 1), "{shown}");
    let version = reading.items.remove(0);
    let body: Vec<_> = version.copy.body().map(|block| block.text()).collect();
    assert_eq!((&body[..], &codes(&version)[..]), (paragraphs, held), "{shown}");
    version
}

#[test]
fn an_english_mail_is_read_word_for_word() {
    let bytes = include_bytes!("../../../../fixtures/wire/mail/english.eml");
    let reading = fixture(bytes);
    let version = &reading.items[0];
    assert_eq!(
        blocks(version),
        [
            (BlockKind::Headline, "River ferry resumes after two weeks"),
            (
                BlockKind::P,
                "EXAMPLE CITY, March 21 (Agency Example) - The ferry across the river has resumed after two \
                 weeks, the harbour office said on Thursday."
            ),
            (BlockKind::P, "Timetable:\nMonday 6.00\nTuesday 7.30"),
            (BlockKind::P, "\"We are glad,\" said the ferryman – and left."),
        ]
    );
    assert_eq!(version.uri, "river-17@agency.example");
    assert_eq!(version.creators, ["Agency Example, World Desk"]);
    assert_eq!(version.claimed_time().map(|at| at.to_string()).as_deref(), Some("2024-03-21T04:41:12Z"));
    assert_eq!(version.language.as_deref(), Some("en-IN"));
    assert_eq!(version.keywords, ["ferry", "river"]);
    assert_eq!(note(version, "signature"), ["World Desk, +91 00 0000 0000\n"]);
    assert_eq!(version.references[0].relation, Relation::SeeAlso);
    assert_eq!(version.references[0].uri, "river-16@agency.example");
    assert_eq!((version.span.clone(), &version.complaints[..]), (0..bytes.len(), &[][..]));
    assert!(!version.copy.canonical().contains("agency.example"), "the header is no copy");
}

#[test]
fn a_hindi_mail_in_base64_is_read_word_for_word() {
    let reading = fixture(include_bytes!("../../../../fixtures/wire/mail/hindi.eml"));
    let version = &reading.items[0];
    assert_eq!(
        blocks(version),
        [
            (BlockKind::Headline, "प्रधानमंत्री ने नए पुल का उद्घाटन किया"),
            (
                BlockKind::P,
                "नयी दिल्ली, 21 मार्च (उदाहरण एजेंसी) प्रधानमंत्री ने बृहस्पतिवार को नदी पर बने नए पुल का उद्घाटन किया।"
            ),
            (BlockKind::P, "उन्होंने कहा, “यह पुल क्ष़ेत्र के लिए महत्वपूर्ण है।”"),
        ]
    );
    assert_eq!((version.creators.clone(), codes(version)), (vec!["भाषा समाचार".to_owned()], vec![]));
    assert_eq!(note(version, "around-parts"), ["This is a message in several parts."]);
}

#[test]
fn a_german_mail_in_a_one_byte_encoding_is_read_word_for_word() {
    let reading = fixture(include_bytes!("../../../../fixtures/wire/mail/windows.eml"));
    assert_eq!(
        blocks(&reading.items[0]),
        [
            (BlockKind::Headline, "“Café” schließt"),
            (
                BlockKind::P,
                "Beispielstadt (Agency Example) – Das Café am Markt schließt nach 40 Jahren. Ein Kaffee kostete \
                 zuletzt 3 €."
            ),
            (BlockKind::P, "„Es war schön“, sagte die Wirtin."),
        ]
    );
    assert!(reading.items[0].complaints.is_empty());
}

#[test]
fn an_order_to_kill_stands_where_orders_are_looked_for() {
    let reading = fixture(include_bytes!("../../../../fixtures/wire/mail/kill.eml"));
    let version = &reading.items[0];
    assert_eq!(version.copy.headline(), Some("KILL KILL KILL: River ferry resumes after two weeks"));
    assert_eq!(version.references[0].uri, "river-17@agency.example");
    assert_eq!(version.class, ItemClass::Text, "what is no story would be put aside unread");
}

#[test]
fn a_wire_that_is_attached_is_an_item_and_the_mail_only_its_cover() {
    let bytes = include_bytes!("../../../../fixtures/wire/mail/cover.eml");
    let wire = include_bytes!("../../../../fixtures/wire/newsml-g2/hindi.xml");
    let reading = fixture(bytes);
    let [cover, story] = &reading.items[..] else { panic!("{:?}", reading.items) };
    assert_eq!(cover.class, ItemClass::Other("cover".into()));
    assert_eq!(blocks(cover), [(BlockKind::Headline, "Story of today attached")]);
    assert_eq!(note(cover, "cover"), ["Please find the story attached. Call +91 00 0000 0000."]);
    assert_eq!((cover.renditions.len(), cover.renditions[0].href.as_str()), (1, "cid:bridge@agency.example"));
    let alone = &read(wire, &Hints::default()).items[0];
    assert_eq!((&story.uri, &story.copy), (&alone.uri, &alone.copy));
    assert!(story.span.start > 0 && story.span.end < bytes.len());
    assert!(story.extra.iter().any(|kept| kept.path == "mail/message-id" && kept.value == cover.uri));
}

#[test]
fn a_forwarded_mail_is_the_item() {
    let inner = mail("", "The story.\n").replace("<1@", "<2@").replace("Head", "Story");
    for kind in ["message/rfc822", "application/octet-stream; name=a.eml"] {
        let outer =
            parts("mixed", &[&format!("{PLAIN}\nSee below."), &format!("Content-Type: {kind}\n\n{inner}")]);
        let reading = read(outer.as_bytes(), &Hints::default());
        let uris: Vec<_> = reading.items.iter().map(|item| item.uri.as_str()).collect();
        assert_eq!(uris, ["1@agency.example", "2@agency.example"], "{kind}");
        assert_eq!(reading.items[0].class, ItemClass::Other("cover".into()));
        assert_eq!(blocks(&reading.items[1]), [(BlockKind::Headline, "Story"), (BlockKind::P, "The story.")]);
    }
    let digest = parts("digest", &[&format!("\n{inner}"), &format!("\n{}", inner.replace("<2@", "<3@"))]);
    assert_eq!(read(digest.as_bytes(), &Hints::default()).items.len(), 3);
}

#[test]
fn a_broken_wire_leaves_the_cover_and_says_so() {
    let outer = parts("mixed", &[&format!("{PLAIN}\nSee below."), "Content-Type: text/xml\n\n<nitf><body>"]);
    let reading = read(outer.as_bytes(), &Hints::default());
    assert_eq!(reading.items.len(), 1);
    assert_eq!(reading.items[0].class, ItemClass::Other("cover".into()));
    let lost = reading.complaints.iter().find(|c| c.gravity == Gravity::Lost).expect("a complaint");
    assert!(lost.place.path.starts_with("part[2]") && lost.place.offset.is_none(), "{lost}");
}

#[test]
fn a_body_that_is_a_wire_is_read_as_one() {
    let wire = "<nitf><head><docdata><doc-id id-string='x1'/></docdata></head><body><body.head><hedline><hl1>H</hl1>\
                </hedline></body.head><body.content><p>T</p></body.content></body></nitf>";
    let reading = read(mail("", wire).as_bytes(), &Hints::default());
    assert_eq!(reading.items[1].uri, "x1");
    assert_eq!(reading.items[0].class, ItemClass::Other("cover".into()));
}

#[test]
fn of_alternatives_the_plain_text_counts_unless_it_is_empty_or_cut() {
    let plain = format!("{PLAIN}\nA story.");
    let html = format!("{HTML}\n<p>A <b>story</b>.</p>");
    check(&parts("alternative", &[&plain, &html]), &["A story."], &[]);
    check(&parts("alternative", &[&html, &plain]), &["A story."], &[]);
    let marked = check(&parts("alternative", &[&format!("{PLAIN}\n \n"), &html]), &["A story."], &[]);
    assert_eq!(marked.copy.blocks()[1].marks().len(), 1);
    let long = format!("{HTML}\n<p>A story that is much longer.</p>");
    check(&parts("alternative", &[&plain, &long]), &["A story."], &["alternatives-differ"]);
    check(&parts("alternative", &[&html]), &["A story."], &[]);
    let related = format!(
        "Content-Type: multipart/related; boundary=c\n\n--c\n{HTML}\n<p>Only.</p><img src='cid:i'>\n--c\n{HTML}\n<p>x</p>\n--c--"
    );
    check(&parts("alternative", &[&related]), &["Only."], &[]);
}

#[test]
fn a_body_in_doubt_is_held() {
    check(&mail("", ""), &[], &["no-words"]);
    check(&mail("", "a\n\n--\nMe\n"), &["a", "--\nMe"], &["signature-doubtful"]);
    check(
        &mail("Content-Type: text/html\n", "<p>a<br>-- <br>Me</p>"),
        &["a\n--\nMe"],
        &["signature-doubtful"],
    );
    check(&mail("", "{\"Headline\": [\"x\"]}"), &["{\"Headline\": [\"x\"]}"], &["machine-text"]);
    let two = [&*format!("{PLAIN}\nOne."), &*format!("{PLAIN}\nTwo.")];
    check(&parts("mixed", &two), &["One.", "Two."], &["several-bodies"]);
    check(
        &mail("Content-Transfer-Encoding: x-uuencode\n", "begin"),
        &[],
        &["unknown-transfer-encoding", "no-words"],
    );
    check(&mail("Content-Transfer-Encoding: base64\n", "QSBzdG9ye"), &["A stor"], &["transfer-damaged"]);
    check(&mail("Subject: Other\n", "a"), &["a"], &["header-twice"]);
    check(&mail("Subject: Head\n", "a"), &["a"], &[]);
    check(&mail("no field\n", "a"), &["a"], &["header-malformed"]);
    check(&mail(&format!("X: {}\n", "x".repeat(70_000)), "a"), &["a"], &["header-malformed"]);
}

#[test]
fn bytes_that_cannot_be_decoded_hold_and_are_never_replaced_in_silence() {
    let with = |charset: &str, body: &[u8]| {
        [mail(&format!("Content-Type: text/plain{charset}\n"), "").as_bytes(), body].concat()
    };
    let version = check_bytes(&with("; charset=utf-8", b"caf\xe9"), &["caf\u{fffd}"], &["undecodable-bytes"]);
    let bytes = with("; charset=utf-8", b"caf\xe9");
    assert_eq!(version.complaints[0].place.offset, Some(bytes.len() - 1));
    check_bytes(&with("", b"caf\xe9"), &["caf\u{fffd}"], &["undecodable-bytes"]);
    check_bytes(&with("; charset=x-nix", b"a"), &["a"], &["unknown-encoding"]);
    check_bytes(&with("; charset=utf-7", b"a"), &["a"], &["unknown-encoding"]);
    check_bytes(&with("; charset=us-ascii", "é".as_bytes()), &["é"], &[]);
    check_bytes(&with("; charset=utf-16", b"\0a\0b"), &["ab"], &[]);
    check_bytes(&with("; charset=shift_jis", b"\x93\xfa"), &["日"], &[]);
    let html =
        [mail("Content-Type: text/html\n", "<meta charset=iso-8859-1>caf").as_bytes(), b"\xe9"].concat();
    check_bytes(&html, &["café"], &[]);
}

#[test]
fn what_is_sent_by_machines_in_answer_is_no_story() {
    let version = check(&mail("Auto-Submitted: auto-replied; x\n", "I am away."), &["I am away."], &[]);
    assert_eq!(version.class, ItemClass::Other("auto-reply".into()));
    let report = parts("report", &[&format!("{PLAIN}\nNot delivered.")]);
    assert_eq!(check(&report, &["Not delivered."], &[]).class, ItemClass::Other("delivery-report".into()));
}

#[test]
fn files_are_renditions_and_no_copy() {
    let file = |header: &str| parts("mixed", &[&format!("{PLAIN}\nStory."), &format!("{header}\n\nxyz")]);
    for (header, href) in [
        ("Content-Type: text/plain; name=\"a.txt\"", "a.txt"),
        ("Content-Disposition: attachment; filename*=utf-8''%E0%A4%B9.txt", "ह.txt"),
        ("Content-Disposition: attachment", "part[2]"),
        ("Content-Type: image/png\nContent-ID: <i@x>", "cid:i@x"),
        ("Content-Type: application/xml", "part[2]"),
    ] {
        assert_eq!(check(&file(header), &["Story."], &[]).renditions[0].href, href, "{header}");
    }
}

#[test]
fn a_mail_without_an_identifier_is_known_by_what_stays() {
    let one = "From: a@b\nDate: Thu, 21 Mar 2024 04:41:12 +0000\nSubject: S\n\na";
    let uri = |text: &str| read(text.as_bytes(), &Hints::default()).items[0].uri.clone();
    assert!(uri(one).starts_with("urn:verbatim:mail:"));
    assert_eq!(uri(one), uri(&one.replace("\n\na", "\n\nb")));
    assert_ne!(uri(one), uri(&one.replace("21", "22")));
}

#[test]
fn a_mail_that_was_cut_off_is_held() {
    let whole = parts("mixed", &[&format!("{PLAIN}\nStory.")]);
    check(whole.trim_end().strip_suffix("--b--").expect("an end"), &["Story."], &["mail-truncated"]);
    let cut = "MIME-Version: 1.0\nContent-Type: multipart/mixed\n";
    check(&mail(cut, "--b\n\nStory."), &[], &["mime-without-boundary", "no-words"]);
}

#[test]
fn parts_and_mails_nested_without_end_are_held() {
    let mut deep = String::from("From: a@b\nSubject: x\n");
    for n in 0..1000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n"));
    }
    let reading = read(deep.as_bytes(), &Hints::default());
    assert!(codes(&reading.items[0]).contains(&"mime-too-deep"));
    let mails = format!("{}\nx", "From: a@b\nSubject: x\nContent-Type: message/rfc822\n\n".repeat(200_000));
    let reading = read(mails.as_bytes(), &Hints::default());
    assert_eq!(reading.items.len(), 5);
    assert!(codes(&reading.items[4]).contains(&"mail-too-deep"));
    let many = parts("mixed", &vec!["\nx"; 3000]);
    let reading = read(many.as_bytes(), &Hints::default());
    assert!(codes(&reading.items[0]).contains(&"too-many-parts"));
}

#[test]
fn mails_are_known_by_their_header() {
    for (text, expect) in [
        ("From: a\nSubject: b\n\nc", true),
        ("   \r\nReceived: x\r\n y\r\nDate: b\r\n\r\n", true),
        ("From a@b Mon\nFrom: a\nTo: b\n\n", true),
        ("Subject: b\nDate: c\n\n", false),
        ("From: here to there\n\nSubject: b", false),
        ("A story.\nFrom: a\nSubject: b\n\n", false),
        ("<a:feed>\nFrom: a\nSubject: b\n\n", false),
        ("{\"a\":1,\nFrom: a\nSubject: b\n\n", false),
        ("", false),
    ] {
        assert_eq!(super::begins(text.as_bytes()), expect, "{text:?}");
    }
}

#[test]
fn an_expiry_and_a_replacement_are_heard() {
    let more = "Expires: Fri, 22 Mar 2024 00:00:00 +0000\nSupersedes: <0@agency.example>\n";
    let version = check(&mail(more, "a"), &["a"], &[]);
    assert_eq!(version.expires.map(|at| at.to_string()).as_deref(), Some("2024-03-22T00:00:00Z"));
    assert_eq!(version.references[0].relation, Relation::Replaces);
    assert_eq!(version.references[0].uri, "0@agency.example");
}

mod invented {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_cut_or_changed_mail_breaks_the_reader(at in 0usize..6000, byte in any::<u8>(), cut in any::<bool>(), which in 0usize..4) {
            let wires: [&[u8]; 4] = [
                include_bytes!("../../../../fixtures/wire/mail/english.eml"),
                include_bytes!("../../../../fixtures/wire/mail/hindi.eml"),
                include_bytes!("../../../../fixtures/wire/mail/windows.eml"),
                include_bytes!("../../../../fixtures/wire/mail/cover.eml"),
            ];
            let mut bytes = wires[which].to_vec();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let reading = read(&bytes, &Hints { format: Some(Format::Mail), ..Hints::default() });
            prop_assert!(reading.items.iter().all(|item| item.span.end <= bytes.len()));
        }
    }
}
