//! The names of keys. All keys of one product share a hash tag, so that a script may touch them together.

use application::cache::{CacheKey, Representation};
use domain::ProductId;

pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    /// `None` when the prefix has characters that mean something in a pattern or a hash tag.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '/');
        prefix.chars().all(plain).then(|| Self {
            prefix: prefix.to_owned(),
        })
    }

    pub(super) fn value(&self, key: CacheKey) -> String {
        format!(
            "{}v:{{p:{}}}:{}",
            self.prefix,
            key.product,
            key.representation.tag()
        )
    }

    pub(super) fn lease(&self, key: CacheKey) -> String {
        format!(
            "{}l:{{p:{}}}:{}",
            self.prefix,
            key.product,
            key.representation.tag()
        )
    }

    pub(super) fn fence(&self, product: ProductId) -> String {
        format!("{}f:{{p:{product}}}", self.prefix)
    }

    /// Value, lease and fence, as reading scripts expect them.
    pub(super) fn of_read(&self, key: CacheKey) -> Vec<String> {
        vec![self.value(key), self.lease(key), self.fence(key.product)]
    }

    /// The fence, then value and lease per schema, as writing scripts expect them.
    pub(super) fn of_write(&self, product: ProductId) -> Vec<String> {
        let mut keys = vec![self.fence(product)];
        for representation in Representation::ALL {
            let key = CacheKey {
                product,
                representation,
            };
            keys.extend([self.value(key), self.lease(key)]);
        }
        keys
    }

    pub(super) fn all_leases(&self) -> String {
        format!("{}l:*", self.prefix)
    }

    pub(super) fn all_values(&self) -> String {
        format!("{}v:*", self.prefix)
    }

    pub(super) fn probe(&self) -> String {
        format!("{}z:probe", self.prefix)
    }
}
