//! `verbatim read`: wires in, JSON Lines out. Nothing is stored and nothing decided.

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use news::{Complaint, Digest, Gravity, ItemClass, Version};
use serde_json::{Map, Value, json};
use wire::ninjs::NinjsOut;
use wire::{Format, Hints, Reading};

use crate::cli;
use crate::explain::explain;
use crate::say::{self, Failure};

/// One object an item: the fields of ninjs 3, and `verbatim` with what they do not say. Exit 0 if every file gave an
/// item.
pub(crate) fn read(files: &cli::Read) -> Result<ExitCode, Failure> {
    let format = match &files.format {
        Some(word) => Some(Format::from_word(word).ok_or_else(|| unknown(word))?),
        None => None,
    };
    let hints = Hints { format, ..Hints::default() };
    let mut all = true;
    for file in &files.files {
        all &= match bytes_of(file) {
            Ok(bytes) if files.explain => explain(file, &bytes, &hints),
            Ok(bytes) => tell(file, &bytes, &wire::read(&bytes, &hints)),
            Err(error) => {
                say::error(&error);
                false
            }
        };
    }
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn unknown(word: &str) -> Failure {
    let known: Vec<&str> = Format::ALL.iter().map(|format| format.as_str()).collect();
    format!("there is no format `{word}`; it is one of {}", known.join(", ")).into()
}

fn bytes_of(file: &Path) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut bytes)
    } else {
        std::fs::File::open(file).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| format!("reading {}: {error}", file.display()))?;
    Ok(bytes)
}

fn tell(file: &Path, bytes: &[u8], reading: &Reading) -> bool {
    for complaint in &reading.complaints {
        say::remark(format_args!("{}: {}", file.display(), say::tame(&complaint.to_string())));
    }
    for version in &reading.items {
        let verbatim = beside(version, bytes, reading.format);
        let story = NinjsOut { verbatim: Some(&verbatim), ..NinjsOut::of(version) };
        say::json(&Value::Object(story.to_object()));
    }
    !reading.items.is_empty()
}

/// What ninjs has no field for.
fn beside(version: &Version, bytes: &[u8], format: Option<Format>) -> Map<String, Value> {
    let copy: Vec<Value> =
        version.copy.blocks().iter().map(|block| json!([block.kind().as_str(), block.text()])).collect();
    let notes: Vec<Value> = version
        .notes
        .iter()
        .map(|note| json!({ "role": note.role, "text": note.text, "path": note.path }))
        .collect();
    let raw = bytes.get(version.span.clone()).unwrap_or_default();
    let class = match &version.class {
        ItemClass::Text => "text".to_owned(),
        ItemClass::Advisory(word) => format!("advisory: {word}"),
        ItemClass::Other(word) => word.clone(),
    };
    let references: Vec<Value> = version
        .references
        .iter()
        .map(|reference| json!({ "relation": format!("{:?}", reference.relation).to_ascii_lowercase(), "uri": reference.uri, "version": reference.version, "as": reference.raw }))
        .collect();
    let signals: Vec<Value> = version
        .signals
        .iter()
        .map(|signal| json!({ "code": signal.code, "severity": format!("{:?}", signal.severity).to_ascii_lowercase(), "path": signal.path }))
        .collect();
    let fields = json!({
        "format": format.map(Format::as_str),
        "class": class,
        "status": version.status.as_str(),
        "embargo": version.embargo.map(|embargo| match embargo {
            news::Embargo::Until(at) => at.to_string(),
            news::Embargo::Indefinite => "until further notice".to_owned(),
        }),
        "copy": copy,
        "copy_sha256": version.copy.copy_hash().to_string(),
        "raw_sha256": Digest::of(raw).to_string(),
        "dateline": version.dateline.as_ref().map(|dateline| json!({
            "text": dateline.text,
            "located": dateline.located,
            "date": dateline.date,
            "agency": dateline.agency,
            "placement": format!("{:?}", dateline.placement).to_ascii_lowercase(),
        })),
        "signals": signals,
        "references": references,
        "notes": notes,
        "complaints": version.complaints.iter().map(complaint).collect::<Vec<_>>(),
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

fn complaint(complaint: &Complaint) -> Value {
    let gravity = match complaint.gravity {
        Gravity::Remark => "remark",
        Gravity::Hold => "hold",
        Gravity::Lost => "lost",
    };
    json!({
        "gravity": gravity,
        "code": complaint.code,
        "message": complaint.message,
        "path": complaint.place.path,
        "offset": complaint.place.offset,
    })
}
