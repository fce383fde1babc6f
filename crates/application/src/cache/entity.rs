//! What is invalidated as one piece.
//!
//! Invariant: whatever an answer shows depends on its own entity, on the scopes whose generation is part of its key, or
//! on the clock; and a write names every entity and scope that it may alter (`touched`).

use std::fmt;
use std::str::FromStr;

use domain::resource::Identity as _;
use domain::{CategoryId, ChannelId, MediaId, PriceId, PriceListId, ProductId, ProductTypeId, VariantId};
use uuid::Uuid;

/// A resource, a scope, or a query whose answer is kept under the generations of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Entity {
    Resource(ResourceKind, Uuid),
    Scope(Scope),
    /// Answers that no write names: lists and names, kept under generations of scopes. The bucket spreads them over keys.
    Query(u16),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceKind {
    Product,
    Variant,
    Category,
    Channel,
    ProductType,
    PriceList,
    Price,
    Media,
}

/// What many answers depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Channels, by whatever name.
    Channels,
    /// The category tree.
    Categories,
    /// Which products are deleted, and their variants with them.
    Deletions,
    /// Which category every product is filed in, in management.
    Filing,
    /// Which products shoppers find, where, by what name and in what order; and what they look like.
    Shelf,
    /// Price lists, their conditions and their times.
    PriceLists,
    /// All prices.
    Prices,
}

impl ResourceKind {
    pub const ALL: [Self; 8] = [
        Self::Product,
        Self::Variant,
        Self::Category,
        Self::Channel,
        Self::ProductType,
        Self::PriceList,
        Self::Price,
        Self::Media,
    ];

    /// The letters in names of keys.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Product => "p",
            Self::Variant => "v",
            Self::Category => "c",
            Self::Channel => "h",
            Self::ProductType => "t",
            Self::PriceList => "l",
            Self::Price => "r",
            Self::Media => "m",
        }
    }
}

impl Scope {
    pub const ALL: [Self; 7] = [
        Self::Channels,
        Self::Categories,
        Self::Deletions,
        Self::Filing,
        Self::Shelf,
        Self::PriceLists,
        Self::Prices,
    ];

    /// The word in names of keys.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Channels => "channels",
            Self::Categories => "categories",
            Self::Deletions => "deletions",
            Self::Filing => "filing",
            Self::Shelf => "shelf",
            Self::PriceLists => "price-lists",
            Self::Prices => "prices",
        }
    }
}

/// As it stands in names of keys, such as `p:0199f0c8-…` or `s:shelf`.
impl fmt::Display for Entity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Resource(kind, id) => write!(f, "{}:{id}", kind.code()),
            Self::Scope(scope) => write!(f, "s:{}", scope.code()),
            Self::Query(bucket) => write!(f, "q:{bucket}"),
        }
    }
}

/// Not the name of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the name of an entity")]
pub struct NoEntity;

impl FromStr for Entity {
    type Err = NoEntity;

    fn from_str(text: &str) -> Result<Self, NoEntity> {
        let (kind, rest) = text.split_once(':').ok_or(NoEntity)?;
        match kind {
            "s" => {
                let scope = Scope::ALL.into_iter().find(|scope| scope.code() == rest);
                scope.map(Self::Scope).ok_or(NoEntity)
            }
            "q" => rest.parse().map(Self::Query).map_err(|_| NoEntity),
            _ => {
                let kind = ResourceKind::ALL.into_iter().find(|known| known.code() == kind);
                let id = Uuid::try_parse(rest).map_err(|_| NoEntity)?;
                Ok(Self::Resource(kind.ok_or(NoEntity)?, id))
            }
        }
    }
}

macro_rules! entity_of {
    ($($id:ty => $kind:ident),+ $(,)?) => {
        $(impl From<$id> for Entity {
            fn from(id: $id) -> Self {
                Self::Resource(ResourceKind::$kind, id.to_uuid())
            }
        })+
    };
}

entity_of! {
    ProductId => Product,
    VariantId => Variant,
    CategoryId => Category,
    ChannelId => Channel,
    ProductTypeId => ProductType,
    PriceListId => PriceList,
    PriceId => Price,
    MediaId => Media,
}

impl From<Scope> for Entity {
    fn from(scope: Scope) -> Self {
        Self::Scope(scope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back_to_their_entities() {
        let id = Uuid::from_u128(7);
        let all = ResourceKind::ALL
            .into_iter()
            .map(|kind| Entity::Resource(kind, id))
            .chain(Scope::ALL.into_iter().map(Entity::Scope))
            .chain([Entity::Query(0), Entity::Query(65535)]);
        for entity in all {
            assert_eq!(entity.to_string().parse(), Ok(entity));
        }
        for no in [
            "",
            "p",
            "p:",
            "p:1",
            "x:00000000-0000-0000-0000-000000000007",
            "s:none",
            "q:65536",
        ] {
            assert_eq!(no.parse::<Entity>(), Err(NoEntity), "{no}");
        }
    }
}
