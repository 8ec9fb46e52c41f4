// What a step touches.
#pragma once

#include "codegen/program/program.h"

#include <span>
#include <vector>

namespace theon::codegen {

/// The values whose memory the step reads; of a loop, what its body reads. Each once.
std::vector<ValueId> reads(const Step& step);
/// The values whose memory the step writes, in whole or in part. Each once.
std::vector<ValueId> writes(const Step& step);

/// The symbols that have a value once the step has run.
std::vector<Dim> binds(const Step& step);
/// The symbols that the step needs: in sizes of what it touches, in trip counts, in its kernel. Not those that it binds
/// itself.
std::vector<Dim> needs(const Step& step, const std::vector<Value>& values, std::span<const ir::Kernel> kernels);

/// Whether the step can end the call with an error, or takes as long as a user's code pleases.
bool can_fail(const Step& step, std::span<const ir::Kernel> kernels);

/// The user's line that the step belongs to.
Location where(const Step& step);

}  // namespace theon::codegen
