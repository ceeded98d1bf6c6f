// Reads the log for people: events newest first, each with what is known of it.
#pragma once

#include <vector>

#include "base/result.h"
#include "scorelog/score_log.h"
#include "sqlite/sqlite.h"

namespace bascule::scorelog_sqlite {

// kInvalid for a limit of 0 or beyond limits::kPageRows.
Result<std::vector<LogEntry>> read_log(sqlite::Database& database, const LogQuery& query);

}  // namespace bascule::scorelog_sqlite
