//! Solve rates of the engines.

use crate::tactical::engines::{Kind, solves};
use crate::tactical::entry::{Entry, Theme, load};

/// Prints a table: one line per engine, one column per theme.
pub fn print_table(nodes: u64) {
    let entries = load();
    let columns: Vec<(String, Vec<&Entry>)> = Theme::ALL
        .into_iter()
        .map(|theme| (theme.name(), entries.iter().filter(|entry| entry.theme == theme).collect::<Vec<_>>()))
        .chain((1..=3).map(|turns| {
            (
                format!("{turns} turn{}", if turns == 1 { "" } else { "s" }),
                entries.iter().filter(|e| e.turns == turns).collect(),
            )
        }))
        .chain([("all".into(), entries.iter().collect())])
        .collect();
    let heads: Vec<String> =
        columns.iter().map(|(name, of)| format!("{} ({})", name.replace('_', " "), of.len())).collect();
    println!("| engine | {} |", heads.join(" | "));
    println!("|---|{}", "---|".repeat(columns.len()));
    for kind in Kind::ALL {
        let solved: Vec<&str> =
            entries.iter().filter(|entry| solves(kind, entry, nodes)).map(|entry| entry.id.as_str()).collect();
        let counts: Vec<String> = columns
            .iter()
            .map(|(_, of)| of.iter().filter(|entry| solved.contains(&entry.id.as_str())).count().to_string())
            .collect();
        println!("| {} | {} |", kind.name(), counts.join(" | "));
    }
}

/// Names the entries that an engine misses.
pub fn print_misses(nodes: u64, name: &str) {
    for kind in Kind::ALL.into_iter().filter(|kind| kind.name().contains(name)) {
        for entry in load().iter().filter(|entry| !solves(kind, entry, nodes)) {
            println!("{}: {}", kind.name(), entry.id);
        }
    }
}
