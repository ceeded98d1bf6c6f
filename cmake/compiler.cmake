# Compilers and flags: g++ 12 ships, clang 19 agrees.
#
# Flags hang on the target `bascule_flags`, which every target of ours links, so that third-party
# sources (nanobind) keep their own. The wheel and the service are compiled with the same command
# lines (position independent, paths mapped), so that ccache answers the second of the two.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# Dev keeps every assertion; Release drops BASCULE_DASSERT only. -g1: lines in a stack trace.
set(BASCULE_DEV_FLAGS "-O1 -g1" CACHE STRING "Flags of the build type Dev")
set(CMAKE_CXX_FLAGS_DEV "${BASCULE_DEV_FLAGS}")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Dev CACHE STRING "Dev or Release" FORCE)
endif()

find_program(BASCULE_CCACHE ccache)
if(BASCULE_CCACHE AND NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  # The folder that a command runs in is not part of what it makes: the wheel's objects serve the
  # service's build folder too.
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_NOHASHDIR=1 "${BASCULE_CCACHE}")
endif()
# Not for the wheel: mold 1.10 keeps symbols of sections that it collected, among them arc4random of
# libstdc++'s random_device (GLIBC_2.36; the wheel promises 2.34).
find_program(BASCULE_MOLD mold)
if(BASCULE_MOLD AND NOT BASCULE_PYTHON)
  add_link_options(-fuse-ld=mold)
endif()

add_library(bascule_flags INTERFACE)
target_compile_options(bascule_flags INTERFACE
  -Wall -Wextra -Werror
  "-ffile-prefix-map=${CMAKE_SOURCE_DIR}/="
)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # A false alarm of g++ 12 on std::string + "literal" (GCC bug 105651), and one on designated
  # initialisers, which leave members out on purpose; clang warns about the positional ones. And one
  # on a std::variant that is moved out of a std::expected (GCC bug 105562's family); valgrind and
  # the sanitizers look for the real thing.
  target_compile_options(bascule_flags INTERFACE -Wno-restrict -Wno-missing-field-initializers
    -Wno-maybe-uninitialized)
else()
  # Designated initialisers leave members out on purpose.
  target_compile_options(bascule_flags INTERFACE -Wno-missing-designated-field-initializers)
endif()
target_include_directories(bascule_flags INTERFACE "${CMAKE_SOURCE_DIR}/src")

if(BASCULE_SANITIZE)
  add_compile_options("-fsanitize=${BASCULE_SANITIZE}" -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options("-fsanitize=${BASCULE_SANITIZE}")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # ThreadSanitizer does not know fences, and Asio has one that is inlined into our files.
    target_compile_options(bascule_flags INTERFACE -Wno-tsan)
  endif()
endif()
if(BASCULE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# The same bits on every machine: no a*b+c in one rounding. tests/build proves it.
add_library(bascule_exact_floats INTERFACE)
target_compile_options(bascule_exact_floats INTERFACE -ffp-contract=off)
