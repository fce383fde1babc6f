//! What product records change.

use std::collections::{HashMap, HashSet};

use domain::product::{Axis, Product, ProductState, ProductStatus, Variant, VariantState};
use domain::value::{Key, Sku};
use domain::{Change, ProductId, ProductTypeId, RuleError, Timestamp, VariantId};

use super::ground::Ground;
use super::known::{Known, Others};
use super::siblings::Siblings;
use super::{SlugChoice, Slugs, id_in, key_required, mode_fault, rule_fault};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::import::importer::Importer;
use crate::import::record::{ImportProduct, ImportVariant, Record};
use crate::import::run::{Outcome, Planned, Run};
use crate::import::wave::Item;
use crate::product::{ProductDraft, ProductRef, go_live, no_such_type, variant_faults};
use crate::product_type::{Referral, lost_among, new_referrals};
use crate::resource::{self, ResourceRef};
use crate::store::{Changes, Footing, StoreError};

/// A record with what is stored under its key.
struct Draft {
    item: Item,
    id: ProductId,
    stored: Option<ProductState>,
    /// `None` where the record leaves the product alone.
    slug: Option<SlugChoice>,
}

impl Draft {
    /// The type that the product is to have: the one that is named, else the one it has, else the default.
    fn product_type(&self) -> ResourceRef<ProductTypeId> {
        let named = match &self.item.record {
            Record::Product(product) => product.draft.product_type.clone(),
            Record::Category(_) | Record::Variants(_) | Record::Whole(_) | Record::Price(_) => None,
        };
        let stored = self.stored.as_ref().map(|p| p.content.product_type);
        named.unwrap_or(ResourceRef::Id(stored.unwrap_or(ProductTypeId::GENERIC)))
    }
}

/// The changes of variants, for each its place in the record, and what they refer to.
type PlannedVariants = (Vec<Change<VariantState>>, Vec<usize>, Vec<Referral>);

impl Importer {
    pub(super) async fn plan_products(
        &self,
        items: Vec<Item>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Planned>, StoreError> {
        let drafts = self.product_drafts(items, run).await?;
        let stored: Vec<_> = drafts
            .iter()
            .filter_map(|d| d.stored.as_ref().map(|p| p.id))
            .collect();
        let mut variants: HashMap<ProductId, Vec<VariantState>> = HashMap::new();
        if !stored.is_empty() {
            for variant in self.products.variants_of(&stored).await? {
                variants.entry(variant.product).or_default().push(variant);
            }
        }
        let refs = drafts.iter().flat_map(|d| match &d.item.record {
            Record::Product(product) => product.draft.categories.as_slice(),
            Record::Category(_) | Record::Variants(_) | Record::Whole(_) | Record::Price(_) => &[],
        });
        let categories = self.category_ids(refs, run).await?;
        let others = self.others(&drafts).await?;
        let (mut slugs, made) = Slugs::gather(drafts.iter().filter_map(|d| d.slug.as_ref()));
        if !made.is_empty() {
            slugs
                .0
                .extend(self.writer.store().taken_product_slugs(&made).await?);
        }
        let types = self
            .typing
            .among(drafts.iter().map(Draft::product_type).collect())
            .await?;
        let known = Known {
            categories,
            others,
            types,
        };
        let mut planned = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let siblings = variants.remove(&draft.id).unwrap_or_default();
            let item = draft.item.clone();
            match self.plan_product(draft, siblings, &known, &mut slugs) {
                Ok(plan) => planned.push(plan),
                Err(faults) => run.refuse(&item, faults.into_vec()),
            }
        }
        self.with_targets(planned, run).await
    }

