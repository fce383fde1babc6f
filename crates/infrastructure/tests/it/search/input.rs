//! What must hold for whatever someone types and whatever a catalog says; also what is fuzzed (`fuzz`).

use std::collections::BTreeMap;

use application::search::{SearchSettings, SearchText, TextView};
use domain::value::Locale;
use infrastructure::search_index::analysis::Analyzer;
use infrastructure::search_index::highlight::{highlight, matcher, rank};
use infrastructure::search_index::lexicon::{Lexicon, Lexicons};
use infrastructure::search_index::text_query::{ParsedText, parse};

const LANGUAGES: [&str; 12] = [
    "und", "de", "en", "fr", "tr", "ja", "ar", "th", "ru", "fi", "de-AT", "zh-Hant",
];

/// The first byte tells the language, the second the settings; of the lines that follow the first one is typed, the second
/// one is a stop word, the third one has synonyms with commas in between, and the rest are texts.
pub(crate) fn check(bytes: &[u8]) {
    let [language, settings, rest @ ..] = bytes else {
        return;
    };
    let language = LANGUAGES[usize::from(*language) % LANGUAGES.len()];
    let rest = String::from_utf8_lossy(rest);
    let mut lines = rest.split('\n');
    let typed: String = lines
        .next()
        .unwrap_or_default()
        .chars()
        .take(SearchText::MAX)
        .collect();
    let stop_word = lines.next().unwrap_or_default().to_owned();
    let synonyms: Vec<String> = lines
        .next()
        .unwrap_or_default()
        .split(',')
        .map(str::to_owned)
        .collect();
    let texts: Vec<&str> = lines.collect();
    let locale = Locale::parse(if language == "und" { "en" } else { language }).unwrap();
    let settings = SearchSettings {
        typos_off: settings & 1 == 1,
        stop_words: BTreeMap::from([(locale.clone(), vec![stop_word])]),
        synonyms: BTreeMap::from([(locale, vec![synonyms])]),
    };
    check_analysis(&typed, language);
    let parsed = check_parse(&typed, language, &settings);
    let matcher = matcher(&typed, language, &settings, &Lexicons::default());
    for text in &texts {
        check_analysis(text, language);
        for fragment in [1, 7, 200] {
            if let Some(html) = highlight(&matcher, text, fragment) {
                check_html(&html, text);
            }
        }
    }
    let ranked = rank(&matcher, &texts);
    let mut places = ranked.clone();
    places.sort_unstable();
    places.dedup();
    assert!(places.len() == ranked.len() && places.iter().all(|place| *place < texts.len()));
    if parsed.units.is_empty() {
        assert_eq!(
            ranked.len(),
            texts.len(),
            "what asks for nothing finds everything"
        );
    }
}

fn check_analysis(text: &str, language: &str) {
    let analyzer = Analyzer::of(language);
    let mut last = (0, 0);
    analyzer.tokens(text, |token| {
        assert!(!token.word.is_empty() && token.word.chars().count() <= Analyzer::MAX_LETTERS);
        assert!(
            text.get(token.range.clone())
                .is_some_and(|source| !source.is_empty()),
            "{token:?}"
        );
        assert!(
            (token.position, token.range.start) >= last,
            "{token:?} after {last:?}"
        );
        // Terms of stems and reversed words begin with one of these.
        assert!(token.word.chars().all(|c| c > '\u{2}'), "{token:?}");
        last = (token.position, token.range.start);
    });
    assert_eq!(analyzer.fold(text), analyzer.fold(text));
}

fn check_parse(typed: &str, language: &str, settings: &SearchSettings) -> ParsedText {
    let view = TextView {
        name: if language == "und" { "*" } else { language }.to_owned(),
        language: language.split('-').next().unwrap_or_default().to_owned(),
    };
    let parsed = parse(typed, &Lexicon::new(settings, &view));
    let mut asked = 0;
    for unit in &parsed.units {
        assert!(!unit.alternatives.is_empty());
        asked += unit.alternatives[0].words.len();
        for alternative in &unit.alternatives {
            assert!(!alternative.words.is_empty() && alternative.floor <= 1);
            for word in &alternative.words {
                assert!(!word.word.is_empty());
                assert!(word.typos <= if settings.typos_off { 0 } else { 2 });
            }
        }
    }
    assert!(asked <= SearchText::MAX_WORDS, "{asked} words are asked for");
    parsed
}

/// Nothing but `em` is a tag, each is closed, and what is left is a piece of the text.
fn check_html(html: &str, text: &str) {
    let mut open = false;
    let mut plain = String::new();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        plain.push_str(&rest[..at]);
        let tag = if open { "</em>" } else { "<em>" };
        rest = rest[at..].strip_prefix(tag).unwrap_or_else(|| panic!("{html}"));
        open = !open;
    }
    plain.push_str(rest);
    assert!(!open && html.contains("<em>"), "{html}");
    assert!(!plain.contains(['>', '"', '\'']), "{html}");
    let plain = plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&");
    let is_piece = |piece: &str| text.contains(piece);
    let (from, to) = (plain.strip_prefix('…'), plain.strip_suffix('…'));
    let both = from.and_then(|plain| plain.strip_suffix('…'));
    assert!(
        [Some(plain.as_str()), from, to, both]
            .into_iter()
            .flatten()
            .any(is_piece),
        "{plain:?} is no piece of {text:?}"
    );
}
