#include "capi/arrow_export.h"

#include <array>
#include <memory>
#include <utility>

namespace bascule::capi {
namespace {
// Ends a child that its consumer has not moved away.
template <typename T>
struct Release {
  void operator()(T* child) const noexcept {
    if (child->release != nullptr) {
      child->release(child);
    }
    delete child;
  }
};
template <typename T>
using Child = std::unique_ptr<T, Release<T>>;

// What an ArrowSchema or ArrowArray points to; owned through its private_data.
struct SchemaNode {
  std::string format;
  std::string name;
  std::vector<Child<ArrowSchema>> children;
  std::vector<ArrowSchema*> pointers;
};
using Bits = std::shared_ptr<const std::vector<std::uint8_t>>;
struct ArrayNode {
  Bits valid;  // shared: every column lacks the same rows
  std::vector<double> f64;
  std::vector<std::int64_t> i64;
  std::array<const void*, 2> buffers{};
  std::vector<Child<ArrowArray>> children;
  std::vector<ArrowArray*> pointers;
};

template <typename T, typename Node>
void release_node(T* object) {
  delete static_cast<Node*>(object->private_data);
  object->release = nullptr;
}

template <typename T>
std::vector<T*> pointers_to(const std::vector<Child<T>>& children) {
  std::vector<T*> pointers;
  for (const auto& child : children) {
    pointers.push_back(child.get());
  }
  return pointers;
}

void fill(ArrowSchema& schema, std::unique_ptr<SchemaNode> node) {
  node->pointers = pointers_to(node->children);
  schema = ArrowSchema{};
  schema.format = node->format.c_str();
  schema.name = node->name.c_str();
  schema.flags = ARROW_FLAG_NULLABLE;
  schema.n_children = static_cast<std::int64_t>(node->children.size());
  schema.children = node->pointers.data();
  schema.private_data = node.release();
  schema.release = release_node<ArrowSchema, SchemaNode>;
}

void fill(ArrowArray& array, std::size_t length, std::size_t null_count, std::int64_t n_buffers,
          std::unique_ptr<ArrayNode> node) {
  node->pointers = pointers_to(node->children);
  if (node->valid != nullptr && null_count > 0) {
    node->buffers[0] = node->valid->data();
  }
  if (n_buffers > 1) {
    node->buffers[1] = node->i64.empty() ? static_cast<const void*>(node->f64.data())
                                         : static_cast<const void*>(node->i64.data());
  }
  array = ArrowArray{};
  array.length = static_cast<std::int64_t>(length);
  array.null_count = static_cast<std::int64_t>(null_count);
  array.n_buffers = n_buffers;
  array.n_children = static_cast<std::int64_t>(node->children.size());
  array.buffers = node->buffers.data();
  array.children = node->pointers.data();
  array.private_data = node.release();
  array.release = release_node<ArrowArray, ArrayNode>;
}

Child<ArrowSchema> leaf_schema(std::string name, bool integers) {
  auto node = std::make_unique<SchemaNode>();
  node->name = std::move(name);
  node->format = integers ? "l" : "g";
  Child<ArrowSchema> schema(new ArrowSchema{});
  fill(*schema, std::move(node));
  return schema;
}

Child<ArrowSchema> column_schema(const OutputColumn& column) {
  if (column.width == 1) {
    return leaf_schema(column.name, column.integers);
  }
  auto node = std::make_unique<SchemaNode>();
  node->name = column.name;
  node->format = "+w:" + std::to_string(column.width);
  node->children.push_back(leaf_schema("item", column.integers));
  Child<ArrowSchema> schema(new ArrowSchema{});
  fill(*schema, std::move(node));
  return schema;
}

Child<ArrowArray> column_array(OutputColumn& column, std::size_t rows, std::size_t null_count,
                               const Bits& valid) {
  auto cells = std::make_unique<ArrayNode>();
  cells->f64 = std::move(column.f64);
  cells->i64 = std::move(column.i64);
  Child<ArrowArray> leaf(new ArrowArray{});
  if (column.width == 1) {
    cells->valid = valid;
    fill(*leaf, rows, null_count, 2, std::move(cells));
    return leaf;
  }
  fill(*leaf, rows * column.width, 0, 2, std::move(cells));
  auto list = std::make_unique<ArrayNode>();
  list->valid = valid;
  list->children.push_back(std::move(leaf));
  Child<ArrowArray> array(new ArrowArray{});
  fill(*array, rows, null_count, 1, std::move(list));
  return array;
}
}  // namespace

void export_batch(OutputBatch batch, ArrowSchema& schema, ArrowArray& array) {
  const auto valid = std::make_shared<const std::vector<std::uint8_t>>(std::move(batch.valid));
  auto schemas = std::make_unique<SchemaNode>();
  auto arrays = std::make_unique<ArrayNode>();
  schemas->format = "+s";
  for (auto& column : batch.columns) {
    schemas->children.push_back(column_schema(column));
    arrays->children.push_back(column_array(column, batch.rows, batch.null_count, valid));
  }
  ArrowSchema filled{};
  fill(filled, std::move(schemas));
  Child<ArrowSchema> guard(new ArrowSchema(filled));  // released if the next line fails
  fill(array, batch.rows, 0, 1, std::move(arrays));
  schema = *guard;
  guard->release = nullptr;
}

}  // namespace bascule::capi
