//! `rrpipe completions`: the completion script of a shell.

use std::io::Write as _;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::{Cli, Context, ExitCode, Failure, exit};

/// Print the completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe completions bash > ~/.local/share/bash-completion/completions/rrpipe")]
pub(crate) struct Args {
    /// The shell to complete in
    shell: Shell,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "rrpipe", &mut script);
    context.terminal.out().write_all(&script)?;
    Ok(exit::OK)
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn every_shell_has_a_script_that_knows_the_commands() {
        for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
            let ran = rrpipe(&["completions", shell]);
            assert_eq!(ran.exit, exit::OK);
            assert!(ran.out.contains("completions"), "{shell}");
        }
    }
}
