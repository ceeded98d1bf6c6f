#include "api/json_values.inc"

#include <charconv>
#include <cmath>
#include <cstdlib>

#include "api/json_number.h"
#include "base/limits.h"
#include "base/utf8.h"

namespace bascule {

JsonParser::JsonParser() : impl_(std::make_unique<Impl>()) {}
JsonParser::~JsonParser() = default;

namespace json {
namespace {

constexpr double kExactIntegers = 9007199254740992.0;  // 2^53
constexpr std::size_t kShownBytes = 64;

std::string_view token_of(Value& value) noexcept {
  std::string_view token = value.raw_json_token();
  while (!token.empty() && (token.back() == ' ' || token.back() == '\n' || token.back() == '\r' ||
                            token.back() == '\t')) {
    token.remove_suffix(1);
  }
  return token;
}

bool starts_number(std::string_view token) noexcept {
  return !token.empty() && (token[0] == '-' || (token[0] >= '0' && token[0] <= '9'));
}

std::size_t digits(std::string_view text, std::size_t at) noexcept {
  std::size_t count = 0;
  while (at + count < text.size() && text[at + count] >= '0' && text[at + count] <= '9') {
    ++count;
  }
  return count;
}

bool is_integer(std::string_view text) noexcept {
  const std::size_t at = text.starts_with('-') ? 1 : 0;
  return at + digits(text, at) == text.size();
}

Number read_exactly(std::string_view token, double& out) noexcept {
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), out);
  if (error == std::errc::result_out_of_range) {
    // Too large, or so small that it is 0 or a denormal: only strtod says which. The token ends
    // with a character that no number goes on with.
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage): that character ends it
    out = std::strtod(token.data(), nullptr);
  } else if (error != std::errc() || end != token.data() + token.size()) {
    return Number::kBroken;
  }
  return std::isfinite(out) ? Number::kFine : Number::kTooLarge;
}

Status skip_array(Body& body, Value& value, std::size_t depth) {
  return for_each_element(body, value, [&](Value& inner) { return skip(body, inner, depth + 1); });
}

Status skip_object(Body& body, Value& value, std::size_t depth) {
  return for_each_field(body, value, [&](Field& field) -> Status {
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) {
      return body.broken(error);
    }
    return skip(body, field.value(), depth + 1);
  });
}

Status skip_scalar(Body& body, Value& value, Type type) {
  if (type == Type::number) {
    double ignored = 0;
    const Number read = read_double(value, ignored);
    if (read == Number::kFine || read == Number::kTooLarge) {
      return {};
    }
    return body.broken(simdjson::NUMBER_ERROR);
  }
  simdjson::error_code error = simdjson::SUCCESS;
  bool truth = false;
  std::string_view text;
  if (type == Type::string) {
    error = value.get_string().get(text);
  } else if (type == Type::boolean) {
    error = value.get_bool().get(truth);
  } else {
    error = value.is_null().get(truth);
    if (!error && !truth) {
      error = simdjson::N_ATOM_ERROR;
    }
  }
  if (error) {
    return body.broken(error);
  }
  return {};
}

}  // namespace

bool is_number(std::string_view text) noexcept {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) {
    return false;
  }
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits(text, at + 1);
    if (fraction == 0) {
      return false;
    }
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
      ++at;
    }
    const std::size_t exponent = digits(text, at);
    if (exponent == 0) {
      return false;
    }
    at += exponent;
  }
  return at == text.size();
}

Result<Object> Body::open() {
  if (text_.empty()) {
    return fail(Code::kInvalid, "the body is empty; a JSON object is expected");
  }
  if (const auto error =
          parser_.iterate(text_.data(), text_.size(), text_.size() + kBodyPadding).get(document_)) {
    return broken(error);
  }
  Type type{};
  if (const auto error = document_.type().get(type)) {
    return broken(error);
  }
  if (type != Type::object) {
    return fail(Code::kInvalid, "the body must be a JSON object");
  }
  Object object;
  if (const auto error = document_.get_object().get(object)) {
    return broken(error);
  }
  return object;
}

