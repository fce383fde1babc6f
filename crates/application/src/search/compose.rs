//! From copies of products to what is indexed of them.
//!
//! Invariant: a document depends on its copy and the layout alone; whatever else decides what is in it is part of the
//! layout's fingerprint.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use domain::channel::ChannelState;
use domain::product_type::{AttributeValue, ProductTypeState};
use domain::value::Locale;

use super::copy::{CopyAttributes, CopyValue, ProductCopy, VariantCopy};
use super::document::{Columns, Document, Layout, Passage, TextClass, Value, VariantDocument};
use super::fields::{Field, Fields, TypePlan, name};
use super::kind::{boolean, encode, instant, weigh};
use super::ports::Plane;
use super::views::{View, best, management_views, store_views, view_name};

/// To be counted up when documents are made otherwise.
const COMPOSITION: u32 = 1;

/// Makes the documents of one plane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composer {
    plane: Plane,
    fields: Arc<Fields>,
    layout: Layout,
    views: Vec<View>,
    default_locale: Locale,
}

impl Composer {
    pub fn new(
        plane: Plane,
        types: &[ProductTypeState],
        channels: &[ChannelState],
        default_locale: &Locale,
    ) -> Self {
        let fields = Fields::new(plane, types);
        let views = match plane {
            Plane::Store => store_views(channels),
            Plane::Management => management_views(channels, default_locale),
        };
        let mut hasher = DefaultHasher::new();
        (COMPOSITION, env!("CARGO_PKG_VERSION"), plane.as_str()).hash(&mut hasher);
        default_locale.as_str().hash(&mut hasher);
        fields.digest().hash(&mut hasher);
        Self {
            plane,
            fields: Arc::new(fields),
            layout: Layout {
                views: views.iter().map(|view| view.text.clone()).collect(),
                fingerprint: format!("{:016x}", hasher.finish()),
            },
            views,
            default_locale: default_locale.clone(),
        }
    }

    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    pub const fn fields(&self) -> &Arc<Fields> {
        &self.fields
    }

    /// The place of the view in which a shopper reads, or an editor; all texts at once without a locale.
    pub fn view(&self, locales: &[Locale]) -> Option<usize> {
        let name = view_name(locales);
        self.views.iter().position(|view| view.text.name == name)
    }

    pub fn compose(&self, copy: ProductCopy) -> Document {
        let nothing = TypePlan::default();
        let plan = self.fields.types.get(&copy.product_type).unwrap_or(&nothing);
        let passages = self.passages(&copy, plan);
        let sort_texts = self.sort_texts(&copy, plan);
        let identifiers = identifiers(&copy);
        let columns = self.product_columns(&copy, plan);
        Document {
            id: copy.id,
            passages,
            identifiers,
            columns,
            sort_texts,
            variants: copy
                .variants
                .into_iter()
                .map(|variant| self.variant(variant, plan))
                .collect(),
            listed: copy.listed,
        }
    }

    fn product_columns(&self, copy: &ProductCopy, plan: &TypePlan) -> Columns {
        let mut columns = Columns::new();
        let mut add = |name: &str, values: Vec<Value>| put(&mut columns, name.to_owned(), values);
        add(name::BRAND, texts(copy.brand.iter()));
        add(name::TAGS, distinct(texts(copy.tags.iter())));
        let categories = copy.categories.iter().map(|id| Value::Text(id.to_string()));
        add(name::CATEGORY, distinct(categories.collect()));
        add(name::PRODUCT_TYPE, vec![Value::Text(plan.key.clone())]);
        add(name::KEY, texts(copy.key.iter()));
        add(name::CREATED_AT, vec![instant(copy.created_at)]);
        add(name::UPDATED_AT, vec![instant(copy.updated_at)]);
        add(
            name::PUBLISHED_AT,
            copy.published_at.into_iter().map(instant).collect(),
        );
        if self.plane == Plane::Management {
            add(name::STATUS, vec![Value::Text(copy.status.as_str().to_owned())]);
            add(
                name::UNPUBLISHED_CHANGES,
                vec![boolean(copy.has_unpublished_changes)],
            );
        }
        self.attribute_columns(&copy.attributes, plan, &mut columns);
        columns
    }

    fn variant(&self, variant: VariantCopy, plan: &TypePlan) -> VariantDocument {
        let mut columns = Columns::new();
        self.attribute_columns(&variant.attributes, plan, &mut columns);
        put(&mut columns, name::SKU.to_owned(), vec![Value::Text(variant.sku)]);
        put(&mut columns, name::GTIN.to_owned(), texts(variant.gtin.iter()));
        put(&mut columns, name::MPN.to_owned(), texts(variant.mpn.iter()));
        let weight = variant.weight.as_ref().and_then(weigh);
        put(
            &mut columns,
            name::WEIGHT.to_owned(),
            weight.into_iter().collect(),
        );
        for (axis, value) in variant.options {
            let column = format!("{}{axis}", name::OPTIONS);
            put(&mut columns, column, vec![Value::Text(value)]);
        }
        VariantDocument {
            id: variant.id,
            columns,
            prices: variant.prices,
        }
    }

