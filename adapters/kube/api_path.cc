#include "adapters/kube/api_path.hh"

#include "adapters/net/url.hh"

namespace weir::kube {

std::string collection_path(const reconcile::ApiResource& resource, std::string_view ns) {
  std::string out = resource.gvk.group.empty() ? "/api/" : "/apis/" + resource.gvk.group + "/";
  out += resource.gvk.version;
  if (resource.namespaced && !ns.empty()) {
    out += "/namespaces/";
    out += net::escape_path_segment(ns);
  }
  out += '/';
  out += resource.plural;
  return out;
}

Result<std::string> object_path(const reconcile::ApiResource& resource, std::string_view ns,
                                std::string_view name, std::string_view subresource) {
  if (name.empty())
    return make_error(Code::invalid, resource.gvk.kind + ": resource name may not be empty");
  // "." and ".." would name another resource once a server or proxy has tidied the path.
  if (name == "." || name == ".." || ns == "." || ns == "..") {
    return make_error(Code::invalid, resource.gvk.kind + ": name may not be '.' or '..'");
  }
  if (resource.namespaced && ns.empty()) {
    return make_error(Code::invalid,
                      resource.gvk.kind + "/" + std::string(name) +
                          ": an empty namespace may not be set when a resource name is provided",
                      "NoNamespace");
  }
  std::string out = collection_path(resource, ns);
  out += '/';
  out += net::escape_path_segment(name);
  if (!subresource.empty()) {
    out += '/';
    out += subresource;
  }
  return out;
}

std::string qualified_name(const reconcile::ApiResource& resource) {
  return resource.gvk.group.empty() ? resource.plural : resource.plural + "." + resource.gvk.group;
}

Query& Query::add(std::string_view name, std::string_view value) {
  if (value.empty()) return *this;
  text_ += text_.empty() ? '?' : '&';
  text_ += name;
  text_ += '=';
  text_ += net::escape_query(value);
  return *this;
}

}  // namespace weir::kube
