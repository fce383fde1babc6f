#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::collections::BTreeMap;

use application::search::{SearchSettings, TextView};
use domain::value::Locale;
use proptest::prelude::*;

use super::*;

fn settings(stop_words: &[(&str, &[&str])], synonyms: &[(&str, &[&[&str]])]) -> SearchSettings {
    let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Vec<_>>();
    SearchSettings {
        stop_words: stop_words
            .iter()
            .map(|(locale, words)| (Locale::parse(locale).unwrap(), owned(words)))
            .collect(),
        synonyms: synonyms
            .iter()
            .map(|(locale, groups)| {
                let groups = groups.iter().map(|group| owned(group)).collect();
                (Locale::parse(locale).unwrap(), groups)
            })
            .collect::<BTreeMap<_, _>>(),
        ..SearchSettings::default()
    }
}

fn view(name: &str, language: &str) -> TextView {
    TextView {
        name: name.to_owned(),
        language: language.to_owned(),
    }
}

fn parsed(settings: &SearchSettings, name: &str, text: &str) -> ParsedText {
    let language = if name == "*" {
        "und"
    } else {
        name.split(['-', ',']).next().unwrap()
    };
    parse(text, &Lexicon::new(settings, &view(name, language)))
}

/// Units as `word`, `word*` for beginnings, `word~1` with typos, `"a b"` for several, with `|` between alternatives.
fn shown(settings: &SearchSettings, name: &str, text: &str) -> Vec<String> {
    let word = |word: &Word| {
        let typos = if word.typos > 0 {
            format!("~{}", word.typos)
        } else {
            String::new()
        };
        format!("{}{}{typos}", word.word, if word.is_prefix { "*" } else { "" })
    };
    let alternative = |alternative: &Alternative| {
        let words: Vec<String> = alternative.words.iter().map(word).collect();
        if words.len() > 1 {
            format!("\"{}\"", words.join(" "))
        } else {
            words.concat()
        }
    };
    parsed(settings, name, text)
        .units
        .iter()
        .map(|unit| {
            unit.alternatives
                .iter()
                .map(alternative)
                .collect::<Vec<_>>()
                .join("|")
        })
        .collect()
}

#[test]
fn words_have_typos_by_their_length() {
    let settings = settings(&[], &[]);
    assert_eq!(
        shown(&settings, "en", "red shoe running sneakers x200shoes "),
        ["red", "shoe~1", "running~1", "sneakers~2", "x200shoes"]
    );
    let long = "a".repeat(41);
    assert_eq!(shown(&settings, "en", &format!("{long} ")), [long]);
    let off = SearchSettings {
        typos_off: true,
        ..settings
    };
    assert_eq!(shown(&off, "en", "sneakers "), ["sneakers"]);
}

#[test]
fn the_last_word_is_a_beginning_unless_the_text_ends_otherwise() {
    let settings = settings(&[], &[]);
    assert_eq!(shown(&settings, "en", "red sh"), ["red", "sh*"]);
    assert_eq!(shown(&settings, "en", "red sh\u{a0}"), ["red", "sh"]);
    assert_eq!(shown(&settings, "en", "red \"sh\""), ["red", "sh"]);
    assert_eq!(shown(&settings, "en", "red \"sh"), ["red", "sh"]);
    assert_eq!(shown(&settings, "en", "27\" tv"), ["27", "tv*"]);
}

#[test]
fn phrases_are_taken_as_they_are() {
    let settings = settings(&[("en", &["the", "of"])], &[("en", &[&["sneakers", "trainers"]])]);
    assert_eq!(
        shown(&settings, "en", "the \"lord of the sneakers\" “ring” x"),
        ["\"lord of the sneakers\"", "ring", "x*"]
    );
    assert_eq!(shown(&settings, "en", "\"\" \"!\""), Vec::<String>::new());
    let unit = parsed(&settings, "en", "\"running\"").units.pop().unwrap();
    assert_eq!(unit.alternatives[0].words, [Word::exactly("running".to_owned())]);
}

#[test]
fn stop_words_go_unless_nothing_is_left() {
    let settings = settings(&[("en", &["The", "of", "with it"])], &[]);
    assert_eq!(
        shown(&settings, "en", "THE lamp of with it "),
        ["lamp~1", "with~1", "it"]
    );
    assert_eq!(shown(&settings, "en", "of the "), ["of", "the"]);
    assert_eq!(shown(&settings, "de", "of the "), ["of", "the"]);
}

