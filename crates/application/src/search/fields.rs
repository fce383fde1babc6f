//! What products can be asked for: the fields of a plane by their names.
//!
//! Invariant: a field's columns hold values of one kind only. Where product types disagree on what an attribute is,
//! there is no field of that name, and no column.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use domain::ProductTypeId;
use domain::product::ProductStatus;
use domain::product_type::{self, Attribute, ProductTypeState};
use domain::value::{Key, Locale};

use super::document::TextView;
use super::kind::{FieldChoice, FieldKind};
use super::ports::Plane;
use super::query::{Column, Level, SortKey};

/// The names of fields that no product type defines.
pub(super) mod name {
    pub(in crate::search) const BRAND: &str = "brand";
    pub(in crate::search) const TAGS: &str = "tags";
    pub(in crate::search) const CATEGORY: &str = "category";
    pub(in crate::search) const PRODUCT_TYPE: &str = "productType";
    pub(in crate::search) const STATUS: &str = "status";
    pub(in crate::search) const KEY: &str = "key";
    pub(in crate::search) const NAME: &str = "name";
    /// Only searched and highlighted.
    pub(in crate::search) const DESCRIPTION: &str = "description";
    pub(in crate::search) const CREATED_AT: &str = "createdAt";
    pub(in crate::search) const UPDATED_AT: &str = "updatedAt";
    pub(in crate::search) const PUBLISHED_AT: &str = "publishedAt";
    pub(in crate::search) const UNPUBLISHED_CHANGES: &str = "hasUnpublishedChanges";
    pub(in crate::search) const SKU: &str = "sku";
    pub(in crate::search) const GTIN: &str = "gtin";
    pub(in crate::search) const MPN: &str = "mpn";
    pub(in crate::search) const PRICE: &str = "price";
    pub(in crate::search) const WEIGHT: &str = "weight";
    /// What the names of attributes begin with.
    pub(in crate::search) const ATTRIBUTES: &str = "attributes.";
    /// What the names of option axes begin with.
    pub(in crate::search) const OPTIONS: &str = "options.";
}

/// Something that products or variants say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are independent of one another"
)]
pub struct Field {
    pub name: String,
    pub level: Level,
    pub kind: FieldKind,
    /// Whether it has several values.
    pub is_set: bool,
    /// Whether its values are other ones in each view.
    pub is_localized: bool,
    /// Whether conditions and facets may name it.
    pub is_filterable: bool,
    pub is_sortable: bool,
    /// Whether texts are looked for in it.
    pub is_searchable: bool,
}

impl Field {
    pub fn column(&self, view: &TextView) -> Column {
        if self.kind == FieldKind::Money {
            return Column::Price;
        }
        Column::Stored {
            name: self.column_name(&view.name),
            level: self.level,
            is_number: self.kind.is_number(),
        }
    }

    pub(super) fn column_name(&self, view: &str) -> String {
        if self.is_localized {
            format!("{}@{view}", self.name)
        } else {
            self.name.clone()
        }
    }

    /// What to sort by it.
    pub fn sort_key(&self, view: &TextView) -> SortKey {
        if self.sorts_folded() {
            SortKey::Text(self.column_name(&view.name))
        } else {
            SortKey::Column(self.column(view))
        }
    }

    /// Whether it is sorted by as people sort words. Of a variant's texts the engine knows the bytes only.
    pub(super) fn sorts_folded(&self) -> bool {
        self.is_sortable && self.level == Level::Product && self.kind == FieldKind::Text
    }
}

/// Why there is no such field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldFault {
    #[error("there is no such field")]
    Unknown,
    #[error("product types define the attribute in different ways, so that it cannot be searched")]
    Ambiguous,
}

/// What is done with an attribute of one product type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plan {
    /// Where its values go.
    pub(super) column: Option<Arc<Field>>,
    pub(super) is_searchable: bool,
    /// What is read for its values, where these are few and it is searched.
    pub(super) choices: Vec<FieldChoice>,
}

/// The attributes of one product type, by key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct TypePlan {
    pub(super) key: String,
    pub(super) attributes: HashMap<String, Plan>,
}

/// The fields of one plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// `None` where product types disagree.
    by_name: BTreeMap<String, Option<Arc<Field>>>,
    /// What the values of axes are called, by axis.
    axes: BTreeMap<String, Vec<FieldChoice>>,
    pub(super) types: HashMap<ProductTypeId, TypePlan>,
}

