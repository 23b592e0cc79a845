// ConfigMaps and Secrets of the namespace "ns", for what reads them through KubeApi.
#pragma once

#include <map>
#include <string_view>

#include "engine/reconcile/kube_port.hh"
#include "engine/value/json.hh"

namespace weir::test {

using namespace weir::reconcile;

inline Value json(std::string_view text) { return value::parse_json(text).value(); }

// Holds ConfigMaps and Secrets; knows no other call.
class ConfigObjects final : public KubeApi {
 public:
  void add(const char* kind, const char* name, const char* data) {
    objects_[{Gvk{"", "v1", kind}, "ns", name}] = Value::object({{"data", json(data)}});
  }
  Result<Value> get(const ObjectId& id, const Identity&) override {
    ++reads;
    const auto found = objects_.find(id);
    if (found != objects_.end()) return found->second;
    const char* plural = id.gvk.kind == "Secret" ? "secrets" : "configmaps";
    return make_error(Code::not_found, std::string(plural) + " \"" + id.name + "\" not found");
  }
  int reads = 0;

  Result<ApiResource> resolve(const Gvk&) override { return none(); }
  Result<std::vector<ApiResource>> resources() override { return none(); }
  Result<std::string> server_version() override { return none(); }
  Result<ListResult> list(const Gvk&, const ListOptions&) override { return none(); }
  Result<Value> create(const Value&, const WriteOptions&) override { return none(); }
  Result<Value> update(const Value&, const WriteOptions&) override { return none(); }
  Result<Value> apply(const Value&, const WriteOptions&) override { return none(); }
  Result<Value> patch(const ObjectId&, PatchType, const Value&, const WriteOptions&) override {
    return none();
  }
  Result<void> remove(const ObjectId&, const DeleteOptions&) override { return none(); }
  std::unique_ptr<Watch> watch(const WatchOptions&, WatchSink) override { return nullptr; }

 private:
  static Error none() { return make_error(Code::unsupported, "not here"); }
  std::map<ObjectId, Value> objects_;
};

}  // namespace weir::test
