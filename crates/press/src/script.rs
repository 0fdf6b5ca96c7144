//! Which script a language is written in: its direction, and how a theme should set it.

/// How a language is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Script {
    /// `ltr`, `rtl`, or `auto` where the language is not known.
    pub(crate) direction: &'static str,
    /// The class that a theme's style sheet chooses fonts and line height by.
    pub(crate) class: &'static str,
}

/// The script of a language tag (BCP 47, RFC 5646 §2.2.3): the script subtag if there is one, otherwise the script
/// that the language is usually written in.
pub(crate) fn script_of(language: Option<&str>) -> Script {
    let Some(tag) = language.filter(|tag| !tag.is_empty()) else {
        return Script { direction: "auto", class: "s-any" };
    };
    let mut subtags = tag.split('-');
    let primary = subtags.next().unwrap_or_default().to_ascii_lowercase();
    let named = subtags.find(|subtag| subtag.len() == 4 && subtag.bytes().all(|b| b.is_ascii_alphabetic()));
    let script = match named {
        Some(named) => named.to_ascii_lowercase(),
        None => usual_script(&primary).to_owned(),
    };
    let (direction, class) = match script.as_str() {
        "aran" => ("rtl", "s-nastaliq"),
        "arab" if matches!(primary.as_str(), "ur" | "ks" | "pnb") => ("rtl", "s-nastaliq"),
        "arab" => ("rtl", "s-arab"),
        "hebr" => ("rtl", "s-hebr"),
        "thaa" | "syrc" | "nkoo" | "adlm" | "rohg" | "mand" | "samr" => ("rtl", "s-any"),
        "deva" | "beng" | "gujr" | "guru" | "taml" | "telu" | "knda" | "mlym" | "orya" | "sinh" => {
            ("ltr", "s-indic")
        }
        "thai" | "laoo" | "khmr" | "mymr" | "tibt" => ("ltr", "s-tall"),
        "hans" | "hant" | "jpan" | "kore" => ("ltr", "s-cjk"),
        _ => ("ltr", "s-latn"),
    };
    Script { direction, class }
}

fn usual_script(primary: &str) -> &'static str {
    match primary {
        "ar" | "fa" | "ps" | "sd" | "ug" | "ckb" | "ur" | "ks" | "pnb" | "prs" | "arz" | "azb" => "arab",
        "he" | "iw" | "yi" | "ji" => "hebr",
        "dv" => "thaa",
        "syr" | "arc" | "aii" => "syrc",
        "nqo" => "nkoo",
        "hi" | "mr" | "ne" | "sa" | "kok" | "mai" | "bho" | "doi" | "brx" | "awa" | "raj" => "deva",
        "bn" | "as" | "mni" => "beng",
        "gu" => "gujr",
        "pa" => "guru",
        "ta" => "taml",
        "te" => "telu",
        "kn" => "knda",
        "ml" => "mlym",
        "or" => "orya",
        "si" => "sinh",
        "th" => "thai",
        "lo" => "laoo",
        "km" => "khmr",
        "my" => "mymr",
        "bo" | "dz" => "tibt",
        "zh" | "yue" | "cmn" => "hans",
        "ja" => "jpan",
        "ko" => "kore",
        _ => "latn",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn direction_follows_the_script() {
        for (tag, direction, class) in [
            ("en", "ltr", "s-latn"),
            ("hi-IN", "ltr", "s-indic"),
            ("ur", "rtl", "s-nastaliq"),
            ("UR-pk", "rtl", "s-nastaliq"),
            ("ar-EG", "rtl", "s-arab"),
            ("fa", "rtl", "s-arab"),
            ("ug", "rtl", "s-arab"),
            ("ug-Latn", "ltr", "s-latn"),
            ("pa-Arab-PK", "rtl", "s-arab"),
            ("ks-Deva", "ltr", "s-indic"),
            ("he", "rtl", "s-hebr"),
            ("yi", "rtl", "s-hebr"),
            ("dv", "rtl", "s-any"),
            ("zh-Hant-TW", "ltr", "s-cjk"),
            ("", "auto", "s-any"),
        ] {
            assert_eq!(script_of(Some(tag)), Script { direction, class }, "{tag}");
        }
        assert_eq!(script_of(None).direction, "auto");
    }
}
