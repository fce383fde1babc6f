//! A file that was uploaded: known by its bytes, and by nothing that was only said of it.
//!
//! Invariant: the bytes of a file never change, and the same bytes are the same file; what is said of it may. It is there
//! or it is deleted, which cannot be undone.

use crate::change::Tracked;
use crate::value::{Digest, Localized, Metadata, ValueError};
use crate::{Change, Event, MediaId, Record, Recorded, RuleError, Timestamp};

/// The types that are taken in. None of them is active content to a browser; SVG and HTML are, and are not here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    Jpeg,
    Png,
    Gif,
    WebP,
    Avif,
    Pdf,
    Mp4,
}

impl MediaType {
    pub const ALL: [Self; 7] = [
        Self::Jpeg,
        Self::Png,
        Self::Gif,
        Self::WebP,
        Self::Avif,
        Self::Pdf,
        Self::Mp4,
    ];

    pub fn parse(name: &str) -> Result<Self, ValueError> {
        let known = Self::ALL
            .into_iter()
            .find(|known| name.eq_ignore_ascii_case(known.as_str()));
        known.ok_or(ValueError::NotInEnum {
            expected: "image/jpeg, image/png, image/gif, image/webp, image/avif, application/pdf or video/mp4",
        })
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Gif => "image/gif",
            Self::WebP => "image/webp",
            Self::Avif => "image/avif",
            Self::Pdf => "application/pdf",
            Self::Mp4 => "video/mp4",
        }
    }

    pub const fn is_image(self) -> bool {
        match self {
            Self::Jpeg | Self::Png | Self::Gif | Self::WebP | Self::Avif => true,
            Self::Pdf | Self::Mp4 => false,
        }
    }
}

/// Width and height of a picture. What a few bytes can claim, whoever shows the picture has to hold in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImageSize {
    width: u32,
    height: u32,
}

impl ImageSize {
    pub const MAX_PIXELS: u64 = 100_000_000;

    pub fn new(width: u64, height: u64) -> Result<Self, ValueError> {
        let pixels = width.saturating_mul(height);
        match (u32::try_from(width), u32::try_from(height)) {
            (Ok(width), Ok(height)) if (1..=Self::MAX_PIXELS).contains(&pixels) => Ok(Self { width, height }),
            _ => Err(ValueError::OutOfRange {
                expected: "a picture of 1 to 100,000,000 pixels",
            }),
        }
    }

    pub const fn width(self) -> u32 {
        self.width
    }

    pub const fn height(self) -> u32 {
        self.height
    }
}

/// What a file was called where it came from: for people, never a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName(String);

impl FileName {
    pub const MAX: usize = 255;

    pub fn parse(name: impl Into<String>) -> Result<Self, ValueError> {
        let name = name.into();
        if name.trim().is_empty() {
            return Err(ValueError::Required);
        }
        if name.chars().count() > Self::MAX {
            return Err(ValueError::TooLong {
                max: Self::MAX,
                of: "characters",
            });
        }
        if name.chars().any(char::is_control) {
            return Err(ValueError::ControlCharacter);
        }
        if name.contains(['/', '\\']) || name == "." || name == ".." {
            return Err(ValueError::Pattern {
                expected: "a file's name without a path",
            });
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaContent {
    pub digest: Digest,
    pub media_type: MediaType,
    /// In bytes.
    pub size: u64,
    /// Of pictures.
    pub image: Option<ImageSize>,
    /// Who uploaded the bytes first.
    pub created_by: String,
    pub said: Said,
}

/// What people say of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Said {
    /// At first what the one who uploaded the bytes called them.
    pub name: Option<FileName>,
    /// What is to be seen, for those who do not see it.
    pub alt: Option<Localized<500>>,
    pub metadata: Metadata,
}

impl MediaContent {
    /// The most bytes that a file has.
    pub const MAX_BYTES: u64 = 20 << 20;
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaState {
    pub id: MediaId,
    pub record: Record,
    pub content: MediaContent,
}

impl Recorded for MediaState {
    fn record(&self) -> &Record {
        &self.record
    }

    fn record_mut(&mut self) -> &mut Record {
        &mut self.record
    }
}

#[derive(Debug, Clone)]
pub struct MediaFile(Tracked<MediaState>);

impl MediaFile {
    pub fn create(id: MediaId, content: MediaContent, now: Timestamp) -> Self {
        Self(Tracked::created(MediaState {
            id,
            record: Record::new(now),
            content,
        }))
    }

    pub fn load(state: MediaState) -> Self {
        Self(Tracked::loaded(state))
    }

    pub const fn state(&self) -> &MediaState {
        self.0.state()
    }

    pub fn into_change(self) -> Option<Change<MediaState>> {
        self.0.into_change()
    }

    /// Replaces what is said of the file; the same again is no change.
    pub fn describe(&mut self, said: Said, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        if self.state().content.said != said {
            self.0.edit(Event::Updated, now, |m| m.content.said = said);
        }
        Ok(())
    }

    fn alive(&self) -> Result<(), RuleError> {
        match self.state().record.deleted_at {
            None => Ok(()),
            Some(_) => Err(RuleError::Deleted("media")),
        }
    }

    pub fn delete(&mut self, now: Timestamp) -> Result<(), RuleError> {
        self.alive()?;
        self.0.edit(Event::Deleted, now, |m| {
            m.record.deleted_at = Some(m.record.updated_at);
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_have_at_most_a_hundred_million_pixels() {
        assert!(ImageSize::new(10_000, 10_000).is_ok());
        for (width, height) in [
            (10_000, 10_001),
            (65_535, 65_535),
            (u64::MAX, u64::MAX),
            (0, 5),
            (5, 0),
            (1 << 33, 1),
        ] {
            assert!(ImageSize::new(width, height).is_err(), "{width} × {height}");
        }
    }

    #[test]
    fn names_are_no_paths() {
        assert!(FileName::parse("Kännchen (1).jpg").is_ok());
        assert!(FileName::parse("..hidden").is_ok());
        for bad in [
            "",
            " ",
            "..",
            ".",
            "../a",
            "a/b",
            "a\\b",
            "C:\\a",
            "a\0",
            "a\r\nb",
            "/etc/passwd",
        ] {
            assert!(FileName::parse(bad).is_err(), "{bad:?}");
        }
        assert!(FileName::parse("é".repeat(255)).is_ok());
        assert!(FileName::parse("é".repeat(256)).is_err());
    }
}
