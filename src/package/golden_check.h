// The check of the tensors "golden.*": types, shapes, flags, text, positions of labels.
// docs/package-format.md, "Golden rows". What they say is for the engine's self-test to compare.
#pragma once

#include "base/result.h"
#include "package/manifest.h"
#include "package/tensor_use.h"

namespace bascule {

Status check_golden(const Manifest& manifest, TensorUse& tensors);

}  // namespace bascule
