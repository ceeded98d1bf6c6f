"""clang-tidy over the sources of a build directory, remembering what was clean.

    tools/clang_tidy.py [--build build/clang] [--jobs 2] [FILE...]

A file is clean for as long as its preprocessed text, its command line and the rules are the same.
To know that without preprocessing, the cache also keeps, per file, which headers it read and their
digests; only when one of those changed is the file preprocessed again, and only when that text
changed too is it tidied again. Tests are left out: the second compiler builds them.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "clang-tidy"
TIDY = "clang-tidy-19"
# Results of another clang-tidy or of other rules say nothing.
RULES = [ROOT / ".clang-tidy", Path(__file__)]


def digest_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Files:
    """Digests of files, each read once in a run."""

    def __init__(self) -> None:
        self.known: dict[str, str] = {}

    def digest(self, path: str) -> str:
        if path not in self.known:
            try:
                self.known[path] = digest_bytes(Path(path).read_bytes())
            except OSError:
                self.known[path] = "missing"
        return self.known[path]


def compiler_arguments(entry: dict[str, str]) -> list[str]:
    """The command of compile_commands.json without launcher, output and dependency files."""
    words = shlex.split(entry["command"])
    while words and "clang" not in Path(words[0]).name:
        words.pop(0)
    kept = []
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT", "-MQ"):
            skip = True
        elif word not in ("-c", "-MD", "-MMD"):
            kept.append(word)
    return kept


def preprocess(entry: dict[str, str], command: list[str]) -> tuple[str, list[str]]:
    """The digest of the preprocessed text, and the files it came from."""
    run = subprocess.run([*command, "-E"], cwd=entry["directory"], capture_output=True, check=False)
    if run.returncode != 0:
        return "", []  # clang-tidy will say why
    names = set(re.findall(rb'^# \d+ "([^"<]+)"', run.stdout, re.MULTILINE))
    directory = Path(entry["directory"])
    return digest_bytes(run.stdout), sorted(str(directory / os.fsdecode(n)) for n in names)


@dataclass
class Outcome:
    cached: bool = False
    failed: bool = False
    findings: str = ""


def check(entry: dict[str, str], build: Path, rules: str, files: Files) -> Outcome:
    """Tidies one file unless it is known to be clean, that is, without any finding."""
    source = entry["file"]
    command = compiler_arguments(entry)
    key = digest_bytes("\0".join([rules, source, *command]).encode())
    memory = CACHE / f"{key}.json"
    known = json.loads(memory.read_text()) if memory.exists() else {}
    if known and all(files.digest(path) == seen for path, seen in known["files"].items()):
        return Outcome(cached=True)
    text, read = preprocess(entry, command)
    if not known or text != known["text"] or not text:
        run = subprocess.run(
            [TIDY, "-p", str(build), "--quiet", source],
            capture_output=True,
            text=True,
            check=False,
        )
        # A warning that is no error leaves 0, and a file that does not compile has no check's name:
        # both are findings, and neither file is remembered as clean.
        if run.returncode != 0 or run.stdout.strip():
            findings = (run.stdout + (run.stderr if run.returncode else "")).strip()
            return Outcome(failed=run.returncode != 0, findings=findings)
    memory.write_text(json.dumps({"text": text, "files": {p: files.digest(p) for p in read}}))
    return Outcome()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=Path, default=ROOT / "build" / "clang")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)

    wanted = {str(path.resolve()) for path in options.files}
    entries = {}
    for entry in json.loads((options.build / "compile_commands.json").read_text()):
        path = entry["file"]
        ours = path.startswith((f"{ROOT}/src/", f"{ROOT}/bench/", f"{ROOT}/fuzz/"))
        checked = path.endswith(".cc") and not path.endswith("_test.cc")  # C is another compiler's
        if ours and checked and (not wanted or path in wanted):
            entries[path] = entry
    version = subprocess.run([TIDY, "--version"], capture_output=True, text=True, check=True).stdout
    rules = version + "".join(digest_bytes(path.read_bytes()) for path in RULES)

    files = Files()
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        # The largest first, so that the last one does not run alone.
        order = sorted(entries.values(), key=lambda e: -os.path.getsize(e["file"]))
        for outcome in pool.map(lambda entry: check(entry, options.build, rules, files), order):
            outcomes.append(outcome)
            if outcome.findings:
                print(outcome.findings, flush=True)
    cached = sum(outcome.cached for outcome in outcomes)
    told = sum(bool(outcome.findings) for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    print(
        f"{len(outcomes)} files, {cached} known to be clean, {told} with findings, {failed} failed"
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
