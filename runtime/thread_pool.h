// The library's own threads.
#pragma once

#include <theon/executor.h>

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>

namespace theon::runtime {

/// Workers that wait for tasks: at first by looking, so that handing over takes a fraction of a microsecond, then
/// asleep. Calls at once share them: each takes those that are idle, and runs itself whatever nobody else has begun by
/// the time that it is ready to. So does a task that calls `run`.
class ThreadPool final : public Executor {
 public:
  /// As many as `workers` run at once: the threads that call, and workers - 1 of its own.
  explicit ThreadPool(int workers);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  /// Starts more workers where there are fewer.
  void grow(int workers);

  int workers() const override { return static_cast<int>(size_.load(std::memory_order_acquire)) + 1; }
  void run(std::size_t count, const std::function<void(std::size_t)>& task) override;
  /// The same for tasks that take so many picoseconds in all: few of these do not wake who sleeps.
  void run(std::size_t count, const std::function<void(std::size_t)>& task, std::int64_t work);

  static constexpr int most_workers = 256;

 private:
  struct Worker;
  struct Job {
    const std::function<void(std::size_t)>& task;
    std::atomic<std::size_t> done = 0;  // by workers
  };
  /// A task that is held out to a worker, until it takes it or the caller takes it back.
  struct Offer {
    Job* job;
    std::size_t task;
    Worker* worker;  // null where nobody is idle
  };
  struct alignas(64) Worker {
    std::atomic<Offer*> offer = nullptr;  // null while it is idle
    std::atomic<bool> sleeps = false;
    std::mutex mutex;
    std::condition_variable awake;
    std::thread thread;
  };

  void work(Worker& self);
  void wait_for_offer(Worker& self);
  void sleep(Worker& self);
  void wait_for_workers(const Job& job, std::size_t taken) const;
  void hold_out(std::span<Offer> offers, std::int64_t work);
  bool hold_out(Offer& offer, Worker& worker);
  bool is_worth_waking(std::int64_t work);
  static std::size_t take_back(std::span<Offer> offers);

  Offer running_{};  // stands for whatever a worker has taken
  std::array<std::unique_ptr<Worker>, most_workers - 1> list_;
  std::atomic<std::size_t> size_ = 0;
  std::atomic<bool> stops_ = false, is_crowded_ = false;
  std::atomic<std::int64_t> missed_ = 0;  // work that was not shared because the workers slept
  std::mutex growing_;
};

/// The pool of the process, with at least so many workers. It lives as long as somebody holds it.
std::shared_ptr<ThreadPool> shared_pool(int workers);

}  // namespace theon::runtime
