//! Boards as SVG pictures.

mod marks;
mod panel;
mod pieces;
mod sheet;
mod theme;

use ringrift_rules::{AnyPosition, BoardKind, BoardShape, Cell, PlayerId};

use crate::{
    board::{Axis, EdgeLabel, Grid, Piece, Place, piece},
    played::{PlayedMove, Trail},
    status::{Status, clean},
};

use sheet::{Sheet, num};
pub use theme::Scheme;

/// How to draw a position as a picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SvgOptions {
    /// Light or dark.
    pub scheme: Scheme,
    /// Width in pixels, the height follows; none for the natural size, about 700 pixels for the small boards and
    /// 1000 for the large ones with the panel.
    pub width: Option<u32>,
    /// A line of text above the board; none for no such line.
    pub caption: Option<String>,
    /// Whether coordinates stand along the edges.
    pub coordinates: bool,
    /// Whether the state of the game stands beside the board.
    pub panel: bool,
    /// Names of the players by seat; empty or missing ones are `player N`.
    pub names: Vec<String>,
    /// The move that led to the position, drawn as an arrow and outlines.
    pub played: Option<PlayedMove>,
    /// Cells to tint.
    pub highlights: Vec<Cell>,
    /// Beginning of all element ids, to tell apart the pictures of one page. Characters other than ASCII letters,
    /// digits, `-` and `_` are left out.
    pub id: String,
}

impl Default for SvgOptions {
    /// Both schemes, natural size, everything but marks.
    fn default() -> Self {
        Self {
            scheme: Scheme::Auto,
            width: None,
            caption: None,
            coordinates: true,
            panel: true,
            names: Vec::new(),
            played: None,
            highlights: Vec::new(),
            id: "ringrift".into(),
        }
    }
}

/// Draws a position as an SVG document without external parts, scripts or XML declaration, so that it can stand in a
/// file as well as in an HTML page.
///
/// Elements that show a cell carry its position key in `data-cell`. The groups have the ids `<id>-cells`,
/// `-territory`, `-markers`, `-stacks`, `-marks`, `-coordinates` and `-panel`.
///
/// ```
/// use ringrift_render::{Scheme, SvgOptions, render_svg};
/// use ringrift_rules::AnyPosition;
///
/// let position: AnyPosition = "square8:2 2:movement 15/0/0,14/0/1 3,3:122;4,6:1 2,2:1 7,7:2".parse()?;
/// let options = SvgOptions { scheme: Scheme::Dark, width: Some(600), ..SvgOptions::default() };
/// let svg = render_svg(&position, &options);
/// assert!(svg.contains(r#"data-cell="3,3""#));
/// assert!(svg.contains(r#"width="600""#));
/// # Ok::<(), ringrift_rules::ParsePositionError>(())
/// ```
pub fn render_svg(position: &AnyPosition, options: &SvgOptions) -> String {
    let picture = Picture {
        position,
        options,
        status: Status::new(position, &options.names),
        trail: Trail::new(options.played.as_ref(), position),
        scale: Scale::new(position.board(), options),
    };
    picture.draw()
}

/// Sizes and places of the board in pixels of the natural size.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Scale {
    pub grid: Grid,
    /// Distance of neighbouring cells of a row.
    pub pitch: f64,
    /// Distance of rows.
    row_height: f64,
    /// Centre of the place at row 0, half column 0.
    origin: (f64, f64),
    /// Size of the part with the board.
    pub size: (f64, f64),
}

/// A point in pixels.
pub(crate) type Point = (f64, f64);

impl Scale {
    fn new(board: BoardKind, options: &SvgOptions) -> Self {
        let grid = Grid::new(board);
        let pitch = match board {
            BoardKind::Square8 => 58.0,
            BoardKind::Hex8 => 60.0,
            BoardKind::Square19 => 35.0,
            BoardKind::Hexagonal => 33.0,
        };
        let margin = if options.coordinates { 26.0 } else { 12.0 };
        let top = if options.caption.is_some() { 34.0 } else { 0.0 };
        let length = f64::from(grid.size);
        let (row_height, cell_height, margin) = match grid.shape {
            BoardShape::Square => (pitch, pitch, margin),
            // The coordinates of hex boards stand where the next cells would.
            BoardShape::Hex => (pitch * 3_f64.sqrt() / 2.0, pitch * 2.0 / 3_f64.sqrt(), margin - 6.0),
        };
        let size = (length * pitch + 2.0 * margin, (length - 1.0) * row_height + cell_height + 2.0 * margin + top);
        let origin = (margin + pitch / 2.0, margin + top + cell_height / 2.0);
        Self { grid, pitch, row_height, origin, size }
    }

    /// Centre of a cell.
    pub fn centre(&self, place: Place) -> Point {
        (
            self.origin.0 + f64::from(place.half_column) * self.pitch / 2.0,
            self.origin.1 + f64::from(place.row) * self.row_height,
        )
    }

    pub fn centre_of(&self, cell: Cell) -> Option<Point> {
        let site = self.grid.sites().find(|site| site.cell == cell)?;
        Some(self.centre(site.place))
    }

    /// Path of a cell's outline, with the cell made smaller by `inset` on every side.
    pub fn outline(&self, (x, y): Point, inset: f64) -> String {
        let half = self.pitch / 2.0 - inset;
        match self.grid.shape {
            BoardShape::Square => {
                let side = num(2.0 * half);
                format!("M{} {}h{side}v{side}h-{side}z", num(x - half), num(y - half))
            }
            BoardShape::Hex => {
                let (quarter, edge) = (num(half / 3_f64.sqrt()), num(half * 2.0 / 3_f64.sqrt()));
                let half_text = num(half);
                format!(
                    "M{} {}l{half_text} {quarter}v{edge}l-{half_text} {quarter}l-{half_text}-{quarter}v-{edge}z",
                    num(x),
                    num(y - half * 2.0 / 3_f64.sqrt())
                )
            }
        }
    }

