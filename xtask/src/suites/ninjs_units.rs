//! IPTC's unit files of ninjs, and our own ninjs by IPTC's schema.
//!
//! *Units*: the folder is the verdict. python-jsonschema with the schema of that version says the same, our reader
//! panics at none, and of a file that should pass it makes an item. *Written*: what `verbatim read` prints of every
//! ninjs of the collection is valid by schema 3.0, and the judge itself is shown to say no.

use std::os::unix::fs::PermissionsExt as _;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use wire::Hints;

use super::{Case, bytes, files};
use crate::suite::target_python;
use crate::tidy;

pub(super) fn run(folder: &Path) -> Result<Vec<Case>, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python = target_python(&root, "jsonschema", "jsonschema==4.26.0")?;
    let mut cases = units(folder, &python, &root)?;

    let built =
        crate::cargo().current_dir(&root).args(["build", "--quiet", "--package", "verbatim"]).status();
    if !built.is_ok_and(|status| status.success()) {
        return Err("cannot build verbatim".to_owned());
    }
    let binary = tidy::target_folder(&root)?.join("debug/verbatim");
    let schema = folder.join("schema/ninjs-schema_3.0.json");
    let judge = |binary: &Path, wires: &[PathBuf]| {
        let mut check = Command::new(&python);
        check.arg("-B").arg(root.join("e2e/ninjs_schema.py")).arg("--bin").arg(binary);
        said(check.arg("--schema").arg(&schema).args(wires))
    };
    let wires: Vec<PathBuf> = files(folder, &[".json"])?
        .iter()
        .filter(|file| !file.starts_with("schema/"))
        .map(|file| folder.join(file))
        .collect();
    let output = judge(&binary, &wires)?;
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    println!("  written: {}", told.lines().last().unwrap_or_default());
    let faults = if output.status.success() { Vec::new() } else { vec![told.trim().to_owned()] };
    cases.push(Case::new("written", "written: every ninjs, read and written", faults));

    // A program that writes what no schema allows.
    let temp = tempfile::tempdir().map_err(|fault| fault.to_string())?;
    let liar = temp.path().join("liar");
    let put = std::fs::write(&liar, "#!/bin/sh\necho '{\"uri\":\"urn:x\",\"urgency\":\"high\"}'\n")
        .and_then(|()| std::fs::set_permissions(&liar, std::fs::Permissions::from_mode(0o755)));
    put.map_err(|fault| format!("cannot write {}: {fault}", liar.display()))?;
    let output = judge(&liar, &wires[..1])?;
    let told = String::from_utf8_lossy(&output.stdout);
    let refused = !output.status.success() && told.contains("urgency") && told.contains("0 passed, 1 failed");
    let faults = if refused { Vec::new() } else { vec![format!("it passed: {}", told.trim())] };
    cases.push(Case::new("written", "written: a bad object is refused", faults));
    Ok(cases)
}

fn said(command: &mut Command) -> Result<Output, String> {
    command.output().map_err(|fault| format!("cannot run {command:?}: {fault}"))
}

fn units(folder: &Path, python: &Path, root: &Path) -> Result<Vec<Case>, String> {
    let output = said(Command::new(python).arg("-B").arg(root.join("e2e/ninjs_units.py")).arg(folder))?;
    if !output.status.success() {
        return Err(format!("e2e/ninjs_units.py: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let told = String::from_utf8_lossy(&output.stdout);
    let mut cases = Vec::new();
    for (file, verdict) in told.lines().filter_map(|line| line.split_once('\t')) {
        let good = file.contains("/should_pass/");
        if !good && !file.contains("/should_fail/") {
            continue;
        }
        let mut differs = Vec::new();
        if good != (verdict == "valid") {
            differs.push(format!("by the schema it is {verdict}"));
        }
        let wire = bytes(folder, file)?;
        match catch_unwind(|| wire::read(&wire, &Hints::default())) {
            Err(_) => differs.push("reading it panics".to_owned()),
            Ok(reading) if good && reading.items.is_empty() => {
                let why: Vec<String> = reading.complaints.iter().map(ToString::to_string).collect();
                differs.push(format!("no item is read: {}", why.join(", ")));
            }
            Ok(_) => {}
        }
        cases.push(Case::new(if good { "should_pass" } else { "should_fail" }, file, differs));
    }
    Ok(cases)
}
