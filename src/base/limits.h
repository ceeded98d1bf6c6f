// Every limit of Bascule: what it refuses to hold, read or wait for, and nothing else.
//
// A limit is compared before memory is asked for. Each has a test at the limit and one beyond it.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bascule::limits {

// Packages.
inline constexpr std::uint64_t kPackageBytes = std::uint64_t{16} << 30;
inline constexpr std::uint64_t kHeaderBytes = std::uint64_t{16} << 20;
inline constexpr std::size_t kTensors = 65'536;
inline constexpr std::size_t kTensorDims = 4;
inline constexpr std::size_t kTensorNameBytes = 256;
inline constexpr std::size_t kPackageJsonDepth = 64;
inline constexpr std::size_t kNodes = 65'536;
inline constexpr std::size_t kInputs = 65'536;
inline constexpr std::size_t kOutputs = 64;
inline constexpr std::size_t kWidth = 16'777'216;   // columns of one value, e.g. a vocabulary
inline constexpr std::size_t kDenseWidth = 65'536;  // columns of one value that is not sparse
inline constexpr std::size_t kTrees = 1'048'576;
inline constexpr std::size_t kTreeDepth = 1'024;
inline constexpr std::size_t kGoldenRows = 1'024;

// Scoring.
inline constexpr std::size_t kBlockRows = 256;          // rows that one pass of a plan takes
inline constexpr std::size_t kStringBytes = 256 << 10;  // one cell
inline constexpr std::size_t kTokenBytes = 1;           // of a cell, for each text of a list
inline constexpr std::size_t kDenseScratchBytes = std::size_t{1} << 30;  // of one thread and plan
inline constexpr std::size_t kScratchRowBytes = std::size_t{64}
                                                << 20;  // beyond it a row is refused
inline constexpr std::size_t kScratchKeptBytes = std::size_t{64} << 20;  // that grew, between calls
inline constexpr std::size_t kTeamThreads = 1'024;                       // that share a batch

// Names.
inline constexpr std::size_t kSegmentBytes = 63;

// HTTP.
inline constexpr std::size_t kHttpHeaderBytes = 8 << 10;
inline constexpr std::size_t kHttpHeaders = 64;
inline constexpr std::size_t kHttpTargetBytes = 4 << 10;
inline constexpr std::size_t kHttpBodyBytes = std::size_t{8} << 20;  // routes that take rows
// Of a body that was refused, read and thrown away: many clients look for no answer before they
// have sent all of it.
inline constexpr std::size_t kHttpLingerBytes = 4 * kHttpBodyBytes;
inline constexpr std::size_t kHttpConnections = 20'000;
inline constexpr std::size_t kHttpWaiting = 256;  // requests that wait for a worker thread
inline constexpr std::size_t kHttpRows = 10'000;
inline constexpr std::size_t kBatchBytes = std::size_t{128} << 20;  // cells of a request's rows
inline constexpr std::size_t kAnswerCells = 4'000'000;              // values of its outputs
inline constexpr std::size_t kJsonDepth = 32;
inline constexpr int kHttpHeaderSeconds = 10;
inline constexpr int kHttpBodySeconds = 30;
inline constexpr int kHttpIdleSeconds = 75;
inline constexpr int kDrainSeconds = 30;
inline constexpr std::int64_t kRequestTimeoutMs = 86'400'000;  // that a caller may ask for: a day

// HTTP/2, of one connection; the limits of HTTP hold for each of its requests.
inline constexpr std::uint32_t kHttp2Streams = 100;  // at once
inline constexpr std::int32_t kHttp2WindowBytes = 1 << 20;
inline constexpr std::size_t kHttp2HeldBytes = std::size_t{32} << 20;  // of all bodies
inline constexpr std::size_t kHttp2FaultsPerMinute = 1'000;            // resets, oversized headers
inline constexpr std::size_t kHttp2Acks = 100;           // unread answers to PING and SETTINGS
inline constexpr std::size_t kGrpcErrorBytes = 2 << 10;  // of an error's sentence

// What is told of requests, on its way out. A line fits the piece that a pipe takes whole.
inline constexpr std::size_t kRequestLogBytes = std::size_t{4} << 20;
inline constexpr std::size_t kRequestLineBytes = 4 << 10;
inline constexpr std::size_t kRequestTextBytes = 256;  // of one text in a line or a span
inline constexpr std::size_t kRequestIdBytes = 128;
inline constexpr std::size_t kSpanQueueBytes = std::size_t{4} << 20;

// Problems that an answer lists; a bad row has one in any case.
inline constexpr std::size_t kRowProblems = 16;
inline constexpr std::size_t kRequestProblems = 256;

// Row envelopes.
inline constexpr std::size_t kKeyBytes = 512;
inline constexpr std::size_t kSegments = 16;
inline constexpr std::size_t kSegmentValueBytes = 128;

// Shadow and score log.
inline constexpr std::size_t kShadowQueueRows = 65'536;
inline constexpr std::size_t kShadowQueueBytes = std::size_t{16} << 20;
inline constexpr std::size_t kLogBatchRows = 1'000;
inline constexpr int kLogBatchMs = 200;
inline constexpr std::size_t kCandidates = 16;  // per model

// Reports.
inline constexpr std::size_t kReportGroups = 64;  // jackknife groups of hash(entity)

// Registry.
inline constexpr std::size_t kTokens = 1'000;  // that still let in
inline constexpr std::size_t kReasonBytes = 4 << 10;
inline constexpr std::size_t kActorBytes = 256;         // a person, a team, a server
inline constexpr std::size_t kNotesBytes = 64 << 10;    // of a version
inline constexpr std::size_t kDocumentBytes = 8 << 20;  // a policy, a report, a summary: JSON
inline constexpr std::size_t kLabelWindowDays = 3'650;
inline constexpr std::size_t kPageRows = 1'000;

}  // namespace bascule::limits
