// The tables of a TOML document while it is read, and what may be defined when: a table once, a
// list of tables again and again, nothing below a value. Internal to the reader.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "engine/template/datum.hh"

namespace weir::tmpl {

using TomlPath = std::vector<std::string>;

class TomlDocument {
 public:
  TomlDocument();
  ~TomlDocument();

  // Makes `path` the place of the members that follow: a table, or one more of a list of tables.
  // "" or what is wrong with that, in the peer's words; so for the other functions.
  std::string enter(const TomlPath& path, bool list);
  // The same for what "a.b" implies: it may still be defined.
  std::string enter_implied(const TomlPath& path);
  void imply(const TomlPath& path) { implied_.insert(path); }
  void note_list(const TomlPath& path) { lists_.insert(path); }
  void note_other(const TomlPath& path) { lists_.erase(path); }
  // Sets a member of the current place.
  std::string set(const std::string& key, Datum value);

  const TomlPath& place() const { return place_; }
  void set_place(TomlPath place) { place_ = std::move(place); }
  Datum take();

 private:
  struct Node;
  std::string define(const std::string& key, std::unique_ptr<Node> node);

  std::unique_ptr<Node> root_;
  TomlPath place_;
  std::set<TomlPath> implied_;
  std::set<TomlPath> lists_;
};

}  // namespace weir::tmpl
