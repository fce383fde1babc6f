//! The names of cached answers.

use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::sync::Arc;

use super::Entity;

/// Two ASCII characters that stand for one shape of bytes for ever: whoever changes a shape takes others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Schema(&'static str);

impl Schema {
    /// # Panics
    ///
    /// When `tag` is not two ASCII letters or digits; schemas are constants, so that this stops the build.
    pub const fn new(tag: &'static str) -> Self {
        assert!(
            tag.len() == 2 && tag.is_ascii(),
            "a schema's tag has two characters"
        );
        Self(tag)
    }

    pub const fn tag(self) -> &'static str {
        self.0
    }
}

/// Names one cached answer: of what, in which shape, and for whom.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CacheKey {
    pub entity: Entity,
    pub schema: Schema,
    /// Whatever else decides the bytes, written out in full, so that no two answers share a key: the channel, languages,
    /// currency and groups, the generations of scopes, a list's filters. Empty for what everyone sees alike.
    pub variation: Variation,
}

/// What tells apart the answers about one entity.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Variation(Option<Arc<str>>);

impl Variation {
    /// The most bytes of a variation that is cached; requests beyond it are answered from the database.
    pub const MAX: usize = 1024;

    pub fn new(text: impl Into<Arc<str>>) -> Self {
        let text = text.into();
        Self((!text.is_empty()).then_some(text))
    }

    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl fmt::Debug for Variation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl CacheKey {
    /// The answer about `entity` that everyone sees alike.
    pub fn of(entity: impl Into<Entity>, schema: Schema) -> Self {
        Self {
            entity: entity.into(),
            schema,
            variation: Variation::default(),
        }
    }

    /// An answer about `entity` for some.
    pub fn varied(entity: impl Into<Entity>, schema: Schema, variation: impl Into<Arc<str>>) -> Self {
        Self {
            variation: Variation::new(variation),
            ..Self::of(entity, schema)
        }
    }

    /// The answer to a question that names no single resource; `question` holds all that decides it, the generations
    /// of scopes included.
    pub fn query(schema: Schema, question: impl Into<Arc<str>>) -> Self {
        let variation = Variation::new(question);
        // A hash that is the same in every instance of one build; instances of another may use another key.
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(variation.as_str());
        Self {
            entity: Entity::Query(u16::try_from(hash >> 48).unwrap_or_default()),
            schema,
            variation,
        }
    }

    /// Schema and variation: what tells apart the answers that are kept about one entity.
    pub fn field(&self) -> String {
        format!("{}{}", self.schema.tag(), self.variation.as_str())
    }
}
