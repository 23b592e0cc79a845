#include <cmath>

#include "engine/base/limits.hh"
#include "engine/template/functions/instant_object.hh"
#include "engine/template/functions/support.hh"
#include "engine/template/functions/toml.hh"
#include "engine/template/functions/toml_keys.hh"

namespace weir::tmpl {

namespace {

constexpr std::string_view local_datetime = "datetime-local";
constexpr std::string_view local_date = "date-local";
constexpr std::string_view local_time = "time-local";

// What TOML takes a value for; `nothing` has no form and is left out.
enum class Shape : std::uint8_t { nothing, plain, table, tables };

bool is_nothing(const Datum& datum) {
  return !datum.valid() || datum.kind() == Kind::interface || datum.is_nil();
}

// Objects that have a text form are strings here, the others tables of their fields.
bool has_text_form(const Datum& datum) {
  if (datum.type() == &instant_type) return true;
  const auto json = datum.as_object().json();
  return json.ok() && json->is_string();
}

class TomlWriter {
 public:
  Result<std::string> write(const Datum& datum) {
    try {
      write_top(datum);
      return std::move(out_);
    } catch (FunctionError& error) {
      return make_error(error.code, std::move(error.message));
    }
  }

 private:
  static Shape shape_of(const Datum& datum) {
    if (is_nothing(datum)) return Shape::nothing;
    switch (datum.kind()) {
      case Kind::map: return Shape::table;
      case Kind::slice:
      case Kind::array: return is_table_list(datum) ? Shape::tables : Shape::plain;
      case Kind::pointer:
      case Kind::struct_: return has_text_form(datum) ? Shape::plain : Shape::table;
      case Kind::func:
      case Kind::complex128: fail(joined({"unsupported type: ", kind_name(datum.kind())}));
      default: return Shape::plain;
    }
  }

  static bool is_table_list(const Datum& list) {
    bool all = list.size() > 0;
    for_each_item(list, [&all](const Datum& item) {
      const Shape shape = shape_of(item);
      if (shape == Shape::nothing) fail("toml: cannot encode array with nil element");
      all = all && shape == Shape::table;
    });
    return all;
  }

  void write_top(const Datum& datum) {
    switch (shape_of(datum)) {
      case Shape::nothing:
        if (datum.is_slice()) out_ += "[]";
        return;
      case Shape::plain: return write_element(datum);
      case Shape::table: return write_members(datum, false);
      case Shape::tables: fail("toml: top-level values must be Go maps or structs");
    }
  }

  // The members of a map in the order of their keys, or the fields of a struct.
  static std::vector<std::pair<std::string, Datum>> members_of(const Datum& datum) {
    std::vector<std::pair<std::string, Datum>> members;
    if (datum.is_map()) {
      for (const MapEntry& entry : datum.entries()) members.emplace_back(entry.name(), entry.value);
      return members;
    }
    const Object& object = datum.as_object();
    const auto names = object.field_names();
    for (std::size_t i = 0; i < names.size(); ++i) members.emplace_back(names[i], object.field(i));
    return members;
  }

  // Plain members before tables; within braces when `inline_table`.
  void write_members(const Datum& datum, bool inline_table) {
    if (++depth_ > base::limits::value_depth_max)
      throw FunctionError{"a value to write as TOML nests too deeply", Code::limit};
    const auto members = members_of(datum);
    std::vector<std::size_t> plain, tables;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const Shape shape = shape_of(members[i].second);
      (shape == Shape::table || shape == Shape::tables ? tables : plain).push_back(i);
    }
    if (inline_table) out_ += '{';
    const auto write_group = [&](const std::vector<std::size_t>& group, bool more) {
      for (std::size_t i = 0; i < group.size(); ++i) {
        const auto& [name, value] = members[group[i]];
        if (is_nothing(value)) continue;
        if (!inline_table) {
          write_member(name, value);
          continue;
        }
        out_.append(toml_key(name)).append(" = ");
        write_element(value);
        if (more || i + 1 != group.size()) out_ += ", ";
      }
    };
    write_group(plain, !tables.empty());
    write_group(tables, false);
    if (inline_table) out_ += '}';
    --depth_;
  }

