#include "api/score_job.h"

#include <utility>

#include "base/limits.h"
#include "serving/outputs.h"

namespace bascule {
namespace {

void count(ThreadState& thread, const ScoreJob& job, const StageTimes& times, bool answered,
           TimeUs now) {
  VersionCounters& counters = thread.metrics.version(job.set->model, *job.tag);
  counters.scored.add(job.batch.rows() - job.batch.bad_count());
  counters.bad.add(job.batch.bad_count());
  counters.last_us.set(static_cast<std::uint64_t>(now));
  if (!answered) {
    counters.failed.add(1);
    counters.failed_ns.add(static_cast<std::uint64_t>(times.end_ns.back() - times.complete_ns));
    return;
  }
  counters.answered.add(1);
  thread.metrics.add_stages(times);
  for (std::size_t stage = 0; stage < kStages.size(); ++stage) {
    counters.stage_ns[stage].add(static_cast<std::uint64_t>(times.ns(stage)));
  }
}

// kTooLarge: the outputs of all rows are more than an answer holds.
Status check_answer_size(const ScoreJob& job) {
  const std::size_t width = width_of(job.tag->live->plan->manifest(), job.wanted);
  if (job.batch.rows() * width > limits::kAnswerCells) {
    return fail(Code::kTooLarge,
                "{} rows have {} output values each; an answer holds {} in all: send fewer rows at "
                "a time, or ask for fewer outputs",
                job.batch.rows(), width, limits::kAnswerCells);
  }
  return {};
}

// Whether the loop's other connections wait no longer for it than for a few requests.
bool is_short(const ScoreJob& job) noexcept {
  constexpr std::int64_t kLoopScoreNs = 500'000;
  const std::size_t rows = job.batch.rows();
  return rows <= limits::kBlockRows &&
         static_cast<std::int64_t>(rows) * job.tag->live->row_ns <= kLoopScoreNs;
}

void score(Call& call, ApiContext& api, ScoreJob job) {
  const Clock& clock = api.services.clock;
  ThreadState& thread = *call.thread;
  StageTimes times{.complete_ns = call.request.started_ns, .end_ns = {clock.monotonic_ns()}};
  Answer answer =
      thread.answerer.answer(*job.set, *job.tag, job.batch, job.wanted, job.shows_event_ids);
  times.end_ns[1] = clock.monotonic_ns();
  if (api.services.terse_errors) {
    job.batch.hide_problems();
  }
  const Status encoded = job.encode(call.response(), *job.set, job.batch, answer);
  times.end_ns[2] = clock.monotonic_ns();
  count(thread, job, times, encoded.has_value(), clock.now_us());
  call.notes.set = job.set.get();
  call.notes.tag = job.tag;
  call.notes.rows = job.batch.rows();
  call.notes.bad_rows = job.batch.bad_count();
  call.notes.problems = job.batch.problem_count();
  call.notes.times = times;
  if (!answer.event_ids.empty()) {
    call.notes.event_id = answer.event_ids.front();
  }
  if (!encoded) {
    send_error(call, encoded.error(), api.services);
    return;
  }
  send_answer(call, clock);
  thread.finished.push_back({.set = std::move(job.set),
                             .answer = std::move(answer),
                             .batch = std::move(job.batch),
                             .actor = std::move(call.actor),
                             .latency_us = (times.end_ns[2] - times.complete_ns) / 1000});
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
  if (set.production_failed) {
    return fail(Code::kUnavailable,
                "the version behind {}:production could not be loaded; GET /v1/serving says why",
                set.model);
  }
  if (!set.production) {
    return fail(Code::kUnavailable,
                "{} has no production version; tag one: bascule tag {} production v1", set.model,
                set.model);
  }
  return &*set.production;
}

Result<const LiveTag*> oip_live_tag(const LiveSet& set, std::string_view version) {
  auto tag = live_tag(set, version);
  if (!tag && tag.error().code == Code::kConflict) {
    return fail(Code::kNotFound, "{}", tag.error().message);
  }
  return tag;
}

Result<const LiveTag*> asked_tag(const HttpRequest& request, const LiveSet& set) {
  BASCULE_TRY(const auto version, query_value(request.query, "version"));
  BASCULE_TRY(const auto tag, query_value(request.query, "tag"));
  if (!version.empty() && !tag.empty()) {
    return fail(Code::kInvalid, "the query has 'version' and 'tag'; send one of both");
  }
  return live_tag(set, version.empty() ? tag : version);
}

void run_score_job(Call& call, ApiContext& api, ScoreJob job) {
  if (const Status fits = check_answer_size(job); !fits) {
    send_error(call, fits.error(), api.services);
    return;
  }
  if (!call.on_loop || is_short(job)) {
    score(call, api, std::move(job));
    return;
  }
  struct Moved {
    Call call;
    ScoreJob job;
  };
  const auto moved = std::make_shared<Moved>(Moved{std::move(call), std::move(job)});
  const std::int64_t posted_ns = api.services.clock.monotonic_ns();
  const bool posted = api.scorers->post([moved, posted_ns, &api](ThreadState& worker) {
    moved->call.thread = &worker;
    moved->call.on_loop = false;
    moved->call.notes.wait_ns += api.services.clock.monotonic_ns() - posted_ns;
    if (const Status in_time = check_deadline(moved->call, api.services.clock); !in_time) {
      send_error(moved->call, in_time.error(), api.services);
      return;
    }
    score(moved->call, api, std::move(moved->job));
  });
  if (!posted) {
    send_error(moved->call, {Code::kOverloaded, "too much work is waiting; try again later"},
               api.services);
  }
}

}  // namespace bascule
