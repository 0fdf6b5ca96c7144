//! Which script a letter is of, and which languages own a word: enough to tell that a German text stands on an
//! English feed, and nothing finer.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use super::profile::word_hash;

macro_rules! scripts {
    ($($name:ident: $($from:literal..=$to:literal),+;)*) => {
        /// A script, as far as it matters here.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Script { $($name,)* Other }

        impl Script {
            /// How many there are.
            pub(super) const COUNT: usize = Script::Other as usize + 1;
        }

        /// The script of a letter.
        pub(super) fn script_of(c: char) -> Script {
            match c {
                $($($from..=$to)|+ => Script::$name,)*
                _ => Script::Other,
            }
        }
    };
}

scripts! {
    Latin: 'A'..='Z', 'a'..='z', '\u{aa}'..='\u{24f}', '\u{1e00}'..='\u{1eff}';
    Greek: '\u{370}'..='\u{3ff}', '\u{1f00}'..='\u{1fff}';
    Cyrillic: '\u{400}'..='\u{52f}';
    Armenian: '\u{530}'..='\u{58f}';
    Hebrew: '\u{590}'..='\u{5ff}';
    Arabic: '\u{600}'..='\u{6ff}', '\u{750}'..='\u{77f}', '\u{8a0}'..='\u{8ff}', '\u{fb50}'..='\u{fdff}', '\u{fe70}'..='\u{feff}';
    Devanagari: '\u{900}'..='\u{97f}';
    Bengali: '\u{980}'..='\u{9ff}';
    Gurmukhi: '\u{a00}'..='\u{a7f}';
    Gujarati: '\u{a80}'..='\u{aff}';
    Odia: '\u{b00}'..='\u{b7f}';
    Tamil: '\u{b80}'..='\u{bff}';
    Telugu: '\u{c00}'..='\u{c7f}';
    Kannada: '\u{c80}'..='\u{cff}';
    Malayalam: '\u{d00}'..='\u{d7f}';
    Sinhala: '\u{d80}'..='\u{dff}';
    Thai: '\u{e00}'..='\u{e7f}';
    Lao: '\u{e80}'..='\u{eff}';
    Tibetan: '\u{f00}'..='\u{fff}';
    Burmese: '\u{1000}'..='\u{109f}';
    Georgian: '\u{10a0}'..='\u{10ff}';
    Ethiopic: '\u{1200}'..='\u{137f}';
    Khmer: '\u{1780}'..='\u{17ff}';
    Kana: '\u{3040}'..='\u{30ff}';
    Hangul: '\u{1100}'..='\u{11ff}', '\u{ac00}'..='\u{d7af}';
    Han: '\u{3400}'..='\u{4dbf}', '\u{4e00}'..='\u{9fff}', '\u{f900}'..='\u{faff}', '\u{20000}'..='\u{2fa1f}';
}

/// The scripts that a language is written in; empty where we do not know, and nothing is said then.
pub(super) fn scripts_for(language: &str) -> &'static [Script] {
    use Script::*;
    match primary(language).as_str() {
        "af" | "az" | "ca" | "cs" | "cy" | "da" | "de" | "en" | "es" | "et" | "eu" | "fi" | "fr" | "ga"
        | "gl" | "hr" | "hu" | "id" | "is" | "it" | "lt" | "lv" | "ms" | "nb" | "nl" | "nn" | "no" | "pl"
        | "pt" | "ro" | "sk" | "sl" | "so" | "sq" | "sv" | "sw" | "tl" | "tr" | "vi" => &[Latin],
        "be" | "bg" | "kk" | "ky" | "mk" | "mn" | "ru" | "tg" | "uk" => &[Cyrillic],
        "sr" | "bs" | "uz" => &[Latin, Cyrillic],
        "el" => &[Greek],
        "he" | "yi" => &[Hebrew],
        "ar" | "fa" | "ps" | "ur" | "ckb" => &[Arabic],
        "hi" | "mr" | "ne" | "sa" | "mai" | "bho" | "doi" | "kok" => &[Devanagari],
        "bn" | "as" => &[Bengali],
        "gu" => &[Gujarati],
        "or" => &[Odia],
        "ta" => &[Tamil],
        "te" => &[Telugu],
        "kn" => &[Kannada],
        "ml" => &[Malayalam],
        "si" => &[Sinhala],
        "th" => &[Thai],
        "lo" => &[Lao],
        "my" => &[Burmese],
        "km" => &[Khmer],
        "ka" => &[Georgian],
        "hy" => &[Armenian],
        "am" | "ti" => &[Ethiopic],
        "ko" => &[Hangul, Han],
        "ja" => &[Kana, Han],
        "zh" | "yue" => &[Han],
        _ => &[],
    }
}

