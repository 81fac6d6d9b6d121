//! What came of a merge.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Most faults that a report lists; the quarantine has all.
pub(super) const FAULTS_MAX: usize = 20;

/// What became of the games of one input, or of all.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct SourceCounts {
    /// Games that were taken.
    pub new: u64,
    /// Of them, games that got another name.
    pub renamed: u64,
    /// Games that were there already under their name.
    pub duplicate: u64,
    /// Games that were there already under another name.
    pub duplicate_content: u64,
    /// Of the duplicates, games that gave the one that is there what searches had left with their moves.
    pub enriched: u64,
    /// Other games of a name that is taken; in quarantine.
    pub conflict: u64,
    /// Games that the engine does not agree with; in quarantine.
    pub rejected: u64,
    /// Games that are still being played.
    pub skipped: u64,
    /// Moves that were replayed.
    pub plies: u64,
}

impl SourceCounts {
    /// Games that were looked at: all but those that are still being played.
    pub fn considered(&self) -> u64 {
        self.new + self.duplicate + self.duplicate_content + self.conflict + self.rejected
    }

    /// Rejected games among those that were looked at.
    pub fn reject_share(&self) -> f64 {
        self.rejected as f64 / self.considered().max(1) as f64
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self {
            new: self.new + other.new,
            renamed: self.renamed + other.renamed,
            duplicate: self.duplicate + other.duplicate,
            duplicate_content: self.duplicate_content + other.duplicate_content,
            enriched: self.enriched + other.enriched,
            conflict: self.conflict + other.conflict,
            rejected: self.rejected + other.rejected,
            skipped: self.skipped + other.skipped,
            plies: self.plies + other.plies,
        }
    }
}

/// A game in quarantine.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MergeFault {
    /// The input.
    pub source: String,
    /// Name of the game there.
    pub game_id: String,
    /// `reject` or `conflict`.
    pub kind: String,
    /// Ply from 0, or none for facts of the whole game.
    pub ply: Option<i64>,
    /// What differs first.
    pub field: String,
    /// What the record says.
    pub expected: String,
    /// What the engine says.
    pub got: String,
    /// All of this as a sentence.
    pub reason: String,
}

/// What was done with an input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceState {
    /// Nothing, or not all, yet.
    Pending,
    /// All its games were looked at.
    Merged,
    /// It was given before.
    Repeated,
    /// It cannot be read, and that was to be no reason to stop; the text says why.
    Unreadable(String),
}

/// What came of one input.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SourceReport {
    /// The input as it was given.
    pub path: String,
    /// What was done with it.
    pub state: SourceState,
    /// What became of its games.
    pub counts: SourceCounts,
    /// Tables and columns that no replay database has, and that were not taken over.
    pub left_behind: Vec<String>,
    #[serde(skip)]
    pub(super) faults: Vec<MergeFault>,
}

impl SourceReport {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_string_lossy().into_owned(),
            state: SourceState::Pending,
            counts: SourceCounts::default(),
            left_behind: Vec::new(),
            faults: Vec::new(),
        }
    }
}

/// What a merge did with its output.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MergeOutcome {
    /// It is new.
    Created,
    /// It was there, and has the new games now.
    Extended,
    /// It was to be left alone.
    DryRun,
    /// The merge was stopped before its end, and nothing has reached the output.
    Interrupted,
}

/// What came of a merge.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct MergeReport {
    /// The output.
    pub output: PathBuf,
    /// What was done with the output.
    pub outcome: MergeOutcome,
    /// Whether an earlier merge of these inputs was gone on with.
    pub resumed: bool,
    /// The inputs.
    pub sources: Vec<SourceReport>,
    /// Sums over the inputs.
    pub total: SourceCounts,
    /// Games in the output now.
    pub games_in_output: u64,
    /// The first games that went into quarantine.
    pub faults: Vec<MergeFault>,
}

impl MergeReport {
    pub(super) fn new(output: &Path, resumed: bool) -> Self {
        Self {
            output: output.to_owned(),
            outcome: MergeOutcome::Interrupted,
            resumed,
            sources: Vec::new(),
            total: SourceCounts::default(),
            games_in_output: 0,
            faults: Vec::new(),
        }
    }
}

/// How far a merge is.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct MergeProgress {
    /// Games in all inputs.
    pub games_total: u64,
    /// What became of those that are through.
    pub counts: SourceCounts,
}

impl MergeProgress {
    /// Games that are through.
    pub fn games(&self) -> u64 {
        self.counts.considered() + self.counts.skipped
    }
}
