//! Products on the wire.

use std::collections::{BTreeMap, HashMap};

use application::Faults;
use application::product::{ProductDraft, ProductView};
use deserr::Deserr;
use domain::CategoryId;
use domain::category::CategoryState;
use domain::product::{ProductContent, ProductState, VariantContent, VariantState, option_axes};
use domain::value::{Key, Locale, Text};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::category::AncestorBody;
use super::listing::{ListingDto, RelationDto};
use super::parse::Parser;
use super::reference::resource_ref;
use super::values::{AttributesDto, LocalizedDto, MediaDto, SeoDto, Texts, instant, metadata};
use super::variant::{VariantBody, VariantInput};

/// The most variants that come with a product in one request.
const MAX_NEW_VARIANTS: usize = 200;

/// A product as a client writes it.
#[derive(Debug, Clone, Serialize, Deserr, ToSchema)]
#[serde(rename_all = "camelCase")]
#[deserr(deny_unknown_fields, rename_all = camelCase)]
pub(crate) struct ProductInput {
    /// The client's own name for the product: `^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`, unique.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "enamel-kettle")]
    pub(crate) key: Option<String>,
    /// At most 250 characters.
    pub(crate) name: LocalizedDto,
    /// At most 200 characters, unique per locale; made from the name when absent.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"en": "enamel-kettle"}))]
    pub(crate) slug: Option<LocalizedDto>,
    /// At most 65,535 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = json!({"en": "Boils two litres."}))]
    pub(crate) description: Option<LocalizedDto>,
    /// At most 120 characters.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Hearthmoor")]
    pub(crate) brand: Option<String>,
    /// At most 250 tags of at most 255 characters.
    #[deserr(default)]
    #[schema(required = false, example = json!(["stovetop"]))]
    pub(crate) tags: Vec<String>,
    /// At most 200 references to categories: ids, `key:<key>` or `slug:<slug>`; answers have ids.
    #[deserr(default)]
    #[schema(required = false, example = json!([]))]
    pub(crate) categories: Vec<String>,
    /// At most 250, in the order in which they are shown.
    #[deserr(default)]
    #[schema(required = false)]
    pub(crate) media: Vec<MediaDto>,
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seo: Option<SeoDto>,
    /// At most 10 names of the axes along which the variants differ; when absent, the option attributes of the product
    /// type, which they must be where it has some. Can't change while there are variants.
    #[deserr(default)]
    #[schema(required = false, example = json!(["colour"]))]
    pub(crate) option_axes: Vec<String>,
    /// The product's type: id or `key:<key>`; answers have the id. When absent the type stays, and a new product is of
    /// the type `generic`.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "key:generic")]
    pub(crate) product_type: Option<String>,
    /// Values of the attributes that the product type defines for products.
    #[deserr(default)]
    #[schema(required = false)]
    pub(crate) attributes: AttributesDto,
    /// At most 50 pairs of strings; names of at most 64 characters, values of at most 1,000.
    #[deserr(default, from(Texts) = BTreeMap::from)]
    #[schema(required = false, example = json!({"erpId": "40012"}))]
    pub(crate) metadata: BTreeMap<String, String>,
    /// Where and when the product is on sale once it is published: at most 200 channels, none twice. Empty for all of
    /// them at all times.
    #[deserr(default)]
    #[schema(required = false, example = json!([]))]
    pub(crate) channels: Vec<ListingDto>,
    /// At most 500 other products, none twice in one relation.
    #[deserr(default)]
    #[schema(required = false, example = json!([]))]
    pub(crate) relations: Vec<RelationDto>,
    /// Only when a product is created: at most 200 variants, created with it or not at all.
    #[deserr(default)]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) variants: Option<Vec<VariantInput>>,
}

impl ProductInput {
    /// The draft and the variants that came with it in one request.
    pub(crate) fn parse_with_variants(
        self,
        default_locale: &Locale,
    ) -> Result<(ProductDraft, Vec<VariantContent>), Faults> {
        self.parse_with_up_to(MAX_NEW_VARIANTS, default_locale)
    }

    /// The draft and the variants that came with it in a file: as many as a product may have.
    pub(crate) fn parse_record(
        self,
        default_locale: &Locale,
    ) -> Result<(ProductDraft, Vec<VariantContent>), Faults> {
        self.parse_with_up_to(VariantContent::MAX_PER_PRODUCT, default_locale)
    }

    fn parse_with_up_to(
        mut self,
        max_variants: usize,
        default_locale: &Locale,
    ) -> Result<(ProductDraft, Vec<VariantContent>), Faults> {
        let mut parser = Parser::new(default_locale);
        let variants = self.variants.take().unwrap_or_default();
        let variants = parser.list("/variants", variants, max_variants, |p, at, v| {
            if v.product.is_some() {
                p.refuse(
                    &format!("{at}/product"),
                    "unknown_field",
                    "the product is the one around it",
                );
            }
            v.parse_at(p, at)
        });
        let draft = self.parse_draft(&mut parser);
        parser.finish(draft.zip(variants))
    }

    /// The draft alone; variants are refused.
    pub(crate) fn parse(self, default_locale: &Locale) -> Result<ProductDraft, Faults> {
        let mut parser = Parser::new(default_locale);
        if self.variants.is_some() {
            parser.refuse(
                "/variants",
                "unknown_field",
                "the variants of a stored product are written on their own",
            );
        }
        let draft = self.parse_draft(&mut parser);
        parser.finish(draft)
    }

