"""Style as a test: what STYLE.md and DESIGN.md ask for and a small tool can see.

    tools/tidy.py [--root FOLDER]

Every finding is one line, `path:line: what is wrong and what to do`. Exit code 1 when there is one;
notes (long functions that are still allowed) do not count. Standard library only, a few seconds.
"""

import argparse
import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

# ---- The tables -----------------------------------------------------------------------------

# DESIGN section 2: what a folder may include besides itself.
ALL_ABOVE = "base package engine evaluate sqlite registry scorelog serving"
MAY_INCLUDE = {
    "base": "",
    "package": "base",
    "engine": "base package",
    "evaluate": "base",
    "sqlite": "base",
    "registry": "base package sqlite",
    "scorelog": "base sqlite",
    "serving": "base package engine evaluate registry scorelog",
    "lifecycle": ALL_ABOVE,
    "api": f"{ALL_ABOVE} lifecycle",
    "capi": "base package engine evaluate",
    "cli": f"{ALL_ABOVE} lifecycle api capi",
    "apps": f"{ALL_ABOVE} lifecycle api capi cli",
}
# Outside src/: the bindings see the C interface only.
BINDINGS_MAY_INCLUDE = {"python": "capi", "jvm": "capi"}

# A third-party library by the beginning of its include path; the first match counts.
THIRD_PARTY = {
    "fmt/": "fmt",
    "openssl/": "OpenSSL",
    "simdjson": "simdjson",
    "sqlite3": "SQLite",
    "pqxx/": "libpqxx",
    "librdkafka/": "librdkafka",
    "curl/": "libcurl",
    "boost/asio": "Asio",
    "boost/beast": "Beast",
    "boost/math": "Boost.Math",
    "boost/": "Boost",
    "nghttp2/": "nghttp2",
    "google/protobuf": "protobuf",
    "Eigen/": "Eigen",
    "CLI/": "CLI11",
    "toml++/": "tomlplusplus",
    "spdlog/": "spdlog",
    "nanobind/": "nanobind",
    "gtest/": "tests",
    "gmock/": "tests",
    "rapidcheck": "tests",
    "benchmark/": "benchmarks",
    "zlib": "zlib",
}
# fmt is everywhere: the errors of base are written with its format strings. The package library
# does without simdjson: docs/decisions/package-json.md.
MAY_USE = {
    "base": "fmt OpenSSL",
    "package": "fmt",
    "engine": "fmt Eigen Boost.Math",
    "evaluate": "fmt",
    "sqlite": "fmt SQLite",
    "registry": "fmt SQLite libpqxx libcurl",
    "scorelog": "fmt SQLite libpqxx librdkafka OpenSSL",
    "serving": "fmt",
    "lifecycle": "fmt",
    "api": "fmt Asio Beast Boost simdjson nghttp2 protobuf OpenSSL zlib",
    "capi": "fmt",
    "cli": "fmt CLI11 tomlplusplus spdlog libcurl",
    "apps": "fmt CLI11 tomlplusplus spdlog libcurl Asio",
}
# Too heavy, or too much somebody else's, for a header of ours.
NOT_IN_HEADERS = set("Beast Asio Boost spdlog Eigen CLI11 simdjson tomlplusplus SQLite".split())
NOT_IN_HEADERS |= set("libcurl libpqxx librdkafka nghttp2 protobuf OpenSSL Boost.Math".split())

