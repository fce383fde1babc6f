//! The way every write goes: replay, decide, answer, commit; and again when someone else was quicker.

use std::sync::Arc;

use domain::{Event, Record, Timestamp};
use futures::future::BoxFuture;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::clock::Clock;
use crate::error::CatalogError;
use crate::fault::{Fault, Faults, pointer_to};
use crate::ids::Ids;
use crate::store::{
    CatalogStore, Changes, Conflict, ConflictRule, Precondition, Receipt, StoreError, WriteContext,
};

/// How often a decision is made anew on the state that a concurrent writer left.
const ATTEMPTS: usize = 8;

/// Makes the answer to a write from the state after it; `created` tells whether the resource is new.
pub type Render<'a, T> = &'a (dyn Fn(&T, bool) -> Receipt + Send + Sync);

/// What a use case decided: the changes and the answer that tells of them.
#[derive(Debug)]
pub struct Decision {
    pub changes: Changes,
    pub receipt: Receipt,
}

#[derive(Clone)]
pub struct Writer {
    store: Arc<dyn CatalogStore>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    /// Held by a write that was overtaken once. Without turns, most of many writers of one resource would be overtaken
    /// until their attempts are used up.
    turn: Arc<Mutex<()>>,
}

impl Writer {
    pub fn new(store: Arc<dyn CatalogStore>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self {
            store,
            clock,
            ids,
            turn: Arc::default(),
        }
    }

    pub(crate) fn store(&self) -> &dyn CatalogStore {
        &*self.store
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn id(&self) -> Uuid {
        self.ids.next()
    }

    /// Runs `decide` and commits what it decides. Where a concurrent writer was quicker `decide` is asked again, so
    /// that edits of disjoint fields both survive; preconditions belong into `decide`, which sees the new state.
    pub(crate) async fn write<'a, F>(
        &self,
        context: &WriteContext,
        decide: F,
    ) -> Result<Receipt, CatalogError>
    where
        F: Fn() -> BoxFuture<'a, Result<Decision, CatalogError>> + Send,
    {
        if let Some(receipt) = replay(&*self.store, context).await? {
            return Ok(receipt);
        }
        let mut attempt = 1;
        let mut turn = None;
        let mut was_overtaken = false;
        loop {
            let Decision { changes, receipt } = decide().await?;
            let kept = context.idempotency.as_ref().map(|_| &receipt);
            if changes.is_empty() && kept.is_none() {
                return Ok(receipt);
            }
            match self.store.commit(&changes, context, kept).await {
                Ok(committed) => {
                    return Ok(Receipt {
                        position: committed.position,
                        ..receipt
                    });
                }
                Err(StoreError::VersionConflict { .. } | StoreError::ReferenceGone) if attempt < ATTEMPTS => {
                    attempt += 1;
                    if turn.is_none() {
                        turn = Some(self.turn.lock().await);
                    }
                }
                Err(StoreError::IdempotencyKeyTaken) => {
                    return replay(&*self.store, context)
                        .await?
                        .ok_or(CatalogError::IdempotencyInProgress);
                }
                // The slug may be one made from a name that another resource made its own from at the same time: asked
                // again, `decide` sees that it is taken and makes another. One that the client chose conflicts again.
                // Bytes that someone else has just uploaded are there now; of prices `decide` sees which of many stands in
                // the way.
                Err(StoreError::Conflict(conflict)) if may_pass(&conflict) && !was_overtaken => {
                    was_overtaken = true;
                }
                Err(StoreError::Conflict(conflict)) => return Err(located(&conflict, &changes)),
                Err(other) => return Err(other.into()),
            }
        }
    }
}

/// The answer to an earlier request with the same idempotency key, if there is one.
pub async fn replay(
    store: &dyn CatalogStore,
    context: &WriteContext,
) -> Result<Option<Receipt>, CatalogError> {
    let Some(claim) = &context.idempotency else {
        return Ok(None);
    };
    match store.receipt(&context.actor, &claim.key).await? {
        None => Ok(None),
        Some((fingerprint, _)) if fingerprint != claim.fingerprint => Err(CatalogError::IdempotencyKeyReused),
        Some((_, receipt)) => Ok(Some(Receipt {
            replayed: true,
            ..receipt
        })),
    }
}

