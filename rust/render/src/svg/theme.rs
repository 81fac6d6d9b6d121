//! Colours and the style sheet.
//!
//! The players are blue, yellow, green and magenta, in shades that people with protanopia, deuteranopia or tritanopia
//! tell apart too (the tests compute it): besides the hue, the lightness differs. Pieces and territory also have a form
//! of their own per player.

use std::fmt::Write as _;

/// Light or dark.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug, Default)]
pub enum Scheme {
    /// As the reader's system prefers (`prefers-color-scheme`); light where that is unknown.
    #[default]
    Auto,
    /// Dark on light.
    Light,
    /// Light on dark.
    Dark,
}

impl Scheme {
    /// Class of the root element. Rules name it, so that pictures of several schemes can share a page.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Auto => "rr-auto",
            Self::Light => "rr-light",
            Self::Dark => "rr-dark",
        }
    }
}

/// Colours of a scheme.
struct Theme {
    background: &'static str,
    cell: &'static str,
    grid: &'static str,
    ink: &'static str,
    dim: &'static str,
    /// Behind progress bars.
    track: &'static str,
    highlight: &'static str,
    /// Per player: sides of rings and markers.
    side: [&'static str; 4],
    /// Per player: top of the uppermost ring.
    top: [&'static str; 4],
    /// Per player: outlines.
    edge: [&'static str; 4],
    /// Per player: collapsed cells.
    area: [&'static str; 4],
    /// Per player: pattern on collapsed cells.
    hatch: [&'static str; 4],
}

const LIGHT: Theme = Theme {
    background: "#faf8f4",
    cell: "#ece7dc",
    grid: "#cdc5b4",
    ink: "#22252b",
    dim: "#6b6a66",
    track: "#ddd7ca",
    highlight: "#ffe45c",
    side: ["#2156ad", "#eaa824", "#1fbd82", "#ae4683"],
    top: ["#6f9ce0", "#ffd277", "#6fe0b4", "#dd8dbb"],
    edge: ["#0c2550", "#7d5300", "#075a3b", "#56173d"],
    area: ["#93cdfb", "#f8e6a4", "#c4edd0", "#dba9c6"],
    hatch: ["#1c4f9f", "#b27a00", "#0f8a5a", "#86245c"],
};

const DARK: Theme = Theme {
    background: "#15181d",
    cell: "#262b33",
    grid: "#3d444f",
    ink: "#eef0f3",
    dim: "#9aa1ab",
    track: "#343b45",
    highlight: "#6b6220",
    side: ["#4474d4", "#efb647", "#46dfa8", "#c05291"],
    top: ["#9dbcf5", "#ffdf9e", "#a5f3d3", "#eda3cd"],
    edge: ["#0a1a3c", "#4a3000", "#053d29", "#350f27"],
    area: ["#17509a", "#80601f", "#14402c", "#5a1550"],
    hatch: ["#86b4ff", "#ffd272", "#46d79f", "#e77cc4"],
};

/// The style sheet of a scheme.
pub(crate) fn style(scheme: Scheme) -> String {
    let mut out = String::new();
    let root = format!(".{} ", scheme.class());
    for rule in FORMS {
        let _ = write!(out, "{root}{rule}");
    }
    match scheme {
        Scheme::Auto => {
            LIGHT.write(&root, &mut out);
            out.push_str("@media(prefers-color-scheme:dark){");
            DARK.write(&root, &mut out);
            out.push('}');
        }
        Scheme::Light => LIGHT.write(&root, &mut out),
        Scheme::Dark => DARK.write(&root, &mut out),
    }
    out
}

/// Rules without colours.
const FORMS: [&str; 18] = [
    "text{font-family:system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif;font-size:13px}",
    ".lab text{font-size:10px;text-anchor:middle}",
    ".lab .z{font-style:italic;opacity:.6}",
    ".cap{font-size:16px;font-weight:600;text-anchor:middle}",
    ".n{font-weight:700;text-anchor:middle;paint-order:stroke;stroke-width:3px;stroke-linejoin:round;font-size:13.5px}",
    ".i{font-size:9.5px;stroke-width:2px}",
    ".h{font-size:17px;font-weight:700}",
    ".b{font-weight:600}",
    ".s{font-size:11px}",
    ".r{text-anchor:end}",
    ".w{stroke-width:.8px}",
    ".l{fill:none;stroke-width:.6px}",
    ".o{fill:none;stroke-width:2.5px;stroke-linejoin:round}",
    ".g{stroke-dasharray:4 3}",
    ".q{stroke-width:1.2px}",
    ".f{fill:none;stroke-linecap:round}",
    ".v{stroke-width:0}",
    ".a{opacity:.85;paint-order:stroke;stroke-width:1.6px}",
];

impl Theme {
    fn write(&self, root: &str, out: &mut String) {
        let Self { background, cell, grid, ink, dim, track, highlight, .. } = self;
        let rules = [
            format!(".bg{{fill:{background}}}"),
            format!("text{{fill:{ink}}}"),
            format!(".lab text,{root}.d{{fill:{dim}}}"),
            format!(".c path{{fill:{cell};stroke:{grid}}}"),
            format!(".n{{stroke:{cell}}}"),
            format!(".o{{stroke:{ink}}}"),
            format!(".a{{fill:{ink};stroke:{background}}}"),
            format!(".k{{fill:{track}}}"),
            format!(".u{{fill:{highlight};opacity:.6}}"),
            format!(".y{{fill:none;stroke:{ink};stroke-width:1.5px}}"),
        ];
        for rule in &rules {
            let _ = write!(out, "{root}{rule}");
        }
        for i in 0..4 {
            let (side, top, edge, area, hatch) = (self.side[i], self.top[i], self.edge[i], self.area[i], self.hatch[i]);
            let n = i + 1;
            let _ = write!(
                out,
                "{root}.p{n}{{fill:{side};stroke:{edge}}}{root}.t{n}{{fill:{top};stroke:{edge}}}\
                 {root}.l{n}{{stroke:{edge}}}\
                 {root}.x{n}{{fill:{area};stroke:{side}}}{root}.f{n}{{stroke:{hatch}}}"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{DARK, LIGHT, Scheme, style};

    /// Linear RGB as seen with protanopia, deuteranopia, tritanopia and without deficiency.
    /// Source: F. Viénot, H. Brettel, J. Mollon, "Digital video colourmaps for checking the legibility of displays by
    /// dichromats" (1999), and for tritanopia the same construction.
    const VISION: [[[f64; 3]; 3]; 4] = [
        [[0.112_38, 0.887_62, 0.0], [0.112_38, 0.887_62, 0.0], [0.004_01, -0.004_01, 1.0]],
        [[0.292_75, 0.707_25, 0.0], [0.292_75, 0.707_25, 0.0], [-0.022_34, 0.022_34, 1.0]],
        [[1.0, 0.144_6, -0.144_6], [0.0, 0.859_2, 0.140_8], [0.0, 0.859_2, 0.140_8]],
        [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    ];

    fn linear(colour: &str) -> [f64; 3] {
        [1, 3, 5].map(|i| {
            let value = f64::from(u8::from_str_radix(&colour[i..i + 2], 16).unwrap()) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
        })
    }

    fn times(matrix: [[f64; 3]; 3], v: [f64; 3]) -> [f64; 3] {
        matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
    }

    /// CIE 1976 L*a*b*.
    fn lab(rgb: [f64; 3]) -> [f64; 3] {
        let xyz = times(
            [[0.433_9, 0.376_2, 0.189_9], [0.212_6, 0.715_2, 0.072_2], [0.017_7, 0.109_5, 0.872_8]],
            rgb.map(|value| value.clamp(0.0, 1.0)),
        );
        let [x, y, z] = xyz.map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    }

    fn smallest_difference(colours: [&str; 4]) -> f64 {
        let mut smallest = f64::INFINITY;
        for vision in VISION {
            let seen = colours.map(|colour| lab(times(vision, linear(colour))));
            for (i, a) in seen.iter().enumerate() {
                for b in &seen[..i] {
                    let distance: f64 = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                    smallest = smallest.min(distance);
                }
            }
        }
        smallest
    }

    #[test]
    fn players_differ_in_any_colour_vision() {
        for theme in [LIGHT, DARK] {
            assert!(smallest_difference(theme.side) > 25.0, "{}", smallest_difference(theme.side));
            assert!(smallest_difference(theme.area) > 15.0, "{}", smallest_difference(theme.area));
        }
    }

    #[test]
    fn only_the_automatic_scheme_asks_for_the_preference() {
        assert!(style(Scheme::Auto).contains("@media(prefers-color-scheme:dark)"));
        assert!(!style(Scheme::Light).contains("@media"));
        assert!(!style(Scheme::Dark).contains("@media"));
        assert_ne!(style(Scheme::Light), style(Scheme::Dark));
    }
}
