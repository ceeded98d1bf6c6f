// bascule._engine: the C interface for Python.
//
// Columns come as numpy arrays and are lent to the engine as they lie (the layout of the Arrow C
// data interface); scores go back as numpy arrays that own the engine's memory. What a user's data
// means (frames, nulls, labels) is columns.py and scorer.py; this file moves pointers. The lock of
// the interpreter is released while the engine runs.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/tuple.h>
#include <nanobind/stl/vector.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "capi/bascule.h"

namespace nb = nanobind;

namespace {

// An error of the C interface, on its way to Python as EngineError(code, message).
struct EngineError {
  std::string code;
  std::string message;
};

void check(bascule_error* error) {
  if (error == nullptr) {
    return;
  }
  EngineError copy{bascule_error_code(error), bascule_error_message(error)};
  bascule_error_free(error);
  throw copy;
}

using Array = nb::ndarray<nb::ro, nb::device::cpu, nb::c_contig>;

void keep_schema(ArrowSchema* schema) {
  schema->release = nullptr;
}
void keep_array(ArrowArray* array) {
  array->release = nullptr;
}

// One column as Python passes it: name, Arrow format, rows, validity bitmap, where rows start among
// the texts of lists, offsets, values.
using Column = std::tuple<std::string, std::string, std::int64_t, std::optional<Array>,
                          std::optional<Array>, std::optional<Array>, Array>;

// A borrowed Arrow column. It points into numpy's memory and into itself, so it stays where it is.
class BorrowedColumn {
 public:
  explicit BorrowedColumn(const Column& column) {
    const auto& [name, format, rows, valid, starts, offsets, values] = column;
    const bool fixed_list = format.starts_with("+w:");
    const auto& second = starts ? starts : offsets;
    buffers_ = {valid ? valid->data() : nullptr, second ? second->data() : values.data(),
                values.data()};
    const std::int64_t buffers = fixed_list ? 1 : offsets && !starts ? 3 : 2;
    fill(schema_, array_, format.c_str(), rows, buffers, buffers_.data());
    schema_.name = name.c_str();
    array_.null_count = valid ? -1 : 0;
    if (starts) {
      fill_cells("U", static_cast<std::int64_t>(offsets->size()) - 1,
                 {nullptr, offsets->data(), values.data()}, 3);
    } else if (fixed_list) {
      fill_cells("g", static_cast<std::int64_t>(values.size()), {nullptr, values.data()}, 2);
    }
  }
  BorrowedColumn(const BorrowedColumn&) = delete;
  BorrowedColumn& operator=(const BorrowedColumn&) = delete;
  ~BorrowedColumn() = default;

  ArrowSchema* schema() noexcept { return &schema_; }
  ArrowArray* array() noexcept { return &array_; }

 private:
  // The one child of a list.
  void fill_cells(const char* format, std::int64_t length, std::array<const void*, 3> buffers,
                  std::int64_t buffer_count) {
    cell_buffers_ = buffers;
    fill(cell_schema_, cell_array_, format, length, buffer_count, cell_buffers_.data());
    schema_.n_children = array_.n_children = 1;
    schema_.children = &cell_schema_pointer_;
    array_.children = &cell_array_pointer_;
  }

  static void fill(ArrowSchema& schema, ArrowArray& array, const char* format, std::int64_t length,
                   std::int64_t buffer_count, const void** buffers) {
    schema.format = format;
    schema.name = "";
    schema.flags = ARROW_FLAG_NULLABLE;
    schema.release = keep_schema;
    array.length = length;
    array.n_buffers = buffer_count;
    array.buffers = buffers;
    array.release = keep_array;
  }

