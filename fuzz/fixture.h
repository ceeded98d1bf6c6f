// What fuzz targets of bodies work with: live models, bodies as routes get them, and the way of a
// decoded batch to its answers.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/error_json.h"
#include "api/handler.h"
#include "api/score_encoder.h"
#include "base/utf8.h"
#include "engine/testing.h"
#include "package/json.h"
#include "package/package.h"
#include "package/testing.h"
#include "serving/host.h"

namespace bascule {

inline void must(bool holds) {
  if (!holds) {
    std::abort();
  }
}

// As many bytes as a route sees of a body, and not one more: who reads on is found out.
class PaddedBody {
 public:
  explicit PaddedBody(std::string_view text, std::string_view behind = {})
      : size_(text.size()), bytes_(new char[text.size() + behind.size() + kBodyPadding]) {
    char* to = std::ranges::copy(text, bytes_.get()).out;
    to = std::ranges::copy(behind, to).out;
    std::memset(to, 0, kBodyPadding);
  }
  std::string_view text() const noexcept { return {bytes_.get(), size_}; }
  const char* end() const noexcept { return bytes_.get() + size_; }

 private:
  std::size_t size_;
  std::unique_ptr<char[]> bytes_;
};

// One version behind `production`, whose rows may say more than their columns.
inline LiveSet live_set(const std::vector<std::byte>& bytes) {
  const auto package = Package::open(bytes);
  const auto plan = package ? Plan::load(*package) : std::unexpected(package.error());
  must(plan.has_value());
  LiveSet set;
  set.model = "fraud/charge";
  auto live = std::make_shared<LiveVersion>();
  live->version = 7;
  live->digest = "sha256:0";
  live->plan = *plan;
  set.production = LiveTag{.tag = "production", .revision = 1, .live = live, .columns = {}};
  set.key_column = "s";
  set.entity_column = "i";
  set.amount_column = "n";
  set.time_column = "at";
  set.segments = {"shop"};
  must(unite_columns(set).has_value());
  return set;
}

// A column of each type that tensors have a form for, every other one nullable.
inline std::vector<std::byte> every_kind_package() {
  using namespace testing;
  NodeSpec places{{{"column", Json(std::int64_t{4})}}, string_tensors("categories", {"a", ""})};
  return TestGraph()
      .column("n", "number", true)
      .column("f", "number32")
      .column("i", "integer", true)
      .column("b", "boolean")
      .column("s", "string", true)
      .column("m", "number[2]")
      .node("cast", {"column:f"}, "f")
      .node("cast", {"column:i"}, "i")
      .node("cast", {"column:b"}, "b")
      .node("concat", {"column:n", "f", "i", "b", "column:m"}, "x")
      .node("fill_missing", {"x"}, "filled", {{}, {vector_tensor("value", {1, 2, 3, 4, 5, 6})}})
      .node("check_finite", {"filled"}, "finite")
      .node("softmax", {"finite"}, "soft")
      .node("argmax", {"soft"}, "best")
      .node("lookup_string", {"column:s"}, "place", std::move(places))
      .output("transform", "filled", 6)
      .label("predict", "best", 6)
      .integer("place", "place")
      .package();
}

// Columns that have a form in rows alone.
inline std::vector<std::byte> rows_only_package() {
  using namespace testing;
  return TestGraph()
      .column("t", "tokens", true)
      .column("d", "datetime", true)
      .node("count_tokens", {"column:t"}, "counts", {{}, string_tensors("vocabulary", {"a", "b"})})
      .node("to_dense", {"counts"}, "dense")
      .output("transform", "dense", 2)
      .package();
}

// The kinds of columns that tensors in the usual form fill.
inline std::vector<std::byte> three_kinds_package() {
  using namespace testing;
  return TestGraph()
      .column("n", "number")
      .column("i", "integer")
      .column("s", "string", true)
      .node("add", {"column:n"}, "sum", {{}, {vector_tensor("by", {1})}})
      .output("predict", "sum")
      .package();
}

// One input that is a list of numbers.
inline std::vector<std::byte> matrix_package() {
  using namespace testing;
  return TestGraph()
      .column("m", "number[2]", true)
      .node("add", {"column:m"}, "sum", {{}, {vector_tensor("by", {1, -1})}})
      .output("predict", "sum", 2)
      .package();
}

// A `Target`, which is made of a package, for each kind of model above.
template <typename Target>
struct EveryModel {
  template <typename Each>
  void each(Each&& each) {
    for (Target* target : {&numbers, &three_kinds, &every_kind, &rows_only, &matrix}) {
      each(*target);
    }
  }
  Target numbers{tiny_logistic_package()};
  Target three_kinds{three_kinds_package()};
  Target every_kind{every_kind_package()};
  Target rows_only{rows_only_package()};
  Target matrix{matrix_package()};
};

// Takes decoded batches the whole way: hashed, logged, scored, answered in every form.
class Scorer {
 public:
  explicit Scorer(const LiveSet& set) : set_(set), tag_(*set.production) {}

