//! The JSON file beside each data set: what went in, what came out.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ringrift_rules::{MoveKind, Phase};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use crate::game::GameRows;
use crate::plan::RowPlan;
use crate::select::{Dropped, Part, Selection, Split};
use crate::sink::Finished;

/// Version of the manifest's form.
pub const MANIFEST_VERSION: u32 = 1;

/// Failed games that are named.
const FAILED_NAMED: usize = 20;

/// A database that games were read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Input {
    /// As it was given.
    pub path: PathBuf,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-256 of the file; none if a writer's log stands beside it, since the file alone is not its content then.
    pub sha256: Option<String>,
    /// Games of the board and number of players that it has.
    pub games: u64,
}

/// What the rows of a file are, and what became of the games that gave none.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Games that gave rows.
    pub games: u64,
    /// Rows.
    pub rows: u64,
    /// Rows whose targets are a recorded policy.
    pub soft_rows: u64,
    /// Games of which only the rows before a fault were taken.
    pub partial: u64,
    /// Games that gave none, by reason.
    pub dropped: BTreeMap<Dropped, u64>,
    /// Games that cannot be replayed.
    pub failed: u64,
    /// The first of them: database, name, what is wrong.
    pub failures: Vec<(PathBuf, String, String)>,
    phases: [u64; Phase::ALL.len()],
    seats: [u64; 4],
    kinds: [u64; MoveKind::ALL.len()],
    endings: BTreeMap<&'static str, u64>,
    content: Sha256,
    ids: Sha256,
}

impl Tally {
    pub(crate) fn note_rows(&mut self, game: &GameRows) {
        self.games += 1;
        self.rows += game.rows.len() as u64;
        self.soft_rows += u64::from(game.soft_rows);
        self.partial += u64::from(game.is_partial);
        for row in &game.rows {
            self.phases[usize::from(row.phase)] += 1;
            self.seats[usize::from(row.player - 1)] += 1;
            self.kinds[usize::from(row.kind)] += 1;
        }
        *self.endings.entry(game.victory).or_default() += 1;
        self.content.update(game.digest);
        self.ids.update(&game.id);
        self.ids.update(b"\n");
    }

    pub(crate) fn note_dropped(&mut self, reason: Dropped) {
        *self.dropped.entry(reason).or_default() += 1;
    }

    pub(crate) fn note_failed(&mut self, path: &Path, game: &str, what: String) {
        self.failed += 1;
        if self.failures.len() < FAILED_NAMED {
            self.failures.push((path.to_owned(), game.to_owned(), what));
        }
    }

    /// Adds the counts of another; digests stay as they are.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.games += other.games;
        self.rows += other.rows;
        self.failed += other.failed;
        for (&reason, count) in &other.dropped {
            *self.dropped.entry(reason).or_default() += count;
        }
        self.failures.extend(other.failures.iter().cloned());
    }

    /// Games that were looked at.
    pub fn considered(&self) -> u64 {
        self.games + self.failed + self.dropped.values().sum::<u64>()
    }

    /// The reasons why games gave no rows, in words.
    pub fn reasons(&self) -> String {
        let mut parts: Vec<String> =
            self.dropped.iter().map(|(reason, count)| format!("{} {count}", reason.name())).collect();
        if self.failed > 0 {
            parts.push(format!("replay_failed {}", self.failed));
        }
        parts.join(", ")
    }

    fn to_json(&self) -> Value {
        let counts = |names: Vec<&str>, counts: &[u64]| -> Map<String, Value> {
            let named = names.into_iter().zip(counts).filter(|(_, count)| **count > 0);
            named.map(|(name, count)| (name.to_owned(), (*count).into())).collect()
        };
        let failures: Vec<Value> = self
            .failures
            .iter()
            .map(|(path, game, what)| json!({"database": path.to_string_lossy(), "game_id": game, "reason": what}))
            .collect();
        let dropped: Map<String, Value> =
            self.dropped.iter().map(|(reason, count)| (reason.name().to_owned(), (*count).into())).collect();
        json!({
            "rows": self.rows,
            "games": self.games,
            "game_ids_sha256": hex(&self.ids),
            "content_sha256": hex(&self.content),
            "rows_with_recorded_policy": self.soft_rows,
            "rows_by_phase": counts(Phase::ALL.iter().map(|phase| phase.name()).collect(), &self.phases),
            "rows_by_player": counts(vec!["1", "2", "3", "4"], &self.seats),
            "rows_by_move_type": counts(MoveKind::ALL.iter().map(|kind| kind.name()).collect(), &self.kinds),
            "games_by_ending": self.endings,
            "games_considered": self.considered(),
            "games_dropped": dropped,
            "games_partial": self.partial,
            "games_failed": self.failed,
            "failures": failures,
        })
    }
}

fn hex(hasher: &Sha256) -> String {
    crate::npz::hex(hasher.clone())
}

/// What a manifest needs beside the tally.
#[derive(Debug)]
pub(crate) struct About<'a> {
    pub plan: &'a RowPlan,
    pub selection: &'a Selection,
    pub limits: Value,
    pub split: Option<(Split, Part)>,
    pub inputs: &'a [Input],
}

/// The manifest of a file. All of it follows from the inputs and the settings, but for `created_at`.
pub(crate) fn manifest(
    output: &Path,
    about: &About<'_>,
    tally: &Tally,
    finished: &Finished,
    created_at: &str,
) -> Value {
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let arrays: Vec<Value> = finished
        .arrays
        .iter()
        .map(|(name, dtype, shape)| json!({"name": name, "dtype": dtype, "shape": shape}))
        .collect();
    json!({
        "manifest_version": MANIFEST_VERSION,
        "ringrift_core_version": env!("CARGO_PKG_VERSION"),
        "created_at": created_at,
        "output": {"name": name, "bytes": finished.written.bytes, "sha256": finished.written.sha256},
        "settings": settings(about),
        "inputs": about.inputs.iter().map(input_json).collect::<Vec<_>>(),
        "counts": tally.to_json(),
        "arrays": arrays,
    })
}

fn input_json(input: &Input) -> Value {
    json!({
        "path": input.path.to_string_lossy(),
        "bytes": input.bytes,
        "sha256": input.sha256,
        "games": input.games,
    })
}

/// Everything that decides about the content beside the inputs.
pub(crate) fn settings(about: &About<'_>) -> Value {
    json!({
        "rows": about.plan.to_json(),
        "filters": about.selection.to_json(),
        "limits": about.limits,
        "split": about.split.map(|(split, part)| json!({"shares": split.shares(), "part": part.name()})),
    })
}

/// The file beside a data set that describes it.
pub fn manifest_path(output: &Path) -> PathBuf {
    output.with_extension("manifest.json")
}
