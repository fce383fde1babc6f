//! Receiving one file, as the body itself or as the one part of a form.
//!
//! Invariant: however many files are being received, and however slowly, what they take lies on the disk and not in
//! memory.

use std::fs::File;
use std::io::{self, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use application::media::Upload;
use application::{Fault, Faults};
use axum::body::Body;
use bytes::Bytes;
use domain::media::{MediaContent, MediaType};
use domain::value::Digest;
use futures::{Stream, StreamExt, TryStreamExt};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use multer::{Constraints, Multipart, SizeLimit};
use sha2::{Digest as _, Sha256};
use tokio::io::AsyncWriteExt;
use tokio::sync::Semaphore;

use super::query::invalid;
use crate::problem::Problem;

/// What a form may take beside its file.
const FORM: u64 = 64 << 10;

/// How many files are in memory at once, on their way from the disk to where they are kept.
const IN_MEMORY: usize = 4;

/// Where files are received.
pub(crate) struct Uploads {
    folder: PathBuf,
    in_memory: Semaphore,
}

/// A file that has arrived in whole.
pub(super) struct Received {
    file: File,
    pub(super) digest: Digest,
    declared: Option<MediaType>,
    name: Option<String>,
}

impl Uploads {
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self {
            folder,
            in_memory: Semaphore::new(IN_MEMORY),
        }
    }

    /// Receives the file. `name` is what the query calls it.
    pub(super) async fn receive(
        &self,
        headers: &HeaderMap,
        body: Body,
        name: Option<String>,
    ) -> Result<Received, Problem> {
        let length = headers
            .get(CONTENT_LENGTH)
            .and_then(|v| v.to_str().ok()?.parse().ok());
        if length.is_some_and(|length: u64| length > MediaContent::MAX_BYTES + FORM) {
            return Err(too_large());
        }
        let declared = headers
            .get(CONTENT_TYPE)
            .map_or("", |v| v.to_str().unwrap_or_default());
        let essence = declared.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("multipart/form-data") {
            return self.form(declared, body, name).await;
        }
        let unsupported = || {
            let detail = "the content type must be multipart/form-data or that of a file that is taken in";
            Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported_media_type",
                detail,
            )
        };
        let declared = said(essence).map_err(|_| unsupported())?;
        let chunks = body.into_data_stream().map_err(|_| cut_off());
        self.spool(chunks, declared, name).await
    }

    /// The file that is the only part of a form.
    async fn form(&self, content_type: &str, body: Body, name: Option<String>) -> Result<Received, Problem> {
        let boundary = multer::parse_boundary(content_type).map_err(|error| malformed(&error))?;
        let whole = SizeLimit::new().whole_stream(MediaContent::MAX_BYTES + FORM);
        let constraints = Constraints::new().size_limit(whole);
        let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
        let next = parts.next_field().await.map_err(|error| malformed(&error))?;
        let Some(part) = next else {
            return Err(Faults::from(Fault::new("/file", "required", "the form has no part")).into());
        };
        let name = name.or_else(|| part.file_name().map(str::to_owned));
        let essence = part.content_type().map(|mime| mime.essence_str().to_owned());
        let declared = match said(&essence.unwrap_or_default()) {
            Ok(declared) => declared,
            Err(fault) => return Err(Faults::from(fault).into()),
        };
        let chunks = part.map_err(|error| malformed(&error));
        let received = self.spool(chunks, declared, name).await?;
        let more = parts.next_field().await.map_err(|error| malformed(&error))?;
        if let Some(more) = more {
            let at = application::pointer_to("", more.name().unwrap_or_default());
            return Err(
                Faults::from(Fault::new(at, "unknown_field", "the form has one part, the file")).into(),
            );
        }
        Ok(received)
    }

    /// Keeps the chunks in a file without a name, which is gone with its handle whatever happens.
    async fn spool(
        &self,
        chunks: impl Stream<Item = Result<Bytes, Problem>>,
        declared: Option<MediaType>,
        name: Option<String>,
    ) -> Result<Received, Problem> {
        let file = nameless(self.folder.clone())
            .await
            .map_err(|error| not_kept(&error))?;
        let mut file = tokio::fs::File::from_std(file);
        let (mut digest, mut size) = (Sha256::new(), 0);
        let mut chunks = std::pin::pin!(chunks);
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk?;
            size += chunk.len() as u64;
            if size > MediaContent::MAX_BYTES {
                return Err(too_large());
            }
            digest.update(&chunk);
            file.write_all(&chunk).await.map_err(|error| not_kept(&error))?;
        }
        file.flush().await.map_err(|error| not_kept(&error))?;
        Ok(Received {
            file: file.into_std().await,
            digest: Digest::new(digest.finalize().into()),
            declared,
            name,
        })
    }

    /// Takes the file into memory while `take` works on it.
    pub(super) async fn with<T>(
        &self,
        received: Received,
        take: impl AsyncFnOnce(Upload) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let Received {
            file,
            digest,
            declared,
            name,
        } = received;
        let _permit = self.in_memory.acquire().await;
        let read = tokio::task::spawn_blocking(move || contents(file));
        let bytes = read.await.map_err(io::Error::other).and_then(|bytes| bytes);
        let bytes = bytes.map_err(|error| not_kept(&error))?;
        let upload = Upload {
            bytes: bytes.into(),
            digest,
            declared,
            name,
        };
        take(upload).await
    }
}

impl Received {
    pub(super) fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }
}

/// What a content type says about a file; the general one and none at all say nothing.
fn said(essence: &str) -> Result<Option<MediaType>, Fault> {
    if essence.is_empty() || essence.eq_ignore_ascii_case("application/octet-stream") {
        return Ok(None);
    }
    MediaType::parse(essence)
        .map(Some)
        .map_err(|error| Fault::new("/contentType", "media_type_not_allowed", error.to_string()))
}

async fn nameless(folder: PathBuf) -> io::Result<File> {
    let make = move |folder: &Path| {
        std::fs::create_dir_all(folder)?;
        tempfile::tempfile_in(folder)
    };
    tokio::task::spawn_blocking(move || make(&folder))
        .await
        .map_err(io::Error::other)?
}

fn contents(mut file: File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    io::Read::read_to_end(&mut file, &mut bytes)?;
    Ok(bytes)
}

fn too_large() -> Problem {
    let detail = format!("a file has at most {} bytes", MediaContent::MAX_BYTES);
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", detail)
}

/// Where a limit cut the body its layer answers instead.
fn cut_off() -> Problem {
    invalid("body", "ended too early")
}

fn malformed(error: &multer::Error) -> Problem {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => too_large(),
        multer::Error::StreamReadFailed(_) => cut_off(),
        _ => Problem::bad_request("malformed_multipart", format!("the form cannot be read: {error}")),
    }
}

fn not_kept(error: &io::Error) -> Problem {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "an upload cannot be kept"
    );
    let detail = "the file cannot be kept at the moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
        .header(RETRY_AFTER, HeaderValue::from_static("30"))
}
