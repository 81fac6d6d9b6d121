//! Rings, markers and territory.

use std::fmt::Write as _;

use ringrift_rules::{Cell, PlayerId};

use crate::board::Pile;

use super::{
    Point, Scale, seat,
    sheet::{Sheet, num},
};

/// The sign of a player, which tells pieces apart without colour: a disc, a diamond, a triangle, a cross.
pub(crate) fn sign(player: PlayerId, (x, y): Point, rx: f64, ry: f64) -> String {
    let at = |dx: f64, dy: f64| format!("{} {}", num(x + dx * rx), num(y + dy * ry));
    match player.index() {
        0 => {
            let (a, b, d) = (num(rx), num(ry), num(2.0 * rx));
            format!("M{}a{a} {b} 0 1 0 {d} 0a{a} {b} 0 1 0-{d} 0z", at(-1.0, 0.0))
        }
        1 => format!("M{}L{}L{}L{}z", at(-1.2, 0.0), at(0.0, -1.2), at(1.2, 0.0), at(0.0, 1.2)),
        2 => format!("M{}L{}L{}z", at(0.0, -1.2), at(1.15, 0.9), at(-1.15, 0.9)),
        _ => {
            let (w, l) = (0.4, 1.15);
            let corners = [
                (-w, -l),
                (w, -l),
                (w, -w),
                (l, -w),
                (l, w),
                (w, w),
                (w, l),
                (-w, l),
                (-w, w),
                (-l, w),
                (-l, -w),
                (-w, -w),
            ];
            let mut d = String::new();
            for (i, (dx, dy)) in corners.into_iter().enumerate() {
                let _ = write!(d, "{}{}", if i == 0 { "M" } else { "L" }, at(dx, dy));
            }
            d + "z"
        }
    }
}

fn open(sheet: &mut Sheet, scale: &Scale, cell: Cell, title: &str) {
    let key = scale.grid.geometry.key(cell);
    sheet.push(&format!("<g data-cell=\"{key}\"><title>{key}: {title}</title>"));
}

/// A collapsed cell: its owner's tint, and strokes that differ per owner.
pub(crate) fn territory(sheet: &mut Sheet, scale: &Scale, cell: Cell, at: Point, owner: PlayerId) {
    open(sheet, scale, cell, &format!("territory of player {owner}"));
    let n = seat(owner);
    sheet.path(&format!("w x{n}"), &scale.outline(at, 1.0));
    pattern(sheet, at, scale.pitch * 0.3, owner);
    sheet.push("</g>");
}

/// Strokes in a circle: rising lines, dots, falling lines, crosses.
pub(crate) fn pattern(sheet: &mut Sheet, (x, y): Point, radius: f64, owner: PlayerId) {
    let mut d = String::new();
    let mut stroke = |x1: f64, y1: f64, x2: f64, y2: f64| {
        let _ = write!(
            d,
            "M{} {}L{} {}",
            num(x + x1 * radius),
            num(y + y1 * radius),
            num(x + x2 * radius),
            num(y + y2 * radius)
        );
    };
    let mut width = radius * 0.16;
    match owner.index() {
        0 | 2 => {
            // Chords of the circle, 45 degrees to the axes.
            let turn = if owner.index() == 0 { 1.0 } else { -1.0 };
            for offset in [-0.75_f64, -0.25, 0.25, 0.75] {
                let half = (1.0 - offset * offset).sqrt();
                let (c, s) = (std::f64::consts::FRAC_1_SQRT_2, turn * std::f64::consts::FRAC_1_SQRT_2);
                stroke(offset * c - half * c, offset * s + half * s, offset * c + half * c, offset * s - half * s);
            }
        }
        1 => {
            width = radius * 0.3;
            for (dx, dy) in [(-0.7, -0.7), (0.7, -0.7), (0.0, 0.0), (-0.7, 0.7), (0.7, 0.7)] {
                stroke(dx, dy, dx, dy + 0.01);
            }
        }
        _ => {
            for (dx, dy) in [(-0.55, -0.55), (0.55, -0.55), (-0.55, 0.55), (0.55, 0.55)] {
                stroke(dx - 0.3, dy, dx + 0.3, dy);
                stroke(dx, dy - 0.3, dx, dy + 0.3);
            }
        }
    }
    sheet.push(&format!("<path class=\"f f{}\" stroke-width=\"{}\" d=\"{d}\"/>", seat(owner), num(width.max(1.0))));
}

