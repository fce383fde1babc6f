//! Requests about many variants at once.

use std::collections::{BTreeMap, HashSet};

use application::Faults;
use application::pointer_to;
use application::product::{Generated, Generation, OptionValue, VariantNames, VariantRef};
use deserr::{
    DeserializeError, Deserr, ErrorKind, IntoValue, Map as _, Value, ValueKind, ValuePointerRef,
    take_cf_content,
};
use domain::VariantId;
use domain::product::{Axis, VariantContent, VariantState};
use domain::value::{Gtin, Locale, Sku, Text};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parse::Parser;
use super::reference::{canonical_id, variant_ref};
use super::variant::VariantBody;

/// The most names of one lookup, of all kinds together.
const MAX_NAMES: usize = 200;

/// The most values of one axis.
const MAX_VALUES: usize = VariantContent::MAX_PER_PRODUCT;

/// Which variants are to be made.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
#[schema(rename_all = "camelCase")]
pub(crate) struct GenerationInput {
    /// Text with option axes of the product in braces. In their places stand the values in capitals, transliterated to
    /// ASCII letters and digits with hyphens in between: `Sky Blue` becomes `SKY-BLUE`. What results has at most 128
    /// characters and must be unique.
    #[schema(example = "MUG-{colour}-{size}")]
    pub(crate) sku_template: String,
    /// The values of the axes, in their order; an axis that is absent takes those that the product's variants have.
    #[deserr(default, from(Lists) = BTreeMap::from)]
    #[schema(required = false, example = json!({"colour": ["Blue", "Red"], "size": ["S", "L"]}))]
    pub(crate) axes: BTreeMap<String, Vec<String>>,
}

/// Lists of texts by name, of which none that is not valid is dropped.
pub(super) struct Lists(BTreeMap<String, Vec<String>>);

impl From<Lists> for BTreeMap<String, Vec<String>> {
    fn from(Lists(lists): Lists) -> Self {
        lists
    }
}

impl<E: DeserializeError> Deserr<E> for Lists {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        let map = match value {
            Value::Map(map) => map,
            actual => {
                let accepted = &[ValueKind::Map];
                return Err(take_cf_content(E::error(
                    None,
                    ErrorKind::IncorrectValueKind { actual, accepted },
                    location,
                )));
            }
        };
        let mut lists = BTreeMap::new();
        let mut error = None;
        for (name, value) in map.into_iter() {
            let at = location.push_key(&name);
            match Vec::<String>::deserialize_from_value(value.into_value(), at) {
                Ok(list) => drop(lists.insert(name, list)),
                Err(fault) => error = Some(take_cf_content(E::merge(error, fault, at))),
            }
        }
        error.map_or(Ok(Self(lists)), Err)
    }
}

impl GenerationInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<Generation, Faults> {
        let mut p = Parser::new(default_locale);
        let axes: Vec<_> = self
            .axes
            .into_iter()
            .map(|(axis, values)| {
                let at = pointer_to("/axes", &axis);
                let axis: Option<Axis> = p.take(&at, Text::parse(axis));
                let values: Option<Vec<OptionValue>> = p.list(&at, values, MAX_VALUES, |p, at, value| {
                    p.take(at, Text::parse(value))
                });
                Some((axis?, values?))
            })
            .collect();
        let axes: Option<BTreeMap<_, _>> = axes.into_iter().collect();
        p.finish(axes.map(|axes| Generation {
            sku_template: self.sku_template,
            axes,
        }))
    }
}

/// The variants that were made, or would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GeneratedBody {
    created: Vec<VariantBody>,
    /// How many of the combinations there were already.
    #[schema(example = 0)]
    existing: usize,
}

impl From<&Generated> for GeneratedBody {
    fn from(Generated { created, existing }: &Generated) -> Self {
        Self {
            created: created.iter().map(Into::into).collect(),
            existing: *existing,
        }
    }
}

/// The variants of a product in their order.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct OrderInput {
    /// Ids, `key:<key>`, `sku:<sku>` or `gtin:<digits>` of variants of the product, each at most once. Those that are
    /// not named stay behind these in the order that they have.
    #[schema(example = json!(["sku:KETTLE-BLUE", "sku:KETTLE-RED"]))]
    pub(crate) variants: Vec<String>,
}

impl OrderInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<Vec<VariantRef>, Faults> {
        let mut p = Parser::new(default_locale);
        let variants = p.list(
            "/variants",
            self.variants,
            VariantContent::MAX_PER_PRODUCT,
            |p, at, variant| p.take(at, variant_ref(&variant)),
        );
        p.finish(variants)
    }
}

