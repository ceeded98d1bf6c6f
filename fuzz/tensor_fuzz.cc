// Fuzzes Open Inference requests whose tensors are bytes behind the JSON, which ends at a zero.
//
// Each input is a request to models of every kind of column. Whatever the bytes are, they are
// refused with a sentence or fill cells that exist, which are hashed, logged, scored and answered.
// The bytes alone are numbers, too: those are in the cells, whether they come as bytes or as JSON.

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/oip_decoder.h"
#include "api/rows_decoder.h"
#include "fixture.h"

namespace bascule {
namespace {

class Tensors {
 public:
  explicit Tensors(const std::vector<std::byte>& package) : set_(live_set(package)) {}

  void read(std::string_view json, std::string_view bytes) {
    const PaddedBody body(json, bytes);
    const std::string_view behind(body.end(), bytes.size());
    auto request = decode_oip(parser_, body.text(), set_, *set_.production, behind);
    if (!request) {
      Scorer::check_error(request.error());
      return;
    }
    if (const auto outputs = oip_outputs(*set_.production->live->plan, request->outputs);
        !outputs) {
      Scorer::check_error(outputs.error());
    }
    send_again(request->batch);
    scorer_.check(std::move(request->batch), request->id);
  }

  // The bytes as numbers of `name`, as wide as the model's columns are: in the cells they are what
  // they are in the bytes, and what they are when they come as JSON.
  void read_numbers(std::string_view name, std::string_view bytes) {
    read_numbers_of<double>(name, "FP64", bytes);
    read_numbers_of<float>(name, "FP32", bytes);
    read_numbers_of<std::int32_t>(name, "INT32", bytes);
    read_numbers_of<std::uint8_t>(name, "UINT8", bytes);
  }

 private:
  // Sent as JSON, a row is the same; but for an infinity, which JSON has no form for.
  void send_again(const RowBatch& batch) {
    for (std::size_t row = 0; row < std::min<std::size_t>(batch.rows(), 4); ++row) {
      if (batch.bad(row) != nullptr) {
        continue;
      }
      const std::string features = batch.features_json(row);
      const PaddedBody body(fmt::format(R"({{"row":{}}})", features));
      const auto again = decode_rows(parser_, body.text(), set_);
      must(again.has_value() &&
           (again->batch.bad_count() > 0 || again->batch.features_json(0) == features));
    }
  }

  template <typename Number>
  void read_numbers_of(std::string_view name, std::string_view type, std::string_view bytes) {
    const std::size_t rows = std::min(bytes.size() / sizeof(Number) / kWidth, kMostRows);
    std::vector<Number> numbers(rows * kWidth);
    bytes = bytes.substr(0, numbers.size() * sizeof(Number));
    if (rows == 0) {
      return;
    }
    std::memcpy(numbers.data(), bytes.data(), bytes.size());
    const std::string head = fmt::format(
        R"({{"inputs":[{{"name":"{}","datatype":"{}","shape":[{},{}],)", name, type, rows, kWidth);
    const PaddedBody raw(
        fmt::format(R"({}"parameters":{{"binary_data_size":{}}}}}]}})", head, bytes.size()), bytes);
    const auto got = decode_oip(parser_, raw.text(), set_, *set_.production,
                                std::string_view(raw.end(), bytes.size()));
    must(got.has_value());
    for (std::size_t at = 0; at < numbers.size(); ++at) {
      check_cell(got->batch, at, static_cast<double>(numbers[at]));
    }
    const auto is_finite = [](Number number) { return std::isfinite(static_cast<double>(number)); };
    if (!std::ranges::all_of(numbers, is_finite)) {
      return;  // JSON has no form for them
    }
    std::string data;
    for (const Number number : numbers) {
      std::array<char, 32> text{};
      const auto end = std::to_chars(text.data(), text.data() + text.size(), number).ptr;
      data.append(data.empty() ? "" : ",").append(text.data(), end);
    }
    const PaddedBody json(fmt::format(R"({}"data":[{}]}}]}})", head, data));
    const auto same = decode_oip(parser_, json.text(), set_, *set_.production);
    must(same.has_value());
    for (std::size_t at = 0; at < numbers.size(); ++at) {
      check_cell(same->batch, at, static_cast<double>(numbers[at]));
    }
  }

  // NaN is missing: in a column that takes that it is one NaN, in another one it makes the row bad.
  static void check_cell(const RowBatch& batch, std::size_t at, double sent) {
    const std::size_t row = at / kWidth;
    const bool is_list = batch.columns().size() == 1;
    const double read =
        is_list ? batch.view(0, row).f64()[at % kWidth] : batch.view(at % kWidth, row).f64()[0];
    if (std::isnan(sent)) {
      must(is_list ? std::isnan(read) : batch.bad(row) != nullptr);
      return;
    }
    must(std::bit_cast<std::uint64_t>(sent) == std::bit_cast<std::uint64_t>(read));
  }

  static constexpr std::size_t kWidth = 2;  // of both models whose numbers are read
  static constexpr std::size_t kMostRows = 64;

  const LiveSet set_;
  JsonParser parser_;
  Scorer scorer_{set_};
};

}  // namespace
}  // namespace bascule

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace bascule;
  static EveryModel<Tensors> models;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const auto zero = std::min(input.find('\0'), size);
  const std::string_view bytes = input.substr(std::min(zero + 1, size));
  models.each([&](Tensors& tensors) { tensors.read(input.substr(0, zero), bytes); });
  models.numbers.read_numbers("x", bytes);
  models.matrix.read_numbers("m", bytes);
  return 0;
}
