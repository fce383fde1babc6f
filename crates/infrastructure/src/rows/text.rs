//! Values that several row documents have, to and from their plain form.

use std::collections::BTreeMap;

use domain::MediaId;
use domain::value::{
    Digest, Locale, Localized, LocalizedSlug, Media, MediaRole, MediaSource, Metadata, Slug, Text, ValueError,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

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

/// With an address on the web, or the file and the digest of its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct MediaDoc {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    alt: Option<Texts>,
    role: String,
}

impl From<&Media> for MediaDoc {
    fn from(media: &Media) -> Self {
        let (url, file, sha256) = match media.source() {
            MediaSource::Web(url) => (Some(url.clone()), None, None),
            MediaSource::Named(id) => (None, Some(id.uuid()), None),
            MediaSource::File(id, digest) => (None, Some(id.uuid()), Some(digest.to_string())),
        };
        Self {
            url,
            file,
            sha256,
            alt: media.alt.as_ref().map(texts),
            role: media.role.as_str().to_owned(),
        }
    }
}

impl TryFrom<MediaDoc> for Media {
    type Error = ValueError;

    fn try_from(doc: MediaDoc) -> Result<Self, Self::Error> {
        let MediaDoc {
            url,
            file,
            sha256,
            alt,
            role,
        } = doc;
        let (alt, role) = (alt.map(localized).transpose()?, MediaRole::parse(&role)?);
        match (file.map(MediaId::new), sha256) {
            (Some(id), Some(sha256)) => Ok(Self::file(id, Digest::parse(&sha256)?, alt, role)),
            (Some(_), None) => Err(ValueError::Required),
            (None, _) => Self::new(url.unwrap_or_default(), alt, role),
        }
    }
}

/// Parses every element of a list.
pub(super) fn all<D, T: TryFrom<D, Error = ValueError>>(docs: Vec<D>) -> Result<Vec<T>, ValueError> {
    docs.into_iter().map(T::try_from).collect()
}
