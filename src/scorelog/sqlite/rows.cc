#include "scorelog/sqlite/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "base/json_writer.h"

namespace bascule::scorelog_sqlite {
namespace {

// Binds one column after the other.
class Binder {
 public:
  explicit Binder(sqlite::Statement& statement) : statement_(statement) { statement_.reset(); }

  template <typename T>
  Binder& add(const T& value) {
    statement_.bind(++index_, value);
    return *this;
  }
  // NULL in the place of "".
  Binder& add_unless_empty(const std::string& value) {
    return value.empty() ? add(std::nullopt) : add(value);
  }
  Binder& add_bytes(const Digest& digest) { return add(std::span<const std::byte>(digest)); }
  Binder& add_bin(const std::optional<ScoreBin>& bin) {
    if (!bin) {
      return add(std::nullopt).add(std::nullopt).add(std::nullopt);
    }
    return add(std::int64_t{bin->bin}).add(bin->log_loss_if_1).add(bin->log_loss_if_0);
  }
  int count() const noexcept { return index_; }

 private:
  sqlite::Statement& statement_;
  int index_ = 0;
};

// Reads one column after the other.
class Reader {
 public:
  Reader(const sqlite::Statement& statement, int first) : statement_(statement), next_(first) {}

  std::string text() { return statement_.text(next_++); }
  std::int64_t integer() { return statement_.integer(next_++); }
  double number() { return statement_.number(next_++); }
  bool boolean() { return statement_.boolean(next_++); }
  std::optional<std::int64_t> optional_integer() { return statement_.optional_integer(next_++); }
  std::optional<double> optional_number() { return statement_.optional_number(next_++); }
  std::optional<Digest> optional_digest() {
    const auto bytes = statement_.bytes(next_++);
    Digest digest{};
    if (bytes.size() != digest.size()) {
      return std::nullopt;
    }
    std::ranges::copy(bytes, digest.begin());
    return digest;
  }
  std::optional<ScoreBin> bin() {
    const auto bin = optional_integer();
    const auto if_1 = integer();
    const auto if_0 = integer();
    return bin ? std::optional(ScoreBin{static_cast<std::int32_t>(*bin), if_1, if_0})
               : std::nullopt;
  }
  void skip() noexcept { ++next_; }
  int position() const noexcept { return next_; }

