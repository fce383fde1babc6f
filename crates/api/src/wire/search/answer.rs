//! What searches, suggestions and the index's state look like.

use std::collections::BTreeMap;

use application::changelog::LogPosition;
use application::search::{
    FacetAnswer, FacetRequest, Plane, PlaneStatus, SearchHit, SearchPage, Suggestions,
};
use domain::product::ProductState;
use domain::value::Locale;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::wire::store::resolved;
use crate::wire::values::{JsonDto, instant};

/// A page of hits. `total` is exact, and the same on every page as long as nothing changes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SearchBody<T> {
    items: Vec<HitBody<T>>,
    /// `null` on the last page.
    next_cursor: Option<String>,
    /// How many products match.
    #[schema(example = 1)]
    total: u64,
    /// In the order in which they were asked for.
    facets: Vec<FacetBody>,
}

#[derive(Debug, Serialize, ToSchema)]
struct HitBody<T> {
    product: T,
    /// The first variant for which the conditions on one variant hold; absent where there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    variant: Option<Uuid>,
    /// By field: texts as HTML in which what was found stands between `<em>` and `</em>` and all else is escaped, cut to
    /// some 200 characters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"name": ["Enamel <em>kettle</em>"]}))]
    highlights: BTreeMap<String, Vec<String>>,
    /// With `explain`: how the hit came by its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    explanation: Option<Vec<String>>,
}

/// Counts of products. Which members there are depends on the kind of the facet.
#[derive(Debug, Default, Serialize, ToSchema)]
struct FacetBody {
    #[schema(example = "brand")]
    field: String,
    /// Of terms: values that products have, with how many have them.
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<Vec<TermBody>>,
    /// Of terms: how many values there are beyond those.
    #[serde(skip_serializing_if = "Option::is_none")]
    others: Option<u64>,
    /// The ranges as they were asked for, with their counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>, example = json!([{"lt": "20.00", "count": 3}]))]
    ranges: Option<Vec<Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stats: Option<StatsBody>,
    /// Categories with products in them or below, parents before children.
    #[serde(skip_serializing_if = "Option::is_none")]
    tree: Option<Vec<CategoryCountBody>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct TermBody {
    #[schema(value_type = Value, example = "Hearth & Co")]
    value: JsonDto,
    /// What people read for it, where the catalog has a name.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[schema(example = 3)]
    count: u64,
}

/// The least and the greatest value, `null` when there is none.
#[derive(Debug, Serialize, ToSchema)]
struct StatsBody {
    #[schema(value_type = Value, example = "4.50")]
    min: JsonDto,
    #[schema(value_type = Value, example = "120.00")]
    max: JsonDto,
    /// How many products have a value.
    #[schema(example = 3)]
    count: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct CategoryCountBody {
    id: Uuid,
    /// `null` at the root.
    parent: Option<Uuid>,
    #[schema(example = "Kitchen")]
    name: String,
    #[schema(example = 3)]
    count: u64,
}

/// What the answer is made with, beside what was found.
pub(crate) struct Shown<'a> {
    pub(crate) next_cursor: Option<String>,
    pub(crate) facets: &'a [FacetRequest],
    /// The ranges of each facet as they were written.
    pub(crate) ranges: &'a [Vec<JsonDto>],
}

impl<T> SearchBody<T> {
    pub(crate) fn new<S>(page: &SearchPage<S>, shown: Shown<'_>, body: impl Fn(&S) -> T) -> Self {
        let hit = |hit: &SearchHit<S>| HitBody {
            product: body(&hit.item),
            variant: hit.variant.map(domain::VariantId::uuid),
            highlights: hit.highlights.iter().cloned().collect(),
            explanation: hit.explanation.clone(),
        };
        let facets = page.facets.iter().zip(shown.facets.iter().zip(shown.ranges));
        Self {
            items: page.hits.iter().map(hit).collect(),
            next_cursor: shown.next_cursor,
            total: page.total,
            facets: facets
                .map(|(answer, (asked, ranges))| FacetBody::new(&asked.field.value, answer, ranges))
                .collect(),
        }
    }
}

impl FacetBody {
    fn new(field: &str, answer: &FacetAnswer, asked: &[JsonDto]) -> Self {
        let body = Self {
            field: field.to_owned(),
            ..Self::default()
        };
        match answer {
            FacetAnswer::Terms { values, others } => Self {
                values: Some(
                    values
                        .iter()
                        .map(|term| TermBody {
                            value: term.value.clone().into(),
                            name: term.name.clone(),
                            count: term.count,
                        })
                        .collect(),
                ),
                others: Some(*others),
                ..body
            },
            FacetAnswer::Ranges(counts) => Self {
                ranges: Some(
                    asked
                        .iter()
                        .zip(counts)
                        .map(|(JsonDto(range), count)| {
                            let mut range = range.clone();
                            if let Value::Object(members) = &mut range {
                                members.insert("count".to_owned(), (*count).into());
                            }
                            range
                        })
                        .collect(),
                ),
                ..body
            },
            FacetAnswer::Stats { min, max, count } => Self {
                stats: Some(StatsBody {
                    min: min.clone().into(),
                    max: max.clone().into(),
                    count: *count,
                }),
                ..body
            },
            FacetAnswer::Tree(categories) => Self {
                tree: Some(
                    categories
                        .iter()
                        .map(|category| CategoryCountBody {
                            id: category.id.uuid(),
                            parent: category.parent.map(domain::CategoryId::uuid),
                            name: category.name.clone(),
                            count: category.count,
                        })
                        .collect(),
                ),
                ..body
            },
        }
    }
}

/// What someone may be about to type.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuggestBody {
    /// Best first.
    products: Vec<SuggestedBody>,
    /// Best first.
    categories: Vec<SuggestedBody>,
    /// Most products first.
    brands: Vec<SuggestedBrandBody>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SuggestedBody {
    id: Uuid,
    #[schema(example = "Enamel kettle")]
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "enamel-kettle")]
    slug: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SuggestedBrandBody {
    #[schema(example = "Hearth & Co")]
    brand: String,
    /// How many products have it.
    #[schema(example = 3)]
    count: u64,
}

