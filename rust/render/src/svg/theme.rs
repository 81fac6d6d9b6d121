//! Colours and the style sheet.
//!
//! The players' hues are those of Okabe and Ito (blue, orange, bluish green, reddish purple), which people with any of
//! the common colour vision deficiencies tell apart; they differ in lightness too, and pieces and territory have a
//! form of their own per player.

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
    side: ["#0b6fb0", "#e69a00", "#089a72", "#c7649b"],
    top: ["#5fb0e2", "#ffc85e", "#4fd0a8", "#eba6cc"],
    edge: ["#053f66", "#7d5000", "#034a37", "#6f2f53"],
    area: ["#bfdcef", "#f9dda6", "#b3e2d2", "#efcde0"],
    hatch: ["#0b6fb0", "#b87800", "#067d5c", "#b04f86"],
};

const DARK: Theme = Theme {
    background: "#15181d",
    cell: "#262b33",
    grid: "#3d444f",
    ink: "#eef0f3",
    dim: "#9aa1ab",
    track: "#343b45",
    highlight: "#6b6220",
    side: ["#2a8bd0", "#e39a12", "#17a57d", "#cc72a6"],
    top: ["#86c8f4", "#ffd27a", "#6ce0bb", "#f4b6d8"],
    edge: ["#071f33", "#3a2600", "#02281e", "#3d162d"],
    area: ["#16405f", "#5c4410", "#0e4a3a", "#5a2d48"],
    hatch: ["#5ab0ea", "#eead3a", "#34c59b", "#e59ac5"],
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
const FORMS: [&str; 16] = [
    "text{font-family:system-ui,-apple-system,\"Segoe UI\",\"DejaVu Sans\",sans-serif;font-size:13px}",
    ".lab text{font-size:10px;text-anchor:middle}",
    ".lab .z{font-style:italic;opacity:.6}",
    ".cap{font-size:16px;font-weight:600;text-anchor:middle}",
    ".n{font-weight:700;text-anchor:middle;paint-order:stroke;stroke-width:3px;stroke-linejoin:round}",
    ".h{font-size:17px;font-weight:700}",
    ".b{font-weight:600}",
    ".s{font-size:11px}",
    ".r{text-anchor:end}",
    ".m{text-anchor:middle}",
    ".w{stroke-width:.8px}",
    ".l{fill:none;stroke-width:.6px}",
    ".o{fill:none;stroke-width:2.5px;stroke-linejoin:round}",
    ".g{stroke-dasharray:4 3}",
    ".q{stroke-width:1.2px}",
    ".f{fill:none;stroke-linecap:round}",
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
            format!(".j{{fill:none;stroke:{track}}}"),
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
                 {root}.e{n}{{fill:{edge}}}{root}.l{n}{{stroke:{edge}}}\
                 {root}.x{n}{{fill:{area};stroke:{side}}}{root}.f{n}{{stroke:{hatch}}}"
            );
        }
    }
}
