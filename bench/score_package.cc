// What one row costs the engine: CPU time of a plan on rows that differ, without Python around it.
//
//   build/release/bench_score_package PACKAGE ROWS BATCH [SECONDS [cold]]
//
// ROWS is a folder with a file for each input column, named by its position: float64 [rows, width],
// or texts that end in a line end each. Prints the median and the least microseconds a row over
// passes through all rows; with `cold` over single calls, between which 64 MiB are written, as
// other models' calls would. bench/peers/compare.py runs it.

#include <fmt/format.h>
#include <time.h>

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

namespace bascule::bench {
namespace {
double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

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
  View from(std::size_t row) const {
    if (type.kind == ValueKind::kStrings) {
      return View(type, texts.data() + row);
    }
    return View(type, cells.data() + row * type.width);
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

void print(std::vector<double> took) {
  std::ranges::sort(took);
  fmt::print("{:.4f} {:.4f}\n", 1e6 * took[took.size() / 2], 1e6 * took.front());
}

void views_from(const std::vector<Column>& columns, std::size_t row, std::vector<View>& views) {
  views.clear();
  for (const Column& column : columns) {
    views.push_back(column.from(row));
  }
}

void run_cold(const Plan& plan, const std::vector<Column>& columns, double seconds) {
  std::vector<std::uint64_t> others((std::size_t{64} << 20) / sizeof(std::uint64_t));
  Scratch scratch = plan.make_scratch();
  RowErrors refused;
  std::vector<View> views;
  std::vector<double> took;
  const double end = cpu_seconds() + seconds;
  for (std::size_t i = 0; took.size() < 20 || cpu_seconds() < end; ++i) {
    std::ranges::fill(others, i);
    views_from(columns, i % columns[0].rows(), views);
    const double start = cpu_seconds();
    plan.run(1, views, plan.default_outputs(), refused, scratch);
    took.push_back(cpu_seconds() - start);
  }
  print(std::move(took));
}

void run(const Plan& plan, const std::vector<Column>& columns, std::size_t batch, double seconds) {
  const std::size_t rows = columns[0].rows();
  Scratch scratch = plan.make_scratch();
  RowErrors refused;
  std::vector<View> views;
  std::vector<double> took;
  const double end = cpu_seconds() + seconds;
  while (took.size() < 3 || cpu_seconds() < end) {
    const double start = cpu_seconds();
    for (std::size_t row = 0; row < rows;) {
      // A batch is cut into blocks, as the service does.
      for (std::size_t left = std::min(batch, rows - row); left > 0;) {
        const std::size_t count = std::min(left, limits::kBlockRows);
        views_from(columns, row, views);
        plan.run(count, views, plan.default_outputs(), refused, scratch);
        row += count;
        left -= count;
      }
    }
    took.push_back((cpu_seconds() - start) / static_cast<double>(rows));
  }
  print(std::move(took));
}
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
  if (argc > 5) {
    bench::run_cold(**plan, columns, seconds);
  } else {
    bench::run(**plan, columns, batch, seconds);
  }
}
