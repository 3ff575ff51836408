# One static library per folder: waaft_library(base LINK OpenSSL::Crypto).
# Sources are the folder's *.cpp without those in EXCLUDE; LINK names exactly what the folder may use
# (ARCHITECTURE.md has the table, tests/lint proves it over the includes).
add_library(waaft_flags INTERFACE)
target_include_directories(waaft_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}/generated)
target_compile_options(waaft_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wconversion
                       -Wno-sign-conversion -Werror=return-type -ffunction-sections -fdata-sections)
target_link_options(waaft_flags INTERFACE -Wl,--gc-sections)
# What strangers send shall at worst end the process. What it costs: ARCHITECTURE.md; that it is so: scripts/check-hardening.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT WAAFT_SANITIZE)
    target_compile_definitions(waaft_flags INTERFACE _FORTIFY_SOURCE=2 _GLIBCXX_ASSERTIONS)
    target_compile_options(waaft_flags INTERFACE -fPIE -fstack-protector-strong -fstack-clash-protection)
    if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
        target_compile_options(waaft_flags INTERFACE -fcf-protection)
    elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
        target_compile_options(waaft_flags INTERFACE -mbranch-protection=standard)
    endif()
    target_link_options(waaft_flags INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
endif()
# It is quicker, where there is one: a change of one file waits for all programs that link its folder.
find_program(GOLD ld.gold)
if(GOLD AND CMAKE_BUILD_TYPE STREQUAL "Debug" AND NOT WAAFT_SANITIZE)
    target_link_options(waaft_flags INTERFACE -fuse-ld=gold)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 13)
    # Newer ones mean designated initializers, too, which name what they set and leave the rest to its default.
    target_compile_options(waaft_flags INTERFACE -Wno-missing-field-initializers)
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # It takes a file that another one includes for a header, and so what is private to it for shared.
    target_compile_options(waaft_flags INTERFACE -Wno-subobject-linkage)
endif()
if(WAAFT_SANITIZE)
    target_compile_options(waaft_flags INTERFACE -fsanitize=${WAAFT_SANITIZE} -fno-omit-frame-pointer -g
                           -fno-sanitize-recover=all)
    target_link_options(waaft_flags INTERFACE -fsanitize=${WAAFT_SANITIZE})
endif()
if(WAAFT_FUZZ)
    target_compile_options(waaft_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()

function(waaft_library name)
    cmake_parse_arguments(ARG "" "" "LINK;EXCLUDE" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
    foreach(excluded ${ARG_EXCLUDE})
        list(REMOVE_ITEM sources ${CMAKE_CURRENT_SOURCE_DIR}/${excluded})
    endforeach()
    if(NOT sources)  # headers only
        add_library(waaft_${name} INTERFACE)
        target_link_libraries(waaft_${name} INTERFACE waaft_flags ${ARG_LINK})
        return()
    endif()
    add_library(waaft_${name} STATIC ${sources})
    target_link_libraries(waaft_${name} PUBLIC waaft_flags ${ARG_LINK})
endfunction()
