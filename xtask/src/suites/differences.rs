//! The table of differences that stay: suite, file, who is right, why.

/// The table, read.
pub(super) struct Differences {
    lines: Vec<Line>,
}

struct Line {
    suite: String,
    /// A file, or several, with `*` for what differs in their names.
    file: String,
    who: String,
    why: String,
}

/// Whoever may be right.
const WHO: [&str; 4] = ["verbatim", "suite", "both", "neither"];

impl Differences {
    /// Reads lines of four columns parted by TAB; `#` begins a remark.
    pub(super) fn read(table: &str) -> Result<Self, String> {
        let mut lines = Vec::new();
        for (number, line) in (1..).zip(table.lines()) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let columns: Vec<&str> = line.split('\t').collect();
            let [suite, file, who, why] = columns[..] else {
                return Err(format!(
                    "differences.tsv:{number}: four columns are wanted: suite, file, who is right, why"
                ));
            };
            if !WHO.contains(&who) || why.is_empty() {
                return Err(format!(
                    "differences.tsv:{number}: `{who}` is none of {}, or it does not say why",
                    WHO.join(", ")
                ));
            }
            let [suite, file, who, why] = [suite, file, who, why].map(str::to_owned);
            lines.push(Line { suite, file, who, why });
        }
        Ok(Self { lines })
    }

    /// Whether a line says that we are right about a file, or that both are.
    pub(super) fn settled(&self, suite: &str, file: &str) -> bool {
        self.line(suite, file).is_some_and(|line| line.who == "verbatim" || line.who == "both")
    }

    /// Who is right about a file, and why.
    pub(super) fn of(&self, suite: &str, file: &str) -> Option<String> {
        self.line(suite, file).map(|line| format!("right: {}. {}", line.who, line.why))
    }

    fn line(&self, suite: &str, file: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.suite == suite && fits(&line.file, file))
    }
}

/// A star stands for anything.
fn fits(pattern: &str, file: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|start| file.strip_prefix(start)) else { return false };
    let mut last = None;
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
        last = Some(part);
    }
    rest.is_empty() || last == Some("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_who_is_right_and_why() {
        let table = Differences::read("# remark\n\na\tx/*\tverbatim\tbecause\na\ty.xml\tsuite\tas it is\n");
        let table = table.expect("two lines");
        for (suite, file, expect) in [
            ("a", "x/1.xml", Some("right: verbatim. because")),
            ("a", "y.xml", Some("right: suite. as it is")),
            ("a", "y.xml2", None),
            ("b", "x/1.xml", None),
        ] {
            assert_eq!(table.of(suite, file).as_deref(), expect, "{suite} {file}");
        }
    }

    #[test]
    fn a_line_that_says_too_little_is_refused() {
        for table in ["a\tb\tverbatim", "a\tb\tnobody\twhy", "a\tb\tverbatim\t"] {
            assert!(Differences::read(table).is_err(), "{table}");
        }
    }
}
