//! What an agency, a reader and an operator see of the program.
//!
//! These tests know nothing of its rooms. They write a configuration, start the built program, deliver wires through
//! its doors, and read what it answers. Each begins with a [`newsroom::Newsroom`], which looks at every live page
//! once more when it ends: a page that differs from its plain text or its hash fails the test that left it behind.

mod contracts;
mod doors;
mod due;
mod editing;
mod erasing;
mod feeds;
mod html;
mod http;
mod keeping;
mod kills;
mod lives;
mod monitors;
mod newsroom;
mod offline;
mod operator;
mod outlets;
mod proofs;
mod readers;
mod receipts;
mod reserved;
mod review;
mod routes;
mod rules;
mod sites;
mod trouble;
mod waiting;
mod wires;
mod witnesses;
mod words;
mod xml;
