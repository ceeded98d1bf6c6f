#include "api/rows_decoder.h"

#include <gtest/gtest.h>

#include <cmath>

#include "api/handler.h"
#include "base/limits.h"
#include "package/manifest.h"

namespace bascule {
namespace {

InputColumn column(std::string name, ColumnType type, bool nullable = false) {
  InputColumn out;
  out.name = std::move(name);
  out.type = type;
  out.nullable = nullable;
  return out;
}

// A column of every type that JSON rows carry.
std::vector<InputColumn> mixed_columns() {
  return {column("amount", {ColumnKind::kNumber, 1}),
          column("age", {ColumnKind::kInteger, 1}),
          column("country", {ColumnKind::kString, 1}, true),
          column("member", {ColumnKind::kBoolean, 1}),
          column("limit", {ColumnKind::kNumber, 1}, true),
          column("small", {ColumnKind::kNumber32, 1}),
          column("x", {ColumnKind::kMatrix, 3}),
          column("charge", {ColumnKind::kInteger, 1}),
          column("at", {ColumnKind::kString, 1}),
          column("say \"hi\"", {ColumnKind::kNumber, 1}),
          column("tags", {ColumnKind::kTokens, 1}, true)};
}

std::shared_ptr<LiveSet> live_set(std::vector<InputColumn> columns = mixed_columns()) {
  Manifest manifest;
  manifest.inputs = std::move(columns);
  const std::vector<const Manifest*> versions{&manifest};
  auto set = std::make_shared<LiveSet>();
  set->model = "fraud/charge";
  set->columns = std::make_shared<Columns>(*Columns::unite(versions));
  set->segments = {"channel"};
  return set;
}

class RowsDecoder : public ::testing::Test {
 protected:
  Result<RowsRequest> decode(std::string_view text) {
    body_ = text;
    body_.append(kBodyPadding, '\0');
    return decode_rows(parser_, {body_.data(), text.size()}, *set);
  }
  // The row's problem, as "code column"; empty when it has none.
  std::string problem(std::string_view row) {
    const auto request = decode(fmt::format(R"({{"row":{}}})", row));
    if (!request) {
      return "body: " + request.error().message;
    }
    const RowProblem* bad = request->batch.bad(0);
    return bad == nullptr ? "" : bad->code + " " + bad->column;
  }
  std::string refusal(std::string_view text) {
    const auto request = decode(text);
    return request ? "" : request.error().message;
  }
  std::size_t at(std::string_view name) const { return *set->columns->find(name); }

  std::shared_ptr<LiveSet> set = live_set();

 private:
  JsonParser parser_;
  std::string body_;
};

TEST_F(RowsDecoder, ReadsEveryTypeIntoItsColumn) {
  const auto request =
      decode(R"({"row":{"amount":1.5,"age":7.0,"country":"D\u00e9\n","member":true,"limit":null,)"
             R"("small":0.1,"x":[1,2,3.5],"say \"hi\"":4}})");
  ASSERT_TRUE(request) << request.error().message;
  const RowBatch& batch = request->batch;
  EXPECT_TRUE(request->single);
  EXPECT_EQ(batch.bad_count(), 0U);
  EXPECT_EQ(batch.view(at("amount"), 0).f64()[0], 1.5);
  EXPECT_EQ(batch.view(at("age"), 0).i64()[0], 7);
  EXPECT_EQ(batch.view(at("country"), 0).strings()[0], "D\u00e9\n");
  EXPECT_EQ(batch.view(at("member"), 0).boolean()[0], 1);
  EXPECT_EQ(batch.state(0, at("limit")), CellState::kNull);
  EXPECT_EQ(batch.view(at("small"), 0).f32()[0], 0.1F);
  EXPECT_EQ(batch.view(at("x"), 0).f64()[2], 3.5);
  EXPECT_EQ(batch.view(at("say \"hi\""), 0).f64()[0], 4);
  EXPECT_EQ(batch.state(0, at("charge")), CellState::kAbsent);
}