#[test]
fn synonyms_replace_the_longest_sequence() {
    let settings = settings(
        &[("en", &["and"])],
        &[(
            "en",
            &[
                &["t shirt", "tee", "T-Shirt"],
                &["tee", "golf peg"],
                &["salt and pepper", "spices"],
                &["salt", "sodium"],
            ],
        )],
    );
    assert_eq!(shown(&settings, "en", "red T-Shirt "), ["red", "\"t shirt\"|tee"]);
    assert_eq!(
        shown(&settings, "en", "red tee"),
        ["red", "tee*|\"t shirt\"|\"golf peg\""]
    );
    assert_eq!(
        shown(&settings, "en", "salt and pepper and salt "),
        ["\"salt and pepper\"|spices", "salt~1|sodium"]
    );
    assert_eq!(shown(&settings, "en", "t \"x\" shirt "), ["t", "x", "shirt~1"]);
    let unit = parsed(&settings, "en", "tee").units.pop().unwrap();
    assert_eq!(
        unit.alternatives
            .iter()
            .map(|alternative| alternative.floor)
            .collect::<Vec<_>>(),
        [0, 1, 1]
    );
    let spices = parsed(&settings, "en", "salt and pepper").units.pop().unwrap();
    assert_eq!(spices.alternatives[1].words[0].stem.as_deref(), Some("spice"));
}

#[test]
fn settings_hold_for_their_locale_and_those_in_it() {
    let settings = settings(&[("de", &["der"]), ("de-AT", &["das"]), ("en", &["die"])], &[]);
    let left = |name: &str| shown(&settings, name, "der das die x ");
    assert_eq!(left("de"), ["das", "die", "x"]);
    assert_eq!(left("de-AT,de,en"), ["die", "x"]);
    assert_eq!(left("de-CH,de-AT"), ["die", "x"]);
    assert_eq!(left("en,de"), ["der", "das", "x"]);
    assert_eq!(left("*"), ["x"]);
}

#[test]
fn at_most_32_words_are_looked_at() {
    let settings = settings(&[], &[]);
    let many = |count: usize| shown(&settings, "en", &vec!["ab"; count].join(" "));
    assert_eq!(many(32).last().unwrap(), "ab*");
    assert_eq!(many(33), vec!["ab"; 32]);
    let phrase = parsed(&settings, "en", &format!("\"{}\" x", vec!["ab"; 40].join(" ")));
    assert_eq!(phrase.units.len(), 1);
    assert_eq!(phrase.units[0].alternatives[0].words.len(), 32);
    assert!(shown(&settings, "en", &"x".repeat(10_000)).len() == 1);
    assert_eq!(shown(&settings, "ja", &"靴".repeat(10_000)).len(), 32);
}

#[test]
fn scripts_without_spaces_are_asked_for_in_pairs() {
    let settings = settings(&[], &[("ja", &[&["携帯", "スマホ"]])]);
    assert_eq!(shown(&settings, "ja", "革靴 "), ["革靴"]);
    assert_eq!(shown(&settings, "ja", "靴 "), ["靴*"]);
    assert_eq!(shown(&settings, "ja", "携帯 "), ["携帯|\"スマ マホ\""]);
}

#[test]
fn identifiers_are_letters_and_digits() {
    let settings = settings(&[], &[]);
    let of = |text: &str| parsed(&settings, "en", text).identifier;
    assert_eq!(of(" ab-12 / x").as_deref(), Some("AB12X"));
    assert_eq!(of("ａ１2").as_deref(), Some("A12"));
    assert_eq!(of("a-1"), None);
    assert!(parsed(&settings, "en", " ?! ").is_empty());
}

proptest! {
    #[test]
    fn anything_is_understood(
        text in prop_oneof![any::<String>(), "[a-cé靴1 \"“”'*~:^()\\\\\u{0}\u{1}\u{2}-]{0,40}"],
        language in proptest::sample::select(vec!["und", "de", "en", "ja", "tr"]),
    ) {
        let settings = settings(&[("en", &["a", "b"])], &[("en", &[&["a b", "c"], &["c", "a", "b b"]])]);
        let parsed = parse(&text, &Lexicon::new(&settings, &view(language, language)));
        prop_assert!(parsed.units.len() <= SearchText::MAX_WORDS);
        for unit in parsed.units {
            prop_assert!(!unit.alternatives.is_empty());
            for alternative in unit.alternatives {
                prop_assert!(!alternative.words.is_empty());
                prop_assert!(alternative.words.iter().all(|word| !word.word.is_empty() && word.typos <= 2));
            }
        }
    }
}
