/* Bascule's C interface: load a package, describe it, score columns. C11, stable.
 *
 * One idea: data goes in and comes out in the layout of the Arrow C data interface
 * (https://arrow.apache.org/docs/format/CDataInterface.html), so that pandas, Polars, Spark and a
 * plain C array can all hand over their columns without this header knowing any of them.
 *
 * Errors are values: a function that can fail returns a bascule_error*, null when it did not; free
 * it with bascule_error_free. Nothing here throws, exits, writes a log or changes the arguments.
 * A row can be bad without an error: the model scores the others, and says which and why.
 *
 * Threads: a bascule_plan and bascule_threads may be used by any number of threads at once. All
 * other objects belong to one thread at a time. Every pointer handed out lives as long as the
 * object that it came from.
 */
#ifndef BASCULE_H
#define BASCULE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BASCULE_VERSION "0.1.0"
/* Raised when a program compiled against an older header would no longer work. */
#define BASCULE_ABI_VERSION 1

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
  const char* format;
  const char* name;
  const char* metadata;
  int64_t flags;
  int64_t n_children;
  struct ArrowSchema** children;
  struct ArrowSchema* dictionary;
  void (*release)(struct ArrowSchema*);
  void* private_data;
};

struct ArrowArray {
  int64_t length;
  int64_t null_count;
  int64_t offset;
  int64_t n_buffers;
  int64_t n_children;
  const void** buffers;
  struct ArrowArray** children;
  struct ArrowArray* dictionary;
  void (*release)(struct ArrowArray*);
  void* private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

/* The library that runs: compare with BASCULE_VERSION and BASCULE_ABI_VERSION of the header. */
const char* bascule_version(void);
uint32_t bascule_abi_version(void);

typedef struct bascule_error bascule_error;
/* For machines: "invalid", "not_found", "too_large", "unsupported", "unavailable", "internal". */
const char* bascule_error_code(const bascule_error* error);
/* For people: one sentence that says what, where, what was expected and what to do. */
const char* bascule_error_message(const bascule_error* error);
void bascule_error_free(bascule_error* error); /* null is fine */

/* A loaded package, ready to score. */
typedef struct bascule_plan bascule_plan;

/* Reads, proves and lays out a package. The bytes are copied; the file is read once. */
bascule_error* bascule_load(const void* bytes, size_t size, bascule_plan** plan);
bascule_error* bascule_load_file(const char* path, bascule_plan** plan);
void bascule_free(bascule_plan* plan); /* null is fine; no call may be using the plan */

/* JSON: {"digest": "sha256:...", "bytes": n, "steps": [...], "manifest": {...}}. The steps are the
 * operators as they run, fused ones joined by "+"; docs/package-format.md tells of the manifest. */
const char* bascule_describe(const bascule_plan* plan);

/* Replays the golden rows: null when every score is within its bound of what Python gave. `here` is
 * not 0 on a machine whose numerics are those of the packing one, where a tighter bound applies. */
bascule_error* bascule_verify(const bascule_plan* plan, int here);

/* Threads that share large batches with the threads that call bascule_run. */
typedef struct bascule_threads bascule_threads;

/* `count` threads to a batch, the calling one among them: starts count - 1, of 1 to 1024. After a
 * fork the child's batches stay on the thread that calls. */
bascule_error* bascule_threads_start(size_t count, bascule_threads** threads);
void bascule_threads_free(bascule_threads* threads); /* null is fine; no call may be using them */

/* The scores of a batch. */
typedef struct bascule_result bascule_result;

/* Scores `batch`, a struct array with one child per column, found by its name:
 *
 *   number     g f, or any integer: c C s S i I l L (as numpy's astype converts them)
 *   number32   f                      boolean   b
 *   integer    c C s S i I l L        string    u U
 *   datetime   tsu: (naive), tsu:UTC  number[k] +w:k of g
 *   tokens     +l +L of u U           any       n (all null)
 *
 * A null is a missing value. An optional column may be absent: then every row of it is null.
 * Columns that the model does not know are ignored. A missing column or another format is an error.
 *
 *   threads   those that share the batch, which changes no bit; null for the calling one alone
 *   outputs   names of the `output_count` outputs wanted; null for the default ones
 */
bascule_error* bascule_run(const bascule_plan* plan, bascule_threads* threads,
                           const struct ArrowSchema* schema, const struct ArrowArray* batch,
                           const char* const* outputs, size_t output_count,
                           bascule_result** result);
void bascule_result_free(bascule_result* result); /* null is fine */

/* Moves the scores out, once: a struct array of as many rows as the batch, with one child per
 * output in the manifest's order: g for a number, +w:k of g for k of them, l for an integer or for
 * a label, which is a position among the output's labels (+w:k of l for k integers). Refused rows
 * are null in every child. Release both, as Arrow says, after which the memory is free. */
bascule_error* bascule_result_export(bascule_result* result, struct ArrowSchema* schema,
                                     struct ArrowArray* array);

/* The rows that the model refuses, in ascending order; `i` counts from 0 to their number. */
size_t bascule_result_refused_count(const bascule_result* result);
int64_t bascule_result_refused_row(const bascule_result* result, size_t i);
/* The position of the input column in the manifest, or -1 when it is not one column. */
int32_t bascule_result_refused_column(const bascule_result* result, size_t i);
/* For machines: "missing", "infinite", "too_large", "unknown_category",
 * "no_neighbors", "too_long", "no_memory". */
const char* bascule_result_refused_code(const bascule_result* result, size_t i);
/* For people: "column 'amount' is missing; the model needs it". */
const char* bascule_result_refused_message(const bascule_result* result, size_t i);

#ifdef __cplusplus
}
#endif

#endif /* BASCULE_H */
