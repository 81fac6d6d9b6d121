//! `rrpipe play`: a game on the terminal.

use std::io::Write as _;

use ringrift_render::{Palette, PlayedMove, TextOptions, render_text};
use ringrift_rules::{AnyPosition, Move, MoveList, PlayerId};
use ringrift_selfplay::GameRng;

use super::position::{Found, PositionArgs};
use super::show::legal_texts;
use crate::{Context, ExitCode, Failure, exit, input};

/// Moves that a list on the terminal shows before it asks for a pattern.
const LISTED_MAX: usize = 60;

/// Play on the terminal, people and random players at one board
///
/// Type a move in notation, its number in the last list, or a command: `help` lists them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe play --board-type hex8 --seats human,random --seed 7")]
pub(crate) struct Args {
    /// Who sits where, by seat: human or random; missing seats are random
    #[arg(long, value_delimiter = ',', value_enum, default_value = "human")]
    seats: Vec<Seat>,
    /// Seed of the random players
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    position: PositionArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Seat {
    Human,
    Random,
}

const HELP: &str = "\
  a move      in notation, such as P3,3x2 or M3,3>3,5; Enter alone makes the only legal move
  a number    the move of that number in the last list
  list [TEXT] the legal moves, or those that begin with TEXT
  show        the board again
  undo        take back your last decision
  position    the position in one line, for rrpipe show --position
  help        this list
  quit        leave the game
";

/// What a person decided.
enum Decision {
    Move(Move),
    Undo,
    Quit,
}

struct Game {
    position: AnyPosition,
    /// Positions before the decisions of people, for undo.
    past: Vec<(AnyPosition, Option<PlayedMove>)>,
    last: Option<PlayedMove>,
    streams: Vec<GameRng>,
    listed: Vec<String>,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let Found { position, last } = args.position.find()?;
    let players = position.players().get();
    if args.seats.len() > players {
        let text = format!("--seats names {} seats, the game has {players}", args.seats.len());
        return Err(Failure::message(exit::USAGE, text).hint("seats without a name are random players"));
    }
    let seat = |player: PlayerId| args.seats.get(player.index()).copied().unwrap_or(Seat::Random);
    let mut game = Game {
        position,
        past: Vec::new(),
        last: last.map(|(before, mv)| PlayedMove { before, mv }),
        streams: (0..players as u64).map(|stream| GameRng::new(args.seed, 0, stream)).collect(),
        listed: Vec::new(),
    };
    let mut moves = MoveList::new();
    let mut shown = false;
    while game.position.outcome().is_none() {
        if context.host.interrupted() {
            return Err(Failure::interrupted());
        }
        game.position.legal_moves(&mut moves);
        let player = game.position.to_move();
        if let [only] = moves[..]
            && only.kind().is_bookkeeping()
        {
            game.make(only);
            continue;
        }
        match seat(player) {
            Seat::Random => {
                let mv = moves[game.streams[player.index()].below(moves.len())];
                writeln!(context.terminal.out(), "player {player}: {}", game.position.format_move(mv))?;
                game.make(mv);
                shown = false;
            }
            Seat::Human => {
                if !shown {
                    game.show(context)?;
                    shown = true;
                }
                match game.ask(context)? {
                    Decision::Move(mv) => {
                        game.past.push((game.position.clone(), game.last.clone()));
                        game.make(mv);
                        shown = false;
                    }
                    Decision::Undo => {
                        if let Some((position, last)) = game.past.pop() {
                            (game.position, game.last) = (position, last);
                            shown = false;
                        } else {
                            writeln!(context.terminal.err(), "there is nothing to take back")?;
                        }
                    }
                    Decision::Quit => return Ok(exit::OK),
                }
            }
        }
    }
    game.show(context)?;
    Ok(exit::OK)
}

impl Game {
    fn make(&mut self, mv: Move) {
        let before = self.position.clone();
        self.position.make_move(mv);
        self.last = Some(PlayedMove { before, mv });
        self.listed.clear();
    }

    fn show(&self, context: &mut Context<'_>) -> Result<(), Failure> {
        let palette = if context.terminal.out_color() { Palette::Ansi256 } else { Palette::Plain };
        let options = TextOptions { palette, played: self.last.clone(), legend: false, ..TextOptions::default() };
        write!(context.terminal.out(), "\n{}", render_text(&self.position, &options))?;
        Ok(())
    }

    /// Asks until the answer is a decision.
    fn ask(&mut self, context: &mut Context<'_>) -> Result<Decision, Failure> {
        let legal = legal_texts(&self.position);
        let player = self.position.to_move();
        loop {
            let phase = self.position.phase();
            write!(context.terminal.out(), "player {player}, {phase}, {} moves> ", legal.len())?;
            context.terminal.out().flush()?;
            let Some(line) = input::read_line(context.host)? else {
                writeln!(context.terminal.out())?;
                return Ok(Decision::Quit);
            };
            let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            match word {
                "" if legal.len() == 1 => return Ok(Decision::Move(self.parse(&legal[0])?)),
                "" => {}
                "quit" | "exit" | "q" => return Ok(Decision::Quit),
                "undo" | "u" => return Ok(Decision::Undo),
                "help" | "?" => context.terminal.out().write_all(HELP.as_bytes())?,
                "show" => self.show(context)?,
                "position" => writeln!(context.terminal.out(), "{}", self.position)?,
                "list" | "l" => self.list(context, &legal, rest.trim())?,
                number if number.parse::<usize>().is_ok() => {
                    let chosen =
                        number.parse::<usize>().ok().and_then(|number| self.listed.get(number.checked_sub(1)?));
                    match chosen.cloned() {
                        Some(text) => return Ok(Decision::Move(self.parse(&text)?)),
                        None => writeln!(context.terminal.err(), "the last list has {} moves", self.listed.len())?,
                    }
                }
                text => match self.position.parse_move(text) {
                    Ok(mv) => return Ok(Decision::Move(mv)),
                    Err(error) => {
                        writeln!(
                            context.terminal.err(),
                            "{error}\nhint: `list` shows the legal moves, `help` the commands"
                        )?;
                    }
                },
            }
        }
    }

    fn parse(&self, text: &str) -> Result<Move, Failure> {
        self.position.parse_move(text).map_err(|error| Failure::new(exit::UNEXPECTED, error))
    }

    fn list(&mut self, context: &mut Context<'_>, legal: &[String], start: &str) -> Result<(), Failure> {
        self.listed = legal.iter().filter(|text| text.starts_with(start)).cloned().collect();
        let mut out = context.terminal.out();
        for (number, text) in (1..).zip(self.listed.iter().take(LISTED_MAX)) {
            writeln!(out, "{number:>4}  {text}")?;
        }
        if self.listed.len() > LISTED_MAX {
            let more = self.listed.len() - LISTED_MAX;
            writeln!(out, "      ... and {more} more; `list P3` lists those that begin with P3")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn random_players_finish_a_game_that_the_seed_decides() {
        let play = |seed: &str| rrpipe(&["play", "--seats", "random,random", "--seed", seed]);
        let ran = play("3");
        assert_eq!((ran.exit, ran.err.as_str()), (exit::OK, ""));
        assert!(ran.out.contains("wins"), "{}", ran.out);
        assert_eq!(ran.out, play("3").out);
        assert_ne!(ran.out, play("4").out);
    }

    #[test]
    fn too_many_seats_are_refused() {
        let ran = rrpipe(&["play", "--seats", "human,human,random"]);
        assert_eq!(ran.exit, exit::USAGE);
        assert!(ran.err.contains("names 3 seats, the game has 2"), "{}", ran.err);
    }
}
