// The stores under test: every backend keeps the same promises.
//
// A new backend is one line in backends.cc; then every test here runs over it too.
#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "registry/blob_store.h"
#include "registry/catalog.h"

namespace bascule::conformance {

// `folder` exists and is the test's own. Opened again on the same folder, what was stored is there.
struct CatalogBackend {
  std::string name;  // letters and digits only: it becomes part of the tests' names
  Result<std::unique_ptr<Catalog>> (*open)(const std::string& folder, const Clock& clock,
                                           Random& random);
};
std::vector<CatalogBackend> catalog_backends();
// GoogleTest would print the bytes, in which there are addresses.
inline void PrintTo(const CatalogBackend& backend, std::ostream* out) {
  *out << backend.name;
}

struct BlobBackend {
  std::string name;
  Result<std::unique_ptr<BlobStore>> (*open)(const std::string& folder);
};
std::vector<BlobBackend> blob_backends();
inline void PrintTo(const BlobBackend& backend, std::ostream* out) {
  *out << backend.name;
}

}  // namespace bascule::conformance
