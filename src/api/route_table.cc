#include "api/route_table.h"

#include <algorithm>
#include <array>

#include "base/utf8.h"

namespace bascule {
namespace {

constexpr std::size_t kMaxSegments = 12;

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  if (c >= 'a' && c <= 'f') {
    return c - 'a' + 10;
  }
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// Segments of a path that starts with '/'. 0 when there are too many.
std::size_t split(std::string_view path, std::array<std::string_view, kMaxSegments>& out) {
  std::size_t count = 0;
  path.remove_prefix(1);
  for (;;) {
    if (count == kMaxSegments) {
      return 0;
    }
    const auto slash = path.find('/');
    out[count++] = path.substr(0, slash);
    if (slash == std::string_view::npos) {
      return count;
    }
    path.remove_prefix(slash + 1);
  }
}

template <typename Each>
void for_each_parameter(std::string_view query, Each&& each) {
  while (!query.empty()) {
    const auto end = query.find('&');
    const auto pair = query.substr(0, end);
    const auto equals = pair.find('=');
    if (!pair.empty()) {
      each(pair.substr(0, equals),
           equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1));
    }
    query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
  }
}

}  // namespace

std::string_view role_name(Role role) noexcept {
  switch (role) {
    case Role::kAnyone:
      return "none";
    case Role::kViewer:
      return "viewer";
    case Role::kScorer:
      return "scorer";
    case Role::kPublisher:
      return "publisher";
    case Role::kPromoter:
      return "promoter";
    case Role::kOperator:
      return "operator";
    case Role::kAdmin:
      return "admin";
  }
  return {};
}

std::optional<Role> role_of(std::string_view name) noexcept {
  for (const Role role : {Role::kViewer, Role::kScorer, Role::kPublisher, Role::kPromoter,
                          Role::kOperator, Role::kAdmin}) {
    if (role_name(role) == name) {
      return role;
    }
  }
  return std::nullopt;
}

RouteTable::RouteTable(std::vector<Route> routes) : routes_(std::move(routes)) {
  for (const Route& route : routes_) {
    std::array<std::string_view, kMaxSegments> segments;
    const std::size_t count = split(route.pattern, segments);
    std::vector<Piece> pieces;
    for (const auto segment : std::span(segments).first(count)) {
      using Kind = Piece::Kind;
      if (segment.starts_with("{name}:")) {
        pieces.push_back({Kind::kName, segment.substr(6)});
        continue;
      }
      const Kind kind = segment == "{name}"  ? Kind::kName
                        : segment == "{tag}" ? Kind::kTag
                        : segment == "{v}"   ? Kind::kVersion
                        : segment == "{id}"  ? Kind::kId
                                             : Kind::kText;
      pieces.push_back({kind, kind == Kind::kText ? segment : std::string_view()});
    }
    for (std::size_t i = 1; i < pieces.size(); ++i) {
      if (pieces[i - 1].kind == Piece::Kind::kName && pieces[i].kind == Piece::Kind::kText) {
        behind_names_.insert(pieces[i].text);
      }
    }
    patterns_.push_back(std::move(pieces));
  }
}

bool RouteTable::fits(std::span<const Piece> pattern, std::span<const std::string_view> path,
                      PathParts& parts) {
  using Kind = Piece::Kind;
  if (pattern.empty()) {
    return path.empty();
  }
  if (path.empty()) {
    return false;
  }
  const Piece& piece = pattern.front();
  const auto rest = pattern.subspan(1);
  if (piece.kind == Kind::kText) {
    return path.front() == piece.text && fits(rest, path.subspan(1), parts);
  }
  if (piece.kind == Kind::kId) {
    parts.id = path.front();
    return !path.front().empty() && fits(rest, path.subspan(1), parts);
  }
  std::string& out = piece.kind == Kind::kName  ? parts.name
                     : piece.kind == Kind::kTag ? parts.tag
                                                : parts.version;
  // The segments are pieces of one text: two of them with the slash between them are one view.
  for (std::size_t count = piece.kind == Kind::kName ? 2 : 1; count <= 2; ++count) {
    if (path.size() < count || path.front().empty() ||
        path[count - 1].size() <= piece.text.size() || !path[count - 1].ends_with(piece.text) ||
        !fits(rest, path.subspan(count), parts)) {
      continue;
    }
    const char* begin = path.front().data();
    out.assign(begin, path[count - 1].data() + path[count - 1].size() - piece.text.size());
    return true;
  }
  return false;
}

Result<RouteTable::Match> RouteTable::match(Method method, std::string_view path,
                                            std::string& allow) const {
  std::string decoded;
  if (path.find('%') != std::string_view::npos) {
    BASCULE_TRY(decoded, percent_decode(path));
    path = decoded;
  }
  std::array<std::string_view, kMaxSegments> segments;
  const std::size_t count = split(path, segments);
  const auto wanted = method == Method::kHead ? Method::kGet : method;
  Match match;
  for (std::size_t i = 0; count > 0 && i < routes_.size(); ++i) {
    const Piece& last = patterns_[i].back();
    if ((last.kind == Piece::Kind::kText && last.text != segments[count - 1]) ||
        !fits(patterns_[i], std::span(segments).first(count), match.parts)) {
      continue;
    }
    if (routes_[i].method == wanted) {
      match.route = i;
      return match;
    }
    const auto name = method_name(routes_[i].method);
    if (allow.find(name) == std::string::npos) {
      allow.append(allow.empty() ? "" : ", ").append(name);
    }
  }
  // What another method could ask for would be a model of the name "charge/score".
  const std::string_view name = match.parts.name;
  if (const auto slash = name.find('/');
      !allow.empty() && slash < name.size() && behind_names_.contains(name.substr(slash + 1))) {
    allow.clear();
    return fail(Code::kNotFound,
                "'{}' is no model's name; a name has two parts, such as fraud/charge",
                name.substr(0, slash));
  }
  return fail(Code::kNotFound,
              "there is nothing at this path; docs/http-api.md lists what there is");
}

Result<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        return fail(Code::kInvalid, "a % in a path or query must be followed by two hex digits");
      }
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return fail(Code::kInvalid, "a path or query must not have control characters");
    }
    out += c;
  }
  if (!is_utf8(out)) {
    return fail(Code::kInvalid, "a path or query must be UTF-8");
  }
  return out;
}

Result<std::string> query_value(std::string_view query, std::string_view name) {
  std::string_view found;
  std::size_t count = 0;
  for_each_parameter(query, [&](std::string_view key, std::string_view value) {
    if (key == name) {
      found = value;
      ++count;
    }
  });
  if (count > 1) {
    return fail(Code::kInvalid, "the query parameter '{}' stands twice", name);
  }
  return percent_decode(found);
}

Status check_query(std::string_view query, std::initializer_list<std::string_view> known) {
  std::string_view unknown;
  for_each_parameter(query, [&](std::string_view key, std::string_view) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      unknown = key;
    }
  });
  if (unknown.empty()) {
    return {};
  }
  BASCULE_TRY(const auto name, percent_decode(unknown.substr(0, 64)));
  return fail(Code::kInvalid, "unknown query parameter '{}'", name);
}

}  // namespace bascule
