// The report as JSON. Keys stand in one order, and a number that does not exist is null.

#include <fmt/format.h>

#include "base/json_writer.h"
#include "evaluate/report.h"

namespace bascule {
namespace {

void number(JsonWriter& json, std::string_view key, std::optional<double> value) {
  json.key(key);
  value ? json.number(*value) : json.null();
}

void count(JsonWriter& json, std::string_view key, std::uint64_t value) {
  json.key(key).integer(static_cast<std::int64_t>(value));
}

void time(JsonWriter& json, std::string_view key, std::optional<TimeUs> value) {
  json.key(key);
  value ? json.string(format_time(*value)) : json.null();
}

void interval(JsonWriter& json, std::string_view key, const std::optional<Interval>& value) {
  json.key(key);
  if (!value) {
    json.null();
    return;
  }
  json.array([&] {
    json.number(value->low);
    json.number(value->high);
  });
}

void subject(JsonWriter& json, std::string_view key, const Subject& subject) {
  json.key(key).object([&] {
    json.key("version").string(fmt::format("v{}", subject.version));
    json.key("digest").string(subject.digest);
    json.key("tag").string(subject.tag);
  });
}

void exclusions(JsonWriter& json, std::string_view key, const std::vector<Exclusion>& list) {
  json.key(key).object([&] {
    for (const auto& exclusion : list) {
      count(json, exclusion.reason, exclusion.rows);
    }
  });
}

void rows(JsonWriter& json, const Report& report) {
  const auto& context = report.context;
  json.key("rows").object([&] {
    count(json, "production", context.production_rows);
    count(json, "compared", report.rows);
    count(json, "labelled", report.labelled);
    if (context.kind == ReportKind::kYesNo) {
      count(json, "positive", report.positives);
      number(json, "effective_positive", report.effective_positives);
    }
    number(json, "effective_labelled", report.effective_labelled);
    number(json, "coverage", report.coverage);
    count(json, "entity_groups", report.groups);
    exclusions(json, "not_compared", context.not_compared);
    exclusions(json, "not_labelled", context.not_labelled);
  });
}

void gates(JsonWriter& json, const Report& report) {
  json.key("gates").array([&] {
    for (const auto& gate : report.gates) {
      json.object([&] {
        json.key("name").string(gate.name);
        number(json, "value", gate.value);
        json.key("limit").number(gate.limit);
        json.key("passed").boolean(gate.passed);
        json.key("sentence").string(gate.sentence);
      });
    }
  });
}

void metrics(JsonWriter& json, const Report& report) {
  json.key("metrics").object([&] {
    for (const auto& metric : report.metrics) {
      json.key(metric.name).object([&] {
        json.key("title").string(metric.title);
        number(json, "production", metric.production);
        number(json, "candidate", metric.candidate);
        number(json, "difference", metric.difference);
        interval(json, "interval", metric.interval);
        if (!metric.why_not.empty()) {
          json.key("not_estimable").string(metric.why_not);
        }
      });
    }
  });
}

void delong(JsonWriter& json, const DelongResult& delong) {
  json.key("delong").object([&] {
    json.key("production_error").number(delong.production_error);
    json.key("candidate_error").number(delong.candidate_error);
    interval(json, "production_interval", delong.production_interval);
    interval(json, "candidate_interval", delong.candidate_interval);
    json.key("difference").number(delong.difference);
    json.key("standard_error").number(delong.standard_error);
    interval(json, "interval", delong.interval);
    number(json, "z", delong.z);
    number(json, "p", delong.p);
  });
}

void flip_count(JsonWriter& json, std::string_view key, const FlipCount& flips) {
  json.key(key).object([&] {
    count(json, "rows", flips.rows());
    count(json, "positive", flips.positive);
    count(json, "negative", flips.negative);
    count(json, "unknown", flips.unknown);
    json.key("amount").number(flips.amount);
  });
}

void flips(JsonWriter& json, const Report& report) {
  const auto& flips = *report.flips;
  json.key("flips").object([&] {
    count(json, "same", flips.same);
    if (report.context.kind == ReportKind::kYesNo) {
      number(json, "threshold", report.policy.threshold);
      flip_count(json, "up", flips.up);
      flip_count(json, "down", flips.down);
    } else {
      count(json, "changed", flips.up.rows());
    }
    count(json, "candidate_right", flips.candidate_right);
    count(json, "production_right", flips.production_right);
    number(json, "p", flips.p);
    json.key("test").string(flips.exact ? "exact binomial" : "McNemar");
  });
}

void shape(JsonWriter& json, const Shape& shape) {
  const auto numbers = [&](std::string_view key, const auto& values) {
    json.key(key).array([&] {
      for (const double value : values) {
        json.number(value);
      }
    });
  };
  json.key("shape").object([&] {
    json.key("production_mean").number(shape.production_mean);
    json.key("candidate_mean").number(shape.candidate_mean);
    numbers("quantiles", Shape::kLevels);
    numbers("production", shape.production);
    numbers("candidate", shape.candidate);
  });
}

std::string_view kind_text(ReportKind kind) {
  switch (kind) {
    case ReportKind::kYesNo:
      return "yes/no";
    case ReportKind::kClasses:
      return "classes";
    case ReportKind::kNumber:
      return "number";
    case ReportKind::kShape:
      break;
  }
  return "shape";
}

}  // namespace

std::string render_json(const Report& report) {
  std::string out;
  JsonWriter json(out);
  const auto& context = report.context;
  json.object([&] {
    json.key("verdict").string(report.passed ? "pass" : "fail");
    json.key("model").string(context.model);
    json.key("compares").string(kind_text(context.kind));
    subject(json, "baseline", context.production);
    subject(json, "candidate", context.candidate);
    time(json, "first_at", context.first_at);
    time(json, "last_at", context.last_at);
    time(json, "mature_before", context.mature_before);
    rows(json, report);
    json.key("policy").raw(policy_json(report.policy));
    gates(json, report);
    metrics(json, report);
    if (report.delong) {
      delong(json, *report.delong);
    }
    if (report.flips) {
      flips(json, report);
    }
    if (report.shape) {
      shape(json, *report.shape);
    }
    json.key("notes").array([&] {
      for (const auto& note : report.notes) {
        json.string(note);
      }
    });
  });
  return out;
}

}  // namespace bascule
