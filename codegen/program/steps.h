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

/// Whether the value's size is learnt during the call. The program knows its entry symbols.
bool is_late(const Program& program, ValueId value);
/// Whether the step can end the call with an error, which making memory for a late result may, or takes as long as a
/// user's code pleases. The program knows its entry symbols.
bool can_fail(const Step& step, const Program& program);

/// The lists of steps inside of it, in the order of the text: those of a loop or a branch.
std::vector<std::span<const Step>> blocks(const Step& step);
/// Whether there is neither a loop nor a branch: then calling the steps one by one is all there is to do.
bool is_straight(const Program& program);

/// The user's line that the step belongs to.
Location where(const Step& step);

}  // namespace theon::codegen
