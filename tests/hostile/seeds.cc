#include "seeds.h"

#include <cstdint>
#include <limits>

#include "engine/testing.h"
#include "package/testing.h"

namespace bascule::hostile {
namespace {

using bascule::testing::integer_tensor;
using bascule::testing::matrix_tensor;
using bascule::testing::NodeSpec;
using bascule::testing::string_tensors;
using bascule::testing::TestGraph;
using bascule::testing::vector_tensor;

Json text(const char* value) {
  return Json(std::string(value));
}
Json whole(std::int64_t value) {
  return Json(value);
}

NodeSpec vectors(const char* role, std::vector<double> values) {
  return {{}, {vector_tensor(role, values)}};
}

// A list of strings beside other tensors and attributes.
NodeSpec strings(const char* role, const std::vector<std::string>& values,
                 Json::Object attrs = {}) {
  return {std::move(attrs), string_tensors(role, values)};
}

}  // namespace

File numbers_seed() {
  return TestGraph()
      .column("a", "number", true)
      .column("b", "number32")
      .column("c", "integer", true)
      .column("d", "boolean")
      .column("m", "number[2]")
      .node("cast", {"column:b"}, "b")
      .node("cast", {"column:c"}, "c")
      .node("cast", {"column:d"}, "d")
      .node("concat", {"column:a", "b", "c", "d", "column:m"}, "x")
      .node("is_missing", {"x"}, "missing")
      .node("fill_missing", {"x"}, "filled", vectors("value", {1, 2, 3, 4, 5, 6}))
      .node("check_finite", {"filled"}, "finite")
      .node("subtract", {"finite"}, "x1", vectors("by", {1, 2, 3, 4, 5, 6}))
      .node("divide", {"x1"}, "x2", vectors("by", {1, 2, 0, 4, 5, 6}))
      .node("multiply", {"x2"}, "x3", vectors("by", {1, 2, 3, 0, 5, 6}))
      .node("add", {"x3"}, "x4", vectors("by", {1, 2, 3, 4, 5, 6}))
      .node("clip", {"x4"}, "x5",
            {{},
             {vector_tensor("low", {-1, -1, -1, -1, -1, -1}),
              vector_tensor("high", {9, 9, 9, 9, 9, 9})}})
      .node("absolute", {"x5"}, "x6")
      .node("log", {"x6"}, "x7")
      .node("exp", {"x7"}, "x8")
      .node("select", {"x8"}, "three", {{}, {integer_tensor("columns", {5, 0, 3})}})
      .node("normalize_rows", {"three"}, "unit", {{{"norm", text("l2")}}, {}})
      .node("softmax", {"unit"}, "soft")
      .node("argmax", {"soft"}, "best")
      .output("missing", "missing", 6)
      .output("proba", "soft", 3)
      .label("predict", "best", 3)
      .package();
}

File float32_seed() {
  return TestGraph()
      .column("m", "number[3]", true)
      .node("mark_missing", {"column:m"}, "marked",
            {{{"float32", Json(true)}, {"value", whole(-1)}}, {}})
      .node("round_float32", {"marked"}, "x")
      .node("exp_float32", {"x"}, "exp")
      .node("sigmoid_float32", {"x"}, "sigmoid")
      .node("softmax_float32", {"x"}, "softmax")
      .node("check_finite", {"x"}, "finite",
            {{{"float32", Json(true)}, {"missing", Json(true)}}, {}})
      .node("linear", {"finite"}, "y",
            {{}, {matrix_tensor("weights", 3, {1, -1, 0.5}), vector_tensor("bias", {0.25})}})
      .node("sigmoid", {"y"}, "p")
      .node("with_complement", {"p"}, "proba")
      .node("greater", {"y"}, "class", {{{"than", whole(0)}}, {}})
      .output("exp", "exp", 3)
      .output("sigmoid", "sigmoid", 3)
      .output("softmax", "softmax", 3)
      .output("proba", "proba", 2)
      .label("predict", "class", 2)
      .package();
}

File categories_seed() {
  NodeSpec take{{}, {vector_tensor("values", {10, 20, 30}), vector_tensor("otherwise", {-1})}};
  NodeSpec dense{{{"width", whole(3)}}, {integer_tensor("position", {0, 1, 2})}};
  NodeSpec sparse{{{"sparse", Json(true)}, {"width", whole(2)}},
                  {integer_tensor("position", {1, -1, 0})}};
  return TestGraph()
      .column("city", "string", true)
      .column("code", "number", true)
      .node("fill_missing_string", {"column:city"}, "filled", {{{"value", text("Oslo")}}, {}})
      .node("lookup_string", {"filled"}, "city",
            strings("categories", {"Rome", "", "\xc3\xa9"},
                    {{"column", whole(0)}, {"refuse_missing", Json(true)}}))
      .node("lookup_number", {"column:code"}, "code",
            {{{"missing", whole(2)}}, {vector_tensor("categories", {1, -1.5, 1e300})}})
      .node("one_hot", {"city"}, "dense", std::move(dense))
      .node("one_hot", {"code"}, "sparse", std::move(sparse))
      .node("take", {"city"}, "taken", std::move(take))
      .node("is_missing", {"column:city"}, "missing")
      .node("concat", {"dense", "sparse", "taken", "missing"}, "x")
      .node("absolute", {"x"}, "positive")
      .node("select", {"positive"}, "chosen", {{}, {integer_tensor("columns", {0, 4, 6})}})
      .node("to_dense_missing", {"chosen"}, "y")
      .output("transform", "y", 3)
      .package();
}

File text_seed() {
  return TestGraph()
      .column("text", "string")
      .node("normalize_text", {"column:text"}, "lower",
            {{{"lowercase", Json(true)}, {"unicode", text("14.0.0")}}, {}})
      .node("tokenize", {"lower"}, "words",
            {{{"column", whole(0)}, {"pattern", text("word")}, {"unicode", text("14.0.0")}}, {}})
      .node("drop_tokens", {"words"}, "kept", strings("words", {"the", "of"}))
      .node("count_tokens", {"kept"}, "counts", strings("vocabulary", {"fox", "quick", "brown"}))
      .node("log", {"counts"}, "logs")
      .node("add_stored", {"logs"}, "smooth", {{{"by", whole(1)}}, {}})
      .node("multiply", {"smooth"}, "weighted", vectors("by", {1, 2, 3}))
      .node("normalize_rows", {"weighted"}, "unit", {{{"norm", text("l2")}}, {}})
      .node("to_dense", {"unit"}, "dense")
      .node(
          "linear", {"unit"}, "y",
          {{}, {matrix_tensor("weights", 3, {1, 2, 3, -1, -2, -3}), vector_tensor("bias", {0, 1})}})
      .output("transform", "dense", 3)
      .output("decision", "y", 2)
      .package();
}

// Tree 0: x0 <= 0.5 ? 1 : (x1 <= inf ? 2 : 3); tree 1 is the leaf 4.
File trees_seed() {
  const double infinity = std::numeric_limits<double>::infinity();
  NodeSpec trees{
      {{"divide_by", whole(2)},
       {"input", text("float32")},
       {"outputs", whole(2)},
       {"sum", text("float64")}},
      {integer_tensor("nodes", {5, 1}), integer_tensor("feature", {0, -1, 1, -1, -1, -1}),
       integer_tensor("right", {2, 4}), vector_tensor("threshold", {0.5, infinity}),
       integer_tensor("missing_left", {1, 0}), matrix_tensor("leaf", 1, {1, 2, 3, 4}),
       integer_tensor("output", {1, 0}), vector_tensor("base", {0.25, 0}),
       integer_tensor("cover", {9, 4, 5, 2, 3, 9}), integer_tensor("id", {0, 4, 1, 3, 2, 0})}};
  return TestGraph()
      .column("m", "number[2]", true)
      .node("tree_ensemble", {"column:m"}, "y", std::move(trees))
      .output("predict", "y", 2)
      .package();
}

std::vector<Seed> seeds() {
  return {{"logistic.bascule", tiny_logistic_package()},
          {"numbers.bascule", numbers_seed()},
          {"float32.bascule", float32_seed()},
          {"categories.bascule", categories_seed()},
          {"text.bascule", text_seed()},
          {"trees.bascule", trees_seed()}};
}

}  // namespace bascule::hostile
