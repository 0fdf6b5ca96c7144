//! Whatever comes in whatever order, some things never happen.
