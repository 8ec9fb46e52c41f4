# What the sources of Theon itself are compiled with, its internal tests and benchmarks included.
add_library(theon_internal INTERFACE)
target_include_directories(theon_internal INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(theon_internal INTERFACE fmt::fmt Threads::Threads)

# theon_layer(<name> FOLDERS <folder>... [LINKS <library>...])
#
# Makes theon_<name> of every .cpp in the folders, puts it into the library theon, and lets it see the layers
# declared before it. LINKS are seen by this layer alone. The property THEON_LAYERS lists the layers so far.
function(theon_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 layer "" "" "FOLDERS;LINKS")
  list(TRANSFORM layer_FOLDERS REPLACE "(.+)" "${PROJECT_SOURCE_DIR}/\\1/*.cpp" OUTPUT_VARIABLE patterns)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${patterns})
  get_property(left GLOBAL PROPERTY THEON_LAYERS)

  if(sources)
    add_library(theon_${name} OBJECT ${sources})
    target_link_libraries(theon_${name} PUBLIC theon_internal ${left} PRIVATE ${layer_LINKS})
    target_sources(theon PRIVATE $<TARGET_OBJECTS:theon_${name}>)
    target_link_libraries(theon PRIVATE ${layer_LINKS})
  else()
    add_library(theon_${name} INTERFACE)
    target_link_libraries(theon_${name} INTERFACE theon_internal ${left})
  endif()
  set_property(GLOBAL APPEND PROPERTY THEON_LAYERS theon_${name})
endfunction()
