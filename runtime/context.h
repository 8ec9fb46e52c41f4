// What one call at a time writes to: memory, pointers, sizes. Kept between calls, so that a call with the sizes of the
// last one allocates nothing, but for outputs that callers keep.
#pragma once

#include "runtime/executable.h"
#include "runtime/recycled.h"

#include <memory>
#include <optional>
#include <vector>

namespace theon::runtime {

class Context {
 public:
  explicit Context(const Executable& executable);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const Executable& executable() const { return executable_; }

  /// By place. Whoever sets an entry symbol calls `prepare`.
  std::vector<std::int64_t> symbols;
  /// By value: where its memory begins.
  std::vector<void*> buffers;

  /// Makes everything fit the entry symbols. Throws ShapeError for a size that is negative or overflows, and for a
  /// relation that does not hold.
  void prepare();
  /// The same for a symbol that becomes known during the call. Where it was known already, a loop has come to its next
  /// iteration: what was bound since then is known no longer.
  void bind(std::size_t place, std::int64_t value);
  /// Binds the counter of a loop that counts by itself, in `symbols`, where it has moved on.
  void follow(std::size_t counter);
  /// Makes memory for a value whose size is known only now.
  void open(ValueId value);
  /// A tensor that a step has made becomes the memory of `value`.
  void adopt(ValueId value, Tensor tensor);

  std::int64_t size(SizeNumber number) const { return sizes_[number]; }
  Sizes sizes(ValueId value) const;
  std::int64_t elements(ValueId value) const;
  /// What the context keeps for all values between steps, and for the kernels on all threads.
  std::size_t arena_bytes() const { return arena_ ? arena_->bytes() : 0; }
  std::size_t scratch_bytes() const { return scratch_ ? scratch_->bytes() : 0; }
  /// Throws ShapeError for a negative size or more than the address space holds.
  std::size_t bytes(ValueId value) const;

  /// Memory for the outputs that have their size at entry.
  void make_outputs();
  /// The outputs, once the call is over.
  std::shared_ptr<const std::vector<Tensor>> take_outputs();
  const std::vector<Sizes>& output_sizes() const { return output_sizes_; }

  /// Where all values of a list live.
  void point(const std::vector<ValueId>& values, void* memory) {
    for (ValueId v : values) buffers[v] = memory;
  }

  /// A tensor on the memory of `value`; `cached`, where it is that already.
  void view(ValueId value, Tensor& cached) const;

  struct HostTensors {
    std::vector<Tensor> inputs, outputs;
  };
  /// Kept for a host call, by its number.
  HostTensors& host_tensors(std::size_t number) { return host_tensors_[number]; }

  /// Arguments that had to be packed or converted, by argument.
  std::vector<std::optional<Tensor>> packed;
  /// By shared variable: the memory it has during the call, and a buffer for its next value.
  std::vector<std::shared_ptr<Storage>> state;
  std::vector<std::optional<Tensor>> spare;

  /// What kernels see. The flag stops the call where it is not 0.
  const TheonFrame& frame() const { return frame_; }
  /// Lets an entry ask `step` for what it does not do itself.
  void let_step(std::int32_t (*step)(const TheonFrame*, std::int64_t), void* context) {
    frame_.step = step;
    frame_.context = context;
  }
  /// The same for one of the pieces of a kernel's iterations, which run at once: as many as the function has threads.
  TheonFrame frame_of(std::size_t piece);
  /// The failure of a piece becomes that of the call.
  void take_failure(std::size_t piece);
  const TheonFailure& failure() const { return failure_; }
  /// What begins now runs the code that the executable has now.
  void start(const volatile std::int32_t* cancel);
  TheonEntry entry() const { return entry_; }

 private:
  void forget_late();
  void forget_since(std::size_t place);
  void check(const SizeRelation& relation) const;
  bool is_known(const SizeRelation& relation) const;
  void place_arena();
  void place_scratch();
  void give_output(std::size_t k, Tensor tensor);
  void measure_output(std::size_t k);

  const Executable& executable_;
  std::optional<std::vector<std::int64_t>> prepared_;  // the entry symbols that everything fits
  std::vector<std::int64_t> sizes_;                    // by number
  std::vector<bool> is_bound_;                         // by place
  std::vector<std::size_t> bound_;                     // the places, in the order in which they were bound
  std::vector<std::int64_t> bound_values_;             // by place
  std::shared_ptr<Storage> arena_, scratch_;
  std::vector<std::optional<Tensor>> late_;  // by value
  std::vector<Sizes> output_sizes_;          // by output; empty where they are late
  std::vector<RecycledTensor> recycled_;     // by output
  RecycledLists lists_;
  std::vector<std::optional<Tensor>> results_;
  std::vector<HostTensors> host_tensors_;
  std::size_t scratch_bytes_ = 0;  // of one thread
  std::vector<TheonFailure> failures_;
  TheonFailure failure_{};
  TheonFrame frame_{};
  TheonEntry entry_ = nullptr;
};

}  // namespace theon::runtime
