// The tables of the score log. A migration is only ever added, never changed.
#pragma once

#include <array>
#include <string_view>

namespace bascule::scorelog_sqlite {

inline constexpr std::string_view kVersion1 = R"sql(
CREATE TABLE score (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  event_id TEXT NOT NULL,
  row_index INTEGER NOT NULL,
  client_id TEXT NOT NULL,
  revision INTEGER NOT NULL,
  at INTEGER NOT NULL,
  event_time INTEGER,
  app TEXT NOT NULL,
  model TEXT NOT NULL,
  tag TEXT NOT NULL,
  tag_revision INTEGER NOT NULL,
  version INTEGER NOT NULL,
  digest TEXT NOT NULL,
  key TEXT,
  entity_hash BLOB,
  entity_group INTEGER NOT NULL,
  segments TEXT,
  score REAL,
  bin INTEGER,
  log_loss_if_1 INTEGER,
  log_loss_if_0 INTEGER,
  outputs TEXT NOT NULL,
  latency_us INTEGER NOT NULL,
  status TEXT NOT NULL,
  policy_id TEXT NOT NULL,
  policy_version INTEGER NOT NULL,
  threshold REAL,
  action TEXT NOT NULL,
  propensity REAL NOT NULL CHECK (propensity > 0 AND propensity <= 1),
  explored INTEGER NOT NULL,
  action_source TEXT NOT NULL,
  amount REAL,
  log_sampling REAL NOT NULL CHECK (log_sampling > 0 AND log_sampling <= 1),
  features TEXT NOT NULL,
  schema_digest TEXT NOT NULL,
  row_hash BLOB NOT NULL,
  UNIQUE (event_id, row_index)
);
CREATE UNIQUE INDEX score_by_key ON score (model, key, revision) WHERE key IS NOT NULL;
CREATE INDEX score_by_window ON score (model, digest, at);
CREATE INDEX score_by_model ON score (model);

-- Ordered as a report reads it: one candidate, row by row.
CREATE TABLE shadow (
  digest TEXT NOT NULL,
  score_seq INTEGER NOT NULL REFERENCES score (seq) ON DELETE CASCADE,
  tag TEXT NOT NULL,
  version INTEGER NOT NULL,
  score REAL,
  bin INTEGER,
  log_loss_if_1 INTEGER,
  log_loss_if_0 INTEGER,
  outputs TEXT NOT NULL,
  latency_us INTEGER NOT NULL,
  queue_us INTEGER NOT NULL,
  status TEXT NOT NULL,
  shadow_sampling REAL NOT NULL CHECK (shadow_sampling > 0 AND shadow_sampling <= 1),
  PRIMARY KEY (digest, score_seq)
) WITHOUT ROWID;
CREATE INDEX shadow_by_score ON shadow (score_seq);

-- `value` for a number, `class` for a text. `supersedes` is the label that this one replaces, or
-- takes back when it is a reversal.
CREATE TABLE label (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT NOT NULL,
  key TEXT NOT NULL,
  value REAL,
  class TEXT,
  amount REAL,
  source TEXT NOT NULL,
  observed_at INTEGER,
  arrived_at INTEGER NOT NULL,
  reverses INTEGER NOT NULL,
  supersedes INTEGER,
  CHECK ((value IS NULL) <> (class IS NULL))
);
CREATE INDEX label_by_key ON label (model, key);

CREATE TABLE decision (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  model TEXT NOT NULL,
  key TEXT NOT NULL,
  action TEXT NOT NULL,
  propensity REAL NOT NULL CHECK (propensity > 0 AND propensity <= 1),
  explored INTEGER NOT NULL,
  at INTEGER NOT NULL
);
CREATE INDEX decision_by_key ON decision (model, key);

-- One row: what arrived before this may be forgotten, and nothing else may.
CREATE TABLE retention (forgotten_before INTEGER NOT NULL);
INSERT INTO retention VALUES (0);

CREATE TRIGGER label_never_changes BEFORE UPDATE ON label BEGIN
  SELECT RAISE(ABORT, 'labels are append-only');
END;
CREATE TRIGGER label_stays BEFORE DELETE ON label
WHEN OLD.arrived_at >= (SELECT forgotten_before FROM retention) BEGIN
  SELECT RAISE(ABORT, 'labels are append-only');
END;
CREATE TRIGGER decision_never_changes BEFORE UPDATE ON decision BEGIN
  SELECT RAISE(ABORT, 'decisions are append-only');
END;
CREATE TRIGGER decision_stays BEFORE DELETE ON decision
WHEN OLD.at >= (SELECT forgotten_before FROM retention) BEGIN
  SELECT RAISE(ABORT, 'decisions are append-only');
END;
)sql";

inline constexpr std::array<std::string_view, 1> kMigrations = {kVersion1};

}  // namespace bascule::scorelog_sqlite
