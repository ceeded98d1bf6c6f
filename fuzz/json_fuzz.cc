// Fuzzes the bodies in JSON and CSV of every face that scores, for models of every kind of column.
//
// Each input is read as each face reads it. What is refused has a sentence; what is read is hashed,
// logged, scored and answered. A tensor in the usual form is the same batch to the reader of that
// form and to the general one; a row that was read is the same row when its log is sent again; and
// a number has the bits that strtod gives it, whoever reads it.

#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/adapter.h"
#include "api/json_number.h"
#include "api/oip_decoder.h"
#include "api/oip_plain.h"
#include "api/rows_decoder.h"
#include "fixture.h"

namespace bascule {
namespace {

// Where the number that stands at `at` ends as JSON writes numbers; `at` when there is none.
const char* number_end(const char* at, const char* end) noexcept {
  const char* const begin = at;
  const auto digits = [&] {
    const char* const first = at;
    while (at < end && *at >= '0' && *at <= '9') {
      ++at;
    }
    return at - first;
  };
  at += at < end && *at == '-' ? 1 : 0;
  const bool zero = at < end && *at == '0';
  const auto whole = digits();
  if (whole == 0 || (zero && whole > 1)) {
    return begin;
  }
  if (at < end && *at == '.') {
    ++at;
    if (digits() == 0) {
      return begin;
    }
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    ++at;
    at += at < end && (*at == '+' || *at == '-') ? 1 : 0;
    if (digits() == 0) {
      return begin;
    }
  }
  return at;
}

bool same_bits(double a, double b) noexcept {
  return std::bit_cast<std::uint64_t>(a) == std::bit_cast<std::uint64_t>(b);
}

// What read_number makes of the number that may stand at `at`.
void check_number(const char* at, const char* end) {
  const char* const after = number_end(at, end);
  const std::string token(at, after);
  double read = 0;
  const char* const got = json::read_number(at, end, read);
  if (got != nullptr) {
    must(got == after && std::isfinite(read) &&
         same_bits(read, std::strtod(token.c_str(), nullptr)));
  } else if (after != at) {
    // Left to others: beyond a double, or an exponent of many digits.
    double exact = 0;
    const auto error = std::from_chars(token.data(), token.data() + token.size(), exact).ec;
    const auto e = token.find_first_of("eE");
    must(error != std::errc() || (e != std::string::npos && token.size() - e > 6));
  }
  std::int64_t whole = 0;
  if (const char* const stop = json::read_whole(at, end, whole)) {
    std::int64_t exact = 0;
    must(stop == after && std::from_chars(at, end, exact).ptr == stop && exact == whole);
  }
}

// One model, and all faces of it.
class Faces {
 public:
  explicit Faces(const std::vector<std::byte>& package) : set_(live_set(package)) {}

  void read(std::string_view text) {
    const PaddedBody body(text);
    read_rows(body);
    read_tensors(body);
    read_others(body);
  }

  // The number in a column, as rows and as a tensor of a model of two numbers.
  void read_number(const std::string& token) {
    const double expected = std::strtod(token.c_str(), nullptr);
    const auto column = set_.production->live->plan->manifest().inputs[0].name;
    const PaddedBody row(fmt::format(R"({{"row":{{"{}":{}}}}})", column, token));
    const auto rows = decode_rows(parser_, row.text(), set_);
    must(rows && is(rows->batch, expected));
    const PaddedBody tensor(fmt::format(
        R"({{"inputs":[{{"name":"x","datatype":"FP64","shape":[1,2],"data":[{},{}]}}]}})", token,
        token));
    const auto tensors = decode_oip(parser_, tensor.text(), set_, *set_.production);
    must(tensors && is(tensors->batch, expected));
  }

 private:
  static bool is(const RowBatch& batch, double expected) {
    return std::isfinite(expected)
               ? batch.bad_count() == 0 && same_bits(batch.view(0, 0).f64()[0], expected)
               : batch.bad_count() == 1;
  }

