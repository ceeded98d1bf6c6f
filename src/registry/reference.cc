#include "registry/reference.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "base/limits.h"
#include "base/sha256.h"

namespace bascule {
namespace {

constexpr std::size_t kQuotedBytes = 200;  // more of a bad text does not help to find it

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool is_letter_or_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z');
}

// The text as it may stand in a message: short, and without bytes that upset a terminal.
std::string quoted(std::string_view text) {
  std::string out(text.substr(0, kQuotedBytes));
  std::ranges::replace_if(out, [](char c) { return c < ' ' || c > '~'; }, '?');
  return "'" + out + (text.size() > kQuotedBytes ? "...'" : "'");
}

// What is wrong with a segment; nothing when it is one.
std::optional<std::string> segment_fault(std::string_view segment) {
  if (segment.empty()) {
    return "a part of it is empty";
  }
  if (segment.size() > limits::kSegmentBytes) {
    return fmt::format("{} is longer than {} characters", quoted(segment), limits::kSegmentBytes);
  }
  const auto bad = std::ranges::find_if_not(
      segment, [](char c) { return is_letter_or_digit(c) || c == '.' || c == '_' || c == '-'; });
  if (bad != segment.end()) {
    return fmt::format("{} has {} where only a-z, 0-9, '.', '_' and '-' may stand", quoted(segment),
                       quoted(std::string_view(&*bad, 1)));
  }
  if (!is_letter_or_digit(segment.front()) || !is_letter_or_digit(segment.back())) {
    return fmt::format("{} must start and end with a letter or a digit", quoted(segment));
  }
  if (segment.find("..") != std::string_view::npos) {
    return fmt::format("{} has '..' in it", quoted(segment));
  }
  return std::nullopt;
}

// A number without sign or leading zeros, up to the largest int64.
std::optional<std::int64_t> parse_count(std::string_view digits) {
  std::int64_t value = 0;
  if (digits.empty() || !std::ranges::all_of(digits, is_digit) ||
      (digits.front() == '0' && digits.size() > 1)) {
    return std::nullopt;
  }
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return std::nullopt;
  }
  return value;
}

bool looks_like_version(std::string_view text) {
  return text.size() > 1 && text.front() == 'v' && std::ranges::all_of(text.substr(1), is_digit);
}

Result<VersionPin> parse_version_number(std::string_view digits, std::string_view whole) {
  const auto number = parse_count(digits);
  if (!number || *number == 0) {
    return fail(Code::kInvalid, "version {}: expected 'v' and a number from 1, such as v17",
                quoted(whole));
  }
  return VersionPin{*number};
}

Result<DigestPin> parse_digest_pin(std::string_view text) {
  if (!parse_digest(text)) {
    return fail(Code::kInvalid,
                "digest {}: expected 'sha256:' and 64 digits of 0-9 and a-f, as sha256sum prints "
                "them",
                quoted(text));
  }
  return DigestPin{std::string(text)};
}

Result<Pin> parse_pin(std::string_view text) {
  if (text.starts_with("sha256:")) {
    BASCULE_TRY(auto pin, parse_digest_pin(text));
    return Pin(std::move(pin));
  }
  if (text.starts_with('v')) {
    BASCULE_TRY(const auto pin, parse_version_number(text.substr(1), text));
    return Pin(pin);
  }
  if (text.starts_with('{') && text.ends_with('}')) {
    auto at = parse_time(text.substr(1, text.size() - 2));
    if (!at) {
      return fail(Code::kInvalid,
                  "pin {}: expected an RFC 3339 time in braces, such as {{2026-11-01T00:00:00Z}}",
                  quoted(text));
    }
    return Pin(TimePin{*at});
  }
  if (text.starts_with('~')) {
    const auto steps = parse_count(text.substr(1));
    if (!steps) {
      return fail(Code::kInvalid,
                  "pin {}: expected '~' and a number, such as ~1 for what answered "
                  "before",
                  quoted(text));
    }
    return Pin(BackPin{*steps});
  }
  return fail(Code::kInvalid,
              "pin {}: expected v17, sha256:<64 hex digits>, {{2026-11-01T00:00:00Z}} or ~1",
              quoted(text));
}

