//! The Python inside the standalone program: the right library and environment, signals, output, refusals.
#![allow(clippy::unwrap_used)]
#![cfg(unix)]

mod support;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use support::{Ran, command, rrpipe, run};
use tempfile::TempDir;

/// Everything that goes wrong when library, standard library and environment do not belong together.
const IDENTITY: &str = "
import ssl, sys
print(sys.version, sys.prefix, sys.base_prefix, ssl.OPENSSL_VERSION, sep='\\n')
try:
    import numpy
    print(numpy.__version__, numpy.arange(3).sum(), numpy.__file__)
except ModuleNotFoundError as error:
    print(error)
";

/// `rrpipe python -c CODE`, in the environment it was built with.
fn python(code: &str) -> Command {
    let mut command = rrpipe();
    command.args(["python", "-c", code]);
    command
}

/// The interpreter that `rrpipe` was built with.
fn build_python() -> PathBuf {
    let ran = run(&mut python("import sys; print(sys.executable)"));
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    ran.out.trim_end().into()
}

/// A new virtual environment of the installation that `rrpipe` was built with, with a module `planted` inside.
fn new_venv() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let ran = run(command(build_python()).args(["-m", "venv", "--without-pip"]).arg(folder.path()));
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let code = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let site = run(command(folder.path().join("bin/python")).args(["-c", code])).out;
    fs::write(Path::new(site.trim_end()).join("planted.py"), "").unwrap();
    folder
}

/// A folder that looks like a virtual environment with this `pyvenv.cfg`.
fn fake_venv(config: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("bin")).unwrap();
    fs::write(folder.path().join("bin/python"), "").unwrap();
    fs::write(folder.path().join("pyvenv.cfg"), config).unwrap();
    folder
}

fn real(path: impl AsRef<Path>) -> PathBuf {
    path.as_ref().canonicalize().unwrap()
}

/// `major.minor` of the Python inside.
fn minor() -> String {
    run(&mut python("import sys; print('%d.%d' % sys.version_info[:2])")).out.trim_end().to_owned()
}

#[track_caller]
fn assert_refused(ran: &Ran, wanted: &str) {
    assert_eq!((ran.status, ran.out.as_str()), (Some(6), ""), "{}", ran.err);
    assert!(
        ran.err.starts_with("error: ") && ran.err.contains(wanted) && ran.err.contains("\n  hint: "),
        "{}",
        ran.err
    );
}

#[test]
fn library_and_environment_are_those_of_the_build() {
    let expected = run(command(build_python()).args(["-c", IDENTITY]));
    assert_eq!(expected.status, Some(0), "{}", expected.err);
    let ran = run(&mut python(IDENTITY));
    assert_eq!((ran.status, ran.out, ran.err), (Some(0), expected.out, String::new()));
}

#[test]
fn library_stays_the_same_with_another_python_first_on_the_path() {
    let expected = run(&mut python(IDENTITY)).out;
    let ran = run(python(IDENTITY).env("PATH", "/usr/bin:/bin"));
    assert_eq!((ran.status, ran.out), (Some(0), expected));
}

#[test]
#[cfg(target_os = "linux")]
fn library_that_another_path_brings_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let code = "import sysconfig as s; print(s.get_config_var('LIBDIR'), s.get_config_var('INSTSONAME'))";
    let ran = run(&mut python(code));
    let (libdir, soname) = ran.out.trim_end().split_once(' ').unwrap();
    fs::copy(Path::new(libdir).join(soname), folder.path().join(soname)).unwrap();
    let ran = run(python("print(1)").env("LD_LIBRARY_PATH", folder.path()));
    assert_refused(&ran, &format!("the system loaded {}/{soname}", folder.path().display()));
}

#[test]
fn active_environment_is_used() {
    let venv = new_venv();
    let code = "import planted, ssl, sys; print(sys.prefix); print(planted.__file__)";
    let ran = run(python(code).env("VIRTUAL_ENV", venv.path()));
    assert_eq!(ran.status, Some(0), "{}", ran.err);
    let paths: Vec<_> = ran.out.lines().map(real).collect();
    assert_eq!(paths[0], real(venv.path()));
    assert!(paths[1].starts_with(&paths[0]), "{paths:?}");
}

#[test]
fn named_interpreter_beats_the_active_environment() {
    let (named, active) = (new_venv(), new_venv());
    let mut command = python("import sys; print(sys.prefix)");
    command.env("VIRTUAL_ENV", active.path()).env("RRPIPE_PYTHON", named.path().join("bin/python"));
    assert_eq!(real(run(&mut command).out.trim_end()), real(named.path()));
}

#[test]
fn program_inside_an_environment_uses_it() {
    let venv = new_venv();
    let copy = venv.path().join("bin/rrpipe");
    fs::copy(env!("CARGO_BIN_EXE_rrpipe"), &copy).unwrap();
    let ran = run(command(copy).args(["python", "-c", "import sys; print(sys.prefix)"]));
    assert_eq!(real(ran.out.trim_end()), real(venv.path()), "{}", ran.err);
}

#[test]
fn environment_of_another_minor_version_is_refused() {
    for key in ["version", "version_info"] {
        let venv = fake_venv(&format!("home = /usr/bin\n{key} = 3.99.1\n"));
        let ran = run(python("print(1)").env("VIRTUAL_ENV", venv.path()));
        assert_refused(&ran, &format!("rrpipe embeds Python {}.", minor()));
        assert_refused(&ran, &format!("the environment {} has 3.99.1", venv.path().display()));
    }
}

