//! Move text: the canonical move strings of recorded traces.
//!
//! | text | move |
//! |---|---|
//! | `PKxN` | `place_ring`, N rings on K |
//! | `sP`, `nP`, `SW` | `skip_placement`, `no_placement_action`, `swap_sides` |
//! | `MK>K` | `move_stack` |
//! | `CK*K>K`, `KK*K>K` | `overtaking_capture`, `continue_capture_segment`: from, target, landing |
//! | `sC`, `nM`, `sR` | `skip_capture`, `no_movement_action`, `skip_recovery` |
//! | `Rl1:K>K` | `recovery_slide` that collapses a whole line |
//! | `Rl2:K>K=K>K` | the same for the first cells of an overlong line, with first and last of them |
//! | `Rf:K>K@K`, `Rs:K>K@K` | fallback and stack strike, with the stack that pays |
//! | `LK>K` | `process_line`, first and last cell |
//! | `OK>K=K>K` | `choose_line_option`: line, then what collapses |
//! | `nL` | `no_line_action` |
//! | `ElK`, `EtK`, `ErK` | `eliminate_rings_from_stack` for a line, a region, a region after recovery |
//! | `TK#N#H` | `choose_territory_option`: bytewise smallest cell key, number of cells, first 8 hex digits of the SHA-256 of the sorted keys joined with `;` |
//! | `sT`, `nT` | `skip_territory_processing`, `no_territory_action` |
//! | `FK` | `forced_elimination` |
//!
//! `K` is a position key, `x,y` or `x,y,z`.

use sha2::{Digest as _, Sha256};

use crate::{
    any::AnyPosition,
    bits::CellSet,
    board::Board,
    cell::Cell,
    geometry::Geometry,
    moves::{EliminationContext, LineSpan, Move, MoveList, RecoveryMode},
    phase::Phase,
    player::PlayerId,
    position::Position,
    with_position,
};

/// A text that is no legal move of the position it was read for.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ParseMoveError {
    /// Not a move at all.
    #[error("{text:?} is not a move\nhint: {example} is one here; a cell is written {cell}")]
    Malformed {
        /// The text, shortened.
        text: String,
        /// A legal move of the position.
        example: String,
        /// A cell of the board.
        cell: &'static str,
    },
    /// A move, but not a legal one.
    #[error("{text} is not legal for player {player} in {phase}\nhint: {hint}")]
    Illegal {
        /// The text.
        text: String,
        /// Player to move.
        player: PlayerId,
        /// Current phase.
        phase: Phase,
        /// What is legal instead.
        hint: String,
    },
}

impl<B: Board> Position<B> {
    /// Text of a legal move.
    pub fn format_move(&self, mv: Move) -> String {
        let mut out = String::with_capacity(24);
        self.write_move(mv, &mut out);
        out
    }

    /// Appends the text of a legal move.
    pub fn write_move(&self, mv: Move, out: &mut String) {
        let key = |cell: Cell, out: &mut String| B::geometry().write_key(cell, out);
        let pair = |from: Cell, by: char, to: Cell, out: &mut String| {
            key(from, out);
            out.push(by);
            key(to, out);
        };
        match mv {
            Move::PlaceRing { to, count } => {
                out.push('P');
                key(to, out);
                out.push('x');
                out.push(char::from(b'0' + count));
            }
            Move::SkipPlacement => out.push_str("sP"),
            Move::NoPlacementAction => out.push_str("nP"),
            Move::SwapSides => out.push_str("SW"),
            Move::MoveStack { from, to } => {
                out.push('M');
                pair(from, '>', to, out);
            }
            Move::OvertakingCapture { from, over, to } | Move::ContinueCaptureSegment { from, over, to } => {
                let first = matches!(mv, Move::OvertakingCapture { .. });
                out.push(if first { 'C' } else { 'K' });
                pair(from, '*', over, out);
                out.push('>');
                key(to, out);
            }
            Move::SkipCapture => out.push_str("sC"),
            Move::NoMovementAction => out.push_str("nM"),
            Move::RecoverySlide { from, to, mode } => self.write_recovery(from, to, mode, out),
            Move::SkipRecovery => out.push_str("sR"),
            Move::ProcessLine { line } => {
                out.push('L');
                Self::write_segment(line, 0, line.len(), out);
            }
            Move::ChooseLineOption { line, window } => {
                out.push('O');
                Self::write_segment(line, 0, line.len(), out);
                out.push('=');
                match window.start() {
                    Some(start) => Self::write_segment(line, start, self.line_length(), out),
                    None => Self::write_segment(line, 0, line.len(), out),
                }
            }
            Move::NoLineAction => out.push_str("nL"),
            Move::EliminateRingsFromStack { from, context } => {
                out.push_str(match context {
                    EliminationContext::Line => "El",
                    EliminationContext::Territory => "Et",
                    EliminationContext::Recovery => "Er",
                });
                key(from, out);
            }
            Move::ChooseTerritoryOption { region } => Self::write_region(self.region_cells(region), out),
            Move::SkipTerritoryProcessing => out.push_str("sT"),
            Move::NoTerritoryAction => out.push_str("nT"),
            Move::ForcedElimination { from } => {
                out.push('F');
                key(from, out);
            }
        }
    }

    /// First and last of `count` cells of a line from `start` on.
    fn write_segment(line: LineSpan, start: u32, count: u32, out: &mut String) {
        let step = B::AXIS_STEPS[line.axis()];
        B::geometry().write_key(line.first.offset(step, start), out);
        out.push('>');
        B::geometry().write_key(line.first.offset(step, start + count - 1), out);
    }

