#include "cli/csv.h"

namespace bascule::cli {
namespace {

// Reads fields until the end of the record; moves `at` behind it.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool done() const noexcept { return at_ >= text_.size(); }
  std::size_t line() const noexcept { return line_; }

  Result<std::vector<std::string>> record() {
    std::vector<std::string> fields;
    while (true) {
      BASCULE_TRY(auto value, field());
      fields.push_back(std::move(value));
      if (!done() && text_[at_] == ',') {
        ++at_;
        continue;
      }
      end_line();
      return fields;
    }
  }

 private:
  Result<std::string> field() {
    if (!done() && text_[at_] == '"') {
      return quoted();
    }
    const std::size_t end = std::min(text_.find_first_of(",\r\n", at_), text_.size());
    std::string value(text_.substr(at_, end - at_));
    at_ = end;
    return value;
  }

  Result<std::string> quoted() {
    const std::size_t opened = line_;
    std::string value;
    for (++at_; !done(); ++at_) {
      if (text_[at_] == '"') {
        if (at_ + 1 == text_.size() || text_[at_ + 1] != '"') {
          return ++at_, value;
        }
        ++at_;
      } else if (text_[at_] == '\n') {
        ++line_;
      }
      value.push_back(text_[at_]);
    }
    return fail(Code::kInvalid, "line {}: a quote is opened and never closed", opened);
  }

  void end_line() noexcept {
    if (!done() && text_[at_] == '\r') {
      ++at_;
    }
    if (!done() && text_[at_] == '\n') {
      ++at_;
    }
    ++line_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_ = 1;
};

}  // namespace

Result<Csv> parse_csv(std::string_view text, bool header) {
  Reader reader(text);
  Csv out;
  if (header) {
    if (reader.done()) {
      return fail(Code::kInvalid, "the file is empty; expected a header line");
    }
    BASCULE_TRY(out.header, reader.record());
  }
  while (!reader.done()) {
    const std::size_t line = reader.line();
    BASCULE_TRY(auto row, reader.record());
    if (row.size() == 1 && row[0].empty()) {
      continue;
    }
    const std::size_t expected =
        header || out.rows.empty() ? out.header.size() : out.rows[0].size();
    if ((header || !out.rows.empty()) && row.size() != expected) {
      return fail(Code::kInvalid, "line {} has {} fields, expected {}", line, row.size(), expected);
    }
    out.rows.push_back(std::move(row));
  }
  return out;
}

}  // namespace bascule::cli
