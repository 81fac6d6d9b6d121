//! Boards as monospaced text, plain or coloured.

mod canvas;
mod layout;
mod palette;
mod words;

use ringrift_rules::{AnyPosition, Cell};

use crate::{
    board::{Axis, Grid, Piece, Site, piece},
    played::{PlayedMove, Trail},
    status::{Status, letter},
};

use canvas::{Canvas, Ink, Paint};
use layout::Layout;
pub use palette::Palette;

/// How to draw a position as text.
///
/// On text boards the players are the letters A to D: `A5/3` is a stack of player 1 with height 5 and cap height 3,
/// `A3` one that is all its owner's, `a` a marker and `#A#` collapsed territory. Crowded boards write `A53` for
/// `A5/3`, and `^` for a number of two digits; such stacks are listed in full under the board.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TextOptions {
    /// Most columns to use. Every board fits 100; a board that does not fit has its narrowest form.
    pub width: usize,
    /// Colours.
    pub palette: Palette,
    /// Whether coordinates stand along the edges.
    pub coordinates: bool,
    /// Whether the state of the game stands above the board.
    pub status: bool,
    /// Whether the signs are explained under the board.
    pub legend: bool,
    /// Names of the players by seat; empty or missing ones are `player N`.
    pub names: Vec<String>,
    /// The move that led to the position: `[ ]` mark where it ended, `( )` where it came from, `{ }` what else it
    /// changed.
    pub played: Option<PlayedMove>,
    /// Cells to mark with `< >`.
    pub highlights: Vec<Cell>,
}

impl Default for TextOptions {
    /// Plain text of at most 100 columns with everything but marks.
    fn default() -> Self {
        Self {
            width: 100,
            palette: Palette::Plain,
            coordinates: true,
            status: true,
            legend: true,
            names: Vec::new(),
            played: None,
            highlights: Vec::new(),
        }
    }
}

/// Draws a position as lines of text, each ended by a newline, without trailing spaces.
///
/// ```
/// use ringrift_render::{TextOptions, render_text};
/// use ringrift_rules::AnyPosition;
///
/// let position: AnyPosition = "square8:2 2:movement 15/0/0,14/0/1 3,3:122;4,6:1 2,2:1 7,7:2".parse()?;
/// let options = TextOptions { status: false, legend: false, ..TextOptions::default() };
/// assert_eq!(
///     render_text(&position, &options),
///     "
///      0     1     2     3     4     5     6     7
///  0   .     .     .     .     .     .     .     .
///  1   .     .     .     .     .     .     .     .
///  2   .     .     a     .     .     .     .     .
///  3   .     .     .   B3/2    .     .     .     .
///  4   .     .     .     .     .     .     .     .
///  5   .     .     .     .     .     .     .     .
///  6   .     .     .     .    A1     .     .     .
///  7   .     .     .     .     .     .     .    #B#
/// "
///     .trim_start_matches('\n')
/// );
/// # Ok::<(), ringrift_rules::ParsePositionError>(())
/// ```
pub fn render_text(position: &AnyPosition, options: &TextOptions) -> String {
    let status = Status::new(position, &options.names);
    let trail = Trail::new(options.played.as_ref(), position);
    let layout = Layout::fitting(Grid::new(position.board()), options);
    let mut canvas = Canvas::default();
    if options.status {
        words::write_status(&mut canvas, &status, &trail);
        canvas.blank_line();
    }
    let tall = write_board(&mut canvas, position, &layout, options, &trail);
    if !tall.is_empty() {
        canvas.blank_line();
        words::write_list(&mut canvas, "^ is 10 or more:", &tall, options.width);
    }
    if options.legend {
        canvas.blank_line();
        words::write_legend(&mut canvas, &layout, options, &trail);
    }
    canvas.into_text(options.palette)
}

/// Draws the cells; the full text of each stack that does not fit its cell comes back.
fn write_board(
    canvas: &mut Canvas,
    position: &AnyPosition,
    layout: &Layout,
    options: &TextOptions,
    trail: &Trail,
) -> Vec<String> {
    let top = canvas.height() + layout.rows_above();
    let mut tall = Vec::new();
    for site in layout.grid.sites() {
        let (row, column) = (top + site.place.row as usize, layout.column(site.place));
        let (text, paint) = match piece(position, site.cell) {
            Piece::Empty => (".".to_owned(), Paint::ink(Ink::Faint)),
            Piece::Marker(owner) => {
                (letter(owner).to_ascii_lowercase().to_string(), Paint::ink(Ink::Player(owner)).bold())
            }
            Piece::Collapsed(owner) => (layout.territory_text(owner), Paint::territory(owner)),
            Piece::Stack(pile) => {
                let (text, exact) = layout.stack_text(&pile);
                if !exact {
                    let key = layout.grid.geometry.key(site.cell);
                    tall.push(format!("{key} {}", layout::full_text(&pile)));
                }
                (text, Paint::stack(pile.owner))
            }
        };
        canvas.put(row, column, &layout.centred(&text), paint);
    }
    if options.coordinates {
        for label in layout.grid.labels() {
            // The third coordinate follows from the others, and there is no room for it.
            if label.axis != Axis::Z {
                let row = top.saturating_add_signed(label.place.row as isize);
                let text = label.value.to_string();
                // A number that touches a cell would be read as a part of it.
                if let Some(column) = layout.label_column(&label)
                    && canvas.is_blank(row, column)
                    && canvas.is_blank(row, column + text.len())
                {
                    canvas.put(row, column, &text, Paint::ink(Ink::Faint));
                }
            }
        }
    }
    write_marks(canvas, top, layout, options, trail);
    tall
}

/// Draws brackets around cells; of two that meet, the one drawn last stays.
fn write_marks(canvas: &mut Canvas, top: usize, layout: &Layout, options: &TextOptions, trail: &Trail) {
    let ends = [trail.from, trail.over, trail.to];
    let changed = trail.changed.iter().copied().filter(|&cell| !ends.contains(&Some(cell)));
    let marks = changed
        .map(|cell| (cell, ['{', '}']))
        .chain(options.highlights.iter().map(|&cell| (cell, ['<', '>'])))
        .chain(trail.over.map(|cell| (cell, ['{', '}'])))
        .chain(trail.from.map(|cell| (cell, ['(', ')'])))
        .chain(trail.to.map(|cell| (cell, ['[', ']'])));
    let sites: Vec<Site> = layout.grid.sites().collect();
    for (cell, [open, close]) in marks {
        let Some(site) = sites.iter().find(|site| site.cell == cell) else { continue };
        let row = top + site.place.row as usize;
        let (before, after) = layout.mark_columns(site.place, canvas.row(row));
        if let Some(before) = before {
            canvas.mark(row, before, open);
        }
        canvas.mark(row, after, close);
    }
}
