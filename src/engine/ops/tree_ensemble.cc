// tree_ensemble: a forest, boosted or bagged. See engine/trees/ensemble.h for what a score depends
// on.

#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/trees/kernel.h"

namespace bascule {
namespace {
class TreeEnsemble final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    const bool has_start = spec.inputs().size() == 2;
    BASCULE_CHECK_OK(spec.expect_inputs(has_start ? 2 : 1));
    BASCULE_TRY(const auto features, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(auto ensemble, Ensemble::load(spec, features));
    if (has_start) {
      BASCULE_TRY(const auto width, spec.input(1, ValueKind::kF64));
      if (width != ensemble.outputs) {
        return spec.error("its start has the width {}, expected {} as it has outputs", width,
                          ensemble.outputs);
      }
    }
    spec.output(ValueType{ValueKind::kF64, ensemble.outputs});
    return std::make_unique<TreeEnsemble>(best_kernel(std::move(ensemble), best_cpu_level()));
  }

  explicit TreeEnsemble(std::unique_ptr<TreeKernel> kernel) : kernel_(std::move(kernel)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    const double* start = in.size() > 1 ? in[1].f64() : nullptr;
    kernel_->score(rows, in[0].f64(), start, out[0].f64(), refused, scratch);
  }

 private:
  std::unique_ptr<TreeKernel> kernel_;
};
}  // namespace

extern const OpDef op_tree_ensemble{
    .name = "tree_ensemble", .version = 1, .load = TreeEnsemble::load};
}  // namespace bascule
