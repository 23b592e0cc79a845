// Where in a chart the fields of a released object come from: the template and its line, and the
// values that the line prints. Told from the text of the template, whose YAML keys stand as the
// object's do; a field that an included partial or a printed value brings is laid to the line that
// includes or prints it. Where the text does not say, less is told, never something else. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/helm/release.hh"
#include "engine/model/object_id.hh"

namespace weir::helm {

// A member by its name, or a list item by its number.
struct OriginStep {
  std::string member;
  std::size_t index = 0;  // of a list item: `member` is empty
};

struct FieldOrigin {
  std::uint32_t line = 0;           // 0: the text does not say
  std::vector<std::string> values;  // "image.tag", as under .Values
};

// The template of one object.
class ObjectTemplate {
 public:
  // "chart/templates/web.yaml", as Helm names it; "" where the release does not have the object.
  const std::string& path() const { return path_; }
  // Whether its text is in the release; of charts below the first one it is not.
  bool has_text() const { return !lines_.empty(); }
  FieldOrigin origin_of(const std::vector<OriginStep>& trail) const;

 private:
  friend ObjectTemplate find_template(const Release& release, const model::ObjectId& id);
  struct Line {
    std::string text;
    std::size_t indent = 0;  // of the key, behind "- "
    std::size_t dash = std::string::npos;  // column of the item's dash, if it begins one
    std::string key;         // "" when the line has none
  };
  std::size_t end_of(std::size_t line, std::size_t end) const;
  std::vector<std::string> values_of(std::size_t first, std::size_t last) const;
  void add_enclosing(std::size_t line, std::vector<std::string>& out) const;

  std::string path_;
  std::vector<Line> lines_;
};

ObjectTemplate find_template(const Release& release, const model::ObjectId& id);

}  // namespace weir::helm
