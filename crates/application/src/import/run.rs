//! What one import has done so far.

use std::collections::{HashMap, HashSet};

use domain::category::CategoryState;
use domain::product::ProductStatus;
use domain::value::{Key, Sku};
use domain::{CategoryId, Change};

use super::importer::ImportOptions;
use super::record::{ImportVariant, Record};
use super::wave::Item;
use super::whole::Waiting;
use super::{ImportCounts, ImportFault};
use crate::fault::Fault;
use crate::pricing::UpsertCounts;
use crate::resource::ResourceRef;
use crate::store::Changes;

/// What becomes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Created,
    Updated,
    Unchanged,
    /// A category that no record of the file is.
    Uncounted,
}

/// A record with what is to be stored for it.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) item: Item,
    pub(super) outcome: Outcome,
    pub(super) changes: Changes,
    /// For each variant among the changes its place in the record.
    pub(super) places: Vec<usize>,
}

pub(super) struct Run<'a> {
    pub(super) options: &'a ImportOptions,
    pub(super) counts: ImportCounts,
    /// Since they were last reported.
    pub(super) faults: Vec<ImportFault>,
    pub(super) rehearsed: Rehearsed,
    /// Channels that wait for the end of the file.
    pub(super) waiting: Vec<Waiting>,
}

/// What a dry run would have stored: later records of the file may refer to it.
#[derive(Default)]
pub(super) struct Rehearsed {
    /// Sent along with every later commit, so that the database can check references to them.
    pub(super) categories: Vec<Change<CategoryState>>,
    pub(super) category_ids: HashMap<Key, CategoryId>,
    pub(super) products: HashSet<Key>,
    /// The keys of what would be there: what refers to them is counted without being held against them.
    pub(super) types: HashSet<Key>,
    pub(super) channels: HashSet<Key>,
    pub(super) lists: HashSet<Key>,
    pub(super) skus: HashSet<Sku>,
}

impl<'a> Run<'a> {
    pub(super) fn new(options: &'a ImportOptions) -> Self {
        Self {
            options,
            counts: ImportCounts::default(),
            faults: Vec::new(),
            rehearsed: Rehearsed::default(),
            waiting: Vec::new(),
        }
    }

    pub(super) fn fail(&mut self, faults: impl IntoIterator<Item = ImportFault>) {
        self.counts.failed += 1;
        self.faults.extend(faults);
    }

    /// Notes what is wrong with a record, each fault on the line of the variant that it is about.
    pub(super) fn refuse(&mut self, item: &Item, faults: impl IntoIterator<Item = Fault>) {
        let place = self.options.place;
        let located = |fault: Fault| ImportFault {
            line: line_of(item, &fault.pointer),
            fault: Fault {
                pointer: place(fault.pointer),
                ..fault
            },
        };
        self.fail(faults.into_iter().map(located));
    }

    /// Notes what became of a record that is taken in by itself.
    pub(super) fn note(&mut self, line: u64, written: Result<Outcome, Vec<Fault>>) {
        match written {
            Ok(outcome) => self.count(outcome),
            Err(faults) => {
                let place = self.options.place;
                let located = faults.into_iter().map(|fault| ImportFault {
                    line,
                    fault: Fault {
                        pointer: place(fault.pointer),
                        ..fault
                    },
                });
                self.fail(located);
            }
        }
    }

    pub(super) fn count_prices(&mut self, counts: UpsertCounts) {
        let UpsertCounts {
            created,
            updated,
            unchanged,
        } = counts;
        let number = |count| u64::try_from(count).unwrap_or_default();
        self.counts.created += number(created);
        self.counts.updated += number(updated);
        self.counts.unchanged += number(unchanged);
    }

    /// Whether one of the references leads to what only this dry run knows.
    pub(super) fn rehearses<'r, I: 'r>(
        &self,
        references: impl IntoIterator<Item = &'r ResourceRef<I>>,
        known: fn(&Rehearsed) -> &HashSet<Key>,
    ) -> bool {
        let known = known(&self.rehearsed);
        self.options.context.dry_run
            && references
                .into_iter()
                .any(|reference| matches!(reference, ResourceRef::Key(key) if known.contains(key)))
    }

    pub(super) fn count(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Created => self.counts.created += 1,
            Outcome::Updated => self.counts.updated += 1,
            Outcome::Unchanged => self.counts.unchanged += 1,
            Outcome::Uncounted => {}
        }
    }

    /// Notes that a record is stored.
    pub(super) fn stored(&mut self, planned: Planned) {
        self.count(planned.outcome);
        if !self.options.context.dry_run {
            return;
        }
        for change in planned.changes.categories {
            if let (None, Some(key)) = (&change.before, &change.after.content.key) {
                self.rehearsed.category_ids.insert(key.clone(), change.after.id);
                self.rehearsed.categories.push(change);
            }
        }
        let variants = planned.changes.variants.iter();
        self.rehearsed
            .skus
            .extend(variants.map(|v| v.after.content.sku.clone()));
        let created = planned
            .changes
            .products
            .into_iter()
            .filter(|p| p.before.is_none());
        self.rehearsed
            .products
            .extend(created.filter_map(|p| p.after.content.key));
    }
}

impl Record {
    pub(super) fn variants(&self) -> &[ImportVariant] {
        match self {
            Self::Category(_) | Self::Whole(_) | Self::Price(_) => &[],
            Self::Product(product) => &product.variants,
            Self::Variants(more) => &more.variants,
        }
    }

    /// Where the file says that the product stands.
    pub(super) fn status(&self) -> Option<ProductStatus> {
        match self {
            Self::Category(_) | Self::Whole(_) | Self::Price(_) => None,
            Self::Product(product) => product.status,
            Self::Variants(more) => more.status,
        }
    }
}

fn line_of(item: &Item, pointer: &str) -> u64 {
    pointer
        .strip_prefix("/variants/")
        .and_then(|rest| rest.split('/').next())
        .and_then(|index| index.parse::<usize>().ok())
        .and_then(|index| item.record.variants().get(index))
        .map_or(item.line, |variant| variant.line)
}
