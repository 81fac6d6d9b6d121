//! The state of a game, and the plain questions one can ask about it.

use std::collections::BTreeMap;

use super::board::{BoardName, Cell};
use super::moves::Move;
use super::outcome::Ending;

/// Seat number, 1 to 4.
pub type Seat = u8;

/// Part of a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    RingPlacement,
    Movement,
    Capture,
    ChainCapture,
    LineProcessing,
    TerritoryProcessing,
    ForcedElimination,
    GameOver,
}

/// Whether the game goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Active,
    Completed,
}

/// The numbers of a game that can be chosen.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Rings in every hand at the start.
    pub rings_per_player: u32,
    /// Exclusive rounds that win the game.
    pub lps_rounds: u32,
    /// Whether the second of two players may swap seats at the first ply.
    pub swap_rule: bool,
    /// Eliminated rings that win the game.
    pub victory_threshold: u32,
    /// Cells that win the game, together with a majority over all opponents.
    pub territory_threshold: u32,
    /// Replaces `territory_threshold` when present.
    pub territory_minimum: Option<u32>,
}

/// A column of rings, owners listed bottom to top. Never empty.
#[derive(Clone, Debug)]
pub struct Stack {
    pub cell: Cell,
    pub rings: Vec<Seat>,
}

/// One seat.
#[derive(Clone, Debug)]
pub struct Player {
    pub id: String,
    pub hand: u32,
    /// Rings this player caused to be eliminated, of any colour.
    pub eliminated: u32,
    /// Running count of cells collapsed for this player.
    pub territory: u32,
}

/// A chain of captures in progress.
#[derive(Clone, Debug)]
pub struct Chain {
    pub player: Seat,
    pub start: Cell,
    pub current: Cell,
    /// Cells jumped from.
    pub visited: Vec<Cell>,
}

/// Round tracking of the last-player-standing rule.
#[derive(Clone, Debug)]
pub struct Lps {
    pub round: u32,
    pub first: Option<Seat>,
    pub exclusive: Option<Seat>,
    pub consecutive_player: Option<Seat>,
    pub consecutive_rounds: u32,
    pub required: u32,
    /// Seats seen this round, with whether they had a real action.
    pub mask: BTreeMap<Seat, bool>,
}

/// One entry of the history.
#[derive(Clone, Debug)]
pub struct Played {
    pub player: Seat,
    pub mv: Move,
}

/// A whole game: position, counters and history.
#[derive(Clone, Debug)]
pub struct State {
    pub(super) board: BoardName,
    pub(super) rules: Rules,
    pub(super) players: Vec<Player>,
    /// In insertion order. A departing stack loses its place, its landing cell comes last.
    pub(super) stacks: Vec<Stack>,
    pub(super) markers: BTreeMap<Cell, Seat>,
    pub(super) collapsed: BTreeMap<Cell, Seat>,
    pub(super) phase: Phase,
    pub(super) player: Seat,
    pub(super) status: Status,
    pub(super) winner: Option<Seat>,
    pub(super) eliminated_total: u32,
    /// The board's own count of rings eliminated, by the player who caused it.
    pub(super) eliminated_by: BTreeMap<Seat, u32>,
    pub(super) must_move: Option<Cell>,
    /// A full line was collapsed and still has to be paid for.
    pub(super) pending_line: bool,
    pub(super) chain: Option<Chain>,
    pub(super) lps: Lps,
    pub(super) history: Vec<Played>,
    /// Number of the running turn, from 1.
    pub(super) turn: u32,
    /// By seat: the turn in which the last ring was lost, 0 for before the first turn.
    pub(super) ringless_since: Vec<Option<u32>>,
    pub(super) ending: Option<Ending>,
}

impl Stack {
    /// Owner of the top ring.
    pub fn controller(&self) -> Seat {
        controller(&self.rings)
    }
}

/// Owner of the top ring of a column.
pub fn controller(rings: &[Seat]) -> Seat {
    *rings.last().expect("a stack has at least one ring")
}

/// Number of rings from the top that belong to the controller.
pub fn cap_height(rings: &[Seat]) -> usize {
    let top = controller(rings);
    rings.iter().rev().take_while(|&&ring| ring == top).count()
}

/// Whether the column holds a ring of the player below its top ring.
pub fn has_buried_ring(rings: &[Seat], player: Seat) -> bool {
    rings[..rings.len() - 1].contains(&player)
}

