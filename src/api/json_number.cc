#include "api/json_number.h"

#include <array>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstring>
#include <system_error>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace bascule::json {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kDigits = 19;  // of them every number fits 64 bits
constexpr std::size_t kWholeDigits = 18;
constexpr std::size_t kExponentDigits = 6;  // more are std::from_chars's business
constexpr std::uint64_t kExactIntegers = std::uint64_t{1} << 53;

constexpr std::array<std::uint64_t, 9> kTens{1,       10,        100,        1'000,      10'000,
                                             100'000, 1'000'000, 10'000'000, 100'000'000};
// Powers of ten that a double holds exactly.
constexpr std::array<double, 23> kExactTens{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                            1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                            1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

// 5^k, shifted so that the highest bit is set, and what it is multiplied by instead of a division.
struct Divisor {
  std::uint64_t value = 0;
  std::uint64_t reciprocal = 0;  // floor((2^128 - 1) / value) - 2^64
  int shift = 0;
};

constexpr auto kFives = [] {
  std::array<Divisor, 28> out;
  std::uint64_t five = 1;
  for (Divisor& divisor : out) {
    divisor.shift = std::countl_zero(five);
    divisor.value = five << divisor.shift;
    divisor.reciprocal =
        static_cast<std::uint64_t>(~static_cast<unsigned __int128>(0) / divisor.value);
    five *= 5;
  }
  return out;
}();

// What eight bytes below ten make as digits, the first of them in the lowest byte.
inline std::uint64_t eight_digits(std::uint64_t word) noexcept {
  word = (word * 10 + (word >> 8)) & 0x00ff00ff00ff00ff;
  word = (word * 100 + (word >> 16)) & 0x0000ffff0000ffff;
  return (word * 10'000 + (word >> 32)) & 0xffffffff;
}

#if defined(__x86_64__)
// Appends the sixteen digits at `at` to `value`, where they are that many: a double that was
// computed mostly has them. SSE2 only, which every x86-64 has.
inline bool take_sixteen(const char* at, std::uint64_t& value) noexcept {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  const __m128i digits = _mm_sub_epi8(bytes, _mm_set1_epi8('0'));
  const __m128i fine = _mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits);
  if (_mm_movemask_epi8(fine) != 0xffff) {
    return false;
  }
  // Two, four and eight of them together.
  const __m128i firsts = _mm_and_si128(digits, _mm_set1_epi16(0xff));
  const __m128i twos =
      _mm_add_epi16(_mm_mullo_epi16(firsts, _mm_set1_epi16(10)), _mm_srli_epi16(digits, 8));
  const __m128i fours = _mm_madd_epi16(twos, _mm_set1_epi32(1 << 16 | 100));
  const __m128i eights =
      _mm_madd_epi16(_mm_packs_epi32(fours, fours), _mm_set1_epi32(1 << 16 | 10'000));
  const auto both = static_cast<std::uint64_t>(_mm_cvtsi128_si64(eights));
  value = value * (kTens[8] * kTens[8]) + (both & 0xffffffff) * kTens[8] + (both >> 32);
  return true;
}
#else
inline bool take_sixteen(const char*, std::uint64_t&) noexcept {
  return false;
}
#endif

// Eight bytes of text as digits.
struct Word {
  explicit Word(const char* at) noexcept {
    std::memcpy(&digits, at, sizeof digits);
    digits ^= 0x3030303030303030;  // '0' to '9' become 0 to 9
    others = (((digits & 0x7f7f7f7f7f7f7f7f) + 0x7676767676767676) | digits) & 0x8080808080808080;
  }
  std::uint64_t digits = 0;
  std::uint64_t others = 0;  // the high bit of each byte that is ten or more
};

// Appends the digits at `at` to `value`, which wraps when they are too many. Returns the byte
// behind them. What is left for the last word, also nothing, takes the same way whatever its
// number: a branch that is guessed wrong costs more than a digit.
[[gnu::always_inline]] inline const char* take_digits(const char* at,
                                                      std::uint64_t& value) noexcept {
  at += take_sixteen(at, value) ? 16 : 0;
  Word word(at);
  for (; word.others == 0; word = Word(at)) {
    value = value * kTens[8] + eight_digits(word.digits);
    at += 8;
  }
  const auto count = static_cast<std::size_t>(std::countr_zero(word.others)) / 8;
  value = value * kTens[count] + eight_digits(word.digits << 8 << (56 - 8 * count));
  return at + count;
}

// The same of the few digits in front of a point.
[[gnu::always_inline]] inline const char* take_few_digits(const char* at,
                                                          std::uint64_t& value) noexcept {
  for (; *at >= '0' && *at <= '9'; ++at) {
    value = value * 10 + static_cast<std::uint64_t>(*at - '0');
  }
  return at;
}

// The nearest double to digits / 10^k, as `divided` gives it.
//
// The division by 5^k is Moeller and Granlund's, "Improved division by invariant integers" (2011),
// algorithm 4: quotient and remainder are exact. 63 bits of quotient and whether something is left
// are enough to round to 53 bits; no such number is a denormal.
double divided_exactly(std::uint64_t digits, std::size_t k) noexcept {
  const Divisor& divisor = kFives[k];
  int shift = std::countl_zero(digits);
  digits <<= shift;
  const std::uint64_t high = digits >> 1;  // of digits * 2^63
  const std::uint64_t low = digits << 63;
  const unsigned __int128 product = static_cast<unsigned __int128>(divisor.reciprocal) * high +
                                    (static_cast<unsigned __int128>(high) << 64 | low);
  std::uint64_t quotient = static_cast<std::uint64_t>(product >> 64) + 1;
  std::uint64_t rest = low - quotient * divisor.value;
  // Either way is as likely: a branch would be guessed wrong half of the time.
  const std::uint64_t over = rest > static_cast<std::uint64_t>(product) ? 1 : 0;
  quotient -= over;
  rest += (0 - over) & divisor.value;
  if (rest >= divisor.value) [[unlikely]] {
    ++quotient;
    rest -= divisor.value;
  }
  const int more = std::countl_zero(quotient);
  quotient <<= more;
  shift += more + 63 - divisor.shift + static_cast<int>(k);  // the quotient is 2^shift too large
  const std::uint64_t mantissa = quotient >> 11;
  const std::uint64_t left = rest != 0 ? 1 : 0;
  // Above the half of what is cut off, or at the half and odd.
  const std::uint64_t up = ((quotient & 2047) + ((mantissa & 1) | left) + 1023) >> 11;
  const auto exponent = static_cast<std::uint64_t>(1023 + 63 - shift);
  // What rounding carries goes to the exponent, whose lowest bit the mantissa's highest is.
  return std::bit_cast<double>(((exponent - 1) << 52) + mantissa + up);
}

// The nearest double to digits / 10^k, for digits from 1 up and k below 28.
//
// One multiplication by the reciprocal gives a quotient that is too small by less than two, and
// never exact. That matters only if the bits that are cut off are all set, once in 512 times; else
// what is left of the highest 54 bits is more than nothing, so that the last of them rounds.
// (Lemire, "Number parsing at a gigabyte per second" (2021), section 5.)
inline double divided(std::uint64_t digits, std::size_t k) noexcept {
  constexpr std::uint64_t kCutOff = 511;
  const Divisor& divisor = kFives[k];
  const int shift = std::countl_zero(digits);
  const std::uint64_t reciprocal = (divisor.reciprocal >> 1) | std::uint64_t{1} << 63;
  const auto product = static_cast<unsigned __int128>(digits << shift) * reciprocal;
  const auto quotient = static_cast<std::uint64_t>(product >> 64);
  if ((quotient & kCutOff) == kCutOff) [[unlikely]] {
    return divided_exactly(digits, k);
  }
  const auto highest = static_cast<int>(quotient >> 63);  // else bit 62 is
  const std::uint64_t mantissa = ((quotient >> (9 + highest)) + 1) >> 1;
  const int exponent = 1022 + highest - shift - static_cast<int>(k) + divisor.shift;
  // The mantissa's highest bit is the exponent's lowest, and so is what rounding carries.
  return std::bit_cast<double>((static_cast<std::uint64_t>(exponent - 1) << 52) + mantissa);
}

// digits * 10^exponent, where one rounding is enough; false elsewhere.
[[gnu::always_inline]] inline bool nearest(std::uint64_t digits, std::int64_t exponent,
                                           double& out) noexcept {
  if (digits == 0 || exponent == 0) {
    out = static_cast<double>(digits);
    return true;
  }
  if (exponent < 0) {
    if (exponent <= -static_cast<std::int64_t>(kFives.size())) {
      return false;
    }
    out = divided(digits, static_cast<std::size_t>(-exponent));
    return true;
  }
  if (digits > kExactIntegers || exponent >= static_cast<std::int64_t>(kExactTens.size())) {
    return false;
  }
  out = static_cast<double>(digits) * kExactTens[static_cast<std::size_t>(exponent)];
  return true;
}

// What follows the `e`; null when it is no number, or none for us.
const char* take_exponent(const char* at, std::int64_t& exponent) noexcept {
  const bool negative = *at == '-';
  at += negative || *at == '+' ? 1 : 0;
  std::uint64_t value = 0;
  const char* const after = take_few_digits(at, value);
  if (after == at || after > at + kExponentDigits) {
    return nullptr;
  }
  exponent += negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
  return after;
}

// Whether digits from `begin` to `end` are a whole number as JSON writes it.
inline bool is_whole(const char* begin, const char* end) noexcept {
  return end == begin + 1 || (end != begin && *begin != '0');
}

[[gnu::always_inline]] inline const char* take_number(const char* at, const char* end,
                                                      double& out) noexcept {
  const char* const begin = at;
  const std::uint64_t negative = *at == '-' ? 1 : 0;
  const std::uint64_t sign = negative << 63;
  at += negative;
  std::uint64_t value = 0;
  const char* const whole = at;
  at = take_few_digits(at, value);
  if (!is_whole(whole, at)) {
    return nullptr;
  }
  auto digits = static_cast<std::size_t>(at - whole) - (*whole == '0' ? 1 : 0);
  std::int64_t exponent = 0;
  if (*at == '.') {
    const char* const fraction = at + 1;
    at = take_digits(fraction, value);
    if (at == fraction) {
      return nullptr;
    }
    digits += static_cast<std::size_t>(at - fraction);
    exponent = fraction - at;
  }
  if (*at == 'e' || *at == 'E') {
    at = take_exponent(at + 1, exponent);
    if (at == nullptr) {
      return nullptr;
    }
  }
  if (at > end) {
    return nullptr;
  }
  double number = 0;
  if (digits <= kDigits && nearest(value, exponent, number)) {
    out = std::bit_cast<double>(std::bit_cast<std::uint64_t>(number) | sign);
    return at;
  }
  const auto [after, error] = std::from_chars(begin, at, out);
  return error == std::errc() && after == at ? at : nullptr;
}

}  // namespace

const char* read_number(const char* at, const char* end, double& out) noexcept {
  return take_number(at, end, out);
}

const char* read_numbers(const char* at, const char* end, std::span<double> out) noexcept {
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (i > 0) {
      if (*at != ',') {
        return nullptr;
      }
      ++at;
      at = at[0] == ' ' && at[1] > ' ' ? at + 1 : skip_blanks(at, end);  // most write one
    }
    at = take_number(at, end, out[i]);
    if (at == nullptr) {
      return nullptr;
    }
    at = skip_blanks(at, end);
  }
  return at;
}

const char* read_whole(const char* at, const char* end, std::int64_t& out) noexcept {
  const bool negative = *at == '-';
  at += negative ? 1 : 0;
  std::uint64_t value = 0;
  const char* const whole = at;
  at = take_few_digits(at, value);
  if (!is_whole(whole, at) || at > end || at > whole + kWholeDigits || *at == '.' || *at == 'e' ||
      *at == 'E') {
    return nullptr;
  }
  out = negative ? -static_cast<std::int64_t>(value) : static_cast<std::int64_t>(value);
  return at;
}

}  // namespace bascule::json
