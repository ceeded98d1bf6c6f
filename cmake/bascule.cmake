# One function per kind of target. Sources are found by globbing: a new file needs no edit here.
include(GoogleTest)

# bascule_third_party_targets(out fmt crypto ...): the targets behind names of third_party.cmake.
function(bascule_third_party_targets out)
  set(targets)
  foreach(name IN LISTS ARGN)
    if(NOT DEFINED third_party_${name})
      message(FATAL_ERROR "cmake/third_party.cmake knows no '${name}'; add it there")
    endif()
    list(APPEND targets ${third_party_${name}})
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

# bascule_gtest(NAME SOURCES... ): one GoogleTest executable; ctest finds its tests when it runs,
# not when it is built.
function(bascule_gtest name)
  cmake_parse_arguments(arg "" "" "SOURCES;LIBRARIES" ${ARGN})
  if(NOT GTest_FOUND)
    return()
  endif()
  add_executable(${name} ${arg_SOURCES})
  # Only what is tested is optimised in full: g++ 12 spends a minute on some tests at -O2, 5 s
  # at -O1.
  target_compile_options(${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  target_link_libraries(${name} PRIVATE bascule_flags bascule_exact_floats ${arg_LIBRARIES}
    GTest::gtest_main GTest::gmock GTest::gtest ${RAPIDCHECK_LIBRARY})
  set(timeout 300)
  if(BASCULE_SANITIZE)
    set(timeout 1800)  # a thousand kills, ten times slower
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST DISCOVERY_TIMEOUT 60
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
    PROPERTIES LABELS fast TIMEOUT ${timeout})
endfunction()

# bascule_existing_targets(list): drops what is no target from the list.
function(bascule_existing_targets names)
  set(kept)
  foreach(name IN LISTS ${names})
    if(TARGET ${name})
      list(APPEND kept ${name})
    endif()
  endforeach()
  set(${names} ${kept} PARENT_SCOPE)
endfunction()

# Some sources are for x86-64 only and compiled for a CPU that is found at run time.
function(bascule_kernel_flags)
  foreach(source IN LISTS ARGN)
    if(source MATCHES "_avx2\\.cc$")
      set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-mbmi2")
    elseif(source MATCHES "_avx512\\.cc$")
      set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS
        "-mavx512f;-mavx512bw;-mavx512dq;-mavx512vl;-mavx512vbmi;-mfma;-mbmi2")
    endif()
  endforeach()
endfunction()

