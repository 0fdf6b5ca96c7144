//! What a contract asks about a month: used, versions, killed and how soon it was gone, expired, held and why. Told from
//! the journal alone, so that it can be told again at any time, and by anybody who has the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use news::{Act, AgencyId, Change, ItemKey, ItemStanding};
use serde::Serialize;
use store::{Fact, Journal as _, Store, StoreError};

/// One agency's month.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The agency.
    pub agency: String,
    /// The month (UTC): `2026-11`.
    pub month: String,
    /// Versions that arrived, redeliveries included.
    pub received: u64,
    /// Stories that became public for the first time.
    pub used: u64,
    /// Versions that became public.
    pub versions: u64,
    /// Of these, how many a person reviewed or changed.
    pub revised: u64,
    /// Stories whose licence ended while they were public.
    pub expired: u64,
    /// Versions that were held, by the first reason's code.
    pub held: BTreeMap<String, u64>,
    /// Versions that were not used, by the first reason's code.
    pub ignored: BTreeMap<String, u64>,
    /// Kills, in order.
    pub killed: Vec<Kill>,
}

/// A kill, and how soon each output was found without the item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Kill {
    /// The item.
    pub uri: String,
    /// When it fell.
    pub at: String,
    /// Why: the code of the reason.
    pub reason: String,
    /// Whether it was public before.
    pub was_public: bool,
    /// Seconds from the kill to the confirmation of each output, by `site/output`; none where it has not confirmed.
    pub gone_after: BTreeMap<String, Option<f64>>,
}

/// A month could not be told.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// It is no month.
    #[error("`{0}` is no month: write it like 2026-11")]
    Month(String),
    /// The journal could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The first instant of a month and of the next, in UTC.
fn bounds(month: &str) -> Option<(Timestamp, Timestamp)> {
    let first: Date = format!("{month}-01").parse().ok().filter(|_| month.len() == 7)?;
    let next = first.checked_add(jiff::Span::new().months(1)).ok()?;
    let at = |day: Date| TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
    Some((at(first)?, at(next)?))
}

/// Tells an agency's month.
///
/// # Errors
/// [`ReportError`] if the month cannot be understood or the journal not be read.
pub fn report(store: &Store, agency: &AgencyId, month: &str) -> Result<Report, ReportError> {
    let (from, until) = bounds(month).ok_or_else(|| ReportError::Month(month.to_owned()))?;
    let mut told = Telling {
        report: Report {
            agency: agency.to_string(),
            month: month.to_owned(),
            received: 0,
            used: 0,
            versions: 0,
            revised: 0,
            expired: 0,
            held: BTreeMap::new(),
            ignored: BTreeMap::new(),
            killed: Vec::new(),
        },
        public: BTreeSet::new(),
        live: BTreeSet::new(),
        kills: BTreeMap::new(),
    };
    store.replay(1, &mut |_, at, fact| {
        if fact.agency() == Some(agency) {
            told.tell(fact, at, at >= from && at < until);
        }
        Ok(())
    })?;
    Ok(told.report)
}

struct Telling {
    report: Report,
    /// What ever was public.
    public: BTreeSet<ItemKey>,
    live: BTreeSet<ItemKey>,
    /// The kills of the month, by their places in the report.
    kills: BTreeMap<ItemKey, usize>,
}

impl Telling {
    fn tell(&mut self, fact: &Fact, at: Timestamp, counts: bool) {
        let (key, ruling) = match fact {
            Fact::Ruled(ruled) => {
                if counts && ruled.transmission.is_some() {
                    self.report.received += 1;
                    let first = ruled.ruling.reasons.first().map_or("", |reason| reason.code).to_owned();
                    match ruled.ruling.act {
                        Act::Hold => *self.report.held.entry(first).or_default() += 1,
                        Act::Ignore => *self.report.ignored.entry(first).or_default() += 1,
                        _ => {}
                    }
                }
                self.report.revised +=
                    u64::from(counts && ruled.revision.is_some() && goes_live(&ruled.changes));
                (&ruled.key, &ruled.ruling)
            }
            Fact::Moved(moved) => (&moved.key, &moved.ruling),
            // A kill of the month counts whenever its outputs confirm it.
            Fact::Receipt { key, outlet, what, outputs, .. } if what == "kill" => {
                let kill = self.kills.get(key).and_then(|at| self.report.killed.get_mut(*at));
                let Some(kill) = kill else { return };
                let site = outlet.strip_prefix("site:").unwrap_or(outlet);
                for output in outputs {
                    let seconds = output.ok.then_some(output.after_ms as f64 / 1_000.0);
                    kill.gone_after.insert(format!("{site}/{}", output.output), seconds);
                }
                return;
            }
            _ => return,
        };
        for change in fact.changes() {
            let Change::Item(standing) = change else { continue };
            match standing {
                ItemStanding::Live(_) => {
                    self.report.used += u64::from(counts && !self.public.contains(key));
                    self.report.versions += u64::from(counts);
                    self.public.insert(key.clone());
                    self.live.insert(key.clone());
                }
                ItemStanding::Killed => {
                    self.live.remove(key);
                    let was_public = self.public.contains(key);
                    if counts {
                        self.kills.insert(key.clone(), self.report.killed.len());
                        let reason = ruling.reasons.first().map_or("", |reason| reason.code).to_owned();
                        self.report.killed.push(Kill {
                            uri: key.uri.clone(),
                            at: format!("{at:.3}"),
                            reason,
                            was_public,
                            gone_after: BTreeMap::new(),
                        });
                    } else {
                        self.kills.remove(key);
                    }
                }
                ItemStanding::Expired => {
                    self.report.expired += u64::from(self.live.remove(key) && counts);
                }
                ItemStanding::Withheld | ItemStanding::Unpublished => {
                    self.live.remove(key);
                }
            }
        }
    }
}

