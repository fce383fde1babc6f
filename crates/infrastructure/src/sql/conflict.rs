//! Which resources a broken rule is about: worked out after the transaction has ended, for the answer's sake only.

use std::collections::{HashMap, HashSet};

use application::store::{Changes, Conflict, ConflictRule};
use domain::product::ProductState;
use domain::value::{Key, LocalizedSlug};
use domain::{Change, Recorded};
use uuid::Uuid;

use super::dialect::{IDS, Kind, PAIRS, PRODUCT_PAIRS};
use super::{Database, Failure, Query, SqlCatalog, write};
use crate::rows::Instant;

/// A name that must be unique, in one or two parts.
type Name = (String, String);

impl<D: Database> SqlCatalog<D> {
    pub(super) async fn conflict(&self, rule: ConflictRule, changes: &Changes) -> Conflict {
        let Parties {
            subject,
            existing,
            attribute,
        } = self.parties(rule, changes).await.unwrap_or_else(|error| {
            tracing::debug!(?error, "the parties of a conflict could not be told");
            Parties::default()
        });
        Conflict {
            subject,
            existing,
            attribute,
            ..Conflict::of(rule)
        }
    }

    async fn parties(&self, rule: ConflictRule, changes: &Changes) -> Result<Parties, Failure> {
        if rule == ConflictRule::PriceOverlap {
            let (subject, existing) = self.rivals(changes).await?;
            return Ok(Parties {
                subject,
                existing,
                attribute: None,
            });
        }
        let mut owners: HashMap<Name, Uuid> = HashMap::new();
        let mut twin = Parties::default();
        let mut written = HashSet::new();
        for (name, id) in names(rule, changes) {
            written.insert(id);
            let attribute = attribute(rule, &name);
            if owners.insert(name, id).is_some_and(|other| other != id) {
                twin = Parties {
                    subject: Some(id),
                    existing: None,
                    attribute,
                };
            }
        }
        let Some(place) = place(rule) else {
            return Ok(twin);
        };
        if owners.is_empty() {
            return self.returning(rule, changes).await;
        }
        let pairs: Vec<_> = owners
            .keys()
            .map(|(a, b)| serde_json::json!({"a": a, "b": b}))
            .collect();
        let columns = if matches!(rule, ConflictRule::Options | ConflictRule::UniqueAttribute) {
            PRODUCT_PAIRS
        } else {
            PAIRS
        };
        let text = format!(
            "with {} select cast(r.a as text), r.b, {place}",
            D::DIALECT.batch(columns)
        );
        let query = Query::new(text).with(serde_json::Value::Array(pairs).to_string());
        for mut row in self.database.fetch(query).await? {
            let (name, existing) = ((row.text()?, row.text()?), row.uuid()?);
            match owners.get(&name) {
                // One that is written too gives the name away.
                Some(subject) if *subject != existing && !written.contains(&existing) => {
                    return Ok(Parties {
                        subject: Some(*subject),
                        existing: Some(existing),
                        attribute: attribute(rule, &name),
                    });
                }
                _ => {}
            }
        }
        if twin.subject.is_some() {
            return Ok(twin);
        }
        self.publishing(rule, changes).await
    }

    /// The parties where a variant goes live with its product while another one still has its name there.
    async fn publishing(&self, rule: ConflictRule, changes: &Changes) -> Result<Parties, Failure> {
        let column = match rule {
            ConflictRule::Sku => "sku",
            ConflictRule::Gtin => "gtin",
            _ => return Ok(Parties::default()),
        };
        let ids: Vec<_> = changes
            .products
            .iter()
            .map(|change| serde_json::json!({"id": change.after.id.uuid()}))
            .collect();
        let text = format!(
            "with {} select cast(v.id as text), cast(t.variant_id as text) from r \
             join variants v on v.product_id = r.id and v.deleted_at is null \
             join published_variants t on t.{column} = v.{column} and t.live and t.product_id <> r.id limit 1",
            D::DIALECT.batch(IDS)
        );
        let query = Query::new(text).with(serde_json::Value::Array(ids).to_string());
        match self.database.fetch(query).await?.into_iter().next() {
            Some(mut row) => Ok(Parties {
                subject: Some(row.uuid()?),
                existing: Some(row.uuid()?),
                attribute: None,
            }),
            None => Ok(Parties::default()),
        }
    }

