//! The state of the game beside the board.

use crate::{
    played::Trail,
    status::{PlayerStatus, Status, ordinal, shorten},
};

use super::{
    pieces, seat,
    sheet::{Sheet, num},
};

/// Width of the panel.
pub(crate) const WIDTH: f64 = 236.0;

/// Distance of the text from the right edge.
const MARGIN: f64 = 16.0;

/// Draws the panel from `left` on; where it ends comes back.
pub(crate) fn draw(sheet: &mut Sheet, status: &Status, trail: &Trail, left: f64, marks: bool) -> f64 {
    let right = left + WIDTH - MARGIN;
    let mut y = 30.0;
    sheet.open_group("panel", "");
    if status.over {
        let winner = status.players.iter().find(|player| player.rank == Some(1));
        let n = winner.map_or(1, |winner| seat(winner.player));
        sheet.push(&format!(
            "<rect class=\"w x{n}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"50\" rx=\"8\"/>",
            num(left - 4.0),
            num(y - 16.0),
            num(right - left + 8.0)
        ));
        sheet.label("h", (left + 8.0, y + 5.0), &capital(&shorten(&status.headline, 22)));
        sheet.label("s", (left + 8.0, y + 23.0), &status.phase);
        y += 56.0;
    } else {
        sheet.label("h", (left, y), &capital(&shorten(&status.headline, 24)));
        sheet.label("", (left, y + 19.0), &capital(&status.phase));
        y += 38.0;
    }
    sheet.label("s d", (left, y), &format!("{}; {}", status.game, status.clock));
    y += 16.0;
    for note in &status.notes {
        sheet.label("s", (left, y), &capital(note));
        y += 16.0;
    }
    if !trail.text.is_empty() {
        sheet.label("s", (left, y), &format!("Last move: {}", shorten(&trail.text, 26)));
        y += 16.0;
    }
    y += 4.0;
    for player in &status.players {
        y = card(sheet, player, left, right, y);
    }
    y = legend(sheet, left, y + 2.0, marks);
    sheet.close_group();
    y + 10.0
}

/// A player's numbers; where they end comes back.
fn card(sheet: &mut Sheet, player: &PlayerStatus, left: f64, right: f64, y: f64) -> f64 {
    if player.to_move {
        sheet.push(&format!(
            "<rect class=\"y\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"68\" rx=\"8\"/>",
            num(left - 6.0),
            num(y - 2.0),
            num(right - left + 12.0)
        ));
    }
    pieces::column(sheet, (left + 12.0, y + 13.0), 34.0, &[player.player; 2]);
    sheet.label("b", (left + 30.0, y + 17.0), &capital(&shorten(&player.name, 18)));
    let note = match player.rank {
        Some(rank) => ordinal(rank),
        None => format!("{} in hand", player.hand),
    };
    sheet.label("s r", (right, y + 17.0), &note);
    bar(sheet, ("rings", player.eliminated, player.eliminated_needed), player, left, right, y + 36.0);
    bar(sheet, ("territory", player.territory, player.territory_needed), player, left, right, y + 53.0);
    y + 74.0
}

/// Progress towards a victory.
fn bar(
    sheet: &mut Sheet,
    (name, value, needed): (&str, u16, u16),
    player: &PlayerStatus,
    left: f64,
    right: f64,
    y: f64,
) {
    let start = left + 62.0;
    let full = right - 58.0 - start;
    let share = (f64::from(value) / f64::from(needed.max(1))).min(1.0);
    sheet.label("s d", (left, y + 4.0), name);
    let rect = |class: &str, width: f64| {
        format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"8\" rx=\"4\"/>",
            num(start),
            num(y - 4.0),
            num(width)
        )
    };
    sheet.push(&rect("k", full));
    if value > 0 {
        sheet.push(&rect(&format!("p{}\" stroke=\"none", seat(player.player)), (full * share).max(8.0)));
    }
    sheet.label("s r", (right, y + 4.0), &format!("{value} / {needed}"));
}

/// What the signs on the board mean.
fn legend(sheet: &mut Sheet, left: f64, y: f64, marks: bool) -> f64 {
    let mut y = y + 12.0;
    sheet.label("s d", (left, y), "5/3: stack of 5 rings, the cap has 3");
    y += 15.0;
    if marks {
        sheet.label("s d", (left, y), "Outlined: changed by the last move");
        y += 15.0;
    }
    y
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
