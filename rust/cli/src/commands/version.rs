//! `rrpipe version`: what is running.

use std::io::Write as _;

use serde_json::json;

use crate::output::Format;
use crate::{Context, ExitCode, Failure, exit};

/// Print version, form, machine and Python
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How to print it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let version = env!("CARGO_PKG_VERSION");
    let form = context.host.form().name();
    let machine = format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS);
    let build = if cfg!(debug_assertions) { "debug" } else { "release" };
    let python = context.host.python_version();
    let mut out = context.terminal.out();
    match args.format {
        Format::Text => {
            writeln!(out, "rrpipe {version}\nform: {form}\nmachine: {machine}\nbuild: {build}")?;
            writeln!(out, "python: {}", python.as_deref().unwrap_or("none"))?;
        }
        Format::Json => {
            let fields =
                json!({"version": version, "form": form, "machine": machine, "build": build, "python": python});
            writeln!(out, "{fields}")?;
        }
    }
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use crate::testing::rrpipe;

    #[test]
    fn both_formats_say_the_same() {
        let text = rrpipe(&["version"]).out;
        let json: serde_json::Value = serde_json::from_str(&rrpipe(&["version", "--format", "json"]).out).unwrap();
        assert!(text.starts_with(&format!("rrpipe {}\n", json["version"].as_str().unwrap())), "{text}");
        for field in ["form", "machine", "build"] {
            assert!(text.contains(&format!("{field}: {}", json[field].as_str().unwrap())), "{text}");
        }
        assert!(json["python"].is_null() && text.ends_with("python: none\n"), "{text}");
    }
}
