// couple_probabilities: probabilities of classes from the decision values of their pairs.
//
// libsvm's: each value through its own sigmoid (Platt), kept within [1e-7, 1 - 1e-7]; then the
// second method of Wu, Lin and Weng (2004), iterated until no equation is off by 0.005 / classes,
// at most max(100, classes) times. Order of arithmetic: multiclass_probability in svm.cpp.
#include <algorithm>
#include <cmath>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/pairs.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr double kLeast = 1e-7;

double platt(double decision, double a, double b) noexcept {
  const double x = decision * a + b;
  if (x >= 0) {
    return std::exp(-x) / (1.0 + std::exp(-x));
  }
  return 1.0 / (1.0 + std::exp(x));
}

// Working memory of one row: pairwise probabilities and the equations' matrix, k by k, and k sums.
class Coupling {
 public:
  Coupling(double* memory, std::size_t k) noexcept
      : k_(k), r_(memory), q_(memory + k * k), qp_(memory + 2 * k * k) {}
  static std::size_t size(std::size_t k) noexcept { return 2 * k * k + k; }

  double& r(std::size_t i, std::size_t j) noexcept { return r_[i * k_ + j]; }
  double& q(std::size_t i, std::size_t j) noexcept { return q_[i * k_ + j]; }

  void solve(double* p) noexcept {
    set_up(p);
    const double tolerance = 0.005 / static_cast<double>(k_);
    const std::size_t most = std::max<std::size_t>(100, k_);
    for (std::size_t i = 0; i < most; ++i) {
      double pqp = multiply(p);
      double worst = 0;
      for (std::size_t t = 0; t < k_; ++t) {
        const double off = std::fabs(qp_[t] - pqp);
        worst = off > worst ? off : worst;
      }
      if (worst < tolerance) {
        return;
      }
      for (std::size_t t = 0; t < k_; ++t) {
        improve(p, t, pqp);
      }
    }
  }

 private:
  void set_up(double* p) noexcept {
    for (std::size_t t = 0; t < k_; ++t) {
      p[t] = 1.0 / static_cast<double>(k_);
      q(t, t) = 0;
      for (std::size_t j = 0; j < k_; ++j) {
        if (j != t) {
          q(t, t) += r(j, t) * r(j, t);
          q(t, j) = j < t ? q(j, t) : -r(j, t) * r(t, j);
        }
      }
    }
  }

  // Qp = Q p; gives p Q p.
  double multiply(const double* p) noexcept {
    double pqp = 0;
    for (std::size_t t = 0; t < k_; ++t) {
      qp_[t] = 0;
      for (std::size_t j = 0; j < k_; ++j) {
        qp_[t] += q(t, j) * p[j];
      }
      pqp += p[t] * qp_[t];
    }
    return pqp;
  }

  void improve(double* p, std::size_t t, double& pqp) noexcept {
    const double diff = (-qp_[t] + pqp) / q(t, t);
    p[t] += diff;
    pqp = (pqp + diff * (diff * q(t, t) + 2 * qp_[t])) / (1 + diff) / (1 + diff);
    for (std::size_t j = 0; j < k_; ++j) {
      qp_[j] = (qp_[j] + diff * q(t, j)) / (1 + diff);
      p[j] /= (1 + diff);
    }
  }

  std::size_t k_;
  double* r_;
  double* q_;
  double* qp_;
};

class CoupleProbabilities final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto classes, paired_classes(spec));
    const std::size_t pairs = spec.inputs()[0].width;
    BASCULE_TRY(const auto a, spec.floats("a", pairs));
    BASCULE_TRY(const auto b, spec.floats("b", pairs));
    spec.output(ValueType{ValueKind::kF64, classes});
    return std::make_unique<CoupleProbabilities>(a, b);
  }

  CoupleProbabilities(std::span<const double> a, std::span<const double> b) : a_(a), b_(b) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    const std::size_t classes = out[0].width();
    const double* x = in[0].f64();
    double* p = out[0].f64();
    double* memory = scratch.doubles(Coupling::size(classes));
    for (std::size_t row = 0; row < rows; ++row, x += a_.size(), p += classes) {
      if (memory == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      Coupling coupling(memory, classes);
      each_pair(classes, [&](std::size_t pair, std::size_t i, std::size_t j) noexcept {
        // In this order of comparisons a decision that is no number counts as 1e-7.
        const double found = platt(x[pair], a_[pair], b_[pair]);
        const double most = found > kLeast ? found : kLeast;
        coupling.r(i, j) = most < 1 - kLeast ? most : 1 - kLeast;
        coupling.r(j, i) = 1 - coupling.r(i, j);
      });
      coupling.solve(p);
    }
  }

 private:
  std::span<const double> a_;  // [pairs], borrowed from the package
  std::span<const double> b_;  // [pairs], likewise
};
}  // namespace

extern const OpDef op_couple_probabilities{
    .name = "couple_probabilities", .version = 1, .load = CoupleProbabilities::load};
}  // namespace bascule
