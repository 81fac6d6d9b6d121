//! The files on a disk with a volatile cache.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use crate::Event;

/// Smallest part of a write that reaches the disk as a whole, in bytes.
const SECTOR: usize = 512;

/// Decides what survives: a small generator of random bits (`SplitMix64`).
#[derive(Clone, Debug)]
pub struct Chance {
    state: u64,
    /// Sectors of 256 that survive.
    survive: u64,
}

impl Chance {
    /// Choices that follow from a seed; of 256 unsynced sectors about `survive` are on the disk.
    pub fn new(seed: u64, survive: u64) -> Self {
        Self { state: seed, survive }
    }

    fn survives(&mut self) -> bool {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) & 255 < self.survive
    }
}

/// A change of a file that is not synced.
#[derive(Clone, Debug)]
enum Pending {
    Write(usize, Vec<u8>),
    Length(usize),
}

#[derive(Clone, Debug, Default)]
struct File {
    /// What the disk holds for certain.
    durable: Vec<u8>,
    pending: Vec<Pending>,
    /// Whether the name is on the disk for certain.
    named: bool,
    /// Whether the file was removed, but perhaps not on the disk.
    removed: bool,
}

/// Files as events leave them.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    files: BTreeMap<PathBuf, File>,
}

fn write(content: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    let end = offset + bytes.len();
    if content.len() < end {
        content.resize(end, 0);
    }
    content[offset..end].copy_from_slice(bytes);
}

impl Disk {
    /// Plays an event back.
    pub fn apply(&mut self, event: &Event) {
        match event {
            Event::Create { path } => {
                self.files.insert(path.clone(), File::default());
            }
            Event::Write { path, offset, bytes } => {
                self.file(path).pending.push(Pending::Write(*offset, bytes.clone()));
            }
            Event::Truncate { path, length } => self.file(path).pending.push(Pending::Length(*length)),
            Event::Sync { path } => self.sync(path),
            Event::Delete { path, durable } => {
                if *durable {
                    self.files.remove(path);
                } else {
                    self.file(path).removed = true;
                }
            }
            Event::Mark(_) => {}
        }
    }

    fn file(&mut self, path: &Path) -> &mut File {
        self.files.entry(path.to_owned()).or_insert_with(|| File { named: true, ..File::default() })
    }

    fn sync(&mut self, path: &Path) {
        let file = self.file(path);
        for change in std::mem::take(&mut file.pending) {
            match change {
                Pending::Write(offset, bytes) => write(&mut file.durable, offset, &bytes),
                Pending::Length(length) => file.durable.resize(length, 0),
            }
        }
        let is_log = ["-wal", "-journal"].iter().any(|end| path.to_string_lossy().ends_with(end));
        // SQLite syncs the folder with the first sync of a log: that makes all names in it durable.
        if is_log && !file.named {
            self.files.retain(|_, file| !file.removed);
            self.files.values_mut().for_each(|file| file.named = true);
        }
    }

    /// The files after a power loss at this moment.
    pub fn after_power_loss(&self, mut chance: Chance) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut left = BTreeMap::new();
        for (path, file) in &self.files {
            let has_name = (file.named || chance.survives()) && !(file.removed && chance.survives());
            if !has_name {
                continue;
            }
            let mut content = file.durable.clone();
            for change in &file.pending {
                match change {
                    Pending::Write(offset, bytes) => {
                        let mut from = 0;
                        while from < bytes.len() {
                            // To the end of the sector that the byte is in.
                            let to = (((offset + from) / SECTOR + 1) * SECTOR - offset).min(bytes.len());
                            if chance.survives() {
                                write(&mut content, offset + from, &bytes[from..to]);
                            }
                            from = to;
                        }
                    }
                    Pending::Length(length) => {
                        if chance.survives() {
                            content.resize(*length, 0);
                        }
                    }
                }
            }
            left.insert(path.clone(), content);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn disk(events: &[Event]) -> Disk {
        let mut disk = Disk::default();
        for event in events {
            disk.apply(event);
        }
        disk
    }

    #[test]
    fn synced_bytes_are_kept_and_others_may_be_lost() {
        let path = PathBuf::from("a-wal");
        let write = |offset, byte| Event::Write { path: path.clone(), offset, bytes: vec![byte; 1024] };
        let disk = disk(&[
            Event::Create { path: path.clone() },
            write(0, 1),
            Event::Sync { path: path.clone() },
            write(1024, 2),
        ]);
        assert_eq!(disk.after_power_loss(Chance::new(1, 0))[&path], [1; 1024]);
        let all = &disk.after_power_loss(Chance::new(1, 256))[&path];
        assert_eq!((all.len(), all[1024]), (2048, 2));
        let some: Vec<usize> = (0..64).map(|seed| disk.after_power_loss(Chance::new(seed, 128))[&path].len()).collect();
        assert!(some.contains(&1024) && some.contains(&1536) && some.contains(&2048));
    }

    #[test]
    fn names_are_durable_with_the_folder() {
        let (main, log) = (PathBuf::from("a"), PathBuf::from("a-journal"));
        let create = |path: &PathBuf| Event::Create { path: path.clone() };
        let sync = |path: &PathBuf| Event::Sync { path: path.clone() };
        let none = |disk: &Disk| disk.after_power_loss(Chance::new(1, 0)).into_keys().collect::<Vec<_>>();
        let before = disk(&[create(&main), sync(&main)]);
        assert_eq!(none(&before), Vec::<PathBuf>::new());
        let after = disk(&[create(&main), create(&log), sync(&log)]);
        assert_eq!(none(&after), [main, log.clone()]);
        let removed = disk(&[create(&log), sync(&log), Event::Delete { path: log.clone(), durable: false }]);
        assert_eq!(none(&removed), [log]);
    }
}
