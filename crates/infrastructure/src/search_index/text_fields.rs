//! The fields in which words are found.

use application::search::{Document, TextClass, TextView};
use tantivy::schema::{
    Field, IndexRecordOption, NumericOptions, SchemaBuilder, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};
use tantivy::{Index, TantivyDocument};

use super::analysis::{Analyzer, Kind};
use super::text_query::identifier;

/// Before a stem.
pub(super) const STEM: char = '\u{1}';
/// Before a compound from its last letter to its first.
pub(super) const REVERSED: char = '\u{2}';
/// Before the last character of a run of a script without spaces: it is no word that phrases go on with.
pub(super) const TAIL: char = '\u{3}';
/// Words themselves are not less than this.
pub(super) const FIRST_WORD: &str = "\u{4}";

/// The fields of a schema that are about texts.
#[derive(Debug, Clone)]
pub struct TextFields {
    views: Vec<ViewFields>,
    /// Identifiers of products, reduced; of all views.
    pub identifier: Field,
}

/// The fields of one view.
#[derive(Debug, Clone)]
pub struct ViewFields {
    pub analyzer: &'static Analyzer,
    /// In the order of [`TextClass::ALL`].
    pub classes: [Field; 4],
    /// How many words the name has, at most [`ViewFields::MAX_NAME_WORDS`]; every document has one.
    pub name_words: Field,
    /// The name of that field.
    pub name_words_name: String,
}

impl ViewFields {
    pub const MAX_NAME_WORDS: u64 = 15;
}

impl TextFields {
    /// Adds the fields to a schema.
    pub fn add(builder: &mut SchemaBuilder, views: &[TextView]) -> Self {
        let views = views.iter().enumerate().map(|(place, view)| {
            let analyzer = Analyzer::of(&view.language);
            let options = indexed(&tokenizer(analyzer), IndexRecordOption::WithFreqsAndPositions);
            let name_words_name = format!("t{place}_words");
            ViewFields {
                analyzer,
                classes: TextClass::ALL.map(|class| {
                    builder.add_text_field(&format!("t{place}_{}", class_name(class)), options.clone())
                }),
                name_words: builder.add_u64_field(&name_words_name, NumericOptions::default().set_fast()),
                name_words_name,
            }
        });
        Self {
            views: views.collect(),
            identifier: builder.add_text_field("identifier", indexed("raw", IndexRecordOption::Basic)),
        }
    }

    /// `None` for a view that is not in the layout.
    pub fn view(&self, view: usize) -> Option<&ViewFields> {
        self.views.get(view)
    }

    /// Adds what a document says to what tantivy is given of it.
    pub fn index(&self, document: &Document, added: &mut TantivyDocument) {
        let mut name_words = vec![0; self.views.len()];
        for passage in &document.passages {
            let Some(view) = self.views.get(passage.view) else {
                continue;
            };
            if let Some(field) = view.classes.get(passage.class as usize) {
                added.add_text(*field, &passage.text);
            }
            if passage.class == TextClass::Name
                && let Some(words) = name_words.get_mut(passage.view)
            {
                *words += count_words(view.analyzer, &passage.text);
            }
        }
        for (view, words) in self.views.iter().zip(name_words) {
            added.add_u64(view.name_words, words.min(ViewFields::MAX_NAME_WORDS));
        }
        for text in &document.identifiers {
            let reduced = identifier(text);
            if !reduced.is_empty() {
                added.add_text(self.identifier, reduced);
            }
        }
    }
}

/// The words by which names are told short from long.
pub fn count_words(analyzer: &'static Analyzer, text: &str) -> u64 {
    let mut words = 0;
    analyzer.tokens(text, |token| words += u64::from(token.kind != Kind::Tail));
    words
}

/// Makes known to an index how its texts become words. To be called whenever one is created or opened.
pub fn register(index: &Index) {
    for analyzer in Analyzer::all() {
        index
            .tokenizers()
            .register(&tokenizer(analyzer), Words::new(analyzer));
    }
}

fn tokenizer(analyzer: &Analyzer) -> String {
    format!("words_{}", analyzer.language())
}

const fn class_name(class: TextClass) -> &'static str {
    match class {
        TextClass::Name => "name",
        TextClass::Keyword => "keyword",
        TextClass::Attribute => "attribute",
        TextClass::Body => "body",
    }
}

fn indexed(tokenizer: &str, option: IndexRecordOption) -> TextOptions {
    TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer(tokenizer)
            .set_index_option(option)
            .set_fieldnorms(false),
    )
}

/// Each word, at the same place its stem, and compounds reversed.
#[derive(Debug, Clone)]
struct Words {
    analyzer: &'static Analyzer,
    /// The terms of a text in one string, with where each ends and its position.
    text: String,
    terms: Vec<(usize, usize)>,
}

impl Words {
    const fn new(analyzer: &'static Analyzer) -> Self {
        Self {
            analyzer,
            text: String::new(),
            terms: Vec::new(),
        }
    }
}

impl Tokenizer for Words {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        let Self {
            analyzer,
            text: joined,
            terms,
        } = self;
        joined.clear();
        terms.clear();
        analyzer.tokens(text, |token| {
            let position = token.position as usize;
            if token.kind == Kind::Tail {
                joined.push(TAIL);
            }
            joined.push_str(token.word);
            terms.push((joined.len(), position));
            if let Some(stem) = token.stem.filter(|stem| !analyzer.is_own_stem(token.word, stem)) {
                joined.push(STEM);
                joined.push_str(stem);
                terms.push((joined.len(), position));
            }
            if analyzer.is_compound(token.word) {
                joined.push(REVERSED);
                joined.extend(token.word.chars().rev());
                terms.push((joined.len(), position));
            }
        });
        WordStream {
            text: joined,
            terms: terms.iter(),
            start: 0,
            token: Token::default(),
        }
    }
}

/// Tells nothing about where in the text the words stand, which is not indexed.
struct WordStream<'a> {
    text: &'a str,
    terms: std::slice::Iter<'a, (usize, usize)>,
    start: usize,
    token: Token,
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        let Some(&(end, position)) = self.terms.next() else {
            return false;
        };
        self.token.text.clear();
        self.token
            .text
            .push_str(self.text.get(self.start..end).unwrap_or_default());
        self.token.position = position;
        self.start = end;
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
