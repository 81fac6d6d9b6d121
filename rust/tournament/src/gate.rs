//! Gates: whether a candidate takes the place of a champion, decided by fresh games with stated error rates.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use serde_json::{Map, Value, json};

use crate::field::{End, Field, FieldError, Task};
use crate::interval::Interval;
use crate::log::{GameRecord, run_id};
use crate::openings::OPENINGS_MAX;
use crate::seating::{Seating, assignments};
use crate::sprt::{BlockShape, ScoreCounts, Sprt, Verdict};
use crate::tournament::{DISTINCT_SHARE_MIN, distinct_share};

/// Place of the candidate among the participants of a gate; the champion has the next one.
const CANDIDATE: usize = 0;

/// 97.5 % quantile of the normal distribution.
const Z: f64 = 1.959_963_984_540_054;

/// How a gate decides.
#[derive(Copy, Clone, PartialEq, Debug)]
pub enum GateRule {
    /// A sequential test.
    Sprt(Sprt),
    /// A fixed number of games, of which the candidate has to win more than a share.
    Fixed(FixedRule),
}

/// A fixed number of games and a share to be beaten: what upstream's loop does (20 games, 0.55). It has no error rates worth
/// the name.
#[derive(Copy, Clone, PartialEq, Debug)]
pub struct FixedRule {
    /// Its blocks.
    pub shape: BlockShape,
    /// Least number of games; rounded up to whole blocks.
    pub games: u64,
    /// The share that has to be exceeded.
    pub threshold: f64,
}

impl FixedRule {
    /// Number of blocks.
    pub fn blocks(&self) -> u64 {
        self.games.div_ceil(self.shape.games() as u64)
    }

    /// Probability that a candidate so many Elo stronger is accepted, if games are independent and somebody wins each.
    pub fn acceptance(&self, elo: f64) -> f64 {
        let games = self.blocks() * self.shape.games() as u64;
        let win = self.shape.expected(elo);
        // Probabilities of each number of wins, by the ratio of neighbours, from the logarithm of the first.
        let (mut log, mut sum) = (games as f64 * (1.0 - win).ln(), 0.0);
        for wins in 0..=games {
            if wins as f64 / games as f64 > self.threshold + 1e-12 {
                sum += log.exp();
            }
            log += ((games - wins) as f64 / (wins + 1) as f64 * win / (1.0 - win)).ln();
        }
        sum.min(1.0)
    }
}

impl GateRule {
    /// What its blocks are.
    pub const fn shape(&self) -> BlockShape {
        match self {
            Self::Sprt(sprt) => sprt.shape(),
            Self::Fixed(fixed) => fixed.shape,
        }
    }

    /// Most blocks.
    pub fn blocks_max(&self) -> u64 {
        match self {
            Self::Sprt(sprt) => sprt.blocks_max(),
            Self::Fixed(fixed) => fixed.blocks(),
        }
    }

    /// What the blocks so far come to; none if there have to be more.
    pub fn verdict(&self, counts: &ScoreCounts) -> Option<Verdict> {
        match self {
            Self::Sprt(sprt) => sprt.verdict(counts),
            Self::Fixed(fixed) if counts.blocks() < fixed.blocks() => None,
            Self::Fixed(fixed) if counts.mean() > fixed.threshold + 1e-12 => Some(Verdict::Accept),
            Self::Fixed(_) => Some(Verdict::Reject),
        }
    }

    fn settings(&self) -> Value {
        let line_ups = self.shape().line_ups().name();
        match self {
            Self::Sprt(sprt) => {
                let ([elo0, elo1], (alpha, beta)) = (sprt.elo(), sprt.rates());
                json!({
                    "rule": "sprt", "line_ups": line_ups, "elo_model": sprt.model().name(), "elo0": elo0, "elo1": elo1,
                    "alpha": alpha, "beta": beta, "blocks_max": sprt.blocks_max(),
                })
            }
            Self::Fixed(fixed) => {
                json!({"rule": "fixed", "line_ups": line_ups, "games": fixed.games, "threshold": fixed.threshold})
            }
        }
    }
}

/// A gate.
#[derive(Clone, PartialEq, Debug)]
pub struct Gate {
    /// Conditions; its participants are the candidate and the champion.
    pub field: Field,
    /// How it decides.
    pub rule: GateRule,
}

