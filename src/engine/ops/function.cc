// function: out = f(in), cell by cell, f a function of numpy by its name; of a sparse block the
// stored cells.
//
// Those that need a logarithm, an exponential or an angle are the C library's; numpy has SIMD forms
// of its own for some, which differ from it by up to 4 ULP: tier T1. The others are exact.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "engine/csr.h"
#include "engine/op.h"
#include "engine/op_spec.h"

namespace bascule {
namespace {
using Function = double (*)(double) noexcept;

double negative(double x) noexcept {
  return -x;
}
double square(double x) noexcept {
  return x * x;
}
double reciprocal(double x) noexcept {
  return 1.0 / x;
}
double sign(double x) noexcept {
  return x > 0 ? 1.0 : x < 0 ? -1.0 : x == 0 ? 0.0 : x;
}
double radians(double x) noexcept {
  return x * (std::numbers::pi / 180.0);
}
double degrees(double x) noexcept {
  return x * (180.0 / std::numbers::pi);
}

struct Named {
  std::string_view name;
  Function apply;
};
constexpr auto kFunctions = std::to_array<Named>({
    {"arccos", [](double x) noexcept { return std::acos(x); }},
    {"arccosh", [](double x) noexcept { return std::acosh(x); }},
    {"arcsin", [](double x) noexcept { return std::asin(x); }},
    {"arcsinh", [](double x) noexcept { return std::asinh(x); }},
    {"arctan", [](double x) noexcept { return std::atan(x); }},
    {"arctanh", [](double x) noexcept { return std::atanh(x); }},
    {"cbrt", [](double x) noexcept { return std::cbrt(x); }},
    {"ceil", [](double x) noexcept { return std::ceil(x); }},
    {"cos", [](double x) noexcept { return std::cos(x); }},
    {"cosh", [](double x) noexcept { return std::cosh(x); }},
    {"degrees", degrees},
    {"erf", [](double x) noexcept { return std::erf(x); }},
    {"exp2", [](double x) noexcept { return std::exp2(x); }},
    {"expm1", [](double x) noexcept { return std::expm1(x); }},
    {"floor", [](double x) noexcept { return std::floor(x); }},
    {"log10", [](double x) noexcept { return std::log10(x); }},
    {"log1p", [](double x) noexcept { return std::log1p(x); }},
    {"log2", [](double x) noexcept { return std::log2(x); }},
    {"negative", negative},
    {"radians", radians},
    {"reciprocal", reciprocal},
    {"rint", [](double x) noexcept { return std::nearbyint(x); }},
    {"sign", sign},
    {"sin", [](double x) noexcept { return std::sin(x); }},
    {"sinh", [](double x) noexcept { return std::sinh(x); }},
    {"sqrt", [](double x) noexcept { return std::sqrt(x); }},
    {"square", square},
    {"tan", [](double x) noexcept { return std::tan(x); }},
    {"tanh", [](double x) noexcept { return std::tanh(x); }},
    {"trunc", [](double x) noexcept { return std::trunc(x); }},
});
constexpr auto kNames = [] {
  std::array<std::string_view, kFunctions.size()> names;
  std::ranges::transform(kFunctions, names.begin(), &Named::name);
  return names;
}();

class FunctionOp final : public Op {
 public:
  static Result<std::unique_ptr<Op>> load(OpSpec& spec) {
    BASCULE_CHECK_OK(spec.same_f64_or_csr());
    BASCULE_TRY(const auto which, spec.choice("name", kNames));
    return std::make_unique<FunctionOp>(kFunctions[which].apply);
  }

  explicit FunctionOp(Function apply) : apply_(apply) {}

  void run(std::size_t rows, std::span<const View> in, std::span<MutableView> out,
           RowErrors& refused, Scratch& /*scratch*/) const noexcept override {
    if (in[0].kind() == ValueKind::kCsr) {
      map_stored(rows, in[0], out[0].ragged(), refused,
                 [this](std::uint32_t, double x) { return apply_(x); });
      return;
    }
    const double* x = in[0].f64();
    std::transform(x, x + rows * out[0].width(), out[0].f64(), apply_);
  }

 private:
  Function apply_;
};
}  // namespace

extern const OpDef op_function{.name = "function", .version = 1, .load = FunctionOp::load};
}  // namespace bascule
