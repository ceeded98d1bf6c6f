// A JSON writer: appends to a string, no tree in between.
//
// Numbers are the shortest text that reads back to the same bits (std::to_chars). A double that is
// not finite has no JSON form and is written as null. Strings must be UTF-8.
//
//   JsonWriter json(out);
//   json.object([&] { json.key("name").string(name); json.key("n").integer(3); });
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace bascule {

class JsonWriter {
 public:
  // Appends to `out`, which outlives the writer.
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& key(std::string_view name);
  JsonWriter& string(std::string_view value);
  JsonWriter& number(double value);
  JsonWriter& number32(float value);
  JsonWriter& integer(std::int64_t value);
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  // Text that is JSON already.
  JsonWriter& raw(std::string_view json);

  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();

  template <typename Body>
  JsonWriter& object(Body&& body) {
    begin_object();
    body();
    return end_object();
  }
  template <typename Body>
  JsonWriter& array(Body&& body) {
    begin_array();
    body();
    return end_array();
  }

 private:
  void separate();  // a comma when this is not the first member
  std::string& out_;
  bool first_ = true;
  bool after_key_ = false;
};

// Appends `value` as RFC 8785 prescribes (the number form of ECMAScript); finite values only.
void append_canonical_number(std::string& out, double value);
// Appends a JSON string with the escapes that RFC 8785 prescribes.
void append_json_string(std::string& out, std::string_view value);

}  // namespace bascule
