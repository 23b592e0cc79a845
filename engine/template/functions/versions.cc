#include <limits>

#include "engine/base/semver.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/tables.hh"

namespace weir::tmpl {

namespace {

using Arguments = std::span<Datum>;
using base::Version;
using base::VersionConstraint;

extern const Type version_type;          // semver.Version
extern const Type version_pointer_type;  // *semver.Version

// A version, or the pointer to one that the semver function gives.
class VersionObject final : public Object {
 public:
  VersionObject(Version version, bool pointer) : version_(std::move(version)), pointer_(pointer) {}
  const Type& type() const override { return pointer_ ? version_pointer_type : version_type; }
  Result<value::Value> json() const override { return value::Value(version_.to_string()); }
  const Version& version() const { return version_; }

 private:
  const Version version_;
  const bool pointer_;
};

const Version& version_in(const Datum& datum) {
  return static_cast<const VersionObject&>(datum.as_object()).version();
}

Version parse(const Datum& text) {
  auto version = Version::parse(text.as_string());
  if (!version.ok()) fail(std::move(version).error().message);
  return std::move(*version);
}

std::string version_text(const Datum& datum) {
  return datum.is_nil() ? "<nil>" : version_in(datum).to_string();
}

Datum unsigned_of(std::uint64_t number) { return Datum::unsigned_integer(number); }
Datum major(CallContext&, Arguments a) { return unsigned_of(version_in(a[0]).major); }
Datum minor(CallContext&, Arguments a) { return unsigned_of(version_in(a[0]).minor); }
Datum patch(CallContext&, Arguments a) { return unsigned_of(version_in(a[0]).patch); }
Datum prerelease(CallContext&, Arguments a) { return Datum::string(version_in(a[0]).prerelease); }
Datum metadata(CallContext&, Arguments a) { return Datum::string(version_in(a[0]).metadata); }
Datum original(CallContext&, Arguments a) { return Datum::string(version_in(a[0]).original); }
Datum to_string(CallContext&, Arguments a) { return Datum::string(version_text(a[0])); }

// A version made from `from`, spelled with its 'v'.
Datum version_datum(const Version& from, Version next) {
  next.original = from.original.starts_with('v') ? "v" : "";
  next.original += next.to_string();
  return make_object<VersionObject>(std::move(next), false);
}

std::uint64_t incremented(std::uint64_t number, std::string_view name) {
  if (number == std::numeric_limits<std::uint64_t>::max())
    fail(joined({name, " version increment would overflow uint64"}));
  return number + 1;
}

Version release_of(const Version& from) {
  Version next = from;
  next.prerelease.clear();
  next.metadata.clear();
  return next;
}

Datum next_patch(CallContext&, Arguments a) {
  const Version& from = version_in(a[0]);
  Version next = release_of(from);
  if (from.prerelease.empty()) next.patch = incremented(from.patch, "patch");
  return version_datum(from, std::move(next));
}

Datum next_minor(CallContext&, Arguments a) {
  const Version& from = version_in(a[0]);
  Version next = release_of(from);
  next.patch = 0;
  next.minor = incremented(from.minor, "minor");
  return version_datum(from, std::move(next));
}

Datum next_major(CallContext&, Arguments a) {
  const Version& from = version_in(a[0]);
  Version next = release_of(from);
  next.patch = next.minor = 0;
  next.major = incremented(from.major, "major");
  return version_datum(from, std::move(next));
}

bool is_identifier_list(std::string_view text, bool numbers_without_zero) {
  while (true) {
    const std::size_t end = std::min(text.find('.'), text.size());
    const std::string_view part = text.substr(0, end);
    if (part.empty()) return false;
    const bool digits = part.find_first_not_of("0123456789") == std::string_view::npos;
    if (numbers_without_zero && digits && part.size() > 1 && part[0] == '0') return false;
    for (const char c : part)
      if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'))
        return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

Datum set_prerelease(CallContext&, Arguments a) {
  Version next = version_in(a[0]);
  next.prerelease = a[1].as_string();
  if (!next.prerelease.empty() && !is_identifier_list(next.prerelease, true))
    fail("invalid prerelease string");
  return version_datum(version_in(a[0]), std::move(next));
}

Datum set_metadata(CallContext&, Arguments a) {
  Version next = version_in(a[0]);
  next.metadata = a[1].as_string();
  if (!next.metadata.empty() && !is_identifier_list(next.metadata, false))
    fail("invalid metadata string");
  return version_datum(version_in(a[0]), std::move(next));
}

int order_of(const Arguments& a) {
  if (a[1].is_nil()) fail_nil_pointer();
  return base::compare(version_in(a[0]), version_in(a[1]));
}
Datum compare(CallContext&, Arguments a) { return Datum::integer(order_of(a)); }
Datum equal(CallContext&, Arguments a) {
  return Datum::boolean(!a[1].is_nil() && order_of(a) == 0);
}
Datum less(CallContext&, Arguments a) { return Datum::boolean(order_of(a) < 0); }
Datum less_equal(CallContext&, Arguments a) { return Datum::boolean(order_of(a) <= 0); }
Datum greater(CallContext&, Arguments a) { return Datum::boolean(order_of(a) > 0); }
Datum greater_equal(CallContext&, Arguments a) { return Datum::boolean(order_of(a) >= 0); }

constexpr Function functions[] = {
    {"Major", major, {}},
    {"Minor", minor, {}},
    {"Patch", patch, {}},
    {"Prerelease", prerelease, {}},
    {"Metadata", metadata, {}},
    {"String", to_string, {}},
    {"IncPatch", next_patch, {}},
    {"IncMinor", next_minor, {}},
    {"IncMajor", next_major, {}},
    {"SetPrerelease", set_prerelease, {&types::string}},
    {"SetMetadata", set_metadata, {&types::string}},
    {"Original", original, {}},
    {"Compare", compare, {&version_pointer_type}},
    {"Equal", equal, {&version_pointer_type}},
    {"LessThan", less, {&version_pointer_type}},
    {"LessThanEqual", less_equal, {&version_pointer_type}},
    {"GreaterThan", greater, {&version_pointer_type}},
    {"GreaterThanEqual", greater_equal, {&version_pointer_type}},
};
constexpr std::size_t value_methods = 11;  // the others want a pointer

constexpr auto methods = [] {
  std::array<Method, std::size(functions)> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = {functions[i].name, &functions[i]};
  return all;
}();

constinit const Type version_type{
    Kind::struct_, "semver.Version", nullptr, nullptr, std::span(methods).first(value_methods),
    version_text};
constinit const Type version_pointer_type{Kind::pointer, "*semver.Version", &version_type,
                                          nullptr,       methods,           version_text};

Datum semver(CallContext&, Arguments a) { return make_object<VersionObject>(parse(a[0]), true); }

Datum semver_compare(CallContext&, Arguments a) {
  auto constraint = VersionConstraint::parse(a[0].as_string());
  if (!constraint.ok()) fail(std::move(constraint).error().message);
  return Datum::boolean(constraint->matches(parse(a[1])));
}

constexpr Function table[] = {
    {"semver", semver, {&types::string}},
    {"semverCompare", semver_compare, {&types::string, &types::string}},
};

}  // namespace

std::span<const Function> version_functions() { return table; }

}  // namespace weir::tmpl
