#include "engine/pattern.h"

#include <algorithm>
#include <limits>

#include "base/utf8.h"
#include "engine/op_spec.h"
#include "engine/scratch.h"

namespace bascule {
namespace {
constexpr std::int64_t kProgramMost = 65'536;
constexpr std::int64_t kSetsMost = 4'096;
constexpr std::int64_t kLastCode = 0x10FFFF;
constexpr std::int64_t kMost = 1'048'576;   // repeats, and characters that a kLook goes back
constexpr std::size_t kFramesMost = 4'096;  // places to go back to, and more with the text
constexpr std::size_t kFramesPerByte = 8;
constexpr std::size_t kLooksDeep = 8;  // kLook inside kLook
constexpr std::uint32_t kNowhere = std::numeric_limits<std::uint32_t>::max();

bool continues(std::string_view text, std::size_t at) noexcept {
  return (static_cast<unsigned char>(text[at]) & 0xC0) == 0x80;
}

// The start of the character before `at`, which is not 0.
std::size_t before(std::string_view text, std::size_t at) noexcept {
  --at;
  while (at > 0 && continues(text, at)) {
    --at;
  }
  return at;
}
}  // namespace

CharacterSet::CharacterSet(std::vector<std::uint32_t> ranges) : ranges_(std::move(ranges)) {
  for (std::uint32_t code = 0; code < 0x80; ++code) {
    if (holds_beyond(code)) {
      ascii_[code >> 6] |= std::uint64_t{1} << (code & 63);
    }
  }
}

bool CharacterSet::holds_beyond(std::uint32_t code) const noexcept {
  // The first number above `code` ends a range where its position is odd; a last one counts too.
  const auto above = std::ranges::upper_bound(ranges_, code);
  const auto position = above - ranges_.begin();
  return position % 2 != 0 || (position > 0 && *std::prev(above) == code);
}

Status Pattern::read_sets(OpSpec& spec) {
  BASCULE_TRY(const auto ranges, spec.integers("set_ranges", OpSpec::kAny, 0, kLastCode));
  const auto end = static_cast<std::int64_t>(ranges.size());
  BASCULE_TRY(const auto starts, spec.integers("set_starts", OpSpec::kAny, 0, end));
  if (starts.empty() || starts.front() != 0 || starts.back() != end ||
      static_cast<std::int64_t>(starts.size()) > kSetsMost) {
    return spec.error("tensor 'set_starts' does not go from 0 to {} in at most {} steps", end,
                      kSetsMost);
  }
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    if (starts[i] > starts[i + 1] || (starts[i + 1] - starts[i]) % 2 != 0) {
      return spec.error("tensor 'set_starts' cuts no pairs at position {}", i);
    }
    std::vector<std::uint32_t> set(ranges.begin() + starts[i], ranges.begin() + starts[i + 1]);
    if (!std::ranges::is_sorted(set)) {
      return spec.error("tensor 'set_ranges' does not ascend in set {}", i);
    }
    sets_.emplace_back(std::move(set));
  }
  return {};
}

