//! Categories on the wire.

use std::collections::BTreeMap;

use application::Faults;
use application::category::{CategoryDraft, CategoryView};
use deserr::Deserr;
use domain::category::{CategoryContent, CategoryState};
use domain::value::{Key, Locale};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::parse::Parser;
use super::reference::category_ref;
use super::values::{LocalizedDto, MediaDto, Texts, instant, metadata};

/// A category as a client writes it.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct CategoryInput {
    /// The client's own name for the category: `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, unique.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kettles")]
    pub(crate) key: Option<String>,
    /// The category above: id, `key:<key>` or `slug:<slug>`; absent for a root. The tree has at most 12 levels.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) parent: Option<String>,
    /// At most 120 characters.
    #[schema(example = json!({"en": "Kettles"}))]
    pub(crate) name: LocalizedDto,
    /// At most 200 characters, unique per locale; made from the name when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"en": "kettles"}))]
    pub(crate) slug: Option<LocalizedDto>,
    /// At most 65,535 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"en": "For the stove."}))]
    pub(crate) description: Option<LocalizedDto>,
    /// Siblings stand in the order of their positions, then of their creation.
    #[deserr(default)]
    #[schema(required = false, example = 0)]
    pub(crate) position: u32,
    /// At most 250, in the order in which they are shown.
    #[deserr(default)]
    #[schema(required = false)]
    pub(crate) media: Vec<MediaDto>,
    /// At most 50 pairs of strings; names of at most 64 characters, values of at most 1,000.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({}))]
    pub(crate) metadata: BTreeMap<String, String>,
}

impl CategoryInput {
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<CategoryDraft, Faults> {
        let mut p = Parser::new(default_locale);
        let key = p.maybe(self.key, |p, key| p.take("/key", Key::parse(key)));
        let parent = p.maybe(self.parent, |p, parent| {
            p.take("/parent", category_ref(&parent, default_locale))
        });
        let name = p.localized("/name", self.name);
        let slug = p.maybe(self.slug, |p, slug| p.slug("/slug", slug));
        let description = p.maybe(self.description, |p, text| p.localized("/description", text));
        let media = p.media("/media", self.media);
        let metadata = p.metadata("/metadata", self.metadata);
        let draft = || {
            Some(CategoryDraft {
                key: key?,
                parent: parent?,
                name: name?,
                slug: slug?,
                description: description?,
                position: self.position,
                media: media?,
                metadata: metadata?,
            })
        };
        let draft = draft();
        p.finish(draft)
    }
}

impl From<&CategoryContent> for CategoryInput {
    fn from(content: &CategoryContent) -> Self {
        let CategoryContent {
            key,
            parent,
            name,
            slug,
            description,
            position,
            media,
            metadata: pairs,
        } = content;
        Self {
            key: key.as_ref().map(ToString::to_string),
            parent: parent.map(|id| id.to_string()),
            name: name.into(),
            slug: Some(slug.into()),
            description: description.as_ref().map(Into::into),
            position: *position,
            media: media.iter().map(Into::into).collect(),
            metadata: metadata(pairs),
        }
    }
}

/// A category as management reads it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CategoryBody {
    id: Uuid,
    /// 1 when created, one more with every change.
    #[schema(example = 1)]
    version: i64,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    deleted_at: Option<String>,
    /// Ids from the root down to the parent.
    path: Vec<Uuid>,
    /// How many products are in the category or below it.
    #[schema(example = 0)]
    product_count: u64,
    /// With `expand=ancestors`: the categories of `path`, with their names.
    #[serde(skip_serializing_if = "Option::is_none")]
    ancestors: Option<Vec<AncestorBody>>,
    #[serde(flatten)]
    content: CategoryInput,
}

/// A category above another one, as management reads it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AncestorBody {
    id: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "kitchen")]
    key: Option<String>,
    #[schema(example = json!({"en": "Kitchen"}))]
    name: LocalizedDto,
    #[schema(example = json!({"en": "kitchen"}))]
    slug: LocalizedDto,
}

impl From<&CategoryState> for AncestorBody {
    fn from(category: &CategoryState) -> Self {
        Self {
            id: category.id.uuid(),
            key: category.content.key.as_ref().map(ToString::to_string),
            name: (&category.content.name).into(),
            slug: (&category.content.slug).into(),
        }
    }
}

impl CategoryBody {
    /// With the ancestors, in the order of the path.
    pub(crate) fn with_ancestors(view: &CategoryView, ancestors: &[CategoryState]) -> Self {
        let found = |id| ancestors.iter().find(|a| a.id == id);
        let ancestors = view.path.iter().filter_map(|id| found(*id)).map(Into::into);
        Self {
            ancestors: Some(ancestors.collect()),
            ..view.into()
        }
    }
}

impl From<&CategoryView> for CategoryBody {
    fn from(view: &CategoryView) -> Self {
        let CategoryView {
            category,
            path,
            product_count,
        } = view;
        Self {
            id: category.id.uuid(),
            version: category.record.version,
            created_at: instant(category.record.created_at),
            updated_at: instant(category.record.updated_at),
            deleted_at: category.record.deleted_at.map(instant),
            path: path.iter().map(|id| id.uuid()).collect(),
            product_count: *product_count,
            ancestors: None,
            content: (&category.content).into(),
        }
    }
}