 private:
  const sqlite::Statement& statement_;
  int next_;
};

}  // namespace

void bind_score(sqlite::Statement& statement, const ScoreRecord& record, std::int64_t revision) {
  Binder bind(statement);
  bind.add(record.event_id).add(std::int64_t{record.row}).add(record.client_id).add(revision);
  bind.add(record.at).add(record.event_time).add(record.app).add(record.model).add(record.tag);
  bind.add(record.tag_revision).add(record.version).add(record.digest);
  bind.add_unless_empty(record.key);
  if (record.entity_hash) {
    bind.add_bytes(*record.entity_hash);
  } else {
    bind.add(std::nullopt);
  }
  bind.add(std::int64_t{record.group}).add_unless_empty(segments_json(record.segments));
  bind.add(record.score).add_bin(record.bin).add(record.outputs).add(record.latency_us);
  bind.add(record.status).add(record.policy_id).add(record.policy_version);
  bind.add(record.threshold).add(record.action).add(record.propensity).add(record.explored);
  bind.add(action_source_name(record.action_source)).add(record.amount);
  bind.add(record.log_sampling).add(record.features).add(record.schema_digest);
  bind.add_bytes(record.row_hash);
  BASCULE_ASSERT(bind.count() == kScoreColumnCount);
}

ScoreRecord read_score(const sqlite::Statement& statement, int first) {
  Reader read(statement, first);
  ScoreRecord out;
  out.event_id = read.text();
  out.row = static_cast<std::uint32_t>(read.integer());
  out.client_id = read.text();
  out.revision = read.integer();
  out.at = read.integer();
  out.event_time = read.optional_integer();
  out.app = read.text();
  out.model = read.text();
  out.tag = read.text();
  out.tag_revision = read.integer();
  out.version = read.integer();
  out.digest = read.text();
  out.key = read.text();
  out.entity_hash = read.optional_digest();
  out.group = static_cast<std::uint8_t>(read.integer());
  read.skip();  // segments
  out.score = read.optional_number();
  out.bin = read.bin();
  out.outputs = read.text();
  out.latency_us = read.integer();
  out.status = read.text();
  out.policy_id = read.text();
  out.policy_version = read.integer();
  out.threshold = read.optional_number();
  out.action = read.text();
  out.propensity = read.number();
  out.explored = read.boolean();
  out.action_source = read.text() == action_source_name(ActionSource::kReported)
                          ? ActionSource::kReported
                          : ActionSource::kDerived;
  out.amount = read.optional_number();
  out.log_sampling = read.number();
  out.features = read.text();
  out.schema_digest = read.text();
  out.row_hash = read.optional_digest().value_or(Digest{});
  BASCULE_ASSERT(read.position() == first + kScoreColumnCount);
  return out;
}

void bind_shadow(sqlite::Statement& statement, const ShadowRecord& record, std::int64_t score_seq) {
  Binder bind(statement);
  bind.add(record.digest).add(score_seq).add(record.tag).add(record.version).add(record.score);
  bind.add_bin(record.bin).add(record.outputs).add(record.latency_us).add(record.queue_us);
  bind.add(shadow_status_name(record.status)).add(record.shadow_sampling);
  BASCULE_ASSERT(bind.count() == kShadowColumnCount);
}

ShadowRecord read_shadow(const sqlite::Statement& statement, int first) {
  Reader read(statement, first);
  ShadowRecord out;
  out.digest = read.text();
  read.skip();  // score_seq
  out.tag = read.text();
  out.version = read.integer();
  out.score = read.optional_number();
  out.bin = read.bin();
  out.outputs = read.text();
  out.latency_us = read.integer();
  out.queue_us = read.integer();
  out.status = shadow_status(read.text());
  out.shadow_sampling = read.number();
  BASCULE_ASSERT(read.position() == first + kShadowColumnCount);
  return out;
}

void bind_label(sqlite::Statement& statement, const LabelRecord& record,
                std::optional<std::int64_t> supersedes) {
  Binder bind(statement);
  bind.add(record.model).add(record.key);
  if (const auto* number = std::get_if<double>(&record.value)) {
    bind.add(*number).add(std::nullopt);
  } else {
    bind.add(std::nullopt).add(*std::get_if<std::string>(&record.value));
  }
  bind.add(record.amount).add(record.source).add(record.observed_at).add(record.arrived_at);
  bind.add(record.reverses).add(supersedes);
  BASCULE_ASSERT(bind.count() == kLabelColumnCount);
}

LabelValue read_label_value(const sqlite::Statement& statement, int value_column) {
  if (statement.is_null(value_column)) {
    return statement.text(value_column + 1);
  }
  return statement.number(value_column);
}

LabelRecord read_label(const sqlite::Statement& statement, int first) {
  Reader read(statement, first);
  LabelRecord out;
  out.model = read.text();
  out.key = read.text();
  out.value = read_label_value(statement, read.position());
  read.skip();
  read.skip();
  out.amount = read.optional_number();
  out.source = read.text();
  out.observed_at = read.optional_integer();
  out.arrived_at = read.integer();
  out.reverses = read.boolean();
  out.supersedes = read.optional_integer();
  BASCULE_ASSERT(read.position() == first + kLabelColumnCount);
  return out;
}

std::string segments_json(const Segments& segments) {
  std::string out;
  if (segments.empty()) {
    return out;
  }
  JsonWriter json(out);
  json.object([&] {
    for (const auto& [name, value] : segments) {
      json.key(name).string(value);
    }
  });
  return out;
}

Result<Segments> read_segments(sqlite::Statement& read, std::string_view json) {
  Segments out;
  if (json.empty()) {
    return out;
  }
  read.bind_all(json);
  for (;;) {
    BASCULE_TRY(const bool row, read.step());
    if (!row) {
      return out;
    }
    out.emplace_back(read.text(0), read.text(1));
  }
}

std::string parameters(int count) {
  std::string out = "$1";
  for (int i = 2; i <= count; ++i) {
    out += fmt::format(", ${}", i);
  }
  return out;
}

ShadowStatus shadow_status(std::string_view name) {
  for (const auto status : {ShadowStatus::kOk, ShadowStatus::kMissingFeature, ShadowStatus::kError,
                            ShadowStatus::kTimeout, ShadowStatus::kDropped}) {
    if (shadow_status_name(status) == name) {
      return status;
    }
  }
  return ShadowStatus::kError;  // written by a newer build
}

}  // namespace bascule::scorelog_sqlite
