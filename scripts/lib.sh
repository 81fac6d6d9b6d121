# shellcheck shell=bash
# Functions of the scripts: progress, complaints, finding Python, running suites. To be sourced in the checkout.
# Written for bash 3.2, which macOS has.

# Build outputs, as an absolute path.
target=${CARGO_TARGET_DIR:-target}
case "$target" in /*) ;; *) target="$PWD/$target" ;; esac

step() { printf '\n== %s\n' "$*" >&2; }
missing() {
    printf 'error: %s\n  hint: %s\n' "$1" "$2" >&2
    exit 1
}

is_python() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 10))' >/dev/null 2>&1; }

# Prints the first interpreter that is new enough; PYTHON in the environment overrides the search.
find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.14 python3.13 python3.12 python3.11 python3.10 python; do
        if is_python "$name"; then command -v -- "$name" && return; fi
    done
    missing "Python 3.10 or newer is missing" "Debian, Ubuntu: apt install python3 python3-venv; or set PYTHON to one"
}

# make_venv FOLDER: makes a virtual environment with pip, in place of one that is there.
make_venv() {
    local python
    python=$(find_python)
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then "$python" -m venv --clear "$1"
    elif "$python" -c 'import virtualenv' 2>/dev/null; then "$python" -m virtualenv --quiet --clear "$1"
    else missing "$python cannot make virtual environments" "Debian, Ubuntu: apt install python3-venv; or install virtualenv"
    fi
}

# with_ctrl_c COMMAND...: runs a command that notices Ctrl-C. A script started in the background ignores it, and so would
# everything below it; no shell can undo that, but Python can. Needs .venv.
with_ctrl_c() {
    .venv/bin/python -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])' "$@"
}

# suite NAME COMMAND...: runs one suite and notes how it ended; a failure does not keep later ones from running.
# COMMAND must not rely on `set -e`, which does not work here: a single command, or a script of its own.
summary=()
suite() {
    local name=$1 result=passed began=$SECONDS
    shift
    step "$name"
    "$@" || result=FAILED
    summary+=("$(printf '%-7s %4d s  %s' "$result" "$((SECONDS - began))" "$name")")
}

# Prints how the suites ended; fails if one has failed.
report() {
    step "Summary"
    printf '%s\n' "${summary[@]}"
    case "${summary[*]}" in *FAILED*) return 1 ;; esac
}
