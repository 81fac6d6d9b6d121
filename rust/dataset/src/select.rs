//! Which games are exported: filters, and the parts that a data set is split into.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use ringrift_replay::{GameRow, StoredGame};
use sha2::{Digest as _, Sha256};

use crate::plan::Layout;

/// What upstream calls the quality tier of a data set. Source: npz.md section 2, `--quality-tier`.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum Tier {
    /// Every game.
    Bootstrap,
    /// Not those of one-ply players.
    Standard,
    /// Those of tree searches and mixed runs.
    Quality,
    /// Those of the Gumbel search.
    Ultimate,
}

impl Tier {
    /// All tiers.
    pub const ALL: [Self; 4] = [Self::Bootstrap, Self::Standard, Self::Quality, Self::Ultimate];

    /// Spelling on the command line and in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bootstrap => "bootstrap",
            Self::Standard => "standard",
            Self::Quality => "quality",
            Self::Ultimate => "ultimate",
        }
    }

    /// Whether a game of this engine belongs to the tier.
    fn admits(self, engine: &str) -> bool {
        match self {
            Self::Bootstrap => true,
            Self::Standard => engine != "heuristic",
            Self::Quality => matches!(engine, "gumbel_mcts" | "mcts" | "mixed"),
            Self::Ultimate => engine == "gumbel_mcts",
        }
    }
}

/// Filters of games. The default takes all.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Selection {
    /// Only games whose status is `completed`.
    pub require_completed: bool,
    /// Least number of moves.
    pub moves_min: Option<u64>,
    /// Greatest number of moves.
    pub moves_max: Option<u64>,
    /// Least strength of the generator (`model_elo` of the metadata; 1500 where there is none).
    pub elo_min: Option<f64>,
    /// Least quality score.
    pub quality_min: Option<f64>,
    /// Quality tier.
    pub tier: Option<Tier>,
    /// Kinds of sources to take; `all` is every one. None takes all.
    pub sources: Option<BTreeSet<String>>,
    /// Kinds of sources to leave out.
    pub exclude_sources: BTreeSet<String>,
    /// Leave out games with a recovery move.
    pub exclude_recovery: bool,
    /// Number of the last move to take, by game: what follows is known to differ between engines.
    pub cutoffs: BTreeMap<String, u32>,
}

/// Why a game gives no rows.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Dropped {
    /// A game of this name was there before.
    Duplicate,
    /// Marked as unfit for training, or as no canonical record.
    Unfit,
    /// `--require-completed`.
    NotCompleted,
    /// `--min-moves`.
    TooShort,
    /// `--max-moves`.
    TooLong,
    /// `--min-elo`.
    TooWeak,
    /// `--min-quality`.
    TooPoor,
    /// `--quality-tier`.
    Tier,
    /// `--sources`, `--exclude-sources` and their like.
    Source,
    /// `--exclude-recovery`.
    Recovery,
    /// `--parity-fixtures-dir` leaves nothing of it.
    Diverges,
    /// Its moves are not in the database.
    NoMoves,
    /// Nobody has won: it was cut off, given up, or ran out of time.
    NoWinner,
    /// None of its rows was sampled, or no move of them has a policy index.
    NoRows,
    /// It belongs to another part of the split.
    OtherPart,
}

impl Dropped {
    /// All reasons.
    pub const ALL: [Self; 15] = [
        Self::Duplicate,
        Self::Unfit,
        Self::NotCompleted,
        Self::TooShort,
        Self::TooLong,
        Self::TooWeak,
        Self::TooPoor,
        Self::Tier,
        Self::Source,
        Self::Recovery,
        Self::Diverges,
        Self::NoMoves,
        Self::NoWinner,
        Self::NoRows,
        Self::OtherPart,
    ];

    /// Spelling in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Unfit => "unfit_for_training",
            Self::NotCompleted => "not_completed",
            Self::TooShort => "min_moves",
            Self::TooLong => "max_moves",
            Self::TooWeak => "min_elo",
            Self::TooPoor => "min_quality",
            Self::Tier => "quality_tier",
            Self::Source => "source",
            Self::Recovery => "exclude_recovery",
            Self::Diverges => "parity_fixture",
            Self::NoMoves => "no_moves",
            Self::NoWinner => "no_winner",
            Self::NoRows => "no_rows",
            Self::OtherPart => "other_part",
        }
    }
}

impl std::fmt::Display for Dropped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

