//! Move histories of states: what the rules need of them, and replaying them where the state alone does not say enough.

use ringrift_rules::{
    AnyPosition, Cell, Geometry, HistoryMarks, LpsState, MoveKind, Phase, PlayerId, Setup, Strictness,
};
use serde_json::Value;

use super::{
    move_read::{kind_of_type, move_from_json},
    state::Envelope,
    tree::{Node, shorten},
};

/// Longest history that is replayed to settle facts that the state leaves open. Games have at most a few thousand moves.
const REPLAY_MAX: usize = 20_000;

/// What the rules need of the moves so far.
#[derive(Clone, Debug)]
pub(crate) struct History {
    marks: HistoryMarks,
    /// Turns begun by these moves.
    turns: u32,
    /// Turn of each seat's last move.
    last_turn: [u32; 4],
    last_kind: Option<MoveKind>,
}

impl Default for History {
    fn default() -> Self {
        Self { marks: HistoryMarks::default(), turns: 0, last_turn: [1; 4], last_kind: None }
    }
}

/// Reads type, player and landing cell of every move.
pub(crate) fn read_history(node: &Node<'_, '_>, geometry: &Geometry) -> History {
    let mut history = History::default();
    for item in node.items() {
        if item.object().is_none() {
            continue;
        }
        let kind = item.require("type", "a move type").and_then(|node| kind_of(&node));
        let player = item
            .require("player", "a player number")
            .and_then(|node| node.number(1, 4))
            .and_then(PlayerId::try_from_number);
        let (Some(kind), Some(player)) = (kind, player) else { continue };
        let HistoryKind::Played(kind) = kind else {
            // The game ended outside the rules.
            history.marks.plies += 1;
            continue;
        };
        history.note(&item, player, kind, geometry);
    }
    history
}

enum HistoryKind {
    Played(MoveKind),
    /// `resign` or `timeout`.
    Ended,
}

/// The kind of a recorded move. Histories may name types that cannot be replayed but whose meaning for the marks is
/// clear.
fn kind_of(node: &Node<'_, '_>) -> Option<HistoryKind> {
    let name = node.text()?;
    match name {
        "resign" | "timeout" => Some(HistoryKind::Ended),
        "move_ring" | "build_stack" => Some(HistoryKind::Played(MoveKind::MoveStack)),
        _ => match kind_of_type(name) {
            Ok(kind) => Some(HistoryKind::Played(kind)),
            Err(_) => {
                node.fault_got("a move type such as place_ring or move_stack", format!("{:?}", shorten(name)));
                None
            }
        },
    }
}

impl History {
    fn note(&mut self, item: &Node<'_, '_>, player: PlayerId, kind: MoveKind, geometry: &Geometry) {
        let landing: Option<Cell> = match kind {
            MoveKind::PlaceRing
            | MoveKind::MoveStack
            | MoveKind::OvertakingCapture
            | MoveKind::ContinueCaptureSegment
            | MoveKind::RecoverySlide => item.require("to", "coordinates").and_then(|node| node.cell(geometry)),
            _ => None,
        };
        // Every turn opens with exactly one of these.
        if matches!(kind, MoveKind::PlaceRing | MoveKind::SkipPlacement | MoveKind::NoPlacementAction) {
            self.turns += 1;
        }
        self.marks.record(player, kind, landing);
        self.last_turn[player.index()] = self.turns.max(1);
        self.last_kind = Some(kind);
    }

    /// Puts the marks, the turn and the turns of elimination into a setup whose board and hands are filled.
    pub(crate) fn fill(&self, setup: &mut Setup, envelope: &Envelope) {
        setup.history = self.marks;
        // Exchanged identities show a swap even where the history is left out.
        setup.history.swapped |=
            envelope.seats.len() == 2 && envelope.seats[0].id == "p2" && envelope.seats[1].id == "p1";
        let begun = match setup.phase {
            Phase::RingPlacement => true,
            // The turn passes before the victory check that follows a forced elimination.
            Phase::GameOver => self.last_kind == Some(MoveKind::ForcedElimination),
            _ => false,
        };
        setup.turn = (self.turns + u32::from(begun)).max(1);
        for (i, turn) in setup.eliminated_in_turn.iter_mut().enumerate() {
            let owns = |ring: &u64| *ring == i as u64 + 1;
            if setup.hand[i] == 0 && !setup.stacks.iter().any(|stack| stack.rings.iter().any(owns)) {
                *turn = self.last_turn[i];
            }
        }
    }
}

/// The position with what only a replay of its history can tell: in which turn players lost their last ring, by which
/// rule a game ended, and from which phase.
///
/// The replay is made only where one of these matters and the history goes back to the start of the game. What it tells
/// is taken if it leads to the same position otherwise; else the position stays as the state alone has it.
pub(crate) fn adopt_replayed(position: AnyPosition, moves: &[Value], history: &History) -> AnyPosition {
    let matters =
        position.outcome().is_some() || position.players().seats().any(|player| !position.has_any_ring(player));
    if !matters || moves.is_empty() || moves.len() > REPLAY_MAX || history.marks.plies as usize != moves.len() {
        return position;
    }
    let mut replayed = AnyPosition::initial(position.board(), position.players(), *position.rules());
    for json in moves {
        match move_from_json(&replayed, json) {
            Ok(mv) => replayed.make_move(mv),
            Err(_) => return position,
        }
    }
    let (told, setup) = (replayed.to_setup(), position.to_setup());
    // Upstream's searches share the notes of a round, and the chain, between a state and its successors: recorded ones
    // may be those of another state.
    let comparable = |setup: &Setup| Setup {
        turn: 1,
        eliminated_in_turn: Vec::new(),
        end_reason: None,
        ended_from: None,
        chain: None,
        lps: LpsState { noted: 0, able: 0, ..setup.lps },
        ..setup.clone()
    };
    if comparable(&told) != comparable(&setup) {
        return position;
    }
    let Setup { turn, eliminated_in_turn, end_reason, ended_from, .. } = told;
    let settled = Setup { turn, eliminated_in_turn, end_reason, ended_from, ..setup };
    settled.into_position_if(Strictness::Storable).unwrap_or(position)
}

/// A finished position with the phase and player before the last victory check, found by its persisted zobrist hash,
/// which keeps them; unchanged where no pair gives the hash.
pub(crate) fn recover_end(position: AnyPosition, hash: u64) -> AnyPosition {
    if position.outcome().is_none() || position.persisted_zobrist() == hash {
        return position;
    }
    let setup = position.to_setup();
    for phase in Phase::ALL {
        for player in position.players().seats() {
            let ended_from = Some((phase, u64::from(player.number())));
            let candidate = Setup { ended_from, ..setup.clone() }.into_position_if(Strictness::Storable);
            if let Ok(candidate) = candidate
                && candidate.persisted_zobrist() == hash
            {
                return candidate;
            }
        }
    }
    position
}
