// A compiled function, as its handles share it.
#pragma once

#include <theon/function.h>

#include "runtime/background.h"
#include "runtime/compile.h"
#include "runtime/context_pool.h"
#include "runtime/observer.h"
#include "runtime/reference_check.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace theon::detail {

class CompiledFunction {
 public:
  CompiledFunction(runtime::Request request, const FunctionOptions& options);

  /// Thread-safe. `cancel` stops the call where it is not 0. An error without a line gets that of the function, and its
  /// name.
  std::shared_ptr<const std::vector<Tensor>> call(std::span<const Tensor> arguments,
                                                  const volatile std::int32_t* cancel) const;
  /// Arguments in order; what is missing has its default. Throws ArgumentError for an unknown or missing name.
  std::vector<Tensor> arguments_by_name(const std::map<std::string, Tensor>& named) const;

  const std::string& name() const { return made_.request.name; }
  const std::vector<Variable>& inputs() const { return made_.request.inputs; }
  /// What has been done so far.
  std::vector<Function::Stage> stages() const;
  /// Whether calls run optimised code, once nothing is compiled in the background any more.
  bool wait_until_optimised() const;
  std::string debugprint() const;
  std::string explain() const;
  std::string code(Code language) const;
  Profile profile(const std::vector<Tensor>& arguments, const ProfileOptions& options) const;

  const runtime::Executable& executable() const { return *made_.executable; }
  const runtime::Arguments& arguments() const { return *made_.arguments; }
  Location where() const { return made_.request.where; }

 private:
  std::shared_ptr<const std::vector<Tensor>> run(std::span<const Tensor> arguments, const volatile std::int32_t* cancel,
                                                 runtime::Observer* observer) const;
  std::vector<Tensor> with_defaults(std::span<const Tensor> arguments) const;

  runtime::Compilation made_;
  const Mode mode_;
  std::optional<runtime::ReferenceCheck> reference_;
  mutable runtime::ContextPool contexts_;
  std::optional<runtime::Background> background_;
};

}  // namespace theon::detail
