// The envelope of a row from its columns: which column is the key, the entity, the amount, the time
// is one of the model's settings, so that a caller who sends rows only can still be labelled.
#pragma once

#include "serving/live.h"
#include "serving/row_batch.h"

namespace bascule {

// Fills what the callers left out, for every row that is not bad. A time that is none makes its row
// bad.
void take_envelopes_from_columns(const LiveSet& set, RowBatch& batch);

}  // namespace bascule
