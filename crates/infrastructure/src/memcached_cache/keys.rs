//! The names of keys: at most 250 bytes, without spaces and control characters.

use std::fmt::Write as _;

use application::cache::{CacheKey, Entity, Token};
use sha2::{Digest as _, Sha256};

const LONGEST_PREFIX: usize = 64;

pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    /// `None` when the prefix is too long or has other characters than are allowed.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '/');
        let fits = prefix.len() <= LONGEST_PREFIX && prefix.chars().all(plain);
        fits.then(|| Self {
            prefix: prefix.to_owned(),
        })
    }

    pub(super) fn space(&self) -> String {
        format!("{}n", self.prefix)
    }

    pub(super) fn probe(&self) -> String {
        format!("{}probe", self.prefix)
    }

    pub(super) fn state(&self, entity: Entity) -> String {
        format!("{}g:{entity}", self.prefix)
    }

    pub(super) fn fence(&self, token: Token) -> String {
        format!("{}f:{}", self.prefix, token.simple())
    }

    pub(super) fn value(&self, key: &CacheKey) -> String {
        self.of_answer("v", key)
    }

    pub(super) fn lease(&self, key: &CacheKey) -> String {
        self.of_answer("l", key)
    }

    fn of_answer(&self, kind: &str, key: &CacheKey) -> String {
        let mut name = format!("{}{kind}:{}:{}", self.prefix, key.entity, key.schema.tag());
        if !key.variation.as_str().is_empty() {
            name.push(':');
            for byte in Sha256::digest(key.variation.as_str()) {
                let _: std::fmt::Result = write!(name, "{byte:02x}");
            }
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use application::cache::{ResourceKind, Schema};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn names_fit_whatever_varies() {
        let keys = Keys::new(&"p".repeat(LONGEST_PREFIX));
        let entity = Entity::Resource(ResourceKind::Product, Uuid::from_u128(u128::MAX));
        let named = |variation: &str| {
            let key = CacheKey::varied(entity, Schema::new("t1"), variation);
            keys.as_ref().map(|keys| (keys.value(&key), keys.lease(&key)))
        };
        let long = "ä b\n".repeat(1000);
        for variation in ["", "de", &long] {
            let fits = |name: &str| name.len() <= 250 && name.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(
                named(variation).is_some_and(|(value, lease)| fits(&value) && fits(&lease) && value != lease)
            );
        }
        assert_ne!(named("de"), named(""));
        assert_ne!(named("de"), named("en"));
        assert!(Keys::new(&"p".repeat(LONGEST_PREFIX + 1)).is_none());
        assert!(Keys::new("a b").is_none());
    }
}
