//! Tokens whose signature was found good a moment ago: callers send the same one with every request, and a signature
//! takes longer to check than all else that a cached answer needs.
//!
//! Invariant: what is remembered of a token is used only with the keys that it was checked with, and only within the
//! time for which the token is valid. Tokens themselves are not kept, and neither are those that were refused.

use std::sync::Arc;

use application::access::{AccessError, Principal};
use chrono::{DateTime, Utc};
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::claims::Validity;
use super::keys::KeySet;

/// Some hundred bytes each.
const TOKENS: usize = 4096;

/// The public keys in force, if there are any.
type Keys = Option<Arc<KeySet>>;

pub(super) struct Remembered(Cache<[u8; 32], Arc<Verified>>);

struct Verified {
    principal: Principal,
    validity: Validity,
    keys: Keys,
}

impl Default for Remembered {
    fn default() -> Self {
        Self(Cache::new(TOKENS))
    }
}

impl Remembered {
    /// What checking the token would come to, where that is known.
    pub(super) fn find(
        &self,
        token: &str,
        keys: &Keys,
        now: DateTime<Utc>,
    ) -> Option<Result<Principal, AccessError>> {
        let verified = self.0.get(&digest(token))?;
        let is_same = match (&verified.keys, keys) {
            (Some(then), Some(now)) => Arc::ptr_eq(then, now),
            (None, None) => true,
            _ => false,
        };
        is_same.then(|| verified.validity.check(now).map(|()| verified.principal.clone()))
    }

    /// Remembers that the token was good with these keys.
    pub(super) fn add(&self, token: &str, keys: Keys, principal: Principal, validity: Validity) {
        let verified = Verified {
            principal,
            validity,
            keys,
        };
        self.0.insert(digest(token), Arc::new(verified));
    }
}

fn digest(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
