// KernelFunction: what `pairwise_kernel` makes of a distance or a dot product.
//
// Each is written in the order of sklearn.metrics.pairwise, libsvm or sklearn.gaussian_process.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "engine/op_spec.h"

namespace bascule {

class KernelFunction {
 public:
  // From the attribute "function" and the numbers that it takes.
  static Result<KernelFunction> load(OpSpec& spec);

  // d[i] = f(d[i]).
  void apply(double* d, std::size_t count) const noexcept;

 private:
  enum class Kind : std::uint8_t {
    kIdentity,
    kExponential,  // exp(d * scale)
    kGaussian,     // exp(-(d * d) / 2)
    kPower,        // (d * scale + shift) ^ degree
    kRepeated,     // the same for a whole degree, by repeated squaring, as libsvm does
    kTanh,         // tanh(d * scale + shift)
    kMatern15,     // k = d * sqrt(3): (1 + k) * exp(-k)
    kMatern25,     // k = d * sqrt(5): (1 + k + k * k / 3) * exp(-k)
    kRational,     // (1 + d / scale) ^ degree
    kPeriodic,     // exp(-2 * (sin(d * scale) / length) ^ 2)
  };

  Kind kind_ = Kind::kIdentity;
  double scale_ = 1;
  double shift_ = 0;
  double degree_ = 1;
};

}  // namespace bascule
