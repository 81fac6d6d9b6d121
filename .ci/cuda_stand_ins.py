"""Makes empty libraries in place of the CUDA ones that torch is linked with, so that it loads without them.

Each has every name that torch expects of any of them, with the versions that it expects; a call returns 1, an error.
"""

import importlib.util
import re
import subprocess
import tempfile
from pathlib import Path

REAL = {"libcudart.so.12"}


def main() -> None:
    """Reads what the libraries of torch need, and compiles what is missing beside them."""
    found = importlib.util.find_spec("torch")
    if found is None or found.origin is None:
        raise SystemExit("error: torch is not installed")
    folder = Path(found.origin).parent / "lib"
    needed: set[str] = set()
    symbols: set[str] = set()
    versions: dict[str, set[str]] = {}
    for library in sorted(folder.glob("*.so")):
        told = subprocess.run(
            ["readelf", "--wide", "--dynamic", "--version-info", "--dyn-syms", library],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        needed.update(re.findall(r"\(NEEDED\).*\[(lib(?:cu|nv|nccl)[^]]*)\]", told))
        symbols.update(re.findall(r"\bUND ((?:cu[A-Za-z]|nccl|nv)\w*)", told))
        library_name = ""
        for file, version in re.findall(r"\bFile: (\S+)|\bName: (\S+)  Flags", told):
            library_name = file or library_name
            if version:
                versions.setdefault(library_name, set()).add(version)
    missing = sorted(needed - REAL)
    with tempfile.TemporaryDirectory() as work:
        source, script = Path(work) / "empty.c", Path(work) / "versions"
        source.write_text("".join(f"int {name}(void) {{ return 1; }}\n" for name in sorted(symbols)))
        for name in missing:
            first, *others = sorted(versions.get(name, {name}))
            script.write_text(f"{first} {{ global: *; }};\n" + "".join(f"{other} {{ }};\n" for other in others))
            flags = ["-shared", "-fPIC", "-w", "-fno-builtin", f"-Wl,-soname,{name}", f"-Wl,--version-script={script}"]
            subprocess.run(["cc", *flags, "-o", folder / name, source], check=True)
    print(f"{len(missing)} stand-ins for CUDA libraries, {len(symbols)} names")


if __name__ == "__main__":
    main()
