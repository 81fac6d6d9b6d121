//! The summary of a run. Source: selfplay.md section 8.5; what is added stands at the end of [`Summary::to_json`].

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::record::{GameRecord, invariant_of};

/// Most samples of violations that a summary shows.
const SAMPLES_MAX: usize = 50;

/// Share of completed games below which a run warns.
pub const COMPLETION_WARNING: f64 = 0.5;

/// Games of one board and number of players.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Share {
    /// All of them.
    pub games: u64,
    /// Those that the rules ended.
    pub completed: u64,
}

impl Share {
    /// Completed games per game; none without games.
    pub fn value(self) -> Option<f64> {
        (self.games > 0).then(|| self.completed as f64 / self.games as f64)
    }
}

/// Seconds that parts of a run took, added up over its threads.
#[derive(Copy, Clone, Debug, Default)]
pub struct TimingProfile {
    /// Positions and engines at the start of games.
    pub build: f64,
    /// Choosing moves.
    pub select: f64,
    /// Making them.
    pub step: f64,
    /// Writing the records.
    pub record: f64,
}

/// Counts of the games that were recorded.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    games: u64,
    by_status: BTreeMap<String, u64>,
    by_reason: BTreeMap<String, u64>,
    skipped_by_reason: BTreeMap<String, u64>,
    violations: BTreeMap<String, u64>,
    samples: Vec<Value>,
    lengths: Option<(u32, u32)>,
    length_total: u64,
    decisions: u64,
    plies: u64,
    swaps: u64,
    swap_games: u64,
    recorded: u64,
    record_errors: u64,
    anomalies: u64,
    shares: BTreeMap<String, Share>,
    /// Where the time went.
    pub timing: TimingProfile,
}

fn add(counts: &mut BTreeMap<String, u64>, key: &str, count: u64) {
    match counts.get_mut(key) {
        Some(known) => *known += count,
        None => {
            counts.insert(key.to_owned(), count);
        }
    }
}

impl Summary {
    /// Counts a game.
    pub(crate) fn note(&mut self, configuration: &str, game: &GameRecord) {
        self.games += 1;
        add(&mut self.by_status, game.status, 1);
        add(&mut self.by_reason, &game.termination_reason, 1);
        if game.skipped {
            add(&mut self.skipped_by_reason, &game.termination_reason, 1);
        }
        for (kind, count) in &game.violations {
            add(&mut self.violations, kind, *count);
        }
        let free = SAMPLES_MAX - self.samples.len();
        self.samples.extend(game.violation_samples.iter().take(free).cloned());
        let (min, max) = self.lengths.unwrap_or((game.length, game.length));
        self.lengths = Some((min.min(game.length), max.max(game.length)));
        self.length_total += u64::from(game.length);
        self.decisions += u64::from(game.host_decisions);
        self.plies += u64::from(game.plies);
        self.swaps += u64::from(game.swaps);
        self.swap_games += u64::from(game.swaps > 0);
        self.recorded += u64::from(game.db_recorded);
        self.record_errors += u64::from(game.db_record_error.is_some());
        self.anomalies += u64::from(game.is_anomaly());
        if !self.shares.contains_key(configuration) {
            self.shares.insert(configuration.to_owned(), Share::default());
        }
        if let Some(share) = self.shares.get_mut(configuration) {
            share.games += 1;
            share.completed += u64::from(game.is_completed());
        }
        let times = &game.times;
        self.timing.build += times.build.as_secs_f64();
        self.timing.select += times.select.as_secs_f64();
        self.timing.step += times.step.as_secs_f64();
    }