  ArrowSchema schema_{};
  ArrowArray array_{};
  std::array<const void*, 3> buffers_{};
  ArrowSchema cell_schema_{};
  ArrowArray cell_array_{};
  ArrowSchema* cell_schema_pointer_ = &cell_schema_;
  ArrowArray* cell_array_pointer_ = &cell_array_;
  std::array<const void*, 3> cell_buffers_{};
};

// A borrowed struct array: the batch.
class BorrowedBatch {
 public:
  BorrowedBatch(std::int64_t rows, const std::vector<Column>& columns) {
    for (const auto& column : columns) {
      owned_.push_back(std::make_unique<BorrowedColumn>(column));
      schemas_.push_back(owned_.back()->schema());
      arrays_.push_back(owned_.back()->array());
    }
    schema_.format = "+s";
    schema_.name = "";
    schema_.release = keep_schema;
    array_.length = rows;
    array_.n_buffers = 1;
    array_.buffers = &no_validity_;
    array_.release = keep_array;
    schema_.n_children = array_.n_children = static_cast<std::int64_t>(columns.size());
    schema_.children = schemas_.data();
    array_.children = arrays_.data();
  }
  BorrowedBatch(const BorrowedBatch&) = delete;
  BorrowedBatch& operator=(const BorrowedBatch&) = delete;
  ~BorrowedBatch() = default;

  const ArrowSchema* schema() const noexcept { return &schema_; }
  const ArrowArray* array() const noexcept { return &array_; }

 private:
  std::vector<std::unique_ptr<BorrowedColumn>> owned_;
  std::vector<ArrowSchema*> schemas_;
  std::vector<ArrowArray*> arrays_;
  ArrowSchema schema_{};
  ArrowArray array_{};
  const void* no_validity_ = nullptr;
};

// The scores as the engine exported them; numpy arrays share it.
struct Scores {
  ArrowSchema schema{};
  ArrowArray array{};

  Scores() = default;
  Scores(const Scores&) = delete;
  Scores& operator=(const Scores&) = delete;
  ~Scores() {
    if (array.release != nullptr) {
      array.release(&array);
    }
    if (schema.release != nullptr) {
      schema.release(&schema);
    }
  }
};

// One output as a numpy array [rows] or [rows, width] of float64 or int64.
nb::object to_numpy(const ArrowSchema& schema, const ArrowArray& array, nb::handle owner) {
  std::vector<std::size_t> shape{static_cast<std::size_t>(array.length)};
  const auto* cells = &array;
  std::string format = schema.format;
  std::int64_t offset = array.offset;
  if (format.starts_with("+w:")) {
    const auto width = std::stoll(format.substr(3));
    shape.push_back(static_cast<std::size_t>(width));
    format = schema.children[0]->format;
    cells = array.children[0];
    offset = offset * width + cells->offset;
  }
  const auto* data = static_cast<const char*>(cells->buffers[1]) + offset * 8;
  const auto type = format == "l" ? nb::dtype<std::int64_t>() : nb::dtype<double>();
  return nb::cast(nb::ndarray<nb::numpy>(const_cast<char*>(data), shape.size(), shape.data(), owner,
                                         nullptr, type));
}

// A refused row: row, position of the input column or -1, code, sentence.
using Refused = std::tuple<std::int64_t, std::int32_t, std::string, std::string>;

std::vector<Refused> refused_rows(const bascule_result* result) {
  std::vector<Refused> rows;
  const std::size_t count = bascule_result_refused_count(result);
  rows.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    rows.emplace_back(
        bascule_result_refused_row(result, i), bascule_result_refused_column(result, i),
        bascule_result_refused_code(result, i), bascule_result_refused_message(result, i));
  }
  return rows;
}

class Threads {
 public:
  explicit Threads(std::size_t count) {
    bascule_threads* raw = nullptr;
    check(bascule_threads_start(count, &raw));
    threads_.reset(raw);
  }
  bascule_threads* get() const noexcept { return threads_.get(); }

 private:
  struct Free {
    void operator()(bascule_threads* threads) const noexcept { bascule_threads_free(threads); }
  };
  std::unique_ptr<bascule_threads, Free> threads_;
};

