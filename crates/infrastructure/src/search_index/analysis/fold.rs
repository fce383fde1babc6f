use unicode_normalization::UnicodeNormalization;

use super::Analyzer;
use super::characters::{is_accent, is_ignored};

/// Folding what is folded changes nothing.
pub(super) fn fold(text: &str, analyzer: &Analyzer) -> String {
    let mut folded = if text.is_ascii() {
        text.to_ascii_lowercase()
    } else {
        let mut folded = String::with_capacity(text.len());
        text.nfkc()
            .flat_map(char::to_lowercase)
            .nfd()
            .filter(|&c| !is_accent(c) && !is_ignored(c))
            .nfc()
            .for_each(|c| push_plain(c, &mut folded));
        folded
    };
    if analyzer.spells_umlauts && ["ae", "oe", "ue"].iter().any(|pair| folded.contains(pair)) {
        folded = without_umlauts(&folded);
    }
    folded
}

/// Small letters with their accents, as stemmers know them.
pub(super) fn lower(text: &str, analyzer: &Analyzer) -> String {
    text.nfkc()
        .filter(|&c| !is_ignored(c))
        .map(|c| match c {
            'I' if analyzer.has_dotless_i => 'ı',
            'İ' if analyzer.has_dotless_i => 'i',
            other => other,
        })
        .flat_map(char::to_lowercase)
        .collect()
}

fn push_plain(c: char, folded: &mut String) {
    let plain = match c {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ı' => "i",
        'ς' => "σ",
        'آ' | 'أ' | 'إ' | 'ٱ' => "ا",
        'ى' => "ي",
        'ة' => "ه",
        _ => {
            folded.push(latin_digit(c).unwrap_or(c));
            return;
        }
    };
    folded.push_str(plain);
}

fn latin_digit(c: char) -> Option<char> {
    let zero = match c {
        '\u{660}'..='\u{669}' => 0x660,
        '\u{6F0}'..='\u{6F9}' => 0x6F0,
        '\u{966}'..='\u{96F}' => 0x966,
        _ => return None,
    };
    char::from_digit(u32::from(c) - zero, 10)
}

/// `mueller` becomes `muller`, as `müller` does; `neue` and `quelle` stay. All the `e`s go, lest another folding take the next.
fn without_umlauts(folded: &str) -> String {
    let mut plain = String::with_capacity(folded.len());
    let mut before = ' ';
    let mut rest = folded.chars().peekable();
    while let Some(c) = rest.next() {
        plain.push(c);
        let is_spelled =
            matches!(c, 'a' | 'o') || c == 'u' && !matches!(before, 'a' | 'e' | 'i' | 'o' | 'u' | 'y' | 'q');
        before = c;
        if is_spelled {
            while rest.next_if_eq(&'e').is_some() {}
        }
    }
    plain
}
