//! With the feature `embed`: the way to libpython, and which Python the program is linked with.

#[cfg(feature = "embed")]
#[path = "environment.rs"]
mod environment;

fn main() {
    println!("cargo:rerun-if-changed=rust/rrpipe/build.rs");
    #[cfg(feature = "embed")]
    embed();
}

#[cfg(feature = "embed")]
fn embed() {
    use std::path::Path;

    println!("cargo:rerun-if-changed=rust/rrpipe/environment.rs");
    // Without this the loader takes whatever libpython of the same minor version the system has.
    pyo3_build_config::add_libpython_rpath_link_args();
    pyo3_build_config::add_python_framework_link_args();
    let config = pyo3_build_config::get();
    let minor = config.version().to_string();
    println!("cargo:rustc-env=RRPIPE_PYTHON_MINOR={minor}");
    if let Some(folder) = config.lib_dir() {
        println!("cargo:rustc-env=RRPIPE_PYTHON_LIBRARY_FOLDER={folder}");
    }
    if let Some(python) = config.executable() {
        println!("cargo:rustc-env=RRPIPE_BUILD_PYTHON={python}");
        if let Some(folder) = environment::installation(Path::new(python), &minor) {
            println!("cargo:rustc-env=RRPIPE_PYTHON_INSTALLATION={}", folder.display());
        }
    }
}
