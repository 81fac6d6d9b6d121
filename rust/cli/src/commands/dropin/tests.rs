//! The command on checkouts made for the purpose.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::shim;
use crate::exit;
use crate::testing::{Ran, rrpipe};

const ORIGINAL: &str = "#!/usr/bin/env python\ndef run_self_play_soak(args):\n    return []\n";
const UPDATED: &str = "#!/usr/bin/env python\n\ndef run_self_play_soak(args, more):\n    return []\n";

/// A folder with a script in the place of upstream's.
struct Checkout(tempfile::TempDir);

impl Checkout {
    fn with(script: &str) -> Self {
        let checkout = Self(tempfile::tempdir().unwrap());
        fs::create_dir(checkout.path("")).unwrap();
        fs::write(checkout.script(), script).unwrap();
        checkout
    }

    fn installed() -> Self {
        let checkout = Self::with(ORIGINAL);
        checkout.ok("install");
        checkout
    }

    /// A file of the folder `scripts`.
    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join("scripts").join(name)
    }

    fn script(&self) -> PathBuf {
        self.path("run_self_play_soak.py")
    }

    fn original(&self) -> PathBuf {
        self.path("run_self_play_soak.original.py")
    }

    fn run(&self, action: &str) -> Ran {
        rrpipe(&["dropin", action, self.0.path().to_str().unwrap()])
    }

    fn ok(&self, action: &str) -> Ran {
        let ran = self.run(action);
        assert_eq!(ran.exit, exit::OK, "{action}: {}", ran.err);
        ran
    }

    fn state(&self) -> String {
        let ran = rrpipe(&["dropin", "status", self.0.path().to_str().unwrap(), "--format", "json"]);
        let fields: Value = serde_json::from_str(&ran.out).unwrap();
        let state = fields["state"].as_str().unwrap();
        assert_eq!(ran.exit, if state == "installed" { exit::OK } else { exit::DIFFERENCES });
        assert!(self.run("status").out.starts_with(&format!("state: {state}\n")));
        state.to_owned()
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Names and contents of all files.
    fn files(&self) -> Vec<(String, String)> {
        let entries = fs::read_dir(self.path("")).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries
            .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(path).unwrap()))
            .collect();
        files.sort();
        files
    }
}

#[test]
fn installed_twice_and_removed_twice_leaves_the_original() {
    let checkout = Checkout::with(ORIGINAL);
    let before = checkout.files();
    assert_eq!(checkout.state(), "absent");
    assert!(checkout.ok("install").out.contains("run_self_play_soak.py: installed; the original is "));
    assert_eq!(checkout.state(), "installed");
    assert_eq!(fs::read_to_string(checkout.original()).unwrap(), ORIGINAL);
    let after = checkout.files();
    assert!(checkout.ok("install").out.contains(": was installed already;"));
    assert_eq!(checkout.files(), after);
    assert!(checkout.ok("remove").out.ends_with(": is the original again\n"));
    assert_eq!(checkout.files(), before);
    assert!(checkout.ok("remove").out.ends_with(": is no drop-in; nothing to remove\n"));
    assert_eq!(checkout.files(), before);
}

#[test]
#[cfg(unix)]
fn permissions_are_kept() {
    use std::os::unix::fs::PermissionsExt as _;
    let checkout = Checkout::with(ORIGINAL);
    let mode = || fs::metadata(checkout.script()).unwrap().permissions().mode() & 0o7777;
    for wanted in [0o755, 0o640, 0o444] {
        fs::set_permissions(checkout.script(), fs::Permissions::from_mode(wanted)).unwrap();
        checkout.ok("install");
        assert_eq!(mode(), wanted);
        checkout.ok("remove");
        assert_eq!(mode(), wanted);
    }
}

#[test]
fn update_of_the_checkout_loses_neither_script() {
    let checkout = Checkout::installed();
    fs::write(checkout.script(), UPDATED).unwrap();
    assert_eq!(checkout.state(), "replaced");
    let ran = checkout.ok("remove");
    assert!(ran.out.ends_with(": is no drop-in; nothing to remove\n"), "{}", ran.out);
    assert!(ran.err.contains("an older original is kept as "), "{}", ran.err);
    assert_eq!(checkout.text("run_self_play_soak.py"), UPDATED);
    assert!(checkout.ok("install").err.contains("run_self_play_soak.original.1.py"));
    assert_eq!(checkout.state(), "installed");
    assert_eq!(checkout.text("run_self_play_soak.original.1.py"), ORIGINAL);
    // And the way back, which finds the older one kept already.
    fs::write(checkout.script(), ORIGINAL).unwrap();
    checkout.ok("install");
    assert_eq!(checkout.text("run_self_play_soak.original.2.py"), UPDATED);
    fs::write(checkout.script(), UPDATED).unwrap();
    checkout.ok("install");
    checkout.ok("remove");
    assert_eq!(checkout.text("run_self_play_soak.py"), UPDATED);
    assert_eq!(checkout.files().len(), 3);
}

#[test]
fn the_same_script_come_back_is_no_update() {
    let checkout = Checkout::installed();
    let installed = checkout.files();
    fs::write(checkout.script(), ORIGINAL).unwrap();
    assert_eq!(checkout.state(), "absent");
    checkout.ok("install");
    assert_eq!(checkout.files(), installed);
    fs::write(checkout.script(), ORIGINAL).unwrap();
    checkout.ok("remove");
    assert_eq!(checkout.files().len(), 1);
}

