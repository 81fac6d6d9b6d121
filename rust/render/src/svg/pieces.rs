//! Rings, markers and territory.
//!
//! Shapes that many cells show are defined once per picture. Their ids hold the size of the cells, so that pictures of
//! different boards can share a page; colours come from the classes of the elements that use them.

use std::fmt::Write as _;

use ringrift_rules::{Cell, PlayerCount, PlayerId};

use crate::board::{Piece, Pile};

use super::{
    scale::{Point, Scale},
    seat,
    sheet::{Sheet, num},
};

/// Colour of the signs on pieces. Attributes, because rules of the style sheet do not reach into used shapes.
const SIGN: &str = "fill=\"#000\" fill-opacity=\".62\" stroke=\"none\"";

/// Draws what stands on cells.
pub(crate) struct Pieces<'a> {
    scale: &'a Scale,
    /// Radii of a ring.
    radius: Point,
}

impl<'a> Pieces<'a> {
    pub fn new(scale: &'a Scale) -> Self {
        Self { scale, radius: (scale.pitch * 0.33, scale.pitch * 0.13) }
    }

    fn shape_id(&self, sheet: &Sheet, kind: char, player: PlayerId) -> String {
        format!("{}-{}{kind}{}", sheet.id(), num(self.scale.pitch), seat(player))
    }

    /// Defines the shapes: `m` markers, `t` tops of stacks, `x` patterns of territory.
    pub fn define(&self, sheet: &mut Sheet, players: PlayerCount) {
        let pitch = self.scale.pitch;
        let (rx, ry) = self.radius;
        sheet.push("<defs>");
        for player in players.seats() {
            let disc = pitch * 0.21;
            let id = self.shape_id(sheet, 'm', player);
            sheet.push(&format!(
                "<g id=\"{id}\"><circle r=\"{}\"/><path {SIGN} d=\"{}\"/></g>",
                num(disc),
                sign(player, (0.0, 0.0), disc * 0.45, disc * 0.45)
            ));
            let id = self.shape_id(sheet, 't', player);
            sheet.push(&format!(
                "<g id=\"{id}\"><ellipse rx=\"{}\" ry=\"{}\"/><path {SIGN} d=\"{}\"/></g>",
                num(rx),
                num(ry),
                sign(player, (0.0, 0.0), rx * 0.42, ry * 0.42)
            ));
            let id = self.shape_id(sheet, 'x', player);
            let (d, width) = pattern(pitch * 0.3, player);
            // Without the outline, only the strokes themselves would show the title to a pointer.
            let outline = self.scale.outline((0.0, 0.0), 1.0);
            sheet.push(&format!(
                "<g id=\"{id}\"><path stroke=\"none\" pointer-events=\"all\" d=\"{outline}\"/>\
                 <path stroke-width=\"{}\" d=\"{d}\"/></g>",
                num(width)
            ));
        }
        sheet.push("</defs>\n");
    }

    /// Uses a defined shape for a cell.
    fn place(&self, sheet: &mut Sheet, class: &str, shape: &str, (x, y): Point, cell: Cell, title: &str) {
        let key = self.scale.grid.geometry.key(cell);
        sheet.push(&format!(
            "<use class=\"{class}\" href=\"#{shape}\" x=\"{}\" y=\"{}\" data-cell=\"{key}\"><title>{key}: {title}</title></use>",
            num(x),
            num(y)
        ));
    }

    /// The tint of a player's collapsed cells.
    pub fn areas(&self, sheet: &mut Sheet, pieces: &[(Cell, Point, Piece)], owner: PlayerId) {
        let cells = pieces.iter().filter(|(_, _, piece)| *piece == Piece::Collapsed(owner));
        let d: String = cells.map(|&(_, at, _)| self.scale.outline(at, 1.0)).collect();
        if !d.is_empty() {
            sheet.path(&format!("w x{}", seat(owner)), &d);
        }
    }

