//! Measures storing games: `cargo run --release -p ringrift-replay --example ingest -- FILE [GAMES] [THREADS] [timed]`.
//!
//! The games are played beforehand. What is timed is replaying and checking them, writing their rows, and committing
//! them to the disk; every game is acknowledged before the clock stops.
#![allow(clippy::print_stdout, reason = "a program that prints what it measured")]

use std::{error::Error, path::PathBuf, thread, time::Instant};

use cpu_time::{ProcessTime, ThreadTime};
use ringrift_replay::{StoreWriter, WriterOptions};
use ringrift_rules::{BoardKind, PlayerCount};

#[path = "../tests/support/play.rs"]
mod play;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = PathBuf::from(args.next().ok_or("no FILE")?);
    let games: u64 = args.next().map_or(Ok(2000), |text| text.parse())?;
    let threads: u64 = args.next().map_or(Ok(1), |text| text.parse())?;
    let timed = args.next().as_deref() == Some("timed");
    let seed = std::process::id().into();
    let list: Vec<_> =
        (0..games).map(|i| play::random_game(BoardKind::Square8, PlayerCount::Two, seed, i, timed)).collect();
    let plies: usize = list.iter().map(|game| game.moves.len()).sum();
    let before = path.metadata().map_or(0, |data| data.len());
    let writer = StoreWriter::open(&path, WriterOptions::default())?;
    let (began, cpu) = (Instant::now(), ProcessTime::now());
    let encode = thread::scope(|scope| {
        let (writer, list) = (&writer, &list);
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                scope.spawn(move || {
                    let (mut acks, mut seconds) = (Vec::new(), 0.0);
                    for game in list.iter().skip(worker as usize).step_by(threads as usize) {
                        let began = ThreadTime::now();
                        let encoded = game.encode(writer.form());
                        seconds += began.elapsed().as_secs_f64();
                        acks.push(encoded.and_then(|encoded| writer.submit(encoded)));
                    }
                    for ack in acks {
                        ack.and_then(ringrift_replay::Ack::wait).expect("a game that can be stored");
                    }
                    seconds
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().expect("no panic")).sum::<f64>()
    });
    let seconds = began.elapsed().as_secs_f64();
    let summary = writer.close()?;
    let cpu = cpu.elapsed().as_secs_f64();
    let bytes = path.metadata()?.len() - before;
    println!(
        "{games} games of {:.1} moves in {seconds:.2} s: {:.0} games/s, {:.0} per CPU second (encoding alone {:.0}), \
         {} commits, {:.1} KB a game",
        plies as f64 / games as f64,
        games as f64 / seconds,
        games as f64 / cpu,
        games as f64 / encode,
        summary.commits,
        bytes as f64 / games as f64 / 1000.0,
    );
    Ok(())
}
