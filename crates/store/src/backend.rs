//! Where a store keeps what it keeps.

pub(crate) mod sqlite;
