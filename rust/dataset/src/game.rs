//! Makes the rows of a game by replaying it on the engine.

use ringrift_encode::{ActionIndex, EncodeError, GlobalsOptions, History, Rr1Encoder, Rr1Policy, UpstreamEncoder};
use ringrift_eval::GameRng;
use ringrift_heuristic::EvalGeometry;
use ringrift_replay::{MoveRow, StoredGame, move_from_json_text};
use ringrift_rules::{AnyPosition, Cell, EndReason, Move, MoveKind, Phase};
use sha2::{Digest as _, Sha256};

use crate::heuristics::{FeatureWriter, HeuristicFeatures, feature_writer, follow_markers};
use crate::npz::{Piece, Squeezer};
use crate::plan::{Encoder, Layout, RowPlan};
use crate::policy::soft_targets;
use crate::rows::{Row, Target};
use crate::select::{Dropped, ELO, Facts, Selection};
use crate::values::{GameValues, upstream_values, values};

/// Bytes of planes that are compressed at once.
const PIECE_LEN: usize = 256 << 10;

/// The rows of a game, ready to be put behind those of others.
#[derive(Clone, Debug)]
pub(crate) struct GameRows {
    pub id: String,
    pub rows: Vec<Row>,
    pub targets: Vec<Target>,
    /// Planes of all rows.
    pub planes: Vec<Piece>,
    pub globals: Vec<u8>,
    pub heuristics: Vec<u8>,
    pub total_moves: i32,
    pub values: GameValues,
    pub victory: &'static str,
    pub engine: String,
    pub opponent: String,
    pub opponent_elo: f32,
    pub generator_elo: f32,
    pub quality: f32,
    pub time: f64,
    /// When the game ended, as its record says.
    pub time_text: String,
    /// Rows whose targets are a recorded policy.
    pub soft_rows: u32,
    /// The replay stopped before the end, and the rows are those before.
    pub is_partial: bool,
    /// SHA-256 of what the rows are made from.
    pub digest: [u8; 32],
}

/// What became of a game.
#[derive(Debug)]
pub(crate) enum Made {
    Rows(Box<GameRows>),
    Dropped(Dropped),
    /// It cannot be replayed.
    Failed(String),
}

/// Makes rows; every thread has its own.
pub(crate) struct RowMaker<'a> {
    plan: &'a RowPlan,
    selection: &'a Selection,
    planes: PlaneMaker,
    squeezer: Squeezer,
    features: Option<Box<dyn FeatureWriter>>,
    chunk: Vec<u8>,
}

/// Turns positions into planes and globals, and keeps the frames of earlier ones.
enum PlaneMaker {
    Upstream { encoder: UpstreamEncoder, history: History, row: Vec<f32>, globals: Vec<f32> },
    Rr1 { encoder: Rr1Encoder, globals: Vec<f32> },
}

impl PlaneMaker {
    fn new(plan: &RowPlan) -> Self {
        let globals = vec![0.0; plan.globals()];
        match plan.encoder {
            Encoder::Upstream(encoder) => {
                let history = History::new(encoder.frame_len(plan.board), plan.history_length, plan.history_mode);
                let row = vec![0.0; history.row_len()];
                Self::Upstream { encoder, history, row, globals }
            }
            Encoder::Rr1 => Self::Rr1 { encoder: Rr1Encoder::new(plan.rr1()), globals },
        }
    }

    fn clear(&mut self) {
        match self {
            Self::Upstream { history, .. } => history.clear(),
            Self::Rr1 { encoder, .. } => encoder.clear(),
        }
    }

    /// Takes note of a position that is sampled: upstream's frames are those of the sampled positions before.
    fn see_sampled(&mut self, position: &AnyPosition) -> Result<(), EncodeError> {
        match self {
            Self::Upstream { encoder, history, .. } => history.push(|frame| encoder.encode(position, frame)),
            Self::Rr1 { .. } => Ok(()),
        }
    }

    /// Takes note of a position after its row was made, sampled or not: ours are the positions before.
    fn see_any(&mut self, position: &AnyPosition) -> Result<(), EncodeError> {
        match self {
            Self::Upstream { .. } => Ok(()),
            Self::Rr1 { encoder, .. } => encoder.remember(position),
        }
    }

