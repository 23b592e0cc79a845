// weir create: makes or replaces a source, and waits until it is ready; --export prints it.
// HelmReleases are create_release.cc's.
#include <algorithm>

#include "engine/base/duration.hh"
#include "engine/model/condition.hh"
#include "engine/value/yaml.hh"
#include "tools/weir/create.hh"
#include "tools/weir/output.hh"
#include "tools/weir/reconcile.hh"
#include "tools/weir/verbs.hh"

namespace weir::cli {
namespace {

enum class FlagType : unsigned char { text, list, on };

// A flag, and the field of the spec that it sets: "ref.tag".
struct SpecFlag {
  std::string_view flag, path, help;
  FlagType type = FlagType::text;
};

// `words` and `made`: how flux calls it while it works, and when it is made.
struct SourceForm {
  std::string_view kind;
  std::string_view words, made;
  std::vector<SpecFlag> flags;
};

constexpr std::string_view verified_issuer = "verify.issuer", verified_subject = "verify.subject";

const std::vector<SourceForm>& forms() {
  static const std::vector<SourceForm> all = {
      {"GitRepository",
       "GitRepository source",
       "GitRepository source",
       {{"--branch", "ref.branch", "Branch to check out."},
        {"--tag", "ref.tag", "Tag to check out."},
        {"--tag-semver", "ref.semver", "Range of tags to check out the highest of."},
        {"--ref-name", "ref.name", "Full name of the reference to check out."},
        {"--commit", "ref.commit", "Commit to check out."},
        {"--url", "url", "Address of the repository."},
        {"--secret-ref", "secretRef.name", "Secret with credentials."},
        {"--recurse-submodules", "recurseSubmodules", "Checks out submodules.", FlagType::on},
        {"--ignore-paths", "ignore", "Paths that stay out, by commas.", FlagType::list}}},
      {"OCIRepository",
       "OCIRepository",
       "OCIRepository",
       {{"--tag", "ref.tag", "Tag to pull."},
        {"--tag-semver", "ref.semver", "Range of tags to pull the highest of."},
        {"--digest", "ref.digest", "Digest to pull."},
        {"--url", "url", "Address of the repository: oci://HOST/REPOSITORY."},
        {"--provider", "provider", "OCI provider, generic by default."},
        {"--secret-ref", "secretRef.name", "Secret of type kubernetes.io/dockerconfigjson."},
        {"--cert-ref", "certSecretRef.name", "Secret with TLS certificates."},
        {"--proxy-secret-ref", "proxySecretRef.name", "Secret with a proxy."},
        {"--service-account", "serviceAccountName", "ServiceAccount with pull secrets."},
        {"--insecure", "insecure", "Allows registries without TLS.", FlagType::on},
        {"--layer-selector", "layerSelector", "Layer to take: <media-type>:<operation>."},
        {"--verify-provider", "verify.provider", "Who verifies signatures: cosign."},
        {"--verify-secret-ref", "verify.secretRef.name", "Secret with the keys to verify by."},
        {"--verify-issuer", verified_issuer, "Issuer that signed, a regular expression."},
        {"--verify-subject", verified_subject, "Subject that signed, a regular expression."},
        {"--ignore-paths", "ignore", "Paths that stay out, by commas.", FlagType::list}}},
      {"HelmRepository",
       "HelmRepository source",
       "source",
       {{"--url", "url", "Address of the repository."},
        {"--secret-ref", "secretRef.name", "Secret with credentials."},
        {"--oci-provider", "provider", "OCI provider."},
        {"--pass-credentials", "passCredentials", "Passes credentials to all hosts.",
         FlagType::on}}},
      {"HelmChart",
       "HelmChart source",
       "source",
       {{"--chart", "chart", "Name of the chart, or its path in the source."},
        {"--chart-version", "version", "Range of versions."},
        {"--source", "sourceRef", "Source of the chart: <kind>/<name>."},
        {"--reconcile-strategy", "reconcileStrategy", "ChartVersion or Revision."},
        {"--verify-provider", "verify.provider", "Who verifies signatures: cosign."},
        {"--verify-secret-ref", "verify.secretRef.name", "Secret with the keys to verify by."},
        {"--verify-issuer", verified_issuer, "Issuer that signed, a regular expression."},
        {"--verify-subject", verified_subject, "Subject that signed, a regular expression."}}},
      {"Bucket",
       "Bucket source",
       "Bucket source",
       {{"--bucket-name", "bucketName", "Name of the bucket."},
        {"--endpoint", "endpoint", "Address of the object store."},
        {"--provider", "provider", "Kind of the object store, generic by default."},
        {"--region", "region", "Region of the bucket."},
        {"--insecure", "insecure", "Allows plain HTTP.", FlagType::on},
        {"--secret-ref", "secretRef.name", "Secret with credentials."},
        {"--proxy-secret-ref", "proxySecretRef.name", "Secret with a proxy."},
        {"--ignore-paths", "ignore", "Paths that stay out, by commas.", FlagType::list}}},
  };
  return all;
}

struct CreateFlags : CreateCommon {
  std::vector<std::string> texts;  // beside the form's flags
  std::vector<bool> switches;
  HelmLogin login;  // HelmRepositories only
  BucketLogin keys;  // Buckets only
  std::string fetch_timeout;
};

void set_path(Value& spec, std::string_view path, Value value) {
  const std::size_t dot = path.find('.');
  if (dot == std::string_view::npos) {
    spec.set(path, std::move(value));
  } else {
    set_path(spec.entry(path.substr(0, dot)), path.substr(dot + 1), std::move(value));
  }
}

Result<Value> parse_layer(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || colon + 1 == text.size())
    return make_error(Code::invalid, "invalid --layer-selector \"" + text +
                                         "\": must be in the format '<media-type>:<operation>'");
  return Value::object(
      {{"mediaType", text.substr(0, colon)}, {"operation", text.substr(colon + 1)}});
}

Result<Value> parse_source(const std::string& text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos || slash + 1 == text.size())
    return make_error(Code::invalid,
                      "invalid --source \"" + text + "\": must be in the format '<kind>/<name>'");
  const FluxKind* kind = find_kind_named(text.substr(0, slash));
  if (kind == nullptr)
    return make_error(Code::invalid, "invalid argument \"" + text +
                                         "\" for \"--source\" flag: source kind '" +
                                         text.substr(0, slash) +
                                         "' is not supported, must be one of: HelmRepository, "
                                         "GitRepository, Bucket");
  return Value::object({{"kind", kind->gvk.kind}, {"name", text.substr(slash + 1)}});
}