/// All variants of a product in their new order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrderBody {
    variants: Vec<PlacedVariant>,
}

/// A variant with its place.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlacedVariant {
    id: Uuid,
    #[schema(example = "KETTLE-BLUE")]
    sku: String,
    /// One more where the position has changed.
    #[schema(example = 2)]
    version: i64,
    #[schema(example = 0)]
    position: u32,
}

impl From<&[VariantState]> for OrderBody {
    fn from(variants: &[VariantState]) -> Self {
        let placed = |variant: &VariantState| PlacedVariant {
            id: variant.id.uuid(),
            sku: variant.content.sku.to_string(),
            version: variant.record.version,
            position: variant.content.position,
        };
        Self {
            variants: variants.iter().map(placed).collect(),
        }
    }
}

/// Variants to look for by any of their names, at most 200 names together.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct LookupInput {
    #[deserr(default)]
    #[schema(required = false, example = json!(["KETTLE-BLUE"]))]
    pub(crate) skus: Vec<String>,
    #[deserr(default)]
    #[schema(required = false, example = json!([]))]
    pub(crate) gtins: Vec<String>,
    #[deserr(default)]
    #[schema(required = false, example = json!([]))]
    pub(crate) ids: Vec<String>,
}

impl LookupInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<VariantNames, Faults> {
        let mut p = Parser::new(default_locale);
        let count = self.skus.len() + self.gtins.len() + self.ids.len();
        if count == 0 {
            p.refuse("", "required", "skus, gtins or ids must have a name");
        }
        if count > MAX_NAMES {
            p.refuse("", "too_long", "has more than 200 names");
            return p.finish(None);
        }
        let skus = p.list("/skus", self.skus, MAX_NAMES, |p, at, sku| {
            p.take(at, Sku::parse(sku))
        });
        let gtins = p.list("/gtins", self.gtins, MAX_NAMES, |p, at, gtin| {
            p.take(at, Gtin::parse(&gtin))
        });
        let ids = p.list("/ids", self.ids, MAX_NAMES, |p, at, id| {
            let id = canonical_id(&id, "an id");
            p.take(at, id).map(VariantId::new)
        });
        let names = || {
            Some(VariantNames {
                skus: skus?,
                gtins: gtins?,
                ids: ids?,
            })
        };
        let names = names();
        p.finish(names)
    }
}

/// What was found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LookupBody {
    /// Each variant once, in the order of the first of its names in the request: SKUs, then GTINs, then ids.
    items: Vec<VariantBody>,
    missing: MissingNames,
}

/// The names that lead to no variant.
#[derive(Debug, Serialize, ToSchema)]
struct MissingNames {
    #[schema(example = json!([]))]
    skus: Vec<String>,
    #[schema(example = json!([]))]
    gtins: Vec<String>,
    #[schema(example = json!([]))]
    ids: Vec<Uuid>,
}

impl LookupBody {
    pub(crate) fn new(names: &VariantNames, found: &[VariantState]) -> Self {
        let mut items: Vec<&VariantState> = Vec::with_capacity(found.len());
        let mut seen = HashSet::new();
        let mut missing = MissingNames {
            skus: Vec::new(),
            gtins: Vec::new(),
            ids: Vec::new(),
        };
        let mut take = |variant: Option<&VariantState>| {
            // The borrow of what was found outlives this.
            variant.is_some_and(|variant| {
                if seen.insert(variant.id) {
                    items.extend(found.iter().find(|v| v.id == variant.id));
                }
                true
            })
        };
        let mut told = HashSet::new();
        for sku in &names.skus {
            if !take(found.iter().find(|v| v.content.sku == *sku)) && told.insert(sku.to_string()) {
                missing.skus.push(sku.to_string());
            }
        }
        for gtin in &names.gtins {
            let text = gtin.as_str().to_owned();
            if !take(found.iter().find(|v| v.content.gtin.as_ref() == Some(gtin)))
                && told.insert(text.clone())
            {
                missing.gtins.push(text);
            }
        }
        for id in &names.ids {
            if !take(found.iter().find(|v| v.id == *id)) && told.insert(id.to_string()) {
                missing.ids.push(VariantId::uuid(*id));
            }
        }
        Self {
            items: items.into_iter().map(Into::into).collect(),
            missing,
        }
    }
}
