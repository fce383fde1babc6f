#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use application::search::{Document, Listed, Passage, SearchSettings, TextClass, TextView};
use domain::ProductId;
use domain::value::Locale;
use proptest::prelude::*;
use tantivy::schema::Schema;
use tantivy::{Index, TantivyDocument};

use super::super::analysis::{Analyzer, Kind};
use super::super::lexicon::Lexicon;
use super::super::text_fields::{self, count_words};
use super::super::text_query::{ParsedText, Unit, Word, parse};
use super::*;

/// Documents as class and text, of one view, in one segment.
struct Shelf {
    index: Index,
    fields: TextFields,
    view: TextView,
    settings: SearchSettings,
    cache: TextCache,
}

type Passages = Vec<(TextClass, String)>;

impl Shelf {
    fn new(language: &str, documents: &[Passages], identifiers: &[&[&str]]) -> Self {
        let view = TextView {
            name: language.to_owned(),
            language: language.to_owned(),
        };
        let mut builder = Schema::builder();
        let fields = TextFields::add(&mut builder, std::slice::from_ref(&view));
        let index = Index::create_in_ram(builder.build());
        text_fields::register(&index);
        let mut writer = index
            .writer_with_num_threads::<TantivyDocument>(1, 20_000_000)
            .unwrap();
        for (place, passages) in documents.iter().enumerate() {
            let mut added = TantivyDocument::new();
            fields.index(
                &document(passages, identifiers.get(place).copied().unwrap_or_default()),
                &mut added,
            );
            writer.add_document(added).unwrap();
        }
        writer.commit().unwrap();
        Self {
            index,
            fields,
            view,
            settings: SearchSettings::default(),
            cache: TextCache::new(1_000_000),
        }
    }

    fn names(language: &str, names: &[&str]) -> Self {
        let documents: Vec<Passages> = names
            .iter()
            .map(|&name| vec![(TextClass::Name, name.to_owned())])
            .collect();
        Self::new(language, &documents, &[])
    }

    fn parsed(&self, text: &str) -> ParsedText {
        parse(text, &Lexicon::new(&self.settings, &self.view))
    }

    fn matches(&self, text: &str) -> TextMatches {
        let matcher = TextMatcher::new(&self.parsed(text), Analyzer::of(&self.view.language));
        let searcher = self.index.reader().unwrap().searcher();
        let Some(segment) = searcher.segment_readers().first() else {
            return TextMatches::default();
        };
        matcher.matches(segment, &self.fields, 0, &self.cache).unwrap()
    }

    /// Best first.
    fn found(&self, text: &str) -> Vec<DocId> {
        let matches = self.matches(text);
        let mut found: Vec<(i64, DocId)> = matches.relevance.into_iter().zip(matches.docs).collect();
        found.sort_unstable();
        found.into_iter().map(|(_, doc)| doc).collect()
    }
}

fn document(passages: &Passages, identifiers: &[&str]) -> Document {
    Document {
        id: ProductId::new(uuid::Uuid::nil()),
        listed: Listed::Everywhere,
        passages: passages
            .iter()
            .map(|(class, text)| Passage {
                view: 0,
                class: *class,
                text: text.clone(),
            })
            .collect(),
        identifiers: identifiers.iter().map(|&text| text.to_owned()).collect(),
        columns: Vec::new(),
        sort_texts: Vec::new(),
        variants: Vec::new(),
    }
}

#[test]
fn typos_are_overlooked_wherever_they_are() {
    let shelf = Shelf::names("en", &["headphones", "sneakers", "lamp"]);
    for text in [
        "headphones ",
        "jeadphones ",
        "haedphones ",
        "headphonse ",
        "hedphone ",
        "xeadphonex ",
    ] {
        assert_eq!(shelf.found(text), [0], "{text}");
    }
    assert_eq!(shelf.found("lmap "), [2]);
    assert!(shelf.found("lmapa ").is_empty());
    assert!(shelf.found("xexdphonex ").is_empty());
}

#[test]
fn the_last_word_finds_what_it_begins() {
    let shelf = Shelf::names("en", &["headphones", "head", "wireless headphones"]);
    assert_eq!(shelf.found("head"), [1, 0, 2]);
    assert_eq!(shelf.found("haedph"), [0, 2]);
    assert_eq!(shelf.found("wireless h"), [2]);
    assert_eq!(shelf.found("head "), [1]);
}

