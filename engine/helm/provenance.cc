#include "engine/helm/provenance.hh"

#include "engine/base/digest.hh"
#include "engine/helm/go_yaml.hh"
#include "engine/template/format.hh"

namespace weir::helm {

Result<void> check_provenance(std::string_view text, const std::string& file_name,
                              std::string_view package) {
  constexpr std::string_view cut = "\n...\n";
  const std::size_t first = text.find(cut);
  if (first == std::string_view::npos)
    return make_error(Code::invalid, "message block must have at least two parts");
  // The first part is the Chart.yaml, for people to read.
  const std::string_view rest = text.substr(first + cut.size());
  WEIR_TRY(const Value sums, read_go_yaml(rest.substr(0, rest.find(cut))));
  std::optional<DecodeFault> fault;
  StructReader reader(sums, "SumCollection", "", fault);
  if (!sums.is_object() && !sums.is_null()) reader.mismatch("", sums, "provenance.SumCollection");
  Value files;
  reader.read_string_map("files", files);
  if (fault) return decode_error(fault->text);
  const Value* const known = files.is_object() ? files.find(file_name) : nullptr;
  if (known == nullptr)
    return make_error(Code::invalid, "provenance does not contain a SHA for a file named " +
                                         tmpl::quoted(file_name));
  const std::string digest = "sha256:" + base::sha256(package).hex();
  if (known->get_string() == digest) return {};
  return make_error(Code::forbidden, "sha256 sum does not match for " + file_name + ": " +
                                         tmpl::quoted(known->get_string()) +
                                         " != " + tmpl::quoted(digest));
}

}  // namespace weir::helm
