//! Value objects: parsed once at the edge, valid ever after.

mod country;
mod digest;
mod gtin;
mod json;
mod key;
mod locale;
mod measure;
mod media;
mod metadata;
mod money;
mod number;
mod slug;
mod text;

pub use country::Country;
pub use digest::Digest;
pub use gtin::Gtin;
pub use json::{Json, JsonNumber, MAX_SAFE_INTEGER};
pub use key::{Key, Sku};
pub use locale::{Locale, Localized};
pub use measure::{Decimal, Dimensions, LengthUnit, Weight, WeightUnit};
pub use media::{MAX_MEDIA, Media, MediaRole, MediaSource};
pub use metadata::Metadata;
pub use money::{Currency, Money, Price, Prices};
pub use number::Number;
pub(crate) use number::decimal_text;
pub use slug::{LocalizedSlug, Slug};
pub use text::Text;

/// Why an input is not a valid value. `code()` is what clients meet as an item code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    #[error("is required")]
    Required,
    #[error("must have at most {max} {of}")]
    TooLong { max: usize, of: &'static str },
    #[error("must be {expected}")]
    Pattern { expected: &'static str },
    #[error("must be {expected}")]
    OutOfRange { expected: &'static str },
    #[error("must be {expected}")]
    NotInEnum { expected: &'static str },
    #[error("must not contain control characters")]
    ControlCharacter,
    #[error("{currency} amounts have at most {digits} digits after the point")]
    CurrencyDigits { currency: &'static str, digits: u32 },
    #[error("the check digit must be {expected}")]
    GtinCheckDigit { expected: u8 },
    #[error("stands in the list twice")]
    Duplicate,
}

impl ValueError {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::TooLong { .. } => "too_long",
            Self::Pattern { .. } | Self::ControlCharacter => "pattern",
            Self::OutOfRange { .. } => "out_of_range",
            Self::NotInEnum { .. } => "not_in_enum",
            Self::CurrencyDigits { .. } => "currency_digits",
            Self::GtinCheckDigit { .. } => "gtin_check_digit",
            Self::Duplicate => "duplicate",
        }
    }
}
