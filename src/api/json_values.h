// Reading values out of simdjson, strictly and with exact numbers. For the decoders' .cc files
// only: it is the one header that includes simdjson.
//
// simdjson reads lazily: what is never visited is never checked, and whatever follows the document
// is not looked at. So every value is either read or passed to `skip`, and `finish` looks for what
// comes after the end. simdjson 3.0.1 misreads numbers of more than 19 significant digits without
// saying so (its issue 2093): those are taken from std::from_chars, and get_number() is never used.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "api/handler.h"
#include "api/json_parser.h"
#include "base/result.h"

namespace bascule {

struct JsonParser::Impl {
  simdjson::ondemand::parser parser;
};

namespace json {

using Array = simdjson::ondemand::array;
using Document = simdjson::ondemand::document;
using Field = simdjson::ondemand::field;
using Object = simdjson::ondemand::object;
using Type = simdjson::ondemand::json_type;
using Value = simdjson::ondemand::value;
static_assert(kBodyPadding >= simdjson::SIMDJSON_PADDING);

// One body while it is being read.
class Body {
 public:
  // `text` is followed by kBodyPadding readable bytes.
  Body(JsonParser& parser, std::string_view text) : parser_(parser.impl().parser), text_(text) {}

  // The object that the whole body is.
  Result<Object> open();
  // After the last field of the object: nothing may follow.
  Status finish();
  // kInvalid, with the place as far as it is known.
  std::unexpected<Error> broken(simdjson::error_code error);
  // Where `raw` may be compared without running out of the body.
  const char* end() const noexcept { return text_.data() + text_.size(); }

 private:
  simdjson::ondemand::parser& parser_;
  std::string_view text_;
  Document document_;
};

enum class Number : std::uint8_t {
  kFine,
  kNotANumber,  // another type; the value was not read
  kTooLarge,    // beyond a double, or beyond int64
  kNotWhole,    // an integer was asked for
  kBroken,      // not JSON at all
};

// The nearest double, always.
Number read_double(Value& value, double& out) noexcept;
// 7, 7.0 and 7e0 are seven; exact over the whole of int64 when written without fraction, and below
// 2^53 otherwise.
Number read_int64(Value& value, std::int64_t& out) noexcept;

// Reads a value that nobody wants, so that it is checked too. `depth` is how deep it stands.
Status skip(Body& body, Value value, std::size_t depth);

// The text of a string, number or null for an error message, shortened: `the text "abc"`.
std::string describe(Value& value);
// At most 64 characters, cut between characters.
std::string shortened(std::string_view text);

// Whether the key is `name`, written without escapes. Cheap; false only means: unescape it.
inline bool is_plainly(simdjson::ondemand::raw_json_string key, std::string_view name,
                       const Body& body) noexcept {
  const char* raw = key.raw();
  return name.size() < static_cast<std::size_t>(body.end() - raw) && raw[name.size()] == '"' &&
         std::memcmp(raw, name.data(), name.size()) == 0 &&
         name.find_first_of("\"\\") == std::string_view::npos;
}

}  // namespace json
}  // namespace bascule
