# cmake -DROOT=manifests -DPATTERN=*.yaml -DMODULE=manifest -DOUTPUT=templates.cpp [-DKEEP_COMMENTS=1] -P EmbedFiles.cmake
# Writes the files below ROOT as the table behind cmd/MODULE/templates.h, comment lines left out unless they are kept.
file(GLOB_RECURSE names RELATIVE ${ROOT} ${ROOT}/${PATTERN})
list(SORT names)
set(rows "")
foreach(name ${names})
    file(READ ${ROOT}/${name} text)
    if(NOT KEEP_COMMENTS)
        string(REGEX REPLACE "(^|\n)( *#[^\n]*\n)+" "\\1" text "${text}")
    endif()
    string(APPEND rows "        Template{\"${name}\", R\"text(${text})text\"},\n")
endforeach()
list(LENGTH names count)
file(WRITE ${OUTPUT} "#include \"cmd/${MODULE}/templates.h\"\n\n#include <array>\n\nnamespace waaft::${MODULE} {\n\n"
    "std::span<const Template> templates() {\n    static const std::array<Template, ${count}> table{\n${rows}    };\n"
    "    return table;\n}\n\n}  // namespace waaft::${MODULE}\n")
