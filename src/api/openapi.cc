#include "api/openapi.h"

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "base/json_writer.h"

namespace bascule {
namespace {

// What is worth a form of its own; the pages of docs/ tell the rest.
constexpr std::string_view kSchemas = R"({
"Problem":{"type":"object","description":"RFC 9457, with the sentence in `error` too",
 "properties":{"type":{"type":"string"},"title":{"type":"string"},"status":{"type":"integer"},
  "detail":{"type":"string"},"error":{"type":"string"},"code":{"type":"string"}},
 "required":["error","code"]},
"Envelope":{"type":"object","required":["row"],"properties":{
 "row":{"type":"object","description":"the model's columns; null is a missing value"},
 "id":{"type":"string"},"key":{"type":"string","description":"labels join on it"},
 "entity":{"type":"string"},"segments":{"type":"object","additionalProperties":{"type":"string"}},
 "amount":{"type":"number"},"time":{"type":"string","format":"date-time"}}},
"ScoreRequest":{"type":"object","properties":{
 "rows":{"type":"array","maxItems":10000,"items":{"$ref":"#/components/schemas/Envelope"}},
 "columns":{"type":"object","additionalProperties":{"type":"array"}},
 "outputs":{"type":"array","items":{"type":"string"}}}},
"Predictions":{"type":"object","properties":{"predictions":{"type":"array"}}},
"PredictRequest":{"type":"object","properties":{"instances":{"type":"array"},
 "inputs":{},"dataframe_records":{"type":"array","items":{"type":"object"}},
 "dataframe_split":{"type":"object","properties":{
  "columns":{"type":"array","items":{"type":"string"}},
  "data":{"type":"array","items":{"type":"array"}}}},
 "params":{"type":"object"}}},
"Tensor":{"type":"object","required":["name","datatype","shape"],"properties":{
 "name":{"type":"string"},"datatype":{"type":"string","enum":["BOOL","INT8","INT16","INT32","INT64",
  "UINT8","UINT16","UINT32","UINT64","FP16","FP32","FP64","BYTES"]},
 "shape":{"type":"array","items":{"type":"integer"}},"data":{"type":"array"},
 "parameters":{"type":"object"}}},
"InferRequest":{"type":"object","required":["inputs"],"properties":{"id":{"type":"string"},
 "parameters":{"type":"object"},
 "inputs":{"type":"array","items":{"$ref":"#/components/schemas/Tensor"}},
 "outputs":{"type":"array","items":{"type":"object","required":["name"],
  "properties":{"name":{"type":"string"},"parameters":{"type":"object"}}}}}}})";

// `{name}` and the like as OpenAPI writes them.
std::string openapi_path(std::string_view pattern) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kNames{
      {{"{name}", "{team}/{model}"}, {"{v}", "{version}"}}};
  std::string path(pattern);
  for (const auto& [ours, theirs] : kNames) {
    if (const auto at = path.find(ours); at != std::string::npos) {
      path.replace(at, ours.size(), theirs);
    }
  }
  return path;
}

std::vector<std::string> parameters_of(std::string_view path) {
  std::vector<std::string> names;
  for (auto open = path.find('{'); open != std::string_view::npos;
       open = path.find('{', open + 1)) {
    names.emplace_back(path.substr(open + 1, path.find('}', open) - open - 1));
  }
  return names;
}

std::string_view request_schema(std::string_view path) {
  if (path.ends_with("/score")) {
    return "ScoreRequest";
  }
  if (path.ends_with(":predict") || path == "/invocations") {
    return "PredictRequest";
  }
  return path.ends_with("/infer") ? "InferRequest" : "";
}

void write_body(JsonWriter& json, const Route& route, std::string_view path) {
  const bool package = path.ends_with("/versions");
  const auto schema = request_schema(path);
  json.key("requestBody").object([&] {
    json.key("content").object([&] {
      json.key(package ? "application/octet-stream" : "application/json").object([&] {
        json.key("schema").object([&] {
          if (schema.empty()) {
            json.key("type").string(package ? "string" : "object");
          } else {
            json.key("$ref").string("#/components/schemas/" + std::string(schema));
          }
        });
      });
      if (schema == "ScoreRequest" || schema == "PredictRequest") {
        json.key("text/csv").object([&] {
          json.key("schema").object([&] { json.key("type").string("string"); });
        });
      }
    });
    json.key("description")
        .string("at most " + std::to_string(route.body_limit) + " bytes; gzip and deflate");
  });
}

void write_operation(JsonWriter& json, const Route& route, std::string_view path) {
  json.object([&] {
    json.key("x-bascule-role").string(role_name(route.role));
    json.key("parameters").array([&] {
      for (const auto& name : parameters_of(path)) {
        json.object([&] {
          json.key("name").string(name);
          json.key("in").string("path");
          json.key("required").boolean(true);
          json.key("schema").object([&] { json.key("type").string("string"); });
        });
      }
    });
    if (route.body_limit > 0 && route.method != Method::kGet) {
      write_body(json, route, path);
    }
    json.key("responses").object([&] {
      json.key("2XX").object([&] { json.key("description").string("docs/http-api.md"); });
      json.key("default").object([&] {
        json.key("description").string("an error; docs/errors.md tells the codes");
        json.key("content").object([&] {
          json.key("application/problem+json").object([&] {
            json.key("schema").object(
                [&] { json.key("$ref").string("#/components/schemas/Problem"); });
          });
        });
      });
    });
  });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

}  // namespace

std::string openapi_document(std::span<const Route> routes, std::string_view version) {
  std::map<std::string, std::vector<const Route*>> by_path;
  for (const Route& route : routes) {
    by_path[openapi_path(route.pattern)].push_back(&route);
  }
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("openapi").string("3.1.0");
    json.key("info").object([&] {
      json.key("title").string("Bascule");
      json.key("version").string(version);
    });
    json.key("paths").object([&] {
      for (const auto& [path, methods] : by_path) {
        json.key(path).object([&] {
          for (const Route* route : methods) {
            json.key(lower_case(method_name(route->method)));
            write_operation(json, *route, path);
          }
        });
      }
    });
    // A server without --tokens takes requests without one.
    json.key("security").raw(R"([{},{"token":[]}])");
    json.key("components").object([&] {
      json.key("securitySchemes").raw(R"({"token":{"type":"http","scheme":"bearer"}})");
      json.key("schemas").raw(kSchemas);
    });
  });
  return out;
}

}  // namespace bascule
