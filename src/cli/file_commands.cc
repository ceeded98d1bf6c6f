// inspect and verify: what a package file says, and whether it is what it says.

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/json_writer.h"
#include "cli/output.h"
#include "cli/row_commands.h"
#include "engine/plan.h"
#include "package/package.h"

namespace bascule::cli {
namespace {

std::string column_text(const InputColumn& input) {
  std::string line = fmt::format("  {:<24} {:<12}", input.name, column_type_name(input.type));
  if (input.nullable) {
    line += " null";
  }
  if (input.optional) {
    line += " optional";
  }
  if (const Json* range = input.details.find("range")) {
    line += " range " + canonical_json(*range);
  }
  if (const Json* categories = input.details.find("categories");
      categories != nullptr && categories->array() != nullptr) {
    line += fmt::format(" {} known categories", categories->array()->size());
  }
  return line;
}

std::string output_text(const Output& output) {
  std::string line = fmt::format("  {:<24} {}", output.name,
                                 output.type == OutputType::kLabel ? "label" : "number");
  if (output.width > 1) {
    line += fmt::format("[{}]", output.width);
  }
  if (!output.labels.empty()) {
    line += " of " + canonical_json(Json(Json::Array(output.labels)));
  }
  if (output.by_default) {
    line += ", by default";
  }
  if (output.bound.anywhere > 0) {
    line += fmt::format("; within {:.2g} of Python on the golden rows", output.bound.anywhere);
  } else {
    line += "; bit-equal to Python";
  }
  return line;
}

void print_inspection(const Package& package, const Plan& plan) {
  const Manifest& manifest = package.manifest();
  print_line(fmt::format("digest       {}", digest_text(package.digest())));
  print_line(fmt::format("fingerprint  {}", manifest.fingerprint));
  print_line(fmt::format("format       {}.{}, {} bytes, {} tensors", manifest.format_major,
                         manifest.format_minor, package.bytes().size(), package.tensors().size()));
  print_line(fmt::format("model        {}", manifest.model.empty() ? "any" : manifest.model));
  print_line(fmt::format("kind         {}", kind_name(manifest.kind)));
  if (!manifest.score.output.empty()) {
    print_line(fmt::format("score        {}[{}]{}", manifest.score.output, manifest.score.column,
                           manifest.score.positive
                               ? ", positive label " + canonical_json(*manifest.score.positive)
                               : ""));
  }
  print_line(fmt::format("golden rows  {}, {}", manifest.golden.rows, manifest.golden.source));
  print_line("columns");
  for (const InputColumn& input : manifest.inputs) {
    print_line(column_text(input));
  }
  print_line("outputs");
  for (const Output& output : manifest.outputs) {
    print_line(output_text(output));
  }
  print_line(fmt::format("steps        {}", fmt::join(plan.steps(), ", ")));
  print_line("provenance   " + canonical_json(manifest.provenance));
}

}  // namespace

Result<int> inspect(const Common& common, const std::string& file) {
  BASCULE_TRY(const auto package, Package::open_file(file));
  if (common.json) {
    return print_line(package->manifest_text()), kDone;
  }
  BASCULE_TRY(const auto plan, Plan::validate(package));
  print_inspection(*package, *plan);
  return kDone;
}

Result<int> verify(const Common& common, const std::string& file) {
  BASCULE_TRY(const auto package, Package::open_file(file));
  BASCULE_TRY(const auto plan, Plan::load(package));
  BASCULE_CHECK_OK(self_test(*plan, /*here=*/false));
  const std::string digest = digest_text(package->digest());
  if (common.json) {
    std::string out;
    JsonWriter json(out);
    json.object([&] {
      json.key("digest").string(digest);
      json.key("golden_rows").integer(static_cast<std::int64_t>(package->manifest().golden.rows));
      json.key("verified").boolean(true);
    });
    return print_line(out), kDone;
  }
  print_line(fmt::format("{}  every byte, every index and {} golden rows are as they should be",
                         digest, package->manifest().golden.rows));
  return kDone;
}

}  // namespace bascule::cli
