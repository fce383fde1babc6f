//! Bytes of files in a folder or a bucket.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use application::media::{ByteStream, FileStore, FileStoreError};
use async_trait::async_trait;
use bytes::Bytes;
use domain::{MediaId, Timestamp};
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::prefix::PrefixStore;
use object_store::{
    ClientOptions, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig,
};
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::settings::{MediaSettings, Place};

/// A server that pauses for longer is given up.
const PAUSE: Duration = Duration::from_secs(10);
/// How long a request is repeated that a server refuses for a while.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the files are not to be reached by what the settings say.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    #[error("cannot use the folder {} for uploaded files", path.display())]
    Folder { path: PathBuf, source: std::io::Error },
    #[error("cannot use the store of uploaded files that the settings name")]
    Store(#[from] object_store::Error),
    #[error("the settings name no store of uploaded files")]
    Nowhere,
}

/// Files as objects, each under its own id.
#[derive(Debug, Clone)]
pub struct ObjectFiles {
    objects: Arc<dyn ObjectStore>,
}

impl ObjectFiles {
    /// The store that the settings name. A folder is made where it is missing; a bucket is not asked for anything yet.
    pub fn open(settings: &MediaSettings, data_dir: &Path) -> Result<Self, FilesError> {
        let objects: Arc<dyn ObjectStore> = match settings.place(data_dir).ok_or(FilesError::Nowhere)? {
            Place::Folder(path) => {
                let unusable = |source| FilesError::Folder {
                    path: path.clone(),
                    source,
                };
                std::fs::create_dir_all(&path).map_err(unusable)?;
                // An upload that is acknowledged is on the disk.
                Arc::new(LocalFileSystem::new_with_prefix(&path)?.with_fsync(true))
            }
            Place::Bucket { name, prefix } => {
                let bucket = self::bucket(settings, &name)?;
                if prefix.is_empty() {
                    Arc::new(bucket)
                } else {
                    Arc::new(PrefixStore::new(bucket, prefix))
                }
            }
        };
        Ok(Self { objects })
    }
}

fn bucket(settings: &MediaSettings, name: &str) -> Result<impl ObjectStore, object_store::Error> {
    let client = ClientOptions::new()
        .with_connect_timeout(Duration::from_secs(5))
        .with_read_timeout(PAUSE)
        // Whoever fetches a file slowly may take longer than any time for a whole request.
        .with_timeout_disabled();
    let retry = RetryConfig {
        max_retries: 3,
        retry_timeout: PATIENCE,
        ..RetryConfig::default()
    };
    let mut builder = match (&settings.access_key_id, &settings.secret_access_key) {
        (Some(id), Some(secret)) => AmazonS3Builder::new()
            .with_access_key_id(id)
            .with_secret_access_key(secret.expose_secret()),
        // The keys of the environment, or of the machine that this runs on.
        _ => AmazonS3Builder::from_env(),
    };
    if let Some(endpoint) = &settings.endpoint {
        builder = builder
            .with_endpoint(endpoint)
            .with_allow_http(endpoint.starts_with("http:"));
    }
    builder
        .with_bucket_name(name)
        .with_region(&settings.region)
        .with_client_options(match &settings.endpoint {
            Some(endpoint) => client.with_allow_http(endpoint.starts_with("http:")),
            None => client,
        })
        .with_retry(retry)
        .build()
}

/// Ids of one time begin alike; their ends spread them over folders.
fn path(id: MediaId) -> object_store::path::Path {
    let id = id.to_string();
    let folder = id.get(id.len().saturating_sub(2)..).unwrap_or_default();
    object_store::path::Path::from(format!("{folder}/{id}"))
}

#[async_trait]
impl FileStore for ObjectFiles {
    async fn put(&self, id: MediaId, bytes: Bytes) -> Result<(), FileStoreError> {
        let put = self.objects.put(&path(id), bytes.into()).await;
        put.map(drop).map_err(FileStoreError::new)
    }

    async fn get(
        &self,
        id: MediaId,
        range: Option<Range<u64>>,
    ) -> Result<Option<ByteStream>, FileStoreError> {
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        match self.objects.get_opts(&path(id), options).await {
            Ok(found) => Ok(Some(found.into_stream().map_err(FileStoreError::new).boxed())),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(FileStoreError::new(error)),
        }
    }

    fn kept_before(&self, instant: Timestamp) -> BoxStream<'static, Result<MediaId, FileStoreError>> {
        let own = move |object: ObjectMeta| {
            let id = Uuid::try_parse(object.location.filename()?)
                .ok()
                .map(MediaId::new)?;
            let ours = path(id) == object.location && object.last_modified < instant;
            ours.then_some(id)
        };
        let objects = self.objects.list(None);
        let ids = objects.map_ok(own).map_err(FileStoreError::new);
        ids.try_filter_map(|id| std::future::ready(Ok(id))).boxed()
    }

    async fn delete(&self, id: MediaId) -> Result<(), FileStoreError> {
        match self.objects.delete(&path(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(FileStoreError::new(error)),
        }
    }
}
