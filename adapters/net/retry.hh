// A request that is tried again while its server or the network fails, until a deadline. Blocks.
#pragma once

#include <chrono>
#include <thread>

#include "adapters/net/http_client.hh"

namespace weir::net {

inline bool is_transient(const Result<HttpResponse>& answer) {
  // A certificate that is not trusted, or a server of another protocol, stays as it is.
  if (!answer.ok())
    return answer.error().code == Code::unavailable && answer.error().reason != "TLS";
  const int status = answer->status;
  return status == 408 || status == 429 || status == 499 || (status >= 500 && status != 501);
}

// The last answer of `once`, which is asked `tries` times at the most.
template <typename Once>
Result<HttpResponse> send_again(int tries, std::chrono::steady_clock::time_point deadline,
                                const Once& once) {
  std::chrono::milliseconds delay{400};
  for (int attempt = 1;; ++attempt, delay *= 2) {
    auto answer = once();
    const bool late = std::chrono::steady_clock::now() + delay >= deadline;
    if (!is_transient(answer) || attempt >= tries || late) return answer;
    std::this_thread::sleep_for(delay);
  }
}

}  // namespace weir::net
