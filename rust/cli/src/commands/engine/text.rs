//! The text protocol: commands in, answers out, one search at a time on its own thread.

use std::fmt::Write as _;
use std::io;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::{Receiver, Sender};
use std::thread::JoinHandle;
use std::time::Instant;

use ringrift_rules::{AnyPosition, Move};
use ringrift_search::{Ended, Limits, SearchResult, Stop};
use ringrift_selfplay::{AnalysisError, Analyst, GameRng};

use super::lines::{Input, TOO_LONG, listen, next_event, say, spawn_search};
use super::session::{Budget, COMMANDS, Session, mistake};
use super::{Args, words};
use crate::commands::report;
use crate::suggest::nearest;
use crate::{Context, ExitCode, Failure, exit};

/// Nodes of the first part of an endless search; each part is twice as long as the one before.
const FIRST_PART_NODES: u64 = 4_096;

enum Event {
    Input(Input),
    /// What an endless search has found so far.
    Part(Box<SearchResult>),
    Done(Box<Done>),
}

/// A search that is over.
struct Done {
    analyst: Analyst,
    found: Result<(Move, Option<SearchResult>), Failure>,
}

/// The search of the moment.
struct Running {
    stop: Stop,
    thread: JoinHandle<()>,
    /// Whether its answer waits for `stop`.
    is_endless: bool,
    done: Option<Box<Done>>,
}

struct Server {
    session: Session,
    running: Option<Running>,
    /// Whether no more commands will come.
    is_ending: bool,
    sender: Sender<Event>,
}

pub(super) fn serve(
    args: &Args,
    source: impl io::BufRead + Send + 'static,
    context: &mut Context<'_>,
) -> Result<ExitCode, Failure> {
    let (sender, events) = listen(source, context, Event::Input)?;
    let session = Session::new(&args.engine, args.seed);
    let mut server = Server { session, running: None, is_ending: false, sender };
    let ended = server.serve(&events, context);
    if let Some(running) = server.running.take() {
        running.stop.stop();
        // Searches catch their panics.
        let _ = running.thread.join();
    }
    ended
}

impl Server {
    fn serve(&mut self, events: &Receiver<Event>, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
        while !(self.is_ending && self.running.is_none()) {
            let Some(event) = next_event(events, context)? else { break };
            let answer = match event {
                Event::Input(Input::Line(line)) if line == "quit" => break,
                Event::Input(Input::Line(line)) => self.command(&line).unwrap_or_else(|failure| error_line(&failure)),
                Event::Input(Input::TooLong) => error_line(&mistake(TOO_LONG.0, TOO_LONG.1)),
                Event::Input(Input::End) => {
                    self.is_ending = true;
                    self.end_endless();
                    String::new()
                }
                Event::Input(Input::Failed(error)) => return Err(error.into()),
                Event::Part(found) => info(&found, &self.session.position, self.session.lines),
                Event::Done(done) => {
                    if let Some(running) = &mut self.running {
                        running.done = Some(done);
                    }
                    String::new()
                }
            };
            let answer = answer + &self.best_move();
            say(&answer, context)?;
        }
        Ok(exit::OK)
    }

    fn command(&mut self, line: &str) -> Result<String, Failure> {
        let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let rest = rest.trim();
        match word {
            "setoption" | "newgame" | "ucinewgame" | "position" | "go" if self.running.is_some() => {
                return Err(mistake(format!("{word} during a search"), "type stop, and wait for bestmove"));
            }
            "" => {}
            "uci" => return Ok(self.session.identity()),
            "isready" => return Ok("readyok\n".to_owned()),
            "setoption" => self.session.set_option(rest)?,
            "newgame" | "ucinewgame" => self.session.new_game(),
            "position" => self.session.set_position(rest)?,
            "go" => return self.go(&Session::parse_go(rest)?),
            "stop" => match &mut self.running {
                Some(running) => {
                    running.stop.stop();
                    running.is_endless = false;
                }
                None => return Err(mistake("stop without a search", "type go first")),
            },
            "d" => return Ok(self.session.drawing()),
            _ => {
                let hint = nearest(word, COMMANDS).map_or_else(
                    || format!("the commands are {}", COMMANDS.join(", ")),
                    |command| format!("did you mean {command}?"),
                );
                let word: String = word.chars().take(40).collect();
                return Err(mistake(format!("there is no command {word:?}"), hint));
            }
        }
        Ok(String::new())
    }

