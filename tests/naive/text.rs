//! Positions as text: the canonical state text, both ways, and the two fingerprints of a state.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::str::{FromStr, SplitWhitespace};

use sha2::{Digest, Sha256};

use super::board::{BoardName, Cell};
use super::state::{Chain, Lps, Phase, Player, Rules, Seat, Stack, State, Status, cap_height, controller};

const PHASES: [(Phase, &str); 8] = [
    (Phase::RingPlacement, "ring_placement"),
    (Phase::Movement, "movement"),
    (Phase::Capture, "capture"),
    (Phase::ChainCapture, "chain_capture"),
    (Phase::LineProcessing, "line_processing"),
    (Phase::TerritoryProcessing, "territory_processing"),
    (Phase::ForcedElimination, "forced_elimination"),
    (Phase::GameOver, "game_over"),
];
const STATUSES: [(Status, &str); 2] = [(Status::Active, "active"), (Status::Completed, "completed")];

impl Phase {
    /// Canonical name.
    pub fn name(self) -> &'static str {
        name_of(&PHASES, self)
    }
}

impl Status {
    /// Canonical name.
    pub fn name(self) -> &'static str {
        name_of(&STATUSES, self)
    }
}

fn name_of<T: Copy + PartialEq>(table: &[(T, &'static str)], value: T) -> &'static str {
    let mut rows = table.iter();
    rows.find(|row| row.0 == value).expect("a row per value").1
}

fn value_of<T: Copy>(table: &[(T, &str)], name: &str) -> Result<T, String> {
    let mut rows = table.iter();
    let row = rows.find(|row| row.1 == name);
    row.map(|row| row.0).ok_or_else(|| format!("unknown name {name}"))
}

/// The items joined with a separator, or `-` if there are none.
fn joined<T: ToString>(items: impl IntoIterator<Item = T>, separator: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    if items.is_empty() { "-".to_owned() } else { items.join(separator) }
}

/// The first hex digits of the SHA-256 of a text.
pub fn hex_digest(text: &str, digits: usize) -> String {
    let mut hex = String::new();
    for byte in Sha256::digest(text) {
        write!(hex, "{byte:02x}").expect("a string takes all text");
    }
    hex.truncate(digits);
    hex
}

/// The items sorted bytewise and joined with `|`.
fn sorted_part(items: impl Iterator<Item = String>) -> String {
    let mut items: Vec<String> = items.collect();
    items.sort();
    items.join("|")
}

impl State {
    /// The canonical state text.
    pub fn canonical_text(&self) -> String {
        let key = |cell: Cell| self.board.key(cell);
        let mut text = String::new();
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            writeln!(text, "{arguments}").expect("a string takes all text");
        };
        line(format_args!("ringrift-state 1"));
        line(format_args!("board {} {}", self.board, self.players.len()));
        line(format_args!(
            "turn {} {} {} {}",
            self.phase.name(),
            self.player,
            self.status.name(),
            joined(self.winner, "")
        ));
        for (seat, p) in self.seats().zip(&self.players) {
            let Player { id, hand, eliminated, territory } = p;
            line(format_args!("player {seat} {id} {hand} {eliminated} {territory}"));
        }
        let causes = self.eliminated_by.iter().map(|(k, v)| format!("{k}:{v}"));
        line(format_args!("eliminated {} {}", self.eliminated_total, joined(causes, ",")));
        line(format_args!("mustmove {}", joined(self.must_move.map(key), "")));
        line(format_args!("pendingline {}", u8::from(self.pending_line)));
        let chain = self.chain.as_ref().map(|chain| {
            let visited = chain.visited.iter().map(|&cell| key(cell));
            let ends = format!("{} {}", key(chain.start), key(chain.current));
            format!("{} {ends} {}", chain.player, joined(visited, ";"))
        });
        line(format_args!("chain {}", joined(chain, "")));
        let lps = &self.lps;
        let mask = lps.mask.iter().map(|(k, &v)| format!("{k}:{}", u8::from(v)));
        line(format_args!(
            "lps {} {} {} {} {} {} {}",
            lps.round,
            joined(lps.first, ""),
            joined(lps.exclusive, ""),
            joined(lps.consecutive_player, ""),
            lps.consecutive_rounds,
            lps.required,
            joined(mask, ",")
        ));
        let stacks = self.stacks.iter();
        let stacks = stacks.map(|s| (key(s.cell), joined(&s.rings, "")));
        let markers = self.markers.iter().map(|(&c, o)| (key(c), o.to_string()));
        let collapsed = self.collapsed.iter().map(|(&c, o)| (key(c), o.to_string()));
        let sections: [(char, BTreeMap<String, String>); 3] =
            [('S', stacks.collect()), ('M', markers.collect()), ('X', collapsed.collect())];
        for (letter, entries) in sections {
            for (key, value) in entries {
                line(format_args!("{letter} {key} {value}"));
            }
        }
        text
    }

    /// Keys of the stacks in container order, separated by blanks.
    pub fn stack_order(&self) -> String {
        let keys = self.stacks.iter().map(|stack| self.board.key(stack.cell));
        keys.collect::<Vec<_>>().join(" ")
    }

    /// The readable fingerprint of a state.
    fn fingerprint(&self) -> String {
        let key = |cell: Cell| self.board.key(cell);
        let player = match self.status {
            Status::Active => self.player,
            Status::Completed => 0,
        };
        let owners = |cells: &BTreeMap<Cell, Seat>| {
            sorted_part(cells.iter().map(|(&cell, owner)| format!("{}:{owner}", key(cell))))
        };
        let players = self.seats().zip(&self.players);
        let players = players.map(|(seat, p)| format!("{seat}:{}:{}:{}", p.hand, p.eliminated, p.territory));
        let stacks = self.stacks.iter().map(|stack| {
            let (top, cap) = (controller(&stack.rings), cap_height(&stack.rings));
            format!("{}:{top}:{}:{cap}", key(stack.cell), stack.rings.len())
        });
        [
            format!("{player}:{}:{}:{}", self.phase.name(), self.status.name(), u8::from(self.pending_line)),
            sorted_part(players),
            sorted_part(stacks),
            owners(&self.markers),
            owners(&self.collapsed),
        ]
        .join("#")
    }

    /// The 16-digit state hash stored with recorded games: two 32-bit mixes of the fingerprint.
    pub fn fingerprint_hash(&self) -> String {
        let (mut a, mut b) = (0xDEAD_BEEF_u32, 0x41C6_CE57_u32);
        for byte in self.fingerprint().bytes() {
            a = (a ^ u32::from(byte)).wrapping_mul(2_654_435_761);
            b = (b ^ u32::from(byte)).wrapping_mul(1_597_334_677);
        }
        let mix =
            |x: u32, y: u32| (x ^ (x >> 16)).wrapping_mul(2_246_822_507) ^ (y ^ (y >> 13)).wrapping_mul(3_266_489_909);
        a = mix(a, b);
        b = mix(b, a);
        format!("{b:08x}{a:08x}")
    }

    /// Reads a canonical state text. The stacks take the order given, or that of the text. The
    /// history starts empty, so the position should be the start of a turn. The text decides the
    /// number of rounds required by the last-player-standing rule.
    pub fn from_canonical(text: &str, order: Option<&str>, rules: &Rules) -> Result<Self, String> {
        let mut lines = text.lines().map(Line::new).peekable();
        let mut next = |name: &str| {
            let line = lines.next().ok_or_else(|| format!("no line {name}"))?;
            if line.name == name { Ok(line) } else { Err(format!("expected {name}: {}", line.text)) }
        };
        next("ringrift-state")?;
        let mut line = next("board")?;
        let board: BoardName = line.value()?;
        let mut state = Self::initial_with(board, line.value()?, rules.clone());
        let mut line = next("turn")?;
        state.phase = value_of(&PHASES, line.word()?)?;
        state.player = line.value()?;
        state.status = value_of(&STATUSES, line.word()?)?;
        state.winner = line.optional()?;
        for player in &mut state.players {
            let mut line = next("player")?;
            line.word()?;
            *player =
                Player { id: line.value()?, hand: line.value()?, eliminated: line.value()?, territory: line.value()? };
        }
        let mut line = next("eliminated")?;
        state.eliminated_total = line.value()?;
        state.eliminated_by = line.pairs()?;
        let cell = |key: Option<String>| key.map(|key| board.parse_key(&key)).transpose();
        state.must_move = cell(next("mustmove")?.optional()?)?;
        state.pending_line = next("pendingline")?.word()? == "1";
        let mut line = next("chain")?;
        if let Some(player) = line.optional()? {
            state.chain = Some(Chain {
                player,
                start: board.parse_key(line.word()?)?,
                current: board.parse_key(line.word()?)?,
                visited: line.word()?.split(';').map(|key| board.parse_key(key)).collect::<Result<_, _>>()?,
            });
        }
        let mut line = next("lps")?;
        state.lps = Lps {
            round: line.value()?,
            first: line.optional()?,
            exclusive: line.optional()?,
            consecutive_player: line.optional()?,
            consecutive_rounds: line.value()?,
            required: line.value()?,
            mask: line.pairs::<u8>()?.into_iter().map(|(k, v)| (k, v == 1)).collect(),
        };
        for mut line in lines {
            let cell = board.parse_key(line.word()?)?;
            match line.name {
                "S" => {
                    let owner = |c: char| c.to_digit(10).map(|digit| digit as Seat);
                    let rings: Option<Vec<Seat>> = line.word()?.chars().map(owner).collect();
                    let rings = rings.ok_or_else(|| format!("bad rings: {}", line.text))?;
                    state.stacks.push(Stack { cell, rings });
                }
                "M" => drop(state.markers.insert(cell, line.value()?)),
                "X" => drop(state.collapsed.insert(cell, line.value()?)),
                _ => return Err(format!("unknown line {}", line.text)),
            }
        }
        if let Some(order) = order {
            let order: Vec<&str> = order.split_whitespace().collect();
            let place = |stack: &Stack| order.iter().position(|&key| key == board.key(stack.cell));
            state.stacks.sort_by_key(place);
        }
        for seat in state.seats() {
            if !state.has_rings(seat) {
                state.ringless_since[usize::from(seat) - 1] = Some(0);
            }
        }
        Ok(state)
    }
}

/// A line of the canonical text: its name and the words not read yet.
struct Line<'a> {
    text: &'a str,
    name: &'a str,
    words: SplitWhitespace<'a>,
}

impl<'a> Line<'a> {
    fn new(text: &'a str) -> Self {
        let mut words = text.split_whitespace();
        Self { text, name: words.next().unwrap_or_default(), words }
    }

    fn word(&mut self) -> Result<&'a str, String> {
        self.words.next().ok_or_else(|| format!("line too short: {}", self.text))
    }

    fn value<T: FromStr>(&mut self) -> Result<T, String> {
        let word = self.word()?;
        word.parse().map_err(|_| format!("bad value {word}: {}", self.text))
    }

    /// A value, or none for `-`.
    fn optional<T: FromStr>(&mut self) -> Result<Option<T>, String> {
        match self.word()? {
            "-" => Ok(None),
            word => match word.parse() {
                Ok(value) => Ok(Some(value)),
                Err(_) => Err(format!("bad value {word}: {}", self.text)),
            },
        }
    }

    /// A list `k:v,k:v`, or `-`.
    fn pairs<T: FromStr>(&mut self) -> Result<BTreeMap<Seat, T>, String> {
        let word = self.word()?;
        let pairs = word.split(',').filter(|pair| *pair != "-");
        pairs
            .map(|pair| {
                let (k, v) = pair.split_once(':')?;
                Some((k.parse().ok()?, v.parse().ok()?))
            })
            .map(|pair| pair.ok_or_else(|| format!("bad list: {}", self.text)))
            .collect()
    }
}
