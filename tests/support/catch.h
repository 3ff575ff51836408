// Catch2 v2 (Debian 12) or v3 (Debian 13) under one name.
#pragma once
#ifdef WAAFT_CATCH3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
