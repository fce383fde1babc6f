//! Holding products and variants against their product type, on every way in which they are written.
//!
//! What is decided here rests on a version of the type, which goes into the [`Basis`](crate::store::Basis) of the
//! changes, so that the store can tell when it is outdated.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::product::{Axis, ProductContent, ProductStatus, VariantContent};
use domain::product_type::{
    AttributeFault, AttributeValue, Attributes, JsonSchemas, Moment, ProductTypeContent, ProductTypeState,
    Target,
};
use domain::value::Locale;
use domain::{CategoryId, ProductId, ProductTypeId, RuleError};
use uuid::Uuid;

use super::ProductTypeReader;
use crate::category::CategoryReader;
use crate::error::CatalogError;
use crate::fault::{Fault, Faults, pointer_to};
use crate::product::{ProductDraft, ProductReader};
use crate::resource::ResourceRef;
use crate::store::StoreError;

/// A reference in attributes, with the place where it stands.
pub(crate) type Referral = (String, Target, Uuid);

#[derive(Clone)]
pub struct Typing {
    types: Arc<ProductTypeReader>,
    products: Arc<dyn ProductReader>,
    categories: Arc<dyn CategoryReader>,
    schemas: Arc<dyn JsonSchemas>,
    default_locale: Locale,
}

impl Typing {
    pub fn new(
        types: Arc<ProductTypeReader>,
        products: Arc<dyn ProductReader>,
        categories: Arc<dyn CategoryReader>,
        schemas: Arc<dyn JsonSchemas>,
        default_locale: Locale,
    ) -> Self {
        Self {
            types,
            products,
            categories,
            schemas,
            default_locale,
        }
    }

    /// The type that a product is to have: the one that is named, else the one it has, else the default.
    pub(crate) async fn choose(
        &self,
        named: Option<&ResourceRef<ProductTypeId>>,
        stored: Option<ProductTypeId>,
    ) -> Result<Option<Arc<ProductTypeState>>, StoreError> {
        let default = ResourceRef::Id(stored.unwrap_or(ProductTypeId::GENERIC));
        let found = self.types.find(named.unwrap_or(&default), false).await?;
        Ok(found.map(Arc::new))
    }

    /// The type of a stored product. One that is in use is not deleted, but the product may be.
    pub(crate) async fn of(&self, id: ProductTypeId) -> Result<Arc<ProductTypeState>, CatalogError> {
        let found = self.choose(None, Some(id)).await?;
        found.ok_or_else(|| RuleError::Deleted("product type").into())
    }

    /// The types behind references, by one query; those that lead nowhere are missing.
    pub(crate) async fn among(
        &self,
        references: HashSet<ResourceRef<ProductTypeId>>,
    ) -> Result<HashMap<ResourceRef<ProductTypeId>, Arc<ProductTypeState>>, StoreError> {
        let references: Vec<_> = references.into_iter().collect();
        let found = self.types.among(&references).await?;
        let named = found.into_iter().flat_map(|state| {
            let state = Arc::new(state);
            let key = ResourceRef::Key(state.content.key.clone());
            [(ResourceRef::Id(state.id), state.clone()), (key, state)]
        });
        Ok(named.collect())
    }

    /// Types what the draft says, fills in what it leaves to the type, and tells what is wrong with it.
    pub(crate) fn settle(
        &self,
        draft: &mut ProductDraft,
        product_type: &ProductTypeContent,
        stored: Option<&ProductContent>,
        moment: Moment,
    ) -> Faults {
        let kept = || {
            stored
                .map(|content| content.attributes.clone())
                .unwrap_or_default()
        };
        let attributes = draft.attributes.take().unwrap_or_else(kept);
        let (attributes, faults) =
            product_type.check_product(&attributes, moment, &self.default_locale, &*self.schemas);
        draft.attributes = Some(attributes);
        let mut faults = faults_at("/attributes", faults);
        match axes(std::mem::take(&mut draft.option_axes), product_type) {
            Ok(axes) => draft.option_axes = axes,
            Err(fault) => faults.push(fault),
        }
        faults
    }

    /// What is wrong with a product as it is stored.
    pub(crate) fn product_faults(
        &self,
        content: &ProductContent,
        product_type: &ProductTypeContent,
        moment: Moment,
    ) -> Faults {
        let (_, faults) =
            product_type.check_product(&content.attributes, moment, &self.default_locale, &*self.schemas);
        faults_at("/attributes", faults)
    }

    /// Types a variant's attributes and tells what is wrong with them and its options; `at` points to the variant.
    pub(crate) fn settle_variant(
        &self,
        content: &mut VariantContent,
        product_type: &ProductTypeContent,
        moment: Moment,
        at: &str,
    ) -> Faults {
        let (attributes, faults, of_options) = product_type.check_variant(
            &content.attributes,
            &content.options,
            moment,
            &self.default_locale,
            &*self.schemas,
        );
        content.attributes = attributes;
        let mut faults = faults_at(&format!("{at}/attributes"), faults);
        faults.extend(faults_at(&format!("{at}/options"), of_options).into_vec());
        faults
    }

