//! What a search found, as words and as JSON: for analysis and for the engine protocols.

use ringrift_rules::{AnyPosition, Cell, Move};
use ringrift_search::{RootLine, SearchResult};
use ringrift_selfplay::whole_line;
use serde_json::{Value, json};

/// A line of moves in notation, with the forced moves between them that searches leave out.
pub(crate) fn line_texts(position: &AnyPosition, moves: &[Move]) -> Vec<String> {
    let mut now = position.clone();
    let text = |mv| {
        let text = now.format_move(mv);
        now.make_move(mv);
        text
    };
    whole_line(position, moves).into_iter().map(text).collect()
}

/// The best lines of a search.
pub(crate) fn best_lines<'a>(
    found: &'a SearchResult,
    position: &AnyPosition,
    most: usize,
) -> impl Iterator<Item = &'a RootLine> {
    found.best_first(position.to_move()).into_iter().take(most)
}

/// The cells that a move touches.
pub(crate) fn cells_of(mv: Move) -> Vec<Cell> {
    [mv.origin(), mv.target(), mv.landing()].into_iter().flatten().collect()
}

/// A search as a JSON object, with its best lines. Lists are by seat, player 1 first.
pub(crate) fn to_json(found: &SearchResult, position: &AnyPosition, most: usize) -> Value {
    let players = position.players();
    let lines: Vec<Value> = best_lines(found, position, most)
        .map(|line| {
            json!({
                "move": position.format_move(line.mv),
                "visits": line.visits,
                "values": line.values.of(players),
                "exact": line.is_exact,
                "policy": line.policy,
                "pv": line_texts(position, &line.pv),
            })
        })
        .collect();
    json!({
        "position": position.to_string(),
        "player": position.to_move().number(),
        "best": position.format_move(found.best),
        "score": found.score,
        "values": found.values.of(players),
        "nodes": found.nodes,
        "evaluations": found.evaluations,
        "depth": found.depth,
        "elapsed_ms": found.elapsed.as_secs_f64() * 1e3,
        "ended": found.ended.name(),
        "moves": found.lines.len(),
        "lines": lines,
    })
}

/// The best lines as a table.
pub(crate) fn to_table(found: &SearchResult, position: &AnyPosition, most: usize) -> String {
    let players = position.players();
    let mut rows: Vec<Vec<String>> = vec![["", "move", "visits", "policy"].map(str::to_owned).to_vec()];
    rows[0].extend(players.seats().map(|seat| format!("player {seat}")));
    rows[0].push("line".to_owned());
    for (number, line) in (1..).zip(best_lines(found, position, most)) {
        let mut row = vec![
            number.to_string(),
            position.format_move(line.mv),
            line.visits.to_string(),
            format!("{:.1} %", line.policy * 100.0),
        ];
        let sign = if line.is_exact { "" } else { "~" };
        row.extend(line.values.of(players).iter().map(|share| format!("{sign}{:.1} %", share * 100.0)));
        row.push(line_texts(position, &line.pv).into_iter().skip(1).collect::<Vec<_>>().join(" "));
        rows.push(row);
    }
    let columns = rows[0].len();
    let widths: Vec<usize> = (0..columns)
        .map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default())
        .collect();
    let mut text = String::new();
    for row in rows {
        let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| match column {
            1 => format!("{cell:<width$}"),
            last if last + 1 == columns => cell.clone(),
            _ => format!("{cell:>width$}"),
        });
        text += cells.collect::<Vec<_>>().join("  ").trim_end();
        text.push('\n');
    }
    text
}