  void indent() { out_.append((path_.size() - 1) * 2, ' '); }

  void write_member(const std::string& name, const Datum& value) {
    path_.push_back(name);
    switch (shape_of(value)) {
      case Shape::nothing: break;
      case Shape::plain:
        indent();
        out_.append(toml_key(name)).append(" = ");
        write_element(value);
        out_ += '\n';
        break;
      case Shape::table:
        // An empty line between the tables at the top, unless nothing stands there yet.
        if (path_.size() == 1 && !out_.empty()) out_ += '\n';
        indent();
        out_.append("[").append(toml_path(path_)).append("]\n");
        write_members(value, false);
        break;
      case Shape::tables:
        for_each_item(value, [this](const Datum& item) {
          if (!out_.empty()) out_ += '\n';
          indent();
          out_.append("[[").append(toml_path(path_)).append("]]\n");
          write_members(item, false);
        });
        break;
    }
    path_.pop_back();
  }

  void write_element(const Datum& datum) {
    switch (datum.kind()) {
      case Kind::string: out_ += quoted_toml(datum.as_string()); return;
      case Kind::boolean: out_ += datum.as_bool() ? "true" : "false"; return;
      case Kind::float32:
      case Kind::float64: return write_float(datum);
      case Kind::slice:
      case Kind::array: return write_list(datum);
      case Kind::map: return write_members(datum, true);
      case Kind::pointer:
      case Kind::struct_: return write_object(datum);
      default: break;
    }
    if (datum.type() == &duration_type) {
      out_ += quoted_toml(text_of(datum));
    } else if (is_signed(datum.kind())) {
      out_ += std::to_string(datum.as_int());
    } else {
      out_ += std::to_string(datum.as_uint());
    }
  }

  void write_list(const Datum& list) {
    if (++depth_ > base::limits::value_depth_max)
      throw FunctionError{"a value to write as TOML nests too deeply", Code::limit};
    out_ += '[';
    bool first = true;
    for_each_item(list, [&](const Datum& item) {
      if (!first) out_ += ", ";
      first = false;
      write_element(item);
    });
    out_ += ']';
    --depth_;
  }

  void write_float(const Datum& datum) {
    const double number = datum.as_float();
    if (std::isnan(number)) {
      out_ += std::signbit(number) ? "-nan" : "nan";
    } else if (std::isinf(number)) {
      out_ += number < 0 ? "-inf" : "inf";
    } else {
      std::string text;
      append_float(text, number, 'g', -1, bits_of(datum.kind()));
      out_ += text;
      if (text.find_first_of("e.") == std::string::npos) out_ += ".0";
    }
  }

  void write_object(const Datum& datum) {
    if (datum.type() == &instant_type) {
      const Instant& instant = instant_in(datum);
      const std::string& zone = instant.zone->name();
      const bool local = zone == local_datetime || zone == local_date || zone == local_time;
      const std::string_view layout = zone == local_datetime ? "2006-01-02T15:04:05.999999999"
                                      : zone == local_date   ? "2006-01-02"
                                      : zone == local_time   ? "15:04:05.999999999"
                                                             : rfc3339_nano;
      out_ += format_instant(local ? instant.in(Zone::utc()) : instant, layout);
      return;
    }
    const auto json = datum.as_object().json();
    if (json.ok() && json->is_string()) {
      out_ += quoted_toml(json->as_string());
    } else {
      write_members(datum, true);
    }
  }

  std::string out_;
  std::vector<std::string> path_;
  std::size_t depth_ = 0;
};

}  // namespace

Result<std::string> write_toml(const Datum& datum) { return TomlWriter().write(datum); }

}  // namespace weir::tmpl
