// The catalog: models, their versions, and the tags that say which version answers.
//
// Versions and events are only added; a tag moves by compare-and-swap on its revision, in one
// transaction with the event that records it. A backend is one folder (sqlite/, postgres/) and one
// line in tests/conformance/backends.cc.
//
// Every method may be called from any thread, blocks for the disk, and answers kInvalid for a bad
// name or a page beyond limits::kPageRows, kNotFound for a model, version, tag, report or token
// that does not exist, kStorageFull and kUnavailable for the store; the comments name only what
// else it answers. What returned without an error survives a kill.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/limits.h"
#include "base/result.h"
#include "registry/reference.h"
#include "registry/tag_event.h"

namespace bascule {

// What `create` takes. Fields with a default may be left alone.
struct ModelSpec {
  std::string name;   // "fraud/charge"
  std::string kind;   // a name of package/manifest.h's Kind: "yes/no", "number", ...
  std::string owner;  // the team that is asked; any non-empty text
  std::int64_t label_window_days = 30;  // a label that comes later does not count
  // Input columns to take a row's envelope from when the caller does not send it; empty: none.
  std::string key_column, entity_column, amount_column, time_column;
  std::vector<std::string> segments;  // names of the segments that rows may carry
  bool ignore_extra_columns = false;  // else a column that no live version knows is refused
  std::vector<std::string> protected_tags{
      std::string(kProductionTag)};  // move only with a revision
  std::string policy = "{}";         // a JSON object: what a report must show (evaluate/policy.h)
  std::string settings = "{}";       // a JSON object: everything else
};

struct Model {
  ModelSpec spec;
  std::int64_t policy_revision = 0;  // 1, 2, ...
  std::string policy_id;             // digest of the policy's JSON
  std::string created_by;
  TimeUs created_at = 0;
};

// What a push says. The bytes are in the blob store already, under `digest`.
struct NewVersion {
  std::string model;
  std::string digest;  // "sha256:..." of the package's bytes
  std::int64_t size_bytes = 0;
  std::string kind;            // the package's; must be the model's
  std::string fingerprint;     // the package's
  std::string summary = "{}";  // a JSON object for lists and pages: columns, outputs, provenance
  std::string notes;
  std::string pushed_by;
};

struct Version {
  std::string model;
  std::int64_t number = 0;  // 7 of v7
  std::string digest;
  std::int64_t size_bytes = 0;
  std::string fingerprint;
  std::string summary;
  std::string notes;
  std::string pushed_by;
  TimeUs pushed_at = 0;
};

struct Tag {
  std::string model;
  std::string name;
  std::int64_t version = 0;
  std::string digest;
  std::int64_t revision = 0;  // the ETag
  std::int64_t seq = 0;       // of the event that put it there
  bool is_protected = false;
  TimeUs moved_at = 0;
  std::string moved_by;
};

struct TagChange {
  std::string model;
  std::string tag;
  EventKind kind = EventKind::kSet;  // not kPolicy
  std::int64_t version = 0;          // the new one; 0 for kDelete
  // The revision that the caller saw; 0: the tag points at nothing. May be left out only for a
  // tag that is not protected.
  std::optional<std::int64_t> expected_revision;
  std::string actor;
  std::string reason;
  std::string report_id;
  bool forced = false;  // needs a reason
};

struct PolicyChange {
  std::string model;
  std::string policy;                             // a JSON object
  std::optional<std::int64_t> expected_revision;  // of the policy
  std::string actor;
  std::string reason;
};

struct NewReport {
  std::string model;
  std::string baseline_digest;  // production's; empty when there was none
  std::string candidate_digest;
  std::string policy_id;  // the policy it was judged by
  bool passed = false;
  std::string body;  // the report's JSON
  std::string created_by;
};

// A report that is kept; evaluate/report.h makes them.
struct StoredReport {
  std::string id;  // 64 hexadecimal digits, over everything else but who and when
  std::string model;
  std::string baseline_digest, candidate_digest;
  std::string policy_id;
  bool passed = false;
  std::string body;
  std::string created_by;
  TimeUs created_at = 0;
};

// A token lets one principal in. The catalog never sees the token, only its hash.
struct NewToken {
  std::string principal;  // who asks with it: a person or a program
  std::string role;       // what it may do; its meaning is the caller's (api/route_table.h)
  std::string hash;       // 64 hexadecimal digits, the SHA-256 of the token
  TimeUs expires_at = 0;  // 0: never
  std::string created_by;
};

struct Token {
  std::int64_t id = 0;  // 1, 2, ...: what people call it by; no secret
  std::string principal, role, hash;
  std::string created_by;
  TimeUs created_at = 0;
  TimeUs expires_at = 0;      // 0: never
  std::int64_t used_day = 0;  // the last day it was used, in days since 1970; 0: never
  std::string revoked_by;     // empty: it was not revoked
  TimeUs revoked_at = 0;
};

// What one server really has loaded behind one tag.
struct ServingState {
  std::string server;  // its own name
  std::string model;
  std::string tag;
  std::string desired_digest;  // empty: the tag points at nothing
  std::string actual_digest;   // empty: nothing is loaded
  TimeUs since = 0;            // when actual_digest went live
  std::string error;           // the last load's, empty when it went well
};

struct HistoryQuery {
  std::string model;  // empty: all models
  std::string tag;    // empty: all tags, and policy events
  std::int64_t after_seq = 0;
  std::int64_t before_seq = 0;  // 0: no end
  std::size_t limit = 100;
  bool newest_first = false;  // then a page goes down from before_seq
};

// What verify_history walked.
struct HistoryCheck {
  std::int64_t events = 0;
  std::string head_hash;  // write it down elsewhere, and nobody can rewrite what came before it
};

class Catalog {
 public:
  virtual ~Catalog() = default;

