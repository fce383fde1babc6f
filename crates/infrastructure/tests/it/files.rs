//! Where the bytes of uploaded files are kept: a folder, and a bucket of a server that speaks S3.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use application::media::{FileStore, MediaFiles};
use application::testing::Harness;
use application::testing::media::bytes_are_kept_and_forgotten;
use application::{Clock, Writer};
use bytes::Bytes;
use domain::MediaId;
use hyper_util::rt::{TokioExecutor, TokioIo};
use infrastructure::files::{HeaderInspector, MediaSettings, ObjectFiles};
use infrastructure::sqlite::SqliteCatalog;
use infrastructure::system::{SystemClock, UuidV7};
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::catalog::options_in;

const BUCKET: &str = "shop-media";
const KEY: &str = "an-access-key";
const SECRET: &str = "a-secret-key";

/// Serves the folder's subfolders as buckets, for as long as the test's runtime lives; the address.
async fn s3(folder: &TempDir) -> String {
    std::fs::create_dir_all(folder.path().join(BUCKET)).unwrap();
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
    service.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                // A client that goes away in the middle is none of the server's errors.
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    address
}

fn bucket(endpoint: &str, prefix: &str, secret: &str) -> MediaSettings {
    MediaSettings {
        url: Some(format!("s3://{BUCKET}{prefix}")),
        endpoint: Some(endpoint.to_owned()),
        access_key_id: Some(KEY.to_owned()),
        secret_access_key: Some(secret.into()),
        ..MediaSettings::default()
    }
}

fn open(settings: &MediaSettings, data_dir: &Path) -> ObjectFiles {
    assert_eq!(settings.problems(), Vec::<String>::new());
    ObjectFiles::open(settings, data_dir).unwrap()
}

fn id() -> MediaId {
    MediaId::new(Uuid::from_u128(7))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_keeps_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let settings = MediaSettings::default();
    bytes_are_kept_and_forgotten(&open(&settings, folder.path())).await;
    // What is left is one file, and the next process finds it.
    let again = open(&settings, folder.path());
    again.put(id(), Bytes::from_static(b"seven")).await.unwrap();
    let path = folder
        .path()
        .join("media/07/00000000-0000-0000-0000-000000000007");
    assert_eq!(std::fs::read(path).unwrap(), b"seven");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_keeps_bytes() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let endpoint = s3(&folder).await;
    for prefix in ["", "/shop/files"] {
        let files = open(&bucket(&endpoint, prefix, SECRET), elsewhere.path());
        bytes_are_kept_and_forgotten(&files).await;
        files.put(id(), Bytes::from_static(b"seven")).await.unwrap();
        let path = format!("{BUCKET}{prefix}/07/00000000-0000-0000-0000-000000000007");
        assert_eq!(std::fs::read(folder.path().join(path)).unwrap(), b"seven");
    }
    let nothing_local = std::fs::read_dir(elsewhere.path()).unwrap().next().is_none();
    assert!(nothing_local);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_refuses_or_is_away_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let endpoint = s3(&folder).await;
    let refused = open(&bucket(&endpoint, "", "another-secret"), folder.path());
    // Nobody listens where a listener was a moment ago.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let away = open(&bucket(&nobody, "", SECRET), folder.path());
    for files in [refused, away] {
        assert!(files.put(id(), Bytes::from_static(b"x")).await.is_err());
        assert!(files.get(id(), None).await.is_err());
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("media"), "in the way").unwrap();
    let error = ObjectFiles::open(&MediaSettings::default(), folder.path()).unwrap_err();
    assert!(error.to_string().contains("media"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_without_a_file_are_swept_when_they_are_old() {
    let folder = tempfile::tempdir().unwrap();
    let files = open(&MediaSettings::default(), folder.path());
    let catalog = SqliteCatalog::connect(&options_in(&folder)).await.unwrap();
    let catalog = Arc::new(catalog);
    catalog.migrate().await.unwrap();
    let h = Harness::new(&catalog);
    let media = MediaFiles::new(
        Writer::new(catalog.clone(), Arc::new(SystemClock), Arc::new(UuidV7)),
        catalog.clone(),
        Arc::new(files.clone()),
        Arc::new(HeaderInspector),
    );
    let known = application::testing::media::stored(&h, 1).await.id;
    let id = |number| MediaId::new(Uuid::from_u128(number));
    let (old, young) = (id(1), id(2));
    let root = folder.path().join("media");
    let place = |id: MediaId| {
        let name = id.to_string();
        root.join(&name[name.len() - 2..]).join(name)
    };
    let two_days_ago = SystemTime::from(SystemClock.now()) - Duration::from_hours(48);
    let age = |path: &Path| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(two_days_ago).unwrap();
    };
    for id in [known, old, young] {
        files.put(id, Bytes::from_static(b"bytes")).await.unwrap();
    }
    // What somebody else has put there is none of its business.
    let foreign = [root.join("readme.txt"), root.join("ff").join(old.to_string())];
    std::fs::create_dir_all(root.join("ff")).unwrap();
    for path in &foreign {
        std::fs::write(path, "theirs").unwrap();
        age(path);
    }
    age(&place(known));
    age(&place(old));

    let day_ago = SystemClock.now() - Duration::from_hours(24);
    assert_eq!(media.sweep(day_ago - Duration::from_hours(48)).await.unwrap(), 0);
    assert_eq!(media.sweep(day_ago).await.unwrap(), 1);
    assert!(!place(old).exists());
    assert!(place(known).exists() && place(young).exists());
    assert!(foreign.iter().all(|path| path.exists()));
    assert_eq!(media.sweep(day_ago).await.unwrap(), 0);
    // Later than any upload takes, it is no upload any more.
    assert_eq!(
        media
            .sweep(SystemClock.now() + Duration::from_hours(1))
            .await
            .unwrap(),
        1
    );
    assert!(!place(young).exists());
    catalog.close().await;
}

#[test]
fn orphans_go_by_themselves_from_the_data_folder_only() {
    let hours = |hours| Some(Duration::from_hours(hours));
    let kept = |url: Option<&str>, orphans_kept| {
        let settings = MediaSettings {
            url: url.map(str::to_owned),
            orphans_kept,
            ..MediaSettings::default()
        };
        settings.orphans_kept()
    };
    let bucket = Some("s3://pictures");
    assert_eq!((kept(None, None), kept(bucket, None)), (hours(24), None));
    assert_eq!(
        (kept(None, hours(2)), kept(bucket, hours(2))),
        (hours(2), hours(2))
    );
    assert_eq!(kept(None, Some(Duration::ZERO)), None);
    let soon = MediaSettings {
        orphans_kept: Some(Duration::from_secs(3599)),
        ..MediaSettings::default()
    };
    assert_eq!(soon.problems().len(), 1);
}
