// take: the numbers that belong to the row's code; `otherwise` where there is no such code.
#include <algorithm>
#include <memory>
#include <utility>

#include "engine/codes.h"
#include "engine/op.h"
#include "engine/op_spec.h"
#include "engine/parts.h"

namespace bascule {
namespace {
class Take final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kI64));
    BASCULE_TRY(const auto otherwise, spec.floats("otherwise", OpSpec::kAny));
    const std::size_t width = otherwise.size();
    if (width == 0) {
      return spec.error("tensor 'otherwise' is empty, expected one number at least");
    }
    BASCULE_TRY(const auto values, width == 1 ? spec.floats("values", code_count(spec))
                                              : spec.matrix("values", code_count(spec), width));
    spec.output(ValueType{ValueKind::kF64, width});
    auto table = std::make_shared<CodeTable>();
    table->count = values.size() / width;
    table->width = width;
    table->values = values;
    table->otherwise = otherwise;
    return std::make_unique<Take>(std::move(table));
  }

  explicit Take(std::shared_ptr<const CodeTable> table) : table_(std::move(table)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, y += table_->width) {
      std::ranges::copy(table_->cells(table_->position(in[0], row)), y);
    }
  }

  std::shared_ptr<const CodeTable> table() const override { return table_; }

  bool start_with(std::shared_ptr<const CodeTable> table) override {
    table_ = std::move(table);
    return true;
  }

 private:
  std::shared_ptr<const CodeTable> table_;
};
}  // namespace

extern const OpDef op_take{.name = "take", .version = 1, .load = Take::load};
}  // namespace bascule
