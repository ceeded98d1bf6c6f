// distances: how far the row is from each of the stored points.

#include "engine/neighbors/metric.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/row_errors.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
class Distances final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(auto metric, Metric::load(spec, width));
    BASCULE_TRY(const auto reduced, spec.boolean("reduced", false));
    metric.lay_out_points();
    spec.output(ValueType{ValueKind::kF64, metric.count()});
    return std::make_unique<Distances>(std::move(metric), reduced);
  }

  Distances(Metric metric, bool reduced) : metric_(std::move(metric)), reduced_(reduced) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    double* room = scratch.doubles(metric_.room() + 1);
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += metric_.width(), y += metric_.count()) {
      if (room == nullptr) {
        refused.mark(row, RowCode::kNoMemory);
        continue;
      }
      metric_.prepare(x, room);
      metric_.reduced(1, x, room, 0, metric_.count(), y);
      for (std::size_t i = 0; !reduced_ && i < metric_.count(); ++i) {
        y[i] = metric_.to_distance(y[i]);
      }
    }
  }

 private:
  Metric metric_;
  bool reduced_;
};
}  // namespace

extern const OpDef op_distances{.name = "distances", .version = 1, .load = Distances::load};
}  // namespace bascule