/// A gate that cannot decide. None of these is a verdict on the candidate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GateError {
    /// Not two engines.
    #[error("a gate of {0} engines\nhint: name a candidate and a champion")]
    Engines(usize),
    /// Repeated games.
    #[error(
        "only {distinct} of {games} games differ\nhint: repeated games are no evidence; make more decisions of the openings at random"
    )]
    Repeats {
        /// Different games.
        distinct: u64,
        /// All games.
        games: u64,
    },
    /// The games.
    #[error(transparent)]
    Field(#[from] FieldError),
}

/// Where a gate is.
#[derive(Copy, Clone, Debug)]
pub struct GateProgress {
    /// Games that are over.
    pub games: u64,
    /// Most games.
    pub games_max: u64,
    /// Blocks that count.
    pub blocks: u64,
    /// Log-likelihood ratio after them; of a sequential test.
    pub ratio: Option<f64>,
}

/// What a gate came to.
#[derive(Clone, Debug)]
pub struct GateReport {
    /// Name of the run.
    pub run_id: String,
    /// The verdict; none if it was stopped.
    pub verdict: Option<Verdict>,
    /// Log-likelihood ratio after every block; empty for fixed rules.
    pub trail: Vec<f64>,
    /// Blocks by score.
    pub counts: ScoreCounts,
    /// The games that count, in the order of the schedule.
    pub games: Vec<GameRecord>,
    /// Games that the candidate's side won.
    pub wins: u64,
    /// Games that the champion's side won.
    pub losses: u64,
    /// Bytes of a torn last line that was removed from the log.
    pub repaired_bytes: Option<u64>,
}

impl GateReport {
    /// Games that nobody won.
    pub fn undecided(&self) -> u64 {
        self.games.len() as u64 - self.wins - self.losses
    }

    /// Mean score of a block, and where the true one lies with 95 % had the number of blocks been fixed.
    pub fn score(&self) -> (f64, Interval) {
        let mean = self.counts.mean();
        let error = Z * (self.counts.variance() / self.counts.blocks().max(1) as f64).sqrt();
        (mean, Interval { low: (mean - error).max(0.0), high: (mean + error).min(1.0) })
    }
}

impl Gate {
    /// Settings that decide which games are played, and how many count.
    pub fn settings(&self) -> Map<String, Value> {
        let mut settings = self.field.settings();
        settings.insert("gate".into(), self.rule.settings());
        settings
    }

    /// Name of the run: a digest of its settings.
    pub fn run_id(&self) -> String {
        run_id(&self.settings())
    }

    /// Whether it can be run.
    ///
    /// # Errors
    /// [`GateError`]: not two engines, or twice the same.
    pub fn check(&self) -> Result<(), GateError> {
        if self.field.participants.len() != 2 {
            return Err(GateError::Engines(self.field.participants.len()));
        }
        Ok(self.field.check()?)
    }

    /// The games of a block.
    fn tasks(&self, opening: u64) -> Vec<Task> {
        let seats = self.field.players.get();
        let line_up = |candidates: usize| -> Vec<usize> {
            // The odd one out comes first, so that its rotations are all assignments.
            let (first, others) = if candidates == 1 { (CANDIDATE, 1) } else { (1, CANDIDATE) };
            (0..seats).map(|place| if place == 0 { first } else { others }).collect()
        };
        self.rule
            .shape()
            .candidates()
            .into_iter()
            .map(line_up)
            .flat_map(|line_up| {
                let places = assignments(&line_up, Seating::All);
                places.into_iter().map(move |places| Task { opening, line_up: line_up.clone(), places })
            })
            .collect()
    }

