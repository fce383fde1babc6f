//! The names of keys. All keys of one entity share a hash tag, so that a script may touch them together.
//!
//! | key          | type   | what                                                                                    |
//! |--------------|--------|-----------------------------------------------------------------------------------------|
//! | `v:{E}`      | hash   | the entries: [`CacheKey::field`] to [`Entry::encode`](application::cache::Entry::encode) |
//! | `l:{E}`      | hash   | the leases: field to 16 bytes of token, then the end in Unix milliseconds               |
//! | `f:{E}`      | hash   | the fences: token to the end in Unix milliseconds. Tracked                              |
//! | `r:{E}`      | string | positions released of late, 16 bytes each                                               |
//! | `f:all`      |        | touched when everything was dropped. Tracked                                            |
//! | `z:fleet`    | hash   | instance to "last sign of life, last confirmed", in microseconds of the server          |
//! | `z:hb:I:N`   |        | beat N of instance I, gone at once. Tracked by I alone                                  |
//! | `z:changes`  | channel| entities, or `*`, for those who cannot track                                            |
//! | `z:hb:I`     | channel| numbers of beats, for the same                                                          |
//!
//! The server sends what is tracked by prefix in the order of prefixes, so that those of canaries have to come after
//! those of fences.

use application::cache::{CacheKey, Entity};
use uuid::Uuid;

#[derive(Clone)]
pub(super) struct Keys {
    prefix: String,
}

/// What is said of fences and releases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Entity(Entity),
    All,
    /// Something that this release does not know, and so keeps nothing of.
    Unknown,
}

impl Keys {
    /// `None` when the prefix has characters that mean something in a pattern or a hash tag.
    pub(super) fn new(prefix: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.' | '/');
        prefix.chars().all(plain).then(|| Self {
            prefix: prefix.to_owned(),
        })
    }

    fn of(&self, kind: char, entity: Entity) -> String {
        format!("{}{kind}:{{{entity}}}", self.prefix)
    }

    pub(super) fn entries(&self, entity: Entity) -> String {
        self.of('v', entity)
    }

    pub(super) fn leases(&self, entity: Entity) -> String {
        self.of('l', entity)
    }

    /// Entries, leases and fences, as scripts expect them.
    pub(super) fn of_key(&self, key: &CacheKey) -> Vec<String> {
        ['v', 'l', 'f'].map(|kind| self.of(kind, key.entity)).into()
    }

    /// The same and the releases.
    pub(super) fn of_entity(&self, entity: Entity) -> Vec<String> {
        ['v', 'l', 'f', 'r'].map(|kind| self.of(kind, entity)).into()
    }

    pub(super) fn all_leases(&self) -> String {
        format!("{}l:*", self.prefix)
    }

    pub(super) fn all_entries(&self) -> String {
        format!("{}v:*", self.prefix)
    }

    pub(super) fn fences(&self) -> String {
        format!("{}f:", self.prefix)
    }

    pub(super) fn everything(&self) -> String {
        format!("{}f:all", self.prefix)
    }

    pub(super) fn changes(&self) -> String {
        format!("{}z:changes", self.prefix)
    }

    pub(super) fn fleet(&self) -> String {
        format!("{}z:fleet", self.prefix)
    }

    pub(super) fn canaries(&self, instance: Uuid) -> String {
        format!("{}z:hb:{instance}", self.prefix)
    }

    pub(super) fn canary(&self, instance: Uuid, number: u64) -> String {
        format!("{}:{number}", self.canaries(instance))
    }

    /// In a cluster `tag` says whose.
    pub(super) fn probe(&self, tag: Option<&str>) -> String {
        let tag = tag.map(|tag| format!("{{{tag}}}")).unwrap_or_default();
        format!("{}z:probe{tag}", self.prefix)
    }

    /// What a fence's key says, `None` if it is another one's.
    pub(super) fn told(&self, key: &str) -> Option<Told> {
        let name = key.strip_prefix(&self.prefix)?.strip_prefix("f:")?;
        if name == "all" {
            return Some(Told::All);
        }
        let entity = name.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        Some(told(entity.unwrap_or_default()))
    }

    /// The number of a beat of `instance`, `None` if it is another key.
    pub(super) fn beat(&self, key: &str, instance: Uuid) -> Option<u64> {
        key.strip_prefix(&self.canaries(instance))?
            .strip_prefix(':')?
            .parse()
            .ok()
    }
}

/// What a message on [`Keys::changes`] says.
pub(super) fn told(message: &str) -> Told {
    match message {
        "*" => Told::All,
        _ => message.parse().map_or(Told::Unknown, Told::Entity),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests may panic")]

    use application::cache::Scope;

    use super::*;

    #[test]
    fn keys_lead_back_to_what_they_are_of() {
        let keys = Keys::new("shop:").unwrap();
        let entity = Entity::Scope(Scope::Shelf);
        let all = [
            "shop:v:{s:shelf}",
            "shop:l:{s:shelf}",
            "shop:f:{s:shelf}",
            "shop:r:{s:shelf}",
        ];
        assert_eq!(keys.of_entity(entity), all);
        assert_eq!(keys.told("shop:f:{s:shelf}"), Some(Told::Entity(entity)));
        assert_eq!(keys.told(&keys.everything()), Some(Told::All));
        assert_eq!(keys.told("shop:f:{x:later}"), Some(Told::Unknown));
        assert_eq!(keys.told("shop:v:{s:shelf}"), None);
        assert_eq!(told("*"), Told::All);
        let me = Uuid::from_u128(7);
        assert_eq!(keys.beat(&keys.canary(me, 41), me), Some(41));
        assert_eq!(keys.beat(&keys.canary(me, 41), Uuid::nil()), None);
        assert!(keys.fences() < keys.canaries(me));
        assert!(Keys::new("a*").is_none() && Keys::new("{a}").is_none());
    }
}
