#include "base/clock.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "base/utf8.h"

namespace bascule {
namespace {

constexpr TimeUs kUsPerSecond = 1'000'000;

class SystemClock final : public Clock {
 public:
  TimeUs now_us() const noexcept override {
    using std::chrono::duration_cast, std::chrono::microseconds, std::chrono::system_clock;
    return duration_cast<microseconds>(system_clock::now().time_since_epoch()).count();
  }
  std::int64_t monotonic_ns() const noexcept override {
    using std::chrono::duration_cast, std::chrono::nanoseconds, std::chrono::steady_clock;
    return duration_cast<nanoseconds>(steady_clock::now().time_since_epoch()).count();
  }
};

// Takes a text apart from the left; what does not fit makes everything after it fail.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  // Exactly `count` digits, between `low` and `high`.
  int digits(int count, int low, int high) {
    int value = 0;
    for (int i = 0; i < count; ++i) {
      value = value * 10 + digit().value_or(0);
    }
    good_ = good_ && value >= low && value <= high;
    return value;
  }
  // One of `choices`, which is returned.
  char one_of(std::string_view choices) {
    if (!good_ || rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) {
      good_ = false;
      return '\0';
    }
    const char found = rest_.front();
    rest_.remove_prefix(1);
    return found;
  }
  // One to six digits after a point, as microseconds; 0 when there is no point.
  TimeUs fraction() {
    if (!good_ || !rest_.starts_with('.')) {
      return 0;
    }
    rest_.remove_prefix(1);
    TimeUs value = digit().value_or(0);
    for (int i = 1; i < 6; ++i) {
      const bool more = !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
      value = value * 10 + (more ? digit().value_or(0) : 0);
    }
    return value;
  }
  bool finished() const { return good_ && rest_.empty(); }

 private:
  std::optional<int> digit() {
    if (!good_ || rest_.empty() || rest_.front() < '0' || rest_.front() > '9') {
      good_ = false;
      return std::nullopt;
    }
    const int value = rest_.front() - '0';
    rest_.remove_prefix(1);
    return value;
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

const Clock& system_clock() noexcept {
  static const SystemClock clock;
  return clock;
}

std::string format_time(TimeUs time) {
  namespace chrono = std::chrono;
  const chrono::sys_time<chrono::microseconds> instant{chrono::microseconds{time}};
  const auto day = chrono::floor<chrono::days>(instant);
  const chrono::year_month_day date{day};
  const chrono::hh_mm_ss clock{instant - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

Result<TimeUs> parse_time(std::string_view text) {
  namespace chrono = std::chrono;
  Reader reader(text);
  const int year = reader.digits(4, 0, 9999);
  reader.one_of("-");
  const int month = reader.digits(2, 1, 12);
  reader.one_of("-");
  const int day = reader.digits(2, 1, 31);
  reader.one_of("Tt");
  TimeUs seconds = TimeUs{reader.digits(2, 0, 23)} * 3600;
  reader.one_of(":");
  seconds += TimeUs{reader.digits(2, 0, 59)} * 60;
  reader.one_of(":");
  seconds += reader.digits(2, 0, 59);
  const TimeUs fraction = reader.fraction();
  const char zone = reader.one_of("Zz+-");
  if (zone == '+' || zone == '-') {
    TimeUs offset = TimeUs{reader.digits(2, 0, 23)} * 3600;
    reader.one_of(":");
    offset += TimeUs{reader.digits(2, 0, 59)} * 60;
    seconds -= zone == '+' ? offset : -offset;
  }
  const chrono::year_month_day date{chrono::year{year}, chrono::month(static_cast<unsigned>(month)),
                                    chrono::day(static_cast<unsigned>(day))};
  if (!reader.finished() || !date.ok()) {
    return fail(Code::kInvalid,
                "time '{}' is not understood; expected RFC 3339 with an offset, for example "
                "2026-11-24T15:46:42.5Z",
                utf8_prefix(text, 64));
  }
  seconds += TimeUs{chrono::sys_days{date}.time_since_epoch().count()} * 86'400;
  return seconds * kUsPerSecond + fraction;
}

}  // namespace bascule
