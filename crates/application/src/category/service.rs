//! Creating, changing and restoring categories; moving and deleting them have files of their own.

use std::sync::Arc;

use domain::CategoryId;
use domain::category::{Category, CategoryContent, CategoryState};
use domain::value::{Key, Localized, LocalizedSlug, Media, Metadata, Slug};

use super::{CategoryReader, CategoryRef, CategoryView};
use crate::error::CatalogError;
use crate::fault::{Fault, Faults};
use crate::media::settle;
use crate::product::ProductReader;
use crate::store::{Changes, Precondition, Receipt, WriteContext};
use crate::write::{Decision, Render, Writer, check};

/// A category as a client wants it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryDraft {
    pub key: Option<Key>,
    pub parent: Option<CategoryRef>,
    pub name: Localized<120>,
    /// Made from the name when absent.
    pub slug: Option<LocalizedSlug>,
    pub description: Option<Localized<65_535>>,
    pub position: u32,
    pub media: Vec<Media>,
    pub metadata: Metadata,
}

impl CategoryDraft {
    pub(crate) fn into_content(self, parent: Option<CategoryId>, slug: LocalizedSlug) -> CategoryContent {
        let Self {
            key,
            parent: _,
            name,
            slug: _,
            description,
            position,
            media,
            metadata,
        } = self;
        CategoryContent {
            key,
            parent,
            name,
            slug,
            description,
            position,
            media,
            metadata,
        }
    }
}

/// Makes the draft from what is stored: a replacement ignores it, a patch is applied to it.
pub type CategoryRevision<'a> =
    &'a (dyn Fn(Option<&CategoryState>) -> Result<CategoryDraft, Faults> + Send + Sync);

#[derive(Clone)]
pub struct Categories {
    pub(super) writer: Writer,
    pub(super) reader: Arc<dyn CategoryReader>,
    pub(super) products: Arc<dyn ProductReader>,
}

impl Categories {
    pub fn new(
        writer: Writer,
        categories: Arc<dyn CategoryReader>,
        products: Arc<dyn ProductReader>,
    ) -> Self {
        Self {
            writer,
            reader: categories,
            products,
        }
    }

    /// Creates a category. Its place in the tree is checked when it is stored.
    pub async fn create(
        &self,
        draft: &CategoryDraft,
        context: &WriteContext,
        render: Render<'_, CategoryView>,
    ) -> Result<Receipt, CatalogError> {
        self.writer
            .write(context, || Box::pin(self.decide(None, draft.clone(), render)))
            .await
    }