Status Body::finish() {
  if (document_.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return fail(Code::kInvalid, "the body goes on after its JSON object has ended");
  }
  return {};
}

std::unexpected<Error> Body::broken(simdjson::error_code error) {
  if (error == simdjson::UTF8_ERROR) {
    return fail(Code::kInvalid, "the body is not UTF-8");
  }
  if (error == simdjson::CAPACITY || error == simdjson::MEMALLOC) {
    return fail(Code::kTooLarge, "the body is too large to be read");
  }
  const char* at = nullptr;
  // A document that simdjson has given up no longer knows where it is, and must not be asked.
  if (document_.is_alive() && !document_.current_location().get(at) && at >= text_.data() &&
      at <= end()) {
    return fail(Code::kInvalid, "the body is not valid JSON near byte {}: {}", at - text_.data(),
                simdjson::error_message(error));
  }
  return fail(Code::kInvalid, "the body is not valid JSON: {}", simdjson::error_message(error));
}

// The parser passes over the value by itself: it has not been read as far as it knows.
Number read_double(Value& value, double& out) noexcept {
  const std::string_view raw = value.raw_json_token();  // with the blanks behind it
  if (!starts_number(raw)) {
    return Number::kNotANumber;
  }
  const char* const begin = raw.data();
  const char* const end = begin + raw.size();
  const char* const after = read_number(begin, end, out);
  if (after != nullptr && skip_blanks(after, end) == end) {
    return Number::kFine;
  }
  const std::string_view token = token_of(value);
  return is_number(token) ? read_exactly(token, out) : Number::kBroken;
}

Number read_int64(Value& value, std::int64_t& out) noexcept {
  const std::string_view token = token_of(value);
  if (!starts_number(token)) {
    return Number::kNotANumber;
  }
  if (is_integer(token)) {
    if (!value.get_int64().get(out)) {
      return Number::kFine;
    }
    return is_number(token) ? Number::kTooLarge : Number::kBroken;
  }
  double number = 0;
  const Number read = read_double(value, number);
  if (read != Number::kFine) {
    return read;
  }
  if (std::trunc(number) != number) {
    return Number::kNotWhole;
  }
  if (std::abs(number) >= kExactIntegers) {
    return Number::kTooLarge;
  }
  out = static_cast<std::int64_t>(number);
  return Number::kFine;
}

Status skip(Body& body, Value value, std::size_t depth) {
  if (depth > limits::kJsonDepth) {
    return fail(Code::kInvalid, "the body is nested deeper than {} levels", limits::kJsonDepth);
  }
  Type type{};
  if (const auto error = value.type().get(type)) {
    return body.broken(error);
  }
  if (type == Type::array) {
    return skip_array(body, value, depth);
  }
  if (type == Type::object) {
    return skip_object(body, value, depth);
  }
  return skip_scalar(body, value, type);
}

Result<Value> member(Body& body, Object& object, std::size_t position) {
  if (const auto error = object.reset().error()) {
    return body.broken(error);
  }
  for (auto item : object) {
    Field field;
    if (const auto error = std::move(item).get(field)) {
      return body.broken(error);
    }
    if (position-- == 0) {
      return field.value();
    }
  }
  return body.broken(simdjson::NO_SUCH_FIELD);
}

std::string describe(Value& value) {
  Type type{};
  if (value.type().get(type)) {
    return "something that is not JSON";
  }
  switch (type) {
    case Type::array:
      return "a list";
    case Type::object:
      return "an object";
    case Type::boolean:
      return "a boolean";
    case Type::null:
      return "null";
    case Type::number:
      return fmt::format("the number {}", shortened(token_of(value)));
    case Type::string:
      break;
  }
  return fmt::format("the text {}", shortened(token_of(value)));
}

std::string shortened(std::string_view text) {
  if (text.size() <= kShownBytes) {
    return std::string(text);
  }
  return std::string(utf8_prefix(text, kShownBytes)) + "...";
}

}  // namespace json
}  // namespace bascule
