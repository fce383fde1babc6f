//! The scopes a token can carry. Their names are part of the HTTP interface.

use std::fmt;
use std::str::FromStr;

/// One permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Management reads: drafts, every locale, raw data.
    CatalogRead,
    CatalogWrite,
    PricesWrite,
    CatalogPublish,
    CatalogImport,
    /// Implies every other scope.
    CatalogAdmin,
}

impl Scope {
    pub const ALL: [Self; 6] = [
        Self::CatalogRead,
        Self::CatalogWrite,
        Self::PricesWrite,
        Self::CatalogPublish,
        Self::CatalogImport,
        Self::CatalogAdmin,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CatalogRead => "catalog:read",
            Self::CatalogWrite => "catalog:write",
            Self::PricesWrite => "prices:write",
            Self::CatalogPublish => "catalog:publish",
            Self::CatalogImport => "catalog:import",
            Self::CatalogAdmin => "catalog:admin",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A name that is no scope of this service.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope {0:?}, expected one of {all}", all = Scope::ALL.map(Scope::as_str).join(", "))]
pub struct UnknownScope(pub String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == name)
            .ok_or_else(|| UnknownScope(name.to_owned()))
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    pub const NONE: Self = Self(0);

    /// Whether the set holds this very scope; [`Scopes::allow`] is the question of permission.
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & (1 << scope as u8) != 0
    }

    pub const fn allow(self, scope: Scope) -> bool {
        self.contains(scope) || self.contains(Scope::CatalogAdmin)
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | (1 << scope as u8))
    }

    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }
}

impl From<Scope> for Scopes {
    fn from(scope: Scope) -> Self {
        Self::NONE.with(scope)
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::NONE, Self::with)
    }
}

/// Space-separated, as in the `scope` claim of RFC 8693.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_others_are_refused() {
        for scope in Scope::ALL {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
        for name in ["", "catalog", "Catalog:read", "catalog:read ", "catalog:*"] {
            assert_eq!(name.parse::<Scope>(), Err(UnknownScope(name.to_owned())));
        }
    }

    #[test]
    fn a_set_lists_what_was_put_in_once_and_in_order() {
        let scopes: Scopes = [Scope::CatalogAdmin, Scope::CatalogRead, Scope::CatalogRead]
            .into_iter()
            .collect();
        assert_eq!(scopes.to_string(), "catalog:read catalog:admin");
        assert!(!scopes.contains(Scope::CatalogWrite));
        assert!(Scopes::NONE.is_empty() && Scopes::NONE.to_string().is_empty());
    }
}
