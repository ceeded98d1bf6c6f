#include "api/model_schema.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "base/json_writer.h"
#include "base/limits.h"
#include "package/manifest.h"

namespace bascule {
namespace {

constexpr std::size_t kExamples = 20;  // of a column's categories

void write_type(JsonWriter& json, std::string_view type, bool nullable) {
  json.key("type");
  if (!nullable) {
    json.string(type);
    return;
  }
  json.array([&] { json.string(type).string("null"); });
}

// A list of `count` elements, or of any number where it is 0; `missing`: it may be null.
void write_list(JsonWriter& json, std::string_view type, bool nullable, std::size_t count,
                bool missing = false) {
  write_type(json, "array", missing);
  json.key("items").object([&] { write_type(json, type, nullable); });
  if (count > 0) {
    json.key("minItems").integer(static_cast<std::int64_t>(count));
    json.key("maxItems").integer(static_cast<std::int64_t>(count));
  }
}

// A number[k]: all of it, or what is not zero.
void write_matrix(JsonWriter& json, const InputColumn& column) {
  json.key("oneOf").array([&] {
    json.object(
        [&] { write_list(json, "number", column.nullable, column.type.width, column.nullable); });
    json.object([&] {
      write_type(json, "object", false);
      json.key("required").raw(R"(["indices","values"])");
      json.key("additionalProperties").boolean(false);
      json.key("properties").object([&] {
        json.key("indices").object([&] { write_list(json, "integer", false, 0); });
        json.key("values").object([&] { write_list(json, "number", column.nullable, 0); });
      });
    });
  });
}

// What `pack` saw of the column, for people; no value is refused for it.
void write_seen(JsonWriter& json, const InputColumn& column) {
  const Json* range = column.details.find("range");
  double low = 0;
  double high = 0;
  if (range != nullptr && range->array() != nullptr && range->array()->size() == 2 &&
      range->array()->front().number(low) && range->array()->back().number(high)) {
    json.key("description").string(fmt::format("{} to {} in the sample", low, high));
  }
  const Json* categories = column.details.find("categories");
  if (categories != nullptr && categories->array() != nullptr) {
    const auto& all = *categories->array();
    json.key("examples").array([&] {
      for (std::size_t i = 0; i < std::min(all.size(), kExamples); ++i) {
        json.raw(canonical_json(all[i]));
      }
    });
  }
}

void write_column(JsonWriter& json, const InputColumn& column) {
  json.object([&] {
    switch (column.type.kind) {
      case ColumnKind::kNumber:
      case ColumnKind::kNumber32:
        write_type(json, "number", column.nullable);
        break;
      case ColumnKind::kInteger:
        write_type(json, "integer", column.nullable);
        json.key("format").string("int64");
        break;
      case ColumnKind::kBoolean:
        write_type(json, "boolean", column.nullable);
        break;
      case ColumnKind::kString:
        write_type(json, "string", column.nullable);
        break;
      case ColumnKind::kTokens:
        write_list(json, "string", false, 0, column.nullable);
        break;
      case ColumnKind::kMatrix:
        write_matrix(json, column);
        break;
      case ColumnKind::kDatetime:
      case ColumnKind::kSparse:
      case ColumnKind::kDict:
        json.key("not").raw("{}");  // JSON rows cannot carry it
        break;
    }
    write_seen(json, column);
  });
}

void write_row(JsonWriter& json, const LiveSet& set, const Manifest& manifest) {
  json.object([&] {
    write_type(json, "object", false);
    json.key("properties").object([&] {
      for (const InputColumn& column : manifest.inputs) {
        json.key(column.name);
        write_column(json, column);
      }
    });
    json.key("required").array([&] {
      for (const InputColumn& column : manifest.inputs) {
        if (!column.optional) {
          json.string(column.name);
        }
      }
    });
    // Columns of other live versions are taken too.
    json.key("additionalProperties")
        .boolean(set.ignore_extra_columns || set.versions().size() > 1 ||
                 set.takes_envelope_columns());
  });
}

void write_output(JsonWriter& json, const Output& output) {
  json.object([&] {
    if (output.type == OutputType::kLabel) {
      json.key("enum").array([&] {
        for (const Label& label : output.labels) {
          json.raw(canonical_json(label));
        }
      });
      return;
    }
    const std::string_view type = output.type == OutputType::kInteger ? "integer" : "number";
    if (output.width == 1) {
      write_type(json, type, false);
    } else {
      write_list(json, type, false, output.width);
    }
  });
}

void write_outputs(JsonWriter& json, const Manifest& manifest) {
  json.object([&] {
    write_type(json, "object", false);
    json.key("properties").object([&] {
      for (const Output& output : manifest.outputs) {
        json.key(output.name);
        write_output(json, output);
      }
    });
    json.key("required").array([&] {
      for (const Output& output : manifest.outputs) {
        if (output.by_default) {
          json.string(output.name);
        }
      }
    });
  });
}

// What all models share; `Row` and `Outputs` stand beside them.
constexpr std::string_view kEnvelope =
    R"({"type":"object","required":["row"],"additionalProperties":false,"properties":{)"
    R"("row":{"$ref":"#/components/schemas/Row"},"id":{"type":"string"},"key":{"type":"string"},)"
    R"("entity":{"type":"string"},"amount":{"type":"number"},)"
    R"("segments":{"type":"object","additionalProperties":{"type":"string"}},)"
    R"("time":{"type":"string","format":"date-time"},)"
    R"("outputs":{"type":"array","items":{"type":"string"}}}})";
constexpr std::string_view kRows =
    R"({{"type":"object","required":["rows"],"additionalProperties":false,"properties":{{)"
    R"("rows":{{"type":"array","minItems":1,"maxItems":{},)"
    R"("items":{{"$ref":"#/components/schemas/Envelope"}}}},)"
    R"("outputs":{{"type":"array","items":{{"type":"string"}}}}}}}})";
constexpr std::string_view kAnswer =
    R"({"type":"object","required":["name","version","digest"],"properties":{)"
    R"("name":{"type":"string"},"version":{"type":"string"},"digest":{"type":"string"},)"
    R"("tag":{"type":"string"},"event_id":{"type":"string"},"score":{"type":"number"},)"
    R"("action":{"type":"string"},"outputs":{"$ref":"#/components/schemas/Outputs"},)"
    R"("error":{"$ref":"#/components/schemas/RowError"},)"
    R"("rows":{"type":"array","items":{"type":"object","properties":{)"
    R"("event_id":{"type":"string"},"score":{"type":"number"},"action":{"type":"string"},)"
    R"("outputs":{"$ref":"#/components/schemas/Outputs"},)"
    R"("error":{"$ref":"#/components/schemas/RowError"}}}}}})";
constexpr std::string_view kRowError =
    R"({"type":"object","required":["code","message"],"properties":{"code":{"type":"string"},)"
    R"("column":{"type":"string"},"message":{"type":"string"}}})";

void write_path(JsonWriter& json, const LiveSet& set, const LiveTag& tag) {
  json.object([&] {
    json.key(fmt::format("/v1/models/{}/score", set.model)).object([&] {
      json.key("post").object([&] {
        json.key("summary").string(fmt::format("score with {}", tag.tag));
        json.key("requestBody")
            .raw(R"({"required":true,"content":{"application/json":{"schema":{"oneOf":[)"
                 R"({"$ref":"#/components/schemas/Envelope"},)"
                 R"({"$ref":"#/components/schemas/Rows"}]}}}})");
        json.key("responses")
            .raw(R"({"200":{"description":"the scores","content":{"application/json":)"
                 R"({"schema":{"$ref":"#/components/schemas/Answer"}}}},)"
                 R"("default":{"description":"an error; docs/errors.md tells the codes"}})");
      });
    });
  });
}

}  // namespace

std::string model_openapi(const LiveSet& set, const LiveTag& tag, std::string_view service) {
  const Manifest& manifest = tag.live->plan->manifest();
  std::string out;
  JsonWriter json(out);
  json.object([&] {
    json.key("openapi").string("3.1.0");
    json.key("info").object([&] {
      json.key("title").string(set.model);
      json.key("version").string(fmt::format("v{}", tag.live->version));
      json.key("description")
          .string(fmt::format("{}, {}, served by Bascule {}", tag.tag, tag.live->digest, service));
    });
    json.key("paths");
    write_path(json, set, tag);
    json.key("security").raw(R"([{},{"token":[]}])");
    json.key("components").object([&] {
      json.key("securitySchemes").raw(R"({"token":{"type":"http","scheme":"bearer"}})");
      json.key("schemas").object([&] {
        json.key("Row");
        write_row(json, set, manifest);
        json.key("Outputs");
        write_outputs(json, manifest);
        json.key("Envelope").raw(kEnvelope);
        json.key("Rows").raw(fmt::format(fmt::runtime(kRows), limits::kHttpRows));
        json.key("Answer").raw(kAnswer);
        json.key("RowError").raw(kRowError);
      });
    });
  });
  return out;
}

}  // namespace bascule
