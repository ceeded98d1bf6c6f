// Does this translation unit compute a*b+c in one rounding or in two?
//
//   contraction two|one      0: as expected, 1: not, 77: this CPU cannot tell (it has no FMA)
//
// (1 + e) * (1 - e) is 1 - e*e, which rounds to 1 for e = 2^-30; so a*b - 1 is 0 with two roundings
// and -2^-60 with one.

#include <cmath>
#include <cstdio>
#include <cstring>

namespace {
double multiply_add(double a, double b, double c) {
  return a * b + c;
}
}  // namespace

int main(int argc, char** argv) {
#ifdef __x86_64__
  if (!__builtin_cpu_supports("fma")) {
    return 77;
  }
#endif
  const volatile double e = std::ldexp(1.0, -30);
  const volatile double one = 1.0;
  const double got = multiply_add(one + e, one - e, -one);
  const char* found = got == 0.0 ? "two" : "one";
  std::printf("%s rounding(s), a*b+c = %a\n", found, got);
  return argc == 2 && std::strcmp(argv[1], found) == 0 ? 0 : 1;
}
