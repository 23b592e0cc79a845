// One HTTP exchange as plain data: what the embedded Kubernetes API and its neighbours on the same
// port (audit API, artifacts) take and answer, without any socket library.
//
// Owner: api/kube. Values; no threads, no failure of their own.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::api::kube {

using Headers = std::vector<std::pair<std::string, std::string>>;

struct Request {
  std::string method;  // "GET"
  std::string target;  // as on the wire: "/api/v1/pods?watch=1", percent-encoded
  Headers headers;     // any case
  std::string body;
  std::string peer;  // "127.0.0.1:41234", for logs; may be empty

  // The first header of that name, in any case; "" when absent.
  std::string_view header(std::string_view name) const;
  // `target` up to '?', percent-decoded once.
  std::string path() const;
};

// Takes the next bytes of a streamed answer; false once the other side is gone.
using StreamSink = std::function<bool(std::string bytes)>;

// Ends its stream when destroyed; after that the sink is not called any more.
class Stream {
 public:
  virtual ~Stream() = default;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  Headers headers;
  std::string body;
  // Set for a watch: the answer has no length; call it once with where the bytes shall go. The sink
  // may be called from any thread, never twice at once. `end` is called when the server ends the
  // stream.
  std::function<std::unique_ptr<Stream>(StreamSink sink, std::function<void()> end)> stream;
};

using Handler = std::function<Response(const Request&)>;

// Percent-decoding ('+' stays; query values decode it as a space). Bad escapes are kept as they
// are.
std::string percent_decode(std::string_view text, bool plus_is_space);
// "a=1&b=x%20y" -> pairs, decoded, in order.
Headers parse_query(std::string_view query);

}  // namespace weir::api::kube
