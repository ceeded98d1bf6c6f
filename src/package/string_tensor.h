// Lists of strings in a package: "<name>.bytes" (U8, UTF-8) and "<name>.offsets" (any integers, one
// more than there are strings, ascending from 0 to the size of the bytes).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "package/package.h"

namespace bascule {

// A one-dimensional tensor of any integer type, widened. An error names the tensor and the first
// element that is outside of [low, high].
Result<std::vector<std::int64_t>> widen_integers(const Tensor& tensor, std::int64_t low,
                                                 std::int64_t high);

// The strings of two tensors; borrowed from the package.
Result<std::vector<std::string_view>> read_strings(const Tensor& bytes, const Tensor& offsets);
// Finds the tensors "<name>.bytes" and "<name>.offsets" first.
Result<std::vector<std::string_view>> read_strings(const Package& package, const std::string& name);

}  // namespace bascule
