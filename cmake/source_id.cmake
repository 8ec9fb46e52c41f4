# Writes OUTPUT, a header with a hash of the sources named in the file LIST: it changes when one of them does.
file(STRINGS ${LIST} sources)
set(hashes "")
foreach(source IN LISTS sources)
  file(SHA256 ${source} hash)
  string(APPEND hashes ${hash})
endforeach()
string(SHA256 id "${hashes}")
file(CONFIGURE OUTPUT ${OUTPUT} CONTENT "#pragma once\ninline constexpr char theon_source_id[] = \"@id@\";\n" @ONLY)
