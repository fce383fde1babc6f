//! Identifiers: one type per resource kind, so that ids of different kinds cannot be confused.

use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            pub const fn new(id: Uuid) -> Self {
                Self(id)
            }

            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl crate::resource::Identity for $name {
            fn from_uuid(id: Uuid) -> Self {
                Self(id)
            }

            fn to_uuid(self) -> Uuid {
                self.0
            }
        }
    };
}

id!(
    /// Identifies a product (`UUIDv7`).
    ProductId
);
id!(
    /// Identifies a variant (`UUIDv7`).
    VariantId
);
id!(
    /// Identifies a category (`UUIDv7`).
    CategoryId
);
id!(
    /// Identifies a product type (`UUIDv7`).
    ProductTypeId
);
id!(
    /// Identifies an uploaded file (`UUIDv7`).
    MediaId
);

id!(
    /// Identifies a channel (`UUIDv7`).
    ChannelId
);
id!(
    /// Identifies a price list (`UUIDv7`).
    PriceListId
);
id!(
    /// Identifies a price (`UUIDv7`).
    PriceId
);
