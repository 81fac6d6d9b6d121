//! Terminal colours.
//!
//! The hues are those of Okabe and Ito (blue, orange, bluish green, reddish purple), which people with any of the
//! common colour vision deficiencies tell apart. Whatever has a colour has its player's letter too.

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

const PLAYERS: [Shade; 4] = [
    shade(94, 32, [0, 126, 196]),
    shade(93, 214, [240, 168, 24]),
    shade(92, 36, [0, 168, 124]),
    shade(95, 175, [212, 132, 176]),
];
const AREAS: [Shade; 4] = [
    shade(34, 24, [0, 66, 104]),
    shade(33, 94, [110, 72, 0]),
    shade(32, 22, [0, 82, 60]),
    shade(35, 89, [112, 40, 84]),
];
const WHITE: Shade = shade(97, 231, [255, 255, 255]);
const BLACK: Shade = shade(30, 16, [0, 0, 0]);
const GREY: Shade = shade(90, 244, [128, 128, 128]);
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
        if paint.bold {
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
        Ink::OnPlayer(player) => {
            if seat(player) == 0 {
                WHITE
            } else {
                BLACK
            }
        }
        Ink::OnPlayerDim(player) => PALE[seat(player)],
        Ink::Faint => GREY,
    }
}
