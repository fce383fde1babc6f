//! Questions for prices and the answers to them.

use std::collections::BTreeSet;

use application::Faults;
use application::pricing::{Candidate, Resolved};
use application::product::VariantRef;
use application::resource::ResourceRef;
use deserr::Deserr;
use domain::pricing::{Quantity, Reason};
use domain::value::{Country, Currency, Key, Locale, Sku};
use domain::{ChannelId, PriceId, Timestamp, VariantId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parse::Parser;
use super::reference::{resource_ref, variant_ref};
use super::values::{PriceDto, instant};

/// The most lines, and customer groups, of one question.
const MAX_LINES: usize = 200;

/// What is to be bought, by whom and when.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[schema(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct ResolveInput {
    /// At most 200.
    lines: Vec<ResolveLineInput>,
    /// The channel: id or `key:<key>`. Its own order of price lists counts.
    #[deserr(default)]
    #[schema(example = "key:default")]
    channel: Option<String>,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// ISO 3166-1 alpha-2.
    #[deserr(default)]
    #[schema(example = "DE")]
    country: Option<String>,
    /// The groups that the customer is in, at most 200.
    #[deserr(default)]
    #[schema(required = false, example = json!(["vip"]))]
    customer_groups: Vec<String>,
    /// The instant for which the prices are to hold (RFC 3339); now when absent.
    #[deserr(default)]
    #[schema(format = DateTime, example = "2026-07-01T00:00:00Z")]
    at: Option<String>,
    /// Whether to tell every candidate and why it does not count.
    #[deserr(default)]
    #[schema(required = false, example = false)]
    explain: bool,
}

#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct ResolveLineInput {
    /// Id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`.
    #[schema(example = "sku:KETTLE-BLUE")]
    variant: String,
    /// 1 to 1,000,000,000.
    #[deserr(default = 1)]
    #[schema(required = false, example = 1)]
    quantity: u64,
}

/// The question, parsed; references still have to be looked up.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) lines: Vec<(VariantRef, Quantity)>,
    pub(crate) channel: Option<ResourceRef<ChannelId>>,
    pub(crate) currency: Currency,
    pub(crate) country: Option<Country>,
    pub(crate) customer_groups: BTreeSet<Key>,
    pub(crate) at: Option<Timestamp>,
    pub(crate) explain: bool,
}

impl ResolveInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<Question, Faults> {
        let mut p = Parser::new(default_locale);
        let lines = p.list("/lines", self.lines, MAX_LINES, |p, at, line| {
            let variant = p.take(&format!("{at}/variant"), variant_ref(&line.variant));
            let quantity = p.take(&format!("{at}/quantity"), Quantity::new(line.quantity));
            variant.zip(quantity)
        });
        let channel = p.maybe(self.channel, |p, c| p.take("/channel", resource_ref(&c)));
        let currency = p.take("/currency", Currency::parse(&self.currency));
        let country = p.maybe(self.country, |p, c| p.take("/country", Country::parse(&c)));
        let groups = p.list(
            "/customerGroups",
            self.customer_groups,
            MAX_LINES,
            |p, at, group| p.take(at, Key::parse(group)),
        );
        let at = p.maybe(self.at, |p, at| p.instant("/at", &at));
        let question = || {
            Some(Question {
                lines: lines?,
                channel: channel?,
                currency: currency?,
                country: country?,
                customer_groups: groups?.into_iter().collect(),
                at: at?,
                explain: self.explain,
            })
        };
        let question = question();
        p.finish(question)
    }
}

/// Prices in the order of the lines asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResolutionBody {
    pub(crate) lines: Vec<ResolvedLineBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResolvedLineBody {
    variant: Uuid,
    #[schema(example = 1)]
    quantity: u32,
    /// `null` where no price holds.
    price: Option<ResolvedPriceBody>,
    /// The next instant at which the answer may be another one; absent when it stays by time alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    valid_until: Option<String>,
    /// With `explain`: all that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<CandidateBody>>,
}

/// The price of one piece.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ResolvedPriceBody {
    #[serde(flatten)]
    price: PriceDto,
    /// The list that it is from.
    price_list: Uuid,
    #[schema(example = "base")]
    price_list_key: String,
    /// Absent for a price that the variant carries itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    price_id: Option<Uuid>,
    /// The least quantity that it holds for.
    #[schema(example = 1)]
    min_quantity: u32,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CandidateBody {
    #[serde(flatten)]
    price: ResolvedPriceBody,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    valid_from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    valid_until: Option<String>,
    /// `counts`, or why it does not: `listInactive`, `listNotInChannel`, `otherChannel`, `otherCountry`,
    /// `otherCustomerGroup`, `quantityNotReached`, `listNotYetValid`, `listNoLongerValid`, `notYetValid`,
    /// `noLongerValid`; or by what it lost: `lowerPriority`, `laterInChannel`, `lessSpecific`, `smallerQuantity`,
    /// `overridden`, `olderStart`, `higherId`.
    #[schema(example = "lowerPriority")]
    outcome: &'static str,
}

impl From<&Candidate> for ResolvedPriceBody {
    fn from(candidate: &Candidate) -> Self {
        let Candidate {
            price,
            list,
            list_key,
            id,
            min_quantity,
            validity: _,
            reason: _,
        } = candidate;
        Self {
            price: (*price).into(),
            price_list: list.uuid(),
            price_list_key: list_key.to_string(),
            price_id: id.map(PriceId::uuid),
            min_quantity: min_quantity.get(),
        }
    }
}

impl From<&Candidate> for CandidateBody {
    fn from(candidate: &Candidate) -> Self {
        Self {
            price: candidate.into(),
            valid_from: candidate.validity.from().map(instant),
            valid_until: candidate.validity.until().map(instant),
            outcome: candidate.reason.map_or("counts", Reason::as_str),
        }
    }
}

impl ResolvedLineBody {
    pub(crate) fn new(variant: VariantId, quantity: Quantity, resolved: &Resolved, explain: bool) -> Self {
        Self {
            variant: variant.uuid(),
            quantity: quantity.get(),
            price: resolved.price.as_ref().map(Into::into),
            valid_until: resolved.valid_until.map(instant),
            candidates: explain.then(|| resolved.candidates.iter().map(Into::into).collect()),
        }
    }
}

/// What shoppers pay, in the order of the SKUs asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StorePricesBody {
    pub(crate) items: Vec<StorePriceBody>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StorePriceBody {
    #[schema(example = "KETTLE-BLUE")]
    sku: String,
    variant: Uuid,
    /// `null` where no price holds.
    price: Option<PriceDto>,
    /// The next instant at which the price may be another one; absent when it stays by time alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    valid_until: Option<String>,
}

impl StorePriceBody {
    pub(crate) fn new(sku: &Sku, variant: VariantId, resolved: &Resolved) -> Self {
        Self {
            sku: sku.to_string(),
            variant: variant.uuid(),
            price: resolved.price.as_ref().map(|candidate| candidate.price.into()),
            valid_until: resolved.valid_until.map(instant),
        }
    }
}
