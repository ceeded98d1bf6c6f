// The command line of Bascule: parses arguments, runs one command, gives an honest exit code.
//
//   0 done   1 refused by the server, a file or a gate   2 wrong usage   3 no server answers
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace bascule::cli {

struct ServeOptions {
  std::string config;                     // a TOML file; empty: none
  std::string data = "data";              // the data folder
  std::string listen = "127.0.0.1:8080";  // port 0: any free one
  std::string grpc_listen;                // empty: none
  int loops = 2;                          // event loops
  int workers = 2;                        // threads for scores that take long
  std::string default_model;              // of routes without a name; empty: the only live one
  bool terse_errors = false;              // callers who score learn nothing of the columns
  std::string tls_certificate, tls_key;   // PEM; empty: no TLS
  std::string tls_client_ca;              // empty: clients need no certificate
  bool tokens = false;                    // every request but health needs a token
  bool insecure = false;                  // listen beyond loopback without TLS or tokens
  std::string log_level = "info";
  std::string request_log;  // "stderr", or a file; empty: none
  std::uint32_t request_log_every = 100;
  std::string trace_endpoint;  // of a collector; empty: no spans
  std::uint32_t trace_every = 100;
};

// `serve` is what `bascule serve` does; it returns the exit code.
int run(int argc, char** argv, const std::function<int(const ServeOptions&)>& serve);

}  // namespace bascule::cli
