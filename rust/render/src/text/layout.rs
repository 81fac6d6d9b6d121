//! Where things stand on a text board, and in which form.

use ringrift_rules::{BoardShape, PlayerId};

use crate::{
    board::{Axis, EdgeLabel, Grid, Pile, Place},
    status::letter,
};

use super::{TextOptions, canvas::Paint};

/// Columns of a text board.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Layout {
    pub grid: Grid,
    /// Columns from one cell of a row to the next.
    pub pitch: usize,
    /// Column of the leftmost cell.
    left: usize,
    coordinates: bool,
}

impl Layout {
    /// The widest layout that fits, or the narrowest.
    pub fn fitting(grid: Grid, options: &TextOptions) -> Self {
        let pitches: &[usize] = match grid.shape {
            BoardShape::Square => &[6, 5, 4, 3],
            // An odd pitch shifts rows by unequal amounts: only where nothing else fits.
            BoardShape::Hex => &[6, 4, 3],
        };
        let lefts: &[usize] = match (options.coordinates, grid.shape) {
            (true, BoardShape::Square) => &[3],
            (true, BoardShape::Hex) => &[2, 0],
            (false, _) => &[1, 0],
        };
        let all = pitches.iter().flat_map(|&pitch| {
            lefts.iter().map(move |&left| Self { grid, pitch, left, coordinates: options.coordinates })
        });
        let narrowest = Self { grid, pitch: 3, left: lefts[lefts.len() - 1], coordinates: options.coordinates };
        all.into_iter().find(|layout| layout.width() <= options.width).unwrap_or(narrowest)
    }

    /// Columns that one cell fills.
    pub fn cell_width(&self) -> usize {
        self.pitch - 1
    }

    fn width(&self) -> usize {
        let cells = self.grid.sites().map(|site| self.column(site.place) + self.cell_width()).max();
        let labels = self.grid.labels().into_iter().filter(|label| self.coordinates && label.axis != Axis::Z);
        let labels =
            labels.filter_map(|label| self.label_column(&label).map(|column| column + label.value.to_string().len()));
        cells.max(labels.max()).unwrap_or(0)
    }

    /// Lines above the first row of cells.
    pub fn rows_above(&self) -> usize {
        usize::from(self.coordinates && self.grid.shape == BoardShape::Square)
    }

    fn column_or_left(&self, place: Place) -> isize {
        let shift = place.half_column as isize * self.pitch as isize;
        self.left as isize + shift.div_euclid(2)
    }

    /// First column of a cell.
    pub fn column(&self, place: Place) -> usize {
        self.column_or_left(place).unsigned_abs()
    }

    /// First column of a coordinate, or none where it has no room.
    pub fn label_column(&self, label: &EdgeLabel) -> Option<usize> {
        let text = label.value.to_string().len() as isize;
        let cell = self.column_or_left(label.place);
        let column = match (self.grid.shape, label.axis) {
            // Over the middle of the column of cells, as their contents are.
            (BoardShape::Square, Axis::X) => cell + (self.cell_width() as isize - text) / 2,
            // Before the first cell of the row, with a column between them where there is room.
            (BoardShape::Square, _) | (_, Axis::X) => {
                let end = cell + self.pitch as isize;
                if end == text { 0 } else { end - 1 - text }
            }
            (BoardShape::Hex, _) => cell,
        };
        let crowded = self.pitch < 4 && self.grid.shape == BoardShape::Hex && label.axis == Axis::Y;
        (column >= 0 && !(crowded && label.value % 2 != 0)).then_some(column as usize)
    }

    /// Columns of the brackets around a cell: beside its text where there is room, else in the gaps beside the cell.
    pub fn mark_columns(&self, place: Place, row: &[(char, Paint)]) -> (Option<usize>, usize) {
        let column = self.column(place);
        let cell = column..column + self.cell_width();
        let filled = |i: &usize| row.get(*i).is_some_and(|&(c, _)| c != ' ');
        let first = cell.clone().find(filled).unwrap_or(cell.start);
        let last = cell.clone().rev().find(filled).unwrap_or(cell.start);
        let before = (first > 0).then(|| (first - 1).max(cell.start.saturating_sub(1)));
        (before, (last + 1).min(cell.end))
    }

    /// A cell's text with spaces around it.
    pub fn centred(&self, text: &str) -> String {
        let room = self.cell_width().saturating_sub(text.len());
        format!("{}{text}{}", " ".repeat(room / 2), " ".repeat(room - room / 2))
    }

    pub fn territory_text(&self, owner: PlayerId) -> String {
        let letter = letter(owner);
        if self.cell_width() < 3 { format!("#{letter}") } else { format!("#{letter}#") }
    }

    /// Text of a stack, and whether it says all of height and cap.
    pub fn stack_text(&self, pile: &Pile) -> (String, bool) {
        let full = full_text(pile);
        let width = self.cell_width();
        let single_digits = pile.height <= 9;
        if full.len() <= width && (single_digits || width > 3) {
            return (full, true);
        }
        let digit = |number: u32| char::from_digit(number, 10).unwrap_or('^');
        let (letter, height, cap) = (letter(pile.owner), digit(pile.height), digit(pile.cap));
        match width {
            0..=2 => (format!("{letter}{height}"), single_digits),
            3 => (format!("{letter}{height}{cap}"), single_digits),
            _ => (format!("{letter}{height}/{cap}"), false),
        }
    }
}

/// Owner, height and cap of a stack.
pub(crate) fn full_text(pile: &Pile) -> String {
    let letter = letter(pile.owner);
    if pile.height == pile.cap {
        format!("{letter}{}", pile.height)
    } else {
        format!("{letter}{}/{}", pile.height, pile.cap)
    }
}