    /// Plays until there is a verdict, into a log, or goes on where the log ends. `each` is told of every game; `stop` ends it
    /// early, without a verdict.
    ///
    /// # Errors
    /// [`GateError`]; games that were played before stay in the log.
    pub fn play(
        &self,
        log_path: &Path,
        stop: &AtomicBool,
        mut each: impl FnMut(GateProgress),
    ) -> Result<GateReport, GateError> {
        self.check()?;
        let shape = self.rule.shape();
        let (block_games, seats) = (shape.games() as u64, shape.players().get());
        let blocks_max = self.rule.blocks_max();
        let games_max = blocks_max.saturating_mul(block_games);
        let openings = self.field.opening_set(blocks_max.min(OPENINGS_MAX + 1))?;
        let mut log = self.field.open_log(log_path, &self.settings())?;
        let block = self.tasks(0);
        let task =
            |number: u64| Task { opening: number / block_games, ..block[(number % block_games) as usize].clone() };
        let candidate = self.field.participants[CANDIDATE].id();
        let mut report = GateReport {
            run_id: log.run_id().to_owned(),
            verdict: None,
            trail: Vec::new(),
            counts: ScoreCounts::new(shape),
            games: Vec::new(),
            wins: 0,
            losses: 0,
            repaired_bytes: log.repair().map(|repair| repair.bytes),
        };
        let mut parts = 0;
        let end = self.field.play(&mut log, &openings, 0..games_max, task, stop, |game| {
            let is_candidate = |seat: &usize| game.seats[*seat] == *candidate;
            if game.is_decided() {
                let won = (0..seats).filter(is_candidate).any(|seat| game.ranks[seat] == 1);
                report.wins += u64::from(won);
                report.losses += u64::from(!won);
                parts += if won { seats } else { 0 };
            } else {
                parts += (0..seats).filter(is_candidate).count();
            }
            report.games.push(game.clone());
            if (report.games.len() as u64).is_multiple_of(block_games) {
                report.counts.add(std::mem::take(&mut parts));
                if let GateRule::Sprt(sprt) = &self.rule {
                    report.trail.push(sprt.ratio(&report.counts));
                }
                report.verdict = self.rule.verdict(&report.counts);
            }
            let (games, blocks) = (report.games.len() as u64, report.counts.blocks());
            each(GateProgress { games, games_max, blocks, ratio: report.trail.last().copied() });
            if report.verdict.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        debug_assert!(end == End::Stopped || report.verdict.is_some(), "the cap is a verdict");
        if log.games().len() > report.games.len() {
            return Err(FieldError::from(log.unscheduled(report.games.len() as u64)).into());
        }
        if report.verdict.is_some() {
            check_distinct(&report.games)?;
        }
        Ok(report)
    }
}

/// Whether enough of the games differ.
fn check_distinct(games: &[GameRecord]) -> Result<(), GateError> {
    let share = distinct_share(games);
    if share >= DISTINCT_SHARE_MIN {
        return Ok(());
    }
    let games = games.len() as u64;
    Err(GateError::Repeats { distinct: (share * games as f64).round() as u64, games })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use ringrift_eval::GameRng;
    use ringrift_rules::{BoardKind, PlayerCount};
    use ringrift_selfplay::EngineSpec;

    use super::*;
    use crate::field::Openings;
    use crate::participant::Participant;
    use crate::sprt::{EloModel, LineUps};

    fn gate(players: PlayerCount, engines: [&str; 2], rule: GateRule) -> Gate {
        let board = BoardKind::Hex8;
        let participant =
            |text: &str| Participant::new(text, EngineSpec::parse(text, board, players).unwrap(), board, players);
        let field = Field {
            board,
            players,
            participants: engines.map(participant).to_vec(),
            openings: Openings::Random { decisions: 6 },
            seed: 5,
            moves_max: 2_000,
            jobs: 2,
        };
        Gate { field, rule }
    }

    fn sprt(players: PlayerCount, line_ups: LineUps) -> GateRule {
        let shape = BlockShape::new(players, line_ups);
        GateRule::Sprt(Sprt::new(shape, EloModel::Logistic, [0.0, 150.0], (0.1, 0.1), 120).unwrap())
    }

    fn play(of: &Gate, path: &Path) -> Result<GateReport, GateError> {
        of.play(path, &AtomicBool::new(false), |_| {})
    }

    #[test]
    fn stronger_candidates_pass_and_weaker_ones_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let shapes = [
            (PlayerCount::Two, LineUps::Both),
            (PlayerCount::Three, LineUps::Both),
            (PlayerCount::Three, LineUps::OneCandidate),
            (PlayerCount::Three, LineUps::OneChampion),
            (PlayerCount::Four, LineUps::Both),
        ];
        for (players, line_ups) in shapes {
            let name = |what: &str| folder.path().join(format!("{}_{}_{what}", players.get(), line_ups.name()));
            let better = gate(players, ["minimax:nodes=30", "random"], sprt(players, line_ups));
            let report = play(&better, &name("better")).unwrap();
            assert_eq!(report.verdict, Some(Verdict::Accept), "{players:?} {line_ups:?}: {:?}", report.trail);
            assert_eq!(report.trail.len() as u64, report.counts.blocks());
            assert_eq!(report.games.len(), report.trail.len() * better.rule.shape().games());
            assert!(report.score().0 > better.rule.shape().even());
            let worse = gate(players, ["random", "minimax:nodes=30"], sprt(players, line_ups));
            let report = play(&worse, &name("worse")).unwrap();
            assert_eq!(report.verdict, Some(Verdict::Reject), "{players:?} {line_ups:?}: {:?}", report.trail);
        }
    }

    #[test]
    fn log_of_a_gate_ends_with_its_verdict_whatever_the_threads_and_cuts() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a.jsonl"), folder.path().join("b.jsonl"));
        let mut of = gate(
            PlayerCount::Three,
            ["heuristic", "heuristic:randomness=0.5"],
            sprt(PlayerCount::Three, LineUps::Both),
        );
        let report = play(&of, &path).unwrap();
        let whole = fs::read(&path).unwrap();
        of.field.jobs = 5;
        play(&of, &other).unwrap();
        assert_eq!(fs::read(&other).unwrap(), whole);
        let mut rng = GameRng::new(1, 2, 3);
        for _ in 0..6 {
            fs::write(&other, &whole[..rng.below(whole.len() + 1)]).unwrap();
            let again = play(&of, &other).unwrap();
            assert_eq!((fs::read(&other).unwrap() == whole, &again.trail), (true, &report.trail));
        }
    }

