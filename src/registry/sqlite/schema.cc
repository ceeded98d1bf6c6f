#include "registry/sqlite/schema.h"

#include <array>

namespace bascule {
namespace {

// Tables in SQL that PostgreSQL takes too: times are microseconds since 1970, booleans 0 and 1,
// what there is none of is '' or 0, so that no column has two kinds of nothing. (PostgreSQL needs
// a database of collation C, for names in the order of their bytes.)
//
// registry_head is one row: the last event's seq, time and hash. Whoever adds an event updates it
// in the same transaction, so that seq has no gaps and its order is the order of commits.
constexpr std::string_view kVersion1 =
    R"sql(
CREATE TABLE registry_head (
  id   SMALLINT NOT NULL PRIMARY KEY CHECK (id = 1),
  seq  BIGINT NOT NULL,
  at   BIGINT NOT NULL,
  hash TEXT NOT NULL
);
INSERT INTO registry_head VALUES
  (1, 0, 0, '0000000000000000000000000000000000000000000000000000000000000000');

CREATE TABLE model (
  name                 TEXT NOT NULL PRIMARY KEY,
  kind                 TEXT NOT NULL,
  owner                TEXT NOT NULL,
  label_window_days    BIGINT NOT NULL,
  key_column           TEXT NOT NULL,
  entity_column        TEXT NOT NULL,
  amount_column        TEXT NOT NULL,
  time_column          TEXT NOT NULL,
  segments             TEXT NOT NULL,     -- a JSON array
  ignore_extra_columns SMALLINT NOT NULL CHECK (ignore_extra_columns IN (0, 1)),
  protected_tags       TEXT NOT NULL,     -- a JSON array
  settings             TEXT NOT NULL,
  policy               TEXT NOT NULL,
  policy_revision      BIGINT NOT NULL,
  policy_id            TEXT NOT NULL,
  salt                 TEXT NOT NULL,     -- 64 hexadecimal digits
  version_count        BIGINT NOT NULL,   -- numbers given so far
  created_by           TEXT NOT NULL,
  created_at           BIGINT NOT NULL
);

CREATE TABLE package (
  digest      TEXT NOT NULL PRIMARY KEY,
  size_bytes  BIGINT NOT NULL,
  kind        TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  summary     TEXT NOT NULL,
  pushed_by   TEXT NOT NULL,
  pushed_at   BIGINT NOT NULL
);

CREATE TABLE version (
  model     TEXT NOT NULL REFERENCES model (name),
  number    BIGINT NOT NULL,
  digest    TEXT NOT NULL REFERENCES package (digest),
  notes     TEXT NOT NULL,
  pushed_by TEXT NOT NULL,
  pushed_at BIGINT NOT NULL,
  PRIMARY KEY (model, number),
  UNIQUE (model, digest)
);

CREATE TABLE tag_event (
  seq         BIGINT NOT NULL PRIMARY KEY,
  model       TEXT NOT NULL REFERENCES model (name),
  tag         TEXT NOT NULL,
  revision    BIGINT NOT NULL,
  kind        TEXT NOT NULL,
  old_digest  TEXT NOT NULL,
  new_digest  TEXT NOT NULL,
  old_version BIGINT NOT NULL,
  new_version BIGINT NOT NULL,
  actor       TEXT NOT NULL,
  reason      TEXT NOT NULL,
  report_id   TEXT NOT NULL,
  forced      SMALLINT NOT NULL CHECK (forced IN (0, 1)),
  policy      TEXT NOT NULL,
  at          BIGINT NOT NULL,
  prev_hash   TEXT NOT NULL,
  hash        TEXT NOT NULL,
  UNIQUE (model, tag, revision)
);
CREATE INDEX tag_event_of_model ON tag_event (model, seq);

-- A deleted tag keeps its row, so that its revisions go on where they stopped.
CREATE TABLE tag (
  model    TEXT NOT NULL REFERENCES model (name),
  name     TEXT NOT NULL,
  version  BIGINT,                        -- null: it points at nothing
  revision BIGINT NOT NULL,
  seq      BIGINT NOT NULL REFERENCES tag_event (seq),
  moved_at BIGINT NOT NULL,
  moved_by TEXT NOT NULL,
  PRIMARY KEY (model, name),
  FOREIGN KEY (model, version) REFERENCES version (model, number)
);

CREATE TABLE report (
  id               TEXT NOT NULL PRIMARY KEY,
  model            TEXT NOT NULL REFERENCES model (name),
  baseline_digest  TEXT NOT NULL,
  candidate_digest TEXT NOT NULL,
  policy_id        TEXT NOT NULL,
  passed           SMALLINT NOT NULL CHECK (passed IN (0, 1)),
  body             TEXT NOT NULL,
  created_by       TEXT NOT NULL,
  created_at       BIGINT NOT NULL
);
CREATE INDEX report_of_model ON report (model, created_at);

CREATE TABLE approval (
  report_id TEXT NOT NULL REFERENCES report (id),
  principal TEXT NOT NULL,
  comment   TEXT NOT NULL,
  at        BIGINT NOT NULL,
  PRIMARY KEY (report_id, principal)
);

CREATE TABLE principal (
  id         TEXT NOT NULL PRIMARY KEY,
  token_hash TEXT NOT NULL UNIQUE,
  created_at BIGINT NOT NULL,
  revoked_at BIGINT                       -- null: it may still ask
);

CREATE TABLE permission (
  principal TEXT NOT NULL REFERENCES principal (id),
  role      TEXT NOT NULL,
  name_glob TEXT NOT NULL,                -- of models: fraud/*
  tag_glob  TEXT NOT NULL,                -- of tags: candidate/*
  PRIMARY KEY (principal, role, name_glob, tag_glob)
);

CREATE TABLE serving_state (
  server         TEXT NOT NULL,
  model          TEXT NOT NULL REFERENCES model (name),
  tag            TEXT NOT NULL,
  desired_digest TEXT NOT NULL,
  actual_digest  TEXT NOT NULL,
  since          BIGINT NOT NULL,
  error          TEXT NOT NULL,
  PRIMARY KEY (server, model, tag)
);
)sql"
    // What SQLite writes in its own way.
    R"sql(
CREATE TRIGGER tag_event_keeps_rows BEFORE DELETE ON tag_event
BEGIN SELECT RAISE(ABORT, 'tag_event is append-only'); END;
CREATE TRIGGER tag_event_keeps_values BEFORE UPDATE ON tag_event
BEGIN SELECT RAISE(ABORT, 'tag_event is append-only'); END;
)sql";

// A principal may have several tokens, so that one can be changed without a gap. The tables of
// version 1 allowed one each; nothing ever wrote to them.
constexpr std::string_view kVersion2 = R"sql(
DROP TABLE permission;
DROP TABLE principal;

CREATE TABLE token (
  id         BIGINT NOT NULL PRIMARY KEY,
  principal  TEXT NOT NULL,
  role       TEXT NOT NULL,
  hash       TEXT NOT NULL UNIQUE,        -- 64 hexadecimal digits
  created_by TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,             -- 0: never
  used_day   BIGINT NOT NULL,             -- days since 1970; 0: never
  revoked_by TEXT NOT NULL,
  revoked_at BIGINT NOT NULL              -- 0: it still lets in
);
)sql";

constexpr std::array<std::string_view, 2> kMigrations{kVersion1, kVersion2};

}  // namespace

std::span<const std::string_view> registry_migrations() {
  return kMigrations;
}

}  // namespace bascule