Result<Value> field_value(const SpecFlag& flag, const std::string& text) {
  if (flag.path == "layerSelector") return parse_layer(text);
  if (flag.path == "sourceRef") return parse_source(text);
  if (flag.type != FlagType::list) return Value(text);
  std::string lines = text;
  for (char& c : lines)
    if (c == ',') c = '\n';
  return Value(lines);
}

// Issuer and subject are one entry of a list.
Result<void> check_verification(Value& spec) {
  if (spec["verify"].is_null()) return {};
  Value& verify = spec.entry("verify");
  if (verify["provider"].is_null())
    return make_error(Code::invalid,
                      verify["secretRef"].is_null()
                          ? "a verification provider must be specified when OIDC issuer/subject is "
                            "specified"
                          : "a verification provider must be specified when a secret is specified");
  const std::string issuer(verify["issuer"].get_string()), subject(verify["subject"].get_string());
  verify.erase("issuer");
  verify.erase("subject");
  if (!issuer.empty() || !subject.empty())
    verify.set("matchOIDCIdentity", Value::array({Value::object({{"issuer", issuer},
                                                                 {"subject", subject}})}));
  verify.sort_members();
  return {};
}

Result<void> check_bucket(Value& spec) {
  if (spec["provider"].is_null()) spec.set("provider", "generic");
  const std::string provider(spec["provider"].get_string());
  const auto kinds = {"generic", "aws", "azure", "gcp"};
  if (std::find(kinds.begin(), kinds.end(), provider) == kinds.end())
    return make_error(Code::invalid, "invalid argument \"" + provider +
                                         "\" for \"--provider\" flag: source bucket provider '" +
                                         provider + "' is not supported, must be one of: generic, "
                                                    "aws, azure, gcp");
  if (spec["bucketName"].is_null()) return make_error(Code::invalid, "bucket-name is required");
  if (spec["endpoint"].is_null()) return make_error(Code::invalid, "endpoint is required");
  return {};
}

