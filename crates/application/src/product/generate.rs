//! Making the variants that a product's option axes allow for and that are not there yet.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use domain::product::{Axis, Options, ProductState, SkuTemplate, Variant, VariantContent, VariantState};
use domain::product_type::Moment;
use domain::value::{Sku, Text, ValueError};
use domain::{ProductId, VariantId};

use super::variant::Variants;
use super::{ProductRef, VariantNames, VariantRef};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults, pointer_to};
use crate::store::{Basis, Changes, ConflictRule, Footing, Receipt, WriteContext};
use crate::write::{Decision, Render};

/// The value of an option.
pub type OptionValue = Text<255>;

/// Which variants are to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Generation {
    /// See [`SkuTemplate`].
    pub sku_template: String,
    /// The values of an axis; an axis that is absent takes those that the product's variants have.
    pub axes: BTreeMap<Axis, Vec<OptionValue>>,
}

/// The variants that were made.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    pub created: Vec<VariantState>,
    /// How many of the combinations were there before.
    pub existing: usize,
}

const TEMPLATE: &str = "/skuTemplate";
const AXES: &str = "/axes";

impl Variants {
    /// Makes a variant of every combination of the axes' values that no variant has, all of them or none.
    pub async fn generate(
        &self,
        product: &ProductRef,
        generation: &Generation,
        context: &WriteContext,
        render: Render<'_, Generated>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || Box::pin(self.decide_generation(product, generation, render)) as _;
        match self.writer.write(context, decide).await {
            Err(CatalogError::Conflict {
                rule,
                existing,
                pointer,
                affected: _,
            }) => Err(self.explain(product, rule, existing, pointer).await?),
            outcome => outcome,
        }
    }

    async fn decide_generation(
        &self,
        product: &ProductRef,
        generation: &Generation,
        render: Render<'_, Generated>,
    ) -> Result<Decision, CatalogError> {
        let product = self.product(product).await?;
        let siblings = self.products.variants_of(&[product.id]).await?;
        let (template, values) = prepare(generation, &product, &siblings)?;

        let taken: HashSet<&Options> = siblings.iter().map(|v| &v.content.options).collect();
        let combinations = combinations(&values);
        let wanted = combinations.len();
        let missing: Vec<Options> = combinations.into_iter().filter(|o| !taken.contains(o)).collect();
        let existing = wanted - missing.len();
        let variants = self.named(product.id, &template, missing).await?;

        let (now, first) = (self.writer.now(), next_position(&siblings));
        let mut created = Vec::with_capacity(variants.len());
        let product_type = self.typing.of(product.content.product_type).await?;
        let mut faults = Faults::default();
        let mut changes = Changes {
            basis: Basis {
                types: vec![Arc::clone(&product_type)],
                products: vec![Footing::from(&product)],
                whole: Vec::new(),
            },
            ..Changes::default()
        };
        for (position, (sku, options)) in (first..=u32::MAX).zip(variants) {
            let mut content = VariantContent::new(sku, options, position);
            let found = self
                .typing
                .settle_variant(&mut content, &product_type.content, Moment::Write, "");
            faults.extend(found.into_vec());
            let variant = Variant::create(VariantId::new(self.writer.id()), product.id, content, now);
            created.push(variant.state().clone());
            changes.variants.extend(variant.into_change());
        }
        faults.or(Some(()))?;
        Ok(Decision {
            receipt: render(&Generated { created, existing }, false),
            changes,
        })
    }

    /// The combinations with their SKUs, which no other variant has.
    async fn named(
        &self,
        product: ProductId,
        template: &SkuTemplate,
        combinations: Vec<Options>,
    ) -> Result<Vec<(Sku, Options)>, CatalogError> {
        let mut faults = Faults::default();
        let mut variants = Vec::with_capacity(combinations.len());
        let mut seen = HashSet::new();
        for options in combinations {
            match template.sku(&options) {
                Ok(sku) if seen.insert(sku.clone()) => variants.push((sku, options)),
                Ok(sku) => {
                    let detail = format!("more than one combination gives \"{sku}\"");
                    faults.push(Fault::new(TEMPLATE, ConflictRule::Sku.code(), detail));
                }
                Err(error) => {
                    let detail = format!("for {}: {error}", describe(&options));
                    faults.push(Fault::new(TEMPLATE, error.code(), detail));
                }
            }
        }
        let names = VariantNames {
            skus: variants.iter().map(|(sku, _)| sku.clone()).collect(),
            ..VariantNames::default()
        };
        if !names.is_empty() {
            let found = self.reader.lookup(&names).await?;
            // Someone else made the same variants after we had looked at what is there.
            let twin = |v: &&VariantState| {
                v.product == product && variants.iter().any(|(_, o)| *o == v.content.options)
            };
            if let Some(twin) = found.iter().find(twin) {
                return Err(CatalogError::Conflict {
                    rule: ConflictRule::Options,
                    pointer: AXES.to_owned(),
                    existing: Some(twin.id.uuid()),
                    affected: None,
                });
            }
            for VariantState { id, content, .. } in found {
                let detail = format!("\"{}\" is the SKU of the variant {id}", content.sku);
                faults.push(Fault::new(TEMPLATE, ConflictRule::Sku.code(), detail));
            }
        }
        Ok(faults.or(Some(variants))?)
    }

