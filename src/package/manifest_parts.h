// The parts of a manifest, each read and checked by a file of its own. For manifest.cc only.
#pragma once

#include <cstddef>
#include <vector>

#include "base/result.h"
#include "package/json.h"
#include "package/manifest.h"

namespace bascule {

// "inputs[3]": where an error stands in a list.
std::string element_place(std::string_view list, std::size_t i);

// Each is given the manifest read so far, and fills in its part.
Status read_inputs(const Json& json, Manifest& manifest);
Status read_graph(const Json& json, Manifest& manifest);    // after the inputs
Status read_outputs(const Json& json, Manifest& manifest);  // after the graph
Status read_score(const Json& json, Manifest& manifest);    // after the outputs

// The whole manifest from its JSON; `parse_manifest` without the text.
Result<Manifest> read_manifest(const Json& json);
// JSON whose text is exactly its canonical form.
Result<Json> parse_canonical_json(std::string_view text);

}  // namespace bascule
