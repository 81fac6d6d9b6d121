//! Regions: which parts of the board are cut off, who may claim them, what is claimed with them.

use std::collections::BTreeSet;

use super::board::{BoardName, Cell};
use super::state::{Seat, State, has_buried_ring};
use super::text::hex_digest;

impl State {
    /// Maximal sets of connected cells that are not collapsed and not a border.
    fn components(&self, is_border: impl Fn(Cell) -> bool) -> Vec<BTreeSet<Cell>> {
        let is_inside = |c: Cell| self.board.contains(c) && !self.is_collapsed(c) && !is_border(c);
        let mut components = Vec::new();
        let mut seen = BTreeSet::new();
        for start in self.board.cells() {
            if !is_inside(start) || !seen.insert(start) {
                continue;
            }
            let mut component = BTreeSet::from([start]);
            let mut open = vec![start];
            while let Some(cell) = open.pop() {
                for &direction in self.board.territory_directions() {
                    let next = cell.step(direction, 1);
                    if is_inside(next) && seen.insert(next) {
                        component.insert(next);
                        open.push(next);
                    }
                }
            }
            components.push(component);
        }
        components
    }

    /// The players who control a stack in the region.
    fn represented(&self, region: &BTreeSet<Cell>) -> BTreeSet<Seat> {
        let inside = self.stacks.iter().filter(|stack| region.contains(&stack.cell));
        inside.map(super::state::Stack::controller).collect()
    }

    /// The disconnected regions, the same cells possibly more than once.
    /// Source: RR-CANON-R140 to R142.
    fn disconnected_regions(&self) -> Vec<BTreeSet<Cell>> {
        let rings = self.stacks.iter().flat_map(|stack| &stack.rings);
        let active: BTreeSet<Seat> = rings.copied().collect();
        if active.is_empty() {
            return Vec::new();
        }
        let is_proper_subset = |colours: &BTreeSet<Seat>| colours.is_subset(&active) && colours.len() < active.len();
        let mut regions = Vec::new();

        // Bordered by markers of one colour; other markers are inside.
        let colours: BTreeSet<Seat> = self.markers.values().copied().collect();
        for colour in colours {
            let components = self.components(|cell| self.markers.get(&cell) == Some(&colour));
            regions.extend(components.into_iter().filter(|region| is_proper_subset(&self.represented(region))));
        }

        // Bordered by collapsed cells and the edge of the board only.
        let is_marker = |cell: Cell| self.markers.contains_key(&cell);
        for region in self.components(is_marker) {
            let touches_a_marker = region.iter().any(|cell| {
                let mut directions = self.board.territory_directions().iter();
                directions.any(|&direction| is_marker(cell.step(direction, 1)))
            });
            let represented = self.represented(&region);
            if !touches_a_marker && represented.len() == 1 && is_proper_subset(&represented) {
                regions.push(region);
            }
        }
        regions
    }

    /// Whether the player's turn includes a recovery, so that regions are paid for with buried
    /// rings. Source: RR-CANON-R114.
    pub(super) fn is_recovery_turn(&self, player: Seat) -> bool {
        self.own_latest_moves(player).any(super::moves::Move::is_recovery)
    }

    /// Stacks outside the region that could pay for it.
    pub(super) fn territory_payers(&self, player: Seat, region: &[Cell]) -> Vec<Cell> {
        let in_recovery = self.is_recovery_turn(player);
        let can_pay = |rings: &[Seat]| {
            if in_recovery { has_buried_ring(rings, player) } else { super::state::controller(rings) == player }
        };
        let outside = self.stacks.iter().filter(|stack| !region.contains(&stack.cell));
        outside.filter(|stack| can_pay(&stack.rings)).map(|stack| stack.cell).collect()
    }

    /// The regions the player may claim now. Source: RR-CANON-R143.
    pub(super) fn claimable_regions(&self, player: Seat) -> Vec<Vec<Cell>> {
        let no_markers = self.markers.is_empty();
        let regions = self.disconnected_regions().into_iter();
        regions
            .filter(|region| !(no_markers && self.represented(region).is_empty()))
            .map(|region| region.into_iter().collect::<Vec<Cell>>())
            .filter(|region| !self.territory_payers(player, region).is_empty())
            .collect()
    }

    /// The markers that are claimed together with a region: those beside it and, where borders
    /// grow, all that hang together with them. Their colour does not matter.
    pub(super) fn border_markers(&self, region: &[Cell]) -> BTreeSet<Cell> {
        let is_outside_marker = |cell: Cell| self.markers.contains_key(&cell) && !region.contains(&cell);
        let mut border = BTreeSet::new();
        for cell in region {
            for &direction in self.board.territory_directions() {
                let next = cell.step(direction, 1);
                if is_outside_marker(next) {
                    border.insert(next);
                }
            }
        }
        let mut open: Vec<Cell> = border.iter().copied().collect();
        while let Some(cell) = open.pop() {
            for &direction in self.board.border_growth_directions() {
                let next = cell.step(direction, 1);
                if is_outside_marker(next) && border.insert(next) {
                    open.push(next);
                }
            }
        }
        border
    }
}

/// A region in text: smallest key, number of cells, and a digest of the sorted keys.
pub fn region_text(board: BoardName, region: &[Cell]) -> String {
    let mut keys: Vec<String> = region.iter().map(|&cell| board.key(cell)).collect();
    keys.sort();
    let digest = hex_digest(&keys.join(";"), 8);
    format!("{}#{}#{digest}", keys[0], keys.len())
}
