//! A newsroom of one site and one feed, for tests that drive it by hand.

use std::path::Path;

use newsroom::config;
use newsroom::rehearsal::{HandClock, Rehearsal};

const CONFIG: &str = r#"
[site]
name = "The Daily Example"
url = "https://daily.example"
listen = "127.0.0.1:8080"
[desk]
listen = "127.0.0.1:8081"
[store]
path = "data"
[[agency]]
id = "agx"
name = "Agency Example"
label = "Disclaimer: not reviewed by an editor"
[[feed]]
id = "world"
agency = "agx"
push = true
safety = "off"
"#;

/// Opens what is in a folder, as a start does.
pub(crate) fn open(folder: &Path, clock: &HandClock) -> Rehearsal {
    let config = config::parse(CONFIG, &folder.join("verbatim.toml")).expect("a good configuration");
    Rehearsal::open(config, clock).expect("the store opens")
}

/// The desk works until it rests.
pub(crate) fn settle(room: &mut Rehearsal) {
    while room.turn().expect("it works") {}
}
