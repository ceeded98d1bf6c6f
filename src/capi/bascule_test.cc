#include "capi/bascule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/sha256.h"
#include "engine/testing.h"
#include "package/json.h"
#include "package/testing.h"

extern "C" double c11_client_score(const void* package, size_t size, const char* const names[2],
                                   const double row[2]);

namespace bascule::testing {
namespace {
// Null when all is well; else "code: message".
std::optional<std::string> text_of(bascule_error* error) {
  if (error == nullptr) {
    return std::nullopt;
  }
  auto text = std::string(bascule_error_code(error)) + ": " + bascule_error_message(error);
  bascule_error_free(error);
  return text;
}

struct FreePlan {
  void operator()(bascule_plan* plan) const { bascule_free(plan); }
};
using PlanHandle = std::unique_ptr<bascule_plan, FreePlan>;

PlanHandle load(const std::vector<std::byte>& package) {
  bascule_plan* plan = nullptr;
  EXPECT_EQ(text_of(bascule_load(package.data(), package.size(), &plan)), std::nullopt);
  return PlanHandle(plan);
}

struct FreeThreads {
  void operator()(bascule_threads* threads) const { bascule_threads_free(threads); }
};
using ThreadsHandle = std::unique_ptr<bascule_threads, FreeThreads>;

ThreadsHandle start_threads(std::size_t count) {
  bascule_threads* threads = nullptr;
  EXPECT_EQ(text_of(bascule_threads_start(count, &threads)), std::nullopt);
  return ThreadsHandle(threads);
}

// A column as a caller would have it: buffers, an offset, bits.
struct Column {
  std::string name;
  std::string format;
  std::vector<std::byte> data;
  std::string text;                   // of u and U
  std::vector<std::uint8_t> nulls{};  // bits; empty: no bitmap
  std::int64_t offset = 0;
  std::vector<Column> children{};  // of +w, +l and +L
  std::int64_t length = 0;         // without the offset

  ArrowSchema schema{};
  ArrowArray array{};
  std::vector<const void*> buffers{};
  std::vector<ArrowSchema*> child_schemas{};
  std::vector<ArrowArray*> child_arrays{};