  void check(RowBatch batch, const std::optional<std::string>& id = std::nullopt) {
    for (std::size_t row = 0; row < std::min(batch.rows(), kLookedAt); ++row) {
      check_json(batch.features_json(row));
      must(batch.row_hash(row) != Digest{});
    }
    const Plan& plan = *tag_.live->plan;
    const OutputMask wanted = (OutputMask{1} << plan.manifest().outputs.size()) - 1;
    Answer answer;
    answer.tag = &tag_;
    answer.scored = score_batch(tag_, batch, wanted, scratch_.of(tag_.live->plan),
                                [&](std::size_t row, RowProblem problem) {
                                  batch.mark_bad(row, std::move(problem));
                                  return batch.takes_problem(row);
                                });
    answer.event_ids.resize(batch.rows(), "event");
    rows_face(batch, answer, wanted);
    if (batch.bad_count() == 0) {
      other_faces(batch, answer, wanted, id);
      return;
    }
    check_error(bad_rows_error(batch));
    batch.hide_problems();
    rows_face(batch, answer, wanted);
  }

  static void check_json(std::string_view text) { must(parse_json(text).has_value()); }
  static void check_error(const Error& error) {
    HttpResponse response;
    must(!error.message.empty());
    write_error(response, 400, code_name(error.code), error.message, error.problems);
    check_json(response.body);
    write_problem(response, 400, code_name(error.code), error.message, error.problems);
    check_json(response.body);
  }

 private:
  static constexpr std::size_t kLookedAt = 8;

  void rows_face(const RowBatch& batch, const Answer& answer, OutputMask wanted) const {
    HttpResponse response;
    encode_rows(response, set_, batch, answer, wanted, batch.rows() == 1);
    check_json(response.body);
    response.reset();
    encode_rows_csv(response, batch, answer, wanted);
    must(is_utf8(response.body) && response.body.ends_with("\r\n"));
  }
  void other_faces(const RowBatch& batch, const Answer& answer, OutputMask wanted,
                   const std::optional<std::string>& id) const {
    HttpResponse response;
    encode_predictions(response, batch, answer, wanted, false);
    check_json(response.body);
    response.reset();
    encode_predictions(response, batch, answer, wanted, true);
    must(is_utf8(response.body));
    OipAnswer asked{.id = id};
    for (std::size_t i = 0; i < tag_.live->plan->manifest().outputs.size(); ++i) {
      asked.outputs.push_back(i);
    }
    response.reset();
    encode_oip(response, set_, batch.rows(), answer, asked);
    check_json(response.body);
    asked.binary.resize(asked.outputs.size(), true);
    response.reset();
    encode_oip(response, set_, batch.rows(), answer, asked);
    check_binary(response);
  }

  // Behind the JSON stand as many bytes as its outputs say.
  static void check_binary(const HttpResponse& response) {
    const std::size_t length = std::stoul(response.headers.at(0).second);
    const auto json = parse_json(std::string_view(response.body).substr(0, length));
    must(json.has_value());
    std::size_t bytes = 0;
    for (const Json& output : *json->find("outputs")->array()) {
      bytes +=
          static_cast<std::size_t>(*output.find("parameters")->find("binary_data_size")->integer());
    }
    must(length + bytes == response.body.size());
  }

  const LiveSet& set_;
  const LiveTag& tag_;
  ScratchPool scratch_;
};

}  // namespace bascule
