#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn words(language: &str, text: &str) -> Vec<String> {
    let mut words = Vec::new();
    Analyzer::of(language).tokens(text, |token| words.push(token.word.to_owned()));
    words
}

fn stem(language: &str, text: &str) -> Option<String> {
    let mut stem = None;
    Analyzer::of(language).tokens(text, |token| stem = token.stem.map(str::to_owned));
    stem
}

fn fold(language: &str, text: &str) -> String {
    Analyzer::of(language).fold(text)
}

#[test]
fn umlauts_are_one_however_they_are_spelled() {
    for name in ["Müller", "Mueller", "Muller", "MÜLLER", "Mu\u{308}ller"] {
        assert_eq!(fold("de", name), "muller");
    }
    assert_eq!(fold("de", "Fuß"), fold("de", "FUSS"));
    assert_eq!(fold("de", "neue Quelle"), "neue quelle");
    assert_eq!(fold("de", "Œuvre"), fold("de", "oeuvre"));
    assert_eq!(fold("en", "Mueller"), "mueller");
}

#[test]
fn dotless_and_dotted_i_are_one() {
    for language in ["tr", "az", "und", "en"] {
        for place in ["ISPARTA", "ısparta", "isparta", "Isparta", "İSPARTA"] {
            assert_eq!(fold(language, place), "isparta");
        }
        assert_eq!(fold(language, "İSTANBUL"), "istanbul");
    }
    assert_eq!(stem("tr", "ISIRIKLAR"), stem("tr", "ısırık"));
}

#[test]
fn accents_and_other_letters_are_folded() {
    assert_eq!(
        fold("und", "Smørrebrød Łódź Þór Ærø đ Ὀδυσσεύς"),
        "smorrebrod lodz thor aero d οδυσσευσ"
    );
    assert_eq!(fold("und", "ﬁne １２３ ㎏ x²"), "fine 123 kg x2");
    assert_eq!(fold("ar", "مُحَمَّد ـ أحمد إلى مدرسة ٣٤"), "محمد  احمد الي مدرسه 34");
    assert_eq!(fold("und", "שָׁלוֹם"), "שלום");
}

#[test]
fn words_are_runs_of_letters_and_digits() {
    assert_eq!(
        words("en", "USB-C 3.0, the \"cable\" (2m)"),
        ["usb", "c", "3", "0", "the", "cable", "2m"]
    );
    assert_eq!(words("en", "soft\u{AD}ware \u{200D} — …"), ["software"]);
    assert_eq!(words("en", "\0\u{1}\u{2}a\u{7f}"), ["a"]);
    assert!(words("en", " ?!*~^:(){}[]\\/").is_empty());
}

#[test]
fn what_apostrophes_cut_off_is_no_word() {
    assert_eq!(
        words("en", "men's women’s MEN'S 's s'"),
        ["men", "women", "men", "s", "s"]
    );
    assert_eq!(
        words("fr", "l'eau d’Évian qu'elle aujourd'hui l'"),
        ["eau", "evian", "elle", "aujourd", "hui", "l"]
    );
    assert_eq!(words("en", "rock'n'roll"), ["rock", "n", "roll"]);
}

#[test]
fn stems_bring_inflections_together() {
    assert_eq!(stem("en", "Running"), stem("en", "runs"));
    assert_eq!(stem("de", "Häuser"), stem("de", "haus"));
    assert_eq!(stem("de", "HAEUSER"), stem("de", "Haus"));
    assert_eq!(stem("fr", "teintées"), stem("fr", "teinté"));
    assert_eq!(stem("es", "canciones"), stem("es", "canción"));
    assert_eq!(stem("ru", "красный"), stem("ru", "красная"));
    assert_eq!(stem("en", "x200s"), None);
    assert_eq!(stem("und", "running"), None);
    assert_eq!(stem("xx", "running"), None);
}

#[test]
fn scripts_without_spaces_become_pairs() {
    assert_eq!(
        words("ja", "iPhone用ケース 靴"),
        ["iphone", "用ケ", "ケー", "ース", "ス", "靴"]
    );
    assert_eq!(words("ja", "ｶﾞﾗｽ"), ["ガラ", "ラス", "ス"]);
    assert_eq!(words("zh", "500克"), ["500", "克"]);
    assert_eq!(
        words("th", "น้ำ").first().map(String::as_str),
        Some("น\u{e49}\u{e4d}า")
    );
    assert_eq!(words("ko", "가방 케이스"), ["가방", "케이스"]);
}

