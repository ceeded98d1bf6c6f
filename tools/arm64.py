"""Compiles what runs inside other people's processes for arm64: base, package, engine, capi.

By Debian's cross compiler, through the compiler cache. It links nothing: it is there to find what
is x86-only outside the kernels. Headers of fmt, simdjson and OpenSSL are those of this machine;
they are the same on both.
"""

import concurrent.futures
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADERS = ROOT / "build" / "arm64-headers"
COMPILER = "aarch64-linux-gnu-g++-12"
FOLDERS = ["base", "package", "engine", "evaluate", "capi"]
OBJECTS = ROOT / "build" / "arm64"
FLAGS = "-std=c++23 -O0 -c -Wall -Wextra -Werror -ffp-contract=off".split()
# The same exceptions as in cmake/compiler.cmake.
FLAGS += ["-Wno-restrict", "-Wno-missing-field-initializers"]


def borrow_headers() -> list[str]:
    """A folder with the architecture-free third-party headers only: not this machine's libc."""
    host = Path("/usr/include") / f"{platform.machine()}-linux-gnu"
    wanted = {
        "common/fmt": Path("/usr/include/fmt"),
        "common/simdjson.h": Path("/usr/include/simdjson.h"),
        "common/openssl": Path("/usr/include/openssl"),
        "host/openssl": host / "openssl",
    }
    for name, target in wanted.items():
        link = HEADERS / name
        link.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not link.is_symlink():
            link.symlink_to(target)
    return ["-isystem", str(HEADERS / "common"), "-isystem", str(HEADERS / "host")]


def compile_one(source: Path, includes: list[str]) -> str:
    target = (OBJECTS / source.relative_to(ROOT)).with_suffix(".o")
    target.parent.mkdir(parents=True, exist_ok=True)
    cache = [ccache] if (ccache := shutil.which("ccache")) else []
    command = [*cache, COMPILER, *FLAGS, f"-I{ROOT / 'src'}", *includes]
    command += ["-o", str(target), str(source)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return run.stderr if run.returncode else ""


def main() -> int:
    includes = borrow_headers()
    sources = [
        path
        for folder in FOLDERS
        for path in sorted((ROOT / "src" / folder).rglob("*.cc"))
        if not path.stem.endswith(("_test", "testing", "_avx2", "_avx512"))
    ]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        errors = [text for text in pool.map(lambda s: compile_one(s, includes), sources) if text]
    for text in errors:
        print(text)
    print(f"{len(sources)} files for arm64, {len(errors)} with errors")
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
