//! What else a shopper may want.

use crate::ProductId;
use crate::value::ValueError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RelationKind {
    CrossSell,
    UpSell,
    Accessory,
    Replacement,
}

impl RelationKind {
    pub fn parse(kind: &str) -> Result<Self, ValueError> {
        match kind {
            "crossSell" => Ok(Self::CrossSell),
            "upSell" => Ok(Self::UpSell),
            "accessory" => Ok(Self::Accessory),
            "replacement" => Ok(Self::Replacement),
            _ => Err(ValueError::NotInEnum {
                expected: "one of crossSell, upSell, accessory, replacement",
            }),
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CrossSell => "crossSell",
            Self::UpSell => "upSell",
            Self::Accessory => "accessory",
            Self::Replacement => "replacement",
        }
    }
}

/// A product that stands in this relation to the one that names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Relation {
    pub kind: RelationKind,
    pub product: ProductId,
}
