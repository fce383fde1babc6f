//! Pictures and documents of a resource: addresses on the web, or files that were uploaded.

use url::Url;

use super::{Digest, Localized, ValueError};
use crate::MediaId;

/// The most media a resource has.
pub const MAX_MEDIA: usize = 250;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaRole {
    Main,
    Gallery,
    Swatch,
    Document,
}

impl MediaRole {
    pub fn parse(role: &str) -> Result<Self, ValueError> {
        match role {
            "main" => Ok(Self::Main),
            "gallery" => Ok(Self::Gallery),
            "swatch" => Ok(Self::Swatch),
            "document" => Ok(Self::Document),
            _ => Err(ValueError::NotInEnum {
                expected: "one of main, gallery, swatch, document",
            }),
        }
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Gallery => "gallery",
            Self::Swatch => "swatch",
            Self::Document => "document",
        }
    }
}

/// Where a picture or document is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MediaSource {
    /// Elsewhere, at an absolute address.
    Web(String),
    /// An uploaded file as a client names it. Use cases look for it before anything is stored.
    Named(MediaId),
    /// An uploaded file and its bytes, which never change: its address can be told without asking for it again.
    File(MediaId, Digest),
}

/// One picture or document. Media stand in the order of their list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    source: MediaSource,
    pub alt: Option<Localized<500>>,
    pub role: MediaRole,
}

impl Media {
    /// `url` is an absolute `http` or `https` address of at most 2,048 characters.
    pub fn new(url: String, alt: Option<Localized<500>>, role: MediaRole) -> Result<Self, ValueError> {
        if url.len() > 2048 {
            return Err(ValueError::TooLong {
                max: 2048,
                of: "characters",
            });
        }
        let web = Url::parse(&url).is_ok_and(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        if !web || url.chars().any(char::is_control) {
            return Err(ValueError::Pattern {
                expected: "an absolute http or https URL",
            });
        }
        Ok(Self {
            source: MediaSource::Web(url),
            alt,
            role,
        })
    }

    /// A file that a client names.
    pub const fn named(file: MediaId, alt: Option<Localized<500>>, role: MediaRole) -> Self {
        Self {
            source: MediaSource::Named(file),
            alt,
            role,
        }
    }

    /// A file that was found.
    pub const fn file(file: MediaId, digest: Digest, alt: Option<Localized<500>>, role: MediaRole) -> Self {
        Self {
            source: MediaSource::File(file, digest),
            alt,
            role,
        }
    }

    pub const fn source(&self) -> &MediaSource {
        &self.source
    }

    /// The uploaded file, if it is one.
    pub const fn file_id(&self) -> Option<MediaId> {
        match self.source {
            MediaSource::Web(_) => None,
            MediaSource::Named(id) | MediaSource::File(id, _) => Some(id),
        }
    }

    /// Notes the bytes of the file that the client named.
    pub fn settle(&mut self, digest: Digest) {
        if let MediaSource::Named(id) = self.source {
            self.source = MediaSource::File(id, digest);
        }
    }
}
