# waaft_assets: the files of web/dist inside the binary, behind server/app/assets.h.
# The bytes are taken in by the assembler (.incbin), so that building it takes no time.
enable_language(ASM)

set(WAAFT_WEB_DIST ${CMAKE_SOURCE_DIR}/web/dist)
file(GLOB_RECURSE web_files CONFIGURE_DEPENDS ${WAAFT_WEB_DIST}/*)
set(web_source ${CMAKE_BINARY_DIR}/generated/web_assets.cpp)
set(web_bytes ${CMAKE_BINARY_DIR}/generated/web_assets.S)

add_custom_command(OUTPUT ${web_source} ${web_bytes}
    COMMAND ${CMAKE_COMMAND} -DDIST=${WAAFT_WEB_DIST} -DSOURCE=${web_source} -DBYTES=${web_bytes}
            -P ${CMAKE_SOURCE_DIR}/cmake/WriteWebAssets.cmake
    DEPENDS ${web_files} ${CMAKE_SOURCE_DIR}/cmake/WriteWebAssets.cmake
    COMMENT "Embedding web/dist" VERBATIM)

add_library(waaft_assets STATIC EXCLUDE_FROM_ALL ${web_source} ${web_bytes})
set_source_files_properties(${web_bytes} PROPERTIES OBJECT_DEPENDS "${web_files}")
target_include_directories(waaft_assets PUBLIC ${CMAKE_SOURCE_DIR})
