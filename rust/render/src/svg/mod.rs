//! Boards as SVG pictures.

mod marks;
mod panel;
mod pieces;
mod scale;
mod sheet;
mod theme;

use std::fmt::Write as _;

use ringrift_rules::{AnyPosition, Cell, PlayerId};

use crate::{
    board::{Axis, Piece, piece},
    played::{PlayedMove, Trail},
    status::{Status, clean},
};

use pieces::Pieces;
use scale::{Point, Scale};
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
/// `-territory`, `-markers`, `-stacks`, `-heights`, `-coordinates` and `-panel`, and if there is something to mark,
/// `-highlights`, `-marks` and `-arrow`.
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
            let bottom = panel::draw(&mut panel, &self.status, &self.trail, &self.scale);
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
            let _ = write!(text, " Last move: {}.", self.trail.text);
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
                let class = if label.axis == Axis::Z { "z" } else { "" };
                sheet.label(class, (x, y + 3.5), &label.value.to_string());
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
        let drawer = Pieces::new(scale);
        drawer.define(sheet, self.position.players());
        sheet.open_group("territory", "");
        for player in self.position.players().seats() {
            drawer.areas(sheet, &pieces, player);
        }
        for (cell, at, piece) in &pieces {
            if let Piece::Collapsed(owner) = piece {
                drawer.territory(sheet, *cell, *at, *owner);
            }
        }
        sheet.close_group();
        marks::tints(sheet, scale, &self.options.highlights);
        marks::outlines(sheet, scale, &self.trail);
        sheet.open_group("markers", "");
        for (cell, at, piece) in &pieces {
            if let Piece::Marker(owner) = piece {
                drawer.marker(sheet, *cell, *at, *owner);
            }
        }
        sheet.close_group();
        sheet.open_group("stacks", "");
        for (cell, at, piece) in &pieces {
            if let Piece::Stack(pile) = piece {
                drawer.stack(sheet, *cell, *at, pile);
            }
        }
        sheet.close_group();
        // Over all stacks, because those of the next row reach up to them.
        sheet.open_group("heights", "");
        for (_, at, piece) in &pieces {
            if let Piece::Stack(pile) = piece {
                drawer.height(sheet, *at, pile);
            }
        }
        sheet.close_group();
        marks::arrow(sheet, scale, &self.trail);
    }
}
