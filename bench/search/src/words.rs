//! A vocabulary as shops have it: few words that are everywhere, many that are rare.

use fastrand::Rng;

const SYLLABLES: [&str; 48] = [
    "ba", "be", "bri", "cor", "da", "del", "dra", "en", "fa", "fen", "fi", "gar", "go", "hal", "her", "in",
    "ja", "ka", "kel", "la", "len", "lo", "mar", "mi", "mo", "nal", "ne", "no", "or", "pa", "pel", "pri",
    "qua", "ra", "rin", "ro", "sa", "sel", "si", "so", "ta", "ten", "tri", "tu", "va", "ver", "wi", "zu",
];

const ENDINGS: [&str; 8] = ["", "", "", "s", "ing", "ed", "er", "ness"];

pub(crate) struct Vocabulary {
    words: Vec<String>,
    /// How many words share the top: the larger, the less the first ones stand out.
    flat: f64,
}

impl Vocabulary {
    pub(crate) fn new(size: usize, flat: f64, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut known = std::collections::HashSet::new();
        let mut words = Vec::with_capacity(size);
        while words.len() < size {
            let mut word = String::new();
            for _ in 0..rng.usize(2..=4) {
                word += pick(&SYLLABLES, &mut rng);
            }
            word += pick(&ENDINGS, &mut rng);
            if known.insert(word.clone()) {
                words.push(word);
            }
        }
        Self { words, flat }
    }

    /// A word, the first ones more often, as in texts that people write.
    pub(crate) fn word(&self, rng: &mut Rng) -> &str {
        let rank = rank(self.words.len(), self.flat, rng);
        self.words.get(rank).map_or("", String::as_str)
    }

    pub(crate) fn text(&self, words: usize, rng: &mut Rng) -> String {
        let words: Vec<&str> = (0..words).map(|_| self.word(rng)).collect();
        words.join(" ")
    }
}

/// A number below another; each with a probability of 1 / (number + flat).
pub(crate) fn rank(end: usize, flat: f64, rng: &mut Rng) -> usize {
    let place = flat * ((end as f64 + flat) / flat).powf(rng.f64()) - flat;
    (place as usize).min(end.saturating_sub(1))
}

fn pick<'a>(of: &[&'a str], rng: &mut Rng) -> &'a str {
    of.get(rng.usize(..of.len())).copied().unwrap_or_default()
}
