// What is computed only where some lane needs it. Inside the LLVM back end only.
#pragma once

#include "codegen/llvm/code.h"

namespace theon::codegen {

/// `rule`, but what `exception` returns where the conditions do not hold in all lanes, which is rare.
Values except(Code& code, const Values& conditions, const Values& rule, Code::Body exception);

}  // namespace theon::codegen
