//! Product types, channels and price lists in files: few, each in a commit of its own.
//!
//! Channels name price lists, and price lists name channels. A channel whose lists are not there yet is therefore created
//! without them, and settled when the file has come to its end.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::Change;
use domain::resource::{Content, State};
use domain::value::Key;

use super::importer::Importer;
use super::plan::mode_fault;
use super::record::ImportWhole;
use super::run::{Outcome, Run};
use crate::channel::ChannelDraft;
use crate::error::CatalogError;
use crate::fault::Fault;
use crate::resource::{ResourceRef, Resources};
use crate::store::{Changes, Precondition, Receipt, StoreError};

/// A channel that names price lists which are not there yet.
pub(super) struct Waiting {
    line: u64,
    draft: ChannelDraft,
    /// What becomes of the record when its lists are found.
    outcome: Outcome,
}

/// What a write came to, or what is wrong with it.
type Written = Result<Outcome, Vec<Fault>>;

impl Importer {
    pub(super) async fn take_whole(
        &self,
        line: u64,
        record: ImportWhole,
        run: &mut Run<'_>,
    ) -> Result<(), StoreError> {
        let written = match record {
            ImportWhole::ProductType(draft) => {
                let key = draft.key.clone();
                let written = self.write(&self.wholes.types, &key, draft, run).await?;
                noted(written, key, &mut run.rehearsed.types)
            }
            ImportWhole::PriceList(draft) => {
                let key = draft.key.clone();
                if run.rehearses(draft.channels.iter(), |rehearsed| &rehearsed.channels) {
                    noted(Ok(Outcome::Created), key, &mut run.rehearsed.lists)
                } else {
                    let written = self.write(&self.wholes.lists, &key, draft, run).await?;
                    noted(written, key, &mut run.rehearsed.lists)
                }
            }
            ImportWhole::Channel(draft) => return self.take_channel(line, draft, run).await,
        };
        run.note(line, written);
        Ok(())
    }

    async fn take_channel(
        &self,
        line: u64,
        draft: ChannelDraft,
        run: &mut Run<'_>,
    ) -> Result<(), StoreError> {
        let key = draft.content.key.clone();
        let written = self
            .write(&self.wholes.channels, &key, draft.clone(), run)
            .await?;
        let waits = matches!(&written, Err(faults) if faults.iter().all(lacks_a_list));
        if !waits {
            let written = noted(written, key, &mut run.rehearsed.channels);
            run.note(line, written);
            return Ok(());
        }
        // One that is there stays as it is until all of its lists are.
        let stored = self.channels.find(&ResourceRef::Key(key.clone()), false).await?;
        let outcome = match stored {
            Some(_) => Outcome::Updated,
            None => Outcome::Created,
        };
        if outcome == Outcome::Created {
            let bare = ChannelDraft {
                price_lists: Vec::new(),
                ..draft.clone()
            };
            let written = self.write(&self.wholes.channels, &key, bare, run).await?;
            if let Err(faults) = noted(written, key, &mut run.rehearsed.channels) {
                run.note(line, Err(faults));
                return Ok(());
            }
        }
        run.waiting.push(Waiting { line, draft, outcome });
        Ok(())
    }

    /// Settles what waited for the end of the file.
    pub(super) async fn finish(&self, run: &mut Run<'_>) -> Result<(), StoreError> {
        for Waiting { line, draft, outcome } in std::mem::take(&mut run.waiting) {
            let key = draft.content.key.clone();
            let written = if run.rehearses(draft.price_lists.iter(), |rehearsed| &rehearsed.lists) {
                Ok(outcome)
            } else {
                let reference = ResourceRef::Key(key);
                let written = self.revise(&self.wholes.channels, &reference, draft, run).await?;
                written.map(|_| outcome)
            };
            run.note(line, written);
        }
        Ok(())
    }

    async fn write<C, D>(
        &self,
        service: &Resources<C, D>,
        key: &Key,
        draft: D,
        run: &Run<'_>,
    ) -> Result<Written, StoreError>
    where
        C: Content,
        D: Clone + Send + Sync + 'static,
        Changes: From<Change<State<C>>>,
    {
        let reference = ResourceRef::Key(key.clone());
        let stored = service.reader().find(&reference, false).await?;
        if let Some(fault) = mode_fault(run.options.mode, stored.is_some(), C::KIND) {
            return Ok(Err(vec![fault]));
        }
        let written = self.revise(service, &reference, draft, run).await?;
        Ok(written.map(|version| match stored {
            None => Outcome::Created,
            Some(stored) if stored.record.version == version => Outcome::Unchanged,
            Some(_) => Outcome::Updated,
        }))
    }

    /// The version that the resource comes to.
    async fn revise<C, D>(
        &self,
        service: &Resources<C, D>,
        reference: &ResourceRef<C::Id>,
        draft: D,
        run: &Run<'_>,
    ) -> Result<Result<i64, Vec<Fault>>, StoreError>
    where
        C: Content,
        D: Clone + Send + Sync + 'static,
        Changes: From<Change<State<C>>>,
    {
        let version = AtomicI64::new(0);
        let render = |state: &State<C>, _| {
            version.store(state.record.version, Ordering::Relaxed);
            Receipt::none()
        };
        let revision = |_: Option<&State<C>>| Ok(draft.clone());
        let written = service
            .revise(
                reference,
                &revision,
                &Precondition::None,
                true,
                &run.options.context,
                &render,
            )
            .await;
        match written {
            Ok(_) => Ok(Ok(version.load(Ordering::Relaxed))),
            Err(error) => Ok(Err(faults_of(error)?)),
        }
    }
}

/// Remembers, in a dry run, what would be there.
fn noted(written: Written, key: Key, keys: &mut std::collections::HashSet<Key>) -> Written {
    if matches!(written, Ok(Outcome::Created)) {
        keys.insert(key);
    }
    written
}

fn lacks_a_list(fault: &Fault) -> bool {
    fault.code == "reference_not_found" && fault.pointer.starts_with("/priceLists/")
}

/// What is wrong with the record, unless it is the store that cannot go on.
pub(super) fn faults_of(error: CatalogError) -> Result<Vec<Fault>, StoreError> {
    let (code, detail) = (error.code(), error.to_string());
    match error {
        CatalogError::Invalid(faults) | CatalogError::Unfit(faults) => Ok(faults.into_vec()),
        CatalogError::Store(error @ (StoreError::Unavailable(_) | StoreError::Internal(_))) => Err(error),
        CatalogError::Conflict { rule, pointer, .. } => {
            Ok(vec![Fault::new(pointer, rule.item_code(), detail)])
        }
        _ => Ok(vec![Fault::new("", code, detail)]),
    }
}
