#include "cli/http_client.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace bascule::cli {
namespace {

constexpr long kConnectSeconds = 5;
constexpr long kTotalSeconds = 300;

std::size_t append_body(char* data, std::size_t size, std::size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

std::size_t read_header(char* data, std::size_t size, std::size_t count, void* out) {
  std::string line(data, size * count);
  constexpr std::string_view kName = "etag:";
  if (line.size() > kName.size()) {
    std::string name = line.substr(0, kName.size());
    for (char& c : name) {
      c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
    const auto open = line.find('"');
    const auto close = line.rfind('"');
    if (name == kName && open < close) {
      *static_cast<std::string*>(out) = line.substr(open + 1, close - open - 1);
    }
  }
  return size * count;
}

Error error_of(const HttpAnswer& answer) {
  const Code code = code_of_http_status(answer.status);
  if (const auto parsed = parse_json(answer.body)) {
    if (const Json* error = parsed->find("error"); error != nullptr && error->string() != nullptr) {
      return {code, *error->string()};
    }
  }
  return {code, fmt::format("the server answered {} without a reason", answer.status)};
}

}  // namespace

HttpClient::HttpClient(std::string url, std::string token, std::string actor, TlsOptions tls)
    : url_(std::move(url)), tls_(std::move(tls)), curl_(curl_easy_init()) {
  while (url_.ends_with('/')) {
    url_.pop_back();
  }
  if (!token.empty()) {
    headers_.push_back("Authorization: Bearer " + token);
  }
  if (!actor.empty()) {
    headers_.push_back("X-Bascule-Actor: " + actor);
  }
  headers_.push_back("Expect:");  // the body follows at once
}

HttpClient::~HttpClient() {
  curl_easy_cleanup(curl_);
}

Result<HttpAnswer> HttpClient::send(std::string_view method, std::string_view path,
                                    std::string_view body,
                                    const std::vector<std::string>& headers) {
  HttpAnswer answer;
  const std::string target = url_ + std::string(path);
  const std::string verb(method);
  curl_slist* list = nullptr;
  for (const auto& header : headers_) {
    list = curl_slist_append(list, header.c_str());
  }
  for (const auto& header : headers) {
    list = curl_slist_append(list, header.c_str());
  }
  curl_easy_reset(curl_);
  curl_easy_setopt(curl_, CURLOPT_URL, target.c_str());
  curl_easy_setopt(curl_, CURLOPT_CUSTOMREQUEST, verb.c_str());
  curl_easy_setopt(curl_, CURLOPT_HTTPHEADER, list);
  curl_easy_setopt(curl_, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl_, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl_, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl_, CURLOPT_TIMEOUT, kTotalSeconds);
  curl_easy_setopt(curl_, CURLOPT_NOSIGNAL, 1L);
  for (const auto& [option, file] :
       {std::pair{CURLOPT_CAINFO, &tls_.ca}, std::pair{CURLOPT_SSLCERT, &tls_.certificate},
        std::pair{CURLOPT_SSLKEY, &tls_.key}}) {
    if (!file->empty()) {
      curl_easy_setopt(curl_, option, file->c_str());
    }
  }
  curl_easy_setopt(curl_, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(curl_, CURLOPT_WRITEDATA, &answer.body);
  curl_easy_setopt(curl_, CURLOPT_HEADERFUNCTION, read_header);
  curl_easy_setopt(curl_, CURLOPT_HEADERDATA, &answer.etag);
  if (!body.empty() || method == "POST" || method == "PUT") {
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDS, body.data() == nullptr ? "" : body.data());
    curl_easy_setopt(curl_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  }
  const CURLcode code = curl_easy_perform(curl_);
  curl_slist_free_all(list);
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    return fail(Code::kUnavailable,
                "the certificate of {} is not to be trusted ({}); name its CA with BASCULE_CA_FILE",
                url_, curl_easy_strerror(code));
  }
  if (code != CURLE_OK) {
    return fail(Code::kUnavailable,
                "no server answers at {} ({}); start one with `bascule serve --data <folder>`, or "
                "set BASCULE_URL",
                url_, curl_easy_strerror(code));
  }
  long status = 0;
  curl_easy_getinfo(curl_, CURLINFO_RESPONSE_CODE, &status);
  answer.status = static_cast<int>(status);
  if (status < 200 || status > 299) {
    return std::unexpected(error_of(answer));
  }
  return answer;
}

Result<Json> HttpClient::json(std::string_view method, std::string_view path, std::string_view body,
                              const std::vector<std::string>& headers) {
  BASCULE_TRY(const auto answer, send(method, path, body, headers));
  auto parsed = parse_json(answer.body);
  if (!parsed) {
    return prefixed("the server's answer", std::move(parsed.error()));
  }
  return *std::move(parsed);
}

std::string url_path(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = std::isalnum(static_cast<unsigned char>(c)) != 0 ||
                       std::string_view("-._~/").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

}  // namespace bascule::cli
