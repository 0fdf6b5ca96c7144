//! Fills a store with live items, in no time worth speaking of: `fill DIR COUNT`. For measuring what a large store
//! costs at the start and in memory; the words are short, because neither depends on their length.

use std::error::Error;
use std::path::Path;

use store::contract::{key, live};
use store::{Access, Journal as _, Store};

/// Items in one transaction.
const BATCH: u64 = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [dir, count] = words.as_slice() else { return Err("usage: fill DIR COUNT".into()) };
    let count: u64 = count.parse()?;
    let store = Store::open(Path::new(dir), Access::Write)?;
    for from in (0..count).step_by(usize::try_from(BATCH)?) {
        let entries = (from..count.min(from + BATCH)).map(|n| {
            let headline = format!("Ferry {n} leaves at noon");
            let text = format!("EXAMPLETON (AGX) – Ferry number {n} leaves pier {} at noon.", n % 90);
            live(i64::try_from(n).unwrap_or(0), 1, &key(&n.to_string()), &headline, &text)
        });
        store.record(entries.collect())?;
    }
    Ok(())
}
