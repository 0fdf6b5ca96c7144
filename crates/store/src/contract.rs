//! One suite that any backend can be held to.
