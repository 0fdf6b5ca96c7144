//! What we write, judged by other people's parsers: `e2e/words/check.py`, on lxml and IPTC's schemas.
//!
//! *Back*: every wire, read and written back, has the canonical form that it came with. *Written*: every item that our
//! writers of NewsML-G2 and NITF do not refuse is valid by the schema. *IPTC's unit files*: what the standard's own
//! makers call good is read without a complaint that holds, and what they call wrong is complained about.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

use news::{Gravity, Version};
use wire::{Account, Format, Hints, Refusal};

use super::{Case, bytes, files};
use crate::suite::target_python;

const CHECK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/words/check.py");

/// Runs the judge: a name and its verdict a line.
fn judge(words: &[&str], folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = target_python(&root, "lxml", "lxml==6.1.3")?;
    let mut check = Command::new(python);
    check.arg("-B").arg(CHECK).args(words).arg(folder).stderr(Stdio::inherit());
    let output = check.output().map_err(|fault| format!("cannot run {CHECK}: {fault}"))?;
    if !output.status.success() {
        return Err(format!("{CHECK}: {}", output.status));
    }
    let told = String::from_utf8_lossy(&output.stdout);
    Ok(told.lines().filter_map(|line| line.split_once('\t')).map(|(a, b)| (a.into(), b.into())).collect())
}

pub(super) fn put(folder: &Path, name: &str, bytes: &[u8]) -> Result<(), String> {
    std::fs::write(folder.join(name), bytes).map_err(|fault| format!("cannot write {name}: {fault}"))
}

pub(super) fn hints(file: &str) -> Hints {
    let format = file.starts_with("email-text/").then_some(Format::Mail);
    Hints { format: format.filter(|_| file.ends_with(".eml")), ..Hints::default() }
}

pub(super) fn group(file: &str) -> &str {
    file.split('/').next().unwrap_or_default()
}

/// Reads every wire and writes it back.
pub(super) fn back(folder: &Path) -> Result<Vec<Case>, String> {
    let temp = tempfile::tempdir().map_err(|fault| fault.to_string())?;
    let mut names: Vec<(String, String)> = Vec::new();
    for (n, file) in files(folder, &[""])?.into_iter().enumerate() {
        let wire = bytes(folder, &file)?;
        let account = Account::of(&wire, &hints(&file));
        let form = match account.reading().format {
            Some(Format::Rss | Format::Atom | Format::NewsmlG2 | Format::Newsml1 | Format::Nitf) => "xml",
            Some(Format::JsonFeed | Format::Ninjs) => "json",
            Some(_) => "bytes",
            // No wire, or none that is read here: nothing is claimed about it.
            None => continue,
        };
        let name = format!("{n:05}.{form}");
        put(temp.path(), &format!("{name}.came"), account.source())?;
        put(temp.path(), &format!("{name}.back"), &account.write_back())?;
        names.push((file, name));
    }
    let verdicts = judge(&["same"], temp.path())?;
    let case = |(file, name): (String, String)| {
        let verdict = verdicts.get(&name).map_or("was not judged", String::as_str);
        let differs = (verdict != "ok").then(|| verdict.to_owned()).into_iter().collect();
        Case::new(group(&file).to_owned(), file, differs)
    };
    Ok(names.into_iter().map(case).collect())
}

type Writer = fn(&Version) -> Result<String, Vec<Refusal>>;

/// Writes every item of every wire in the formats that have a schema.
pub(super) fn valid(folder: &Path) -> Result<Vec<Case>, String> {
    let writers: [(&str, &str, Writer); 2] = [
        ("newsml-g2", "newsml-g2/schema/NewsML-G2_2.35-spec-All-Power.xsd", |version| {
            wire::newsml_g2::write(version, "Agency Example")
        }),
        ("nitf", "newsml-g2/schema/nitf-3-6.xsd", wire::nitf::write),
    ];
    let mut cases = Vec::new();
    let wires = files(folder, &[""])?;
    for (word, schema, write) in writers {
        let temp = tempfile::tempdir().map_err(|fault| fault.to_string())?;
        let mut names: Vec<(String, String)> = Vec::new();
        let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
        for (n, file) in wires.iter().enumerate() {
            for (i, version) in wire::read(&bytes(folder, file)?, &hints(file)).items.iter().enumerate() {
                match write(version) {
                    Ok(written) => {
                        let name = format!("{n:05}-{i}.xml");
                        put(temp.path(), &name, written.as_bytes())?;
                        names.push((format!("{file}#{i}"), name));
                    }
                    Err(refusals) => {
                        refusals.iter().take(1).for_each(|r| *refused.entry(r.field).or_default() += 1);
                    }
                }
            }
        }
        println!("  {word}: {} written, refused first for {refused:?}", names.len());
        let verdicts = judge(&["valid", &folder.join(schema).display().to_string()], temp.path())?;
        cases.extend(names.into_iter().map(|(file, name)| {
            let verdict = verdicts.get(&name).map_or("was not judged", String::as_str);
            Case::new(word, file, (verdict != "ok").then(|| verdict.to_owned()).into_iter().collect())
        }));
    }
    Ok(cases)
}

/// IPTC's unit files of NewsML-G2, whose folder is the verdict.
pub(super) fn unit_files(folder: &Path) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for file in files(folder, &[".xml"])? {
        let good = file.contains("/should_pass/");
        if !good && !file.contains("/should_fail/") {
            continue;
        }
        let reading = wire::read(&bytes(folder, &file)?, &Hints::default());
        let all = reading.complaints.iter().chain(reading.items.iter().flat_map(|item| &item.complaints));
        let grave: Vec<String> =
            all.filter(|c| c.gravity >= Gravity::Hold).map(ToString::to_string).collect();
        let differs = match (good, grave.is_empty()) {
            (true, false) => grave,
            (false, true) => vec!["nothing is complained about".to_owned()],
            _ => Vec::new(),
        };
        let verdict = if good { "should_pass" } else { "should_fail" };
        cases.push(Case::new(verdict, format!("{verdict}: {file}"), differs));
    }
    Ok(cases)
}
