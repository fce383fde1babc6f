//! A server that speaks S3, for the instances that keep uploaded files in a bucket.

use std::net::Ipv4Addr;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::service::S3ServiceBuilder;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::OnceCell;

const KEY: &str = "an-access-key";
const SECRET: &str = "a-secret-key";
const BUCKET: &str = "shop-media";

struct Server {
    endpoint: String,
    _folder: TempDir,
}

/// One server serves all instances: their files have ids that no two have in common.
static SERVER: OnceCell<Server> = OnceCell::const_new();

/// The settings of an instance that uses it.
pub(super) async fn settings() -> [(String, String); 4] {
    let server = SERVER.get_or_init(start).await;
    [
        ("VITRINE__MEDIA__URL", format!("s3://{BUCKET}/files")),
        ("VITRINE__MEDIA__ENDPOINT", server.endpoint.clone()),
        ("VITRINE__MEDIA__ACCESS_KEY_ID", KEY.to_owned()),
        ("VITRINE__MEDIA__SECRET_ACCESS_KEY", SECRET.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

async fn start() -> Server {
    let folder = tempfile::Builder::new()
        .prefix("vitrine-bucket-")
        .tempdir()
        .unwrap();
    std::fs::create_dir(folder.path().join(BUCKET)).unwrap();
    let mut service = S3ServiceBuilder::new(s3s_fs::FileSystem::new(folder.path()).unwrap());
    service.set_auth(SimpleAuth::from_single(KEY, SECRET));
    let service = service.build();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            let (socket, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let server = Builder::new(TokioExecutor::new());
                // A client that goes away in the middle is none of the server's errors.
                let _ = server.serve_connection(TokioIo::new(socket), service).await;
            });
        }
    });
    Server {
        endpoint,
        _folder: folder,
    }
}
