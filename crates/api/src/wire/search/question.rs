//! What is searched for.

use application::Faults;
use application::search::{
    FacetKindRequest, FacetRequest, FilterRequest, HighlightRequest, Located, SearchText, SortRequest,
    TermOrder,
};
use deserr::Deserr;
use domain::value::{Locale, ValueError};
use utoipa::ToSchema;

use super::filter;
use crate::wire::parse::Parser;
use crate::wire::values::JsonDto;

/// The most hits of a page, and how many there are when nobody says.
const MAX_LIMIT: u32 = 200;
const DEFAULT_LIMIT: u32 = 50;

/// What is searched for. Everything may be absent.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[schema(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct SearchInput {
    /// What someone typed, at most 1,000 characters, of which the first 32 words count. Every word has to be found, with
    /// one typo in words of 4 to 7 letters and two in longer ones, none in words with digits; the last word may be the
    /// beginning of one, unless white space follows. What stands between quotation marks is found as it stands. A product
    /// whose SKU, GTIN or key it is comes first.
    #[deserr(default)]
    #[schema(example = "enamel kettle")]
    q: Option<String>,
    /// `{"and": […]}`, `{"or": […]}`, `{"not": …}`, `{"variant": …}` or a condition: `field` with one of `eq`, `in`,
    /// `exists`, or bounds (`gt`, `gte`, `lt`, `lte`). Everything within one `variant` holds on one variant; a
    /// condition on a variant's field outside of it holds on any. At most 16 levels, 200 conditions, 1,000 values.
    /// Fields: `brand`, `tags`, `category` (id, `key:<key>` or `slug:<slug>`; what is below it counts unless
    /// `"descendants": false`), `productType`, `key`, `createdAt`, `updatedAt`, `publishedAt`, `attributes.<key>`, and of
    /// variants `sku`, `gtin`, `mpn`, `options.<axis>`, `price` (decimals as strings), `weight`, `attributes.<key>`; for
    /// management `status` and `hasUnpublishedChanges` too.
    #[deserr(default)]
    #[schema(value_type = Option<Object>, example = json!({"and": [
        {"field": "brand", "in": ["Hearth & Co"]},
        {"variant": {"and": [{"field": "options.colour", "eq": "Blue"}, {"field": "price", "lt": "50.00"}]}},
    ]}))]
    filter: Option<JsonDto>,
    /// At most 40.
    #[deserr(default)]
    #[schema(required = false)]
    facets: Vec<FacetInput>,
    /// At most 5 fields, each with a hyphen in front for descending: `relevance`, `price`, `name`, `createdAt`,
    /// `updatedAt`, `publishedAt`, `brand`, `key`, `sku`, `weight`, sortable `attributes.<key>`. By relevance when absent
    /// and there is a text, else newest first. What has no value comes last.
    #[deserr(default)]
    #[schema(required = false, example = json!(["price", "name"]))]
    sort: Vec<String>,
    /// How many hits a page has, 0 to 200; 50 when absent.
    #[deserr(default)]
    #[schema(example = 20, maximum = 200)]
    limit: Option<u32>,
    /// `nextCursor` of the page before.
    #[deserr(default)]
    cursor: Option<String>,
    /// At most 10 of `name`, `description`, `brand`, `tags` and searchable `attributes.<key>`, whose texts are to be shown
    /// with what was found in them.
    #[deserr(default)]
    #[schema(required = false, example = json!(["name"]))]
    highlight: Vec<String>,
    /// Whether hits tell how they came by their places.
    #[deserr(default)]
    #[schema(required = false, example = false)]
    explain: bool,
}

/// What is to be counted among the hits. A count beside a value is how many hits there are when that value alone is
/// chosen for the field; other fields' conditions stay.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[schema(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct FacetInput {
    /// A field by which can be filtered.
    #[schema(example = "brand")]
    field: String,
    /// `terms` (when absent, unless there are `ranges`), `ranges`, `stats` (numbers and prices) or `tree` (`category`).
    #[deserr(default)]
    #[schema(example = "terms")]
    kind: Option<String>,
    /// Of terms: how many values are told, 1 to 1,000; 20 when absent.
    #[deserr(default)]
    #[schema(example = 10)]
    limit: Option<u32>,
    /// Of terms: `count` (when absent), most first, or `value`.
    #[deserr(default)]
    #[schema(example = "count")]
    order: Option<String>,
    /// Of terms: only values that contain this, in whatever case.
    #[deserr(default)]
    search: Option<String>,
    /// 1 to 100 of `{gt, gte, lt, lte}`, each open where there is no bound.
    #[deserr(default)]
    #[schema(value_type = Option<Vec<Object>>, example = json!([{"lt": "20.00"}, {"gte": "20.00"}]))]
    ranges: Option<Vec<JsonDto>>,
    /// Whether conditions on this field itself are left out of account, so that one can choose more of its values.
    #[deserr(default = true)]
    #[schema(required = false, example = true)]
    disjunctive: bool,
}

/// The question, parsed as far as that goes without the catalog.
pub(crate) struct SearchParts {
    pub(crate) text: Option<Located<String>>,
    pub(crate) filter: Option<FilterRequest>,
    pub(crate) facets: Vec<FacetRequest>,
    /// The ranges of each facet as they were written.
    pub(crate) ranges: Vec<Vec<JsonDto>>,
    pub(crate) sort: Vec<SortRequest>,
    pub(crate) limit: usize,
    pub(crate) cursor: Option<String>,
    pub(crate) highlight: HighlightRequest,
    pub(crate) explain: bool,
}

