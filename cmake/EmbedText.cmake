# cmake -DINPUT=openapi.json -DOUTPUT=openapi.cpp -P EmbedText.cmake
file(READ ${INPUT} text)
file(WRITE ${OUTPUT} "#include \"server/app/openapi.h\"\n\nnamespace waaft::app {\n\nstd::string_view openapi_json() {\n    return R\"openapi(${text})openapi\";\n}\n\n}  // namespace waaft::app\n")
