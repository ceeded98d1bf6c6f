#include "package/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace bascule {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Reads a text from left to right, one function per rule of RFC 8259. A position is a byte offset.
class Parser {
 public:
  Parser(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  Result<Json> document() {
    skip_spaces();
    BASCULE_TRY(auto value, value_at(1));
    skip_spaces();
    if (at_ != text_.size()) {
      return error("the end of the text");
    }
    return value;
  }

 private:
  Result<Json> value_at(std::size_t depth);
  Result<Json> object_at(std::size_t depth);
  Result<Json> array_at(std::size_t depth);
  Result<Json> number();
  Result<std::string> string();
  Status escape(std::string& out);
  Result<std::uint32_t> code_unit();
  Result<Json> literal(std::string_view word, Json value);

  char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  bool take(char c) {
    if (peek() != c || at_ == text_.size()) {
      return false;
    }
    ++at_;
    return true;
  }
  void skip_spaces() {
    while (at_ < text_.size() &&
           (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
      ++at_;
    }
  }
  std::size_t skip_digits() {
    const std::size_t start = at_;
    while (is_digit(peek())) {
      ++at_;
    }
    return at_ - start;
  }
  std::unexpected<Error> error(std::string_view expected) const {
    return fail(Code::kInvalid, "JSON: expected {} at byte {}", expected, at_);
  }

  std::string_view text_;
  std::size_t max_depth_;
  std::size_t at_ = 0;
};

Result<Json> Parser::value_at(std::size_t depth) {
  switch (peek()) {
    case '{':
    case '[':
      if (depth > max_depth_) {
        return fail(Code::kInvalid, "JSON: nested deeper than {} at byte {}", max_depth_, at_);
      }
      return peek() == '{' ? object_at(depth) : array_at(depth);
    case '"': {
      BASCULE_TRY(auto text, string());
      return Json(std::move(text));
    }
    case 't':
      return literal("true", Json(true));
    case 'f':
      return literal("false", Json(false));
    case 'n':
      return literal("null", Json());
    default:
      return number();
  }
}

Result<Json> Parser::literal(std::string_view word, Json value) {
  if (!text_.substr(at_).starts_with(word)) {
    return error("a value");
  }
  at_ += word.size();
  return value;
}

// The first key that stands twice.
const std::string* duplicate_key(const Json::Object& members) {
  std::vector<const std::string*> keys;
  keys.reserve(members.size());
  for (const auto& [key, value] : members) {
    keys.push_back(&key);
  }
  const auto by_text = [](const std::string* key) -> const std::string& { return *key; };
  std::ranges::sort(keys, {}, by_text);
  const auto twice = std::ranges::adjacent_find(keys, {}, by_text);
  return twice == keys.end() ? nullptr : *twice;
}

Result<Json> Parser::object_at(std::size_t depth) {
  const std::size_t start = at_++;
  Json::Object members;
  skip_spaces();
  if (take('}')) {
    return Json(std::move(members));
  }
  while (true) {
    skip_spaces();
    if (peek() != '"') {
      return error("a key");
    }
    BASCULE_TRY(auto key, string());
    skip_spaces();
    if (!take(':')) {
      return error("':'");
    }
    skip_spaces();
    BASCULE_TRY(auto value, value_at(depth + 1));
    members.emplace_back(std::move(key), std::move(value));
    skip_spaces();
    if (take(',')) {
      continue;
    }
    if (!take('}')) {
      return error("',' or '}'");
    }
    break;
  }
  if (const auto* key = duplicate_key(members)) {
    return fail(Code::kInvalid, "JSON: key '{}' stands twice in the object at byte {}",
                utf8_prefix(*key, 80), start);
  }
  return Json(std::move(members));
}

Result<Json> Parser::array_at(std::size_t depth) {
  ++at_;
  Json::Array elements;
  skip_spaces();
  if (take(']')) {
    return Json(std::move(elements));
  }
  while (true) {
    skip_spaces();
    BASCULE_TRY(auto value, value_at(depth + 1));
    elements.push_back(std::move(value));
    skip_spaces();
    if (take(',')) {
      continue;
    }
    if (!take(']')) {
      return error("',' or ']'");
    }
    return Json(std::move(elements));
  }
}

// std::from_chars rounds correctly whatever the length; it accepts more than JSON does ("1.",
// "nan"), so the grammar is walked first.
Result<Json> Parser::number() {
  const std::size_t start = at_;
  take('-');
  if (!take('0') && skip_digits() == 0) {
    at_ = start;
    return error("a value");
  }
  bool whole = true;
  if (take('.')) {
    whole = false;
    if (skip_digits() == 0) {
      return error("a digit");
    }
  }
  if (take('e') || take('E')) {
    whole = false;
    if (!take('+')) {
      take('-');
    }
    if (skip_digits() == 0) {
      return error("a digit");
    }
  }
  const char* first = text_.data() + start;
  const char* last = text_.data() + at_;
  const bool negative_zero = last - first == 2 && first[0] == '-' && first[1] == '0';
  std::int64_t integer = 0;
  if (whole && !negative_zero && std::from_chars(first, last, integer).ec == std::errc()) {
    return Json(integer);
  }
  double value = 0;
  const auto end = std::from_chars(first, last, value);
  if (end.ec == std::errc::result_out_of_range) {
    return fail(Code::kInvalid, "JSON: the number at byte {} is beyond a double", start);
  }
  return Json(value);
}

Result<std::string> Parser::string() {
  const std::size_t start = at_++;
  std::string out;
  while (at_ < text_.size()) {
    const std::size_t plain = at_;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\\' &&
           static_cast<unsigned char>(text_[at_]) >= 0x20) {
      ++at_;
    }
    out.append(text_, plain, at_ - plain);
    if (take('"')) {
      if (!is_utf8(out)) {
        return fail(Code::kInvalid, "JSON: the string at byte {} is not UTF-8", start);
      }
      return out;
    }
    if (!take('\\')) {
      return error("no control character in a string");
    }
    BASCULE_CHECK_OK(escape(out));
  }
  return error("'\"'");
}

Status Parser::escape(std::string& out) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  if (const auto which = kNames.find(peek()); at_ < text_.size() && which != kNames.npos) {
    ++at_;
    out += kValues[which];
    return {};
  }
  if (!take('u')) {
    return error("an escape");
  }
  BASCULE_TRY(auto code, code_unit());
  if (code >= 0xD800 && code < 0xDC00 && text_.substr(at_).starts_with("\\u")) {
    at_ += 2;
    BASCULE_TRY(const auto low, code_unit());
    if (low < 0xDC00 || low > 0xDFFF) {
      return error("the second half of a surrogate pair before");
    }
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  } else if (code >= 0xD800 && code <= 0xDFFF) {
    return error("a surrogate pair, not half of one, before");
  }
  char bytes[4];
  out.append(bytes, put_code_point(code, bytes));
  return {};
}

