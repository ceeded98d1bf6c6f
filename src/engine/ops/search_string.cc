// search_string: the position of the first of the sorted categories that is not below the text.
//
// So XGBoost 3 finds a category: one it does not know becomes the next greater one, and only beyond
// the last is a row refused, as is a text with a NUL in it. Bytes are compared.
#include <algorithm>
#include <string_view>
#include <vector>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class SearchString final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kStrings));
    BASCULE_TRY(auto categories, spec.strings("categories"));
    const auto wrong = std::ranges::adjacent_find(categories, std::greater_equal<>());
    if (wrong != categories.end()) {
      return spec.error("tensor 'categories' has '{}' before '{}', expected ascending texts",
                        *wrong, *std::next(wrong));
    }
    BASCULE_TRY(const auto column, spec.model_column("column"));
    const auto last = static_cast<std::int64_t>(categories.size()) - 1;
    spec.output(ValueType::codes(-1, last));
    return std::make_unique<SearchString>(std::move(categories), column);
  }

  SearchString(std::vector<std::string_view> categories, std::int32_t column)
      : categories_(std::move(categories)), column_(column) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    for (std::size_t row = 0; row < rows; ++row) {
      out[0].i64()[row] = -1;
      if (!in[0].is_valid(row)) {
        continue;
      }
      const auto text = in[0].strings()[row];
      const auto found = std::ranges::lower_bound(categories_, text);
      if (found == categories_.end() || text.contains('\0')) {
        refused.mark(row, RowCode::kUnknownCategory, column_);
        continue;
      }
      out[0].i64()[row] = found - categories_.begin();
    }
  }

 private:
  std::vector<std::string_view> categories_;  // ascending, borrowed from the package
  std::int32_t column_;                       // the input column, for messages
};
}  // namespace

extern const OpDef op_search_string{
    .name = "search_string", .version = 1, .load = SearchString::load};
}  // namespace bascule
