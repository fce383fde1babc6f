//! Values that several row documents have, to and from their plain form.

use std::collections::BTreeMap;

use domain::value::{Locale, Localized, LocalizedSlug, Media, MediaRole, Metadata, Slug, Text, ValueError};
use serde::{Deserialize, Serialize};

/// Text per language tag.
pub(super) type Texts = BTreeMap<String, String>;

pub(super) fn texts<const MAX: usize>(localized: &Localized<MAX>) -> Texts {
    let plain =
        |(locale, text): (&Locale, &Text<MAX>)| (locale.as_str().to_owned(), text.as_str().to_owned());
    localized.iter().map(plain).collect()
}

pub(super) fn localized<const MAX: usize>(texts: Texts) -> Result<Localized<MAX>, ValueError> {
    let parse = |(locale, text): (String, String)| Ok((Locale::parse(&locale)?, Text::parse(text)?));
    Localized::new(texts.into_iter().map(parse).collect::<Result<_, ValueError>>()?)
}

pub(super) fn slugs(slugs: &LocalizedSlug) -> Texts {
    let plain = |(locale, slug): (&Locale, &Slug)| (locale.as_str().to_owned(), slug.as_str().to_owned());
    slugs.iter().map(plain).collect()
}

pub(super) fn localized_slug(texts: Texts) -> Result<LocalizedSlug, ValueError> {
    let parse = |(locale, slug): (String, String)| Ok((Locale::parse(&locale)?, Slug::parse(slug)?));
    LocalizedSlug::new(texts.into_iter().map(parse).collect::<Result<_, ValueError>>()?)
}

pub(super) fn pairs(metadata: &Metadata) -> Texts {
    metadata
        .iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

pub(super) fn metadata(pairs: Texts) -> Result<Metadata, ValueError> {
    let mut metadata = Metadata::default();
    for (name, value) in pairs {
        metadata.add(name, value)?;
    }
    Ok(metadata)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MediaDoc {
    url: String,
    alt: Option<Texts>,
    role: String,
}

impl From<&Media> for MediaDoc {
    fn from(media: &Media) -> Self {
        Self {
            url: media.url().to_owned(),
            alt: media.alt.as_ref().map(texts),
            role: media.role.as_str().to_owned(),
        }
    }
}

impl TryFrom<MediaDoc> for Media {
    type Error = ValueError;

    fn try_from(doc: MediaDoc) -> Result<Self, Self::Error> {
        let MediaDoc { url, alt, role } = doc;
        Self::new(url, alt.map(localized).transpose()?, MediaRole::parse(&role)?)
    }
}

/// Parses every element of a list.
pub(super) fn all<D, T: TryFrom<D, Error = ValueError>>(docs: Vec<D>) -> Result<Vec<T>, ValueError> {
    docs.into_iter().map(T::try_from).collect()
}
