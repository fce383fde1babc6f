//! The key that the service makes for itself.

use std::os::unix::fs::PermissionsExt;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use application::access::{Scope, Scopes, TokenIssuer, TokenVerifier};
use infrastructure::access::{AuthError, AuthSettings, JwtIssuer, JwtVerifier};
use infrastructure::system::{SystemClock, UuidV7};

fn issuer(folder: &std::path::Path) -> Result<JwtIssuer, AuthError> {
    JwtIssuer::open(
        &AuthSettings::default(),
        folder,
        Arc::new(SystemClock),
        Arc::new(UuidV7),
    )
}

fn token(issuer: &JwtIssuer) -> String {
    issuer
        .issue("ann", Scopes::from(Scope::CatalogRead), Duration::from_mins(1))
        .unwrap()
}

async fn verifier(folder: &std::path::Path) -> JwtVerifier {
    JwtVerifier::open(&AuthSettings::default(), folder, Arc::new(SystemClock))
        .await
        .unwrap()
}

#[tokio::test]
async fn it_is_made_once_and_readable_by_its_owner_only() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("deep/data");
    let first = token(&issuer(&data).unwrap());
    let file = data.join("auth.key");
    let key = std::fs::read(&file).unwrap();
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        std::fs::read_dir(&data).unwrap().count(),
        1,
        "a draft was left behind"
    );

    let verifier = verifier(&data).await;
    assert!(verifier.verify(&first).await.is_ok());
    assert!(verifier.verify(&token(&issuer(&data).unwrap())).await.is_ok());
    assert_eq!(std::fs::read(&file).unwrap(), key);

    let elsewhere = tempfile::tempdir().unwrap();
    assert!(
        verifier
            .verify(&token(&issuer(elsewhere.path()).unwrap()))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn instances_that_start_at_once_share_one_key() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let barrier = Arc::new(Barrier::new(8));
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let (barrier, data) = (Arc::clone(&barrier), folder.path().to_owned());
                std::thread::spawn(move || {
                    barrier.wait();
                    token(&issuer(&data).unwrap())
                })
            })
            .collect();
        let verifier = verifier(folder.path()).await;
        for thread in threads {
            assert!(verifier.verify(&thread.join().unwrap()).await.is_ok());
        }
    }
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    issuer(folder.path()).unwrap();
    let file = folder.path().join("auth.key");
    for mode in [0o640, 0o604, 0o660, 0o644, 0o610] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        let error = issuer(folder.path()).err().unwrap();
        assert!(
            matches!(error, AuthError::KeyFileExposed { .. }),
            "{mode:o} {error}"
        );
        let text = error.to_string();
        assert!(
            text.contains("auth.key") && text.contains(&format!("{mode:o}")) && text.contains("chmod 600"),
            "{text}"
        );
    }
    for mode in [0o600, 0o400] {
        std::fs::set_permissions(&file, PermissionsExt::from_mode(mode)).unwrap();
        assert!(issuer(folder.path()).is_ok(), "{mode:o}");
    }
}

#[test]
fn a_file_that_holds_something_else_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    issuer(folder.path()).unwrap();
    let file = folder.path().join("auth.key");
    for length in [0, 1, 63, 65, 100_000] {
        std::fs::write(&file, vec![7; length]).unwrap();
        let error = issuer(folder.path()).err().unwrap();
        assert!(
            matches!(error, AuthError::KeyFileForeign { .. }),
            "{length} {error}"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("data"), "a file").unwrap();
    let error = issuer(&folder.path().join("data")).err().unwrap().to_string();
    assert!(error.contains("data/auth.key"), "{error}");
}
