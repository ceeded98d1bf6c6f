// For tests: everything the routes work with, over real stores in a folder of its own.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>

#include "api/call.h"
#include "registry/sqlite/catalog.h"
#include "scorelog/sqlite/sqlite_score_log.h"

namespace bascule::testing {

class TestServices {
 public:
  // `host_clock` is what loading a version is timed with; it outlives this.
  explicit TestServices(const Clock& host_clock = system_clock()) {
    std::string name = (std::filesystem::temp_directory_path() / "bascule-api-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    catalog = *open_sqlite_catalog(folder_.string());
    blobs = *open_folder_blob_store(folder_.string());
    log = *open_sqlite_score_log((folder_ / "scores.db").string());
    host = std::make_unique<Host>(*catalog, *blobs, live, host_clock, "test");
    shadow = std::make_unique<Shadow>(*log, system_clock());
    lifecycle = std::make_unique<Lifecycle>(*catalog, *blobs, *log, *host, *shadow, system_clock());
  }
  ~TestServices() {
    shadow.reset();           // writes what it holds
    std::error_code ignored;  // a folder that stays behind harms no test
    std::filesystem::remove_all(folder_, ignored);
  }
  TestServices(const TestServices&) = delete;
  TestServices& operator=(const TestServices&) = delete;

  Services services() {
    return {.lifecycle = *lifecycle,
            .catalog = *catalog,
            .blobs = *blobs,
            .log = *log,
            .live = live,
            .host = *host,
            .shadow = *shadow};
  }

  std::string folder() const { return folder_.string(); }

  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<BlobStore> blobs;
  std::unique_ptr<ScoreLog> log;
  LiveModels live;
  std::unique_ptr<Host> host;
  std::unique_ptr<Shadow> shadow;
  std::unique_ptr<Lifecycle> lifecycle;

 private:
  std::filesystem::path folder_;
};

}  // namespace bascule::testing