// What is logged of a bad row is what was sent and fits: not the rest of a list.
TEST_F(RowsDecoder, AListWithAWrongElementHasNoValue) {
  for (const char* row : {R"({"tags":["a",1,"b"]})", R"({"x":[1,"a",2]})",
                          R"({"x":{"indices":[0,1],"values":[1,"a"]}})", R"({"x":[1,2,null]})"}) {
    const auto request = decode(fmt::format(R"({{"row":{}}})", row));
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->batch.bad_count(), 1U) << row;
    EXPECT_EQ(request->batch.features_json(0), "{}") << row;
  }
}

TEST_F(RowsDecoder, ReadsSparseVectorsInAnyOrder) {
  for (const char* text : {R"({"row":{"x":{"indices":[2,0],"values":[3.5,1]}}})",
                           R"({"row":{"x":{"v\u0061lues":[1,3.5],"indices":[0,2.0]}}})"}) {
    const auto request = decode(text);
    ASSERT_TRUE(request) << request.error().message;
    EXPECT_EQ(request->batch.bad_count(), 0U);
    const double* x = request->batch.view(at("x"), 0).f64();
    EXPECT_EQ(x[0], 1);
    EXPECT_EQ(x[1], 0);
    EXPECT_EQ(x[2], 3.5);
  }
  const auto empty = decode(R"({"row":{"x":{"indices":[],"values":[]}}})");
  EXPECT_EQ(empty->batch.view(at("x"), 0).f64()[1], 0);
}

TEST_F(RowsDecoder, SaysWhatIsWrongWithASparseVector) {
  const auto got = [&](std::string_view cell) {
    const auto request = decode(fmt::format(R"({{"row":{{"x":{}}}}})", cell));
    if (!request) {
      return "body: " + request.error().message;
    }
    const RowProblem* bad = request->batch.bad(0);
    return bad == nullptr ? "" : bad->got;
  };
  EXPECT_EQ(got(R"({"indices":[0]})"), "an object without 'indices' and 'values'");
  EXPECT_EQ(got(R"({"indices":[0],"values":[1,2]})"), "1 indices with 2 values");
  EXPECT_EQ(got(R"({"indices":[3],"values":[1]})"),
            "one with an index that is no whole number from 0 to 2");
  EXPECT_EQ(got(R"({"indices":[-1],"values":[1]})"),
            "one with an index that is no whole number from 0 to 2");
  EXPECT_EQ(got(R"({"indices":["0"],"values":[1]})"),
            "one with an index that is no whole number from 0 to 2");
  EXPECT_EQ(got(R"({"indices":[1,1],"values":[1,2]})"), "one with the index 1 twice");
  EXPECT_EQ(got(R"({"indices":[1],"values":[1],"shape":[3]})"), "an object with the key 'shape'");
  EXPECT_EQ(got(R"({"indices":[1],"values":[1],"values":[2]})"),
            "an object with the key 'values' twice");
  EXPECT_EQ(got(R"({"indices":1,"values":[1]})"), "an object whose 'indices' is no list");
  EXPECT_EQ(problem(R"({"x":{"indices":[0],"values":[null]}})"), "wrong_type x");
  EXPECT_EQ(problem(R"({"x":{"indices":[0],"values":[{}]}})"), "wrong_type x");
  EXPECT_NE(got(R"({"indices":[0)"), "");
}