Status Pattern::read_program(OpSpec& spec) {
  BASCULE_TRY(const auto numbers, spec.integers("program", OpSpec::kAny, 0, kMost));
  const auto size = static_cast<std::int64_t>(numbers.size() / 4);
  if (numbers.empty() || numbers.size() % 4 != 0 || size > kProgramMost) {
    return spec.error("tensor 'program' has {} numbers, expected four for each of 1 to {} steps",
                      numbers.size(), kProgramMost);
  }
  const auto sets = static_cast<std::int64_t>(sets_.size());
  for (std::int64_t i = 0; i < size; ++i) {
    const auto* at = numbers.data() + 4 * i;
    const auto refused = [&] {
      return spec.error("tensor 'program' has {} {} {} {} at step {}, which is no instruction",
                        at[0], at[1], at[2], at[3], i);
    };
    if (at[0] >= kInstructs) {
      return refused();
    }
    const auto what = static_cast<Instruct>(at[0]);
    const bool falls_through = what != Instruct::kMatch && what != Instruct::kSplit &&
                               what != Instruct::kJump && what != Instruct::kLook;
    bool fine = !falls_through || i + 1 < size;
    switch (what) {
      case Instruct::kMatch:
        break;
      case Instruct::kSet:
        fine = fine && at[1] < sets;
        break;
      case Instruct::kRun:
      case Instruct::kRunLazy:
        fine = fine && at[1] < sets && (at[3] == 0 || at[2] <= at[3]);
        break;
      case Instruct::kSplit:
        fine = at[1] < size && at[2] < size;
        break;
      case Instruct::kJump:
        fine = at[1] < size;
        break;
      case Instruct::kSave:
        fine = fine && at[1] <= 1;
        break;
      case Instruct::kAt:
        fine = fine && at[1] < kPlaces && at[2] < sets;
        break;
      case Instruct::kLook:
        fine = at[1] < size && i + 1 < size && at[3] <= 1;
        break;
    }
    if (!fine) {
      return refused();
    }
    program_.push_back(Instruction{what, static_cast<std::uint32_t>(at[1]),
                                   static_cast<std::uint32_t>(at[2]),
                                   static_cast<std::uint32_t>(at[3])});
  }
  return {};
}

Result<Pattern> Pattern::load(OpSpec& spec) {
  Pattern pattern;
  BASCULE_CHECK_OK(pattern.read_sets(spec));
  BASCULE_CHECK_OK(pattern.read_program(spec));
  if (spec.has("first")) {
    const auto last = static_cast<std::int64_t>(pattern.sets_.size()) - 1;
    BASCULE_TRY(pattern.first_, spec.integer("first", -1, last));
  }
  BASCULE_TRY(pattern.group_, spec.boolean("group", false));
  return pattern;
}

// The state of one text. What to go back to stands on a stack, which grows in the scratch.
class Pattern::Search {
 public:
  Search(const Pattern& pattern, std::string_view text, Scratch& scratch) noexcept
      : pattern_(pattern),
        text_(text),
        scratch_(scratch),
        steps_(step_limit(text.size())),
        frames_most_(kFramesMost + kFramesPerByte * text.size()) {}

  bool gave_up() const noexcept { return gave_up_; }
  std::size_t group_start() const noexcept { return group_[0]; }
  std::size_t group_end() const noexcept { return group_[1]; }
  bool has_group() const noexcept { return group_[0] != kNowhere && group_[1] != kNowhere; }

  // The end of the match that starts at `start`, kNowhere without one. With `must_advance` an empty
  // one does not count.
  std::size_t match_at(std::size_t start, bool must_advance) noexcept {
    group_ = {kNowhere, kNowhere};
    refused_end_ = must_advance ? start : kNowhere;
    return match(0, start, 0);
  }

 private:
  enum class Back : std::uint8_t { kTo, kShorter, kLonger, kSaved };
  // Four words on the stack: where to go back to.
  struct Frame {
    Back back;
    std::uint32_t step;
    std::uint32_t at;
    std::uint32_t rest;  // kShorter: not before this place; kLonger: so many more may be taken
  };

  std::size_t match(std::size_t step, std::size_t at, std::size_t depth) noexcept;
  bool look(std::size_t step, std::size_t at, std::size_t depth) noexcept;
  bool is_at(const Instruction& place, std::size_t at) const noexcept;

  bool takes(const CharacterSet& set, std::size_t& at) const noexcept {
    const auto byte = static_cast<unsigned char>(text_[at]);
    if (byte < 0x80) {
      at += set.holds(byte) ? 1 : 0;
      return set.holds(byte);
    }
    std::size_t next = at;
    if (!set.holds(next_code_point(text_, next))) {
      return false;
    }
    at = next;
    return true;
  }

