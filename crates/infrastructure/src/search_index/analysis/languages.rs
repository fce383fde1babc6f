use std::sync::LazyLock;

use frostem::Algorithm;

/// How texts of one language are read.
#[derive(Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a habit of a language of its own"
)]
pub struct Analyzer {
    pub(super) language: &'static str,
    /// The place among all of them.
    pub(super) index: usize,
    pub(super) stemmer: Option<Algorithm>,
    /// Whether stems are those of folded words. Then words typed without accents have the right stems too; but most
    /// stemmers know endings by their accents.
    pub(super) stems_folded: bool,
    pub(super) has_compounds: bool,
    /// Whether `ae` stands for `ä`.
    pub(super) spells_umlauts: bool,
    pub(super) has_dotless_i: bool,
    /// Whether articles lose their vowel, as in `l'eau`.
    pub(super) elides: bool,
}

/// The first is for everything else.
const LANGUAGES: [(&str, Option<Algorithm>); 38] = [
    ("und", None),
    ("ar", Some(Algorithm::Arabic)),
    ("az", None),
    ("ca", Some(Algorithm::Catalan)),
    ("cs", Some(Algorithm::Czech)),
    ("da", Some(Algorithm::Danish)),
    ("de", Some(Algorithm::German)),
    ("el", Some(Algorithm::Greek)),
    ("en", Some(Algorithm::English)),
    ("eo", Some(Algorithm::Esperanto)),
    ("es", Some(Algorithm::Spanish)),
    ("et", Some(Algorithm::Estonian)),
    ("eu", Some(Algorithm::Basque)),
    ("fa", Some(Algorithm::Persian)),
    ("fi", Some(Algorithm::Finnish)),
    ("fr", Some(Algorithm::French)),
    ("ga", Some(Algorithm::Irish)),
    ("hi", Some(Algorithm::Hindi)),
    ("hu", Some(Algorithm::Hungarian)),
    ("hy", Some(Algorithm::Armenian)),
    ("id", Some(Algorithm::Indonesian)),
    ("it", Some(Algorithm::Italian)),
    ("lt", Some(Algorithm::Lithuanian)),
    ("nb", Some(Algorithm::Norwegian)),
    ("ne", Some(Algorithm::Nepali)),
    ("nl", Some(Algorithm::Dutch)),
    ("nn", Some(Algorithm::Norwegian)),
    ("no", Some(Algorithm::Norwegian)),
    ("pl", Some(Algorithm::Polish)),
    ("pt", Some(Algorithm::Portuguese)),
    ("ro", Some(Algorithm::Romanian)),
    ("ru", Some(Algorithm::Russian)),
    ("sr", Some(Algorithm::Serbian)),
    ("sv", Some(Algorithm::Swedish)),
    ("ta", Some(Algorithm::Tamil)),
    ("tr", Some(Algorithm::Turkish)),
    ("uk", Some(Algorithm::Ukrainian)),
    ("yi", Some(Algorithm::Yiddish)),
];

static ANALYZERS: LazyLock<Vec<Analyzer>> = LazyLock::new(|| {
    LANGUAGES
        .iter()
        .enumerate()
        .map(|(index, (language, stemmer))| Analyzer::new(index, language, *stemmer))
        .collect()
});

static UNKNOWN: LazyLock<Analyzer> = LazyLock::new(|| Analyzer::new(0, "und", None));

impl Analyzer {
    /// Of a language, or of a locale in it such as `de-AT`. Languages that we know nothing about are read like `und`.
    pub fn of(language: &str) -> &'static Self {
        let primary = language.split(['-', '_', ',']).next().unwrap_or_default();
        ANALYZERS
            .iter()
            .find(|analyzer| analyzer.language == primary)
            .unwrap_or(&UNKNOWN)
    }

    /// All there are, each once.
    pub(in crate::search_index) fn all() -> impl Iterator<Item = &'static Self> {
        ANALYZERS.iter()
    }

    /// The language in which texts are read, `und` for those we know nothing about.
    pub const fn language(&self) -> &'static str {
        self.language
    }

    fn new(index: usize, language: &'static str, stemmer: Option<Algorithm>) -> Self {
        let is_one_of = |languages: &[&str]| languages.contains(&language);
        Self {
            language,
            index,
            stemmer,
            stems_folded: is_one_of(&["da", "de", "en", "fi", "id", "nb", "nl", "nn", "no", "sv"]),
            has_compounds: is_one_of(&["da", "de", "fi", "nb", "nl", "nn", "no", "sv"]),
            spells_umlauts: language == "de",
            has_dotless_i: is_one_of(&["az", "tr"]),
            elides: is_one_of(&["ca", "fr", "it"]),
        }
    }
}
