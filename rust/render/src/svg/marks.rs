//! The last move and highlighted cells.

use ringrift_rules::Cell;

use crate::played::Trail;

use super::{
    Scale,
    sheet::{Sheet, num},
};

/// Tints under the pieces.
pub(crate) fn tints(sheet: &mut Sheet, scale: &Scale, cells: &[Cell]) {
    if cells.is_empty() {
        return;
    }
    sheet.open_group("highlights", "");
    for site in scale.grid.sites().filter(|site| cells.contains(&site.cell)) {
        let key = scale.grid.geometry.key(site.cell);
        let d = scale.outline(scale.centre(site.place), 1.0);
        sheet.push(&format!("<path class=\"u\" data-cell=\"{key}\" d=\"{d}\"/>"));
    }
    sheet.close_group();
}

/// Outlines of the cells that a move changed, and an arrow from where it began to where it ended.
pub(crate) fn trail(sheet: &mut Sheet, scale: &Scale, trail: &Trail) {
    if trail.text.is_empty() {
        return;
    }
    sheet.open_group("marks", "");
    for &cell in trail.changed.iter().chain(&trail.to) {
        let class = if Some(cell) == trail.to {
            "o"
        } else if Some(cell) == trail.from {
            "o g"
        } else {
            "o q"
        };
        if let Some(at) = scale.centre_of(cell) {
            sheet.path(class, &scale.outline(at, 1.5));
        }
    }
    if let (Some(from), Some(to)) =
        (trail.from.and_then(|cell| scale.centre_of(cell)), trail.to.and_then(|cell| scale.centre_of(cell)))
    {
        arrow(sheet, scale, from, to);
    }
    sheet.close_group();
}

/// An arrow between two cells, from one centre to the edge of what stands on the other.
fn arrow(sheet: &mut Sheet, scale: &Scale, from: (f64, f64), to: (f64, f64)) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length < 1.0 {
        return;
    }
    let (ux, uy) = (dx / length, dy / length);
    let pitch = scale.pitch;
    let (tail, tip) = (pitch * 0.1, length - pitch * 0.36);
    let (half, head, wing) = (pitch * 0.035, pitch * 0.22, pitch * 0.11);
    let at = |along: f64, across: f64| {
        format!("{} {}", num(from.0 + ux * along - uy * across), num(from.1 + uy * along + ux * across))
    };
    let neck = tip - head;
    let d = format!(
        "M{}L{}L{}L{}L{}L{}L{}z",
        at(tail, half),
        at(neck, half),
        at(neck, wing),
        at(tip, 0.0),
        at(neck, -wing),
        at(neck, -half),
        at(tail, -half)
    );
    sheet.push(&format!("<path class=\"a\" opacity=\".85\" d=\"{d}\"/>"));
}
