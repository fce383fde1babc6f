//! From the rows of one Handle to a product.

use std::collections::{BTreeMap, BTreeSet};

use application::category::{CategoryDraft, CategoryRef};
use application::import::{ImportCategory, ImportFault, ImportProduct, MoreVariants};
use application::product::ProductDraft;
use domain::product::{ProductContent, ProductStatus, Seo};
use domain::value::{
    Currency, Key, Locale, LocalizedSlug, MAX_MEDIA, Media, MediaRole, Metadata, Slug, Text, ValueError,
};

use super::handles::Seen;
use super::reader::{Reader, Refused};
use super::row::{Columns, Row, column};
use super::values::{handle_key, status, type_key};
use super::variant::is_variant;

/// What the file does not say itself.
#[derive(Clone, Copy)]
pub(super) struct Mapping<'a> {
    pub(super) locale: &'a Locale,
    pub(super) currency: Currency,
}

type NamedCategory = (Key, ImportCategory);

impl Mapping<'_> {
    /// The product, and the category that its Type names.
    pub(super) fn product(
        self,
        columns: &Columns,
        rows: &[Row],
    ) -> Result<(ImportProduct, Option<NamedCategory>), Vec<ImportFault>> {
        let Some(first) = rows.first() else {
            return Err(Vec::new());
        };
        let mut reader = Reader::new(self, columns, rows)?;
        let key = reader.handle(first);
        let name = reader.localized(first, column::TITLE);
        if matches!(name, Ok(None)) {
            reader.refuse(first, column::TITLE, &ValueError::Required);
        }
        let slug = Slug::parse(columns.text(first, column::HANDLE).to_lowercase()).ok();
        let slug =
            slug.and_then(|slug| LocalizedSlug::new(BTreeMap::from([(self.locale.clone(), slug)])).ok());
        let description = reader.localized(first, column::BODY);
        let brand = reader.optional(first, column::VENDOR, |text| Text::parse(text));
        let category = reader.category(first);
        let tags = reader.tags(first);
        let status = reader.status(first);
        let seo_title = reader.localized(first, column::SEO_TITLE);
        let seo_description = reader.localized(first, column::SEO_DESCRIPTION);
        let media = reader.images(rows);
        let axes = reader.axes(first, rows);
        let variants = match &axes {
            Ok(axes) => reader.variants(rows, axes, 0, true),
            Err(Refused) => Vec::new(),
        };
        let parts = || {
            let (title, description_for_search) = (seo_title?, seo_description?);
            let seo = (title.is_some() || description_for_search.is_some()).then_some(Seo {
                title,
                description: description_for_search,
            });
            let category = category?;
            let categories = category
                .iter()
                .map(|(key, _)| CategoryRef::Key(key.clone()))
                .collect();
            let draft = ProductDraft {
                key: Some(key?),
                name: name?.ok_or(Refused)?,
                slug,
                description: description?,
                brand: brand?,
                tags: tags?,
                categories,
                media: media?,
                seo,
                option_axes: axes?,
                // The file says nothing of either: what is stored stays.
                product_type: None,
                attributes: None,
                metadata: Metadata::default(),
                channels: None,
                relations: None,
            };
            let product = ImportProduct {
                draft,
                status: status?,
                variants,
            };
            Ok((product, category))
        };
        let product = parts();
        reader.finish(product)
    }

    /// The variants in rows of a Handle that the file had further up.
    pub(super) fn more_variants(
        self,
        columns: &Columns,
        rows: &[Row],
        seen: &Seen,
    ) -> Result<MoreVariants, Vec<ImportFault>> {
        let Some(first) = rows.first() else {
            return Err(Vec::new());
        };
        let mut reader = Reader::new(self, columns, rows)?;
        let key = reader.handle(first);
        for row in rows
            .iter()
            .filter(|row| columns.has(row, column::IMAGE) && !is_variant(columns, row))
        {
            let detail = "a row that only adds an image must follow the other rows of its Handle";
            reader
                .faults
                .push(row.fault(column::IMAGE, "state_conflict", detail));
        }
        let variants = reader.variants(rows, &seen.axes, seen.variants, false);
        let more = key.map(|product| MoreVariants {
            product,
            status: seen.status,
            variants,
        });
        reader.finish(more)
    }
}

