//! Rome's inputs: its assertions are code in another language, so they are read only to see that nothing breaks and
//! that whatever gives no item says why.

use std::path::Path;

use news::Gravity;
use wire::Hints;

use super::Case;

pub(super) fn run(folder: &Path) -> Result<Vec<Case>, String> {
    let mut cases = Vec::new();
    for file in super::files(folder, &[".xml", ".rss", ".atom", ".json"])? {
        let bytes = super::bytes(folder, &file)?;
        let read = std::panic::catch_unwind(|| wire::read(&bytes, &Hints::default()));
        let differs = match read {
            Err(_) => vec!["reading it panics".to_owned()],
            Ok(reading)
                if reading.items.is_empty()
                    && !reading.complaints.iter().any(|complaint| complaint.gravity == Gravity::Lost) =>
            {
                vec!["nothing came of it, and nothing says so".to_owned()]
            }
            Ok(_) => Vec::new(),
        };
        let group = file.split('/').next().unwrap_or_default().to_owned();
        cases.push(Case::new(group, file, differs));
    }
    Ok(cases)
}
