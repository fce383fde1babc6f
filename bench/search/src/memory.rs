//! What the process keeps in memory, and a folder on disk.

use std::path::Path;

use crate::Result;

/// In bytes.
#[derive(Clone, Copy, Default)]
pub(crate) struct Memory {
    pub(crate) heap: u64,
    /// Of files, which the system may take back.
    pub(crate) mapped: u64,
}

/// As Linux tells it; nothing elsewhere.
pub(crate) fn resident() -> Result<Memory> {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else {
        return Ok(Memory::default());
    };
    let kilobytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()
    };
    let bytes = |name: &str| {
        kilobytes(name)
            .map(|kb| kb * 1024)
            .ok_or("no such line in /proc/self/status")
    };
    Ok(Memory {
        heap: bytes("RssAnon:")?,
        mapped: bytes("RssFile:")?,
    })
}

/// The bytes of all files below.
pub(crate) fn on_disk(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            on_disk(&entry.path())?
        } else {
            metadata.len()
        };
    }
    Ok(bytes)
}