class Plan {
 public:
  static Plan load(nb::bytes data) {
    Plan plan;
    bascule_plan* raw = nullptr;
    {
      const nb::gil_scoped_release released;
      check(bascule_load(data.data(), data.size(), &raw));
    }
    plan.plan_.reset(raw);
    return plan;
  }

  static Plan load_file(const std::string& path) {
    Plan plan;
    bascule_plan* raw = nullptr;
    {
      const nb::gil_scoped_release released;
      check(bascule_load_file(path.c_str(), &raw));
    }
    plan.plan_.reset(raw);
    return plan;
  }

  std::string describe() const { return bascule_describe(plan_.get()); }

  void verify(bool here) const {
    const nb::gil_scoped_release released;
    check(bascule_verify(plan_.get(), here ? 1 : 0));
  }

  // Scores `rows` rows; a dict of arrays by output, and the refused rows. `threads` may be null.
  std::tuple<nb::dict, std::vector<Refused>> run(
      std::int64_t rows, const std::vector<Column>& columns,
      const std::optional<std::vector<std::string>>& outputs, const Threads* threads) const {
    std::vector<const char*> names;
    if (outputs) {
      for (const auto& name : *outputs) {
        names.push_back(name.c_str());
      }
    }
    auto scores = std::make_unique<Scores>();
    std::vector<Refused> refused;
    {
      const nb::gil_scoped_release released;
      const BorrowedBatch batch(rows, columns);
      bascule_result* raw = nullptr;
      check(bascule_run(plan_.get(), threads == nullptr ? nullptr : threads->get(), batch.schema(),
                        batch.array(), outputs ? names.data() : nullptr, names.size(), &raw));
      const std::unique_ptr<bascule_result, decltype(&bascule_result_free)> result(
          raw, bascule_result_free);
      refused = refused_rows(raw);
      check(bascule_result_export(raw, &scores->schema, &scores->array));
    }
    return {as_dict(std::move(scores)), std::move(refused)};
  }

 private:
  struct Free {
    void operator()(bascule_plan* plan) const noexcept { bascule_free(plan); }
  };

  static nb::dict as_dict(std::unique_ptr<Scores> scores) {
    auto* raw = scores.get();
    const nb::capsule owner(scores.release(),
                            [](void* memory) noexcept { delete static_cast<Scores*>(memory); });
    nb::dict answers;
    for (std::int64_t i = 0; i < raw->array.n_children; ++i) {
      const auto& schema = *raw->schema.children[i];
      answers[schema.name] = to_numpy(schema, *raw->array.children[i], owner);
    }
    return answers;
  }

  std::unique_ptr<bascule_plan, Free> plan_;
};

}  // namespace

NB_MODULE(_engine, module) {
  module.attr("version") = bascule_version();
  const nb::object error_type = nb::steal(PyErr_NewExceptionWithDoc(
      "bascule._engine.EngineError", "(code, message)", nullptr, nullptr));
  module.attr("EngineError") = error_type;
  nb::register_exception_translator(
      [](const std::exception_ptr& pointer, void* type) {
        try {
          std::rethrow_exception(pointer);
        } catch (const EngineError& error) {
          const nb::tuple arguments = nb::make_tuple(error.code, error.message);
          PyErr_SetObject(static_cast<PyObject*>(type), arguments.ptr());
        }
      },
      error_type.ptr());
  nb::class_<Threads>(module, "Threads").def(nb::init<std::size_t>(), nb::arg("count"));
  nb::class_<Plan>(module, "Plan")
      .def_static("load", &Plan::load, nb::arg("data"))
      .def_static("load_file", &Plan::load_file, nb::arg("path"))
      .def("describe", &Plan::describe)
      .def("verify", &Plan::verify, nb::arg("here"))
      .def("run", &Plan::run, nb::arg("rows"), nb::arg("columns"), nb::arg("outputs").none(),
           nb::arg("threads").none());
}
