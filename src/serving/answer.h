// Answering a request: production scores, decides and names the event; the shadow gets the rest.
//
// Everything here runs on the thread of the request. What can wait (features for the log,
// candidates, the disk) is the shadow's.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "serving/answered.h"
#include "serving/score.h"
#include "serving/shadow.h"

namespace bascule {

// One per thread.
class Answerer {
 public:
  // All of them outlive the answerer.
  Answerer(Shadow& shadow, const Clock& clock, Random& random)
      : shadow_(shadow), clock_(clock), random_(random) {}

  // Scores the rows of `batch` that are not bad with `tag`'s version. What is neither shown nor
  // logged has no event ids.
  Answer answer(const LiveSet& set, const LiveTag& tag, RowBatch& batch, OutputMask wanted,
                bool shows_event_ids);

  // After the answer is on its way: hands the batch to the shadow and the log. Only what production
  // answered is logged; a request for another live version leaves no trace.
  void finish(std::shared_ptr<const LiveSet> set, Answer answer, RowBatch batch, std::string app,
              std::int64_t latency_us);

 private:
  static bool is_logged(const LiveSet& set, const LiveTag& tag) noexcept {
    return set.production && &tag == &*set.production;
  }

  void make_event_ids(const LiveSet& set, const RowBatch& batch, Answer& out);

  Shadow& shadow_;
  const Clock& clock_;
  Random& random_;
  ScratchPool scratch_;
};

// The id of an event. The same key with the same row has the same id on every server, without
// asking the log: a UUID of version 8 from HMAC-SHA-256 of both under the model's salt.
std::string keyed_event_id(std::string_view salt, std::string_view key, const Digest& row_hash);

}  // namespace bascule
