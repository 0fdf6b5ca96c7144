//! The table of codes.

use std::collections::BTreeSet;

use crate::code;

#[test]
fn every_code_reads_back_and_none_stands_twice() {
    assert_eq!(code::ALL.iter().collect::<BTreeSet<_>>().len(), code::ALL.len());
    assert!(code::ALL.iter().all(|word| code::from_word(word) == Some(*word)));
    assert_eq!(code::from_word("nonsense"), None);
}