#[test]
fn environment_of_another_installation_is_refused() {
    let other = tempfile::tempdir().unwrap();
    fs::create_dir(other.path().join("bin")).unwrap();
    let minor = minor();
    fs::write(other.path().join(format!("bin/python{minor}")), "").unwrap();
    let home = other.path().join("bin");
    let venv = fake_venv(&format!("home = {}\nversion = {minor}.0\n", home.display()));
    let ran = run(python("print(1)").env("VIRTUAL_ENV", venv.path()));
    assert_refused(&ran, &format!("belongs to {}", real(other.path()).display()));
    // The same without a virtual environment: an interpreter of that installation.
    let ran = run(python("print(1)").env("RRPIPE_PYTHON", home.join(format!("python{minor}"))));
    assert_refused(&ran, &format!("belongs to {}", real(other.path()).display()));
}

#[test]
fn environment_whose_installation_is_gone_is_refused() {
    let venv = fake_venv(&format!("home = /no/such/bin\nversion = {}.0\n", minor()));
    let ran = run(python("print(1)").env("VIRTUAL_ENV", venv.path()));
    assert_refused(&ran, "the installation behind the environment");
}

#[test]
fn missing_interpreter_is_named_with_its_source() {
    let ran = run(python("print(1)").env("RRPIPE_PYTHON", "/no/such/python"));
    assert_refused(&ran, "no Python interpreter at /no/such/python (from RRPIPE_PYTHON)");
    let ran = run(python("print(1)").env("VIRTUAL_ENV", "/no/such"));
    assert_refused(&ran, "no Python interpreter at /no/such/bin/python (from VIRTUAL_ENV)");
}

#[test]
fn ctrl_c_runs_cleanup_and_is_status_130() {
    for wait in ["time.sleep(60)", "while True: pass"] {
        let code = format!(
            "import atexit, time\natexit.register(print, 'at exit')\n\
             try:\n    print('ready', flush=True)\n    {wait}\nfinally:\n    print('cleaned')"
        );
        let mut child = python(&code).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let mut rest = String::new();
        out.read_to_string(&mut rest).unwrap();
        let ran = Ran::from(child.wait_with_output().unwrap());
        assert_eq!((ran.status, rest.as_str(), ran.err.as_str()), (Some(130), "cleaned\nat exit\n", ""), "{wait}");
    }
}

#[test]
fn output_reaches_a_pipe() {
    let ran = run(&mut python("import sys; print('data', end=''); print('talk', end='', file=sys.stderr)"));
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (Some(0), "data", "talk"));
    let ran = run(&mut python("import sys; print('data', end=''); sys.exit(7)"));
    assert_eq!((ran.status, ran.out.as_str()), (Some(7), "data"));
    let ran = run(&mut python("import threading; threading.Timer(0.2, print, ['late']).start()"));
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (Some(0), "late\n", ""));
}

#[test]
fn pipe_without_reader_ends_quietly() {
    for code in ["print('x')", "print('x' * 100000)"] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran: Ran = python(code).stdout(writer).output().unwrap().into();
        assert_eq!((ran.status, ran.err.as_str()), (Some(141), ""), "{code}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn output_that_is_not_written_is_never_a_success() {
    let late = "import atexit; atexit.register(print, 'x')";
    for code in ["print('x')", "print('x' * 100000)", late] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran: Ran = python(code).stdout(full).output().unwrap().into();
        assert!(matches!(ran.status, Some(1 | 5)), "{code}: {ran:?}");
        assert!(ran.err.contains("No space left on device"), "{code}: {}", ran.err);
    }
}

#[test]
fn script_gets_its_arguments_and_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("script.py");
    fs::write(folder.path().join("beside.py"), "NAME = 'beside'").unwrap();
    fs::write(&script, "import beside, sys\nprint(__name__, beside.NAME, sys.argv[1:], sys.argv[0] == __file__)")
        .unwrap();
    let link = folder.path().join("link.py");
    symlink(&script, &link).unwrap();
    for script in [script, link] {
        let ran = run(rrpipe().arg("python").arg(script).args(["--help", "-c"]));
        assert_eq!((ran.out.as_str(), ran.err.as_str()), ("__main__ beside ['--help', '-c'] True\n", ""));
    }
}

#[test]
fn exception_shows_the_frames_of_the_program_only() {
    let ran = run(&mut python("def f(): raise LookupError('planted')\nf()"));
    assert_eq!((ran.status, ran.out.as_str()), (Some(1), ""));
    assert!(ran.err.starts_with("Traceback (most recent call last):\n  File \"<string>\", line 2"), "{}", ran.err);
    assert!(ran.err.ends_with("LookupError: planted\n"), "{}", ran.err);
    let ran = run(&mut python("print('unclosed'"));
    assert_eq!(ran.status, Some(1));
    assert!(ran.err.contains("SyntaxError") && !ran.err.contains("<rrpipe>"), "{}", ran.err);
}

#[test]
fn program_reads_standard_input() {
    let mut child = python("print(input() + '!')").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"ring\n").unwrap();
    assert_eq!(child.wait_with_output().unwrap().stdout, b"ring!\n");
}
