// Tensor use: finds tensors by name and remembers which were asked for, so that a package carries
// nothing that nobody names.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "package/package.h"

namespace bascule {

class TensorUse {
 public:
  // Borrows the tensors.
  explicit TensorUse(std::span<const Tensor> tensors)
      : tensors_(tensors), used_(tensors.size(), false) {
    for (std::size_t i = 0; i < tensors.size(); ++i) {
      positions_.emplace(tensors[i].name, i);
    }
  }

  // Null when there is none.
  const Tensor* use(std::string_view name) {
    const auto found = positions_.find(name);
    if (found == positions_.end()) {
      return nullptr;
    }
    used_[found->second] = true;
    return &tensors_[found->second];
  }

  Status all_used() const {
    const auto unused = std::ranges::find(used_, false);
    if (unused == used_.end()) {
      return {};
    }
    return fail(Code::kInvalid, "tensor '{}': neither a node nor the golden rows name it",
                tensors_[static_cast<std::size_t>(unused - used_.begin())].name);
  }

 private:
  std::span<const Tensor> tensors_;
  std::vector<bool> used_;
  std::unordered_map<std::string_view, std::size_t> positions_;
};

}  // namespace bascule
