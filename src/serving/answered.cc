#include "serving/answered.h"

#include "base/json_writer.h"
#include "scorelog/entity.h"
#include "serving/log_bin.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

// What is the same for every row of a request.
ScoreRecord common_record(const Answered& answered) {
  const LiveSet& set = *answered.set;
  const LiveTag& tag = *answered.answer.tag;
  ScoreRecord record;
  record.at = answered.at;
  record.app = answered.app;
  record.model = set.model;
  record.tag = tag.tag;
  record.tag_revision = tag.revision;
  record.version = tag.live->version;
  record.digest = tag.live->digest;
  record.latency_us = answered.latency_us;
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

std::vector<ScoreRecord> score_records(Answered& answered) {
  Answer& answer = answered.answer;
  const RowBatch& batch = answered.batch;
  const Plan& plan = *answer.tag->live->plan;
  std::vector<ScoreRecord> records(batch.rows(), common_record(answered));
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    ScoreRecord& record = records[row];
    record.event_id = std::move(answer.event_ids[row]);
    record.row = static_cast<std::uint32_t>(row);
    add_envelope(record, batch.envelope(row), answered.set->salt);
    record.row_hash = record.key.empty() ? batch.row_hash(row) : answer.row_hashes[row];
    if (const RowProblem* bad = batch.bad(row)) {
      record.status = bad->code;
      continue;
    }
    if (!answer.scored.score.empty()) {
      record.score = answer.scored.score[row];
      record.bin = log_bin(*record.score);
    }
    record.action = answer.action(row);
    JsonWriter json(record.outputs);
    write_outputs(json, plan.manifest(), answer.scored, plan.default_outputs(), row);
  }
  return records;
}

}  // namespace bascule
