// The lifecycle: what moves a model along, from push to promotion and back.
//
// Every change goes through here, whatever the face: it is checked against what this server can
// load, written by compare-and-swap, and then made live. Changes are rare and run one after the
// other; reading and scoring never wait for them. All methods block for the disk: call them from a
// worker, not from an event loop.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "evaluate/report.h"
#include "registry/blob_store.h"
#include "registry/catalog.h"
#include "scorelog/score_log.h"
#include "serving/host.h"
#include "serving/shadow.h"

namespace bascule {

struct Pushed {
  Version version;
  bool created = false;  // false: these bytes had a version already
};

// A change of a tag, or what it would be.
struct Moved {
  std::string model;
  std::string tag;
  std::int64_t from_version = 0;  // 0: the tag pointed at nothing
  std::int64_t to_version = 0;    // 0: it points at nothing now
  std::string from_digest, to_digest;
  std::int64_t revision = 0;  // after the change; before it on a dry run
  bool dry_run = false;
};

struct TagRequest {
  std::string model;
  std::string tag;
  std::int64_t version = 0;
  std::optional<std::int64_t> expected_revision;  // 0: the tag must not exist
  std::string actor, reason;
  bool force = false;
  bool dry_run = false;
};

struct ReportRequest {
  std::string model;
  std::string candidate_tag;  // "candidate/wider-trees"
  std::optional<TimeUs> since, until;
  std::string actor;
};

// A report that was made and kept.
struct MadeReport {
  std::string id;
  Report report;
  std::string json;  // as kept, without the id
  std::string text;
};

struct PromotionRequest {
  std::string model;
  std::string candidate_tag;
  std::string report_id;                          // empty: the newest of exactly these digests
  std::optional<std::int64_t> expected_revision;  // of production
  std::string actor, reason;
  bool force = false;
  bool dry_run = false;
};

struct RollBackRequest {
  std::string model;
  std::optional<std::int64_t> to;  // absent: the last promoted version not itself rolled back
  std::optional<std::int64_t> expected_revision;
  std::string actor, reason;
  bool dry_run = false;
};

class Lifecycle {
 public:
  // All of them outlive it.
  Lifecycle(Catalog& catalog, BlobStore& blobs, ScoreLog& log, Host& host, Shadow& shadow,
            const Clock& clock);

  // kConflict when the name is taken; kInvalid for a policy that cannot fail.
  Result<Model> create(const ModelSpec& spec, const std::string& actor);
  Result<Model> set_policy(const PolicyChange& change);

  // Proves the package in this server's engine, keeps its bytes, and gives it a number. kInvalid
  // when it does not load or its golden rows differ; kNotFound with the command that creates the
  // model.
  Result<Pushed> push(const std::string& model, std::span<const std::byte> bytes,
                      const std::string& actor);

  // Points a tag at a version. `production` moves by promotion once it points at a version, unless
  // forced with a reason.
  Result<Moved> set_tag(const TagRequest& request);
  Result<Moved> delete_tag(const TagRequest& request);

  // Compares the candidate with production on the rows that both scored, and keeps the report.
  Result<MadeReport> report(const ReportRequest& request);

  // Moves production to the candidate's version. Needs a passing report for exactly these two
  // digests under the policy of now, and the candidate loaded here. kConflict says what is missing.
  Result<Moved> promote(const PromotionRequest& request);
  // Needs none of that.
  Result<Moved> roll_back(const RollBackRequest& request);

  Result<LabelCounts> add_labels(const std::string& model, std::vector<LabelRecord> labels);
  Result<std::size_t> add_decisions(const std::string& model,
                                    std::vector<DecisionRecord> decisions);

 private:
  Result<Moved> move(const TagChange& change, std::int64_t from_version,
                     const std::string& from_digest, bool dry_run);
  Result<StoredReport> report_for(const PromotionRequest& request, const Tag& production,
                                  const Tag& candidate);

  Catalog& catalog_;
  BlobStore& blobs_;
  ScoreLog& log_;
  Host& host_;
  Shadow& shadow_;
  const Clock& clock_;
  std::mutex changes_;  // one change of this server at a time
};

}  // namespace bascule
