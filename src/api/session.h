// One connection's protocol, without its socket: bytes in, bytes out.
//
// HTTP/1.1 and HTTP/2 are the two of them; the owner of the socket tells them apart by their first
// bytes and treats them alike. What times out and when is for that owner to watch: `phase` says
// what the session waits for, `since_ns` since when.
// Threads: its loop's only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "api/content_coding.h"
#include "api/handler.h"
#include "base/clock.h"

namespace bascule {

// What the sessions of one loop share. Outlives them.
struct HttpSessionEnv {
  HttpHandler& handler;
  const Clock& clock;
  std::string date;  // of now, for the Date header
  bool draining = false;
  std::uint64_t handler_exceptions = 0;
  Packer packer = {};
};

// How an answer that another thread gave gets back to its connection.
class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  // Any thread.
  virtual bool on_loop_thread() const noexcept = 0;
  // Runs `task` on the loop's thread, unless the connection is closed by then. Any thread.
  virtual void post(std::function<void()> task) = 0;
};

class Session {
 public:
  enum class Phase : std::uint8_t {
    kIdle,       // between messages
    kHeader,     // a message has begun
    kBody,       // its header is there
    kAnswering,  // a handler owes an answer
    kClosing,    // nothing more is read; close when the output is written
  };

  Session() = default;
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Reads, handles and answers what it can.
  virtual void received(std::span<const char> bytes) = 0;
  // Goes on with what came while an answer was owed, or while too much output waited.
  virtual void resume() = 0;
  // What has begun did not come in time, or an idle peer is to go. Says so to the peer. False when
  // the peer is only asked whether it is there.
  virtual bool time_out() = 0;
  // Nothing more will come. An unfinished message is dropped.
  virtual void peer_closed() = 0;

  virtual Phase phase() const noexcept = 0;
  // Names what `phase` waits for: the same phase of another message has a deadline of its own.
  virtual std::uint64_t messages() const noexcept = 0;
  // When that began; monotonic.
  virtual std::int64_t since_ns() const noexcept = 0;
  // The length that the header of the message announces; 0 before, and when it does not say.
  virtual std::uint64_t announced_bytes() const = 0;
  // To be written; clear it then.
  virtual std::string& output() noexcept = 0;
  // Whether reading makes sense now.
  virtual bool wants_input() const noexcept = 0;
  // Whether `resume` has something to go on with.
  virtual bool has_pending_input() const noexcept = 0;
  // The peer may still be sending a body that nobody reads: linger before closing.
  virtual bool should_linger() const noexcept = 0;
};

}  // namespace bascule
