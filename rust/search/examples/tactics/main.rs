//! The tactical suite: finds positions, and prints how many of them every engine solves.
//!
//! After `cargo run --release -p ringrift-search --example tactics --`:
//!
//! | arguments | what it does |
//! |---|---|
//! | `find 100 2 3 4` | plays so many games per kind of game and seat count, and prints the positions that it can prove |
//! | `choose FILE` | prints a balanced choice of them: the suite |
//! | `rates 20000` | prints the table of solve rates at so many nodes |
//! | `misses 20000 max-n` | names what the engines with such a name miss |
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::unwrap_used, reason = "an example")]

mod choose;
mod find;
mod rates;
#[path = "../../tests/tactical/mod.rs"]
mod tactical;

use std::io::Write as _;

use ringrift_rules::PlayerCount;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["find", games, ref players @ ..] => {
            let counts: Vec<PlayerCount> =
                players.iter().map(|count| PlayerCount::try_from(count.parse::<u64>().unwrap()).unwrap()).collect();
            let mut out = std::io::stdout().lock();
            find::find(games.parse().unwrap(), &counts, &mut |candidate| {
                writeln!(out, "{}", serde_json::to_string(candidate).unwrap()).unwrap();
            });
        }
        ["choose", file] => {
            let text = std::fs::read_to_string(file).unwrap();
            let candidates = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            for entry in choose::choose(candidates) {
                println!("{}", serde_json::to_string(&entry).unwrap());
            }
        }
        ["rates", nodes] => rates::print_table(nodes.parse().unwrap()),
        ["misses", nodes, name] => rates::print_misses(nodes.parse().unwrap(), name),
        _ => eprintln!("find GAMES PLAYERS... | choose FILE | rates NODES | misses NODES ENGINE"),
    }
}
