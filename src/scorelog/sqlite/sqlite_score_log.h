// The score log in one SQLite file: the default, for one server.
//
// WAL with synchronous=NORMAL: a batch survives the death of the process (kill -9) as soon as
// append returns; when the machine loses power the last moments may be lost, never the file. One
// connection per file, as Debian's SQLite 3.40.1 can corrupt a WAL that several write.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "scorelog/score_log.h"

namespace bascule {

namespace sqlite {
class Database;
}  // namespace sqlite

// Opens or makes the file. kUnsupported when a newer Bascule wrote it.
Result<std::unique_ptr<ScoreLog>> open_sqlite_score_log(const std::string& path);

// The same over a database that a test has prepared: one with few pages, or a hand in its rows.
Result<std::unique_ptr<ScoreLog>> make_sqlite_score_log(std::unique_ptr<sqlite::Database> database);

}  // namespace bascule
