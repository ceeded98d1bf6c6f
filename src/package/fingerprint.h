// The fingerprint: what is the same for the same model, whoever packed it, where, and with what
// notes. docs/package-format.md, "Manifest".
#pragma once

#include <span>
#include <string>

#include "package/json.h"
#include "package/package.h"

namespace bascule {

// "sha256:<hex>", of a manifest (with or without a fingerprint in it) and the tensors in the order
// of the file. A manifest that breaks the rules has one too, so that tests can make such files.
std::string fingerprint(const Json& manifest, std::span<const Tensor> tensors);

}  // namespace bascule
