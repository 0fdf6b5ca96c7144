//! `cargo xtask bench`: how fast it is, beside what people use today.
//!
//! Each part measures one thing and peers in the same run, in turns, so that a busy machine is busy for all of them.
//! CPU time and ratios are the firm figures; wall time is an upper bound wherever something else was running. With
//! `--write` a part puts its table into COMPARE.md, between its two marks.

mod flow;
mod machine;
mod parts;
mod publishing;
mod reading;
pub(crate) mod replay;
mod report;
mod serving;
mod standing;
mod tools;
mod wires;

use std::path::{Path, PathBuf};

use report::Report;
use tools::Tools;

/// What can be measured.
const PARTS: [&str; 6] = ["parts", "reading", "flow", "serving", "standing", "publishing"];

/// What somebody wants measured.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wish {
    parts: Vec<String>,
    /// Another build of the program than the one made here.
    program: Option<PathBuf>,
    /// Into COMPARE.md.
    write: bool,
    /// Shorter runs, for somebody who changes something and looks.
    quick: bool,
}

impl Wish {
    /// Reads the words behind `bench`; nothing if one is not understood.
    pub(crate) fn of(words: &[&str]) -> Option<Self> {
        let mut wish = Self::default();
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--write" => wish.write = true,
                "--quick" => wish.quick = true,
                "--bin" => wish.program = Some(words.next()?.into()),
                part if PARTS.contains(&part) => wish.parts.push(part.to_owned()),
                _ => return None,
            }
        }
        Some(wish)
    }

    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

/// What every part is given.
#[derive(Debug)]
struct Bench<'b> {
    root: &'b Path,
    tools: &'b Tools,
    quick: bool,
    program: Option<&'b Path>,
}

impl Bench<'_> {
    /// Where cargo puts what it builds for release.
    fn built(&self, name: &str) -> Result<PathBuf, String> {
        Ok(crate::tidy::target_folder(self.root)?.join("release").join(name))
    }

    /// The release build of the program.
    fn program(&self) -> Result<PathBuf, String> {
        if let Some(program) = self.program {
            return std::fs::canonicalize(program)
                .map_err(|fault| format!("looking for {}: {fault}", program.display()));
        }
        let mut cargo = crate::cargo();
        cargo.current_dir(self.root).args(["build", "--quiet", "--release", "--package", "verbatim"]);
        tools::run(&mut cargo)?;
        self.built("verbatim")
    }
}

pub(crate) fn run(root: &Path, wish: &Wish) -> Result<(), String> {
    let tools = Tools::new(root)?;
    let bench = Bench { root, tools: &tools, quick: wish.quick, program: wish.program.as_deref() };
    let mut report = Report::new(root, wish.write);
    let mut write = |part: &str, table: String| {
        // A shorter run says so.
        let asked = format!("`cargo xtask bench {part}");
        report
            .part(part, &if wish.quick { table.replace(&asked, &format!("{asked} --quick")) } else { table })
    };
    if wish.wants("parts") {
        write("parts", parts::run(&bench)?)?;
    }
    if wish.wants("reading") {
        write("reading", reading::run(&bench)?)?;
    }
    if wish.wants("flow") {
        write("flow", flow::run(&bench)?)?;
    }
    if wish.wants("serving") {
        write("serving", serving::run(&bench)?)?;
    }
    if wish.wants("standing") {
        write("standing", standing::run(&bench)?)?;
    }
    if wish.wants("publishing") {
        write("publishing", publishing::run(&bench)?)?;
    }
    for skipped in tools.skipped() {
        eprintln!("!! SKIPPED: {skipped}");
    }
    Ok(())
}

/// The middle of some figures.
fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    quantile(figures, 0.5)
}

/// The figure that this share of them does not exceed; 0 of none.
fn quantile(figures: impl IntoIterator<Item = f64>, share: f64) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    let place = (figures.len() as f64 * share).ceil() as usize;
    figures.get(place.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_understood_or_refused() {
        assert_eq!(Wish::of(&[]), Some(Wish::default()));
        let wish = Wish::of(&["reading", "--quick", "--bin", "a/verbatim"]).expect("words");
        assert!(wish.quick && wish.wants("reading") && !wish.wants("flow"));
        assert_eq!(wish.program, Some("a/verbatim".into()));
        assert_eq!(Wish::of(&["--bin"]), None);
        assert_eq!(Wish::of(&["cooking"]), None);
    }

    #[test]
    fn the_middle_is_a_figure_that_was_measured() {
        assert!((median([3.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((quantile((1..=100).map(f64::from), 0.99) - 99.0).abs() < f64::EPSILON);
        assert!(median([]).abs() < f64::EPSILON);
    }
}
