//! `rrpipe man`: manual pages, one per command.

use std::fs;
use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::output::write_file;
use crate::{Cli, Context, ExitCode, Failure, OrFail as _, exit};

/// Write the manual pages into a folder and print their paths
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: rrpipe man ~/.local/share/man/man1")]
pub(crate) struct Args {
    /// The folder; made if there is none
    dir: PathBuf,
}

pub(crate) fn run(args: &Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let mut command = Cli::command().disable_help_subcommand(true);
    // Gives the subcommands their full names and the global options.
    command.build();
    let pages = pages(&command).or_fail(exit::UNEXPECTED)?;
    fs::create_dir_all(&args.dir)
        .map_err(|error| anyhow::Error::new(error).context(format!("cannot make folder {}", args.dir.display())))
        .or_fail(exit::IO)?;
    for (name, page) in pages {
        let path = args.dir.join(name);
        write_file(&path, &page)?;
        writeln!(context.terminal.out(), "{}", path.display())?;
    }
    Ok(exit::OK)
}

/// File name and content of the page of `command` and of every command below it.
fn pages(command: &clap::Command) -> io::Result<Vec<(String, Vec<u8>)>> {
    let man = Man::new(command.clone()).source(concat!("rrpipe ", env!("CARGO_PKG_VERSION"))).manual("RingRift Manual");
    let mut page = Vec::new();
    man.render(&mut page)?;
    let mut pages = vec![(man.get_filename(), page)];
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        pages.extend(self::pages(below)?);
    }
    Ok(pages)
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn writes_a_page_for_every_command() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("share/man1");
        let ran = rrpipe(&["man", target.to_str().unwrap()]);
        assert_eq!((ran.exit, ran.err.as_str()), (exit::OK, ""));
        for name in ["rrpipe.1", "rrpipe-completions.1", "rrpipe-man.1", "rrpipe-python.1", "rrpipe-version.1"] {
            assert!(ran.out.lines().any(|line| line.ends_with(&format!("/{name}"))), "{name}: {}", ran.out);
            assert!(std::fs::read_to_string(target.join(name)).unwrap().contains(".TH"), "{name}");
        }
        assert!(std::fs::read_to_string(target.join("rrpipe-man.1")).unwrap().contains("rrpipe man"));
    }

    #[test]
    fn folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let target = file.path().join("man1");
        let ran = rrpipe(&["man", target.to_str().unwrap()]);
        assert_eq!(ran.exit, exit::IO);
        assert!(
            ran.err.starts_with(&format!("error: cannot make folder {}\n  cause: ", target.display())),
            "{}",
            ran.err
        );
    }
}
