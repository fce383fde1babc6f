//! Pictures and documents of a resource, by address.

use url::Url;

use super::{Localized, ValueError};

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

/// One picture or document. Media stand in the order of their list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    url: String,
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
        Ok(Self { url, alt, role })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}