    /// A written price and the stored one that excludes it.
    async fn rivals(&self, changes: &Changes) -> Result<(Option<Uuid>, Option<Uuid>), Failure> {
        let (batch, text) = write::rival(D::DIALECT, &changes.prices);
        let found = self.database.fetch(Query::new(text).with(batch)).await?;
        match found.into_iter().next() {
            Some(mut row) => Ok((Some(row.uuid()?), Some(row.uuid()?))),
            None => Ok((None, None)),
        }
    }

    /// The parties where a variant that comes back with its product meets another one.
    async fn returning(&self, rule: ConflictRule, changes: &Changes) -> Result<Parties, Failure> {
        let column = match rule {
            ConflictRule::VariantKey => "key",
            ConflictRule::Sku => "sku",
            ConflictRule::Gtin => "gtin",
            _ => return Ok(Parties::default()),
        };
        let gone = |change: &Change<ProductState>| change.before.as_ref()?.record.deleted_at;
        let restored: Vec<_> = changes
            .products
            .iter()
            .filter_map(|change| {
                let at = Instant(gone(change)?);
                Some(serde_json::json!({"id": change.after.id.uuid(), "at": at}))
            })
            .collect();
        let text = format!(
            "with {} select cast(v.id as text), cast(t.id as text) from r \
             join variants v on v.product_id = r.id and v.deleted_at = r.at \
             join variants t on t.{column} = v.{column} and t.deleted_at is null limit 1",
            D::DIALECT.batch(&[("id", Kind::Uuid), ("at", Kind::Time)])
        );
        let query = Query::new(text).with(serde_json::Value::Array(restored).to_string());
        match self.database.fetch(query).await?.into_iter().next() {
            Some(mut row) => Ok(Parties {
                subject: Some(row.uuid()?),
                existing: Some(row.uuid()?),
                attribute: None,
            }),
            None => self.publishing(rule, changes).await,
        }
    }
}

/// Who meets whom.
#[derive(Default)]
struct Parties {
    subject: Option<Uuid>,
    existing: Option<Uuid>,
    attribute: Option<String>,
}

/// The attribute that the name of a unique value begins with.
fn attribute(rule: ConflictRule, (_, claim): &Name) -> Option<String> {
    let (attribute, _) = claim.split_once(':')?;
    (rule == ConflictRule::UniqueAttribute).then(|| attribute.to_owned())
}

/// The names that the written resources claim under a rule.
fn names(rule: ConflictRule, changes: &Changes) -> Vec<(Name, Uuid)> {
    let key = |key: &Option<Key>| key.iter().map(|k| (k.to_string(), String::new())).collect();
    let slug = |slug: &LocalizedSlug| {
        slug.iter()
            .map(|(locale, slug)| (locale.as_str().to_owned(), slug.as_str().to_owned()))
            .collect()
    };
    let single = |text: &str| vec![(text.to_owned(), String::new())];
    match rule {
        ConflictRule::ProductKey => claimed(&changes.products, |p| (p.id.uuid(), key(&p.content.key))),
        ConflictRule::ProductSlug => claimed(&changes.products, |p| (p.id.uuid(), slug(&p.content.slug))),
        ConflictRule::CategoryKey => claimed(&changes.categories, |c| (c.id.uuid(), key(&c.content.key))),
        ConflictRule::CategorySlug => claimed(&changes.categories, |c| (c.id.uuid(), slug(&c.content.slug))),
        ConflictRule::VariantKey => claimed(&changes.variants, |v| (v.id.uuid(), key(&v.content.key))),
        ConflictRule::ProductTypeKey => claimed(&changes.product_types, |t| {
            (t.id.uuid(), single(t.content.key.as_str()))
        }),
        ConflictRule::UniqueAttribute => write::claimed(changes)
            .into_iter()
            .map(|(kind, claim, owner)| ((kind.to_string(), claim), owner))
            .collect(),
        ConflictRule::PriceListKey => claimed(&changes.price_lists, |l| {
            (l.id.uuid(), single(l.content.key.as_str()))
        }),
        ConflictRule::ChannelKey => claimed(&changes.channels, |c| {
            (c.id.uuid(), single(c.content.key.as_str()))
        }),
        ConflictRule::Sku => claimed(&changes.variants, |v| {
            (v.id.uuid(), single(v.content.sku.as_str()))
        }),
        ConflictRule::Gtin => claimed(&changes.variants, |v| {
            (
                v.id.uuid(),
                v.content.gtin.iter().flat_map(|g| single(g.as_str())).collect(),
            )
        }),
        ConflictRule::Options => claimed(&changes.variants, |v| {
            let options = write::options(&v.content).unwrap_or_default();
            (v.id.uuid(), vec![(v.product.to_string(), options)])
        }),
        ConflictRule::CategoryCycle
        | ConflictRule::CategoryDepth
        | ConflictRule::Referenced
        | ConflictRule::PriceOverlap
        | ConflictRule::PriceListInUse
        | ConflictRule::ChannelInUse
        | ConflictRule::TooManyReferences
        | ConflictRule::OptionAxes
        | ConflictRule::TypeInUse
        | ConflictRule::TypeMisfit
        | ConflictRule::VariantLimit
        | ConflictRule::MediaBytes
        | ConflictRule::MediaReferenced
        | ConflictRule::ProductReferenced
        | ConflictRule::StillShown => Vec::new(),
    }
}

