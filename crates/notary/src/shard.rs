//! How the shards of a log are numbered and named: by the year in which they begin.
//!
//! The first shard of a year is named after it, `2027`; what is begun in it besides, after a restore or with a new key,
//! `2027-1` and so on. The number behind a name orders them. Names without a year, `0` and `1`, are those of older logs.

/// So many shards may begin in one year.
const A_YEAR: u32 = 100;
/// The first year that a name can say.
const FIRST: u32 = 1_900;
/// The last one.
const LAST: u32 = 9_999;

/// The number of the shard that follows the last one, if there was any, in this year.
pub fn next(last: Option<u32>, year: i16) -> u32 {
    let of_year = u32::try_from(year).unwrap_or(0).clamp(FIRST, LAST) * A_YEAR;
    last.map_or(of_year, |last| of_year.max(last.saturating_add(1)))
}

/// Whether a shard began before this year.
pub fn is_over(number: u32, year: i16) -> bool {
    i64::from(number / A_YEAR) < i64::from(year)
}

/// The name of a shard: the last part of the log's name.
pub fn name(number: u32) -> String {
    match (number / A_YEAR, number % A_YEAR) {
        (year, _) if year < FIRST => number.to_string(),
        (year, 0) => year.to_string(),
        (year, nth) => format!("{year}-{nth}"),
    }
}

/// The number of the shard with this name. None if no shard is named so.
pub fn number(text: &str) -> Option<u32> {
    let (year, nth) = text.split_once('-').unwrap_or((text, "0"));
    let year: u32 = year.parse().ok()?;
    let number = match year {
        FIRST..=LAST => year * A_YEAR + nth.parse::<u32>().ok().filter(|nth| *nth < A_YEAR)?,
        older => older,
    };
    (name(number) == text).then_some(number)
}

/// The number of the shard in a log's name: `site.example/log/2027`.
pub fn of(origin: &str) -> Option<u32> {
    number(origin.rsplit_once("/log/")?.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_are_each_others() {
        let check = |text: &str, expect: Option<u32>| {
            assert_eq!(number(text), expect, "{text}");
            if let Some(number) = expect {
                assert_eq!(name(number), text);
            }
        };
        check("2026", Some(202_600));
        check("2026-1", Some(202_601));
        check("2026-99", Some(202_699));
        check("9999-99", Some(999_999));
        check("0", Some(0));
        check("17", Some(17));
        for wrong in
            ["", "2026-0", "2026-100", "2026-01", "02026", "1-1", "-1", "2026-", "190000", "+1", "2026-1-1"]
        {
            check(wrong, None);
        }
        assert_eq!((of("a.example/x/log/2026-3"), of("a.example")), (Some(202_603), None));
    }

    #[test]
    fn a_year_begins_a_shard_of_its_own_behind_all_others() {
        assert_eq!((next(None, 2026), next(Some(202_600), 2026)), (202_600, 202_601));
        assert_eq!((next(Some(202_607), 2027), next(Some(3), 2026)), (202_700, 202_600));
        assert_eq!(next(Some(203_100), 2027), 203_101, "a clock that was wrong once");
        assert!(
            is_over(202_607, 2027) && !is_over(202_700, 2027) && !is_over(203_100, 2027) && is_over(0, 2026)
        );
    }
}
