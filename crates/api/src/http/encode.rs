//! The bodies that the cache keeps, and the tags of bodies.

use application::cache::{Encode, Encoded, Representation};
use application::product::ProductView;
use domain::product::{ProductState, ProductStatus};

use super::conditions::version_tag;
use super::reply::to_bytes;
use crate::wire::ProductBody;

/// Encodes products as JSON.
pub(crate) struct JsonEncoder;

impl Encode for JsonEncoder {
    fn product(&self, view: &ProductView, representation: Representation) -> Encoded {
        match representation {
            Representation::Management => Encoded {
                body: to_bytes(&ProductBody::from(&view.product)),
                etag: management_tag(&view.product),
            },
            // The product's version, by which writes are conditional, and the revision, which moves with the variants.
            Representation::Expanded => Encoded {
                body: to_bytes(&ProductBody::expanded(view)),
                etag: version_tag(
                    view.product.record.version,
                    &format!("{}-{}", representation.tag(), view.revision),
                ),
            },
        }
    }
}

/// The tag of the body without variants. Variants show in it by no more than whether they have unpublished changes.
pub(crate) fn management_tag(product: &ProductState) -> String {
    let tag = Representation::Management.tag();
    if product.status == ProductStatus::Published && product.staged.variants {
        version_tag(product.record.version, &format!("{tag}-v"))
    } else {
        version_tag(product.record.version, tag)
    }
}
