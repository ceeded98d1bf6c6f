// products: each output is the product of some columns, from the left; of none it is 1.
#include <vector>

#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
class Products final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.expect_inputs(1));
    BASCULE_TRY(const auto width, spec.input(0, ValueKind::kF64));
    BASCULE_TRY(auto counts, spec.integers("counts", OpSpec::kAny, 0, kMostFactors));
    std::size_t total = 0;
    for (const auto count : counts) {
      total += static_cast<std::size_t>(count);
    }
    const auto last = static_cast<std::int64_t>(width) - 1;
    BASCULE_TRY(const auto factors, spec.integers("factors", total, 0, last));
    spec.output(ValueType{ValueKind::kF64, counts.size()});
    return std::make_unique<Products>(std::vector<std::uint32_t>(counts.begin(), counts.end()),
                                      std::vector<std::uint32_t>(factors.begin(), factors.end()));
  }

  Products(std::vector<std::uint32_t> counts, std::vector<std::uint32_t> factors)
      : counts_(std::move(counts)), factors_(std::move(factors)) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& /*refused*/, Scratch& /*scratch*/) const noexcept override {
    const double* x = in[0].f64();
    double* y = out[0].f64();
    for (std::size_t row = 0; row < rows; ++row, x += in[0].width()) {
      const std::uint32_t* factor = factors_.data();
      for (const auto count : counts_) {
        double product = count == 0 ? 1.0 : x[*factor];
        for (std::uint32_t i = 1; i < count; ++i) {
          product *= x[factor[i]];
        }
        factor += count;
        *y++ = product;
      }
    }
  }

 private:
  static constexpr std::int64_t kMostFactors = 1024;
  std::vector<std::uint32_t> counts_;   // factors of each output
  std::vector<std::uint32_t> factors_;  // their columns, output by output
};
}  // namespace

extern const OpDef op_products{.name = "products", .version = 1, .load = Products::load};
}  // namespace bascule
