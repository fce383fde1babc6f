//! The bodies that the cache keeps.

use application::cache::{Encode, Encoded, Representation};
use application::product::ProductView;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use domain::product::ProductStatus;
use domain::value::Locale;
use sha2::{Digest, Sha256};

use super::conditions::version_tag;
use super::reply::to_bytes;
use crate::wire::{ProductBody, StoreProductBody};

/// Encodes products as JSON; what shoppers see is in the catalog's default locale.
pub(crate) struct JsonEncoder {
    pub(crate) default_locale: Locale,
}

impl Encode for JsonEncoder {
    fn product(&self, view: &ProductView, representation: Representation) -> Option<Encoded> {
        let version = view.product.record.version;
        let tag = representation.tag();
        match representation {
            Representation::Management => Some(Encoded {
                body: to_bytes(&ProductBody::from(&view.product)),
                etag: version_tag(version, tag),
            }),
            // The product's version, by which writes are conditional, and the revision, which moves with the variants.
            Representation::Expanded => Some(Encoded {
                body: to_bytes(&ProductBody::expanded(view)),
                etag: version_tag(version, &format!("{tag}-{}", view.revision)),
            }),
            Representation::Store if view.product.status == ProductStatus::Published => {
                let body = to_bytes(&StoreProductBody::new(
                    &view.product,
                    &view.variants,
                    &self.default_locale,
                ));
                let etag = strong_tag(&body);
                Some(Encoded { body, etag })
            }
            Representation::Store => None,
        }
    }
}

/// A tag of the bytes themselves.
pub(super) fn strong_tag(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    format!(
        "\"{}\"",
        STANDARD_NO_PAD.encode(digest.get(..16).unwrap_or_default())
    )
}
