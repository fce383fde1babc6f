//! Variants on the wire.

use std::collections::BTreeMap;

use application::Faults;
use deserr::Deserr;
use domain::product::{VariantContent, VariantState};
use domain::value::{Gtin, Key, Locale, Sku, Text};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parse::Parser;
use super::values::{AttributesDto, DimensionsDto, MediaDto, PriceDto, Texts, WeightDto, instant, metadata};

/// A variant as a client writes it.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct VariantInput {
    /// Only where PUT by key may create the variant: the product it belongs to (id, `key:<key>` or `slug:<slug>`).
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) product: Option<String>,
    /// The client's own name for the variant: `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, unique.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) key: Option<String>,
    /// Stock keeping unit, 1 to 128 characters, unique.
    #[schema(example = "KETTLE-BLUE")]
    pub(crate) sku: String,
    /// GTIN-8, -12, -13 or -14 with a right check digit, unique.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4006381333931")]
    pub(crate) gtin: Option<String>,
    /// Manufacturer part number, at most 70 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mpn: Option<String>,
    /// A value of at most 255 characters for every option axis of the product; unique within the product.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({"colour": "Blue"}))]
    pub(crate) options: BTreeMap<String, String>,
    /// At most one per currency.
    #[deserr(default)]
    #[schema(required = false)]
    pub(crate) prices: Vec<PriceDto>,
    /// At most 250, in the order in which they are shown.
    #[deserr(default)]
    #[schema(required = false)]
    pub(crate) media: Vec<MediaDto>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) weight: Option<WeightDto>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dimensions: Option<DimensionsDto>,
    /// Variants stand in the order of their positions, then of their creation.
    #[deserr(default)]
    #[schema(required = false, example = 0)]
    pub(crate) position: u32,
    /// Values of the attributes that the product type defines for variants.
    #[deserr(default)]
    #[schema(required = false)]
    pub(crate) attributes: AttributesDto,
    /// At most 50 pairs of strings; names of at most 64 characters, values of at most 1,000.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({}))]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl VariantInput {
    /// The content of a variant whose product the address names; one in the body is refused.
    pub(crate) fn parse_nested(self, default_locale: &Locale) -> Result<VariantContent, Faults> {
        let mut parser = Parser::new(default_locale);
        if self.product.is_some() {
            parser.refuse("/product", "unknown_field", "the product is named by the address");
        }
        let content = self.parse_at(&mut parser, "");
        parser.finish(content)
    }

    pub(crate) fn parse_at(self, p: &mut Parser<'_>, at: &str) -> Option<VariantContent> {
        let to = |field: &str| format!("{at}/{field}");
        let key = p.maybe(self.key, |p, key| p.take(&to("key"), Key::parse(key)));
        let sku = p.take(&to("sku"), Sku::parse(self.sku));
        let gtin = p.maybe(self.gtin, |p, gtin| p.take(&to("gtin"), Gtin::parse(gtin)));
        let mpn = p.maybe(self.mpn, |p, mpn| p.take(&to("mpn"), Text::parse(mpn)));
        let options = p.options(&to("options"), self.options);
        let prices = p.prices(&to("prices"), self.prices);
        let media = p.media(&to("media"), self.media);
        let weight = p.maybe(self.weight, |p, weight| p.weight(&to("weight"), &weight));
        let dimensions = p.maybe(self.dimensions, |p, d| p.dimensions(&to("dimensions"), &d));
        let attributes = p.attributes(&to("attributes"), self.attributes);
        let metadata = p.metadata(&to("metadata"), self.metadata);
        Some(VariantContent {
            key: key?,
            sku: sku?,
            gtin: gtin?,
            mpn: mpn?,
            options: options?,
            prices: prices?,
            media: media?,
            weight: weight?,
            dimensions: dimensions?,
            position: self.position,
            attributes: attributes?,
            metadata: metadata?,
        })
    }
}

impl From<&VariantContent> for VariantInput {
    fn from(content: &VariantContent) -> Self {
        let VariantContent {
            key,
            sku,
            gtin,
            mpn,
            options,
            prices,
            media,
            weight,
            dimensions,
            position,
            attributes,
            metadata: pairs,
        } = content;
        Self {
            product: None,
            key: key.as_ref().map(ToString::to_string),
            sku: sku.to_string(),
            gtin: gtin.as_ref().map(|gtin| gtin.as_str().to_owned()),
            mpn: mpn.as_ref().map(ToString::to_string),
            options: options
                .iter()
                .map(|(a, v)| (a.to_string(), v.to_string()))
                .collect(),
            prices: prices.iter().map(Into::into).collect(),
            media: media.iter().map(Into::into).collect(),
            weight: weight.as_ref().map(Into::into),
            dimensions: dimensions.as_ref().map(Into::into),
            position: *position,
            attributes: attributes.into(),
            metadata: metadata(pairs),
        }
    }
}

/// A variant as management reads it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VariantBody {
    id: Uuid,
    /// The id of the product it belongs to.
    product: Uuid,
    /// 1 when created, one more with every change.
    #[schema(example = 1)]
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    deleted_at: Option<String>,
    #[serde(flatten)]
    content: VariantInput,
}

impl From<&VariantState> for VariantBody {
    fn from(variant: &VariantState) -> Self {
        let VariantState {
            id,
            product,
            record,
            content,
        } = variant;
        Self {
            id: id.uuid(),
            product: product.uuid(),
            version: record.version,
            created_at: instant(record.created_at),
            updated_at: instant(record.updated_at),
            deleted_at: record.deleted_at.map(instant),
            content: content.into(),
        }
    }
}