#[test]
fn german_words_are_found_in_every_spelling_and_in_compounds() {
    let shelf = Shelf::names(
        "de",
        &[
            "Müller",
            "Mueller Mühle",
            "Muller",
            "Holzeisenbahn",
            "Eisenbahnen",
            "Kinderstühle",
        ],
    );
    for text in ["Müller ", "Mueller ", "muller ", "MÜLLER "] {
        assert_eq!(shelf.found(text), [0, 2, 1], "{text}");
    }
    assert_eq!(shelf.found("eisenbahn "), [3, 4]);
    assert_eq!(shelf.found("bahn "), [3]);
    assert_eq!(shelf.found("stühle "), [5]);
    assert!(shelf.found("ahn ").is_empty());
}

#[test]
fn every_i_is_the_same() {
    for language in ["tr", "und", "en"] {
        let shelf = Shelf::names(language, &["ISPARTA", "ısparta", "isparta", "İSTANBUL"]);
        for text in ["ISPARTA ", "ısparta ", "isparta ", "İsparta "] {
            assert_eq!(shelf.found(text), [0, 1, 2], "{language} {text}");
        }
        assert_eq!(shelf.found("istanbul "), [3]);
        assert_eq!(shelf.found("ISTANBUL "), [3]);
    }
}

#[test]
fn other_scripts_are_found() {
    let shelf = Shelf::names("ja", &["東京タワー模型", "革靴", "靴下", "ガラスケース"]);
    assert_eq!(shelf.found("タワー"), [0]);
    assert_eq!(shelf.found("靴"), [1, 2]);
    assert_eq!(shelf.found("ｶﾞﾗｽ "), [3]);
    assert_eq!(shelf.found("\"革靴\""), [1]);
    let runs = Shelf::names("ja", &["b 革靴", "b 靴", "革靴 b", "靴 b"]);
    assert_eq!(runs.found("\"b 靴\""), [1]);
    assert_eq!(runs.found("\"靴 b\""), [3]);
    assert_eq!(runs.found("靴 "), [0, 1, 2, 3]);
    let arabic = Shelf::names("ar", &["مدرسة أحمد", "كِتَاب"]);
    assert_eq!(arabic.found("احمد "), [0]);
    assert_eq!(arabic.found("كتاب "), [1]);
    assert_eq!(arabic.found("مدرسه "), [0]);
}

#[test]
fn better_places_and_shorter_names_come_first() {
    let shelf = Shelf::new(
        "en",
        &[
            vec![
                (TextClass::Name, "thing".into()),
                (TextClass::Body, "lamp".into()),
            ],
            vec![
                (TextClass::Name, "thing".into()),
                (TextClass::Attribute, "lamp".into()),
            ],
            vec![
                (TextClass::Name, "thing".into()),
                (TextClass::Keyword, "lamp".into()),
            ],
            vec![(TextClass::Name, "a lamp".into())],
            vec![(TextClass::Name, "lamp".into())],
            vec![(TextClass::Name, "lamps".into())],
        ],
        &[],
    );
    assert_eq!(shelf.found("lamp "), [4, 3, 2, 1, 0, 5]);
    assert_eq!(
        shelf.matches("lamp ").relevance,
        [3 * 16 + 1, 2 * 16 + 1, 16 + 1, 2, 1, 4 * 16 + 1]
    );
}

#[test]
fn phrases_stand_in_one_passage() {
    let body = |texts: &[&str]| {
        texts
            .iter()
            .map(|&text| (TextClass::Body, text.to_owned()))
            .collect::<Passages>()
    };
    let shelf = Shelf::new(
        "en",
        &[
            body(&["the red red lamp"]),
            body(&["a red", "lamp red shoe"]),
            body(&["lamp red"]),
            body(&["", "red", "", "lamp"]),
        ],
        &[],
    );
    assert_eq!(shelf.found("\"red lamp\""), [0]);
    assert_eq!(shelf.found("\"Red, LAMP"), [0]);
    assert_eq!(shelf.found("\"red red lamp\""), [0]);
    assert_eq!(shelf.found("\"lamp red\" "), [1, 2]);
    assert_eq!(shelf.found("\"lamps\""), Vec::<DocId>::new());
}

