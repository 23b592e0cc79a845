#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <istream>
#include <streambuf>

#include "engine/base/limits.hh"
#include "engine/value/yaml.hh"
#include "engine/value/yaml_builder.hh"
#include "engine/value/yaml_library.hh"
#include "engine/value/yaml_scanner.hh"

namespace weir::value {

namespace {

namespace limits = base::limits;

// Thrown through yaml-cpp when the builder refuses an event; the builder holds the error.
struct Stopped {};

class ViewBuffer final : public std::streambuf {
 public:
  explicit ViewBuffer(std::string_view text) {
    char* const begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

YamlMark to_mark(const YAML::Mark& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

// yaml-cpp's events, handed to the builder.
class Handler final : public YAML::EventHandler {
 public:
  explicit Handler(YamlBuilder& builder) : builder_(builder) {}

  bool saw_content() const { return saw_content_; }
  YamlMark first_mark() const { return first_mark_; }

  void OnDocumentStart(const YAML::Mark&) override { saw_content_ = false; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    note(mark);
    check(builder_.scalar({}, true, {{}, anchor, false}, to_mark(mark)));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    note(mark);
    const std::string name = anchor < names_.size() ? names_[anchor] : "";
    check(builder_.alias(anchor, name, to_mark(mark)));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    note(mark);
    // "?" is a plain scalar without a tag, "!" a quoted one.
    const bool untagged = tag == "?" || tag == "!";
    check(builder_.scalar(value, tag != "!", {untagged ? std::string_view() : tag, anchor, false},
                          to_mark(mark)));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    note(mark);
    check(builder_.begin_sequence({{}, anchor, false}, to_mark(mark)));
  }
  void OnSequenceEnd() override { check(builder_.end_collection()); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    note(mark);
    check(builder_.begin_mapping({{}, anchor, false}, to_mark(mark)));
  }
  void OnMapEnd() override { check(builder_.end_collection()); }

 private:
  static void check(bool ok) {
    if (!ok) throw Stopped();
  }
  void note(const YAML::Mark& mark) {
    if (saw_content_) return;
    saw_content_ = true;
    first_mark_ = to_mark(mark);
  }

  YamlBuilder& builder_;
  std::vector<std::string> names_;
  bool saw_content_ = false;
  YamlMark first_mark_;
};

}  // namespace

std::optional<Error> read_with_library(std::string_view text, const YamlOptions& options,
                                       std::vector<YamlDocument>& documents) {
  YamlBuilder builder(options, text.size());
  try {
    ViewBuffer buffer(text);
    std::istream stream(&buffer);
    YAML::Parser parser(stream);
    Handler handler(builder);
    // No text has more documents than characters.
    std::size_t left = options.first_document_only ? 1 : text.size() + 1;
    while (left-- > 0 && parser.HandleNextDocument(handler)) {
      YamlDocument document;
      if (!builder.take_document(document.value)) return builder.error();
      document.line = handler.first_mark().line;
      if (!document.value.is_null()) documents.push_back(std::move(document));
    }
  } catch (const Stopped&) {
    return builder.error();
  } catch (const YAML::Exception& error) {
    builder.fail(Code::invalid, to_mark(error.mark), error.msg);
    return builder.error();
  }
  return std::nullopt;
}

Result<std::vector<YamlDocument>> parse_yaml_documents(std::string_view text,
                                                       const YamlOptions& options) {
  if (text.size() > limits::yaml_bytes_max)
    return make_error(Code::limit, "YAML text larger than " +
                                       std::to_string(limits::yaml_bytes_max) + " bytes");
  const PreparedYaml prepared = prepare_yaml(text);
  if (!prepared.ok)
    return make_error(Code::invalid, place_text(options.file, prepared.mark, prepared.problem));
  std::vector<YamlDocument> documents;
  if (!prepared.unusual) {
    YamlBuilder builder(options, text.size());
    const ScanOutcome outcome = YamlScanner(prepared.text, builder, options).scan(documents);
    if (outcome == ScanOutcome::done) return documents;
    if (outcome == ScanOutcome::failed) return builder.error();
    documents.clear();
  }
  if (auto error = read_with_library(prepared.text, options, documents)) return std::move(*error);
  return documents;
}

Result<Value> parse_yaml(std::string_view text, const YamlOptions& options) {
  WEIR_TRY(auto documents, parse_yaml_documents(text, options));
  if (documents.empty()) return Value();
  if (documents.size() > 1)
    return make_error(Code::invalid, place_text(options.file, {documents[1].line, 1},
                                                "expected one document, found several"));
  return std::move(documents.front().value);
}

}  // namespace weir::value
