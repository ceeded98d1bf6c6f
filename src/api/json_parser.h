// A JSON parser's memory, kept from body to body. One per thread.
#pragma once

#include <memory>

namespace bascule {

class JsonParser {
 public:
  JsonParser();
  ~JsonParser();
  JsonParser(const JsonParser&) = delete;
  JsonParser& operator=(const JsonParser&) = delete;

  struct Impl;  // api/json_values.inc
  Impl& impl() noexcept { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace bascule
