#include "scorelog/records.h"

#include "base/assert.h"

namespace bascule {

std::string_view action_source_name(ActionSource source) noexcept {
  return source == ActionSource::kDerived ? "derived" : "reported";
}

std::string_view shadow_status_name(ShadowStatus status) noexcept {
  switch (status) {
    case ShadowStatus::kOk:
      return "ok";
    case ShadowStatus::kMissingFeature:
      return "missing_feature";
    case ShadowStatus::kError:
      return "error";
    case ShadowStatus::kTimeout:
      return "timeout";
    case ShadowStatus::kDropped:
      return "dropped";
  }
  BASCULE_ASSERT(false);
}

}  // namespace bascule