impl Rules {
    /// The rules of a standard game.
    pub fn standard(board: BoardName, players: u8) -> Self {
        Self::with_rings(board, players, board.standard_rings())
    }

    /// The rules of a game with another number of rings per player.
    pub fn with_rings(board: BoardName, players: u8, rings: u32) -> Self {
        Self {
            rings_per_player: rings,
            lps_rounds: 3,
            swap_rule: false,
            // R * (2/3 + (n-1)/3), rounded to the nearest integer.
            victory_threshold: (2 * rings * (u32::from(players) + 1) + 3) / 6,
            territory_threshold: board.cells().len() as u32 / 2 + 1,
            territory_minimum: None,
        }
    }
}

impl State {
    /// The start of a standard game.
    pub fn initial(board: BoardName, players: u8) -> Self {
        Self::initial_with(board, players, Rules::standard(board, players))
    }

    /// The start of a game under other rules.
    pub fn initial_with(board: BoardName, players: u8, rules: Rules) -> Self {
        assert!((2..=4).contains(&players), "2 to 4 players");
        Self {
            board,
            players: (1..=players)
                .map(|seat| Player {
                    id: format!("p{seat}"),
                    hand: rules.rings_per_player,
                    eliminated: 0,
                    territory: 0,
                })
                .collect(),
            stacks: Vec::new(),
            markers: BTreeMap::new(),
            collapsed: BTreeMap::new(),
            phase: Phase::RingPlacement,
            player: 1,
            status: Status::Active,
            winner: None,
            eliminated_total: 0,
            eliminated_by: BTreeMap::new(),
            must_move: None,
            pending_line: false,
            chain: None,
            lps: Lps {
                round: 0,
                first: None,
                exclusive: None,
                consecutive_player: None,
                consecutive_rounds: 0,
                required: rules.lps_rounds,
                mask: BTreeMap::new(),
            },
            history: Vec::new(),
            turn: 1,
            ringless_since: vec![None; usize::from(players)],
            ending: None,
            rules,
        }
    }

    /// Collapsed cells owned, by seat.
    pub fn territory(&self) -> Vec<u32> {
        self.seats().map(|seat| self.collapsed_of(seat)).collect()
    }

    pub(super) fn seats(&self) -> std::ops::RangeInclusive<Seat> {
        1..=self.players.len() as Seat
    }

    pub(super) fn seat(&self, seat: Seat) -> &Player {
        &self.players[usize::from(seat) - 1]
    }

    pub(super) fn seat_mut(&mut self, seat: Seat) -> &mut Player {
        &mut self.players[usize::from(seat) - 1]
    }

    pub(super) fn line_length(&self) -> usize {
        self.board.line_length(self.players.len() as u8)
    }

    pub(super) fn stack_at(&self, cell: Cell) -> Option<&Stack> {
        self.stacks.iter().find(|stack| stack.cell == cell)
    }

    pub(super) fn is_collapsed(&self, cell: Cell) -> bool {
        self.collapsed.contains_key(&cell)
    }

    /// Stacks whose top ring belongs to the player, in container order.
    pub(super) fn controlled(&self, player: Seat) -> impl Iterator<Item = &Stack> {
        self.stacks.iter().filter(move |stack| stack.controller() == player)
    }

    pub(super) fn controls_a_stack(&self, player: Seat) -> bool {
        self.controlled(player).next().is_some()
    }

    /// Rings of the player on the board, buried ones included.
    pub(super) fn rings_on_board(&self, player: Seat) -> u32 {
        let rings = self.stacks.iter().flat_map(|stack| &stack.rings);
        rings.filter(|&&ring| ring == player).count() as u32
    }

    /// Whether the player has a ring in hand or anywhere on the board.
    pub(super) fn has_rings(&self, player: Seat) -> bool {
        self.seat(player).hand > 0 || self.rings_on_board(player) > 0
    }

    pub(super) fn collapsed_of(&self, player: Seat) -> u32 {
        self.collapsed.values().filter(|&&o| o == player).count() as u32
    }

    pub(super) fn markers_of(&self, player: Seat) -> u32 {
        self.markers.values().filter(|&&o| o == player).count() as u32
    }

    /// The moves made since another player last moved, latest first. When all others are out of
    /// the game, this reaches back into the mover's earlier turns.
    pub(super) fn own_latest_moves(&self, player: Seat) -> impl Iterator<Item = &Move> {
        self.history.iter().rev().take_while(move |played| played.player == player).map(|played| &played.mv)
    }
}
