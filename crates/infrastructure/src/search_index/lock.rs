//! One process at a time has a folder: a lock of the operating system, which goes with the process.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

/// So many processes may share a parent folder.
const MOST: u32 = 64;

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("the folder of the search index cannot be used")]
    Io(#[source] std::io::Error),
    #[error("{0} and the {MOST} folders beside it are in use by other processes")]
    InUse(PathBuf),
}

pub(super) struct Lock(#[expect(dead_code, reason = "it is locked as long as it is open")] File);

/// The folder, or the first beside it that no other process has.
pub(super) fn take(folder: &Path) -> Result<(PathBuf, Lock), OpenError> {
    for number in 1..=MOST {
        let mut path = folder.as_os_str().to_owned();
        if number > 1 {
            path.push(format!("-{number}"));
        }
        let path = PathBuf::from(path);
        fs::create_dir_all(&path).map_err(OpenError::Io)?;
        let file = File::create(path.join("lock")).map_err(OpenError::Io)?;
        match file.try_lock() {
            Ok(()) => return Ok((path, Lock(file))),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(OpenError::Io(error)),
        }
    }
    Err(OpenError::InUse(folder.to_owned()))
}