    fn write_recovery(&self, from: Cell, to: Cell, mode: RecoveryMode, out: &mut String) {
        out.push_str(match mode {
            RecoveryMode::LineAll => "Rl1:",
            RecoveryMode::LineSegment => "Rl2:",
            RecoveryMode::Fallback => "Rf:",
            RecoveryMode::StackStrike => "Rs:",
        });
        B::geometry().write_key(from, out);
        out.push('>');
        B::geometry().write_key(to, out);
        match mode {
            RecoveryMode::LineAll => {}
            RecoveryMode::LineSegment => {
                if let Some(line) = self.recovery_line(self.to_move, from, to) {
                    out.push('=');
                    Self::write_segment(line, 0, self.line_length(), out);
                }
            }
            RecoveryMode::Fallback | RecoveryMode::StackStrike => {
                out.push('@');
                match self.recovery_payer(self.to_move) {
                    Some(payer) => B::geometry().write_key(payer, out),
                    None => out.push('-'),
                }
            }
        }
    }

    fn write_region(cells: B::Cells, out: &mut String) {
        use std::fmt::Write as _;

        let geometry = B::geometry();
        let mut keys = String::new();
        let mut smallest = 0;
        for &index in &geometry.key_order[..geometry.cell_count()] {
            if cells.contains(Cell::from_index(index)) {
                if keys.is_empty() {
                    geometry.write_key(Cell::from_index(index), &mut keys);
                    smallest = keys.len();
                } else {
                    keys.push(';');
                    geometry.write_key(Cell::from_index(index), &mut keys);
                }
            }
        }
        let digest = Sha256::digest(keys.as_bytes());
        let _ = write!(out, "T{}#{}#", &keys[..smallest], cells.count());
        for byte in &digest[..4] {
            let _ = write!(out, "{byte:02x}");
        }
    }

    /// The legal move of a text.
    ///
    /// # Errors
    /// [`ParseMoveError`] says whether the text is no move at all, or not a legal one here.
    pub fn parse_move(&self, text: &str) -> Result<Move, ParseMoveError> {
        let mut list = MoveList::new();
        self.legal_moves(&mut list);
        let mut buffer = String::new();
        for &mv in &list {
            buffer.clear();
            self.write_move(mv, &mut buffer);
            if buffer == text {
                return Ok(mv);
            }
        }
        let example = list.first().map(|&mv| self.format_move(mv));
        if is_move_text(B::geometry(), text) {
            let hint = match (example, list.len()) {
                (None, _) => "the game is over".into(),
                (Some(only), 1) => format!("only {only} is legal here"),
                (Some(one), count) => format!("{count} moves are legal here, {one} among them"),
            };
            return Err(ParseMoveError::Illegal { text: text.into(), player: self.to_move, phase: self.phase, hint });
        }
        let cell = if B::AXIS_STEPS.len() == 4 { "x,y" } else { "x,y,z" };
        let text = text.chars().take(60).collect();
        Err(ParseMoveError::Malformed { text, example: example.unwrap_or_else(|| "nL".into()), cell })
    }
}

impl AnyPosition {
    /// See [`Position::format_move`].
    pub fn format_move(&self, mv: Move) -> String {
        with_position!(self, position => position.format_move(mv))
    }

    /// See [`Position::parse_move`].
    ///
    /// # Errors
    /// [`ParseMoveError`].
    pub fn parse_move(&self, text: &str) -> Result<Move, ParseMoveError> {
        with_position!(self, position => position.parse_move(text))
    }
}

/// Whether a text has the form of a move on this board.
fn is_move_text(geometry: &Geometry, text: &str) -> bool {
    let cell = |text: &str| geometry.parse_key(text).is_some();
    let pair = |text: &str, by: char| text.split_once(by).is_some_and(|(a, b)| cell(a) && cell(b));
    let after = |text: &str, skip: usize| text.get(skip..).map(str::to_owned).unwrap_or_default();
    match text {
        "sP" | "nP" | "SW" | "sC" | "nM" | "sR" | "nL" | "sT" | "nT" => return true,
        _ => {}
    }
    let rest = after(text, 1);
    match text.chars().next() {
        Some('P') => rest.split_once('x').is_some_and(|(to, count)| cell(to) && matches!(count, "1" | "2" | "3")),
        Some('M' | 'L') => pair(&rest, '>'),
        Some('C' | 'K') => rest.split_once('*').is_some_and(|(from, to)| cell(from) && pair(to, '>')),
        Some('O') => rest.split_once('=').is_some_and(|(line, part)| pair(line, '>') && pair(part, '>')),
        Some('E') => rest.starts_with(['l', 't', 'r']) && cell(&after(&rest, 1)),
        Some('F') => cell(&rest),
        Some('R') => match rest.split_once(':') {
            Some(("l1", slide)) => pair(slide, '>'),
            Some(("l2", slide)) => {
                slide.split_once('=').is_some_and(|(slide, part)| pair(slide, '>') && pair(part, '>'))
            }
            Some(("f" | "s", slide)) => {
                slide.split_once('@').is_some_and(|(slide, payer)| pair(slide, '>') && cell(payer))
            }
            _ => false,
        },
        Some('T') => {
            let mut parts = rest.split('#');
            parts.next().is_some_and(cell)
                && parts.next().is_some_and(|count| count.parse::<u16>().is_ok())
                && parts.next().is_some_and(|hash| hash.len() == 8 && hash.bytes().all(|b| b.is_ascii_hexdigit()))
                && parts.next().is_none()
        }
        _ => false,
    }
}
