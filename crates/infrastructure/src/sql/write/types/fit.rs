//! Stored products held against a type: when it changes, when they change to it, and when they come back.

use std::collections::HashMap;

use application::store::{Affected, Conflict, ConflictRule};
use domain::product::{ProductState, ProductStatus, VariantState};
use domain::product_type::{Level, Moment, ProductTypeContent, ProductTypeState};
use domain::value::Locale;
use domain::{ProductId, ProductTypeId};
use uuid::Uuid;

use super::Types;
use super::claims::{self, ClaimRow, Owner};
use crate::json_schema::JsonSchemas;
use crate::rows::{ProductDoc, RowError, VariantDoc};
use crate::sql::dialect::IDS;
use crate::sql::write::Writer;
use crate::sql::write::batch::{Batch, Id, ids};
use crate::sql::{Failure, Query, Row};

/// How many products are looked at together.
const BATCH: i64 = 200;

/// A product with its variants, each with the moment by which it is judged: what is staged only waits to go live, and is
/// held to be complete when it does.
struct Whole {
    product: ProductState,
    moment: Moment,
    variants: Vec<(VariantState, Moment)>,
}

/// Holds products with all of their variants against their types, and claims their unique values anew.
pub(super) async fn check_whole(
    tx: &mut Writer<'_>,
    products: &Batch<Id>,
    types: &Types,
    schemas: &JsonSchemas,
) -> Result<(), Failure> {
    if products.is_empty() {
        return Ok(());
    }
    let text = format!(
        "with {} select cast(p.data as text), case when p.staged then '1' else '0' end from r join products p on p.id = r.id where p.deleted_at is null",
        tx.dialect.batch(IDS)
    );
    let found = judged(tx.fetch(products, text).await?)?;
    let wholes = with_variants(tx, found).await?;
    let (mut misfits, mut rows) = (Misfits::default(), Vec::new());
    for whole in &wholes {
        if let Some(kind) = types.get(&whole.product.content.product_type.uuid()) {
            if !fits(whole, &kind.content, schemas)? {
                misfits.add(whole.product.id);
            }
            rows.extend(claims_of(whole, kind.id, &kind.content));
        }
    }
    misfits.none()?;
    claims::clear(tx, products).await?;
    claims::store(tx, &sorted(rows)).await
}

/// Holds all products of a type against it as it is now, batch by batch.
pub(super) async fn check_stored(
    tx: &mut Writer<'_>,
    before: &ProductTypeState,
    after: &ProductTypeState,
    schemas: &JsonSchemas,
) -> Result<(), Failure> {
    let claims_anew = after.content.differs_in_uniqueness(&before.content);
    if claims_anew {
        let text = "delete from unique_attributes where product_type_id = $1";
        tx.tx.execute(Query::new(text).with(after.id.uuid())).await?;
    }
    let mut misfits = Misfits::default();
    let mut last = Uuid::nil();
    loop {
        let query = Query::new(
            "select cast(p.data as text), case when p.staged then '1' else '0' end from products p where p.product_type_id = $1 and p.deleted_at is null \
             and p.id > $2 order by p.id limit $3",
        );
        let query = query.with(after.id.uuid()).with(last).with(BATCH);
        let found = judged(tx.tx.fetch(query).await?)?;
        let Some(end) = found.last().map(|(product, _)| product.id.uuid()) else {
            break;
        };
        last = end;
        let wholes = with_variants(tx, found).await?;
        let mut rows = Vec::new();
        for whole in &wholes {
            if !fits(whole, &after.content, schemas)? {
                misfits.add(whole.product.id);
            } else if claims_anew {
                rows.extend(claims_of(whole, after.id, &after.content));
            }
        }
        claims::store(tx, &sorted(rows)).await?;
    }
    misfits.none()
}

/// Products and whether they are staged.
fn judged(rows: Vec<Row>) -> Result<Vec<(ProductState, Moment)>, RowError> {
    let product = |mut row: Row| {
        let product = ProductState::try_from(row.json::<ProductDoc>()?)?;
        let moment = moment(product.status, &row.text()?);
        Ok((product, moment))
    };
    rows.into_iter().map(product).collect()
}

