// map_codes: another code for each code: `map` per code, `otherwise` where there is none.
#include <algorithm>
#include <vector>

#include "engine/codes.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
constexpr std::int64_t kMost = std::int64_t{1} << 31;

class MapCodes final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_CHECK_OK(spec.single(0, ValueKind::kI64));
    BASCULE_TRY(auto map, spec.integers("map", code_count(spec), -1, kMost));
    if (map.empty()) {
      return spec.error("tensor 'map' is empty, expected one code at least");
    }
    BASCULE_TRY(const auto otherwise, spec.integer("otherwise", -1, kMost));
    const auto [low, high] = std::ranges::minmax(map);
    spec.output(ValueType::codes(std::min(low, otherwise), std::max(high, otherwise)));
    return std::make_unique<MapCodes>(std::move(map), otherwise);
  }

  MapCodes(std::vector<std::int64_t> map, std::int64_t otherwise)
      : map_(std::move(map)), otherwise_(otherwise) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    std::int64_t* y = out[0].i64();
    for (std::size_t row = 0; row < rows; ++row) {
      const std::size_t at = table_position(in[0], row, map_.size());
      y[row] = at < map_.size() ? map_[at] : otherwise_;
    }
  }

 private:
  std::vector<std::int64_t> map_;  // per code
  std::int64_t otherwise_;
};
}  // namespace

extern const OpDef op_map_codes{.name = "map_codes", .version = 1, .load = MapCodes::load};
}  // namespace bascule
