//! Prices on the wire.

use application::Faults;
use application::pricing::{PriceDraft, PriceLine, Prices, UpsertCounts};
use deserr::Deserr;
use domain::pricing::{PriceContent, PriceState, Quantity};
use domain::value::Locale;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parse::Parser;
use super::reference::{resource_ref, variant_ref};
use super::values::{PriceDto, instant};

/// A price as a client writes it.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct PriceInput {
    /// The list: id or `key:<key>`; answers have the id. A price stays in its list.
    #[schema(example = "key:base")]
    pub(crate) price_list: String,
    /// The variant: id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`; answers have the id. A price stays with it.
    #[schema(example = "sku:KETTLE-BLUE")]
    pub(crate) variant: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub(crate) currency: String,
    /// At most the currency's own digits after the point (JPY 0, EUR 2, KWD 3), not negative.
    #[schema(example = "19.99")]
    pub(crate) amount: String,
    /// The crossed-out amount, greater than `amount`.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "24.99")]
    pub(crate) compare_at: Option<String>,
    /// The least quantity that the price holds for, 1 to 1,000,000,000.
    #[deserr(default = 1)]
    #[schema(required = false, example = 1)]
    pub(crate) min_quantity: u64,
    /// From when on the price holds (RFC 3339); absent for always.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-07-01T00:00:00Z")]
    pub(crate) valid_from: Option<String>,
    /// From when on it holds no more.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-08-01T00:00:00Z")]
    pub(crate) valid_until: Option<String>,
}

impl PriceInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<PriceDraft, Faults> {
        let mut p = Parser::new(default_locale);
        let list = p.take("/priceList", resource_ref(&self.price_list));
        let line = PriceLineInput {
            variant: self.variant,
            currency: self.currency,
            amount: self.amount,
            compare_at: self.compare_at,
            min_quantity: self.min_quantity,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
        };
        let line = line.parse_at(&mut p, "");
        let draft = list
            .zip(line)
            .map(|(list, PriceLine { variant, content })| PriceDraft {
                list,
                variant,
                content,
            });
        p.finish(draft)
    }
}

impl From<&PriceState> for PriceInput {
    fn from(state: &PriceState) -> Self {
        let PriceState {
            id: _,
            list,
            variant,
            product: _,
            record: _,
            content,
        } = state;
        let PriceContent {
            price,
            min_quantity,
            validity,
        } = content;
        let PriceDto {
            amount,
            currency,
            compare_at,
        } = (*price).into();
        Self {
            price_list: list.to_string(),
            variant: variant.to_string(),
            currency,
            amount,
            compare_at,
            min_quantity: min_quantity.get().into(),
            valid_from: validity.from().map(instant),
            valid_until: validity.until().map(instant),
        }
    }
}

/// A price as management reads it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PriceBody {
    id: Uuid,
    /// The product of the variant.
    product: Uuid,
    /// 1 when created, one more with every change.
    #[schema(example = 1)]
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[serde(flatten)]
    content: PriceInput,
}

impl From<&PriceState> for PriceBody {
    fn from(state: &PriceState) -> Self {
        Self {
            id: state.id.uuid(),
            product: state.product.uuid(),
            version: state.record.version,
            created_at: instant(state.record.created_at),
            updated_at: instant(state.record.updated_at),
            content: state.into(),
        }
    }
}

/// Prices of one list, written over those it has with the same variant, currency, quantity and start.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct PriceLinesInput {
    /// At most 5,000.
    lines: Vec<PriceLineInput>,
}

/// One price of a list.
#[derive(Debug, Clone, Deserr, ToSchema)]
#[schema(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct PriceLineInput {
    /// Id, `key:<key>`, `sku:<sku>` or `gtin:<digits>`.
    #[schema(example = "sku:KETTLE-BLUE")]
    variant: String,
    /// ISO 4217.
    #[schema(example = "EUR")]
    currency: String,
    /// At most the currency's own digits after the point (JPY 0, EUR 2, KWD 3), not negative.
    #[schema(example = "19.99")]
    amount: String,
    /// The crossed-out amount, greater than `amount`.
    #[deserr(default)]
    #[schema(example = "24.99")]
    compare_at: Option<String>,
    /// The least quantity that the price holds for, 1 to 1,000,000,000.
    #[deserr(default = 1)]
    #[schema(required = false, example = 1)]
    min_quantity: u64,
    /// From when on the price holds (RFC 3339); absent for always.
    #[deserr(default)]
    #[schema(format = DateTime, example = "2026-07-01T00:00:00Z")]
    valid_from: Option<String>,
    /// From when on it holds no more.
    #[deserr(default)]
    #[schema(format = DateTime, example = "2026-08-01T00:00:00Z")]
    valid_until: Option<String>,
}

impl PriceLinesInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<Vec<PriceLine>, Faults> {
        let mut p = Parser::new(default_locale);
        let lines = p.list("/lines", self.lines, Prices::MAX_LINES, |p, at, line| {
            line.parse_at(p, at)
        });
        p.finish(lines)
    }
}

impl PriceLineInput {
    fn parse_at(self, p: &mut Parser<'_>, at: &str) -> Option<PriceLine> {
        let variant = p.take(&format!("{at}/variant"), variant_ref(&self.variant));
        let price = p.price(
            at,
            PriceDto {
                amount: self.amount,
                currency: self.currency,
                compare_at: self.compare_at,
            },
        );
        let min_quantity = p.take(&format!("{at}/minQuantity"), Quantity::new(self.min_quantity));
        let validity = p.validity(at, self.valid_from, self.valid_until);
        Some(PriceLine {
            variant: variant?,
            content: PriceContent {
                price: price?,
                min_quantity: min_quantity?,
                validity: validity?,
            },
        })
    }
}

/// What became of the lines.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpsertBody {
    #[schema(example = 2)]
    created: usize,
    #[schema(example = 1)]
    updated: usize,
    #[schema(example = 0)]
    unchanged: usize,
}

impl From<&UpsertCounts> for UpsertBody {
    fn from(counts: &UpsertCounts) -> Self {
        let UpsertCounts {
            created,
            updated,
            unchanged,
        } = counts;
        Self {
            created: *created,
            updated: *updated,
            unchanged: *unchanged,
        }
    }
}
