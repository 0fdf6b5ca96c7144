//! The write-ahead file is looked through before SQLite opens it.
//!
//! SQLite takes the first frame that does not fit its checksum for the end, because that is how a crash leaves the
//! last transaction. A bit that turned over in the middle looks the same, and everything behind it would be dropped
//! without a word, though it was synced and acknowledged. The two can be told apart: a transaction is synced before
//! the next one writes, so a crash can only tear the last.
//!
//! The format: <https://sqlite.org/fileformat2.html#the_write_ahead_log>.

use std::path::Path;
use std::time::Duration;

use super::FILE;
use crate::StoreError;

const HEAD: usize = 32;
const FRAME_HEAD: usize = 24;
/// Its last bit says in which byte order the checksums add up.
const MAGIC: u32 = 0x377f_0682;
/// How often a file is looked at that somebody may be writing, and how long after each look.
const LOOKS: u32 = 4;
const PAUSE: Duration = Duration::from_millis(50);

/// Looks through the write-ahead file of the database in `dir`.
///
/// # Errors
/// [`StoreError::Damaged`] if a transaction in it that was followed by another cannot be read.
pub(super) fn check(dir: &Path) -> Result<(), StoreError> {
    let path = dir.join(format!("{FILE}-wal"));
    let mut last = Ok(());
    for _ in 0..LOOKS {
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(StoreError::from(error).while_doing("reading the write-ahead file")),
        };
        last = look(&bytes).map_err(|why| StoreError::damaged(path.display().to_string(), why));
        if last.is_ok() {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    last
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).map_or(0, |four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]))
}

/// Adds eight bytes at a time to a checksum.
fn add(mut sum: (u32, u32), bytes: &[u8], big_endian: bool) -> (u32, u32) {
    let word = |four: &[u8]| match *four {
        [a, b, c, d] if big_endian => u32::from_be_bytes([a, b, c, d]),
        [a, b, c, d] => u32::from_le_bytes([a, b, c, d]),
        _ => 0,
    };
    for eight in bytes.chunks_exact(8) {
        sum.0 = sum.0.wrapping_add(word(&eight[..4])).wrapping_add(sum.1);
        sum.1 = sum.1.wrapping_add(word(&eight[4..])).wrapping_add(sum.0);
    }
    sum
}

fn look(bytes: &[u8]) -> Result<(), String> {
    let Some(head) = bytes.get(..HEAD) else { return Ok(()) };
    // Made longer, but never written.
    if head.iter().all(|byte| *byte == 0) {
        return Ok(());
    }
    let big_endian = number(head, 0) & 1 == 1;
    let mut sum = add((0, 0), &head[..24], big_endian);
    let page = number(head, 8) as usize;
    if number(head, 0) & !1 != MAGIC || sum != (number(head, 24), number(head, 28)) || page < 512 {
        return Err("its head cannot be read".to_owned());
    }
    let ours = |frame: &[u8]| frame[8..16] == head[16..24];
    let commits = |frame: &[u8]| number(frame, 4) != 0;
    let mut frames = (1u32..).zip(bytes[HEAD..].chunks_exact(FRAME_HEAD + page));
    let broken = frames.by_ref().find(|(_, frame)| {
        sum = add(add(sum, &frame[..8], big_endian), &frame[FRAME_HEAD..], big_endian);
        !ours(frame) || sum != (number(frame, 16), number(frame, 20))
    });
    let Some((place, broken)) = broken else { return Ok(()) };
    // Frames that an earlier use of the file left bear other salts.
    let mut ended = ours(broken) && commits(broken);
    for (_, frame) in frames.filter(|(_, frame)| ours(frame)) {
        if ended {
            return Err(format!("frame {place} cannot be read, and what stands behind it was written later"));
        }
        ended = commits(frame);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A write-ahead file with three transactions of several frames, as SQLite writes it.
    fn written() -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let db = rusqlite::Connection::open(dir.path().join(FILE)).unwrap();
        db.execute_batch("PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; CREATE TABLE t (b BLOB)")
            .unwrap();
        for n in 1..=3 {
            db.execute("INSERT INTO t VALUES (?1)", [vec![n; 3_000]]).unwrap();
        }
        std::fs::read(dir.path().join(format!("{FILE}-wal"))).unwrap()
    }

    const FRAME: usize = FRAME_HEAD + 1024;

    #[test]
    fn what_sqlite_wrote_is_whole_wherever_it_ends() {
        let bytes = written();
        assert!(bytes.len() > HEAD + 9 * FRAME);
        for length in (0..=bytes.len()).step_by(61) {
            assert_eq!(look(&bytes[..length]), Ok(()), "{length} bytes");
        }
        assert_eq!(look(&[0; 4_096]), Ok(()));
    }

    #[test]
    fn a_bit_that_turns_over_before_the_last_transaction_is_found() {
        let bytes = written();
        let frames: Vec<&[u8]> = bytes[HEAD..].chunks_exact(FRAME).collect();
        let ends: Vec<usize> =
            frames.iter().enumerate().filter(|(_, frame)| number(frame, 4) != 0).map(|(n, _)| n).collect();
        let last = HEAD + (ends[ends.len() - 2] + 1) * FRAME;
        let end_of_the_one_before = last - FRAME;
        for bit in (0..last * 8).step_by(37) {
            // In this one place a flip makes the last but one transaction look like a part of the last.
            if (end_of_the_one_before + 4..end_of_the_one_before + 16).contains(&(bit / 8)) {
                continue;
            }
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(look(&bad).is_err(), "byte {}", bit / 8);
        }
    }

    #[test]
    fn a_torn_last_transaction_is_no_damage() {
        let bytes = written();
        let frames = (bytes.len() - HEAD) / FRAME;
        let ends: Vec<usize> = bytes[HEAD..]
            .chunks_exact(FRAME)
            .enumerate()
            .filter(|(_, frame)| number(frame, 4) != 0)
            .map(|(n, _)| n)
            .collect();
        let first = ends[ends.len() - 2] + 1;
        for lost in first..frames {
            let mut torn = bytes.clone();
            torn[HEAD + lost * FRAME..HEAD + (lost + 1) * FRAME].fill(0);
            assert_eq!(look(&torn), Ok(()), "frame {lost}");
        }
    }
}
