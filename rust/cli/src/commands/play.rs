//! `rrpipe play`: a game on the terminal.

use std::io::Write as _;
use std::sync::Arc;

use ringrift_render::{Palette, PlayedMove, TextOptions, render_text};
use ringrift_rules::{AnyPosition, Move, MoveList};
use ringrift_search::Stop;
use ringrift_selfplay::{Analyst, GameRng};

use super::analyze::parse_spec;
use super::position::{Found, PositionArgs};
use super::show::legal_texts;
use crate::{Context, ExitCode, Failure, OrFail as _, exit, input, interrupt};

/// Moves that a list on the terminal shows before it asks for a pattern.
const LISTED_MAX: usize = 60;

/// Play on the terminal, people and engines at one board
///
/// Type a move in notation, its number in the last list, or a command: `help` lists them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples: rrpipe play --board-type hex8 --seats human,d4\n          \
                  rrpipe play --num-players 3 --seats human,d6:think,mcts:nodes=500,threads=2")]
pub(crate) struct Args {
    /// Who sits where, by seat: human, a rung of the ladder (d1 to d11), or an engine with settings; missing seats are random
    #[arg(long, value_name = "SEATS", default_value = "human")]
    seats: String,
    /// Seed of what the engines draw
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    position: PositionArgs,
}

enum Seat {
    Human,
    Engine(Box<(Analyst, GameRng)>),
}

/// The names of the seats. A comma between settings of an engine belongs to it: those have a `=`, or are `think`.
fn split_seats(text: &str) -> Vec<String> {
    let mut seats: Vec<String> = Vec::new();
    for part in text.split(',').map(str::trim) {
        let is_setting = part == "think" || part.split_once('=').is_some_and(|(name, _)| !name.contains(':'));
        match seats.last_mut() {
            Some(last) if is_setting => *last = format!("{last},{part}"),
            _ => seats.push(part.to_owned()),
        }
    }
    seats
}

fn open_seat(name: &str, number: u64, args: &Args, position: &AnyPosition) -> Result<Seat, Failure> {
    if name == "human" {
        return Ok(Seat::Human);
    }
    let spec = parse_spec(name, position).map_err(|failure| failure.hint("or human"))?;
    let mut rng = GameRng::new(args.seed, 0, number);
    let analyst = Analyst::new(&spec, position.board(), position.players(), &mut rng).or_fail(exit::USAGE)?;
    Ok(Seat::Engine(Box::new((analyst, rng))))
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
    listed: Vec<String>,
    names: Vec<String>,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let Found { position, last } = args.position.find()?;
    let players = position.players().get();
    let mut names = split_seats(&args.seats);
    if names.len() > players {
        let text = format!("--seats names {} seats, the game has {players}", names.len());
        return Err(Failure::message(exit::USAGE, text).hint("seats without a name are random players"));
    }
    names.resize(players, "random".to_owned());
    let open = |(number, name): (u64, &String)| open_seat(name, number, args, &position);
    let mut seats = (0..).zip(&names).map(open).collect::<Result<Vec<Seat>, Failure>>()?;
    let mut game = Game {
        position,
        past: Vec::new(),
        last: last.map(|(before, mv)| PlayedMove { before, mv }),
        listed: Vec::new(),
        names,
    };
    let mut moves = MoveList::new();
    let mut shown = false;
    context.host.catch_interrupts()?;
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
        match &mut seats[player.index()] {
            Seat::Engine(engine) => {
                let (analyst, rng) = &mut **engine;
                let limits = *analyst.limits();
                let decision = interrupt::watch(context.host, |stop| {
                    analyst.choose(&game.position, &limits, &Stop::from(Arc::clone(stop)), rng)
                })?
                .complete()?
                .or_fail(exit::UNEXPECTED)?;
                let (text, name) = (game.position.format_move(decision.mv), &game.names[player.index()]);
                let share = decision
                    .search
                    .filter(|found| found.evaluations > 0)
                    .map_or(String::new(), |found| format!(", win share {:.0} %", found.values[player] * 100.0));
                writeln!(context.terminal.out(), "player {player} ({name}): {text}{share}")?;
                context.terminal.out().flush()?;
                game.make(decision.mv);
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
        let (played, names) = (self.last.clone(), self.names.clone());
        let options = TextOptions { palette, played, names, legend: false, ..TextOptions::default() };
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
    use super::split_seats;
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
    fn engines_of_any_kind_play() {
        let seats = "d2,mcts:nodes=20,explore=true,heuristic,brs:depth=1,nodes=50";
        assert_eq!(split_seats(seats), ["d2", "mcts:nodes=20,explore=true", "heuristic", "brs:depth=1,nodes=50"]);
        assert_eq!(split_seats("human,d6:threads=2,think"), ["human", "d6:threads=2,think"]);
        let play = || rrpipe(&["play", "--num-players", "4", "--seats", seats, "--seed", "5"]);
        let ran = play();
        assert_eq!((ran.exit, ran.err.as_str()), (exit::OK, ""));
        assert!(ran.out.contains("player 2 (mcts:nodes=20,explore=true): ") && ran.out.contains(", win share "));
        assert!(ran.out.contains("wins"), "{}", ran.out);
        assert_eq!(ran.out, play().out);
    }

    #[test]
    fn unknown_seats_are_refused() {
        for (seats, says) in [("humam", "\"humam\""), ("human,mcts:nodes=0", "budget of 0"), ("d4,", "no engine \"\"")]
        {
            let ran = rrpipe(&["play", "--seats", seats]);
            assert_eq!((ran.exit, ran.out.as_str()), (exit::USAGE, ""));
            assert!(ran.err.contains(says) && ran.err.contains("hint: or human"), "{}", ran.err);
        }
    }

    #[test]
    fn too_many_seats_are_refused() {
        let ran = rrpipe(&["play", "--seats", "human,human,random"]);
        assert_eq!(ran.exit, exit::USAGE);
        assert!(ran.err.contains("names 3 seats, the game has 2"), "{}", ran.err);
    }
}