TEST_F(RowsDecoder, FindsColumnsInAnyOrderAndWithEscapes) {
  const auto request = decode(R"({"row":{"member":false,"\u0061ge":1,"amount":2}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->batch.view(at("age"), 0).i64()[0], 1);
  EXPECT_EQ(request->batch.view(at("amount"), 0).f64()[0], 2);
}

TEST_F(RowsDecoder, ReadsListsOfTextsAcrossBlocksOfRows) {
  std::string text = R"({"rows":[{"row":{"tags":["a","d\u00e9",""]}},{"row":{"tags":null}})";
  for (std::size_t row = 2; row < limits::kBlockRows; ++row) {
    text += R"(,{"row":{}})";
  }
  text += R"(,{"row":{"tags":[]}},{"row":{"tags":["b"]}}]})";
  const auto request = decode(text);
  ASSERT_TRUE(request) << request.error().message;
  const RowBatch& batch = request->batch;
  EXPECT_EQ(batch.bad_count(), 0U);
  const View first = batch.view(at("tags"), 0);
  EXPECT_EQ(first.starts()[0], 0U);
  for (std::size_t row = 1; row <= limits::kBlockRows; ++row) {
    ASSERT_EQ(first.starts()[row], 3U) << row;
  }
  EXPECT_EQ(first.tokens()[1], "d\u00e9");
  EXPECT_TRUE(first.is_valid(0));
  EXPECT_FALSE(first.is_valid(1));
  const View second = batch.view(at("tags"), limits::kBlockRows);
  EXPECT_TRUE(second.is_valid(0)) << "an empty list is a value";
  EXPECT_EQ(second.starts()[0], second.starts()[1]);
  EXPECT_EQ(second.starts()[2] - second.starts()[1], 1U);
  EXPECT_EQ(second.tokens()[second.starts()[1]], "b");
  EXPECT_EQ(batch.features_json(0), "{\"tags\":[\"a\",\"d\u00e9\",\"\"]}");
  EXPECT_EQ(batch.features_json(1), R"({"tags":null})");
  EXPECT_EQ(batch.features_json(limits::kBlockRows), R"({"tags":[]})");
  EXPECT_EQ(batch.features_json(limits::kBlockRows + 1), R"({"tags":["b"]})");
}

TEST_F(RowsDecoder, RefusesListsThatHoldMoreThanTexts) {
  EXPECT_EQ(problem(R"({"tags":"a"})"), "wrong_type tags");
  EXPECT_EQ(problem(R"({"tags":["a",1]})"), "wrong_type tags");
  EXPECT_EQ(problem(R"({"tags":["a",null]})"), "wrong_type tags");
  EXPECT_EQ(problem(R"({"tags":["a",["b"]]})"), "wrong_type tags");
  EXPECT_EQ(problem(R"({"tags":{"a":"b"}})"), "wrong_type tags");
  const auto request = decode(
      R"({"rows":[{"row":{"tags":["a"]}},{"row":{"tags":["b",2,"c"]}},{"row":{"tags":["d"]}}]})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->batch.bad(1)->message,
            "column 'tags' must be a list of texts, not the number 2");
  EXPECT_EQ(request->batch.features_json(2), R"({"tags":["d"]})");
}

TEST_F(RowsDecoder, LimitsTheBytesOfAListAndCountsEachText) {
  const auto list = [](std::size_t texts, std::size_t bytes) {
    std::string text = R"({"tags":["","")";
    for (std::size_t i = 2; i < texts; ++i) {
      text += R"(,"")";
    }
    return text + R"(,")" + std::string(bytes, 'x') + R"("]})";
  };
  EXPECT_EQ(problem(list(100, limits::kStringBytes - 101)), "");
  EXPECT_EQ(problem(list(100, limits::kStringBytes - 100)), "too_long tags");
  EXPECT_EQ(problem(list(limits::kStringBytes, 0)), "too_long tags");
}

TEST_F(RowsDecoder, LeavesTheNeighboursOfABadRowAlone) {
  const auto request = decode(
      R"({"rows":[{"row":{"amount":1}},{"row":{"amount":"x","age":3}},{"row":{"amount":2}}]})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->batch.bad_count(), 1U);
  EXPECT_EQ(request->batch.bad(1)->message, "column 'amount' must be a number, not the text \"x\"");
  EXPECT_EQ(request->batch.view(at("amount"), 0).f64()[0], 1);
  EXPECT_EQ(request->batch.view(at("amount"), 0).f64()[2], 2);
}

TEST_F(RowsDecoder, NamesTheProblemOfARow) {
  EXPECT_EQ(problem(R"({"amount":"1"})"), "wrong_type amount");
  EXPECT_EQ(problem(R"({"amount":true})"), "wrong_type amount");
  EXPECT_EQ(problem(R"({"amount":[1]})"), "wrong_type amount");
  EXPECT_EQ(problem(R"({"amount":{"a":1}})"), "wrong_type amount");
  EXPECT_EQ(problem(R"({"amount":null})"), "null amount");
  EXPECT_EQ(problem(R"({"amount":1e400})"), "out_of_range amount");
  EXPECT_EQ(problem(R"({"age":7.5})"), "wrong_type age");
  EXPECT_EQ(problem(R"({"age":9223372036854775808})"), "out_of_range age");
  EXPECT_EQ(problem(R"({"country":1})"), "wrong_type country");
  EXPECT_EQ(problem(R"({"member":1})"), "wrong_type member");
  EXPECT_EQ(problem(R"({"small":1e39})"), "out_of_range small");
  EXPECT_EQ(problem(R"({"x":[1,2]})"), "wrong_type x");
  EXPECT_EQ(problem(R"({"x":[1,2,3,4]})"), "wrong_type x");
  EXPECT_EQ(problem(R"({"x":[1,null,3]})"), "wrong_type x");
  EXPECT_EQ(problem(R"({"x":[1,"a",3]})"), "wrong_type x");
  EXPECT_EQ(problem(R"({"x":1})"), "wrong_type x");
  EXPECT_EQ(problem(R"(5)"), "wrong_type ");
  EXPECT_EQ(problem(R"({"nothing":1})"), "unknown_column nothing");
}

TEST_F(RowsDecoder, SuggestsTheNearestColumn) {
  const auto request = decode(R"({"row":{"amuont":1}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->batch.bad(0)->message,
            "the model does not know the column 'amuont'; did you mean 'amount'?");
}

TEST_F(RowsDecoder, KeepsOnlyTheFirstProblemOfARow) {
  EXPECT_EQ(problem(R"({"age":7.5,"amount":"x"})"), "wrong_type age");
}

TEST_F(RowsDecoder, LimitsTheBytesOfAText) {
  const auto text = [](std::size_t bytes) {
    return fmt::format(R"({{"country":"{}"}})", std::string(bytes, 'x'));
  };
  EXPECT_EQ(problem(text(limits::kStringBytes)), "");
  EXPECT_EQ(problem(text(limits::kStringBytes + 1)), "too_long country");
}

TEST_F(RowsDecoder, IgnoresExtraColumnsWhenTheModelSaysSo) {
  set->ignore_extra_columns = true;
  EXPECT_EQ(problem(R"({"extra":{"deep":[1,"a",null,true]},"amount":1})"), "");
  EXPECT_EQ(problem(R"({"extra":tru,"amount":1})").substr(0, 5), "body:");
  EXPECT_EQ(problem(R"({"extra":01,"amount":1})").substr(0, 5), "body:");
  EXPECT_EQ(problem(R"({"extra":"\ud800","amount":1})").substr(0, 5), "body:");
}

TEST_F(RowsDecoder, ReadsTheEnvelope) {
  const auto request =
      decode(R"({"outputs":["predict"],"rows":[{"id":"r1","key":17,"entity":"card","amount":12.5,)"
             R"("time":"2026-11-24T12:00:00Z","segments":{"channel":"web"},"row":{"amount":1}}]})");
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_FALSE(request->single);
  EXPECT_EQ(request->outputs, std::vector<std::string>{"predict"});
  const Envelope& envelope = request->batch.envelope(0);
  EXPECT_EQ(envelope.id, "r1");
  EXPECT_EQ(envelope.key, "17");
  EXPECT_EQ(envelope.entity, "card");
  EXPECT_EQ(envelope.amount, 12.5);
  EXPECT_EQ(envelope.time, *parse_time("2026-11-24T12:00:00Z"));
  EXPECT_EQ(envelope.segments.at(0), (std::pair<std::string, std::string>("channel", "web")));
}

TEST_F(RowsDecoder, MarksARowWhoseEnvelopeIsWrong) {
  const auto bad = [&](std::string_view envelope) {
    const auto request =
        decode(fmt::format(R"({{"rows":[{{"row":{{"amount":1}},{}}}]}})", envelope));
    return request ? request->batch.bad(0)->code : request.error().message;
  };
  EXPECT_EQ(bad(R"("key":1.5)"), "wrong_type");
  EXPECT_EQ(bad(R"("key":{"a":1})"), "wrong_type");
  EXPECT_EQ(bad(R"("amount":"1")"), "wrong_type");
  EXPECT_EQ(bad(R"("time":"yesterday")"), "invalid");
  EXPECT_EQ(bad(R"("time":5)"), "wrong_type");
  EXPECT_EQ(bad(R"("segments":{"shop":"a"})"), "unknown_segment");
  EXPECT_EQ(bad(R"("segments":{"channel":1})"), "wrong_type");
  EXPECT_EQ(bad(fmt::format(R"("key":"{}")", std::string(limits::kKeyBytes + 1, 'k'))), "too_long");
  EXPECT_EQ(bad(fmt::format(R"("segments":{{"channel":"{}"}})",
                            std::string(limits::kSegmentValueBytes + 1, 'k'))),
            "too_long");
}

TEST_F(RowsDecoder, TakesTheEnvelopeFromColumnsThatTheModelKnows) {
  set->key_column = "charge";
  set->entity_column = "country";
  set->amount_column = "amount";
  set->time_column = "at";
  const auto request = decode(R"({"row":{"charge":9007199254740993,"country":"DE","amount":3,)"
                              R"("at":"2026-11-24T12:00:00Z"}})");
  ASSERT_TRUE(request);
  const Envelope& envelope = request->batch.envelope(0);
  EXPECT_EQ(envelope.key, "9007199254740993");
  EXPECT_EQ(envelope.entity, "DE");
  EXPECT_EQ(envelope.amount, 3);
  EXPECT_TRUE(envelope.time);
  EXPECT_EQ(problem(R"({"at":"yesterday"})"), "invalid at");
}

TEST_F(RowsDecoder, TakesTheEnvelopeFromColumnsThatTheModelDoesNotKnow) {
  set->key_column = "charge_id";
  const auto request = decode(R"({"row":{"charge_id":"ch_1","amount":3}})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->batch.bad_count(), 0U);
  EXPECT_EQ(request->batch.envelope(0).key, "ch_1");
}

TEST_F(RowsDecoder, PrefersTheEnvelopeThatWasSent) {
  set->key_column = "charge";
  const auto request = decode(R"({"row":{"charge":1},"key":"sent"})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->batch.envelope(0).key, "sent");
}

TEST_F(RowsDecoder, RefusesBodiesThatAreNotWhatTheInterfaceAsksFor) {
  EXPECT_EQ(refusal(""), "the body is empty; a JSON object is expected");
  EXPECT_NE(refusal("[1]"), "");
  EXPECT_NE(refusal("{}"), "");
  EXPECT_NE(refusal(R"({"rows":{}})"), "");
  EXPECT_EQ(refusal(R"({"rows":[]})"), "'rows' is empty");
  EXPECT_NE(refusal(R"({"rows":[5]})"), "");
  EXPECT_NE(refusal(R"({"key":"a"})"), "");
  EXPECT_NE(refusal(R"({"rows":[{"row":{}}],"row":{}})"), "");
  EXPECT_NE(refusal(R"({"row":{},"rows":[{"row":{}}]})"), "");
  EXPECT_NE(refusal(R"({"row":{},"outputs":[]})"), "");
  EXPECT_NE(refusal(R"({"row":{},"outputs":[1]})"), "");
  EXPECT_NE(refusal(R"({"row":{},"rwo":1})").find("unknown key 'rwo'"), std::string::npos);
  EXPECT_NE(refusal(R"({"rows":[{"row":{},"kye":1}]})").find("unknown key 'kye'"),
            std::string::npos);
}

TEST_F(RowsDecoder, RefusesRepeatedKeysByName) {
  EXPECT_EQ(refusal(R"({"row":{"amount":1,"amount":2}})"),
            "rows[0].row: the key 'amount' stands twice");
  EXPECT_EQ(refusal(R"({"row":{"amount":1,"\u0061mount":2}})"),
            "rows[0].row: the key 'amount' stands twice");
  EXPECT_EQ(refusal(R"({"rows":[{"row":{},"id":"a","id":"b"}]})"),
            "rows[0]: the key 'id' stands twice");
  EXPECT_EQ(refusal(R"({"rows":[{"row":{}}],"rows":[]})"), "the key 'rows' stands twice");
}

TEST_F(RowsDecoder, RefusesBrokenJson) {
  for (const std::string_view text :
       {R"({"row":{"amount":1})", R"({"row":{"amount":1}}})", R"({"row":{"amount":1}} x)",
        R"({"row":{"amount" 1}})", R"({"row":{"amount":1 "age":2}})", R"({"row":{"amount":tru}})",
        R"({"row":{"country":nul}})", R"({"row":{"country":"a)", R"({"row":{"amount":01}})",
        R"({"row":{"amount":NaN}})", R"({"row":{amount:1}})", R"({"row":{"amount":1,}})",
        R"({"rows":[{"row":{"amount":1}},]})", R"({"row":{"country":"\x"}})",
        R"({"row":{"country":"\ud800"}})", "{\"row\":{\"country\":\"a\nb\"}}",
        "{\"row\":{\"country\":\"\xff\"}}", "{\"row\":{}}\x01", "\xef\xbb\xbf{\"row\":{}}"}) {
    EXPECT_NE(refusal(text), "") << text;
  }
}

TEST_F(RowsDecoder, RefusesEveryProperPrefixOfABody) {
  const std::string body =
      R"({"rows":[{"row":{"amount":1.5,"country":"a\"b","x":[1,2,3]},"id":"r"}],"outputs":["p"]})";
  ASSERT_EQ(refusal(body), "");
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_NE(refusal(body.substr(0, size)), "") << size;
  }
}