    fn attribute_columns(&self, attributes: &CopyAttributes, plan: &TypePlan, columns: &mut Columns) {
        for (key, value) in attributes {
            let Some(field) = plan.attributes.get(key).and_then(|plan| plan.column.as_ref()) else {
                continue;
            };
            if field.is_localized {
                for view in &self.views {
                    let seen = resolve(value, &view.locales);
                    put(columns, field.column_name(&view.text.name), values(seen));
                }
            } else {
                let seen = resolve(value, std::slice::from_ref(&self.default_locale));
                put(columns, field.name.clone(), values(seen));
            }
        }
    }

    fn sort_texts(&self, copy: &ProductCopy, plan: &TypePlan) -> Vec<(String, String)> {
        let mut sorted = Vec::new();
        let own = |name: &str| self.fields.get(name).ok();
        if let Some(field) = own(name::NAME) {
            for view in &self.views {
                if let Some(text) = best(&copy.name, &view.locales) {
                    sorted.push((field.column_name(&view.text.name), text.clone()));
                }
            }
        }
        for (name, text) in [(name::BRAND, &copy.brand), (name::KEY, &copy.key)] {
            sorted.extend(text.iter().map(|text| (name.to_owned(), text.clone())));
        }
        for (key, value) in &copy.attributes {
            let column = plan.attributes.get(key).and_then(|plan| plan.column.as_ref());
            let Some(field) = column.filter(|field| field.sorts_folded()) else {
                continue;
            };
            let mut add = |name: String, locales: &[Locale]| {
                if let Some(CopyValue::One(AttributeValue::Text(text))) = resolve(value, locales) {
                    sorted.push((name, text.clone()));
                }
            };
            if field.is_localized {
                for view in &self.views {
                    add(field.column_name(&view.text.name), &view.locales);
                }
            } else {
                add(field.name.clone(), std::slice::from_ref(&self.default_locale));
            }
        }
        sorted
    }

    fn passages(&self, copy: &ProductCopy, plan: &TypePlan) -> Vec<Passage> {
        let mut keywords: Vec<&str> = Vec::new();
        keywords.extend(copy.brand.as_deref());
        keywords.extend(copy.tags.iter().map(String::as_str));
        for variant in &copy.variants {
            keywords.push(&variant.sku);
            keywords.extend(variant.mpn.as_deref());
        }
        let mut passages = Vec::new();
        for (index, view) in self.views.iter().enumerate() {
            let mut seen = BTreeSet::new();
            let mut add = |class: TextClass, text: &str| {
                if seen.insert((class, text.to_owned())) {
                    passages.push(Passage {
                        view: index,
                        class,
                        text: text.to_owned(),
                    });
                }
            };
            for text in view.reading.of(&copy.name) {
                add(TextClass::Name, text);
            }
            for keyword in &keywords {
                add(TextClass::Keyword, keyword);
            }
            let of_variants = copy.variants.iter().flat_map(|variant| &variant.attributes);
            for (key, value) in copy.attributes.iter().chain(of_variants) {
                let Some(plan) = plan.attributes.get(key).filter(|plan| plan.is_searchable) else {
                    continue;
                };
                view.reading
                    .words(value, &plan.choices, &mut |text| add(TextClass::Attribute, text));
            }
            for (axis, value) in copy.variants.iter().flat_map(|variant| &variant.options) {
                add(TextClass::Attribute, value);
                if let Some(choice) = self.fields.axis_choice(axis, value) {
                    view.reading
                        .names(choice, &mut |text| add(TextClass::Attribute, text));
                }
            }
            for text in view.reading.of(&copy.description) {
                add(TextClass::Body, text);
            }
        }
        passages
    }
}

fn resolve<'a>(value: &'a CopyValue, locales: &[Locale]) -> Option<&'a CopyValue> {
    match value {
        CopyValue::Localized(values) => best(values, locales),
        plain => Some(plain),
    }
}

fn values(value: Option<&CopyValue>) -> Vec<Value> {
    match value {
        Some(CopyValue::One(value)) => encode(value).into_iter().collect(),
        Some(CopyValue::Set(items)) => distinct(items.iter().filter_map(encode).collect()),
        Some(CopyValue::Localized(_)) | None => Vec::new(),
    }
}

fn texts<'a>(texts: impl Iterator<Item = &'a String>) -> Vec<Value> {
    texts.map(|text| Value::Text(text.clone())).collect()
}

fn distinct(mut values: Vec<Value>) -> Vec<Value> {
    values.sort_unstable();
    values.dedup();
    values
}

fn put(columns: &mut Columns, name: String, values: Vec<Value>) {
    if !values.is_empty() {
        columns.push((name, values));
    }
}

fn identifiers(copy: &ProductCopy) -> Vec<String> {
    let mut identifiers: Vec<String> = copy.key.iter().cloned().collect();
    for variant in &copy.variants {
        identifiers.push(variant.sku.clone());
        identifiers.extend(variant.gtin.iter().chain(&variant.key).cloned());
    }
    identifiers.sort_unstable();
    identifiers.dedup();
    identifiers
}

/// Whether two compositions have the same columns for a field.
pub(super) fn agree(one: &Fields, other: &Fields, name: &str) -> bool {
    let columns = |field: &Field| {
        (
            field.level,
            field.kind.as_str(),
            field.is_set,
            field.is_localized,
            field.is_filterable,
            field.is_sortable,
        )
    };
    match (one.get(name), other.get(name)) {
        (Ok(one), Ok(other)) => columns(&one) == columns(&other),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
