//! What a file is, from its first bytes.

use std::io::Cursor;

use application::media::{FileReport, MediaInspector, Probed};
use domain::media::MediaType;

/// Knows types by their signatures and sizes of pictures by their headers; nothing is ever decoded.
#[derive(Debug, Clone, Copy, Default)]
pub struct HeaderInspector;

impl MediaInspector for HeaderInspector {
    fn inspect(&self, bytes: &[u8]) -> FileReport {
        let found = infer::get(bytes).and_then(|found| MediaType::parse(found.mime_type()).ok());
        let image = match found {
            Some(found) if found.is_image() => probe(bytes),
            Some(_) | None => Probed::No,
        };
        FileReport {
            media_type: found,
            image,
        }
    }
}

fn probe(bytes: &[u8]) -> Probed {
    let size = imagesize::reader_size(Cursor::new(bytes)).ok();
    let size = size.and_then(|size| Some((size.width.try_into().ok()?, size.height.try_into().ok()?)));
    size.map_or(Probed::Unreadable, |(width, height)| Probed::Size {
        width,
        height,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The beginning of a PNG: signature and header, as much as tells its size.
    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        png.extend(width.to_be_bytes());
        png.extend(height.to_be_bytes());
        png.extend(b"\x08\x06\0\0\0\0\0\0\0");
        png
    }

    #[test]
    fn types_are_told_by_signatures() {
        let types: [(&[u8], Option<MediaType>); 12] = [
            (b"\xff\xd8\xff\xe0\0\x10JFIF\0", Some(MediaType::Jpeg)),
            (b"\x89PNG\r\n\x1a\n", Some(MediaType::Png)),
            (b"GIF89a\x01\0\x01\0", Some(MediaType::Gif)),
            (b"RIFF\x1a\0\0\0WEBPVP8L", Some(MediaType::WebP)),
            (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", Some(MediaType::Avif)),
            (b"%PDF-1.7\n", Some(MediaType::Pdf)),
            (b"\0\0\0\x18ftypisom\0\0\x02\0isomiso2", Some(MediaType::Mp4)),
            (b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>", None),
            (b"<!DOCTYPE html><script>", None),
            (b"\x7fELF\x02\x01\x01", None),
            (b"PK\x03\x04", None),
            (b"", None),
        ];
        for (bytes, expected) in types {
            assert_eq!(HeaderInspector.inspect(bytes).media_type, expected, "{bytes:?}");
        }
    }

    #[test]
    fn sizes_are_read_and_not_believed_in() {
        let size = |bytes: &[u8]| HeaderInspector.inspect(bytes).image;
        let expected = Probed::Size {
            width: 640,
            height: 480,
        };
        assert_eq!(size(&png(640, 480)), expected);
        let huge = Probed::Size {
            width: u64::from(u32::MAX),
            height: u64::from(u32::MAX),
        };
        assert_eq!(size(&png(u32::MAX, u32::MAX)), huge);
        assert_eq!(size(&png(640, 480)[..20]), Probed::Unreadable);
        assert_eq!(size(b"\xff\xd8\xff\xe0"), Probed::Unreadable);
        assert_eq!(size(b"%PDF-1.7\n"), Probed::No);
    }

    #[test]
    fn no_bytes_make_it_panic() {
        use proptest::prelude::*;
        let heads = [
            &b"\xff\xd8\xff"[..],
            b"\x89PNG\r\n\x1a\n",
            b"GIF89a",
            b"RIFF\xff\xff\xff\xffWEBPVP8 ",
            b"\0\0\0\x1cftypavif",
            b"%PDF",
        ];
        proptest!(|(head in proptest::sample::select(heads.to_vec()), tail in proptest::collection::vec(any::<u8>(), 0..200))| {
            let bytes: Vec<u8> = head.iter().copied().chain(tail).collect();
            HeaderInspector.inspect(&bytes);
        });
    }
}
