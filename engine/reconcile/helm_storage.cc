#include "engine/reconcile/helm_storage.hh"

#include "engine/reconcile/helm_object.hh"

namespace weir::reconcile {
namespace {

const Gvk secret_gvk{"", "v1", "Secret"};

}  // namespace

WriteOptions HelmStorage::write_options() const {
  WriteOptions options;
  options.as = as_;
  options.field_manager = helm_field_manager;
  return options;
}

Result<void> HelmStorage::load(KubeApi& kube) {
  releases_.clear();
  ListOptions options;
  options.as = as_;
  options.ns = ns_;
  options.label_selector = "name=" + name_ + ",owner=helm";
  WEIR_TRY(const ListResult list, kube.list(secret_gvk, options));
  for (const Value& secret : list.items) {
    if (secret["type"].get_string() != "helm.sh/release.v1") continue;
    auto release = helm::read_release_secret(secret);
    if (!release.ok())
      return std::move(release).error().with_context(
          "Secret " + ns_ + "/" + std::string(secret.path("metadata", "name").get_string()));
    const int version = release->version;
    releases_[version] = std::make_shared<const helm::Release>(*std::move(release));
  }
  return {};
}

HelmStorage HelmStorage::of(const std::vector<helm::Release>& releases) {
  HelmStorage out;
  for (const helm::Release& release : releases)
    out.releases_[release.version] = std::make_shared<const helm::Release>(release);
  return out;
}

std::vector<ReleasePtr> HelmStorage::releases() const {
  std::vector<ReleasePtr> out;
  for (auto it = releases_.rbegin(); it != releases_.rend(); ++it) out.push_back(it->second);
  return out;
}

ReleasePtr HelmStorage::newest() const {
  return releases_.empty() ? nullptr : releases_.rbegin()->second;
}

ReleasePtr HelmStorage::find(int version) const {
  const auto found = releases_.find(version);
  return found == releases_.end() ? nullptr : found->second;
}

ReleasePtr HelmStorage::deployed() const {
  for (auto it = releases_.rbegin(); it != releases_.rend(); ++it)
    if (it->second->status == "deployed") return it->second;
  return nullptr;
}

ReleasePtr HelmStorage::current() const {
  const ReleasePtr found = deployed();
  return found != nullptr ? found : newest();
}

Result<void> HelmStorage::create(KubeApi& kube, const helm::Release& release, int history_max,
                                 base::TimeUs now) {
  const ReleasePtr kept = deployed();
  while (history_max > 0 && releases_.size() >= static_cast<std::size_t>(history_max)) {
    auto oldest = releases_.begin();
    if (kept != nullptr && oldest->first == kept->version) ++oldest;
    if (oldest == releases_.end()) break;
    WEIR_CHECK(remove(kube, oldest->first));
  }
  WEIR_TRY(const Value secret, helm::release_secret(release, ns_, "createdAt", now / 1'000'000));
  auto made = kube.create(secret, write_options());
  if (!made.ok()) return std::move(made).error().with_context("create: failed to create");
  releases_[release.version] = std::make_shared<const helm::Release>(release);
  return {};
}

Result<void> HelmStorage::update(KubeApi& kube, const helm::Release& release, base::TimeUs now) {
  WEIR_TRY(const Value secret, helm::release_secret(release, ns_, "modifiedAt", now / 1'000'000));
  auto written = kube.update(secret, write_options());
  if (!written.ok()) return std::move(written).error().with_context("update: failed to update");
  releases_[release.version] = std::make_shared<const helm::Release>(release);
  return {};
}

Result<void> HelmStorage::remove(KubeApi& kube, int version) {
  DeleteOptions options;
  options.as = as_;
  auto removed = kube.remove({secret_gvk, ns_, helm::release_key(name_, version)}, options);
  if (!removed.ok() && removed.error().code != Code::not_found) return removed;
  releases_.erase(version);
  return {};
}

}  // namespace weir::reconcile
