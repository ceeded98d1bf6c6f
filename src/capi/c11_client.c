/* A client as an application in C would write it: one row of two numbers, one score. */
#include "capi/bascule.h"

#include <stddef.h>

/* The last column of the first default output; -1 when anything fails. */
double c11_client_score(const void* package, size_t size, const char* const names[2],
                        const double row[2]) {
  struct ArrowSchema fields[2] = {{.format = "g", .name = names[0]},
                                  {.format = "g", .name = names[1]}};
  struct ArrowSchema* field_list[2] = {&fields[0], &fields[1]};
  struct ArrowSchema schema = {.format = "+s", .n_children = 2, .children = field_list};

  const void* buffers[2][2] = {{NULL, &row[0]}, {NULL, &row[1]}};
  struct ArrowArray columns[2] = {{.length = 1, .n_buffers = 2, .buffers = buffers[0]},
                                  {.length = 1, .n_buffers = 2, .buffers = buffers[1]}};
  struct ArrowArray* column_list[2] = {&columns[0], &columns[1]};
  const void* no_nulls[1] = {NULL};
  struct ArrowArray batch = {.length = 1,
                             .n_buffers = 1,
                             .n_children = 2,
                             .buffers = no_nulls,
                             .children = column_list};

  double score = -1;
  bascule_plan* plan = NULL;
  bascule_result* result = NULL;
  struct ArrowSchema out_schema;
  struct ArrowArray out;
  bascule_error* error = bascule_load(package, size, &plan);
  if (error == NULL) {
    error = bascule_run(plan, NULL, &schema, &batch, NULL, 0, &result);
  }
  if (error == NULL) {
    error = bascule_result_export(result, &out_schema, &out);
  }
  if (error == NULL) {
    const struct ArrowArray* cells = out.children[0]->children[0];
    score = ((const double*)cells->buffers[1])[cells->length - 1];
    out.release(&out);
    out_schema.release(&out_schema);
  }
  bascule_error_free(error);
  bascule_result_free(result);
  bascule_free(plan);
  return score;
}