impl Fields {
    /// `types` are all product types, in any order.
    pub fn new(plane: Plane, types: &[ProductTypeState]) -> Self {
        let mut by_name = BTreeMap::new();
        for field in own_fields(plane, types) {
            by_name.insert(field.name.clone(), Some(Arc::new(field)));
        }
        let mut attributes: BTreeMap<&Key, Vec<&Attribute>> = BTreeMap::new();
        let mut axes: BTreeMap<String, Vec<FieldChoice>> = BTreeMap::new();
        let mut ordered: Vec<_> = types.iter().collect();
        ordered.sort_by_key(|state| state.id);
        for content in ordered.iter().map(|state| &state.content) {
            for attribute in &content.attributes {
                if content.is_axis(&attribute.key) {
                    let known = axes.entry(attribute.key.to_string()).or_default();
                    if let Some(FieldKind::Enum(choices)) = FieldKind::of(&attribute.kind) {
                        add_choices(known, choices);
                    }
                } else {
                    attributes.entry(&attribute.key).or_default().push(attribute);
                }
            }
        }
        for (key, definitions) in attributes {
            if let Some(field) = of_attribute(plane, key, &definitions) {
                by_name.insert(format!("{}{key}", name::ATTRIBUTES), field.map(Arc::new));
            }
        }
        let types = ordered.iter().map(|state| (state.id, plan(state, &by_name)));
        Self {
            types: types.collect(),
            by_name,
            axes,
        }
    }

    pub fn get(&self, name: &str) -> Result<Arc<Field>, FieldFault> {
        match self.by_name.get(name) {
            Some(Some(field)) => Ok(field.clone()),
            Some(None) => Err(FieldFault::Ambiguous),
            // Products may have axes that no type knows of.
            None => match name.strip_prefix(name::OPTIONS) {
                Some(axis) if (1..=MAX_AXIS).contains(&axis.chars().count()) => Ok(Arc::new(Field {
                    is_sortable: true,
                    ..field(name, Level::Variant, FieldKind::Text)
                })),
                _ => Err(FieldFault::Unknown),
            },
        }
    }

    /// All but those of option axes, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Field>> {
        self.by_name.values().flatten()
    }

    /// What people read for a value of the axis.
    pub fn axis_choice(&self, axis: &str, value: &str) -> Option<&FieldChoice> {
        self.axes.get(axis)?.iter().find(|choice| choice.value == value)
    }

    /// Whatever decides which columns and passages documents have.
    pub(super) fn digest(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for field in self.iter() {
            let Field {
                name,
                level,
                kind,
                is_set,
                is_localized,
                is_filterable,
                is_sortable,
                is_searchable: _,
            } = field.as_ref();
            lines.push(format!(
                "{name} {level:?} {} {is_set} {is_localized} {is_filterable} {is_sortable}",
                kind.as_str()
            ));
        }
        for (id, plan) in &self.types {
            lines.push(format!("{id} {}", plan.key));
            for (key, plan) in &plan.attributes {
                let Plan {
                    column,
                    is_searchable,
                    choices,
                } = plan;
                lines.push(format!(
                    "{id} {key} {} {is_searchable} {choices:?}",
                    column.is_some()
                ));
            }
        }
        lines.push(format!("{:?}", self.axes));
        lines.sort_unstable();
        lines
    }
}

/// The most characters of an axis' name.
const MAX_AXIS: usize = 64;

fn field(name: &str, level: Level, kind: FieldKind) -> Field {
    Field {
        name: name.to_owned(),
        level,
        kind,
        is_set: false,
        is_localized: false,
        is_filterable: true,
        is_sortable: false,
        is_searchable: false,
    }
}

fn own_fields(plane: Plane, types: &[ProductTypeState]) -> Vec<Field> {
    use Level::{Product, Variant};
    let sortable = |field: Field| Field {
        is_sortable: true,
        ..field
    };
    let searchable = |field: Field| Field {
        is_searchable: true,
        ..field
    };
    let set = |field: Field| Field {
        is_set: true,
        ..field
    };
    let of_type = |state: &ProductTypeState| FieldChoice {
        value: state.content.key.to_string(),
        names: names(state.content.name.iter()),
    };
    let mut choices: Vec<_> = types.iter().map(of_type).collect();
    choices.sort_by(|a, b| a.value.cmp(&b.value));
    let mut fields = vec![
        Field {
            is_localized: true,
            is_filterable: false,
            ..searchable(sortable(field(name::NAME, Product, FieldKind::Text)))
        },
        searchable(sortable(field(name::BRAND, Product, FieldKind::Text))),
        searchable(set(field(name::TAGS, Product, FieldKind::Text))),
        set(field(name::CATEGORY, Product, FieldKind::Category)),
        field(name::PRODUCT_TYPE, Product, FieldKind::Enum(choices)),
        sortable(field(name::KEY, Product, FieldKind::Text)),
        sortable(field(name::CREATED_AT, Product, FieldKind::DateTime)),
        sortable(field(name::UPDATED_AT, Product, FieldKind::DateTime)),
        sortable(field(name::PUBLISHED_AT, Product, FieldKind::DateTime)),
        searchable(sortable(field(name::SKU, Variant, FieldKind::Text))),
        searchable(field(name::GTIN, Variant, FieldKind::Text)),
        searchable(field(name::MPN, Variant, FieldKind::Text)),
        sortable(field(name::PRICE, Variant, FieldKind::Money)),
        sortable(field(name::WEIGHT, Variant, FieldKind::Weight)),
    ];
    if plane == Plane::Management {
        let status = [
            ProductStatus::Draft,
            ProductStatus::Published,
            ProductStatus::Archived,
        ];
        let choices = status.map(|status| FieldChoice {
            value: status.as_str().to_owned(),
            names: BTreeMap::new(),
        });
        fields.push(field(name::STATUS, Product, FieldKind::Enum(choices.to_vec())));
        fields.push(field(name::UNPUBLISHED_CHANGES, Product, FieldKind::Boolean));
    }
    fields
}

