//! `rrpipe export`: games of replay databases as training data.

mod args;
mod plan;
mod report;
#[cfg(test)]
mod tests;

use std::io::Write as _;

use ringrift_dataset::{ExportError, ExportOptions, Report, export, is_current, manifest_path};

pub(crate) use args::Args;
use plan::plan;
use report::Reporter;

use crate::{Context, ExitCode, Failure, exit, interrupt};

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    run_with(args, context, &|name| std::env::var(name).ok())
}

fn run_with(
    args: &Args,
    context: &mut Context<'_>,
    variable: &impl Fn(&str) -> Option<String>,
) -> Result<ExitCode, Failure> {
    let plan = plan(args, variable)?;
    for notice in &plan.notices {
        writeln!(context.terminal.out(), "{notice}")?;
    }
    for warning in &plan.warnings {
        writeln!(context.terminal.err(), "{warning}")?;
    }
    let mut empty = Vec::new();
    for options in &plan.exports {
        match run_one(args, options, context)? {
            Ok(()) => {}
            // The other configurations may have games.
            Err(error @ (ExportError::NoGames { .. } | ExportError::NoRows { .. })) if args.all_configs => {
                let name = name(options);
                let text = error.to_string();
                writeln!(context.terminal.err(), "warning: {}", text.lines().next().unwrap_or_default())?;
                empty.push(name);
            }
            Err(error) => return Err(failure(error)),
        }
    }
    if empty.is_empty() {
        return Ok(exit::OK);
    }
    let text = format!("no rows for {} of {} configurations: {}", empty.len(), plan.exports.len(), empty.join(", "));
    Err(Failure::message(exit::BAD_INPUT, text).hint("the others were written; the warnings say what these lack"))
}

/// The configuration of an export.
fn name(options: &ExportOptions) -> String {
    format!("{}_{}p", options.plan.board, options.plan.players.get())
}

fn run_one(
    args: &Args,
    options: &ExportOptions,
    context: &mut Context<'_>,
) -> Result<Result<(), ExportError>, Failure> {
    if args.use_cache && !args.force_export {
        let checked = interrupt::watch(context.host, |stop| is_current(options, stop))?.complete()?;
        match checked {
            Ok(true) => {
                for output in &options.outputs {
                    writeln!(context.terminal.out(), "{}: up to date, nothing to do", output.path.display())?;
                }
                return Ok(Ok(()));
            }
            Ok(false) => {}
            Err(error) => return Ok(Err(error)),
        }
    }
    let (host, terminal) = (context.host, &mut *context.terminal);
    let mut reporter = Reporter::new(terminal, name(options), !args.no_progress);
    let watched = interrupt::watch(host, |stop| export(options, stop, &mut reporter))?;
    reporter.finish();
    match watched.value {
        Ok(reports) => {
            for report in &reports {
                describe(options, report, context)?;
            }
            Ok(Ok(()))
        }
        Err(error) => Ok(Err(error)),
    }
}

fn describe(options: &ExportOptions, report: &Report, context: &mut Context<'_>) -> Result<(), Failure> {
    let Report { path, tally, finished, .. } = report;
    let shape = finished.arrays.first().map_or(&[][..], |(_, _, shape)| shape.as_slice());
    let row: Vec<String> = shape.iter().skip(1).map(ToString::to_string).collect();
    let mut out = context.terminal.out();
    writeln!(
        out,
        "Exported {} samples from {} games into {} ({:.1} MB, {} {}, {})",
        tally.rows,
        tally.games,
        path.display(),
        finished.written.bytes as f64 / 1e6,
        options.plan.encoder.name(),
        row.join("x"),
        manifest_path(path).file_name().unwrap_or_default().to_string_lossy(),
    )?;
    let reasons = tally.reasons();
    if !reasons.is_empty() {
        writeln!(out, "  without rows: {reasons}")?;
    }
    if tally.soft_rows > 0 {
        writeln!(out, "  targets from recorded policies: {} of {} rows", tally.soft_rows, tally.rows)?;
    }
    Ok(())
}

fn failure(error: ExportError) -> Failure {
    let class = match &error {
        ExportError::Interrupted => exit::INTERRUPTED,
        error if error.is_environment() => exit::IO,
        _ => exit::BAD_INPUT,
    };
    Failure::new(class, error)
}
