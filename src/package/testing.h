// Tiny real packages for tests: every room can score one without Python.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace bascule {

// A scaler and a logistic regression over number columns, as scikit-learn would pack them:
//   concat -> check_finite -> subtract -> divide -> linear -> sigmoid -> with_complement
// It answers "predict_proba" (by default; labels 0 and 1; the score is column 1) and "predict".
// Its golden rows are computed by plain loops in the order of arithmetic of docs/operators.md, and
// one of them is refused. Lists are as long as `columns`, or empty for their default. Every member
// has an initializer, so that a caller may name only some of them.
struct TinyLogistic {
  std::string model{};  // empty: may be pushed under any name
  std::vector<std::string> columns{"amount", "age"};
  std::vector<double> mean{};     // default 0
  std::vector<double> scale{};    // default 1
  std::vector<double> weights{};  // default 1
  double bias = 0;
  std::size_t golden_rows = 8;
  std::string notes{};  // another note is another digest and the same fingerprint
};

std::vector<std::byte> tiny_logistic_package(const TinyLogistic& options = {});

// What `predict_proba` gives for the label 1, by the same plain loops.
double tiny_logistic_score(const TinyLogistic& options, const std::vector<double>& row);

}  // namespace bascule
