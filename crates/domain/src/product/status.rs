//! The lifecycle of a product: `draft ⇄ published`, both `→ archived`, and `archived → draft` by restoration.

use crate::value::ValueError;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProductStatus {
    Draft,
    Published,
    Archived,
}

impl ProductStatus {
    pub fn parse(status: &str) -> Result<Self, ValueError> {
        match status {
            "draft" => Ok(Self::Draft),
            "published" => Ok(Self::Published),
            "archived" => Ok(Self::Archived),
            _ => Err(ValueError::NotInEnum {
                expected: "one of draft, published, archived",
            }),
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    pub(super) const fn may_become(self, to: Self) -> bool {
        match (self, to) {
            (Self::Draft, Self::Published | Self::Archived)
            | (Self::Published, Self::Draft | Self::Archived)
            | (Self::Archived, Self::Draft) => true,
            (Self::Draft, Self::Draft)
            | (Self::Published, Self::Published)
            | (Self::Archived, Self::Archived | Self::Published) => false,
        }
    }
}
