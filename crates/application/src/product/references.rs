//! From the names by which a draft refers to other resources to their ids.

use std::collections::HashSet;

use domain::product::{Listing, ProductContent, Relation};
use domain::{CategoryId, ChannelId, ProductId};

use super::draft::ProductDraft;
use super::{ProductReader, ProductRef};
use crate::category::{self, CategoryReader};
use crate::channel::ChannelReader;
use crate::fault::{Fault, Faults};
use crate::resource::{self, ResourceRef};
use crate::store::StoreError;

/// What a product refers to.
#[derive(Debug, Default)]
pub(crate) struct References {
    pub(crate) categories: Vec<CategoryId>,
    pub(crate) channels: Vec<Listing>,
    pub(crate) relations: Vec<Relation>,
}

/// The ids behind a draft's references in their order, each `None` where it leads nowhere.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) categories: Vec<Option<CategoryId>>,
    pub(crate) channels: Vec<Option<ChannelId>>,
    pub(crate) relations: Vec<Option<ProductId>>,
}

impl ProductDraft {
    pub(crate) fn channel_refs(&self) -> Vec<ResourceRef<ChannelId>> {
        let listings = self.channels.iter().flatten();
        listings.map(|listing| listing.channel.clone()).collect()
    }

    pub(crate) fn relation_refs(&self) -> Vec<ProductRef> {
        let relations = self.relations.iter().flatten();
        relations.map(|relation| relation.product.clone()).collect()
    }

    /// Looks the references up, each kind by a fixed number of statements.
    pub(super) async fn look_up(
        &self,
        categories: &dyn CategoryReader,
        channels: &ChannelReader,
        products: &dyn ProductReader,
    ) -> Result<Found, StoreError> {
        Ok(Found {
            categories: category::resolve(categories, &self.categories).await?,
            channels: resource::resolve(channels, &self.channel_refs()).await?,
            relations: products.among(&self.relation_refs()).await?,
        })
    }
}

impl Found {
    /// The references of product `id`, or a fault for each that leads nowhere or stands there twice.
    pub(crate) fn settle(
        self,
        draft: &ProductDraft,
        stored: Option<&ProductContent>,
        id: ProductId,
    ) -> Result<References, Faults> {
        let Self {
            categories,
            channels,
            relations,
        } = self;
        let mut faults = Faults::default();
        let categories = known_categories(categories, &mut faults);
        let channels = match &draft.channels {
            Some(_) => listings(draft, channels, &mut faults),
            None => stored.map(|s| s.channels.clone()).unwrap_or_default(),
        };
        let known = stored.map(|s| s.relations.as_slice()).unwrap_or_default();
        let relations = match &draft.relations {
            Some(_) => related(draft, relations, known, id, &mut faults),
            None => known.to_vec(),
        };
        faults.or(Some(References {
            categories,
            channels,
            relations,
        }))
    }
}

fn missing(at: String, what: &str) -> Fault {
    Fault::new(at, "reference_not_found", format!("there is no such {what}"))
}

/// Distinct ids in their order.
fn known_categories(found: Vec<Option<CategoryId>>, faults: &mut Faults) -> Vec<CategoryId> {
    let mut seen = HashSet::new();
    let mut ids = Vec::with_capacity(found.len());
    for (index, id) in found.into_iter().enumerate() {
        match id {
            Some(id) if seen.insert(id) => ids.push(id),
            Some(_) => {}
            None => faults.push(missing(format!("/categories/{index}"), "category")),
        }
    }
    ids
}

fn listings(draft: &ProductDraft, found: Vec<Option<ChannelId>>, faults: &mut Faults) -> Vec<Listing> {
    let mut seen = HashSet::new();
    let mut listings = Vec::with_capacity(found.len());
    for (index, (wanted, id)) in draft.channels.iter().flatten().zip(found).enumerate() {
        let at = format!("/channels/{index}/channel");
        match id {
            Some(channel) if seen.insert(channel) => listings.push(Listing {
                channel,
                window: wanted.window,
            }),
            Some(_) => faults.push(Fault::new(at, "duplicate", "stands in the list twice")),
            None => faults.push(missing(at, "channel")),
        }
    }
    listings
}

fn related(
    draft: &ProductDraft,
    found: Vec<Option<ProductId>>,
    known: &[Relation],
    own: ProductId,
    faults: &mut Faults,
) -> Vec<Relation> {
    // A product that was deleted since it was referred to may stay where it is.
    let kept = |reference: &ProductRef| match reference {
        ProductRef::Id(id) => known
            .iter()
            .any(|relation| relation.product == *id)
            .then_some(*id),
        ProductRef::Key(_) | ProductRef::Slug(..) => None,
    };
    let mut seen = HashSet::new();
    let mut relations = Vec::with_capacity(found.len());
    for (index, (wanted, id)) in draft.relations.iter().flatten().zip(found).enumerate() {
        let at = format!("/relations/{index}/product");
        match id.or_else(|| kept(&wanted.product)) {
            Some(id) if id == own => {
                faults.push(Fault::new(at, "out_of_range", "must be another product"));
            }
            Some(product) => {
                let relation = Relation {
                    kind: wanted.kind,
                    product,
                };
                if seen.insert(relation) {
                    relations.push(relation);
                } else {
                    let at = format!("/relations/{index}");
                    faults.push(Fault::new(at, "duplicate", "stands in the list twice"));
                }
            }
            None => faults.push(missing(at, "product")),
        }
    }
    relations
}