# The engine reads no clock, opens no file, starts no thread, writes no log and throws nothing.
ENGINE_HEADERS = set("chrono thread fstream filesystem iostream future mutex cstdio".split())
ENGINE_HEADERS |= {"condition_variable", "unistd.h", "fcntl.h", "pthread.h", "random"}
ENGINE_BANS = {
    r"\.\s*value\s*\(\s*\)|->\s*value\s*\(\s*\)": "`.value()` throws; test it and use `*`",
    r"(\.|->)\s*at\s*\(": "`.at()` throws; check the index and use `[]`",
    r"\bstd::get\s*<": "`std::get` throws on a variant; use `std::get_if`",
    r"\bthrow\b": "the engine throws nothing; return a Result or mark the row",
    r"\bstd::chrono\b": "the engine reads no clock; the caller measures",
    r"\bfopen\b|\b[io]?fstream\b": "the engine opens no file; take bytes",
    r"\bstd::(jthread|thread|async|mutex)\b": "the engine starts no thread and takes no lock",
    r"\bspdlog\b": "the engine writes no log; return what is to be said",
}
# In all C++, tests included.
BANS = {
    r"\bget_number\s*\(": "simdjson 3.0.1 misreads long decimals here; use base's number parser",
    r"\b(std::)?s?rand\s*\(": "`rand` has no seed of ours; use base/random.h",
    r"\bstd::random_device\b": "it is not in every libstdc++ we run on; use base/random.h",
    r"\bstd::regex\b": "std::regex overflows the stack; parse by hand",
    r"\busing\s+namespace\s+std\b": "name what is used: std::",
}
# In src/, outside base, where the clock is a seam.
CLOCK_BANS = {
    r"\bchrono::system_clock\b|\bsystem_clock::|\b(gettimeofday|clock_gettime|CLOCK_REALTIME)\b"
    r"|\btime\s*\(\s*nullptr\s*\)": "only base reads the time of day; take base/clock.h's Clock",
}

# .inc: templates that .cc files share, with a library that may not stand in a header.
CPP = (".cc", ".h", ".inc")

MAX_FILE_LINES = 600
# path -> why it is longer. A reason that is no longer needed is a finding.
LONG_FILES: dict[str, str] = {}
NOTE_FUNCTION_LINES = 60
MAX_FUNCTION_LINES = 100
# "path name" -> why.
LONG_FUNCTIONS: dict[str, str] = {}
MAX_COLUMNS = 100

# Built from pieces, so that this file passes its own rules.
MACHINE_PATH = re.compile(r"(?<![\w.~})-])/" + r"(work|root|tmp)" + r"/[\w.]")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
# Headers that others include from outside the repository.
PUBLIC_HEADERS = {"src/capi/bascule.h"}
# -----------------------------------------------------------------------------------------------


@dataclass
class Report:
    findings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, path: str, line: int, text: str) -> None:
        self.findings.append(f"{path}:{line}: {text}")


TOKEN = re.compile(
    r'R"(?P<tag>[^()\s\\]{0,16})\((?:.|\n)*?\)(?P=tag)"'  # raw string
    r"|//(?:\\\n|[^\n])*"  # line comment
    r"|/\*(?:.|\n)*?\*/"  # block comment
    r'|"(?:\\(?:.|\n)|[^"\\\n])*"'  # string
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'"  # character, not a digit separator
)


def blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def code_only(text: str) -> str:
    """The source with comments and the insides of literals blanked; lines and columns stay."""

    def replace(match: re.Match[str]) -> str:
        token = match[0]
        if token.startswith(("//", "/*")):
            return blank(token)
        return token[0] + blank(token[1:-1]) + token[-1]

    return TOKEN.sub(replace, text)


def comments(text: str) -> Iterator[tuple[int, str]]:
    """The line comments: (line, what follows the slashes). Indented examples are left out."""
    for match in TOKEN.finditer(text):
        if match[0].startswith("//") and not match[0].lstrip("/").startswith("   "):
            yield line_of(text, match.start()), match[0].lstrip("/").strip()


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


# ---- Includes ---------------------------------------------------------------------------------


