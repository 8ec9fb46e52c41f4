// Running something where recursion over a graph could not hide.
#pragma once

#include <catch2/catch.hpp>

#include <pthread.h>

#include <exception>
#include <functional>
#include <utility>

namespace theon {

/// Runs f on a thread with a stack of 512 KiB, and rethrows what it throws.
inline void on_small_stack(std::function<void()> f) {
  struct Work {
    std::function<void()> f;
    std::exception_ptr failure;
  } work{std::move(f), nullptr};
  const auto run = [](void* argument) -> void* {
    auto& own = *static_cast<Work*>(argument);
    try {
      own.f();
    } catch (...) {
      own.failure = std::current_exception();
    }
    return nullptr;
  };
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  REQUIRE(pthread_attr_setstacksize(&attributes, 512 * 1024) == 0);
  pthread_t thread;
  REQUIRE(pthread_create(&thread, &attributes, run, &work) == 0);
  pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  if (work.failure) std::rethrow_exception(work.failure);
}

}  // namespace theon