impl Reader<'_> {
    fn handle(&mut self, row: &Row) -> Result<Key, Refused> {
        let handle = self.columns.text(row, column::HANDLE);
        let key = handle_key(handle);
        if key.is_none() {
            let error = match handle {
                "" => ValueError::Required,
                _ => ValueError::Pattern {
                    expected: "letters, digits, dots, underscores and hyphens",
                },
            };
            self.refuse(row, column::HANDLE, &error);
        }
        key.ok_or(Refused)
    }

    fn category(&mut self, row: &Row) -> Result<Option<NamedCategory>, Refused> {
        let text = self.columns.text(row, column::TYPE);
        let name = self.localized(row, column::TYPE)?;
        let Some((name, key)) = name.zip(type_key(text)) else {
            return Ok(None);
        };
        let draft = CategoryDraft {
            key: Some(key.clone()),
            parent: None,
            name,
            slug: None,
            description: None,
            position: 0,
            media: Vec::new(),
            metadata: Metadata::default(),
        };
        let category = ImportCategory {
            draft,
            only_if_missing: true,
        };
        Ok(Some((key, category)))
    }

    fn tags(&mut self, row: &Row) -> Result<Vec<Text<255>>, Refused> {
        let mut seen = BTreeSet::new();
        let mut tags = Vec::new();
        let mut valid = true;
        let words = self.columns.text(row, column::TAGS).split(',').map(str::trim);
        for tag in words.filter(|tag| !tag.is_empty() && seen.insert(tag.to_owned())) {
            match self.take(row, column::TAGS, Text::parse(tag)) {
                Ok(tag) => tags.push(tag),
                Err(Refused) => valid = false,
            }
        }
        if tags.len() > ProductContent::MAX_TAGS {
            let max = ProductContent::MAX_TAGS;
            self.refuse(row, column::TAGS, &ValueError::TooLong { max, of: "tags" });
        }
        valid.then_some(tags).ok_or(Refused)
    }

    fn status(&mut self, row: &Row) -> Result<Option<ProductStatus>, Refused> {
        let columns = self.columns;
        let read = status(
            columns.text(row, column::STATUS),
            columns.text(row, column::PUBLISHED),
        );
        read.map_err(|name| {
            let expected = if name == column::STATUS {
                "one of active, draft, archived"
            } else {
                "TRUE or FALSE"
            };
            self.refuse(row, name, &ValueError::NotInEnum { expected });
            Refused
        })
    }

    /// The product's images by their position, each once.
    fn images(&mut self, rows: &[Row]) -> Result<Vec<Media>, Refused> {
        let mut images = Vec::new();
        let mut seen = BTreeSet::new();
        let mut valid = true;
        for row in rows.iter().filter(|row| self.columns.has(row, column::IMAGE)) {
            let url = self.columns.text(row, column::IMAGE);
            if !seen.insert(url.to_owned()) {
                continue;
            }
            let position = self.optional(row, column::IMAGE_POSITION, |text| {
                text.parse::<u32>().map_err(|_| ValueError::Pattern {
                    expected: "a whole number",
                })
            });
            let alt = self.localized(row, column::IMAGE_ALT);
            let media = Media::new(url.to_owned(), None, MediaRole::Gallery);
            let media = self.take(row, column::IMAGE, media);
            let (Ok(position), Ok(alt), Ok(mut media)) = (position, alt, media) else {
                valid = false;
                continue;
            };
            media.alt = alt;
            images.push((position.unwrap_or(u32::MAX), media));
        }
        if let Some(row) = rows.first()
            && images.len() > MAX_MEDIA
        {
            let error = ValueError::TooLong {
                max: MAX_MEDIA,
                of: "images",
            };
            self.refuse(row, column::IMAGE, &error);
        }
        images.sort_by_key(|(position, _)| *position);
        let mut images: Vec<_> = images.into_iter().map(|(_, media)| media).collect();
        if let Some(first) = images.first_mut() {
            first.role = MediaRole::Main;
        }
        valid.then_some(images).ok_or(Refused)
    }
}
