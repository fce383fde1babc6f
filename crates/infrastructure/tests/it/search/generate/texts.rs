//! Words of catalogs, and what people make of them.

use application::search::{Passage, SearchSettings};
use domain::value::Locale;

use super::{Dice, World};

const WORDS: &[&str] = &[
    // Families of one stem, and neighbours by one or two typos.
    "shirt",
    "shirts",
    "short",
    "skirt",
    "running",
    "runs",
    "runner",
    "shoe",
    "shoes",
    "shove",
    "kettle",
    "kettles",
    "settle",
    "enamelled",
    "enameled",
    "garden",
    "gardens",
    "harden",
    "a",
    "of",
    "the",
    "und",
    "mit",
    // Compounds, and what stands in them.
    "Gartenstuhl",
    "Gartenstühle",
    "Stuhl",
    "Stühle",
    "Kinderwagen",
    "Wagen",
    "Regenjacke",
    "Jacke",
    "Wanderschuhe",
    // Folding.
    "Müller",
    "Mueller",
    "Muller",
    "Straße",
    "strasse",
    "Café",
    "cafe\u{301}",
    "crème",
    "brûlée",
    "Æther",
    "Øre",
    "İstanbul",
    "ısı",
    "IŞIK",
    "ﬁne",
    "ＷＩＤＥ",
    "don't",
    "l'eau",
    "naïve",
    // Digits, scripts without spaces, others.
    "500ml",
    "x100",
    "x200",
    "4711",
    "東京都",
    "京都",
    "東京",
    "タワー",
    "ผ้าไหม",
    "كِتاب",
    "كتاب",
    "أحمد",
    "שלום",
    "молоко",
    "молока",
    "한국어",
    "👟",
    "e-mail",
    "T-Shirt",
    "o",
];

pub(super) const IDENTIFIERS: &[&str] = &[
    "AB-100",
    "ab100",
    "AB-101",
    "4006381333931",
    "SKU/1",
    "x100",
    "ÄÖ-77",
    "shirt",
    "no.7",
    "--",
    "東京都",
];

/// Texts of columns.
pub(super) const VALUES: &[&str] = &[
    "",
    "Acme",
    "acme",
    "Hearth Moor",
    "Hearth & Sons",
    "Müller",
    "Mueller Söhne",
    "red",
    "Red",
    "blue",
    "red shirt",
    "zulu",
    "\u{1}",
    "\u{10ffff}",
    "true",
    "東京都",
    "500ml",
];

pub(super) fn word<'a>(dice: &mut Dice, world: &World) -> &'a str {
    WORDS[*dice.pick(&world.words)]
}

/// A share of the words, so that one catalog has few.
pub(super) fn vocabulary(dice: &mut Dice) -> Vec<usize> {
    dice.list(6, 24, |dice| dice.below(WORDS.len()))
}

pub(super) fn sentence(dice: &mut Dice, world: &World, from: usize, to: usize) -> String {
    let mut text = String::new();
    for word in dice.list(from, to, |dice| word(dice, world)) {
        if !text.is_empty() {
            text.push_str(dice.pick::<&str>(&[" ", " ", " ", " ", "  ", ", ", "-", "\n", ""]));
        }
        text.push_str(word);
    }
    text
}

pub(super) fn settings(dice: &mut Dice, world: &World) -> SearchSettings {
    let locales = ["de", "de-AT", "en", "tr", "ja"];
    let locale = |dice: &mut Dice| Locale::parse(dice.pick::<&str>(&locales)).unwrap();
    let phrase = |dice: &mut Dice| {
        let words = dice.list(1, 2, |dice| word(dice, world));
        words.join(" ")
    };
    SearchSettings {
        typos_off: dice.percent(20),
        stop_words: dice
            .list(0, 2, |dice| {
                (locale(dice), dice.list(0, 4, |dice| word(dice, world).to_owned()))
            })
            .into_iter()
            .collect(),
        synonyms: dice
            .list(0, 3, |dice| {
                (locale(dice), dice.list(0, 3, |dice| dice.list(1, 4, phrase)))
            })
            .into_iter()
            .collect(),
    }
}

/// What someone types who looks for something of the catalog.
pub(super) fn typed(dice: &mut Dice, world: &World, passages: &[Passage]) -> String {
    if dice.percent(6) {
        return sentence(dice, world, 25, 40);
    }
    let most = *dice.pick(&[1, 1, 2, 3]);
    let parts = dice.list(1, most, |dice| match dice.below(100) {
        0..70 => mutated(dice, world),
        70..82 if !passages.is_empty() => {
            // A piece of what stands somewhere.
            let words: Vec<&str> = dice.pick(passages).text.split(' ').collect();
            let from = dice.below(words.len());
            let to = (from + 1 + dice.below(3)).min(words.len());
            words[from..to].join(" ")
        }
        82..88 => {
            let identifier = *dice.pick(IDENTIFIERS);
            if dice.percent(50) {
                identifier.to_lowercase()
            } else {
                identifier.replace('-', " ")
            }
        }
        88..96 => {
            let settings = &world.settings[dice.below(world.settings.len())];
            let groups: Vec<&String> = settings.synonyms.values().flatten().flatten().collect();
            if groups.is_empty() {
                mutated(dice, world)
            } else {
                (*dice.pick(&groups)).clone()
            }
        }
        _ => (*dice.pick(&[
            "\"", "-", "", "…", "\u{0}", "\u{301}", "'", "\u{1}", "*", "<em>", "ʼn", "㍿",
        ]))
        .to_owned(),
    });
    let mut text = String::new();
    for part in parts {
        let quotes = if dice.percent(12) { "\"" } else { "" };
        text.push_str(quotes);
        text.push_str(&part);
        text.push_str(if dice.percent(90) { quotes } else { "" });
        text.push_str(dice.pick::<&str>(&[" ", " ", " ", " ", "-", ""]));
    }
    if dice.percent(80) {
        text.trim_end().to_owned()
    } else {
        text
    }
}

fn mutated(dice: &mut Dice, world: &World) -> String {
    let mut letters: Vec<char> = word(dice, world).chars().collect();
    if dice.percent(25) {
        let length = 1 + dice.below(letters.len());
        letters.truncate(length);
    }
    for _ in 0..*dice.pick(&[0, 0, 0, 1, 1, 2, 3]) {
        let at = dice.below(letters.len() + 1);
        let letter = *dice.pick(&['a', 'e', 's', 't', 'h', 'r', 'ü', '1', 'о']);
        match dice.below(4) {
            0 => letters.insert(at, letter),
            1 if at < letters.len() => letters[at] = letter,
            2 if at < letters.len() => drop(letters.remove(at)),
            3 if at + 1 < letters.len() => letters.swap(at, at + 1),
            _ => {}
        }
    }
    let text: String = letters.into_iter().collect();
    if dice.percent(10) {
        text.to_uppercase()
    } else {
        text
    }
}
