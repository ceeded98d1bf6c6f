// tree_ensemble: a forest, boosted or bagged. See engine/trees/ensemble.h for what a score depends
// on.

#include <atomic>
#include <utility>

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
    return std::make_unique<TreeEnsemble>(std::move(ensemble));
  }

  explicit TreeEnsemble(Ensemble ensemble)
      : ensemble_(std::move(ensemble)), walk_(walk_kernel(ensemble_)), kernel_(walk_.get()) {}

  ~TreeEnsemble() override {
    const TreeKernel* kernel = kernel_.load(std::memory_order_acquire);
    if (kernel != walk_.get()) {
      delete kernel;
    }
  }
  TreeEnsemble(const TreeEnsemble&) = delete;
  TreeEnsemble& operator=(const TreeEnsemble&) = delete;

  // Two threads may build the same kernel at once: the first to be done keeps its own.
  void prepare() override {
    const TreeKernel* walk = walk_.get();
    if (kernel_.load(std::memory_order_acquire) != walk) {
      return;
    }
    const TreeKernel* best = best_kernel(ensemble_, best_cpu_level()).release();
    if (!kernel_.compare_exchange_strong(walk, best, std::memory_order_acq_rel)) {
      delete best;
    }
  }

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& scratch) const noexcept override {
    const double* start = in.size() > 1 ? in[1].f64() : nullptr;
    const TreeKernel* kernel = kernel_.load(std::memory_order_acquire);
    kernel->score(rows, in[0].f64(), start, out[0].f64(), refused, scratch);
  }

 private:
  Ensemble ensemble_;
  std::unique_ptr<TreeKernel> walk_;       // has no layout to build
  std::atomic<const TreeKernel*> kernel_;  // the walk until there is a better one, which it owns
};
}  // namespace

extern const OpDef op_tree_ensemble{
    .name = "tree_ensemble", .version = 1, .load = TreeEnsemble::load};
}  // namespace bascule
