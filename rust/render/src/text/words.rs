//! The lines above and below a text board.

use ringrift_rules::BoardShape;

use crate::{
    played::Trail,
    status::{Status, letter, ordinal, shorten},
};

use super::{
    TextOptions,
    canvas::{Canvas, Ink, Paint},
    layout::Layout,
};

/// Longest name in the table of players.
const NAME_MOST: usize = 24;

pub(crate) fn write_status(canvas: &mut Canvas, status: &Status, trail: &Trail) {
    let plain = Paint::default();
    canvas.line();
    canvas.append(&format!("{}; {}", status.game, status.clock), plain);
    canvas.line();
    canvas.append(&status.headline, plain.bold());
    canvas.append(&format!("{}{}", if status.over { " " } else { ": " }, status.phase), plain);
    for note in &status.notes {
        canvas.line();
        canvas.append(note, plain);
    }
    if let Some(player) = trail.player {
        canvas.line();
        canvas.append(&format!("last move: player {player}, {}, {}", trail.kind, trail.text), plain);
    }
    canvas.line();
    let names: Vec<String> = status.players.iter().map(|p| shorten(&p.name, NAME_MOST)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let head = format!("    {:width$}  {:>4}  {:>10}  {:>10}", "", "hand", "eliminated", "territory");
    canvas.append(&head, Paint::ink(Ink::Faint));
    for (player, name) in status.players.iter().zip(&names) {
        canvas.line();
        canvas.append(if player.to_move || player.rank == Some(1) { "> " } else { "  " }, plain.bold());
        canvas.append(&letter(player.player).to_string(), Paint::stack(player.player));
        let eliminated = format!("{} of {}", player.eliminated, player.eliminated_needed);
        let territory = format!("{} of {}", player.territory, player.territory_needed);
        let rank = player.rank.map(|rank| format!("  {}", ordinal(rank))).unwrap_or_default();
        canvas.append(&format!(" {name:width$}  {:>4}  {eliminated:>10}  {territory:>10}{rank}", player.hand), plain);
    }
}

/// Writes a heading and items, as many to a line as fit.
pub(crate) fn write_list(canvas: &mut Canvas, heading: &str, items: &[String], width: usize) {
    canvas.line();
    canvas.append(heading, Paint::default());
    for item in items {
        let used = canvas.row(canvas.height() - 1).len();
        if used + 2 + item.len() > width && used > 2 {
            canvas.line();
            canvas.append(" ", Paint::default());
        }
        canvas.append(&format!(" {item}"), Paint::default());
        if Some(item) != items.last() {
            canvas.append(";", Paint::default());
        }
    }
}

pub(crate) fn write_legend(canvas: &mut Canvas, layout: &Layout, options: &TextOptions, trail: &Trail) {
    let mut signs = vec![
        match layout.cell_width() {
            0..=2 => "A5 stack of A, height 5".to_owned(),
            3 => "A53 stack of A, height 5, cap 3 (A5: all A's)".to_owned(),
            _ => "A5/3 stack of A, height 5, cap 3 (A5: all A's)".to_owned(),
        },
        "a marker".to_owned(),
        format!("{} territory", layout.territory_text(ringrift_rules::PlayerId::ALL[0])),
    ];
    if options.coordinates {
        signs.push(match layout.grid.shape {
            BoardShape::Square => "cells x,y: x above, y at the left".to_owned(),
            BoardShape::Hex => "cells x,y,z: x at the left, y at the lower right, z = -x-y".to_owned(),
        });
    }
    if !trail.text.is_empty() {
        signs.push("(from) [to] {changed}".to_owned());
    }
    if !options.highlights.is_empty() {
        signs.push("<marked>".to_owned());
    }
    let mut used = usize::MAX;
    for sign in signs {
        if used.saturating_add(2 + sign.len()) > options.width {
            canvas.line();
            used = 0;
        } else {
            canvas.append("; ", Paint::ink(Ink::Faint));
            used += 2;
        }
        canvas.append(&sign, Paint::ink(Ink::Faint));
        used += sign.len();
    }
}
