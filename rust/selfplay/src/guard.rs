//! Space on the disk and in memory, looked at before and during a run.

use std::path::{Path, PathBuf};

use sysinfo::{MemoryRefreshKind, RefreshKind, System};

const MIB: u64 = 1 << 20;

/// Free memory that a run asks for. It needs 100 MB; the rest is for the system's own sake.
const MEMORY_AT_START: u64 = 512 * MIB;

/// Free memory below which a run stops.
const MEMORY_IN_RUN: u64 = 128 * MIB;

/// Free space that a run asks for beside that of its games.
const DISK_AT_START: u64 = 512 * MIB;

/// Free space below which a run stops.
const DISK_IN_RUN: u64 = 128 * MIB;

/// A resource that is short.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Shortage {
    /// Space where files are written.
    #[error("insufficient disk space: {} MB free at {}, {} MB needed\nhint: free some space, or write elsewhere", free / MIB, path.display(), needed / MIB)]
    Disk {
        /// A folder there.
        path: PathBuf,
        /// Bytes that are free.
        free: u64,
        /// Bytes that should be.
        needed: u64,
    },
    /// Memory.
    #[error("insufficient memory: {} MB available, {} MB needed\nhint: end other programs, or use fewer --jobs", free / MIB, needed / MIB)]
    Memory {
        /// Bytes that are free.
        free: u64,
        /// Bytes that should be.
        needed: u64,
    },
}

/// What is free; none where the system does not say.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Resources {
    /// Bytes of memory.
    pub memory: Option<u64>,
    /// The places that files go to, and bytes free there.
    pub disks: Vec<(PathBuf, u64)>,
}

impl Resources {
    /// Looks at memory and at the disks of these files, which need not be there yet.
    pub fn now(files: &[&Path]) -> Self {
        let wanted = RefreshKind::nothing().with_memory(MemoryRefreshKind::nothing().with_ram());
        let memory = System::new_with_specifics(wanted).ok().map(|system| match system.cgroup_limits() {
            // Without the cached files, which `free_memory` of a group counts as used.
            Some(limits) => limits.total_memory.saturating_sub(limits.rss).min(system.available_memory()),
            None => system.available_memory(),
        });
        let disk_of = |file: &&Path| {
            let folder = file.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
            Some((folder.to_owned(), fs4::available_space(folder).ok()?))
        };
        Self { memory: memory.filter(|&bytes| bytes > 0), disks: files.iter().filter_map(disk_of).collect() }
    }

    /// Whether a run that will write `bytes` may start.
    ///
    /// # Errors
    /// What is short.
    pub fn check_start(&self, bytes: u64) -> Result<(), Shortage> {
        self.check(MEMORY_AT_START, DISK_AT_START + bytes)
    }

    /// Whether a run may go on.
    ///
    /// # Errors
    /// What is short.
    pub fn check_run(&self) -> Result<(), Shortage> {
        self.check(MEMORY_IN_RUN, DISK_IN_RUN)
    }

    fn check(&self, memory: u64, disk: u64) -> Result<(), Shortage> {
        if let Some((path, free)) = self.disks.iter().find(|(_, free)| *free < disk) {
            return Err(Shortage::Disk { path: path.clone(), free: *free, needed: disk });
        }
        match self.memory {
            Some(free) if free < memory => Err(Shortage::Memory { free, needed: memory }),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortage_names_place_and_numbers() {
        let resources = Resources { memory: Some(400 * MIB), disks: vec![("/data".into(), 600 * MIB)] };
        assert_eq!(resources.check_run(), Ok(()));
        let disk = resources.check_start(100 * MIB).unwrap_err().to_string();
        assert!(disk.starts_with("insufficient disk space: 600 MB free at /data, 612 MB needed"), "{disk}");
        let memory = resources.check_start(0).unwrap_err();
        assert_eq!(memory, Shortage::Memory { free: 400 * MIB, needed: 512 * MIB });
        assert_eq!(Resources::default().check_start(u64::MAX / 2), Ok(()));
    }

    #[test]
    fn this_machine_says_what_is_free() {
        let found = Resources::now(&[Path::new("no/such/folder/file")]);
        assert!(found.memory.is_some());
        assert_eq!(found.disks.len(), 1);
    }
}
