// Scoring a decoded batch, for whichever face it came through: score, answer, then log and shadow.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "api/call.h"
#include "api/score_encoder.h"

namespace bascule {

struct ScoreJob {
  std::shared_ptr<const LiveSet> set;
  const LiveTag* tag = nullptr;  // of `set`
  RowBatch batch;
  OutputMask wanted = 0;
  bool shows_event_ids = false;  // the face writes them
  // Writes the face's answer. An error is the answer in its place, and the batch is not logged: its
  // caller got no score.
  std::function<Status(HttpResponse&, const LiveSet&, const RowBatch&, const Answer&)> encode;
};

// The live set of the call's model. kNotFound when it has none, kUnavailable while this server has
// not loaded what it has.
Result<std::shared_ptr<const LiveSet>> live_set(Call& call, const ApiContext& api);
// Production, or another live version. kUnavailable when nothing is behind `production`.
Result<const LiveTag*> live_tag(const LiveSet& set, std::string_view version);
// The same for the Open Inference Protocol, whose clients expect kNotFound of a version that does
// not answer.
Result<const LiveTag*> oip_live_tag(const LiveSet& set, std::string_view version);
// The one that `?version=` or `?tag=` names, else production. kInvalid for both at once.
Result<const LiveTag*> asked_tag(const HttpRequest& request, const LiveSet& set);

// Answers the call: here and now, or on a worker when it is on a loop and the batch is large.
void run_score_job(Call& call, ApiContext& api, ScoreJob job);

}  // namespace bascule
