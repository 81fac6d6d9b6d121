//! `rrpipe train`: training, which the Python package does.

use std::ffi::OsString;

use crate::{Context, ExitCode, Failure, PythonProgram, PythonTask};

/// The package may be missing in the environment of a standalone program.
const PROGRAM: &str = "\
import sys
try:
    from ringrift_core.train.__main__ import main
except ModuleNotFoundError as error:
    if error.name not in ('ringrift_core', 'ringrift_core._native', 'numpy'):
        raise
    print(f'error: this Python has no {error.name}\\n  hint: pip install ringrift-core[train]', file=sys.stderr)
    sys.exit(6)
sys.exit(main(sys.argv[1:]))
";

/// Train networks
///
/// Needs Python with ringrift-core and its extra `train`, which brings torch.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(subcommand)]
    kind: Kind,
}

#[derive(Debug, clap::Subcommand)]
enum Kind {
    /// Train a network for searches (NNUE) from replay databases; --help lists the flags
    #[command(disable_help_flag = true, override_usage = "rrpipe train nnue --db FILE... [OPTIONS]")]
    Nnue {
        /// Flags, as `rrpipe train nnue --help` lists them
        #[arg(value_name = "FLAGS", trailing_var_arg = true, allow_hyphen_values = true)]
        flags: Vec<OsString>,
    },
}

pub(crate) fn run(args: Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let Kind::Nnue { flags } = args.kind;
    let args = std::iter::once(OsString::from("nnue")).chain(flags).collect();
    let task = PythonTask { program: PythonProgram::Code(PROGRAM.to_owned()), args };
    context.host.run_python(&task).map(ExitCode::of_child)
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn flags_go_to_python_as_they_are() {
        let ran = rrpipe(&["train", "nnue", "--db", "a.db", "--help", "--color", "x"]);
        assert_eq!(ran.exit, exit::UNAVAILABLE);
        assert!(ran.err.contains(r#"args: ["nnue", "--db", "a.db", "--help", "--color", "x"]"#), "{}", ran.err);
    }

    #[test]
    fn kinds_of_training_are_named() {
        let ran = rrpipe(&["train"]);
        assert_eq!(ran.exit, exit::USAGE);
        assert!(ran.err.contains("nnue"), "{}", ran.err);
        let ran = rrpipe(&["train", "chess"]);
        assert_eq!(ran.exit, exit::USAGE);
    }
}