    /// A collapsed cell's pattern.
    pub fn territory(&self, sheet: &mut Sheet, cell: Cell, at: Point, owner: PlayerId) {
        let shape = self.shape_id(sheet, 'x', owner);
        let class = format!("f f{}", seat(owner));
        self.place(sheet, &class, &shape, at, cell, &format!("territory of player {owner}"));
    }

    /// A marker: a disc with its owner's sign.
    pub fn marker(&self, sheet: &mut Sheet, cell: Cell, at: Point, owner: PlayerId) {
        let shape = self.shape_id(sheet, 'm', owner);
        let class = format!("w p{}", seat(owner));
        self.place(sheet, &class, &shape, at, cell, &format!("marker of player {owner}"));
    }

    /// A stack seen from the side and a little from above.
    pub fn stack(&self, sheet: &mut Sheet, cell: Cell, at: Point, pile: &Pile) {
        let key = self.scale.grid.geometry.key(cell);
        let rings: Vec<String> = pile.rings.iter().map(PlayerId::to_string).collect();
        sheet.push(&format!(
            "<g data-cell=\"{key}\"><title>{key}: stack of player {}, height {}, cap {}, rings from the bottom {}</title>",
            pile.owner,
            pile.height,
            pile.cap,
            rings.join(" ")
        ));
        let raised = if pile.height > 1 { self.scale.pitch * 0.11 } else { 0.0 };
        self.column(sheet, (at.0, at.1 - raised), &pile.rings);
        sheet.push("</g>\n");
    }

    /// Height and cap height of a stack, below it; nothing for a single ring.
    pub fn height(&self, sheet: &mut Sheet, at: Point, pile: &Pile) {
        let text = match (pile.height, pile.cap) {
            (1, _) => return,
            (height, cap) if height == cap => height.to_string(),
            (height, cap) => format!("{height}/{cap}"),
        };
        let pitch = self.scale.pitch;
        let class = if pitch < 50.0 { "n i" } else { "n" };
        sheet.label(class, (at.0, at.1 + pitch * 0.45), &text);
    }

    /// Rings on top of each other, the column centred on `at`.
    fn column(&self, sheet: &mut Sheet, at: Point, rings: &[PlayerId]) {
        let Some(&owner) = rings.last() else { return };
        let (rx, ry) = self.radius;
        let ring = (self.scale.pitch * 0.1).min(self.scale.pitch * 0.44 / rings.len() as f64);
        let bottom = at.1 + ring * rings.len() as f64 / 2.0;
        let (arc, across) = (format!("a{} {} 0 0 ", num(rx), num(ry)), num(2.0 * rx));
        let left = num(at.0 - rx);
        let mut below = 0;
        for run in rings.chunk_by(|a, b| a == b) {
            let n = seat(run[0]);
            let y = bottom - ring * below as f64;
            let rise = num(ring * run.len() as f64);
            // Outlines of thin bands would cover their colours.
            let class = if ring * (run.len() as f64) < 2.4 { "v" } else { "w" };
            sheet.path(
                &format!("{class} p{n}"),
                &format!("M{left} {}v-{rise}{arc}0 {across} 0v{rise}{arc}1-{across} 0z", num(y)),
            );
            // Lines between the rings of one colour, unless they would run together.
            if ring >= 1.8 && run.len() > 1 {
                let lines = (1..run.len()).map(|i| format!("M{left} {}{arc}0 {across} 0", num(y - ring * i as f64)));
                sheet.path(&format!("l l{n}"), &lines.collect::<String>());
            }
            below += run.len();
        }
        let top = bottom - ring * rings.len() as f64;
        let shape = self.shape_id(sheet, 't', owner);
        sheet.push(&format!(
            "<use class=\"w t{}\" href=\"#{shape}\" x=\"{}\" y=\"{}\"/>",
            seat(owner),
            num(at.0),
            num(top)
        ));
    }

