// What one row costs the engine: CPU time of a plan on rows that differ, without Python around it.
//
//   build/release/bench_score_package PACKAGE ROWS BATCH [SECONDS [cold]]
//
// PACKAGE takes one column of numbers; ROWS is a file of float64 [rows, width]. Prints the median
// and the least microseconds a row over passes through all rows; with `cold` over single calls,
// between which 64 MiB are written, as other models' calls would. bench/trees.py runs it.

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
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

std::vector<double> read_cells(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  std::vector<double> cells(bytes.size() / sizeof(double));
  std::copy_n(bytes.data(), cells.size() * sizeof(double), reinterpret_cast<char*>(cells.data()));
  return cells;
}

void print(std::vector<double> took) {
  std::ranges::sort(took);
  fmt::print("{:.4f} {:.4f}\n", 1e6 * took[took.size() / 2], 1e6 * took.front());
}

void run_cold(const Plan& plan, const std::vector<double>& cells, double seconds) {
  const ValueType type = plan.input_types()[0];
  const std::size_t rows = cells.size() / type.width;
  std::vector<std::uint64_t> others((std::size_t{64} << 20) / sizeof(std::uint64_t));
  Scratch scratch = plan.make_scratch();
  RowErrors refused;
  std::vector<double> took;
  const double end = cpu_seconds() + seconds;
  for (std::size_t i = 0; took.size() < 20 || cpu_seconds() < end; ++i) {
    std::ranges::fill(others, i);
    const View view(type, cells.data() + i % rows * type.width);
    const double start = cpu_seconds();
    plan.run(1, {&view, 1}, plan.default_outputs(), refused, scratch);
    took.push_back(cpu_seconds() - start);
  }
  print(std::move(took));
}

void run(const Plan& plan, const std::vector<double>& cells, std::size_t batch, double seconds) {
  const ValueType type = plan.input_types()[0];
  const std::size_t rows = cells.size() / type.width;
  Scratch scratch = plan.make_scratch();
  RowErrors refused;
  std::vector<double> took;
  const double end = cpu_seconds() + seconds;
  while (took.size() < 3 || cpu_seconds() < end) {
    const double start = cpu_seconds();
    for (std::size_t row = 0; row < rows;) {
      // A batch is cut into blocks, as the service does.
      for (std::size_t left = std::min(batch, rows - row); left > 0;) {
        const std::size_t count = std::min(left, limits::kBlockRows);
        const View view(type, cells.data() + row * type.width);
        plan.run(count, {&view, 1}, plan.default_outputs(), refused, scratch);
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
    fmt::print("bench/trees.py runs this program\n");
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
  if ((*plan)->input_types().size() != 1 || (*plan)->input_types()[0].kind != ValueKind::kF64) {
    bench::give_up("the package must take one column of numbers");
  }
  const auto batch = static_cast<std::size_t>(std::max(1, std::atoi(argv[3])));
  const auto cells = bench::read_cells(argv[2]);
  const double seconds = argc > 4 ? std::atof(argv[4]) : 0.3;
  if (argc > 5) {
    bench::run_cold(**plan, cells, seconds);
  } else {
    bench::run(**plan, cells, batch, seconds);
  }
}
