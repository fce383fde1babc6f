//! Whatever is typed: what fuzzing does for longer, with what it began with.

use std::path::Path;

use proptest::prelude::*;

use super::input::check;

#[test]
fn the_corpus_of_fuzzing_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/search_text");
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        check(&std::fs::read(entry.unwrap().path()).unwrap());
        files += 1;
    }
    assert!(files > 5);
}

/// Letters of all kinds of scripts, and what has a meaning somewhere.
fn line() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[a-zA-ZäöüßÆıİſ0-9]{0,12}",
        2 => "[\\p{Han}\\p{Hiragana}\\p{Thai}]{0,6}",
        1 => "[\\p{Arabic}\\p{Hebrew}\\p{Devanagari}\\p{Mn}]{0,6}",
        1 => prop::sample::select(vec!["\"", "“", "'", "’", "<em>", "&amp;", "…", "\u{0}", "\u{1}", "\u{2}", "-", "👟", "ﬃ"])
            .prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..8).prop_map(|pieces| pieces.join(" ").replace('\n', " "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_is_typed_does_harm(
        language in any::<u8>(),
        settings in any::<u8>(),
        lines in prop::collection::vec(line(), 1..6),
        shares_words in any::<bool>(),
    ) {
        let mut lines = lines;
        if shares_words {
            // Else what is typed is seldom found.
            lines.resize(3, String::new());
            lines.push(format!("{} {}", lines[0], lines[0]));
        }
        check(&[&[language, settings][..], lines.join("\n").as_bytes()].concat());
    }

    #[test]
    fn bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        check(&bytes);
    }
}
