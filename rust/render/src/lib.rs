//! Positions of RingRift as plain text, coloured terminal text and SVG pictures.
//!
//! Every board is drawn with its coordinates along the edges (those of the position keys `x,y` and `x,y,z` that moves
//! are written with), a status of the game, and per player the rings in hand, the eliminated rings and the territory.
//! Nothing is read from the environment: whether the reader has a terminal, colours or a dark background is for the
//! caller to say.
//!
//! ```
//! use ringrift_render::{Palette, SvgOptions, TextOptions, render_svg, render_text};
//! use ringrift_rules::AnyPosition;
//!
//! let position: AnyPosition = "hex8:2 1:movement 16/0/0,16/0/0 0,0,0:211;1,0,-1:2 2,-1,-1:1 -".parse()?;
//! let text = render_text(&position, &TextOptions::default());
//! assert!(text.contains("A3/2"), "a stack of player 1 (A): height 3, cap 2");
//!
//! let coloured = TextOptions { palette: Palette::Ansi256, ..TextOptions::default() };
//! assert!(render_text(&position, &coloured).contains("\u{1b}["));
//!
//! let svg = render_svg(&position, &SvgOptions::default());
//! assert!(svg.starts_with("<svg "));
//! # Ok::<(), ringrift_rules::ParsePositionError>(())
//! ```
//!
//! A move that has just been made is shown with [`PlayedMove`], cells of interest with `highlights`:
//!
//! ```
//! use ringrift_render::{PlayedMove, TextOptions, render_text};
//! use ringrift_rules::{AnyPosition, BoardKind, PlayerCount, RuleOptions};
//!
//! let rules = RuleOptions::standard(BoardKind::Square8, PlayerCount::Two);
//! let before = AnyPosition::initial(BoardKind::Square8, PlayerCount::Two, rules);
//! let mv = before.parse_move("P3,4x2").expect("a legal move");
//! let mut position = before.clone();
//! position.make_move(mv);
//! let options = TextOptions { played: Some(PlayedMove { before, mv }), ..TextOptions::default() };
//! assert!(render_text(&position, &options).contains("[A2]"));
//! ```
#![forbid(unsafe_code)]

mod board;
mod played;
mod status;
mod svg;
mod text;

pub use played::PlayedMove;
pub use svg::{Scheme, SvgOptions, render_svg};
pub use text::{Palette, TextOptions, render_text};
