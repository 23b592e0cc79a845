#include "tools/weir/order_wait.hh"

#include <chrono>
#include <thread>

namespace weir::cli {

Result<std::vector<Value>> wait_for_effects(AuditClient& client, std::int64_t seq,
                                            std::size_t count, base::Duration timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const std::string cause = std::to_string(seq);
  std::vector<Value> effects;
  std::string from = std::to_string(seq + 1);
  while (true) {
    const auto page = client.get("/weir/v1/events", {{"cursor", from}, {"limit", "1000"}});
    if (!page.ok()) return page.error();
    for (const Value& event : (*page)["items"].items()) {
      from = std::to_string(std::stoll(std::string(event["id"].get_string())) + 1);
      if (event["cause"].get_string() == cause) effects.push_back(event);
    }
    if (effects.size() >= count) return effects;
    if (!(*page)["cursor"].get_string().empty()) continue;
    if (std::chrono::steady_clock::now() > deadline)
      return make_error(Code::timeout, "nothing is known of " +
                                           std::to_string(count - effects.size()) +
                                           " yet; see 'weir audit --since " + cause + "'");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

}  // namespace weir::cli
