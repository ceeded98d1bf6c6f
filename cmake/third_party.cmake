# Debian's libraries, one target each. The names on the left are what THIRD_PARTY takes.
#
# The service links them shared, so that apt's security updates reach it. The wheel runs elsewhere:
# it links libcrypto statically and compiles fmt from Debian's headers (there is no libfmt.a).

if(BASCULE_PYTHON)
  set(OPENSSL_USE_STATIC_LIBS ON)
endif()
find_package(OpenSSL 3 REQUIRED)

find_path(FMT_INCLUDE fmt/format.h REQUIRED)
if(BASCULE_PYTHON)
  add_library(bascule_fmt STATIC "${CMAKE_SOURCE_DIR}/cmake/fmt.cc")
  add_library(fmt::bascule ALIAS bascule_fmt)
else()
  find_library(FMT_LIBRARY fmt REQUIRED)
  add_library(bascule_fmt INTERFACE)
  target_link_libraries(bascule_fmt INTERFACE "${FMT_LIBRARY}")
endif()

# Names for the CMakeLists.txt of the folders.
set(third_party_fmt bascule_fmt)
set(third_party_crypto OpenSSL::Crypto)
if(BASCULE_PYTHON)
  return()
endif()

find_library(SIMDJSON_LIBRARY simdjson REQUIRED)
add_library(bascule_simdjson INTERFACE)
target_link_libraries(bascule_simdjson INTERFACE "${SIMDJSON_LIBRARY}")
set(third_party_simdjson bascule_simdjson)

find_library(NGHTTP2_LIBRARY nghttp2 REQUIRED)
find_path(NGHTTP2_INCLUDE nghttp2/nghttp2.h REQUIRED)
add_library(bascule_nghttp2 INTERFACE)
target_link_libraries(bascule_nghttp2 INTERFACE "${NGHTTP2_LIBRARY}")
set(third_party_nghttp2 bascule_nghttp2)

find_package(Threads REQUIRED)
find_package(CURL REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(spdlog REQUIRED)
find_path(TOMLPLUSPLUS_INCLUDE toml++/toml.h REQUIRED)
find_path(CLI11_INCLUDE CLI/CLI.hpp REQUIRED)

set(third_party_threads Threads::Threads)
set(third_party_ssl OpenSSL::SSL)
set(third_party_curl CURL::libcurl)
set(third_party_sqlite SQLite::SQLite3)
set(third_party_zlib ZLIB::ZLIB)
set(third_party_spdlog spdlog::spdlog)
# Headers only, in the compiler's own path.
add_library(bascule_headers_only INTERFACE)
set(third_party_cli11 bascule_headers_only)
set(third_party_tomlplusplus bascule_headers_only)

# Asio and Beast: headers, without the parts of Asio that we do not use.
add_library(bascule_asio INTERFACE)
target_link_libraries(bascule_asio INTERFACE Threads::Threads)
set(third_party_asio bascule_asio)

# What only tests and benchmarks need: `make demo` does without (packaging/debian-test.txt).
find_package(GTest QUIET)
if(GTest_FOUND)
  find_package(benchmark REQUIRED)
  find_library(RAPIDCHECK_LIBRARY rapidcheck REQUIRED)
else()
  message(STATUS "bascule: no GoogleTest (libgtest-dev): tests and benchmarks are skipped")
endif()
