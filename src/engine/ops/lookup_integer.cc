// lookup_integer: the position of the equal integer among the categories; -1 for an unknown one.

#include <algorithm>
#include <limits>
#include <vector>

#include "base/limits.h"
#include "engine/lookup.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
struct Category {
  std::int64_t value;
  std::int64_t code;
};

class LookupInteger final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kI64));
    using Limits = std::numeric_limits<std::int64_t>;
    BASCULE_TRY(const auto values,
                spec.integers("categories", OpSpec::kAny, Limits::min(), Limits::max()));
    if (values.size() > limits::kWidth) {
      return spec.error("tensor 'categories' has {} elements, expected at most {}", values.size(),
                        limits::kWidth);
    }
    std::vector<Category> sorted;
    sorted.reserve(values.size());
    for (const std::int64_t value : values) {
      sorted.push_back({value, static_cast<std::int64_t>(sorted.size())});
    }
    std::ranges::sort(sorted, {}, &Category::value);
    const auto twice = std::ranges::adjacent_find(sorted, {}, &Category::value);
    if (twice != sorted.end()) {
      return spec.error("tensor 'categories' has {} twice", twice->value);
    }
    BASCULE_TRY(const auto rules, LookupRules::load(spec, values.size()));
    return std::make_unique<LookupInteger>(std::move(sorted), rules);
  }

  LookupInteger(std::vector<Category> sorted, LookupRules rules)
      : sorted_(std::move(sorted)), rules_(rules) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    const std::int64_t* x = in[0].i64();
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      if (!in[0].is_valid(row)) {
        y[row] = rules_.of_missing(row, refused);
        continue;
      }
      const auto found = std::ranges::lower_bound(sorted_, x[row], {}, &Category::value);
      const bool known = found != sorted_.end() && found->value == x[row];
      y[row] = known ? found->code : rules_.of_unknown(row, refused);
    }
  }

 private:
  std::vector<Category> sorted_;
  LookupRules rules_;
};
}  // namespace

extern const OpDef op_lookup_integer{
    .name = "lookup_integer", .version = 1, .load = LookupInteger::load};
}  // namespace bascule
