//! `rrpipe python`: runs a Python program in the interpreter that `rrpipe` itself uses.

use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;

use crate::{Context, ExitCode, Failure, PythonProgram, PythonTask, exit};

/// Run a Python program in the interpreter that rrpipe uses
///
/// The exit status is that of the program; 1 after an exception, 130 after Ctrl-C.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true, override_usage = "rrpipe python [OPTIONS] (-c CODE | SCRIPT) [ARGS]...")]
pub(crate) struct Args {
    /// Program file, or -c and the program as text; then the program's arguments
    // One list, since options after the program are the program's own, even another -c.
    #[arg(value_name = "PROGRAM", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<OsString>,
}

pub(crate) fn run(args: Args, context: &mut Context<'_>) -> Result<ExitCode, Failure> {
    let usage = |text: &str| Failure::message(exit::USAGE, text).hint("give -c CODE or a script file");
    let mut rest = args.program.into_iter();
    let first = rest.next().ok_or_else(|| usage("no program to run"))?;
    let program = if first == "-c" {
        let code = rest.next().ok_or_else(|| usage("no program text after -c"))?;
        PythonProgram::Code(code.into_string().map_err(|_| usage("the program text is not UTF-8"))?)
    } else if first.as_encoded_bytes().starts_with(b"-") {
        return Err(usage(&format!("unknown option {}", first.display())));
    } else {
        // Python's own complaint about a missing file would be a traceback.
        let path = PathBuf::from(first);
        File::open(&path).map_err(|error| Failure::cannot("read", &path, error))?;
        PythonProgram::Script(path)
    };
    let task = PythonTask { program, args: rest.collect() };
    context.host.run_python(&task).map(ExitCode::of_child)
}

#[cfg(test)]
mod tests {
    use crate::exit;
    use crate::testing::rrpipe;

    #[test]
    fn arguments_after_the_program_belong_to_it() {
        let ran = rrpipe(&["python", "-c", "pass", "-c", "--color", "x"]);
        assert_eq!(ran.exit, exit::UNAVAILABLE);
        assert!(ran.err.contains(r#"Code("pass"), args: ["-c", "--color", "x"]"#), "{}", ran.err);
        let script = tempfile::NamedTempFile::new().unwrap();
        let ran = rrpipe(&["python", script.path().to_str().unwrap(), "--help", "-c", "1"]);
        assert!(ran.err.contains(r#"args: ["--help", "-c", "1"]"#), "{}", ran.err);
    }

    #[test]
    fn missing_script_is_named() {
        let ran = rrpipe(&["python", "no/such.py"]);
        assert_eq!(ran.exit, exit::IO);
        assert!(ran.err.starts_with("error: cannot read no/such.py\n  cause: "), "{}", ran.err);
    }

    #[test]
    fn needs_a_program() {
        for args in [&["python"][..], &["python", "--color", "never"], &["python", "-c"], &["python", "-x", "a.py"]] {
            let ran = rrpipe(args);
            assert_eq!((ran.exit, ran.out.as_str()), (exit::USAGE, ""), "{args:?}");
            assert!(
                ran.err.contains("SCRIPT") || ran.err.contains("hint: give -c CODE or a script file"),
                "{}",
                ran.err
            );
        }
    }
}