    /// Where in this request a conflict lies. Of two requests for the same combinations the slower one meets the other's
    /// SKUs first; what stands in its way are the options.
    async fn explain(
        &self,
        product: &ProductRef,
        rule: ConflictRule,
        existing: Option<uuid::Uuid>,
        pointer: String,
    ) -> Result<CatalogError, CatalogError> {
        let conflict = |rule, pointer: &str| CatalogError::Conflict {
            rule,
            pointer: pointer.to_owned(),
            existing,
            affected: None,
        };
        Ok(match (rule, existing) {
            (ConflictRule::Options, _) => conflict(rule, AXES),
            (ConflictRule::Sku, Some(id)) => {
                let other = VariantRef::Id(VariantId::new(id));
                let other = self.reader.find(&other, false).await?.map(|other| other.product);
                if other == self.products.locate(product).await? {
                    conflict(ConflictRule::Options, AXES)
                } else {
                    conflict(rule, TEMPLATE)
                }
            }
            (ConflictRule::Sku, None) => conflict(rule, TEMPLATE),
            _ => conflict(rule, &pointer),
        })
    }
}

/// An axis of the product with its values.
type Values = Vec<(Axis, Vec<OptionValue>)>;

/// The template and the values of every axis, or everything that is wrong with them.
fn prepare(
    generation: &Generation,
    product: &ProductState,
    siblings: &[VariantState],
) -> Result<(SkuTemplate, Values), Faults> {
    let axes = &product.content.option_axes;
    let mut faults = Faults::default();
    let template = faults.take(TEMPLATE, SkuTemplate::parse(&generation.sku_template, axes));
    if axes.is_empty() {
        faults.push(Fault::new(AXES, "out_of_range", "the product has no option axes"));
    }
    for (axis, values) in &generation.axes {
        let at = pointer_to(AXES, axis.as_str());
        if !axes.contains(axis) {
            faults.push(Fault::new(
                &at,
                "unknown_field",
                "the product has no such option axis",
            ));
        }
        let mut seen = HashSet::new();
        for (index, value) in values.iter().enumerate() {
            let fault = |code, detail| Fault::new(format!("{at}/{index}"), code, detail);
            if !seen.insert(value) {
                faults.push(fault("duplicate", "stands in the list twice"));
            } else if SkuTemplate::part_of(value.as_str()).is_none() {
                faults.push(fault("pattern", "has no letter or digit for the SKU"));
            }
        }
    }
    let mut values = Values::new();
    let mut count = 1_usize;
    for axis in axes {
        let of_axis = match generation.axes.get(axis) {
            Some(values) => values.clone(),
            None => used(axis, siblings),
        };
        if of_axis.is_empty() {
            let at = pointer_to(AXES, axis.as_str());
            faults.push(Fault::new(at, ValueError::Required.code(), "has no values yet"));
        }
        count = count.saturating_mul(of_axis.len());
        values.push((axis.clone(), of_axis));
    }
    if count > VariantContent::MAX_PER_PRODUCT {
        let detail = "there would be more than 2,000 combinations";
        faults.push(Fault::new(AXES, "too_long", detail));
    }
    faults.or(template.zip(Some(values)))
}

/// The distinct values that variants have, in the variants' order.
fn used(axis: &Axis, siblings: &[VariantState]) -> Vec<OptionValue> {
    let mut seen = HashSet::new();
    let values = siblings.iter().filter_map(|v| v.content.options.get(axis));
    values.filter(|value| seen.insert(*value)).cloned().collect()
}

/// Every combination, in the order of the values, the last axis changing first.
fn combinations(values: &Values) -> Vec<Options> {
    let mut combinations = vec![Options::new()];
    for (axis, of_axis) in values {
        let extended = combinations.iter().flat_map(|so_far| {
            of_axis.iter().map(|value| {
                let mut options = so_far.clone();
                options.insert(axis.clone(), value.clone());
                options
            })
        });
        combinations = extended.collect();
    }
    combinations
}

fn next_position(siblings: &[VariantState]) -> u32 {
    let last = siblings.iter().map(|v| v.content.position).max();
    last.map_or(0, |last| last.saturating_add(1))
}

fn describe(options: &Options) -> String {
    let pairs: Vec<_> = options
        .iter()
        .map(|(axis, value)| format!("{axis} {value}"))
        .collect();
    pairs.join(", ")
}