    /// Leaves out the records that refer to what is not there.
    async fn with_targets(
        &self,
        planned: Vec<(Planned, Vec<Referral>)>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Planned>, StoreError> {
        let referrals: Vec<_> = planned
            .iter()
            .flat_map(|(_, referrals)| referrals.clone())
            .collect();
        let found = self.typing.targets(&referrals).await?;
        let mut sound = Vec::with_capacity(planned.len());
        for (planned, referrals) in planned {
            let lost = lost_among(&referrals, &found);
            if lost.is_empty() {
                sound.push(planned);
            } else {
                run.refuse(&planned.item, lost);
            }
        }
        Ok(sound)
    }

    /// The channels and products that records refer to, by one query each. Products of the same wave are among them.
    async fn others(&self, drafts: &[Draft]) -> Result<Others, StoreError> {
        let products = drafts.iter().filter_map(|draft| match &draft.item.record {
            Record::Product(product) => Some(&product.draft),
            Record::Category(_) | Record::Variants(_) | Record::Whole(_) | Record::Price(_) => None,
        });
        let channels: HashSet<_> = products.clone().flat_map(ProductDraft::channel_refs).collect();
        let channels: Vec<_> = channels.into_iter().collect();
        let found = resource::resolve(&*self.channels, &channels).await?;
        let channels = channels.into_iter().zip(found);
        let related: HashSet<_> = products.flat_map(ProductDraft::relation_refs).collect();
        let related: Vec<_> = related.into_iter().collect();
        let found = self.products.among(&related).await?;
        let mut products: HashMap<_, _> = related
            .into_iter()
            .zip(found)
            .filter_map(|(reference, id)| Some((reference, id?)))
            .collect();
        self.find_keyless(drafts, &mut products).await?;
        for draft in drafts.iter().filter(|draft| draft.stored.is_none()) {
            if let Some(key) = key_of(&draft.item) {
                products.entry(ProductRef::Key(key.clone())).or_insert(draft.id);
            }
        }
        Ok(Others {
            channels: channels
                .filter_map(|(reference, id)| Some((reference, id?)))
                .collect(),
            products,
        })
    }

    /// Products without key that an export named by their ids.
    async fn find_keyless(
        &self,
        drafts: &[Draft],
        products: &mut HashMap<ProductRef, ProductId>,
    ) -> Result<(), StoreError> {
        let mut named: HashMap<ProductId, ProductRef> = HashMap::new();
        for draft in drafts {
            let Record::Product(product) = &draft.item.record else {
                continue;
            };
            for reference in product.draft.relation_refs() {
                let ProductRef::Key(key) = &reference else {
                    continue;
                };
                let id = id_in(key).map(ProductId::new);
                if let Some(id) = id.filter(|_| !products.contains_key(&reference)) {
                    named.insert(id, reference);
                }
            }
        }
        if named.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = named.keys().copied().collect();
        for id in self.products.existing(&ids).await? {
            products.extend(named.remove(&id).map(|reference| (reference, id)));
        }
        Ok(())
    }

    async fn product_drafts(&self, items: Vec<Item>, run: &mut Run<'_>) -> Result<Vec<Draft>, StoreError> {
        let keys: Vec<_> = items.iter().filter_map(key_of).cloned().collect();
        let found = self.products.by_keys(&keys).await?;
        let mut by_key: HashMap<Key, ProductState> = found
            .into_iter()
            .filter_map(|p| Some((p.content.key.clone()?, p)))
            .collect();
        let mut drafts = Vec::with_capacity(items.len());
        for item in items {
            let Some(key) = key_of(&item) else {
                run.refuse(&item, [key_required()]);
                continue;
            };
            if run.rehearsed.products.contains(key) {
                run.rehearsed.skus.extend(skus_of(&item.record));
                run.count(Outcome::Updated);
                continue;
            }
            if rests_on_rehearsed(&item.record, run) {
                let outcome = if by_key.contains_key(key) {
                    Outcome::Updated
                } else {
                    Outcome::Created
                };
                run.rehearsed.products.insert(key.clone());
                run.rehearsed.skus.extend(skus_of(&item.record));
                run.count(outcome);
                continue;
            }
            let mut stored = by_key.remove(key);
            if stored.is_none() {
                stored = self.keyless_product(key).await?;
            }
            let fault = match &item.record {
                Record::Variants(_) if stored.is_none() => {
                    let detail = "there is no product with this key";
                    Some(Fault::new("/key", "resource_not_found", detail))
                }
                Record::Product(_) => mode_fault(run.options.mode, stored.is_some(), "product"),
                Record::Variants(_) | Record::Category(_) | Record::Whole(_) | Record::Price(_) => None,
            };
            if let Some(fault) = fault {
                run.refuse(&item, [fault]);
                continue;
            }
            let stored_id = stored.as_ref().map(|p| p.id);
            let id = stored_id.unwrap_or_else(|| ProductId::new(self.writer.id()));
            match slug_choice(&item.record, stored.as_ref(), id) {
                Ok(slug) => drafts.push(Draft {
                    item,
                    id,
                    stored,
                    slug,
                }),
                Err(faults) => run.refuse(&item, faults.into_vec()),
            }
        }
        Ok(drafts)
    }

    /// The product without key that an export named by its id.
    async fn keyless_product(&self, key: &Key) -> Result<Option<ProductState>, StoreError> {
        let Some(id) = id_in(key) else {
            return Ok(None);
        };
        let reference = ProductRef::Id(ProductId::new(id));
        let found = self.products.find(&reference, false).await?;
        Ok(found.filter(|p| p.content.key.is_none()))
    }

    fn plan_product(
        &self,
        draft: Draft,
        siblings: Vec<VariantState>,
        known: &Known,
        slugs: &mut Slugs,
    ) -> Result<(Planned, Vec<Referral>), Faults> {
        let product_type = known.types.get(&draft.product_type());
        let Some(product_type) = product_type.cloned() else {
            return Err(no_such_type().into());
        };
        let Draft {
            item,
            id,
            stored,
            slug,
        } = draft;
        let now = self.writer.now();
        let ground = Ground::new(&item.record, stored.as_ref(), product_type);
        let (mut faults, mut referrals) = (Faults::default(), Vec::new());
        let created = stored.is_none();
        let footing = stored.as_ref().map(Footing::from);
        let (axes, product) = match (&item.record, slug) {
            (Record::Product(record), Some(slug)) => {
                let mut draft = record.draft.clone();
                let before = stored.as_ref().map(|p| &p.content);
                let settled =
                    self.typing
                        .settle(&mut draft, &ground.product_type.content, before, ground.moment);
                faults.extend(settled.into_vec());
                let attributes = before.map(|content| &content.attributes);
                let new = draft
                    .attributes
                    .iter()
                    .flat_map(|now| new_referrals("", now, attributes));
                referrals.extend(new);
                match known.found(&draft).settle(&draft, before, id) {
                    Ok(references) => (draft.option_axes.clone(), Some((record, draft, slug, references))),
                    Err(more) => {
                        faults.extend(more.into_vec());
                        (draft.option_axes, None)
                    }
                }
            }
            _ => (
                stored
                    .as_ref()
                    .map(|p| p.content.option_axes.clone())
                    .unwrap_or_default(),
                None,
            ),
        };
        faults.extend(fitting(&axes, item.record.variants()).into_vec());
        let planned = self.plan_variants(id, item.record.variants(), siblings, now, &ground);
        let (variants, places) = match planned {
            Ok((variants, places, more)) => {
                referrals.extend(more);
                (variants, places)
            }
            Err(more) => {
                faults.extend(more.into_vec());
                Default::default()
            }
        };
        faults.or(Some(()))?;
        let mut product = match product {
            None => stored.map(Product::load),
            Some((record, mut draft, slug, references)) => {
                if let Some(stored) = &stored {
                    draft.key.clone_from(&stored.content.key);
                }
                let slug = slugs.settle(slug, id.uuid());
                let content = draft.into_content(references, slug, ground.product_type.id);
                let product = match stored {
                    None => Ok(Product::create(id, content, now)),
                    Some(state) => revise(state, content, now),
                };
                let product = product.and_then(|product| moved(product, record, now));
                Some(product.map_err(|error| rule_fault(&error))?)
            }
        };
        let publish = item.record.status() == Some(ProductStatus::Published);
        if let Some(product) = product.as_mut().filter(|_| publish) {
            if !variants.is_empty() {
                product.stage_variants();
            }
            go_live(product, now).map_err(publish_faults)?;
        }
        let product = product.and_then(Product::into_change);
        let changes = Changes {
            basis: ground.basis(footing.filter(|_| product.is_none() && !variants.is_empty())),
            products: product.into_iter().collect(),
            variants,
            ..Changes::default()
        };
        let outcome = match changes.is_empty() {
            true => Outcome::Unchanged,
            false if created => Outcome::Created,
            false => Outcome::Updated,
        };
        let planned = Planned {
            item,
            outcome,
            changes,
            places,
        };
        Ok((planned, referrals))
    }

    /// The changes of variants, for each its place in the record, and what they refer to.
    fn plan_variants(
        &self,
        product: ProductId,
        variants: &[ImportVariant],
        siblings: Vec<VariantState>,
        now: Timestamp,
        ground: &Ground,
    ) -> Result<PlannedVariants, Faults> {
        let mut siblings = Siblings::new(siblings, variants);
        let (mut faults, mut referrals) = (Faults::default(), Vec::new());
        let (mut changes, mut places) = (Vec::new(), Vec::new());
        for (place, ImportVariant { content, .. }) in variants.iter().enumerate() {
            let mut content = content.clone();
            let stored = siblings.take(&content);
            let before = stored.as_ref().map(|v| &v.content.attributes);
            if let (true, Some(before)) = (ground.keeps_attributes, before) {
                content.attributes.clone_from(before);
            }
            let at = format!("/variants/{place}");
            let found =
                self.typing
                    .settle_variant(&mut content, &ground.product_type.content, ground.moment, &at);
            faults.extend(found.into_vec());
            referrals.extend(new_referrals(&at, &content.attributes, before));
            let variant = match stored {
                None => Variant::create(VariantId::new(self.writer.id()), product, content, now),
                Some(state) => {
                    let mut variant = Variant::load(state);
                    variant.revise(content, now).map_err(|error| rule_fault(&error))?;
                    variant
                }
            };
            if let Some(change) = variant.into_change() {
                changes.push(change);
                places.push(place);
            }
        }
        faults.or(Some((changes, places, referrals)))
    }
}

fn key_of(item: &Item) -> Option<&Key> {
    match &item.record {
        Record::Product(product) => product.draft.key.as_ref(),
        Record::Variants(more) => Some(&more.product),
        Record::Category(_) | Record::Whole(_) | Record::Price(_) => None,
    }
}

fn skus_of(record: &Record) -> Vec<Sku> {
    record.variants().iter().map(|v| v.content.sku.clone()).collect()
}

/// Whether the product is of a type, in a channel, or related to a product that only a dry run knows.
fn rests_on_rehearsed(record: &Record, run: &Run<'_>) -> bool {
    let Record::Product(product) = record else {
        return false;
    };
    let related = product.draft.relation_refs();
    let is_rehearsed = |reference: &ProductRef| matches!(reference, ProductRef::Key(key) if run.rehearsed.products.contains(key));
    related.iter().any(is_rehearsed)
        || run.rehearses(&product.draft.product_type, |rehearsed| &rehearsed.types)
        || run.rehearses(&product.draft.channel_refs(), |rehearsed| &rehearsed.channels)
}

fn slug_choice(
    record: &Record,
    stored: Option<&ProductState>,
    id: ProductId,
) -> Result<Option<SlugChoice>, Faults> {
    let Record::Product(product) = record else {
        return Ok(None);
    };
    let slug = product.draft.slug.as_ref().or(stored.map(|p| &p.content.slug));
    match slug {
        Some(slug) => Ok(Some(SlugChoice::Given(slug.clone()))),
        None => product
            .draft
            .slug_from_name(id)
            .map(|slug| Some(SlugChoice::Made(slug))),
    }
}

fn fitting(axes: &[Axis], variants: &[ImportVariant]) -> Faults {
    let contents: Vec<_> = variants.iter().map(|v| v.content.clone()).collect();
    variant_faults(axes, &contents)
}

fn revise(
    state: ProductState,
    content: domain::product::ProductContent,
    now: Timestamp,
) -> Result<Product, RuleError> {
    let mut product = Product::load(state);
    product.revise(content, now)?;
    Ok(product)
}

/// Moves the product to where the record says that it stands; to go live it only has to be where it can.
fn moved(mut product: Product, record: &ImportProduct, now: Timestamp) -> Result<Product, RuleError> {
    let is = product.state().status;
    let Some(wanted) = record.status.filter(|wanted| *wanted != is) else {
        return Ok(product);
    };
    match wanted {
        ProductStatus::Archived => product.archive(now)?,
        ProductStatus::Draft | ProductStatus::Published if is == ProductStatus::Archived => {
            product.restore(now)?;
        }
        ProductStatus::Draft => product.unpublish(now)?,
        ProductStatus::Published => {}
    }
    Ok(product)
}

fn publish_faults(error: CatalogError) -> Faults {
    match error {
        CatalogError::Invalid(faults) => faults,
        other => Fault::new("", other.code(), other.to_string()).into(),
    }
}
