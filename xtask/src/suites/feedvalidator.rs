//! The W3C's feed validator: documents that are valid must be read without a complaint about their form, those that
//! are not well-formed must be complained of. What lies between (is this a good language tag?) is a validator's
//! business and no reader's; those documents are read only to see that nothing breaks.

use std::path::Path;

use news::Gravity;
use wire::{Hints, Reading};

use super::Case;

pub(super) fn run(folder: &Path) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for line in super::json_lines(folder, "expect.jsonl")? {
        let word = |name: &str| line[name].as_str().unwrap_or_default();
        let file = word("file");
        let reading = wire::read(&super::bytes(folder, file)?, &Hints::default());
        let refused = reading.complaints.iter().any(|complaint| complaint.code == "unknown-format");
        let (group, differs) = match word("class") {
            _ if reading.format.is_none() && refused => ("no feed, refused by name", Vec::new()),
            "valid" => ("valid", unjust(&reading)),
            "ill-formed" => ("not well-formed", unnoticed(&reading)),
            _ => ("read to see that nothing breaks", Vec::new()),
        };
        let part = file.split('/').nth(1).unwrap_or_default();
        cases.push(Case::new(format!("{group}: {part}"), file, differs));
    }
    Ok(cases)
}

/// Complaints that a valid document does not deserve. A feed without items, an item without words, and words that are
/// not in the delivery or are a picture are facts, not faults of form.
fn unjust(reading: &Reading) -> Vec<String> {
    const FACTS: [&str; 4] = ["no-items", "no-words", "remote-content", "content-type-not-read"];
    let all = reading.complaints.iter().chain(reading.items.iter().flat_map(|item| &item.complaints));
    all.filter(|complaint| complaint.gravity > Gravity::Remark && !FACTS.contains(&complaint.code))
        .map(ToString::to_string)
        .collect()
}

fn unnoticed(reading: &Reading) -> Vec<String> {
    const FORM: [&str; 4] = ["xml-", "undecodable", "wrong-encoding", "unknown-encoding"];
    let mut all = reading.complaints.iter().chain(reading.items.iter().flat_map(|item| &item.complaints));
    if all.any(|complaint| FORM.iter().any(|form| complaint.code.starts_with(form))) {
        return Vec::new();
    }
    vec!["nothing is said about its form".to_owned()]
}
