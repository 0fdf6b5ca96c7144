//! Word for word: what an extractor that shares no code with ours takes out of every wire is our copy.
//!
//! `e2e/words/extract.py` reads the wires by lxml and by hand. Its blocks and ours must say the same, white space
//! folded, item for item: a word more is leaked, a word less is lost, another word is changed.

use std::path::Path;
use std::process::{Command, Stdio};

use news::relaxed;
use serde_json::Value;
use wire::{Format, Hints};

use super::{Case, bytes};
use crate::suite::target_python;

const EXTRACTOR: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../e2e/words/extract.py");

pub(super) fn run(folder: &Path) -> Result<Vec<Case>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = target_python(&root, "lxml", "lxml==6.1.3")?;
    let mut extract = Command::new(python);
    extract.arg("-B").arg(EXTRACTOR).arg(folder).stderr(Stdio::inherit());
    let output = extract.output().map_err(|fault| format!("cannot run {EXTRACTOR}: {fault}"))?;
    if !output.status.success() {
        return Err(format!("{EXTRACTOR}: {}", output.status));
    }
    let told = String::from_utf8_lossy(&output.stdout);
    let line = |line: &str| {
        let told: Value = serde_json::from_str(line).map_err(|fault| format!("{EXTRACTOR}: {fault}"))?;
        let file = told["file"].as_str().unwrap_or_default().to_owned();
        let group = file.split('/').next().unwrap_or_default().to_owned();
        let differs = compare(&told, &bytes(folder, &file)?);
        Ok(Case::new(group, file, differs))
    };
    told.lines().map(line).collect()
}

/// What is different between what the extractor told of a file and what we read.
fn compare(told: &Value, bytes: &[u8]) -> Vec<String> {
    if let Some(fault) = told["fault"].as_str() {
        return vec![format!("the extractor cannot read it: {fault}")];
    }
    let Some(items) = told["items"].as_array() else {
        return vec!["the extractor knows no such format".to_owned()];
    };
    let format = told["hint"].as_str().and_then(Format::from_word);
    let ours: Vec<String> = wire::read(bytes, &Hints { format, ..Hints::default() })
        .items
        .iter()
        .map(|version| {
            let blocks: Vec<&str> = version.copy.blocks().iter().map(|block| block.text()).collect();
            relaxed(&blocks.join(" "))
        })
        .collect();
    let theirs: Vec<String> = items.iter().map(|blocks| relaxed(&joined(blocks))).collect();
    if ours.len() != theirs.len() {
        return vec![format!("we read {} items, the extractor {}", ours.len(), theirs.len())];
    }
    let differing = ours.iter().zip(&theirs).enumerate().filter(|(_, (ours, theirs))| ours != theirs);
    differing.map(|(i, (ours, theirs))| format!("item {}: {}", i + 1, around(ours, theirs))).collect()
}

fn joined(blocks: &Value) -> String {
    let blocks = blocks.as_array().map(Vec::as_slice).unwrap_or_default();
    blocks.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
}

/// Where two texts part.
fn around(ours: &str, theirs: &str) -> String {
    let same = ours.chars().zip(theirs.chars()).take_while(|(a, b)| a == b).count();
    let piece = |text: &str| text.chars().skip(same.saturating_sub(20)).take(80).collect::<String>();
    format!("ours `{}`, the extractor's `{}`", piece(ours), piece(theirs))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_lost_a_changed_and_a_leaked_word_are_told() {
        let wire = br#"<nitf><head><docdata><doc-id id-string="agx-1"/></docdata></head><body><body.content>
            <p>One two.</p><note type="npa"><p>Call us.</p></note></body.content></body></nitf>"#;
        for (words, same) in [
            ("One two.", true),
            (" One\n two. ", true),
            ("One two. three", false),
            ("One too.", false),
            ("One two. Call us.", false),
        ] {
            let told = json!({"file": "x", "items": [[words]]});
            assert_eq!(compare(&told, wire).is_empty(), same, "{words}");
        }
        assert!(!compare(&json!({"items": []}), wire).is_empty());
        assert!(!compare(&json!({"format": null}), wire).is_empty());
    }
}
