#include "api/score_job.h"

#include <utility>

#include "base/limits.h"

namespace bascule {
namespace {

void count_rows(ThreadState& thread, const ScoreJob& job) {
  VersionCounters& counters = thread.metrics.version(job.set->model, *job.tag);
  counters.scored.add(job.batch.rows() - job.batch.bad_count());
  counters.bad.add(job.batch.bad_count());
}

void score(Call& call, ApiContext& api, ScoreJob job) {
  const Clock& clock = api.services.clock;
  ThreadState& thread = *call.thread;
  Answer answer = thread.answerer.answer(*job.set, *job.tag, job.batch, job.wanted);
  count_rows(thread, job);
  if (const Status encoded = job.encode(call.response(), *job.set, job.batch, answer); !encoded) {
    send_error(call, encoded.error(), clock);
    return;
  }
  const std::int64_t latency_us = (clock.monotonic_ns() - call.request.started_ns) / 1000;
  send_answer(call, clock);
  thread.finished.push_back({.set = std::move(job.set),
                             .answer = std::move(answer),
                             .batch = std::move(job.batch),
                             .actor = std::move(call.actor),
                             .latency_us = latency_us});
  if (!call.on_loop) {
    thread.finish_answers();  // a loop does it when it has written
  }
}

}  // namespace

Result<std::shared_ptr<const LiveSet>> live_set(Call& call, const ApiContext& api) {
  auto set = call.thread->live.find(call.parts.name);
  if (!set && !api.ready) {
    return fail(Code::kUnavailable, "the server is still loading its models; try again");
  }
  if (!set) {
    return fail(
        Code::kNotFound,
        "no version of '{}' is live; create the model, push a package and tag it production",
        call.parts.name);
  }
  return set;
}

Result<const LiveTag*> live_tag(const LiveSet& set, std::string_view version) {
  if (!version.empty()) {
    return set.find(version);
  }
  if (!set.production) {
    return fail(Code::kUnavailable,
                "{} has no production version; tag one: bascule tag {} production v1", set.model,
                set.model);
  }
  return &*set.production;
}

void run_score_job(Call& call, ApiContext& api, ScoreJob job) {
  if (!call.on_loop || job.batch.rows() <= limits::kBlockRows) {
    score(call, api, std::move(job));
    return;
  }
  struct Moved {
    Call call;
    ScoreJob job;
  };
  const auto moved = std::make_shared<Moved>(Moved{std::move(call), std::move(job)});
  const bool posted = api.workers->post([moved, &api](ThreadState& worker) {
    moved->call.thread = &worker;
    moved->call.on_loop = false;
    score(moved->call, api, std::move(moved->job));
  });
  if (!posted) {
    send_error(moved->call, {Code::kOverloaded, "too much work is waiting; try again later"},
               api.services.clock);
  }
}

}  // namespace bascule
