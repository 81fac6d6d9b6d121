//! The fuzz targets' entry functions over their seeds and a few thousand deterministic mutations of them: whatever the
//! bytes are, the answer is a value that holds together or a clear error, and it comes soon.

use std::time::{Duration, Instant};

#[path = "../../../fuzz/entries.rs"]
mod entries;
mod support;

/// Counter-based stream of numbers (`SplitMix64`; Steele, Lea, Flood 2014).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }
}

/// Texts that are likely to matter to the readers.
const TOKENS: [&str; 32] = [
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "\"\"",
    "-1",
    "0",
    "1",
    "2",
    "3",
    "4",
    "5",
    "18",
    "9999",
    "10000",
    "65536",
    "4294967295",
    "4294967296",
    "18446744073709551615",
    "-9223372036854775808",
    "1e308",
    "1e400",
    "NaN",
    "1.5",
    ",",
    ":",
    "\"0,0\"",
    "\"4,-4,0\"",
    "\"game_over\"",
    "[[[[[[[[",
    "\u{0}",
];

fn mutate(seed: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut data = seed.to_vec();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(data.len() + 1);
        let len = numbers.below(24).min(data.len() - at);
        match numbers.below(8) {
            0 => {
                data.drain(at..at + len);
            }
            1 => {
                let part = data[at..at + len].to_vec();
                let to = numbers.below(data.len() + 1);
                data.splice(to..to, part);
            }
            2 => data.truncate(at),
            3 if at < data.len() => data[at] ^= 1 << numbers.below(8),
            4 if at < data.len() => data[at] = numbers.next() as u8,
            // A number elsewhere in the text becomes another one.
            5 | 6 => {
                let digit = (at..data.len()).find(|&i| data[i].is_ascii_digit());
                if let Some(from) = digit {
                    let until = (from..data.len()).find(|&i| !data[i].is_ascii_digit()).unwrap_or(data.len());
                    let token = TOKENS[numbers.below(TOKENS.len())];
                    data.splice(from..until, token.bytes());
                }
            }
            _ => {
                let token = TOKENS[numbers.below(TOKENS.len())];
                data.splice(at..at + len, token.bytes());
            }
        }
    }
    data
}

/// Runs a target on its seeds and on mutations of them.
fn run(target: &str, count: usize, entry: fn(&[u8])) {
    let folder = support::repository().join("fuzz/seeds").join(target);
    let mut seeds: Vec<(std::path::PathBuf, Vec<u8>)> = std::fs::read_dir(&folder)
        .expect("the seeds of the target")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), std::fs::read(path).expect("a seed")))
        .collect();
    seeds.sort();
    let mut numbers = Numbers(1);
    let mut slowest = Duration::ZERO;
    for i in 0..count {
        let (_, seed) = &seeds[i % seeds.len()];
        let data = if i < seeds.len() { seed.clone() } else { mutate(seed, &mut numbers) };
        let begun = Instant::now();
        let result = std::panic::catch_unwind(|| entry(&data));
        slowest = slowest.max(begun.elapsed());
        assert!(result.is_ok(), "{target}, mutation {i}:\n{}", String::from_utf8_lossy(&data));
    }
    // Generous, so that a busy machine does not fail the test: the point is that no input takes minutes.
    assert!(slowest < Duration::from_secs(20), "an input took {slowest:?}");
}

#[test]
fn state_json_holds_together_or_fails_clearly() {
    run("state_json", 4000, entries::state_json);
}

#[test]
fn move_text_holds_together_or_fails_clearly() {
    run("move_text", 4000, entries::move_text);
}

#[test]
fn trace_reader_holds_together_or_fails_clearly() {
    run("trace_reader", 3000, entries::trace_reader);
}