TEST_F(RowsDecoder, LimitsDepth) {
  set->ignore_extra_columns = true;
  // The body, the row and the cell's own list are around the inner lists.
  const auto nested = [](std::size_t depth) {
    return fmt::format(R"({{"row":{{"extra":{}{}}}}})", std::string(depth, '['),
                       std::string(depth, ']'));
  };
  EXPECT_EQ(refusal(nested(limits::kJsonDepth - 4)), "");
  EXPECT_NE(refusal(nested(limits::kJsonDepth - 3)).find("nested deeper"), std::string::npos);
  EXPECT_NE(refusal(nested(600)), "");
  EXPECT_NE(refusal(nested(100'000)), "");
  EXPECT_NE(refusal(std::string(100'000, '[')), "");
}

std::string empty_rows(std::size_t count) {
  std::string text = R"({"rows":[{"row":{}})";
  for (std::size_t i = 1; i < count; ++i) {
    text += R"(,{"row":{}})";
  }
  return text + "]}";
}

TEST_F(RowsDecoder, LimitsRows) {
  EXPECT_EQ(refusal(empty_rows(limits::kHttpRows)), "");
  const auto request = decode(empty_rows(limits::kHttpRows + 1));
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, Code::kTooLarge);
}

// A small body asks for much memory when its rows are wide and empty.
TEST_F(RowsDecoder, LimitsTheMemoryOfWideRows) {
  set = live_set({column("wide", {ColumnKind::kMatrix, limits::kDenseWidth})});
  const std::size_t most = limits::kBatchBytes / set->columns->row_bytes();
  EXPECT_EQ(refusal(empty_rows(most)), "");
  const auto request = decode(empty_rows(most + 1));
  ASSERT_FALSE(request);
  EXPECT_EQ(request.error().code, Code::kTooLarge);
}

// A plan would read them all the same, and there would be nothing to read.
TEST(Columns, RefuseATypeThatABatchOfRowsCannotHold) {
  for (const ColumnKind kind : {ColumnKind::kSparse, ColumnKind::kDict}) {
    Manifest manifest;
    manifest.inputs = {column("z", {kind, 2})};
    const Manifest* versions = &manifest;
    const auto columns = Columns::unite(std::span(&versions, 1));
    ASSERT_FALSE(columns);
    EXPECT_EQ(columns.error().code, Code::kUnsupported);
    EXPECT_NE(columns.error().message.find("column 'z' is "), std::string::npos);
  }
}

}  // namespace
}  // namespace bascule
