// topic_distribution: which topics a row of word counts is about, as shares that add up to 1.
//
// Variational inference for latent Dirichlet allocation (Hoffman, Blei and Bach, 2010), row by
// row, until the mean change of the topics' weights is below the tolerance. In the order of
// sklearn's _update_doc_distribution, with its digamma (algorithm AS 103), which is fast and not
// exact. BLAS adds in orders of its own: tier T2.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::int64_t kMostIterations = 100'000;
constexpr double kEps = std::numeric_limits<double>::epsilon();

// digamma for positive x. J. Bernardo (1976), algorithm AS 103.
double digamma(double x) noexcept {
  if (x <= 1e-6) {
    return -0.577215664901532860606512090082402431 - 1.0 / x;
  }
  double result = 0;
  while (x < 6) {
    result -= 1.0 / x;
    x += 1;
  }
  double r = 1.0 / x;
  result += std::log(x) - 0.5 * r;
  r = r * r;
  result -= r * ((1.0 / 12.0) - r * ((1.0 / 120.0) - r * (1.0 / 252.0)));
  return result;
}

// out = exp(E[log theta]) for theta of the Dirichlet distribution with these weights.
void expectation(std::span<const double> weights, double* out) noexcept {
  double total = 0;
  for (const double weight : weights) {
    total += weight;
  }
  const double whole = digamma(total);
  std::ranges::transform(weights, out,
                         [whole](double w) noexcept { return std::exp(digamma(w) - whole); });
}

class TopicDistribution final : public Op {
 public:
  struct Rules {
    double prior = 0;
    double tolerance = 0;
    std::int64_t iterations = 0;
  };

  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    const ValueType type = spec.inputs()[0];
    if (type.kind != ValueKind::kCsr) {
      BASCULE_CHECK_OK(spec.input(0, ValueKind::kF64));
    }
    BASCULE_TRY(const auto words, spec.matrix("words", type.width, OpSpec::kAny));
    const std::size_t topics = type.width == 0 ? 0 : words.size() / type.width;
    if (topics == 0) {
      return spec.error("tensor 'words' is empty, expected one topic at least");
    }
    Rules rules;
    BASCULE_TRY(rules.prior, spec.number("prior"));
    BASCULE_TRY(rules.tolerance, spec.number("tolerance"));
    BASCULE_TRY(rules.iterations, spec.integer("iterations", 0, kMostIterations));
    spec.output(ValueType{ValueKind::kF64, topics});
    return std::make_unique<TopicDistribution>(words, topics, rules);
  }

  TopicDistribution(std::span<const double> words, std::size_t topics, Rules rules)
      : words_(words), topics_(topics), rules_(rules) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    double* memory = scratch.doubles(3 * topics_);
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, y += topics_) {
      if (memory == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      infer(in[0], row, memory, y);
      double total = 0;
      for (std::size_t t = 0; t < topics_; ++t) {
        total += y[t];
      }
      std::transform(y, y + topics_, y, [total](double w) noexcept { return w / total; });
    }
  }

 private:
  void infer(const View& in, std::size_t row, double* memory, double* weights) const noexcept {
    double* expected = memory;
    double* last = memory + topics_;
    double* sums = memory + 2 * topics_;
    std::fill_n(weights, topics_, 1.0);
    expectation(std::span(weights, topics_), expected);
    for (std::int64_t i = 0; i < rules_.iterations; ++i) {
      std::copy_n(weights, topics_, last);
      add_words(in, row, expected, sums);
      for (std::size_t t = 0; t < topics_; ++t) {
        weights[t] = expected[t] * sums[t] + rules_.prior;
      }
      expectation(std::span(weights, topics_), expected);
      double change = 0;
      for (std::size_t t = 0; t < topics_; ++t) {
        change += std::fabs(last[t] - weights[t]);
      }
      if (change / static_cast<double>(topics_) < rules_.tolerance) {
        return;
      }
    }
  }

  // sums[t] = the sum over the row's words of count / (expected . word + eps) * word[t].
  void add_words(const View& in, std::size_t row, const double* expected,
                 double* sums) const noexcept {
    std::fill_n(sums, topics_, 0.0);
    const auto add = [&](std::size_t col, double count) noexcept {
      const double* word = words_.data() + col * topics_;
      double norm = 0;
      for (std::size_t t = 0; t < topics_; ++t) {
        norm += expected[t] * word[t];
      }
      const double share = count / (norm + kEps);
      for (std::size_t t = 0; t < topics_; ++t) {
        sums[t] += share * word[t];
      }
    };
    if (in.kind() == ValueKind::kCsr) {
      for (auto at = in.starts()[row]; at < in.starts()[row + 1]; ++at) {
        add(in.csr_columns()[at], in.csr_values()[at]);
      }
      return;
    }
    const double* x = in.f64() + row * in.width();
    for (std::size_t col = 0; col < in.width(); ++col) {
      if (x[col] != 0) {
        add(col, x[col]);
      }
    }
  }

  std::span<const double> words_;  // [width, topics], borrowed from the package
  std::size_t topics_;
  Rules rules_;
};
}  // namespace

extern const OpDef op_topic_distribution{
    .name = "topic_distribution", .version = 1, .load = TopicDistribution::load};
}  // namespace bascule
