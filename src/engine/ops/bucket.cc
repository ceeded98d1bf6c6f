// bucket: how many edges lie at or below a number, as a code: numpy.searchsorted(side="right").
//
// NaN, which lies beside no edge, has the code -1.
#include <algorithm>
#include <cmath>
#include <functional>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Bucket final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kF64));
    BASCULE_TRY(const auto edges, spec.floats("edges", OpSpec::kAny));
    if (std::ranges::any_of(edges, [](double edge) { return std::isnan(edge); }) ||
        !std::ranges::is_sorted(edges)) {
      return spec.error("tensor 'edges' does not ascend");
    }
    spec.output(ValueType::codes(-1, static_cast<std::int64_t>(edges.size())));
    return std::make_unique<Bucket>(edges);
  }

  explicit Bucket(std::span<const double> edges) : edges_(edges) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      y[row] = std::isnan(x[row]) ? -1 : std::ranges::upper_bound(edges_, x[row]) - edges_.begin();
    }
  }

 private:
  std::span<const double> edges_;  // borrowed from the package; may be empty
};
}  // namespace

extern const OpDef op_bucket{.name = "bucket", .version = 1, .load = Bucket::load};
}  // namespace bascule
