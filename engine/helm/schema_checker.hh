// A schema held against a value: the state of one check. schema_check.cc has the way through the
// schemas (references, scopes, combinations), schema_check_values.cc the keywords of one value.
// Internal to these two.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/helm/schema_check.hh"

namespace weir::helm::schema {

// Which members and items no keyword has looked at yet; only kept where one asks.
struct Unseen {
  bool tracked = false;
  std::set<std::string_view> names;
  std::set<std::size_t> items;

  bool empty() const { return names.empty() && items.empty(); }
  // What a schema for the same value left unseen stays so.
  void keep_common(const Unseen& other) {
    if (!tracked) return;
    std::erase_if(names, [&](std::string_view name) { return other.names.count(name) == 0; });
    std::erase_if(items, [&](std::size_t item) { return other.items.count(item) == 0; });
  }
};

// One schema being applied to one value; the chain of them is the dynamic scope.
struct Frame {
  const Frame* outer;
  const Value& schema;
  const Resource& resource;
  const Value& value;
  const Path& path;
  bool quiet;  // only whether it holds is asked for
  std::string_view reference;  // the keyword that led here from elsewhere: "$ref"
  Unseen unseen;
  std::vector<Problem> problems;
};

using Outcome = std::optional<Problem>;

class Checker {
 public:
  explicit Checker(const Document& document) : document_(document) {}
  // Holds the schemas of `subject` against metaschemas.
  Checker(const Document& metaschemas, const Document& subject)
      : document_(metaschemas), subject_(&subject) {}

  // What is wrong with the value. Error: limit (helm_schema_steps_max, value_depth_max).
  Result<Outcome> run(const Target& schema, const Value& value);

 private:
  static Problem problem(const Frame& frame, std::string message,
                         ProblemKind kind = ProblemKind::plain);
  static void add(Frame& frame, std::string message, std::vector<Problem> causes = {});
  static void add(Frame& frame, Outcome outcome);
  Outcome self(Frame& frame, const Value& schema, bool quiet = false);
  Outcome self(Frame& frame, const Value& schema, const Resource& resource, bool quiet);
  Outcome below(Frame& frame, const Value& schema, const Value& value, std::string_view token);
  Outcome apply(const Frame* outer, const Value& wanted, const Resource& found, const Value& value,
                const Path& path, bool quiet, Unseen& unseen);
  Target for_draft_of(const Value& value, const Target& target) const;
  bool use_steps(std::size_t count);
  Outcome check_cycle(const Frame& frame) const;
  static std::string way_to(const Frame& frame);
  static void start_unseen(Frame& frame);
  Outcome check_schema(Frame& frame);
  Outcome check_any(const Frame& frame);
  Outcome check_const(const Frame& frame);
  static Outcome check_type(const Frame& frame, const Value& type);
  std::string shown(const Frame& frame, const Value& wanted);
  std::string enum_message(const Frame& frame, const Value& wanted);
  Outcome reference(Frame& frame, std::string_view keyword, std::optional<Target> dynamic = {});
  void check_dynamic(Frame& frame);
  static std::vector<std::string> missing(const Value& object, const Value& names);
  static void check_size(Frame& frame, std::string_view least, std::string_view most,
                         std::size_t size);
  void check_object(Frame& frame);
  static void check_dependency(Frame& frame, const value::Member& dependency);
  void check_members(Frame& frame);
  void check_names(Frame& frame, const Value& names);
  void check_array(Frame& frame);
  void check_unique(Frame& frame);
  void check_contains(Frame& frame, const Value& wanted);
  void check_string(Frame& frame);
  static void check_number(Frame& frame);
  void check_combined(Frame& frame);
  void check_all_of(Frame& frame);
  void check_any_of(Frame& frame);
  void check_one_of(Frame& frame);
  void check_unseen(Frame& frame);

  const Document& document_;
  const Document* subject_ = nullptr;
  std::string_view entering_;  // what the next frame is reached by
  std::size_t steps_ = 0;
  std::size_t depth_ = 0;
  std::string exhausted_;
};

}  // namespace weir::helm::schema
