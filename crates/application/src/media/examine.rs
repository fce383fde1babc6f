//! Whether a file is taken in: what it is, told from its bytes, and whether what is said of it is true.

use domain::media::{FileName, ImageSize, MediaContent, MediaType, Said};

use super::ports::{FileReport, MediaInspector, Probed};
use super::service::Upload;
use crate::fault::{Fault, Faults};

/// The content of the file that the upload makes, or everything that is wrong with it.
pub(super) fn examine(
    upload: &Upload,
    inspector: &dyn MediaInspector,
    actor: &str,
) -> Result<MediaContent, Faults> {
    let mut faults = Faults::default();
    let name = match &upload.name {
        None => Some(None),
        Some(name) => faults.take("/name", FileName::parse(name.as_str())).map(Some),
    };
    if upload.bytes.is_empty() {
        faults.push(Fault::new("/size", "required", "the file is empty"));
        return Err(faults);
    }
    let FileReport { media_type, image } = inspector.inspect(&upload.bytes);
    let media_type = media_type.or_else(|| {
        let detail = format!("the bytes are none of {}", known_types());
        faults.push(Fault::new("/contentType", "media_type_not_allowed", detail));
        None
    });
    if let (Some(declared), Some(found)) = (upload.declared, media_type)
        && declared != found
    {
        let (declared, found) = (declared.as_str(), found.as_str());
        let detail = format!("is said to be {declared}, but the bytes are {found}");
        faults.push(Fault::new("/contentType", "media_type_mismatch", detail));
    }
    let image = match image {
        Probed::No => Some(None),
        Probed::Size { width, height } => faults.take("/width", ImageSize::new(width, height)).map(Some),
        Probed::Unreadable => {
            let detail = "the header of the picture is cut off or damaged";
            faults.push(Fault::new("", "media_unreadable", detail));
            None
        }
    };
    let content = || {
        Some(MediaContent {
            digest: upload.digest,
            media_type: media_type?,
            size: u64::try_from(upload.bytes.len()).ok()?,
            image: image?,
            created_by: actor.to_owned(),
            said: Said {
                name: name?,
                ..Said::default()
            },
        })
    };
    let content = content();
    faults.or(content)
}

fn known_types() -> String {
    MediaType::ALL.map(MediaType::as_str).join(", ")
}
