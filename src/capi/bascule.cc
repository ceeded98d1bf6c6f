// The entry points of bascule.h.
#include "capi/bascule.h"

#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/json_writer.h"
#include "capi/error.h"
#include "capi/scoring.h"
#include "engine/plan.h"
#include "package/package.h"

using namespace bascule;

struct bascule_plan {
  explicit bascule_plan(std::shared_ptr<const Plan> loaded)
      : plan(std::move(loaded)), scorers(*plan) {}

  std::shared_ptr<const Plan> plan;
  std::string description;
  mutable capi::ScorerPool scorers;
};

struct bascule_threads {
  std::unique_ptr<capi::ThreadTeam> team;
};

struct bascule_result {
  capi::Scores scores;
  bool exported = false;
};

namespace {
std::string describe(const Plan& plan) {
  std::string text;
  JsonWriter json(text);
  json.object([&] {
    json.key("digest").string(digest_text(plan.package().digest()));
    json.key("bytes").integer(static_cast<std::int64_t>(plan.package().bytes().size()));
    json.key("steps").array([&] {
      for (const auto& step : plan.steps()) {
        json.string(step);
      }
    });
    json.key("manifest").raw(plan.package().manifest_text());
  });
  return text;
}

Status load_plan(std::shared_ptr<const Package> package, bascule_plan** out) {
  BASCULE_TRY(auto loaded, Plan::load(std::move(package)));
  auto plan = std::make_unique<bascule_plan>(std::move(loaded));
  plan->description = describe(*plan->plan);
  *out = plan.release();
  return {};
}

Result<OutputMask> wanted_outputs(const Plan& plan, const char* const* names, std::size_t count) {
  if (names == nullptr) {
    return plan.default_outputs();
  }
  const std::vector<std::string> list(names, names + count);
  return plan.outputs(list);
}

template <typename... Pointers>
Status not_null(const Pointers*... pointers) {
  if ((... && (pointers != nullptr))) {
    return {};
  }
  return fail(Code::kInvalid, "an argument is null that may not be; see bascule.h");
}
}  // namespace

const char* bascule_version(void) {
  return BASCULE_VERSION;
}

uint32_t bascule_abi_version(void) {
  return BASCULE_ABI_VERSION;
}

bascule_error* bascule_load(const void* bytes, size_t size, bascule_plan** plan) {
  return capi::guarded([&]() -> Status {
    BASCULE_CHECK_OK(not_null(bytes, plan));
    BASCULE_TRY(auto package, Package::open({static_cast<const std::byte*>(bytes), size}));
    return load_plan(std::move(package), plan);
  });
}

bascule_error* bascule_load_file(const char* path, bascule_plan** plan) {
  return capi::guarded([&]() -> Status {
    BASCULE_CHECK_OK(not_null(path, plan));
    BASCULE_TRY(auto package, Package::open_file(path));
    return load_plan(std::move(package), plan);
  });
}

void bascule_free(bascule_plan* plan) {
  delete plan;
}

const char* bascule_describe(const bascule_plan* plan) {
  return plan->description.c_str();
}

bascule_error* bascule_verify(const bascule_plan* plan, int here) {
  return capi::guarded([&]() -> Status {
    BASCULE_CHECK_OK(not_null(plan));
    return self_test(*plan->plan, here != 0);
  });
}

bascule_error* bascule_threads_start(size_t count, bascule_threads** threads) {
  return capi::guarded([&]() -> Status {
    BASCULE_CHECK_OK(not_null(threads));
    BASCULE_TRY(auto team, capi::ThreadTeam::start(count));
    *threads = new bascule_threads{std::move(team)};
    return {};
  });
}

void bascule_threads_free(bascule_threads* threads) {
  delete threads;
}

bascule_error* bascule_run(const bascule_plan* plan, bascule_threads* threads,
                           const struct ArrowSchema* schema, const struct ArrowArray* batch,
                           const char* const* outputs, size_t output_count,
                           bascule_result** result) {
  return capi::guarded([&]() -> Status {
    BASCULE_CHECK_OK(not_null(plan, schema, batch, result));
    const Plan& loaded = *plan->plan;
    BASCULE_TRY(const auto wanted, wanted_outputs(loaded, outputs, output_count));
    BASCULE_TRY(const auto columns, capi::bind_columns(loaded.manifest().inputs,
                                                       loaded.input_types(), *schema, *batch));
    BASCULE_TRY(auto scores,
                capi::score(loaded, plan->scorers, threads == nullptr ? nullptr : &*threads->team,
                            columns, static_cast<std::size_t>(batch->length), wanted));
    *result = new bascule_result{std::move(scores)};
    return {};
  });
}

void bascule_result_free(bascule_result* result) {
  delete result;
}

bascule_error* bascule_result_export(bascule_result* result, struct ArrowSchema* schema,
                                     struct ArrowArray* array) {
  return capi::guarded([&]() -> Status {
    BASCULE_CHECK_OK(not_null(result, schema, array));
    if (std::exchange(result->exported, true)) {
      return fail(Code::kInvalid, "the scores of a result can be exported once");
    }
    capi::export_batch(std::move(result->scores.outputs), *schema, *array);
    return {};
  });
}

size_t bascule_result_refused_count(const bascule_result* result) {
  return result->scores.refused.size();
}

int64_t bascule_result_refused_row(const bascule_result* result, size_t i) {
  return result->scores.refused[i].row;
}

int32_t bascule_result_refused_column(const bascule_result* result, size_t i) {
  return result->scores.refused[i].error.column;
}

const char* bascule_result_refused_code(const bascule_result* result, size_t i) {
  // The names are literals, which end in a zero.
  return row_code_name(result->scores.refused[i].error.code).data();
}

const char* bascule_result_refused_message(const bascule_result* result, size_t i) {
  return result->scores.refused[i].message->c_str();
}
