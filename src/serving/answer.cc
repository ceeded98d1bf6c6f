#include "serving/answer.h"

#include <cstring>

namespace bascule {
namespace {

std::string_view action_of(const Policy& policy, double score) noexcept {
  return policy.actions[score >= *policy.threshold ? 1 : 0];
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

Answer Answerer::answer(const LiveSet& set, const LiveTag& tag, RowBatch& batch, OutputMask wanted,
                        bool shows_event_ids) {
  Answer out;
  out.tag = &tag;
  out.scored = score_batch(tag, batch, wanted, scratch_.of(tag.live->plan),
                           [&](std::size_t row, RowProblem problem) {
                             batch.mark_bad(row, std::move(problem));
                             return batch.takes_problem(row);
                           });
  const bool decides = set.policy.threshold && !out.scored.score.empty();
  if (decides) {
    out.actions.resize(batch.rows());
  }
  for (std::size_t row = 0; decides && row < batch.rows(); ++row) {
    if (batch.bad(row) == nullptr) {
      out.actions[row] = action_of(set.policy, out.scored.score[row]);
    }
  }
  if (shows_event_ids || is_logged(set, tag)) {
    make_event_ids(set, batch, out);
  }
  return out;
}

void Answerer::make_event_ids(const LiveSet& set, const RowBatch& batch, Answer& out) {
  out.event_ids.reserve(batch.rows());
  const TimeUs now = clock_.now_us();
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    const std::string& key = batch.envelope(row).key;
    if (key.empty()) {
      out.event_ids.push_back(uuid_v7(now, random_));
    } else {
      out.row_hashes.resize(batch.rows());
      out.row_hashes[row] = batch.row_hash(row);
      out.event_ids.push_back(keyed_event_id(set.salt, key, out.row_hashes[row]));
    }
  }
}

void Answerer::finish(std::shared_ptr<const LiveSet> set, Answer answer, RowBatch batch,
                      std::string app, std::int64_t latency_us) {
  if (!is_logged(*set, *answer.tag)) {
    return;
  }
  shadow_.submit({.set = std::move(set),
                  .answer = std::move(answer),
                  .batch = std::move(batch),
                  .app = std::move(app),
                  .at = clock_.now_us(),
                  .latency_us = latency_us});
}

}  // namespace bascule
