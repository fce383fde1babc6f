//! Where products are on sale and what they are related to, on the wire.

use application::product::{ListingDraft, RelationDraft};
use chrono::{DateTime, Datelike, SubsecRound, Utc};
use deserr::Deserr;
use domain::Timestamp;
use domain::product::{Listing, ProductContent, Relation, RelationKind, Window};
use domain::value::ValueError;
use serde::Serialize;
use utoipa::ToSchema;

use super::parse::Parser;
use super::reference::{product_ref, resource_ref};
use super::values::instant;

/// A channel in which a product is on sale once it is published.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct ListingDto {
    /// Id or `key:<key>`; answers have the id.
    #[schema(example = "key:default")]
    pub(crate) channel: String,
    /// From this instant on (RFC 3339); for ever since when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-03-01T08:00:00Z")]
    pub(crate) publish_at: Option<String>,
    /// Until this instant, which is after `publishAt`; for ever after when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime, example = "2026-04-01T08:00:00Z")]
    pub(crate) unpublish_at: Option<String>,
}

impl From<&Listing> for ListingDto {
    fn from(Listing { channel, window }: &Listing) -> Self {
        Self {
            channel: channel.to_string(),
            publish_at: window.publish_at().map(instant),
            unpublish_at: window.unpublish_at().map(instant),
        }
    }
}

/// Another product that a shopper may want.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[deserr(deny_unknown_fields)]
pub(crate) struct RelationDto {
    /// `crossSell`, `upSell`, `accessory` or `replacement`.
    #[schema(example = "accessory")]
    pub(crate) kind: String,
    /// Id, `key:<key>` or `slug:<slug>`; answers have the id.
    #[schema(example = "key:enamel-kettle")]
    pub(crate) product: String,
}

impl From<&Relation> for RelationDto {
    fn from(Relation { kind, product }: &Relation) -> Self {
        Self {
            kind: kind.as_str().to_owned(),
            product: product.to_string(),
        }
    }
}

impl Parser<'_> {
    pub(super) fn listings(&mut self, at: &str, listings: Vec<ListingDto>) -> Option<Vec<ListingDraft>> {
        self.list(at, listings, ProductContent::MAX_CHANNELS, |p, at, listing| {
            let ListingDto {
                channel,
                publish_at,
                unpublish_at,
            } = listing;
            let channel = p.take(&format!("{at}/channel"), resource_ref(&channel));
            let from = p.maybe(publish_at, |p, text| {
                p.take(&format!("{at}/publishAt"), moment(&text))
            });
            let at = format!("{at}/unpublishAt");
            let until = p.maybe(unpublish_at, |p, text| p.take(&at, moment(&text)));
            let window = p.take(&at, Window::new(from?, until?));
            Some(ListingDraft {
                channel: channel?,
                window: window?,
            })
        })
    }

    pub(super) fn relations(&mut self, at: &str, relations: Vec<RelationDto>) -> Option<Vec<RelationDraft>> {
        self.list(at, relations, ProductContent::MAX_RELATIONS, |p, at, relation| {
            let RelationDto { kind, product } = relation;
            let kind = p.take(&format!("{at}/kind"), RelationKind::parse(&kind));
            let product = product_ref(&product, p.default_locale);
            let product = p.take(&format!("{at}/product"), product);
            Some(RelationDraft {
                kind: kind?,
                product: product?,
            })
        })
    }
}

/// An instant to the microsecond, which is what databases keep, in years that all of them know.
fn moment(text: &str) -> Result<Timestamp, ValueError> {
    let time = DateTime::parse_from_rfc3339(text).map_err(|_| ValueError::Pattern {
        expected: "an instant such as 2026-01-31T12:00:00Z",
    })?;
    let time = time.with_timezone(&Utc).trunc_subsecs(6);
    if (1970..=9999).contains(&time.year()) {
        Ok(time)
    } else {
        Err(ValueError::OutOfRange {
            expected: "from 1970 to 9999",
        })
    }
}
