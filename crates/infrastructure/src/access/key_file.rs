//! The key that the service makes for itself when none is configured.
//!
//! Invariant: the file is complete the moment it exists, and only its owner can read it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::Path;

use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::SecretSlice;

use super::AuthError;

pub(super) const NAME: &str = "auth.key";

/// HS256 gains nothing from more than its block of 64 bytes.
const KEY_BYTES: usize = 64;

/// Reads the key at `path`; makes it first, and its folder, where there is none.
pub(super) fn load_or_create(path: &Path) -> Result<SecretSlice<u8>, AuthError> {
    let at = |source| AuthError::KeyFile {
        path: path.to_owned(),
        source,
    };
    match load(path) {
        Err(AuthError::KeyFile { source, .. }) if source.kind() == ErrorKind::NotFound => {
            create(path).map_err(at)?;
            load(path)
        }
        outcome => outcome,
    }
}

fn load(path: &Path) -> Result<SecretSlice<u8>, AuthError> {
    let at = |source| AuthError::KeyFile {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(at)?;
    // Asked of the open file, so that it cannot be another one by the time it is read.
    refuse_exposed(path, &file.metadata().map_err(at)?)?;
    let mut key = Vec::new();
    io::Read::read_to_end(&mut io::Read::take(file, KEY_BYTES as u64 + 1), &mut key).map_err(at)?;
    if key.len() != KEY_BYTES {
        return Err(AuthError::KeyFileForeign {
            path: path.to_owned(),
        });
    }
    Ok(key.into())
}

/// Writes the key beside its place and links it there: two starting instances end up with one key, and none ever
/// reads half of it.
fn create(path: &Path) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let draft = folder.join(format!(
        ".{NAME}.{:016x}",
        OsRng.try_next_u64().map_err(io::Error::other)?
    ));
    let linked = write_random(&draft).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
        Ok(()) => removed,
    }
}

fn write_random(path: &Path) -> io::Result<()> {
    let mut key = [0; KEY_BYTES];
    OsRng.try_fill_bytes(&mut key).map_err(io::Error::other)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(&key)?;
    file.sync_all()
}

#[cfg(unix)]
fn refuse_exposed(path: &Path, metadata: &fs::Metadata) -> Result<(), AuthError> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
    if mode & 0o077 != 0 {
        return Err(AuthError::KeyFileExposed {
            path: path.to_owned(),
            mode,
        });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_exposed(_: &Path, _: &fs::Metadata) -> Result<(), AuthError> {
    Ok(())
}