/// The first part of a language tag, in small letters.
fn primary(language: &str) -> String {
    language.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase()
}

/// The languages whose small words are known.
pub(super) struct Tongues;

impl Tongues {
    /// How many there are.
    pub(super) const COUNT: usize = WORDS.len();

    /// The place of a language among them.
    pub(super) fn place(language: &str) -> Option<usize> {
        let language = match primary(language).as_str() {
            "nb" | "nn" => "no".to_owned(),
            other => other.to_owned(),
        };
        WORDS.iter().position(|(tongue, _)| *tongue == language)
    }

    /// The language at this place.
    pub(super) fn name(place: usize) -> &'static str {
        WORDS.get(place).map_or("", |(tongue, _)| tongue)
    }
}

/// The small words of each language: those that no text of some length does without.
const WORDS: &[(&str, &str)] = &[
    (
        "en",
        "the of and to in that for is was on with as by he at it from his are be has have had were an this which said would their will not but they",
    ),
    (
        "de",
        "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man",
    ),
    (
        "fr",
        "de la le et les des en un du une que est dans qui par pour au sur pas plus ne se avec il sont ce aux son cette été à mais ont ses elle leur selon après être l'on d'une",
    ),
    (
        "es",
        "de la que el en y los se del las un por con una su para es al lo como más pero sus le ha me si sin sobre este ya entre cuando ser son fue había era",
    ),
    (
        "it",
        "di e il la che in a per un è del non le con una dei si da al della sono i nel alla più come anche ha lo gli ma delle dal ed suo stato hanno",
    ),
    (
        "pt",
        "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito nos já está também pelo pela",
    ),
    (
        "nl",
        "de van het een en in is dat op te zijn met voor niet aan er die ook als bij maar om uit door over nog naar heeft hij ze werd wordt tot deze kan meer",
    ),
    (
        "sv",
        "och i att det som en på är av för med till den har de inte om ett han men var sig så från vi kan när år under också efter eller nu sin där vid mot ska",
    ),
    (
        "da",
        "og i at det er en til på som med af for den der de har ikke et han om var men sig fra vi kan blev også efter være ved nu skal havde eller",
    ),
    (
        "no",
        "og i det er på som en til av for med at den har ikke de et han om var men seg fra vi kan ble også etter være ved nå skal eller hun hadde",
    ),
    (
        "fi",
        "ja on ei se että oli hän mutta ovat tai kun niin myös ole joka kuin mukaan sen hänen vuoden olisi jo sekä voi jos vielä",
    ),
    (
        "pl",
        "w i na z się do nie że to jest o za od po jak dla przez który oraz są był jego tym być ale ich czy tego może które",
    ),
    (
        "cs",
        "a v se na že je o s z do i to k ve pro za by ale si po jako podle od jsou které který jeho nebo být ze bude",
    ),
    (
        "hu",
        "a az és hogy nem is egy meg ez volt de csak már azt mint még el ha vagy kell szerint után magyar lesz között",
    ),
    (
        "ro",
        "de și în a la cu pe că nu din pentru o mai este care au un fost sunt prin fi ce după sau dar către",
    ),
    (
        "tr",
        "ve bir bu da de için ile olarak çok daha ne olan gibi kadar sonra ise en dedi oldu olduğunu var yeni",
    ),
    (
        "id",
        "yang dan di ini itu dengan untuk dari dalam tidak akan pada juga ke karena ada oleh mereka telah sebagai bisa kata",
    ),
];

/// Hashes are spread already.
#[derive(Default)]
struct Asis(u64);

impl Hasher for Asis {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }
    fn write_u64(&mut self, n: u64) {
        self.0 = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

static OWNERS: LazyLock<HashMap<u64, u32, BuildHasherDefault<Asis>>> = LazyLock::new(|| {
    let mut owners: HashMap<u64, u32, BuildHasherDefault<Asis>> = HashMap::default();
    for (place, (_, words)) in WORDS.iter().enumerate() {
        for word in words.split(' ') {
            *owners.entry(word_hash(word)).or_default() |= 1 << place;
        }
    }
    owners
});

/// The languages that own a word, a bit for each.
pub(super) fn tongues_of(hash: u64) -> u32 {
    OWNERS.get(&hash).copied().unwrap_or(0)
}
