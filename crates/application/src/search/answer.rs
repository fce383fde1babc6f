//! From what the index found to what is shown of it: values as clients write them, with the names that people read.

use std::collections::HashMap;
use std::sync::Arc;

use domain::CategoryId;
use domain::product::ProductContent;
use domain::product_type::AttributeValue;
use domain::value::{Currency, Json, Key, Locale};
use tokio::task::spawn_blocking;
use uuid::Uuid;

use super::document::Value;
use super::fields::{Field, name};
use super::ground::{Ground, shown};
use super::kind::FieldKind;
use super::ports::{Plane, SearchError, SearchIndex};
use super::query::{FacetCounts, Found};
use super::request::{CategoryCount, FacetAnswer, SearchRequest, TermCount};
use crate::changelog::LogPosition;

/// By the names of fields.
pub(super) type Highlights = Vec<(String, Vec<String>)>;

/// What was found, with what is needed to show it.
pub(super) struct Answered {
    pub(super) found: Found,
    pub(super) facet_fields: Vec<Arc<Field>>,
    /// In which texts are shown, the best one first.
    pub(super) languages: Vec<Locale>,
    /// By which the text of the request was read.
    pub(super) language: String,
    pub(super) currency: Option<Currency>,
    pub(super) ground: Arc<Ground>,
    pub(super) position: LogPosition,
}

impl Answered {
    pub(super) fn facets(&self) -> Vec<FacetAnswer> {
        let counted = self.found.facets.iter().zip(&self.facet_fields);
        counted.map(|(counts, field)| self.facet(counts, field)).collect()
    }

    fn facet(&self, counts: &FacetCounts, field: &Field) -> FacetAnswer {
        let render = |value: &Value| field.kind.render(value, self.currency);
        match counts {
            FacetCounts::Terms { values, others } => FacetAnswer::Terms {
                values: values
                    .iter()
                    .map(|(value, count)| TermCount {
                        value: render(value),
                        name: self.name(field, value),
                        count: *count,
                    })
                    .collect(),
                others: *others,
            },
            FacetCounts::Ranges(counts) => FacetAnswer::Ranges(counts.clone()),
            FacetCounts::Stats { min, max, count } => FacetAnswer::Stats {
                min: min.as_ref().map_or(Json::Null, render),
                max: max.as_ref().map_or(Json::Null, render),
                count: *count,
            },
            FacetCounts::Tree(counts) => FacetAnswer::Tree(self.tree(counts)),
        }
    }

    fn name(&self, field: &Field, value: &Value) -> Option<String> {
        let Value::Text(value) = value else {
            return None;
        };
        let named = match &field.kind {
            FieldKind::Category => {
                let id = CategoryId::new(Uuid::try_parse(value).ok()?);
                return self.ground.categories.name(id, &self.languages);
            }
            FieldKind::Enum(choices) => choices.iter().find(|choice| choice.value == *value),
            _ => {
                let axis = field.name.strip_prefix(name::OPTIONS)?;
                // Axes are called the same in both planes.
                let fields = self.ground.composer(Plane::Store).fields();
                fields.axis_choice(axis, value)
            }
        };
        named?.name(&self.languages).map(str::to_owned)
    }

    fn tree(&self, counts: &[(CategoryId, u64)]) -> Vec<CategoryCount> {
        let counts: HashMap<_, _> = counts.iter().copied().collect();
        let known = self.ground.categories.all.iter();
        known
            .filter_map(|state| {
                Some(CategoryCount {
                    id: state.id,
                    parent: state.content.parent,
                    name: shown(&state.content.name, &self.languages),
                    count: *counts.get(&state.id)?,
                })
            })
            .collect()
    }

    /// What the text of the request found in the products' texts, of each by the name of the field.
    pub(super) async fn highlights(
        &self,
        index: Arc<dyn SearchIndex>,
        request: &SearchRequest,
        products: &[&ProductContent],
    ) -> Result<Vec<Highlights>, SearchError> {
        let mut shown = vec![Highlights::new(); products.len()];
        let Some(text) = request.text.clone() else {
            return Ok(shown);
        };
        let mut places = Vec::new();
        let mut texts = Vec::new();
        for (product, content) in products.iter().enumerate() {
            for field in &request.highlight.fields {
                for text in self.texts(&field.value, content) {
                    places.push((product, &field.value));
                    texts.push(text);
                }
            }
        }
        if texts.is_empty() {
            return Ok(shown);
        }
        let (language, settings) = (self.language.clone(), self.ground.settings.clone());
        let fragment = request.highlight.fragment;
        let looking = spawn_blocking(move || {
            let texts: Vec<_> = texts.iter().map(String::as_str).collect();
            index.highlight(&text.value, &language, &settings, fragment, &texts)
        });
        let found = looking.await.map_err(|error| SearchError::Failed(error.into()))?;
        for ((product, field), found) in places.into_iter().zip(found) {
            let (Some(found), Some(shown)) = (found, shown.get_mut(product)) else {
                continue;
            };
            match shown.last_mut().filter(|(last, _)| last == field) {
                Some((_, texts)) => texts.push(found),
                None => shown.push((field.clone(), vec![found])),
            }
        }
        Ok(shown)
    }

    fn texts(&self, field: &str, content: &ProductContent) -> Vec<String> {
        match field {
            name::NAME => vec![shown(&content.name, &self.languages)],
            name::DESCRIPTION => {
                let description = content.description.as_ref();
                description
                    .map(|text| shown(text, &self.languages))
                    .into_iter()
                    .collect()
            }
            name::BRAND => content.brand.iter().map(ToString::to_string).collect(),
            name::TAGS => content.tags.iter().map(ToString::to_string).collect(),
            _ => {
                let key = field.strip_prefix(name::ATTRIBUTES).map(Key::parse);
                let value = key
                    .and_then(Result::ok)
                    .and_then(|key| content.attributes.get(&key));
                match value.and_then(|value| value.resolve(&self.languages)) {
                    Some(AttributeValue::Text(text)) => vec![text.clone()],
                    Some(AttributeValue::Set(items)) => {
                        let texts = items.iter().filter_map(|item| match item {
                            AttributeValue::Text(text) => Some(text.clone()),
                            _ => None,
                        });
                        texts.collect()
                    }
                    _ => Vec::new(),
                }
            }
        }
    }
}