// What Flux refuses before it asks the cluster.
Result<void> check_spec(const std::string& kind, Value& spec) {
  const std::string url(spec["url"].get_string());
  if (kind == "Bucket") return check_bucket(spec);
  if (kind == "HelmChart") {
    if (spec["chart"].is_null()) return make_error(Code::invalid, "chart name or path is required");
    if (spec["sourceRef"].is_null()) return make_error(Code::invalid, "chart source is required");
    if (spec["reconcileStrategy"].is_null()) spec.set("reconcileStrategy", "ChartVersion");
    return {};
  }
  if (url.empty()) return make_error(Code::invalid, "url is required");
  const std::string scheme = url.substr(0, std::min(url.find("://"), url.size()));
  const auto one_of = [&](std::initializer_list<std::string_view> known, std::string_view words) {
    for (const auto name : known)
      if (scheme == name) return Result<void>();
    return Result<void>(make_error(
        Code::invalid, "url scheme '" + scheme + "' not supported, can be: " + std::string(words)));
  };
  if (kind == "GitRepository") {
    if (spec["ref"].is_null())
      return make_error(Code::invalid,
                        "a Git ref is required, use one of the following: --branch, --tag, "
                        "--commit, --ref-name or --tag-semver");
    return one_of({"ssh", "http", "https"}, "ssh, http and https");
  }
  if (kind == "HelmRepository") {
    if (scheme == "oci") spec.set("type", "oci");
    return one_of({"http", "https", "oci"}, "http, https and oci");
  }
  if (spec["ref"].is_null())
    return make_error(Code::invalid, "--tag, --tag-semver or --digest is required");
  if (spec["provider"].is_null()) spec.set("provider", "generic");
  return one_of({"oci"}, "oci");
}

Result<Value> make_object(const FluxKind& kind, const SourceForm& form, const CreateFlags& flags) {
  WEIR_TRY(const std::string interval, interval_text(flags));
  Value spec = Value::object({{"interval", interval}});
  for (std::size_t i = 0; i < form.flags.size(); ++i) {
    const SpecFlag& flag = form.flags[i];
    if (flag.type == FlagType::on) {
      if (flags.switches[i]) set_path(spec, flag.path, true);
    } else if (!flags.texts[i].empty()) {
      WEIR_TRY(Value value, field_value(flag, flags.texts[i]));
      set_path(spec, flag.path, std::move(value));
    }
  }
  if (!flags.fetch_timeout.empty()) {
    WEIR_TRY(const base::Duration timeout,
             base::parse_duration(flags.fetch_timeout).with_context("--fetch-timeout"));
    spec.set("timeout", base::format_duration(timeout));
  }
  WEIR_CHECK(check_spec(kind.gvk.kind, spec));
  WEIR_CHECK(check_verification(spec));
  return make_flux_object(flags, kind.gvk, std::move(spec));
}

// Makes the Secret that holds the credentials given, and names it in the object.
Result<void> put_login(const CreateFlags& flags, Value& object) {
  if (!object.path("spec", "secretRef").is_null()) return {};
  const bool bucket = object["kind"].get_string() == "Bucket";
  WEIR_TRY(Value secret, bucket ? Result<Value>(flags.keys.secret(flags))
                                : flags.login.secret(flags));
  if (secret.is_null()) return {};
  say_action(bucket ? "applying secret with the bucket credentials"
                    : "applying secret with repository credentials");
  reconcile::WriteOptions options;
  options.field_manager = "weir";
  options.force = true;
  WEIR_TRY([[maybe_unused]] const Value made, flags.connection.kube().apply(secret, options));
  Value& spec = object.entry("spec");
  spec.set("secretRef", Value::object({{"name", secret.path("metadata", "name")}}));
  spec.sort_members();
  say_success("authentication configured");
  return {};
}

Result<void> create(CreateFlags& flags, const FluxKind& kind, const SourceForm& form) {
  WEIR_CHECK(flags.connection.check());
  WEIR_TRY(Value object, make_object(kind, form, flags));
  const std::string words(form.words);
  // Flux says so for a chart even when it only prints it.
  const bool says = kind.gvk.kind != "OCIRepository" &&
                    (!flags.only_export || kind.gvk.kind == "HelmChart");
  if (says) say_generating("generating " + words);
  if (flags.only_export) {
    print("---\n" + value::write_yaml(object));
    return {};
  }
  WEIR_CHECK(flags.connection.open());
  WEIR_CHECK(put_login(flags, object));
  say_action("applying " + words);
  WEIR_CHECK(put_object(flags, object, std::string(form.made)));
  if (object.path("spec", "type").get_string() == "oci") {
    say_success("HelmRepository '" + flags.name + "' is ready");
    return {};
  }
  say_waiting("waiting for " + words + " reconciliation");
  WEIR_TRY(const Value ready, wait_for(flags.connection, ObjectId::of(object), ready_test));
  say_success(words + " reconciliation completed");
  say_success("fetched revision: " +
              std::string(ready.path("status", "artifact", "revision").get_string()));
  return {};
}

}  // namespace

