//! The one script of a story's page: it compares the page with the site's public log, in the reader's browser.

use std::sync::LazyLock;

use news::Digest;

/// The check itself, in plain JavaScript with WebCrypto: `check(address, key, document)`. `/verify` has the same.
pub const CHECK: &str = include_str!("../assets/check.js");

/// The script of the badge.
#[derive(Clone, Debug)]
pub struct Badge {
    /// Its path on every site; another script has another path, so caches may keep it for ever.
    pub path: String,
    /// The script.
    pub text: String,
}

/// The badge of this version of the program.
pub static BADGE: LazyLock<Badge> = LazyLock::new(|| {
    let text = [CHECK, include_str!("../assets/badge.js")].concat();
    let digest = Digest::of(text.as_bytes()).to_string();
    Badge { path: format!("/badge-{}.js", &digest[..16]), text }
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_badge_is_small_asks_nobody_else_and_writes_no_markup() {
        let script = &BADGE.text;
        assert!(script.len() <= 4_096, "{} bytes", script.len());
        for word in [
            "http:",
            "https:",
            "//",
            "innerHTML",
            "eval(",
            "Function(",
            "import(",
            "document.write",
            "cookie",
        ] {
            assert!(!script.contains(word), "{word}");
        }
    }
}
