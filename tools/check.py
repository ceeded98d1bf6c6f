"""What a tool can decide, decided: `make check`. With --write the formatters fix what they can.

Every step runs even if one before it failed; each prints its name, its result and its seconds.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
JOBS = str(os.cpu_count() or 1)


def tracked(*patterns: str) -> list[str]:
    """The repository's files of these patterns, new ones included, ignored ones not."""
    run = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [name for name in run.stdout.splitlines() if (ROOT / name).exists()]


def run(*command: str | Path) -> bool:
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=False).returncode == 0


def clang_format(*options: str) -> bool:
    files = tracked("*.cc", "*.h", "*.inc")
    return not files or run("clang-format-19", *options, *files)


def ruff() -> bool:
    # Both, so that one run says everything.
    lint = run(BIN / "ruff", "check", "--quiet", ".")
    style = run(BIN / "ruff", "format", "--quiet", "--check", ".")
    if not style:
        run(BIN / "ruff", "format", "--check", ".")
        print("`make format` writes it")
    return lint and style


def mypy() -> bool:
    return run(BIN / "mypy", "--no-error-summary", "python/bascule")


def tidy() -> bool:
    return run(sys.executable, "tools/tidy.py")


def clang_tidy() -> bool:
    return run("cmake", "--preset", "clang", "--log-level=WARNING") and run(
        sys.executable, "tools/clang_tidy.py"
    )


def clang_build() -> bool:
    return run("tools/build.sh", "clang", "-j", JOBS)


def arm64() -> bool:
    return run(sys.executable, "tools/arm64.py")


CHECKS: list[tuple[str, Callable[[], bool]]] = [
    ("clang-format", lambda: clang_format("--dry-run", "-Werror")),
    ("ruff", ruff),
    ("mypy", mypy),
    ("tidy", tidy),
    ("arm64: the engine compiles", arm64),
    ("clang-tidy", clang_tidy),
    ("clang 19: everything builds", clang_build),
]
WRITERS: list[tuple[str, Callable[[], bool]]] = [
    ("clang-format", lambda: clang_format("-i")),
    ("ruff check --fix", lambda: run(BIN / "ruff", "check", "--quiet", "--fix-only", ".")),
    ("ruff format", lambda: run(BIN / "ruff", "format", "--quiet", ".")),
]


def main() -> int:
    steps = WRITERS if "--write" in sys.argv[1:] else CHECKS
    lines = []
    failed = False
    for name, step in steps:
        print(f"== {name}", flush=True)
        start = time.monotonic()
        passed = step()
        failed |= not passed
        result = "passed" if passed else "FAILED"
        lines.append(f"{name:<28} {result}  {time.monotonic() - start:6.1f} s")
    print("\n" + "\n".join(lines))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
