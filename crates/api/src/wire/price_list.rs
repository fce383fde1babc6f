//! Price lists on the wire.

use std::collections::{BTreeMap, BTreeSet};

use application::Faults;
use application::pricing::PriceListDraft;
use deserr::Deserr;
use domain::pricing::{Conditions, PriceListContent, PriceListStatus};
use domain::value::{Country, Key, Locale};
use serde::Serialize;
use utoipa::ToSchema;

use super::parse::Parser;
use super::reference::resource_ref;
use super::values::{LocalizedDto, Texts, instant, metadata};

/// A price list as a client writes it.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct PriceListInput {
    /// The client's own name for the list: `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, unique. Required, except where the
    /// address of a PUT has it.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "summer-sale")]
    pub(crate) key: Option<String>,
    /// At most 100 characters.
    #[schema(example = json!({"en": "Summer sale"}))]
    pub(crate) name: LocalizedDto,
    /// 0 to 1,000,000; of lists that hold at once the highest one counts. The list `base` has 0.
    #[deserr(default)]
    #[schema(required = false, example = 10)]
    pub(crate) priority: u32,
    /// From when on the list holds (RFC 3339); absent for always.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-07-01T00:00:00Z")]
    pub(crate) valid_from: Option<String>,
    /// From when on it holds no more.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-08-01T00:00:00Z")]
    pub(crate) valid_until: Option<String>,
    #[deserr(default)]
    #[schema(required = false)]
    pub(crate) conditions: ConditionsDto,
    /// `active` (when absent) or `inactive`.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "active")]
    pub(crate) status: Option<String>,
    /// At most 50 pairs of strings; names of at most 64 characters, values of at most 1,000.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({}))]
    pub(crate) metadata: BTreeMap<String, String>,
}

/// For whom a price list holds. A list that is empty demands nothing.
#[derive(Debug, Clone, Default, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct ConditionsDto {
    /// At most 250 channels: ids or `key:<key>`; answers have ids.
    #[deserr(default)]
    #[schema(required = false, example = json!([]))]
    pub(crate) channels: Vec<String>,
    /// At most 250 countries (ISO 3166-1 alpha-2).
    #[deserr(default)]
    #[schema(required = false, example = json!(["DE", "AT"]))]
    pub(crate) countries: Vec<String>,
    /// At most 250 names of groups that customers are in, of the same form as keys.
    #[deserr(default)]
    #[schema(required = false, example = json!(["vip"]))]
    pub(crate) customer_groups: Vec<String>,
}

impl PriceListInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<PriceListDraft, Faults> {
        let mut p = Parser::new(default_locale);
        let key = p.take("/key", Key::parse(self.key.unwrap_or_default()));
        let name = p.localized("/name", self.name);
        let priority = p.take("/priority", PriceListContent::priority(self.priority));
        let validity = p.validity("", self.valid_from, self.valid_until);
        let ConditionsDto {
            channels,
            countries,
            customer_groups,
        } = self.conditions;
        let max = Conditions::MAX;
        let channels = p.list("/conditions/channels", channels, max, |p, at, channel| {
            p.take(at, resource_ref(&channel))
        });
        let countries = p.list("/conditions/countries", countries, max, |p, at, code| {
            p.take(at, Country::parse(&code))
        });
        let groups = p.list(
            "/conditions/customerGroups",
            customer_groups,
            max,
            |p, at, group| p.take(at, Key::parse(group)),
        );
        let status = match self.status {
            None => Some(PriceListStatus::Active),
            Some(status) => p.take("/status", PriceListStatus::parse(&status)),
        };
        let metadata = p.metadata("/metadata", self.metadata);
        let draft = || {
            Some(PriceListDraft {
                key: key?,
                name: name?,
                priority: priority?,
                validity: validity?,
                channels: channels?,
                countries: distinct(countries?),
                customer_groups: distinct(groups?),
                status: status?,
                metadata: metadata?,
            })
        };
        let draft = draft();
        p.finish(draft)
    }
}

/// Each once, in the order of the first.
fn distinct<T: Clone + Ord>(items: Vec<T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    items
        .into_iter()
        .filter(|item| seen.insert(item.clone()))
        .collect()
}

impl From<&PriceListContent> for PriceListInput {
    fn from(content: &PriceListContent) -> Self {
        let PriceListContent {
            key,
            name,
            priority,
            validity,
            conditions,
            status,
            metadata: pairs,
        } = content;
        let Conditions {
            channels,
            countries,
            customer_groups,
        } = conditions;
        Self {
            key: Some(key.to_string()),
            name: name.into(),
            priority: *priority,
            valid_from: validity.from().map(instant),
            valid_until: validity.until().map(instant),
            conditions: ConditionsDto {
                channels: channels.iter().map(ToString::to_string).collect(),
                countries: countries.iter().map(|c| c.as_str().to_owned()).collect(),
                customer_groups: customer_groups.iter().map(ToString::to_string).collect(),
            },
            status: Some(status.as_str().to_owned()),
            metadata: metadata(pairs),
        }
    }
}
