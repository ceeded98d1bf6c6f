// matching_pursuit: a row as a sum of few atoms of a dictionary, from its products with all atoms.
//
// Orthogonal matching pursuit: take the atom that fits best what is left, solve for all taken ones
// by a growing Cholesky factor, again. It stops early at an atom that is taken already, one that
// fits less than a rounding error, or one that depends on the others. In the order of sklearn's
// _gram_omp, whose swaps decide between atoms that fit equally well; BLAS adds in orders of its
// own: tier T2.
#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr double kEps = std::numeric_limits<double>::epsilon();

// Working memory of one row; `order[i]` is the atom at position i, the taken ones first.
struct Pursuit {
  std::uint32_t* order;
  double* left;    // [atoms] what is left of the products, by position
  double* factor;  // [most, most] lower Cholesky factor of the taken atoms' gram matrix
  double* half;    // [most]
  double* coef;    // [most]
};

class MatchingPursuit final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto atoms, spec.same_width_f64());
    BASCULE_TRY(const auto gram, spec.matrix("gram", atoms, atoms));
    BASCULE_TRY(const auto most, spec.integer("most", 1, static_cast<std::int64_t>(atoms)));
    return std::make_unique<MatchingPursuit>(gram, atoms, static_cast<std::size_t>(most));
  }

  MatchingPursuit(std::span<const double> gram, std::size_t atoms, std::size_t most)
      : gram_(gram), atoms_(atoms), most_(most) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    double* memory = scratch.doubles(atoms_ + most_ * most_ + 2 * most_);
    std::uint32_t* order = scratch.words(atoms_);
    const bool ready = memory != nullptr && order != nullptr;
    const Pursuit work = ready ? place(memory, order) : Pursuit{};
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += atoms_, y += atoms_) {
      std::fill_n(y, atoms_, 0.0);
      if (!ready) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      const std::size_t taken = pursue(x, work);
      for (std::size_t i = 0; i < taken; ++i) {
        y[work.order[i]] = work.coef[i];
      }
    }
  }

 private:
  Pursuit place(double* memory, std::uint32_t* order) const noexcept {
    double* factor = memory + atoms_;
    double* half = factor + most_ * most_;
    return {order, memory, factor, half, half + most_};
  }

  double gram(std::size_t a, std::size_t b) const noexcept { return gram_[a * atoms_ + b]; }

  // How many atoms are taken.
  std::size_t pursue(const double* x, const Pursuit& work) const noexcept {
    for (std::size_t i = 0; i < atoms_; ++i) {
      work.order[i] = static_cast<std::uint32_t>(i);
      work.left[i] = x[i];
    }
    std::size_t taken = 0;
    while (taken < most_) {
      const std::size_t best = largest(work.left);
      if (best < taken || work.left[best] * work.left[best] < kEps || !grow(work, taken, best)) {
        break;
      }
      std::swap(work.order[taken], work.order[best]);
      ++taken;
      solve(x, work, taken);
      for (std::size_t i = 0; i < atoms_; ++i) {
        double fitted = 0;
        for (std::size_t j = 0; j < taken; ++j) {
          fitted += gram(work.order[i], work.order[j]) * work.coef[j];
        }
        work.left[i] = x[work.order[i]] - fitted;
      }
    }
    return taken;
  }

  std::size_t largest(const double* left) const noexcept {
    std::size_t best = 0;
    for (std::size_t i = 1; i < atoms_; ++i) {
      if (std::fabs(left[i]) > std::fabs(left[best])) {
        best = i;
      }
    }
    return best;
  }

  // Adds the atom at position `best` to the factor; false when it depends on the taken ones.
  bool grow(const Pursuit& work, std::size_t taken, std::size_t best) const noexcept {
    const std::size_t atom = work.order[best];
    double* line = work.factor + taken * most_;
    double squares = 0;
    for (std::size_t i = 0; i < taken; ++i) {
      const double* other = work.factor + i * most_;
      double value = gram(atom, work.order[i]);
      for (std::size_t j = 0; j < i; ++j) {
        value -= other[j] * line[j];
      }
      line[i] = value / other[i];
      squares += line[i] * line[i];
    }
    const double rest = gram(atom, atom) - squares;
    if (taken > 0 && rest <= kEps) {
      return false;
    }
    line[taken] = std::sqrt(rest);
    return true;
  }

  // L L' coef = x of the taken atoms.
  void solve(const double* x, const Pursuit& work, std::size_t taken) const noexcept {
    for (std::size_t i = 0; i < taken; ++i) {
      const double* line = work.factor + i * most_;
      double value = x[work.order[i]];
      for (std::size_t j = 0; j < i; ++j) {
        value -= line[j] * work.half[j];
      }
      work.half[i] = value / line[i];
    }
    for (std::size_t i = taken; i-- > 0;) {
      double value = work.half[i];
      for (std::size_t j = i + 1; j < taken; ++j) {
        value -= work.factor[j * most_ + i] * work.coef[j];
      }
      work.coef[i] = value / work.factor[i * most_ + i];
    }
  }

  std::span<const double> gram_;  // [atoms, atoms], borrowed from the package
  std::size_t atoms_;
  std::size_t most_;
};
}  // namespace

extern const OpDef op_matching_pursuit{
    .name = "matching_pursuit", .version = 1, .load = MatchingPursuit::load};
}  // namespace bascule
