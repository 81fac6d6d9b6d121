//! The state of the game beside the board.

use ringrift_rules::{BoardShape, PlayerId};

use crate::{
    played::Trail,
    status::{PlayerStatus, Status, ordinal, shorten},
};

use super::{
    pieces::{Icon, Pieces},
    scale::{Point, Scale},
    seat,
    sheet::{Sheet, num},
};

/// Width of the panel.
pub(crate) const WIDTH: f64 = 240.0;

/// Distance of the text from the right edge.
const MARGIN: f64 = 16.0;

/// Most characters of a line of small text.
const SMALL_MOST: usize = 38;

struct Panel<'a> {
    pieces: Pieces<'a>,
    left: f64,
    right: f64,
    y: f64,
}

/// Draws the panel beside the board; its height comes back.
pub(crate) fn draw(sheet: &mut Sheet, status: &Status, trail: &Trail, scale: &Scale) -> f64 {
    let left = scale.size.0;
    let mut panel = Panel { pieces: Pieces::new(scale), left, right: left + WIDTH - MARGIN, y: 30.0 };
    sheet.open_group("panel", "");
    panel.headline(sheet, status);
    panel.small(sheet, "s d", &format!("{}; {}", status.board, status.clock));
    for note in &status.notes {
        panel.small(sheet, "s", &capital(note));
    }
    if !trail.text.is_empty() {
        panel.small(sheet, "s", &format!("Last move: {}", trail.kind));
        panel.small(sheet, "s d", &trail.text);
    }
    panel.y += 4.0;
    for player in &status.players {
        panel.card(sheet, player);
    }
    panel.legend(sheet, scale, !trail.changed.is_empty());
    sheet.close_group();
    panel.y + 4.0
}

impl Panel<'_> {
    /// A line of small text, or several where it does not fit.
    fn small(&mut self, sheet: &mut Sheet, class: &str, text: &str) {
        for line in wrap(text, SMALL_MOST) {
            sheet.label(class, (self.left, self.y), line);
            self.y += 16.0;
        }
    }

    fn headline(&mut self, sheet: &mut Sheet, status: &Status) {
        let (left, y) = (self.left, self.y);
        let winner = status.players.iter().find(|player| player.rank == Some(1));
        if let Some(winner) = winner {
            sheet.push(&format!(
                "<rect class=\"w x{}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"52\" rx=\"8\"/>",
                seat(winner.player),
                num(left - 6.0),
                num(y - 18.0),
                num(self.right - left + 12.0)
            ));
            sheet.label("h", (left + 6.0, y + 4.0), &capital(&shorten(&status.headline, 22)));
            sheet.label("", (left + 6.0, y + 24.0), &status.phase);
            self.y += 56.0;
        } else {
            sheet.label("h", (left, y), &capital(&shorten(&status.headline, 24)));
            sheet.label("", (left, y + 19.0), &capital(&status.phase));
            self.y += 38.0;
        }
    }

    /// A player's numbers.
    fn card(&mut self, sheet: &mut Sheet, player: &PlayerStatus) {
        let (left, right, y) = (self.left, self.right, self.y);
        if player.to_move {
            sheet.push(&format!(
                "<rect class=\"y\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"68\" rx=\"8\"/>",
                num(left - 6.0),
                num(y - 2.0),
                num(right - left + 12.0)
            ));
        }
        let rings = [player.player; 2];
        self.pieces.icon(sheet, Icon::Stack(&rings), (left + 12.0, y + 13.0), 34.0, player.player);
        sheet.label("b", (left + 30.0, y + 17.0), &capital(&shorten(&player.name, 16)));
        let hand = format!("{} in hand", player.hand);
        let note = player.rank.map_or(hand.clone(), |rank| format!("{}, {hand}", ordinal(rank)));
        sheet.label("s r", (right, y + 17.0), &note);
        self.bar(sheet, "rings out", player.eliminated, player.eliminated_needed, player.player, y + 36.0);
        self.bar(sheet, "territory", player.territory, player.territory_needed, player.player, y + 53.0);
        self.y += 74.0;
    }

    /// Progress towards a victory.
    fn bar(&self, sheet: &mut Sheet, name: &str, value: u16, needed: u16, player: PlayerId, y: f64) {
        let start = self.left + 62.0;
        let full = self.right - 58.0 - start;
        let share = (f64::from(value) / f64::from(needed.max(1))).min(1.0);
        sheet.label("s d", (self.left, y + 4.0), name);
        let (x, top) = (num(start), num(y - 4.0));
        let mut rect = |class: &str, width: f64| {
            let width = num(width);
            sheet.push(&format!(
                "<rect class=\"{class}\" x=\"{x}\" y=\"{top}\" width=\"{width}\" height=\"8\" rx=\"4\"/>"
            ));
        };
        rect("k", full);
        if value > 0 {
            rect(&format!("p{} v", seat(player)), (full * share).max(8.0));
        }
        sheet.label("s r", (self.right, y + 4.0), &format!("{value} / {needed}"));
    }

    /// What the signs on the board mean.
    fn legend(&mut self, sheet: &mut Sheet, scale: &Scale, marks: bool) {
        let [one, two, ..] = PlayerId::ALL;
        self.y += 12.0;
        let rings = [two, two, one, one, one];
        let (left, y) = (self.left, self.y);
        let icon = |sheet: &mut Sheet, icon: Icon<'_>, at: Point, text: &str| {
            self.pieces.icon(sheet, icon, (at.0 + 10.0, at.1), 24.0, one);
            sheet.label("s d", (at.0 + 26.0, at.1 + 4.0), text);
        };
        icon(sheet, Icon::Stack(&rings), (left, y), "5/3: stack of 5 rings, cap of 3");
        icon(sheet, Icon::Marker, (left, y + 24.0), "marker");
        icon(sheet, Icon::Territory, (left + 84.0, y + 24.0), "territory");
        self.y += 50.0;
        if scale.grid.shape == BoardShape::Hex {
            self.small(sheet, "s d", "x left, y below, z (slanted) above");
        }
        if marks {
            self.small(sheet, "s d", "outlined: changed by the last move");
        }
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}

/// Breaks a text into lines of at most `most` characters, at spaces or within the notation of a move.
fn wrap(text: &str, most: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some((end, _)) = rest.char_indices().nth(most) {
        let fits = &rest[..end];
        let at = fits.rfind([' ', '>', '=', '@', '*']).map_or(end, |last| last + 1);
        lines.push(rest[..at].trim_end());
        rest = rest[at..].trim_start();
    }
    lines.push(rest);
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn long_lines_break_at_spaces_and_signs() {
        assert_eq!(wrap("short", 8), ["short"]);
        assert_eq!(wrap("Chain of 12 from 1,2", 9), ["Chain of", "12 from", "1,2"]);
        assert_eq!(wrap("M-12,0,12>-9,0,9", 12), ["M-12,0,12>", "-9,0,9"]);
        assert_eq!(wrap("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    }
}
