// The command line's HTTP client: one connection to one server, JSON in and out.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "package/json.h"

namespace bascule::cli {

struct HttpAnswer {
  int status = 0;
  std::string body;
  std::string etag;  // without quotes; empty when there is none
};

// Files in PEM, for a server of https.
struct TlsOptions {
  std::string ca;                // who signed the server's certificate; empty: the machine's CAs
  std::string certificate, key;  // of this client, where the server asks for one
};

class HttpClient {
 public:
  // `url` such as "http://127.0.0.1:8080"; `actor` is told to the server for its history.
  HttpClient(std::string url, std::string token, std::string actor, TlsOptions tls = {});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // The answer when its status is 2xx. Else an error with the server's own sentence; kUnavailable
  // with what to do when nobody listens.
  Result<HttpAnswer> send(std::string_view method, std::string_view path,
                          std::string_view body = {}, const std::vector<std::string>& headers = {});
  // The same, read as JSON.
  Result<Json> json(std::string_view method, std::string_view path, std::string_view body = {},
                    const std::vector<std::string>& headers = {});
  const std::string& url() const noexcept { return url_; }

 private:
  std::string url_;
  TlsOptions tls_;
  std::vector<std::string> headers_;
  void* curl_;
};

// Percent-encodes everything but unreserved characters and "/".
std::string url_path(std::string_view text);

}  // namespace bascule::cli