    /// A fault for every reference that leads nowhere.
    pub(crate) async fn lost(&self, referrals: &[Referral]) -> Result<Vec<Fault>, StoreError> {
        let found = self.targets(referrals).await?;
        Ok(lost_among(referrals, &found))
    }

    /// Which of the resources referred to are there: a query per kind of target, however many there are.
    pub(crate) async fn targets(&self, referrals: &[Referral]) -> Result<Targets, StoreError> {
        let of = |wanted: Target| {
            let ids = referrals.iter().filter(move |(_, target, _)| *target == wanted);
            ids.map(|(_, _, id)| *id).collect::<HashSet<_>>()
        };
        let (products, categories) = (of(Target::Product), of(Target::Category));
        let mut found = Targets::new();
        if !products.is_empty() {
            let ids: Vec<_> = products.into_iter().map(ProductId::new).collect();
            let existing = self.products.existing(&ids).await?;
            found.extend(existing.into_iter().map(|id| (Target::Product, id.uuid())));
        }
        if !categories.is_empty() {
            let ids: Vec<_> = categories.into_iter().map(CategoryId::new).collect();
            let existing = self.categories.existing(&ids).await?;
            found.extend(existing.into_iter().map(|id| (Target::Category, id.uuid())));
        }
        Ok(found)
    }
}

/// Resources that are there.
pub(crate) type Targets = HashSet<(Target, Uuid)>;

pub(crate) fn lost_among(referrals: &[Referral], found: &Targets) -> Vec<Fault> {
    let lost = referrals
        .iter()
        .filter(|(_, target, id)| !found.contains(&(*target, *id)));
    let fault = |(at, target, _): &Referral| {
        let detail = format!("there is no such {}", target.as_str());
        Fault::new(at.clone(), "reference_not_found", detail)
    };
    lost.map(fault).collect()
}

/// The references among attributes that were not there before; `at` points to the resource.
pub(crate) fn new_referrals(at: &str, now: &Attributes, before: Option<&Attributes>) -> Vec<Referral> {
    let known: HashSet<_> = before
        .into_iter()
        .flat_map(Attributes::references)
        .map(|(_, target, id)| (target, id))
        .collect();
    let mut referrals = Vec::new();
    for (key, value) in now.iter() {
        let at = pointer_to(&format!("{at}/attributes"), key.as_str());
        let mut note = |at: String, value: &AttributeValue| {
            if let AttributeValue::Reference(target, id) = value
                && !known.contains(&(*target, *id))
            {
                referrals.push((at, *target, *id));
            }
        };
        match value {
            AttributeValue::Set(items) => {
                for (index, item) in items.iter().enumerate() {
                    note(format!("{at}/{index}"), item);
                }
            }
            single => note(at, single),
        }
    }
    referrals
}

/// What a type finds wrong, as faults below a pointer.
pub(crate) fn faults_at(at: &str, found: Vec<AttributeFault>) -> Faults {
    let mut faults = Faults::default();
    faults.extend(found.into_iter().map(|AttributeFault { path, code, detail }| {
        let pointer = path.iter().fold(at.to_owned(), |at, step| pointer_to(&at, step));
        Fault::new(pointer, code, detail)
    }));
    faults
}

/// How strictly what belongs to a product of this status is checked.
pub(crate) const fn moment_of(status: ProductStatus) -> Moment {
    match status {
        ProductStatus::Published => Moment::Publish,
        ProductStatus::Draft | ProductStatus::Archived => Moment::Write,
    }
}

/// The product's axes: its own, which are those of its type where that has some; the type's where it has none.
fn axes(given: Vec<Axis>, product_type: &ProductTypeContent) -> Result<Vec<Axis>, Fault> {
    let mut of_type = Vec::with_capacity(product_type.option_attributes.len());
    for key in &product_type.option_attributes {
        let axis = Axis::parse(key.as_str());
        of_type.push(axis.map_err(|e| Fault::new("/optionAxes", e.code(), e.to_string()))?);
    }
    if of_type.is_empty() {
        return Ok(given);
    }
    if given.is_empty() {
        return Ok(of_type);
    }
    let agree = given.len() == of_type.len() && given.iter().all(|axis| of_type.contains(axis));
    if agree {
        Ok(given)
    } else {
        let names: Vec<_> = of_type.iter().map(Axis::as_str).collect();
        let detail = format!(
            "must be the option attributes of the product type: {}",
            names.join(", ")
        );
        Err(Fault::new("/optionAxes", "not_in_enum", detail))
    }
}
