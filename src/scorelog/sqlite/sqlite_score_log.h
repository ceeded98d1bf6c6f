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

// Opens or makes the file. kUnsupported when a newer Bascule wrote it.
Result<std::unique_ptr<ScoreLog>> open_sqlite_score_log(const std::string& path);

}  // namespace bascule
