#include <ATen/core/List.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/ivalue.h>
#include <ATen/core/stack.h>

#include <vector>

#include "abi.h"

using namespace rst;

namespace {

// c10::optional in libtorch 1, std::optional in later 2.x.
using OptionalTensor = decltype(std::declval<const c10::IValue&>().toOptional<at::Tensor>());

c10::List<at::Tensor> tensors(const rst_value& value) {
  auto* pointers = static_cast<const rst_tensor* const*>(value.pointer);
  c10::List<at::Tensor> list;
  list.reserve(value.count);
  for (int32_t i = 0; i < value.count; i++) list.push_back(borrow(pointers[i]));
  return list;
}

c10::List<OptionalTensor> optional_tensors(const rst_value& value) {
  auto* pointers = static_cast<const rst_tensor* const*>(value.pointer);
  c10::List<OptionalTensor> list;
  list.reserve(value.count);
  for (int32_t i = 0; i < value.count; i++)
    list.push_back(pointers[i] == nullptr ? OptionalTensor() : OptionalTensor(borrow(pointers[i])));
  return list;
}

template <typename Element, typename Source>
c10::List<Element> numbers(const rst_value& value) {
  auto* source = static_cast<const Source*>(value.pointer);
  c10::List<Element> list;
  list.reserve(value.count);
  for (int32_t i = 0; i < value.count; i++) list.push_back(Element(source[i]));
  return list;
}

c10::IValue to_ivalue(const rst_value& value) {
  switch (value.kind) {
    case RST_NONE:
      return {};
    case RST_TENSOR:
      return borrow(static_cast<const rst_tensor*>(value.pointer));
    case RST_INT:
      return value.integer;
    case RST_DOUBLE:
      return value.number;
    case RST_BOOL:
      return value.integer != 0;
    case RST_STRING:
      return std::string(static_cast<const char*>(value.pointer), value.count);
    case RST_DEVICE:
      return to_device(value.integer);
    case RST_TENSORS:
      return tensors(value);
    case RST_OPTIONAL_TENSORS:
      return optional_tensors(value);
    case RST_INTS:
      return numbers<int64_t, int64_t>(value);
    case RST_DOUBLES:
      return numbers<double, double>(value);
    case RST_SCALARS:
      return numbers<at::Scalar, double>(value);
    default:
      TORCH_CHECK(false, "argument of unknown kind ", value.kind);
  }
}

// Arrays of tensor results of the last call of this thread; one per result, so that two lists do not share memory.
thread_local std::vector<std::vector<rst_tensor*>> result_arrays;

rst_value from_ivalue(c10::IValue&& value) {
  rst_value result{RST_NONE, 0, {0}};
  if (value.isTensor()) {
    result.pointer = give(std::move(value).toTensor());
    result.kind = result.pointer == nullptr ? RST_NONE : RST_TENSOR;
  } else if (value.isInt()) {
    result.kind = RST_INT;
    result.integer = value.toInt();
  } else if (value.isDouble()) {
    result.kind = RST_DOUBLE;
    result.number = value.toDouble();
  } else if (value.isBool()) {
    result.kind = RST_BOOL;
    result.integer = value.toBool();
  } else if (value.isTensorList()) {
    auto& array = result_arrays.emplace_back();
    for (at::Tensor tensor : value.toTensorVector()) array.push_back(give(std::move(tensor)));
    result.kind = RST_TENSORS;
    result.count = static_cast<int32_t>(array.size());
    result.pointer = array.data();
  } else {
    TORCH_CHECK(value.isNone(), "result of type ", value.tagKind(), " is not supported");
  }
  return result;
}

void push_defaults(const c10::FunctionSchema& schema, torch::jit::Stack& stack) {
  const auto& arguments = schema.arguments();
  for (size_t i = stack.size(); i < arguments.size(); i++) {
    const auto& fallback = arguments[i].default_value();
    TORCH_CHECK(fallback.has_value(), "argument '", arguments[i].name(), "' is missing in a call of ", schema);
    stack.push_back(*fallback);
  }
}

}  // namespace

rst_status rst_operator_find(const char* name, const char* overload, rst_operator** result) {
  return guard([&] {
    auto handle = c10::Dispatcher::singleton().findSchemaOrThrow(name, overload);
    *result = reinterpret_cast<rst_operator*>(new c10::OperatorHandle(std::move(handle)));
  });
}

rst_status rst_operator_call(const rst_operator* op, const rst_value* arguments, int32_t argument_count,
                             rst_value* results, int32_t capacity, int32_t* result_count) {
  // The stack keeps its memory between calls; it is empty again whenever this function returns.
  thread_local torch::jit::Stack stack;
  rst_status status = guard([&] {
    const auto& handle = *reinterpret_cast<const c10::OperatorHandle*>(op);
    const auto& schema = handle.schema();
    TORCH_CHECK(static_cast<size_t>(argument_count) <= schema.arguments().size(), "too many arguments for ", schema);
    for (int32_t i = 0; i < argument_count; i++) stack.push_back(to_ivalue(arguments[i]));
    push_defaults(schema, stack);
    handle.callBoxed(&stack);
    result_arrays.clear();
    *result_count = std::min(static_cast<int32_t>(stack.size()), capacity);
    for (int32_t i = 0; i < *result_count; i++) results[i] = from_ivalue(std::move(stack[i]));
  });
  stack.clear();
  return status;
}