pub(super) fn names<'a, T: ToString + 'a>(
    names: impl Iterator<Item = (&'a Locale, &'a T)>,
) -> BTreeMap<Locale, String> {
    names
        .map(|(locale, name)| (locale.clone(), name.to_string()))
        .collect()
}

fn has_column(attribute: &Attribute) -> bool {
    attribute.filterable || attribute.sortable
}

/// The field that all these definitions of one attribute make; inside, `None` where they disagree; outside, where none
/// of them is of a kind that is searched.
#[expect(clippy::option_option, reason = "they are different things to say")]
fn of_attribute(plane: Plane, key: &Key, definitions: &[&Attribute]) -> Option<Option<Field>> {
    let mut merged: Option<Field> = None;
    // Those without a column do not have to agree with anyone.
    let (with, without): (Vec<&Attribute>, Vec<&Attribute>) = definitions
        .iter()
        .copied()
        .partition(|attribute| has_column(attribute));
    let counted = if with.is_empty() { &without } else { &with };
    for attribute in counted {
        let Some(kind) = FieldKind::of(&attribute.kind) else {
            continue;
        };
        let level = match attribute.level {
            product_type::Level::Product => Level::Product,
            product_type::Level::Variant => Level::Variant,
        };
        let next = Field {
            name: format!("{}{key}", name::ATTRIBUTES),
            level,
            kind,
            is_set: attribute.set,
            is_localized: attribute.localizable && plane == Plane::Store,
            is_filterable: attribute.filterable,
            is_sortable: attribute.sortable,
            is_searchable: attribute.searchable,
        };
        merged = Some(match merged {
            None => next,
            Some(field) => match merge(field, next) {
                Some(field) => field,
                None if with.is_empty() => return None,
                None => return Some(None),
            },
        });
    }
    let mut field = merged?;
    field.is_searchable |= without.iter().any(|attribute| attribute.searchable);
    field.is_sortable &= !field.is_set;
    Some(Some(field))
}

/// One field of two, where both are of one class.
fn merge(one: Field, other: Field) -> Option<Field> {
    let kind = match (one.kind, other.kind) {
        (FieldKind::Enum(mut choices), FieldKind::Enum(others)) => {
            add_choices(&mut choices, others);
            FieldKind::Enum(choices)
        }
        (FieldKind::Text | FieldKind::Enum(_), FieldKind::Text) | (FieldKind::Text, FieldKind::Enum(_)) => {
            FieldKind::Text
        }
        (kind, other) if kind == other => kind,
        _ => return None,
    };
    (one.level == other.level).then_some(Field {
        name: one.name,
        level: one.level,
        kind,
        is_set: one.is_set || other.is_set,
        is_localized: one.is_localized || other.is_localized,
        is_filterable: one.is_filterable || other.is_filterable,
        is_sortable: one.is_sortable || other.is_sortable,
        is_searchable: one.is_searchable || other.is_searchable,
    })
}

/// The first name that a value has stays.
fn add_choices(choices: &mut Vec<FieldChoice>, others: Vec<FieldChoice>) {
    for choice in others {
        if choices.iter().all(|known| known.value != choice.value) {
            choices.push(choice);
        }
    }
}

fn plan(state: &ProductTypeState, by_name: &BTreeMap<String, Option<Arc<Field>>>) -> TypePlan {
    let content = &state.content;
    let own = content.attributes.iter().filter(|a| !content.is_axis(&a.key));
    let attributes = own.filter_map(|attribute| {
        let field = by_name.get(&format!("{}{}", name::ATTRIBUTES, attribute.key));
        let column = field.cloned().flatten().filter(|_| has_column(attribute));
        let is_searchable = attribute.searchable;
        let choices = match FieldKind::of(&attribute.kind) {
            Some(FieldKind::Enum(choices)) if is_searchable => choices,
            _ => Vec::new(),
        };
        (column.is_some() || is_searchable).then(|| {
            let plan = Plan {
                column,
                is_searchable,
                choices,
            };
            (attribute.key.to_string(), plan)
        })
    });
    TypePlan {
        key: content.key.to_string(),
        attributes: attributes.collect(),
    }
}

#[cfg(test)]
pub(super) mod tests;
