//! Which documents a query's text is found in.

use application::search::SearchText;

use super::generation::Generation;
use super::lexicon::Lexicons;
use super::segment::Segment;
use super::text_match::{TextCache, TextMatcher, TextMatches};
use super::text_query::parse;

/// How much of what was found lately is kept.
const KEPT: u64 = 64 << 20;

/// What is kept between queries.
pub(super) struct Texts {
    pub(super) lexicons: Lexicons,
    cache: TextCache,
}

impl Default for Texts {
    fn default() -> Self {
        Self {
            lexicons: Lexicons::default(),
            cache: TextCache::new(KEPT),
        }
    }
}

/// A text that asks for something.
pub(super) struct Wanted<'a> {
    matcher: TextMatcher,
    view: usize,
    generation: &'a Generation,
    cache: &'a TextCache,
}

impl<'a> Wanted<'a> {
    /// `None` when the text asks for nothing.
    pub(super) fn of(text: &SearchText, generation: &'a Generation, texts: &'a Texts) -> Option<Self> {
        let view = generation.layout.views.get(text.view)?;
        let lexicon = texts.lexicons.of(&text.settings, view);
        let parsed = parse(&text.text, &lexicon);
        (!parsed.is_empty()).then(|| Self {
            matcher: TextMatcher::new(&parsed, lexicon.analyzer()),
            view: text.view,
            generation,
            cache: &texts.cache,
        })
    }

    pub(super) fn matches(&self, segment: &Segment) -> tantivy::Result<TextMatches> {
        let fields = &self.generation.fields.text;
        self.matcher
            .matches(&segment.reader, fields, self.view, self.cache)
    }

    /// The best `enough` of those that are wanted, and perhaps more.
    pub(super) fn foremost(
        &self,
        segment: &Segment,
        enough: usize,
        is_wanted: impl Fn(u32) -> bool,
    ) -> tantivy::Result<TextMatches> {
        let fields = &self.generation.fields.text;
        self.matcher.foremost(
            &segment.reader,
            fields,
            self.view,
            self.cache,
            (enough, is_wanted),
        )
    }

    /// For people.
    pub(super) fn explain(&self, segment: &Segment, doc: u32) -> tantivy::Result<Vec<String>> {
        let fields = &self.generation.fields.text;
        self.matcher.explain(&segment.reader, fields, self.view, doc)
    }
}