impl SearchInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<SearchParts, Faults> {
        let mut p = Parser::new(default_locale);
        let text = p.maybe(self.q, |p, q| p.take("/q", text(q)));
        let parsed = self.filter.map(|JsonDto(value)| filter::parse("/filter", &value));
        let filter = match parsed {
            None => Some(None),
            Some(Ok(filter)) => Some(Some(filter)),
            Some(Err(faults)) => {
                p.faults.extend(faults.into_vec());
                None
            }
        };
        let facets = p.list("/facets", self.facets, FacetRequest::MAX, facet);
        let sort = p.list("/sort", self.sort, SortRequest::MAX, |_, at, key| {
            Some(sort_key(at, &key))
        });
        let limit = p.take("/limit", limit(self.limit));
        let highlight = p.list(
            "/highlight",
            self.highlight,
            HighlightRequest::MAX_FIELDS,
            |_, at, field| Some(Located::new(at, field)),
        );
        let parts = || {
            let (facets, ranges) = facets?.into_iter().unzip();
            Some(SearchParts {
                text: text?.map(|q| Located::new("/q", q)),
                filter: filter?,
                facets,
                ranges,
                sort: sort?,
                limit: limit?,
                cursor: self.cursor,
                highlight: HighlightRequest {
                    fields: highlight?,
                    fragment: HighlightRequest::FRAGMENT,
                },
                explain: self.explain,
            })
        };
        let parts = parts();
        p.finish(parts)
    }
}

/// What someone typed.
pub(crate) fn text(text: String) -> Result<String, ValueError> {
    if text.chars().count() > SearchText::MAX {
        return Err(ValueError::TooLong {
            max: SearchText::MAX,
            of: "characters",
        });
    }
    Ok(text)
}

/// How many hits a page has.
pub(crate) fn limit(limit: Option<u32>) -> Result<usize, ValueError> {
    match limit.unwrap_or(DEFAULT_LIMIT) {
        limit @ 0..=MAX_LIMIT => Ok(limit as usize),
        _ => Err(ValueError::OutOfRange {
            expected: "from 0 to 200",
        }),
    }
}

/// A field to sort by, with a hyphen in front for descending.
pub(crate) fn sort_key(at: &str, key: &str) -> SortRequest {
    let (field, descending) = match key.strip_prefix('-') {
        Some(field) => (field, true),
        None => (key, false),
    };
    SortRequest {
        field: Located::new(at, field.to_owned()),
        descending,
    }
}

const TERMS: usize = 20;

/// The kind of facet that a field usually has.
pub(crate) fn facet_by_name(at: &str, field: &str) -> FacetRequest {
    let kind = match field {
        "category" => FacetKindRequest::Tree,
        "price" | "weight" | "createdAt" | "updatedAt" | "publishedAt" => FacetKindRequest::Stats,
        _ => terms(TERMS),
    };
    FacetRequest {
        field: Located::new(at, field.to_owned()),
        kind,
        disjunctive: true,
    }
}

const fn terms(limit: usize) -> FacetKindRequest {
    FacetKindRequest::Terms {
        limit,
        order: TermOrder::Count,
        search: None,
    }
}

fn facet(p: &mut Parser<'_>, at: &str, input: FacetInput) -> Option<(FacetRequest, Vec<JsonDto>)> {
    let FacetInput {
        field,
        kind,
        limit,
        order,
        search,
        ranges,
        disjunctive,
    } = input;
    let usual = if ranges.is_some() { "ranges" } else { "terms" };
    let kind = kind.as_deref().unwrap_or(usual);
    let below = |name: &str| format!("{at}/{name}");
    let of_terms = limit.is_some() || order.is_some() || search.is_some();
    if of_terms && kind != "terms" {
        p.refuse(at, "contradiction", "limit, order and search are for terms only");
    }
    if ranges.is_some() && kind != "ranges" {
        p.refuse(
            &below("ranges"),
            "contradiction",
            "only the kind ranges has ranges",
        );
    }
    let ranges = ranges.unwrap_or_default();
    let kind = match kind {
        "terms" => {
            let limit = match limit {
                None => Ok(TERMS),
                Some(limit @ 1..=1000) => Ok(limit as usize),
                Some(_) => Err(ValueError::OutOfRange {
                    expected: "from 1 to 1000",
                }),
            };
            let order = match order.as_deref() {
                None | Some("count") => Ok(TermOrder::Count),
                Some("value") => Ok(TermOrder::Value),
                Some(_) => Err(ValueError::NotInEnum {
                    expected: "count or value",
                }),
            };
            let limit = p.take(&below("limit"), limit);
            let order = p.take(&below("order"), order);
            let search = p.maybe(search, |p, search| p.take(&below("search"), text(search)));
            FacetKindRequest::Terms {
                limit: limit?,
                order: order?,
                search: search?,
            }
        }
        "ranges" => {
            let at = below("ranges");
            if ranges.is_empty() {
                p.refuse(&at, "required", "has at least one range");
            }
            let parsed = p.list(
                &at,
                ranges.clone(),
                FacetRequest::MAX_RANGES,
                |p, at, JsonDto(range)| {
                    filter::parse_range(at, &range)
                        .map_err(|faults| p.faults.extend(faults.into_vec()))
                        .ok()
                },
            );
            FacetKindRequest::Ranges(parsed?)
        }
        "stats" => FacetKindRequest::Stats,
        "tree" => FacetKindRequest::Tree,
        _ => {
            let expected = "terms, ranges, stats or tree";
            p.take::<()>(&below("kind"), Err(ValueError::NotInEnum { expected }))?;
            return None;
        }
    };
    let facet = FacetRequest {
        field: Located::new(below("field"), field),
        kind,
        disjunctive,
    };
    Some((facet, ranges))
}
