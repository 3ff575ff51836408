# Writes the table of the files in DIST (SOURCE, C++) and their bytes (BYTES, assembler).
# name.gz and name.br are the compressed forms of name.
if(NOT EXISTS ${DIST}/index.html)
    message(FATAL_ERROR "web/dist/index.html is missing: the web page is not built yet. Run `make web` first.")
endif()

function(content_type name result)
    get_filename_component(extension ${name} LAST_EXT)
    set(types ".html=text/html\\; charset=utf-8" ".js=text/javascript\\; charset=utf-8" ".css=text/css\\; charset=utf-8"
        ".txt=text/plain\\; charset=utf-8" ".svg=image/svg+xml" ".png=image/png" ".ico=image/x-icon"
        ".webmanifest=application/manifest+json" ".json=application/json" ".woff2=font/woff2"
        ".wasm=application/wasm" ".mp3=audio/mpeg" ".map=application/json")
    foreach(entry IN LISTS types)
        if(entry MATCHES "^\\${extension}=(.*)$")
            set(${result} "${CMAKE_MATCH_1}" PARENT_SCOPE)
            return()
        endif()
    endforeach()
    message(FATAL_ERROR "web/dist/${name}: no content type is known for ${extension}; add it to cmake/WriteWebAssets.cmake")
endfunction()

# Labels around the bytes of one file; an absent file has none.
function(embed path symbol)
    if(EXISTS ${path})
        file(APPEND ${BYTES} "    .balign 8\n    .global ${symbol}\n${symbol}:\n    .incbin \"${path}\"\n"
                             "    .global ${symbol}_end\n${symbol}_end:\n")
        file(APPEND ${SOURCE}.new "extern const char ${symbol}[];\nextern const char ${symbol}_end[];\n")
    endif()
endfunction()

function(view path symbol result)
    if(EXISTS ${path})
        set(${result} "between(${symbol}, ${symbol}_end)" PARENT_SCOPE)
    else()
        set(${result} "{}" PARENT_SCOPE)
    endif()
endfunction()

file(GLOB_RECURSE names RELATIVE ${DIST} ${DIST}/*)
list(FILTER names EXCLUDE REGEX "\\.(gz|br)$")
list(SORT names)

file(WRITE ${BYTES} "// Made by cmake/WriteWebAssets.cmake.\n#ifdef __CET__\n#include <cet.h>\n#endif\n    .section .rodata\n")
file(WRITE ${SOURCE}.new "// Made by cmake/WriteWebAssets.cmake.\n#include \"server/app/assets.h\"\n\n#include <array>\n\n"
                         "extern \"C\" {\n")
set(rows "")
set(count 0)
foreach(name ${names})
    set(symbol waaft_asset_${count})
    embed(${DIST}/${name} ${symbol})
    embed(${DIST}/${name}.gz ${symbol}_gz)
    embed(${DIST}/${name}.br ${symbol}_br)
    view(${DIST}/${name} ${symbol} identity)
    view(${DIST}/${name}.gz ${symbol}_gz gzip)
    view(${DIST}/${name}.br ${symbol}_br brotli)
    content_type(${name} type)
    file(SHA256 ${DIST}/${name} hash)
    string(SUBSTRING ${hash} 0 20 hash)
    set(immutable false)
    if(name MATCHES "-[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]\\.[a-z0-9]+$")
        set(immutable true)
    endif()
    string(APPEND rows "        Asset{\"/${name}\", \"${type}\", \"\\\"${hash}\\\"\",\n"
                       "              ${identity}, ${gzip}, ${brotli}, ${immutable}},\n")
    math(EXPR count "${count} + 1")
endforeach()
file(APPEND ${BYTES} "    .section .note.GNU-stack,\"\",%progbits\n")
file(APPEND ${SOURCE}.new "}\n\nnamespace waaft::app {\nnamespace {\n\n"
    "std::string_view between(const char* begin, const char* end) {\n"
    "    return {begin, static_cast<std::size_t>(end - begin)};\n}\n\n}  // namespace\n\n"
    "std::span<const Asset> assets() {\n    static const std::array<Asset, ${count}> table{\n${rows}    };\n"
    "    return table;\n}\n\n}  // namespace waaft::app\n")
file(RENAME ${SOURCE}.new ${SOURCE})