def check_include(report: Report, path: str, line: int, target: str, quoted: bool) -> None:
    parts = path.split("/")
    is_header = path.endswith(".h")
    is_test = path.endswith("_test.cc")
    in_src = parts[0] == "src"
    folder = parts[1] if in_src and len(parts) > 2 else parts[0]
    if quoted:
        table = MAY_INCLUDE if in_src else BINDINGS_MAY_INCLUDE
        if folder not in table:
            return
        other = target.split("/")[0] if "/" in target else ""
        if not other:
            report.add(path, line, f'write the folder too: "{folder}/{target}"')
        elif other != folder and other not in table[folder].split():
            allowed = table[folder] or "only itself"
            report.add(
                path,
                line,
                f"{folder} may not include {other} (DESIGN section 2: {allowed}); move the code "
                "or pass what is needed as a value",
            )
        return

    library = next((name for start, name in THIRD_PARTY.items() if target.startswith(start)), "")
    if is_header and library in NOT_IN_HEADERS:
        report.add(path, line, f"{library} stays in .cc files; forward-declare or hide it")
    if not in_src or folder not in MAY_USE:
        return
    if library == "tests" and is_test:
        return
    if library and library not in MAY_USE[folder].split():
        report.add(
            path, line, f"{folder} may not use {library} (it may: {MAY_USE[folder]}); see DESIGN"
        )
    if not library and re.search(r"[/.]", target) and not is_system_header(target):
        report.add(path, line, f"<{target}> is in no table; add its library to tools/tidy.py")
    if folder == "engine" and not is_test and target in ENGINE_HEADERS:
        report.add(path, line, f"the engine has no use for <{target}>: no clock, file, thread, log")


def is_system_header(target: str) -> bool:
    return bool(re.fullmatch(r"(sys|linux|arpa|netinet|net)/[\w/]+\.h|\w+\.h", target))


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


# ---- Functions --------------------------------------------------------------------------------


ACCESS = re.compile(r"^\s*(public|private|protected)\s*:(?!:)", re.MULTILINE)


def cpp_functions(code: str) -> Iterator[tuple[str, int, int]]:
    """The outermost function bodies of blanked C++: (name, first line, last line)."""
    # Macros may hold half a brace; their text is not a function.
    code = re.sub(r"^[ \t]*#(?:\\\n|[^\n])*", lambda m: blank(m[0]), code, flags=re.MULTILINE)
    stack: list[str] = []  # "scope", "function", "value"
    start = 0  # of the declaration that is being read
    first: tuple[str, int] = ("", 0)
    for match in re.finditer(r"[{};]", code):
        mark, at = match[0], match.start()
        inside = "function" in stack
        if mark == "{":
            kind = "value" if inside else brace_kind(code[start:at])
            if kind == "function":
                text = re.sub(ACCESS, lambda m: blank(m[0]), code[start:at])
                first = (function_name(text), start + len(text) - len(text.lstrip()))
            stack.append(kind)
            if kind == "scope":
                start = at + 1
        elif mark == "}":
            kind = stack.pop() if stack else "scope"
            if kind == "function":
                yield first[0], line_of(code, first[1]), line_of(code, at)
            if kind != "value" and "function" not in stack:
                start = at + 1
        elif not inside and (not stack or stack[-1] == "scope"):
            start = at + 1


def brace_kind(head: str) -> str:
    """What the brace after this declaration opens: a scope, a function or a value."""
    if re.search(r"\b(namespace|class|struct|enum|union|extern)\b", strip_templates(head)):
        return "scope" if "(" not in strip_attributes(head) else "function"
    depth = 0
    for char in re.sub(r"operator\s*[^\w\s(]+", "operator", head):
        depth += (char == "(") - (char == ")")
        if char == "=" and depth == 0:
            return "value"
    if "(" not in head:
        return "value" if head.strip() else "scope"
    tail = head[head.rfind(")") + 1 :].strip()
    initialises = re.search(r"\)\s*(noexcept\s*)?:(?!:)", head)
    if initialises and tail and not re.fullmatch(r"(noexcept|override|const|\s)*", tail):
        return "value"  # a member initialised with braces
    return "function"


def strip_templates(head: str) -> str:
    return re.sub(r"\btemplate\s*<[^{}]*?>", "", head)


def strip_attributes(head: str) -> str:
    return re.sub(r"\[\[.*?\]\]|\balignas\s*\([^)]*\)|__attribute__\s*\(\(.*?\)\)", "", head)


def function_name(head: str) -> str:
    test = re.search(r"\b(TEST|TEST_F|TEST_P|RC_GTEST_PROP)\s*\(([^)]*)\)", head)
    if test:
        return re.sub(r"\s+", " ", test[0])
    name = re.search(r"([\w:~]+|operator\W+)\s*\(", strip_attributes(head))
    return name[1].strip() if name else "?"


