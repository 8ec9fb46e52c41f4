/* What generated code and the runtime share, and nothing else. Plain C: this text also stands in exported sources. */
#ifndef THEON_ABI_H
#define THEON_ABI_H

#include <stdint.h>

#define THEON_ABI_VERSION 3

#ifdef __cplusplus
extern "C" {
#endif

/* The first failure of a call: which report of which kernel, and its two values. code 0: none. */
struct TheonFailure {
  int32_t code;
  int64_t first, second;
};

struct TheonFrame {
  void** buffers;   /* every storage root and view of the call, by slot; loops exchange them */
  int64_t* symbols; /* the value of every dim symbol, by place; loops count in them */
  char* scratch;    /* memory of the calling thread, 64-byte aligned */
  struct TheonFailure* failure;
  const volatile int32_t* cancel; /* nonzero: stop at the next step */
  /* The kernels by number; and for entries alone, what runs a step that is no native code, or for several threads;
   * nonzero: the call is over. */
  int32_t (*const* kernels)(const struct TheonFrame*, int64_t begin, int64_t end);
  int32_t (*step)(const struct TheonFrame*, int64_t number);
  void* context;       /* whatever `step` needs */
  int64_t shares_from; /* kernels of so much predicted work are for `step` too, which has several threads */
};

/* Runs iterations begin..end-1 of the kernel's outermost loop, all of them where there is no gain from sharing them
 * among threads. Returns 0, or the code of a failure. */
typedef int32_t (*TheonKernel)(const struct TheonFrame*, int64_t begin, int64_t end);

/* Runs a whole program. Returns 0, THEON_CANCELLED, or what `step` returned. */
typedef int32_t (*TheonEntry)(const struct TheonFrame*);
#define THEON_CANCELLED (-1)

#ifdef __cplusplus
}
#endif
#endif
