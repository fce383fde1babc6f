//! Deciding what a wave of records changes: a fixed number of queries, however many records it has.

mod category;
mod ground;
mod known;
mod product;
mod siblings;

use std::collections::{HashMap, HashSet};

use domain::value::{Key, Locale, LocalizedSlug, Media, Slug};
use domain::{CategoryId, RuleError};
use uuid::Uuid;

use super::importer::Importer;
use super::record::{ImportMode, ImportVariant, Record};
use super::run::{Planned, Run};
use super::wave::Item;
use crate::category::{CategoryRef, resolve};
use crate::fault::Fault;
use crate::media::{Settled, named};
use crate::product::short;
use crate::store::StoreError;

impl Importer {
    /// What each record changes. Those that can change nothing because they are wrong are noted as failed.
    pub(super) async fn plan(&self, items: Vec<Item>, run: &mut Run<'_>) -> Result<Vec<Planned>, StoreError> {
        let items = self.settle_files(items, run).await?;
        match items.first().map(|item| &item.record) {
            // The others are taken in by themselves.
            None | Some(Record::Whole(_) | Record::Price(_)) => Ok(Vec::new()),
            Some(Record::Category(_)) => self.plan_categories(items, run).await,
            Some(Record::Product(_) | Record::Variants(_)) => self.plan_products(items, run).await,
        }
    }

    /// Finds the files that the records show. Records that name one that does not exist are noted as failed.
    async fn settle_files(&self, items: Vec<Item>, run: &mut Run<'_>) -> Result<Vec<Item>, StoreError> {
        let files = Settled::find(self.writer.store(), named(items.iter().flat_map(shown))).await?;
        let mut settled = Vec::with_capacity(items.len());
        for mut item in items {
            let mut faults = Vec::new();
            let (own, variants): (_, &mut [ImportVariant]) = match &mut item.record {
                Record::Category(category) => (Some(&mut category.draft.media), &mut []),
                Record::Product(product) => (Some(&mut product.draft.media), &mut product.variants),
                Record::Variants(more) => (None, &mut more.variants),
                Record::Whole(_) | Record::Price(_) => (None, &mut []),
            };
            if let Some(own) = own {
                faults.extend(files.apply("/media", own));
            }
            for (index, variant) in variants.iter_mut().enumerate() {
                faults.extend(files.apply(&format!("/variants/{index}/media"), &mut variant.content.media));
            }
            if faults.is_empty() {
                settled.push(item);
            } else {
                run.refuse(&item, faults);
            }
        }
        Ok(settled)
    }

    /// The ids behind references; those that lead nowhere are missing from the answer.
    async fn category_ids(
        &self,
        refs: impl Iterator<Item = &CategoryRef>,
        run: &Run<'_>,
    ) -> Result<HashMap<CategoryRef, CategoryId>, StoreError> {
        let rehearsed = |reference: &CategoryRef| match reference {
            CategoryRef::Key(key) => run.rehearsed.category_ids.get(key).copied(),
            CategoryRef::Id(_) | CategoryRef::Slug(..) => None,
        };
        let distinct: HashSet<_> = refs.collect();
        let mut found = HashMap::with_capacity(distinct.len());
        let mut sought = Vec::new();
        for reference in distinct {
            match rehearsed(reference) {
                Some(id) => {
                    found.insert(reference.clone(), id);
                }
                None => sought.push(reference.clone()),
            }
        }
        let ids = resolve(&*self.categories, &sought).await?;
        let mut keyless = Vec::new();
        for (reference, id) in sought.into_iter().zip(ids) {
            match (id, &reference) {
                (Some(id), _) => {
                    found.insert(reference, id);
                }
                (None, CategoryRef::Key(key)) => {
                    keyless.extend(id_in(key).map(|id| (reference, CategoryId::new(id))));
                }
                (None, _) => {}
            }
        }
        if !keyless.is_empty() {
            let ids: Vec<_> = keyless.iter().map(|(_, id)| *id).collect();
            let existing: HashSet<_> = self.categories.existing(&ids).await?.into_iter().collect();
            found.extend(keyless.into_iter().filter(|(_, id)| existing.contains(id)));
        }
        Ok(found)
    }
}

/// The media of a record and of its variants.
fn shown(item: &Item) -> impl Iterator<Item = &Media> {
    let own = match &item.record {
        Record::Category(category) => category.draft.media.as_slice(),
        Record::Product(product) => &product.draft.media,
        Record::Variants(_) | Record::Whole(_) | Record::Price(_) => &[],
    };
    own.iter()
        .chain(item.record.variants().iter().flat_map(|v| &v.content.media))
}

/// The id that a key is, where it stands for a resource without key.
fn id_in(key: &Key) -> Option<Uuid> {
    Uuid::try_parse(key.as_str())
        .ok()
        .filter(|id| id.to_string() == key.as_str())
}

/// What the mode says about a record whose key exists or not.
pub(super) fn mode_fault(mode: ImportMode, exists: bool, kind: &str) -> Option<Fault> {
    match (mode, exists) {
        (ImportMode::Create, true) => Some(Fault::new(
            "/key",
            "duplicate_key",
            format!("another {kind} has this key"),
        )),
        (ImportMode::Update, false) => Some(Fault::new(
            "/key",
            "resource_not_found",
            format!("there is no {kind} with this key"),
        )),
        (ImportMode::Upsert, _) | (ImportMode::Create, false) | (ImportMode::Update, true) => None,
    }
}

fn key_required() -> Fault {
    Fault::new("/key", "required", "is required in files")
}

fn rule_fault(error: &RuleError) -> Fault {
    Fault::new("", "state_conflict", error.to_string())
}

/// How a record comes by its slug.
enum SlugChoice {
    /// Given by the record, or stored.
    Given(LocalizedSlug),
    /// Made from the name, still to be told apart from others.
    Made(LocalizedSlug),
}

/// Slugs that a wave must not make: those in use, and those that its records were given.
#[derive(Default)]
struct Slugs(HashSet<(Locale, Slug)>);

impl Slugs {
    /// Those given among `choices`; the made ones are answered, to be looked up.
    fn gather<'a>(choices: impl Iterator<Item = &'a SlugChoice>) -> (Self, Vec<(Locale, Slug)>) {
        let mut given = HashSet::new();
        let mut made = Vec::new();
        for choice in choices {
            match choice {
                SlugChoice::Given(slug) => given.extend(pairs(slug)),
                SlugChoice::Made(slug) => made.extend(pairs(slug)),
            }
        }
        (Self(given), made)
    }

    /// The slug to store, told apart from all others by the end of `id`.
    fn settle(&mut self, choice: SlugChoice, id: Uuid) -> LocalizedSlug {
        match choice {
            SlugChoice::Given(slug) => slug,
            SlugChoice::Made(slug) => {
                let slug = slug.avoiding(|l, s| self.0.contains(&(l.clone(), s.clone())), &short(id));
                self.0.extend(pairs(&slug));
                slug
            }
        }
    }
}

fn pairs(slug: &LocalizedSlug) -> impl Iterator<Item = (Locale, Slug)> {
    slug.iter().map(|(locale, slug)| (locale.clone(), slug.clone()))
}
