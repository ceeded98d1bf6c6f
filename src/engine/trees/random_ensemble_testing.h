// For tests and measurements: ensembles drawn from a seed, and rows that stand on their thresholds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/trees/ensemble.h"

namespace bascule::testing {

struct EnsembleShape {
  std::size_t features = 4;
  std::size_t trees = 10;
  std::size_t leaves = 31;  // of a tree, at most
  bool full = false;        // exactly
  std::size_t outputs = 1;
  std::size_t thresholds = 20;  // distinct ones of a feature
  bool tree_output = false;     // each tree adds to one output
  bool float32_input = false;
  bool float32_sum = false;
  bool sets = false;
  bool edges = true;  // thresholds at the end of the finite numbers, which `forest` does not take
  bool linear = false;
  bool symmetric = false;  // as deep as `leaves` allow, at most
  double divide_by = 1;
};

// An ensemble and the memory that it borrows.
struct RandomEnsemble {
  RandomEnsemble(const EnsembleShape& shape, std::uint64_t seed);

  Ensemble ensemble() const;
  void set_thresholds(double threshold);  // all of them
  // [rows, features]: thresholds and their neighbours, NaN, infinities, denormals, codes and
  // others.
  std::vector<double> rows(std::size_t count);
  std::vector<double> starts(std::size_t count);  // [rows, outputs]

 private:
  double cell(std::size_t feature);
  void add_tree(std::size_t leaves);
  void add_symmetric_tree(std::size_t depth);
  void add_split(std::size_t feature);
  std::uint64_t bits();
  std::size_t below(std::size_t end) { return bits() % end; }
  double around_zero();  // most within -3 and 3

  EnsembleShape shape_;
  std::uint64_t state_;
  std::vector<std::vector<double>> grid_;  // [features]
  // As splits.h tells.
  std::vector<std::uint32_t> tree_start_ = {0};
  std::vector<std::int32_t> feature_;
  std::vector<std::uint32_t> right_;
  std::vector<double> threshold_;
  std::vector<std::uint8_t> missing_left_;
  std::vector<std::int32_t> set_;
  std::vector<std::uint32_t> tree_output_;
  std::vector<std::uint32_t> set_start_ = {0};
  std::vector<std::uint32_t> set_words_;
  std::uint32_t leaves_ = 0;
  std::vector<double> leaf_;
  std::vector<double> base_;
  LinearLeaves linear_;
  std::vector<double> weights_;
  std::vector<double> constants_;
};

}  // namespace bascule::testing