# bascule_library(engine DEPENDS base package THIRD_PARTY fmt [EXACT_FLOATS]): the library
# bascule_engine of all *.cc of the folder, the test engine_test of its *_test.cc, and the library
# bascule_engine_testing of testing.cc and *_testing.cc, for the tests of this folder and others.
function(bascule_library name)
  cmake_parse_arguments(arg "EXACT_FLOATS" "" "DEPENDS;THIRD_PARTY;EXCLUDE;EXTRA_SOURCES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "*.cc")
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(helpers ${sources})
  list(FILTER sources EXCLUDE REGEX "[/_]testing\\.cc$")
  list(FILTER helpers INCLUDE REGEX "[/_]testing\\.cc$")
  foreach(file IN LISTS arg_EXCLUDE)
    list(REMOVE_ITEM sources "${CMAKE_CURRENT_SOURCE_DIR}/${file}")
  endforeach()
  if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    list(FILTER sources EXCLUDE REGEX "_(avx2|avx512)\\.cc$")
  endif()

  bascule_third_party_targets(libraries ${arg_THIRD_PARTY})
  list(TRANSFORM arg_DEPENDS PREPEND bascule_)
  set(test_libraries ${arg_DEPENDS})
  list(TRANSFORM test_libraries APPEND _testing)
  set(libraries ${arg_DEPENDS} ${libraries})
  if(sources)
    add_library(bascule_${name} STATIC ${sources} ${arg_EXTRA_SOURCES})
    target_link_libraries(bascule_${name} PRIVATE bascule_flags PUBLIC ${libraries})
    if(arg_EXACT_FLOATS)
      target_link_libraries(bascule_${name} PRIVATE bascule_exact_floats)
    endif()
    bascule_kernel_flags(${sources})
  else()
    message(STATUS "bascule: src/${name} has no sources yet: skipped")
    add_library(bascule_${name} INTERFACE)
    target_link_libraries(bascule_${name} INTERFACE ${libraries})
  endif()
  if(BASCULE_PYTHON)
    return()
  endif()
  bascule_existing_targets(test_libraries)
  if(helpers)
    add_library(bascule_${name}_testing STATIC ${helpers})
    target_link_libraries(bascule_${name}_testing PRIVATE bascule_flags bascule_exact_floats
      PUBLIC bascule_${name} ${test_libraries})
    list(APPEND test_libraries bascule_${name}_testing)
  endif()
  if(tests)
    bascule_gtest(${name}_test SOURCES ${tests} LIBRARIES bascule_${name} ${test_libraries})
  endif()
endfunction()

# bascule_embedded_files(pages pages/try.html ...): in src/api, a header "api/pages.h" with the
# texts of the files as bascule::pages::kTryHtml and so on. Sets `embedded_pages` to its root.
function(bascule_embedded_files name)
  set(constants "")
  foreach(path IN LISTS ARGN)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
      "${CMAKE_CURRENT_SOURCE_DIR}/${path}")
    # In hexadecimal: CMake would read brackets and semicolons of the text itself.
    file(READ "${path}" bytes HEX)
    string(LENGTH "${bytes}" size)
    math(EXPR size "${size} / 2")  # told: the bytes may be zero
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "\\\\x\\1" bytes "${bytes}")
    cmake_path(GET path FILENAME file)
    string(REGEX MATCHALL "[a-z]+" words "${file}")
    set(constant "k")
    foreach(word IN LISTS words)
      string(SUBSTRING "${word}" 0 1 first)
      string(SUBSTRING "${word}" 1 -1 rest)
      string(TOUPPER "${first}" first)
      string(APPEND constant "${first}${rest}")
    endforeach()
    string(APPEND constants
      "inline constexpr std::string_view ${constant}{\n    \"${bytes}\",\n    ${size}};\n")
  endforeach()
  cmake_path(GET CMAKE_CURRENT_SOURCE_DIR FILENAME folder)
  set(root "${CMAKE_CURRENT_BINARY_DIR}/embedded")
  file(CONFIGURE OUTPUT "${root}/${folder}/${name}.h" CONTENT
"// Generated by cmake/bascule.cmake. Do not edit.
#pragma once

#include <string_view>

namespace bascule::${name} {
${constants}}  // namespace bascule::${name}
" @ONLY)
  set(embedded_${name} "${root}" PARENT_SCOPE)
endfunction()

# The table of operators, from the names of the files in ops/: a file without its definition does
# not link. Sets `op_table` to the generated source.
function(bascule_operator_table out)
  file(GLOB operators CONFIGURE_DEPENDS "ops/*.cc")
  list(FILTER operators EXCLUDE REGEX "_test\\.cc$")
  list(SORT operators)
  set(declarations "")
  set(entries "")
  foreach(file IN LISTS operators)
    cmake_path(GET file STEM operator)
    string(APPEND declarations "extern const OpDef op_${operator};\n")
    string(APPEND entries "\n      &op_${operator},")
  endforeach()
  if(operators)
    set(body "  static constexpr const OpDef* kTable[] = {${entries}\n  };\n  return kTable;\n")
  else()
    set(body "  return {};\n")
  endif()
  set(generated "${CMAKE_CURRENT_BINARY_DIR}/op_table.cc")
  file(CONFIGURE OUTPUT "${generated}" CONTENT
"// Generated by cmake/bascule.cmake from src/engine/ops/*.cc. Do not edit.

#include \"engine/op.h\"

namespace bascule {
@declarations@
std::span<const OpDef* const> op_table() noexcept {
@body@}
}  // namespace bascule
" @ONLY)
  set(${out} "${generated}" PARENT_SCOPE)
endfunction()

set(bascule_everything bascule_base bascule_package bascule_engine bascule_evaluate bascule_sqlite
  bascule_registry bascule_scorelog bascule_serving bascule_lifecycle bascule_api bascule_capi
  bascule_cli)

# tests/<directory>/*.cc: tests that cross folders, one executable per directory.
function(bascule_test_directories)
  set(helpers ${bascule_everything})
  list(TRANSFORM helpers APPEND _testing)
  bascule_existing_targets(helpers)
  file(GLOB directories LIST_DIRECTORIES true CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/tests/*")
  foreach(directory IN LISTS directories)
    cmake_path(GET directory FILENAME name)
    if(NOT IS_DIRECTORY "${directory}" OR name STREQUAL "build")
      continue()
    endif()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${directory}/*.cc")
    if(sources)
      bascule_gtest(tests_${name} SOURCES ${sources} LIBRARIES ${helpers} ${bascule_everything})
    endif()
  endforeach()
endfunction()

# fuzz/<name>.cc: with BASCULE_FUZZ the libFuzzer target <name>; else <name>_replay, which runs the
# kept corpus as a test.
function(bascule_fuzz_targets)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/fuzz/*.cc")
  list(FILTER sources EXCLUDE REGEX "/replay_main\\.cc$")
  add_custom_target(fuzz_targets)
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    if(BASCULE_FUZZ)
      add_executable(${name} "${source}")
      target_link_libraries(${name} PRIVATE bascule_flags ${bascule_everything}
        bascule_engine_testing)
      set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
      target_link_options(${name} PRIVATE -fsanitize=fuzzer)
      add_dependencies(fuzz_targets ${name})
    else()
      add_executable(${name}_replay "${source}" "${CMAKE_SOURCE_DIR}/fuzz/replay_main.cc")
      target_link_libraries(${name}_replay PRIVATE bascule_flags ${bascule_everything}
        bascule_engine_testing)
      add_test(NAME fuzz/${name}_replay
        COMMAND ${name}_replay "${CMAKE_SOURCE_DIR}/fuzz/corpus/${name}")
      set_tests_properties(fuzz/${name}_replay PROPERTIES LABELS fast TIMEOUT 300)
    endif()
  endforeach()
endfunction()

# bench/*.cc: one executable each, built by the target `bench` and not by default.
function(bascule_benchmarks)
  add_custom_target(bench)
  if(NOT GTest_FOUND)
    return()
  endif()
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/bench/*.cc")
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM name)
    add_executable(bench_${name} EXCLUDE_FROM_ALL "${source}")
    target_link_libraries(bench_${name} PRIVATE bascule_flags ${bascule_everything}
      bascule_package_testing benchmark::benchmark ${third_party_simdjson} ${third_party_nghttp2})
    set_target_properties(bench_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
    add_dependencies(bench bench_${name})
  endforeach()
  bascule_grpc_peer()
endfunction()

# bench_grpc_server, a peer on libgrpc++: where that is installed. Its messages are made from ours.
function(bascule_grpc_peer)
  find_program(protoc protoc)
  find_program(grpc_cpp_plugin grpc_cpp_plugin)
  find_library(grpcpp grpc++)
  find_library(protobuf protobuf)
  if(NOT protoc OR NOT grpc_cpp_plugin OR NOT grpcpp OR NOT protobuf)
    message(STATUS "bascule: no libgrpc++ here: bench_grpc_server is skipped")
    return()
  endif()
  set(protos "${CMAKE_SOURCE_DIR}/src/api/grpc")
  set(made "${CMAKE_BINARY_DIR}/bench-grpc")
  file(MAKE_DIRECTORY "${made}")
  set(sources inference.pb.cc inference.grpc.pb.cc)
  list(TRANSFORM sources PREPEND "${made}/")
  add_custom_command(OUTPUT ${sources} COMMAND ${protoc} "-I${protos}" "--cpp_out=${made}"
    "--grpc_out=${made}" "--plugin=protoc-gen-grpc=${grpc_cpp_plugin}" "${protos}/inference.proto"
    DEPENDS "${protos}/inference.proto")
  add_executable(bench_grpc_server EXCLUDE_FROM_ALL
    "${CMAKE_SOURCE_DIR}/bench/peers/grpc_server.cc" ${sources})
  target_include_directories(bench_grpc_server SYSTEM PRIVATE "${made}")
  target_link_libraries(bench_grpc_server PRIVATE ${grpcpp} ${protobuf} grpc gpr
    absl_synchronization)
  set_target_properties(bench_grpc_server PROPERTIES EXPORT_COMPILE_COMMANDS OFF
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
  add_dependencies(bench bench_grpc_server)
endfunction()

# bascule_application(bascule MAIN main.cc LIBRARY apps ...): the executable of main.cc, and a
# library of the folder's other sources.
function(bascule_application name)
  cmake_parse_arguments(arg "" "MAIN;LIBRARY" "DEPENDS;THIRD_PARTY" ${ARGN})
  bascule_library(${arg_LIBRARY} DEPENDS ${arg_DEPENDS} THIRD_PARTY ${arg_THIRD_PARTY}
    EXCLUDE ${arg_MAIN})
  if(NOT EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${arg_MAIN}")
    message(STATUS "bascule: ${arg_MAIN} of '${name}' is not there yet: skipped")
    return()
  endif()
  add_executable(${name} ${arg_MAIN})
  target_link_libraries(${name} PRIVATE bascule_flags bascule_${arg_LIBRARY})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}")
endfunction()
