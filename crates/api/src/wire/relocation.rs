//! Where a category is to go.

use application::Faults;
use application::category::{Destination, Place, Relocation};
use deserr::{DeserializeError, Deserr, IntoValue, Value, ValuePointerRef};
use domain::value::Locale;
use serde::Serialize;
use utoipa::ToSchema;

use super::parse::Parser;
use super::reference::category_ref;

/// Where a category is to go. At most one of `position`, `before` and `after`.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct RelocationInput {
    /// The category that it goes under: id, `key:<key>` or `slug:<slug>`; `null` makes it a root. Absent, it stays where
    /// it is.
    #[deserr(default)]
    #[schema(value_type = Option<String>, required = false, example = "key:kitchen")]
    pub(crate) parent: ParentDto,
    /// The position among its new siblings; absent, it keeps the one that it has.
    #[deserr(default)]
    #[schema(example = 0)]
    pub(crate) position: Option<u32>,
    /// The child of the new parent that it is put right before: id, `key:<key>` or `slug:<slug>`.
    #[deserr(default)]
    pub(crate) before: Option<String>,
    /// The child of the new parent that it is put right after: id, `key:<key>` or `slug:<slug>`.
    #[deserr(default)]
    pub(crate) after: Option<String>,
}

/// Absent, `null` and a reference are three different wishes.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) enum ParentDto {
    #[default]
    Absent,
    Null,
    Named(String),
}

impl<E: DeserializeError> Deserr<E> for ParentDto {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        match value {
            Value::Null => Ok(Self::Null),
            other => String::deserialize_from_value(other, location).map(Self::Named),
        }
    }
}

impl RelocationInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<Relocation, Faults> {
        let mut p = Parser::new(default_locale);
        let destination = match self.parent {
            ParentDto::Absent => Some(Destination::Stay),
            ParentDto::Null => Some(Destination::Root),
            ParentDto::Named(parent) => p
                .take("/parent", category_ref(&parent, default_locale))
                .map(Destination::Under),
        };
        let before = p.maybe(self.before, |p, b| {
            p.take("/before", category_ref(&b, default_locale))
        });
        let after = p.maybe(self.after, |p, a| {
            p.take("/after", category_ref(&a, default_locale))
        });
        let place = match (self.position, before, after) {
            (_, None, _) | (_, _, None) => None,
            (None, Some(None), Some(None)) => Some(Place::Keep),
            (Some(position), Some(None), Some(None)) => Some(Place::At(position)),
            (None, Some(Some(before)), Some(None)) => Some(Place::Before(before)),
            (None, Some(None), Some(Some(after))) => Some(Place::After(after)),
            (position, Some(before), Some(after)) => {
                // The first of those that are there stands; the others contradict it.
                let given = [
                    ("/position", position.is_some()),
                    ("/before", before.is_some()),
                    ("/after", after.is_some()),
                ];
                for (at, _) in given.into_iter().filter(|(_, given)| *given).skip(1) {
                    p.refuse(
                        at,
                        "contradiction",
                        "only one of position, before and after can be given",
                    );
                }
                None
            }
        };
        p.finish(
            destination
                .zip(place)
                .map(|(destination, place)| Relocation { destination, place }),
        )
    }
}