    /// Centre of a coordinate.
    fn label_centre(&self, label: &EdgeLabel) -> Point {
        let (x, y) = self.centre(label.place);
        let closer = self.pitch / 2.0 - 12.0;
        match (self.grid.shape, label.axis) {
            (BoardShape::Square, Axis::X) => (x, y + closer),
            (BoardShape::Square, _) => (x + closer, y),
            (BoardShape::Hex, Axis::X) => (x + closer, y),
            // Towards the board along the line of cells that the label names.
            (BoardShape::Hex, Axis::Y) => (x - closer / 2.0, y - closer * 0.87),
            (BoardShape::Hex, Axis::Z) => (x - closer / 2.0, y + closer * 0.87),
        }
    }
}

/// Number of a player's classes in the style sheet.
pub(crate) fn seat(player: PlayerId) -> u8 {
    player.number()
}

struct Picture<'a> {
    position: &'a AnyPosition,
    options: &'a SvgOptions,
    status: Status,
    trail: Trail,
    scale: Scale,
}

impl Picture<'_> {
    fn draw(&self) -> String {
        let (board_width, board_height) = self.scale.size;
        let mut panel = Sheet::new(&self.options.id);
        let (mut width, mut height) = (board_width, board_height);
        if self.options.panel {
            let marks = !self.trail.text.is_empty();
            let bottom = panel::draw(&mut panel, &self.status, &self.trail, board_width, marks);
            width += panel::WIDTH;
            height = height.max(bottom);
        }
        let mut sheet = Sheet::new(&self.options.id);
        self.open(&mut sheet, width, height);
        let shift = (height - board_height) / 2.0;
        if shift > 0.5 {
            sheet.push(&format!("<g transform=\"translate(0 {})\">", num(shift)));
        }
        self.board(&mut sheet);
        if shift > 0.5 {
            sheet.push("</g>");
        }
        sheet.push(panel.text());
        sheet.push("</svg>\n");
        sheet.into_text()
    }

    fn open(&self, sheet: &mut Sheet, width: f64, height: f64) {
        let (shown_width, shown_height) = match self.options.width {
            Some(shown) => (f64::from(shown), f64::from(shown) * height / width),
            None => (width, height),
        };
        let id = sheet.id().to_owned();
        sheet.push(&format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"{}\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\" \
             role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">",
            self.options.scheme.class(),
            num(shown_width),
            num(shown_height),
            num(width),
            num(height)
        ));
        sheet.push(&format!("<title id=\"{id}-title\">"));
        sheet.escaped(&format!("RingRift, {}: {}", self.status.game, self.status.headline));
        sheet.push(&format!("</title><desc id=\"{id}-desc\">"));
        sheet.escaped(&self.description());
        sheet.push("</desc><style>");
        sheet.push(&theme::style(self.options.scheme));
        sheet.push("</style>");
        sheet.push(&format!("<rect class=\"bg\" width=\"{}\" height=\"{}\" rx=\"10\"/>", num(width), num(height)));
    }

    fn description(&self) -> String {
        let status = &self.status;
        let mut text = format!("{}; {} {}.", status.clock, status.headline, status.phase);
        for player in &status.players {
            let numbers = format!(
                " {}: {} rings in hand, {} of {} rings eliminated, {} of {} cells of territory.",
                player.name,
                player.hand,
                player.eliminated,
                player.eliminated_needed,
                player.territory,
                player.territory_needed
            );
            text.push_str(&numbers);
        }
        if !self.trail.text.is_empty() {
            text.push_str(&format!(" Last move: {}.", self.trail.text));
        }
        text
    }

    fn board(&self, sheet: &mut Sheet) {
        let scale = &self.scale;
        if let Some(caption) = &self.options.caption {
            sheet.label("cap", (scale.size.0 / 2.0, 26.0), &clean(caption));
        }
        if self.options.coordinates {
            sheet.open_group("coordinates", "lab");
            for label in scale.grid.labels() {
                let (x, y) = scale.label_centre(&label);
                sheet.label(
                    match label.axis {
                        Axis::X => "",
                        Axis::Y => "",
                        Axis::Z => "z",
                    },
                    (x, y + 3.5),
                    &label.value.to_string(),
                );
            }
            sheet.close_group();
        }
        sheet.open_group("cells", "c");
        let outlines: String = scale.grid.sites().map(|site| scale.outline(scale.centre(site.place), 0.0)).collect();
        sheet.push(&format!("<path d=\"{outlines}\"/>"));
        sheet.close_group();
        let pieces: Vec<(Cell, Point, Piece)> = scale
            .grid
            .sites()
            .map(|site| (site.cell, scale.centre(site.place), piece(self.position, site.cell)))
            .collect();
        sheet.open_group("territory", "");
        for (cell, at, piece) in &pieces {
            if let Piece::Collapsed(owner) = piece {
                pieces::territory(sheet, scale, *cell, *at, *owner);
            }
        }
        sheet.close_group();
        marks::tints(sheet, scale, &self.options.highlights);
        sheet.open_group("markers", "");
        for (cell, at, piece) in &pieces {
            if let Piece::Marker(owner) = piece {
                pieces::marker(sheet, scale, *cell, *at, *owner);
            }
        }
        sheet.close_group();
        sheet.open_group("stacks", "");
        for (cell, at, piece) in &pieces {
            if let Piece::Stack(pile) = piece {
                pieces::stack(sheet, scale, *cell, *at, pile);
            }
        }
        sheet.close_group();
        marks::trail(sheet, scale, &self.trail);
    }
}