#[test]
fn synonyms_of_several_words_are_found() {
    let mut shelf = Shelf::names(
        "en",
        &["red t-shirt", "red tees", "shirt t red", "tee red", "redtee"],
    );
    shelf.settings.synonyms.insert(
        Locale::parse("en").unwrap(),
        vec![vec!["tee".into(), "T shirt".into()]],
    );
    assert_eq!(shelf.found("red tee "), [3, 1, 0]);
    assert_eq!(shelf.found("t shirt "), [0, 1, 3]);
}

#[test]
fn stop_words_alone_are_searched_for() {
    let mut shelf = Shelf::names("en", &["the lamp", "lamp", "the"]);
    shelf
        .settings
        .stop_words
        .insert(Locale::parse("en").unwrap(), vec!["the".into()]);
    assert_eq!(shelf.found("the lamp "), [1, 0]);
    assert_eq!(shelf.found("the "), [2, 0]);
}

#[test]
fn identifiers_go_before_everything() {
    let shelf = Shelf::new(
        "en",
        &[
            vec![(TextClass::Name, "ab 12".into())],
            vec![(TextClass::Name, "thing".into())],
            vec![(TextClass::Name, "ab thing 12".into())],
        ],
        &[&[], &["AB-12", ""], &["x"]],
    );
    assert_eq!(shelf.found("ab 12 "), [1, 0, 2]);
    assert_eq!(shelf.found("Ab/12"), [1, 0, 2]);
    assert_eq!(shelf.matches("ab12").relevance, [TextMatches::IDENTIFIED]);
    assert_eq!(shelf.found("?"), [0, 1, 2]);
}

#[test]
fn no_text_is_too_much() {
    let long = "ä".repeat(10_000);
    let shelf = Shelf::names("de", &[&long, "靴", "a"]);
    assert_eq!(shelf.found(&long), [0]);
    for text in [
        "+-&&||!(){}[]^\"~*?:\\/",
        "\u{0}\u{1}\u{2}\u{3}",
        "name:a AND b",
        "\u{1}a\u{2}",
        "*",
        "a*",
        "\"",
        "\u{FFFD}\u{10FFFF}",
    ] {
        shelf.matches(text);
    }
    assert!(shelf.found("\u{1}x\u{2}").is_empty());
}

#[test]
fn what_was_dear_to_find_is_remembered() {
    let name = |n: u32| match n % 5000 {
        1 => "old lamp",
        2 => "old chair",
        _ if n.is_multiple_of(3) => "red lamp",
        _ => "lamp",
    };
    let documents: Vec<Passages> = (0..20_200)
        .map(|n| vec![(TextClass::Name, name(n).to_owned())])
        .collect();
    let shelf = Shelf::new("en", &documents, &[]);
    // Few documents are looked up among many.
    assert_eq!(shelf.matches("old lamp ").docs, [1, 5001, 10_001, 15_001, 20_001]);
    assert_eq!(shelf.cache.len(), 0);
    let first = shelf.matches("red lamp ");
    assert_eq!(first.docs.len(), 6731);
    assert_eq!(shelf.matches("lamp ").docs.len(), 20_195);
    assert_eq!(shelf.cache.len(), 1);
    assert_eq!(shelf.matches("red lamp "), first);
    assert_eq!(shelf.matches("lamp l").docs.len(), 20_195);
    assert_eq!(shelf.cache.len(), 2);
    assert!(shelf.matches("lamp lx ").docs.is_empty());
}

#[test]
fn explanations_say_what_was_found() {
    let shelf = Shelf::new(
        "en",
        &[vec![
            (TextClass::Name, "running shoes".into()),
            (TextClass::Body, "runing".into()),
        ]],
        &[&["SKU-1"]],
    );
    let matcher = |text: &str| TextMatcher::new(&shelf.parsed(text), Analyzer::of("en"));
    let searcher = shelf.index.reader().unwrap().searcher();
    let explain = |text: &str| {
        matcher(text)
            .explain(&searcher.segment_readers()[0], &shelf.fields, 0, 0)
            .unwrap()
    };
    assert_eq!(
        explain("runing shoe "),
        [
            "“runing” is in the description as it is: “runing”, 3 points",
            "“shoe” is in the name in another form: “shoe…”, 4 points"
        ]
    );
    assert_eq!(explain("sku 1"), ["the text is an identifier of the product"]);
}