fn claimed<S: Recorded>(changes: &[Change<S>], names: impl Fn(&S) -> (Uuid, Vec<Name>)) -> Vec<(Name, Uuid)> {
    changes
        .iter()
        .filter(|change| change.after.record().deleted_at.is_none())
        .flat_map(|change| {
            let (id, names) = names(&change.after);
            names.into_iter().map(move |name| (name, id))
        })
        .collect()
}

/// Where the owner of a name is found.
const fn place(rule: ConflictRule) -> Option<&'static str> {
    Some(match rule {
        ConflictRule::ProductKey => {
            "cast(t.id as text) from r join (select id, key from products where deleted_at is null \
             union all select id, key from published_products where live) t on t.key = r.a"
        }
        ConflictRule::ProductSlug => {
            "cast(t.product_id as text) from r join (select product_id, locale, slug from product_slugs where live \
             union all select product_id, locale, slug from store_slugs where current and live) t \
             on t.locale = r.a and t.slug = r.b"
        }
        ConflictRule::CategoryKey => {
            "cast(t.id as text) from r join categories t on t.key = r.a where t.deleted_at is null"
        }
        ConflictRule::CategorySlug => {
            "cast(t.category_id as text) from r join category_slugs t on t.locale = r.a and t.slug = r.b where t.live"
        }
        ConflictRule::ProductTypeKey => {
            "cast(t.id as text) from r join product_types t on t.key = r.a where t.deleted_at is null"
        }
        ConflictRule::UniqueAttribute => {
            "cast(t.owner_id as text) from r join unique_attributes t on t.product_type_id = r.a and t.claim = r.b"
        }
        ConflictRule::PriceListKey => {
            "cast(t.id as text) from r join price_lists t on t.key = r.a where t.deleted_at is null"
        }
        ConflictRule::ChannelKey => {
            "cast(t.id as text) from r join channels t on t.key = r.a where t.deleted_at is null"
        }
        ConflictRule::VariantKey => {
            "cast(t.id as text) from r join variants t on t.key = r.a where t.deleted_at is null"
        }
        ConflictRule::Sku => {
            "cast(t.id as text) from r join (select id, sku from variants where deleted_at is null \
             union all select variant_id, sku from published_variants where live) t on t.sku = r.a"
        }
        ConflictRule::Gtin => {
            "cast(t.id as text) from r join (select id, gtin from variants where deleted_at is null \
             union all select variant_id, gtin from published_variants where live) t on t.gtin = r.a"
        }
        ConflictRule::Options => {
            "cast(t.id as text) from r join variants t on t.product_id = r.a and t.options = r.b \
             where t.deleted_at is null"
        }
        ConflictRule::CategoryCycle
        | ConflictRule::CategoryDepth
        | ConflictRule::Referenced
        | ConflictRule::PriceOverlap
        | ConflictRule::PriceListInUse
        | ConflictRule::ChannelInUse
        | ConflictRule::TooManyReferences
        | ConflictRule::OptionAxes
        | ConflictRule::TypeInUse
        | ConflictRule::TypeMisfit
        | ConflictRule::VariantLimit
        | ConflictRule::MediaBytes
        | ConflictRule::MediaReferenced
        | ConflictRule::ProductReferenced
        | ConflictRule::StillShown => return None,
    })
}
