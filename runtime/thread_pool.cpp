#include "runtime/thread_pool.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace theon::runtime {

namespace {

using Clock = std::chrono::steady_clock;

/// How long a worker looks for tasks before it sleeps.
constexpr auto patience = std::chrono::microseconds(100);
/// Waking takes a few microseconds, and the woken one comes late: worth it for so much work at once, or missed so far.
constexpr std::int64_t worth_waking = 50'000'000;

void pause() {
#ifdef __SSE__
  __builtin_ia32_pause();
#endif
}

}  // namespace

ThreadPool::ThreadPool(int workers) { grow(workers); }

ThreadPool::~ThreadPool() {
  stops_.store(true);
  for (std::size_t k = 0; k < size_; ++k) {
    { const std::lock_guard lock(list_[k]->mutex); }
    list_[k]->awake.notify_one();
    list_[k]->thread.join();
  }
}

void ThreadPool::grow(int workers) {
  const std::lock_guard lock(growing_);
  const std::size_t wanted = static_cast<std::size_t>(std::clamp(workers, 1, most_workers)) - 1;
  if (wanted >= std::thread::hardware_concurrency()) is_crowded_ = true;
  for (std::size_t k = size_; k < wanted; ++k) {
    list_[k] = std::make_unique<Worker>();
    list_[k]->thread = std::thread([this, k] { work(*list_[k]); });
    size_.store(k + 1, std::memory_order_release);
  }
}

// Workers.

void ThreadPool::work(Worker& self) {
  while (!stops_.load(std::memory_order_relaxed)) {
    wait_for_offer(self);
    Offer* offer = self.offer.load(std::memory_order_relaxed);
    if (!offer || !self.offer.compare_exchange_strong(offer, &running_)) continue;
    Job& job = *offer->job;
    job.task(offer->task);
    self.offer.store(nullptr, std::memory_order_release);
    job.done.fetch_add(1, std::memory_order_release);
  }
}

void ThreadPool::wait_for_offer(Worker& self) {
  const auto start = Clock::now();
  while (!self.offer.load(std::memory_order_relaxed)) {
    if (is_crowded_.load(std::memory_order_relaxed)) std::this_thread::yield();
    for (int k = 0; k < 16 && !self.offer.load(std::memory_order_relaxed); ++k) pause();
    if (Clock::now() - start > patience) return sleep(self);
  }
}

void ThreadPool::sleep(Worker& self) {
  std::unique_lock lock(self.mutex);
  self.sleeps.store(true);
  self.awake.wait(lock, [&] { return self.offer.load() || stops_.load(); });
  self.sleeps.store(false);
}

// Callers.

void ThreadPool::run(std::size_t count, const std::function<void(std::size_t)>& task) {
  run(count, task, worth_waking);
}

void ThreadPool::run(std::size_t count, const std::function<void(std::size_t)>& task, std::int64_t work) {
  if (count == 0) return;
  Job job{task};
  std::array<Offer, most_workers - 1> all;
  const std::span offers =
      std::span(all).first(std::min({count - 1, all.size(), size_.load(std::memory_order_acquire)}));
  for (std::size_t k = 0; k < offers.size(); ++k) offers[k] = {&job, k + 1, nullptr};
  hold_out(offers, work);
  task(0);
  for (std::size_t k = offers.size() + 1; k < count; ++k) task(k);
  wait_for_workers(job, take_back(offers));
}

/// A task goes to the same worker call after call, where that is idle: its part of the operands lies in its caches.
void ThreadPool::hold_out(std::span<Offer> offers, std::int64_t work) {
  const std::size_t workers = size_.load(std::memory_order_acquire);
  std::optional<bool> wakes;
  for (std::size_t k = 0; k < offers.size(); ++k)
    for (std::size_t n = 0; n < workers; ++n) {
      Worker& worker = *list_[(k + n) % workers];
      if (worker.offer.load(std::memory_order_relaxed)) continue;
      if (worker.sleeps.load(std::memory_order_relaxed)) {
        if (!wakes) wakes = is_worth_waking(work);
        if (!*wakes) continue;
      }
      if (hold_out(offers[k], worker)) break;
    }
}

bool ThreadPool::hold_out(Offer& offer, Worker& worker) {
  Offer* none = nullptr;
  if (!worker.offer.compare_exchange_strong(none, &offer)) return false;
  offer.worker = &worker;
  if (worker.sleeps.load()) {
    { const std::lock_guard lock(worker.mutex); }
    worker.awake.notify_one();
  }
  return true;
}

/// Where small calls follow each other closely, the workers are woken once, and stay awake.
bool ThreadPool::is_worth_waking(std::int64_t work) {
  if (missed_.fetch_add(work, std::memory_order_relaxed) + work < worth_waking) return false;
  missed_.store(0, std::memory_order_relaxed);
  return true;
}

/// Runs what nobody has taken; how many have been.
std::size_t ThreadPool::take_back(std::span<Offer> offers) {
  for (const Offer& offer : offers)
    if (!offer.worker) offer.job->task(offer.task);
  std::size_t taken = 0;
  for (Offer& offer : offers) {
    Offer* held_out = &offer;
    if (!offer.worker) continue;
    if (offer.worker->offer.compare_exchange_strong(held_out, nullptr))
      offer.job->task(offer.task);
    else
      ++taken;
  }
  return taken;
}

void ThreadPool::wait_for_workers(const Job& job, std::size_t taken) const {
  constexpr int most_looks = 4096;
  for (int looks = 0; job.done.load(std::memory_order_acquire) < taken; ++looks)
    looks < most_looks && !is_crowded_.load(std::memory_order_relaxed) ? pause() : std::this_thread::yield();
}

std::shared_ptr<ThreadPool> shared_pool(int workers) {
  static std::mutex mutex;
  static std::weak_ptr<ThreadPool> current;
  const std::lock_guard lock(mutex);
  std::shared_ptr<ThreadPool> pool = current.lock();
  if (pool)
    pool->grow(workers);
  else
    current = pool = std::make_shared<ThreadPool>(workers);
  return pool;
}

}  // namespace theon::runtime