    /// Adds the row of a position.
    fn write(
        &mut self,
        plan: &RowPlan,
        position: &AnyPosition,
        out: &mut Vec<u8>,
        globals_out: &mut Vec<u8>,
    ) -> Result<(), EncodeError> {
        match self {
            Self::Upstream { encoder, history, row, globals } => {
                history.write(row)?;
                let options = GlobalsOptions { version: plan.feature_version, recorded_moves: position.plies() };
                encoder.encode_globals(position, options, globals)?;
                push_floats(out, row);
                push_floats(globals_out, globals);
            }
            Self::Rr1 { encoder, globals } => {
                let begin = out.len();
                out.resize(begin + encoder.layout().packed_len(), 0);
                encoder.encode_packed(position, &mut out[begin..], globals)?;
                push_floats(globals_out, globals);
            }
        }
        Ok(())
    }
}

/// The policy index of a move.
pub(crate) fn policy_index(plan: &RowPlan, position: &AnyPosition, mv: Move) -> Option<ActionIndex> {
    match plan.encoder {
        Encoder::Upstream(_) => plan.policy.index(position, mv),
        Encoder::Rr1 => Rr1Policy::of(plan.board).index(position, mv),
    }
}

impl std::fmt::Debug for RowMaker<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RowMaker").field("plan", &self.plan).finish_non_exhaustive()
    }
}

impl<'a> RowMaker<'a> {
    pub fn new(plan: &'a RowPlan, selection: &'a Selection) -> Self {
        // Upstream computes its features, in play too, by its own geometry.
        let geometry = if plan.encoder == Encoder::Rr1 { EvalGeometry::True } else { EvalGeometry::Compat };
        let features = plan.heuristics.map(|features| feature_writer(plan.board, features, geometry));
        Self {
            plan,
            selection,
            planes: PlaneMaker::new(plan),
            squeezer: Squeezer::new(plan.planes_method()),
            features,
            chunk: Vec::with_capacity(PIECE_LEN * 2),
        }
    }

    /// The rows of a game, at most so many.
    pub fn make(&mut self, game: &StoredGame, rows_max: Option<u64>) -> Made {
        let facts = Facts::of(game);
        let layout = self.plan.layout;
        if let Err(reason) = self.selection.check(game, &facts, layout) {
            return Made::Dropped(reason);
        }
        let strict = !layout.is_upstream();
        if strict && game.moves.len() as i64 != game.row.total_moves {
            return Made::Failed(format!("it should have {} moves and has {}", game.row.total_moves, game.moves.len()));
        }
        let start = match game.start() {
            Ok(start) => start,
            Err(error) => return Made::Failed(first_line(&error)),
        };
        let (board, players) = (start.position.board(), start.position.players());
        if (board, players) != (self.plan.board, self.plan.players) {
            return Made::Failed(format!(
                "its state is of {board} with {} players, its row says {} with {}",
                players.get(),
                game.row.board,
                game.row.num_players
            ));
        }
        let mut pass = Pass::new(game, start.position, start.marker_order);
        let failure = match self.rows(game, &mut pass, rows_max.unwrap_or(u64::MAX)) {
            Ok(()) => None,
            Err(_) if layout == Layout::UpstreamSingle && !pass.rows.is_empty() => Some(()),
            Err(what) => return Made::Failed(what),
        };
        self.finish(game, facts, pass, failure.is_some())
    }

    /// Replays the moves and makes the rows on the way.
    fn rows(&mut self, game: &StoredGame, pass: &mut Pass, rows_max: u64) -> Result<(), String> {
        let plan = self.plan;
        self.planes.clear();
        self.chunk.clear();
        // Upstream stops the replay where it stops taking rows.
        let last = [plan.move_index_max, self.selection.cutoffs.get(&game.row.id).copied()].into_iter().flatten().min();
        for (number, stored) in (0_u32..).zip(&game.moves) {
            let is_past = last.is_some_and(|last| number > last);
            if is_past && plan.layout == Layout::UpstreamSingle {
                break;
            }
            if stored.number != i64::from(number) {
                return Err(format!("move {number} is missing, the next one is {}", stored.number));
            }
            let parsed = move_from_json_text(&pass.position, &stored.json);
            let mv = parsed.map_err(|error| format!("move {number}: {}", first_line(&error)))?;
            let is_wanted = !is_past && number % plan.sample_every == 0 && (pass.rows.len() as u64) < rows_max;
            if is_wanted {
                self.sample(pass, number, mv, stored)?;
            }
            self.planes.see_any(&pass.position).map_err(|error| first_line(&error))?;
            pass.position.make_move(mv);
            if self.features.is_some() {
                follow_markers(&mut pass.marker_order, &pass.position);
            }
        }
        if !self.chunk.is_empty() {
            pass.planes.push(self.squeezer.piece(&self.chunk));
        }
        Ok(())
    }