void CreateCommon::add_to(Args& args, const std::string& what) {
  connection.add_to(args);
  args.positional("name", name, "Name of the " + what + ".");
  args.option("--interval", interval, "How often it is reconciled.");
  args.option("--label", labels, "Label of the object, <key>=<value>.");
  args.flag("--export", only_export, "Prints the object instead of applying it.");
}

Result<std::string> interval_text(const CreateCommon& common) {
  WEIR_TRY(const base::Duration interval,
           base::parse_duration(common.interval).with_context("--interval"));
  return base::format_duration(interval);
}

namespace {

// Flux takes names of two characters at the least.
bool is_object_name(std::string_view name) {
  const auto inner = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  };
  return name.size() >= 2 && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         std::all_of(name.begin(), name.end(), inner);
}

}  // namespace

Result<Value> make_flux_object(const CreateCommon& common, const Gvk& gvk, Value spec) {
  if (!is_object_name(common.name))
    return make_error(Code::invalid, "name '" + common.name +
                                         "' is invalid, it should adhere to standard defined in "
                                         "RFC 1123, the name can only contain alphanumeric "
                                         "characters or '-'");
  spec.sort_members();
  Value metadata = Value::object({{"name", common.name}, {"namespace", common.connection.ns()}});
  for (const std::string& label : common.labels) {
    const std::size_t equals = label.find('=');
    if (equals == std::string::npos)
      return make_error(Code::invalid, "invalid label format '" + label + "', must be key=value");
    metadata.entry("labels").set(label.substr(0, equals), label.substr(equals + 1));
  }
  return Value::object({{"apiVersion", gvk.api_version()},
                        {"kind", gvk.kind},
                        {"metadata", std::move(metadata)},
                        {"spec", std::move(spec)}});
}

Result<void> put_object(const CreateCommon& common, const Value& object, const std::string& what) {
  reconcile::KubeApi& kube = common.connection.kube();
  reconcile::WriteOptions options;
  options.field_manager = "weir";
  const ObjectId id = ObjectId::of(object);
  auto existing = kube.get(id);
  if (!existing.ok() && existing.error().code != Code::not_found)
    return std::move(existing).error();
  if (!existing.ok()) {
    WEIR_TRY([[maybe_unused]] const Value made, kube.create(object, options));
    say_success(what + " created");
    return {};
  }
  Value changed = *std::move(existing);
  changed.set("spec", object["spec"]);
  if (Value* metadata = changed.find_mut("metadata"); metadata != nullptr)
    if (!object.path("metadata", "labels").is_null())
      metadata->set("labels", object.path("metadata", "labels"));
  WEIR_TRY([[maybe_unused]] const Value updated, kube.update(changed, options));
  say_success(what + " updated");
  return {};
}

int run_create(int argc, char** argv) {
  std::vector<std::string_view> kinds = {"HelmRelease"};
  for (const SourceForm& form : forms()) kinds.push_back(form.kind);
  int code = 0;
  const KindWords words = take_kind("create", argc, argv, kinds, code);
  if (words.kind == nullptr) return code;
  if (words.kind->gvk.kind == "HelmRelease") return run_create_release(words);
  const SourceForm* form = nullptr;
  for (const SourceForm& known : forms())
    if (known.kind == words.kind->gvk.kind) form = &known;
  CreateFlags flags;
  Args args(words.usage,
            "Makes or replaces a " + words.kind->gvk.kind + " and waits until it is ready.");
  flags.add_to(args, words.kind->gvk.kind);
  if (form->kind == "HelmRepository") flags.login.add_to(args);
  if (form->kind == "Bucket") flags.keys.add_to(args);
  args.option("--fetch-timeout", flags.fetch_timeout, "How long one fetch may take.");
  flags.texts.resize(form->flags.size());
  flags.switches.resize(form->flags.size());
  auto on = std::make_unique<bool[]>(form->flags.size());
  for (std::size_t i = 0; i < form->flags.size(); ++i) {
    const SpecFlag& flag = form->flags[i];
    if (flag.type == FlagType::on)
      args.flag(std::string(flag.flag), on[i], std::string(flag.help));
    else
      args.option(std::string(flag.flag), flags.texts[i], std::string(flag.help));
  }
  if (const auto ended = args.parse(words.argc, words.argv)) return *ended;
  for (std::size_t i = 0; i < form->flags.size(); ++i) flags.switches[i] = on[i];
  const auto done = create(flags, *words.kind, *form);
  return done.ok() ? 0 : failed(done.error());
}

}  // namespace weir::cli
