// lookup_integer: the position of the equal integer among the categories; -1 for an unknown one.

#include <limits>

#include "engine/lookup.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class LookupInteger final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kI64));
    using Limits = std::numeric_limits<std::int64_t>;
    BASCULE_TRY(const auto values,
                spec.integers("categories", OpSpec::kAny, Limits::min(), Limits::max()));
    BASCULE_TRY(auto categories, SortedCategories<std::int64_t>::load(spec, values));
    BASCULE_TRY(const auto rules, LookupRules::load(spec, values.size()));
    return std::make_unique<LookupInteger>(std::move(categories), rules);
  }

  LookupInteger(SortedCategories<std::int64_t> categories, LookupRules rules)
      : categories_(std::move(categories)), rules_(rules) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const std::int64_t* x = in[0].i64();
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      if (!in[0].is_valid(row)) {
        y[row] = rules_.of_missing(row, refused);
        continue;
      }
      y[row] = categories_.code(x[row], rules_, row, refused);
    }
  }

 private:
  SortedCategories<std::int64_t> categories_;
  LookupRules rules_;
};
}  // namespace

extern const OpDef op_lookup_integer{
    .name = "lookup_integer", .version = 1, .load = LookupInteger::load};
}  // namespace bascule