impl SuggestedBody {
    /// In the first of `locales` that there is a text in.
    pub(crate) fn of(product: &ProductState, locales: &[Locale]) -> Self {
        let content = &product.content;
        Self {
            id: product.id.uuid(),
            name: resolved(Some(&content.name), locales).unwrap_or_default(),
            slug: content.slug.resolve(locales).map(|slug| slug.as_str().to_owned()),
        }
    }
}

impl SuggestBody {
    pub(crate) fn new<T>(found: &Suggestions<T>, product: impl Fn(&T) -> SuggestedBody) -> Self {
        let Suggestions {
            products,
            categories,
            brands,
            position: _,
        } = found;
        Self {
            products: products.iter().map(product).collect(),
            categories: categories
                .iter()
                .map(|(id, name)| SuggestedBody {
                    id: id.uuid(),
                    name: name.clone(),
                    slug: None,
                })
                .collect(),
            brands: brands
                .iter()
                .map(|(brand, count)| SuggestedBrandBody {
                    brand: brand.clone(),
                    count: *count,
                })
                .collect(),
        }
    }
}

/// How the indexes of the instance that answers stand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusBody {
    management: PlaneStatusBody,
    store: PlaneStatusBody,
}

#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct PlaneStatusBody {
    /// `building` (there are no answers yet), `rebuilding` (another index is made beside the one that answers) or
    /// `following`.
    #[schema(example = "following")]
    state: &'static str,
    /// The `Catalog-Position` up to which the index has everything; `null` while it is built.
    #[schema(example = "2f1-1a")]
    position: Option<String>,
    /// Changes that it does not have yet; 1,000 stands for that many or more.
    #[schema(example = 0)]
    lag_changes: u64,
    /// How old the first of them is, in milliseconds.
    #[schema(example = 0)]
    lag_millis: u64,
    /// Products.
    #[schema(example = 206)]
    documents: u64,
    #[schema(example = 741)]
    variants: u64,
    /// On disk.
    #[schema(example = 1_048_576)]
    bytes: u64,
    #[schema(example = 2)]
    segments: u64,
    /// When products were last added to it or taken away.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    changed_at: Option<String>,
}

impl StatusBody {
    /// `position` writes a place in the change log as clients carry it.
    pub(crate) fn new(planes: &[PlaneStatus], position: impl Fn(LogPosition) -> String) -> Self {
        let of = |name: Plane| {
            let found = planes.iter().find(|status| status.plane == name);
            found.map_or_else(PlaneStatusBody::default, |status| PlaneStatusBody {
                state: status.state.as_str(),
                position: status.position.map(&position),
                lag_changes: status.lag_changes,
                lag_millis: status.lag_millis,
                documents: status.documents,
                variants: status.variants,
                bytes: status.bytes,
                segments: status.segments,
                changed_at: status.changed_at.map(instant),
            })
        };
        Self {
            management: of(Plane::Management),
            store: of(Plane::Store),
        }
    }
}
