#include "runtime/context_pool.h"

namespace theon::runtime {

ContextPool::~ContextPool() {
  for (std::atomic<Context*>& slot : idle_) std::unique_ptr<Context>(slot.load()).reset();
}

std::unique_ptr<Context> ContextPool::take() {
  for (std::atomic<Context*>& slot : idle_)
    if (slot.load(std::memory_order_relaxed))
      if (Context* context = slot.exchange(nullptr, std::memory_order_acquire))
        return std::unique_ptr<Context>(context);
  return std::make_unique<Context>(executable_);
}

void ContextPool::give_back(std::unique_ptr<Context> context) noexcept {
  for (std::atomic<Context*>& slot : idle_) {
    Context* none = nullptr;
    if (!slot.load(std::memory_order_relaxed) &&
        slot.compare_exchange_strong(none, context.get(), std::memory_order_release, std::memory_order_relaxed)) {
      context.release();
      return;
    }
  }
}

}  // namespace theon::runtime