impl Selection {
    /// Whether the game passes, by what its rows say.
    pub(crate) fn check(&self, game: &StoredGame, facts: &Facts, layout: Layout) -> Result<(), Dropped> {
        let row = &game.row;
        let total = u64::try_from(row.total_moves).unwrap_or(0);
        let fails = [
            (Dropped::TooShort, self.moves_min.is_some_and(|least| total < least)),
            (Dropped::TooLong, self.moves_max.is_some_and(|most| total > most)),
            (Dropped::Source, !self.admits_source(row)),
            (Dropped::Tier, self.tier.is_some_and(|tier| !tier.admits(tier_engine(row)))),
            (Dropped::NotCompleted, self.require_completed && !is_completed(row, layout)),
            (Dropped::TooPoor, self.quality_min.is_some_and(|least| facts.quality < least)),
            (Dropped::TooWeak, self.elo_min.is_some_and(|least| facts.generator_elo < least)),
            (Dropped::NoMoves, game.moves.is_empty()),
            (Dropped::Recovery, self.exclude_recovery && has_recovery(game)),
            (Dropped::Diverges, self.cutoffs.get(&row.id) == Some(&0)),
        ];
        fails.into_iter().find(|&(_, fails)| fails).map_or(Ok(()), |(reason, _)| Err(reason))
    }

    /// What manifests say of it.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "require_completed": self.require_completed,
            "min_moves": self.moves_min,
            "max_moves": self.moves_max,
            "min_elo": self.elo_min,
            "min_quality": self.quality_min,
            "quality_tier": self.tier.map(Tier::name),
            "sources": self.sources,
            "exclude_sources": self.exclude_sources,
            "exclude_recovery": self.exclude_recovery,
            "parity_cutoffs": self.cutoffs,
        })
    }

    fn admits_source(&self, row: &GameRow) -> bool {
        let category = source_category(row);
        let included = |sources: &BTreeSet<String>| sources.contains("all") || sources.contains(category);
        self.sources.as_ref().is_none_or(included) && !self.exclude_sources.contains(category)
    }
}

fn source(row: &GameRow) -> String {
    row.source.as_deref().unwrap_or("").to_lowercase()
}

/// Category of what recorded a game. Source: npz.md section 2.
fn source_category(row: &GameRow) -> &'static str {
    let source = source(row);
    ["gauntlet", "tournament", "human"].into_iter().find(|word| source.contains(word)).unwrap_or("selfplay")
}

/// The engine by which tiers go: upstream reads it from the source, and where that says nothing we ask the engine mode.
fn tier_engine(row: &GameRow) -> &'static str {
    let of = |text: &str| {
        let words = [
            ("gumbel", "gumbel_mcts"),
            ("mcts", "mcts"),
            ("mixed", "mixed"),
            ("policy", "policy_only"),
            ("descent", "descent"),
            ("gpu", "heuristic"),
            ("heuristic", "heuristic"),
        ];
        words.into_iter().find(|(word, _)| text.contains(word)).map(|(_, engine)| engine)
    };
    of(&source(row)).or_else(|| of(&row.engine_mode.as_deref()?.to_lowercase())).unwrap_or("unknown")
}

/// Upstream does not count the old spelling, and its single-threaded exporter wants the reason to be of its environment's loop.
fn is_completed(row: &GameRow, layout: Layout) -> bool {
    let reason = row.termination_reason.as_deref().unwrap_or("");
    let plain = reason.is_empty() || reason == "env_done_flag" || reason.starts_with("status:completed");
    match layout {
        Layout::UpstreamSingle => row.status == "completed" && plain,
        Layout::UpstreamParallel => row.status == "completed",
        Layout::Plain | Layout::Packed => matches!(row.status.as_str(), "completed" | "finished"),
    }
}

fn has_recovery(game: &StoredGame) -> bool {
    game.moves.iter().any(|row| row.kind.as_deref().is_some_and(|kind| kind.contains("recovery")))
}

/// What the rows of a game say beside its moves. Source: npz.md section 3.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Facts {
    pub quality: f64,
    pub generator_elo: f64,
    pub opponent: String,
    /// Engine as upstream reads it from the source.
    pub source_engine: &'static str,
    /// Kind of ending as upstream reads it from the termination reason.
    pub recorded_victory: &'static str,
    /// Seconds since 1970.
    pub time: f64,
}

/// Strength that counts where none is recorded.
pub(crate) const ELO: f64 = 1500.0;

impl Facts {
    pub fn of(game: &StoredGame) -> Self {
        let row = &game.row;
        let source = source(row);
        let has_winner = row.winner.is_some_and(|winner| winner != -1);
        let metadata = row.metadata();
        let elo = metadata
            .as_ref()
            .and_then(|metadata| metadata.get("model_elo"))
            .and_then(|elo| elo.as_f64().or_else(|| elo.as_str()?.trim().parse().ok()));
        let time = row.completed_at.as_deref().filter(|time| !time.is_empty()).unwrap_or(&row.created_at);
        Self {
            quality: ringrift_replay::quality(game.moves.len(), has_winner, row.source.as_deref()).0,
            generator_elo: elo.unwrap_or(ELO),
            opponent: opponent(row, &source),
            source_engine: first_word(
                &source,
                &[
                    ("gumbel", "gumbel_mcts"),
                    ("mcts", "mcts"),
                    ("policy", "policy_only"),
                    ("descent", "descent"),
                    ("heuristic", "heuristic"),
                    ("gpu", "heuristic"),
                ],
                "unknown",
            ),
            recorded_victory: first_word(
                &row.termination_reason.as_deref().unwrap_or("").to_lowercase(),
                &[
                    ("territory", "territory"),
                    ("elimination", "elimination"),
                    ("ring", "elimination"),
                    ("lps", "lps"),
                    ("last_player", "lps"),
                    ("stalemate", "stalemate"),
                    ("timeout", "timeout"),
                ],
                "other",
            ),
            // Whole seconds of a time without zone, which we take as UTC.
            time: ringrift_replay::parse_timestamp(time).map_or(0.0, |micros| micros.div_euclid(1_000_000) as f64),
        }
    }
}

