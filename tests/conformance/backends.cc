#include "backends.h"

#include "registry/sqlite/catalog.h"

namespace bascule::conformance {

std::vector<CatalogBackend> catalog_backends() {
  return {
      {"Sqlite", open_sqlite_catalog},
  };
}

std::vector<BlobBackend> blob_backends() {
  return {
      {"Folder", [](const std::string& folder) { return open_folder_blob_store(folder); }},
  };
}

}  // namespace bascule::conformance