    /// Makes the row of a position, unless its move has no index or the draw is against it. Its frame is history for later
    /// rows in any case.
    fn sample(&mut self, pass: &mut Pass, number: u32, mv: Move, stored: &MoveRow) -> Result<(), String> {
        let plan = self.plan;
        let position = &pass.position;
        self.planes.see_sampled(position).map_err(|error| first_line(&error))?;
        let Some(index) = policy_index(plan, position, mv) else { return Ok(()) };
        if plan.sample_rate < 1.0 && !GameRng::new(plan.seed, pass.key, number.into()).chance(plan.sample_rate) {
            return Ok(());
        }
        let begin = self.chunk.len();
        let written = self.planes.write(plan, position, &mut self.chunk, &mut pass.globals);
        written.map_err(|error| first_line(&error))?;
        let row_len = self.chunk.len() - begin;
        if let Some(features) = &self.features {
            let mut list = Vec::with_capacity(64);
            let is_compat = plan.encoder != Encoder::Rr1;
            match stored.heuristic_features.as_deref().and_then(|bytes| self.cached_features(bytes)) {
                Some(cached) => list = cached,
                None => features.write(position, is_compat.then_some(&*pass.marker_order), &mut list),
            }
            push_floats(&mut pass.heuristics, &list);
        }
        let soft = if plan.soft_targets { soft_targets(plan, position, stored, &mut pass.targets) } else { None };
        pass.soft_rows += u32::from(soft.is_some());
        if soft.is_none() {
            pass.targets.push((index.get(), 1.0));
        }
        pass.rows.push(Row {
            move_number: number,
            player: position.to_move().number(),
            phase: place(&Phase::ALL, position.phase()),
            kind: place(&MoveKind::ALL, mv.kind()),
            targets: soft.unwrap_or(1),
        });
        if self.chunk.len() + row_len > PIECE_LEN {
            pass.planes.push(self.squeezer.piece(&self.chunk));
            self.chunk.clear();
        }
        Ok(())
    }

    /// Features that the database has for the row, which upstream's single-threaded exporter takes as they are.
    fn cached_features(&self, bytes: &[u8]) -> Option<Vec<f32>> {
        let is_taken = self.plan.layout == Layout::UpstreamSingle
            && self.plan.heuristics == Some(HeuristicFeatures::Fast)
            && bytes.len() == 4 * HeuristicFeatures::Fast.len();
        let float = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
        is_taken.then(|| bytes.chunks_exact(4).map(float).collect())
    }

    fn finish(&self, game: &StoredGame, facts: Facts, pass: Pass, is_partial: bool) -> Made {
        let (plan, row) = (self.plan, &game.row);
        let outcome = pass.position.outcome();
        let won = outcome.map(|outcome| i64::from(outcome.winner.number()));
        let recorded = row.winner;
        let is_seat = |winner: i64| (1..=plan.players.get() as i64).contains(&winner);
        if pass.rows.is_empty() {
            return Made::Dropped(Dropped::NoRows);
        }
        let values = match plan.layout {
            Layout::Plain | Layout::Packed => {
                let Some(won) = won else { return Made::Dropped(Dropped::NoWinner) };
                if recorded.is_some_and(|recorded| recorded != won) {
                    return Made::Failed(format!(
                        "player {} has won by its record and player {won} by its moves",
                        recorded.unwrap_or(0)
                    ));
                }
                values(&pass.position, plan.values)
            }
            // The winner of the state counts, and that of the row where it stopped early; without any it has no rows.
            Layout::UpstreamSingle => {
                let Some(winner) = won.or(recorded).filter(|&winner| winner != 0) else {
                    return Made::Dropped(Dropped::NoWinner);
                };
                upstream_values(&pass.position, if is_partial { Some(winner) } else { won }, plan.values)
            }
            Layout::UpstreamParallel => {
                if plan.players.get() > 2 && recorded.is_some_and(|winner| !is_seat(winner)) {
                    return Made::Dropped(Dropped::NoWinner);
                }
                let Some(winner) = recorded.or(won) else { return Made::Dropped(Dropped::NoWinner) };
                upstream_values(&pass.position, Some(winner), plan.values)
            }
        };
        let is_upstream = plan.layout.is_upstream();
        let victory = match outcome {
            Some(outcome) if !is_upstream => victory_name(outcome.reason),
            _ => facts.recorded_victory,
        };
        let engine = if is_upstream {
            facts.source_engine.to_owned()
        } else {
            engine_name(row.engine_mode.as_deref(), facts.source_engine)
        };
        let total = if plan.layout == Layout::UpstreamSingle { row.total_moves } else { game.moves.len() as i64 };
        let time_text = row.completed_at.as_deref().filter(|time| !time.is_empty()).unwrap_or(&row.created_at);
        Made::Rows(Box::new(GameRows {
            id: row.id.clone(),
            rows: pass.rows,
            targets: pass.targets,
            planes: pass.planes,
            globals: pass.globals,
            heuristics: pass.heuristics,
            total_moves: i32::try_from(total).unwrap_or(i32::MAX),
            values,
            victory,
            engine,
            opponent: facts.opponent,
            opponent_elo: ELO as f32,
            generator_elo: facts.generator_elo as f32,
            quality: facts.quality as f32,
            time: facts.time,
            time_text: time_text.to_owned(),
            soft_rows: pass.soft_rows,
            is_partial,
            digest: digest(game),
        }))
    }
}

