// All of Theon.
#pragma once

#include <theon/cache.h>
#include <theon/control.h>
#include <theon/dim.h>
#include <theon/dtype.h>
#include <theon/error.h>
#include <theon/function.h>
#include <theon/gradient.h>
#include <theon/ops.h>
#include <theon/profile.h>
#include <theon/rules.h>
#include <theon/tensor.h>
#include <theon/type.h>
#include <theon/variable.h>
