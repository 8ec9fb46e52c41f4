# Installs the library, the public headers, and the package that find_package(Theon) finds.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Theon)
configure_package_config_file(cmake/TheonConfig.cmake.in ${PROJECT_BINARY_DIR}/TheonConfig.cmake
                              INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/TheonConfigVersion.cmake COMPATIBILITY SameMinorVersion)

install(TARGETS theon EXPORT TheonTargets FILE_SET HEADERS)
install(EXPORT TheonTargets NAMESPACE theon:: DESTINATION ${package_folder})
install(FILES ${PROJECT_BINARY_DIR}/TheonConfig.cmake ${PROJECT_BINARY_DIR}/TheonConfigVersion.cmake
              cmake/dependencies.cmake
        DESTINATION ${package_folder})