fn goes_live(changes: &[Change]) -> bool {
    changes.iter().any(|change| matches!(change, Change::Item(ItemStanding::Live(_))))
}

impl Report {
    /// For a person.
    pub fn text(&self) -> String {
        let mut out = format!(
            "{} in {}\n  received {:>8} versions\n  used     {:>8} stories, {} versions of them public, {} reviewed or changed by a person\n  expired  {:>8} stories\n",
            self.agency, self.month, self.received, self.used, self.versions, self.revised, self.expired
        );
        for (word, counts) in [("held", &self.held), ("not used", &self.ignored)] {
            let _ = writeln!(out, "  {word:<8} {:>8} versions", counts.values().sum::<u64>());
            for (code, count) in counts {
                let _ = writeln!(out, "           {count:>8} {code}");
            }
        }
        let _ = writeln!(out, "  killed   {:>8} stories", self.killed.len());
        for kill in &self.killed {
            let slowest =
                kill.gone_after.values().flatten().fold(0.0_f64, |most, seconds| most.max(*seconds));
            let open = kill.gone_after.values().filter(|seconds| seconds.is_none()).count();
            let gone = match (kill.was_public, kill.gone_after.is_empty(), open) {
                (false, ..) => "was never public".to_owned(),
                (_, true, _) => "not confirmed".to_owned(),
                (.., 0) => format!("gone from {} outputs within {slowest:.3} s", kill.gone_after.len()),
                (.., open) => format!("{open} of {} outputs have not confirmed", kill.gone_after.len()),
            };
            let uri: String = kill.uri.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = writeln!(out, "    {} {uri} ({}): {gone}", kill.at, kill.reason);
        }
        out
    }

    /// For a spreadsheet: one line of `what,which,when,count,seconds` for each figure (RFC 4180).
    pub fn csv(&self) -> String {
        let mut out = String::from("what,which,when,count,seconds\r\n");
        let mut line = |cells: [&str; 5]| {
            let cells = cells.map(|cell| match cell.contains(['"', ',', '\r', '\n']) {
                true => format!("\"{}\"", cell.replace('"', "\"\"")), // not copy: an identifier
                false => cell.to_owned(),
            });
            let _ = write!(out, "{}\r\n", cells.join(","));
        };
        for (what, count) in [
            ("received", self.received),
            ("used", self.used),
            ("versions", self.versions),
            ("revised", self.revised),
            ("expired", self.expired),
        ] {
            line([what, "", &self.month, &count.to_string(), ""]);
        }
        for (what, counts) in [("held", &self.held), ("not-used", &self.ignored)] {
            for (code, count) in counts {
                line([what, code, &self.month, &count.to_string(), ""]);
            }
        }
        for kill in &self.killed {
            line(["killed", &kill.uri, &kill.at, "1", ""]);
            for (output, seconds) in &kill.gone_after {
                let seconds = seconds.map_or_else(String::new, |seconds| format!("{seconds:.3}"));
                line([&format!("gone:{output}"), &kill.uri, &kill.at, "", &seconds]);
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_next_begins() {
        let told = |month: &str| bounds(month).map(|(from, until)| format!("{from} {until}"));
        assert_eq!(told("2026-12").as_deref(), Some("2026-12-01T00:00:00Z 2027-01-01T00:00:00Z"));
        assert_eq!(told("2028-02").as_deref(), Some("2028-02-01T00:00:00Z 2028-03-01T00:00:00Z"));
        for wrong in ["2026", "2026-13", "2026-1", "november", "2026-01-01"] {
            assert_eq!(told(wrong), None, "{wrong}");
        }
    }
}