Result<std::uint32_t> Parser::code_unit() {
  std::uint32_t code = 0;
  const char* first = text_.data() + at_;
  const char* last = first + std::min<std::size_t>(4, text_.size() - at_);
  const auto end = std::from_chars(first, last, code, 16);
  if (end.ec != std::errc() || end.ptr != first + 4) {
    return error("four hexadecimal digits");
  }
  at_ += 4;
  return code;
}

// The order of UTF-16 code units. It is the order of code points except that what lies beyond
// U+FFFF, whose first unit is a surrogate, comes before U+E000 to U+FFFF.
bool utf16_less(std::string_view a, std::string_view b) {
  const auto mismatch = std::ranges::mismatch(a, b);
  if (mismatch.in1 == a.end() || mismatch.in2 == b.end()) {
    return a.size() < b.size();
  }
  const auto left = static_cast<unsigned char>(*mismatch.in1);
  const auto right = static_cast<unsigned char>(*mismatch.in2);
  // Lead bytes 0xF0 and above are beyond U+FFFF; 0xEE and 0xEF are U+E000 to U+FFFF.
  const bool left_pair = left >= 0xF0;
  const bool right_pair = right >= 0xF0;
  if (left_pair != right_pair && std::min(left, right) >= 0xEE) {
    return left_pair;
  }
  return left < right;
}

void append_canonical(std::string& out, const Json& value) {
  if (const auto* object = value.object()) {
    std::vector<const Json::Object::value_type*> members;
    members.reserve(object->size());
    for (const auto& member : *object) {
      members.push_back(&member);
    }
    std::ranges::sort(members, utf16_less,
                      [](const auto* member) { return std::string_view(member->first); });
    out += '{';
    for (const auto* member : members) {
      if (out.back() != '{') {
        out += ',';
      }
      append_json_string(out, member->first);
      out += ':';
      append_canonical(out, member->second);
    }
    out += '}';
  } else if (const auto* array = value.array()) {
    out += '[';
    for (const auto& element : *array) {
      if (&element != array->data()) {
        out += ',';
      }
      append_canonical(out, element);
    }
    out += ']';
  } else if (const auto* text = value.string()) {
    append_json_string(out, *text);
  } else if (const auto* boolean = value.boolean()) {
    out += *boolean ? "true" : "false";
  } else if (double number = 0; value.number(number)) {
    append_canonical_number(out, number);
  } else {
    out += "null";
  }
}

}  // namespace

bool Json::number(double& out) const noexcept {
  if (const auto* whole = integer()) {
    out = static_cast<double>(*whole);
    return true;
  }
  if (const auto* real = std::get_if<double>(&value_)) {
    out = *real;
    return true;
  }
  return false;
}

const Json* Json::find(std::string_view key) const noexcept {
  const auto* members = object();
  if (members == nullptr) {
    return nullptr;
  }
  for (const auto& [name, value] : *members) {
    if (name == key) {
      return &value;
    }
  }
  return nullptr;
}

Result<Json> parse_json(std::string_view text, std::size_t max_depth) {
  return Parser(text, max_depth).document();
}

std::string canonical_json(const Json& value) {
  std::string out;
  append_canonical(out, value);
  return out;
}

}  // namespace bascule