fn first_word(text: &str, words: &[(&str, &'static str)], otherwise: &'static str) -> &'static str {
    words.iter().find(|(word, _)| text.contains(word)).map_or(otherwise, |&(_, meaning)| meaning)
}

fn opponent(row: &GameRow, source: &str) -> String {
    if let Some(kind) = row.opponent_type.as_deref().filter(|kind| !kind.is_empty()) {
        return kind.to_owned();
    }
    let words = [
        ("random", "random"),
        ("heuristic", "heuristic"),
        ("mcts", "mcts"),
        ("gumbel", "gumbel_mcts"),
        ("neural", "neural"),
        ("nn", "neural"),
    ];
    first_word(source, &words, "unknown").to_owned()
}

/// A part of a data set.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Part {
    /// To train on.
    Train,
    /// To choose by.
    Validation,
    /// To judge by, once.
    Holdout,
}

impl Part {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Train, Self::Validation, Self::Holdout];

    /// Spelling in file names, on the command line and in manifests.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Holdout => "holdout",
        }
    }
}

/// Shares of the games that go to train, validation and holdout. Which part a game belongs to depends on its name alone.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct Split([f64; 3]);

/// Shares that make no sense.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{0:?} is no split\nhint: give the shares of train, validation and holdout, such as 0.9,0.05,0.05; they must add up to 1"
)]
pub struct UnknownSplit(String);

impl FromStr for Split {
    type Err = UnknownSplit;

    fn from_str(text: &str) -> Result<Self, UnknownSplit> {
        let shares: Option<Vec<f64>> = text.split(',').map(|share| share.trim().parse().ok()).collect();
        let shares: Option<[f64; 3]> = shares.and_then(|shares| shares.try_into().ok());
        let is_split = |shares: &[f64; 3]| {
            shares.iter().all(|share| (0.0..=1.0).contains(share)) && (shares.iter().sum::<f64>() - 1.0).abs() < 1e-9
        };
        shares.filter(is_split).map(Self).ok_or_else(|| UnknownSplit(text.chars().take(80).collect()))
    }
}

impl Split {
    /// The shares of [`Part::ALL`].
    pub const fn shares(&self) -> [f64; 3] {
        self.0
    }

    /// The part that a game belongs to: the first 53 bits of the SHA-256 of its name, as a fraction, lie in the share.
    pub fn part(&self, game: &str) -> Part {
        let digest = Sha256::digest(game.as_bytes());
        let bits = digest[..8].iter().fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
        let at = (bits >> 11) as f64 / (1_u64 << 53) as f64;
        let [train, validation, holdout] = self.0;
        if at < train || validation + holdout == 0.0 {
            Part::Train
        } else if at < train + validation || holdout == 0.0 {
            Part::Validation
        } else {
            Part::Holdout
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn games_are_split_by_name_in_these_shares() {
        let split: Split = "0.8, 0.15,0.05".parse().unwrap();
        let mut counts = [0_u32; 3];
        for i in 0..20_000 {
            let part = split.part(&format!("game{i}"));
            assert_eq!(part, split.part(&format!("game{i}")));
            counts[part as usize] += 1;
        }
        for (count, share) in counts.into_iter().zip(split.shares()) {
            assert!((f64::from(count) / 20_000.0 - share).abs() < 0.01, "{counts:?}");
        }
    }

    #[test]
    fn larger_training_share_keeps_the_games_that_were_there() {
        let (small, large): (Split, Split) = ("0.5,0.3,0.2".parse().unwrap(), "0.9,0.05,0.05".parse().unwrap());
        let games = (0..500).map(|i| i.to_string());
        assert!(games.filter(|game| small.part(game) == Part::Train).all(|game| large.part(&game) == Part::Train));
    }

    #[test]
    fn shares_that_make_no_sense_are_refused() {
        for text in ["", "1", "0.5,0.5", "0.5,0.6,0.1", "-0.1,0.6,0.5", "a,b,c", "NaN,0,1", "0.2,0.2,0.2,0.4"] {
            assert!(text.parse::<Split>().unwrap_err().to_string().contains("hint: "), "{text}");
        }
        assert!("1,0,0".parse::<Split>().unwrap().part("x") == Part::Train);
    }
}
