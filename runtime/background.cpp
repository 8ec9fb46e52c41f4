#include "runtime/background.h"

#include <chrono>
#include <exception>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace theon::runtime {

namespace {

/// What is under way when the process ends is waited for, before what it uses is destroyed: this is made after the
/// first instant code, so it goes before what compiling has made.
class Jobs {
 public:
  ~Jobs() {
    for (const auto& job : list_) job.wait();
  }

  void add(const std::shared_future<Background::Outcome>& job) {
    const std::lock_guard lock(mutex_);
    std::erase_if(list_,
                  [](const auto& each) { return each.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    list_.push_back(job);
  }

 private:
  std::mutex mutex_;
  std::vector<std::shared_future<Background::Outcome>> list_;
};

Jobs& jobs() {
  static Jobs list;
  return list;
}

/// Where there is no thread left, the outcome says so.
std::shared_future<Background::Outcome> started(std::function<Background::Outcome()> run) {
  try {
    return std::async(std::launch::async, std::move(run));
  } catch (const std::system_error& error) {
    std::promise<Background::Outcome> none;
    none.set_value({0, error.what()});
    return none.get_future();
  }
}

}  // namespace

Background::Background(Executable& executable, std::function<StoredCode()> compile)
    : outcome_(started([this, &executable, compile = std::move(compile)] { return run(executable, compile); })) {
  jobs().add(outcome_);
}

Background::~Background() { outcome_.wait(); }

Background::Outcome Background::run(Executable& executable, const std::function<StoredCode()>& compile) {
  const auto start = std::chrono::steady_clock::now();
  std::string failure;
  try {
    optimised_ = std::make_unique<const KernelLibrary>(executable.program, compile());
    executable.use(optimised_->code());
  } catch (const std::exception& error) {
    failure = error.what();
  }
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), failure};
}

std::optional<Background::Outcome> Background::outcome() const {
  const bool is_done = outcome_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  return is_done ? std::optional(outcome_.get()) : std::nullopt;
}

std::string Background::to_string() const {
  const std::optional<Outcome> now = outcome();
  if (!now) return "instant code runs, optimised code is being compiled";
  if (now->failure.empty()) return "optimised code runs in the place of instant code";
  return "instant code runs, optimised code could not be compiled: " + now->failure;
}

}  // namespace theon::runtime
