// Functions as expressions of what every target has: arithmetic, fma, comparisons, bits. Nothing branches and nothing is looked up, so kernels vectorise them
// with the rest.
//
// The largest errors, in units in the last place of the result (float32: of all 2^32 operands)