  // Creates the model, its random salt, and the policy's first event. kConflict when it exists.
  virtual Result<Model> create_model(const ModelSpec& spec, std::string_view actor) = 0;
  virtual Result<Model> get_model(std::string_view name) = 0;
  // By name, after `after`.
  virtual Result<std::vector<Model>> list_models(std::string_view after, std::size_t limit) = 0;
  // 32 random bytes, created with the model and never changed: the key under which entities are
  // hashed. Not for answers, pages or logs.
  virtual Result<std::string> entity_salt(std::string_view model) = 0;
  // kMoved when the policy is at another revision than the expected one.
  virtual Result<TagEvent> set_policy(const PolicyChange& change) = 0;

  // Gives the package the model's next number, once for each digest: pushing it again answers the
  // version that it has. kConflict when the kinds differ.
  virtual Result<Version> add_version(const NewVersion& pushed) = 0;
  virtual Result<Version> get_version(std::string_view model, std::int64_t number) = 0;
  virtual Result<Version> find_version(std::string_view model, std::string_view digest) = 0;
  // Newest first, below `before` (0: from the newest).
  virtual Result<std::vector<Version>> list_versions(std::string_view model, std::int64_t before,
                                                     std::size_t limit) = 0;
  // Digests that some version names: what the blob store must hold. In order, after `after`.
  virtual Result<std::vector<std::string>> list_digests(std::string_view after,
                                                        std::size_t limit) = 0;

  // Moves or deletes a tag and writes the event, in one transaction. A tag that already is where
  // it should go stays as it is, and the answer is the event that put it there.
  //   kNeedsRevision  the tag is protected and no revision was given
  //   kMoved          the tag is at another revision; the message says where
  //   kConflict       kPromote without a passing report of this candidate against the version
  //                   behind the tag now under the policy of now, unless forced; kRollBack to a
  //                   version that was never behind this tag
  virtual Result<TagEvent> change_tag(const TagChange& change) = 0;
  // kNotFound also when it was deleted.
  virtual Result<Tag> get_tag(std::string_view model, std::string_view tag) = 0;
  // By name, after `after`; without those that point at nothing.
  virtual Result<std::vector<Tag>> list_tags(std::string_view model, std::string_view after,
                                             std::size_t limit) = 0;

  // The version that is meant. "name:tag@v7" is kMoved when the tag points elsewhere.
  virtual Result<Version> resolve(const Reference& reference) = 0;

  // Events in order of seq.
  virtual Result<std::vector<TagEvent>> history(const HistoryQuery& query) = 0;
  // The seq of the newest event, 0 when there is none: cheap, for watchers that poll.
  virtual Result<std::int64_t> head_sequence() = 0;
  // Walks the whole chain and compares the tags with it. kInternal names the first event that is
  // not what it was.
  virtual Result<HistoryCheck> verify_history() = 0;

  // The same report again has the same id.
  virtual Result<StoredReport> add_report(const NewReport& report) = 0;
  // `id` may be shortened to 12 digits or more; kConflict when that fits several.
  virtual Result<StoredReport> get_report(std::string_view model, std::string_view id) = 0;
  // Newest first.
  virtual Result<std::vector<StoredReport>> list_reports(std::string_view model,
                                                         std::size_t limit) = 0;

  // kConflict for a hash that is there, kTooLarge beyond limits::kTokens that still let in.
  virtual Result<Token> add_token(const NewToken& token) = 0;
  // In order of id, after `after`; with those that are revoked or have expired, which are kept.
  virtual Result<std::vector<Token>> list_tokens(std::int64_t after, std::size_t limit) = 0;
  // For ever. A token that was revoked before stays as it was.
  virtual Result<Token> revoke_token(std::int64_t id, std::string_view actor) = 0;
  // An earlier day than the one that is known changes nothing.
  virtual Status record_token_use(std::int64_t id, std::int64_t day) = 0;

  // Replaces what this server said before about this tag.
  virtual Status record_serving_state(const ServingState& state) = 0;
  virtual Result<std::vector<ServingState>> list_serving_states(std::string_view model) = 0;
};

}  // namespace bascule
