// A house for tests: every room wired as in `main`, in a folder of its own, without a socket.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "lifecycle/lifecycle.h"
#include "package/testing.h"
#include "registry/sqlite/catalog.h"
#include "scorelog/sqlite/sqlite_score_log.h"
#include "serving/answer.h"
#include "serving/host.h"
#include "serving/shadow.h"

namespace bascule {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "bascule-road-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline constexpr const char* kModel = "fraud/charge";

struct House {
  explicit House(const std::string& folder, ShadowLimits limits = {})
      : catalog(open_sqlite_catalog(folder, clock, system_random()).value()),
        blobs(open_folder_blob_store(folder).value()),
        log(open_sqlite_score_log(folder + "/scores.db").value()),
        host(*catalog, *blobs, live, clock, "test"),
        shadow(*log, clock, limits),
        lifecycle(*catalog, *blobs, *log, host, shadow, clock),
        answerer(shadow, clock, random) {}

  // A model whose labels count at once.
  void create(
      const std::string& policy = R"({"threshold":0.5,"min_labelled":20,"min_positives":5})") {
    ModelSpec spec;
    spec.name = kModel;
    spec.kind = "yes/no";
    spec.owner = "risk";
    spec.label_window_days = 0;
    spec.policy = policy;
    lifecycle.create(spec, "anna").value();
  }

  std::int64_t push(const TinyLogistic& model) {
    return lifecycle.push(kModel, tiny_logistic_package(model), "anna").value().version.number;
  }

  Result<Moved> tag(const std::string& tag, std::int64_t version,
                    std::optional<std::int64_t> expected = std::nullopt) {
    return lifecycle.set_tag({.model = kModel,
                              .tag = tag,
                              .version = version,
                              .expected_revision = expected,
                              .actor = "anna",
                              .reason = "test",
                              .force = false,
                              .dry_run = false});
  }

  // Rows of numbers, by name; NaN stands for null.
  RowBatch batch(const std::vector<std::string>& names,
                 const std::vector<std::vector<double>>& rows) {
    const auto set = live.find(kModel);
    RowBatch out(set->columns, rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row) {
      for (std::size_t i = 0; i < names.size(); ++i) {
        out.set_number(row, set->columns->find(names[i]).value(), rows[row][i]);
      }
    }
    return out;
  }

  // Scores with production and hands the batch to the shadow; the scores.
  std::vector<double> score(RowBatch rows) {
    auto set = live.find(kModel);
    Answer answer = answerer.answer(*set, *set->production, rows, 0, /*shows_event_ids=*/true);
    auto scores = answer.scored.score;
    answerer.finish(set, std::move(answer), std::move(rows), "test", 1);
    return scores;
  }

  const Clock& clock = system_clock();
  SeededRandom random{7};
  std::unique_ptr<Catalog> catalog;
  std::unique_ptr<BlobStore> blobs;
  std::unique_ptr<ScoreLog> log;
  LiveModels live;
  Host host;
  Shadow shadow;
  Lifecycle lifecycle;
  Answerer answerer;
};

}  // namespace bascule