    #[test]
    fn fixed_rule_counts_a_share() {
        let shape = BlockShape::new(PlayerCount::Two, LineUps::Both);
        let rule = FixedRule { shape, games: 20, threshold: 0.55 };
        // By hand: 12 or more of 20 at even chances, 263950 of 2^20; pipeline-pains.md P1 says 25 %.
        assert!((rule.acceptance(0.0) - 263_950.0 / 1_048_576.0).abs() < 1e-12);
        let mut counts = ScoreCounts::new(shape);
        for parts in [4, 4, 4, 4, 4, 1, 0, 0, 0, 2] {
            assert_eq!(GateRule::Fixed(rule).verdict(&counts), None);
            counts.add(parts);
        }
        // 23 of 40 parts: 0.575. Exactly 0.55 does not pass.
        assert_eq!(GateRule::Fixed(rule).verdict(&counts), Some(Verdict::Accept));
        let exact = FixedRule { threshold: 0.575, ..rule };
        assert_eq!(GateRule::Fixed(exact).verdict(&counts), Some(Verdict::Reject));
    }

    /// What is printed of a fixed rule is what happens.
    #[test]
    fn fixed_rule_accepts_as_often_as_is_said() {
        for (players, elo) in [(PlayerCount::Two, 0.0), (PlayerCount::Two, 50.0), (PlayerCount::Three, 0.0)] {
            let shape = BlockShape::new(players, LineUps::OneCandidate);
            let rule = FixedRule { shape, games: 30, threshold: shape.even() + 0.05 };
            let mut rng = GameRng::new(4, 0, 0);
            let (gates, win) = (20_000, shape.expected(elo));
            let accepted = (0..gates).filter(|_| {
                let mut counts = ScoreCounts::new(shape);
                for _ in 0..rule.blocks() {
                    let wins = (0..shape.games()).filter(|_| rng.chance(win)).count();
                    counts.add(wins * players.get());
                }
                GateRule::Fixed(rule).verdict(&counts).is_some_and(Verdict::is_accepted)
            });
            let (measured, said) = (accepted.count() as f64 / f64::from(gates), rule.acceptance(elo));
            assert!(
                (measured - said).abs() < 4.0 * (said * (1.0 - said) / f64::from(gates)).sqrt(),
                "{measured} {said}"
            );
        }
    }

    #[test]
    fn nothing_is_played_between_one_engine_and_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.jsonl");
        let same = gate(PlayerCount::Two, ["d1", "random"], sprt(PlayerCount::Two, LineUps::Both));
        let message = play(&same, &path).unwrap_err().to_string();
        assert!(message.contains("are the same engine") && !path.exists(), "{message}");
    }

    #[test]
    fn repeated_games_are_no_evidence() {
        let folder = tempfile::tempdir().unwrap();
        let players = PlayerCount::Two;
        let of = gate(players, ["heuristic", "random"], sprt(players, LineUps::Both));
        let mut games = play(&of, &folder.path().join("a.jsonl")).unwrap().games;
        assert!(games.len() >= 10 && check_distinct(&games).is_ok());
        let copies = games[..2].to_vec();
        games.extend(copies);
        let message = check_distinct(&games).unwrap_err().to_string();
        assert!(message.starts_with(&format!("only {} of {} games differ", games.len() - 2, games.len())), "{message}");
    }
}