/// A marker: a disc with its owner's sign.
pub(crate) fn marker(sheet: &mut Sheet, scale: &Scale, cell: Cell, at: Point, owner: PlayerId) {
    open(sheet, scale, cell, &format!("marker of player {owner}"));
    marker_shape(sheet, at, scale.pitch * 0.2, owner);
    sheet.push("</g>");
}

pub(crate) fn marker_shape(sheet: &mut Sheet, at: Point, radius: f64, owner: PlayerId) {
    let n = seat(owner);
    sheet.push(&format!("<circle class=\"w p{n}\" cx=\"{}\" cy=\"{}\" r=\"{}\"/>", num(at.0), num(at.1), num(radius)));
    sheet.path(&format!("e{n}"), &sign(owner, at, radius * 0.42, radius * 0.42));
}

/// A stack seen from the side and a little from above, with its height and cap height below.
pub(crate) fn stack(sheet: &mut Sheet, scale: &Scale, cell: Cell, at: Point, pile: &Pile) {
    let rings: String = pile.rings.iter().map(|ring| seat(*ring).to_string()).collect();
    let title = format!(
        "stack of player {}, height {}, cap {}, rings from the bottom {rings}",
        pile.owner, pile.height, pile.cap
    );
    open(sheet, scale, cell, &title);
    let pitch = scale.pitch;
    let labelled = pile.height > 1;
    let centre = (at.0, at.1 - if labelled { pitch * 0.07 } else { 0.0 });
    column(sheet, centre, pitch, &pile.rings);
    if labelled {
        let text =
            if pile.cap == pile.height { pile.height.to_string() } else { format!("{}/{}", pile.height, pile.cap) };
        let size = (pitch * 0.24).max(9.0);
        sheet.push(&format!(
            "<text class=\"n\" style=\"font-size:{}px\" x=\"{}\" y=\"{}\">{text}</text>",
            num(size),
            num(at.0),
            num(at.1 + pitch * 0.45)
        ));
    }
    sheet.push("</g>");
}

/// Rings on top of each other, the column centred on `at`.
pub(crate) fn column(sheet: &mut Sheet, at: Point, pitch: f64, rings: &[PlayerId]) {
    let Some(&owner) = rings.last() else { return };
    let (rx, ry) = (pitch * 0.33, pitch * 0.13);
    let ring_height = (pitch * 0.1).min(pitch * 0.48 / rings.len() as f64);
    let bottom = at.1 + ring_height * rings.len() as f64 / 2.0;
    let (rx_text, ry_text, across) = (num(rx), num(ry), num(2.0 * rx));
    let left = num(at.0 - rx);
    let mut from = 0;
    for run in rings.chunk_by(|a, b| a == b) {
        let y = bottom - ring_height * from as f64;
        let rise = num(ring_height * run.len() as f64);
        sheet.path(
            &format!("w p{}", seat(run[0])),
            &format!(
                "M{left} {}v-{rise}a{rx_text} {ry_text} 0 0 0 {across} 0v{rise}a{rx_text} {ry_text} 0 0 1-{across} 0z",
                num(y)
            ),
        );
        // Lines between the rings of one colour, unless they would run together.
        if ring_height >= 1.8 && run.len() > 1 {
            let mut d = String::new();
            for i in 1..run.len() {
                let _ = write!(d, "M{left} {}a{rx_text} {ry_text} 0 0 0 {across} 0", num(y - ring_height * i as f64));
            }
            sheet.path(&format!("l l{}", seat(run[0])), &d);
        }
        from += run.len();
    }
    let n = seat(owner);
    let top = bottom - ring_height * rings.len() as f64;
    sheet.push(&format!(
        "<ellipse class=\"w t{n}\" cx=\"{}\" cy=\"{}\" rx=\"{rx_text}\" ry=\"{ry_text}\"/>",
        num(at.0),
        num(top)
    ));
    sheet.path(&format!("e{n}"), &sign(owner, (at.0, top), rx * 0.42, ry * 0.42));
}
