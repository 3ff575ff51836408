#ifndef WAAFT_CATCH3
#define CATCH_CONFIG_MAIN
#endif
#include "tests/support/catch.h"
