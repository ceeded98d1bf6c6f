// nearest_paths: the shortest way from the row to every stored point, by one of its neighbours.
//
// out[j] = min over the neighbours i of (paths[i, j] + distance i). Source:
// sklearn.manifold.Isomap.

#include <algorithm>

#include "engine/nan_wins.h"
#include "engine/neighbors/found.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"

namespace bascule {
namespace {
class NearestPaths final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_TRY(const auto paths, spec.any_matrix("paths", OpSpec::kAny, OpSpec::kAny));
    std::size_t points = 0;
    while (points * points < paths.size()) {
      ++points;
    }
    BASCULE_CHECK_OK(spec.any_matrix("paths", points, points));
    BASCULE_CHECK_OK(expect_found(spec, points));
    spec.output(ValueType{ValueKind::kF64, points});
    return std::make_unique<NearestPaths>(paths, points);
  }

  NearestPaths(Floats paths, std::size_t points) : paths_(paths), points_(points) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, y += points_) {
      const FoundRow found(in[0], row, points_);
      if (found.count() == 0) {
        refused.mark(row, RowCode::kNoNeighbors);
        std::fill_n(y, points_, 0.0);
        continue;
      }
      for (std::size_t j = 0; j < points_; ++j) {
        y[j] = paths_[found.position(0) * points_ + j] + found.distance(0);
      }
      for (std::size_t i = 1; i < found.count(); ++i) {
        for (std::size_t j = 0; j < points_; ++j) {
          y[j] = smaller(y[j], paths_[found.position(i) * points_ + j] + found.distance(i));
        }
      }
    }
  }

 private:
  Floats paths_;  // [points, points]
  std::size_t points_;
};
}  // namespace

extern const OpDef op_nearest_paths{
    .name = "nearest_paths", .version = 1, .load = NearestPaths::load};
}  // namespace bascule