    fn go(&mut self, budget: &Budget) -> Result<String, Failure> {
        if let Some(outcome) = self.session.position.outcome() {
            return Err(Failure::new(exit::BAD_INPUT, AnalysisError::Over(outcome)));
        }
        let (analyst, note) = self.session.take_analyst()?;
        let limits = match budget {
            Budget::Own => Some(*analyst.limits()),
            Budget::Limits(limits) => Some(*limits),
            Budget::Infinite => None,
        };
        let rng = GameRng::new(self.session.seed, self.session.searches, 0);
        self.session.searches += 1;
        let (stop, position, sender) = (Stop::new(), self.session.position.clone(), self.sender.clone());
        let is_endless = limits.is_none();
        let search = Search { analyst, position, limits, stop: stop.clone(), rng };
        let thread = spawn_search(move || search.run(&sender))?;
        self.running = Some(Running { stop, thread, is_endless, done: None });
        Ok(note.map(|note| format!("info string {note}\n")).unwrap_or_default())
    }

    fn end_endless(&mut self) {
        if let Some(running) = &mut self.running
            && running.is_endless
        {
            running.stop.stop();
            running.is_endless = false;
        }
    }

    /// The last lines of a search that is over, unless they have to wait.
    fn best_move(&mut self) -> String {
        let is_told = |running: &mut Running| running.done.is_some() && !running.is_endless;
        let Some(Running { done: Some(done), .. }) = self.running.take_if(is_told) else { return String::new() };
        self.session.analyst = Some(done.analyst);
        let position = &self.session.position;
        match done.found {
            Ok((best, found)) => {
                let mut text = match &found {
                    Some(found) => {
                        info(found, position, self.session.lines)
                            + &format!("info string ended by {}\n", found.ended.name())
                    }
                    None => "info string not searched: the only move, or a random one of the engine\n".to_owned(),
                };
                writeln!(text, "bestmove {}", position.format_move(best)).expect("writing to a string cannot fail");
                text
            }
            Err(failure) => error_line(&failure),
        }
    }
}

/// A search on its thread.
struct Search {
    analyst: Analyst,
    position: AnyPosition,
    /// None for an endless search.
    limits: Option<Limits>,
    stop: Stop,
    rng: GameRng,
}

impl Search {
    fn run(mut self, sender: &Sender<Event>) {
        let found = panic::catch_unwind(AssertUnwindSafe(|| match self.limits {
            Some(limits) => self
                .analyst
                .choose(&self.position, &limits, &self.stop, &mut self.rng)
                .map(|decision| (decision.mv, decision.search.map(|found| *found))),
            None => self.search_in_parts(sender).map(|found| (found.best, Some(found))),
        }));
        let found = match found {
            Ok(found) => found.map_err(|error| Failure::new(exit::BAD_INPUT, error)),
            Err(_) => Err(mistake("the search failed", "this is a bug; other positions can still be searched")),
        };
        // Nobody listens once the program ends.
        let _ = sender.send(Event::Done(Box::new(Done { analyst: self.analyst, found })));
    }

    /// Searches longer and longer, each part with what the ones before left behind, and tells what each part has found. A
    /// part that is stopped before it got anywhere counts for nothing.
    fn search_in_parts(&mut self, sender: &Sender<Event>) -> Result<SearchResult, AnalysisError> {
        let began = Instant::now();
        let mut last: Option<SearchResult> = None;
        let mut budget = FIRST_PART_NODES;
        loop {
            let limits = Limits::nodes(budget).expect("a budget above 0");
            let mut found = self.analyst.search(&self.position, &limits, &self.stop, &mut self.rng)?;
            let nodes = found.nodes + last.as_ref().map_or(0, |last| last.nodes);
            if let Some(last) = last.take_if(|last| found.ended == Ended::Stopped && found.depth < last.depth) {
                found = SearchResult { ended: Ended::Stopped, ..last };
            }
            (found.nodes, found.elapsed) = (nodes, began.elapsed());
            if found.ended != Ended::Nodes {
                return Ok(found);
            }
            let _ = sender.send(Event::Part(Box::new(found.clone())));
            last = Some(found);
            budget = budget.saturating_mul(2);
        }
    }
}

/// One line per best line of a search.
fn info(found: &SearchResult, position: &AnyPosition, most: usize) -> String {
    let ms = found.elapsed.as_millis();
    let nps = found.nodes as f64 / found.elapsed.as_secs_f64().max(1e-6);
    let mut text = String::new();
    for (number, line) in (1..).zip(report::best_lines(found, position, most)) {
        let values: Vec<String> =
            line.values.of(position.players()).iter().map(|share| format!("{share:.4}")).collect();
        let bound = if line.is_exact { "" } else { " bound" };
        writeln!(
            text,
            "info depth {} nodes {} time {ms} nps {nps:.0} score {:.2} line {number} visits {} policy {:.4} values {}{bound} pv {}",
            found.depth,
            found.nodes,
            found.score,
            line.visits,
            line.policy,
            values.join(" "),
            report::line_texts(position, &line.pv).join(" ")
        )
        .expect("writing to a string cannot fail");
    }
    text
}

fn error_line(failure: &Failure) -> String {
    let (text, hint) = words(failure);
    if hint.is_empty() { format!("error {text}\n") } else { format!("error {text}; hint: {hint}\n") }
}
