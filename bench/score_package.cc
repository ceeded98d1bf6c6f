// What one row costs the engine: CPU time of a plan on rows that differ, without Python around it.
//
//   build/release/bench_score_package PACKAGE ROWS BATCH [SECONDS [cold]]
//
// ROWS is a folder with a file for each input column, named by its position: float64 [rows, width],
// or texts that end in a line end each. Prints the median and the least microseconds a row over
// passes through all rows; with `cold` over single calls, between which 64 MiB are written, as
// other models' calls would. bench/peers/compare.py runs it.

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"
#include "engine/plan.h"
#include "passes.inc"

namespace bascule::bench {
namespace {
[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_score_package: {}\n", why);
  std::exit(1);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// One input column, all rows of it.
struct Column {
  ValueType type;
  std::string bytes;
  std::vector<double> cells;
  std::vector<std::string_view> texts;

  std::size_t rows() const { return texts.size() + cells.size() / type.width; }
  const void* from(std::size_t row) const {
    if (type.kind == ValueKind::kStrings) {
      return texts.data() + row;
    }
    return cells.data() + row * type.width;
  }
};

void read_column(const std::string& path, ValueType type, Column& column) {
  column.type = type;
  column.bytes = read_file(path);
  const std::string_view bytes = column.bytes;
  if (type.kind == ValueKind::kStrings) {
    for (std::size_t at = 0; at < bytes.size();) {
      const std::size_t end = bytes.find('\n', at);
      column.texts.push_back(bytes.substr(at, end - at));
      at = end + 1;
    }
  } else if (type.kind == ValueKind::kF64) {
    column.cells.resize(bytes.size() / sizeof(double));
    std::memcpy(column.cells.data(), bytes.data(), column.cells.size() * sizeof(double));
  } else {
    give_up("the package must take numbers and texts");
  }
}

// Scores `count` rows from `first`, in blocks as the service does.
class Scorer {
 public:
  Scorer(const Plan& plan, const std::vector<Column>& columns)
      : plan_(plan), columns_(columns), scratch_(plan.make_scratch()) {}

  void operator()(std::size_t first, std::size_t count) {
    for (std::size_t end = first + count; first < end; first += limits::kBlockRows) {
      views_.clear();
      for (const Column& column : columns_) {
        views_.emplace_back(column.type, column.from(first));
      }
      plan_.run(std::min(limits::kBlockRows, end - first), views_, plan_.default_outputs(),
                refused_, scratch_);
    }
  }

 private:
  const Plan& plan_;
  const std::vector<Column>& columns_;
  Scratch scratch_;
  RowErrors refused_;
  std::vector<View> views_;
};
}  // namespace
}  // namespace bascule::bench

int main(int argc, char** argv) {
  using namespace bascule;
  if (argc < 4) {
    fmt::print("bench/peers/compare.py runs this program\n");
    return 0;
  }
  const auto package = Package::open_file(argv[1]);
  if (!package) {
    bench::give_up(package.error().message);
  }
  const auto plan = Plan::load(*package);
  if (!plan) {
    bench::give_up(plan.error().message);
  }
  const auto types = (*plan)->input_types();
  std::vector<bench::Column> columns(types.size());
  for (std::size_t i = 0; i < types.size(); ++i) {
    bench::read_column(fmt::format("{}/{}", argv[2], i), types[i], columns[i]);
  }
  if (columns.empty() || columns[0].rows() == 0) {
    bench::give_up("there are no rows");
  }
  const auto batch = static_cast<std::size_t>(std::max(1, std::atoi(argv[3])));
  const double seconds = argc > 4 ? std::atof(argv[4]) : 0.3;
  bench::Scorer scorer(**plan, columns);
  const auto score = [&](std::size_t first, std::size_t count) { scorer(first, count); };
  const std::size_t rows = columns[0].rows();
  bench::print(argc > 5 ? bench::cold_calls(rows, seconds, score)
                        : bench::passes(rows, batch, seconds, score));
}
