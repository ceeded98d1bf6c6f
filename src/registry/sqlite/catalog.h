// The embedded catalog: one SQLite file in the data folder.
#pragma once

#include <memory>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "registry/catalog.h"

namespace bascule {

// Opens or creates <folder>/registry.db and locks <folder>/registry.lock for as long as the
// catalog lives. kConflict when another process uses the folder, kUnsupported when a newer Bascule
// wrote the file. `clock` and `random` outlive the catalog.
Result<std::unique_ptr<Catalog>> open_sqlite_catalog(const std::string& folder,
                                                     const Clock& clock = system_clock(),
                                                     Random& random = system_random());

}  // namespace bascule