  // Takes up to `most` characters; how many.
  std::size_t take(const CharacterSet& set, std::size_t most, std::size_t& at) const noexcept {
    std::size_t count = 0;
    while (count < most && at < text_.size() && takes(set, at)) {
      ++count;
    }
    return count;
  }

  bool run(const Instruction& run, std::size_t step, std::size_t& at) noexcept;
  bool spend(std::size_t steps) noexcept {
    if (steps >= steps_) {
      gave_up_ = true;
      return false;
    }
    steps_ -= steps;
    return true;
  }
  void push(const Frame& frame) noexcept {
    std::uint32_t* words = top_ < frames_most_ ? scratch_.words(4 * (top_ + 1)) : nullptr;
    if (words == nullptr) {
      gave_up_ = true;
      return;
    }
    words += 4 * top_++;
    words[0] = static_cast<std::uint32_t>(frame.back);
    words[1] = frame.step;
    words[2] = frame.at;
    words[3] = frame.rest;
  }
  // Goes back to the last frame above `base`, whose place it writes; false when there is none.
  bool go_back(std::size_t base, std::size_t& step, std::size_t& at) noexcept;

  const Pattern& pattern_;
  std::string_view text_;
  Scratch& scratch_;
  std::size_t steps_;
  std::size_t frames_most_;
  std::size_t top_ = 0;
  bool gave_up_ = false;
  std::size_t refused_end_ = kNowhere;
  std::array<std::uint32_t, 2> group_{};
};

std::size_t Pattern::Search::match(std::size_t step, std::size_t at, std::size_t depth) noexcept {
  const std::size_t base = top_;
  for (;;) {
    if (!spend(1)) {
      return kNowhere;
    }
    const Instruction& now = pattern_.program_[step];
    bool fine = true;
    switch (now.what) {
      case Instruct::kMatch:
        if (depth > 0 || at != refused_end_) {
          top_ = base;
          return at;
        }
        fine = false;
        break;
      case Instruct::kSet:
        fine = at < text_.size() && takes(pattern_.sets_[now.a], at);
        ++step;
        break;
      case Instruct::kRun:
      case Instruct::kRunLazy:
        fine = run(now, step, at);
        ++step;
        break;
      case Instruct::kSplit:
        push(Frame{Back::kTo, now.b, static_cast<std::uint32_t>(at), 0});
        step = now.a;
        break;
      case Instruct::kJump:
        step = now.a;
        break;
      case Instruct::kSave:
        push(Frame{Back::kSaved, now.a, group_[now.a], 0});
        group_[now.a] = static_cast<std::uint32_t>(at);
        ++step;
        break;
      case Instruct::kAt:
        fine = is_at(now, at);
        ++step;
        break;
      case Instruct::kLook:
        fine = look(step, at, depth);
        step = now.a;
        break;
    }
    if (gave_up_ || (!fine && !go_back(base, step, at))) {
      top_ = base;
      return kNowhere;
    }
  }
}

bool Pattern::Search::run(const Instruction& run, std::size_t step, std::size_t& at) noexcept {
  const CharacterSet& set = pattern_.sets_[run.a];
  const std::size_t most = run.c == 0 ? kNowhere : run.c;
  const std::size_t start = at;
  const bool fine = take(set, run.b, at) == run.b;
  const std::size_t least = at;
  const auto here = static_cast<std::uint32_t>(step);
  if (fine && run.what == Instruct::kRun) {
    take(set, most - run.b, at);
    if (at > least) {
      push(Frame{Back::kShorter, here, static_cast<std::uint32_t>(at),
                 static_cast<std::uint32_t>(least)});
    }
  } else if (fine && most > run.b) {
    push(Frame{Back::kLonger, here, static_cast<std::uint32_t>(at),
               static_cast<std::uint32_t>(most - run.b)});
  }
  return spend((at - start) / 4) && fine;
}

