// What one row costs a peer that has a C interface: CPU time of its calls, without Python around.
//
//   build/release/bench_score_library KIND LIBRARY MODEL ROWS COLUMNS CLASSES BATCH SECONDS ANSWERS
//                                     [cold]
//
//   KIND     lightgbm  lib_lightgbm.so and a model file; one row by its fast call, more by the call
//                      for matrices, in one thread
//            lleaves   a library linked from its cache file; MODEL is not read
//            tl2cgen   a library that it compiled; MODEL is not read
//   ROWS     a file of float64 [rows, COLUMNS], no cell missing
//   ANSWERS  a file to write float64 [rows, CLASSES] to, for the caller to check
//
// Prints the median and the least microseconds a row, as bench_score_package does for ours; `cold`
// writes 64 MiB between single calls. bench/peers/compare.py runs it.

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "passes.inc"

namespace bascule::bench {
namespace {
[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_score_library: {}\n", why);
  std::exit(1);
}

template <typename Function>
Function* symbol(void* library, const char* name) {
  void* found = ::dlsym(library, name);
  if (found == nullptr) {
    give_up(::dlerror());
  }
  return reinterpret_cast<Function*>(found);
}

struct Rows {
  std::vector<double> cells;
  std::size_t columns = 0;
  std::size_t classes = 0;
  std::vector<double> answers;

  std::size_t count() const { return cells.size() / columns; }
  double* row(std::size_t i) { return cells.data() + i * columns; }
  double* answer(std::size_t i) { return answers.data() + i * classes; }
};

// Scores `count` rows from `first`.
using Score = std::function<void(std::size_t first, std::size_t count)>;

Score lightgbm(void* library, const char* model, Rows& rows) {
  constexpr int kFloat64 = 1;
  constexpr const char* kParameters = "num_threads=1";
  using Create = int(const char*, int*, void**);
  using FastInit = int(void*, int, int, int, int, std::int32_t, const char*, void**);
  using FastCall = int(void*, const void*, std::int64_t*, double*);
  using ForMatrix = int(void*, const void*, int, std::int32_t, std::int32_t, int, int, int, int,
                        const char*, std::int64_t*, double*);
  void* booster = nullptr;
  void* fast = nullptr;
  int iterations = 0;
  const auto columns = static_cast<std::int32_t>(rows.columns);
  if (symbol<Create>(library, "LGBM_BoosterCreateFromModelfile")(model, &iterations, &booster) !=
          0 ||
      symbol<FastInit>(library, "LGBM_BoosterPredictForMatSingleRowFastInit")(
          booster, 0, 0, -1, kFloat64, columns, kParameters, &fast) != 0) {
    give_up("LightGBM does not read its model");
  }
  auto* one = symbol<FastCall>(library, "LGBM_BoosterPredictForMatSingleRowFast");
  auto* many = symbol<ForMatrix>(library, "LGBM_BoosterPredictForMat");
  return [=, &rows](std::size_t first, std::size_t count) {
    std::int64_t written = 0;
    const int failed =
        count == 1 ? one(fast, rows.row(first), &written, rows.answer(first))
                   : many(booster, rows.row(first), kFloat64, static_cast<std::int32_t>(count),
                          columns, 1, 0, 0, -1, kParameters, &written, rows.answer(first));
    if (failed != 0) {
      give_up("a call of LightGBM fails");
    }
  };
}

Score lleaves(void* library, Rows& rows) {
  auto* forest = symbol<void(double*, double*, int, int)>(library, "forest_root");
  return [=, &rows](std::size_t first, std::size_t count) {
    forest(rows.cells.data(), rows.answers.data(), static_cast<int>(first),
           static_cast<int>(first + count));
  };
}

Score tl2cgen(void* library, Rows& rows) {
  // Its cells are unions of a number and of a mark for a missing one: here plain numbers.
  auto* predict = symbol<void(double*, int, double*)>(library, "predict");
  return [=, &rows](std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) {
      std::fill_n(rows.answer(i), rows.classes, 0.0);  // it adds to what stands there
      predict(rows.row(i), 0, rows.answer(i));
    }
  };
}

Score score_of(std::string_view kind, const char* path, const char* model, Rows& rows) {
  void* library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    give_up(::dlerror());
  }
  if (kind == "lightgbm") {
    return lightgbm(library, model, rows);
  }
  if (kind == "lleaves") {
    return lleaves(library, rows);
  }
  if (kind == "tl2cgen") {
    return tl2cgen(library, rows);
  }
  give_up(fmt::format("kind '{}', expected lightgbm, lleaves or tl2cgen", kind));
}

Rows read_rows(const char* path, std::size_t columns, std::size_t classes) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)), {});
  Rows rows{.columns = columns, .classes = classes};
  rows.cells.resize(bytes.size() / sizeof(double));
  std::memcpy(rows.cells.data(), bytes.data(), rows.cells.size() * sizeof(double));
  if (columns == 0 || rows.cells.empty()) {
    give_up("there are no rows");
  }
  rows.answers.resize(rows.count() * classes);
  return rows;
}
}  // namespace
}  // namespace bascule::bench

int main(int argc, char** argv) {
  using namespace bascule::bench;
  if (argc < 10) {
    fmt::print("bench/peers/compare.py runs this program\n");
    return 0;
  }
  Rows rows =
      read_rows(argv[4], std::strtoul(argv[5], nullptr, 10), std::strtoul(argv[6], nullptr, 10));
  const Score score = score_of(argv[1], argv[2], argv[3], rows);
  const std::size_t batch = std::strtoul(argv[7], nullptr, 10);
  const double seconds = std::strtod(argv[8], nullptr);
  print(argc > 10 ? cold_calls(rows.count(), seconds, score)
                  : passes(rows.count(), batch, seconds, score));
  std::ofstream answers(argv[9], std::ios::binary);
  answers.write(reinterpret_cast<const char*>(rows.answers.data()),
                static_cast<std::streamsize>(rows.answers.size() * sizeof(double)));
}
