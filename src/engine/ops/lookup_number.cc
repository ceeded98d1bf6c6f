// lookup_number: the position of the equal number among the categories; -1 for an unknown one.

#include <cmath>
#include <vector>

#include "engine/lookup.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class LookupNumber final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kF64));
    BASCULE_TRY(const auto values, spec.any_floats("categories"));
    std::vector<double> numbers;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (std::isnan(values[i])) {
        return spec.error("tensor 'categories' is NaN at position {}; 'missing' says what NaN is",
                          i);
      }
      numbers.push_back(values[i]);
    }
    BASCULE_TRY(auto categories, SortedCategories<double>::load(spec, numbers));
    BASCULE_TRY(const auto rules, LookupRules::load(spec, values.size()));
    return std::make_unique<LookupNumber>(std::move(categories), rules);
  }

  LookupNumber(SortedCategories<double> categories, LookupRules rules)
      : categories_(std::move(categories)), rules_(rules) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      if (std::isnan(x[row])) {
        y[row] = rules_.of_missing(row, refused);
        continue;
      }
      y[row] = categories_.code(x[row], rules_, row, refused);
    }
  }

 private:
  SortedCategories<double> categories_;
  LookupRules rules_;
};
}  // namespace

extern const OpDef op_lookup_number{
    .name = "lookup_number", .version = 1, .load = LookupNumber::load};
}  // namespace bascule
