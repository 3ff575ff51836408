# cmake -DROOT=manifests -DOUTPUT=templates.cpp -P EmbedFiles.cmake
# Writes the *.yaml below ROOT as the table behind cmd/manifest/templates.h, comment lines left out.
file(GLOB_RECURSE names RELATIVE ${ROOT} ${ROOT}/*.yaml)
list(SORT names)
set(rows "")
foreach(name ${names})
    file(READ ${ROOT}/${name} text)
    string(REGEX REPLACE "(^|\n)( *#[^\n]*\n)+" "\\1" text "${text}")
    string(APPEND rows "        Template{\"${name}\", R\"yaml(${text})yaml\"},\n")
endforeach()
list(LENGTH names count)
file(WRITE ${OUTPUT} "#include \"cmd/manifest/templates.h\"\n\n#include <array>\n\nnamespace waaft::manifest {\n\n"
    "std::span<const Template> templates() {\n    static const std::array<Template, ${count}> table{\n${rows}    };\n"
    "    return table;\n}\n\n}  // namespace waaft::manifest\n")