/// Whether a decision that sees who was quicker may come out without the conflict, or tell more of it.
const fn may_pass(conflict: &Conflict) -> bool {
    matches!(
        conflict.rule,
        ConflictRule::ProductSlug
            | ConflictRule::CategorySlug
            | ConflictRule::MediaBytes
            | ConflictRule::PriceOverlap
    )
}

/// Where in the request's body the conflict lies.
fn located(conflict: &Conflict, changes: &Changes) -> CatalogError {
    let field = conflict.rule.field();
    let field = match &conflict.attribute {
        Some(attribute) => &pointer_to(field, attribute),
        None => field,
    };
    let nested = changes
        .products
        .iter()
        .any(|change| change.before.is_none())
        .then(|| {
            changes
                .variants
                .iter()
                .position(|v| Some(v.after.id.uuid()) == conflict.subject)
        })
        .flatten();
    let of_variant = matches!(
        conflict.rule,
        ConflictRule::VariantKey | ConflictRule::Sku | ConflictRule::Gtin | ConflictRule::Options
    );
    let of_product = matches!(
        conflict.rule,
        ConflictRule::ProductKey | ConflictRule::ProductSlug
    );
    let pointer = match (nested, field) {
        (_, "") => String::new(),
        // Variants that come back with their product, or go live with it, stand in no body.
        (None, _) if of_variant && !names(conflict, changes) => String::new(),
        // Neither does a product that is published as it is.
        (None, _) if of_product && !changes.products.iter().any(speaks) => String::new(),
        (Some(index), field) => format!("/variants/{index}/{field}"),
        (None, field) => format!("/{field}"),
    };
    // A value that a client wrote is a fault of the input; one that comes back with a resource is not.
    if conflict.rule == ConflictRule::UniqueAttribute && writes(conflict.subject, changes) {
        let detail = match conflict.existing {
            Some(id) => format!("{}: {id}", conflict.rule.detail()),
            None => conflict.rule.detail().to_owned(),
        };
        return Faults::from(Fault::new(pointer, conflict.rule.item_code(), detail)).into();
    }
    CatalogError::Conflict {
        rule: conflict.rule,
        pointer,
        existing: conflict.existing,
        affected: conflict.affected.clone(),
    }
}

/// Whether the variant that the conflict is about, where that is known, is one that the request writes.
fn names(conflict: &Conflict, changes: &Changes) -> bool {
    let mut written = changes.variants.iter().map(|v| v.after.id.uuid());
    match conflict.subject {
        Some(subject) => written.any(|id| id == subject),
        None => written.next().is_some(),
    }
}

/// Whether a request says something of the product, or only moves it.
fn speaks(change: &domain::Change<domain::product::ProductState>) -> bool {
    let of_content = |event: &Event| matches!(event, Event::Created | Event::Updated);
    change.events.iter().any(of_content)
}

fn writes(subject: Option<Uuid>, changes: &Changes) -> bool {
    let products = changes.products.iter().map(|c| (c.after.id.uuid(), &c.events));
    let variants = changes.variants.iter().map(|c| (c.after.id.uuid(), &c.events));
    products
        .chain(variants)
        .any(|(id, events)| Some(id) == subject && !events.contains(&Event::Restored))
}

/// Holds a request's conditions against what is stored.
pub(crate) fn check(precondition: &Precondition, stored: Option<&Record>) -> Result<(), CatalogError> {
    match (precondition, stored) {
        (Precondition::None, _) | (Precondition::Exists, Some(_)) | (Precondition::Absent, None) => Ok(()),
        (Precondition::Version(versions), Some(record)) if versions.contains(&record.version) => Ok(()),
        (Precondition::Version(_), Some(record)) => Err(CatalogError::VersionConflict {
            current: record.version,
        }),
        (Precondition::Version(_) | Precondition::Exists, None) | (Precondition::Absent, Some(_)) => {
            Err(CatalogError::PreconditionFailed)
        }
    }
}