#[test]
fn shim_of_another_version_is_upgraded() {
    let checkout = Checkout::installed();
    let installed = checkout.files();
    let now = checkout.text("run_self_play_soak.py");
    let other = now.replace("dropin version: 1", "dropin version: 0").replace("    sys.exit(main())", "    main()");
    let lead = "# rrpipe-dropin self: ";
    let without: String = other.split_inclusive('\n').filter(|line| !line.starts_with(lead)).collect();
    fs::write(checkout.script(), without.replacen('\n', &format!("\n{lead}{}\n", shim::hash(without.as_bytes())), 1))
        .unwrap();
    assert_eq!(checkout.state(), "outdated");
    assert!(checkout.ok("install").out.contains(": upgraded; "));
    assert_eq!(checkout.files(), installed);
}

#[test]
fn changed_files_are_refused_and_left() {
    for (name, state, words) in [
        ("run_self_play_soak.py", "edited", "was changed after it was installed"),
        ("run_self_play_soak.original.py", "original-changed", "was changed after the drop-in was installed"),
    ] {
        let checkout = Checkout::installed();
        fs::write(checkout.path(name), checkout.text(name) + "# mine\n").unwrap();
        let before = checkout.files();
        assert_eq!(checkout.state(), state);
        for action in ["install", "remove"] {
            let ran = checkout.run(action);
            assert_eq!(ran.exit, exit::BAD_INPUT);
            assert!(
                ran.err.contains(words) && ran.err.contains("hint: or, to have what is kept there: mv "),
                "{}",
                ran.err
            );
        }
        assert_eq!(checkout.files(), before);
    }
    let checkout = Checkout::installed();
    fs::remove_file(checkout.original()).unwrap();
    let before = checkout.files();
    assert_eq!(checkout.state(), "original-missing");
    for action in ["install", "remove"] {
        let ran = checkout.run(action);
        assert_eq!(ran.exit, exit::BAD_INPUT);
        assert!(ran.err.contains("is gone\n  hint: `git checkout -- scripts/"), "{}", ran.err);
    }
    assert_eq!(checkout.files(), before);
}

#[test]
fn other_folders_are_refused() {
    let checkout = Checkout::with("print('a script of something else')\n");
    let before = checkout.files();
    let ran = checkout.run("install");
    assert_eq!(ran.exit, exit::BAD_INPUT);
    assert!(ran.err.contains("is not RingRift's self-play script\n  hint: "), "{}", ran.err);
    assert_eq!(checkout.files(), before);

    let outer = tempfile::tempdir().unwrap();
    let dir = outer.path().to_str().unwrap();
    for action in ["install", "remove", "status"] {
        for (dir, words) in [(dir, "with `scripts` in it"), ("/no/such/folder", "hint: DIR is the folder")] {
            let ran = rrpipe(&["dropin", action, dir]);
            assert_eq!(ran.exit, exit::IO);
            assert!(ran.err.starts_with("error: cannot read ") && ran.err.contains(words), "{}", ran.err);
        }
    }
    fs::create_dir_all(outer.path().join("ai-service/scripts")).unwrap();
    fs::write(outer.path().join("ai-service/scripts/run_self_play_soak.py"), ORIGINAL).unwrap();
    let ran = rrpipe(&["dropin", "install", dir]);
    assert!(ran.err.contains(&format!("hint: DIR is the folder `ai-service`: {dir}/ai-service")), "{}", ran.err);
}

#[test]
#[cfg(unix)]
fn links_and_folders_in_place_of_the_script_are_refused() {
    let checkout = Checkout::with(ORIGINAL);
    fs::rename(checkout.script(), checkout.path("real.py")).unwrap();
    std::os::unix::fs::symlink("real.py", checkout.script()).unwrap();
    let ran = checkout.run("install");
    assert_eq!(ran.exit, exit::BAD_INPUT);
    assert!(ran.err.contains("is a symbolic link\n  hint: "), "{}", ran.err);
    fs::remove_file(checkout.script()).unwrap();
    fs::create_dir(checkout.script()).unwrap();
    assert!(checkout.run("install").err.contains("is no regular file"));
    assert_eq!(checkout.text("real.py"), ORIGINAL);
}

#[test]
#[cfg(unix)]
fn folder_that_takes_no_files_is_named() {
    use std::os::unix::fs::PermissionsExt as _;
    let checkout = Checkout::with(ORIGINAL);
    fs::set_permissions(checkout.path(""), fs::Permissions::from_mode(0o555)).unwrap();
    // The superuser may write all the same.
    if fs::write(checkout.path("probe"), "").is_err() {
        let ran = checkout.run("install");
        assert_eq!(ran.exit, exit::IO);
        assert!(ran.err.contains("cannot write ") && ran.err.contains("writable for this user?"), "{}", ran.err);
    }
    fs::set_permissions(checkout.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(checkout.text("run_self_play_soak.py"), ORIGINAL);

    let checkout = Checkout::with(ORIGINAL);
    fs::create_dir(checkout.original()).unwrap();
    let ran = checkout.run("install");
    assert_eq!(ran.exit, exit::IO);
    assert!(ran.err.starts_with(&format!("error: cannot read {}\n", checkout.original().display())), "{}", ran.err);
}