/// One game on its way through the maker.
struct Pass {
    position: AnyPosition,
    /// Markers in upstream's order; followed only if features are wanted.
    marker_order: Vec<Cell>,
    /// Number of the game for draws.
    key: u64,
    rows: Vec<Row>,
    targets: Vec<Target>,
    planes: Vec<Piece>,
    globals: Vec<u8>,
    heuristics: Vec<u8>,
    soft_rows: u32,
}

impl Pass {
    fn new(game: &StoredGame, position: AnyPosition, marker_order: Vec<Cell>) -> Self {
        let digest = Sha256::digest(game.row.id.as_bytes());
        let key = u64::from_le_bytes(digest[..8].try_into().expect("eight bytes"));
        Self {
            position,
            marker_order,
            key,
            rows: Vec::new(),
            targets: Vec::new(),
            planes: Vec::new(),
            globals: Vec::new(),
            heuristics: Vec::new(),
            soft_rows: 0,
        }
    }
}

fn push_floats(out: &mut Vec<u8>, values: &[f32]) {
    let begin = out.len();
    out.resize(begin + 4 * values.len(), 0);
    for (bytes, value) in out[begin..].chunks_exact_mut(4).zip(values) {
        bytes.copy_from_slice(&value.to_le_bytes());
    }
}

fn place<T: PartialEq + Copy>(all: &[T], wanted: T) -> u8 {
    all.iter().position(|one| *one == wanted).map_or(u8::MAX, |place| place as u8)
}

/// The first line of an error: its hint is not for lists of games.
pub(crate) fn first_line(error: &impl std::fmt::Display) -> String {
    error.to_string().lines().next().unwrap_or_default().to_owned()
}

/// Endings under upstream's names for training.
const fn victory_name(reason: EndReason) -> &'static str {
    match reason {
        EndReason::RingElimination => "elimination",
        EndReason::Territory => "territory",
        EndReason::LastPlayerStanding => "lps",
        EndReason::Stalemate => "stalemate",
    }
}

/// The engine of a game under upstream's name for training, by the engine mode of its run.
fn engine_name(mode: Option<&str>, otherwise: &str) -> String {
    match mode.map(|mode| mode.trim_end_matches("-only").trim_end_matches("_only")) {
        None | Some("") => otherwise.to_owned(),
        Some(mode) if mode.starts_with("gumbel") => "gumbel_mcts".to_owned(),
        Some("policy") => "policy_only".to_owned(),
        Some(mode) => mode.replace('-', "_"),
    }
}

/// SHA-256 of what the rows are made from: name, result, start, moves and recorded policies.
fn digest(game: &StoredGame) -> [u8; 32] {
    let mut hasher = Sha256::new();
    let mut add = |part: &str| {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    add(&game.row.id);
    add(&game.row.status);
    add(&game.row.winner.unwrap_or(0).to_string());
    add(game.initial_json.as_deref().unwrap_or(""));
    for stored in &game.moves {
        add(&stored.json);
        add(stored.move_probs.as_deref().unwrap_or(""));
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn engines_have_upstreams_names() {
        let names = ["gumbel-mcts-only", "mcts-only", "heuristic-only", "random-only", "policy-only", "mixed"];
        let named = names.map(|mode| engine_name(Some(mode), "unknown"));
        assert_eq!(named, ["gumbel_mcts", "mcts", "heuristic", "random", "policy_only", "mixed"]);
        assert_eq!(engine_name(None, "descent"), "descent");
    }
}