    /// Adds the games of another run.
    pub fn merge(&mut self, other: Self) {
        for (mine, others) in [
            (&mut self.by_status, &other.by_status),
            (&mut self.by_reason, &other.by_reason),
            (&mut self.skipped_by_reason, &other.skipped_by_reason),
            (&mut self.violations, &other.violations),
        ] {
            for (key, count) in others {
                add(mine, key, *count);
            }
        }
        self.lengths = match (self.lengths, other.lengths) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (mine, others) => mine.or(others),
        };
        let free = SAMPLES_MAX - self.samples.len();
        self.samples.extend(other.samples.into_iter().take(free));
        self.games += other.games;
        self.length_total += other.length_total;
        self.decisions += other.decisions;
        self.plies += other.plies;
        self.swaps += other.swaps;
        self.swap_games += other.swap_games;
        self.recorded += other.recorded;
        self.record_errors += other.record_errors;
        self.anomalies += other.anomalies;
        for (configuration, share) in other.shares {
            let mine = self.shares.entry(configuration).or_default();
            mine.games += share.games;
            mine.completed += share.completed;
        }
        self.timing.build += other.timing.build;
        self.timing.select += other.timing.select;
        self.timing.step += other.timing.step;
        self.timing.record += other.timing.record;
    }

    /// Number of games.
    pub fn games(&self) -> u64 {
        self.games
    }

    /// Sum of the games' lengths.
    pub fn length_total(&self) -> u64 {
        self.length_total
    }

    /// Recorded moves of all games, bookkeeping included.
    pub fn plies(&self) -> u64 {
        self.plies
    }

    /// Games in the database.
    pub fn recorded(&self) -> u64 {
        self.recorded
    }

    /// Games that show a fault: see [`GameRecord::is_anomaly`].
    pub fn anomalies(&self) -> u64 {
        self.anomalies
    }

    /// Completed games by board and number of players.
    pub fn shares(&self) -> &BTreeMap<String, Share> {
        &self.shares
    }

    /// The summary with upstream's names, and `completion_share`, `total_host_decisions` and `total_recorded_moves` added.
    pub fn to_json(&self, config: &Map<String, Value>) -> Map<String, Value> {
        let per_game = |total: u64| if self.games == 0 { 0.0 } else { total as f64 / self.games as f64 };
        let (min, max) = self.lengths.unwrap_or_default();
        let by_invariant = self.violations.iter().fold(BTreeMap::<&str, u64>::new(), |mut counts, (kind, count)| {
            if let Some(invariant) = invariant_of(kind) {
                *counts.entry(invariant).or_default() += count;
            }
            counts
        });
        let completed: u64 =
            self.by_reason.iter().filter(|(reason, _)| reason.starts_with("status:")).map(|(_, count)| count).sum();
        let shares: BTreeMap<&str, Option<f64>> =
            self.shares.iter().map(|(name, share)| (name.as_str(), share.value())).collect();
        let json = json!({
            "total_games": self.games,
            "by_status": self.by_status,
            "by_termination_reason": self.by_reason,
            "min_length": min,
            "max_length": max,
            "avg_length": per_game(self.length_total),
            "completed_games": completed,
            "max_moves_games": self.by_reason.get("max_moves_reached").copied().unwrap_or(0),
            "skipped_games": self.skipped_by_reason.values().sum::<u64>(),
            "skipped_by_reason": self.skipped_by_reason,
            "invariant_violations_total": by_invariant.values().sum::<u64>(),
            "invariant_violations_by_id": by_invariant,
            "violation_counts_by_type": self.violations,
            "swap_sides_total_moves": self.swaps,
            "swap_sides_games": self.swap_games,
            "swap_sides_games_fraction": per_game(self.swap_games),
            "avg_swap_sides_moves_per_game": per_game(self.swaps),
            "db_recorded_games": self.recorded,
            "db_record_error_games": self.record_errors,
            "invariant_violation_samples": self.samples,
            "config": config,
            "completion_share": shares,
            "total_host_decisions": self.decisions,
            "total_recorded_moves": self.plies,
        });
        match json {
            Value::Object(map) => map,
            _ => Map::new(),
        }
    }

    /// `timing_profile` of the summary. Source: selfplay.md section 8.5.
    pub fn timing_json(&self) -> Value {
        let per = |seconds: f64, count: u64| if count == 0 { 0.0 } else { seconds / count as f64 };
        let of_games = |seconds: f64| json!({"total_sec": seconds, "avg_per_game_sec": per(seconds, self.games)});
        let of_moves =
            |seconds: f64| json!({"total_sec": seconds, "avg_per_move_sec": per(seconds, self.length_total)});
        json!({
            "total_games": self.games,
            "total_moves": self.length_total,
            // The start of a game is a copy of one position; its time is too short to be told from nothing.
            "env_reset": of_games(0.0),
            "ai_build": of_games(self.timing.build),
            "move_select": of_moves(self.timing.select),
            "env_step": of_moves(self.timing.step),
            "db_record": of_games(self.timing.record),
        })
    }
}