    /// A small stack, marker and collapsed cell of a player, to stand beside words; `height` is that of a line.
    pub fn icon(&self, sheet: &mut Sheet, icon: Icon, (x, y): Point, height: f64, player: PlayerId) {
        let factor = height / self.scale.pitch;
        sheet.push(&format!("<g transform=\"translate({} {})scale({factor:.2})\">", num(x), num(y)));
        let n = seat(player);
        let used = |class: &str, shape: &str| format!("<use class=\"{class}\" href=\"#{shape}\"/>");
        match icon {
            Icon::Stack(rings) => self.column(sheet, (0.0, 0.0), rings),
            Icon::Marker => {
                let shape = self.shape_id(sheet, 'm', player);
                sheet.push(&used(&format!("w p{n}"), &shape));
            }
            Icon::Territory => {
                let shape = self.shape_id(sheet, 'x', player);
                sheet.path(&format!("w x{n}"), &self.scale.outline((0.0, 0.0), 1.0));
                sheet.push(&used(&format!("f f{n}"), &shape));
            }
        }
        sheet.push("</g>");
    }
}

/// What stands beside words.
#[derive(Copy, Clone, Debug)]
pub(crate) enum Icon<'a> {
    Stack(&'a [PlayerId]),
    Marker,
    Territory,
}

/// The sign of a player, which tells pieces apart without colour: a disc, a diamond, a triangle, a cross.
fn sign(player: PlayerId, (x, y): Point, rx: f64, ry: f64) -> String {
    let at = |dx: f64, dy: f64| format!("{} {}", num(x + dx * rx), num(y + dy * ry));
    let corners: &[(f64, f64)] = match player.index() {
        0 => {
            let (a, b, across) = (num(rx), num(ry), num(2.0 * rx));
            return format!("M{}a{a} {b} 0 1 0 {across} 0a{a} {b} 0 1 0-{across} 0z", at(-1.0, 0.0));
        }
        1 => &[(-1.2, 0.0), (0.0, -1.2), (1.2, 0.0), (0.0, 1.2)],
        2 => &[(0.0, -1.2), (1.15, 0.9), (-1.15, 0.9)],
        _ => &[
            (-0.4, -1.15),
            (0.4, -1.15),
            (0.4, -0.4),
            (1.15, -0.4),
            (1.15, 0.4),
            (0.4, 0.4),
            (0.4, 1.15),
            (-0.4, 1.15),
            (-0.4, 0.4),
            (-1.15, 0.4),
            (-1.15, -0.4),
            (-0.4, -0.4),
        ],
    };
    let points: Vec<String> = corners.iter().map(|&(dx, dy)| at(dx, dy)).collect();
    format!("M{}z", points.join("L"))
}

/// Strokes in a circle around the origin, and their width: rising lines, dots, falling lines, crosses.
fn pattern(radius: f64, owner: PlayerId) -> (String, f64) {
    let mut d = String::new();
    let mut stroke = |x1: f64, y1: f64, x2: f64, y2: f64| {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(|value| num(value * radius));
        let _ = write!(d, "M{x1} {y1}L{x2} {y2}");
    };
    let mut width = radius * 0.16;
    match owner.index() {
        0 | 2 => {
            // Chords of the circle, 45 degrees to the axes.
            let across = std::f64::consts::FRAC_1_SQRT_2;
            let along = if owner.index() == 0 { across } else { -across };
            for offset in [-0.75_f64, -0.25, 0.25, 0.75] {
                let half = (1.0 - offset * offset).sqrt();
                stroke(
                    (offset - half) * across,
                    (offset + half) * along,
                    (offset + half) * across,
                    (offset - half) * along,
                );
            }
        }
        1 => {
            width = radius * 0.3;
            for (dx, dy) in [(-0.7, -0.7), (0.7, -0.7), (0.0, 0.0), (-0.7, 0.7), (0.7, 0.7)] {
                stroke(dx, dy, dx, dy);
            }
        }
        _ => {
            for (dx, dy) in [(-0.55, -0.55), (0.55, -0.55), (-0.55, 0.55), (0.55, 0.55)] {
                stroke(dx - 0.3, dy, dx + 0.3, dy);
                stroke(dx, dy - 0.3, dx, dy + 0.3);
            }
        }
    }
    (d, width.max(1.0))
}
