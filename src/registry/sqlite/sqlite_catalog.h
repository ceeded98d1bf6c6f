// How the embedded catalog is built: one connection, one mutex around it, one file per subject.
//
// The public methods take the mutex; the private ones below expect it to be held. SQL is written
// so that PostgreSQL takes it too; schema.cc keeps what is not.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/random.h"
#include "registry/catalog.h"
#include "sqlite/sqlite.h"

namespace bascule {

class SqliteCatalog final : public Catalog {
 public:
  SqliteCatalog(std::unique_ptr<FileLock> lock, std::unique_ptr<sqlite::Database> database,
                const Clock& clock, Random& random);

  // models.cc
  Result<Model> create_model(const ModelSpec& spec, std::string_view actor) override;
  Result<Model> get_model(std::string_view name) override;
  Result<std::vector<Model>> list_models(std::string_view after, std::size_t limit) override;
  Result<std::string> entity_salt(std::string_view model) override;
  Result<TagEvent> set_policy(const PolicyChange& change) override;

  // versions.cc
  Result<Version> add_version(const NewVersion& pushed) override;
  Result<Version> get_version(std::string_view model, std::int64_t number) override;
  Result<Version> find_version(std::string_view model, std::string_view digest) override;
  Result<std::vector<Version>> list_versions(std::string_view model, std::int64_t before,
                                             std::size_t limit) override;
  Result<std::vector<std::string>> list_digests(std::string_view after, std::size_t limit) override;
  Result<Version> resolve(const Reference& reference) override;

  // tags.cc
  Result<TagEvent> change_tag(const TagChange& change) override;
  Result<Tag> get_tag(std::string_view model, std::string_view tag) override;
  Result<std::vector<Tag>> list_tags(std::string_view model, std::string_view after,
                                     std::size_t limit) override;

  // history.cc
  Result<std::vector<TagEvent>> history(const HistoryQuery& query) override;
  Result<std::int64_t> head_sequence() override;
  Result<HistoryCheck> verify_history() override;

  // tokens.cc
  Result<Token> add_token(const NewToken& token) override;
  Result<std::vector<Token>> list_tokens(std::int64_t after, std::size_t limit) override;
  Result<Token> revoke_token(std::int64_t id, std::string_view actor) override;
  Status record_token_use(std::int64_t id, std::int64_t day) override;

  // reports.cc
  Result<StoredReport> add_report(const NewReport& report) override;
  Result<StoredReport> get_report(std::string_view model, std::string_view id) override;
  Result<std::vector<StoredReport>> list_reports(std::string_view model,
                                                 std::size_t limit) override;
  Status record_serving_state(const ServingState& state) override;
  Result<std::vector<ServingState>> list_serving_states(std::string_view model) override;

 private:
  struct Head {
    std::int64_t seq = 0;
    TimeUs at = 0;
    std::string hash;
  };

  // models.cc
  Result<Model> find_model(std::string_view name);

  // versions.cc
  Result<Version> find_number(std::string_view model, std::int64_t number);
  Result<std::optional<Version>> find_digest(std::string_view model, std::string_view digest);
  Result<Version> resolve_tag(const Reference& reference);
  Result<Version> resolve_time(const Reference& reference, TimeUs at);
  Result<Version> resolve_back(const Reference& reference, std::int64_t steps);

  // tags.cc
  // A tag's row; version and revision 0 when there was never one.
  Result<Tag> find_tag(const Model& model, std::string_view tag);
  Result<Tag> need_tag(std::string_view model, std::string_view tag);
  Status check_promotion(const Model& model, const Tag& tag, const TagChange& change,
                         const Version& candidate);
  Status check_roll_back(const TagChange& change);
  Status put_tag(const TagEvent& event);

  // tokens.cc
  Result<Token> find_token(std::int64_t id);

  // history.cc
  // Fills seq, at and the hashes, adds the event, and moves the head. Within a transaction.
  Status append(TagEvent& event);
  Result<TagEvent> find_event(std::int64_t seq);
  Result<TagEvent> find_policy_event(std::string_view model, std::int64_t revision);
  Result<Head> head();
  // What verify_history checks.
  Status check_chain(const Head& last);
  Status check_tables();

  std::mutex mutex_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<sqlite::Database> database_;
  const Clock& clock_;
  Random& random_;
};

}  // namespace bascule
