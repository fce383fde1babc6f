//! What category records change.

use std::collections::HashMap;

use domain::category::{Category, CategoryState};
use domain::value::Key;
use domain::{CategoryId, RuleError};

use super::{SlugChoice, Slugs, id_in, key_required, mode_fault, rule_fault};
use crate::category::{CategoryRef, slug_from_name};
use crate::fault::{Fault, Faults};
use crate::import::importer::Importer;
use crate::import::record::{ImportCategory, Record};
use crate::import::run::{Outcome, Planned, Run};
use crate::import::wave::Item;
use crate::store::{Changes, StoreError};

/// A category record with what is stored under its key.
struct Draft {
    item: Item,
    category: ImportCategory,
    id: CategoryId,
    stored: Option<CategoryState>,
    slug: SlugChoice,
}

impl Importer {
    pub(super) async fn plan_categories(
        &self,
        items: Vec<Item>,
        run: &mut Run<'_>,
    ) -> Result<Vec<Planned>, StoreError> {
        let drafts = self.category_drafts(items, run).await?;
        let parents = drafts.iter().filter_map(|d| d.category.draft.parent.as_ref());
        let mut known = self.category_ids(parents, run).await?;
        let (mut slugs, made) = Slugs::gather(drafts.iter().map(|d| &d.slug));
        if !made.is_empty() {
            slugs
                .0
                .extend(self.writer.store().taken_category_slugs(&made).await?);
        }
        let mut planned = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let parent = draft.category.draft.parent.as_ref();
            let parent_id = parent.and_then(|parent| known.get(parent)).copied();
            if parent.is_some() && parent_id.is_none() {
                let detail = "there is no such category, or it comes later in the file";
                let fault = Fault::new("/parent", "reference_not_found", detail);
                run.refuse(&draft.item, [fault]);
                continue;
            }
            // Later records of the wave may be children of this one.
            known.extend(key_of(&draft.item).map(|key| (CategoryRef::Key(key.clone()), draft.id)));
            let item = draft.item.clone();
            match self.plan_category(draft, parent_id, &mut slugs) {
                Ok(plan) => planned.push(plan),
                Err(error) => run.refuse(&item, [rule_fault(&error)]),
            }
        }
        Ok(planned)
    }

    async fn category_drafts(&self, items: Vec<Item>, run: &mut Run<'_>) -> Result<Vec<Draft>, StoreError> {
        let keys: Vec<_> = items.iter().filter_map(key_of).cloned().collect();
        let found = self.categories.by_keys(&keys).await?;
        let mut by_key: HashMap<Key, CategoryState> = found
            .into_iter()
            .filter_map(|c| Some((c.content.key.clone()?, c)))
            .collect();
        let mut drafts = Vec::with_capacity(items.len());
        for item in items {
            let Record::Category(category) = &item.record else {
                continue;
            };
            let mut category = ImportCategory::clone(category);
            let Some(key) = &category.draft.key else {
                run.refuse(&item, [key_required()]);
                continue;
            };
            let rehearsed = run.rehearsed.category_ids.contains_key(key);
            let mut stored = by_key.remove(key);
            if stored.is_none() {
                stored = self.keyless_category(key).await?;
            }
            if category.only_if_missing {
                if rehearsed || stored.is_some() {
                    continue;
                }
            } else if let Some(fault) = mode_fault(run.options.mode, stored.is_some(), "category") {
                run.refuse(&item, [fault]);
                continue;
            }
            if let Some(stored) = &stored {
                category.draft.key.clone_from(&stored.content.key);
            }
            let stored_id = stored.as_ref().map(|c| c.id);
            let id = stored_id.unwrap_or_else(|| CategoryId::new(self.writer.id()));
            match slug_choice(&category, stored.as_ref(), id) {
                Ok(slug) => drafts.push(Draft {
                    item,
                    category,
                    id,
                    stored,
                    slug,
                }),
                Err(faults) => run.refuse(&item, faults.into_vec()),
            }
        }
        Ok(drafts)
    }

    /// The category without key that an export named by its id.
    async fn keyless_category(&self, key: &Key) -> Result<Option<CategoryState>, StoreError> {
        let Some(id) = id_in(key) else {
            return Ok(None);
        };
        let reference = CategoryRef::Id(CategoryId::new(id));
        let found = self.categories.find(&reference, false).await?;
        Ok(found
            .map(|view| view.category)
            .filter(|c| c.content.key.is_none()))
    }

    fn plan_category(
        &self,
        draft: Draft,
        parent: Option<CategoryId>,
        slugs: &mut Slugs,
    ) -> Result<Planned, RuleError> {
        let Draft {
            item,
            category,
            id,
            stored,
            slug,
        } = draft;
        let now = self.writer.now();
        let content = category.draft.into_content(parent, slugs.settle(slug, id.uuid()));
        let created = stored.is_none();
        let change = match stored {
            None => Category::create(id, content, now),
            Some(state) => {
                let mut aggregate = Category::load(state);
                aggregate.revise(content, now)?;
                aggregate
            }
        }
        .into_change();
        let outcome = match &change {
            _ if category.only_if_missing => Outcome::Uncounted,
            None => Outcome::Unchanged,
            Some(_) if created => Outcome::Created,
            Some(_) => Outcome::Updated,
        };
        Ok(Planned {
            item,
            outcome,
            changes: Changes {
                categories: change.into_iter().collect(),
                ..Changes::default()
            },
            places: Vec::new(),
        })
    }
}

fn key_of(item: &Item) -> Option<&Key> {
    match &item.record {
        Record::Category(category) => category.draft.key.as_ref(),
        Record::Product(_) | Record::Variants(_) | Record::Whole(_) | Record::Price(_) => None,
    }
}

fn slug_choice(
    category: &ImportCategory,
    stored: Option<&CategoryState>,
    id: CategoryId,
) -> Result<SlugChoice, Faults> {
    match category.draft.slug.as_ref().or(stored.map(|c| &c.content.slug)) {
        Some(slug) => Ok(SlugChoice::Given(slug.clone())),
        None => slug_from_name(&category.draft, id).map(SlugChoice::Made),
    }
}
