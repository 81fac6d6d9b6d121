//! Terminal colours.
//!
//! The players are blue, yellow, green and magenta, of different lightness, so that people with any of the common
//! colour vision deficiencies tell them apart. Whatever has a colour has its player's letter too.

use ringrift_rules::PlayerId;

use super::canvas::{Ink, Paint};

/// Which colours text has. Whether the reader's terminal has them is for the caller to find out.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Palette {
    /// No escape sequences.
    #[default]
    Plain,
    /// The 16 colours that every colour terminal has.
    Ansi16,
    /// The 256 colours of xterm.
    Ansi256,
    /// 24-bit colours.
    TrueColor,
}

/// One colour in each palette.
#[derive(Copy, Clone)]
struct Shade {
    /// Number of the foreground colour, `30..=37` or `90..=97`; the background has 10 more.
    basic: u8,
    xterm: u8,
    rgb: [u8; 3],
}

const fn shade(basic: u8, xterm: u8, rgb: [u8; 3]) -> Shade {
    Shade { basic, xterm, rgb }
}

/// Letters and the background of stacks.
const PLAYERS: [Shade; 4] = [
    shade(94, 33, [47, 106, 208]),
    shade(93, 214, [234, 168, 36]),
    shade(92, 42, [34, 189, 132]),
    shade(95, 132, [178, 72, 134]),
];
/// On the background of stacks.
const ON_PLAYERS: [Shade; 4] = [
    shade(97, 231, [255, 255, 255]),
    shade(30, 16, [0, 0, 0]),
    shade(30, 16, [0, 0, 0]),
    shade(30, 231, [255, 255, 255]),
];
/// The background of territory.
const AREAS: [Shade; 4] = [
    shade(34, 25, [0, 74, 140]),
    shade(33, 94, [112, 80, 16]),
    shade(32, 22, [12, 68, 44]),
    shade(35, 53, [88, 20, 72]),
];
const GREY: Shade = shade(90, 244, [128, 128, 128]);
/// On the background of territory.
const PALE: [Shade; 4] = [
    shade(97, 153, [175, 215, 255]),
    shade(30, 223, [255, 215, 175]),
    shade(30, 158, [175, 255, 215]),
    shade(97, 218, [255, 175, 215]),
];

impl Palette {
    /// Parameters of the escape sequence for a paint; none if it needs none.
    pub(crate) fn codes(self, paint: Paint) -> String {
        if self == Self::Plain {
            return String::new();
        }
        let mut codes = Vec::new();
        // Many terminals make bold black grey.
        if paint.bold && !(self == Self::Ansi16 && paint.back.is_some()) {
            codes.push("1".to_owned());
        }
        codes.extend(paint.fore.map(|ink| self.code(shade_of(ink), 0)));
        codes.extend(paint.back.map(|ink| self.code(shade_of(ink), 10)));
        codes.join(";")
    }

    fn code(self, shade: Shade, base: u8) -> String {
        let [r, g, b] = shade.rgb;
        match self {
            Self::Plain => String::new(),
            Self::Ansi16 => (shade.basic + base).to_string(),
            Self::Ansi256 => format!("{};5;{}", 38 + base, shade.xterm),
            Self::TrueColor => format!("{};2;{r};{g};{b}", 38 + base),
        }
    }
}

fn shade_of(ink: Ink) -> Shade {
    let seat = PlayerId::index;
    match ink {
        Ink::Player(player) => PLAYERS[seat(player)],
        Ink::PlayerDim(player) => AREAS[seat(player)],
        Ink::OnPlayer(player) => ON_PLAYERS[seat(player)],
        Ink::OnPlayerDim(player) => PALE[seat(player)],
        Ink::Faint => GREY,
    }
}
