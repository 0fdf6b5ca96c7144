//! COMPARE.md: each part's table stands between two marks, and only what stands between them is written anew.

use std::path::{Path, PathBuf};

/// Where the tables go.
#[derive(Debug)]
pub(super) struct Report {
    file: PathBuf,
    write: bool,
}

impl Report {
    /// Tables are shown, and with `write` put into COMPARE.md as well.
    pub(super) fn new(root: &Path, write: bool) -> Self {
        Self { file: root.join("COMPARE.md"), write }
    }

    /// A part is done.
    pub(super) fn part(&mut self, name: &str, table: &str) -> Result<(), String> {
        println!("\n{table}");
        if !self.write {
            return Ok(());
        }
        let file = self.file.display();
        let text = std::fs::read_to_string(&self.file).map_err(|fault| format!("reading {file}: {fault}"))?;
        let text = replaced(&text, name, table)
            .ok_or(format!("{file} has no place for `{name}`: put its two marks where it belongs"))?;
        std::fs::write(&self.file, text).map_err(|fault| format!("writing {file}: {fault}"))
    }
}

/// The text with what stands between the marks of `name` replaced.
fn replaced(text: &str, name: &str, table: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- bench {name} -->\n"), format!("<!-- bench {name} ends -->"));
    let from = text.find(&begin)? + begin.len();
    let to = from + text[from..].find(&end)?;
    Some(format!("{}\n{}\n\n{}", &text[..from], table.trim(), &text[to..]))
}

/// A table, its columns as wide as they need to be.
#[derive(Debug)]
pub(super) struct Table(Vec<Vec<String>>);

impl Table {
    /// A table with these headings.
    pub(super) fn new<const N: usize>(heads: [&str; N]) -> Self {
        Self(vec![heads.map(str::to_owned).to_vec()])
    }

    /// One more row.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.0.push(cells.to_vec());
    }
}

impl std::fmt::Display for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (n, row) in self.0.iter().enumerate() {
            writeln!(f, "| {} |", row.join(" | "))?;
            if n == 0 {
                writeln!(f, "|{}", "---|".repeat(row.len()))?;
            }
        }
        Ok(())
    }
}

/// A number with its thousands parted.
pub(super) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let text = "a\n<!-- bench x -->\nold\n<!-- bench x ends -->\nb\n";
        let expect = "a\n<!-- bench x -->\n\nnew\n\n<!-- bench x ends -->\nb\n";
        assert_eq!(replaced(text, "x", "new\n").as_deref(), Some(expect));
        assert_eq!(replaced(expect, "x", "new").as_deref(), Some(expect));
        assert_eq!(replaced(text, "y", "new"), None);
    }

    #[test]
    fn thousands_are_parted() {
        assert_eq!(
            [0.4, 999.0, 1_000.0, 1_234_567.0].map(thousands),
            ["0", "999", "1,000", "1,234,567"].map(String::from)
        );
    }
}