    fn parse_draft(self, p: &mut Parser<'_>) -> Option<ProductDraft> {
        let key = p.maybe(self.key, |p, key| p.take("/key", Key::parse(key)));
        let name = p.localized("/name", self.name);
        let slug = p.maybe(self.slug, |p, slug| p.slug("/slug", slug));
        let description = p.maybe(self.description, |p, text| p.localized("/description", text));
        let brand = p.maybe(self.brand, |p, brand| p.take("/brand", Text::parse(brand)));
        let tags = p.texts("/tags", self.tags, ProductContent::MAX_TAGS);
        let categories = p.category_refs("/categories", self.categories, ProductContent::MAX_CATEGORIES);
        let media = p.media("/media", self.media);
        let seo = p.maybe(self.seo, |p, seo| p.seo("/seo", seo));
        let axes = p.list(
            "/optionAxes",
            self.option_axes,
            ProductContent::MAX_AXES,
            |p, at, axis| p.take(at, Text::parse(axis)),
        );
        let axes = axes.and_then(|axes| p.take("/optionAxes", option_axes(axes)));
        let product_type = p.maybe(self.product_type, |p, named| {
            p.take("/productType", resource_ref(&named))
        });
        let attributes = p.attributes("/attributes", self.attributes);
        let metadata = p.metadata("/metadata", self.metadata);
        let channels = p.listings("/channels", self.channels);
        let relations = p.relations("/relations", self.relations);
        Some(ProductDraft {
            key: key?,
            name: name?,
            slug: slug?,
            description: description?,
            brand: brand?,
            tags: tags?,
            categories: categories?,
            media: media?,
            seo: seo?,
            option_axes: axes?,
            product_type: product_type?,
            attributes: Some(attributes?),
            metadata: metadata?,
            channels: Some(channels?),
            relations: Some(relations?),
        })
    }
}

impl From<&ProductContent> for ProductInput {
    fn from(content: &ProductContent) -> Self {
        let ProductContent {
            key,
            name,
            slug,
            description,
            brand,
            tags,
            categories,
            media,
            seo,
            option_axes,
            product_type,
            attributes,
            metadata: pairs,
            channels,
            relations,
        } = content;
        Self {
            key: key.as_ref().map(ToString::to_string),
            name: name.into(),
            slug: Some(slug.into()),
            description: description.as_ref().map(Into::into),
            brand: brand.as_ref().map(ToString::to_string),
            tags: tags.iter().map(ToString::to_string).collect(),
            categories: categories.iter().map(ToString::to_string).collect(),
            media: media.iter().map(Into::into).collect(),
            seo: seo.as_ref().map(Into::into),
            option_axes: option_axes.iter().map(ToString::to_string).collect(),
            product_type: Some(product_type.to_string()),
            attributes: attributes.into(),
            metadata: metadata(pairs),
            channels: channels.iter().map(Into::into).collect(),
            relations: relations.iter().map(Into::into).collect(),
            variants: None,
        }
    }
}

/// A product as management reads it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProductBody {
    id: Uuid,
    /// 1 when created, one more with every change.
    #[schema(example = 1)]
    version: i64,
    /// `draft`, `published` or `archived`.
    #[schema(example = "published")]
    status: &'static str,
    #[schema(format = DateTime)]
    created_at: String,
    #[schema(format = DateTime)]
    updated_at: String,
    /// Whether the product or one of its variants differs from what shoppers see; `true` while they see nothing.
    #[schema(example = false)]
    has_unpublished_changes: bool,
    /// When the product was last published.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    published_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = DateTime)]
    deleted_at: Option<String>,
    #[serde(flatten)]
    content: ProductInput,
    /// With `expand=variants`: the first variants in their order, 200 of a single product, 20 of each in a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    variants: Option<Vec<VariantBody>>,
    /// In a list with `expand=variants`: `true` where the product has more variants.
    #[serde(skip_serializing_if = "Option::is_none")]
    variants_truncated: Option<bool>,
    /// With `expand=categories`: the categories with their names, in the order of `categories`.
    #[serde(skip_serializing_if = "Option::is_none")]
    categories_expanded: Option<Vec<AncestorBody>>,
}

impl From<&ProductState> for ProductBody {
    fn from(product: &ProductState) -> Self {
        let ProductState {
            id,
            record,
            status,
            published_at,
            content,
            staged: _,
        } = product;
        Self {
            id: id.uuid(),
            version: record.version,
            status: status.as_str(),
            created_at: instant(record.created_at),
            updated_at: instant(record.updated_at),
            has_unpublished_changes: product.has_unpublished_changes(),
            published_at: published_at.map(instant),
            deleted_at: record.deleted_at.map(instant),
            content: content.into(),
            variants: None,
            variants_truncated: None,
            categories_expanded: None,
        }
    }
}

impl ProductBody {
    /// The most variants that an answer about one product has.
    pub(crate) const MAX_EXPANDED: usize = 200;

    pub(crate) fn expanded(view: &ProductView) -> Self {
        let variants = view
            .variants
            .iter()
            .take(Self::MAX_EXPANDED)
            .map(Into::into)
            .collect();
        Self {
            variants: Some(variants),
            ..(&view.product).into()
        }
    }

    /// With at most so many of the variants.
    pub(crate) fn with_some_variants(self, variants: &[VariantState], most: usize) -> Self {
        Self {
            variants: Some(variants.iter().take(most).map(Into::into).collect()),
            variants_truncated: Some(variants.len() > most),
            ..self
        }
    }

    pub(crate) fn with_categories(
        self,
        product: &ProductState,
        categories: &HashMap<CategoryId, CategoryState>,
    ) -> Self {
        let own = product.content.categories.iter();
        let own = own.filter_map(|id| categories.get(id)).map(Into::into);
        Self {
            categories_expanded: Some(own.collect()),
            ..self
        }
    }
}