/// The cost of a unit by plain loops.
fn plain_cost(unit: &Unit, passages: &Passages, analyzer: &'static Analyzer) -> Option<u32> {
    let mut best = None;
    for (class, text) in passages {
        let mut tokens = Vec::new();
        analyzer.tokens(text, |token| {
            tokens.push((token.word.to_owned(), token.stem.map(str::to_owned), token.kind));
        });
        for alternative in &unit.alternatives {
            let quality = if let [word] = alternative.words.as_slice() {
                let qualities = tokens
                    .iter()
                    .filter_map(|(other, stem, _)| plain_quality(word, other, stem.as_deref(), analyzer));
                qualities.min()
            } else {
                let places: Vec<&str> = tokens
                    .iter()
                    .filter(|token| token.2 != Kind::Tail)
                    .map(|token| token.0.as_str())
                    .collect();
                let words: Vec<&str> = alternative.words.iter().map(|word| word.word.as_str()).collect();
                places
                    .windows(words.len())
                    .any(|window| window == words)
                    .then_some(0)
            };
            if let Some(quality) = quality {
                let cost = u32::from(quality.max(alternative.floor)) * 4 + *class as u32;
                best = Some(best.map_or(cost, |best: u32| best.min(cost)));
            }
        }
    }
    best
}

fn plain_quality(word: &Word, other: &str, stem: Option<&str>, analyzer: &Analyzer) -> Option<u8> {
    if word.word == other {
        return Some(0);
    }
    if word.is_prefix && other.starts_with(&word.word)
        || word.stem.is_some() && word.stem.as_deref() == stem
        || word.is_compound_end && analyzer.ends_in(other, &word.word)
    {
        return Some(1);
    }
    typos::tests::plain(&word.word, other, word.is_prefix)
        .try_into()
        .ok()
        .filter(|&typos: &u8| typos > 0 && typos <= word.typos)
        .map(|typos| typos + 1)
}

fn some_text() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        "[ab]{1,9}",
        proptest::sample::select(vec![
            "runs",
            "running",
            "run",
            "runners",
            "laufen",
            "läufe",
            "eisenbahn",
            "holzeisenbahn",
            "bahnen",
            "bahn",
            "der",
            "the",
            "ab1",
            "Ⅷ",
            "viii",
            "靴",
            "革靴",
            "革靴下",
            "l'eau",
            "mueller",
            "müller",
        ])
        .prop_map(str::to_owned),
    ];
    proptest::collection::vec(word, 0..6).prop_map(|words| words.join(" "))
}

fn some_passages() -> impl Strategy<Value = Passages> {
    let class = proptest::sample::select(TextClass::ALL.to_vec());
    proptest::collection::vec((class, some_text()), 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn matches_are_those_of_plain_loops(
        documents in proptest::collection::vec(some_passages(), 1..90),
        texts in proptest::collection::vec((some_text(), proptest::sample::select(vec!["", " ", "\""])), 20),
        language in proptest::sample::select(vec!["de", "en", "ja", "und"]),
    ) {
        let mut shelf = Shelf::new(language, &documents, &[]);
        let groups = vec![vec!["run".to_owned(), "bahn der".to_owned(), "ab".to_owned()]];
        shelf.settings.synonyms.insert(Locale::parse(language).unwrap(), groups);
        let analyzer = Analyzer::of(language);
        for (text, end) in texts {
            let text = format!("{}{text}{end}", if end == "\"" { end } else { "" });
            let parsed = shelf.parsed(&text);
            let mut expected = TextMatches::default();
            for (doc, passages) in (0..).zip(&documents) {
                let costs: Option<u32> = parsed.units.iter().map(|unit| plain_cost(unit, passages, analyzer)).sum();
                let names = passages.iter().filter(|(class, _)| *class == TextClass::Name);
                let words: u64 = names.map(|(_, name)| count_words(analyzer, name)).sum();
                if let Some(cost) = costs {
                    expected.docs.push(doc);
                    expected.relevance.push(if parsed.units.is_empty() { 0 } else { i64::from(cost) * 16 + words.min(15).cast_signed() });
                }
            }
            prop_assert_eq!(shelf.matches(&text), expected, "{}", text);
        }
    }
}