  void read_rows(const PaddedBody& body) {
    take(decode_rows(parser_, body.text(), set_, *set_.production));
  }

  void read_tensors(const PaddedBody& body) {
    auto request = decode_oip(parser_, body.text(), set_, *set_.production);
    if (!request) {
      Scorer::check_error(request.error());
      return;
    }
    if (read_plain_oip(body.text(), set_, *set_.production)) {
      // An empty `parameters` means nothing, and is not the usual form.
      std::string other(body.text());
      other.insert(other.find('{') + 1, R"("parameters":{},)");
      const PaddedBody general(other);
      must(!read_plain_oip(general.text(), set_, *set_.production));
      const auto expected = decode_oip(parser_, general.text(), set_, *set_.production);
      must(expected && described(*expected) == described(*request));
    }
    if (const auto outputs = oip_outputs(*set_.production->live->plan, request->outputs);
        !outputs) {
      Scorer::check_error(outputs.error());
    }
    send_again(request->batch);
    scorer_.check(std::move(request->batch), request->id);
  }

  // Adapters and CSV: rewritten, then read as rows.
  void read_others(const PaddedBody& body) {
    if (const auto text = rows_of_json(parser_, body.text(), *set_.production)) {
      take(decode_rows(parser_, text->text(), set_, *set_.production));
    } else {
      Scorer::check_error(text.error());
    }
    if (const auto text = rows_of_csv(body.text(), set_, *set_.production)) {
      auto rows = decode_rows(parser_, text->text(), set_, *set_.production);
      must(rows || rows.error().message.find("not valid JSON") == std::string::npos);
      take(std::move(rows));
    } else {
      Scorer::check_error(text.error());
    }
  }

  void take(Result<RowsRequest> rows) {
    if (!rows) {
      Scorer::check_error(rows.error());
      return;
    }
    send_again(rows->batch);
    scorer_.check(std::move(rows->batch));
  }

  // What is logged of a row is the row.
  void send_again(const RowBatch& batch) {
    for (std::size_t row = 0; row < std::min<std::size_t>(batch.rows(), 4); ++row) {
      if (batch.bad(row) != nullptr) {
        continue;
      }
      const std::string features = batch.features_json(row);
      const PaddedBody body(fmt::format(R"({{"row":{}}})", features));
      const auto again = decode_rows(parser_, body.text(), set_);
      must(again && again->batch.bad_count() == 0 && again->batch.features_json(0) == features &&
           again->batch.row_hash(0) == batch.row_hash(row));
    }
  }

  static std::string described(const OipRequest& request) {
    const RowBatch& batch = request.batch;
    std::string text =
        fmt::format("{}:{} {} {} {}", request.id.has_value(), request.id.value_or(""),
                    request.outputs.size(), request.binary_outputs.size(), request.all_binary);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      const Envelope& envelope = batch.envelope(row);
      text +=
          fmt::format("\n{} {} {} {} {}", batch.features_json(row), envelope.key, envelope.entity,
                      envelope.amount.value_or(-1), envelope.time.value_or(-1));
      for (const RowProblem& problem : batch.problems(row)) {
        text += problem.message;
      }
      for (std::size_t column = 0; column < batch.columns().size(); ++column) {
        text += static_cast<char>('0' + static_cast<int>(batch.state(row, column)));
      }
    }
    return text;
  }

  const LiveSet set_;
  JsonParser parser_;
  Scorer scorer_{set_};
};

}  // namespace
}  // namespace bascule

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  static EveryModel<Faces> models;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  models.each([&](Faces& faces) { faces.read(text); });
  const PaddedBody body(text);
  int tokens = 0;
  for (const char* at = body.text().data(); at < body.end(); ++at) {
    if (*at != '-' && (*at < '0' || *at > '9')) {
      continue;
    }
    check_number(at, body.end());
    const char* const after = number_end(at, body.end());
    if (after != at && ++tokens <= 4) {
      models.numbers.read_number(std::string(at, after));
      at = after - 1;
    }
  }
  return 0;
}
