// The manifest's `graph`: nodes that only look back, so that no cycle can be written down.

#include <algorithm>
#include <limits>
#include <unordered_set>

#include "base/limits.h"
#include "base/utf8.h"
#include "package/fields.h"
#include "package/manifest_parts.h"

namespace bascule {
namespace {

constexpr std::string_view kColumnPrefix = "column:";
constexpr std::size_t kValueNameBytes = 256;

// Lower-case letters, digits and underscores, as in the table of operators.
bool is_operator_name(std::string_view name) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  };
  return !name.empty() && name.size() <= 64 && std::ranges::all_of(name, fits);
}

Status read_tensors(const Json& json, GraphNode& node) {
  BASCULE_TRY(const auto* tensors, fields::object(json, "tensors"));
  for (const auto& [role, name] : *tensors->object()) {
    if (role.empty() || name.string() == nullptr) {
      return fail(Code::kInvalid, "'tensors' is not a map from roles to names of tensors");
    }
    node.tensors.emplace_back(role, *name.string());
  }
  return {};
}

Result<GraphNode> read_node(const Json& json) {
  BASCULE_CHECK_OK(
      fields::check_keys(json, {"op", "version", "in", "out", "attrs", "tensors", "step"}));
  GraphNode node;
  BASCULE_TRY(node.op, fields::text(json, "op"));
  if (!is_operator_name(node.op)) {
    return fail(Code::kInvalid, "'op' is not 1 to 64 characters of a-z, 0-9 and _");
  }
  BASCULE_TRY(const auto version,
              fields::integer(json, "version", 1, std::numeric_limits<std::int32_t>::max()));
  node.version = static_cast<std::uint32_t>(version);
  BASCULE_TRY(node.in, fields::nonempty_texts(json, "in"));
  BASCULE_TRY(node.out, fields::nonempty_texts(json, "out"));
  BASCULE_TRY(const auto* attrs, fields::object(json, "attrs"));
  node.attrs = *attrs->object();
  BASCULE_CHECK_OK(read_tensors(json, node));
  BASCULE_TRY(node.step, fields::text(json, "step"));
  return node;
}

// The values there are so far: columns, and outputs of the nodes before.
class Values {
 public:
  explicit Values(const Manifest& manifest) {
    for (const auto& column : manifest.inputs) {
      names_.insert(fmt::format("column:{}", column.name));
    }
  }

  Status use(const GraphNode& node) const {
    for (const auto& name : node.in) {
      if (names_.contains(name)) {
        continue;
      }
      return fail(Code::kInvalid, "input '{}' is {}", utf8_prefix(name, 80),
                  name.starts_with(kColumnPrefix) ? "no column of the model"
                                                  : "not the output of a node before this one");
    }
    return {};
  }

  Status give(const GraphNode& node) {
    for (const auto& name : node.out) {
      if (name.starts_with(kColumnPrefix) || name.size() > kValueNameBytes) {
        return fail(Code::kInvalid, "output '{}' is not a name of at most {} bytes without '{}'",
                    utf8_prefix(name, 80), kValueNameBytes, kColumnPrefix);
      }
      if (!names_.insert(name).second) {
        return fail(Code::kInvalid, "output '{}' is given twice", name);
      }
    }
    return {};
  }

 private:
  std::unordered_set<std::string> names_;
};

}  // namespace

Status read_graph(const Json& json, Manifest& manifest) {
  BASCULE_TRY(const auto* entries, fields::list(json, "graph", 0, limits::kNodes));
  Values values(manifest);
  for (const auto& entry : *entries) {
    const auto place = element_place("graph", manifest.graph.size());
    auto node = read_node(entry);
    if (!node) {
      return prefixed(place, std::move(node.error()));
    }
    if (auto status = values.use(*node); !status) {
      return prefixed(place, std::move(status.error()));
    }
    if (auto status = values.give(*node); !status) {
      return prefixed(place, std::move(status.error()));
    }
    manifest.graph.push_back(*std::move(node));
  }
  return {};
}

}  // namespace bascule