#[test]
fn tokens_know_where_they_stand() {
    let text = "Für Ｍänner: 東京都";
    let mut found = Vec::new();
    Analyzer::of("de").tokens(text, |token| {
        found.push((token.position, text.get(token.range.clone()).unwrap().to_owned()));
    });
    let expected = [(0, "Für"), (1, "Ｍänner"), (2, "東京"), (3, "京都"), (3, "都")];
    assert_eq!(found, expected.map(|(at, word)| (at, word.to_owned())));
}

#[test]
fn compounds_end_in_words() {
    let german = Analyzer::of("de");
    assert!(german.ends_in("holzeisenbahn", "eisenbahn"));
    assert!(german.ends_in("holzbahn", "bahn"));
    assert!(!german.ends_in("uebahn", "bahn"));
    assert!(!german.ends_in("holzrad", "rad"));
    assert!(!Analyzer::of("en").ends_in("holzeisenbahn", "eisenbahn"));
}

#[test]
fn long_words_are_cut() {
    let text = "ä".repeat(10_000);
    assert_eq!(words("de", &text), ["a".repeat(Analyzer::MAX_LETTERS)]);
    assert_eq!(words("ja", &"靴".repeat(10_000)).len(), 10_000);
    assert_eq!(words("en", &"ab ".repeat(10_000)).len(), 10_000);
}

#[test]
fn languages_stand_in_their_place() {
    let mut seen = HashSet::new();
    for (index, analyzer) in Analyzer::all().enumerate() {
        assert_eq!(analyzer.index, index);
        assert!(seen.insert(analyzer.language));
    }
    assert_eq!(Analyzer::of("de-AT").language, "de");
    assert_eq!(Analyzer::of("tlh").language, "und");
}

#[test]
fn a_text_may_be_read_while_another_is() {
    let english = Analyzer::of("en");
    let mut inner = 0;
    english.tokens("one two", |_| english.tokens("three four", |_| inner += 1));
    assert_eq!(inner, 4);
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[aoueäöüæœAEIßqyx '’]{0,12}",
        "[\\p{Han}\\p{Hiragana}\\p{Katakana}\\p{Thai}\\p{Arabic}\\p{Mn}a-c0-9 ]{0,12}",
    ]
}

fn language() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["und", "de", "en", "tr", "fr", "ru", "ar", "ja", "fi"])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn folding_twice_changes_nothing(text in text(), language in language()) {
        let once = fold(language, &text);
        prop_assert_eq!(fold(language, &once), once);
    }

    #[test]
    fn tokens_lie_on_characters(text in text(), language in language()) {
        let mut expected = -1;
        let mut start = 0;
        Analyzer::of(language).tokens(&text, |token| {
            expected += i64::from(token.kind != Kind::Tail);
            assert_eq!(i64::from(token.position), expected);
            assert!(!token.word.is_empty());
            assert!(token.range.start >= start || token.kind == Kind::Tail);
            start = token.range.start;
            assert!(text.get(token.range.clone()).is_some());
            assert!(token.word.chars().all(characters::is_word), "{:?}", token.word);
            assert!(token.word.chars().count() <= Analyzer::MAX_LETTERS);
        });
    }

    #[test]
    fn words_are_found_by_themselves(text in text(), language in language()) {
        let analyzer = Analyzer::of(language);
        let mut whole = Vec::new();
        analyzer.tokens(&text, |token| {
            if token.kind == Kind::Word && token.range.len() > 1 {
                whole.push((token.word.to_owned(), token.stem.map(str::to_owned), token.range.clone()));
            }
        });
        for (word, stem, range) in whole {
            let mut again = Vec::new();
            analyzer.tokens(text.get(range).unwrap(), |token| {
                again.push((token.word.to_owned(), token.stem.map(str::to_owned)));
            });
            prop_assert_eq!(again, [(word, stem)]);
        }
    }
}
