// W3C Trace Context, level 1: the trace that a request is a part of, across services.
//
// A caller says it in `traceparent`; its answer says the same trace, with the id of the span that
// this server gave the request. What cannot be read begins a new trace, as the recommendation says.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/random.h"

namespace bascule {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

struct TraceContext {
  TraceId trace_id{};  // never all zero
  SpanId span_id{};    // of the caller in what comes in, of this server in what goes out
  bool sampled = false;
};

// "00-<32 hex digits>-<16>-<2>", and what later versions put behind it. Nothing for other text.
std::optional<TraceContext> parse_traceparent(std::string_view text) noexcept;
// As version 00 writes it, with the flags that it has a meaning for.
std::string format_traceparent(const TraceContext& context);

// Whether the text of all `tracestate` headers, joined by commas, may be passed on.
bool is_tracestate(std::string_view list) noexcept;

TraceId new_trace_id(Random& random) noexcept;
SpanId new_span_id(Random& random) noexcept;

// Two digits for each byte, in lower case.
std::string hex(std::span<const std::uint8_t> id);

}  // namespace bascule