bool Pattern::Search::go_back(std::size_t base, std::size_t& step, std::size_t& at) noexcept {
  while (top_ > base) {
    std::uint32_t* words = scratch_.words(4 * top_) + 4 * (top_ - 1);
    step = words[1];
    at = words[2];
    switch (static_cast<Back>(words[0])) {
      case Back::kTo:
        --top_;
        return true;
      case Back::kSaved:
        --top_;
        group_[step] = words[2];
        if (!spend(1)) {
          return false;
        }
        continue;
      case Back::kShorter:
        at = std::max<std::size_t>(before(text_, at), words[3]);
        words[2] = static_cast<std::uint32_t>(at);
        top_ -= at <= words[3] ? 1 : 0;
        ++step;
        return true;
      case Back::kLonger:
        if (at == text_.size() || !takes(pattern_.sets_[pattern_.program_[step].a], at)) {
          --top_;
          continue;
        }
        words[2] = static_cast<std::uint32_t>(at);
        top_ -= --words[3] == 0 ? 1 : 0;
        ++step;
        return true;
    }
  }
  return false;
}

bool Pattern::Search::look(std::size_t step, std::size_t at, std::size_t depth) noexcept {
  if (depth == kLooksDeep) {
    gave_up_ = true;
    return false;
  }
  const Instruction& look = pattern_.program_[step];
  const bool wanted = look.c == 0;
  for (std::uint32_t i = 0; i < look.b; ++i) {
    if (at == 0) {
      return !wanted;
    }
    at = before(text_, at);
  }
  return spend(look.b) && (match(step + 1, at, depth + 1) != kNowhere) == wanted;
}

bool Pattern::Search::is_at(const Instruction& place, std::size_t at) const noexcept {
  const std::size_t size = text_.size();
  switch (static_cast<Place>(place.a)) {
    case Place::kStart:
      return at == 0;
    case Place::kEnd:
      return at == size;
    case Place::kLastLineEnd:
      return at == size || (at + 1 == size && text_[at] == '\n');
    case Place::kLineStart:
      return at == 0 || text_[at - 1] == '\n';
    case Place::kLineEnd:
      return at == size || text_[at] == '\n';
    case Place::kBoundary:
    case Place::kNoBoundary:
      break;
  }
  if (size == 0) {
    return false;  // Python's answer for both
  }
  const CharacterSet& word = pattern_.sets_[place.b];
  std::size_t last = at;
  std::size_t next = at == 0 ? 0 : before(text_, at);
  const bool left = at > 0 && word.holds(next_code_point(text_, next));
  const bool right = at < size && word.holds(next_code_point(text_, last));
  return (left != right) == (static_cast<Place>(place.a) == Place::kBoundary);
}

// Source: CPython's _sre, pattern_findall and sre_search: after an empty match the next one may
// start at the same place but not be empty there.
bool Pattern::find_all(std::string_view text, Ragged& tokens, Scratch& scratch) const noexcept {
  Search search(*this, text, scratch);
  const CharacterSet* first = first_ < 0 ? nullptr : &sets_[static_cast<std::size_t>(first_)];
  bool must_advance = false;
  for (std::size_t at = 0; at <= text.size();) {
    std::size_t next = at;
    const bool starts =
        first == nullptr || (at < text.size() && first->holds(next_code_point(text, next)));
    const std::size_t end = starts ? search.match_at(at, must_advance) : kNowhere;
    if (search.gave_up()) {
      return false;
    }
    if (end == kNowhere) {
      must_advance = false;
      if (at == text.size()) {
        break;
      }
      next = at;
      next_code_point(text, next);
      at = next;
      continue;
    }
    std::string_view token = text.substr(at, end - at);
    if (group_) {
      token = search.has_group()
                  ? text.substr(search.group_start(), search.group_end() - search.group_start())
                  : std::string_view();
    }
    if (!tokens.push_token(token)) {
      return false;
    }
    must_advance = end == at;
    at = end;
  }
  return true;
}

}  // namespace bascule