  void wire() {
    const bool list = format.starts_with("+w") || format == "+s";
    buffers = {nulls.empty() ? nullptr : nulls.data()};
    if (!list && format != "n") {
      buffers.push_back(data.data());
    }
    if (format == "u" || format == "U") {
      buffers.push_back(text.data());
    }
    for (auto& child : children) {
      child.wire();
      child_schemas.push_back(&child.schema);
      child_arrays.push_back(&child.array);
    }
    schema.format = format.c_str();
    schema.name = name.c_str();
    schema.n_children = static_cast<std::int64_t>(children.size());
    schema.children = child_schemas.data();
    array.length = length;
    array.null_count = nulls.empty() ? 0 : -1;
    array.offset = offset;
    array.n_buffers = format == "n" ? 0 : static_cast<std::int64_t>(buffers.size());
    array.buffers = buffers.data();
    array.n_children = schema.n_children;
    array.children = child_arrays.data();
  }
};

template <typename T>
Column column(std::string name, std::string format, const std::vector<T>& values) {
  Column out{.name = std::move(name), .format = std::move(format)};
  out.data.resize(values.size() * sizeof(T) + 1);  // never null
  std::ranges::copy(std::as_bytes(std::span(values)), out.data.begin());
  out.length = static_cast<std::int64_t>(values.size());
  return out;
}

template <typename Offset = std::int32_t>
Column text_column(std::string name, const std::vector<std::string>& values) {
  std::string text;
  std::vector<Offset> offsets{0};
  for (const auto& value : values) {
    text += value;
    offsets.push_back(static_cast<Offset>(text.size()));
  }
  Column out = column(std::move(name), sizeof(Offset) == 4 ? "u" : "U", offsets);
  out.text = text;
  out.length = static_cast<std::int64_t>(values.size());
  return out;
}

Column with_nulls(Column column, std::vector<std::uint8_t> bits) {
  column.nulls = std::move(bits);
  return column;
}

// The answer of bascule_run, copied.
struct Answer {
  std::optional<std::string> error;
  std::vector<std::string> names;
  std::vector<std::string> formats;
  std::vector<std::vector<double>> f64;  // one per output
  std::vector<std::vector<std::int64_t>> i64;
  std::vector<std::int64_t> null_counts;
  std::vector<std::int64_t> refused;
  std::vector<std::string> sentences;
};

void read_output(const ArrowSchema& schema, const ArrowArray& array, Answer& answer) {
  const bool list = std::string_view(schema.format).starts_with("+w:");
  const ArrowArray& cells = list ? *array.children[0] : array;
  const bool integers = std::string_view(list ? schema.children[0]->format : schema.format) == "l";
  answer.names.emplace_back(schema.name);
  answer.formats.emplace_back(schema.format);
  answer.null_counts.push_back(array.null_count);
  auto& f64 = answer.f64.emplace_back();
  auto& i64 = answer.i64.emplace_back();
  if (integers) {
    const auto* values = static_cast<const std::int64_t*>(cells.buffers[1]);
    i64.assign(values, values + cells.length);
  } else {
    const auto* values = static_cast<const double*>(cells.buffers[1]);
    f64.assign(values, values + cells.length);
  }
}

Answer run(const PlanHandle& plan, std::vector<Column> columns,
           std::vector<const char*> outputs = {}, std::int64_t rows = -1,
           std::int64_t batch_offset = 0, bascule_threads* threads = nullptr) {
  Column batch{.name = "", .format = "+s", .children = std::move(columns)};
  batch.length = rows >= 0 || batch.children.empty() ? rows : batch.children[0].length;
  batch.offset = batch_offset;
  batch.wire();
  Answer answer;
  bascule_result* result = nullptr;
  answer.error =
      text_of(bascule_run(plan.get(), threads, &batch.schema, &batch.array,
                          outputs.empty() ? nullptr : outputs.data(), outputs.size(), &result));
  if (answer.error) {
    EXPECT_EQ(result, nullptr);
    return answer;
  }
  for (std::size_t i = 0; i < bascule_result_refused_count(result); ++i) {
    answer.refused.push_back(bascule_result_refused_row(result, i));
    answer.sentences.emplace_back(std::string(bascule_result_refused_code(result, i)) + ": " +
                                  bascule_result_refused_message(result, i));
  }
  ArrowSchema schema{};
  ArrowArray array{};
  EXPECT_EQ(text_of(bascule_result_export(result, &schema, &array)), std::nullopt);
  EXPECT_EQ(array.length, batch.length);
  for (std::int64_t i = 0; i < schema.n_children; ++i) {
    read_output(*schema.children[i], *array.children[i], answer);
  }
  EXPECT_EQ(text_of(bascule_result_export(result, &schema, &array)),
            "invalid: the scores of a result can be exported once");
  schema.release(&schema);
  array.release(&array);
  EXPECT_EQ(schema.release, nullptr);
  EXPECT_EQ(array.release, nullptr);
  bascule_result_free(result);
  return answer;
}

// Gives back column "x" as the model reads it.
PlanHandle echo(std::string type, bool nullable = true) {
  TestGraph graph;
  graph.column("x", type, nullable);
  if (type == "number") {
    graph.output("y", "column:x");
  } else if (type == "integer") {
    graph.integer("y", "column:x");
  } else if (type == "string") {
    graph
        .node("lookup_string", {"column:x"}, "code",
              {{}, string_tensors("categories", {"a", "\u00E9", ""})})
        .integer("y", "code");
  } else if (type == "number[2]") {
    graph.output("y", "column:x", 2);
  } else if (type == "tokens") {
    graph
        .node("count_tokens", {"column:x"}, "counts", {{}, string_tensors("vocabulary", {"a", ""})})
        .node("to_dense", {"counts"}, "y")
        .output("y", "y", 2);
  } else {
    graph.node("cast", {"column:x"}, "y").output("y", "y");
  }
  return load(graph.package());
}

TEST(Capi, ScoresForAClientInC) {
  const auto package = tiny_logistic_package();
  const char* const names[2] = {"amount", "age"};
  const double row[2] = {0.5, -2};
  EXPECT_EQ(c11_client_score(package.data(), package.size(), names, row),
            tiny_logistic_score({}, {0.5, -2}));
  const char* const unknown[2] = {"amount", "years"};
  EXPECT_EQ(c11_client_score(package.data(), package.size(), unknown, row), -1);
}

TEST(Capi, SaysItsVersion) {
  EXPECT_STREQ(bascule_version(), BASCULE_VERSION);
  EXPECT_EQ(bascule_abi_version(), BASCULE_ABI_VERSION);
  std::ifstream file("CMakeLists.txt");
  const std::string project(std::istreambuf_iterator<char>(file), {});
  EXPECT_NE(project.find("project(bascule VERSION " BASCULE_VERSION " "), std::string::npos);
}

TEST(Capi, DescribesThePackageAsJson) {
  const auto package = tiny_logistic_package();
  const auto plan = load(package);
  const auto json = parse_json(bascule_describe(plan.get()), 64);
  ASSERT_TRUE(json.has_value());
  EXPECT_EQ(*json->find("digest")->string(), digest_text(sha256(package)));
  EXPECT_EQ(*json->find("bytes")->integer(), static_cast<std::int64_t>(package.size()));
  EXPECT_EQ(*(*json->find("steps")->array())[0].string(),
            "concat+check_finite+subtract+divide+linear");
  EXPECT_EQ(*json->find("manifest")->find("kind")->string(), "yes/no");
}

TEST(Capi, RefusesABrokenPackageWithASentence) {
  auto package = tiny_logistic_package();
  package[package.size() / 2] ^= std::byte{1};
  bascule_plan* plan = nullptr;
  const auto error = text_of(bascule_load(package.data(), package.size(), &plan));
  EXPECT_EQ(error.value_or("").find("invalid: "), 0);
  EXPECT_EQ(plan, nullptr);
  EXPECT_EQ(
      text_of(bascule_load_file("no/such/file.bascule", &plan)).value_or("").find("not_found"), 0);
  EXPECT_EQ(text_of(bascule_load(nullptr, 0, &plan)),
            "invalid: an argument is null that may not be; see bascule.h");
}

TEST(Capi, VerifiesTheGoldenRows) {
  const auto good = load(tiny_logistic_package());
  EXPECT_EQ(text_of(bascule_verify(good.get(), 1)), std::nullopt);
  const auto wrong = load(
      TestGraph()
          .column("x", "number")
          .output("y", "column:x")
          .golden(1, {vector_tensor("golden.in.0", {1}), matrix_tensor("golden.out.0", 1, {2})})
          .package());
  EXPECT_EQ(text_of(bascule_verify(wrong.get(), 1)),
            "invalid: golden row 0: output 'y' column 0 is 1, but Python gave 2 (within 0); pack "
            "the model again, or report the difference");
}

TEST(Capi, RefusesRowsAndScoresTheirNeighbours) {
  const auto plan = load(tiny_logistic_package());
  const auto answer = run(plan,
                          {column<double>("age", "g", {1, 2, 3}), column<std::string>("", "n", {}),
                           with_nulls(column<double>("amount", "g", {4, 5, 6}), {0b101})},
                          {"predict", "predict_proba"}, 3);
  ASSERT_EQ(answer.error, std::nullopt);
  EXPECT_EQ(answer.names, (std::vector<std::string>{"predict_proba", "predict"}));
  EXPECT_EQ(answer.formats, (std::vector<std::string>{"+w:2", "l"}));
  EXPECT_EQ(answer.null_counts, (std::vector<std::int64_t>{1, 1}));
  EXPECT_EQ(answer.refused, (std::vector<std::int64_t>{1}));
  EXPECT_EQ(answer.sentences,
            (std::vector<std::string>{"missing: column 'amount' is missing; the model needs it"}));
  EXPECT_EQ(answer.f64[0][1], tiny_logistic_score({}, {4, 1}));
  EXPECT_TRUE(std::isnan(answer.f64[0][3]));
  EXPECT_EQ(answer.f64[0][5], tiny_logistic_score({}, {6, 3}));
  EXPECT_EQ(answer.i64[1], (std::vector<std::int64_t>{1, 0, 1}));
}

TEST(Capi, GivesTheDefaultOutputsWhenNoneIsNamed) {
  const auto plan = load(tiny_logistic_package());
  const std::vector<Column> columns = {column<double>("amount", "g", {1}),
                                       column<double>("age", "g", {1})};
  EXPECT_EQ(run(plan, columns).names, (std::vector<std::string>{"predict_proba"}));
  EXPECT_EQ(run(plan, columns, {"decide"}).error,
            "invalid: output 'decide' is unknown; the model gives 'predict_proba', 'predict'");
}

TEST(Capi, ScoresManyBlocksLikeOneRow) {
  const auto plan = load(tiny_logistic_package());
  std::vector<double> amount(1'000);
  std::vector<double> age(1'000);
  for (std::size_t i = 0; i < amount.size(); ++i) {
    amount[i] = std::sin(static_cast<double>(i));
    age[i] = i % 300 == 299 ? NAN : std::cos(static_cast<double>(i));
  }
  const auto answer =
      run(plan, {column<double>("amount", "g", amount), column<double>("age", "g", age)});
  EXPECT_EQ(answer.refused, (std::vector<std::int64_t>{299, 599, 899}));
  for (std::size_t i = 0; i < amount.size(); ++i) {
    if (i % 300 != 299) {
      ASSERT_EQ(answer.f64[0][2 * i + 1], tiny_logistic_score({}, {amount[i], age[i]}));
    }
  }
}

TEST(Capi, ScoresNoRows) {
  const auto answer = run(echo("number"), {column<double>("x", "g", {})});
  EXPECT_EQ(answer.error, std::nullopt);
  EXPECT_EQ(answer.f64[0].size(), 0);
}

TEST(Capi, NamesAMissingColumnAndWhatTheModelNeeds) {
  EXPECT_EQ(run(load(tiny_logistic_package()), {column<double>("amount", "g", {1})}).error,
            "invalid: column 'age' is missing; the model needs amount, age");
}

TEST(Capi, NamesTheColumnAndBothTypesOfAWrongFormat) {
  EXPECT_EQ(run(echo("number"), {text_column("x", {"1"})}).error,
            "invalid: column 'x' is utf8, expected float64, float32 or integers");
  EXPECT_EQ(run(echo("number32"), {column<double>("x", "g", {1})}).error,
            "invalid: column 'x' is float64, expected float32");
  EXPECT_EQ(run(echo("integer"), {column<double>("x", "g", {1})}).error,
            "invalid: column 'x' is float64, expected integers");
  EXPECT_EQ(run(echo("boolean"), {column<std::int8_t>("x", "c", {1})}).error,
            "invalid: column 'x' is int8, expected bool");
  EXPECT_EQ(run(echo("string"), {column<double>("x", "vu", {1})}).error,
            "invalid: column 'x' is 'vu', expected utf8 or large_utf8");
}

template <typename T>
void expect_number(const std::string& format, std::vector<T> values, std::vector<double> expected) {
  const auto answer = run(echo("number"), {column<T>("x", format, values)});
  ASSERT_EQ(answer.error, std::nullopt) << format;
  EXPECT_EQ(answer.f64[0], expected) << format;
}

TEST(Capi, TakesEveryNumberFormatForANumber) {
  expect_number<double>("g", {0.1, -1e300}, {0.1, -1e300});
  expect_number<float>("f", {0.1F}, {0.10000000149011612});
  expect_number<std::int8_t>("c", {-128}, {-128});
  expect_number<std::uint8_t>("C", {255}, {255});
  expect_number<std::int16_t>("s", {-32768}, {-32768});
  expect_number<std::uint16_t>("S", {65535}, {65535});
  expect_number<std::int32_t>("i", {-2147483647}, {-2147483647});
  expect_number<std::uint32_t>("I", {4294967295U}, {4294967295.0});
  expect_number<std::int64_t>("l", {9007199254740993}, {9007199254740992.0});
  expect_number<std::uint64_t>("L", {~std::uint64_t{0}}, {18446744073709551616.0});
}

TEST(Capi, RefusesAnIntegerBeyondInt64) {
  const auto plan = echo("integer");
  EXPECT_EQ(run(plan, {column<std::uint64_t>("x", "L", {7})}).i64[0],
            (std::vector<std::int64_t>{7}));
  EXPECT_EQ(run(plan, {column<std::uint64_t>("x", "L", {7, std::uint64_t{1} << 63})}).error,
            "invalid: column 'x', row 1: the number is beyond int64");
}

// Row i of the batch stands at the batch's offset, plus the child's, plus i.
TEST(Capi, HonoursTheOffsetsOfTheBatchAndOfEachColumn) {
  Column x = with_nulls(column<double>("x", "g", {0, 1, 2, 3, 4, 5}), {0b101111});
  x.offset = 2;
  x.length = 4;
  const auto answer = run(echo("number"), {x}, {}, 3, 1);
  EXPECT_EQ(answer.f64[0][0], 3);
  EXPECT_TRUE(std::isnan(answer.f64[0][1]));
  EXPECT_EQ(answer.f64[0][2], 5);
  EXPECT_EQ(run(echo("number"), {x}, {}, 4, 1).error, "invalid: column 'x' has 4 rows, expected 5");
}

TEST(Capi, ReadsBooleansFromBits) {
  Column x = with_nulls(column<std::uint8_t>("x", "b", {0b10110101, 0b1}), {0xFF, 0b0});
  x.offset = 3;
  x.length = 6;
  const auto answer = run(echo("boolean"), {x});
  EXPECT_EQ(std::vector<double>(answer.f64[0].begin(), answer.f64[0].begin() + 5),
            (std::vector<double>{0, 1, 1, 0, 1}));
  EXPECT_TRUE(std::isnan(answer.f64[0][5])) << "null";
}

TEST(Capi, ReadsTextsOfBothWidths) {
  const std::vector<std::string> values = {"\u00E9", "", "a", "b"};
  const auto plan = echo("string");
  const std::vector<std::int64_t> codes = {1, 2, 0, -1};
  EXPECT_EQ(run(plan, {text_column<std::int32_t>("x", values)}).i64[0], codes);
  EXPECT_EQ(run(plan, {text_column<std::int64_t>("x", values)}).i64[0], codes);
  EXPECT_EQ(run(plan, {with_nulls(text_column("x", values), {0b1101})}).i64[0],
            (std::vector<std::int64_t>{1, -1, 0, -1}))
      << "null and empty are two values";
}

TEST(Capi, RefusesATextThatIsNotUtf8OrEndsBeforeItStarts) {
  EXPECT_EQ(run(echo("string"), {text_column("x", {"a", "\xFF"})}).error,
            "invalid: column 'x', row 1: the text is not UTF-8");
  Column backwards = column<std::int32_t>("x", "u", {0, 1, 0});
  backwards.text = "a";
  backwards.length = 2;
  EXPECT_EQ(run(echo("string"), {backwards}).error,
            "invalid: column 'x', row 1: the text ends before it starts");
}

template <typename Start>
Column list_column(const std::vector<Start>& starts, Column texts) {
  Column list = column("x", sizeof(Start) == 4 ? "+l" : "+L", starts);
  list.length = static_cast<std::int64_t>(starts.size()) - 1;
  list.children.push_back(std::move(texts));
  return list;
}

TEST(Capi, ReadsListsOfTextsOfBothWidths) {
  const auto plan = echo("tokens");
  const std::vector<std::string> texts = {"z", "a", "", "a", "\u00E9", "a"};
  const std::vector<double> counts = {2, 1, 0, 0, 1, 0};
  const auto narrow =
      list_column<std::int32_t>({1, 4, 4, 6}, text_column<std::int64_t>("item", texts));
  EXPECT_EQ(run(plan, {narrow}).f64[0], counts);
  auto wide = list_column<std::int64_t>({1, 4, 4, 6}, text_column<std::int32_t>("item", texts));
  EXPECT_EQ(run(plan, {wide}).f64[0], counts);
  wide.offset = 1;
  wide.length = 2;
  EXPECT_EQ(run(plan, {wide}).f64[0], (std::vector<double>{0, 0, 1, 0}));
  wide.children[0].offset = 1;
  wide.children[0].length = 5;
  wide = list_column<std::int64_t>({0, 3, 3, 5}, wide.children[0]);
  EXPECT_EQ(run(plan, {wide}).f64[0], counts) << "the texts' own offset";
  EXPECT_EQ(run(plan, {with_nulls(wide, {0b101})}).f64[0], (std::vector<double>{2, 1, 0, 0, 1, 0}));
  EXPECT_EQ(run(echo("tokens", false), {with_nulls(wide, {0b101})}).sentences,
            (std::vector<std::string>{"missing: column 'x' is missing; the model needs it"}));
}

TEST(Capi, RefusesListsThatAreNotOfTexts) {
  const auto plan = echo("tokens");
  const auto error = [&](Column list) { return run(plan, {std::move(list)}).error; };
  EXPECT_EQ(error(list_column<std::int32_t>({0, 2}, text_column("item", {"a"}))),
            "invalid: column 'x', row 0: the list is no part of 1 texts");
  EXPECT_EQ(error(list_column<std::int32_t>({0, 1, 0}, text_column("item", {"a"}))),
            "invalid: column 'x', row 1: the list is no part of 1 texts");
  EXPECT_EQ(error(list_column<std::int32_t>({0, 1}, with_nulls(text_column("item", {"a"}), {0}))),
            "invalid: column 'x', row 0: the list holds a null, expected texts");
  EXPECT_EQ(error(list_column<std::int32_t>({0, 1}, text_column("item", {"\xFF"}))),
            "invalid: column 'x', row 0: the text is not UTF-8");
  EXPECT_EQ(error(list_column<std::int32_t>({0, 1}, column<double>("item", "g", {1}))),
            "invalid: column 'x' is '+l', expected a list or large_list of utf8 or large_utf8");
}

TEST(Capi, ReadsAMatrixWithNullRowsAndNullCells) {
  Column list{.name = "x", .format = "+w:2"};
  list.children.push_back(
      with_nulls(column<double>("item", "g", {9, 9, 1, 2, 3, 4, 5, 6}), {0xDF}));
  list.nulls = {0b0111};
  list.offset = 1;
  list.length = 3;
  const auto answer = run(echo("number[2]"), {list});
  ASSERT_EQ(answer.error, std::nullopt);
  const auto& cells = answer.f64[0];
  EXPECT_EQ(std::vector<double>(cells.begin(), cells.begin() + 3), (std::vector<double>{1, 2, 3}));
  EXPECT_TRUE(std::isnan(cells[3])) << "a null cell";
  EXPECT_TRUE(std::isnan(cells[4]) && std::isnan(cells[5])) << "a null row";
  list.format = "+w:3";
  EXPECT_EQ(run(echo("number[2]"), {list}).error,
            "invalid: column 'x' is '+w:3', expected a fixed size list of 2 float64");
}

TEST(Capi, ReadsAnArrowNullColumnAsMissingEverywhere) {
  Column x{.name = "x", .format = "n"};
  x.length = 2;
  EXPECT_TRUE(std::isnan(run(echo("number"), {x}).f64[0][1]));
  EXPECT_EQ(run(echo("number", false), {x}).refused, (std::vector<std::int64_t>{0, 1}));
}

TEST(Capi, RefusesBatchesThatAreNoStructs) {
  const auto plan = echo("number");
  Column x = column<double>("x", "g", {1});
  x.wire();
  bascule_result* result = nullptr;
  EXPECT_EQ(text_of(bascule_run(plan.get(), nullptr, &x.schema, &x.array, nullptr, 0, &result)),
            "invalid: the batch is float64 with 0 children, expected a struct ('+s') of 0");
  EXPECT_EQ(run(plan, {x, x}).error, "invalid: the batch has two columns 'x'");
}

TEST(Capi, AnswersThatThereIsNoMemoryAndLives) {
  const auto plan = echo("number");
  Column endless{.name = "x", .format = "n"};
  endless.length = std::int64_t{1} << 61;
  EXPECT_EQ(run(plan, {endless}).error, "unavailable: no memory left");
  EXPECT_EQ(run(plan, {column<double>("x", "g", {1})}).error, std::nullopt);
}

TEST(Capi, LetsManyThreadsShareOnePlan) {
  const auto plan = load(tiny_logistic_package());
  std::vector<std::thread> threads;
  std::vector<int> wrong(4, 0);
  for (std::size_t t = 0; t < wrong.size(); ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const double amount = static_cast<double>(t) + i * 0.01;
        const auto answer =
            run(plan, {column<double>("amount", "g", {amount}), column<double>("age", "g", {0.5})});
        wrong[t] += answer.f64[0][1] != tiny_logistic_score({}, {amount, 0.5}) ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, (std::vector<int>(4, 0)));
}

TEST(Capi, SharesABatchAmongThreadsWithoutATrace) {
  const auto plan = echo("number", false);
  std::vector<double> values(10'001);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = i % 100 == 7 ? NAN : 0.1 * static_cast<double>(i);
  }
  const auto x = column<double>("x", "g", values);
  const auto alone = run(plan, {x});
  ASSERT_EQ(alone.refused.size(), 100);
  for (const std::size_t count : {1, 2, 8}) {
    const auto threads = start_threads(count);
    const auto shared = run(plan, {x}, {}, -1, 0, threads.get());
    EXPECT_EQ(shared.refused, alone.refused);
    EXPECT_EQ(shared.sentences, alone.sentences);
    EXPECT_EQ(shared.null_counts, alone.null_counts);
    ASSERT_EQ(shared.f64[0].size(), alone.f64[0].size());
    EXPECT_EQ(std::memcmp(shared.f64[0].data(), alone.f64[0].data(), values.size() * 8), 0);
  }
}

TEST(Capi, SharedOrNotABatchFailsAtItsFirstFault) {
  const auto plan = echo("string");
  std::vector<std::string> texts(5'000, "a");
  texts[700] = "\xFF";
  texts[4'900] = "\xFE";
  const auto threads = start_threads(4);
  const auto alone = run(plan, {text_column("x", texts)});
  ASSERT_TRUE(alone.error);
  EXPECT_NE(alone.error->find("row 700"), std::string::npos) << *alone.error;
  EXPECT_EQ(run(plan, {text_column("x", texts)}, {}, -1, 0, threads.get()).error, alone.error);
}

TEST(Capi, RefusesCountsOfThreadsThatMakeNoSense) {
  bascule_threads* threads = nullptr;
  EXPECT_EQ(text_of(bascule_threads_start(0, &threads)), "invalid: 0 threads, expected 1 to 1024");
  EXPECT_EQ(text_of(bascule_threads_start(1'025, &threads)),
            "invalid: 1025 threads, expected 1 to 1024");
  EXPECT_EQ(threads, nullptr);
}

TEST(Capi, KeepsAMovedChildAliveAfterItsParent) {
  const auto plan = echo("number");
  Column batch{.name = "", .format = "+s", .children = {column<double>("x", "g", {42})}};
  batch.length = 1;
  batch.wire();
  bascule_result* result = nullptr;
  ASSERT_EQ(
      text_of(bascule_run(plan.get(), nullptr, &batch.schema, &batch.array, nullptr, 0, &result)),
      std::nullopt);
  ArrowSchema schema{};
  ArrowArray array{};
  ASSERT_EQ(text_of(bascule_result_export(result, &schema, &array)), std::nullopt);
  bascule_result_free(result);
  ArrowArray moved = *array.children[0];
  array.children[0]->release = nullptr;
  array.release(&array);
  schema.release(&schema);
  EXPECT_EQ(static_cast<const double*>(moved.buffers[1])[0], 42);
  moved.release(&moved);
}
}  // namespace
}  // namespace bascule::testing