def python_functions(tree: ast.AST) -> Iterator[tuple[str, int, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno, node.end_lineno or node.lineno


def check_sizes(
    report: Report, path: str, text: str, functions: Iterator[tuple[str, int, int]]
) -> None:
    lines = 0 if text.startswith("// Generated by") else text.count("\n")
    if lines > MAX_FILE_LINES and path not in LONG_FILES:
        report.add(
            path, 1, f"{lines} lines; past {MAX_FILE_LINES} look for the file's second subject"
        )
    if path in LONG_FILES and lines <= MAX_FILE_LINES:
        report.add(path, 1, "no longer long: take it out of LONG_FILES in tools/tidy.py")
    for name, first, last in functions:
        size = last - first + 1
        known = f"{path} {name}" in LONG_FUNCTIONS
        if size > MAX_FUNCTION_LINES and not known:
            report.add(
                path, first, f"'{name}' is {size} lines; {MAX_FUNCTION_LINES} is the most: split it"
            )
        elif size > NOTE_FUNCTION_LINES and not known:
            report.notes.append(
                f"{path}:{first}: note: '{name}' is {size} lines; about {NOTE_FUNCTION_LINES} "
                "fit a screen"
            )


# ---- Files ------------------------------------------------------------------------------------

DEAD_COMMENT = re.compile(
    r"#\s*(include|if|define)\b.*"
    r"|[{}]+;?"
    r"|(if|for|while)\s*\(.*\)\s*\{?"
    r"|return\b.*;"
    r"|(const\s+)?[\w:.<>*&\[\]-]+(\s+[\w:.<>*&\[\]-]+)?\s*(=\s*[^;]+|\(.*\));"
)


def check_bans(report: Report, path: str, code: str, bans: dict[str, str]) -> None:
    for pattern, advice in bans.items():
        for match in re.finditer(pattern, code):
            report.add(path, line_of(code, match.start()), advice)


def check_cpp(report: Report, path: str, text: str) -> None:
    code = code_only(text)
    for match in INCLUDE.finditer(text):
        quoted = match[1] == '"'
        check_include(report, path, line_of(text, match.start()), match[2], quoted)
    check_bans(report, path, code, BANS)
    if path.startswith("src/engine/") and not path.endswith("_test.cc"):
        check_bans(report, path, code, ENGINE_BANS)
    if path.startswith("src/") and not path.startswith("src/base/"):
        check_bans(report, path, code, CLOCK_BANS)
    for line, comment in comments(text):
        if DEAD_COMMENT.fullmatch(comment):
            report.add(path, line, "commented-out code: delete it, git keeps it")
    if path.endswith(".h"):
        if not text.startswith(("//", "/*")):
            report.add(path, 1, "a header opens with a comment: what it is, and the idea to hold")
        guarded = re.search(r"^#pragma once$", text, re.MULTILINE)
        if path in PUBLIC_HEADERS:  # C compilers that we have never seen include it
            guarded = guarded or re.search(r"^#ifndef \w+_H_?$", text, re.MULTILINE)
        if not guarded:
            report.add(path, 1, "write `#pragma once` after the opening comment")
    for row, content in enumerate(text.split("\n"), 1):
        if not content.isascii():
            report.add(path, row, "not ASCII: write it as \\u or \\x escapes")
    check_sizes(report, path, text, cpp_functions(code))


def check_python(report: Report, path: str, text: str) -> None:
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        report.add(path, error.lineno or 1, f"does not parse: {error.msg}")
        return
    check_sizes(report, path, text, python_functions(tree))


def check_lines(report: Report, path: str, text: str) -> None:
    """What holds for every text file, and for every source."""
    name = path.rsplit("/", 1)[-1]
    source = path.endswith((*CPP, ".py", ".sh", ".cmake", ".ts", ".tsx", ".java"))
    source = source or name in ("CMakeLists.txt", "Makefile", "run")
    for number, line in enumerate(text.split("\n"), 1):
        if MACHINE_PATH.search(line):
            report.add(path, number, "a path of one machine; make it relative, or ask for it")
        if not source:
            continue
        if "\t" in line and name != "Makefile":
            report.add(path, number, "a tab; indent with spaces")
        if len(line) > MAX_COLUMNS:
            report.add(path, number, f"{len(line)} columns; lines end at {MAX_COLUMNS}")
        if UNFINISHED.search(line):
            report.add(path, number, "unfinished: do it now, or file an issue")


def slug(heading: str) -> str:
    """GitHub's anchor for a heading."""
    text = re.sub(r"[`*]|\[([^\]]*)\]\([^)]*\)", r"\1", heading).strip().lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


def check_links(report: Report, root: Path, path: str, text: str) -> None:
    prose = re.sub(r"^```.*?^```", lambda m: blank(m[0]), text, flags=re.MULTILINE | re.DOTALL)
    for match in re.finditer(r"\[[^\]]*\]\(([^)\s]+)\)", prose):
        target, _, anchor = match[1].partition("#")
        line = line_of(prose, match.start())
        if re.match(r"[a-z]+:", target):
            continue
        file = (root / path).parent / target if target else root / path
        if not file.exists():
            report.add(path, line, f"the link {match[1]} leads nowhere; point it at a file")
        elif anchor and file.suffix == ".md":
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            if anchor not in map(slug, headings):
                report.add(path, line, f"{target or path} has no heading for #{anchor}")
    folders = r"(?:src|python|tests|tools|docs|fuzz|bench|examples|packaging|cmake|web|jvm)"
    for match in re.finditer(rf"`({folders}/[\w./-]+\.\w+)`", prose):
        if not (root / match[1]).exists():
            report.add(path, line_of(prose, match.start()), f"there is no {match[1]}; correct it")


def check_dead_files(report: Report, root: Path, sources: dict[str, str]) -> None:
    """Every folder of src/ is in the table and built; every header is included by somebody."""
    included: set[str] = set()
    for text in sources.values():
        included.update(match[2] for match in INCLUDE.finditer(text))
    for path in sources:
        parts = path.split("/")
        if parts[0] != "src":
            continue
        if len(parts) < 3:
            report.add(path, 1, "lies outside the folders of src/; move it into one")
        elif parts[1] not in MAY_INCLUDE:
            report.add(path, 1, f"src/{parts[1]} is in no table of tools/tidy.py; see DESIGN")
        elif not (root / "src" / parts[1] / "CMakeLists.txt").exists():
            report.add(path, 1, f"src/{parts[1]} has no CMakeLists.txt, so nothing compiles this")
        header = path.removeprefix("src/")
        if path.endswith(".h") and header not in included and path not in PUBLIC_HEADERS:
            report.add(path, 1, "nobody includes this header; delete it")


# ---- The run ----------------------------------------------------------------------------------


def tracked(root: Path) -> list[str]:
    """Files of the repository: tracked ones, and new ones that are not ignored."""
    command = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
    run = subprocess.run(command, cwd=root, capture_output=True, check=True)
    names = {name for name in run.stdout.decode().split("\0") if name}
    return sorted(name for name in names if (root / name).is_file())


def tidy(root: Path) -> Report:
    report = Report()
    sources = {}
    for path in tracked(root):
        data = (root / path).read_bytes()
        if b"\0" in data or path.startswith("fuzz/corpus/"):
            continue
        try:
            text = data.decode()
        except UnicodeDecodeError:
            if path.endswith((*CPP, ".py", ".md")):
                report.add(path, 1, "is not UTF-8; convert it")
            continue
        check_lines(report, path, text)
        if path.endswith(CPP):
            sources[path] = text
            check_cpp(report, path, text)
        elif path.endswith(".py"):
            check_python(report, path, text)
        elif path.endswith(".md") and (path.startswith("docs/") or "/" not in path):
            check_links(report, root, path, text)
    check_dead_files(report, root, sources)
    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    report = tidy(parser.parse_args().root)
    for line in report.notes + report.findings:
        print(line)
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
