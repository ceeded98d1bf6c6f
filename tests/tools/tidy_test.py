"""Each rule of tools/tidy.py bites, and good code has nothing to fear from it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import tidy  # noqa: E402

HEADER = "// A thing.\n#pragma once\n"
# What the rules look for, in pieces, so that this file keeps them itself.
TO_DO = "TO" + "DO"
WORK = "/" + "work/"


def findings(root: Path, files: dict[str, str]) -> list[str]:
    """What tidy says of a repository with these files."""
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        if path.startswith("src/") and path.count("/") > 1:
            (root / "src" / path.split("/")[1] / "CMakeLists.txt").write_text("")
    return tidy.tidy(root).findings


def body(lines: int) -> str:
    return "int f() {\n" + "  g();\n" * (lines - 2) + "}\n"


BITES = [
    # includes
    ("src/base/a.cc", '#include "engine/op.h"\n', 1, "base may not include engine"),
    ("src/engine/a.cc", '\n#include "serving/live.h"\n', 2, "engine may not include serving"),
    ("src/evaluate/a.cc", '#include "package/package.h"\n', 1, "evaluate may not include package"),
    ("src/engine/a.cc", '#include "op.h"\n', 1, "write the folder too"),
    ("python/bascule/_engine.cc", '#include "engine/op.h"\n', 1, "python may not include engine"),
    ("src/engine/a.cc", "#include <simdjson.h>\n", 1, "engine may not use simdjson"),
    ("src/serving/a.cc", "#include <spdlog/spdlog.h>\n", 1, "serving may not use spdlog"),
    ("src/lifecycle/a.cc", "#include <boost/asio.hpp>\n", 1, "lifecycle may not use Asio"),
    ("src/evaluate/a.cc", "#include <gtest/gtest.h>\n", 1, "evaluate may not use tests"),
    ("src/api/a.cc", "#include <unknown/thing.hpp>\n", 1, "is in no table"),
    ("src/engine/a.cc", "#include <chrono>\n", 1, "no use for <chrono>"),
    ("src/engine/a.cc", "#include <thread>\n", 1, "no use for <thread>"),
    *(
        ("src/api/a.h", f"{HEADER}#include <{header}>\n", 3, "stays in .cc files")
        for header in (
            "boost/beast.hpp",
            "boost/asio.hpp",
            "spdlog/spdlog.h",
            "Eigen/Dense",
            "CLI/CLI.hpp",
            "simdjson.h",
            "toml++/toml.h",
            "sqlite3.h",
            "curl/curl.h",
        )
    ),
    # the engine's purity
    ("src/engine/a.cc", "auto x = r.value();\n", 1, "`.value()` throws"),
    ("src/engine/a.cc", "auto x = v.at(3);\n", 1, "`.at()` throws"),
    ("src/engine/a.cc", "auto x = std::get<int>(v);\n", 1, "`std::get` throws"),
    ("src/engine/a.cc", "void f() { throw 1; }\n", 1, "throws nothing"),
    ("src/engine/ops/a.cc", "auto t = std::chrono::steady_clock::now();\n", 1, "reads no clock"),
    ("src/engine/a.cc", 'auto f = fopen("x", "r");\n', 1, "opens no file"),
    ("src/engine/a.cc", "std::ifstream in;\n", 1, "opens no file"),
    ("src/engine/a.cc", "std::jthread t;\n", 1, "starts no thread"),
    ("src/engine/a.cc", 'spdlog::info("x");\n', 1, "writes no log"),
    # everywhere
    ("src/api/a.cc", "auto x = v.get_number();\n", 1, "misreads long decimals"),
    ("src/api/a.cc", "int x = rand();\n", 1, "has no seed"),
    ("src/api/a.cc", "std::random_device d;\n", 1, "not in every libstdc++"),
    ("tests/x/a.cc", "std::regex r;\n", 1, "overflows the stack"),
    ("src/api/a.cc", "using namespace std;\n", 1, "name what is used"),
    ("src/api/a.cc", f"// {TO_DO}: later\n", 1, "unfinished"),
    ("tools/a.py", f"# {TO_DO} later\n", 1, "unfinished"),
    ("src/api/a.cc", "auto t = std::chrono::system_clock::now();\n", 1, "only base reads"),
    ("src/api/a.cc", "auto t = std::time(nullptr);\n", 1, "only base reads"),
    # comments and text
    ("src/api/a.cc", "int x;\n// foo(x);\n", 2, "commented-out code"),
    ("src/api/a.cc", "// int y = 3;\n", 1, "commented-out code"),
    ("src/api/a.cc", "// if (x) {\n", 1, "commented-out code"),
    ("src/api/a.cc", "// }\n", 1, "commented-out code"),
    ("src/api/a.cc", '// #include "api/b.h"\n', 1, "commented-out code"),
    ("src/api/a.cc", "// caf\u00e9\n", 1, "not ASCII"),
    ("src/api/a.cc", "\tint x;\n", 1, "a tab"),
    ("tools/a.py", "x = '" + "y" * 100 + "'\n", 1, "columns"),
    ("src/api/a.h", "// A thing.\nint f();\n", 1, "#pragma once"),
    ("src/api/a.h", "#pragma once\n", 1, "opens with a comment"),
    # files
    ("src/a.cc", "int x;\n", 1, "outside the folders"),
    ("src/odd/a.cc", "int x;\n", 1, "in no table"),
    ("src/api/a.h", HEADER, 1, "nobody includes"),
    ("src/api/a.cc", "int x;\n" * 601, 1, "second subject"),
    ("tools/a.py", "x = 1\n" * 601, 1, "second subject"),
    ("src/api/a.cc", "\n" + body(101), 2, "'f' is 101 lines"),
    ("tools/a.py", "def f():\n" + "    x = 1\n" * 100, 1, "'f' is 101 lines"),
    ("tools/a.py", "def f(:\n", 1, "does not parse"),
    # documents
    ("README.md", "\n[x](docs/gone.md)\n", 2, "leads nowhere"),
    ("docs/a.md", "[x](../src/gone.cc)\n", 1, "leads nowhere"),
    ("docs/a.md", "# Title\n[x](#other)\n", 2, "no heading"),
    ("docs/a.md", "see `src/gone/plan.cc`\n", 1, "there is no src/gone/plan.cc"),
    ("docs/a.md", f"run {WORK}main/x\n", 1, "a path of one machine"),
    ("tools/a.sh", f"cd {WORK}main\n", 1, "a path of one machine"),
]


@pytest.mark.parametrize(("path", "text", "line", "says"), BITES)
def test_bites(tmp_path: Path, path: str, text: str, line: int, says: str) -> None:
    found = findings(tmp_path, {path: text})
    assert any(one.startswith(f"{path}:{line}: ") and says in one for one in found), found


GOOD = {
    "src/base/clock.h": HEADER + "class Clock;\n",
    "src/base/clock.cc": '#include "base/clock.h"\nauto t = std::chrono::system_clock::now();\n',
    "src/engine/op.h": HEADER + '#include <vector>\n#include "base/clock.h"\n',
    "src/engine/op.cc": (
        "// Never throw; `.value()` and std::get<int> are banned here (see STYLE); rand() too.\n"
        '#include "engine/op.h"\n#include <fmt/format.h>\n'
        'const char* kText = "throw .at( TAB std::regex";\n'
        "constexpr int kMillion = 1'000'000;\n"
        'const char* kRaw = R"x(throw "y" rand())x";\n'
    ),
    "src/engine/op_test.cc": '#include <gtest/gtest.h>\n#include "engine/op.h"\nint x = v.at(0);\n',
    "src/api/server.cc": (
        '#include <boost/asio.hpp>\n#include <sys/socket.h>\n#include "serving/x.h"\n'
        "// The first row that is refused ends the block (see above);\n"
        "// run(rows) marks them, and the caller skips what is marked.\n"
        "const Clock& clock = system_clock();\n"
    ),
    "src/serving/x.h": HEADER + "//\n//     auto example = f(x);\nint f();\n",
    "docs/a.md": "# A title, here\n[x](../README.md) [y](#a-title-here) [z](https://e.org/x)\n",
    "README.md": "[a](docs/a.md#a-title-here) `src/engine/op.cc`\n```\n[x](no.md)\n```\n",
    "tools/a.py": '"""Text: caf\u00e9."""\n',
}


def test_leaves_good_code_alone(tmp_path: Path) -> None:
    assert findings(tmp_path, GOOD) == []


FUNCTIONS = """
namespace bascule {
namespace {
constexpr int kTable[] = {1,
  2, 3};
enum class Color : int { kRed };
struct Point {
  int x = 0;
  int length() const noexcept {
    return x;
  }
};
}  // namespace

template <typename T>
class Box final : public Base<T> {
 public:
  explicit Box(int a) : a_{a}, b_(b) {
    if (a) {
      go();
    }
  }
  ~Box() override = default;
  bool operator==(const Box& other) const {
    return a_ == other.a_;
  }
  auto span() const -> std::span<const int> {
    return {};
  }
};

const auto kCall = [](int x) { return x; };

static Result<std::unique_ptr<Op>> load(const OpSpec& spec,
                                        int more = 3) {
  auto f = [&] { return 1; };
  return Point{.x = 1};
}
TEST(Box, Holds) {
  EXPECT_EQ(1, 1);
}
extern "C" int run(const unsigned char* data, unsigned size) {
  return 0;
}
}  // namespace bascule
"""


def test_finds_functions_and_their_ends() -> None:
    found = [(name, last - first + 1) for name, first, last in tidy.cpp_functions(FUNCTIONS)]
    assert found == [
        ("length", 3),
        ("Box", 5),
        ("operator==", 3),
        ("span", 3),
        ("load", 5),
        ("TEST(Box, Holds)", 3),
        ("run", 3),
    ]


def test_notes_long_functions_without_failing(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "src" / "api").mkdir(parents=True)
    (tmp_path / "src" / "api" / "CMakeLists.txt").write_text("")
    (tmp_path / "src" / "api" / "a.cc").write_text(body(80))
    report = tidy.tidy(tmp_path)
    assert report.findings == []
    assert "'f' is 80 lines" in report.notes[0]


def test_the_command_prints_findings_and_fails(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / "a.sh").write_text("\techo\n")
    command = [sys.executable, ROOT / "tools" / "tidy.py", "--root", tmp_path]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert run.stdout.startswith("a.sh:1: a tab")


def test_this_repository_keeps_the_rules() -> None:
    """The tool ran over the repository itself; `make check` prints the same."""
    report = tidy.tidy(ROOT)
    tools = [line for line in report.findings if line.startswith("tools/tidy.py")]
    assert tools == []
