use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder};
use news::Gravity;

use crate::{Hints, Limits, Reading, read};

const ONE: &str = r#"{"uri": "one", "headline": "One", "body_text": "Words."}"#;
const TWO: &str = "ZCZC AGX\n^Two\nWords.\nNNNN\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn tar(members: &[(&str, &[u8])]) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, bytes) in members {
        let mut header = [0u8; 512];
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
        header[148..156].copy_from_slice(b"        ");
        header[156] = b'0';
        header[257..263].copy_from_slice(b"ustar\0");
        let sum: u32 = header.iter().map(|b| u32::from(*b)).sum();
        header[148..154].copy_from_slice(format!("{sum:06o}").as_bytes());
        header[154] = 0;
        out.extend_from_slice(&header);
        out.extend_from_slice(bytes);
        out.resize(out.len().div_ceil(512) * 512, 0);
    }
    out.resize(out.len() + 1024, 0);
    out
}

fn zip(members: &[(&str, &[u8])]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (i, (name, bytes)) in members.iter().enumerate() {
        let mut crc = flate2::Crc::new();
        crc.update(bytes);
        let mut deflate = DeflateEncoder::new(Vec::new(), Compression::default());
        deflate.write_all(bytes).unwrap();
        // Every second one is only stored.
        let (method, packed) =
            if i % 2 == 0 { (8u16, deflate.finish().unwrap()) } else { (0, bytes.to_vec()) };
        let start = out.len() as u32;
        let mut common = Vec::new();
        common.extend_from_slice(&[20, 0, 0, 0]);
        common.extend_from_slice(&method.to_le_bytes());
        common.extend_from_slice(&[0; 4]);
        common.extend_from_slice(&crc.sum().to_le_bytes());
        common.extend_from_slice(&(packed.len() as u32).to_le_bytes());
        common.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&[0, 0]);
        out.extend_from_slice(b"PK\x03\x04");
        out.extend_from_slice(&common);
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&start.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (count, start) = (members.len() as u16, out.len() as u32);
    out.extend_from_slice(&directory);
    out.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&count.to_le_bytes());
    out.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    out.extend_from_slice(&start.to_le_bytes());
    out.extend_from_slice(&[0, 0]);
    out
}

fn headlines(reading: &Reading) -> Vec<&str> {
    reading.items.iter().filter_map(|version| version.copy.headline()).collect()
}

fn codes(reading: &Reading) -> Vec<&str> {
    reading.complaints.iter().map(|complaint| complaint.code).collect()
}

#[test]
fn each_member_is_a_transmission_of_its_own() {
    let members = [("a/one.json", ONE.as_bytes()), ("two.txt", TWO.as_bytes()), ("a/._one.json", b"aside")];
    let (tar, zip) = (tar(&members), zip(&members));
    for archive in [&tar, &zip, &gzip(&tar)] {
        let reading = read(archive, &Hints::default());
        assert_eq!(headlines(&reading), ["One", "Two"], "{:?}", reading.complaints);
        assert!(reading.complaints.is_empty(), "{:?}", reading.complaints);
        assert_eq!((reading.format, &reading.items[1].span), (None, &(0..archive.len())));
        assert!(reading.items[0].extra.iter().any(|kept| kept.value == "a/one.json"));
    }
    assert_eq!(headlines(&read(&gzip(ONE.as_bytes()), &Hints::default())), ["One"]);
}

#[test]
fn a_member_without_a_wire_is_named_and_its_siblings_go_on() {
    let members =
        [("x.bin", &b"nothing"[..]), ("one.json", ONE.as_bytes()), ("p.jpg", b"\xff\xd8\xff\xe0...")];
    for archive in [tar(&members), zip(&members)] {
        let reading = read(&archive, &Hints::default());
        assert_eq!(
            (headlines(&reading), codes(&reading)),
            (vec!["One"], vec!["unknown-format", "archive-medium"])
        );
        assert!(reading.complaints[0].to_string().contains("x.bin"));
    }
}

#[test]
fn what_is_damaged_or_cut_is_said() {
    let mut broken = zip(&[("s", b"x"), ("one.json", ONE.as_bytes())]);
    let at = broken.windows(6).position(|six| six == b"Words.").unwrap();
    broken[at] = b'L';
    let reading = read(&broken, &Hints::default());
    assert!(
        reading.items[0].complaints.iter().any(|c| c.code == "archive-damaged" && c.gravity == Gravity::Hold)
    );
    for archive in
        [tar(&[("one.json", ONE.as_bytes())]), zip(&[("one.json", ONE.as_bytes())]), gzip(ONE.as_bytes())]
    {
        for at in (20..archive.len().min(560)).step_by(7).filter(|at| at % 512 != 0) {
            let reading = read(&archive[..at], &Hints::default());
            let lost = reading.complaints.iter().any(|complaint| complaint.gravity == Gravity::Lost);
            assert!(lost, "cut at {at} of {}: {:?}", archive.len(), reading.complaints);
        }
    }
}

#[test]
fn bombs_stop_at_a_limit() {
    let zeros = vec![b' '; 8 << 20];
    let nested = (0..6).fold(ONE.as_bytes().to_vec(), |inner, _| gzip(&inner));
    let limits = Limits { bytes: 1 << 20, ..Limits::default() };
    let small = Hints { limits, ..Hints::default() };
    for (archive, hints, expect) in [
        (gzip(&zeros), &Hints::default(), "too-large"),
        (zip(&[("z", &zeros)]), &Hints::default(), "too-large"),
        (
            zip(&[("z", &zeros[..1 << 19]), ("y", &zeros[..1 << 19]), ("x", &zeros[..1 << 19])]),
            &small,
            "too-large",
        ),
        (nested, &Hints::default(), "archive-too-deep"),
    ] {
        let reading = read(&archive, hints);
        assert!(reading.items.is_empty() && codes(&reading).contains(&expect), "{:?}", reading.complaints);
    }
}
