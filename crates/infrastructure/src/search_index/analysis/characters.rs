//! Classes of characters.

/// Part of a word: letters, digits, marks, what joins letters without being seen, and measures written as one character.
pub(super) fn is_word(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_alphanumeric();
    }
    // A letter for Unicode, an apostrophe for people.
    if c == '\u{2BC}' {
        return false;
    }
    c.is_alphanumeric()
        || is_ignored(c)
        || matches!(c, '\u{3300}'..='\u{33FF}')
        || unicode_normalization::char::is_combining_mark(c)
}

/// Of a script that puts no spaces between words.
pub(super) fn is_spaceless(c: char) -> bool {
    matches!(c,
        '\u{E01}'..='\u{E4E}'        // Thai
        | '\u{E81}'..='\u{ECD}'      // Lao
        | '\u{EDC}'..='\u{EFF}'
        | '\u{1000}'..='\u{103F}'    // Myanmar
        | '\u{1050}'..='\u{108F}'
        | '\u{A9E0}'..='\u{A9EF}'
        | '\u{AA60}'..='\u{AA7F}'
        | '\u{1780}'..='\u{17DD}'    // Khmer
        | '\u{2E80}'..='\u{2FDF}'    // Han
        | '\u{3005}'..='\u{3007}'
        | '\u{3021}'..='\u{3029}'
        | '\u{3400}'..='\u{4DBF}'
        | '\u{4E00}'..='\u{9FFF}'
        | '\u{F900}'..='\u{FAFF}'
        | '\u{20000}'..='\u{3FFFF}'
        | '\u{3041}'..='\u{30FF}'    // Hiragana, Katakana
        | '\u{31F0}'..='\u{31FF}'
        | '\u{FF66}'..='\u{FF9F}')
}

/// Belongs to the character before it.
pub(super) fn is_attached(c: char) -> bool {
    matches!(c, '\u{FF9E}' | '\u{FF9F}') || is_ignored(c) || unicode_normalization::char::is_combining_mark(c)
}

/// Not seen, and of no meaning for a comparison.
pub(super) fn is_ignored(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{200B}'..='\u{200D}' | '\u{2060}' | '\u{FEFF}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}'
    )
}

pub(super) fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2019}' | '\u{2BC}' | '\u{FF07}' | '`' | '\u{B4}')
}

/// Accents, vowel points and the like.
pub(super) fn is_accent(c: char) -> bool {
    matches!(
        c,
        '\u{300}'..='\u{36F}'
            | '\u{591}'..='\u{5BD}'
            | '\u{5BF}'
            | '\u{5C1}'
            | '\u{5C2}'
            | '\u{5C4}'
            | '\u{5C5}'
            | '\u{5C7}'
            | '\u{640}'
            | '\u{64B}'..='\u{65F}'
            | '\u{670}'
    )
}
