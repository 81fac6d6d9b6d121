//! The readable fingerprint of a state and its persisted 64-bit hash. Source: rules.md section 16.1.

use std::fmt::Write as _;

use crate::{
    bits::CellSet,
    board::Board,
    cell::Cell,
    phase::Phase,
    position::{CellContent, Position},
};

impl<B: Board> Position<B> {
    /// Fingerprint text that recorded games hash. It leaves out ring order inside stacks, the capture chain, the stack
    /// that must move, round tracking, and history.
    pub fn fingerprint(&self) -> String {
        let mut out = String::with_capacity(64 + 12 * B::SPEC.cells as usize);
        self.write_fingerprint(&mut out);
        out
    }

    /// The persisted state hash: 16 hex digits.
    pub fn state_hash(&self) -> String {
        format!("{:016x}", self.state_hash_with(&mut String::new()))
    }

    /// The persisted state hash as a number, using `buffer` for the text.
    pub fn state_hash_with(&self, buffer: &mut String) -> u64 {
        buffer.clear();
        self.write_fingerprint(buffer);
        hash_text(buffer)
    }

    fn write_fingerprint(&self, out: &mut String) {
        let over = self.outcome.is_some();
        let player = if over { 0 } else { self.to_move.number() };
        let status = if over { "completed" } else { "active" };
        let phase = if over { Phase::GameOver } else { self.phase };
        let pending = u8::from(self.pending_line_elimination);
        let _ = write!(out, "{player}:{phase}:{status}:{pending}#");
        for (i, player) in self.players.seats().enumerate() {
            let bar = if i > 0 { "|" } else { "" };
            let (hand, eliminated) = (self.hand[player], self.eliminated[player]);
            let _ = write!(out, "{bar}{player}:{hand}:{eliminated}:{}", self.territory[player]);
        }
        for cells in [self.stack_cells, self.marker_cells, self.collapsed_cells] {
            out.push('#');
            self.write_cells(cells, out);
        }
    }

    fn write_cells(&self, cells: B::Cells, out: &mut String) {
        let geometry = B::geometry();
        let mut first = true;
        for &index in &geometry.colon_order[..geometry.cell_count()] {
            let cell = Cell::from_index(index);
            if !cells.contains(cell) {
                continue;
            }
            if !first {
                out.push('|');
            }
            first = false;
            geometry.write_key(cell, out);
            let _ = match self.content(cell) {
                CellContent::Stack(s) => {
                    write!(out, ":{}:{}:{}", s.owner(), s.height(), s.cap_height())
                }
                CellContent::Marker(owner) | CellContent::Collapsed(owner) => {
                    write!(out, ":{owner}")
                }
                CellContent::Empty => Ok(()),
            };
        }
    }
}

/// The 53-bit style double hash that upstream computes over fingerprints.
fn hash_text(text: &str) -> u64 {
    let (mut h1, mut h2) = (0xDEAD_BEEF_u32, 0x41C6_CE57_u32);
    for byte in text.bytes() {
        h1 = (h1 ^ u32::from(byte)).wrapping_mul(2_654_435_761);
        h2 = (h2 ^ u32::from(byte)).wrapping_mul(1_597_334_677);
    }
    h1 = (h1 ^ h1 >> 16).wrapping_mul(2_246_822_507) ^ (h2 ^ h2 >> 13).wrapping_mul(3_266_489_909);
    h2 = (h2 ^ h2 >> 16).wrapping_mul(2_246_822_507) ^ (h1 ^ h1 >> 13).wrapping_mul(3_266_489_909);
    u64::from(h2) << 32 | u64::from(h1)
}
