#include "serving/answer.h"

#include <cstring>

#include "scorelog/entity.h"
#include "serving/log_bin.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

std::string_view action_of(const Policy& policy, double score) noexcept {
  return policy.actions[score >= *policy.threshold ? 1 : 0];
}

// What is the same for every row of a request.
ScoreRecord common_record(const LiveSet& set, const LiveTag& tag, std::string_view app, TimeUs now,
                          std::int64_t latency_us) {
  ScoreRecord record;
  record.at = now;
  record.app = app;
  record.model = set.model;
  record.tag = tag.tag;
  record.tag_revision = tag.revision;
  record.version = tag.live->version;
  record.digest = tag.live->digest;
  record.latency_us = latency_us;
  record.policy_id = set.policy_id;
  record.policy_version = set.policy_revision;
  record.threshold = set.policy.threshold;
  record.schema_digest = set.columns->digest();
  return record;
}

void add_envelope(ScoreRecord& record, const Envelope& envelope, std::string_view salt) {
  record.client_id = envelope.id;
  record.key = envelope.key;
  record.segments = envelope.segments;
  record.amount = envelope.amount;
  record.event_time = envelope.time;
  set_entity(record, salt, envelope.entity);
}

}  // namespace

std::string keyed_event_id(std::string_view salt, std::string_view key, const Digest& row_hash) {
  std::string text(key);
  text.push_back('\0');
  text.append(reinterpret_cast<const char*>(row_hash.data()), row_hash.size());
  const Digest digest = hmac_sha256(salt, text);
  std::array<std::byte, 16> id;
  std::memcpy(id.data(), digest.data(), id.size());
  id[6] = (id[6] & std::byte{0x0f}) | std::byte{0x80};  // version 8, RFC 9562
  id[8] = (id[8] & std::byte{0x3f}) | std::byte{0x80};  // variant
  const std::string hex = to_hex(id);
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4),
                     hex.substr(16, 4), hex.substr(20));
}

Answer Answerer::answer(const LiveSet& set, const LiveTag& tag, RowBatch& batch,
                        OutputMask wanted) {
  Answer out;
  out.tag = &tag;
  out.scored =
      score_batch(tag, batch, wanted, scratch_.of(tag.live->plan),
                  [&](std::size_t row, BadRow bad) { batch.mark_bad(row, std::move(bad)); });
  out.event_ids.reserve(batch.rows());
  out.row_hashes.resize(batch.rows());
  out.actions.resize(batch.rows());
  const TimeUs now = clock_.now_us();
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const std::string& key = batch.envelope(row).key;
    if (key.empty()) {
      out.event_ids.push_back(uuid_v7(now, random_));
    } else {
      out.row_hashes[row] = batch.row_hash(row);
      out.event_ids.push_back(keyed_event_id(set.salt, key, out.row_hashes[row]));
    }
    if (set.policy.threshold && !out.scored.score.empty() && batch.bad(row) == nullptr) {
      out.actions[row] = action_of(set.policy, out.scored.score[row]);
    }
  }
  return out;
}

void Answerer::finish(std::shared_ptr<const LiveSet> set, Answer answer, RowBatch batch,
                      std::string_view app, std::int64_t latency_us) {
  if (!set->production || answer.tag != &*set->production) {
    return;
  }
  const ScoreRecord common = common_record(*set, *answer.tag, app, clock_.now_us(), latency_us);
  const Plan& plan = *answer.tag->live->plan;
  std::vector<ScoreRecord> records(batch.rows(), common);
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    ScoreRecord& record = records[row];
    record.event_id = std::move(answer.event_ids[row]);
    record.row = static_cast<std::uint32_t>(row);
    record.row_hash = answer.row_hashes[row];
    add_envelope(record, batch.envelope(row), set->salt);
    if (const BadRow* bad = batch.bad(row)) {
      record.status = bad->code;
      continue;
    }
    if (!answer.scored.score.empty()) {
      record.score = answer.scored.score[row];
      record.bin = log_bin(*record.score);
    }
    record.action = answer.actions[row];
    JsonWriter json(record.outputs);
    write_outputs(json, plan.manifest(), answer.scored, plan.default_outputs(), row);
  }
  shadow_.submit({std::move(set), std::move(batch), std::move(records), 0});
}

}  // namespace bascule
