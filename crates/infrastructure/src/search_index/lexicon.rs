//! The words of a shop, ready for the texts of one view.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use application::search::{SearchSettings, TextView};
use domain::value::Locale;

use super::analysis::{Analyzer, Kind};
use super::text_query::{Alternative, Word};

/// Stop words and synonyms of a view.
#[derive(Debug)]
pub struct Lexicon {
    analyzer: &'static Analyzer,
    typos_off: bool,
    stop_words: HashSet<String>,
    /// By their first word, those of most words first.
    members: HashMap<String, Vec<Member>>,
    groups: Vec<Vec<Alternative>>,
}

/// A synonym as it stands in a query.
#[derive(Debug)]
struct Member {
    words: Vec<String>,
    group: usize,
}

/// Synonyms at the beginning of some words.
pub(super) struct FoundSynonyms {
    /// How many of the words stand for them.
    pub words: usize,
    pub others: Vec<Alternative>,
}

impl Lexicon {
    /// Settings of a locale hold for a view when the locale, or one in it, is in the view's chain and of the view's language;
    /// for the view `*` all of them hold. A stop word of several words is none.
    pub fn new(settings: &SearchSettings, view: &TextView) -> Self {
        let analyzer = Analyzer::of(&view.language);
        let mut lexicon = Self {
            analyzer,
            typos_off: settings.typos_off,
            stop_words: HashSet::new(),
            members: HashMap::new(),
            groups: Vec::new(),
        };
        for (locale, stop_words) in &settings.stop_words {
            if holds(locale, view) {
                lexicon.add_stop_words(stop_words);
            }
        }
        for (locale, groups) in &settings.synonyms {
            if holds(locale, view) {
                for group in groups {
                    lexicon.add_group(group);
                }
            }
        }
        for members in lexicon.members.values_mut() {
            members.sort_by_key(|member| std::cmp::Reverse(member.words.len()));
        }
        lexicon
    }

    pub const fn analyzer(&self) -> &'static Analyzer {
        self.analyzer
    }

    pub const fn typos_off(&self) -> bool {
        self.typos_off
    }

    pub fn is_stop_word(&self, word: &str) -> bool {
        self.stop_words.contains(word)
    }

    /// The longest synonym that the words begin with, of every group that has it.
    pub(super) fn synonyms(&self, words: &[(Word, Kind)]) -> Option<FoundSynonyms> {
        let (first, _) = words.first()?;
        let members = self.members.get(&first.word)?;
        let begins = |member: &Member| {
            let mut words = words.iter().map(|(word, _)| &word.word);
            member.words.iter().all(|word| words.next() == Some(word))
        };
        let longest = members.iter().find(|member| begins(member))?;
        let mut others: Vec<Alternative> = Vec::new();
        for member in members.iter().filter(|member| member.words == longest.words) {
            for other in self.groups.get(member.group).into_iter().flatten() {
                let is_itself = other.words.iter().map(|word| &word.word).eq(&longest.words);
                if !is_itself && !others.contains(other) {
                    others.push(other.clone());
                }
            }
        }
        Some(FoundSynonyms {
            words: longest.words.len(),
            others,
        })
    }

    fn add_stop_words(&mut self, stop_words: &[String]) {
        for stop_word in stop_words {
            if let [word] = self.words(stop_word).as_slice() {
                self.stop_words.insert(word.word.clone());
            }
        }
    }

    fn add_group(&mut self, group: &[String]) {
        let mut alternatives: Vec<Alternative> = Vec::new();
        for member in group {
            let words = self.words(member);
            let sequence: Vec<String> = words.iter().map(|word| word.word.clone()).collect();
            let Some(first) = sequence.first() else {
                continue;
            };
            let members = self.members.entry(first.clone()).or_default();
            let group = self.groups.len();
            if members
                .iter()
                .any(|known| known.group == group && known.words == sequence)
            {
                continue;
            }
            members.push(Member {
                words: sequence,
                group,
            });
            alternatives.push(Alternative { words, floor: 1 });
        }
        self.groups.push(alternatives);
    }

    fn words(&self, text: &str) -> Vec<Word> {
        let mut words = Vec::new();
        self.analyzer.tokens(text, |token| {
            if token.kind != Kind::Tail {
                words.push(Word {
                    stem: token.stem.map(str::to_owned),
                    is_prefix: token.kind == Kind::Single,
                    is_compound_end: self.analyzer.is_compound_end(token.word),
                    ..Word::exactly(token.word.to_owned())
                });
            }
        });
        if words.len() > 1 {
            for word in &mut words {
                *word = Word::exactly(std::mem::take(&mut word.word));
            }
        }
        words
    }
}

fn holds(locale: &Locale, view: &TextView) -> bool {
    let locale = locale.as_str();
    let language = |tag: &str| tag.split('-').next().unwrap_or_default().to_owned();
    view.name == "*"
        || language(locale) == view.language
            && view.name.split(',').any(|tag| {
                tag.strip_prefix(locale)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
            })
}

#[derive(Debug)]
struct Kept {
    /// Held, so that no others can come to have their address.
    settings: Arc<SearchSettings>,
    view: TextView,
    lexicon: Arc<Lexicon>,
}

/// Lexicons that were made lately.
#[derive(Debug, Default)]
pub struct Lexicons {
    kept: Mutex<Vec<Kept>>,
}

impl Lexicons {
    const CAPACITY: usize = 64;

    pub fn of(&self, settings: &Arc<SearchSettings>, view: &TextView) -> Arc<Lexicon> {
        if let Some(known) = self.known(settings, view) {
            return known;
        }
        let lexicon = Arc::new(Lexicon::new(settings, view));
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= Self::CAPACITY {
            kept.remove(0);
        }
        kept.push(Kept {
            settings: Arc::clone(settings),
            view: view.clone(),
            lexicon: Arc::clone(&lexicon),
        });
        lexicon
    }

    /// That of settings which are borrowed only; made anew when it is not known.
    pub fn of_borrowed(&self, settings: &SearchSettings, view: &TextView) -> Arc<Lexicon> {
        self.known(settings, view)
            .unwrap_or_else(|| Arc::new(Lexicon::new(settings, view)))
    }

    fn known(&self, settings: &SearchSettings, view: &TextView) -> Option<Arc<Lexicon>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter()
            .find(|kept| std::ptr::eq(Arc::as_ptr(&kept.settings), settings) && kept.view == *view)
            .map(|kept| Arc::clone(&kept.lexicon))
    }
}