fn moment(status: ProductStatus, staged: &str) -> Moment {
    if status == ProductStatus::Published && staged == "0" {
        Moment::Publish
    } else {
        Moment::Write
    }
}

async fn with_variants(
    tx: &mut Writer<'_>,
    products: Vec<(ProductState, Moment)>,
) -> Result<Vec<Whole>, Failure> {
    let text = format!(
        "with {} select cast(v.data as text), case when v.staged then '1' else '0' end from variants v \
         where v.product_id in (select id from r) and v.deleted_at is null",
        tx.dialect.batch(IDS)
    );
    let batch = ids(products.iter().map(|(p, _)| p.id.uuid()));
    let mut variants: HashMap<ProductId, Vec<(VariantState, String)>> = HashMap::new();
    for mut row in tx.fetch(&batch, text).await? {
        let variant = VariantState::try_from(row.json::<VariantDoc>()?)?;
        variants
            .entry(variant.product)
            .or_default()
            .push((variant, row.text()?));
    }
    let whole = |(product, moment_of_product): (ProductState, Moment)| {
        let own = variants.remove(&product.id).unwrap_or_default();
        let status = product.status;
        let judged = |(variant, staged): (VariantState, String)| (variant, moment(status, &staged));
        Whole {
            product,
            moment: moment_of_product,
            variants: own.into_iter().map(judged).collect(),
        }
    };
    Ok(products.into_iter().map(whole).collect())
}

fn fits(whole: &Whole, content: &ProductTypeContent, schemas: &JsonSchemas) -> Result<bool, RowError> {
    let Whole {
        product,
        moment,
        variants,
    } = whole;
    // Stored values have their locales: which one plain texts would be in does not matter.
    let locale = Locale::parse("und")?;
    let axes = &product.content.option_axes;
    let of_type = &content.option_attributes;
    let same_axes = of_type.is_empty()
        || (axes.len() == of_type.len()
            && of_type
                .iter()
                .all(|key| axes.iter().any(|axis| axis.as_str() == key.as_str())));
    let (_, faults) = content.check_product(&product.content.attributes, *moment, &locale, schemas);
    let variant_fits = |(variant, moment): &(VariantState, Moment)| {
        let own = &variant.content;
        let (_, faults, of_options) =
            content.check_variant(&own.attributes, &own.options, *moment, &locale, schemas);
        faults.is_empty() && of_options.is_empty()
    };
    Ok(same_axes && faults.is_empty() && variants.iter().all(variant_fits))
}

fn claims_of(whole: &Whole, kind: ProductTypeId, content: &ProductTypeContent) -> Vec<ClaimRow> {
    let Whole {
        product, variants, ..
    } = whole;
    let owner = |id, level| Owner {
        id,
        product: product.id.uuid(),
        level,
    };
    let own = owner(product.id.uuid(), Level::Product);
    let mut rows = claims::rows(kind, content, own, &product.content.attributes);
    rows.extend(variants.iter().flat_map(|(variant, _)| {
        let own = owner(variant.id.uuid(), Level::Variant);
        claims::rows(kind, content, own, &variant.content.attributes)
    }));
    rows
}

fn sorted(mut rows: Vec<ClaimRow>) -> Batch<ClaimRow> {
    rows.sort();
    rows.into_iter().collect()
}

/// Products that do not fit: how many, and some of them.
#[derive(Default)]
struct Misfits {
    count: u64,
    sample: Vec<Uuid>,
}

impl Misfits {
    fn add(&mut self, product: ProductId) {
        self.count += 1;
        if self.sample.len() < Affected::SAMPLE {
            self.sample.push(product.uuid());
        }
    }

    fn none(self) -> Result<(), Failure> {
        let Self { count, sample } = self;
        if count == 0 {
            return Ok(());
        }
        let mut conflict = Conflict::of(ConflictRule::TypeMisfit);
        conflict.affected = Some(Affected { count, sample });
        Err(Failure::Store(conflict.into()))
    }
}