    /// Applies `revision` to the version that is stored when it takes effect; with `upsert` creates the category
    /// when it is named by a key that none has.
    pub async fn revise(
        &self,
        category: &CategoryRef,
        revision: CategoryRevision<'_>,
        precondition: &Precondition,
        upsert: bool,
        context: &WriteContext,
        render: Render<'_, CategoryView>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let stored = self.reader.find(category, false).await?;
            let key = match category {
                CategoryRef::Key(key) if upsert => Some(key),
                _ => None,
            };
            if stored.is_none() && key.is_none() {
                return Err(CatalogError::NotFound("category"));
            }
            let state = stored.as_ref().map(|view| &view.category);
            let mut draft = revision(state)?;
            if let Some(key) = key {
                draft.key.get_or_insert_with(|| key.clone());
            }
            check(precondition, state.map(|s| &s.record))?;
            self.decide(stored, draft, render).await
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    /// Undoes the deletion of a category.
    pub async fn restore(
        &self,
        category: &CategoryRef,
        precondition: &Precondition,
        context: &WriteContext,
        render: Render<'_, CategoryView>,
    ) -> Result<Receipt, CatalogError> {
        let decide = || async {
            let view = self.find(category, true).await?;
            let mut category = Category::load(view.category);
            check(precondition, Some(&category.state().record))?;
            category.restore(self.writer.now())?;
            Ok(decision(category, view.path, view.product_count, render, false))
        };
        self.writer.write(context, || Box::pin(decide())).await
    }

    pub(super) async fn find(
        &self,
        category: &CategoryRef,
        with_deleted: bool,
    ) -> Result<CategoryView, CatalogError> {
        let found = self.reader.find(category, with_deleted).await?;
        found.ok_or(CatalogError::NotFound("category"))
    }

    async fn decide(
        &self,
        stored: Option<CategoryView>,
        draft: CategoryDraft,
        render: Render<'_, CategoryView>,
    ) -> Result<Decision, CatalogError> {
        let now = self.writer.now();
        // A revision changes nothing below the category.
        let product_count = stored.as_ref().map_or(0, |view| view.product_count);
        let stored = stored.map(|view| view.category);
        let id = stored
            .as_ref()
            .map_or_else(|| CategoryId::new(self.writer.id()), |s| s.id);
        let mut draft = draft;
        let mut faults = Faults::default();
        settle(self.writer.store(), &mut draft.media, &mut faults).await?;
        let path = match &draft.parent {
            None => Some(Vec::new()),
            Some(parent) => match self.path_to(parent, "/parent").await {
                Ok(path) => Some(path),
                Err(CatalogError::Invalid(more)) => {
                    faults.extend(more.into_vec());
                    None
                }
                Err(other) => return Err(other),
            },
        };
        let path = faults.or(path)?;
        let slug = self.settle_slug(&draft, stored.as_ref(), id).await?;
        let content = draft.into_content(path.last().copied(), slug);
        let created = stored.is_none();
        let category = match stored {
            None => Category::create(id, content, now),
            Some(state) => {
                let mut category = Category::load(state);
                category.revise(content, now)?;
                category
            }
        };
        Ok(decision(category, path, product_count, render, created))
    }

    /// The ids from the root down to the category that the field at `pointer` names.
    pub(super) async fn path_to(
        &self,
        category: &CategoryRef,
        pointer: &str,
    ) -> Result<Vec<CategoryId>, CatalogError> {
        let path = self.reader.locate(category).await?;
        let fault = || Fault::new(pointer, "reference_not_found", "there is no such category");
        path.ok_or_else(|| Faults::from(fault()).into())
    }

    async fn settle_slug(
        &self,
        draft: &CategoryDraft,
        stored: Option<&CategoryState>,
        id: CategoryId,
    ) -> Result<LocalizedSlug, CatalogError> {
        if let Some(slug) = draft.slug.as_ref().or(stored.map(|s| &s.content.slug)) {
            return Ok(slug.clone());
        }
        let made = slug_from_name(draft, id)?;
        let wanted: Vec<_> = made.iter().map(|(l, s)| (l.clone(), s.clone())).collect();
        let taken = self.writer.store().taken_category_slugs(&wanted).await?;
        let suffix = crate::product::short(id.uuid());
        Ok(made.avoiding(|l, s| taken.iter().any(|(tl, ts)| tl == l && ts == s), &suffix))
    }
}

pub(crate) fn slug_from_name(draft: &CategoryDraft, id: CategoryId) -> Result<LocalizedSlug, Faults> {
    let fallback = Slug::parse(format!("category-{}", crate::product::short(id.uuid())))
        .map_err(|e| Faults::from(Fault::new("/slug", e.code(), e.to_string())))?;
    Ok(LocalizedSlug::from_names(&draft.name, &fallback))
}

fn decision(
    category: Category,
    path: Vec<CategoryId>,
    product_count: u64,
    render: Render<'_, CategoryView>,
    created: bool,
) -> Decision {
    let view = CategoryView {
        category: category.state().clone(),
        path,
        product_count,
    };
    Decision {
        receipt: render(&view, created),
        changes: Changes {
            categories: category.into_change().into_iter().collect(),
            ..Changes::default()
        },
    }
}
