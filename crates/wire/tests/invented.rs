//! The invented wires of each format: what restricts them, and in which script and from where they speak.

use news::{Severity, Version};
use wire::{Hints, read};

fn items(file: &str) -> Vec<Version> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire").join(file);
    let bytes = std::fs::read(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    read(&bytes, &Hints::default()).items
}

#[test]
fn a_kill_is_told_in_every_format() {
    use Severity::{Holds, Informs, Kills, NotForPublication};
    for (file, expect) in [
        ("ap-media/page.json", &[Informs, Kills, NotForPublication][..]),
        ("dpa-digitalwires/story.json", &[Informs]),
        ("dpa-digitalwires/kill.json", &[Kills]),
        ("ritzau/story.xml", &[Informs]),
        ("ritzau/kill.xml", &[Kills]),
        ("ninjs/day.jsonl", &[Informs, Informs, Kills]),
        ("newsml-g2/kill.xml", &[Kills]),
        ("newsml-1/kill.xml", &[Kills]),
        // Words only ever hold; which item they mean is the desk's to find out.
        ("iptc7901/kill.txt", &[Holds]),
        ("anpa1312/kill.txt", &[Holds]),
    ] {
        let found: Vec<Severity> = items(file).iter().map(Version::severity).collect();
        assert_eq!(found, expect, "{file}");
    }
}

#[test]
fn words_of_every_script_come_through_and_their_datelines_are_told() {
    for (file, which, place, agency) in [
        ("ninjs/scripts.jsonl", "urn:agx:mr", "मुंबई", "प्रतिनिधी"),
        ("ninjs/scripts.jsonl", "urn:agx:ur", "نئی دہلی", "اے این آئی"),
        ("ninjs/scripts.jsonl", "urn:agx:ja", "北京", "共同"),
        ("ninjs/scripts.jsonl", "urn:agx:ko", "서울", "연합뉴스"),
        ("ninjs/scripts.jsonl", "urn:agx:zh", "北京", "新华社"),
        ("ninjs/hindi-utf16.json", "urn:agx:hi", "नई दिल्ली", "आईएएनएस"),
        ("iptc7901/hindi.txt", "urn:verbatim:iptc7901:agx:agx:0061:2026-03-14", "नई दिल्ली", "उदाहरण"),
        ("zczc/story.txt", "", "EXAMPLETON", "AGX"),
    ] {
        let items = items(file);
        let version = items.iter().find(|version| version.uri.contains(which)).expect(which);
        let dateline =
            version.dateline.as_ref().unwrap_or_else(|| panic!("{file} {which}: {:?}", version.copy));
        assert_eq!(
            (dateline.located.as_deref(), dateline.agency.as_deref()),
            (Some(place), Some(agency)),
            "{which}"
        );
        assert!(version.copy.canonical().contains(&dateline.text), "{which}: the words stay");
        assert!(
            version.copy.headline().is_some() && version.complaints.is_empty(),
            "{:?}",
            version.complaints
        );
    }
}
