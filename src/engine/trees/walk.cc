// The walk: plain, and the definition of what every kernel gives.

#include "engine/trees/kernel.h"

namespace bascule {
namespace {
// A block goes through one tree before the next, so that the tree is fetched once; each row still
// adds its leaves in the order of the trees.
template <typename Input, typename Sum>
class Walk final : public TreeKernel {
 public:
  explicit Walk(const Ensemble& ensemble) : ensemble_(ensemble) {}

  std::string_view name() const noexcept override { return "walk"; }
  std::size_t bytes() const noexcept override { return 0; }

  void score(std::size_t rows, const double* x, const double* start, double* out,
             RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const std::size_t outputs = ensemble_.outputs;
    for (std::size_t row = 0; row < rows; ++row) {
      for (std::size_t k = 0; k < outputs; ++k) {
        out[row * outputs + k] =
            rounded(start != nullptr ? start[row * outputs + k] : ensemble_.base[k]);
      }
    }
    for (std::size_t tree = 0; tree < ensemble_.trees(); ++tree) {
      for (std::size_t row = 0; row < rows; ++row) {
        const double* cells = x + row * ensemble_.features;
        add(tree, leaf_of(tree, cells), cells, out + row * outputs);
      }
    }
    if (ensemble_.divide_by == 1) {
      return;
    }
    const auto divide_by = static_cast<Sum>(ensemble_.divide_by);
    for (std::size_t i = 0; i < rows * outputs; ++i) {
      out[i] = static_cast<Sum>(out[i]) / divide_by;
    }
  }

 private:
  static double rounded(double value) noexcept { return static_cast<Sum>(value); }

  std::size_t leaf_of(std::size_t tree, const double* row) const noexcept {
    return ensemble_.splits->walk<Input>(tree, row, [](std::uint32_t) { return true; }).leaf();
  }

  // A sum in float32 is held in a double, which it fits exactly, and rounded after each addition.
  void add(std::size_t tree, std::size_t leaf, const double* row, double* sums) const noexcept {
    if (!ensemble_.tree_output.empty()) {
      sums += ensemble_.tree_output[tree];
    }
    if (!ensemble_.linear.empty()) {
      add_to(*sums, ensemble_.linear.value<Input>(leaf, row, ensemble_.leaf[leaf]));
      return;
    }
    if (!ensemble_.tree_output.empty()) {
      add_to(*sums, ensemble_.leaf[leaf]);
      return;
    }
    for (std::size_t k = 0; k < ensemble_.outputs; ++k) {
      add_to(sums[k], ensemble_.leaf[leaf * ensemble_.outputs + k]);
    }
  }

  static void add_to(double& sum, double value) noexcept {
    sum = static_cast<Sum>(sum) + static_cast<Sum>(value);
  }

  const Ensemble& ensemble_;
};
}  // namespace

std::unique_ptr<TreeKernel> walk_kernel(const Ensemble& ensemble) {
  if (ensemble.float32_input && ensemble.float32_sum) {
    return std::make_unique<Walk<float, float>>(ensemble);
  }
  if (ensemble.float32_input) {
    return std::make_unique<Walk<float, double>>(ensemble);
  }
  if (ensemble.float32_sum) {
    return std::make_unique<Walk<double, float>>(ensemble);
  }
  return std::make_unique<Walk<double, double>>(ensemble);
}

}  // namespace bascule
