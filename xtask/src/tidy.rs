//! The rules of the house, as code. Each fault names its remedy.
//!
//! The rules about sources are in [`sources`], those about the workspace (who may know whom, the map, licences, the
//! list of dependencies) in [`workspace`].

use std::fmt;
use std::path::{Path, PathBuf};

mod sources;
mod workspace;

/// Something that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Fault {
    /// The file, with the line where there is one.
    place: String,
    /// What is wrong and what to do instead.
    what: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

pub(crate) fn run(root: &Path) -> Result<(), String> {
    let mut faults = Vec::new();
    for path in files(root, root)? {
        let Ok(text) = std::fs::read_to_string(root.join(&path)) else { continue };
        faults.extend(sources::scan(&path, &text));
    }
    faults.extend(workspace::check(root)?);
    if faults.is_empty() {
        return Ok(());
    }
    let lines: Vec<String> = faults.iter().map(Fault::to_string).collect();
    Err(format!("{}\ntidy: {} rules are broken", lines.join("\n"), lines.len()))
}

/// Where cargo builds.
pub(crate) fn target_folder(root: &Path) -> Result<PathBuf, String> {
    let metadata = workspace::metadata(root, &["--no-deps"])?;
    let folder = metadata["target_directory"].as_str().ok_or("cargo metadata names no target folder")?;
    Ok(PathBuf::from(folder))
}

/// Every file of ours whose words are ours to keep tidy, by its path from the root with `/` between its parts.
fn files(root: &Path, folder: &Path) -> Result<Vec<String>, String> {
    let failed = |fault: std::io::Error| format!("cannot list {}: {fault}", folder.display());
    let mut out = Vec::new();
    for file in std::fs::read_dir(folder).map_err(failed)? {
        let file = file.map_err(failed)?;
        let (path, name) = (file.path(), file.file_name());
        let name = name.to_string_lossy();
        let kind = file.file_type().map_err(failed)?;
        if kind.is_dir() {
            if !["target", ".git", "data", "node_modules"].contains(&name.as_ref()) {
                out.extend(files(root, &path)?);
            }
        } else if kind.is_file() && name != "Cargo.lock" && name != ".git" {
            let path = path.strip_prefix(root).unwrap_or(&path);
            out.push(
                path.components()
                    .map(|part| part.as_os_str().to_string_lossy())
                    .collect::<Vec<_>>()
                    .join("/"),
            );
        }
    }
    out.sort();
    Ok(out)
}
