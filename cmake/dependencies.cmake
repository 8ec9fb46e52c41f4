# The libraries Theon stands on. None of them shows in its public headers, so a user of the shared library needs
# none of this; a user of the static library links them, and TheonConfig.cmake includes this file.

find_package(Threads REQUIRED)
find_package(fmt 9 REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(OpenBLAS REQUIRED CONFIG)
find_package(LLVM 19.1 REQUIRED CONFIG)
find_path(LAPACKE_INCLUDE_DIR lapacke.h REQUIRED)
find_library(LAPACKE_LIBRARY lapacke REQUIRED)
mark_as_advanced(LAPACKE_INCLUDE_DIR LAPACKE_LIBRARY)

if(NOT TARGET OpenBLAS::OpenBLAS)
  add_library(OpenBLAS::OpenBLAS INTERFACE IMPORTED)
  target_include_directories(OpenBLAS::OpenBLAS INTERFACE ${OpenBLAS_INCLUDE_DIRS})
  target_link_libraries(OpenBLAS::OpenBLAS INTERFACE ${OpenBLAS_LIBRARIES})
endif()

if(NOT TARGET LAPACKE::LAPACKE)
  add_library(LAPACKE::LAPACKE INTERFACE IMPORTED)
  target_include_directories(LAPACKE::LAPACKE INTERFACE ${LAPACKE_INCLUDE_DIR})
  target_link_libraries(LAPACKE::LAPACKE INTERFACE ${LAPACKE_LIBRARY})
endif()

# The parts of LLVM that Theon uses, from its static libraries where everything they need is there: the shared library
# holds all of LLVM, and loading that takes longer than compiling a function.
set(components nativecodegen runtimedyld scalaropts targetparser)
if(THEON_AARCH64)
  list(APPEND components aarch64codegen aarch64desc aarch64info)
endif()
llvm_map_components_to_libnames(THEON_LLVM_PARTS ${components})
set(THEON_LLVM_WHOLE OFF)
foreach(needed IN LISTS THEON_LLVM_PARTS ITEMS ZLIB::ZLIB zstd::libzstd_shared)
  if(NOT TARGET ${needed})
    set(THEON_LLVM_WHOLE ON)
  endif()
endforeach()
if(NOT TARGET LLVM::Parts)
  add_library(LLVM::Parts INTERFACE IMPORTED)
  # LLVM's own targets say what to link, not where their headers are.
  target_include_directories(LLVM::Parts INTERFACE ${LLVM_INCLUDE_DIRS})
  if(THEON_LLVM_WHOLE)
    target_link_libraries(LLVM::Parts INTERFACE LLVM)
  else()
    # Nobody else sees them: a program may have another LLVM beside this one.
    target_link_libraries(LLVM::Parts INTERFACE ${THEON_LLVM_PARTS})
    target_link_options(LLVM::Parts INTERFACE LINKER:--as-needed LINKER:--gc-sections LINKER:--exclude-libs,ALL)
  endif()
endif()
