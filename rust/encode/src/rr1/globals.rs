//! The globals.

use ringrift_rules::{Board, CellSet as _, MoveKind, Phase, PlayerCount, PlayerId, Position};

/// Writes numbers one after the other.
struct Writer<'a> {
    rest: &'a mut [f32],
}

impl Writer<'_> {
    fn put(&mut self, value: f32) {
        if let Some((first, rest)) = std::mem::take(&mut self.rest).split_first_mut() {
            *first = value;
            self.rest = rest;
        }
    }

    fn flag(&mut self, set: bool) {
        self.put(f32::from(u8::from(set)));
    }

    fn part(&mut self, value: u32, of: u32) {
        self.put((value as f32 / of.max(1) as f32).min(1.0));
    }
}

pub(super) fn encode<B: Board>(position: &Position<B>, globals: &mut [f32]) {
    let mut out = Writer { rest: globals };
    for phase in Phase::ALL {
        out.flag(position.phase() == phase);
    }
    for count in PlayerCount::ALL {
        out.flag(position.players() == count);
    }
    game(position, &mut out);
    let players = position.players().get();
    for offset in 0..players {
        seat(position, PlayerId::ALL[(position.to_move().index() + offset) % players], &mut out);
    }
    debug_assert!(out.rest.is_empty(), "every global has a value");
}

fn game<B: Board>(position: &Position<B>, out: &mut Writer<'_>) {
    let (rules, history, lps) = (position.rules(), position.history(), position.lps());
    let me = position.to_move();
    let cells = u32::from(B::SPEC.cells);
    // The run of moves that the last one ends, if the player to move made it.
    let own_run = history.last.is_some_and(|last| last.player == me);
    let swap_open =
        rules.swap_rule && position.players() == PlayerCount::Two && !history.swapped && history.moved & 2 == 0;
    let swap_now = swap_open
        && me.index() == 1
        && history.moved == 1
        && matches!(position.phase(), Phase::RingPlacement | Phase::Movement);
    let region_payment = own_run
        && position.phase() == Phase::TerritoryProcessing
        && history.last.is_some_and(|last| last.kind == MoveKind::ChooseTerritoryOption);
    out.flag(swap_now);
    out.flag(swap_open);
    out.flag(position.pending_line_elimination());
    out.flag(region_payment);
    out.flag(own_run && history.run_recovered);
    out.flag(own_run && history.run_changed);
    out.part(lps.streak_rounds, u32::from(rules.lps_rounds));
    out.flag(lps.first.is_some());
    out.part(position.collapsed_cells().count(), cells);
    out.part(position.plies(), B::SPEC.move_limit(position.players()));
    let rings = u32::from(rules.rings_per_player);
    out.part(rings, u32::from(B::SPEC.rings_per_player));
    out.part(u32::from(rules.victory_threshold), rings * position.players().get() as u32);
    out.part(u32::from(rules.territory_needed()), cells);
    out.part(u32::from(rules.lps_rounds), 8);
}

fn seat<B: Board>(position: &Position<B>, seat: PlayerId, out: &mut Writer<'_>) {
    let (rules, lps) = (position.rules(), position.lps());
    let cells = u32::from(B::SPEC.cells);
    let rings = u32::from(rules.rings_per_player);
    out.flag(seat.index() == 0);
    out.flag(position.has_any_ring(seat));
    out.part(u32::from(position.hand(seat)), rings);
    out.part(u32::from(position.rings_on_board(seat)), rings);
    out.part(u32::from(position.eliminated(seat)), u32::from(rules.victory_threshold));
    out.part(u32::from(position.territory(seat)), u32::from(rules.territory_needed()));
    out.part(u32::from(position.collapsed_count(seat)), cells);
    out.part(u32::from(position.stacks_controlled(seat)), cells);
    out.flag(lps.first == Some(seat));
    out.flag(lps.noted >> seat.index() & 1 != 0);
    out.flag(lps.able >> seat.index() & 1 != 0);
    out.flag(lps.exclusive == Some(seat));
    out.flag(lps.streak_player == Some(seat));
}
