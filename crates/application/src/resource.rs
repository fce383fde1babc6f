//! Resources that are created, replaced, deleted and restored as a whole: one port to read them, one service to write
//! them, whatever their kind.

use std::sync::Arc;

use async_trait::async_trait;
use domain::resource::{Content, Identity, Resource, State};
use domain::value::Key;
use domain::{Change, Record};

use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::page::{Page, PageRequest};
use crate::store::{Changes, Precondition, Receipt, StoreError, WriteContext};
use crate::write::{Decision, Render, Writer, check};

/// The ways to name a resource.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ResourceRef<I> {
    Id(I),
    Key(Key),
}

/// Reads resources of one kind. Absence is `Ok(None)` or a missing element. Answers MUST reflect every commit that was
/// acknowledged before the call.
#[async_trait]
pub trait ResourceReader<C: Content>: Send + Sync + 'static {
    /// By any name; deleted ones only when `with_deleted`, a live one preferred, then the one deleted last.
    async fn find(
        &self,
        reference: &ResourceRef<C::Id>,
        with_deleted: bool,
    ) -> Result<Option<State<C>>, StoreError>;

    /// Only deleted ones, or only those that are not.
    async fn list(&self, deleted: bool, page: &PageRequest) -> Result<Page<State<C>>, StoreError>;

    /// Those that the references name and that are not deleted, in any order, by one statement.
    async fn among(&self, references: &[ResourceRef<C::Id>]) -> Result<Vec<State<C>>, StoreError>;
}

/// The id for each reference, `None` where it leads nowhere.
pub async fn resolve<C: Content>(
    reader: &dyn ResourceReader<C>,
    references: &[ResourceRef<C::Id>],
) -> Result<Vec<Option<C::Id>>, StoreError> {
    if references.is_empty() {
        return Ok(Vec::new());
    }
    let found = reader.among(references).await?;
    let id = |reference: &ResourceRef<C::Id>| {
        let named = found.iter().find(|state| match reference {
            ResourceRef::Id(id) => state.id == *id,
            ResourceRef::Key(key) => state.content.key() == Some(key),
        });
        named.map(|state| state.id)
    };
    Ok(references.iter().map(id).collect())
}

/// The ids of distinct references in their order; one that leads nowhere is a fault of its place in the list `at`.
pub async fn resolve_all<C: Content>(
    reader: &dyn ResourceReader<C>,
    references: &[ResourceRef<C::Id>],
    at: &str,
) -> Result<Vec<C::Id>, CatalogError> {
    let mut faults = Faults::default();
    let mut found = Vec::new();
    for (index, id) in resolve(reader, references).await?.into_iter().enumerate() {
        match id {
            Some(id) if found.contains(&id) => {}
            Some(id) => found.push(id),
            None => faults.push(Fault::new(
                format!("{at}/{index}"),
                "reference_not_found",
                format!("there is no such {}", C::KIND),
            )),
        }
    }
    Ok(faults.or(Some(found))?)
}

/// Makes what is stored of what a client says: looks up references, fills in what is left out.
#[async_trait]
pub trait Settle<C: Content, D>: Send + Sync + 'static {
    /// `stored` is the state that is replaced, if any.
    async fn settle(&self, draft: D, stored: Option<&State<C>>) -> Result<C, CatalogError>;
}

/// For resources that are stored as clients write them.
#[derive(Debug, Clone, Copy)]
pub struct AsWritten;

#[async_trait]
impl<C: Content> Settle<C, C> for AsWritten {
    async fn settle(&self, draft: C, _: Option<&State<C>>) -> Result<C, CatalogError> {
        Ok(draft)
    }
}

/// Makes the draft from what is stored: a replacement ignores it, a patch is applied to it.
pub type ResourceRevision<'a, C, D> = &'a (dyn Fn(Option<&State<C>>) -> Result<D, Faults> + Send + Sync);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceStep {
    Delete,
    Restore,
}

/// Creates and changes resources of one kind; `D` is what clients write.
#[derive(Clone)]
pub struct Resources<C: Content, D = C> {
    writer: Writer,
    reader: Arc<dyn ResourceReader<C>>,
    settle: Arc<dyn Settle<C, D>>,
}

impl<C, D> Resources<C, D>
where
    C: Content,
    D: Clone + Send + Sync + 'static,
    Changes: From<Change<State<C>>>,
{
    pub fn new(writer: Writer, reader: Arc<dyn ResourceReader<C>>, settle: Arc<dyn Settle<C, D>>) -> Self {
        Self {
            writer,
            reader,
            settle,
        }
    }

    pub fn reader(&self) -> &dyn ResourceReader<C> {
        &*self.reader
    }

    pub async fn create(
        &self,
        draft: &D,
        context: &WriteContext,
        render: Render<'_, State<C>>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || self.decide(None, draft.clone(), render);
        self.writer.write(context, || Box::pin(decide())).await
    }

    /// Applies `revision` to the version that is stored when it takes effect; with `upsert` creates the resource when
    /// it is named by a key that none has.
    pub async fn revise(
        &self,
        reference: &ResourceRef<C::Id>,
        revision: ResourceRevision<'_, C, D>,
        precondition: &Precondition,
        upsert: bool,
        context: &WriteContext,
        render: Render<'_, State<C>>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let stored = self.reader.find(reference, false).await?;
            if stored.is_none() && !(upsert && matches!(reference, ResourceRef::Key(_))) {
                return Err(CatalogError::NotFound(C::KIND));
            }
            let draft = revision(stored.as_ref())?;
            check(precondition, stored.as_ref().map(|s| &s.record))?;
            self.decide(stored, draft, render).await
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    pub async fn advance(
        &self,
        reference: &ResourceRef<C::Id>,
        step: ResourceStep,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, State<C>>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let found = self.reader.find(reference, step == ResourceStep::Restore).await?;
            let mut resource = Resource::load(found.ok_or(CatalogError::NotFound(C::KIND))?);
            check(precondition, Some(record(&resource)))?;
            let now = self.writer.now();
            match step {
                ResourceStep::Delete => resource.delete(now),
                ResourceStep::Restore => resource.restore(now),
            }?;
            Ok(decision(resource, render, false))
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    async fn decide(
        &self,
        stored: Option<State<C>>,
        draft: D,
        render: Render<'_, State<C>>,
    ) -> Result<Decision, CatalogError> {
        let content = self.settle.settle(draft, stored.as_ref()).await?;
        let now = self.writer.now();
        let created = stored.is_none();
        let resource = match stored {
            None => Resource::create(C::Id::from_uuid(self.writer.id()), content, now),
            Some(state) => {
                let mut resource = Resource::load(state);
                resource.revise(content, now)?;
                resource
            }
        };
        Ok(decision(resource, render, created))
    }
}

fn record<C: Content>(resource: &Resource<C>) -> &Record {
    &resource.state().record
}

fn decision<C: Content>(resource: Resource<C>, render: Render<'_, State<C>>, created: bool) -> Decision
where
    Changes: From<Change<State<C>>>,
{
    let receipt = render(resource.state(), created);
    Decision {
        changes: resource.into_change().map(Changes::from).unwrap_or_default(),
        receipt,
    }
}
