// The system's resolver, for getHostByName in templates. Any thread; blocks on the network.
#pragma once

#include <string>
#include <vector>

#include "engine/helm/engine.hh"

namespace weir::net {

class SystemHosts final : public helm::HostNames {
 public:
  std::vector<std::string> addresses(const std::string& name) override;
};

}  // namespace weir::net