std::string format_pin(const Pin& pin) {
  if (const auto* version = std::get_if<VersionPin>(&pin)) {
    return "@" + version_text(version->number);
  }
  if (const auto* digest = std::get_if<DigestPin>(&pin)) {
    return "@" + digest->digest;
  }
  if (const auto* time = std::get_if<TimePin>(&pin)) {
    return "@{" + format_time(time->at) + "}";
  }
  if (const auto* back = std::get_if<BackPin>(&pin)) {
    return fmt::format("@~{}", back->steps);
  }
  return "";
}

}  // namespace

Status check_model_name(std::string_view name) {
  const auto slash = name.find('/');
  std::optional<std::string> fault;
  if (slash == std::string_view::npos || name.find('/', slash + 1) != std::string_view::npos) {
    fault = "it must have two parts with one '/' between them";
  } else {
    fault = segment_fault(name.substr(0, slash));
    if (!fault) {
      fault = segment_fault(name.substr(slash + 1));
    }
  }
  if (fault) {
    return fail(Code::kInvalid, "model name {}: {}; an example is fraud/charge", quoted(name),
                *fault);
  }
  return {};
}

Status check_tag_name(std::string_view tag) {
  const auto slash = tag.find('/');
  std::optional<std::string> fault = segment_fault(tag.substr(0, slash));
  if (!fault && slash != std::string_view::npos) {
    fault = tag.find('/', slash + 1) != std::string_view::npos
                ? "it may have two parts at most"
                : segment_fault(tag.substr(slash + 1));
  }
  if (!fault && tag == "latest") {
    fault = "it would say nothing about which version was tested; push gives versions numbers";
  }
  if (!fault && looks_like_version(tag)) {
    fault = "it reads like a version";
  }
  if (!fault && tag.size() >= 12 && std::ranges::all_of(tag, is_hex)) {
    fault = "it reads like a digest (12 or more of 0-9 and a-f)";
  }
  if (fault) {
    return fail(Code::kInvalid, "tag {}: {}; examples are production and candidate/wider-trees",
                quoted(tag), *fault);
  }
  return {};
}

Result<Reference> parse_reference(std::string_view text) {
  Reference reference;
  const auto at = text.find('@');
  const std::string_view before = text.substr(0, at);
  const auto colon = before.find(':');
  const std::string_view name = before.substr(0, colon);
  BASCULE_CHECK_OK(check_model_name(name));
  reference.name = name;
  if (colon != std::string_view::npos) {
    const std::string_view tag = before.substr(colon + 1);
    BASCULE_CHECK_OK(check_tag_name(tag));
    reference.tag = tag;
  }
  if (at != std::string_view::npos) {
    BASCULE_TRY(reference.pin, parse_pin(text.substr(at + 1)));
  }
  const bool pin_says_it = std::holds_alternative<VersionPin>(reference.pin) ||
                           std::holds_alternative<DigestPin>(reference.pin);
  if (reference.tag.empty() && !pin_says_it) {
    reference.tag = kProductionTag;
  }
  return reference;
}

std::string format_reference(const Reference& reference) {
  std::string out = reference.name;
  if (!reference.tag.empty()) {
    out += ":" + reference.tag;
  }
  return out + format_pin(reference.pin);
}

Result<VersionSelector> parse_version_selector(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_digit)) {
    BASCULE_TRY(const auto pin, parse_version_number(text, text));
    return VersionSelector(pin);
  }
  if (looks_like_version(text)) {
    BASCULE_TRY(const auto pin, parse_version_number(text.substr(1), text));
    return VersionSelector(pin);
  }
  if (text.starts_with("sha256:")) {
    BASCULE_TRY(auto pin, parse_digest_pin(text));
    return VersionSelector(std::move(pin));
  }
  BASCULE_CHECK_OK(check_tag_name(text));
  return VersionSelector(TagName{std::string(text)});
}

std::string version_text(std::int64_t number) {
  return fmt::format("v{}", number);
}

}  // namespace bascule
