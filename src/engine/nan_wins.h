// The smaller and the larger of two numbers, as numpy.minimum and numpy.maximum: NaN wins.
#pragma once

#include <cmath>

namespace bascule {

inline double smaller(double a, double b) noexcept {
  return a < b || std::isnan(a) ? a : b;
}
inline double larger(double a, double b) noexcept {
  return a > b || std::isnan(a) ? a : b;
}

}  // namespace bascule
