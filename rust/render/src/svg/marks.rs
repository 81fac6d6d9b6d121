//! The last move and highlighted cells.

use ringrift_rules::Cell;

use crate::played::Trail;

use super::{
    scale::{Point, Scale},
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

/// Outlines, under the pieces, of the cells that a move changed.
pub(crate) fn outlines(sheet: &mut Sheet, scale: &Scale, trail: &Trail) {
    if trail.text.is_empty() {
        return;
    }
    sheet.open_group("marks", "");
    let outline = |cell: Cell| scale.centre_of(cell).map(|at| scale.outline(at, 1.5)).unwrap_or_default();
    let ends = [trail.from, trail.to];
    let others = trail.changed.iter().filter(|&&cell| !ends.contains(&Some(cell)));
    for (class, d) in [
        ("o q", others.map(|&cell| outline(cell)).collect()),
        ("o g", trail.from.map(outline).unwrap_or_default()),
        ("o", trail.to.map(outline).unwrap_or_default()),
    ] {
        if !d.is_empty() {
            sheet.path(class, &d);
        }
    }
    sheet.close_group();
}

/// An arrow, over the pieces, from where a move began to where it ended.
pub(crate) fn arrow(sheet: &mut Sheet, scale: &Scale, trail: &Trail) {
    let [from, to] = [trail.from, trail.to].map(|end| end.and_then(|cell| scale.centre_of(cell)));
    if let (Some(from), Some(to)) = (from, to) {
        sheet.open_group("arrow", "");
        arrow_between(sheet, scale, from, to);
        sheet.close_group();
    }
}

/// An arrow between two cells, from one centre to the edge of what stands on the other.
fn arrow_between(sheet: &mut Sheet, scale: &Scale, from: Point, to: Point) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = dx.hypot(dy);
    if length < 1.0 {
        return;
    }
    let (ux, uy) = (dx / length, dy / length);
    let pitch = scale.pitch;
    let (tail, tip) = (pitch * 0.1, length - pitch * 0.42);
    let half = (pitch * 0.035).max(1.9);
    let (head, wing) = (half * 6.0, half * 3.2);
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
    sheet.push(&format!("<path class=\"a\" d=\"{d}\"/>"));
}
