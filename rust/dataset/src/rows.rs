//! The small things about each row, kept in files without names until the number of rows is known.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _};

/// What is kept of a row beside its planes and globals.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Row {
    /// Number of its move in the game, from 0.
    pub move_number: u32,
    /// Player number, from 1, of the player to move.
    pub player: u8,
    /// Place of the phase in [`ringrift_rules::Phase::ALL`].
    pub phase: u8,
    /// Place of the move's kind in [`ringrift_rules::MoveKind::ALL`].
    pub kind: u8,
    /// Number of policy targets.
    pub targets: u32,
}

const ROW_LEN: usize = 11;
const TARGET_LEN: usize = 8;

/// A policy target: index and probability.
pub(crate) type Target = (u32, f32);

/// Rows and their policy targets, in files.
#[derive(Debug)]
pub(crate) struct RowSpool {
    rows: BufWriter<File>,
    targets: BufWriter<File>,
    /// Rows so far.
    pub len: u64,
    /// Fewest and most targets of a row, and the number of all targets.
    pub targets_min: u32,
    pub targets_max: u32,
    pub targets_total: u64,
    /// Greatest index.
    pub index_max: u32,
}

impl RowSpool {
    pub fn new(rows: File, targets: File) -> Self {
        Self {
            rows: BufWriter::with_capacity(1 << 16, rows),
            targets: BufWriter::with_capacity(1 << 16, targets),
            len: 0,
            targets_min: u32::MAX,
            targets_max: 0,
            targets_total: 0,
            index_max: 0,
        }
    }

    /// Adds the rows of a game; `targets` holds the targets of all of them.
    pub fn push(&mut self, rows: &[Row], targets: &[Target]) -> io::Result<()> {
        debug_assert_eq!(rows.iter().map(|row| row.targets as usize).sum::<usize>(), targets.len());
        for row in rows {
            let mut bytes = [0; ROW_LEN];
            bytes[..4].copy_from_slice(&row.move_number.to_le_bytes());
            bytes[4..7].copy_from_slice(&[row.player, row.phase, row.kind]);
            bytes[7..].copy_from_slice(&row.targets.to_le_bytes());
            self.rows.write_all(&bytes)?;
            self.targets_min = self.targets_min.min(row.targets);
            self.targets_max = self.targets_max.max(row.targets);
        }
        for &(index, probability) in targets {
            self.targets.write_all(&index.to_le_bytes())?;
            self.targets.write_all(&probability.to_le_bytes())?;
            self.index_max = self.index_max.max(index);
        }
        self.len += rows.len() as u64;
        self.targets_total += targets.len() as u64;
        Ok(())
    }

    /// Calls `each` with every row, in order.
    pub fn for_each(&mut self, mut each: impl FnMut(Row) -> io::Result<()>) -> io::Result<()> {
        let mut rows = rewound(&mut self.rows)?;
        for _ in 0..self.len {
            each(read_row(&mut rows)?)?;
        }
        Ok(())
    }

    /// Calls `each` with the targets of every row, in order.
    pub fn for_each_targets(&mut self, mut each: impl FnMut(&[Target]) -> io::Result<()>) -> io::Result<()> {
        let mut rows = rewound(&mut self.rows)?;
        let mut targets = rewound(&mut self.targets)?;
        let mut list = Vec::new();
        for _ in 0..self.len {
            list.clear();
            for _ in 0..read_row(&mut rows)?.targets {
                let mut bytes = [0; TARGET_LEN];
                targets.read_exact(&mut bytes)?;
                let (index, probability) = bytes.split_at(4);
                list.push((
                    u32::from_le_bytes(index.try_into().expect("four bytes")),
                    f32::from_le_bytes(probability.try_into().expect("four bytes")),
                ));
            }
            each(&list)?;
        }
        Ok(())
    }
}

fn read_row(rows: &mut impl io::Read) -> io::Result<Row> {
    let mut bytes = [0; ROW_LEN];
    rows.read_exact(&mut bytes)?;
    Ok(Row {
        move_number: u32::from_le_bytes(bytes[..4].try_into().expect("four bytes")),
        player: bytes[4],
        phase: bytes[5],
        kind: bytes[6],
        targets: u32::from_le_bytes(bytes[7..].try_into().expect("four bytes")),
    })
}

/// Reads from the beginning what was written so far. Nothing may be written afterwards.
fn rewound(file: &mut BufWriter<File>) -> io::Result<BufReader<&File>> {
    file.flush()?;
    file.get_mut().seek(SeekFrom::Start(0))?;
    Ok(BufReader::with_capacity(1 << 16, file.get_ref()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn rows_come_back_with_their_targets_more_than_once() {
        let file = || tempfile::tempfile().unwrap();
        let mut spool = RowSpool::new(file(), file());
        let rows: Vec<Row> =
            (0..5_000).map(|i| Row { move_number: i, player: 2, phase: 3, kind: 4, targets: i % 3 }).collect();
        let targets: Vec<Target> = (0..5_000_u32).flat_map(|i| (0..i % 3).map(move |j| (i + j, 0.5))).collect();
        spool.push(&rows, &targets).unwrap();
        for _ in 0..2 {
            let (mut read, mut found) = (Vec::new(), Vec::new());
            spool
                .for_each(|row| {
                    read.push(row);
                    Ok(())
                })
                .unwrap();
            spool
                .for_each_targets(|list| {
                    found.extend_from_slice(list);
                    Ok(())
                })
                .unwrap();
            assert!(read == rows && found == targets);
        }
        assert_eq!((spool.targets_min, spool.targets_max, spool.targets_total), (0, 2, 4_999));
    }
}
